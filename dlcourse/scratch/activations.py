"""Activation functions and their derivatives (notes, sections 1.1.1, 1.2.2, 1.3.3 and 2.5.2; eqs. 1.1, 1.11–1.13, 2.6).

Each works on every number of an array by itself, except `softmax`, which weighs the classes of an example against one
another.
"""

import numbers

from dlcourse.scratch.checks import checked, real

import numpy as np


def sigmoid(z):
    """The logistic function 1 / (1 + e⁻ᶻ): a probability from any number.

    Written with e to the power −|z|, which is at most 1. The textbook formula overflows for z below −709.

    Args:
        z: Numbers, any shape.

    Returns:
        float64 in [0, 1], the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Taught in notebook 1-2, section 1.2.2.
    """
    z = real("z", z)
    power = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, power) / (1.0 + power)


def sigmoid_derivative(z):
    """The slope of the sigmoid, a(1 − a) with a = σ(z): at most 1/4, and nearly 0 where |z| is large.

    Args:
        z: Numbers, any shape.

    Returns:
        float64 in [0, 1/4], the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Its idea is taught in notebook 1-3, section 1.3.3.
    """
    return sigmoid(z) * sigmoid(-real("z", z))  # σ(−z) is 1 − a, with the digits that 1 − a would lose


def tanh(z):
    """The hyperbolic tangent (eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ): a sigmoid stretched to the range from −1 to 1.

    Args:
        z: Numbers, any shape.

    Returns:
        float64 in [−1, 1], the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Taught in notebook 1-3, section 1.3.3; notes, eq. 1.11 (whose denominator should end in e⁻ᶻ, not e⁻¹).
    """
    return np.tanh(real("z", z))


def tanh_derivative(z):
    """The slope of tanh, 1 − a² with a = tanh(z): 1 at z = 0, and nearly 0 where |z| is large.

    Args:
        z: Numbers, any shape.

    Returns:
        float64 in [0, 1], the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Its idea is taught in notebook 1-3, section 1.3.3.
    """
    return 1.0 - tanh(z) ** 2


@checked(z=real)
def relu(z):
    """Return the rectified linear unit max(0, z).

    Args:
        z: Numbers, any shape.

    Returns:
        float64, at least 0, the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Taught in notebook 1-1, section 1.1.1; notes, eqs. 1.1 and 1.12.
    """
    return np.maximum(0, z)


def relu_derivative(z):
    """The slope of ReLU: 1 above 0, and 0 elsewhere; at the kink itself 0, as in TensorFlow.

    Args:
        z: Numbers, any shape.

    Returns:
        float64, each 0 or 1, the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Its idea is taught in notebook 1-3, section 1.3.3.
    """
    return (real("z", z) > 0).astype(np.float64)


def leaky_relu(z, slope=0.01):
    """z above 0, and `slope` · z below: a ReLU that never goes quite flat.

    Args:
        z: Numbers, any shape.
        slope: The slope below 0, in [0, 1).

    Returns:
        float64, the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers, or `slope` lies outside its range.

    Its idea is taught in notebook 1-3, section 1.3.3; notes, eq. 1.13.
    """
    z = real("z", z)
    return np.maximum(_slope(slope) * z, z)


def leaky_relu_derivative(z, slope=0.01):
    """The slope of the leaky ReLU: 1 above 0, and `slope` elsewhere; also at the kink, as in TensorFlow.

    Args:
        z: Numbers, any shape.
        slope: The slope below 0, in [0, 1).

    Returns:
        float64, each 1 or `slope`, the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers, or `slope` lies outside its range.

    Its idea is taught in notebook 1-3, section 1.3.3.
    """
    return np.where(real("z", z) > 0, 1.0, _slope(slope))


def linear(z):
    """No activation at all, g(z) = z: what hidden layers must not have, as notebook 1-3 proves.

    Args:
        z: Numbers, any shape.

    Returns:
        float64, the numbers of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Taught in notebook 1-3, section 1.3.3; notes, eq. 1.14.
    """
    return real("z", z).copy()


def linear_derivative(z):
    """The slope of `linear`: 1 everywhere.

    Args:
        z: Numbers, any shape.

    Returns:
        float64 ones, the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Its idea is taught in notebook 1-3, section 1.3.3.
    """
    return np.ones_like(real("z", z))


def softmax(z):
    """Probabilities of C classes from C numbers: e to the power z, divided by the sum over the classes.

    The largest z of each example is subtracted first. That changes nothing, because it divides numerator and sum by the
    same factor, and keeps e to the power z from overflowing.

    Args:
        z: Numbers, classes along the first axis: shape (C, m) for m examples, or (C,) for one.

    Returns:
        float64 in [0, 1], the shape of `z`; the classes of each example sum to 1.

    Raises:
        ValueError: If `z` does not hold real numbers or has no classes.

    Taught in notebook 2-3, section 2.5.2; notes, eq. 2.6.
    """
    z = real("z", z)
    if z.ndim == 0 or len(z) == 0:
        raise ValueError(f"z: expected classes along the first axis, got shape {z.shape}")
    power = np.exp(z - z.max(axis=0))
    return power / power.sum(axis=0)


_PAIRS = {
    "sigmoid": (sigmoid, sigmoid_derivative),
    "tanh": (tanh, tanh_derivative),
    "relu": (relu, relu_derivative),
    "leaky_relu": (leaky_relu, leaky_relu_derivative),
    "linear": (linear, linear_derivative),
}
ACTIVATIONS = tuple(_PAIRS)  # what a hidden layer may have


def activate(name, z):
    """The activation function of that name, applied to z.

    Args:
        name: One of `ACTIVATIONS`: "sigmoid", "tanh", "relu", "leaky_relu", "linear".
        z: Numbers, any shape.

    Returns:
        float64, the shape of `z`.

    Raises:
        ValueError: If there is no such activation, or `z` does not hold real numbers.

    Taught in notebook 1-3, section 1.3.3.
    """
    return _pair(name)[0](z)


def derivative(name, z):
    """The slope g′(z) of the activation function of that name.

    Args:
        name: One of `ACTIVATIONS`: "sigmoid", "tanh", "relu", "leaky_relu", "linear".
        z: Numbers, any shape.

    Returns:
        float64, the shape of `z`.

    Raises:
        ValueError: If there is no such activation, or `z` does not hold real numbers. "softmax" is none of them: each
            of its outputs depends on every z of the example, so that its derivative is a matrix.

    Taught in notebook 1-3, section 1.3.3.
    """
    return _pair(name)[1](z)


def _pair(name):
    if not isinstance(name, str) or name not in _PAIRS:
        raise ValueError(f"name: expected one of {', '.join(ACTIVATIONS)}, got {name!r}")
    return _PAIRS[name]


def _slope(slope):
    if not isinstance(slope, numbers.Real) or isinstance(slope, bool | np.bool_) or not 0 <= slope < 1:
        raise ValueError(f"slope: expected a number in [0, 1), got {slope!r}")
    return float(slope)
