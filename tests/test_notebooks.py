"""What every stored notebook keeps, and that the tools which store and publish them see what is wrong."""

import ast
import base64
import re
from pathlib import Path

from dlcourse import check

import nbformat
import pytest
from PIL import Image

import book
import publish

ROOT = Path(__file__).resolve().parent.parent

README = (ROOT / "README.md").read_text("utf-8")
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def span(prefix, first, last):
    return [f"{prefix}.{number}" for number in range(first, last + 1)]


# The sections and the numbered equations of the notes, week by week.
SECTIONS = {
    "1-1": span("1.1", 1, 3),
    "1-2": span("1.2", 1, 9),
    "1-3": span("1.3", 1, 4),
    "1-4": span("1.4", 1, 4),
    "2-1": [*span("2.1", 1, 8), "2.2", "2.3", *span("2.3", 1, 2)],
    "2-2": span("2.4", 1, 7),
    "2-3": span("2.5", 1, 2),
    "3-1": span("3.1", 1, 7),
    "3-2": span("3.2", 1, 8),
    "3-3": span("3.3", 1, 6),
    "3-4": span("3.4", 1, 7),
}
EQUATIONS = {
    "1-1": span("1", 1, 1),
    "1-2": span("1", 2, 10),
    "1-3": span("1", 11, 14),
    "1-4": span("1", 15, 16),
    "2-1": span("2", 1, 4),
    "2-2": span("2", 5, 5),
    "2-3": span("2", 6, 7),
    "3-1": span("3", 1, 7),
    "3-2": span("3", 8, 9),
    "3-3": span("3", 10, 14),
    "3-4": span("3", 15, 28),
}


@pytest.fixture(params=PATHS, ids=lambda path: path.name[:3])
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def source(notebook, kind):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == kind)


def test_the_outputs_show_nothing_but_results(notebook):
    assert publish.problems(notebook) == []


def test_every_section_of_the_notes_has_its_heading_in_order(path, notebook):
    headings = re.findall(r"^#+ (\d\.\d+(?:\.\d+)?) ", source(notebook, "markdown"), re.MULTILINE)
    assert [number for number in headings if number in SECTIONS[path.name[:3]]] == SECTIONS[path.name[:3]]


def test_every_numbered_equation_of_the_notes_is_there(path, notebook):
    tags = re.findall(r"\\tag\{(\d\.\d+)\}", source(notebook, "markdown"))
    assert tags == EQUATIONS[path.name[:3]]


def test_the_top_states_a_measured_time_and_memory_within_the_budget(path, notebook):
    seconds, gigabytes = publish.MEASURED.search(notebook.cells[0].source).groups()
    assert int(seconds) <= publish.budget(path)
    assert float(gigabytes) <= publish.GIGABYTES


def test_links_between_notebooks_and_to_files_lead_somewhere(path, notebook):
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", source(notebook, "markdown")):
        aim = path.parent / target if target else path
        assert aim.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", source(nbformat.read(aim, as_version=4), "markdown"), re.MULTILINE)
            assert anchor in [heading.strip().replace(" ", "-") for heading in headings], anchor


def test_the_week_before_and_the_week_after_are_linked(path, notebook):
    place = PATHS.index(path)
    for neighbor in (*PATHS[max(place - 1, 0) : place], *PATHS[place + 1 : place + 2]):
        assert f"]({neighbor.name})" in source(notebook, "markdown"), neighbor.name


def test_the_title_stands_once_at_the_top(path, notebook):
    titles = re.findall(r"^# (.+)$", source(notebook, "markdown"), re.MULTILINE)
    assert len(titles) == 1
    assert notebook.cells[0].source.lstrip().startswith(f"# {titles[0]}")


def test_remarks_on_the_notes_are_errata_or_footnotes(notebook):
    for label in re.findall(r"^> \*\*(\w+)\*\*", source(notebook, "markdown"), re.MULTILINE):
        assert label in ("Erratum", "Footnote"), label


def is_equality(test):
    """Return whether an assertion compares two computations, and is not about how a result turned out."""
    if isinstance(test, ast.BoolOp):
        return all(map(is_equality, test.values))
    if isinstance(test, ast.Compare):
        return all(isinstance(sign, ast.Eq | ast.Is) for sign in test.ops)
    if isinstance(test, ast.Call):
        name = ast.unparse(test.func).rpartition(".")[2]
        inner = (part for argument in test.args for part in [getattr(argument, "elt", argument)])
        return name in ("allclose", "isclose", "array_equal") or (name == "all" and all(map(is_equality, inner)))
    return False


