"""What the blocks share: they ask for feature maps, and name their layers after themselves."""

from dlcourse.checks import channels_last


def channels(x):
    """How many channels the feature maps x have."""
    channels_last()
    shape = getattr(x, "shape", None)
    if shape is None or len(shape) != 4:
        what = type(x).__name__ if shape is None else f"shape {tuple(shape)}"
        raise ValueError(f"x: expected feature maps, shape (m, height, width, channels), got {what}")
    return shape[-1]


def label(name, part):
    """The name of one layer of the block `name`; None, which leaves it to Keras, if the block has none."""
    return None if name is None else f"{name}_{part}"
