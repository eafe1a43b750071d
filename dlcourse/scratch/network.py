"""A fully connected network of L layers, by hand (notes, sections 1.3, 1.4, 2.1, 2.3.1 and 2.5.1).

The shapes are those of the notes. `X` is (n_x, m), one example a column. Layer l has n[l] units; its weights `W` are
(n[l], n[l−1]), its bias `b` is (n[l], 1), its activations `A` are (n[l], m). All parameters lie in one dict,
`{"W1": …, "b1": …, "W2": …}`, their gradients in another, `{"dW1": …, "db1": …}`.

    forward    Z[l] = W[l] A[l−1] + b[l],  A[l] = g(Z[l])
    backward   dZ[l] = dA[l] · g′(Z[l]),  dW[l] = dZ[l] A[l−1]ᵀ / m,  db[l] = mean of dZ[l],  dA[l−1] = W[l]ᵀ dZ[l]

`dA` and `dZ` hold each example's own ∂L/∂a and ∂L/∂z; the mean over the examples is taken in dW and db.

A hidden layer with batch normalization has `gamma1` and `beta1` in place of `b1`, and in `mu1` and `var1` the moving
averages that it uses at test time. They have no gradient.
"""

import numbers
import time

from dlcourse.scratch import _passes
from dlcourse.scratch.activations import ACTIVATIONS, activate, derivative
from dlcourse.scratch.checks import finite, generator, mapping, number, whole
from dlcourse.scratch.optimizers import GradientDescent, random_mini_batches

import numpy as np

CACHE = ("A_prev", "W", "b", "Z", "activation")  # of one layer
METHODS = ("zeros", "random", "xavier", "he")  # of initialization


def parameter_shapes(layer_dims, *, batch_norm=False):
    """The shape of every parameter: W[l] is (n[l], n[l−1]), and b[l] is (n[l], 1).

    Args:
        layer_dims: Units of each layer, the input first: [n_x, n[1], …, n[L]].
        batch_norm: Whether the hidden layers are batch-normalized. Then gamma and beta stand in place of b, and mu and
            var are the moving averages.

    Returns:
        A dict such as `{"W1": (4, 2), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}`.

    Raises:
        ValueError: If `layer_dims` is not a list of at least two whole numbers above 0.

    Taught in notebook 1-4, section 1.4.1; notes, eq. 1.16.
    """
    dims = _listed(layer_dims)
    if len(dims) < 2 or not all(isinstance(n, numbers.Integral) and n > 0 for n in dims):
        raise ValueError(f"layer_dims: expected two or more whole numbers above 0, got {layer_dims!r}")
    shapes = {}
    for l in range(1, len(dims)):
        shapes[f"W{l}"] = (dims[l], dims[l - 1])
        hidden = l < len(dims) - 1
        for name in ("gamma", "beta", "mu", "var") if batch_norm and hidden else ("b",):
            shapes[f"{name}{l}"] = (dims[l], 1)
    return shapes


def initialize_parameters(layer_dims, method="he", seed=0, *, scale=0.01, batch_norm=False):
    """The parameters before the first step: random weights whose size suits the layer, and biases of 0.

    Args:
        layer_dims: Units of each layer, the input first: [n_x, n[1], …, n[L]].
        method: How the weights are drawn. "zeros": all 0, so that the units of a layer stay equal for ever. "random":
            standard normal times `scale`. "xavier": normal with variance 1/n[l−1], which suits tanh (Glorot and Bengio,
            2010, in the course's form). "he": normal with variance 2/n[l−1], which suits ReLU (He et al., 2015,
            arXiv 1502.01852).
        seed: Of the random draws.
        scale: The standard deviation of "random".
        batch_norm: Whether the hidden layers are batch-normalized.

    Returns:
        A dict of float64 arrays with the shapes that `parameter_shapes` gives. gamma and var start at 1, the rest at 0.

    Raises:
        ValueError: If `layer_dims`, `method` or `scale` is not as described.

    Taught in notebooks 1-3, section 1.3.3, and 2-1, section 2.3.1 (the notes call 1/n He; that is Xavier).
    """
    _among("method", method, METHODS)
    number("scale", scale, above=0)
    rng = generator(seed)
    parameters = {}
    for name, shape in parameter_shapes(layer_dims, batch_norm=batch_norm).items():
        if name[0] == "W":
            deviation = {"zeros": 0.0, "random": scale, "xavier": shape[1] ** -0.5, "he": (2 / shape[1]) ** 0.5}
            parameters[name] = rng.normal(size=shape) * deviation[method]
        else:
            parameters[name] = np.ones(shape) if name.startswith(("gamma", "var")) else np.zeros(shape)
    return parameters


