"""The exercises of notebook 1-1: one neuron, how far off it is, how many weights a network has, ReLU's slope."""

import itertools

from dlcourse.check.exercise import Exercise
from dlcourse.check.libraries import using
from dlcourse.scratch.activations import relu

import numpy as np


def predict_price(lot_size, weight, bias):
    """The price that one ReLU neuron predicts: relu(weight · lot_size + bias).

    Args:
        lot_size: In thousands of square feet, any shape.
        weight: In thousands of dollars for each thousand square feet, which is dollars for each square foot.
        bias: In thousands of dollars.

    Returns:
        Prices in thousands of dollars, at least 0, the shape of `lot_size`.

    Taught in notebook 1-1, section 1.1.1; notes, eq. 1.1.
    """
    return relu(weight * np.asarray(lot_size) + bias)


def mean_absolute_error(predicted, actual):
    """How far predictions are off, on average: the mean of |predicted − actual|.

    Args:
        predicted, actual: Numbers in one unit, both of shape (m,).

    Returns:
        One number of at least 0, in the same unit.

    Taught in notebook 1-1, section 1.1.1.
    """
    return np.mean(np.abs(np.asarray(predicted) - np.asarray(actual)))


def parameter_count(layer_sizes):
    """The number of weights and biases of a fully connected network.

    Args:
        layer_sizes: The number of inputs, then that of the units of each layer: [11, 4, 1].

    Returns:
        An integer. Layer l has n[l−1] · n[l] weights and n[l] biases; the inputs have none.

    Taught in notebook 1-1, section 1.1.2.
    """
    return sum((inputs + 1) * units for inputs, units in itertools.pairwise(layer_sizes))


def relu_gradient(z):
    """The slope of ReLU: 1 where z is above 0, and 0 elsewhere.

    Args:
        z: Numbers, any shape.

    Returns:
        Zeros and ones, the shape of `z`. At 0, where ReLU has a corner, the slope is taken as 0, as in TensorFlow.

    Taught in notebook 1-1, section 1.1.3.
    """
    return (np.asarray(z) > 0).astype(float)


def _numbers(rng):
    return (rng.normal(size=rng.integers(1, 5, size=rng.integers(1, 3))),)


def _lots(rng):
    return rng.uniform(1.5, 16, size=rng.integers(1, 6)), rng.normal(0, 8), rng.normal(0, 30)


def _prices(rng):
    return tuple(rng.uniform(25, 190, size=(2, rng.integers(2, 9))))


def _layers(rng):
    return ([int(size) for size in rng.integers(1, 40, size=rng.integers(2, 6))],)


def _copy_and_mask(z):
    a = z.copy()
    a[a < 0] = 0
    return a


def _layer_by_layer(layer_sizes):
    total = 0
    for i in range(1, len(layer_sizes)):
        weights, biases = layer_sizes[i - 1] * layer_sizes[i], layer_sizes[i]
        total += weights + biases
    return total


def _with_input_biases(layer_sizes):
    return parameter_count(layer_sizes) + layer_sizes[0]


def _weights_only(layer_sizes):
    return sum(inputs * units for inputs, units in itertools.pairwise(layer_sizes))


