"""Right answers to the exercises of notebook 2-3, written differently: each must be accepted."""

import numpy as np
from right_answers.libraries import using


def _normalized_by_hints(Z, gamma, beta, epsilon):
    mean = np.mean(Z, axis=1, keepdims=True)
    variance = np.mean((Z - mean) ** 2, axis=1, keepdims=True)
    Z_norm = (Z - mean) / np.sqrt(variance + epsilon)
    return gamma * Z_norm + beta


def _normalized_by_tensorflow(tf, Z, gamma, beta, epsilon):
    mean, variance = tf.nn.moments(tf.constant(Z), axes=[1], keepdims=True)
    return tf.nn.batch_normalization(Z, mean, variance, beta, gamma, epsilon)


def _normalized_by_keras(ops, Z, gamma, beta, epsilon):
    mean, variance = ops.moments(Z, axes=1, keepdims=True)
    return gamma * (Z - mean) * ops.rsqrt(variance + epsilon) + beta


def _softmax(z):
    power = np.exp(z - z.max(axis=0))
    return power / np.sum(power, axis=0)


def _gradient_by_tensorflow(tf, Z, Y):
    Z = tf.Variable(Z)
    with tf.GradientTape() as tape:
        losses = tf.nn.softmax_cross_entropy_with_logits(Y, Z, axis=0)
    return tape.gradient(losses, Z)


RIGHT = {
    "log_sample": [
        lambda draws, low, high: 10.0 ** (np.log10(low) + draws * (np.log10(high) - np.log10(low))),
        lambda draws, low, high: low * (high / low) ** draws,
        lambda draws, low, high: np.exp(np.interp(draws, [0, 1], np.log([low, high]))),
        using("scipy.stats", lambda stats, draws, low, high: stats.loguniform(low, high).ppf(draws)),
        using("keras.ops", lambda ops, draws, low, high: ops.exp(np.log(low) + draws * np.log(high / low))),
    ],
    "beta_sample": [
        lambda draws, low, high: 1 - 10.0 ** (np.log10(1 - low) + draws * (np.log10(1 - high) - np.log10(1 - low))),
        lambda draws, low, high: 1 - (1 - low) * ((1 - high) / (1 - low)) ** draws,
        lambda draws, low, high: 1 - np.exp((1 - draws) * np.log1p(-low) + draws * np.log1p(-high)),
        lambda draws, low, high: 1 - RIGHT["log_sample"][0](1 - draws, 1 - high, 1 - low),
    ],
    "batchnorm_forward": [
        _normalized_by_hints,
        lambda Z, gamma, beta, epsilon: gamma * ((Z.T - Z.mean(axis=1)) / np.sqrt(Z.var(axis=1) + epsilon)).T + beta,
        using("tensorflow", _normalized_by_tensorflow),
        using("keras.ops", _normalized_by_keras),
    ],
    "softmax": [
        _softmax,
        lambda z: np.exp(z - z.max(axis=0) - np.log(np.exp(z - z.max(axis=0)).sum(axis=0))),
        using("scipy.special", lambda special, z: special.softmax(z, axis=0)),
        using("tensorflow", lambda tf, z: tf.nn.softmax(z, axis=0)),
        using("keras.ops", lambda ops, z: ops.softmax(z, axis=0)),
    ],
    "softmax_gradient": [
        lambda Z, Y: _softmax(Z) - Y,
        lambda Z, Y: np.subtract(_softmax(Z), Y),
        lambda Z, Y: np.where(Y == 1, _softmax(Z) - 1, _softmax(Z)),
        using("tensorflow", _gradient_by_tensorflow),
        using("keras.ops", lambda ops, Z, Y: ops.softmax(Z, axis=0) - Y),
    ],
}