def forward_step(A_prev, W, b, activation):
    """One layer forward: Z = W A_prev + b, and A = g(Z).

    Args:
        A_prev: Activations of the layer before, shape (n[l−1], m).
        W: Weights, shape (n[l], n[l−1]).
        b: Bias, shape (n[l], 1); it is added to each of the m columns.
        activation: One of `activations.ACTIVATIONS`.

    Returns:
        `(A, cache)`: A of shape (n[l], m), and what the way back needs, a dict of `A_prev`, `W`, `b`, `Z` and
        `activation`.

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, or there is no such activation.

    Taught in notebook 1-4, section 1.4.3; notes, eqs. 1.15 and 1.16.
    """
    A_prev, W, b = _matrix("A_prev", A_prev), _matrix("W", W), finite("b", b)
    _among("activation", activation, ACTIVATIONS)
    if W.shape[1] != len(A_prev):
        raise ValueError(f"W: expected a column for each of the {len(A_prev)} rows of A_prev, got shape {W.shape}")
    if b.shape != (len(W), 1):
        raise ValueError(f"b: expected shape {(len(W), 1)}, a bias for each row of W, got {b.shape}")
    Z = W @ A_prev + b
    return activate(activation, Z), {"A_prev": A_prev, "W": W, "b": b, "Z": Z, "activation": activation}


def backward_step(dA, cache):
    """One layer backward: from the gradient of its activations to those of its parameters and of its input.

    Args:
        dA: ∂L/∂a of each example, shape (n[l], m).
        cache: What `forward_step` returned beside A.

    Returns:
        `(dA_prev, dW, db)`: ∂L/∂a of the layer before, shape (n[l−1], m), and the means over the examples of the
        gradients of W and b, in their shapes.

    Raises:
        ValueError: If `dA` has not the shape of A, or a value is not finite.

    Taught in notebook 1-4, section 1.4.3.
    """
    dA, cache = finite("dA", dA), mapping("cache", cache, *CACHE)
    if dA.shape != cache["Z"].shape:
        raise ValueError(f"dA: expected the shape of A, {cache['Z'].shape}, got {dA.shape}")
    dZ = dA * derivative(cache["activation"], cache["Z"])
    return cache["W"].T @ dZ, *_passes.of_parameters(dZ, cache)


def inverted_dropout(A, draws, keep_prob):
    """Switch units off at random, and scale the others up so that the expected value stays (Srivastava et al., 2014).

    Args:
        A: Activations, any shape.
        draws: A number in [0, 1) for each unit, drawn uniformly. A unit stays where its draw is below `keep_prob`.
        keep_prob: The chance of a unit to stay, in (0, 1].

    Returns:
        float64, the shape of A: 0 where a unit is switched off, and A / keep_prob where it stays.

    Raises:
        ValueError: If the shapes differ, a draw lies outside [0, 1), or `keep_prob` lies outside (0, 1].

    Taught in notebook 2-1, section 2.1.7.
    """
    A, draws = finite("A", A), finite("draws", draws)
    if draws.shape != A.shape:
        raise ValueError(f"draws: expected the shape of A, {A.shape}, got {draws.shape}")
    if not np.all((draws >= 0) & (draws < 1)):
        raise ValueError(f"draws: expected numbers in [0, 1), got values from {draws.min()} to {draws.max()}")
    number("keep_prob", keep_prob, above=0, most=1)
    return A * (draws < keep_prob) / keep_prob


def forward_propagation(X, parameters, hidden="relu", output="sigmoid", keep_prob=1.0, seed=None, *, training=True):
    """All layers forward, from the examples to the predicted probabilities.

    Args:
        X: Examples, shape (n_x, m).
        parameters: The dict that `initialize_parameters` makes. A layer with gamma and beta is batch-normalized; a b
            beside them is added before, where it is useless.
        hidden: The activation of the hidden layers, a name from `activations.ACTIVATIONS`, or a list of one for each.
        output: "sigmoid" (yes or no) or "softmax" (one of C classes).
        keep_prob: Inverted dropout after each hidden layer: the chance of a unit to stay, in (0, 1], or a list of one
            for each layer.
        seed: Of the dropout, a number or a NumPy generator.
        training: Whether this is training. At test time (False) no unit is switched off, and batch normalization uses
            its moving averages instead of the mean and variance of these m examples.

    Returns:
        `(AL, caches)`: probabilities of shape (n[L], m), and a list with the cache of each layer. A cache is the dict
        of `forward_step`; dropout adds `D`, which units stayed, and `keep_prob`; batch normalization adds `norm`.

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, a name is unknown or `keep_prob` is out of range.

    Taught in notebooks 1-4, section 1.4.1, 2-1, section 2.1.7, and 2-3, section 2.5.1; notes, eq. 1.15.
    """
    X = _matrix("X", X)
    parameters = _parameters(parameters, len(X), training)
    plan = _plan(parameters, hidden, output, keep_prob)
    return _passes.forward(X, parameters, plan, generator(seed), training)


