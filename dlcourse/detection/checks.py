"""The checks at the doors of `detection`: they convert boxes, scores and classes once, or refuse them.

Shapes are always checked; values wherever they can be read: in arrays, lists and eager tensors. The tensors of a
function that is being compiled have no values yet and are taken as they are.
"""

import math

from dlcourse.checks import count, numbers_of

import keras
import numpy as np
from keras import ops

OUTPUTS = ("boxes", "box_confidence", "box_class_probs")  # what `yolo.decode` returns
FORMS = {
    "corners": "(x_min, y_min, x_max, y_max) with x_min ≤ x_max and y_min ≤ y_max",
    "center": "(x, y, width, height) with width and height of 0 or more",
    "size": "(x_min, y_min, width, height) with width and height of 0 or more",
    "yx corners": "(y_min, x_min, y_max, x_max) with y_min ≤ y_max and x_min ≤ x_max",
    "yx center": "(y, x, height, width) with height and width of 0 or more",
}


def boxes(name, value, shape=None, form="corners"):
    """Return `value` as floats of shape (…, 4), if these are boxes; `shape=("n", 4)` asks for one axis of them.

    A tensor stays a tensor, all else becomes a NumPy array. Whole numbers become floats, so that no unsigned difference
    wraps around, and half precision becomes float32, in which the area of 300×300 still fits.
    """
    value = floats(name, value)
    if tuple(value.shape) == (0,):
        value = library(value).reshape(value, (0, 4))
    if value.shape[-1:] != (4,) or (shape is not None and len(value.shape) != len(shape)):
        wanted = str(shape or ("…", 4)).replace("'", "")
        raise ValueError(f"{name}: expected shape {wanted}, got {tuple(value.shape)}")
    found = numbers_of(value)
    if found is not None:
        if not np.isfinite(found).all():  # row by row only then: NumPy is slow along a last axis of 4
            _all(name, found, np.isfinite(found).all(-1), "finite numbers")
        x, y = (found[..., 0], found[..., 1]) if form.endswith("corners") else (0, 0)
        _all(name, found, (x <= found[..., 2]) & (y <= found[..., 3]), FORMS[form])
    return value


def one_axis(name, value):
    """Return `value` as `boxes` does, if its shape is (n, 4)."""
    return boxes(name, value, ("n", 4))


def fitting(arguments):
    """Refuse `boxes_a` and `boxes_b`, unless one can be broadcast against the other."""
    shapes = [tuple(arguments[name].shape) for name in ("boxes_a", "boxes_b")]
    try:
        np.broadcast_shapes(*([1 if n is None else n for n in shape] for shape in shapes))
    except ValueError:
        raise ValueError(f"boxes_b: expected a shape that fits {shapes[0]}, got {shapes[1]}") from None


def alike(arguments):
    """Make `boxes_a` and `boxes_b` tensors of one dtype if one of them is a tensor, of the first one's."""
    pair = arguments["boxes_a"], arguments["boxes_b"]
    if tensors := [each for each in pair if library(each) is ops]:
        arguments["boxes_a"], arguments["boxes_b"] = (ops.cast(each, tensors[0].dtype) for each in pair)


def library(value):
    """Return what computes with `value`: `numpy` for an array, `keras.ops` for a tensor."""
    return np if isinstance(value, np.ndarray) else ops


def scores(name, value, n):
    """Return `value` as a NumPy array of n finite floats."""
    value = _one_for_each(name, value, n)
    _all(name, value, np.isfinite(value), "finite numbers")
    return value


def classes(name, value, n):
    """Return `value` as a NumPy array of n whole numbers."""
    value = _one_for_each(name, value, n)
    if value.dtype.kind not in "iu" and n:
        raise ValueError(f"{name}: expected whole numbers, got {value.dtype}")
    return value.astype(np.int64)


def sizes(name, value):
    """Return `value` as a float64 NumPy array of shape (n, 2), if these are widths and heights above 0."""
    value = read(name, value).astype(np.float64)
    if value.ndim != 2 or value.shape[1] != 2:
        raise ValueError(f"{name}: expected shape (n, 2), width and height, got {value.shape}")
    _all(name, value, ((value > 0) & (value < math.inf)).all(-1), "finite numbers above 0")
    return value


def belonging(arguments):
    """Refuse boxes and probabilities that do not belong together; without classes, make each box one of class 0."""
    boxes, confidence, probs = (arguments[name] for name in OUTPUTS)
    if boxes.shape[-1:] != (4,) or confidence.shape != (*boxes.shape[:-1], 1) or probs.shape[:-1] != boxes.shape[:-1]:
        got = f"{boxes.shape}, {confidence.shape} and {probs.shape}"
        raise ValueError(f"{', '.join(OUTPUTS)}: expected shapes (…, 4), (…, 1) and (…, C), got {got}")
    for name in OUTPUTS[1:]:
        value = arguments[name]
        if not np.all((value >= 0) & (value <= 1)):
            raise ValueError(f"{name}: expected probabilities in 0…1, got {value.min()} to {value.max()}")
    if probs.shape[-1] == 0:
        arguments["box_class_probs"] = np.ones_like(confidence)


