"""MobileNets, small and quick enough for a telephone.

Version 1 splits each convolution into a depthwise and a pointwise one (Howard et al., 2017, arXiv 1704.04861). Version
2 puts the depthwise one between an expansion and a projection, and adds a shortcut between the narrow ends (Sandler et
al., 2018, arXiv 1801.04381).
"""

from dlcourse import weights as shipped
from dlcourse.checks import choice, count, fraction
from dlcourse.models import pretrained_weights
from dlcourse.models.blocks import channels, image_shape, label
from dlcourse.models.preprocessing import to_minus_1_1

import keras
from keras import layers

ALPHAS_V1 = (0.25, 0.5, 0.75, 1.0)  # the width multipliers for which the papers give figures
ALPHAS_V2 = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)

# Table 1 of the first paper: filters and stride of the thirteen blocks.
SEPARABLE = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)

# Table 2 of the second paper: expansion t, filters c, how many blocks n, stride s of the first of them.
BOTTLENECKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenet_v1(
    input_shape=(224, 224, 3), alpha=1.0, classes=1000, include_top=True, *, dropout=1e-3, momentum=0.99, weights=None
):
    """Build MobileNet (table 1 of its paper): one convolution, thirteen depthwise separable blocks, one classifier.

    It computes what `keras.applications.MobileNet` does, and its layers have the same names and order.

    Args:
        input_shape: (height, width, channels), sides of 32 or more, because the picture is halved five times.
        alpha: The width multiplier, 0.25, 0.5, 0.75 or 1.0: each layer has so many times the filters.
        classes: The number of classes, 2 or more.
        include_top: Whether the average over all places and the classifier with softmax follow the blocks.
        dropout: The share of the features that training drops before the classifier, in [0, 1).
        momentum: The momentum of batch normalization, in [0, 1). A training of a few hundred steps needs 0.9.
        weights: None (random), "imagenet" (those of Keras, downloaded) or the path of a file that `save_weights` wrote.

    Returns a Keras model from pictures in 0…255, shape (m, height, width, channels), to probabilities, shape
    (m, classes), or without the top to features, for 224×224 of shape (m, 7, 7, 1024·alpha). 4,253,864 parameters with
    the top of 1000 classes, 3,228,864 without.
    Raises ValueError or FileNotFoundError if an argument is out of its range, or a weights file is missing or damaged.
    Its idea is taught in notebook 3-2, section 3.2.4; notes, eq. 3.9.
    """
    input_shape, alpha = image_shape(input_shape, 32), choice("alpha", alpha, ALPHAS_V1)
    classes, dropout = count("classes", classes, 2), fraction("dropout", dropout)
    weights = pretrained_weights.chosen(weights, "imagenet")
    pictures = keras.Input(input_shape, name="pictures")
    x = to_minus_1_1(pictures)
    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(x)
    x = _normalized(x, momentum, "conv1_bn")
    x = layers.ReLU(6, name="conv1_relu")(x)
    for i, (filters, stride) in enumerate(SEPARABLE, start=1):
        x = depthwise_separable_block(x, int(filters * alpha), stride, momentum=momentum, name=str(i))
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True, name="avg_pool")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(classes, 1, name="conv_preds")(x)  # on maps of 1×1: a dense layer, stored as Keras has it
        x = layers.Reshape((classes,), name="reshape")(x)
        x = layers.Softmax(name="predictions")(x)
    model = keras.Model(pictures, x, name="mobilenet_v1")
    options = {"alpha": alpha, "include_top": include_top, "weights": "imagenet"}
    return pretrained_weights.load(
        model, weights, imagenet=lambda: keras.applications.MobileNet((224, 224, 3), **options)
    )


