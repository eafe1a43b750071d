"""Notebooks come to their end with other numbers; with the stored ones, what they say must hold."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

import parameters
import publish

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def measured(path):
    return int(publish.MEASURED.search(nbformat.read(path, as_version=4).cells[0].source)[1])


QUICKEST = sorted(PATHS, key=measured)[:2]


def stored(folder, *sources, tags=((), ("parameters",))):
    """A notebook of a few cells, the second of which holds its parameters."""
    cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": list(tags[k]) if k < len(tags) else []})
        for k, source in enumerate(sources)
    ]
    path = folder / "1-1-test.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name[:3])
def test_every_notebook_has_a_seed_and_numbers_that_can_be_smaller(path):
    variants = parameters.variants(path)
    cells = nbformat.read(path, as_version=4).cells
    (cell,) = (cell for cell in cells if "parameters" in cell.metadata.get("tags", []))
    values = parameters.assignments(cell.source)
    assert values["SEED"] != parameters.OTHER_SEED
    assert variants["small"] and set(variants["small"]) <= set(values)


def test_work_is_divided_and_repetitions_go_down_to_two():
    source = """
SEED = 0
EPOCHS, RATE = 12, 0.01  # passes
SMALL_STEPS = (18, 8, 1)
PLAN_EPOCHS = {250: 60, 500: 3}
SEEDS = 5
DRAWS = (3, 2, 1)
LAYERS = [784, 32, 10]
BATCH = 64
HALF = EPOCHS // 2
SETS = ("a", "b")
"""
    assert parameters.smaller(source, "1-1") == {
        "EPOCHS": 3,
        "SMALL_STEPS": (4, 2, 1),
        "PLAN_EPOCHS": {250: 15, 500: 1},
        "SEEDS": 2,
        "DRAWS": (2, 2, 1),
    }


@pytest.mark.parametrize("path", QUICKEST, ids=lambda path: path.name[:3])
def test_the_quickest_notebooks_come_to_their_end_with_small_numbers(path):
    seconds, _ = parameters.run(path, parameters.variants(path)["small"])
    assert seconds < publish.budget(path)


def test_other_values_reach_the_cells_below_and_the_environment_is_not_strict(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CLAIMS", "strict")
    path = stored(
        tmp_path,
        "from dlcourse import check",
        "SEED = 0\nEPOCHS = 8",
        "check.claim(EPOCHS == 8, f'EPOCHS is 8 and not {EPOCHS}')\ncheck.claim(SEED == 0, 'the seed is 0')",
    )
    before = path.read_bytes()
    _, claims = parameters.run(path, parameters.variants(path)["small"])
    assert claims == [f"{parameters.UNTRUE}: EPOCHS is 8 and not 2."]
    _, claims = parameters.run(path, parameters.variants(path)["seed"])
    assert claims == [f"{parameters.UNTRUE}: the seed is 0."]
    assert path.read_bytes() == before


def test_a_run_that_stops_is_an_error(tmp_path):
    path = stored(tmp_path, "from dlcourse import check", "SEED = 0\nEPOCHS = 8", "assert EPOCHS == 8")
    with pytest.raises(CellExecutionError, match="assert EPOCHS == 8"):
        parameters.run(path, {"EPOCHS": 2})
    with pytest.raises(ValueError, match="values: expected names of the parameters cell"):
        parameters.run(path, {"EPOCH": 2})


@pytest.mark.parametrize(("truth", "code"), [("True", 0), ("False", 1)])
def test_nbval_fails_where_a_claim_does_not_hold_for_the_stored_numbers(tmp_path, truth, code):
    stored(tmp_path, "from dlcourse import check", "SEED = 0", f"check.claim({truth}, 'the cost falls')")
    shutil.copy(ROOT / "conftest.py", tmp_path)  # that of the project, which every run of nbval goes by
    environment = {name: value for name, value in os.environ.items() if name != "DLCOURSE_CLAIMS"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval-lax", "1-1-test.ipynb"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == code, result.stdout
    assert ("this does not hold: the cost falls" in result.stdout) == bool(code)
