"""Plain English, as far as a search can hold it: American spelling, docstrings that open with a verb, no known slips.

The texts are the docstrings, comments and strings of the package, its tools and benchmarks, the Markdown of README and
data, and all of the notebooks. `python tests/test_english.py PATH…` lists the findings in some files or folders only.
"""

import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("dlcourse", "tools", "benchmarks", "notebooks", "README.md", "data")

# Words of the texts that are not ours: names of files, columns and metadata, titles of papers, text of others.
THEIRS = ("licence_file", "wordlists/british", "Neighbourhood Components", "Grey Seal", "Greys_r")

BRITISH = re.compile(
    r"""(?ix) (?<![a-z])
    ( \w*colour\w* | \w*grey\w* | neighbour\w* | behaviour\w* | favour\w* | honour\w* | flavour\w* | labour\w*
    | rumour\w* | humour\w* | centre[ds]? | centring | kilometres? | millimetres? | centimetres? | metres? | litres?
    | fibres? | theatres? | calibre
    | (?: normal | optim | initial | regular | general | standard | vector | minim | maxim | recogn | summar | visual
        | random | penal | local | memor | real | organ | token | quant | discret | serial | parametr | util | special
        | categor | equal | stabil | central | symbol | modern | final | capital | fact?or | ideal | neutral | apolog
        )is(?:e|ed|es|er|ers|ing|ation|ations|able)
    | emphasis(?:e|ed|es|ing) | characteris(?:e|ed|es|ing) | analys(?:e|ed|er|ing) | catalys(?:e|ed|ing)
    | (?:mis)?label(?:led|ling) | unlabelled | model(?:led|ling) | travel(?:led|ling|ler) | cancel(?:led|ling)
    | level(?:led|ling) | total(?:led|ling) | signal(?:led|ling) | channelled | fuelled
    | licence[ds]? | defences? | offences? | practis(?:e|ed|ing) | artefacts? | judgements? | programmes? | whilst
    | amongst | learnt | spelt | maths | fulfils? | enrols? | mould\w* | sceptic\w* | tyres? | anticlockwise | ageing
    ) (?![a-z])"""
)

# A function's docstring opens with a verb: "Return …". These words open a description of it instead.
OPENERS = set(
    re.findall(
        r"\w+",
        """
        the a an what how one all as where when which who whose why whether each every both some any no none of
        in for by from with without at on after before along out if is are it its this that these those our two
        three four five six eight half twice new whole small black random uniform bilinear transposed euclidean
        relative expected typical limited non class row column figure intersection precision recall area batch
        example gradient cost error width height shape size value picture image point box number rgb png jpeg
        json keras numpy tensorflow adam momentum probability midpoint objectness max min mean unsharp expansion
        exponentially
        """,
    )
)
VERBS_IN_S = {"bias", "focus", "canvas"}  # other words in one s are nouns or the third person

PHRASES = {  # pattern: what to write instead
    r"[,;:] for (?:it|they|we|he|she|there|these|those|this|others|nothing|nobody|neither|none)\b(?! (?:reason|purpose|"
    r"case|week|notebook|section|course|one|ones|exercise|layer|network|part|step)\b)": "because",
    r"\bwhat came\b(?! in\b| before\b)|\bnone came\b|, came \b": "got",
    r"[,;:] for (?:the|a|an|its|no|every|each|all) \w+ (?:is|are|was|were|has|have|would|does|do|cannot)\b": "because",
    r"hold new company": "each epoch mixes the batches anew",
    r"as many as pays": "as many as tf.data finds worthwhile",
    r"\b(?:stands?|stood) still\b": "converges, has converged",
    r"[Aa] clock is held": "We time …",
    r"worth as much as a coin": "does no better than guessing",
    r"`assert`s? spoke|\bassert(?:ion)?s? (?:spoke|speaks?)": "every assertion passed",
    r"\bgrip(?:s|ped)? each other": "interlocking",
    r"where no more find": "if no room is left",
    r"\bserved worst\b|\bis served\b": "the box with the lowest IoU",
    r"of one Keras would": "Keras warns about a softmax over one class",
    r"has its work\b": "before running the encoder",
    r"^[Hh]alf the sides": "halves height and width",
    r"has to do with shape": "has shape",
    r"not changed but in size": "only their size changes",
    r"what to say to who\b|\bto who (?:wrote|writes)": "the hint for a learner whose answer matches a slip",
    r"\bheaps? (?:of|with)\b|\b(?:two|three|four) heaps\b": "cluster",
    r"\bhand(?:s|ed|ing)? (?:\w+ ){0,3}out\b(?! of)": "return",
    r"\bin whatever program\b": "in any program",
    r"\bat the least\b": "at least",
    r"\b(?:network|net|model|detector|classifier|layer)s? says?\b": "predicts, outputs",
}
PHRASES = {re.compile(pattern.replace(" ", r"\s+")): better for pattern, better in PHRASES.items()}

