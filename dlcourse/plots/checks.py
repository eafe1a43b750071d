"""The checks of arguments that the functions of `plots` share, beside those of `dlcourse.checks`."""

import numbers

import numpy as np


def require(holds, name, expected, got):
    """Raise a ValueError "NAME: expected …, got …" unless a condition holds."""
    if not holds:
        raise ValueError(f"{name}: expected {expected}, got {got}")


def positive(name, value):
    """Return `value`, if it is None or a positive number."""
    good = value is None or (isinstance(value, numbers.Real) and 0 < value < float("inf"))
    require(good, name, "a positive number, inches", repr(value))
    return value


def in_inches(size):
    """Return `size`, if it is None or (width, height), two positive numbers."""
    if size is None:
        return None
    pair = isinstance(size, tuple | list | np.ndarray) and len(size) == 2 and None not in tuple(size)
    require(pair, "size", "(width, height) in inches", repr(size))
    return tuple(positive("size", side) for side in size)


def as_numbers(name, values):
    """Return `values` as an array of floats, if they are numbers and no row is shorter than another."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected numbers in rows of one length, got {values!r:.80} ({error})") from None


def finite(name, values):
    """Return `values` as `as_numbers` does, if each is finite."""
    values = as_numbers(name, values)
    require(np.isfinite(values).all(), name, "finite numbers", "NaN or infinity")
    return values


def one_for_each(name, values, things):
    """Return `values`, if they are None or as many as `things`."""
    if values is not None:
        many = hasattr(values, "__len__") and not isinstance(values, str)
        got = len(values) if many else f"{values!r:.80}"
        require(got == len(things), name, f"{len(things)}, one for each", got)
    return values
