"""The cost of a network: cross-entropy, and a penalty on large weights (notes, sections 1.2.3, 2.1.5, 2.1.6, 2.5.2)."""

from dlcourse.scratch import logistic
from dlcourse.scratch.checks import (
    among,
    at_least,
    checked,
    finite,
    floats,
    labels,
    optional,
    probabilities,
    scale,
    shapes,
)

import numpy as np

PENALTIES = ("l2", "l1")


def _penalized_weights_given(arguments):
    if arguments["lambd"] and arguments["parameters"] is None:
        raise ValueError("parameters: expected the weights that lambd penalizes, got None")


@checked(
    shapes(AL="C m", Y="C m"),
    labels,
    _penalized_weights_given,
    **{"AL": probabilities, "parameters": optional(floats), "lambd": scale, "penalty": among(*PENALTIES)},
)
def compute_cost(AL, Y, parameters=None, lambd=0.0, penalty="l2"):
    """Return the mean cross-entropy of the predictions, plus a penalty on large weights: J, 0 or more.

    A perfect prediction costs 0. One that is certain and wrong costs infinity, as the formula says.

    Args:
        AL: Predicted probabilities: shape (1, m) from a sigmoid, or (C, m) from a softmax.
        Y: Labels, the shape of AL: each 0 or 1 for one row, one-hot columns for several.
        parameters: Parameters that are penalized; not needed where `lambd` is 0.
        lambd: λ, 0 or more.
        penalty: "l2" adds λ/(2m) Σ w² over all weights, "l1" adds λ/(2m) Σ |w|.

    Raises ValueError if the shapes differ, a probability lies outside [0, 1], a label is none, or λ is below 0.
    Taught in notebooks 1-2, section 1.2.3, 2-1, section 2.1.5, and 2-3, section 2.5.2; notes, eqs. 1.4, 1.5,
    2.1–2.4 and 2.7.
    """
    m = Y.shape[1]
    if len(Y) > 1:  # of several classes only the true one counts: −log of its probability
        AL, Y = AL[Y == 1], np.ones(m)
    cost = logistic.compute_cost.core(AL, Y)
    if lambd:
        weight_cost = l2_cost.core if penalty == "l2" else l1_cost
        cost += weight_cost(parameters, lambd, m)
    return cost


@checked(parameters=floats, lambd=scale, m=at_least(1))
def l2_cost(parameters, lambd, m):
    """Return what L2 regularization adds to the cost: λ/(2m) times the squared Frobenius norms of all weight matrices.

    Args:
        parameters: A dict; only its weights, "W1", "W2", …, count.
        lambd: λ, 0 or more.
        m: Number of examples.

    Raises ValueError if `lambd` is below 0 or `m` is not a whole number above 0.
    Taught in notebook 2-1, section 2.1.6; notes, eqs. 2.1–2.4.
    """
    squares = sum(np.sum(np.square(W)) for name, W in parameters.items() if name[0] == "W")
    return float(squares * lambd / (2 * m))


def l1_cost(parameters, lambd, m):
    """Return what L1 regularization adds to the cost: λ/(2m) times the sum of the absolute values of all weights."""
    sizes = sum(np.sum(np.abs(W)) for name, W in parameters.items() if name[0] == "W")
    return float(sizes * lambd / (2 * m))


def penalty_gradient(W, lambd, m, penalty):
    """Return what a penalty adds to dW; where a weight is 0, the slope of |w| is taken as 0."""
    return lambd / m * W if penalty == "l2" else lambd / (2 * m) * np.sign(W)


def _class_numbers(arguments):
    labels, classes = arguments["labels"], arguments["classes"]
    if labels.ndim == 2 and len(labels) == 1:
        labels = labels[0]
    if labels.ndim != 1:
        raise ValueError(f"labels: expected shape (m,) or (1, m), got {labels.shape}")
    if np.any(outside := ~np.isin(labels, np.arange(classes))):
        found = np.unique(labels[outside])[:5].tolist()
        raise ValueError(f"labels: expected whole numbers from 0 to {classes - 1}, got {found}")
    arguments["labels"] = labels.astype(np.int64)


@checked(_class_numbers, labels=finite, classes=at_least(1))
def one_hot(labels, classes):
    """Write class numbers as columns with a single 1: the labels that a softmax is trained on.

    Args:
        labels: Whole numbers from 0 to classes − 1, shape (m,) or (1, m).
        classes: C, the number of classes.

    Returns:
        float64, shape (C, m).

    Raises ValueError if a label is not the number of a class.
    Taught in notebook 1-4, section 1.4.3.
    """
    return np.eye(classes)[:, labels]