def depthwise_separable_block(x, filters, stride=1, *, momentum=0.99, name=None):
    """Convolve in two steps: one 3×3 filter for each channel, then 1×1 across the channels.

    Batch normalization and ReLU6, min(max(z, 0), 6), follow each. Both cost 1/n′_C + 1/f² of one convolution of f×f.

    Args:
        x: Feature maps, shape (m, height, width, channels).
        filters: n′_C, the number of filters of the pointwise convolution.
        stride: The stride of the depthwise convolution, 1 or 2.
        momentum: The momentum of batch normalization, in [0, 1).
        name: The end of its layers' names: `conv_dw_NAME` and `conv_pw_NAME`, with `_bn` and `_relu` after each.

    Returns feature maps, shape (m, height, width, filters); with stride 2 (m, ⌊height/2⌋, ⌊width/2⌋, filters).
    Raises ValueError if an argument is out of its range.
    Its idea is taught in notebook 3-2, section 3.2.4; notes, eq. 3.9.
    """
    filters, stride = count("filters", filters), choice("stride", stride, (1, 2))
    channels(x)
    depthwise, pointwise = (None, None) if name is None else (f"conv_dw_{name}", f"conv_pw_{name}")
    if stride == 2:  # below and to the right, whatever the size: "same" would pad odd sizes on all sides
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=label(depthwise, "pad"))(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, stride, padding=padding, use_bias=False, name=depthwise)(x)
    x = _normalized(x, momentum, label(depthwise, "bn"))
    x = layers.ReLU(6, name=label(depthwise, "relu"))(x)
    x = layers.Conv2D(filters, 1, use_bias=False, name=pointwise)(x)
    x = _normalized(x, momentum, label(pointwise, "bn"))
    return layers.ReLU(6, name=label(pointwise, "relu"))(x)


