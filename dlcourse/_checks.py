"""What public functions ask of their arguments: the checks that several rooms share.

Each returns the value, made plain, or raises a `ValueError` that names the argument, what was expected and what came.
"""

import numbers

import numpy as np


def count(name, value, least=1):
    """`value` as an int, if it is a whole number that is not below `least`."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)


def fraction(name, value):
    """`value` as a float, if it lies in [0, 1)."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0 <= value < 1:
        raise ValueError(f"{name}: expected a number in [0, 1), got {value!r}")
    return float(value)


def choice(name, value, options):
    """`value`, if it is one of the options."""
    if value not in options:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, options))}, got {value!r}")
    return value


def height_and_width(name, value):
    """`value` as (height, width) in pixels, if it is one side for both, or these two."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name}: expected a side or (height, width), got {value!r}")
    return count(name, pair[0]), count(name, pair[1])


def number(name, value, least=0):
    """`value` as a float, if it is finite and not below `least`."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not least <= value < float("inf"):
        raise ValueError(f"{name}: expected a number, {least} or more, got {value!r}")
    return float(value)


def colour_picture(name, value):
    """`value` as an array, if it is a picture in colour: uint8, shape (height, width, 3), not empty."""
    value = np.asarray(value)
    if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3 or value.size == 0:
        raise ValueError(
            f"{name}: expected uint8, shape (height, width, 3), sides of 1 or more, got {value.dtype} of {value.shape}"
        )
    return value


def model_shapes(model):
    """The shapes of a model's inputs, then those of its outputs; an empty list for what is no model."""
    return [tuple(tensor.shape) for tensor in (*getattr(model, "inputs", ()), *getattr(model, "outputs", ()))]
