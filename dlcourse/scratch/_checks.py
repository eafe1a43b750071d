"""What every function of `scratch` asks of its arrays and numbers."""

import numbers

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


def number(name, value, *, above=-np.inf, least=-np.inf, below=np.inf, most=np.inf):
    """`value` as a float, if it is one finite number with above < value < below and least <= value <= most."""
    bounds = [f"above {above:g}"] * (above > -np.inf) + [f"{least:g} or more"] * (least > -np.inf)
    bounds += [f"below {below:g}"] * (below < np.inf) + [f"{most:g} or less"] * (most < np.inf)
    given = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_) and np.isfinite(value)
    if not (given and above < value < below and least <= value <= most):
        raise ValueError(f"{name}: expected a number {' and '.join(bounds) or 'that is finite'}, got {value!r}")
    return float(value)


def whole(name, value, *, least):
    """`value` as an int, if it is a whole number that is not below `least`."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool | np.bool_) or value < least:
        raise ValueError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)
