"""The checks of arguments that several rooms share.

Each returns the value, made plain, or raises a `ValueError` of one form, "NAME: expected …, got …". What needs no Keras
and no pictures is that of `dlcourse.scratch.checks`: `checked` puts checks at a function's door, `positive` is a number
above 0, `generator` that of a seed.
"""

import numbers
import os
import sys

from dlcourse.scratch.checks import LARGEST, checked, generator, positive, whole  # noqa: F401, other rooms take them here

import numpy as np

READ_PICTURE = "read the file with datasets.read_picture(path)"
READ_FOLDER = "read the files with datasets.read_folder(folder, size)"
READ_MASKS = "read the files with datasets.read_masks(folder, size)"


def count(name, value, least=1):
    """Return `value` as an int, if it is a whole number that is not below `least`."""
    return whole(name, value, least=least)


def fraction(name, value):
    """Return `value` as a float, if it lies in [0, 1)."""
    return _real(name, value, "a number in [0, 1)", lambda x: 0 <= x < 1)


def choice(name, value, options):
    """Return `value`, if it is one of the options; True is not 1."""
    plain = isinstance(value, str | numbers.Number) and not isinstance(value, bool | np.bool_)
    if not any(value is option or (plain and value == option) for option in options):
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def flag(name, value):
    """Return `value` as a bool, if it is one."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def height_and_width(name, value):
    """Return `value` as (height, width) in pixels, if it is one side for both, or these two."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name}: expected a side or (height, width), got {value!r}")
    return count(name, pair[0]), count(name, pair[1])


def number(name, value, least=0):
    """Return `value` as a float, if it is finite and not below `least`."""
    return _real(name, value, f"a number, {least} or more", lambda x: least <= x <= LARGEST)


def share(name, value):
    """Return `value` as a float, if it lies in [0, 1]."""
    return _real(name, value, "a number in [0, 1]", lambda x: 0 <= x <= 1)


def _real(name, value, expected, fits):
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool_) or not fits(value):
        raise ValueError(f"{name}: expected {expected}, got {value!r}")
    return float(value)


def not_a_path(name, value, expected, remedy=READ_PICTURE):
    """Refuse the path of a file where its content is due."""
    if isinstance(value, str | bytes | os.PathLike):
        raise ValueError(f"{name}: expected {expected}, got a {type(value).__name__}, {value!r:.80}: {remedy}")


def array(name, value, expected="numbers", remedy=READ_PICTURE):
    """Return `value` as an array, uncopied, if it is neither a path nor a data set nor rows of different lengths."""
    not_a_path(name, value, expected, remedy)
    if hasattr(value, "element_spec") or (hasattr(value, "__getitem__") and type(value).__name__.endswith("Dataset")):
        unpacked = "np.concatenate([images for images, labels in dataset])"
        raise ValueError(f"{name}: expected {expected}, got a {type(value).__name__}: unpack it, {unpacked}")
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError):  # lengths that differ; a tensor that only its own library reads
        found = numbers_of(value)
    if found is None:
        raise ValueError(f"{name}: expected {expected}, got a {type(value).__name__} that is no array")
    return found


def numbers_of(value):
    """Return the numbers of a tensor or a variable of Keras' backend as a NumPy array; None if it has none to be read.

    While a function is compiled its tensors have no values yet.
    """
    if isinstance(value, np.ndarray):
        return value
    if "keras" not in sys.modules:
        return None
    import keras

    if not (keras.ops.is_tensor(value) or isinstance(value, keras.Variable)) or keras.utils.is_keras_tensor(value):
        return None
    try:
        if keras.backend.backend() == "tensorflow" and not isinstance(value, keras.Variable):
            return value.numpy() if hasattr(value, "numpy") else None  # convert_to_numpy warns of what has no values
        return keras.ops.convert_to_numpy(value)
    except (NotImplementedError, TypeError, ValueError):
        return None


def color_picture(name, value):
    """Return `value` as an array, if it is a picture in color: uint8, shape (height, width, 3), not empty."""
    expected = "uint8, shape (height, width, 3), sides of 1 or more"
    value = array(name, value, expected)
    if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3 or value.size == 0:
        raise ValueError(f"{name}: expected {expected}, got {value.dtype} of {value.shape}{_how_to_get_color(value)}")
    return value


def brightness(name, values):
    """Refuse pictures whose numbers leave 0…255, or are floats that look like 0…1."""
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= 255):
        raise ValueError(f"{name}: expected values in 0…255, got {low} to {high}")
    if values.dtype.kind == "f" and 0 < high <= 1:
        raise ValueError(
            f"{name}: expected values in 0…255, got {low} to {high}, which looks like 0…1: multiply by 255"
        )


def _how_to_get_color(value):
    """Return the way from a picture of another kind to one in color, the end of an error."""
    if value.size == 0 or value.dtype.kind not in "buif":
        return ""
    if value.dtype == np.uint8 and (value.ndim == 2 or (value.ndim == 3 and value.shape[2] == 1)):
        axis = "[..., None]" if value.ndim == 2 else ""
        how = f"np.repeat(picture{axis}, 3, axis=-1)"
        return f", which is gray: {how}, or datasets.read_picture(path), gives it three channels"
    if value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 4:
        return ", which has an alpha channel: picture[..., :3] leaves it out, datasets.read_picture(path) blends it"
    if value.ndim == 4 and value.shape[-1] == 3:
        return ", which is a batch: pass one picture at a time"
    if value.ndim == 3 and value.shape[0] == 3:
        return ", which has its channels first: np.moveaxis(picture, 0, -1)"
    if value.ndim == 3 and value.dtype.kind == "f":
        scale = "255 * " if value.max() <= 1 else ""
        return f": np.uint8(np.rint({scale}picture)) is uint8"
    if value.ndim == 3 and value.shape[2] == 3 and value.min() >= 0 and value.max() <= 255:
        return ": np.uint8(picture) is uint8"
    return ""


def channels_last():
    """Refuse to build a net where Keras is set to put the channels first: all of this package puts them last."""
    import keras

    found = keras.config.image_data_format()
    if found != "channels_last":
        raise ValueError(
            f'image_data_format: expected "channels_last", got {found!r}, which Keras reads from the file '
            "~/.keras/keras.json unless a program sets it: correct it there, or call "
            'keras.config.set_image_data_format("channels_last") before'
        )


def model_shapes(model):
    """Return the shapes of a model's inputs, then those of its outputs; an empty list for what is no model."""
    return [tuple(tensor.shape) for tensor in (*getattr(model, "inputs", ()), *getattr(model, "outputs", ()))]
