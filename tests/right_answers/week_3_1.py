"""Right answers to the exercises of notebook 3-1, written differently: each must be accepted."""

import numpy as np
from right_answers.libraries import using


def _steps_and_one(n, f, pad, stride):
    rest = n + 2 * pad - f
    steps = rest // stride
    return steps + 1


def _layer_size(layers, n, f, pad, stride):
    return layers.Conv2D(1, f, stride).compute_output_shape((1, n + 2 * pad, n + 2 * pad, 1))[1]


def _summed_by_tensorflow(tf, a_slice, W, b):
    return tf.reduce_sum(tf.cast(a_slice, tf.float32) * tf.cast(W, tf.float32)) + tf.cast(b, tf.float32)


def _pooled_by_hints(A, f, stride, mode):
    n_H, n_W, n_C = A.shape
    rows, columns = int((n_H - f) / stride + 1), int((n_W - f) / stride + 1)
    result = np.zeros((rows, columns, n_C))
    for i in range(rows):
        for j in range(columns):
            window = A[i * stride : i * stride + f, j * stride : j * stride + f]
            result[i, j] = window.max(axis=(0, 1)) if mode == "max" else window.mean(axis=(0, 1))
    return result


def _pooled_by_view(A, f, stride, mode):
    windows = np.lib.stride_tricks.sliding_window_view(A, (f, f), axis=(0, 1))[::stride, ::stride]
    return windows.max(axis=(-2, -1)) if mode == "max" else windows.mean(axis=(-2, -1))


def _pooled_by_keras(ops, A, f, stride, mode):
    return (ops.max_pool if mode == "max" else ops.average_pool)(A[None], f, stride, padding="valid")[0]


def _pooled_by_tensorflow(tf, A, f, stride, mode):
    pooled = tf.nn.max_pool2d if mode == "max" else tf.nn.avg_pool2d
    return pooled(tf.constant(A[None], tf.float32), f, stride, "VALID")[0]


RIGHT = {
    "same_padding": [
        lambda f: (f - 1) / 2,
        lambda f: f // 2,
        lambda f: next(p for p in range(f) if 28 + 2 * p - f + 1 == 28),
    ],
    "conv_output_size": [
        lambda n, f, pad, stride: int(np.floor((n + 2 * pad - f) / stride + 1)),
        lambda n, f, pad, stride: np.floor((n + 2 * pad - f) / stride + 1),
        lambda n, f, pad, stride: len(range(0, n + 2 * pad - f + 1, stride)),
        _steps_and_one,
        using("keras.layers", _layer_size),
    ],
    "conv_single_step": [
        lambda a_slice, W, b: np.sum(a_slice * W) + b.item(),
        lambda a_slice, W, b: np.sum(a_slice * W) + b,
        lambda a_slice, W, b: float(np.sum(np.multiply(a_slice, W)) + b[0, 0, 0]),
        lambda a_slice, W, b: np.tensordot(a_slice, W, axes=3) + b.item(),
        lambda a_slice, W, b: a_slice.ravel() @ W.ravel() + b.item(),
        lambda a_slice, W, b: np.einsum("ijc,ijc->", a_slice, W) + b.item(),
        using("keras.ops", lambda ops, a_slice, W, b: ops.sum(ops.multiply(a_slice, W)) + b.item()),
        using("tensorflow", _summed_by_tensorflow),
        using("scipy.signal", lambda signal, a_slice, W, b: signal.correlate(a_slice, W, "valid", "direct") + b),
    ],
    "pool": [
        _pooled_by_hints,
        _pooled_by_view,
        using("keras.ops", _pooled_by_keras),
        using("tensorflow", _pooled_by_tensorflow),
        lambda A, f, stride, mode: _pooled_by_view(A, f, stride, mode).tolist(),
    ],
}
