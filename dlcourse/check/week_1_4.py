"""The exercises of notebook 1-4: deep networks."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch import network
from dlcourse.scratch.activations import activate, derivative

import numpy as np

exercise = partial(Exercise, notebook="1-4")

_W, _B = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, -1.0]]), np.array([[0.5], [-3.0]])
_A_PREV = np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 4.0]])  # with as many examples as units: b.T would fit too
_SQUARE = np.array([[2.0, -1.0, 0.0], [0.5, 0.0, 1.0], [1.0, 1.0, -2.0]])  # W and W.T would both fit


def _layer(rng):
    """Draw A_prev, W, b, activation of a layer of any size."""
    n_prev, n, m = rng.integers(1, 5, size=3)
    name = ("sigmoid", "tanh", "relu", "leaky_relu")[rng.integers(4)]
    return rng.normal(size=(n_prev, m)), rng.normal(size=(n, n_prev)), rng.normal(size=(n, 1)), name


def _gradient(rng):
    A, cache = network.forward_step(*_layer(rng))
    return rng.normal(size=A.shape), cache


def _given(dA, *layer):
    return np.array(dA), network.forward_step(*layer)[1]


def _needed(function, *arguments):
    """Return a forward step's answer without what its cache holds beyond the five values that are asked for."""
    result = function(*arguments)
    if isinstance(result, tuple | list) and len(result) == 2 and isinstance(result[1], dict):
        kept = ("A_prev", "W", "b", "Z", "activation")
        return result[0], {key: result[1][key] for key in kept if key in result[1]}
    return result


def confusion_matrix(labels, predictions, classes):
    """Count how often each class was taken for which: row = what it is, column = what it was called.

    Args:
        labels: True classes, whole numbers 0 … classes − 1, shape (m,).
        predictions: Predicted classes, the same shape.
        classes: C, the number of classes.

    Returns:
        Whole numbers, shape (C, C), that sum to m.

    Exercise in notebook 1-4, section 1.4.4.
    """
    matrix = np.zeros((classes, classes), dtype=int)
    np.add.at(matrix, (labels, predictions), 1)  # a plain += would count a pair that occurs twice as one
    return matrix


def _classified(rng):
    m, classes = rng.integers(1, 30), int(rng.integers(2, 5))
    return rng.integers(classes, size=m), rng.integers(classes, size=m), classes


