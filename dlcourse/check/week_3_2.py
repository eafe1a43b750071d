"""The exercises of notebook 3-2: costs of convolutions, color shifting, freezing; `week_3_2_blocks` has the others."""

from dataclasses import dataclass
from functools import partial

from dlcourse.check.compare import as_numpy
from dlcourse.check.exercise import Exercise
from dlcourse.check.layers import same_draws

import numpy as np

exercise = partial(Exercise, notebook="3-2")


def inception_cost(n, channels, f, filters, bottleneck=None):
    """Count the multiplications of a same convolution of f×f, with or without a 1×1 bottleneck before it.

    Args:
        n: Height and width of the input maps and of the output maps.
        channels: Number of input maps.
        f: Height and width of the filters.
        filters: Number of filters, and so of output maps.
        bottleneck: Number of 1×1 filters that make the channels few before; None: there is no bottleneck.

    Returns:
        A whole number. Biases cost no multiplication.
    """
    places = n * n
    if bottleneck is None:
        return places * filters * f * f * channels
    return places * bottleneck * channels + places * filters * f * f * bottleneck


def depthwise_cost(n_out, channels, f, filters):
    """Count the multiplications of a convolution and of a depthwise separable one, and divide (eq. 3.9).

    Args:
        n_out: Height and width of the output maps.
        channels: n_C, the number of input maps.
        f: Height and width of the filters.
        filters: n′_C, the number of output maps.

    Returns:
        (normal, separable, ratio): two whole numbers, and separable / normal, which is 1/n′_C + 1/f².
    """
    places = n_out * n_out
    normal = places * filters * f * f * channels
    depthwise, pointwise = places * channels * f * f, places * filters * channels
    separable = depthwise + pointwise
    return normal, separable, separable / normal


def _inception(rng):
    n, channels, filters = (int(number) for number in rng.integers(2, 60, size=3))
    return n, channels, int(rng.choice([3, 5, 7])), filters, None if rng.random() < 0.5 else int(rng.integers(1, 20))


def _depthwise(rng):
    n_out, channels, filters = (int(number) for number in rng.integers(2, 60, size=3))
    return n_out, channels, int(rng.choice([3, 5, 7])), filters


def _as_tuple(function, *arguments):
    """Call the function and return its results as a tuple, also if they are one array."""
    result = as_numpy(function(*arguments))
    return tuple(result.tolist()) if isinstance(result, np.ndarray) and result.ndim == 1 else result


def color_shift(images, shifts):
    """Add a number to each channel of each picture, the same for all its pixels.

    Args:
        images: Pictures in 0…255, shape (m, height, width, channels), uint8.
        shifts: Whole numbers, shape (m, channels): one for each picture and channel.

    Returns:
        New pictures of the same shape, uint8. What would leave 0…255 is clipped. `dlcourse.augment.color_shift` draws
        the numbers as well.
    """
    shifted = images.astype(int) + shifts[:, None, None, :]  # (m, height, width, 3); sums of uint8 would wrap around
    return np.clip(shifted, 0, 255).astype(np.uint8)


def freeze_and_count(model, from_layer):
    """Freeze what comes before a layer, and every batch normalization, as fine-tuning does.

    Args:
        model: A Keras model, all its layers trainable. They are frozen here.
        from_layer: Name of the first layer that goes on learning.

    Returns:
        The number of parameters that can still be trained.
    """
    from keras import layers

    first = [layer.name for layer in model.layers].index(from_layer)
    for i, layer in enumerate(model.layers):
        if i < first or isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _pictures(rng):
    m, height, width, channels = (int(number) for number in rng.integers(2, 6, size=4))
    images = rng.integers(0, 256, size=(m, height, m + width, channels), dtype=np.uint8)
    return images, rng.integers(-60, 61, size=(m, channels))


_IMAGES = np.array([[[[250, 100, 5], [10, 245, 0]]], [[[0, 128, 255], [30, 60, 90]]]], dtype=np.uint8)
_SHIFTS = np.array([[10, -20, -10], [-5, 7, 1]])


