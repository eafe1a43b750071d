"""A fully connected network of L layers, by hand (notes, sections 1.3, 1.4, 2.1, 2.3.1 and 2.5.1).

The shapes are those of the notes. `X` is (n_x, m), one example a column. Layer l has n[l] units; its weights `W` are
(n[l], n[l−1]), its bias `b` is (n[l], 1), its activations `A` are (n[l], m). All parameters lie in one dict,
`{"W1": …, "b1": …, "W2": …}`, their gradients in another, `{"dW1": …, "db1": …}`.

    forward    Z[l] = W[l] A[l−1] + b[l],  A[l] = g(Z[l])
    backward   dZ[l] = dA[l] · g′(Z[l]),  dW[l] = dZ[l] A[l−1]ᵀ / m,  db[l] = mean of dZ[l],  dA[l−1] = W[l]ᵀ dZ[l]

`dA` and `dZ` hold each example's own ∂L/∂a and ∂L/∂z; the mean over the examples is taken in dW and db. What a layer
computed on the way forward lies in its cache until the way back.

A hidden layer with batch normalization has `gamma1` and `beta1` in place of `b1`, and in `mu1` and `var1` the moving
averages that it uses at test time. They have no gradient.

Around it: `initialization` draws the first parameters, `layer` computes one layer, `costs` the cost, and one of
`optimizers` takes the step.

`@checked(…)` above a function is its door: it checks the arguments and makes them plain (an array of floats in place of
a list; a list in place of one word for all layers) before the lines below it run. `f.core` is f without this door: each
public function checks once, and calls the others by their cores. Read the bodies first; no formula is in a check.
"""

import time

from dlcourse.scratch.arguments import caches_of_that_pass, network_fits, sets_are_labeled, training_starts
from dlcourse.scratch.checks import (
    among,
    at_least,
    checked,
    fraction,
    generator,
    labels,
    optional,
    positive,
    scale,
    shapes,
)
from dlcourse.scratch.costs import PENALTIES, compute_cost, l2_cost, one_hot, penalty_gradient  # noqa: F401
from dlcourse.scratch.initialization import METHODS, initialize_parameters, parameter_shapes  # noqa: F401
from dlcourse.scratch.layer import (
    backward_step,
    forward_step,
    inverted_dropout,
    normalized_backward_step,
    normalized_forward_step,
)
from dlcourse.scratch.normalization import update_moving_average
from dlcourse.scratch.optimizers import random_mini_batches

import numpy as np

# Imported to be found here as well: initialize_parameters, parameter_shapes, one_hot, l2_cost (network.one_hot, …)


@checked(shapes(X="n_x m"), network_fits)
def forward_propagation(X, parameters, hidden="relu", output="sigmoid", keep_prob=1.0, seed=None, *, training=True):
    """Compute all layers forward, from the examples to the predicted probabilities.

    Args:
        X: Examples, shape (n_x, m).
        parameters: Dict that `initialize_parameters` makes. A layer with gamma and beta is batch-normalized; a b
            beside them is added before, where it is useless.
        hidden: Activation of the hidden layers, a name from `activations.ACTIVATIONS`, or a list of one for each.
        output: "sigmoid" (yes or no) or "softmax" (one of C classes).
        keep_prob: Chance of a hidden unit to stay in inverted dropout, in (0, 1], or a list of one for each.
        seed: Seed of the dropout, a number or a NumPy generator.
        training: Whether this is training. At test time (False) no unit is switched off, and batch normalization uses
            its moving averages instead of the mean and variance of these m examples.

    Returns:
        `(AL, caches)`: probabilities of shape (n[L], m), and a list with the cache of each layer. A cache is the dict
        of `forward_step`; dropout adds `draws` and `keep_prob`, batch normalization `norm`.

    Raises ValueError if the shapes do not fit, a value is not finite, a name is unknown or `keep_prob` is out of range.
    Taught in notebooks 1-4, section 1.4.1, 2-1, section 2.1.7, and 2-3, section 2.5.1; notes, eq. 1.15.
    """
    rng = generator(seed)
    activations = [*hidden, output]  # of layers 1, …, L: `network_fits` has made lists of hidden and keep_prob
    keep_probs = [*keep_prob, 1.0]  # no dropout of the output
    A, caches = X, []
    for l, (activation, keep) in enumerate(zip(activations, keep_probs, strict=True), 1):
        W, b = parameters[f"W{l}"], parameters.get(f"b{l}", 0.0)  # a normalized layer needs no b
        if f"gamma{l}" in parameters:
            gamma, beta = parameters[f"gamma{l}"], parameters[f"beta{l}"]
            averages = () if training else (parameters[f"mu{l}"], parameters[f"var{l}"])
            A, cache = normalized_forward_step(A, W, b, activation, gamma, beta, *averages)
        else:
            A, cache = forward_step.core(A, W, b, activation)
        if training and keep < 1:
            cache |= {"draws": rng.random(A.shape), "keep_prob": keep}
            A = inverted_dropout.core(A, cache["draws"], keep)
        caches.append(cache)
    return A, caches