def mobilenet_v2(input_shape=(224, 224, 3), alpha=1.0, classes=1000, include_top=True, *, momentum=0.999, weights=None):
    """Build MobileNetV2 (table 2 of its paper): seventeen bottlenecks between two convolutions.

    It computes what `keras.applications.MobileNetV2` does, and its layers with weights have the same names and order.
    The base of transfer learning is `mobilenet_v2((160, 160, 3), include_top=False, weights="dlcourse")`.

    Args:
        input_shape, classes, include_top, momentum: As for `mobilenet_v1`.
        alpha: The width multiplier, 0.35, 0.5, 0.75, 1.0, 1.3 or 1.4: each layer has about so many times the filters,
            a multiple of 8; the last convolution has 1280 or more.
        weights: None (random), "dlcourse" (those in `data/`, without a top: of ImageNet, from block 13 on tuned on
            breeds of dogs in pictures of 160×160), "imagenet" (those of Keras, downloaded) or the path of a file.

    Returns a Keras model from pictures in 0…255, shape (m, height, width, channels), to probabilities, shape
    (m, classes), or without the top to features, shape (m, ⌈height/32⌉, ⌈width/32⌉, 1280 or more). 3,538,984 parameters
    with the top of 1000 classes, 2,257,984 without.
    Raises ValueError or FileNotFoundError if an argument is out of its range, or a weights file is missing or damaged.
    Taught in notebook 3-2, section 3.2.4.
    """
    input_shape, alpha = image_shape(input_shape, 32), choice("alpha", alpha, ALPHAS_V2)
    classes = count("classes", classes, 2)
    options = ("imagenet",) if include_top or alpha != 1 else ("dlcourse", "imagenet")
    weights = pretrained_weights.chosen(weights, *options)
    pictures = keras.Input(input_shape, name="pictures")
    x = to_minus_1_1(pictures)
    x = layers.Conv2D(_multiple_of_8(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = _normalized(x, momentum, "bn_Conv1")
    x = layers.ReLU(6, name="Conv1_relu")(x)
    names = iter(("expanded_conv", *(f"block_{i}" for i in range(1, 17))))
    for t, c, n, s in BOTTLENECKS:
        for stride in (s, *(1,) * (n - 1)):
            filters = _multiple_of_8(int(c * alpha))
            x = inverted_residual_block(x, filters, stride, t, momentum=momentum, name=next(names))
    x = layers.Conv2D(_multiple_of_8(1280 * max(1, alpha)), 1, use_bias=False, name="Conv_1")(x)
    x = _normalized(x, momentum, "Conv_1_bn")
    x = layers.ReLU(6, name="out_relu")(x)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    model = keras.Model(pictures, x, name="mobilenet_v2")
    options = {"alpha": alpha, "include_top": include_top, "weights": "imagenet"}
    return pretrained_weights.load(
        model, weights, "mobilenet_v2", lambda: keras.applications.MobileNetV2((224, 224, 3), **options)
    )


def breed_classifier(weights="dlcourse"):
    """Build the shipped MobileNetV2 with the head it was tuned with, which tells 19 breeds of dogs apart.

    The names of the breeds are `weights.metadata("breed_head")["classes"]`. The net finds some breed in every picture.

    Args:
        weights: "dlcourse" (those in `data/`), None (random) or the path of a file that `save_weights` wrote.

    Returns a Keras model from pictures in 0…255, shape (m, 160, 160, 3), to probabilities, shape (m, 19).
    Raises ValueError or FileNotFoundError if `weights` is none of these, or a file is missing or damaged.
    Taught in notebook 3-2, section 3.2.6.
    """
    weights = pretrained_weights.chosen(weights, "dlcourse")
    base = mobilenet_v2((160, 160, 3), include_top=False, weights="dlcourse" if weights == "dlcourse" else None)
    pooled = layers.GlobalAveragePooling2D(name="average")(base.output)
    breeds = layers.Dense(len(shipped.metadata("breed_head")["classes"]), activation="softmax", name="breeds")
    model = keras.Model(base.input, breeds(pooled), name="breed_classifier")
    if weights == "dlcourse":
        shipped.load(breeds, "breed_head")
        return model
    return pretrained_weights.load(model, weights)


def inverted_residual_block(x, filters, stride=1, expansion=6, *, momentum=0.999, name=None):
    """Apply the bottleneck of MobileNetV2: expansion, depthwise, projection, and a shortcut from narrow to narrow.

    A 1×1 convolution expands the channels, a 3×3 filter for each of them sees its neighbors, and a 1×1 convolution
    projects them to few again. ReLU6 follows the first two; the projection is linear, because among few channels a ReLU
    would lose too much.

    Args:
        x, stride, momentum: As for `depthwise_separable_block`.
        filters: The number of channels of the output.
        expansion: The factor by which the channels grow inside. With 1 there is no expansion layer.
        name: The beginning of its layers' names: `NAME_expand`, `NAME_depthwise`, `NAME_project`, each with its
            `_BN`, and `NAME_add`.

    Returns feature maps, shape (m, ⌈height/stride⌉, ⌈width/stride⌉, filters). x is added if it has that shape.
    Raises ValueError if an argument is out of its range.
    Its idea is taught in notebook 3-2, section 3.2.4.
    """
    filters, expansion = count("filters", filters), count("expansion", expansion)
    stride, shortcut = choice("stride", stride, (1, 2)), x
    narrow = channels(x)
    if expansion > 1:
        x = layers.Conv2D(expansion * narrow, 1, use_bias=False, name=label(name, "expand"))(x)
        x = _normalized(x, momentum, label(name, "expand_BN"))
        x = layers.ReLU(6, name=label(name, "expand_relu"))(x)
    x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=label(name, "depthwise"))(x)
    x = _normalized(x, momentum, label(name, "depthwise_BN"))
    x = layers.ReLU(6, name=label(name, "depthwise_relu"))(x)
    x = layers.Conv2D(filters, 1, use_bias=False, name=label(name, "project"))(x)
    x = _normalized(x, momentum, label(name, "project_BN"))
    return layers.Add(name=label(name, "add"))([shortcut, x]) if stride == 1 and filters == narrow else x


def _normalized(x, momentum, name):
    return layers.BatchNormalization(momentum=fraction("momentum", momentum), epsilon=1e-3, name=name)(x)


def _multiple_of_8(filters):
    """Return the nearest multiple of 8, or the next one if that is more than a tenth less."""
    nearest = max(8, int(filters + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * filters else nearest
