"""What the README and the set-up files promise."""

import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

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


def test_the_table_names_eleven_notebooks_and_says_which_are_not_written_yet():
    rows = re.findall(r"^\|.*?\b(\d-\d)\b.*$", README, re.MULTILINE)
    assert sorted(set(rows)) == ["1-1", "1-2", "1-3", "1-4", "2-1", "2-2", "2-3", "3-1", "3-2", "3-3", "3-4"]
    for line in README.splitlines():
        if match := re.match(r"\|.*?\b(\d-\d)\b", line):
            written = any((ROOT / "notebooks").glob(f"{match.group(1)}-*.ipynb"))
            assert ("in preparation" in line) != written, line


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.S))
def test_the_readmes_examples_run(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
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
