"""Pictures of a user's own: a file, a folder of classes, a folder of masks."""

import os
from pathlib import Path
from typing import NamedTuple

from dlcourse import _decode
from dlcourse.checks import choice, height_and_width

import numpy as np

LITTER = ("thumbs.db", "desktop.ini", "__macosx", "__pycache__")  # that systems leave in folders, in lower case
FITS = ("crop", "letterbox")
SHOWN = 10  # files that a message names, at most


class _Triple(NamedTuple):
    images: np.ndarray
    labels: np.ndarray
    names: tuple


class Folder(_Triple):
    """What `read_folder` returns: three values, and beside them `files`, the path of each picture."""

    files: tuple = ()


def read_picture(path):
    """Read a picture file of your own as the array that every helper takes.

    Args:
        path: The path of a JPEG, PNG or WebP file, at most 100 million pixels.

    Returns uint8, shape (height, width, 3), in RGB: turned and mirrored by its EXIF orientation, transparent pixels on
    white, gray as three equal channels, 16 bits scaled to 8 (65535 becomes 255), other colors converted to RGB without
    their profiles, of an animation the first frame.
    Raises FileNotFoundError if there is no such file; ValueError if `path` is none (a URL, a folder, an array), or the
    file is empty, damaged, cut off, too large or of another kind. The message names the file.
    Used by users; README.
    """
    path = _decode.existing_file("path", path)
    with _decode.opened(path) as picture:
        return np.array(_decode.in_rgb(_decode.decoded(picture, path)))


def read_folder(folder, size, *, fit="crop"):
    """Read pictures of your own, one folder for each class, as arrays of one size.

    All pictures are kept in memory: 10,000 of 160 × 160 pixels take 0.8 GB.

    Args:
        folder: A folder with a folder of pictures for each class; what lies deeper belongs to the class above it. A
            folder of pictures alone is a single class. Hidden files and folders, and other files, are skipped.
        size: Side of the pictures to return, or (height, width), in pixels.
        fit: `"crop"` scales a picture until it covers the size and cuts off what stands out, evenly on both sides;
            `"letterbox"` scales it until it lies inside and leaves the rest black. Neither changes its proportions.

    Returns a named tuple with

    - `images`, uint8, shape (n, height, width, 3), each as `read_picture` reads it. Large JPEG files are decoded
      at a fraction of their size, which is quicker and looks the same;
    - `labels`, int64, shape (n,), and `names`, the sorted tuple of the folders' names: picture i is of the class
      `names[labels[i]]`.

    Pictures are sorted by class, then by file name; the attribute `files` is the tuple of their n paths.

    Raises FileNotFoundError if there is no such folder; ValueError if an argument is out of its range, a class has no
    picture, or pictures lie beside the folders or cannot be read. The message names the first ten.
    Used by users; README.
    """
    folder, (height, width) = _existing_folder(folder), height_and_width("size", size)
    choice("fit", fit, FITS)
    classes = sorted(path.name for path in _seen(folder) if path.is_dir())
    loose = sorted(path for path in _seen(folder) if path.is_file() and _is_picture(path))
    if classes and loose:
        got = f"{loose[0].name} and {len(loose) - 1} more beside the folders {', '.join(classes[:SHOWN])}"
        raise ValueError(
            f"folder: expected every picture of {folder} in the folder of its class, got {got}; move or remove them"
        )
    groups = {name: _pictures_in(folder / name) for name in classes} if classes else {folder.resolve().name: loose}
    for name, found in groups.items():
        if not found:
            place = folder / name if classes else folder
            raise ValueError(f"folder: expected JPEG, PNG or WebP pictures in {place}, got none")
    files = [path for found in groups.values() for path in found]
    images = np.zeros((len(files), height, width, 3), np.uint8)
    _read_each(files, lambda i, path: _read_fitted(path, images[i], fit))
    labels = np.repeat(np.arange(len(groups)), [len(found) for found in groups.values()]).astype(np.int64)
    result = Folder(images, labels, tuple(groups))
    result.files = tuple(files)
    return result


def read_masks(folder, size, *, fit="crop"):
    """Read the masks of your own pictures as class numbers, fitted to one size as `read_folder` fits the pictures.

    A new pixel takes the number of the old one in which its center lies (nearest neighbor), so that no class is
    invented between two others.

    Args:
        folder: A folder of PNG or lossless WebP files, in folders or not: gray files or palettes, whose numbers are
            the classes. Give a mask the name of its picture: both are sorted by their names.
        size: As for `read_folder`.
        fit: As for `read_folder`; what a letterbox leaves is 0, the background.

    Returns shape (n, height, width), uint8, or int32 if a number exceeds 255. If all masks hold nothing but 0 and 255
    (in 16 bits: 65535), 255 becomes 1. In masks of several classes 255 stays: it usually marks pixels that do not count
    (`ignore_class=255` in `dlcourse.segmentation`).
    Raises FileNotFoundError if there is no such folder; ValueError if an argument is out of its range, there is no
    mask, or masks are damaged, in colors, transparent, or stored with loss (JPEG). The message names the files.
    Used by users; README.
    """
    folder, (height, width) = _existing_folder(folder), height_and_width("size", size)
    choice("fit", fit, FITS)
    files = _pictures_in(folder)
    if not files:
        raise ValueError(f"folder: expected masks, PNG files, in {folder}, got none")
    masks = np.zeros((len(files), height, width), np.int32)
    found = set()

    def read(i, path):
        numbers = _read_mask(path)
        found.update(np.unique(numbers).tolist())
        (left, top, right, bottom), here = _places(numbers.shape, (height, width), fit)
        rows, columns = masks[i][here].shape
        y = top + (np.arange(rows) + 0.5) * (bottom - top) / rows  # the centers of the new pixels
        x = left + (np.arange(columns) + 0.5) * (right - left) / columns
        masks[i][here] = numbers[np.ix_(y.astype(int), x.astype(int))]

    _read_each(files, read)
    for white in (255, 65535):
        if found <= {0, white}:
            masks[masks == white] = 1
    return masks if masks.max() > 255 else masks.astype(np.uint8)


