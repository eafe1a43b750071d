"""GoogLeNet, the first inception network (Szegedy et al.: Going Deeper with Convolutions, 2014, arXiv 1409.4842).

An inception block does not choose the size of its filters: it computes 1×1, 3×3, 5×5 and a pooling side by side and
stacks what they give. 1×1 convolutions before the costly ones make the channels few, the bottleneck.
"""

from dlcourse.checks import count, fraction
from dlcourse.models.alexnet import LocalResponseNormalization
from dlcourse.models.blocks import channels, label
from dlcourse.models.checks import image_shape
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


def googlenet(input_shape=(224, 224, 3), classes=1000, *, auxiliary=False, lrn=False, dropout=0.4):
    """GoogLeNet (table 1 and figure 3 of the paper): three convolutions, nine inception blocks, one classifier.

    Args:
        input_shape: (height, width, 3), sides of 32 or more, for the picture is halved five times; with the auxiliary
            classifiers 65 or more.
        classes: How many, 2 or more.
        auxiliary: Whether two more classifiers look at the blocks 4a and 4d. They bring the gradient to the middle of
            the net in training, with 0.3 of the weight: `compile(…, loss_weights=[1, 0.3, 0.3])`.
        lrn: Whether local response normalization follows the first pooling and the third convolution, as in figure 3.
        dropout: Share of the features that are dropped in training before the classifier, in [0, 1).

    Returns:
        A Keras model from RGB pictures in 0…255, shape (m, height, width, 3), to probabilities, shape (m, classes);
        with the auxiliary classifiers to a list of three such arrays, the last classifier's first. The outputs of the
        blocks are called `inception_3a` and so on. 6,998,552 parameters as it stands, 13,378,280 with the auxiliary
        classifiers.

    Raises:
        ValueError: If an argument is out of its range.

    Taught in notebook 3-2, section 3.2.3.
    """
    input_shape = image_shape(input_shape, 65 if auxiliary else 32, channels=3)
    classes, dropout = count("classes", classes, 2), fraction("dropout", dropout)
    heads = []
    pictures = keras.Input(input_shape, name="pictures")
    x = rgb_minus_mean(pictures)
    x = _conv(x, 64, 7, "conv1", strides=2)
    x = _halved(x, "pool1")
    x = LocalResponseNormalization(name="lrn1")(x) if lrn else x
    x = _conv(x, 64, 1, "conv2_reduce")
    x = _conv(x, 192, 3, "conv2")
    x = LocalResponseNormalization(name="lrn2")(x) if lrn else x
    x = _halved(x, "pool2")
    for block, filters in INCEPTION.items():
        x = inception_block(x, filters, name=f"inception_{block}")
        if block in ("3b", "4e"):
            x = _halved(x, f"pool{block[0]}")
        if auxiliary and block in ("4a", "4d"):
            heads.append(_auxiliary(x, classes, f"auxiliary_{block}"))
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(pictures, [x, *heads] if heads else x, name="googlenet")


def inception_block(x, filters, *, name=None):
    """Four paths side by side, stacked along the channels: 1×1, 3×3, 5×5 and max pooling, all "same" with stride 1.

    Args:
        x: Feature maps, shape (m, height, width, channels).
        filters: Six numbers in the order of the paper's table 1: of the 1×1 convolution; of the 1×1 before the 3×3, and
            of the 3×3; of the 1×1 before the 5×5, and of the 5×5; of the 1×1 after the pooling. Where one of the three
            bottlenecks is None there is none; without all three it is the naive block of the paper's figure 2(a).
        name: What the outcome is called. The names of the convolutions begin with it: `NAME_1x1`, `NAME_3x3_reduce`,
            `NAME_3x3`, `NAME_5x5_reduce`, `NAME_5x5`, `NAME_pool`, `NAME_pool_proj`.

    Returns:
        Feature maps, shape (m, height, width, #1×1 + #3×3 + #5×5 + pool proj); without the last the channels of x.

    Raises:
        ValueError: If x has another shape, or a number of filters is not whole.

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


def _auxiliary(x, classes, name):
    """A classifier on the maps of the middle, 14×14 of them for a picture of 224×224."""
    x = layers.AveragePooling2D(5, strides=3, name=f"{name}_pool")(x)  # 4×4
    x = _conv(x, 128, 1, f"{name}_conv")
    x = layers.Flatten(name=f"{name}_flatten")(x)
    x = layers.Dense(1024, activation="relu", name=f"{name}_fc")(x)
    x = layers.Dropout(0.7, name=f"{name}_dropout")(x)
    return layers.Dense(classes, activation="softmax", name=f"{name}_predictions")(x)


def _six(filters):
    if not isinstance(filters, tuple | list) or len(filters) != 6:
        raise ValueError(f"filters: expected six numbers, (#1×1, #3×3 reduce, #3×3, …), got {filters!r}")
    bottlenecks = (1, 3, 5)
    return [None if n is None and i in bottlenecks else count("filters", n) for i, n in enumerate(filters)]
