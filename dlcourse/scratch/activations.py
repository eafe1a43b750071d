"""Activation functions: what a neuron makes of its weighted sum z (notes, sections 1.1.1 and 1.2.2)."""

from dlcourse.scratch._checks import real

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


def relu(z):
    """The rectified linear unit max(0, z).

    Args:
        z: Numbers, any shape.

    Returns:
        float64, at least 0, the shape of `z`.

    Raises:
        ValueError: If `z` does not hold real numbers.

    Taught in notebook 1-1, section 1.1.1; notes, eq. 1.1.
    """
    return np.maximum(0.0, real("z", z))
