"""The decoding of picture files, of users and of data folders: the one place that opens them and bounds their size.

Only the decoders of JPEG, PNG and WebP are used. By default Pillow tries some forty, among them one that starts another
program (Ghostscript, for PostScript).
"""

import contextlib
import os
import warnings
from pathlib import Path

import numpy as np

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 100_000_000  # of a user's picture, 300 MB in RGB; a larger one is refused before it is decoded
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp")
OTHER_SUFFIXES = (".apng", ".avif", ".bmp", ".dng", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".tif", ".tiff")
_ORIENTATION = 0x0112  # EXIF's tag
_KINDS = {  # the beginnings of other files, and what they are
    b"GIF8": "a GIF file",
    b"II*\0": "a TIFF file",
    b"MM\0*": "a TIFF file",
    b"BM": "a BMP file",
    b"%!PS": "a PostScript file",
    b"%PDF": "a PDF file",
    b"version https://git-lfs": "the pointer that Git LFS leaves where a large file was not fetched",
    b"\0\0\0\x0cJXL ": "a JPEG XL file",
    b"\xff\x0a": "a JPEG XL file",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 file",
    b"PK\x03\x04": "a ZIP archive",
}


def existing_file(name, path):
    """Return `path` as a `pathlib.Path`, if it is the path of a file that is not empty.

    Raises a `ValueError` or `FileNotFoundError` that begins with `name` if it is a URL, a folder, empty or not there.
    """
    path = as_path(name, path)
    if path.is_dir():
        raise ValueError(f"{name}: expected a picture file, got the folder {path}; read_folder reads what lies in it")
    if not path.exists():
        raise FileNotFoundError(f"{name}: there is no file {path} (relative to {Path.cwd()})")
    if not path.is_file():
        raise ValueError(f"{name}: expected a picture file, got {path}, which is a device or a pipe")
    if path.stat().st_size == 0:
        raise ValueError(f"{name}: the file {path} is empty: it has 0 bytes")
    return path


def as_path(name, path):
    """Return `path` as a `pathlib.Path` with `~` resolved, if it can be one."""
    if isinstance(path, np.ndarray) or not isinstance(path, str | os.PathLike):
        raise ValueError(f"{name}: expected a path, such as 'photos/me.jpg', got {type(path).__name__}")
    if isinstance(path, str) and ("://" in path[:12] or path.startswith("data:")):
        raise ValueError(f"{name}: expected the path of a file on this machine, got {path[:80]!r}; download it first")
    if not os.fspath(path) or "\0" in str(path):
        raise ValueError(f"{name}: expected a path, got {path!r}")
    try:
        path = Path(path).expanduser()
        path.exists()
    except (RuntimeError, OSError) as error:  # nobody of this name; a name that is too long
        raise ValueError(f"{name}: {str(path)[:200]!r} cannot be a path here: {error}"[:400]) from None
    return path


def kind_of(path):
    """Return the kind of a file by its first bytes: one of `FORMATS`, another kind in words, or None."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp" and start[8:12] in (b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1", b"avif"):
        return "an AVIF file" if start[8:12] == b"avif" else "a HEIC file, as iPhones store photographs"
    for beginning, kind in _KINDS.items():
        if start.startswith(beginning):
            return kind
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page; the link led to the page of the picture, not to the picture"
    if text.startswith((b"<svg", b"<?xml")):
        return "an SVG or XML file"
    text = start.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").rstrip("\ufffd")  # a letter may be cut off
    return "a text file" if text and all(letter.isprintable() or letter in "\t\r\n" for letter in text) else None


@contextlib.contextmanager
def opened(path, most=MAX_PIXELS):
    """Open a file, a `pathlib.Path`, as Pillow's picture, not yet decoded.

    Raises a `ValueError` that names the file if it is not a JPEG, PNG or WebP, has more pixels than `most`, or is
    damaged.
    """
    from PIL import Image

    kind = kind_of(path)
    if kind not in FORMATS:
        raise ValueError(
            f"The file {path} is not a picture that can be read: expected JPEG, PNG or WebP, "
            f"got {kind or 'something else'}. Save it as one of these with a picture viewer."
        )
    too_large = f"The picture {path} is too large: {{}}at most {most:,} pixels are decoded. Make it smaller first."
    try:
        with warnings.catch_warnings(action="ignore"):  # of 90 million pixels, of notes that are damaged
            picture = Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError:
        raise ValueError(too_large.format("")) from None
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(path, kind, error) from None
    with picture:
        if picture.width * picture.height > most:
            raise ValueError(too_large.format(f"{picture.width} × {picture.height}; "))
        yield picture


def decoded(picture, path):
    """Decode a picture of `opened` (its first frame) and turn it as its EXIF orientation says.

    Pillow's `ImageOps.exif_transpose` also writes the notes anew, and fails where one of them is damaged.
    """
    from PIL import Image

    try:
        picture.load()
    except MemoryError:
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, EOFError, zlib.error, struct.error, …
        raise _damaged(path, picture.format, error) from None
    try:
        with warnings.catch_warnings(action="ignore"):
            orientation = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # a damaged note about a picture is no reason to refuse its pixels
        orientation = 1
    T = Image.Transpose
    turns = [T.FLIP_LEFT_RIGHT, T.ROTATE_180, T.FLIP_TOP_BOTTOM]  # 2, 3, 4
    turns += [T.TRANSPOSE, T.ROTATE_270, T.TRANSVERSE, T.ROTATE_90]  # 5 to 8: on their side
    turned = isinstance(orientation, int) and 2 <= orientation <= 8
    return picture.transpose(turns[orientation - 2]) if turned else picture


def in_rgb(picture):
    """Convert a decoded picture to Pillow's mode RGB: 16 bits scaled to 8, transparency laid on white.

    Gray becomes three equal channels; CMYK and the rest are converted as Pillow does, without color profiles.
    """
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits of gray
        gray = np.asarray(picture).astype(np.int64)
        eight = np.uint8((np.clip(gray, 0, 65535) * 255 + 32767) // 65535)
        if isinstance(clear := picture.info.get("transparency"), int):
            eight[gray == clear] = 255
        picture = Image.fromarray(eight)
    elif picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        front = picture.convert("RGBA")
        picture = Image.new("RGBA", front.size, "white")
        picture.alpha_composite(front)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _damaged(path, kind, error):
    return ValueError(f"The picture {path} is damaged or cut off; it begins as {kind}, and then: {error}"[:600])
