"""A photograph in the square that a net takes, its ratio kept, and the way back."""

import math
import numbers

from dlcourse.checks import array, color_picture, count, flag

import numpy as np
from PIL import Image


def letterbox(photo, size, *, centered=True):
    """Put a photograph into a square, its ratio kept: fill it up with black, then resize it (bilinear).

    Args:
        photo: uint8, shape (height, width, 3).
        size: The side of the square in pixels.
        centered: Whether the black is on both sides; else it is to the right or below.

    Returns `(picture, scale, offset)`: float32 in 0…255, shape (size, size, 3), and the photograph's place in it. A
    point (x, y) of the photograph is at (x, y) · scale + offset in the square; `undo_letterbox` goes back.
    Raises ValueError if an argument is not as above.
    Taught in notebook 3-3, section 3.3.3.
    """
    photo, size = color_picture("photo", photo), count("size", size)
    square, scale, offset = in_a_square(photo, size, flag("centered", centered))
    return square.astype(np.float32), scale, offset


def undo_letterbox(coordinates, scale, offset):
    """Bring coordinates from the square of `letterbox` back to the photograph.

    Args:
        coordinates: Points, shape (…, 2), or corners of boxes, shape (…, 4), in pixels of the square.
        scale, offset: As `letterbox` returns them.

    Returns a NumPy array, the same in pixels of the photograph.
    Raises ValueError if an argument has another shape, is not finite, or `scale` is not above 0.
    Taught in notebook 3-3, section 3.3.3.
    """
    coordinates, offset = _floats("coordinates", coordinates), _floats("offset", offset)
    if coordinates.shape[-1:] not in ((2,), (4,)) or not np.isfinite(coordinates).all():
        got = coordinates.shape if coordinates.shape[-1:] not in ((2,), (4,)) else "NaN or infinity"
        raise ValueError(f"coordinates: expected finite numbers, shape (…, 2) or (…, 4), got {got}")
    if not isinstance(scale, numbers.Real) or isinstance(scale, bool) or not 0 < scale < math.inf:
        raise ValueError(f"scale: expected a finite number above 0, got {scale!r}")
    if offset.shape != (2,) or not np.isfinite(offset).all():
        raise ValueError(f"offset: expected two finite numbers, x and y, got {offset.tolist()}")
    return (coordinates - np.resize(offset, coordinates.shape[-1])) / scale


def in_a_square(photo, size, centered, method=Image.Resampling.BILINEAR):
    """Return what `letterbox` returns, as uint8.

    The longer axis is resized before black is added: the square of a panorama's longer side may not fit into memory.
    """
    height, width = photo.shape[:2]
    side = max(height, width)
    left, top = ((side - width) // 2, (side - height) // 2) if centered else (0, 0)
    shape, start = ((size, height), (0, top)) if width >= height else ((width, size), (left, 0))
    strip = Image.fromarray(photo).resize(shape, method)
    whole = Image.new("RGB", (size, side) if width >= height else (side, size))
    whole.paste(strip, start)
    scale = size / side
    return np.asarray(whole.resize((size, size), method)), scale, np.float32([left * scale, top * scale])


def _floats(name, value):
    value = array(name, value, "an array of numbers")
    if value.dtype.kind not in "iuf":
        raise ValueError(f"{name}: expected an array of numbers, got {value.dtype}")
    return value.astype(np.result_type(value.dtype, np.float32), copy=False)