def _typed(function, *arguments):
    """Call the function and return its result with its type: pixels of another type are other pixels."""
    result = as_numpy(function(*arguments))
    if result is None or result is ...:
        return result
    return {"type": str(np.asarray(result).dtype), "pixels": np.asarray(result)}


@dataclass(frozen=True)
class _Net:
    """In a case, a small model to freeze; its layers are called conv1, bn1, conv2, bn2, … and head."""

    filters: tuple

    def build(self):
        import keras
        from keras import layers

        stack = [keras.Input((4, 4, 3), name="pictures")]
        for i, filters in enumerate(self.filters, start=1):
            stack += [layers.Conv2D(filters, 3, padding="same", name=f"conv{i}")]
            stack += [layers.BatchNormalization(name=f"bn{i}"), layers.ReLU(name=f"relu{i}")]
        stack += [layers.GlobalAveragePooling2D(name="pool"), layers.Dense(2, name="head")]
        x = stack[0]
        for layer in stack[1:]:
            x = layer(x)
        return keras.Model(stack[0], x)

    def __repr__(self):
        blocks = (f"conv{i} ({filters} filters), bn{i}, relu{i}" for i, filters in enumerate(self.filters, start=1))
        return f"a model: {', '.join(blocks)}, pool, head"


def _frozen(function, net, *arguments):
    """Call the function on a new model; return its result and the layers that learn afterwards."""
    with same_draws():
        model = net.build()
        count = function(model, *arguments)
        if count is None or count is ...:
            return count
        learning = [layer.name for layer in model.layers if layer.trainable_weights]
        return {"returned": count, "layers that learn": ", ".join(learning) or "none"}


