"""Right answers to the exercises of notebook 1-1, written differently: each must be accepted."""

import itertools

import numpy as np
from right_answers.libraries import using


def _copy_and_mask(z):
    a = z.copy()
    a[a < 0] = 0
    return a


def _layer_by_layer(layer_sizes):
    total = 0
    for i in range(1, len(layer_sizes)):
        weights, biases = layer_sizes[i - 1] * layer_sizes[i], layer_sizes[i]
        total += weights + biases
    return total


RIGHT = {
    "relu": [
        lambda z: np.where(z > 0, z, 0),
        lambda z: z * (z > 0),
        _copy_and_mask,
        using("tensorflow", lambda tf, z: tf.nn.relu(z)),
        using("keras.ops", lambda ops, z: ops.relu(z)),
    ],
    "predict_price": [
        lambda lot_size, weight, bias: np.maximum(0, weight * lot_size + bias),
        lambda lot_size, weight, bias: np.clip(bias + lot_size * weight, 0, None),
        using("tensorflow", lambda tf, lot_size, weight, bias: tf.nn.relu(weight * lot_size + bias)),
    ],
    "mean_absolute_error": [
        lambda predicted, actual: abs(actual - predicted).mean(),
        lambda predicted, actual: sum(abs(p - a) for p, a in zip(predicted, actual, strict=True)) / len(actual),
        using("sklearn.metrics", lambda metrics, *prices: metrics.mean_absolute_error(*prices)),
        using("keras.ops", lambda ops, predicted, actual: ops.mean(ops.abs(predicted - actual))),
    ],
    "parameter_count": [
        lambda layer_sizes: sum((k + 1) * n for k, n in itertools.pairwise(layer_sizes)),
        lambda layer_sizes: np.dot(layer_sizes[:-1], layer_sizes[1:]) + sum(layer_sizes[1:]),
        _layer_by_layer,
    ],
    "relu_gradient": [
        lambda z: z > 0,
        lambda z: np.where(z > 0, 1, 0),
        lambda z: np.heaviside(z, 0.0),
        using("tensorflow", lambda tf, z: tf.cast(z > 0, tf.float32)),
    ],
}
