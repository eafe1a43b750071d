"""The nets behind the calls: the shipped one, loaded once and kept, or one that the user brings."""

import functools

from dlcourse.checks import model_shapes


@functools.lru_cache
def shipped(build):
    """Return the net of a builder of `models` with its shipped weights, built at the first call and kept."""
    return build()


def net(name, model, build, *answers, side=None):
    """Return the user's net `model`, the argument `name`; if it is None, the shipped net of the builder `build`.

    `answers` holds the number of axes and the size of the last one of each output, `side` that of the pictures; None
    stands for any.
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
