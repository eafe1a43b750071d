"""VGG-16 (Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014, arXiv
1409.1556, table 1, column D).

Every convolution is 3×3, stride 1, "same". Each block halves the sides; up to the fourth, each doubles the channels.
"""

from dlcourse.checks import count, fraction
from dlcourse.models import pretrained_weights
from dlcourse.models.blocks import image_shape
from dlcourse.models.preprocessing import CAFFE_MEAN, bgr_minus_mean

import keras
from keras import layers

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters and number of convolutions
SHIPPED_MEAN = (104.00699, 116.66877, 122.67892)  # the color that the shipped weights were tuned with: blue, green, red


def vgg16(input_shape=(224, 224, 3), classes=1000, include_top=True, *, dropout=0.5, weights=None):
    """Build VGG-16: thirteen convolutions in five blocks, and three fully connected layers.

    It computes what `keras.applications.VGG16` does, and its layers have the same names and order.

    Args:
        input_shape: (height, width, 3), sides of 32 or more because the picture is halved five times.
        classes: The number of classes, 2 or more.
        include_top: Whether the fully connected layers follow the last block.
        dropout: The share of the features that training drops after either hidden dense layer, in [0, 1).
        weights: None (random), "dlcourse" (those in `data/`, without a top: of ImageNet, tuned on edges), "imagenet"
            (those of Keras, downloaded) or the path of a file that `save_weights` wrote.

    Returns a Keras model from RGB pictures in 0…255, shape (m, height, width, 3), to probabilities, shape (m, classes),
    or without the top to features, shape (m, ⌊height/32⌋, ⌊width/32⌋, 512). The mean color it subtracts belongs to its
    weights. 138,357,544 parameters with the top of 1000 classes, 14,714,688 without.
    Raises ValueError or FileNotFoundError if an argument is out of its range, or a weights file is missing or damaged.
    Taught in notebook 3-2, section 3.2.1.
    """
    input_shape, classes = image_shape(input_shape, 32, channels=3), count("classes", classes, 2)
    dropout = fraction("dropout", dropout)
    options = ("imagenet",) if include_top else ("dlcourse", "imagenet")
    weights = pretrained_weights.chosen(weights, *options)
    pictures = keras.Input(input_shape, name="pictures")
    x = bgr_minus_mean(pictures, SHIPPED_MEAN if weights == "dlcourse" else CAFFE_MEAN)
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for i in range(1, convolutions + 1):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        for name in ("fc1", "fc2"):
            x = layers.Dense(4096, activation="relu", name=name)(x)
            x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    model = keras.Model(pictures, x, name="vgg16")
    return pretrained_weights.load(
        model, weights, "vgg16", lambda: keras.applications.VGG16(include_top=include_top, weights="imagenet")
    )
