"""AlexNet, with which deep learning won ImageNet (Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep
Convolutional Neural Networks, 2012, figure 2).

The paper trained on two GPUs with half of each layer's filters on either. In the second, fourth and fifth convolution a
filter sees the maps of its own GPU only: a convolution in two groups, with half the weights. 60,965,224 of 62,378,344
parameters are left, the paper's 60 million. The figure says 224×224, but 55×55 places need pictures of 227×227.
"""

from dlcourse.checks import choice, count, fraction
from dlcourse.models.blocks import image_shape
from dlcourse.models.preprocessing import rgb_minus_mean

import keras
from keras import layers, ops


def alexnet(input_shape=(227, 227, 3), classes=1000, *, groups=1, lrn=False, dropout=0.5):
    """Build AlexNet: five convolutions and three fully connected layers.

    Args:
        input_shape: (height, width, 3), sides of 67 or more.
        classes: The number of classes, 2 or more.
        groups: 2 for the paper's two GPUs, or 1.
        lrn: Whether local response normalization follows the first two convolutions, as in the paper. It helps little.
        dropout: The share of the features that training drops after either hidden dense layer, in [0, 1).

    Returns a Keras model from RGB pictures in 0…255, shape (m, height, width, 3), to probabilities, shape (m, classes).
    62,378,344 parameters as it stands, 60,965,224 with two groups.
    Raises ValueError if an argument is out of its range.
    Taught in notebook 3-2, section 3.2.1.
    """
    input_shape, classes = image_shape(input_shape, 67, channels=3), count("classes", classes, 2)
    groups, dropout = choice("groups", groups, (1, 2)), fraction("dropout", dropout)
    pictures = keras.Input(input_shape, name="pictures")  # 227×227×3
    x = rgb_minus_mean(pictures)
    x = layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(x)  # 55×55×96
    x = LocalResponseNormalization(name="lrn1")(x) if lrn else x
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)  # 27×27×96: the windows overlap
    x = layers.Conv2D(256, 5, padding="same", groups=groups, activation="relu", name="conv2")(x)
    x = LocalResponseNormalization(name="lrn2")(x) if lrn else x
    x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)  # 13×13×256
    x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=groups, activation="relu", name="conv4")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=groups, activation="relu", name="conv5")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool5")(x)  # 6×6×256
    x = layers.Flatten(name="flatten")(x)  # 9216
    for name in ("fc6", "fc7"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(pictures, x, name="alexnet")


@keras.saving.register_keras_serializable("dlcourse")
class LocalResponseNormalization(layers.Layer):
    """Divides each number by a measure of its neighbors: the same pixel in the channels beside it.

        b_i = a_i / (k + α Σ a_j²)^β, the sum over the n channels around channel i, fewer at the ends

    The paper's section 3.3, with its constants. The channels are the last axis. (Caffe and PyTorch divide α by n.)

    Args:
        n: The number of channels that count as neighbors, the channel itself among them; odd.
        k, alpha, beta: The constants of the formula; k above 0, because the sum may be 0.

    Raises ValueError if n is not odd, or k not above 0.
    Taught in notebook 3-2, section 3.2.1.
    """

    def __init__(self, n=5, k=2.0, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        if count("n", n) % 2 == 0:
            raise ValueError(f"n: expected an odd number, as many channels before as after, got {n}")
        if not k > 0:
            raise ValueError(f"k: expected a number above 0, got {k!r}")
        self.n, self.k, self.alpha, self.beta = int(n), k, alpha, beta

    def call(self, x):
        radius, depth = self.n // 2, x.shape[-1]
        squares = ops.pad(ops.square(x), [(0, 0)] * (len(x.shape) - 1) + [(radius, radius)])
        total = sum(squares[..., i : i + depth] for i in range(self.n))
        return x / (self.k + self.alpha * total) ** self.beta

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "n": self.n, "k": self.k, "alpha": self.alpha, "beta": self.beta}
