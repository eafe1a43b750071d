"""LeNet-5, which read the digits on checks (LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to
Document Recognition, 1998, figure 2).

The net of 1998 had more that is left out here. Each of the sixteen filters of its second convolution saw only three,
four or six of the six maps, by a table; its pooling learned a coefficient and a bias for each map; tanh was scaled,
1.7159 tanh(2z/3); and the output was the distance of the 84 features from a drawn picture of each digit. That makes
60,000 parameters: 900 fewer in the second convolution, 44 more in the pooling, and none to learn in the output.
"""

from dlcourse.checks import count
from dlcourse.models.blocks import image_shape
from dlcourse.models.preprocessing import to_minus_1_1

import keras
from keras import layers


def lenet5(input_shape=(32, 32, 1), classes=10, *, historical=False):
    """Build LeNet-5: twice convolution and pooling, then two fully connected layers and the output.

    Args:
        input_shape: (height, width, channels), sides of 16 or more.
        classes: The number of classes, 2 or more.
        historical: Whether tanh and average pooling are used, as in 1998, instead of ReLU and max pooling.

    Returns a Keras model from pictures in 0…255, shape (m, height, width, channels), to probabilities, shape
    (m, classes). 61,706 parameters as it stands.
    Raises ValueError if an argument is out of its range.
    Taught in notebook 3-2, section 3.2.1.
    """
    input_shape, classes = image_shape(input_shape, 16), count("classes", classes, 2)
    activation = "tanh" if historical else "relu"
    pooling = layers.AveragePooling2D if historical else layers.MaxPooling2D
    pictures = keras.Input(input_shape, name="pictures")  # 32×32×1
    x = to_minus_1_1(pictures)
    x = layers.Conv2D(6, 5, activation=activation, name="conv1")(x)  # 28×28×6
    x = pooling(2, name="pool1")(x)  # 14×14×6
    x = layers.Conv2D(16, 5, activation=activation, name="conv2")(x)  # 10×10×16
    x = pooling(2, name="pool2")(x)  # 5×5×16
    x = layers.Flatten(name="flatten")(x)  # 400
    x = layers.Dense(120, activation=activation, name="fc3")(x)
    x = layers.Dense(84, activation=activation, name="fc4")(x)
    x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(pictures, x, name="lenet5")
