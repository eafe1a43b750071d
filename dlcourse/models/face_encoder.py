"""A face as 128 numbers, by the residual network of dlib (after ResNet: He et al., 2015, arXiv 1512.03385).

Davis King trained it so that pictures of one person have encodings close together (dlib, 2017). Its blocks are ResNet's
without batch normalization: in a trained net that is a scale and a shift, which were folded into kernels and biases.
"""

from dlcourse.checks import channels_last
from dlcourse.models import pretrained_weights
from dlcourse.models.preprocessing import standardized

import keras
from keras import layers, ops

MEAN = (122.782, 117.001, 104.298)  # red, green, blue
SIDE, DIMENSION = 150, 128


def face_encoder(weights="dlcourse"):
    """Build f(x), the encoder of a face: 29 convolutions in 14 residual blocks, and a dense layer without bias.

    Args:
        weights: "dlcourse" (those in `data/`), None (random) or the path of a file that `save_weights` wrote.

    Returns a Keras model from RGB pictures in 0…255, shape (m, 150, 150, 3), each an aligned face, to encodings, shape
    (m, 128), of lengths of 1.3 to 1.5. Two of one person are less than 0.6 apart, those of two people mostly more.
    `dlcourse.faces.encode_faces` takes whole photographs. 5,607,488 parameters.
    Raises ValueError or FileNotFoundError if `weights` is none of these, or the file is missing or damaged.
    Source: npm's @vladmandic/face-api; `dlcourse.weights.metadata("face_encoder")`.
    Its idea is taught in notebook 3-4, section 3.4.2.
    """
    channels_last()
    weights = pretrained_weights.chosen(weights, "dlcourse")
    pictures = keras.Input((SIDE, SIDE, 3), name="pictures")
    x = standardized(pictures, MEAN, (255, 255, 255))
    x = layers.Conv2D(32, 7, strides=2, activation="relu", name="conv32_down")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool")(x)
    for block in (1, 2, 3):
        x = _identity_block(x, 32, f"conv32_{block}")
    x = _down_block(x, 64, "conv64_down")
    for block in (1, 2, 3):
        x = _identity_block(x, 64, f"conv64_{block}")
    x = _down_block(x, 128, "conv128_down")
    for block in (1, 2):
        x = _identity_block(x, 128, f"conv128_{block}")
    x = _down_block(x, 256, "conv256_down")
    for block in (1, 2):
        x = _identity_block(x, 256, f"conv256_{block}")
    x = _down_block(x, 256, "conv256_down_out")
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dense(DIMENSION, use_bias=False, name="fc")(x)
    model = keras.Model(pictures, x, name="face_encoder")
    return pretrained_weights.load(model, weights, "face_encoder")


def _identity_block(x, filters, name):
    """Apply ResNet's block of two convolutions: its input is added to what they compute."""
    y = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_conv1")(x)
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv2")(y)
    return _sum(x, y, name)


def _down_block(x, filters, name):
    """Halve the sides. The shortcut has no weights: the mean of four pixels, and zeros in the new channels."""
    y = layers.Conv2D(filters, 3, strides=2, activation="relu", name=f"{name}_conv1")(x)
    y = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv2")(y)
    x = layers.AveragePooling2D(2, name=f"{name}_pool")(x)
    x = ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, filters - x.shape[-1])))
    missing = x.shape[1] - y.shape[1]  # 1 if the side was even: nothing is padded before the stride
    y = layers.ZeroPadding2D(((0, missing), (0, missing)), name=f"{name}_pad")(y)
    return _sum(x, y, name)


def _sum(x, y, name):
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))
