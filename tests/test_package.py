"""What `import dlcourse` costs, what each submodule pulls in, and the quiet start of TensorFlow in a notebook."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import dlcourse

import pytest

PACKAGE = Path(dlcourse.__file__).parent
HEAVY = {"tensorflow", "keras", "matplotlib", "PIL", "safetensors", "IPython", "optuna", "sklearn", "scipy"}


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_package_takes_under_50_ms_and_loads_no_library():
    code = """
import sys, time
before = set(sys.modules)
start = time.perf_counter()
import dlcourse
print(time.perf_counter() - start)
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
    runs = [run(code).splitlines() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in runs) < 0.050
    assert not {"numpy", *HEAVY} & set(runs[0][1].split())


@pytest.mark.parametrize(
    ("module", "needs"),
    [
        ("dlcourse.datasets", set()),
        ("dlcourse.weights", {"safetensors"}),
        ("dlcourse.check", set()),
        ("dlcourse.scratch", set()),
        ("dlcourse.tuning", set()),
        ("dlcourse.plots", {"matplotlib", "PIL"}),
    ],
)
def test_a_submodule_imports_only_what_it_needs(module, needs):
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    assert set(run(code).split()) & HEAVY <= needs


def test_scratch_imports_no_library_but_numpy():
    for path in (PACKAGE / "scratch").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            else:
                continue
            allowed = {"numpy", *sys.stdlib_module_names}
            for name in names:
                assert name.partition(".")[0] in allowed or name.startswith("dlcourse.scratch"), (path.name, name)


def test_every_public_submodule_is_an_attribute_and_another_name_is_an_error():
    for name in dlcourse.__all__:
        assert getattr(dlcourse, name).__name__ == f"dlcourse.{name}"
    with pytest.raises(AttributeError, match="no attribute 'helpers'"):
        _ = dlcourse.helpers


@pytest.fixture
def kernel():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def outputs_of(client, code):
    shown = []
    client.execute_interactive(code, timeout=120, output_hook=lambda message: shown.append(message["content"]))
    return "".join(content.get("text", "") + "".join(content.get("traceback", "")) for content in shown)


def test_tensorflow_starts_quietly_in_a_notebook(kernel):
    # What reaches file descriptor 2 during the import is caught by a file put there, as a kernel puts its own.
    code = """
import os, tempfile
file = tempfile.TemporaryFile(); saved = os.dup(2); os.dup2(file.fileno(), 2)
{first}
import tensorflow
tensorflow.add(1, 1)
os.dup2(saved, 2); file.seek(0); print(len(file.read()))
"""
    assert outputs_of(kernel, code.format(first="import dlcourse")).strip() == "0"


def test_a_failing_import_of_tensorflow_still_tells_why(kernel, tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os\nos.write(2, b'no such library')\nraise ImportError('broken')\n")
    code = f"""
import os, sys, tempfile
sys.path.insert(0, {str(tmp_path)!r})
file = tempfile.TemporaryFile(); saved = os.dup(2); os.dup2(file.fileno(), 2)
import dlcourse
try:
    import tensorflow
except ImportError as error:
    print(error)
os.dup2(saved, 2); file.seek(0); print(file.read().decode())
"""
    assert outputs_of(kernel, code).split("\n")[:2] == ["broken", "no such library"]


@pytest.mark.parametrize(("kernel", "lines"), [(True, False), (False, True)])
def test_matplotlib_complains_of_a_home_without_room_in_scripts_but_not_in_a_notebook(kernel, lines, tmp_path):
    (tmp_path / "home").write_text("a file, in which no folder can be made")
    code = f"""
import sys, types
if {kernel}:
    shell = types.SimpleNamespace(kernel=None)
    sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0))
from dlcourse import plots
plots.curves({{"a": [1, 2]}})
import logging
print(logging.getLogger("matplotlib").level)
"""
    home = str(tmp_path / "home")
    names = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    environment = {**os.environ, **dict.fromkeys(names, home)}
    environment.pop("MPLCONFIGDIR", None)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert ("atplotlib" in result.stderr) == lines
    assert result.stdout == "0\n"