def of_one_picture(outputs):
    """Return the outputs as arrays, if they belong to one picture: boxes of several would suppress each other."""
    if not isinstance(outputs, list | tuple) or len(outputs) != 3:
        got = f"{len(outputs)} parts" if isinstance(outputs, list | tuple) else type(outputs).__name__
        raise ValueError(f"outputs: expected ({', '.join(OUTPUTS)}) of one picture, got {got}")
    arrays = [read(name, value) for name, value in zip(OUTPUTS, outputs, strict=True)]
    shape = arrays[0].shape
    if len(shape) in (3, 5) and shape[0] != 1:
        remedy = "call this for each picture i, postprocess([output[i] for output in outputs], image_shape)"
        got = f"boxes of shape {shape}, a batch of {shape[0]}"
        raise ValueError(f"outputs: expected those of one picture, got {got}: {remedy}")
    return arrays


def objects(corners, labels, num_classes):
    """Return the boxes, the classes and the picture of all objects of a batch, in three arrays."""
    try:
        labels = list(labels)
        got = len(labels)
    except TypeError:
        got = repr(labels)
    if got != len(corners):
        raise ValueError(f"classes: expected {len(corners)} arrays, one for each picture, got {got}")
    # Shapes are checked picture by picture, numbers all at once: NumPy is slow on short arrays.
    corners = [part.reshape(0, 4) if part.shape == (0,) else part for part in corners]
    if wrong := [part.shape for part in corners if part.shape[1:] != (4,)]:
        raise ValueError(f"boxes: expected shape (n, 4), got {wrong[0]}")
    counts = [len(part) for part in corners]
    labels = np.concatenate([classes("classes", each, n) for each, n in zip(labels, counts, strict=True)])
    corners = boxes("boxes", np.concatenate(corners)).astype(np.float64)
    inside = (corners >= 0).all(-1) & (corners <= 1).all(-1) & (corners[:, 2:] > corners[:, :2]).all(-1)
    _all("boxes", corners, inside, "an area above 0 inside of 0…1")
    most = max(num_classes, 1) - 1
    _all("classes", labels, (labels >= 0) & (labels <= most), f"0…{most}")
    return corners, labels, np.repeat(np.arange(len(counts)), counts)


def anchors(value):
    """Return `value` as float32 of shape (k, 2), if these are one or more widths and heights above 0."""
    value = sizes("anchors", value)
    if not len(value):
        raise ValueError("anchors: expected one or more, got none")
    return value.astype(np.float32)


def grid(value):
    """Return `value` as (rows, columns), if these are whole numbers of 1 or more."""
    try:
        rows, columns = value
    except (TypeError, ValueError):
        raise ValueError(f"grid: expected (rows, columns), got {value!r}") from None
    return count("grid", rows), count("grid", columns)


def image_shape(name, value):
    """Return `value` as (height, width), if these are two numbers above 0."""
    try:
        height, width = (float(side) for side in value)
    except (TypeError, ValueError, OverflowError):
        pictures = isinstance(value, tuple | list) and len(value) in (3, 4)
        remedy = f": of a picture pass .shape[{':2' if len(value) == 3 else '1:3'}]" if pictures else ""
        raise ValueError(f"{name}: expected (height, width), got {value!r}{remedy}") from None
    if not (0 < height < math.inf and 0 < width < math.inf):
        raise ValueError(f"{name}: expected (height, width) above 0, got {value!r}")
    return height, width


def floats(name, value):
    """Return `value` as floats of 32 bits or more; a tensor stays a tensor, all else becomes a NumPy array."""
    if _is_tensor(value):
        dtype = keras.backend.standardize_dtype(value.dtype)
        if dtype in ("float32", "float64"):
            return value
        return ops.cast(value, "float32" if "float" in dtype else keras.config.floatx())
    value = read(name, value)
    return value.astype(np.result_type(value.dtype, np.float32), copy=False)


def read(name, value):
    """Return `value` as a NumPy array; a function that decides by values cannot be compiled."""
    if _is_tensor(value):
        value = numbers_of(value)
        if value is None:
            raise ValueError(f"{name}: expected an array or an eager tensor, got a symbolic one: call this uncompiled")
        return value
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):
        kind = "rows of different lengths" if isinstance(value, list | tuple) else f"a {type(value).__name__}"
        raise ValueError(f"{name}: expected an array of numbers, got {kind}") from None
    if found.dtype.kind not in "iuf":
        raise ValueError(f"{name}: expected an array of numbers, got {found.dtype}")
    return found


def _is_tensor(value):
    if isinstance(value, np.ndarray):  # the usual case, and the other questions take their time
        return False
    return ops.is_tensor(value) or keras.utils.is_keras_tensor(value) or isinstance(value, keras.Variable)


def _one_for_each(name, value, n):
    value = read(name, value)
    if value.shape != (n,):
        raise ValueError(f"{name}: expected shape ({n},), one for each box, got {value.shape}")
    return value


def _all(name, found, right, expected):
    """Refuse what is not right, and show the first of it."""
    if not right.all():
        raise ValueError(f"{name}: expected {expected}, got {found[~right][0].tolist()}")
