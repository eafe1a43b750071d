"""How pictures change their size in every room."""

from keras import ops


def resized(picture, size, method="bilinear"):
    """A picture of another (height, width), float32.

    With antialias: when a photograph becomes small every pixel counts, not those alone that lie beside the new ones.
    """
    picture = ops.convert_to_tensor(picture, "float32")
    return ops.convert_to_numpy(ops.image.resize(picture, size, method, antialias=True, data_format="channels_last"))
