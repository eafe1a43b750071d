"""Look into a trained net: the trunk of VGG, cut after the last layer in use, and the patches that excite its units."""

import functools
from typing import NamedTuple

from dlcourse import models
from dlcourse.checks import color_picture, count

import keras
import numpy as np
from keras import layers, ops

CONTENT_LAYER = "block4_conv2"
STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")


def trunk(layer_names):
    """Return VGG-16 up to the last of the named layers, for pictures of any size; its weights lie in `data/`.

    Args:
        layer_names: Names of its layers, such as `["block1_conv1", "block4_conv2"]`.

    Returns a Keras model from RGB pictures in 0…255, shape (m, height, width, 3), to a dict from each name to its
    features, shape (m, height / stride, width / stride, channels). It is kept: a second call with the same layers
    returns the same model. It is not trainable.
    Raises ValueError if a layer is not in the net, or there is none.
    Taught in notebook 3-4, section 3.4.6.
    """
    return _trunk((layer_names,) if isinstance(layer_names, str) else tuple(layer_names))


@functools.lru_cache(maxsize=8)
def _trunk(names):
    whole = _vgg16()
    known = [layer.name for layer in whole.layers if isinstance(layer, layers.Conv2D | layers.MaxPooling2D)]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"layer_names: expected some of {', '.join(known)}, got {', '.join(unknown) or 'none'}")
    cut = keras.Model(whole.input, {name: whole.get_layer(name).output for name in names})
    model = keras.models.clone_model(cut, keras.Input((None, None, 3), name="pictures"))
    model.set_weights(cut.get_weights())
    model.trainable = False
    return model


@functools.lru_cache(maxsize=1)
def _vgg16():
    return models.vgg16((32, 32, 3), include_top=False, weights="dlcourse")


class Patch(NamedTuple):
    """A place that excites a unit: the piece of the picture that it sees there, and its activation."""

    picture: np.ndarray
    activation: float
    image: int
    box: tuple


def receptive_field(layer_name):
    """Compute how much of the picture one number of a layer sees.

    Args:
        layer_name: A convolution or pooling layer of the trunk.

    Returns `(size, stride)` in pixels: the side of the square, and how far it moves from one number to the next.
    Raises ValueError if the layer is not in the net.
    Taught in notebook 3-4, section 3.4.5.
    """
    size, stride = 1, 1
    for layer in trunk(layer_name).layers:
        if isinstance(layer, layers.Conv2D | layers.MaxPooling2D):
            pooling = isinstance(layer, layers.MaxPooling2D)
            (side, _), (step, _) = layer.pool_size if pooling else layer.kernel_size, layer.strides
            size, stride = size + (side - 1) * stride, stride * step
    return size, stride


def exciting_patches(images, layer_name, units, n=9, *, per_image=2):
    """Find the pieces of pictures that excite single units most (after Zeiler and Fergus, 2013, arXiv 1311.2901).

    Args:
        images: A list of pictures, uint8, shape (height, width, 3), of any sizes.
        layer_name: As for `receptive_field`.
        units: A list of its channels.
        n: Pieces for each unit.
        per_image: The most pieces from one picture, at places that are half a receptive field or more apart.

    Returns for each unit a list of `Patch(picture, activation, image, box)`, most excited first: `picture` is uint8 and
    as wide as the receptive field, black where that reaches beyond the edge; `image` is the index of the picture it is
    from; `box` its corners there in pixels. A list is shorter than n if the unit is above 0 at fewer places.
    Raises ValueError if an argument is out of its range.
    Taught in notebook 3-4, section 3.4.5.
    """
    images = [color_picture("images", image) for image in images]
    net = trunk(layer_name)
    channels = net.output[layer_name].shape[-1]
    if any(count("units", unit, 0) >= channels for unit in units):
        raise ValueError(f"units: expected numbers in 0…{channels - 1} for {layer_name}, got {units!r}")
    count("n", n), count("per_image", per_image)
    size, stride = receptive_field(layer_name)
    found = [[] for _ in units]
    for k, image in enumerate(images):
        maps = ops.convert_to_numpy(net(image[None])[layer_name])[0]
        for unit, patches in zip(units, found, strict=True):
            for value, row, column in _peaks(maps[..., unit], per_image, max(1, size // (2 * stride))):
                top, left = (round(i * stride + (stride - size) / 2) for i in (row, column))
                box = (left, top, left + size, top + size)
                patches.append(Patch(_cut(image, box), float(value), k, box))
    return [sorted(patches, key=lambda patch: -patch.activation)[:n] for patches in found]


def _peaks(response, n, apart):
    """Yield (value, row, column) of the n highest places above 0 of a map, `apart` rows or columns from each other."""
    response = response.copy()
    for _ in range(n):
        row, column = np.unravel_index(response.argmax(), response.shape)
        if response[row, column] <= 0:
            return
        yield response[row, column], row, column
        response[max(0, row - apart + 1) : row + apart, max(0, column - apart + 1) : column + apart] = 0


def _cut(image, box):
    left, top, right, bottom = box
    height, width = image.shape[:2]
    piece = np.zeros((bottom - top, right - left, 3), np.uint8)
    rows, columns = slice(max(top, 0), min(bottom, height)), slice(max(left, 0), min(right, width))
    inside = image[rows, columns]
    piece[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = inside
    return piece