ENTRY = re.compile(r"[\w*`][\w*`, ]*: (What|How|Of)\b")


class Finding(NamedTuple):
    """One place that wants to be written anew."""

    line: int
    fault: str
    text: str


def spelling(text, line, names_too=True):
    """Yield each British spelling in a text; a licence may be the name of a file or a column."""
    for theirs in THEIRS:
        text = text.replace(theirs, " " * len(theirs))
    for found in BRITISH.finditer(text):
        around = text[max(found.start() - 1, 0) : found.end() + 1]
        quoted = re.search(r"[`\"'_/.]", around) and not around.endswith(". ")
        if found[0].lower().startswith("licence") and (quoted or not names_too or found[0].isupper()):
            continue
        yield Finding(line + text.count("\n", 0, found.start()), f"British spelling {found[0]!r}", line_at(text, found))


def phrases(text, line):
    """Yield each known bad phrase in a text, also where a line ends inside it."""
    words = re.sub(r"\n[ \t>#]*", lambda gap: "\n" * len(gap[0]), text)  # as long as the text, so that places agree
    for pattern, better in PHRASES.items():
        for found in pattern.finditer(words):
            shown = " ".join(found[0].split())
            yield Finding(
                line + text.count("\n", 0, found.start()), f"{shown!r}: write {better!r}", line_at(text, found)
            )


def line_at(text, found):
    """Return the line of a text in which a match begins."""
    return text[text.rfind("\n", 0, found.start()) + 1 :].split("\n")[0].strip()


def opening(docstring, line):
    """Yield what is wrong with the first word of a function's docstring."""
    first = docstring.split("\n")[0]
    word = re.match(r"[A-Za-z]+(?=[\s,.:]|$)", first)
    if not word:
        yield Finding(line, "docstring: open with a verb", first)
        return
    small = word[0].lower()
    third = small.endswith("s") and not small.endswith("ss") and small not in VERBS_IN_S
    if small in OPENERS or third or not word[0][0].isupper():
        yield Finding(line, "docstring: open with a verb in the imperative", first)


def entries(docstring, line):
    """Yield each entry of "Args:" that opens with What, How or Of."""
    inside, indent = False, 0
    for k, text in enumerate(docstring.split("\n")):
        if text.strip() in ("Args:", "Attributes:"):
            inside, indent = True, len(text) - len(text.lstrip())
        elif inside and text.strip() and len(text) - len(text.lstrip()) <= indent:
            inside = False
        elif inside and ENTRY.match(text.removeprefix(" " * (indent + 4))):
            yield Finding(line + k, "argument: open with a noun", text.strip())


