"""An encoder of pictures that learns by comparison (after FaceNet: Schroff et al., 2015, arXiv 1503.03832), in small.

It is called siamese because one net, with one set of weights, encodes the anchor, the positive and the negative.
"""

from dlcourse.checks import count, fraction
from dlcourse.models.blocks import image_shape
from dlcourse.models.preprocessing import to_minus_1_1

import keras
from keras import layers

BLOCKS = 4


def siamese_encoder(input_shape, embedding=128, filters=16, *, momentum=0.9):
    """Build an encoder from a picture to a vector of length 1: four convolutions and one dense layer.

    Each convolution is 3×3 with stride 2 and has twice the filters of the one before; batch normalization and ReLU
    follow. The outputs have length 1, so that a squared distance lies in 0…4 and a margin means the same for every net.

    Args:
        input_shape: (height, width, channels), sides of 16 or more.
        embedding: The number of values that encode a picture.
        filters: The number of the first convolution's filters.
        momentum: The momentum of batch normalization, in [0, 1); 0.9 suits a training of a few hundred steps.

    Returns a Keras model from pictures in 0…255, shape (m, height, width, channels), to vectors of length 1, shape
    (m, embedding). `dlcourse.faces.TripletLoss` trains it. `siamese_encoder((64, 64, 3))` has 360,432 parameters,
    359,952 of them learned.
    Raises ValueError if an argument is out of its range.
    Taught in notebook 3-4, section 3.4.3.
    """
    input_shape, embedding = image_shape(input_shape, 2**BLOCKS), count("embedding", embedding)
    filters, momentum = count("filters", filters), fraction("momentum", momentum)
    pictures = keras.Input(input_shape, name="pictures")
    x = to_minus_1_1(pictures)
    options = {"strides": 2, "padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    for i in range(BLOCKS):
        x = layers.Conv2D(filters * 2**i, 3, **options, name=f"conv{i + 1}")(x)
        x = layers.BatchNormalization(momentum=momentum, name=f"conv{i + 1}_bn")(x)
        x = layers.ReLU(name=f"conv{i + 1}_relu")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(embedding, name="embedding")(x)
    x = layers.UnitNormalization(name="unit_length")(x)
    return keras.Model(pictures, x, name="siamese_encoder")
