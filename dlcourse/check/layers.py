"""What the checks of weeks 3-2 and 3-3 share: how they build a block of layers, and look at what it is made of."""

import contextlib
import random
import re
from dataclasses import dataclass

from dlcourse.check.compare import kind

import numpy as np


@dataclass(frozen=True)
class Maps:
    """In a case, the feature maps that a block is built on."""

    shape: tuple

    def __repr__(self):
        return f"keras.Input({self.shape})"


@contextlib.contextmanager
def same_draws():
    """Restore the state of `random` afterwards: new layers draw seeds from it, but the notebook's next draws stay."""
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
    """Return the function's result; shapes that do not fit get one message, for `x + z` and for layers.Add."""
    try:
        return function(*arguments)
    except ValueError as error:
        if "incompatible shapes" in str(error) or "broadcast" in str(error):
            shapes = " and ".join(f"({shape})" for shape in re.findall(r"\d+, \d+, \d+", str(error)))
            raise ValueError(f"maps of shapes {shapes} cannot be added").with_traceback(error.__traceback__) from None
        raise


def layers_of(model):
    """Return the layers of a model, and those of the models inside it."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from layers_of(layer)
        else:
            yield layer


def block_facts(function, x, *arguments):
    """Build a block of layers on the maps x, list its kernels and batch normalizations, and try it.

    Its weights depend on their shapes alone, and on the place of a batch normalization among the others: each has
    statistics, γ and β of its own, so that one in the wrong place shows.
    """
    import keras

    with same_draws():
        maps = keras.Input(x.shape)
        result = built(function, maps, *arguments)
        if result is None or result is ...:
            return result
        checked(result)
        model = keras.Model(maps, result)
        kernels, norms = _parts(model)
        pixels = np.random.default_rng(0).integers(-8, 9, size=(1, *x.shape)).astype("float32")

        def computed(scale, slopes, shifts):
            for kernel, group in kernels:
                values = np.random.default_rng(group).normal(scale=scale, size=group) if scale else np.zeros(group)
                kernel.assign(values.reshape(kernel.shape))
            for norm, slope, shift in zip(norms, slopes, shifts, strict=True):
                set_norm(norm, slope, shift)
            return np.round(np.asarray(model(pixels, training=False)[0], np.float64), 4)

        still = computed(0, range(2, len(norms) + 2), [-1] * len(norms))  # γ is 2, 3, …
        rng, sizes = np.random.default_rng(1), [norm.moving_mean.shape[0] for norm in norms]
        drawn = [(rng.uniform(0.4, 1.6, size), rng.uniform(-1.5, 0.5, size)) for size in sizes]
        moved = computed(1, *zip(*drawn, strict=True)) if norms else computed(1, (), ())
        places = moved.reshape(-1, moved.shape[-1])
        return {
            "shape": str(moved.shape),
            "kernels": ", ".join(sorted(_kernel(group) for _, group in kernels)) or "none",
            "batch norms": ", ".join(sorted(f"{size} channels" for size in sizes)) or "none",
            "all kernels 0, all beta -1": f"{_row(pixels[0])} become {_row(still)}",
            "random weights, three places": places[[0, len(places) // 2, -1]],
        }


def set_norm(norm, slope, shift):
    """Make a batch normalization compute slope · z + shift at test time, through all the weights that it has.

    The averages are those of a training that has seen numbers of another mean and variance; without γ the variance
    is chosen to give the slope, without β the mean to give the shift.
    """
    size = norm.moving_mean.shape
    slope, shift = np.broadcast_to(slope, size).astype(float), np.broadcast_to(shift, size).astype(float)
    variance = np.linspace(0.5, 2, size[0]) if norm.scale else slope**-2
    gamma = slope * np.sqrt(variance)
    mean = np.linspace(-1, 2, size[0]) if norm.center else -shift / slope
    values = {"moving_mean": mean, "moving_variance": variance - norm.epsilon, "gamma": gamma}
    for weight in norm.weights:
        weight.assign(values.get(weight.name, shift + slope * mean))  # β


def _row(maps):
    """Show the first numbers of the first channel as text."""
    return ", ".join(f"{number + 0.0:.4g}" for number in maps[0, :4, 0])  # + 0.0 turns -0 into 0


def _parts(model):
    """Return the kernels of a model, each with its shape, and its batch normalizations; set biases to 0.

    The shape is (f, f, channels, filters), or (f, f, channels) where each filter sees one channel.
    """
    from keras import layers

    kernels, norms = [], []
    for layer in layers_of(model):
        if isinstance(layer, layers.BatchNormalization):
            norms.append(layer)
            continue
        for weight in layer.weights:
            if weight.name == "bias":
                weight.assign(np.zeros(weight.shape))
                continue
            shape = (1,) * (4 - len(weight.shape)) + tuple(weight.shape)  # a dense layer on maps is a 1×1 convolution
            if isinstance(layer, layers.DepthwiseConv2D) and shape[3] == 1:
                shape = shape[:3]
            elif getattr(layer, "groups", 1) > 1 and shape[2] == 1 and shape[3] == layer.groups:
                shape = (*shape[:2], shape[3])
            kernels.append((weight, shape))
    return kernels, norms


def _kernel(shape):
    """Show the shape of a kernel: '3×3×2→6', or '3×3 for each of 6 channels'."""
    size = "×".join(map(str, shape[:2]))
    return f"{size}×{shape[2]}→{shape[3]}" if len(shape) == 4 else f"{size} for each of {shape[2]} channels"