@checked(shapes(AL="n m", Y="n m"), labels, caches_of_that_pass, lambd=scale, penalty=among(*PENALTIES))
def backward_propagation(AL, Y, caches, lambd=0.0, penalty="l2"):
    """Compute all layers backward: the gradient of the cost with respect to every parameter.

    Args:
        AL: Probabilities that `forward_propagation` returned, shape (n[L], m).
        Y: Labels, the shape of AL: each 0 or 1 for one row, one-hot columns for several.
        caches: List that `forward_propagation` returned beside AL.
        lambd: λ of the penalty, 0 or more.
        penalty: "l2" or "l1"; where a weight is 0, the slope of |w| is taken as 0.

    Returns:
        A dict with `dW1`, `db1`, … (and `dgamma1`, `dbeta1`, … with batch normalization), each in the shape of its
        parameter.

    Raises ValueError if the shapes differ, a label is none, or λ or the penalty is not as described.
    Taught in notebooks 1-4, section 1.4.3, 2-1, section 2.1.6, and 2-3, section 2.5.1; notes, eqs. 1.8–1.10.
    """
    grads, m = {}, Y.shape[1]
    # For sigmoid and softmax alike dZ[L] is AL − Y (eq. 1.8): the slope of the output's activation is in it already. So
    # the last layer counts as linear, with g′(Z) = 1, and what we hand to its backward step is dZ[L].
    dA = AL - Y
    caches = [*caches[:-1], caches[-1] | {"activation": "linear"}]  # a copy: the caller's caches stay as they are
    for l in range(len(caches), 0, -1):
        cache = caches[l - 1]
        if "draws" in cache:  # A was A · mask / keep_prob, and so is dA: the units that were off pass nothing back
            dA = inverted_dropout.core(dA, cache["draws"], cache["keep_prob"])
        if "norm" in cache:
            dA, dW, db, grads[f"dgamma{l}"], grads[f"dbeta{l}"] = normalized_backward_step(dA, cache)
        else:
            dA, dW, db = backward_step.core(dA, cache)
        grads[f"dW{l}"] = dW + penalty_gradient(cache["W"], lambd, m, penalty) if lambd else dW
        if np.ndim(cache["b"]):  # a normalized layer without b has the number 0.0 there
            grads[f"db{l}"] = db
    return grads


def predict(X, parameters, hidden="relu", output="sigmoid"):
    """Return the most likely label of each example, at test time: no dropout, batch norm by its moving averages.

    Args:
        X, parameters, hidden, output: As for `forward_propagation`.

    Returns:
        int64, shape (1, m): 1 where the probability is above one half and 0 elsewhere, or the number of the class.

    Raises ValueError if the shapes do not fit, a value is not finite, or a name is unknown.
    Taught in notebook 1-4, section 1.4.2.
    """
    return _most_likely(forward_propagation(X, parameters, hidden, output, training=False)[0])


def _most_likely(AL):
    """Return the label of each column, shape (1, m): 1 above one half and 0 elsewhere, or the number of the class."""
    return (AL > 0.5).astype(np.int64) if len(AL) == 1 else AL.argmax(axis=0, keepdims=True)


