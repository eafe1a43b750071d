"""What the builders ask of the pictures that a net takes."""

import numbers


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