EXERCISES = [
    exercise(
        reference=inception_cost,
        section="3.2.3",
        cases=[(28, 192, 5, 32, None), (28, 192, 5, 32, 16), (14, 480, 3, 208, 96), (7, 8, 1, 4, None)],
        random=_inception,
        slips="""
            bottleneck is None -> True
                This leaves the bottleneck out.
            places * bottleneck * channels + ->
                The bottleneck costs something too: n · n · bottleneck numbers, each a sum of `channels` products.
            f * f * bottleneck -> f * f * channels
                Behind the bottleneck a filter sees `bottleneck` channels, no longer all of them.
            places = n * n -> places = 1
                These are the weights. Each is used at n · n places.
            places * bottleneck * channels -> places * bottleneck * f * f * channels
                The filters of the bottleneck are 1×1, not f×f.
            f * f * channels -> f * f
            bottleneck * channels + -> bottleneck +
            f * f * bottleneck -> f * f
                A filter reaches through all channels: f · f · channels products for each number.
            return places * filters -> return (n - f + 1) ** 2 * filters
            + places * filters -> + (n - f + 1) ** 2 * filters
                n − f + 1 is the side without padding. A same convolution has n · n places.
            f * f * channels -> f * f * channels + places * filters
            f * f * bottleneck -> f * f * bottleneck + places * (filters + bottleneck)
                A bias is added, not multiplied: it costs no multiplication.
        """,
        hints=[
            "Numbers that come out, times the products that each of them takes.",
            "n · n · filters numbers come out of the f×f convolution; each takes f · f products for every channel.",
            "A bottleneck adds n · n · bottleneck · channels, and then the f×f filters see `bottleneck` channels only.",
        ],
    ),
    exercise(
        reference=depthwise_cost,
        section="3.2.4",
        cases=[(4, 3, 3, 5), (14, 512, 3, 512), (7, 32, 5, 64)],
        random=_depthwise,
        through=_as_tuple,
        properties=[
            (
                lambda costs, n_out, channels, f, filters: np.isclose(costs[2], 1 / filters + 1 / f**2),
                "the ratio is 1/n′_C + 1/f²",
            ),
        ],
        slips="""
            separable / normal -> normal / separable
                The ratio is upside down: separable / normal, a number below 1.
            depthwise + pointwise -> depthwise
                The pointwise step is missing: `filters` filters of 1×1×channels at every place.
            depthwise + pointwise -> pointwise
                The depthwise step is missing: one f×f filter for each channel, at every place.
            places * channels * f * f -> places * channels * f * f * channels
                A depthwise filter sees its own channel only: f · f products, not f · f · channels.
            places * channels * f * f -> places * filters * f * f
                The depthwise step has as many filters as channels come in, not as go out.
            places = n_out * n_out -> places = 1
                These are the weights. Each is used at n_out · n_out places.
            separable / normal -> 1 / channels + 1 / f**2
                The counts are right. In the ratio the first term is one over the number of filters, 1/n′_C.
            separable / normal -> 1 / filters + 1 / f
                The counts are right. In the ratio f is squared: 1/n′_C + 1/f².
        """,
        hints=[
            "Products for each number that comes out, times how many numbers come out.",
            "Normal: n_out · n_out · filters numbers of f · f · channels products each.",
            "Depthwise: n_out · n_out · channels numbers of f · f products each.",
            "Pointwise: n_out · n_out · filters numbers of `channels` products each.",
        ],
    ),
    exercise(
        reference=color_shift,
        section="3.2.5",
        cases=[(_IMAGES, _SHIFTS), (_IMAGES, -_SHIFTS)],
        random=_pictures,
        through=_typed,
        properties=[(lambda result, images, shifts: result["type"] == "uint8", "the pixels are uint8")],
        slips="""
            images.astype(int) + shifts -> images + shifts.astype(np.uint8)
            np.clip(shifted, 0, 255).astype(np.uint8) -> shifted
                250 + 10 is 4 here: uint8 counts round after 255. Add in a wider type and clip before you go back.
            np.clip(shifted, 0, 255).astype(np.uint8) -> shifted
                These numbers leave 0…255, and they are no longer uint8: np.clip, then astype.
            .astype(np.uint8) ->
                The values are right, but they are no longer uint8: astype(np.uint8).
            np.clip(shifted, 0, 255) -> np.minimum(shifted, 255)
                Clipped at 255 only: 5 - 10 must be 0, not 251.
            shifts[:, -> shifts[:1,
                All pictures get the shifts of the first. Each has a row of its own.
            None, :] -> None, :1]
                All channels get the shift of the first, so that only the brightness changes.
            return np.clip(shifted, 0, 255).astype(np.uint8) -> images[...] = np.clip(shifted, 0, 255); return images
                The result is right, but your function writes it over the pictures it was given.
        """,
        hints=[
            "A uint8 counts from 255 on to 0. Where do you add, so that nothing is lost?",
            "shifts[:, None, None, :] has the shape (m, 1, 1, channels): one number for each picture and channel.",
            "np.clip(sum, 0, 255).astype(np.uint8), where the sum was made from images.astype(int).",
        ],
    ),
    exercise(
        reference=freeze_and_count,
        section="3.2.6",
        cases=[(_Net((4, 5)), "conv2"), (_Net((3, 2)), "bn2"), (_Net((2, 3)), "conv1")],
        through=_frozen,
        slips="""
            or isinstance(layer, layers.BatchNormalization) ->
                Batch normalization behind `from_layer` still learns. Freeze it wherever it stands.
            i < first -> i <= first
                `from_layer` itself is frozen too. It is the first that goes on learning.
            i < first -> i >= first
                This freezes the end and trains the beginning.
            sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) -> model.count_params()
                These are all parameters, the frozen ones too. model.trainable_weights has those that learn.
            sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) -> len(model.trainable_weights)
                This counts the arrays. How many numbers are in each?
            sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) -> count
            first = [ -> count, first = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights), [
                Counted before anything was frozen.
            first = [ -> model.trainable, first = False, [
                Everything is frozen now, and nothing is left to learn.
        """,
        hints=[
            "layer.trainable = False freezes a layer; model.layers has them in order, and each has a name.",
            "Walk through model.layers and remember whether `from_layer` has come by. "
            "isinstance(layer, layers.BatchNormalization) tells which to freeze in any case.",
            "Then add up np.prod(weight.shape) over model.trainable_weights.",
        ],
    ),
]