def test_what_is_said_about_results_is_a_claim_and_a_plain_assert_says_that_two_computations_agree(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [(cell.id, node) for cell in code for node in ast.walk(ast.parse(cell.source))]
    asserts = [(key, node) for key, node in nodes if isinstance(node, ast.Assert) and not node.msg]
    assert [f"{key}: {ast.unparse(node)}" for key, node in asserts if not is_equality(node.test)] == []


@pytest.mark.parametrize(
    ("test", "equal"),
    [
        ("np.allclose(a, b) and a.shape == b.shape", True),
        ("all(np.isclose(x, y) for x, y in pairs)", True),
        ("a is b", True),
        ("loss < 0.3", False),
        ("np.allclose(a, b) and loss < 0.3", False),
        ("all(rate > 0.9 for rate in rates)", False),
        ("winner in names", False),
        ("converged", False),
    ],
)
def test_that_test_knows_an_equality(test, equal):
    assert is_equality(ast.parse(test, mode="eval").body) == equal


def test_one_cell_imports_dlcourse_before_keras(notebook):
    # In this order, because dlcourse keeps TensorFlow's start-up lines out of the page.
    cells = [
        c.source for c in notebook.cells if c.cell_type == "code" and re.search(r"^(import|from) ", c.source, re.M)
    ]
    assert len(cells) == 1
    names = [re.split(r"[ .]", line)[1] for line in cells[0].splitlines() if re.match(r"import |from ", line)]
    assert "dlcourse" in names
    assert not {"keras", "tensorflow"} & set(names[: names.index("dlcourse")])


def test_one_cell_holds_the_parameters(notebook):
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells) == 1


def test_cells_are_short_plain_python_without_installs_or_downloads(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)  # a magic is no Python
            assert len(cell.source.splitlines()) <= 18, cell.source
            assert not re.search(r"pip install|urlopen|urlretrieve|get_file|requests\.", cell.source)


FOLDED = "hide-input"  # the tag of a cell that only draws; JupyterLab folds it by its metadata


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def names(tree, kind):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, kind)}


def free(node):
    """Return the names that a piece of code takes from around it."""
    inside = set().union(*map(free, ast.iter_child_nodes(node)))
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, ast.AugAssign):
        return inside | names(node.target, ast.Store)
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return inside - {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)} - names(node, ast.Store)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return inside - set().union(*(names(part.target, ast.Store) for part in node.generators))
    return inside


