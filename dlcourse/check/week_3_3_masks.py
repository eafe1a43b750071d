"""The exercises of notebook 3-3 on maps: transposed convolution, U-Net's way up, and masks."""

import re
from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.check.layers import Maps, built, checked, layers_of, same_draws

import numpy as np

exercise = partial(Exercise, notebook="3-3")

_NORMALIZES = ("gamma", "beta", "moving_mean", "moving_variance")  # of batch normalization


def conv_transpose(x, kernel, stride):
    """Return a transposed convolution of one channel: each pixel pastes the kernel, times its value, onto the output.

    x has the shape (h, w), the kernel (f, f), and from one paste to the next it is `stride` pixels, 1…f. Where pastes
    overlap they are added up.
    """
    f = len(kernel)
    result = np.zeros([(n - 1) * stride + f for n in x.shape])
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + f, j * stride : j * stride + f] += x[i, j] * kernel
    return result


def _pixels(rng):
    f = int(rng.integers(1, 5))  # a stride above f would leave gaps, which libraries fill in different ways
    return rng.normal(size=rng.integers(1, 5, size=2)), rng.normal(size=(f, f)), int(rng.integers(1, min(f, 3) + 1))


_KERNEL = np.array([[1.0, 2, 0], [0, 3, -1], [4, 0, 1]])

CONV_TRANSPOSE = exercise(
    reference=conv_transpose,
    section="3.3.5",
    cases=[
        (np.array([[1.0, 2], [3, 4]]), _KERNEL, 2),
        (np.array([[1.0, 2], [3, 4]]), _KERNEL[:2, :2], 2),  # nothing overlaps
        (np.array([[1.0, 0, -2], [5, 3, 1]]), _KERNEL, 1),
        (np.array([[2.0], [-1]]), _KERNEL, 3),
        (np.array([[2.0, 1], [-1, 4]]), _KERNEL, 2),
    ],
    random=_pixels,
    properties=[
        (
            lambda result, x, kernel, stride: np.isclose(np.sum(result), np.sum(x) * np.sum(kernel)),
            "the sum is that of x times that of the kernel",
        ),
    ],
    slips="""
        += -> =
            Where pastes overlap, the last one is written over the others. Add them up: +=.
        x[i, j] * kernel -> x[i, j] * kernel[::-1, ::-1]
            The kernel is pasted as it is, not turned upside down.
        x[i, j] * kernel -> x[i, j] * kernel.T
            Rows and columns of the kernel have changed places.
        return result -> return result[: x.shape[0] * stride, : x.shape[1] * stride]
            This is cut off at h · stride. The last paste begins at (h − 1) · stride and takes f pixels more.
        f = len(kernel) -> f, stride = len(kernel), 1
            From one paste to the next it is `stride` pixels.
        f = len(kernel) -> f = stride = len(kernel)
            Nothing overlaps here: from one paste to the next it is `stride` pixels, not f.
        x[i, j] * kernel -> kernel
            Each paste is the kernel times its pixel, x[i, j] * kernel.
    """,
    hints=[
        "Begin with zeros. How large? The last of h pixels begins to paste at (h − 1) · stride.",
        "Pixel (i, j) pastes at rows i * stride to i * stride + f, and columns alike.",
        "result[i * stride : i * stride + f, j * stride : j * stride + f] += x[i, j] * kernel.",
    ],
)


def upsampling_block(x, skip, filters):
    """Return the feature maps, shape (m, 2 · height, 2 · width, filters), of one level of U-Net's way up.

    x are the maps from below, shape (m, height, width, channels); skip those of the same level on the way down.
    """
    from keras import layers

    z = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)  # (m, 2 · height, 2 · width, filters)
    z = layers.Concatenate()([z, skip])  # as many rows and columns, the channels of both
    a = layers.Conv2D(filters, 3, padding="same", activation="relu")(z)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(a)


