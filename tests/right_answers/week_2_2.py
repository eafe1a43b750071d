"""Right answers to the exercises of notebook 2-2, written differently: each must be accepted."""

import numpy as np
from right_answers.libraries import using


def _momentum_by_hints(w, dw, v, learning_rate, beta):
    v = beta * v + (1 - beta) * dw
    return w - learning_rate * v, v


def _momentum_by_a_difference(w, dw, v, learning_rate, beta):
    new = v + (1 - beta) * (dw - v)
    return [w + -learning_rate * new, new]


def _momentum_by_keras(ops, w, dw, v, learning_rate, beta):
    v = ops.convert_to_tensor(v) * beta + (1 - beta) * ops.convert_to_tensor(dw)
    return ops.convert_to_tensor(w) - learning_rate * v, v


def _rmsprop_by_hints(w, dw, s, learning_rate, beta, epsilon):
    s = beta * s + (1 - beta) * dw**2
    return w - learning_rate * dw / (np.sqrt(s) + epsilon), s


def _rmsprop_by_numpy(w, dw, s, learning_rate, beta, epsilon):
    new = np.average([s, np.square(dw)], axis=0, weights=[beta, 1 - beta])
    return w - np.divide(learning_rate * dw, new**0.5 + epsilon), new


def _rmsprop_by_keras(ops, w, dw, s, learning_rate, beta, epsilon):
    s = beta * ops.convert_to_tensor(s) + (1 - beta) * ops.square(dw)
    return w - learning_rate * dw / (ops.sqrt(s) + epsilon), s


def _adam_by_hints(w, dw, v, s, t, learning_rate, beta1, beta2, epsilon):
    v = beta1 * v + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    return w - learning_rate * v / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + epsilon), v, s


def _adam_by_names(w, dw, v, s, t, learning_rate, beta1, beta2, epsilon):
    v_new = (1 - beta1) * dw + beta1 * v
    s_new = (1 - beta2) * np.multiply(dw, dw) + beta2 * s
    v_hat, s_hat = v_new / (1 - np.power(beta1, t)), s_new / (1 - np.power(beta2, t))
    return [w - learning_rate * (v_hat / (np.sqrt(s_hat) + epsilon)), v_new, s_new]


def _adam_by_keras(ops, w, dw, v, s, t, learning_rate, beta1, beta2, epsilon):
    v = beta1 * ops.convert_to_tensor(v) + (1 - beta1) * ops.convert_to_tensor(dw)
    s = beta2 * ops.convert_to_tensor(s) + (1 - beta2) * ops.square(dw)
    return w - learning_rate * (v / (1 - beta1**t)) / (ops.sqrt(s / (1 - beta2**t)) + epsilon), v, s


RIGHT = {
    "bias_correction": [
        lambda v, beta, t: v / (1 - beta**t),
        lambda v, beta, t: v / sum((1 - beta) * beta**k for k in range(t)),
        lambda v, beta, t: np.divide(v, -np.expm1(t * np.log(beta))),
        using("keras.ops", lambda ops, v, beta, t: v / (1 - ops.power(beta, t))),
    ],
    "momentum": [
        _momentum_by_hints,
        _momentum_by_a_difference,
        using("keras.ops", _momentum_by_keras),
    ],
    "rmsprop": [
        _rmsprop_by_hints,
        _rmsprop_by_numpy,
        using("keras.ops", _rmsprop_by_keras),
    ],
    "adam": [
        _adam_by_hints,
        _adam_by_names,
        using("keras.ops", _adam_by_keras),
    ],
    "learning_rate_decay": [
        lambda learning_rate, epoch, decay_rate: learning_rate / (1 + decay_rate * epoch),
        lambda learning_rate, epoch, decay_rate: 1 / (1 + decay_rate * epoch) * learning_rate,
        lambda learning_rate, epoch, decay_rate: np.reciprocal(1.0 + epoch * decay_rate) * learning_rate,
        using(
            "keras.optimizers",
            lambda optimizers, alpha, epoch, rate: optimizers.schedules.InverseTimeDecay(alpha, 1, rate)(epoch),
        ),
    ],
}
