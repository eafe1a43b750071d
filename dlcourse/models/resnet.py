"""Residual networks (He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2016, arXiv 1512.03385).

A block computes a^[l+2] = g(z^[l+2] + a^[l]): it adds its output to its input. With weights of zero a plain network
passes nothing on, but a residual block passes its input on, and the gradient can go around it.
"""

from dlcourse.checks import count, fraction
from dlcourse.models import pretrained_weights
from dlcourse.models.blocks import channels, image_shape, label
from dlcourse.models.preprocessing import bgr_minus_mean, to_minus_1_1

import keras
from keras import layers, ops


def resnet50(input_shape=(224, 224, 3), classes=1000, include_top=True, *, momentum=0.99, weights=None):
    """Build ResNet-50 (table 1 of the paper): fifty layers with weights, in four stages of bottleneck blocks.

    It computes what `keras.applications.ResNet50` does, and its layers have the same names and order.

    Args:
        input_shape: (height, width, 3), sides of 32 or more, because the picture is halved five times.
        classes: The number of classes, 2 or more.
        include_top: Whether the average over all places and the dense layer with softmax follow the blocks.
        momentum: The momentum of batch normalization, in [0, 1). A training of a few hundred steps needs 0.9.
        weights: None (random), "imagenet" (those of Keras, downloaded) or the path of a file that `save_weights` wrote.

    Returns a Keras model from RGB pictures in 0…255, shape (m, height, width, 3), to probabilities, shape (m, classes),
    or without the top to features, shape (m, ⌈height/32⌉, ⌈width/32⌉, 2048). 25,636,712 parameters with the top of 1000
    classes, 23,587,712 without.
    Raises ValueError or FileNotFoundError if an argument is out of its range, or a weights file is missing or damaged.
    Taught in notebook 3-2, section 3.2.2.
    """
    input_shape, classes = image_shape(input_shape, 32, channels=3), count("classes", classes, 2)
    weights = pretrained_weights.chosen(weights, "imagenet")
    pictures = keras.Input(input_shape, name="pictures")
    x = bgr_minus_mean(pictures)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)  # "same" would pad even sizes on one side more than on the other
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = _normalized(x, momentum, "conv1_bn")
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, filters, blocks in ((2, 64, 3), (3, 128, 4), (4, 256, 6), (5, 512, 3)):
        bottleneck, stride = (filters, filters, 4 * filters), 1 if stage == 2 else 2  # the pooling has halved stage 2
        x = convolutional_block(x, bottleneck, stride=stride, momentum=momentum, name=f"conv{stage}_block1")
        for block in range(2, blocks + 1):
            x = identity_block(x, bottleneck, momentum=momentum, name=f"conv{stage}_block{block}")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    model = keras.Model(pictures, x, name="resnet50")
    return pretrained_weights.load(
        model, weights, imagenet=lambda: keras.applications.ResNet50(include_top=include_top, weights="imagenet")
    )


def identity_block(x, filters, kernel_size=3, *, momentum=0.99, name=None):
    """Apply the bottleneck block whose shortcut is the identity: 1×1, f×f on few channels, 1×1, then x is added.

    Args:
        x: Feature maps, shape (m, height, width, F3).
        filters: (F1, F2, F3), the numbers of filters of its convolutions.
        kernel_size: f, the side of the kernels in the middle.
        momentum: The momentum of batch normalization, in [0, 1).
        name: The beginning of its layers' names: `NAME_1_conv`, `NAME_1_bn`, … `NAME_add`, `NAME_out`.

    Returns feature maps of the same shape.
    Raises ValueError if x has another number of channels than F3, or an argument is out of its range.
    Taught in notebook 3-2, section 3.2.2; notes, eq. 3.8.
    """
    filters = _three(filters)
    if channels(x) != filters[2]:
        raise ValueError(
            f"filters: expected the last to equal the channels of x, {channels(x)}, to be added to x, got {filters}"
        )
    return _bottleneck(x, x, filters, kernel_size, 1, momentum, name)


def convolutional_block(x, filters, kernel_size=3, stride=2, *, momentum=0.99, name=None):
    """Apply the bottleneck block that changes the shape: its shortcut is a 1×1 convolution with the same stride.

    Args:
        x: Feature maps, shape (m, height, width, channels).
        filters, kernel_size, momentum, name: As in `identity_block`; the shortcut is `NAME_0_conv` and has F3 filters.
        stride: The stride of the first convolution and of the shortcut.

    Returns feature maps, shape (m, ⌈height/stride⌉, ⌈width/stride⌉, F3).
    Raises ValueError if an argument is out of its range.
    Taught in notebook 3-2, section 3.2.2.
    """
    filters, stride = _three(filters), count("stride", stride)
    channels(x)
    shortcut = layers.Conv2D(filters[2], 1, strides=stride, name=label(name, "0_conv"))(x)
    shortcut = _normalized(shortcut, momentum, label(name, "0_bn"))
    return _bottleneck(x, shortcut, filters, kernel_size, stride, momentum, name)


