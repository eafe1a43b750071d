"""A face detector in the manner of Tiny YOLOv2 (Redmon and Farhadi, 2016, arXiv 1612.08242), with pretrained weights.

Vincent Mühler trained it for face-api.js. It is small because five of its seven convolutions are depthwise separable.
"""

from dlcourse.models import pretrained_weights
from dlcourse.models.blocks import image_shape
from dlcourse.models.preprocessing import standardized

import keras
from keras import layers

MEAN = (117.001, 114.697, 97.404)  # red, green, blue
ANCHORS = 5


def face_detector(input_shape=(416, 416, 3), weights="dlcourse"):
    """Build a YOLO for one class: in each cell of a grid, five answers whether there is a face and where.

    Args:
        input_shape: (height, width, 3), sides that are multiples of 32. It was trained on squares; with 416 it finds
            faces of some 35 pixels and more.
        weights: "dlcourse" (those in `data/`), None (random) or the path of a file that `save_weights` wrote.

    Returns a Keras model from RGB pictures in 0…255, shape (m, height, width, 3), to raw answers, shape
    (m, height/32, width/32, 25): five anchors times (t_x, t_y, t_w, t_h, t_o). `dlcourse.detection.yolo.decode` makes
    boxes of them; `dlcourse.pretrained.find_faces` takes whole photographs. 193,321 parameters.
    Raises ValueError or FileNotFoundError if an argument is out of its range, or a weights file is missing or damaged.
    Source: npm's @vladmandic/face-api; `dlcourse.weights.metadata("face_detector")`.
    Taught in notebook 3-3, section 3.3.3.
    """
    input_shape = image_shape(input_shape, 32, channels=3)
    if any(side % 32 for side in input_shape[:2]):
        raise ValueError(f"input_shape: expected sides that are multiples of 32, got {input_shape!r}")
    weights = pretrained_weights.chosen(weights, "dlcourse")
    pictures = keras.Input(input_shape, name="pictures")
    x = standardized(pictures, MEAN, (255, 255, 255))
    x = _leaky(layers.Conv2D(16, 3, name="conv0"))(x)  # valid: two rows and columns fewer, which pool1 restores
    for i, filters in enumerate((32, 64, 128, 256, 512), start=1):
        x = layers.MaxPooling2D(2, padding="same", name=f"pool{i}")(x)
        x = _leaky(layers.SeparableConv2D(filters, 3, padding="same", name=f"conv{i}"))(x)
    x = layers.MaxPooling2D(2, strides=1, padding="same", name="pool6")(x)
    x = layers.Conv2D(ANCHORS * 5, 1, name="conv8")(x)
    model = keras.Model(pictures, x, name="face_detector")
    return pretrained_weights.load(model, weights, "face_detector")


def _leaky(layer):
    """Return a function that applies a layer, then a leaky ReLU."""
    relu = layers.LeakyReLU(0.1, name=f"{layer.name}_relu")
    return lambda x: relu(layer(x))
