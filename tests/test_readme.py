"""What the README and the set-up files promise."""

import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import dlcourse
from dlcourse import datasets

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_ci_runs_the_readmes_test_command():
    assert "make test" in README
    assert "make lab" in README
    assert (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1] == "make test"
    assert "make test" in (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#:\s]+)\)|(?:src|href)=\"([^\":#]+)\"", README):
        target = "".join(target)
        assert (ROOT / target).exists(), target


def test_the_table_links_each_of_the_eleven_notebooks_with_its_picture():
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert len(paths) == 11
    rows = [line for line in README.splitlines() if re.match(r"\| \d-\d ", line)]
    for path, row in zip(paths, rows, strict=True):
        week = path.name[:3]
        assert row.startswith(f"| {week} ")
        assert f"](notebooks/{path.name})" in row
        assert re.search(rf'<img src="notebooks/covers/{week}\.\w+" width="\d+" alt="[^"]{{20,}}">', row)


def test_all_set_up_files_name_the_same_versions_of_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    low, high = map(int, re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups())
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"(3, {low}) <= sys.version_info < (3, {high})" in makefile
    for text in (f"from 3.{low} to 3.{high - 1}", *(f"python3.{minor}" for minor in range(low, high))):
        assert text in makefile
    assert f"python3.{high}" not in makefile
    names = ", ".join(f"3.{minor}" for minor in range(low, high - 1)) + f" or 3.{high - 1}"
    assert README.count(f"Python {names}") >= 2
    assert f"Python from 3.{low} to 3.{high - 1}" in README
    chosen = re.search(r"python=3\.(\d+)", (ROOT / "environment.yml").read_text("utf-8"))
    assert low <= int(chosen[1]) < high
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        tested = re.findall(r'"3\.(\d+)"', workflow.read_text("utf-8"))
        assert tested and all(low <= int(minor) < high for minor in tested)
    assert {str(low), str(high - 1)} <= set(re.findall(r'"3\.(\d+)"', (ROOT / ".github/workflows/ci.yml").read_text()))


def test_the_version_stands_in_one_place():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" not in settings["project"] and settings["project"]["dynamic"] == ["version"]
    assert settings["tool"]["hatch"]["version"]["path"] == "dlcourse/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", dlcourse.__version__)


def test_scripts_keep_their_line_endings_on_every_system():
    attributes = (ROOT / ".gitattributes").read_text("utf-8")
    for name in (".ci/run", "Makefile"):
        assert f"{name} text eol=lf" in attributes
        assert b"\r" not in (ROOT / name).read_bytes()


def test_the_readme_says_what_becomes_of_gpus_and_of_machines_without_a_network():
    for words in ("tensorflow-metal", "WSL2", "hatchling editables", "--no-index --find-links"):
        assert words in README


def test_a_weekly_job_runs_the_notebooks_with_other_parameters():
    assert "make parameters" in (ROOT / ".github" / "workflows" / "parameters.yml").read_text("utf-8")
    assert "make parameters" in README


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.S))
def test_the_readmes_examples_run(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture = Image.fromarray(datasets.photo("chelsea"))
    for name in (
        "cat.jpg",
        "photos/cat/1.jpg",
        "photos/cat/2.jpg",
        "photos/dog/1.png",
        "masks/1.png",
    ):  # a reader's own
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        (picture.convert("1") if "mask" in name else picture).save(name)
    exec(compile(block, "README.md", "exec"), {})


def test_the_environment_is_pinned_without_addresses_and_ends_with_the_package():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert lines[-1] == "-e ."
    assert all(re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[\w.]+( ; .+)?$", line) for line in lines[:-1])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    pinned = {line.partition("==")[0] for line in lines}
    assert {re.match(r"[\w-]+", want).group().lower() for want in wanted} <= pinned


def test_make_does_nothing_twice(tmp_path):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"), "utf-8")
    for name in ("requirements.txt", "pyproject.toml", ".venv/.ready"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    def plan(*changed):
        options = [f"--what-if={name}" for name in changed]
        return subprocess.run(["make", "-n", "lab", *options], cwd=tmp_path, capture_output=True, text=True).stdout

    assert "pip install" not in plan()
    assert "pip install" in plan("requirements.txt")