@checked(
    shapes(X="n_x m"),
    training_starts,
    network_fits,
    sets_are_labeled,
    method=among(*METHODS),
    learning_rate=positive,
    epochs=at_least(0),
    batch_size=optional(at_least(1)),
    lambd=scale,
    penalty=among(*PENALTIES),
    patience=optional(at_least(1)),
    momentum=fraction,
)
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
        parameters: Parameters to start from, in place of `layer_dims`; they stay as they are.
        hidden, output, keep_prob: As for `forward_propagation`.
        method, batch_norm: As for `initialize_parameters`.
        optimizer: One of `optimizers`; plain gradient descent with `learning_rate` if None.
        learning_rate: α of that plain gradient descent, above 0.
        schedule: Function that returns α for the epoch 0, 1, …; it replaces the optimizer's learning rate.
        epochs: Number of passes over the examples, 0 or more.
        batch_size: Examples in a mini-batch; all of them if None.
        lambd, penalty: As for `compute_cost`. Each mini-batch divides λ by its own number of examples.
        dev: `(X_dev, Y_dev)`, to be judged after each epoch.
        patience: Early stopping: stop when the dev cost has not improved for so many epochs, and return the parameters
            of the best one.
        momentum: Momentum of batch normalization's moving averages.
        callback: Function that is called as `callback(epoch, parameters)` after each epoch.
        seed: Seed of the weights, the mini-batches and the dropout.

    Returns:
        `(parameters, history)`. The history holds a list with a number for each epoch: `cost` (the mean over the
        mini-batches, penalty included) and `accuracy`, both as seen during the epoch, and `seconds` since the start;
        with `dev` also `dev_cost` (without penalty) and `dev_accuracy`. With `patience` and an epoch or more
        there is `best_epoch`, a number from 0.

    Raises ValueError if the shapes do not fit, a value is not finite, a label is none, or a setting is out of range.
    Taught in notebooks 1-4, section 1.4.2, and 2-1, section 2.1.1.
    """
    # `training_starts` has drawn the parameters from layer_dims, unless they were given, and chosen the optimizer
    rng = generator(seed)
    start = time.perf_counter()
    history = {"cost": [], "accuracy": [], "seconds": []}
    if dev:
        history |= {"dev_cost": [], "dev_accuracy": []}
    best = parameters
    for epoch in range(epochs):
        if schedule is not None:
            optimizer.learning_rate = schedule(epoch)
        batches = [(X, Y)] if batch_size is None else random_mini_batches(X, Y, batch_size, seed=rng)
        cost = hits = 0.0
        for X_batch, Y_batch in batches:
            AL, caches = forward_propagation.core(X_batch, parameters, hidden, output, keep_prob, rng)
            grads = backward_propagation.core(AL, Y_batch, caches, lambd, penalty)
            cost += compute_cost.core(AL, Y_batch, parameters, lambd, penalty) / len(batches)
            hits += _hits(AL, Y_batch)
            parameters = optimizer.update(parameters, grads)
            parameters = parameters | _moving_averages(parameters, caches, momentum)  # of the normalized layers
        history["cost"].append(cost)
        history["accuracy"].append(hits / X.shape[1])
        if dev:
            AL, _ = forward_propagation.core(dev[0], parameters, hidden, output, keep_prob, training=False)
            history["dev_cost"].append(compute_cost.core(AL, dev[1]))
            history["dev_accuracy"].append(_hits(AL, dev[1]) / AL.shape[1])
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


def _hits(AL, Y):
    """Count the examples whose true label is the most likely one."""
    return int(np.sum(_most_likely(AL) == _most_likely(Y)))


def _moving_averages(parameters, caches, momentum):
    """Return mu and var of the normalized layers, if any, moved towards those of the newest mini-batch."""
    return {
        f"{name}{l}": update_moving_average.core(parameters[f"{name}{l}"], cache["norm"][name], momentum)
        for l, cache in enumerate(caches, 1)
        if "norm" in cache
        for name in ("mu", "var")
    }
