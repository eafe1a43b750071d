"""U-Net (Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015, arXiv
1505.04597, figure 1): a class for every pixel.

Down the left side of the U the sides are halved and the channels doubled: each place sees more of the picture, and less
exactly where. Up the right side it is the other way round, and the maps of the left side, concatenated at each level,
bring the fine outlines back.
"""

import itertools

from dlcourse.checks import choice, count, fraction
from dlcourse.models.blocks import image_shape

import keras
from keras import layers

PADDINGS = ("same", "valid")


def unet(input_shape, classes, filters=32, depth=4, *, padding="same", skips=True, batch_norm=False, momentum=0.9):
    """Build U-Net: two convolutions at each level, down by max pooling, up by transposed convolutions, skips across.

    - `padding="same"`: a class for every pixel. The transposed convolutions are 3×3, and a last 3×3 convolution stands
      before the output, as in the net of the well-known course: `unet((96, 128, 3), 23)`, 8,640,471 parameters.
    - `padding="valid"`: as in the paper. No convolution sees zeros beyond the edge, so each takes two pixels off the
      sides, and the skips are cropped to fit. The transposed convolutions are 2×2.
      `unet((572, 572, 1), 2, 64, padding="valid")` has 31,030,658 parameters and returns maps of 388×388.

    No weight depends on the size of the pictures: `unet((None, None, 3), 2)` learns from crops and predicts whole
    pictures, which `dlcourse.segmentation.predict` pads to a size that the net takes.

    Args:
        input_shape: (height, width, channels). With "same" the sides must be multiples of 2^depth. A side may be None:
            then each picture may have its own, which must fit.
        classes: 1, for a probability at each pixel by sigmoid, or more, for that of each class by softmax.
        filters: The number at the uppermost level; each level below has twice as many.
        depth: The number of times the sides are halved, 1 or more.
        padding: "same" or "valid", see above.
        skips: Whether there are skips.
        batch_norm: Whether each 3×3 convolution but the last is normalized before its ReLU; these have no bias.
        momentum: The momentum of batch normalization, in [0, 1); 0.9 suits a training of a few hundred steps.

    Returns a Keras model from pictures in 0…255, shape (m, height, width, channels), to probabilities, shape
    (m, height, width, classes); smaller with "valid".
    Raises ValueError if an argument is out of its range, or a side cannot be halved so often. The message names the
    next size that fits.
    Taught in notebook 3-3, section 3.3.5.
    """
    input_shape, classes = image_shape(input_shape, any_size=True), count("classes", classes)
    filters, depth, padding = count("filters", filters), count("depth", depth), choice("padding", padding, PADDINGS)
    momentum = fraction("momentum", momentum)
    _halved(input_shape, depth, padding)

    def convolutions(x, filters, level):
        for name in (f"{level}_conv1", f"{level}_conv2"):
            conv = layers.Conv2D(
                filters, 3, padding=padding, use_bias=not batch_norm, kernel_initializer="he_normal", name=name
            )
            x = conv(x)
            if batch_norm:
                x = layers.BatchNormalization(momentum=momentum, name=f"{name}_bn")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        return x

    pictures = keras.Input(input_shape, name="pictures")
    x = layers.Rescaling(1 / 255, name="to_0_1")(pictures)
    left = []
    for level in range(1, depth + 1):
        x = convolutions(x, filters * 2 ** (level - 1), f"down{level}")
        left.append(x)
        x = layers.MaxPooling2D(2, name=f"down{level}_pool")(x)
    x = convolutions(x, filters * 2**depth, "bottom")
    for level in range(depth, 0, -1):
        width, kernel, maps = filters * 2 ** (level - 1), 3 if padding == "same" else 2, left.pop()
        x = layers.Conv2DTranspose(width, kernel, strides=2, padding=padding, name=f"up{level}_transpose")(x)
        if skips:
            if padding == "valid":
                maps = layers.Cropping2D(_margin(depth - level), name=f"up{level}_crop")(maps)
            x = layers.Concatenate(name=f"up{level}_skip")([x, maps])
        x = convolutions(x, width, f"up{level}")
    if padding == "same":
        last = layers.Conv2D(
            filters, 3, padding="same", activation="relu", kernel_initializer="he_normal", name="last_conv"
        )
        x = last(x)
    x = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax", name="classes")(x)
    return keras.Model(pictures, x, name="unet")


def _margin(levels_below):
    """Return by how much wider, on each side, the left side's maps are than those from below, if nothing is padded.

    Two convolutions take two pixels off each side, and upsampling doubles this: 4, 16, 40, 88 in the paper.
    """
    return 4 if levels_below == 0 else 2 * _margin(levels_below - 1) + 8


def _halved(input_shape, depth, padding):
    """Refuse sides that cannot be halved `depth` times."""
    sides = input_shape[:2]
    fitting = tuple(
        None if side is None else next(n for n in itertools.count(side) if _fits(n, depth, padding)) for side in sides
    )
    if fitting != sides:
        raise ValueError(
            f'input_shape: expected sides that can be halved {depth} times with padding "{padding}", of which '
            f"{fitting} are the next, got {input_shape}"
        )


def _fits(side, depth, padding):
    """Return whether the maps have an even side before each pooling, and a side at all at the end."""
    lost = 4 if padding == "valid" else 0  # by the two convolutions of a level
    for _ in range(depth):
        side -= lost
        if side < 2 or side % 2:
            return False
        side //= 2
    for _ in range(depth):
        side = 2 * (side - lost)
    return side - lost > 0
