"""The exercises of notebook 1-1: one neuron, how far off it is, how many weights a network has, ReLU's slope."""

import itertools
from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch.activations import relu

import numpy as np

exercise = partial(Exercise, notebook="1-1")


def predict_price(lot_size, weight, bias):
    """Predict the price of a house with one ReLU neuron: relu(weight · lot_size + bias).

    Args:
        lot_size: In thousands of square feet, any shape.
        weight: In thousands of dollars for each thousand square feet, which is dollars for each square foot.
        bias: In thousands of dollars.

    Returns:
        Prices in thousands of dollars, at least 0, the shape of `lot_size`.
    """
    return relu(weight * lot_size + bias)


def mean_absolute_error(predicted, actual):
    """Compute how far predictions, shape (m,), are off on average, in their unit: the mean of |predicted − actual|."""
    return np.mean(np.abs(predicted - actual))


def parameter_count(layer_sizes):
    """Count the weights and biases of a fully connected network.

    Args:
        layer_sizes: Number of inputs, then that of the units of each layer: [11, 4, 1].

    Returns:
        An integer. Layer l has n[l−1] · n[l] weights and n[l] biases; the inputs have none.
    """
    return sum((inputs + 1) * units for inputs, units in itertools.pairwise(layer_sizes))


def relu_gradient(z):
    """Return the slope of ReLU at z, of any shape: 1 above 0, 0 elsewhere; at 0, its corner, 0 as in TensorFlow."""
    return (z > 0).astype(float)


def _numbers(rng):
    return (rng.normal(size=rng.integers(1, 5, size=rng.integers(1, 3))),)


EXERCISES = [
    exercise(
        reference=relu,
        section="1.1.1",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-0.5, 4.0], [1.5, -7.0]]),)],
        random=_numbers,
        properties=[(lambda a, z: np.all(np.asarray(a) >= 0), "no value is negative")],
        slips="""
            np.maximum(0, z) -> np.max(z)
                np.max finds the one largest number; np.maximum compares number by number.
            np.maximum -> np.minimum
                This keeps the negative side. ReLU keeps the other one.
            np.maximum(0, z) -> np.abs(z)
                A negative z must become 0, not its absolute value.
            np.maximum(0, z) -> z > 0
                True and False say where z is positive. Return z itself there.
            np.maximum -> max
                Python's max wants single numbers; np.maximum works on whole arrays.
            np.maximum(0, z) -> z
                Nothing has changed: below 0 the answer is 0.
        """,
        hints=["What is below 0 becomes 0; the rest stays.", "np.maximum compares two arrays number by number."],
    ),
    exercise(
        reference=predict_price,
        section="1.1.1",
        cases=[
            (np.array([2.0, 5.0, 10.0]), 8.0, 30.0),
            (np.array([2.0, 5.0, 10.0]), 8.0, -30.0),
            (np.array([[6.0], [1.5]]), 7.0, 25.0),
        ],
        random=lambda rng: (rng.uniform(1.5, 16, size=rng.integers(1, 6)), rng.normal(0, 8), rng.normal(0, 30)),
        properties=[(lambda price, *_: np.all(np.asarray(price) >= 0), "no price is negative")],
        slips="""
            relu(weight * lot_size + bias) -> weight * lot_size + bias
                That is the line. A price is not negative: put relu around it.
            + bias) -> ) + bias
                The bias belongs inside: relu(weight * lot_size + bias).
            weight * lot_size -> lot_size + weight
                The weight multiplies the lot size; here it is added.
            + bias ->
                The bias is missing.
        """,
        hints=["First z = weight * lot_size + bias.", "Then relu(z), which is np.maximum(0, z)."],
    ),
    exercise(
        reference=mean_absolute_error,
        section="1.1.1",
        cases=[
            (np.array([70.0, 50.0, 90.0]), np.array([60.0, 65.0, 95.0])),
            (np.array([40.0]), np.array([100.0])),
            (np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 4.0])),
        ],
        random=lambda rng: tuple(rng.uniform(25, 190, size=(2, rng.integers(2, 9)))),
        properties=[(lambda error, *_: error >= 0, "the error is not negative")],
        keepdims="numbers",
        slips="""
            np.abs(predicted - actual) -> predicted - actual
                Too high and too low cancel each other. Take absolute values before the mean.
            np.mean(np.abs( -> np.abs(np.mean(
                Too high and too low cancel each other. Take absolute values before the mean, not after it.
            np.abs(predicted - actual) -> (predicted - actual) ** 2
                This is the mean squared error. Here each error counts as it is: np.abs.
            np.mean(np.abs(predicted - actual)) -> np.sqrt(np.mean((predicted - actual) ** 2))
                This is the root of the mean squared error, in which a large error counts for more. Here each error
                counts as it is: np.abs.
            np.mean -> np.sum
                This is the sum. Divide it by how many there are, or use np.mean.
            np.mean(np.abs(predicted - actual)) -> np.abs(predicted - actual)
                These are the single errors. One number is wanted: their mean.
        """,
        hints=["Subtract, drop the signs, then take the mean.", "np.mean(np.abs(...))"],
    ),
    exercise(
        reference=parameter_count,
        section="1.1.2",
        cases=[([1, 1],), ([11, 4, 1],), ([784, 256, 10],), ([2, 3, 3, 2],)],
        random=lambda rng: ([int(size) for size in rng.integers(1, 40, size=rng.integers(2, 6))],),
        slips="""
            (inputs + 1) * units -> inputs * units
                These are the weights. Each unit has a bias too.
            pairwise(layer_sizes)) -> pairwise(layer_sizes)) + layer_sizes[0]
                The inputs are given, not computed: they have no biases.
            sum((inputs + 1) * units for -> int(np.prod(layer_sizes)) + sum(units for
                Only neighboring layers are connected: add their products, layer by layer.
            (inputs + 1) * units for -> units for
            pairwise(layer_sizes) -> pairwise([0, *layer_sizes])
                This counts units. A unit has a weight for each of its inputs.
            (inputs + 1) * units -> inputs * units + 1
                A bias for each unit, not one for each layer.
        """,
        hints=[
            "A unit has one weight for each unit before it, and one bias.",
            "A layer of n units after one of k has (k + 1) * n parameters; add the layers.",
        ],
    ),
    exercise(
        reference=relu_gradient,
        section="1.1.3",
        cases=[(np.array([-2.0, 0.5, 3.0]),), (np.array([-1.0, 0.0, 1.0]),), (np.array([[-4.0]]),)],
        random=_numbers,
        properties=[(lambda slope, z: np.all(np.isin(slope, (0, 1))), "every slope is 0 or 1")],
        slips="""
            (z > 0).astype(float) -> np.maximum(0.0, z)
                This is ReLU itself. How fast does it rise with z?
            (z > 0).astype(float) -> np.ones_like(z)
                Below 0 ReLU is flat: its slope there is 0, not 1.
            (z > 0).astype(float) -> np.sign(z)
                Below 0 ReLU is flat: its slope there is 0, not −1.
            z > 0 -> z >= 0
                At 0 itself we take the slope as 0, as TensorFlow does.
        """,
        hints=["Draw ReLU: how steep is it left of 0, and right of it?", "(z > 0) is True where the slope is 1."],
    ),
]
