"""The exercises of notebook 1-4: deep networks."""

from dlcourse.check.exercise import Exercise
from dlcourse.check.libraries import using
from dlcourse.scratch import network
from dlcourse.scratch.activations import activate, derivative

import numpy as np

_W, _B = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, -1.0]]), np.array([[0.5], [-3.0]])
_A_PREV = np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 4.0]])  # with as many examples as units: b.T would fit too
_SQUARE = np.array([[2.0, -1.0, 0.0], [0.5, 0.0, 1.0], [1.0, 1.0, -2.0]])  # W and W.T would both fit


def confusion_matrix(labels, predictions, classes):
    """How often each class was taken for which: row = what it is, column = what it was called.

    Args:
        labels: The true classes, whole numbers 0 … classes − 1, shape (m,).
        predictions: What they were called, the same shape.
        classes: C, the number of classes.

    Returns:
        Whole numbers, shape (C, C), that sum to m.

    Taught in notebook 1-4, section 1.4.4.
    """
    matrix = np.zeros((classes, classes), dtype=int)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


def _layer(rng):
    """A_prev, W, b, activation of a layer of any size."""
    n_prev, n, m = rng.integers(1, 5, size=3)
    name = ("sigmoid", "tanh", "relu", "leaky_relu")[rng.integers(4)]
    return rng.normal(size=(n_prev, m)), rng.normal(size=(n, n_prev)), rng.normal(size=(n, 1)), name


def _gradient(rng):
    A, cache = network.forward_step(*_layer(rng))
    return rng.normal(size=A.shape), cache


def _given(dA, *layer):
    return np.array(dA), network.forward_step(*layer)[1]


def _classified(rng):
    m, classes = rng.integers(1, 30), int(rng.integers(2, 5))
    return rng.integers(classes, size=m), rng.integers(classes, size=m), classes


def _shapes_with(W, b):
    """`parameter_shapes` with one thing wrong; W and b make a shape from n[l] and n[l−1]."""

    def parameter_shapes(layer_dims):
        shapes = {}
        for l in range(1, len(layer_dims)):
            shapes[f"W{l}"], shapes[f"b{l}"] = W(*layer_dims[l - 1 : l + 1][::-1]), b(*layer_dims[l - 1 : l + 1][::-1])
        return shapes

    return parameter_shapes


def _one_layer_less(layer_dims):
    return network.parameter_shapes(layer_dims[:-1]) if len(layer_dims) > 2 else {}


def _forward_with(Z=lambda A_prev, W, b: W @ A_prev + b, g=activate, keep=lambda cache, A: cache):
    """`forward_step` with one thing wrong."""

    def forward_step(A_prev, W, b, activation):
        z = Z(A_prev, W, b)
        A = g(activation, z)
        return A, keep({"A_prev": A_prev, "W": W, "b": b, "Z": z, "activation": activation}, A)

    return forward_step


def _backward_with(slope=derivative, over_dW=True, over_db=True, over_dA=False, keepdims=True, at="Z"):
    """`backward_step` with one thing wrong."""

    def backward_step(dA, cache):
        m = dA.shape[1]
        dZ = dA * slope(cache["activation"], cache[at])
        dA_prev, dW, db = cache["W"].T @ dZ, dZ @ cache["A_prev"].T, dZ.sum(axis=1, keepdims=keepdims)
        return dA_prev / (m if over_dA else 1), dW / (m if over_dW else 1), db / (m if over_db else 1)

    return backward_step


def _buffered(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype=int)
    matrix[labels, predictions] += 1
    return matrix


def _shapes_by_hints(layer_dims):
    n, shapes = layer_dims, {}
    for l in range(1, len(layer_dims)):
        shapes[f"W{l}"] = (n[l], n[l - 1])
        shapes[f"b{l}"] = (n[l], 1)
    return shapes


def _shapes_by_zip(layer_dims):
    pairs = enumerate(zip(layer_dims[1:], layer_dims[:-1], strict=True), 1)
    return {key: shape for l, (n, k) in pairs for key, shape in ((f"W{l}", [n, k]), (f"b{l}", [n, 1]))}


def _shapes_of_arrays(layer_dims):
    return {name: value.shape for name, value in network.initialize_parameters(layer_dims).items()}


def _needed(function, *arguments):
    """A forward step's answer without what its cache holds beyond the five values that are asked for."""
    result = function(*arguments)
    if isinstance(result, tuple | list) and len(result) == 2 and isinstance(result[1], dict):
        kept = ("A_prev", "W", "b", "Z", "activation")
        return result[0], {key: result[1][key] for key in kept if key in result[1]}
    return result


