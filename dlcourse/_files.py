"""The only door to `data/`: a file's path is returned once its SHA-256 equals the one that `data/SHA256SUMS` lists."""

import errno
import functools
import hashlib
import os
import re
from pathlib import Path, PurePosixPath

from dlcourse import _decode

SUMS = "SHA256SUMS"
MAX_PIXELS = 16_000_000  # of a picture; a larger one is refused before it is decoded
REPAIR = "Restore it with `git checkout -- data` in a checkout, or by installing dlcourse again."
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](\S|\S.*\S)\s*")  # as sha256sum writes it


def data_root():
    """Return the folder that holds the data, a `pathlib.Path`.

    It is the folder that the environment variable `DLCOURSE_DATA` names; without it, the one inside the installed
    package; without that, `data/` beside the package, as in a checkout. Raises a `FileNotFoundError` if there is none,
    or it has no list of checksums.
    """
    package = Path(__file__).parent
    named = os.environ.get("DLCOURSE_DATA")
    try:
        candidates = [Path(named).expanduser()] if named else [package / "data", package.parent / "data"]
    except RuntimeError as error:  # ~somebody who is not a user here
        raise FileNotFoundError(f"DLCOURSE_DATA: {named!r} names no folder: {error} Correct or unset it.") from None
    for folder in candidates:
        try:
            if (folder / SUMS).is_file():
                return folder
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
    where = " nor in ".join(str(folder) for folder in candidates)
    hint = "Correct or unset DLCOURSE_DATA." if named else REPAIR
    raise FileNotFoundError(f"No data with a {SUMS} file in {where}. {hint}")


def verified(name):
    """Return the path of one data file, once its checksum has been compared with the recorded one.

    Args:
        name: The file's path inside `data/`, with forward slashes: `"houses/houses.csv"`.

    Returns:
        A `pathlib.Path`. A file that has not changed since is not read again.

    Raises:
        FileNotFoundError: If the file is not there.
        ValueError: If no checksum is recorded for `name`, or the file differs from what was recorded.
    """
    root = data_root()
    sums = _sums(root, _stamp(root / SUMS))
    if name not in sums:
        raise ValueError(f"name: expected one of the {len(sums)} files in {root / SUMS}, got {name!r}. {REPAIR}")
    path = root / name
    if not path.is_file():
        raise FileNotFoundError(f"The data file {path} is missing. {REPAIR}")
    found = _digest(path, _stamp(path))
    if found != sums[name]:
        raise ValueError(f"The data file {path} is damaged: its SHA-256 is {found}, {SUMS} says {sums[name]}. {REPAIR}")
    return path


def names(folder):
    """Return the listed files in one folder of `data/`, sorted: `names("photo")` is `["photo/astronaut.jpg", …]`.

    Raises a `ValueError` if the list is damaged or names no file of this folder, or as `data_root`.
    """
    root = data_root()
    found = sorted(name for name in _sums(root, _stamp(root / SUMS)) if name.startswith(folder + "/"))
    if not found:
        raise ValueError(f"{root / SUMS} is damaged: it lists no file in {folder}/. {REPAIR}")
    return found


def read_image(name, mode="RGB"):
    """Decode one picture of `data/`.

    Args:
        name: As for `verified`.
        mode: Pillow's mode to convert to (`"RGB"`, `"RGBA"`, `"L"`), or None for the file's own.

    Returns:
        An array, uint8 or the file's own integers, shape (height, width) or (height, width, channels).

    Raises:
        ValueError, FileNotFoundError: As `verified`; if it has more than `MAX_PIXELS` pixels or cannot be decoded.
    """
    import numpy as np

    path = verified(name)
    with _decode.opened(path, MAX_PIXELS) as picture:
        picture = _decode.decoded(picture, path)
        return np.array(picture if mode is None else picture.convert(mode))


def _stamp(path):
    """Return what changes when a file changes, so that caches notice."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@functools.lru_cache(maxsize=8)
def _sums(root, stamp):
    try:
        lines = (root / SUMS).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{root / SUMS} is damaged: it is not text in UTF-8 ({error}). {REPAIR}") from None
    sums = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        path = PurePosixPath(match[2]) if match else PurePosixPath("..")
        if path.is_absolute() or ".." in path.parts or "\0" in line or re.match(r"[A-Za-z]:|.*\\", str(path)):
            raise ValueError(f"Line {number} of {root / SUMS} is damaged: {line[:100]!r}. {REPAIR}")
        sums[match[2]] = match[1].lower()
    if not sums:
        raise ValueError(f"{root / SUMS} is damaged: it lists no file. {REPAIR}")
    return sums


@functools.lru_cache(maxsize=4096)
def _digest(path, stamp):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
