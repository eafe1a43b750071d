"""Activation functions and their slopes (notes, sections 1.1.1, 1.2.2, 1.3.3 and 2.5.2; eqs. 1.1, 1.11–1.13, 2.6).

Each takes real numbers of any shape, each number by itself, and returns float64 in that shape. Only `softmax` weighs
the classes of an example against one another.
"""

from dlcourse.scratch.checks import among, checked, fraction, real

import numpy as np


@checked(z=real)
def sigmoid(z):
    """Return the logistic function 1 / (1 + e⁻ᶻ): a probability in [0, 1] from any number.

    Raises ValueError if `z` does not hold real numbers.
    Taught in notebook 1-2, section 1.2.2.
    """
    power = np.exp(-np.abs(z))  # at most 1; the textbook formula overflows for z below −709
    return np.where(z >= 0, 1.0, power) / (1.0 + power)


@checked(z=real)
def sigmoid_derivative(z):
    """Return the slope of the sigmoid, a(1 − a) with a = σ(z): at most 1/4, and nearly 0 where |z| is large.

    Raises ValueError if `z` does not hold real numbers.
    Exercise in notebook 1-3, section 1.3.3.
    """
    return sigmoid.core(z) * sigmoid.core(-z)  # σ(−z) is 1 − a, with the digits that 1 − a would lose


@checked(z=real)
def tanh(z):
    """Return the hyperbolic tangent (eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ): a sigmoid stretched to the range from −1 to 1.

    Raises ValueError if `z` does not hold real numbers.
    Taught in notebook 1-3, section 1.3.3; notes, eq. 1.11 (whose denominator should end in e⁻ᶻ, not e⁻¹).
    """
    return np.tanh(z)


@checked(z=real)
def relu(z):
    """Return the rectified linear unit max(0, z).

    Raises ValueError if `z` does not hold real numbers.
    Taught in notebook 1-1, section 1.1.1; notes, eqs. 1.1 and 1.12.
    """
    return np.maximum(0, z)


@checked(z=real, slope=fraction)
def leaky_relu(z, slope=0.01):
    """Return z above 0, and `slope` · z below: a ReLU that is never quite flat.

    Args:
        z: Numbers, any shape.
        slope: Slope below 0, in [0, 1).

    Raises ValueError if `z` does not hold real numbers, or `slope` lies outside its range.
    Exercise in notebook 1-3, section 1.3.3; notes, eq. 1.13.
    """
    return np.maximum(slope * z, z)


def _has_classes(arguments):
    z = arguments["z"]
    if z.ndim == 0 or len(z) == 0:
        raise ValueError(f"z: expected classes along the first axis, got shape {z.shape}")


@checked(_has_classes, z=real)
def softmax(z):
    """Return probabilities of C classes from C numbers: e to the power z, divided by the sum over the classes.

    Args:
        z: Numbers, classes along the first axis: shape (C, m) for m examples, or (C,) for one.

    Returns float64 in [0, 1], the shape of `z`; the classes of each example sum to 1.
    Raises ValueError if `z` does not hold real numbers or has no classes.
    Taught in notebook 2-3, section 2.5.2; notes, eq. 2.6.
    """
    power = np.exp(z - z.max(axis=0))  # the largest is e⁰; the factor cancels, and nothing overflows
    return power / power.sum(axis=0)  # along axis 0 are the classes


_FUNCTIONS = {
    "sigmoid": sigmoid.core,
    "tanh": tanh.core,
    "relu": relu.core,
    "leaky_relu": leaky_relu.core,
    "linear": np.copy,  # g(z) = z, which hidden layers must not have, as notebook 1-3 proves
    "softmax": softmax.core,
}
_SLOPES = {
    "sigmoid": sigmoid_derivative.core,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,  # at the kink 0, as in TensorFlow
    "leaky_relu": lambda z: np.where(z > 0, 1.0, 0.01),
    "linear": np.ones_like,
}
ACTIVATIONS = tuple(_SLOPES)  # what a hidden layer may have


@checked(name=among(*ACTIVATIONS), z=real)
def activate(name, z):
    """Return g(z), with the activation function g of that name: one of `ACTIVATIONS`.

    Raises ValueError if there is no such activation, or `z` does not hold real numbers.
    Taught in notebook 1-3, section 1.3.3.
    """
    return _FUNCTIONS[name](z)


@checked(name=among(*ACTIVATIONS), z=real)
def derivative(name, z):
    """Return the slope g′(z) of the activation function of that name: one of `ACTIVATIONS`.

    Softmax is none of them: each of its outputs depends on every z of the example, so its derivative is a matrix.

    Raises ValueError if there is no such activation, or `z` does not hold real numbers.
    Taught in notebook 1-3, section 1.3.3.
    """
    return _SLOPES[name](z)