def bound(node):
    """Return the names that a simple statement gives a value to."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Lambda):
        return set()
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    return set().union(*map(bound, ast.iter_child_nodes(node)))


def in_order(body):
    """Yield the simple statements and the heads of loops and conditions, in the order in which they run first."""
    for node in body:
        if isinstance(node, ast.For | ast.While | ast.If | ast.With | ast.Try):
            heads = {"iter", "target", "test", "items"} & set(node._fields)
            yield from (part for head in sorted(heads) for part in as_list(getattr(node, head)))
            for field in ("body", "handlers", "orelse", "finalbody"):
                for part in getattr(node, field, []):
                    yield from in_order(part.body if isinstance(part, ast.ExceptHandler) else [part])
        else:
            yield node


def as_list(part):
    return part if isinstance(part, list) else [part]


def taken_from_folded(cells):
    """Return (name, cell) for each name that an open cell reads although its last value is from a folded cell."""
    folded, found = set(), []
    for cell in cells:
        hidden = FOLDED in cell.metadata.get("tags", [])
        for statement in in_order(ast.parse(cell.source).body):
            if not hidden:
                found += [(name, cell.id) for name in sorted(free(statement) & folded)]
            folded = folded | bound(statement) if hidden else folded - bound(statement)
    return found


def test_a_cell_that_only_draws_is_folded_on_the_page_and_in_jupyterlab(notebook):
    for cell in notebook.cells:
        tagged = FOLDED in cell.metadata.get("tags", [])
        assert tagged == cell.metadata.get("jupyter", {}).get("source_hidden", False), cell.id
        assert cell.cell_type == "code" or not tagged, cell.id


def test_some_cells_are_folded_and_no_exercise_is(notebook):
    folded = [cell for cell in notebook.cells if FOLDED in cell.metadata.get("tags", [])]
    assert len(folded) >= 5
    for cell in folded:
        assert not re.search(r"\bcheck\.\w+\(|^def my_|^import |^from ", cell.source, re.MULTILINE), cell.source
        assert "parameters" not in cell.metadata.tags
        assert "print(" not in cell.source and all(output.output_type != "stream" for output in cell.outputs), cell.id


def test_what_teaches_does_not_need_a_folded_cell(notebook):
    assert taken_from_folded(code_cells(notebook)) == []


@pytest.mark.parametrize(
    ("hidden", "open_cell", "taken"),
    [
        ("x = 1", "print(x)", ["x"]),
        ("def f():\n    return 1", "f()", ["f"]),
        ("for k in range(3):\n    pass", "print(k)", ["k"]),
        ("x = 1", "x = x + 1", ["x"]),
        ("x = 1", "def g():\n    return x", ["x"]),
        ("x = 1", "x = 2\nprint(x)", []),
        ("x = 1", "for x in range(3):\n    print(x)", []),
        ("y = [x for x in range(3)]", "def g(x):\n    return x", []),
        ("x = 1", "print([x for x in range(3)])", []),
        ("x = 1", "if True:\n    x = 2\n    print(x)", []),
        ("x = 1", "with open('f') as x:\n    print(x)", []),
        ("x = 1", "x += 1", ["x"]),
    ],
)
def test_that_test_sees_what_is_taken(hidden, open_cell, taken):
    cells = [nbformat.v4.new_code_cell(hidden, metadata={"tags": [FOLDED]}), nbformat.v4.new_code_cell(open_cell)]
    assert [name for name, _ in taken_from_folded(cells)] == taken


def test_the_30_minute_paths_stand_at_the_top(path, notebook):
    if path.name[:3] in ("2-1", "2-3", "3-2"):
        assert "**A 30-minute path**" in notebook.cells[0].source


def test_every_exercise_of_the_week_is_set_and_no_other(path, notebook):
    used = set(re.findall(r"\bcheck\.(\w+)\(", source(notebook, "code"))) - {"claim", "progress"}
    assert used == {name for name in check.names() if getattr(check, name).notebook == path.name[:3]}
    assert len(used) >= 2
    assert "Your turn" in source(notebook, "markdown")


def test_the_quick_check_asks_three_to_six_questions_with_folded_answers(path, notebook):
    text = source(notebook, "markdown")
    assert "Quick check" in text
    assert 3 <= text.count("<details>") <= (12 if path.name.startswith("3-2") else 6)
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>")


def test_some_outputs_are_compared_when_the_notebook_runs_as_a_test(notebook):
    compared = [c for c in notebook.cells if "nbval-check-output" in c.metadata.get("tags", [])]
    assert len(compared) >= 3
    assert all(cell.outputs for cell in compared)


def test_the_readme_shows_its_picture(path, notebook):
    cover = publish.cover_path(path)
    assert f"notebooks/covers/{cover.name}" in README
    kind, picture, _ = book.picture_of(notebook)
    assert cover.suffix == book.SUFFIXES[kind]
    assert cover.read_bytes() == base64.b64decode(picture)


def test_it_takes_at_most_four_megabytes(path):
    assert path.stat().st_size <= 4_000_000


def test_its_page_loads_nothing_from_elsewhere_and_draws_every_formula(path, tmp_path):
    index = book.write_book([path], tmp_path)
    page = (tmp_path / f"{path.stem}.html").read_text("utf-8")
    assert not re.search(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["']?https?:""", page)
    assert len(re.findall(r"<math ", page)) >= len(EQUATIONS[path.name[:3]])
    assert not re.search(r"(?<!\\)\$\$|\\frac|\\tag", re.sub(r"<pre>.*?</pre>", "", page, flags=re.S))
    pictures = re.findall(r"<img[^>]*>", page)
    alts = [re.search(r'alt="(.*?)"', picture).group(1) for picture in pictures]
    assert all(alts)
    assert not any("No description" in alt for alt in alts)
    assert f'href="{path.stem}.html"' in index.read_text("utf-8")


def notebook_showing(output, source="1 + 1", count=1):
    cell = nbformat.v4.new_code_cell(source, outputs=[output], execution_count=count)
    return nbformat.v4.new_notebook(cells=[cell])


def text(words):
    return nbformat.v4.new_output("stream", name="stdout", text=words)


@pytest.mark.parametrize(
    ("output", "count", "complaint"),
    [
        (text("UserWarning: careful"), 1, "a warning"),
        (text("saved to /home/ada/model.keras"), 1, "an absolute path"),
        (text(r"saved to C:\Users\ada"), 1, "an absolute path"),
        (text("<Line2D at 0x7f60a695f140>"), 1, "an address in memory"),
        (text("done at 2026-01-31 12:00"), 1, "a time stamp"),
        (nbformat.v4.new_output("stream", name="stderr", text="hm"), 1, "stderr"),
        (nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=[]), 1, "the error KeyError"),
        (nbformat.v4.new_output("display_data", data={"image/png": "aGk="}), 1, "without a text alternative"),
        (nbformat.v4.new_output("display_data", data={"image/jpeg": "aGk="}), 1, "without a text alternative"),
        (text("fine"), 7, "execution count 7"),
        (text("fine"), None, "execution count None"),
    ],
)
def test_the_tool_sees_what_should_not_be_stored(output, count, complaint):
    assert any(complaint in problem for problem in publish.problems(notebook_showing(output, count=count)))


