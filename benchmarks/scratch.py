"""How fast dlcourse.scratch is: an epoch against Keras, and a step against explicit loops.

python benchmarks/scratch.py
"""

import math

from dlcourse import datasets
from dlcourse.scratch import network, optimizers

import keras
import numpy as np
import threadpoolctl

import timing

LAYER_DIMS = (784, 128, 64, 10)
BATCH, MANY = 64, 1024
LEARNING_RATE = 0.001
EPSILON = 1e-14  # Keras adds it before a bias is corrected, scratch after: so small, the two are the same


def main(rounds=7, loop_rounds=3):
    X, Y = examples()
    parameters = network.initialize_parameters(LAYER_DIMS, seed=0)
    rows = []

    difference = epoch_difference(X[:, :640], Y[:, :640], parameters)
    assert difference < 1e-5, f"the two epochs end {difference:.1e} apart"
    by_hand, by_keras = epochs(X, Y, parameters, "float32")
    ours, theirs = timing.take_turns([by_hand, by_keras], rounds)
    rows.append(["epoch by hand / by Keras", ours, theirs, "at most 2", ours / theirs <= 2])

    for step, count, goal in (
        (loop_over_examples, BATCH, None),
        (loop_over_examples, MANY, 25),
        (loop_over_everything, BATCH, 500),
    ):
        part = X[:, :count], Y[:, :count], parameters
        difference = gradient_difference(step, *part)
        assert difference < 1e-12, f"the gradients are {difference:.1e} apart"
        (ours,) = timing.take_turns([lambda part=part: vectorized_step(*part)], 50)
        (slow,) = timing.take_turns([lambda step=step, part=part: step(*part)], loop_rounds)
        name = f"step of {count:,}, {step.__name__.replace('_', ' ')} / vectorized"
        rows.append([name, slow, ours, goal and f"at least {goal}", goal and slow / ours >= goal])

    timing.print_table(rows)


def examples(count=20_000):
    """Read Fashion-MNIST as columns: X (784, count) in [0, 1], and one-hot Y (10, count)."""
    (images, labels), _ = datasets.fashion_mnist()
    X = images[:count].reshape(count, -1).T / 255.0
    return X, network.one_hot(labels[:count], 10)


# An epoch, by hand and by Keras


def epochs(X, Y, parameters, dtype):
    """Return two functions that train for one epoch from the same weights, first with the same mini-batches.

    Each returns its weights and biases as a list W1, b1, W2, …. Keras goes on from where it was when called again.
    """

    def by_hand():
        trained, _ = network.train(
            X,
            Y,
            parameters=parameters,
            output="softmax",
            optimizer=optimizers.Adam(LEARNING_RATE, epsilon=EPSILON),
            epochs=1,
            batch_size=BATCH,
            seed=0,
        )
        return [trained[name] for name in parameters]

    batches = optimizers.random_mini_batches(X, Y, BATCH, seed=np.random.default_rng(0))  # the order that train has
    inputs, targets = (np.concatenate(part, axis=1).T.astype(dtype) for part in zip(*batches, strict=True))
    model = keras_network(parameters, dtype)

    def by_keras():
        model.fit(inputs, targets, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
        return [weight.T if weight.ndim == 2 else weight[:, None] for weight in model.get_weights()]

    return by_hand, by_keras


def keras_network(parameters, dtype):
    """Build the network in Keras: the same shapes and weights, loss, optimizer and metric."""
    layers = len(parameters) // 2
    model = keras.Sequential([keras.Input((parameters["W1"].shape[1],), dtype=dtype)])
    for l in range(1, layers + 1):
        activation = "softmax" if l == layers else "relu"
        model.add(keras.layers.Dense(len(parameters[f"W{l}"]), activation=activation, dtype=dtype))
        model.layers[-1].set_weights([parameters[f"W{l}"].T, parameters[f"b{l}"][:, 0]])
    adam = keras.optimizers.Adam(LEARNING_RATE, epsilon=EPSILON)
    model.compile(optimizer=adam, loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def epoch_difference(X, Y, parameters):
    """Return the largest difference of a weight after an epoch by hand and one by Keras, both in float64."""
    by_hand, by_keras = epochs(X, Y, parameters, "float64")
    return max(float(np.abs(ours - theirs).max()) for ours, theirs in zip(by_hand(), by_keras(), strict=True))


# A step, vectorized and in loops


def vectorized_step(X, Y, parameters):
    """Compute the gradient of the cost by matrix products."""
    AL, caches = network.forward_propagation(X, parameters, output="softmax")
    return network.backward_propagation(AL, Y, caches)


def loop_over_examples(X, Y, parameters):
    """Compute the same gradient, one example after the other, with vectors and matrices for its layers."""
    m, total = X.shape[1], {}
    for i in range(m):
        for name, grad in vectorized_step(X[:, i : i + 1], Y[:, i : i + 1], parameters).items():
            total[name] = total.get(name, 0.0) + grad / m
    return total


def loop_over_everything(X, Y, parameters):
    """Compute the same gradient in plain Python: a loop over the examples, the units and their weights."""
    m, layers = X.shape[1], len(parameters) // 2
    W = [parameters[f"W{l}"].tolist() for l in range(1, layers + 1)]
    b = [parameters[f"b{l}"][:, 0].tolist() for l in range(1, layers + 1)]
    dW = [[[0.0] * len(row) for row in matrix] for matrix in W]
    db = [[0.0] * len(vector) for vector in b]
    for x, y in zip(X.T.tolist(), Y.T.tolist(), strict=True):
        activations = [x]
        for l in range(layers):
            a_prev, z = activations[-1], []
            for j in range(len(W[l])):
                total = b[l][j]
                for k in range(len(a_prev)):
                    total += W[l][j][k] * a_prev[k]
                z.append(total)
            if l < layers - 1:
                activations.append([max(0.0, value) for value in z])
            else:
                powers = [math.exp(value - max(z)) for value in z]
                activations.append([power / sum(powers) for power in powers])
        dz = [a - truth for a, truth in zip(activations[-1], y, strict=True)]
        for l in reversed(range(layers)):
            a_prev = activations[l]
            da = [0.0] * len(a_prev)
            for j in range(len(dz)):
                db[l][j] += dz[j] / m
                for k in range(len(a_prev)):
                    dW[l][j][k] += dz[j] * a_prev[k] / m
                    da[k] += W[l][j][k] * dz[j]
            dz = [slope if a > 0 else 0.0 for slope, a in zip(da, a_prev, strict=True)]
    grads = {f"dW{l}": np.array(dW[l - 1]) for l in range(1, layers + 1)}
    return grads | {f"db{l}": np.array(db[l - 1])[:, None] for l in range(1, layers + 1)}


def gradient_difference(step, X, Y, parameters):
    """Return the largest difference of a gradient of `step` from that of the vectorized one."""
    ours, theirs = vectorized_step(X, Y, parameters), step(X, Y, parameters)
    if ours.keys() != theirs.keys() or any(ours[name].shape != theirs[name].shape for name in ours):
        raise ValueError(f"step: expected gradients in the shapes of the vectorized ones, got {list(theirs)}")
    return max(float(np.abs(ours[name] - theirs[name]).max()) for name in ours)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        main()