def compute_cost(AL, Y, parameters=None, lambd=0.0, penalty="l2"):
    """The mean cross-entropy of the predictions, plus a penalty on large weights.

    A perfect prediction costs 0. One that is certain and wrong costs infinity, as the formula says.

    Args:
        AL: Predicted probabilities: shape (1, m) from a sigmoid, or (C, m) from a softmax.
        Y: Labels, the shape of AL: each 0 or 1 for one row, one-hot columns for several.
        parameters: The parameters that are penalized; not needed where `lambd` is 0.
        lambd: λ, 0 or more.
        penalty: "l2" adds λ/(2m) Σ w² over all weights, "l1" adds λ/(2m) Σ |w|.

    Returns:
        J, a float, at least 0.

    Raises:
        ValueError: If the shapes differ, a probability lies outside [0, 1], a label is none, or λ or the penalty is not
            as described.

    Taught in notebooks 1-2, section 1.2.3, 2-1, section 2.1.5, and 2-3, section 2.5.2; notes, eqs. 1.4, 1.5,
    2.1–2.4 and 2.7.
    """
    AL = _matrix("AL", AL)
    if not np.all((AL >= 0) & (AL <= 1)):
        raise ValueError(f"AL: expected probabilities in [0, 1], got values from {AL.min()} to {AL.max()}")
    Y = _labels(Y, AL.shape)
    _penalty(lambd, penalty)
    if lambd and parameters is None:
        raise ValueError("parameters: expected the weights that lambd penalizes, got None")
    return _cost(AL, Y, parameters, lambd, penalty)


def l2_cost(parameters, lambd, m):
    """What L2 regularization adds to the cost: λ/(2m) times the squared Frobenius norms of all weight matrices.

    Args:
        parameters: A dict; only its weights, "W1", "W2", …, count.
        lambd: λ, 0 or more.
        m: The number of examples.

    Returns:
        A float, at least 0.

    Raises:
        ValueError: If `lambd` is below 0 or `m` is not a whole number above 0.

    Taught in notebook 2-1, section 2.1.6; notes, eqs. 2.1–2.4.
    """
    _penalty(lambd, "l2")
    whole("m", m, least=1)
    return float(sum(np.sum(np.square(W)) for W in _weights(parameters))) * lambd / (2 * m)


def l1_cost(parameters, lambd, m):
    """What L1 regularization adds to the cost: λ/(2m) times the sum of the absolute values of all weights.

    Args:
        parameters: A dict; only its weights, "W1", "W2", …, count.
        lambd: λ, 0 or more.
        m: The number of examples.

    Returns:
        A float, at least 0.

    Raises:
        ValueError: If `lambd` is below 0 or `m` is not a whole number above 0.

    Its idea is taught in notebook 2-1, section 2.1.5.
    """
    _penalty(lambd, "l1")
    whole("m", m, least=1)
    return float(sum(np.sum(np.abs(W)) for W in _weights(parameters))) * lambd / (2 * m)