EXERCISES = [
    Exercise(
        reference=relu,
        notebook="1-1",
        section="1.1.1",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-0.5, 4.0], [1.5, -7.0]]),)],
        random=_numbers,
        properties=[(lambda a, z: np.all(np.asarray(a) >= 0), "no value is negative")],
        wrong=[
            (lambda z: np.max(z), "np.max finds the one largest number; np.maximum compares number by number."),
            (lambda z: np.minimum(0, z), "This keeps the negative side. ReLU keeps the other one."),
            (lambda z: np.abs(z), "A negative z must become 0, not its absolute value."),
            (lambda z: np.asarray(z) > 0, "True and False say where z is positive. Return z itself there."),
            (lambda z: max(0, z), "Python's max wants single numbers; np.maximum works on whole arrays."),
            (lambda z: z, "Nothing has changed: below 0 the answer is 0."),
        ],
        also_right=[
            lambda z: np.maximum(0, z),
            lambda z: np.where(z > 0, z, 0),
            lambda z: z * (z > 0),
            _copy_and_mask,
            using("tensorflow", lambda tf, z: tf.nn.relu(z)),
            using("keras.ops", lambda ops, z: ops.relu(z)),
        ],
        hints=["What is below 0 becomes 0; the rest stays.", "np.maximum compares two arrays number by number."],
    ),
    Exercise(
        reference=predict_price,
        notebook="1-1",
        section="1.1.1",
        cases=[
            (np.array([2.0, 5.0, 10.0]), 8.0, 30.0),
            (np.array([2.0, 5.0, 10.0]), 8.0, -30.0),
            (np.array([[6.0], [1.5]]), 7.0, 25.0),
        ],
        random=_lots,
        properties=[(lambda price, *_: np.all(np.asarray(price) >= 0), "no price is negative")],
        wrong=[
            (
                lambda lot_size, weight, bias: weight * lot_size + bias,
                "That is the line. A price is not negative: put relu around it.",
            ),
            (
                lambda lot_size, weight, bias: relu(weight * lot_size) + bias,
                "The bias belongs inside: relu(weight * lot_size + bias).",
            ),
            (
                lambda lot_size, weight, bias: relu(lot_size + weight + bias),
                "The weight multiplies the lot size; here it is added.",
            ),
            (lambda lot_size, weight, bias: relu(weight * lot_size), "The bias is missing."),
        ],
        also_right=[
            lambda lot_size, weight, bias: relu(weight * lot_size + bias),
            lambda lot_size, weight, bias: np.maximum(0, weight * lot_size + bias),
            lambda lot_size, weight, bias: np.clip(bias + lot_size * weight, 0, None),
            using("tensorflow", lambda tf, lot_size, weight, bias: tf.nn.relu(weight * lot_size + bias)),
        ],
        hints=["First z = weight * lot_size + bias.", "Then relu(z), which is np.maximum(0, z)."],
    ),
    Exercise(
        reference=mean_absolute_error,
        notebook="1-1",
        section="1.1.1",
        cases=[
            (np.array([70.0, 50.0, 90.0]), np.array([60.0, 65.0, 95.0])),
            (np.array([40.0]), np.array([100.0])),
            (np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 4.0])),
        ],
        random=_prices,
        properties=[(lambda error, *_: error >= 0, "the error is not negative")],
        keepdims="numbers",
        wrong=[
            (
                lambda predicted, actual: np.mean(np.subtract(predicted, actual)),
                "Too high and too low cancel each other. Take absolute values before the mean.",
            ),
            (
                lambda predicted, actual: np.abs(np.mean(np.subtract(predicted, actual))),
                "Too high and too low cancel each other. Take absolute values before the mean, not after it.",
            ),
            (
                lambda predicted, actual: np.mean(np.subtract(predicted, actual) ** 2),
                "This is the mean squared error. Here each error counts as it is: np.abs.",
            ),
            (
                lambda predicted, actual: np.sqrt(np.mean(np.subtract(predicted, actual) ** 2)),
                "This is the root of the mean squared error, in which a large error counts for more. Here each error "
                "counts as it is: np.abs.",
            ),
            (
                lambda predicted, actual: np.sum(np.abs(np.subtract(predicted, actual))),
                "This is the sum. Divide it by how many there are, or use np.mean.",
            ),
            (
                lambda predicted, actual: np.abs(np.subtract(predicted, actual)),
                "These are the single errors. One number is wanted: their mean.",
            ),
        ],
        also_right=[
            lambda predicted, actual: np.mean(np.abs(predicted - actual)),
            lambda predicted, actual: abs(actual - predicted).mean(),
            lambda predicted, actual: sum(abs(p - a) for p, a in zip(predicted, actual, strict=True)) / len(actual),
            using("sklearn.metrics", lambda metrics, *prices: metrics.mean_absolute_error(*prices)),
            using("keras.ops", lambda ops, predicted, actual: ops.mean(ops.abs(predicted - actual))),
        ],
        hints=["Subtract, drop the signs, then take the mean.", "np.mean(np.abs(...))"],
    ),
    Exercise(
        reference=parameter_count,
        notebook="1-1",
        section="1.1.2",
        cases=[([1, 1],), ([11, 4, 1],), ([784, 256, 10],), ([2, 3, 3, 2],)],
        random=_layers,
        wrong=[
            (_weights_only, "These are the weights. Each unit has a bias too."),
            (_with_input_biases, "The inputs are given, not computed: they have no biases."),
            (
                lambda layer_sizes: int(np.prod(layer_sizes)) + sum(layer_sizes[1:]),
                "Only neighbouring layers are connected: add their products, layer by layer.",
            ),
            (lambda layer_sizes: sum(layer_sizes), "This counts units. A unit has a weight for each of its inputs."),
            (
                lambda layer_sizes: _weights_only(layer_sizes) + len(layer_sizes) - 1,
                "A bias for each unit, not one for each layer.",
            ),
        ],
        also_right=[
            lambda layer_sizes: sum((k + 1) * n for k, n in itertools.pairwise(layer_sizes)),
            lambda layer_sizes: np.dot(layer_sizes[:-1], layer_sizes[1:]) + sum(layer_sizes[1:]),
            _layer_by_layer,
        ],
        hints=[
            "A unit has one weight for each unit before it, and one bias.",
            "A layer of n units after one of k has (k + 1) * n parameters; add the layers.",
        ],
    ),
    Exercise(
        reference=relu_gradient,
        notebook="1-1",
        section="1.1.3",
        cases=[(np.array([-2.0, 0.5, 3.0]),), (np.array([-1.0, 0.0, 1.0]),), (np.array([[-4.0]]),)],
        random=_numbers,
        properties=[
            (lambda slope, z: np.all((np.asarray(slope) == 0) | (np.asarray(slope) == 1)), "every slope is 0 or 1")
        ],
        wrong=[
            (lambda z: np.maximum(0.0, z), "This is ReLU itself. How fast does it rise with z?"),
            (lambda z: np.ones_like(z), "Below 0 ReLU is flat: its slope there is 0, not 1."),
            (
                lambda z: np.sign(z),
                "Below 0 ReLU is flat: its slope there is 0, not −1.",
            ),
            (lambda z: (np.asarray(z) >= 0).astype(float), "At 0 itself we take the slope as 0, as TensorFlow does."),
        ],
        also_right=[
            lambda z: z > 0,
            lambda z: (z > 0).astype(float),
            lambda z: np.where(z > 0, 1, 0),
            lambda z: np.heaviside(z, 0.0),
            using("tensorflow", lambda tf, z: tf.cast(z > 0, tf.float32)),
        ],
        hints=["Draw ReLU: how steep is it left of 0, and right of it?", "(z > 0) is True where the slope is 1."],
    ),
]