def _level(function, x, skip, filters):
    """Return what a level of U-Net is made of and computes; its weights depend on their shapes alone."""
    import keras

    with same_draws():
        inputs = [keras.Input(maps.shape) for maps in (x, skip)]
        result = built(_concatenated, function, *inputs, filters)
        if result is None or result is ...:
            return result
        checked(result)
        model = keras.Model(inputs, result)
        made_of = [_weighted(layer) for layer in layers_of(model) if layer.weights]
        rng = np.random.default_rng(0)
        pixels = [rng.integers(-8, 9, size=(1, *maps.shape)).astype("float32") for maps in (x, skip)]
        computed = np.round(np.asarray(model(pixels, training=False)[0], np.float64), 4)
        places = computed.reshape(-1, computed.shape[-1])
        return {
            "shape": str(computed.shape),
            "layers with weights": ", ".join(sorted(made_of)) or "none",
            "random kernels, three places": places[[0, len(places) // 2, -1]],
        }


def _concatenated(function, *arguments):
    """Return the function's result; an error of shapes reads alike for layers.Concatenate and ops.concatenate."""
    try:
        return function(*arguments)
    except ValueError as error:
        if "`Concatenate` layer" in str(error) or "the same shape except" in str(error):
            shapes = sorted(re.findall(r"\d+, \d+, \d+", str(error)))  # ops.concatenate names the second first
            text = f"maps of shapes {' and '.join(f'({shape})' for shape in shapes)} cannot be concatenated"
            raise ValueError(text).with_traceback(error.__traceback__) from None
        raise


def _weighted(layer):
    """Give a layer its weights and return 'Conv2D 3×3×2→6'; biases are 0, all numbers of batch norm different."""
    name = type(layer).__name__
    for weight in layer.weights:
        if len(weight.shape) == 4:
            values = np.random.default_rng(tuple(weight.shape)).normal(size=weight.shape)
            weight.assign(values / np.sqrt(values.size / values.shape[-1]))
            into, out = weight.shape[2:] if "Transpose" not in name else weight.shape[:1:-1]
            name = f"{name} {'×'.join(map(str, weight.shape[:2]))}×{into}→{out}"
        elif weight.name == "bias":
            weight.assign(np.zeros(weight.shape))
        elif weight.name in _NORMALIZES:
            low = _NORMALIZES.index(weight.name) - 1.5 if weight.name in ("beta", "moving_mean") else 0.5
            weight.assign(low + np.arange(1, weight.shape[0] + 1) / weight.shape[0])
    return name


UPSAMPLING_BLOCK = exercise(
    reference=upsampling_block,
    section="3.3.5",
    cases=[(Maps((3, 4, 4)), Maps((6, 8, 2)), 2), (Maps((2, 3, 2)), Maps((4, 6, 3)), 4)],
    through=_level,
    rtol=1e-3,
    atol=1e-3,
    slips="""
        layers.Concatenate() -> layers.Add()
            U-Net does not add the skip, as ResNet does. It concatenates: the channels stand side by side.
        [z, skip] -> [skip, z]
            The order of the channels is: first what was upsampled, then skip.
        z = layers.Concatenate()([z, skip]) ->
            skip is not used.
        activation="relu")(z) -> activation=None)(z)
        activation="relu")(a) -> activation=None)(a)
            Both ReLUs are missing. Two convolutions without one between them are no more than one.
        activation="relu")(a) -> activation=None)(a)
            The ReLU behind the second convolution is missing.
        activation="relu")(z) -> activation=None)(z)
            The ReLU behind the first convolution is missing.
        return layers.Conv2D(filters, 3, padding="same", activation="relu")(a) -> return a
            Only one convolution. There are two.
        layers.Conv2DTranspose(filters, 3, strides=2, padding="same") -> layers.UpSampling2D(2)
            UpSampling2D repeats each pixel and learns nothing. layers.Conv2DTranspose learns how.
        strides=2, padding="same" -> strides=2, padding="same", activation="relu"
            No ReLU behind the transposed convolution: the two convolutions have theirs.
        strides=2, ->
            The stride is missing: with strides=2 height and width are doubled, and skip fits.
        strides=2, padding="same" -> strides=2
            Without padding="same" the transposed convolution makes one row and one column too many for skip.
        Conv2DTranspose(filters, 3 -> Conv2DTranspose(filters, 2
            The kernel of the transposed convolution is 3×3 here. (In the paper it is 2×2.)
        padding="same", activation="relu")(z) -> activation="relu")(z)
        padding="same", activation="relu")(a) -> activation="relu")(a)
            Each 3×3 convolution without padding takes two rows and two columns away. padding="same" keeps them.
    """,
    hints=[
        "Four layers: up, side by side with skip, convolution, convolution.",
        'layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x) doubles height and width.',
        "layers.Concatenate()([z, skip]) puts the channels side by side.",
        'layers.Conv2D(filters, 3, padding="same", activation="relu")(z) comes twice.',
    ],
)


def mean_iou(y_true, y_pred, classes):
    """Return the mean over classes of intersection over union (eq. 3.13), where each class is a set of pixels.

    y_true and y_pred hold whole numbers in 0…classes - 1, shape (height, width). A class that neither has is left out.
    `dlcourse.segmentation.mean_iou` counts all classes at once.
    """
    ious = []
    for c in range(classes):
        true, predicted = y_true == c, y_pred == c
        intersection, union = np.sum(true & predicted), np.sum(true | predicted)
        if union > 0:
            ious.append(intersection / union)
    return np.mean(ious)


def _masks(rng):
    classes = int(rng.integers(2, 7))
    occurring = rng.permutation(classes)[: rng.integers(1, classes + 1)]
    y_true = rng.choice(occurring, size=rng.integers(2, 6, size=2))
    return y_true, np.where(rng.random(y_true.shape) < 0.7, y_true, rng.integers(classes, size=y_true.shape)), classes


_TRUE = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 2]])
_PREDICTED = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 1, 2]])

