"""What every function of `detection` asks of its boxes, scores and classes.

Shapes are always checked, values wherever they can be read: in arrays, lists and eager tensors. While a function is
compiled its tensors have no values yet; they are then taken as they are.
"""

import math

import keras
import numpy as np
from keras import ops

FORMS = {
    "corners": "(x_min, y_min, x_max, y_max) with x_min ≤ x_max and y_min ≤ y_max",
    "center": "(x, y, width, height) with width and height of 0 or more",
    "size": "(x_min, y_min, width, height) with width and height of 0 or more",
    "yx corners": "(y_min, x_min, y_max, x_max) with y_min ≤ y_max and x_min ≤ x_max",
    "yx center": "(y, x, height, width) with height and width of 0 or more",
}


def boxes(name, value, shape=None, form="corners"):
    """`value` as floats of shape (…, 4), if these are boxes; `shape=("n", 4)` asks for one axis of them.

    A tensor stays a tensor, all else becomes a NumPy array. Whole numbers become floats, so that no unsigned difference
    wraps around, and half precision becomes float32, in which the area of 300×300 still fits.
    """
    value = floats(name, value)
    if tuple(value.shape) == (0,):
        value = np.zeros((0, 4), value.dtype) if isinstance(value, np.ndarray) else ops.reshape(value, (0, 4))
    if value.shape[-1:] != (4,) or (shape is not None and len(value.shape) != len(shape)):
        raise ValueError(f"{name}: expected shape {_text(shape or ('…', 4))}, got {tuple(value.shape)}")
    found = values(value)
    if found is not None:
        if not np.isfinite(found).all():
            raise ValueError(f"{name}: expected finite numbers, got {_first(found, ~np.isfinite(found).all(-1))}")
        x, y = (found[..., 0], found[..., 1]) if form.endswith("corners") else (0, 0)
        right = (x <= found[..., 2]) & (y <= found[..., 3])  # column by column: rows of two are slow in NumPy
        if not right.all():
            raise ValueError(f"{name}: expected {FORMS[form]}, got {_first(found, ~right)}")
    return value


def scores(name, value, n):
    """`value` as a NumPy array of n finite floats."""
    value = _one_for_each(name, value, n)
    if not np.isfinite(value).all():
        raise ValueError(f"{name}: expected finite numbers, got {value[~np.isfinite(value)][0]}")
    return value


def classes(name, value, n):
    """`value` as a NumPy array of n whole numbers."""
    value = _one_for_each(name, value, n)
    if value.dtype.kind not in "iu" and n:
        raise ValueError(f"{name}: expected whole numbers, got {value.dtype}")
    return value.astype(np.int64)


def sizes(name, value):
    """`value` as a float64 NumPy array of shape (n, 2), if these are widths and heights above 0."""
    value = read(name, value).astype(np.float64)
    if value.ndim != 2 or value.shape[1] != 2:
        raise ValueError(f"{name}: expected shape (n, 2), width and height, got {value.shape}")
    right = (value > 0) & (value < math.inf)
    if not right.all():
        raise ValueError(f"{name}: expected finite numbers above 0, got {_first(value, ~right.all(-1))}")
    return value


def flag(name, value):
    """`value` as a bool, if it is one."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def image_shape(value):
    """(height, width), if these are two numbers above 0."""
    try:
        height, width = (float(side) for side in value)
    except (TypeError, ValueError, OverflowError):
        pictures = isinstance(value, tuple | list) and len(value) in (3, 4)
        remedy = f": of a picture pass .shape[{':2' if len(value) == 3 else '1:3'}]" if pictures else ""
        raise ValueError(f"image_shape: expected (height, width), got {value!r}{remedy}") from None
    if not (0 < height < math.inf and 0 < width < math.inf):
        raise ValueError(f"image_shape: expected (height, width) above 0, got {value!r}")
    return height, width


def is_tensor(value):
    """Whether `value` belongs to Keras or its backend; a symbolic input or a variable does, too."""
    if isinstance(value, np.ndarray):  # the usual case, and the other questions take their time
        return False
    return ops.is_tensor(value) or keras.utils.is_keras_tensor(value) or isinstance(value, keras.Variable)


def values(value):
    """The numbers of an array or an eager tensor as a NumPy array; None if there are none yet."""
    if isinstance(value, np.ndarray):
        return value
    if keras.utils.is_keras_tensor(value):
        return None
    try:
        if (
            keras.backend.backend() == "tensorflow"
        ):  # convert_to_numpy would warn of what has no values, and of variables
            return value.numpy() if hasattr(value, "numpy") else None
        return ops.convert_to_numpy(value)
    except (NotImplementedError, TypeError):  # TensorFlow's and PyTorch's word for it, JAX's word for it
        return None


def floats(name, value):
    """`value` as floats of 32 bits or more; a tensor stays a tensor, all else becomes a NumPy array."""
    if is_tensor(value):
        dtype = keras.backend.standardize_dtype(value.dtype)
        if dtype in ("float32", "float64"):
            return value
        return ops.cast(value, "float32" if "float" in dtype else keras.config.floatx())
    value = _array(name, value)
    return value.astype(np.result_type(value.dtype, np.float32), copy=False)


def read(name, value):
    """`value` as a NumPy array; a function that decides by values cannot be compiled."""
    found = values(value) if is_tensor(value) else _array(name, value)
    if found is None:
        raise ValueError(f"{name}: expected an array or an eager tensor, got a symbolic one: call this uncompiled")
    return found


def _array(name, value):
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):
        kind = "rows of different lengths" if isinstance(value, list | tuple) else f"a {type(value).__name__}"
        raise ValueError(f"{name}: expected an array of numbers, got {kind}") from None
    if found.dtype.kind not in "iuf":
        raise ValueError(f"{name}: expected an array of numbers, got {found.dtype}")
    return found


def _one_for_each(name, value, n):
    value = read(name, value)
    if value.shape != (n,):
        raise ValueError(f"{name}: expected shape ({n},), one for each box, got {value.shape}")
    return value


def _first(found, wrong):
    return found[wrong][0].tolist()


def _text(shape):
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
