"""Each docstring that says where its helper is taught is right: the name stands in that section of that notebook.

"Taught in" promises the helper itself, in code or named in the text; "Exercise in" that the learner builds it there,
and `check.NAME` compares. What a notebook explains without using the helper reads "Its idea is taught in", which is no
promise about a name.
"""

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import NamedTuple

import dlcourse

import nbformat
import pytest

PACKAGE = Path(dlcourse.__file__).parent
NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CLAIM = re.compile(r"\b(Taught|Exercise) in (notebooks? .*?)(?=; notes|\(|\. |\.$|$)")


class Place(NamedTuple):
    """One promise of a docstring: `name` is taught in `section` of `notebook`; without a section, anywhere in it."""

    file: str
    name: str
    notebook: str
    section: str
    kind: str = "Taught"


def places(text, file="", name=""):
    """What a docstring promises, in the order in which it does."""
    found = []
    for kind, claim in CLAIM.findall(" ".join(text.split())):
        notebook = None
        for number in re.findall(r"\b\d[-.]\d(?:\.\d+)?\b", claim):
            if "-" in number:
                if notebook and not any(place.notebook == notebook for place in found):
                    found.append(Place(file, name, notebook, "", kind))
                notebook = number
            else:
                found.append(Place(file, name, notebook, number, kind))
        if notebook and not any(place.notebook == notebook for place in found):
            found.append(Place(file, name, notebook, "", kind))
    return found


def promises():
    """All of the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                file = path.relative_to(PACKAGE).as_posix()
                found += places(ast.get_docstring(node) or "", file, node.name)
    return found


def words_of(cell):
    """The names in a cell: of code those that Python reads as names, of text those between backticks.

    A name after `check.` is marked as such: the learner's own function is checked there, the helper is not used.
    """
    if cell.cell_type == "code":
        tokens = [
            token.string for token in tokenize.generate_tokens(io.StringIO(cell.source).readline) if token.type == 1
        ]
        source = re.sub(r"\bcheck\.(\w+)", r" check.\1", cell.source)
        return {token for token in tokens if re.search(rf"(?<!check\.)\b{token}\b", source)} | exercises(source)
    quoted = " ".join(re.findall(r"`([^`]+)`", cell.source))
    return set(re.findall(r"\w+", re.sub(r"\bcheck\.\w+", "", quoted))) | exercises(quoted)


def exercises(text):
    return set(re.findall(r"\bcheck\.\w+", text))


def sections_of(notebook):
    """The names in each numbered section of a notebook: a dict from the section's number to a set."""
    found, here = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if heading := re.match(r"#+ (\d\.\d+(?:\.\d+)?) ", line):
                    here = heading[1]
        found.setdefault(here, set()).update(words_of(cell))
    return found


SECTIONS = {path.name[:3]: sections_of(nbformat.read(path, as_version=4)) for path in NOTEBOOKS.glob("?-?-*.ipynb")}
PROMISES = promises()


def taught(place):
    """The numbers of the sections of the notebook that is named in which the name stands."""
    as_exercise = place.kind == "Exercise" or place.file.startswith("check/")
    name = f"check.{place.name}" if as_exercise else place.name
    return sorted(number for number, words in SECTIONS[place.notebook].items() if number and name in words)


def within(section, number):
    return not section or number == section or number.startswith(section + ".")


@pytest.mark.parametrize("place", PROMISES, ids=lambda p: f"{p.file}:{p.name}:{p.notebook}:{p.section}")
def test_a_helper_is_taught_where_its_docstring_says(place):
    found = taught(place)
    right = any(within(place.section, number) for number in found)
    assert right, (
        f"{place.file}: {place.name} is not named in section {place.section} of notebook {place.notebook}; "
        f"it is in {', '.join(found) or 'no section of it'}"
    )


def test_the_promises_are_found_and_read():
    assert len({(place.file, place.name) for place in PROMISES}) > 150
    text = """Return it.

    Taught in notebooks 1-2, section 1.2.3, 2-1, sections 2.1.4 and 2.1.5, and 3-1; notes, eqs. 1.3 and 2.4.
    """
    expected = [("1-2", "1.2.3"), ("2-1", "2.1.4"), ("2-1", "2.1.5"), ("3-1", "")]
    assert [place[2:4] for place in places(text)] == expected
    (place,) = places("Its idea is taught in notebook 1-1, section 1.1.1. Exercise in notebook 2-3, section 2.5.")
    assert place[2:] == ("2-3", "2.5", "Exercise")
    assert places("Used in every notebook; see 1.2.") == []


def test_a_name_counts_in_code_and_between_backticks_but_not_in_words_and_not_as_an_exercise():
    code = nbformat.v4.new_code_cell("x = boxes.iou(a, b)  # nms\nprint('dice')\ncheck.giou(my_giou)\ncheck.own(own)")
    words = words_of(code)
    assert {"boxes", "iou", "check.giou", "own", "check.own"} <= words
    assert not {"nms", "dice", "giou"} & words
    text = nbformat.v4.new_markdown_cell("The iou of `boxes.area` and nms; then `check.dice(f)`")
    assert {"area", "check.dice"} <= words_of(text)
    assert not {"iou", "nms", "dice"} & words_of(text)