def backward_propagation(AL, Y, caches, lambd=0.0, penalty="l2"):
    """All layers backward: the gradient of the cost with respect to every parameter.

    It starts with dZ[L] = AL − Y, which holds for a sigmoid and for a softmax alike.

    Args:
        AL: The probabilities that `forward_propagation` returned, shape (n[L], m).
        Y: Labels, the shape of AL: each 0 or 1 for one row, one-hot columns for several.
        caches: What `forward_propagation` returned beside AL.
        lambd: λ of the penalty, 0 or more.
        penalty: "l2" or "l1"; where a weight is 0, the slope of |w| is taken as 0.

    Returns:
        A dict with `dW1`, `db1`, … (and `dgamma1`, `dbeta1`, … with batch normalization), each in the shape of its
        parameter.

    Raises:
        ValueError: If the shapes differ, a label is none, or λ or the penalty is not as described.

    Taught in notebooks 1-4, section 1.4.3, 2-1, section 2.1.6, and 2-3, section 2.5.1; notes, eqs. 1.8–1.10.
    """
    AL = _matrix("AL", AL)
    Y = _labels(Y, AL.shape)
    _penalty(lambd, penalty)
    if not isinstance(caches, list | tuple):
        raise ValueError(f"caches: expected the list that forward_propagation returned, got {type(caches).__name__}")
    caches = [mapping("caches", cache, *CACHE) for cache in caches]
    shape = caches[-1]["Z"].shape if caches else "none"
    if shape != AL.shape:
        raise ValueError(f"caches: expected those of the pass that gave AL, of shape {AL.shape}, got {shape}")
    return _passes.backward(AL, Y, caches, lambd, penalty)


def predict(X, parameters, hidden="relu", output="sigmoid"):
    """The most likely label of each example, at test time: without dropout, with batch norm's moving averages.

    Args:
        X: Examples, shape (n_x, m).
        parameters: As `train` returns them.
        hidden: The activation of the hidden layers, or a list of one for each.
        output: "sigmoid" or "softmax".

    Returns:
        int64, shape (1, m): 1 where the probability is above one half and 0 elsewhere, or the number of the class.

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, or a name is unknown.

    Taught in notebook 1-4, section 1.4.2.
    """
    return _passes.decide(forward_propagation(X, parameters, hidden, output, training=False)[0])


def one_hot(labels, classes):
    """Class numbers as columns with a single 1: what a softmax is trained on.

    Args:
        labels: Whole numbers from 0 to classes − 1, shape (m,) or (1, m).
        classes: C, the number of classes.

    Returns:
        float64, shape (C, m).

    Raises:
        ValueError: If a label is not the number of a class.

    Taught in notebook 1-4, section 1.4.3.
    """
    whole("classes", classes, least=1)
    labels = finite("labels", labels)
    if labels.ndim == 2 and len(labels) == 1:
        labels = labels[0]
    if labels.ndim != 1:
        raise ValueError(f"labels: expected shape (m,) or (1, m), got {labels.shape}")
    outside = ~np.isin(labels, np.arange(classes))
    if outside.any():
        raise ValueError(
            f"labels: expected whole numbers from 0 to {classes - 1}, got {np.unique(labels[outside])[:5].tolist()}"
        )
    return np.eye(classes)[:, labels.astype(np.int64)]


