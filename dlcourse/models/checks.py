"""The checks of the pictures that a net takes, and of how Keras is set."""

import numbers

from dlcourse.checks import channels_last


def image_shape(input_shape, least=1, *, channels=None, any_size=False):
    """`input_shape` as (height, width, channels), if no side is below `least`, the smallest picture the net can take.

    `channels` is how many the net needs, if that is fixed. With `any_size` a side may be None.
    """
    channels_last()
    many = "channels" if channels is None else channels
    or_none = ", or None for any side" * any_size
    expected = f"input_shape: expected (height, width, {many}), sides of {least} or more{or_none}, got {input_shape!r}"
    if not isinstance(input_shape, tuple | list) or len(input_shape) != 3:
        raise ValueError(expected)
    given = [n for n in input_shape[:2] if not (any_size and n is None)]
    whole = all(isinstance(n, numbers.Integral) and not isinstance(n, bool) for n in (*given, input_shape[2]))
    if not whole or min((*given, least)) < least or input_shape[2] < 1 or channels not in (None, input_shape[2]):
        raise ValueError(expected)
    return tuple(None if n is None else int(n) for n in input_shape)


def colour(name, value):
    """`value` as three floats, if it is three numbers in 0…255."""
    three = isinstance(value, tuple | list) and len(value) == 3
    if not three or not all(isinstance(n, numbers.Real) and not isinstance(n, bool) and 0 <= n <= 255 for n in value):
        raise ValueError(f"{name}: expected three numbers in 0…255, got {value!r}")
    return tuple(float(n) for n in value)
