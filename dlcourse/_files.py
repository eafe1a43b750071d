"""Where the data lie, and the proof that they are whole. The only door to `data/`.

`data/SHA256SUMS` lists every file under `data/` with its SHA-256; `verified` hands a path out only after comparing.
"""

import functools
import hashlib
import os
from pathlib import Path

SUMS = "SHA256SUMS"
MAX_PIXELS = 16_000_000  # of a picture; a larger one is refused before it is decoded
_REPAIR = "Restore it with `git checkout -- data` in a checkout, or by installing dlcourse again."


def data_root():
    """The folder that holds the data.

    It is the folder that the environment variable `DLCOURSE_DATA` names; without it, the one inside the installed
    package; without that, `data/` beside the package, as in a checkout.

    Returns:
        A `pathlib.Path`.

    Raises:
        FileNotFoundError: If there is no such folder, or it has no list of checksums.
    """
    package = Path(__file__).parent
    named = os.environ.get("DLCOURSE_DATA")
    candidates = [Path(named).expanduser()] if named else [package / "data", package.parent / "data"]
    for folder in candidates:
        if (folder / SUMS).is_file():
            return folder
    where = " nor in ".join(str(folder) for folder in candidates)
    hint = "Correct or unset DLCOURSE_DATA." if named else _REPAIR
    raise FileNotFoundError(f"No data with a {SUMS} file in {where}. {hint}")


def verified(name):
    """The path of one data file, once its checksum has been compared with the recorded one.

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
        raise ValueError(f"name: {name!r} is not one of the {len(sums)} files that {root / SUMS} lists. {_REPAIR}")
    path = root / name
    if not path.is_file():
        raise FileNotFoundError(f"The data file {path} is missing. {_REPAIR}")
    found = _digest(path, _stamp(path))
    if found != sums[name]:
        raise ValueError(
            f"The data file {path} is damaged: its SHA-256 is {found}, {SUMS} says {sums[name]}. {_REPAIR}"
        )
    return path


def names(folder):
    """The listed files in one folder of `data/`, sorted: `names("photo")` gives `["photo/astronaut.jpg", …]`."""
    root = data_root()
    return sorted(name for name in _sums(root, _stamp(root / SUMS)) if name.startswith(folder + "/"))


def read_image(name, mode="RGB"):
    """Decode one picture of `data/`.

    Args:
        name: As for `verified`.
        mode: Pillow's mode to convert to (`"RGB"`, `"RGBA"`, `"L"`), or None for the file's own.

    Returns:
        An array, uint8 or the file's own integers, shape (height, width) or (height, width, channels).

    Raises:
        ValueError: If the picture has more than `MAX_PIXELS` pixels, or `verified` refuses it.
        FileNotFoundError: As `verified`.
    """
    import numpy as np
    from PIL import Image

    path = verified(name)
    try:
        picture = Image.open(path)
    except Image.DecompressionBombError as error:  # Pillow's own bound, far above ours
        raise ValueError(f"The picture {path} is too large: at most {MAX_PIXELS:,} pixels are decoded.") from error
    with picture:
        if picture.width * picture.height > MAX_PIXELS:
            size = f"{picture.width} × {picture.height}"
            raise ValueError(f"The picture {path} is too large: {size}; at most {MAX_PIXELS:,} pixels are decoded.")
        return np.array(picture if mode is None else picture.convert(mode))


def _stamp(path):
    """What changes when a file changes, so that caches notice."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


@functools.lru_cache(maxsize=8)
def _sums(root, stamp):
    sums = {}
    for number, line in enumerate((root / SUMS).read_text(encoding="utf-8").splitlines(), start=1):
        digest, separator, name = line.partition("  ")
        if not separator or len(digest) != 64:
            raise ValueError(f"Line {number} of {root / SUMS} is damaged: {line[:100]!r}. {_REPAIR}")
        sums[name] = digest
    return sums


@functools.lru_cache(maxsize=4096)
def _digest(path, stamp):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
