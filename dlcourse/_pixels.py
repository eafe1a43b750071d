"""Conversion of numbers to floats, and of pictures to another size, for every room that computes with Keras."""

from dlcourse.checks import not_a_path

import keras
from keras import ops


def as_floats(*named, shape, axes, kind=""):
    """Return the values of each pair (name, values) as tensors of floats of one type, if they have so many axes.

    `shape` and `kind` are what an error expects; with None for `axes` any number of axes is right.
    """
    tensors = []
    for name, values in named:
        not_a_path(name, values, f"{kind}shape {shape}")
        values = ops.convert_to_tensor(values)
        if axes is not None and len(values.shape) not in axes:
            raise ValueError(f"{name}: expected shape {shape}, got {tuple(values.shape)}")
        tensors.append(values)
    common = _common_float(*tensors)
    return [ops.cast(values, common) for values in tensors]


def _common_float(*tensors):
    """Return the type in which to compute with tensors: float32, or float64 if one of them is.

    Whole numbers would wrap around (200 − 250 is 206 in uint8), and half precision ends at 65,504. Whole numbers alone
    get the type of Keras' floatx.
    """
    kinds = {keras.backend.standardize_dtype(tensor.dtype) for tensor in tensors}
    kinds = {kind for kind in kinds if "float" in kind} or {keras.config.floatx()}
    return "float64" if "float64" in kinds else "float32"


def resized(picture, size, method="bilinear"):
    """Resize a picture to (height, width), float32.

    With antialias: when a photograph becomes small every pixel counts, not only those beside the new ones.
    """
    picture = ops.convert_to_tensor(picture, "float32")
    return ops.convert_to_numpy(ops.image.resize(picture, size, method, antialias=True, data_format="channels_last"))
