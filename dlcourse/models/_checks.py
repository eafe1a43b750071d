"""What the builders ask of their arguments."""

import numbers


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


def image_shape(input_shape, least=1, *, channels=None):
    """`input_shape` as (height, width, channels), if no side is below `least`, the smallest picture the net can take.

    `channels` is how many the net needs, if that is fixed.
    """
    many = "channels" if channels is None else channels
    expected = f"input_shape: expected (height, width, {many}), sides of {least} or more, got {input_shape!r}"
    if not isinstance(input_shape, tuple | list) or len(input_shape) != 3:
        raise ValueError(expected)
    whole = all(isinstance(n, numbers.Integral) and not isinstance(n, bool) and n >= 1 for n in input_shape)
    if not whole or min(input_shape[:2]) < least or channels not in (None, input_shape[2]):
        raise ValueError(expected)
    return tuple(int(n) for n in input_shape)


def colour(name, value):
    """`value` as three floats, if it is three numbers in 0…255."""
    three = isinstance(value, tuple | list) and len(value) == 3
    if not three or not all(isinstance(n, numbers.Real) and not isinstance(n, bool) and 0 <= n <= 255 for n in value):
        raise ValueError(f"{name}: expected three numbers in 0…255, got {value!r}")
    return tuple(float(n) for n in value)
