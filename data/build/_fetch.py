"""Downloads a package by its name and reads single files out of it, without installing or unpacking it.

The build scripts in this folder share it. An archive is kept in `cache/` (git ignores it) and used only if its SHA-256
is the expected one. Members are handed out as bytes: nothing is written where an archive would like it.
"""

import contextlib
import fnmatch
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

CACHE = Path(__file__).resolve().parent / "cache"
MAX_BYTES = 400_000_000  # of one member, unpacked
# The wheel is always the one for CPython 3.11 on Linux, whatever machine builds: its checksum is fixed.
WHEEL = ["--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp"]
for _glibc in ("manylinux2014", "manylinux_2_27", "manylinux_2_28"):
    WHEEL += ["--platform", f"{_glibc}_x86_64"]


def fetch_pip(name, version, sha256, sdist=False):
    """The path of a wheel, or with `sdist` of the source archive, that pip serves for `name==version`.

    pip compares the checksum before it does anything else with the archive. For a source archive it then asks the
    package's build backend for metadata, which runs code of the (verified) package.
    """

    def download(folder):
        wanted = folder.parent / f"{folder.name}.txt"
        wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
        kind = ["--no-binary", name] if sdist else WHEEL
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        _run([*pip, *kind, "--require-hashes", "--requirement", str(wanted), "--dest", str(folder)])

    return _fetch("pip", name, version, sha256, download)


def fetch_npm(name, version, sha256):
    """The path of the `.tgz` that npm serves for `name@version`. No script of the package runs."""

    def download(folder):
        _run(["npm", "pack", f"{name}@{version}", "--silent", "--ignore-scripts", "--pack-destination", str(folder)])

    return _fetch("npm", name, version, sha256, download)


def fetch_debian(name, version, sha256):
    """The path of the `.deb` that apt-get serves for `name=version`. Needs a Debian that still carries the version."""

    def download(folder):
        _run(["apt-get", "download", "--quiet", f"{name}={version}"], cwd=folder)

    return _fetch("debian", name, version, sha256, download)


def members(archive, pattern):
    """Every regular file of an archive whose name matches.

    Args:
        archive: Path of a `.whl`, `.zip`, `.tgz`, `.tar.gz` or `.deb`.
        pattern: Shell pattern for the whole name, as in `fnmatch`; `*` also crosses slashes. A name in a `.deb` begins
            without a dot or slash: `"usr/share/doc/opencv-doc/*.jpg"`.

    Yields:
        Pairs (name, bytes), in the archive's order.

    Raises:
        ValueError: If a matching member is larger than `MAX_BYTES`, or the kind of archive is unknown.
    """
    archive = Path(archive)
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as file:
            for entry in file.infolist():
                if not entry.is_dir() and fnmatch.fnmatchcase(entry.filename, pattern):
                    yield entry.filename, _bounded(archive, entry.filename, entry.file_size, file.open(entry))
        return
    with _open_tar(archive) as file:
        for entry in file:
            name = entry.name.removeprefix("./")
            if entry.isfile() and fnmatch.fnmatchcase(name, pattern):
                yield name, _bounded(archive, name, entry.size, file.extractfile(entry))


def member(archive, name, sha256=None):
    """The bytes of one file of an archive, its SHA-256 compared if one is given.

    Raises:
        FileNotFoundError: If the archive has no such file.
        ValueError: If the checksum differs.
    """
    for _, content in members(archive, re.sub(r"([*?[])", r"[\1]", name)):
        if sha256 is not None:
            check(content, sha256, f"{name} in {Path(archive).name}")
        return content
    raise FileNotFoundError(f"name: {Path(archive).name} has no file {name!r}.")


def tar_member(content, name):
    """The bytes of one file of a tar archive that is itself given as bytes (an archive inside an archive)."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as file:
        for entry in file:
            if entry.isfile() and entry.name.removeprefix("./") == name:
                return _bounded("the inner archive", name, entry.size, file.extractfile(entry))
    raise FileNotFoundError(f"name: the inner archive has no file {name!r}.")


def check(content, sha256, what):
    """Raise ValueError, naming `what`, unless the bytes have this SHA-256."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{what}: its SHA-256 is {found}, expected {sha256}.")


def _fetch(kind, name, version, sha256, download):
    kept = CACHE / re.sub(r"[^\w.+~-]", "_", f"{kind}-{name}-{version}-{sha256[:8]}")
    if not kept.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            folder = Path(scratch) / "archive"
            folder.mkdir()
            download(folder)
            folder.rename(kept)
    files = sorted(kept.iterdir())
    if len(files) != 1:
        raise ValueError(f"{kept} should hold one archive, it holds {[file.name for file in files]}. Remove it.")
    check(files[0].read_bytes(), sha256, f"{files[0]} (remove its folder to download it again)")
    return files[0]


def _run(command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def _open_tar(archive):
    if archive.suffix != ".deb":
        with tarfile.open(archive) as file:
            yield file
        return
    with tempfile.TemporaryFile() as unpacked:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=unpacked, check=True)
        unpacked.seek(0)
        with tarfile.open(fileobj=unpacked) as file:
            yield file


def _bounded(archive, name, size, stream):
    if size > MAX_BYTES:
        raise ValueError(f"{name} in {archive} has {size:,} bytes, more than {MAX_BYTES:,}.")
    with stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"{name} in {archive} unpacks to more than {MAX_BYTES:,} bytes.")
    return content
