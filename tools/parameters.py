"""Runs the notebooks with other numbers in their parameters cell: `python tools/parameters.py [NOTEBOOK ...]`.

A learner with a slow machine makes the numbers smaller, a curious one takes another seed. Both must come to the end of
the notebook. What the text says about the stored numbers may then fail to hold: `check.claim` says so in a line and
stops nothing, and this tool prints those lines. Nothing is stored.
"""

import argparse
import ast
import os
import sys
import time
from pathlib import Path

import nbformat

from publish import NOTEBOOKS, budget

# By the words of a name: numbers of work are divided, numbers of repetitions become two, because a spread needs two.
WORK = {"BATCHES", "CROPS", "EPOCHS", "ITERATIONS", "SCENES", "SINGLES", "SIZES", "STEPS", "TRIALS", "UPDATES"}
REPETITIONS = {"DRAWS", "FOGS", "REPEATS", "RUNS", "SEEDS", "SPLITS"}
DIVISOR = 4
ALSO = {"2-2": {"SMALL": 1024}}  # numbers of one notebook whose names do not show what they count
OTHER_SEED = 1
UNTRUE = "With these settings this does not hold"  # as check.claim begins its line


def assignments(source):
    """Return the names and values of a parameters cell that are written out as numbers, texts or collections."""
    found = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        pairs = zip(target.elts, value.elts, strict=True) if isinstance(target, ast.Tuple) else [(target, value)]
        for name, written in pairs:
            try:
                found[name.id] = ast.literal_eval(written)
            except ValueError:  # computed from others
                continue
    return found


def smaller(source, week):
    """Make the numbers of a parameters cell that count work or repetitions smaller: a dict from name to value."""
    changed = {}
    for name, value in assignments(source).items():
        words = set(name.split("_"))
        if name in ALSO.get(week, {}):
            less = ALSO[week][name]
        elif words & WORK:
            less = _each(value, lambda number: max(number // DIVISOR, 1))
        elif words & REPETITIONS:
            less = _each(value, lambda number: min(number, 2))
        else:
            continue
        if less != value:
            changed[name] = less
    return changed


def _each(value, change):
    """Change a whole number, the whole numbers of a tuple or list, or the values of a dict."""
    if isinstance(value, dict):
        return {key: _each(inner, change) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_each(inner, change) for inner in value)
    return change(value) if type(value) is int else value


def with_parameters(notebook, values):
    """Copy a notebook and set `values` in a cell of its own after the parameters cell, as papermill does."""
    notebook = nbformat.from_dict(notebook)
    (place,) = (k for k, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    known = assignments(notebook.cells[place].source)
    if unknown := set(values) - set(known):
        raise ValueError(f"values: expected names of the parameters cell, {list(known)}, got {sorted(unknown)}")
    lines = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(lines, metadata={"tags": ["injected-parameters"]}))
    return notebook


def run(path, values):
    """Execute a notebook with other values to its end.

    Returns:
        seconds, claims: the time it took, and the lines that say what does not hold.

    Raises:
        CellExecutionError: If a cell fails.
    """
    from nbclient import NotebookClient

    notebook = with_parameters(nbformat.read(path, as_version=4), values)
    environment = {name: value for name, value in os.environ.items() if name != "DLCOURSE_CLAIMS"}
    client = NotebookClient(
        notebook, timeout=budget(path), kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    start = time.perf_counter()
    with client.setup_kernel(env=environment):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    texts = [output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])]
    claims = [line for text in texts for line in text.splitlines() if line.startswith(UNTRUE)]
    return time.perf_counter() - start, claims


def variants(path):
    """Return the changed values with which `main` runs a notebook: a dict from a word to a dict."""
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    return {"small": smaller(cell.source, path.name[:3]), "seed": {"SEED": OTHER_SEED}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of notebooks/ if none is named")
    parser.add_argument("--only", choices=["small", "seed"], help="smaller numbers alone, or another seed alone")
    arguments = parser.parse_args()
    failed = []
    for path in [path.resolve() for path in arguments.notebooks] or sorted(NOTEBOOKS.glob("?-?-*.ipynb")):
        for kind, values in variants(path).items():
            if arguments.only not in (None, kind):
                continue
            told = ", ".join(f"{name}={value}" for name, value in values.items())
            try:
                seconds, claims = run(path, values)
            except Exception as error:  # a cell's, or a kernel that died
                failed.append(f"{path.name} with {told}")
                print(f"{path.name[:3]} {kind}: stops with {told}\n{error}", flush=True)
                continue
            print(f"{path.name[:3]} {kind}: {seconds:.0f} s, {len(claims)} claims do not hold with {told}", flush=True)
            for line in claims:
                print(f"    {line.removeprefix(UNTRUE + ': ')}", flush=True)
    if failed:
        sys.exit("\n".join(["These runs do not come to their end:", *failed]))


if __name__ == "__main__":
    main()
