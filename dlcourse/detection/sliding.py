"""Sliding windows, one by one and all in one pass (Sermanet et al.: OverFeat, 2013, arXiv 1312.6229, section 3.5).

A classifier that is moved over a picture computes the same convolutions again and again where its windows overlap. A
dense layer on maps of height × width is a convolution whose filters are as large as the maps. Written so, the net takes
pictures of any size, and its output is a map: the classifier's prediction for every window.

    net = to_convolutional(classifier)                      # classifies windows of 25×25, say
    scores = net(image[None])[0]                            # (rows, columns, classes)
    windows, boxes = sliding_windows(image, 25, total_stride(classifier))
    scores.shape[:2] == windows.shape[:2]                   # scores[i, j] belongs to boxes[i, j]
"""

from dlcourse._pixels import resized
from dlcourse.checks import count, fraction, height_and_width

import keras
import numpy as np
from keras import layers

POOLINGS = (layers.MaxPooling2D, layers.AveragePooling2D)
GLOBAL_POOLINGS = {
    layers.GlobalAveragePooling2D: layers.AveragePooling2D,
    layers.GlobalMaxPooling2D: layers.MaxPooling2D,
}
POINTWISE = (
    *(layers.Rescaling, layers.BatchNormalization, layers.Dropout),
    *(layers.Activation, layers.ReLU, layers.LeakyReLU, layers.Softmax),
)


def to_convolutional(model):
    """Make a net that classifies all windows of pictures of any size from a classifier of small pictures.

    Dense layers become convolutions, global pooling becomes pooling with stride 1. The weights are copied.

    The output at row i and column j is the prediction of `model` for the window whose upper left corner is the pixel
    (i·s, j·s), where s is `total_stride(model)`. This holds for padding "valid" only: with "same" the classifier sees
    zeros around every window, where the net on a large picture sees the neighboring pixels.

    Args:
        model: A built Keras model, Sequential or functional, one layer after the other: from pictures, shape
            (m, height, width, channels), to (m, classes). Layers may be: Rescaling, convolutions, pooling, batch
            normalization, activations, dropout, Flatten, Dense.

    Returns a Keras model from pictures, shape (m, any height, any width, channels), to (m, rows, columns, classes),
    with the rows and columns of `sliding_windows`.
    Raises ValueError if a layer branches, pads or is of another kind. The message names the layer.
    Taught in notebook 3-3, section 3.3.3.
    """
    chain = _chain(model)
    height, width, channels = model.input_shape[1:]
    pictures = keras.Input((None, None, channels), name="pictures")
    # Where pooling drops the last pixels of a window, a larger picture has room for one more window, which sticks out
    # by so many pixels. Without them there is one place in the maps for each window.
    dropped = (0, height - _seen(chain, 0)), (0, width - _seen(chain, 1))
    x = layers.Cropping2D(dropped, name="dropped_by_pooling")(pictures) if any(map(any, dropped)) else pictures
    filters = (1, 1)  # of a dense layer: as large as the maps that were flattened before it
    for layer, shape in chain:
        if isinstance(layer, layers.Flatten):
            filters = shape[1:3] if len(shape) == 4 else filters
            continue
        copy = _copy(layer, shape, filters)
        x = copy(x)
        new_shapes = [weight.shape for weight in copy.weights]
        copy.set_weights([np.reshape(old, new) for old, new in zip(layer.get_weights(), new_shapes, strict=True)])
        if isinstance(layer, layers.Dense):
            filters = (1, 1)
    return keras.Model(pictures, x, name=f"{model.name}_convolutional")


def total_stride(model):
    """Return how many pixels the windows of `to_convolutional(model)` lie apart: the product of all strides.

    Args:
        model: A Keras model, as for `to_convolutional`.

    Returns an int, 1 or more.
    Raises ValueError as `to_convolutional`; also if rows and columns have different strides.
    Taught in notebook 3-3, section 3.3.3.
    """
    strides = {int(np.prod([_window(*call, axis)[1] for call in _chain(model)])) for axis in (0, 1)}
    if len(strides) == 2:
        raise ValueError(f"model: expected the same stride for rows and columns, got {sorted(strides)}")
    return strides.pop()


