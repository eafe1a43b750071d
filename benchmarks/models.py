"""How fast the networks of dlcourse.models are: forward and one step of training, beside those of keras.applications.

python benchmarks/models.py
"""

import functools

from dlcourse import models

import keras
import numpy as np
import tensorflow as tf

import timing
from timing import difference

SHAPE, BATCH, CLASSES = (128, 128, 3), 8, 1000
GOAL = 1.05
NETS = {
    "resnet50": (models.resnet50, keras.applications.ResNet50, keras.applications.resnet50),
    "mobilenet_v1": (  # without dropout: what is drawn would make the two costs differ
        functools.partial(models.mobilenet_v1, dropout=0.0),
        functools.partial(keras.applications.MobileNet, dropout=0.0),
        keras.applications.mobilenet,
    ),
    "mobilenet_v2": (models.mobilenet_v2, keras.applications.MobileNetV2, keras.applications.mobilenet_v2),
}


def main(rounds=20):
    rows = []
    for name in NETS:
        nets = pair(name)
        for what, compiled, tolerance in (("forward", forward, 1e-4), ("step", step, 1e-3)):
            functions = [compiled(net) for net in nets]
            first, second = (function() for function in functions)
            assert difference(first, second) < tolerance, f"{name}: the two {what}s compute something else"
            ours, theirs = timing.take_turns(functions, rounds)
            rows.append([f"{name}, {what}, ours / Keras'", ours, theirs, f"at most {GOAL}", ours / theirs <= GOAL])
    timing.print_table(rows)


def pair(name):
    """Build our network and Keras', with the same weights; both take pictures in 0…255."""
    build, theirs, module = NETS[name]
    ours, theirs = build(SHAPE, classes=CLASSES), theirs(input_shape=SHAPE, classes=CLASSES, weights=None)
    ours.set_weights(theirs.get_weights())
    pictures = keras.Input(SHAPE)
    theirs = keras.Model(pictures, theirs(module.preprocess_input(pictures)))
    trained = [sum(w.shape.num_elements() for w in net.trainable_weights) for net in (ours, theirs)]
    assert trained[0] == trained[1], f"{name}: {trained[0]} numbers are trained here, {trained[1]} there"
    return ours, theirs


def examples(seed=0):
    """Draw pictures of noise and their classes."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (BATCH, *SHAPE)).astype("float32")
    return tf.constant(pictures), tf.constant(rng.integers(0, CLASSES, BATCH))


def forward(net):
    """Return a compiled function that computes the probabilities of the examples."""
    x, _ = examples()
    return tf.function(lambda: net(x, training=False))


def step(net):
    """Return a compiled function that trains on the examples once and returns their cost before."""
    (x, y), optimizer = examples(), keras.optimizers.SGD(1e-3)
    optimizer.build(net.trainable_variables)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            cost = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, net(x, training=True)))
        variables = net.trainable_variables
        optimizer.apply(tape.gradient(cost, [variable.value for variable in variables]), variables)
        return cost

    return train


if __name__ == "__main__":
    main()
