"""Sixty-eight points of a face, by a small net of dense blocks (after DenseNet: Huang et al., 2016, arXiv 1608.06993).

Vincent Mühler trained it for face-api.js. Where DenseNet concatenates what came before, this net adds it.
"""

from dlcourse.checks import channels_last
from dlcourse.models import pretrained_weights
from dlcourse.models.preprocessing import standardized

import keras
from keras import layers

MEAN = (122.782, 117.001, 104.298)  # red, green, blue
SIDE, POINTS = 112, 68


def face_landmarks(weights="dlcourse"):
    """Build the net that finds jaw, brows, nose, eyes and mouth: a dense layer with 136 outputs on four dense blocks.

    Args:
        weights: "dlcourse" (those in `data/`), None (random) or the path of a file that `save_weights` wrote.

    Returns a Keras model from RGB pictures in 0…255, shape (m, 112, 112, 3), each filled by a face, to points, shape
    (m, 68, 2): (x, y) in 0…1 of the picture. 0–16 are the jaw, 17–21 and 22–26 the brows, 27–35 the nose, 36–41 and
    42–47 the eyes, 48–67 the mouth; left is left in the picture. `dlcourse.pretrained.find_landmarks` takes whole
    photographs. 356,840 parameters.
    Raises ValueError or FileNotFoundError if `weights` is none of these, or the file is missing or damaged.
    Source: npm's @vladmandic/face-api; `dlcourse.weights.metadata("face_landmarks")`.
    Taught in notebook 3-3, section 3.3.2.
    """
    channels_last()
    weights = pretrained_weights.chosen(weights, "dlcourse")
    pictures = keras.Input((SIDE, SIDE, 3), name="pictures")
    x = standardized(pictures, MEAN, (255, 255, 255))
    x = _dense_block(x, layers.Conv2D, 32, "dense0")
    x = _dense_block(x, layers.SeparableConv2D, 64, "dense1")
    x = _dense_block(x, layers.SeparableConv2D, 128, "dense2")
    x = _dense_block(x, layers.SeparableConv2D, 256, "dense3")
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dense(2 * POINTS, name="fc")(x)
    x = layers.Reshape((POINTS, 2), name="points")(x)
    model = keras.Model(pictures, x, name="face_landmarks")
    return pretrained_weights.load(model, weights, "face_landmarks")


def _dense_block(x, first, filters, name):
    """Halve the sides; then each convolution sees the sum of all before it, and ReLU follows the sum."""
    x = first(filters, 3, strides=2, padding="same", activation="relu", name=f"{name}_conv0")(x)
    total = x
    for i in (1, 2, 3):
        y = layers.SeparableConv2D(filters, 3, padding="same", name=f"{name}_conv{i}")(x)
        total = layers.Add(name=f"{name}_add{i}")([total, y])
        x = layers.ReLU(name=f"{name}_relu{i}")(total)
    return x
