"""What the checks of weeks 3-2 and 3-3 share: how they build a block of layers, and look at what it is made of."""

import contextlib
import random
import re
from dataclasses import dataclass

from dlcourse.check.compare import kind


@dataclass(frozen=True)
class Maps:
    """In a case, the feature maps that a block is built on."""

    shape: tuple

    def __repr__(self):
        return f"keras.Input({self.shape})"


@contextlib.contextmanager
def same_draws():
    """New layers draw their seeds from `random`; what the notebook draws next must not change by that."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)


def checked(result):
    """Refuse an answer that is no feature maps."""
    import keras

    if not isinstance(result, keras.KerasTensor):
        raise TypeError(f"expected feature maps, as a layer returns that is called on some, got {kind(result)}")
    if len(result.shape) != 4:
        raise ValueError(f"expected feature maps, (height, width, channels), got shape {result.shape[1:]}")


def built(function, *arguments):
    """The function's result; that shapes do not fit is said alike for `x + z` and for layers.Add."""
    try:
        return function(*arguments)
    except ValueError as error:
        if "incompatible shapes" in str(error) or "broadcast" in str(error):
            shapes = " and ".join(f"({shape})" for shape in re.findall(r"\d+, \d+, \d+", str(error)))
            raise ValueError(f"maps of shapes {shapes} cannot be added").with_traceback(error.__traceback__) from None
        raise


def layers_of(model):
    """Its layers, and those of the models inside it."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from layers_of(layer)
        else:
            yield layer
