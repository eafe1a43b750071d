"""Logistic regression by gradient descent, vectorized over the examples (notes, section 1.2).

Shapes, as in the notes: `X` is (n_x, m), one example a column; `Y` is (1, m), each label 0 or 1; the weights `w` are
(n_x, 1) and the bias `b` is a number.
"""

from dlcourse.scratch.activations import sigmoid
from dlcourse.scratch.checks import finite, mapping, number, whole

import numpy as np


def images_to_columns(images):
    """Unroll each picture into a column of X.

    Args:
        images: uint8, shape (m, height, width) or (m, height, width, channels).

    Returns:
        float64 in [0, 1] (the pixels divided by 255), shape (n_x, m) with n_x = height · width · channels. A column
        holds its picture row by row.

    Raises:
        ValueError: If `images` is not uint8 or has another number of axes.

    Taught in notebook 1-2, section 1.2.1; notes, eq. 1.2.
    """
    try:
        images = np.asarray(images)
    except (TypeError, ValueError):  # rows of different lengths
        images = np.empty((), object)
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise ValueError(
            "images: expected uint8 of shape (m, height, width) or (m, height, width, channels), "
            f"got {images.dtype} of shape {images.shape}"
        )
    return images.reshape(len(images), int(np.prod(images.shape[1:]))).T / 255.0


def forward(w, b, X):
    """The probability of y = 1 for each example: A = σ(wᵀX + b).

    Args:
        w: Weights, shape (n_x, 1).
        b: Bias, a number.
        X: Examples, shape (n_x, m).

    Returns:
        float64 in [0, 1], shape (1, m).

    Raises:
        ValueError: If the shapes do not fit or a value is not finite.

    Taught in notebook 1-2, section 1.2.2.
    """
    return sigmoid(_logits(*_parameters(w, b, _examples(X))))


def compute_cost(A, Y):
    """The mean cross-entropy J = −(1/m) Σ (y log a + (1 − y) log(1 − a)).

    A perfect prediction costs 0. A prediction that is certain and wrong (a = 0 for y = 1, or the reverse) costs
    infinity, as the formula says.

    Args:
        A: Predicted probabilities, shape (1, m), each in [0, 1].
        Y: Labels, shape (1, m), each 0 or 1.

    Returns:
        A float, at least 0.

    Raises:
        ValueError: If the shapes differ, a probability lies outside [0, 1], or a label is neither 0 nor 1.

    Taught in notebook 1-2, section 1.2.3; notes, eqs. 1.4 and 1.5 (with one minus sign, not two).
    """
    A = finite("A", A)
    if A.ndim != 2 or len(A) != 1 or A.shape[1] == 0:
        raise ValueError(f"A: expected shape (1, m) with m at least 1, got {A.shape}")
    if not np.all((A >= 0) & (A <= 1)):
        raise ValueError(f"A: expected probabilities in [0, 1], got values from {A.min()} to {A.max()}")
    Y = _labels(Y, A.shape[1])
    with np.errstate(divide="ignore"):  # log(0) = −∞ is the right answer here
        return float(-np.mean(np.log(np.where(Y == 1, A, 1 - A)))) + 0.0  # a perfect −0.0 becomes 0.0


def propagate(w, b, X, Y):
    """One pass forward and one pass back: the cost and its gradient.

    The cost is computed from z, so it stays exact and finite where a has been rounded to 0 or 1.

    Args:
        w: Weights, shape (n_x, 1).
        b: Bias, a number.
        X: Examples, shape (n_x, m).
        Y: Labels, shape (1, m), each 0 or 1.

    Returns:
        `(grads, cost)`: `grads["dw"]` is ∂J/∂w, shape (n_x, 1); `grads["db"]` is ∂J/∂b, a float; `cost` is J, a float.

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, or a label is neither 0 nor 1.

    Taught in notebook 1-2, section 1.2.9; notes, eqs. 1.7–1.10.
    """
    X = _examples(X)
    w, b, X = _parameters(w, b, X)
    return _propagate(w, b, X, _labels(Y, X.shape[1]))