EXERCISES = [
    exercise(
        reference=network.parameter_shapes,
        section="1.4.1",
        cases=[([784, 128, 64, 10],), ([3, 1],), ([2, 4, 4, 3, 1],)],
        random=lambda rng: (rng.integers(1, 9, size=rng.integers(2, 7)).tolist(),),
        properties=[
            (
                lambda shapes, dims: all(shapes[f"W{l + 1}"][1] == shapes[f"W{l}"][0] for l in range(1, len(dims) - 1)),
                "each W has as many columns as the W before it has rows",
            )
        ],
        slips="""
            (n, n_prev) -> (n_prev, n)
                This is W transposed, as Keras stores it. In W[l] A[l−1], a row of W belongs to a unit of layer l,
                a column to a unit of layer l−1.
            (n, 1) -> (n,)
                b is a column, (n[l], 1). Of shape (n[l],) NumPy would lay it along a row.
            (n, 1) -> (n_prev, 1)
                A bias belongs to a unit of layer l itself: there are n[l] of them.
            range(1, len(layer_dims)) -> range(1, len(layer_dims) - 1)
                The last layer has parameters too. The input is layer 0 and not counted: a list of four numbers makes
                three layers.
        """,
        hints=[
            "Layer l runs from 1 to len(layer_dims) - 1, and n[l] is layer_dims[l].",
            'shapes[f"W{l}"] = (n[l], n[l−1]) and shapes[f"b{l}"] = (n[l], 1).',
        ],
    ),
    exercise(
        reference=network.forward_step,
        section="1.4.3",
        cases=[
            (_A_PREV, _W, _B, "sigmoid"),
            (_A_PREV, _W, _B, "relu"),
            (_A_PREV, _SQUARE, np.array([[1.0], [0.0], [-1.0]]), "tanh"),
        ],
        random=_layer,
        through=_needed,
        properties=[
            (
                lambda result, *_: np.allclose(result[0], activate(result[1]["activation"], result[1]["Z"])),
                "A is the activation of the Z in the cache",
            )
        ],
        slips="""
            W @ A_prev + b -> W @ A_prev
                The bias is missing: Z = W A_prev + b.
            A = activate.core(activation, Z) -> A = Z
                This returns Z. A is the activation function of Z.
            "Z": Z -> "Z": A
                The cache needs Z, from before the activation: the slope g′ is taken there.
            "A_prev": A_prev, ->
                The cache is as in the notes, and that is not enough: without A_prev, dW cannot be computed.
            + b -> + b.T
                b is a column and must stay one, so that each unit gets its own bias. As a row it gives each example
                another one.
            W @ A_prev -> W.T @ A_prev
                W has a row for each unit of this layer: W @ A_prev, without a transpose.
        """,
        hints=[
            "Z = W @ A_prev + b; the column b is added to each of the m columns by itself.",
            "A = activations.activate(activation, Z) finds the function by its name.",
            'Return A, {"A_prev": A_prev, "W": W, "b": b, "Z": Z, "activation": activation}.',
        ],
    ),
    exercise(
        reference=network.backward_step,
        section="1.4.3",
        cases=[
            _given([[1.0, -2.0], [0.5, 3.0]], _A_PREV, _W, _B, "relu"),  # its second unit is flat on both examples
            _given([[1.0, -2.0], [0.5, 3.0]], _A_PREV, _W, _B, "sigmoid"),
        ],
        random=_gradient,
        properties=[
            (
                lambda result, dA, cache: np.allclose(
                    result[2][~np.any(derivative(cache["activation"], cache["Z"]), axis=1)], 0
                ),
                "a unit that is flat on every example gets no gradient",
            )
        ],
        slips="""
            dA * derivative.core(cache["activation"], cache["Z"]) -> dA
                The activation's slope is missing: dZ = dA * g′(Z).
            A_prev.T / m -> A_prev.T
            np.mean(dZ -> np.sum(dZ
                dW and db are means over the m examples: divide both by m.
            np.mean(dZ -> np.sum(dZ
                db is a mean over the m examples too.
            W.T @ dZ -> W.T @ dZ / m
                dA_prev belongs to each example by itself: the mean is taken once, in dW and db, and not again in
                every layer.
            , keepdims=True ->
                db lost its column: sum with axis=1 and keepdims=True, so that it has the shape of b.
            derivative.core -> activate.core
                g(Z) is A itself; here its slope g′(Z) is needed.
        """,
        hints=[
            'dZ = dA * activations.derivative(cache["activation"], cache["Z"]), number by number.',
            "dW = dZ @ A_prev.T / m has the shape of W. Each row of dZ has a mean: db, a column.",
            'dA_prev = cache["W"].T @ dZ, without a mean. Return dA_prev, dW, db.',
        ],
    ),
    exercise(
        reference=confusion_matrix,
        section="1.4.4",
        cases=[
            (np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0]), 3),
            (np.array([1, 1]), np.array([0, 0]), 2),
        ],
        random=_classified,
        properties=[(lambda matrix, labels, *_: np.sum(matrix) == len(labels), "it counts every example once")],
        slips="""
            np.add.at(matrix, (labels, predictions), 1) -> matrix[labels, predictions] += 1
                matrix[labels, predictions] += 1 counts a repeated pair only once. np.add.at counts each,
                and so does a loop.
            (labels, predictions) -> (predictions, labels)
                Rows and columns have changed places: the row is what it is, the column what it was called.
            return matrix -> return np.diag(np.diag(matrix))
                These are only the hits; the errors, off the diagonal, are what the table is for.
        """,
        hints=[
            "Start from np.zeros((classes, classes), dtype=int) and look at one example after the other.",
            "For a picture of class i that was called j, add 1 to matrix[i, j].",
        ],
    ),
]
