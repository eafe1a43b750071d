"""The nets behind the calls: the shipped one, loaded once and kept, or one that the user brings."""

import functools

from dlcourse.checks import model_shapes


@functools.lru_cache
def shipped(build):
    """Return the net of a builder of `models` with its shipped weights, built at the first call and kept."""
    return build()


def net(name, model, build, *answers, side=None):
    """Return the user's net, or the shipped one if it is None.

    Args:
        name: The name of the argument, for the message.
        model: The user's net or None.
        build: The builder in `models` of the shipped net.
        answers: For each output the number of its axes and the size of the last one, None for any.
        side: The only side of the pictures that fits, or None for any.
    """
    if model is None:
        return shipped(build)
    shapes = model_shapes(model)
    fits = len(shapes) == 1 + len(answers) and len(shapes[0]) == 4 and shapes[0][3] == 3
    fits = fits and shapes[0][1] == shapes[0][2] and shapes[0][1] == (side or shapes[0][1]) is not None
    for shape, (axes, last) in zip(shapes[1:], answers, strict=False):
        fits = fits and len(shape) == axes and last in (None, shape[-1])
    if not fits:
        size = f" of {side} pixels" if side else ""
        expected = f"a net for squares{size}, as models.{build.__name__} builds it"
        raise ValueError(f"{name}: expected {expected}, got {model!r}")
    return model