MEAN_IOU = exercise(
    reference=mean_iou,
    section="3.3.5",
    cases=[
        (_TRUE, _PREDICTED, 3),
        (_TRUE, _PREDICTED, 5),  # two classes that neither has
        (_TRUE % 2, _PREDICTED, 3),  # one that is only predicted
        (np.zeros((2, 3), int), np.zeros((2, 3), int), 3),
        (np.zeros((2, 2), int), np.ones((2, 2), int), 2),
    ],
    random=_masks,
    properties=[(lambda result, y_true, y_pred, classes: 0 <= result <= 1, "it is a number in 0…1")],
    slips="""
        np.mean(ious) -> np.sum(ious) / classes
            A class that neither has counts as 0 here. Leave it out of the mean.
        np.mean(ious) -> (np.sum(ious) + classes - len(ious)) / classes
            A class that neither has counts as 1 here. Leave it out of the mean.
        if union > 0 -> if union >= 0
            0 / 0 is no number: leave a class that neither has out of the mean.
        np.mean(ious) -> np.mean(y_true == y_pred)
            This is the share of right pixels, which the background decides. Take the IoU class by class.
        np.sum(true | predicted) -> np.sum(true) + np.sum(predicted)
            The sum of both areas counts what they share twice. Subtract the intersection, or use |.
        np.sum(true | predicted) -> (np.sum(true) + np.sum(predicted)) / 2
            This is Dice's coefficient, 2 · intersection / (area + area).
        range(classes) -> range(1, classes)
            The background, class 0, is a class too.
        np.sum(true | predicted) -> np.sum(true)
            This divides by the pixels of the label alone (recall): predicting too much costs nothing.
        if union > 0 -> if np.any(true)
            A class that was predicted though it is not there has an IoU of 0, and counts.
        np.mean(ious) -> np.sum(y_true == y_pred) / (2 * y_true.size - np.sum(y_true == y_pred))
            All classes are put into one sum, so that the largest decides. First the IoU of each, then the mean.
    """,
    hints=[
        "y_true == c is the mask of class c, True and False; so is y_pred == c.",
        "np.sum(a & b) counts the pixels of both, np.sum(a | b) those of either.",
        "Collect the IoU of each class whose union is not 0, and return their mean.",
    ],
)

EXERCISES = [CONV_TRANSPOSE, UPSAMPLING_BLOCK, MEAN_IOU]