def test_the_tool_accepts_what_is_fine():
    assert (
        publish.problems(notebook_showing(text("accuracy 0.913 on 10/60 pictures, 3/4 of them; see data/README.md")))
        == []
    )


def test_a_refresh_stores_nothing_when_a_cell_warns(tmp_path):
    path = tmp_path / "1-1-test.ipynb"
    cells = [nbformat.v4.new_code_cell("import warnings\nwarnings.warn('old')")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    with pytest.raises(SystemExit, match="stderr"):
        publish.refresh(path)
    assert path.read_bytes() == before


def test_a_refresh_stores_results_time_memory_and_cover(tmp_path):
    path = tmp_path / "1-1-test.ipynb"
    draw = "from dlcourse import plots\nfigure = plots.curves({'a': [1, 2]}, title='t')\nplots.show(figure, 'a line')"
    cells = [
        nbformat.v4.new_markdown_cell("# Title\nAbout 990 s and 99.0 GB on two cores"),
        nbformat.v4.new_code_cell("print(1, flush=True)\nprint(2)", metadata={"tags": ["x"], "noise": 1}),
        nbformat.v4.new_code_cell(draw, metadata={"tags": ["hide-input"], "jupyter": {"source_hidden": True}}),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    publish.refresh(path)
    stored = nbformat.read(path, as_version=4)
    seconds, gigabytes = map(float, publish.MEASURED.search(stored.cells[0].source).groups())
    assert 0 < seconds < 100
    assert 0 < gigabytes < 1
    assert stored.cells[1].outputs[0].text == "1\n2\n"
    assert stored.cells[1].metadata == {"tags": ["x"]}
    assert stored.cells[2].metadata == {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}
    assert publish.cover_path(path).name == "1-1.png"
    assert publish.cover_path(path).read_bytes()[:4] == b"\x89PNG"


def test_a_photograph_is_stored_published_and_linked_as_jpeg(tmp_path):
    path = tmp_path / "notebooks" / "1-1-test.ipynb"
    path.parent.mkdir()
    (tmp_path / "README.md").write_text('<img src="notebooks/covers/1-1.png"> <img src="notebooks/covers/1-2.png">')
    draw = (
        "from dlcourse import datasets, plots\n"
        "figure = plots.image_grid([datasets.photo('china')], columns=1, width=6)\nplots.show(figure, 'a <pagoda>')"
    )
    cells = [nbformat.v4.new_markdown_cell("# Title\n"), nbformat.v4.new_code_cell(draw)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, path)
    (path.parent / "covers").mkdir()
    (path.parent / "covers" / "1-1.png").write_bytes(b"an older one")
    publish.refresh(path)
    (cover,) = (path.parent / "covers").iterdir()
    assert cover == publish.cover_path(path) and cover.name == "1-1.jpg"
    assert (tmp_path / "README.md").read_text() == (
        '<img src="notebooks/covers/1-1.jpg"> <img src="notebooks/covers/1-2.png">'
    )
    with Image.open(cover) as picture:
        assert (picture.format, picture.width) == ("JPEG", 900)
    index = book.write_book([path], tmp_path / "book").read_text("utf-8")
    page = (tmp_path / "book" / "1-1-test.html").read_text("utf-8")
    for text in (index, page):
        (picture,) = re.findall(r"<img[^>]*>", text)
        assert 'src="data:image/jpeg;base64,/9j/' in picture
        assert 'alt="a &lt;pagoda&gt;"' in picture


def test_the_page_folds_the_code_of_a_cell_that_only_draws_and_shows_its_picture(tmp_path):
    picture = nbformat.v4.new_output("display_data", data={"image/png": "aGk="}, metadata={"image/png": {"alt": "a"}})
    cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        nbformat.v4.new_code_cell("teaches = 1", execution_count=1),
        nbformat.v4.new_code_cell("draws = 1", execution_count=2, outputs=[picture], metadata={"tags": [FOLDED]}),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "1-1-test.ipynb")
    book.write_book([tmp_path / "1-1-test.ipynb"], tmp_path)
    page = (tmp_path / "1-1-test.html").read_text("utf-8")
    (folded,) = re.findall(r"<details class=.folded.>.*?</details>", page, re.DOTALL)
    assert "draws" in folded and "<summary>" in folded
    assert "teaches" not in folded and "<img" not in folded
    assert "<img" in page and "teaches" in page


def test_formulas_become_mathml_and_an_unknown_form_is_an_error():
    assert "<mfrac>" in book.mathml(r"\frac{1}{m}", display="block")
    assert "<mtable" in book.mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", display="block")
    with pytest.raises(ValueError, match="formula"):
        book.mathml(r"a & b \\ c & d", display="block")
