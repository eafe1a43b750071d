"""Which room of the package may import which, and that no room uses another one's private names."""

import ast
import graphlib
from pathlib import Path

import dlcourse

import pytest

PACKAGE = Path(dlcourse.__file__).parent

SHARED = {path.stem for path in PACKAGE.glob("_*.py")} - {"__init__", "_saving"} | {"checks"}  # every room may use them
GROUND = {"augment", "datasets", "plots", "scratch", "weights"}  # know none of the others
ARROWS = {  # what a room above the ground may import besides
    "training": set(),  # fit and predict, whatever the model
    "models": set(),
    "detection": {"training"},  # boxes, suppression, metrics: knows no model of ours
    "segmentation": {"detection"},
    "pretrained": {"detection", "models"},  # photographs in; faces, landmarks, objects, a person's mask out
    "faces": {"models", "pretrained"},
    "style": {"models"},
    "transfer": {"training"},
    "tuning": set(),
    "check": {"models", "detection", "segmentation", "pretrained", "faces", "style", "training", "transfer", "tuning"},
    "_saving": {"detection", "faces", "segmentation"},  # behind dlcourse.load_model: the rooms that register classes
}
BETWEEN_GROUND = {"scratch": set(), "datasets": set(), "plots": set(), "augment": set(), "weights": set()}


def room_of(module):
    """The room of a module's dotted name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path):
    """(module that is imported, name taken from it or None, line) for each import of dlcourse in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: a relative import"
            found = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in found:
            if module.split(".")[0] == "dlcourse":
                yield module, name, node.lineno


def resolved(module, name):
    """The dotted name of the module that an import reaches: that of nms for `from dlcourse.detection import nms`."""
    place = PACKAGE.parent / module.replace(".", "/")
    if name and ((place / f"{name}.py").is_file() or (place / name).is_dir()):
        return f"{module}.{name}"
    return module


def files():
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent != PACKAGE or path.stem not in ("__init__",):
            module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
            yield path, module


def strangers(path, module):
    """The imports of a file that leave its room: (module that is reached, name, line)."""
    for source, name, line in imports(path):
        target = resolved(source, name)
        if room_of(target) and room_of(target) != room_of(module):
            yield target, name, line


def test_the_table_names_every_room_and_has_no_circle():
    rooms = {room_of(module) for _, module in files()}
    assert rooms == SHARED | GROUND | set(ARROWS)
    assert set(BETWEEN_GROUND) == GROUND
    order = graphlib.TopologicalSorter({**{room: GROUND | above for room, above in ARROWS.items()}, **BETWEEN_GROUND})
    assert set(order.static_order()) == GROUND | set(ARROWS)


@pytest.mark.parametrize(("path", "module"), list(files()), ids=lambda value: value if isinstance(value, str) else "")
def test_an_import_points_down(path, module):
    room = room_of(module)
    if room in SHARED:
        allowed = SHARED | {"scratch"} if room == "checks" else SHARED
    elif room in GROUND:
        allowed = SHARED | BETWEEN_GROUND[room]
    else:
        allowed = SHARED | GROUND | ARROWS[room]
    for target, _, line in strangers(path, module):
        assert room_of(target) in allowed, f"{module}, line {line}: {room} may not import {target}"


@pytest.mark.parametrize(("path", "module"), list(files()), ids=lambda value: value if isinstance(value, str) else "")
def test_no_room_uses_private_names_of_another(path, module):
    aliases = {}
    for target, name, line in strangers(path, module):
        private = [part for part in target.split(".")[2:] if part.startswith("_")]
        if name and name.startswith("_") and name not in SHARED:
            private.append(name)
        assert not private, f"{module}, line {line}: {private[0]} of {target} is private"
        aliases[name or target.rpartition(".")[2]] = target
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            assert not private, f"{module}, line {node.lineno}: {node.attr} of {aliases[node.value.id]} is private"


def test_these_tests_see_what_is_wrong(tmp_path):
    path = tmp_path / "x.py"
    for source, module, test, said in (
        (
            "def f():\n    from dlcourse.faces import FaceDatabase",
            "dlcourse.detection.nms",
            test_an_import_points_down,
            "may",
        ),
        ("from dlcourse import check", "dlcourse.scratch.conv", test_an_import_points_down, "scratch may not import"),
        ("from dlcourse import plots", "dlcourse.datasets.folders", test_an_import_points_down, "datasets may not"),
        ("from dlcourse.plots import _style", "dlcourse.tuning", test_no_room_uses_private_names_of_another, "_style"),
        (
            "from dlcourse import _files\n_files._sums",
            "dlcourse.weights",
            test_no_room_uses_private_names_of_another,
            "_sums",
        ),
        (
            "from dlcourse.scratch.network import _step",
            "dlcourse.check.exercise",
            test_no_room_uses_private_names_of_another,
            "_step",
        ),
    ):
        path.write_text(source)
        with pytest.raises(AssertionError, match=said):
            test(path, module)
