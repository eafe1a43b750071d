"""How fast dlcourse.scratch.conv is: a convolution against nested loops, and against TensorFlow's.

python benchmarks/conv.py
"""

from dlcourse.scratch import conv

import numpy as np
import tensorflow as tf
import threadpoolctl

import timing
from timing import difference

SHAPE, F, FILTERS = (10, 32, 32, 8), 3, 16  # ten pictures with eight channels, filters of 3×3×8
PAD = conv.same_padding(F)


def main(rounds=50, loop_rounds=2):
    A, W, b = layer()
    rows = []
    expected = by_hand(A, W, b)
    loops = in_loops(A, W, b)
    assert difference(expected, loops) < 1e-12, "the loops compute something else"
    (ours,) = timing.take_turns([lambda: by_hand(A, W, b)], rounds)
    (slow,) = timing.take_turns([lambda: in_loops(A, W, b)], loop_rounds)
    rows.append(["forward, nested loops / by hand", slow, ours, "at least 100", slow / ours >= 100])
    for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-12)):
        forward, both = by_tensorflow(A, W, b, dtype)
        assert difference(expected, forward()) < tolerance, f"TensorFlow computes something else in {dtype}"
        for ours, theirs in zip(gradients(A, W, b), both(), strict=True):
            assert difference(ours, theirs) < 100 * tolerance, f"TensorFlow has other gradients in {dtype}"
        ours, theirs = timing.take_turns([lambda: by_hand(A, W, b), forward], rounds)
        rows.append([f"forward, by hand / TensorFlow in {dtype}", ours, theirs, "at most 10", ours / theirs <= 10])
        ours, theirs = timing.take_turns([lambda: gradients(A, W, b), both], rounds)
        rows.append([f"forward and backward, by hand / {dtype}", ours, theirs, None, None])
    timing.print_table(rows)


def layer(seed=0):
    """Draw pictures, filters and biases of one layer."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=SHAPE), rng.normal(size=(F, F, SHAPE[3], FILTERS)), rng.normal(size=(1, 1, 1, FILTERS))


def by_hand(A, W, b):
    return conv.conv_forward(A, W, b, pad=PAD)[0]


def gradients(A, W, b):
    """Compute the gradients of half the sum of squares of Z: dZ is Z itself."""
    Z, cache = conv.conv_forward(A, W, b, pad=PAD)
    return conv.conv_backward(Z, cache)


def in_loops(A, W, b):
    """Convolve as a textbook writes it: a loop over examples, rows, columns and filters."""
    padded, (m, n_H, n_W, _) = conv.zero_pad(A, PAD), A.shape
    Z = np.zeros((m, n_H, n_W, W.shape[3]))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(W.shape[3]):
                    window = padded[i, h : h + F, w : w + F]
                    Z[i, h, w, c] = np.sum(window * W[..., c]) + b[0, 0, 0, c]
    return Z


def by_tensorflow(A, W, b, dtype):
    """Return two compiled functions: the forward pass, and the gradients of half the sum of squares of Z."""
    A, W, b = (tf.Variable(value, dtype=dtype) for value in (A, W, b))

    def forward():
        return tf.nn.conv2d(A, W, 1, "SAME") + b

    def both():
        with tf.GradientTape() as tape:
            cost = tf.reduce_sum(forward() ** 2) / 2
        return tape.gradient(cost, (A, W, b))

    return tf.function(forward), tf.function(both)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        main()
