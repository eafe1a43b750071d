"""Executes, checks and publishes the notebooks: `python tools/publish.py refresh [NOTEBOOK ...]` or `... book`.

`refresh` runs each notebook from a clean kernel, normalizes and stores it, together with the time and the memory that
it took and the picture for the README. It stores nothing if an output shows something that should not be shown;
`problems` lists what that is, and the tests call it too.
"""

import argparse
import base64
import os
import re
import socket
import sys
import threading
import time
from pathlib import Path

import nbformat

from book import SUFFIXES, picture_of, write_book

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
SECONDS, LONG = 120, {"3-2": 240, "3-3": 240, "3-4": 240}  # the budget of a notebook, and of those that need more
GIGABYTES = 2.5
MEASURED = re.compile(r"About (\d+) s and (\d+\.\d) GB on two cores")  # the line at a notebook's top

_FORBIDDEN = {
    "a warning": re.compile(r"\w*Warning\b|WARNING"),
    "a traceback": re.compile(r"Traceback \(most recent call last\)"),
    "an absolute path": re.compile(r"(?<![\w.:/])/(?:home|root|tmp|usr|var|opt|work|Users|mnt|srv)/|\b[A-Z]:\\"),
    "an address in memory": re.compile(r"\b0x[0-9a-f]{6,}\b"),
    "the host's name": re.compile(rf"\b{re.escape(socket.gethostname())}\b") if len(socket.gethostname()) > 3 else None,
    "a time stamp": re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d"),
    "TensorFlow's start-up chatter": re.compile(r"oneDNN custom operations|cuda drivers|cpu_feature_guard|cuInit"),
}


def budget(path):
    """Return the seconds that a notebook may take on two cores."""
    return LONG.get(Path(path).name[:3], SECONDS)


def problems(notebook):
    """List what a reader should not find in a stored notebook, in sentences; empty if all is well."""
    found = []
    count = 0
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        count += 1
        if cell.execution_count != count:
            found.append(f"cell {number} has execution count {cell.execution_count}, not {count}: run it all, in order")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"cell {number} stores the error {output.ename}: {output.evalue}")
            elif output.get("name") == "stderr":
                found.append(f"cell {number} stores what went to stderr: {output.text.strip()[:80]!r}")
            data = output.get("data", {})
            text = output.get("text", "") + data.get("text/plain", "") + data.get("text/html", "")
            found += [
                f"cell {number} shows {what}: {match.group()!r}"
                for what, pattern in _FORBIDDEN.items()
                if pattern and (match := pattern.search(text))
            ]
            for kind in data:
                if kind.startswith("image/") and not output.metadata.get(kind, {}).get("alt"):
                    found.append(
                        f"cell {number} shows a picture without a text alternative: use plots.show(figure, alt)"
                    )
    return found


def refresh(path):
    """Execute one notebook in a fresh kernel and store it; return seconds and gigabytes."""
    from nbclient import NotebookClient

    os.environ.setdefault("DLCOURSE_CLAIMS", "strict")  # what the text says must hold for the numbers that are stored
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=budget(path), kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    start = time.perf_counter()
    with client.setup_kernel(), _PeakMemory(client) as memory:
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    seconds = time.perf_counter() - start
    normalize(notebook, seconds, memory.gigabytes)
    if found := problems(notebook):
        raise SystemExit("\n".join([f"{path.name} is not stored:", *found]))
    nbformat.write(notebook, path)
    store_cover(path, notebook)
    return seconds, memory.gigabytes


def store_cover(path, notebook):
    """Store the picture that stands for a notebook, as it is, and let the README beside its folder point to it."""
    kind, picture, _ = picture_of(notebook)
    folder, week = path.parent / "covers", path.stem[:3]
    folder.mkdir(exist_ok=True)
    for old in folder.glob(f"{week}.*"):
        old.unlink()
    cover = folder / f"{week}{SUFFIXES[kind]}"
    cover.write_bytes(base64.b64decode(picture))
    readme = path.parent.parent / "README.md"
    if readme.is_file():
        text = readme.read_text(encoding="utf-8")
        readme.write_text(
            re.sub(rf"\bcovers/{week}\.\w+", f"covers/{cover.name}", text), encoding="utf-8", newline="\n"
        )


def cover_path(path):
    """Return the path at which the README finds the picture of a notebook."""
    return next((path.parent / "covers").glob(f"{path.stem[:3]}.*"), None)


def normalize(notebook, seconds, gigabytes):
    """Bring a notebook into one form, so that a refresh changes only what its results change."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    measured = f"About {-(-seconds // 10) * 10:.0f} s and {gigabytes + 0.05:.1f} GB on two cores"
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        kept = {"tags": tags} if tags else {}
        if "hide-input" in tags:  # the cell only draws: JupyterLab folds its source
            kept["jupyter"] = {"source_hidden": True}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
        elif cell is notebook.cells[0]:
            cell.source = MEASURED.sub(measured, cell.source)


def _merge_streams(outputs):
    """Join neighboring pieces of one stream, however the kernel happened to cut them."""
    merged = []
    for output in outputs:
        if merged and output.output_type == "stream" and merged[-1].get("name") == output.name:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


class _PeakMemory:
    """The peak memory of a client's kernel, sampled five times a second."""

    def __init__(self, client):
        import psutil  # comes with ipykernel

        self.process = psutil.Process(client.km.provisioner.pid)
        self.bytes = 0
        self.done = threading.Event()

    def _sample(self):
        while not self.done.wait(0.2):
            self.bytes = max(self.bytes, self.process.memory_info().rss)

    def __enter__(self):
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.done.set()
        self.thread.join()

    @property
    def gigabytes(self):
        return self.bytes / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["refresh", "book"])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of notebooks/ if none is named")
    arguments = parser.parse_args()
    paths = [path.resolve() for path in arguments.notebooks] or sorted(NOTEBOOKS.glob("?-?-*.ipynb"))
    if arguments.command == "book":
        print(write_book(paths, ROOT / "book"))
        return
    late = []
    for path in paths:
        seconds, gigabytes = refresh(path)
        print(f"{path.name:60} {seconds:6.1f} s {gigabytes:5.2f} GB", flush=True)
        if seconds > budget(path) or gigabytes > GIGABYTES:
            late.append(f"{path.name} exceeds its budget of {budget(path)} s and {GIGABYTES} GB")
    if late:
        sys.exit("\n".join(late))


if __name__ == "__main__":
    main()
