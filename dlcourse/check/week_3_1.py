"""The exercises of notebook 3-1: sizes and padding, one step of a convolution, and pooling."""

from dlcourse.check.exercise import Exercise
from dlcourse.scratch.conv import conv_output_size, conv_single_step, same_padding

import numpy as np


def pool(A, f, stride, mode):
    """Max or average pooling of one picture, channel by channel; no padding.

    Args:
        A: Activations, shape (n_H, n_W, n_C).
        f: Height and width of the window.
        stride: How far it moves.
        mode: "max" or "average".

    Returns:
        Shape (⌊(n_H − f) / stride⌋ + 1, ⌊(n_W − f) / stride⌋ + 1, n_C). `dlcourse.scratch.conv.pool_forward` does the
        same for a batch, without loops.
    """
    n_H, n_W = ((n - f) // stride + 1 for n in A.shape[:2])
    result = np.zeros((n_H, n_W, A.shape[2]))
    for i, j in np.ndindex(n_H, n_W):
        window = A[i * stride : i * stride + f, j * stride : j * stride + f]
        result[i, j] = window.max(axis=(0, 1)) if mode == "max" else window.mean(axis=(0, 1))
    return result


_SLICE = np.array([[[1.0, 2.0], [0.0, -1.0]], [[3.0, 1.0], [2.0, 4.0]]])
_W = np.array([[[2.0, 0.0], [1.0, 1.0]], [[-1.0, 3.0], [0.5, 1.0]]])
_PICTURE = np.array([[4.0, 1, 7, 0, 5], [2, 9, 3, 3, 8], [6, 0, 1, 2, 4], [5, 5, 8, 1, 0], [7, 2, 2, 6, 3]])
_VOLUME = np.stack([_PICTURE, 1 - _PICTURE], axis=2)


def _sizes(rng):
    f, pad = int(rng.integers(1, 8)), int(rng.integers(0, 4))
    return int(max(1, f - 2 * pad) + rng.integers(0, 60)), f, pad, int(rng.integers(1, 5))


def _step(rng):
    f, channels = rng.integers(1, 6), rng.integers(1, 5)
    return rng.normal(size=(f, f, channels)), rng.normal(size=(f, f, channels)), rng.normal(size=(1, 1, 1))


def _activations(rng):
    f = int(rng.integers(2, 5))
    A = rng.normal(loc=-1, size=(*(f + rng.integers(0, 7, size=2)), rng.integers(1, 4)))
    return A, f, int(rng.integers(1, 4)), str(rng.choice(["max", "average"]))


def _pool(A, f, stride, value):
    """`pool` with another number made of each window, an array (f, f, n_C)."""
    n_H, n_W = ((n - f) // stride + 1 for n in A.shape[:2])
    windows = [
        [value(A[i * stride : i * stride + f, j * stride : j * stride + f]) for j in range(n_W)] for i in range(n_H)
    ]
    return np.array(windows)


def _highest(window):
    return window.max(axis=(0, 1))


def _mean(window):
    return window.mean(axis=(0, 1))


# Right answers that take more than a line


def _layer_size(n, f, pad, stride):
    from keras import layers

    shape = layers.Conv2D(1, f, stride).compute_output_shape((1, n + 2 * pad, n + 2 * pad, 1))
    return shape[1]


def _steps_and_one(n, f, pad, stride):
    rest = n + 2 * pad - f
    steps = rest // stride
    return steps + 1


def _summed_by_keras(a_slice, W, b):
    from keras import ops

    return ops.sum(ops.multiply(a_slice, W)) + b.item()


def _summed_by_tensorflow(a_slice, W, b):
    import tensorflow as tf

    return tf.reduce_sum(tf.cast(a_slice, tf.float32) * tf.cast(W, tf.float32)) + tf.cast(b, tf.float32)


def _correlated_by_scipy(a_slice, W, b):
    from scipy import signal

    return signal.correlate(a_slice, W, mode="valid", method="direct") + b


def _pooled_by_hints(A, f, stride, mode):
    n_H, n_W, n_C = A.shape
    rows, columns = int((n_H - f) / stride + 1), int((n_W - f) / stride + 1)
    result = np.zeros((rows, columns, n_C))
    for i in range(rows):
        for j in range(columns):
            window = A[i * stride : i * stride + f, j * stride : j * stride + f]
            result[i, j] = window.max(axis=(0, 1)) if mode == "max" else window.mean(axis=(0, 1))
    return result


def _pooled_by_keras(A, f, stride, mode):
    from keras import ops

    pooled = ops.max_pool if mode == "max" else ops.average_pool
    return pooled(A[None], f, stride, padding="valid")[0]


def _pooled_by_tensorflow(A, f, stride, mode):
    import tensorflow as tf

    pooled = tf.nn.max_pool2d if mode == "max" else tf.nn.avg_pool2d
    return pooled(tf.constant(A[None], tf.float32), f, stride, "VALID")[0]


def _pooled_by_view(A, f, stride, mode):
    windows = np.lib.stride_tricks.sliding_window_view(A, (f, f), axis=(0, 1))[::stride, ::stride]
    return windows.max(axis=(-2, -1)) if mode == "max" else windows.mean(axis=(-2, -1))


def _pooled_from_corners(A, f, stride, mode):
    """`pool` whose windows begin at (i, j) instead of (i, j) · stride."""
    n_H, n_W = ((n - f) // stride + 1 for n in A.shape[:2])
    value = _highest if mode == "max" else _mean
    return np.array([[value(A[i : i + f, j : j + f]) for j in range(n_W)] for i in range(n_H)])


EXERCISES = [
    Exercise(
        reference=same_padding,
        notebook="3-1",
        section="3.1.2",
        cases=[(3,), (5,), (1,), (7,), (11,)],
        properties=[(lambda p, f: 28 + 2 * p - f + 1 == 28, "28 pixels stay 28")],
        wrong=[
            (lambda f: f - 1, "This is the padding of both sides together; p is that of one side."),
            (
                lambda f: (f + 1) // 2,
                "One too many: the output is larger than the input. Solve n + 2p − f + 1 = n for p.",
            ),
            (lambda f: f // 2 - 1, "One too few. Solve n + 2p − f + 1 = n for p."),
            (lambda f: f / 2, "A filter with a central pixel reaches (f − 1) / 2 pixels to each side, not f / 2."),
        ],
        also_right=[
            lambda f: (f - 1) / 2,
            lambda f: (f - 1) // 2,
            lambda f: f // 2,
            lambda f: next(p for p in range(f) if 28 + 2 * p - f + 1 == 28),
        ],
        hints=[
            "The size of the output is n + 2p − f + 1. It should be n.",
            "So 2p − f + 1 = 0.",
        ],
    ),
    Exercise(
        reference=conv_output_size,
        notebook="3-1",
        section="3.1.3",
        cases=[(7, 3, 0, 2), (8, 3, 0, 2), (6, 3, 1, 1), (28, 5, 2, 3), (3, 3, 0, 4)],
        random=_sizes,
        properties=[
            (
                lambda size, n, f, pad, stride: (size - 1) * stride + f <= n + 2 * pad,
                "the last window lies inside the padded picture",
            ),
        ],
        wrong=[
            (
                lambda n, f, pad, stride: (n + 2 * pad - f) / stride + 1,
                "Where the last step would lead out of the picture, it is not taken: round down.",
            ),
            (
                lambda n, f, pad, stride: -(-(n + 2 * pad - f) // stride) + 1,
                "This rounds up: its last window sticks out of the picture. Round down.",
            ),
            (
                lambda n, f, pad, stride: (n + 2 * pad - f) // stride,
                "These are the steps. There is one more window than steps: + 1.",
            ),
            (
                lambda n, f, pad, stride: (n + pad - f) // stride + 1,
                "The padding is on both sides: 2p.",
            ),
            (
                lambda n, f, pad, stride: (n + 2 * pad - f + 1) // stride,
                "The 1 is the first window; it is not divided by the stride.",
            ),
            (
                lambda n, f, pad, stride: int(np.rint((n + 2 * pad - f) / stride + 1)),
                "This rounds to the nearest number. A window that does not fit does not count: round down.",
            ),
            (
                lambda n, f, pad, stride: -(-n // stride),
                'This is the size that padding="same" has in TensorFlow, ⌈n/s⌉. Here the padding is given.',
            ),
        ],
        also_right=[
            lambda n, f, pad, stride: int(np.floor((n + 2 * pad - f) / stride + 1)),
            lambda n, f, pad, stride: (n + 2 * pad - f) // stride + 1,
            lambda n, f, pad, stride: np.floor((n + 2 * pad - f) / stride + 1),
            lambda n, f, pad, stride: len(range(0, n + 2 * pad - f + 1, stride)),
            _steps_and_one,
            _layer_size,
        ],
        hints=[
            "The first window takes f of the n + 2p pixels. How many steps of `stride` do the rest allow?",
            "a // b divides and rounds down.",
        ],
    ),
    Exercise(
        reference=conv_single_step,
        notebook="3-1",
        section="3.1.4",
        keepdims=True,  # np.sum(…) + b has the shape of b
        cases=[(_SLICE, _W, np.full((1, 1, 1), 0.5)), (_SLICE, -_W, np.zeros((1, 1, 1)))],
        random=_step,
        wrong=[
            (lambda a_slice, W, b: float(np.sum(a_slice * W)), "The bias b is missing."),
            (
                lambda a_slice, W, b: float(np.sum(a_slice * W + b)),
                "The bias is added once, after the sum; here it is added to every product.",
            ),
            (
                lambda a_slice, W, b: float(np.sum(a_slice * W[::-1, ::-1]) + b.item()),
                "This flips the filter first, as mathematicians do. Deep learning does not.",
            ),
            (
                lambda a_slice, W, b: float(np.sum(a_slice) * np.sum(W) + b.item()),
                "Multiply number by number first, then add up.",
            ),
            (
                lambda a_slice, W, b: np.sum(a_slice * W, axis=(0, 1)) + b.item(),
                "A number for each channel: add up over the channels too.",
            ),
            (
                lambda a_slice, W, b: np.sum(a_slice * W, axis=(0, 1)) + b,
                "A number for each channel: add up over the channels too.",
            ),
            (
                lambda a_slice, W, b: float(np.sum(a_slice @ W) + b.item()),
                "@ is the product of matrices. Here each number meets the one in its own place: *.",
            ),
            (
                lambda a_slice, W, b: max(0.0, float(np.sum(a_slice * W) + b.item())),
                "The ReLU comes later: this step gives Z, which may be negative.",
            ),
            (
                lambda a_slice, W, b: float(np.mean(a_slice * W) + b.item()),
                "The products are added up; this is their mean.",
            ),
        ],
        also_right=[
            lambda a_slice, W, b: np.sum(a_slice * W) + b.item(),
            lambda a_slice, W, b: np.sum(a_slice * W) + b,
            lambda a_slice, W, b: float(np.sum(np.multiply(a_slice, W)) + b[0, 0, 0]),
            lambda a_slice, W, b: np.tensordot(a_slice, W, axes=3) + b.item(),
            lambda a_slice, W, b: a_slice.ravel() @ W.ravel() + b.item(),
            lambda a_slice, W, b: np.einsum("ijc,ijc->", a_slice, W) + b.item(),
            _summed_by_keras,
            _summed_by_tensorflow,
            _correlated_by_scipy,
        ],
        hints=[
            "a_slice * W multiplies number by number; np.sum adds up everything.",
            "b has the shape (1, 1, 1); b.item() is the number in it.",
        ],
    ),
    Exercise(
        reference=pool,
        notebook="3-1",
        section="3.1.6",
        cases=[
            (_VOLUME, 2, 2, "max"),
            (_VOLUME, 2, 2, "average"),
            (_VOLUME, 3, 1, "max"),
            (_VOLUME[:, :4], 3, 2, "average"),
        ],
        random=_activations,
        properties=[
            (
                lambda a, A, f, stride, mode: np.all(a <= A.max(axis=(0, 1)) + 1e-9),
                "no value is above the largest of its channel",
            ),
        ],
        wrong=[
            (
                lambda A, f, stride, mode: _pool(A, f, stride, _highest),
                'This takes the maximum for mode "average" too.',
            ),
            (
                lambda A, f, stride, mode: _pool(A, f, stride, _mean),
                'This takes the average for mode "max" too.',
            ),
            (
                lambda A, f, stride, mode: _pool(A, f, f, _highest if mode == "max" else _mean),
                "This moves the window by f. It moves by `stride`.",
            ),
            (
                lambda A, f, stride, mode: _pool(
                    A, f, stride, _highest if mode == "max" else lambda window: window.sum(axis=(0, 1))
                ),
                "This is the sum of the window. The average is the sum divided by f · f.",
            ),
            (
                lambda A, f, stride, mode: _pool(A, f, stride, np.max if mode == "max" else np.mean),
                "One number for all channels. Each channel is pooled by itself: axis=(0, 1).",
            ),
            (_pooled_from_corners, "Window (i, j) begins at row i · stride and column j · stride, not at i and j."),
        ],
        also_right=[
            _pooled_by_hints,
            _pooled_by_view,
            _pooled_by_keras,
            _pooled_by_tensorflow,
            lambda A, f, stride, mode: _pool(A, f, stride, _highest if mode == "max" else _mean).tolist(),
        ],
        hints=[
            "The size of the output is that of equation (3.5) with p = 0.",
            "Window (i, j) is A[i * stride : i * stride + f, j * stride : j * stride + f]: its shape is (f, f, n_C).",
            "window.max(axis=(0, 1)) has a number for each channel.",
        ],
    ),
]
