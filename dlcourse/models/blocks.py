"""Checks of the shapes of pictures and of feature maps, and names of a block's layers, for all builders."""

import numbers

from dlcourse.checks import channels_last


def image_shape(input_shape, least=1, *, channels=None, any_size=False, name="input_shape"):
    """Return `input_shape` as (height, width, channels), if no side is below `least`, which the net needs.

    `channels` is the number of them that the net needs, if that is fixed. With `any_size` a side may be None.
    """
    channels_last()
    many = "channels" if channels is None else channels
    or_none = ", or None for any side" * any_size
    expected = f"{name}: expected (height, width, {many}), sides of {least} or more{or_none}, got {input_shape!r}"
    if not isinstance(input_shape, tuple | list) or len(input_shape) != 3:
        raise ValueError(expected)
    given = [n for n in input_shape[:2] if not (any_size and n is None)]
    whole = all(isinstance(n, numbers.Integral) and not isinstance(n, bool) for n in (*given, input_shape[2]))
    if not whole or min((*given, least)) < least or input_shape[2] < 1 or channels not in (None, input_shape[2]):
        raise ValueError(expected)
    return tuple(None if n is None else int(n) for n in input_shape)


def channels(x):
    """Return the number of channels of the feature maps x."""
    channels_last()
    shape = getattr(x, "shape", None)
    if shape is None or len(shape) != 4:
        what = type(x).__name__ if shape is None else f"shape {tuple(shape)}"
        raise ValueError(f"x: expected feature maps, shape (m, height, width, channels), got {what}")
    return shape[-1]


def label(name, part):
    """Return the name of one layer of the block `name`; None, which leaves it to Keras, if the block has none."""
    return None if name is None else f"{name}_{part}"