def train(
    X,
    Y,
    layer_dims=None,
    *,
    parameters=None,
    hidden="relu",
    output="sigmoid",
    method="he",
    batch_norm=False,
    optimizer=None,
    learning_rate=0.1,
    schedule=None,
    epochs=100,
    batch_size=None,
    lambd=0.0,
    penalty="l2",
    keep_prob=1.0,
    dev=None,
    patience=None,
    momentum=0.99,
    callback=None,
    seed=0,
):
    """Fit a network: for each epoch, for each mini-batch, one pass forward, one back, one step.

    Args:
        X: Training examples, shape (n_x, m).
        Y: Their labels, shape (1, m) of 0 and 1 for a sigmoid, one-hot columns (C, m) for a softmax.
        layer_dims: Units of each layer, the input first: [n_x, n[1], …, n[L]]. Weights are drawn by `method`.
        parameters: The parameters to start from, in place of `layer_dims`; they stay as they are.
        hidden: The activation of the hidden layers, a name from `activations.ACTIVATIONS`, or a list of one for each.
        output: "sigmoid" or "softmax".
        method: How the first weights are drawn; see `initialize_parameters`.
        batch_norm: Whether the hidden layers are batch-normalized.
        optimizer: One of `optimizers`; plain gradient descent if None.
        learning_rate: α of that plain gradient descent, above 0.
        schedule: A function that gives α for the epoch 0, 1, …; it replaces the optimizer's learning rate.
        epochs: How often each example is seen, 0 or more.
        batch_size: Examples in a mini-batch; all of them if None.
        lambd: λ of the penalty, 0 or more. Each mini-batch divides it by its own number of examples.
        penalty: "l2" or "l1".
        keep_prob: Inverted dropout: the chance of a hidden unit to stay, or a list of one for each hidden layer.
        dev: `(X_dev, Y_dev)`, to be judged after each epoch.
        patience: Early stopping: stop when the dev cost has not improved for so many epochs, and return the parameters
            of the best one.
        momentum: Of the moving averages of batch normalization.
        callback: Called as `callback(epoch, parameters)` after each epoch.
        seed: Of the weights, the mini-batches and the dropout.

    Returns:
        `(parameters, history)`. The history holds a list with a number for each epoch: `cost` (the mean over the
        mini-batches, penalty included) and `accuracy`, both as seen during the epoch, and `seconds` since the start;
        with `dev` also `dev_cost` (without penalty) and `dev_accuracy`. With `patience` and an epoch or more
        there is `best_epoch`, a number from 0.

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, a label is none, or a setting is out of its range.

    Taught in notebooks 1-4, section 1.4.2, and 2-1, section 2.1.1.
    """
    X = _matrix("X", X)
    if (layer_dims is None) == (parameters is None):
        raise ValueError("layer_dims: expected either layer_dims or parameters to start from, got both or neither")
    if parameters is None:
        parameters = initialize_parameters(layer_dims, method, seed, batch_norm=batch_norm)
        if layer_dims[0] != len(X):
            raise ValueError(f"layer_dims: expected to begin with the {len(X)} rows of X, got {layer_dims!r}")
    parameters = _parameters(parameters, len(X), training=False)
    plan = _plan(parameters, hidden, output, keep_prob)
    Y = _labels(Y, (_rows(parameters), X.shape[1]))
    dev = None if dev is None else _dev(dev, len(X), len(Y))
    _penalty(lambd, penalty)
    whole("epochs", epochs, least=0)
    whole("batch_size", X.shape[1] if batch_size is None else batch_size, least=1)
    number("momentum", momentum, least=0, below=1)
    if patience is not None:
        whole("patience", patience, least=1)
        if dev is None:
            raise ValueError("patience: expected a dev set to watch, got dev=None")
    optimizer = GradientDescent(learning_rate) if optimizer is None else optimizer
    if not hasattr(optimizer, "update") or isinstance(optimizer, dict | set):
        raise ValueError(f"optimizer: expected one of scratch.optimizers, such as Adam(0.001), got {optimizer!r}")
    for name, function in (("schedule", schedule), ("callback", callback)):
        if not (function is None or callable(function)):
            raise ValueError(f"{name}: expected a function or None, got {function!r}")
    rng = generator(seed)
    history = {name: [] for name in ("cost", "accuracy", "seconds", *(("dev_cost", "dev_accuracy") if dev else ()))}
    best, start = parameters, time.perf_counter()
    for epoch in range(epochs):
        if schedule is not None:
            optimizer.learning_rate = schedule(epoch)
        batches = [(X, Y)] if batch_size is None else random_mini_batches(X, Y, batch_size, seed=rng)
        cost = hits = 0.0
        for X_batch, Y_batch in batches:
            AL, caches = _passes.forward(X_batch, parameters, plan, rng, training=True)
            cost += _cost(AL, Y_batch, parameters, lambd, penalty) / len(batches)
            hits += _passes.hits(AL, Y_batch)
            parameters = optimizer.update(parameters, _passes.backward(AL, Y_batch, caches, lambd, penalty))
            parameters = _passes.follow(parameters, caches, momentum)
        history["cost"].append(cost)
        history["accuracy"].append(hits / X.shape[1])
        if dev:
            AL, _ = _passes.forward(dev[0], parameters, plan, rng, training=False)
            history["dev_cost"].append(_passes.cross_entropy(AL, dev[1]))
            history["dev_accuracy"].append(_passes.hits(AL, dev[1]) / AL.shape[1])
        history["seconds"].append(time.perf_counter() - start)
        if callback is not None:
            callback(epoch, parameters)
        if patience is not None:
            history["best_epoch"] = int(np.argmin(history["dev_cost"]))
            if history["best_epoch"] == epoch:
                best = parameters
            if epoch - history["best_epoch"] >= patience:
                break
    return (parameters if patience is None else best), history


def _cost(AL, Y, parameters, lambd, penalty):
    cost = _passes.cross_entropy(AL, Y)
    if not lambd:
        return cost
    return cost + (l2_cost if penalty == "l2" else l1_cost)(parameters, lambd, Y.shape[1])


def _rows(parameters):
    """Units of the output layer."""
    return len(parameters[f"W{_depth(parameters)}"])


def _depth(parameters):
    return sum(str(name).startswith("W") for name in parameters)


def _weights(parameters):
    parameters = mapping("parameters", parameters)
    return [finite(f"parameters[{name!r}]", W) for name, W in parameters.items() if str(name).startswith("W")]


