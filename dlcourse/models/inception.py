"""GoogLeNet, the first inception network (Szegedy et al.: Going Deeper with Convolutions, 2014, arXiv 1409.4842).

An inception block computes 1×1, 3×3, 5×5 convolutions and a pooling side by side and stacks their maps. 1×1
convolutions before the costly ones make the channels few, the bottleneck.
"""

from dlcourse.checks import count, fraction
from dlcourse.models.blocks import channels, image_shape, label
from dlcourse.models.preprocessing import rgb_minus_mean

import keras
from keras import layers

# Table 1 of the paper: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj.
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet(input_shape=(224, 224, 3), classes=1000, *, dropout=0.4):
    """Build GoogLeNet (table 1 and figure 3 of the paper): three convolutions, nine inception blocks, one classifier.

    Args:
        input_shape: (height, width, 3), sides of 32 or more, because the picture is halved five times.
        classes: The number of classes, 2 or more.
        dropout: The share of the features that training drops before the classifier, in [0, 1).

    Returns a Keras model from RGB pictures in 0…255, shape (m, height, width, 3), to probabilities, shape (m, classes).
    The outputs of the blocks are called `inception_3a` and so on. 6,998,552 parameters as it stands. The paper's
    auxiliary classifiers and response normalization are left out.
    Raises ValueError if an argument is out of its range.
    Taught in notebook 3-2, section 3.2.3.
    """
    input_shape = image_shape(input_shape, 32, channels=3)
    classes, dropout = count("classes", classes, 2), fraction("dropout", dropout)
    pictures = keras.Input(input_shape, name="pictures")
    x = rgb_minus_mean(pictures)
    x = _conv(x, 64, 7, "conv1", strides=2)
    x = _halved(x, "pool1")
    x = _conv(x, 64, 1, "conv2_reduce")
    x = _conv(x, 192, 3, "conv2")
    x = _halved(x, "pool2")
    for block, filters in INCEPTION.items():
        x = inception_block(x, filters, name=f"inception_{block}")
        if block in ("3b", "4e"):
            x = _halved(x, f"pool{block[0]}")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(pictures, x, name="googlenet")


def inception_block(x, filters, *, name=None):
    """Apply four paths side by side, stacked along the channels: 1×1, 3×3, 5×5, max pooling, all "same" with stride 1.

    Args:
        x: Feature maps, shape (m, height, width, channels).
        filters: Six numbers in the order of the paper's table 1: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj.
            A bottleneck (reduce, pool proj) may be None; without all three it is the naive block of figure 2(a).
        name: The name of the output, and the beginning of the layers' names: `NAME_1x1`, `NAME_3x3_reduce`,
            `NAME_3x3`, `NAME_5x5_reduce`, `NAME_5x5`, `NAME_pool`, `NAME_pool_proj`.

    Returns feature maps, shape (m, height, width, #1×1 + #3×3 + #5×5 + pool proj); without the last the channels of x.
    Raises ValueError if x has another shape, or a number of filters is not whole.
    Taught in notebook 3-2, section 3.2.3.
    """
    one, reduce3, three, reduce5, five, projected = _six(filters)
    channels(x)
    path1 = _conv(x, one, 1, label(name, "1x1"))
    path3 = x if reduce3 is None else _conv(x, reduce3, 1, label(name, "3x3_reduce"))
    path3 = _conv(path3, three, 3, label(name, "3x3"))
    path5 = x if reduce5 is None else _conv(x, reduce5, 1, label(name, "5x5_reduce"))
    path5 = _conv(path5, five, 5, label(name, "5x5"))
    pool = layers.MaxPooling2D(3, strides=1, padding="same", name=label(name, "pool"))(x)
    pool = pool if projected is None else _conv(pool, projected, 1, label(name, "pool_proj"))
    return layers.Concatenate(name=name)([path1, path3, path5, pool])


def _conv(x, filters, kernel_size, name, *, strides=1):
    return layers.Conv2D(filters, kernel_size, strides, padding="same", activation="relu", name=name)(x)


def _halved(x, name):
    return layers.MaxPooling2D(3, strides=2, padding="same", name=name)(x)


def _six(filters):
    if not isinstance(filters, tuple | list) or len(filters) != 6:
        raise ValueError(f"filters: expected six numbers, (#1×1, #3×3 reduce, #3×3, …), got {filters!r}")
    bottlenecks = (1, 3, 5)
    return [None if n is None and i in bottlenecks else count("filters", n) for i, n in enumerate(filters)]
