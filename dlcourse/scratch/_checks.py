"""What every function of `scratch` asks of its arrays."""

import numpy as np


def real(name, value):
    """`value` as a float64 array, if it holds real numbers; otherwise a ValueError that names the argument."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name}: expected an array of real numbers, got {type(value).__name__}: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected real numbers, got {type(value).__name__} of dtype {array.dtype}")
    return array.astype(np.float64, copy=False)


def finite(name, value):
    """As `real`, and each number is finite."""
    array = real(name, value)
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name}: expected finite numbers, got {np.sum(~np.isfinite(array))} that are not")
    return array