def _existing_folder(folder):
    folder = _decode.as_path("folder", folder)
    if not folder.exists():
        raise FileNotFoundError(f"folder: there is no folder {folder} (relative to {Path.cwd()})")
    if not folder.is_dir():
        raise ValueError(f"folder: expected a folder, got the file {folder}; read_picture reads a single picture")
    return folder


def _seen(folder):
    """Return what lies in a folder, without hidden files and what systems leave behind."""
    return [path for path in folder.iterdir() if not _is_hidden(path.name)]


def _is_hidden(name):
    return name.startswith(".") or name.lower() in LITTER


def _is_picture(path):
    """Return whether a file is named as a picture, of any kind, or begins as one that can be read."""
    named = path.suffix.lower() in (*_decode.SUFFIXES, *_decode.OTHER_SUFFIXES)
    return named or (path.is_file() and _decode.kind_of(path) in _decode.FORMATS)


def _pictures_in(folder):
    """Return all pictures in a folder and in the folders inside it, sorted by their paths."""

    def refuse(error):
        raise error

    found = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        found += [path for name in names if not _is_hidden(name) and _is_picture(path := Path(place, name))]
    return sorted(found)


def _read_each(files, read):
    """Call `read(i, path)` for all files, and then name those that cannot be read."""
    failed = []
    for i, path in enumerate(files):
        try:
            read(i, _decode.existing_file("folder", path))
        except (ValueError, OSError) as error:
            failed.append(str(error))
    if failed:
        more = [f"… and {len(failed) - SHOWN} more"] if len(failed) > SHOWN else []
        first = f"folder: {len(failed)} of {len(files)} pictures cannot be read; repair or remove them:"
        raise ValueError("\n".join([first, *failed[:SHOWN], *more]))


def _places(shape, size, fit):
    """Return (left, top, right, bottom) in the picture, and where that goes in the result, as an index."""
    (height, width), (rows, columns) = shape, size
    if fit == "crop":
        scale = max(rows / height, columns / width)
        high, wide = min(rows / scale, height), min(columns / scale, width)
        top, left = (height - high) / 2, (width - wide) / 2
        return (left, top, left + wide, top + high), np.s_[:, :]
    scale = min(rows / height, columns / width)
    high, wide = (max(1, round(side * scale)) for side in shape)
    top, left = (rows - high) // 2, (columns - wide) // 2
    return (0, 0, width, height), np.s_[top : top + high, left : left + wide]


def _read_fitted(path, result, fit):
    """Read one picture into the array `result`, shape (height, width, 3)."""
    from PIL import Image

    with _decode.opened(path) as picture:
        enough = 2 * max(result.shape)  # twice what is asked for, so that the last step is a true reduction
        picture.draft(None, (enough, enough))  # JPEG alone decodes at a half, a quarter or an eighth
        picture = _decode.in_rgb(_decode.decoded(picture, path))
    box, here = _places((picture.height, picture.width), result.shape[:2], fit)
    rows, columns = result[here].shape[:2]
    result[here] = np.asarray(picture.resize((columns, rows), Image.Resampling.BILINEAR, box=box))


def _read_mask(path):
    """Read the class numbers of one mask, shape (height, width)."""
    with _decode.opened(path) as picture:
        kind = picture.format
        picture = _decode.decoded(picture, path)
    numbers, channels = np.array(picture), picture.getbands()
    if kind == "JPEG" or (kind == "WEBP" and not _is_lossless_webp(path)):
        raise ValueError(
            f"The mask {path} is stored with loss ({'WebP' if kind == 'WEBP' else 'JPEG'}), which changes class "
            "numbers at edges; store it as PNG, or take read_folder(folder, size).images[..., 0] > 127 if it is "
            "black and white"
        )
    if numbers.ndim == 3:
        if channels[-1] in "Aa" and (numbers[..., -1] != 255).any():
            raise ValueError(f"The mask {path} is transparent in places; expected a class number for every pixel")
        colors = numbers[..., : 3 if len(channels) >= 3 else 1]
        numbers = numbers[..., 0]
        if (colors != numbers[..., None]).any():
            many = len(np.unique(colors.reshape(-1, colors.shape[2]), axis=0))
            raise ValueError(
                f"The mask {path} is in {many} colors; expected one class number for each pixel: gray or a palette. "
                "Read it with read_picture and compare with the color of each class: "
                "mask = np.where((picture == color).all(axis=-1), number, mask)"
            )
    if kind == "PNG" and picture.mode == "L":  # Pillow spreads 2 and 4 bits of gray over 0…255
        with path.open("rb") as file:
            bits, color = file.read(26)[24:]
        if color == 0 and bits < 8:
            numbers = numbers // (255 // (2**bits - 1))
    return numbers.astype(np.int32)


def _is_lossless_webp(path):
    """Return whether the picture's part of a WebP file is of the lossless kind, VP8L."""
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            if head[:4] in (b"VP8 ", b"VP8L", b"ANMF"):
                inner = file.read(24)[16:20] if head[:4] == b"ANMF" else head[:4]
                return inner == b"VP8L"
            size = int.from_bytes(head[4:], "little")
            file.seek(size + size % 2, os.SEEK_CUR)
    return False
