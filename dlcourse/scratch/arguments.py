"""What a network asks of its arguments, and the plain form in which its functions get them.

Each function here is a relation, as `checks.checked` takes it: it looks at all arguments by name and may replace some.
"""

import numbers

from dlcourse.scratch.activations import ACTIVATIONS
from dlcourse.scratch.checks import among, chance, finite, floats, labels, mapping, shapes
from dlcourse.scratch.initialization import initialize_parameters
from dlcourse.scratch.layer import CACHE
from dlcourse.scratch.optimizers import GradientDescent

import numpy as np


def network_fits(arguments):
    """Check each parameter against the layer before, and list the settings of each hidden layer."""
    parameters = arguments["parameters"] = floats("parameters", arguments["parameters"])
    depth = sum(str(name).startswith("W") for name in parameters)
    if depth == 0 or any(f"W{l}" not in parameters for l in range(1, depth + 1)):
        found = ", ".join(map(str, parameters)) or "none"
        raise ValueError(f"parameters: expected W1, W2, … without a gap, got {found}")
    n = len(arguments["X"])
    for l in range(1, depth + 1):
        n = _layer_fits(parameters, l, n, at_test_time=not arguments.get("training", False))
    among("sigmoid", "softmax")("output", arguments["output"])
    if (arguments["output"] == "sigmoid") != (n == 1):
        better = "sigmoid for one output unit" if n == 1 else f"softmax for {n} output units"
        raise ValueError(f"output: expected {better}, got {arguments['output']}")
    for name, single, check in (("hidden", str, among(*ACTIVATIONS)), ("keep_prob", numbers.Real, chance)):
        values = arguments[name]
        values = [values] * (depth - 1) if isinstance(values, single | None) else _listed(values)
        if len(values) != depth - 1:
            raise ValueError(f"{name}: expected one for each of {depth - 1} hidden layers, got {len(values)}")
        arguments[name] = [check(name, value) for value in values]


def _layer_fits(parameters, l, n_before, at_test_time):
    """Check the parameters of layer l, and return how many units it has."""
    W, before = parameters[f"W{l}"], "rows of X" if l == 1 else f"rows of W{l - 1}"
    if W.ndim != 2 or W.shape[1] != n_before:
        raise ValueError(
            f"parameters['W{l}']: expected a column for each of the {n_before} {before}, got shape {W.shape}"
        )
    names = ["b"]
    if f"gamma{l}" in parameters:
        names = ["gamma", "beta", *["mu", "var"] * at_test_time, *["b"] * (f"b{l}" in parameters)]
    for name in (f"{name}{l}" for name in names):
        if name not in parameters:
            raise ValueError(f"parameters: expected {name} beside W{l}, got {', '.join(map(str, parameters))}")
        if (shape := parameters[name].shape) != (expected := (len(W), 1)):
            raise ValueError(
                f"parameters['{name}']: expected shape {expected}, a number for each row of W{l}, got {shape}"
            )
    return len(W)


def training_starts(arguments):
    """Draw the parameters to start from, if none are given, and choose the optimizer."""
    X, layer_dims, optimizer = arguments["X"], arguments["layer_dims"], arguments["optimizer"]
    if (layer_dims is None) == (arguments["parameters"] is None):
        raise ValueError("layer_dims: expected either layer_dims or parameters to start from, got both or neither")
    if layer_dims is not None:
        drawn = (arguments[name] for name in ("method", "seed"))
        arguments["parameters"] = initialize_parameters(layer_dims, *drawn, batch_norm=arguments["batch_norm"])
        if layer_dims[0] != len(X):
            raise ValueError(f"layer_dims: expected to begin with the {len(X)} rows of X, got {layer_dims!r}")
    if optimizer is None:
        arguments["optimizer"] = GradientDescent(arguments["learning_rate"])
    elif not hasattr(optimizer, "update") or isinstance(optimizer, dict | set):
        raise ValueError(f"optimizer: expected one of scratch.optimizers, such as Adam(0.001), got {optimizer!r}")
    for name in ("schedule", "callback"):
        if not (arguments[name] is None or callable(arguments[name])):
            raise ValueError(f"{name}: expected a function or None, got {arguments[name]!r}")


def sets_are_labeled(arguments):
    """Refuse a training or dev set without a label for each example, and patience without a dev set to watch."""
    dev, layers = arguments["dev"], len(arguments["hidden"]) + 1
    n_x, C = len(arguments["X"]), len(arguments["parameters"][f"W{layers}"])
    shapes(X="n_x m", Y=f"{C} m")(arguments)
    labels(arguments)
    if dev is not None:
        if not isinstance(dev, tuple | list) or len(dev) != 2:
            raise ValueError(f"dev: expected a pair (X_dev, Y_dev), got {type(dev).__name__}")
        pair = {name: finite(name, value) for name, value in zip(("dev[0]", "dev[1]"), dev, strict=True)}
        shapes(**{"dev[0]": f"{n_x} m", "dev[1]": f"{C} m"})(pair)
        labels(pair, "dev[1]")
        arguments["dev"] = tuple(pair.values())
    elif arguments["patience"] is not None:
        raise ValueError("patience: expected a dev set to watch, got dev=None")


def caches_of_that_pass(arguments):
    """Refuse caches that are not those of the pass that made AL."""
    caches, shape = arguments["caches"], arguments["AL"].shape
    if not isinstance(caches, list | tuple):
        raise ValueError(f"caches: expected the list that forward_propagation returned, got {type(caches).__name__}")
    for cache in caches:
        mapping("caches", cache, *CACHE)
    found = caches[-1]["Z"].shape if caches else "none"
    if found != shape:
        raise ValueError(f"caches: expected those of the pass that gave AL, of shape {shape}, got {found}")


def _listed(values):
    """Return a list of whatever was given; what is no sequence becomes a list of one, for the checks to name."""
    several = isinstance(values, list | tuple | range) or (isinstance(values, np.ndarray) and values.ndim > 0)
    return list(values) if several else [values]