def resnet_cifar(depth=20, residual=True, input_shape=(32, 32, 3), classes=10, *, momentum=0.99):
    """Build a small residual network of the paper's section 4.2, or its plain twin.

    One convolution, then three stages of n blocks with 16, 32 and 64 filters, each block two convolutions of 3×3, and
    one dense layer: 6n + 2 layers with weights. The shortcuts have none, so that only the additions differ.

    Args:
        depth: 6n + 2: 8, 14, 20, …; the paper has 20, 32, 44, 56 and 110.
        residual: Whether there are shortcuts. Without them it is the plain network.
        input_shape: (height, width, channels), sides of 4 or more, because the picture is halved twice.
        classes, momentum: As for `resnet50`.

    Returns a Keras model from pictures in 0…255, shape (m, height, width, channels), to probabilities, shape
    (m, classes). Its layers are called `stage2_block1_conv1` and so on. Depth 20 has 271,098 parameters, 1,376 of them
    the averages of batch normalization.
    Raises ValueError if the depth is not 6n + 2, or another argument is out of its range.
    Taught in notebook 3-2, section 3.2.2; notes, eq. 3.8.
    """
    n, input_shape, classes = _blocks_per_stage(depth), image_shape(input_shape, 4), count("classes", classes, 2)
    pictures = keras.Input(input_shape, name="pictures")
    x = to_minus_1_1(pictures)
    x = _conv3x3(x, 16, 1, "conv1")
    x = _normalized(x, momentum, "bn1")
    x = layers.ReLU(name="relu1")(x)
    for stage, filters in ((1, 16), (2, 32), (3, 64)):
        for block in range(1, n + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            name = f"stage{stage}_block{block}"
            x = residual_block(x, filters, stride, residual=residual, momentum=momentum, name=name)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dense(classes, activation="softmax", kernel_initializer="he_normal", name="predictions")(x)
    return keras.Model(pictures, x, name=f"{'resnet' if residual else 'plain'}{int(depth)}")


def residual_block(x, filters, stride=1, *, residual=True, momentum=0.99, name=None):
    """Apply the block of the notes: two 3×3 convolutions, and a^[l] is added to z^[l+2] before the last ReLU.

    Where the shape changes, the shortcut takes every `stride`-th pixel and fills the new channels with zeros (the
    paper's option A). It has no weights.

    Args:
        x: a^[l], feature maps, shape (m, height, width, channels).
        filters: The number of filters of both convolutions, no fewer than x has channels.
        stride, momentum: As for `convolutional_block`.
        residual: Whether there is a shortcut.
        name: The beginning of its layers' names: `NAME_conv1`, `NAME_bn1`, `NAME_relu1`, … `NAME_add`, `NAME_relu2`.

    Returns a^[l+2], shape (m, ⌈height/stride⌉, ⌈width/stride⌉, filters).
    Raises ValueError if there are fewer filters than x has channels, or an argument is out of its range.
    Taught in notebook 3-2, section 3.2.2; notes, eq. 3.8.
    """
    filters, stride = count("filters", filters), count("stride", stride)
    more = filters - channels(x)
    if residual and more < 0:
        raise ValueError(f"filters: expected no fewer than the channels of x, {channels(x)}, got {filters}")
    z = _conv3x3(x, filters, stride, label(name, "conv1"))
    z = _normalized(z, momentum, label(name, "bn1"))
    z = layers.ReLU(name=label(name, "relu1"))(z)
    z = _conv3x3(z, filters, 1, label(name, "conv2"))
    z = _normalized(z, momentum, label(name, "bn2"))
    if residual:
        if stride > 1 or more > 0:
            x = ops.pad(x[:, ::stride, ::stride], ((0, 0), (0, 0), (0, 0), (0, more)))
        z = layers.Add(name=label(name, "add"))([x, z])
    return layers.ReLU(name=label(name, "relu2"))(z)


def _bottleneck(x, shortcut, filters, kernel_size, stride, momentum, name):
    """Apply what both bottleneck blocks share. The convolutions have biases because Keras' weights do.

    Batch normalization subtracts the biases again. The stride is in the first convolution, as in the paper.
    """
    kernels, strides = (1, count("kernel_size", kernel_size), 1), (stride, 1, 1)
    for i in range(3):
        name_i = label(name, i + 1)
        x = layers.Conv2D(filters[i], kernels[i], strides[i], padding="same", name=label(name_i, "conv"))(x)
        x = _normalized(x, momentum, label(name_i, "bn"))
        if i < 2:
            x = layers.ReLU(name=label(name_i, "relu"))(x)
    x = layers.Add(name=label(name, "add"))([shortcut, x])
    return layers.ReLU(name=label(name, "out"))(x)


def _conv3x3(x, filters, stride, name):
    """Convolve by 3×3 with a margin of one zero, centered on the pixels 0, s, 2s, … that the shortcut takes.

    `padding="same"` would center it on the pixels 1, 3, 5, … if the stride is 2 and the size even.
    """
    if stride > 1:
        x = layers.ZeroPadding2D(1, name=label(name, "pad"))(x)
    padding = "valid" if stride > 1 else "same"
    conv = layers.Conv2D(filters, 3, stride, padding=padding, use_bias=False, kernel_initializer="he_normal", name=name)
    return conv(x)


def _normalized(x, momentum, name):
    return layers.BatchNormalization(momentum=fraction("momentum", momentum), epsilon=1.001e-5, name=name)(x)


def _three(filters):
    if not isinstance(filters, tuple | list) or len(filters) != 3:
        raise ValueError(f"filters: expected three numbers (F1, F2, F3), got {filters!r}")
    return tuple(count("filters", n) for n in filters)


def _blocks_per_stage(depth):
    """Return n, if the depth is 6n + 2."""
    n, rest = divmod(count("depth", depth) - 2, 6)
    if rest or n < 1:
        nearest = 6 * max(1, round((depth - 2) / 6)) + 2
        raise ValueError(f"depth: expected 6n + 2 with n of 1 or more, got {depth}; the nearest is {nearest}")
    return n
