"""Logistic regression by gradient descent, vectorized over the examples (notes, section 1.2).

Shapes, as in the notes: `X` is (n_x, m), one example a column; `Y` is (1, m), each label 0 or 1; the weights `w` are
(n_x, 1) and the bias `b` is a number.

    A = σ(wᵀX + b),  J = −(1/m) Σ (y log a + (1 − y) log(1 − a)),  ∂J/∂w = X(A − Y)ᵀ/m,  ∂J/∂b = mean of A − Y
"""

from dlcourse.scratch.activations import sigmoid
from dlcourse.scratch.checks import (
    at_least,
    checked,
    finite,
    labels,
    mapping,
    one_number,
    positive,
    probabilities,
    same_shape,
    shapes,
)

import numpy as np


def _uint8_images(name, images):
    try:
        images = np.asarray(images)
    except (TypeError, ValueError):  # rows of different lengths
        images = np.empty((), object)
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise ValueError(
            f"{name}: expected uint8 of shape (m, height, width) or (m, height, width, channels), "
            f"got {images.dtype} of shape {images.shape}"
        )
    return images


def _gradient(name, grads):
    grads = mapping(name, grads, "dw", "db")
    return {"dw": finite("grads['dw']", grads["dw"]), "db": one_number("grads['db']", grads["db"])}


@checked(images=_uint8_images)
def images_to_columns(images):
    """Unroll each picture into a column of X.

    Args:
        images: uint8, shape (m, height, width) or (m, height, width, channels).

    Returns float64 in [0, 1] (the pixels divided by 255), shape (n_x, m) with n_x = height · width · channels. A column
    holds its picture row by row.
    Raises ValueError if `images` is not uint8 or has another number of axes.
    Taught in notebook 1-2, section 1.2.1; notes, eq. 1.2.
    """
    n_x = int(np.prod(images.shape[1:]))
    return images.reshape(len(images), n_x).T / 255  # (m, n_x) transposed: (n_x, m)


@checked(shapes(X="n_x m", w="n_x 1"), b=one_number)
def forward(w, b, X):
    """Return the probability of y = 1 for each example: A = σ(wᵀX + b), shape (1, m).

    Args:
        w: Weights, shape (n_x, 1).
        b: Bias, a number.
        X: Examples, shape (n_x, m).

    Raises ValueError if the shapes do not fit or a value is not finite.
    Taught in notebook 1-2, section 1.2.2.
    """
    return sigmoid.core(w.T @ X + b)


@checked(shapes(A="1 m", Y="1 m"), labels, A=probabilities)
def compute_cost(A, Y):
    """Return the mean cross-entropy J = −(1/m) Σ (y log a + (1 − y) log(1 − a)), 0 or more.

    A perfect prediction costs 0. A prediction that is certain and wrong (a = 0 for y = 1, or the reverse) costs
    infinity, as the formula says.

    Args:
        A: Predicted probabilities, shape (1, m), each in [0, 1].
        Y: Labels, shape (1, m), each 0 or 1.

    Raises ValueError if the shapes differ, a probability lies outside [0, 1], or a label is neither 0 nor 1.
    Taught in notebook 1-2, section 1.2.3; notes, eqs. 1.4 and 1.5 (with one minus sign, not two).
    """
    of_truth = np.where(Y == 1, A, 1 - A)  # the probability that the true label was given
    with np.errstate(divide="ignore"):  # log(0) = −∞ is the right answer here
        return float(-np.mean(np.log(of_truth))) + 0.0  # −0.0 becomes 0.0


@checked(shapes(X="n_x m", w="n_x 1", Y="1 m"), labels, b=one_number)
def propagate(w, b, X, Y):
    """Compute the cost and its gradient: one pass forward and one pass back.

    The cost is computed from z, so it stays exact and finite where a has been rounded to 0 or 1.

    Args:
        w, b, X: As for `forward`.
        Y: As for `compute_cost`.

    Returns `(grads, cost)`: `grads["dw"]` is ∂J/∂w, shape (n_x, 1); `grads["db"]`, ∂J/∂b, and `cost`, J, are floats.
    Raises ValueError if the shapes do not fit, a value is not finite, or a label is neither 0 nor 1.
    Taught in notebook 1-2, section 1.2.9; notes, eqs. 1.7–1.10.
    """
    m = X.shape[1]
    Z = w.T @ X + b  # (1, m)
    A = sigmoid.core(Z)
    losses = np.logaddexp(0, Z) - Y * Z  # log(1 + eᶻ) − yz: −log a where y is 1, −log(1 − a) where it is 0
    dZ = A - Y
    return {"dw": X @ dZ.T / m, "db": float(np.sum(dZ) / m)}, float(np.sum(losses) / m)


@checked(same_shape("w", "grads.dw"), b=one_number, grads=_gradient, learning_rate=positive)
def gradient_step(w, b, grads, learning_rate):
    """Take one step downhill: w := w − α ∂J/∂w and b := b − α ∂J/∂b.

    Args:
        w, b: As for `forward`; left as they are.
        grads: Gradient as `propagate` returns it, `{"dw": (n_x, 1), "db": number}`.
        learning_rate: α, above 0.

    Returns `(w, b)`, the new weights and the new bias.
    Raises ValueError if the shapes differ, a value is not finite, or the learning rate is not above 0.
    Taught in notebook 1-2, section 1.2.4; notes, eq. 1.6.
    """
    return w - learning_rate * grads["dw"], b - learning_rate * grads["db"]


@checked(shapes(X="n_x m", Y="1 m"), labels, learning_rate=positive, iterations=at_least(0))
def train(X, Y, *, learning_rate=0.01, iterations=1000):
    """Fit w and b by gradient descent from zeros, each step on all m examples.

    Args:
        X, Y: As for `propagate`.
        learning_rate: α, above 0.
        iterations: Number of steps, 0 or more.

    Returns `((w, b), costs)`: w of shape (n_x, 1), b a float, and the cost before the first step and after each, shape
    (iterations + 1,).
    Raises ValueError if the shapes do not fit, a value is not finite, or a setting is out of its range.
    Taught in notebook 1-2, section 1.2.9; notes, eq. 1.6.
    """
    w, b = np.zeros((len(X), 1)), 0.0  # J is convex: any start will do
    costs = np.empty(iterations + 1)
    for step in range(iterations):
        grads, costs[step] = propagate.core(w, b, X, Y)
        w, b = gradient_step.core(w, b, grads, learning_rate)
    costs[iterations] = propagate.core(w, b, X, Y)[1]
    return (w, b), costs


def predict(w, b, X):
    """Return the more likely label of each example: 1 where the probability is above one half, and 0 elsewhere.

    Args:
        w, b, X: As for `forward`.

    Returns int64, shape (1, m).
    Raises ValueError if the shapes do not fit or a value is not finite.
    Taught in notebook 1-2, section 1.2.9.
    """
    return (forward(w, b, X) > 0.5).astype(np.int64)
