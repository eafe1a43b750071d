"""The house stays small enough to be read: files of a page or two, few lines of checks, and a bound for the whole."""

import ast
from collections import Counter
from pathlib import Path

import dlcourse

import pytest

PACKAGE = Path(dlcourse.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST, CHECKS, WHOLE = 300, 0.08, 17_200  # lines of a file, share of checks in a room, all lines
DATA_LIKE = set()  # files that may be longer, because they are read as a table is
CHECKS_ALONE = {"checks.py"}  # a room that consists of checks


def lines(path):
    return path.read_text(encoding="utf-8").count("\n")


def checks(source):
    """The number of lines of each `if` that does nothing but raise, and of each call of `require`, which does that."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        raises = isinstance(node, ast.If) and not node.orelse and [type(part) for part in node.body] == [ast.Raise]
        call = node.value if isinstance(node, ast.Expr) else None
        if raises or (isinstance(call, ast.Call) and ast.unparse(call.func) == "require"):
            found.update(range(node.lineno, node.end_lineno + 1))
    return len(found)


def room_of(path):
    """The room of a file; the few files that lie beside the rooms count as one, except those that are rooms."""
    first = path.relative_to(PACKAGE).parts[0]
    return "root" if first.startswith("_") else first


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_is_short_enough_to_be_read(path):
    if path.relative_to(PACKAGE).as_posix() not in DATA_LIKE:
        assert lines(path) <= LONGEST


def test_files_that_may_be_long_are_long():
    assert {name for name in DATA_LIKE if lines(PACKAGE / name) <= LONGEST} == set()


def test_few_lines_of_a_room_are_checks_of_arguments():
    total, checking = Counter(), Counter()
    for path in FILES:
        total[room_of(path)] += lines(path)
        checking[room_of(path)] += checks(path.read_text(encoding="utf-8"))
    shares = {room: checking[room] / total[room] for room in total if room not in CHECKS_ALONE}
    assert {room: f"{share:.1%}" for room, share in shares.items() if share > CHECKS} == {}


def test_the_package_is_small_enough():
    assert sum(map(lines, FILES)) <= WHOLE


def test_a_check_is_counted_with_all_its_lines():
    assert checks("if a:\n    raise ValueError(\n        'a'\n    )\nif b:\n    c()\n    raise ValueError\n") == 4
    assert checks("require(a, 'a', 1, 2)\nrequired(a)\nif a:\n    raise ValueError\nelse:\n    b()\n") == 1