def gradient_step(w, b, grads, learning_rate):
    """One step downhill: w := w − α ∂J/∂w and b := b − α ∂J/∂b.

    Args:
        w: Weights, shape (n_x, 1); left as they are.
        b: Bias, a number.
        grads: The gradient as `propagate` returns it, `{"dw": (n_x, 1), "db": number}`.
        learning_rate: α, above 0.

    Returns:
        `(w, b)`, the new weights and the new bias.

    Raises:
        ValueError: If the shapes of `w` and `grads["dw"]` differ, a value is not finite, or the learning rate is not a
            number above 0.

    Taught in notebook 1-2, section 1.2.4; notes, eq. 1.6.
    """
    learning_rate, grads = number("learning_rate", learning_rate, above=0), mapping("grads", grads, "dw", "db")
    w, dw = finite("w", w), finite("grads['dw']", grads["dw"])
    if w.shape != dw.shape:
        raise ValueError(f"grads['dw']: expected the shape of w, {w.shape}, got {dw.shape}")
    return w - learning_rate * dw, _one("b", b) - learning_rate * _one("grads['db']", grads["db"])


def train(X, Y, *, learning_rate=0.01, iterations=1000):
    """Fit w and b by gradient descent from zeros, each step on all m examples.

    Args:
        X: Examples, shape (n_x, m).
        Y: Labels, shape (1, m), each 0 or 1.
        learning_rate: α, above 0.
        iterations: Number of steps, 0 or more.

    Returns:
        `((w, b), costs)`: w of shape (n_x, 1), b a float, and the cost before the first step and after each,
        shape (iterations + 1,).

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, a label is neither 0 nor 1, or a setting is out of
            its range.

    Taught in notebook 1-2, section 1.2.9; notes, eq. 1.6.
    """
    iterations = whole("iterations", iterations, least=0)
    X = _examples(X)
    Y = _labels(Y, X.shape[1])
    learning_rate = number("learning_rate", learning_rate, above=0)
    w, b = np.zeros((len(X), 1)), 0.0  # J is convex: any start will do
    costs = np.empty(iterations + 1)
    for step in range(iterations):
        grads, costs[step] = _propagate(w, b, X, Y)
        w, b = w - learning_rate * grads["dw"], b - learning_rate * grads["db"]
    costs[iterations] = _propagate(w, b, X, Y)[1]
    return (w, b), costs


def predict(w, b, X):
    """The more likely label of each example: 1 where the probability is above one half, and 0 elsewhere.

    Args:
        w: Weights, shape (n_x, 1).
        b: Bias, a number.
        X: Examples, shape (n_x, m).

    Returns:
        int64, shape (1, m).

    Raises:
        ValueError: If the shapes do not fit or a value is not finite.

    Taught in notebook 1-2, section 1.2.9.
    """
    return (forward(w, b, X) > 0.5).astype(np.int64)


def _logits(w, b, X):
    return w.T @ X + b


def _propagate(w, b, X, Y):
    m = X.shape[1]
    Z = _logits(w, b, X)
    cost = np.sum(np.logaddexp(0.0, Z) - Y * Z) / m  # log(1 + eᶻ) − yz is the loss, written without a
    dZ = sigmoid(Z) - Y
    return {"dw": X @ dZ.T / m, "db": float(np.sum(dZ) / m)}, float(cost)


def _examples(X):
    X = finite("X", X)
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"X: expected shape (n_x, m), one example a column, got {X.shape}")
    return X


def _parameters(w, b, X):
    w, b = finite("w", w), _one("b", b)
    if w.shape != (len(X), 1):
        raise ValueError(f"w: expected shape {(len(X), 1)}, a weight for each of the {len(X)} rows of X, got {w.shape}")
    return w, b, X


def _one(name, value):
    value = finite(name, value)
    if value.size != 1:
        raise ValueError(f"{name}: expected one number, got shape {value.shape}")
    return float(value.reshape(()))


def _labels(Y, m):
    Y = finite("Y", Y)
    if Y.shape != (1, m):
        raise ValueError(f"Y: expected shape {(1, m)}, a label for each example, got {Y.shape}")
    if not np.all((Y == 0) | (Y == 1)):
        raise ValueError(f"Y: expected labels 0 or 1, got {np.unique(Y[(Y != 0) & (Y != 1)])[:5].tolist()}")
    return Y