def _forward_by_hints(A_prev, W, b, activation):
    Z = W @ A_prev + b
    A = activate(activation, Z)
    return A, {"A_prev": A_prev, "W": W, "b": b, "Z": Z, "activation": activation}


def _forward_with_more_in_its_cache(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    A = activate(activation, Z)
    return A, {"A_prev": A_prev, "W": W, "b": b, "Z": Z, "activation": activation, "A": A}


def _forward_by_keras(ops, A_prev, W, b, activation):
    Z = ops.matmul(W, A_prev) + b  # ops.add takes a column for a row where both would fit
    functions = {"leaky_relu": lambda z: ops.leaky_relu(z, 0.01)}
    A = functions.get(activation, getattr(ops, activation))(Z)
    return A, {"A_prev": A_prev, "W": W, "b": b, "Z": Z, "activation": activation}


def _backward_by_hints(dA, cache):
    A_prev, m = cache["A_prev"], dA.shape[1]
    dZ = dA * derivative(cache["activation"], cache["Z"])
    dW = dZ @ A_prev.T / m
    db = np.mean(dZ, axis=1, keepdims=True)
    dA_prev = cache["W"].T @ dZ
    return dA_prev, dW, db


def _backward_by_einsum(dA, cache):
    dZ = np.multiply(dA, derivative(cache["activation"], cache["Z"]))
    dW = np.einsum("im,jm->ij", dZ, cache["A_prev"]) / dZ.shape[1]
    return np.dot(cache["W"].T, dZ), dW, np.sum(dZ, axis=1).reshape(-1, 1) / dZ.shape[1]


def _backward_by_tensorflow(tf, dA, cache):
    functions = {"sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu}
    function = functions.get(cache["activation"], lambda z: tf.nn.leaky_relu(z, 0.01))
    A_prev, W, b = (tf.Variable(cache[key]) for key in ("A_prev", "W", "b"))
    with tf.GradientTape() as tape:
        A = function(W @ A_prev + b)
    dA_prev, dW, db = tape.gradient(A, [A_prev, W, b], output_gradients=tf.constant(dA))
    return dA_prev, dW / dA.shape[1], db / dA.shape[1]


def _counted_one_by_one(labels, predictions, classes):
    matrix = np.zeros((classes, classes), dtype=int)
    for i, j in zip(labels, predictions, strict=True):
        matrix[i, j] += 1
    return matrix


EXERCISES = [
    Exercise(
        reference=network.parameter_shapes,
        notebook="1-4",
        section="1.4.1",
        cases=[([784, 128, 64, 10],), ([3, 1],), ([2, 4, 4, 3, 1],)],
        random=lambda rng: (rng.integers(1, 9, size=rng.integers(2, 7)).tolist(),),
        properties=[
            (
                lambda shapes, dims: all(shapes[f"W{l + 1}"][1] == shapes[f"W{l}"][0] for l in range(1, len(dims) - 1)),
                "each W has as many columns as the W before it has rows",
            )
        ],
        wrong=[
            (
                _shapes_with(lambda n, n_prev: (n_prev, n), lambda n, n_prev: (n, 1)),
                "This is W transposed, as Keras stores it. In W[l] A[l−1], a row of W belongs to a unit of layer l, "
                "a column to a unit of layer l−1.",
            ),
            (
                _shapes_with(lambda n, n_prev: (n, n_prev), lambda n, n_prev: (n,)),
                "b is a column, (n[l], 1). Of shape (n[l],) NumPy would lay it along a row.",
            ),
            (
                _shapes_with(lambda n, n_prev: (n, n_prev), lambda n, n_prev: (n_prev, 1)),
                "A bias belongs to a unit of layer l itself: there are n[l] of them.",
            ),
            (
                _one_layer_less,
                "The last layer has parameters too. The input is layer 0 and not counted: a list of four numbers makes "
                "three layers.",
            ),
        ],
        also_right=[
            _shapes_by_hints,
            _shapes_by_zip,
            _shapes_of_arrays,
        ],
        hints=[
            "Layer l runs from 1 to len(layer_dims) - 1, and n[l] is layer_dims[l].",
            'shapes[f"W{l}"] = (n[l], n[l−1]) and shapes[f"b{l}"] = (n[l], 1).',
        ],
    ),
    Exercise(
        reference=network.forward_step,
        notebook="1-4",
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
        wrong=[
            (_forward_with(Z=lambda A_prev, W, b: W @ A_prev), "The bias is missing: Z = W A_prev + b."),
            (_forward_with(g=lambda name, z: z), "This returns Z. A is the activation function of Z."),
            (
                _forward_with(keep=lambda cache, A: cache | {"Z": A}),
                "The cache needs Z, from before the activation: the slope g′ is taken there.",
            ),
            (
                _forward_with(keep=lambda cache, A: {key: value for key, value in cache.items() if key != "A_prev"}),
                "The cache is as in the notes, and that is not enough: without A_prev nobody can compute dW.",
            ),
            (
                _forward_with(Z=lambda A_prev, W, b: W @ A_prev + b.T),
                "b is a column and must stay one, so that each unit gets its own bias. As a row it gives each example "
                "another one.",
            ),
            (
                _forward_with(Z=lambda A_prev, W, b: W.T @ A_prev + b),
                "W has a row for each unit of this layer: W @ A_prev, without a transpose.",
            ),
        ],
        also_right=[
            _forward_by_hints,
            _forward_with_more_in_its_cache,
            using("keras.ops", _forward_by_keras),
        ],
        hints=[
            "Z = W @ A_prev + b; the column b is added to each of the m columns by itself.",
            "A = activations.activate(activation, Z) finds the function by its name.",
            'Return A, {"A_prev": A_prev, "W": W, "b": b, "Z": Z, "activation": activation}.',
        ],
    ),
    Exercise(
        reference=network.backward_step,
        notebook="1-4",
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
        wrong=[
            (
                _backward_with(slope=lambda name, z: np.ones_like(z)),
                "The activation's slope is missing: dZ = dA * g′(Z).",
            ),
            (
                _backward_with(over_dW=False, over_db=False),
                "dW and db are means over the m examples: divide both by m.",
            ),
            (_backward_with(over_db=False), "db is a mean over the m examples too."),
            (
                _backward_with(over_dA=True),
                "dA_prev belongs to each example by itself: the mean is taken once, in dW and db, and not again in "
                "every layer.",
            ),
            (
                _backward_with(keepdims=False),
                "db lost its column: sum with axis=1 and keepdims=True, so that it has the shape of b.",
            ),
            (_backward_with(slope=lambda name, z: activate(name, z)), "g(Z) is A itself; here its slope g′(Z) is due."),
        ],
        also_right=[
            _backward_by_hints,
            _backward_by_einsum,
            using("tensorflow", _backward_by_tensorflow),
        ],
        hints=[
            'dZ = dA * activations.derivative(cache["activation"], cache["Z"]), number by number.',
            "dW = dZ @ A_prev.T / m has the shape of W. Each row of dZ has a mean: db, a column.",
            'dA_prev = cache["W"].T @ dZ, without a mean. Return dA_prev, dW, db.',
        ],
    ),
    Exercise(
        reference=confusion_matrix,
        notebook="1-4",
        section="1.4.4",
        cases=[
            (np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0]), 3),
            (np.array([1, 1]), np.array([0, 0]), 2),
        ],
        random=_classified,
        properties=[(lambda matrix, labels, *_: np.sum(matrix) == len(labels), "it counts every example once")],
        wrong=[
            (
                _buffered,
                "matrix[labels, predictions] += 1 counts a pair that comes again only once. np.add.at counts each, "
                "and so does a loop.",
            ),
            (
                lambda labels, predictions, classes: confusion_matrix(predictions, labels, classes),
                "Rows and columns have changed places: the row is what it is, the column what it was called.",
            ),
            (
                lambda labels, predictions, classes: np.diag(np.diag(confusion_matrix(labels, predictions, classes))),
                "These are the hits alone; the errors, beside the diagonal, are what the table is for.",
            ),
        ],
        also_right=[
            _counted_one_by_one,
            lambda labels, predictions, classes: np.bincount(
                labels * classes + predictions, minlength=classes**2
            ).reshape(classes, classes),
            lambda labels, predictions, classes: np.eye(classes)[labels].T @ np.eye(classes)[predictions],
            using(
                "sklearn.metrics", lambda metrics, i, j, classes: metrics.confusion_matrix(i, j, labels=range(classes))
            ),
            using("tensorflow", lambda tf, i, j, classes: tf.math.confusion_matrix(i, j, classes)),
        ],
        hints=[
            "Start from np.zeros((classes, classes), dtype=int) and look at one example after the other.",
            "For a picture of class i that was called j, add 1 to matrix[i, j].",
        ],
    ),
]