def sliding_windows(image, size, stride):
    """Return all windows of one size, every `stride` pixels, that lie wholly within a picture.

    Args:
        image: A picture, shape (height, width, channels).
        size: Side of the windows, or (height, width), in pixels.
        stride: Pixels from one window to the next, 1 or more.

    Returns `(windows, boxes)`: the windows, shape (rows, columns, *size, channels), a view that needs no memory and
    cannot be written to, and their corners (x_min, y_min, x_max, y_max) in pixels, float32, shape (rows, columns, 4).
    rows = ⌊(height - size) / stride⌋ + 1; a picture smaller than the window has none.
    Raises ValueError if `image` is no such picture, or `size` or `stride` is no whole number of 1 or more.
    Taught in notebook 3-3, section 3.3.3.
    """
    image, stride = _picture(image), count("stride", stride)
    height, width = height_and_width("size", size)
    if image.shape[0] < height or image.shape[1] < width:
        rows = max((image.shape[0] - height) // stride + 1, 0)
        columns = max((image.shape[1] - width) // stride + 1, 0)
        windows = np.empty((rows, columns, height, width, image.shape[2]), image.dtype)
    else:
        windows = np.lib.stride_tricks.sliding_window_view(image, (height, width), axis=(0, 1))
        windows = np.moveaxis(windows[::stride, ::stride], 2, -1)  # (rows, columns, height, width, channels)
    y, x = (stride * i for i in np.indices(windows.shape[:2], np.float32))
    return windows, np.stack([x, y, x + width, y + height], axis=-1)


def image_pyramid(image, scale=0.8, min_size=25):
    """Return a picture at smaller and smaller sizes, so that a window of one size finds objects of any.

    To bring a box from a level to the picture, multiply its x by width / level's width and its y by height / level's
    height.

    Args:
        image: A picture in 0…255, uint8 or float, shape (height, width, channels).
        scale: Factor from one level to the next, above 0 and below 1.
        min_size: Pixels of the shortest side that a level may have, that of the window.

    Returns a list of pictures, dtype as `image`, the given one first. Level k has the sides of the first times scale^k,
    rounded. It is empty if the picture itself is smaller than `min_size`.
    Raises ValueError if `image` is no such picture, or another argument is out of its range.
    Taught in notebook 3-3, section 3.3.3.
    """
    image, min_size = _picture(image), count("min_size", min_size)
    if fraction("scale", scale) == 0:
        raise ValueError(f"scale: expected a number above 0 and below 1, got {scale!r}")
    levels, sides = [], image.shape[:2]
    while min(sides) >= min_size:
        values = resized(image, sides) if levels else image
        values = values if image.dtype.kind == "f" else np.rint(values)
        levels.append(values.astype(image.dtype, copy=False))
        sides = tuple(round(side * scale ** len(levels)) for side in image.shape[:2])
    return levels


def _chain(model):
    """Return the model's layers in order, each with the shape of its input, if they can be moved over a picture."""
    # A Sequential model keeps its calls in the functional one inside it, as in dlcourse.models.cost.
    nodes = getattr(getattr(model, "_functional", model), "_nodes_by_depth", None)
    if not isinstance(model, keras.Model) or not nodes:
        raise ValueError(f"model: expected a functional Keras model or a Sequential one that is built, got {model!r}")
    levels = [nodes[depth] for depth in sorted(nodes, reverse=True)]
    calls = [node for level in levels for node in level]
    if len(calls) != len(levels) or any(len(node.arguments.keras_tensors) != 1 for node in calls[1:]):
        raise ValueError(f"model: expected layers one after the other, got branches in {model.name}")
    shape = model.input_shape
    if len(shape) != 4 or None in shape[1:]:
        raise ValueError(f"model: expected pictures of a known size, shape (m, height, width, channels), got {shape}")
    chain = [(node.operation, node.arguments.keras_tensors[0].shape) for node in calls[1:]]
    flattened = False
    for layer, shape in chain:
        _window(layer, shape, 0)
        if flattened and not isinstance(layer, layers.Dense | layers.Dropout):
            raise ValueError(f"model: expected Dense after Flatten, got {_named(layer)}")
        flattened = isinstance(layer, layers.Flatten) or (flattened and isinstance(layer, layers.Dropout))
    if flattened or len(model.output_shape) != 2:
        raise ValueError(f"model: expected a dense layer or global pooling at the end, got {_named(chain[-1][0])}")
    return chain


def _window(layer, shape, axis):
    """Return how many pixels of its input a layer sees, and its stride, along axis 0, the rows, or 1, the columns."""
    if isinstance(layer, layers.Conv2D | layers.MaxPooling2D | layers.AveragePooling2D):
        if layer.padding != "valid":
            why = "at its edges a window would see zeros, where a large picture shows what lies beside the window"
            raise ValueError(f'model: expected padding "valid", got "{layer.padding}" in {layer.name}: {why}')
        if isinstance(layer, POOLINGS):
            return layer.pool_size[axis], layer.strides[axis]
        return (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1, layer.strides[axis]
    if isinstance(layer, (layers.Flatten, *GLOBAL_POOLINGS)) and len(shape) == 4:
        return shape[1 + axis], 1
    if isinstance(layer, (layers.Flatten, layers.Dense, *POINTWISE)) and getattr(layer, "axis", -1) == -1:
        return 1, 1
    raise ValueError(f"model: expected layers that can be moved over a picture, got {_named(layer)}")


def _seen(chain, axis):
    """Return how many pixels of a window reach the output."""
    pixels = 1
    for layer, shape in reversed(chain):
        size, stride = _window(layer, shape, axis)
        pixels = (pixels - 1) * stride + size
    return pixels


def _copy(layer, shape, filters):
    """Return a new layer like this one, if need be as a convolution or a pooling over maps."""
    if isinstance(layer, layers.Dense):
        settings = {"activation": layer.activation, "use_bias": layer.use_bias, "name": layer.name}
        return layers.Conv2D(layer.units, filters, **settings)
    for kind, pooling in GLOBAL_POOLINGS.items():
        if isinstance(layer, kind):
            return pooling(shape[1:3], strides=1, name=layer.name)
    return layer.from_config(layer.get_config())


def _named(layer):
    return f"{layer.name}, a {type(layer).__name__}"


def _picture(image):
    image = np.asarray(image)
    if image.ndim != 3 or image.dtype.kind not in "uif":
        expected = "numbers of shape (height, width, channels)"
        raise ValueError(f"image: expected {expected}, got {image.dtype} of {image.shape}")
    return image