def messages(tree):
    """Yield each message of an error that says "came", or what it got before what it expected."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            text = "".join(
                part.value
                for part in ast.walk(node.exc)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
            if re.search(r"\bcame\b", text):
                yield Finding(node.lineno, "message: write 'got' instead of 'came'", text)
            if re.search(r": (returned|got|has)\b.*\bexpected\b", text, re.DOTALL):
                yield Finding(node.lineno, "message: write 'NAME: expected …, got …'", text)


def in_python(source):
    """Yield the findings in Python code: names, comments, strings and docstrings."""
    tree = ast.parse(source)
    docs = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            docs[node.body[0].value] = node
    for node, owner in docs.items():
        text = node.value
        decorators = [ast.unparse(d) for d in getattr(owner, "decorator_list", [])]
        if isinstance(owner, ast.FunctionDef) and not any("property" in d or "setter" in d for d in decorators):
            yield from opening(text.strip(), node.lineno)
        yield from entries(text, node.lineno)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from spelling(node.value, node.lineno, names_too=" " in node.value)
            yield from phrases(node.value, node.lineno)
    yield from messages(tree)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from spelling(token.string, token.start[0])
            yield from phrases(token.string, token.start[0])
        elif token.type == tokenize.NAME:
            yield from spelling(token.string.replace("_", " "), token.start[0], names_too=False)


def in_text(text, line=1):
    """Yield the findings in Markdown, where the address of a link is not ours to spell."""
    text = re.sub(r"(?<=\]\()[^)\s]+|https?://\S+", lambda link: " " * len(link[0]), text)
    yield from spelling(text, line)
    yield from phrases(text, line)


def in_notebook(text):
    """Yield the findings in a notebook; a line counts from the top of its cell, whose number stands before the text."""
    for k, cell in enumerate(nbformat.reads(text, as_version=4).cells):
        found = in_python(cell.source) if cell.cell_type == "code" else in_text(cell.source)
        for finding in found:
            yield finding._replace(text=f"cell {k}: {finding.text}")


def findings(path):
    """Return what is to be mended in one file, from top to bottom, as lines "file:line: fault: text"."""
    text = path.read_text(encoding="utf-8")
    read = {".py": in_python, ".md": in_text, ".ipynb": in_notebook}[path.suffix]
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return [f"{name}:{line}: {fault}: {text[:110]}" for line, fault, text in dict.fromkeys(sorted(read(text)))]


def files(*places):
    """Return the files to read in some files and folders, sorted, without the scripts that built the data."""
    found = []
    for place in map(Path, places):
        found += (
            [path for path in place.rglob("*") if path.suffix in (".py", ".md", ".ipynb")]
            if place.is_dir()
            else [place]
        )
    return sorted(path for path in found if "build" not in path.parts and ".ipynb_checkpoints" not in path.parts)


FILES = files(*(ROOT / place for place in SOURCES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_texts_are_plain_english(path):
    found = findings(path)
    assert not found, "\n".join(["", *found])


BAD = '''
def mask(colour):
    """What lies inside.

    Args:
        colour: Of the frame.
        size: How far it goes.
    """
    # stop here, for it stands still
    raise ValueError(f"colour: got {colour!r}, expected a licence")
'''
GOOD = '''
def mask(color):
    """Return what lies inside.

    Args:
        color: Color of the frame.
        size: Reach in pixels.
    """
    # stop here, because it has converged; an exercise for this week
    raise ValueError(f"color: expected a license, got {color!r}")
'''


def test_what_is_bad_is_found_where_it_stands():
    found = [(finding.line, finding.fault.split(":")[0]) for finding in in_python(BAD)]
    assert found.count((2, "British spelling 'colour'")) == 1
    assert {(3, "docstring"), (6, "argument"), (7, "argument"), (10, "message")} <= set(found)
    assert {(9, "', for it'"), (9, "'stands still'"), (10, "British spelling 'licence'")} <= set(found)
    assert not list(in_python(GOOD))


@pytest.mark.parametrize("docstring", ["The boxes.", "Boxes, sorted.", "Moves it.", "`value` as a float.", "a + b."])
def test_a_docstring_that_describes_is_found(docstring):
    assert list(opening(docstring, 1))


@pytest.mark.parametrize("docstring", ["Return the boxes.", "Compute a + b.", "Pass it on.", "Lay it out, whole."])
def test_a_docstring_that_commands_is_not(docstring):
    assert not list(opening(docstring, 1))


def test_a_phrase_is_found_across_lines_and_in_markdown():
    (found,) = in_text("One line.\nThe loss stands\n  still here, [color](https://x/colour)")
    assert found.line == 2 and "converges" in found.fault


def main(*places):
    """Print the findings in some files or folders."""
    found = [line for path in files(*(Path(place).resolve() for place in places)) for line in findings(path)]
    print("\n".join([*found, f"{len(found)} findings"]))


if __name__ == "__main__":
    main(*(sys.argv[1:] or [str(ROOT / place) for place in SOURCES]))