# What each function asks of its arguments


def _parameters(parameters, n_x, training):
    """The parameters as float64, if each has the shape that the layer before asks for."""
    parameters = mapping("parameters", parameters)
    parameters = {name: finite(f"parameters[{name!r}]", value) for name, value in parameters.items()}
    depth = _depth(parameters)
    if depth == 0 or any(f"W{l}" not in parameters for l in range(1, depth + 1)):
        found = ", ".join(map(str, parameters)) or "none"
        raise ValueError(f"parameters: expected W1, W2, … without a gap, got {found}")
    for l in range(1, depth + 1):
        W = parameters[f"W{l}"]
        if W.ndim != 2 or W.shape[1] != n_x:
            before = "rows of X" if l == 1 else f"rows of W{l - 1}"
            raise ValueError(
                f"parameters['W{l}']: expected a column for each of the {n_x} {before}, got shape {W.shape}"
            )
        n_x = len(W)
        normalized = f"gamma{l}" in parameters
        names = ("gamma", "beta", *(() if training else ("mu", "var"))) if normalized else ("b",)
        for name in (*names, *(("b",) if normalized and f"b{l}" in parameters else ())):
            if f"{name}{l}" not in parameters:
                raise ValueError(f"parameters: expected {name}{l} beside W{l}, got {', '.join(map(str, parameters))}")
            if parameters[f"{name}{l}"].shape != (n_x, 1):
                raise ValueError(
                    f"parameters['{name}{l}']: expected shape {(n_x, 1)}, a number for each row of W{l}, "
                    f"got {parameters[f'{name}{l}'].shape}"
                )
    return parameters


def _plan(parameters, hidden, output, keep_prob):
    """The activation and the chance to stay of each layer."""
    depth = _depth(parameters)
    _among("output", output, _passes.OUTPUTS)
    if output == "sigmoid" and _rows(parameters) != 1:
        raise ValueError(f"output: expected softmax for {_rows(parameters)} output units, got sigmoid")
    if output == "softmax" and _rows(parameters) == 1:
        raise ValueError("output: expected sigmoid for one output unit, got softmax, which would always say 1")
    names = [hidden] * (depth - 1) if isinstance(hidden, str | None) else _listed(hidden)
    chances = [keep_prob] * (depth - 1) if isinstance(keep_prob, numbers.Real | None) else _listed(keep_prob)
    for argument, values in (("hidden", names), ("keep_prob", chances)):
        if len(values) != depth - 1:
            raise ValueError(f"{argument}: expected one for each of {depth - 1} hidden layers, got {len(values)}")
    for name in names:
        _among("hidden", name, ACTIVATIONS)
    for chance in chances:
        number("keep_prob", chance, above=0, most=1)
    return list(zip([*names, output], [*chances, 1.0], strict=True))


def _matrix(name, value):
    value = finite(name, value)
    if value.ndim != 2 or 0 in value.shape:
        raise ValueError(f"{name}: expected a matrix with one example a column, got shape {value.shape}")
    return value


def _labels(Y, shape, name="Y"):
    Y = finite(name, Y)
    if Y.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, a label for each output and example, got {Y.shape}")
    if not np.all((Y == 0) | (Y == 1)):
        raise ValueError(f"{name}: expected labels 0 or 1, got {np.unique(Y[(Y != 0) & (Y != 1)])[:5].tolist()}")
    if len(Y) > 1 and not np.all(Y.sum(axis=0) == 1):
        raise ValueError(f"{name}: expected one-hot columns, each with a single 1, got others; `one_hot` makes them")
    return Y


def _dev(dev, n_x, classes):
    if not isinstance(dev, tuple | list) or len(dev) != 2:
        raise ValueError(f"dev: expected a pair (X_dev, Y_dev), got {type(dev).__name__}")
    X = _matrix("dev[0]", dev[0])
    if len(X) != n_x:
        raise ValueError(f"dev[0]: expected {n_x} rows, as X has, got shape {X.shape}")
    return X, _labels(dev[1], (classes, X.shape[1]), "dev[1]")


def _listed(values):
    """A list of whatever was given; what is no sequence becomes a list of one, for the checks to name."""
    several = isinstance(values, list | tuple | range) or (isinstance(values, np.ndarray) and values.ndim > 0)
    return list(values) if several else [values]


def _among(name, value, known):
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")


def _penalty(lambd, penalty):
    number("lambd", lambd, least=0)
    _among("penalty", penalty, ("l2", "l1"))
