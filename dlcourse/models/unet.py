"""U-Net (Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015, arXiv
1505.04597, figure 1): a class for every pixel.

Down the left side of the U the sides are halved and the channels doubled: it sees more and more, and knows less and
less where. Up the right side it is the other way round, and at each level the maps of the left side are put beside
those that come from below, so that fine outlines are known again.
"""

import itertools

from dlcourse.checks import choice, count, fraction
from dlcourse.models.checks import image_shape

import keras
from keras import layers

PADDINGS = ("same", "valid")


def unet(
    input_shape,
    classes,
    filters=32,
    depth=4,
    *,
    padding="same",
    skips=True,
    batch_norm=False,
    dropout=0.0,
    momentum=0.9,
):
    """U-Net: two convolutions at each level, down by max pooling, up by transposed convolutions, skips across.

    - `padding="same"`: a class for every pixel. The transposed convolutions are 3×3, and a last 3×3 convolution stands
      before the output, as in the net of the well-known course: `unet((96, 128, 3), 23)`, 8,640,471 parameters.
    - `padding="valid"`: as in the paper. No convolution sees zeros beyond the edge, so each takes two pixels off the
      sides, and the skips are cropped to fit. The transposed convolutions are 2×2.
      `unet((572, 572, 1), 2, 64, padding="valid")` has 31,030,658 parameters and gives maps of 388×388.

    The skips concatenate; they add nothing, as residual ones do. No weight depends on the size of the pictures:
    `unet((None, None, 3), 2)` learns from crops and answers for whole pictures. `dlcourse.segmentation.predict` pads a
    picture to a size that the net takes and crops the answer back.

    Args:
        input_shape: (height, width, channels). With "same" the sides must be multiples of 2^depth. A side may be None:
            then each picture may have its own, and such a picture's sides must fit.
        classes: 1, for a probability at each pixel by sigmoid, or more, for that of each class by softmax.
        filters: Of the uppermost level; each level below has twice as many.
        depth: How often the sides are halved, 1 or more.
        padding: "same" or "valid", see above.
        skips: False leaves out the left side's maps, to see what they are good for.
        batch_norm: Whether each 3×3 convolution but the last is normalized before its ReLU; these have no bias.
        dropout: Share of the values that are dropped in training at the end of the way down, after the two lowest
            levels, in [0, 1).
        momentum: Of batch normalization's averages, in [0, 1); 0.9 suits a training of a few hundred steps.

    Returns:
        A Keras model from pictures in 0…255, shape (m, height, width, channels), to probabilities, shape
        (m, height, width, classes); smaller with "valid".

    Raises:
        ValueError: If an argument is out of its range, or a side cannot be halved so often. The message names the next
            size that fits.

    Taught in notebook 3-3, section 3.3.5.
    """
    input_shape, classes = image_shape(input_shape, any_size=True), count("classes", classes)
    filters, depth, padding = count("filters", filters), count("depth", depth), choice("padding", padding, PADDINGS)
    dropout, momentum = fraction("dropout", dropout), fraction("momentum", momentum)
    _halved(input_shape, depth, padding)

    def convolutions(x, filters, level):
        for i in (1, 2):
            name = f"{level}_conv{i}"
            x = layers.Conv2D(
                filters, 3, padding=padding, use_bias=not batch_norm, kernel_initializer="he_normal", name=name
            )(x)
            if batch_norm:
                x = layers.BatchNormalization(momentum=momentum, name=f"{name}_bn")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        return x

    pictures = keras.Input(input_shape, name="pictures")
    x = layers.Rescaling(1 / 255, name="to_0_1")(pictures)
    left = []
    for level in range(1, depth + 1):
        x = convolutions(x, filters * 2 ** (level - 1), f"down{level}")
        if dropout and level == depth:
            x = layers.Dropout(dropout, name=f"down{level}_dropout")(x)
        left.append(x)
        x = layers.MaxPooling2D(2, name=f"down{level}_pool")(x)
    x = convolutions(x, filters * 2**depth, "bottom")
    if dropout:
        x = layers.Dropout(dropout, name="bottom_dropout")(x)
    for level in range(depth, 0, -1):
        width, kernel = filters * 2 ** (level - 1), 3 if padding == "same" else 2
        x = layers.Conv2DTranspose(width, kernel, strides=2, padding=padding, name=f"up{level}_transpose")(x)
        if skips:
            maps = left[level - 1]
            if padding == "valid":
                maps = layers.Cropping2D(_margin(depth - level), name=f"up{level}_crop")(maps)
            x = layers.Concatenate(name=f"up{level}_skip")([x, maps])
        x = convolutions(x, width, f"up{level}")
    if padding == "same":
        x = layers.Conv2D(
            filters, 3, padding="same", activation="relu", kernel_initializer="he_normal", name="last_conv"
        )(x)
    x = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax", name="classes")(x)
    return keras.Model(pictures, x, name="unet")


def _margin(levels_below):
    """How much wider, on each side, the left side's maps are than those from below, if no convolution pads.

    Two convolutions take two pixels off each side, and upsampling doubles what is missing: 4, 16, 40, 88 in the paper.
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
    """Whether the maps have an even side before each pooling, and a side at all at the end."""
    lost = 4 if padding == "valid" else 0  # by the two convolutions of a level
    for _ in range(depth):
        side -= lost
        if side < 2 or side % 2:
            return False
        side //= 2
    for _ in range(depth):
        side = 2 * (side - lost)
    return side - lost > 0
