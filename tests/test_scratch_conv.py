"""dlcourse.scratch.conv against TensorFlow's ops and their gradients, in float64."""

from dlcourse.scratch import conv
from dlcourse.scratch.gradcheck import gradient_check

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

# (m, n_H, n_W, channels), filter, filters, stride, pad: odd and even filters, rows left over, no square, one of each
LAYERS = [
    ((2, 6, 6, 3), 3, 4, 1, 0),
    ((2, 6, 6, 3), 3, 4, 1, 1),
    ((3, 7, 9, 2), 3, 5, 2, 1),
    ((1, 8, 5, 1), 2, 1, 2, 0),
    ((2, 8, 6, 3), 3, 2, 3, 0),
    ((2, 10, 7, 2), 5, 3, 2, 2),
    ((2, 6, 7, 4), 1, 3, 1, 0),
    ((2, 7, 7, 2), 1, 3, 3, 0),
    ((1, 4, 4, 2), 4, 3, 1, 0),
    ((2, 5, 8, 2), 4, 3, 3, 3),
    ((2, 3, 3, 2), 5, 2, 1, 2),
]
POOLS = [((2, 6, 6, 3), 2, 2), ((2, 7, 9, 2), 3, 2), ((1, 5, 5, 1), 5, 1), ((2, 8, 6, 2), 2, 3), ((3, 5, 7, 2), 3, 1)]


def layer(shape, f, filters, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.normal(size=(f, f, shape[3], filters)), rng.normal(size=(1, 1, 1, filters))


def tf_conv(A, W, b, stride, pad):
    border = [[0, 0], [pad, pad], [pad, pad], [0, 0]]
    return tf.nn.conv2d(tf.pad(A, border), W, stride, "VALID") + b


@pytest.mark.parametrize(("shape", "f", "filters", "stride", "pad"), LAYERS)
def test_convolution_and_its_gradients_are_tensorflows(shape, f, filters, stride, pad):
    A, W, b = layer(shape, f, filters)
    Z, cache = conv.conv_forward(A, W, b, stride, pad)
    variables = [tf.constant(value) for value in (A, W, b)]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        expected = tf_conv(*variables, stride, pad)
    np.testing.assert_allclose(Z, expected, atol=1e-12)
    assert Z.shape[1:3] == tuple(conv.conv_output_size(n, f, pad, stride) for n in shape[1:3])
    dZ = np.random.default_rng(1).normal(size=Z.shape)
    theirs = tape.gradient(expected, variables, output_gradients=tf.constant(dZ))
    for ours, other in zip(conv.conv_backward(dZ, cache), theirs, strict=True):
        assert ours.shape == other.shape
        np.testing.assert_allclose(ours, other, atol=1e-11)


def test_the_gradients_are_those_of_finite_differences():
    A, W, b = layer((2, 5, 6, 2), 3, 3)
    weight = np.random.default_rng(1).normal(size=(2, 3, 3, 3))

    def cost(parameters):
        return np.sum(weight * conv.conv_forward(*parameters.values(), stride=2, pad=1)[0])

    _, cache = conv.conv_forward(A, W, b, 2, 1)
    dA, dW, db = conv.conv_backward(weight, cache)
    parameters, grads = {"A": A, "W": W, "b": b}, {"dA": dA, "dW": dW, "db": db}
    assert gradient_check(cost, parameters, grads) < 1e-7
    assert gradient_check(cost, parameters, grads | {"dW": dW * 1.01}) > 1e-3


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize(("shape", "f", "stride"), POOLS)
@pytest.mark.parametrize("ties", [False, True])
def test_pooling_and_its_gradient_are_tensorflows(shape, f, stride, mode, ties):
    rng = np.random.default_rng(0)
    A = rng.integers(0, 3, size=shape).astype(float) if ties else rng.normal(size=shape)
    pooled, cache = conv.pool_forward(A, f, stride, mode)
    variable = tf.constant(A)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        expected = (tf.nn.max_pool2d if mode == "max" else tf.nn.avg_pool2d)(variable, f, stride, "VALID")
    np.testing.assert_allclose(pooled, expected, atol=1e-12)
    dA = rng.normal(size=pooled.shape)
    theirs = tape.gradient(expected, variable, output_gradients=tf.constant(dA))
    np.testing.assert_allclose(conv.pool_backward(dA, cache), theirs, atol=1e-12)


@pytest.mark.parametrize(("shape", "f", "_", "stride", "pad"), LAYERS)
def test_depthwise_is_tensorflows(shape, f, _, stride, pad):
    A, _, _ = layer(shape, f, 1)
    W = np.random.default_rng(1).normal(size=(f, f, shape[3]))
    border = [[0, 0], [pad, pad], [pad, pad], [0, 0]]
    expected = tf.nn.depthwise_conv2d(tf.pad(A, border), W[..., np.newaxis], (1, stride, stride, 1), "VALID")
    np.testing.assert_allclose(conv.depthwise_conv_forward(A, W, stride, pad), expected, atol=1e-12)


def test_a_filter_over_a_picture_is_scipys_correlation_and_flipped_its_convolution():
    rng = np.random.default_rng(0)
    image, kernel = rng.integers(0, 256, (9, 12)).astype(np.uint8), rng.normal(size=(3, 3))
    expected = scipy.signal.correlate2d(image, kernel, mode="valid")
    np.testing.assert_allclose(conv.filter_image(image, kernel), expected, atol=1e-10)
    expected = scipy.signal.convolve2d(image, kernel, mode="valid")
    np.testing.assert_allclose(conv.filter_image(image, kernel[::-1, ::-1]), expected, atol=1e-10)


def test_a_single_step_is_one_number_of_the_convolution():
    A, W, b = layer((2, 6, 6, 3), 3, 4)
    Z, _ = conv.conv_forward(A, W, b, stride=2)
    step = conv.conv_single_step(A[1, 2:5, 0:3], W[..., 3], b[..., 3])
    assert isinstance(step, float) and step == pytest.approx(Z[1, 1, 0, 3], abs=1e-12)


@pytest.mark.parametrize("n", range(1, 12))
def test_the_output_size_counts_the_places_of_the_window(n):
    for f in range(1, 7):
        for pad in range(3):
            for stride in range(1, 5):
                places = [start for start in range(0, n + 2 * pad, stride) if start + f <= n + 2 * pad]
                if places:
                    assert conv.conv_output_size(n, f, pad, stride) == len(places)
                else:
                    with pytest.raises(ValueError, match=f"^f: expected a window of at most .*{n + 2 * pad}, got {f}$"):
                        conv.conv_output_size(n, f, pad, stride)


@pytest.mark.parametrize("f", [1, 3, 5, 7])
def test_same_padding_keeps_the_size(f):
    assert conv.conv_output_size(10, f, conv.same_padding(f)) == 10


def test_zero_padding_adds_zeros_around_rows_and_columns_only():
    A = np.ones((2, 3, 4, 2))
    padded = conv.zero_pad(A, 2)
    assert padded.shape == (2, 7, 8, 2)
    assert np.array_equal(padded[:, 2:5, 2:6], A) and padded.sum() == A.sum()


def test_computes_in_float64_and_leaves_its_arguments_as_they_were():
    A = np.random.default_rng(0).integers(0, 256, (1, 5, 5, 2), dtype=np.uint8)
    W, b = np.ones((3, 3, 2, 1), dtype=np.float32), np.zeros((1, 1, 1, 1))
    before = A.copy(), W.copy()
    Z, cache = conv.conv_forward(A, W, b, pad=1)
    grads = conv.conv_backward(np.ones(Z.shape), cache)
    pooled, pool_cache = conv.pool_forward(A, 2, 2)
    results = [Z, *grads, pooled, conv.pool_backward(np.ones(pooled.shape), pool_cache)]
    assert all(result.dtype == np.float64 for result in results)
    assert np.array_equal(A, before[0]) and np.array_equal(W, before[1])
    assert Z[0, 2, 2, 0] == A[0, 1:4, 1:4].sum(dtype=int)  # beyond 255: nothing wrapped around


A, W, B = layer((2, 5, 5, 3), 3, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: conv.conv_forward(A[0], W, B),
            r"^A_prev: expected shape \(m, n_H_prev, .*got \(5, 5, 3\)$",
        ),
        (lambda: conv.conv_forward(A[:0], W, B), r"^A_prev: expected shape \(m, .*got \(0, 5, 5, 3\)$"),
        (lambda: conv.conv_forward(A[..., :2], W, B), r"^W: expected shape \(f, f, 2, n_C\), got \(3, 3, 3, 4"),
        (lambda: conv.conv_forward(A, W[:2], B), r"^W: expected square filters, .*got \(2, 3, 3, 4\)$"),
        (lambda: conv.conv_forward(A, W, B[..., :3]), r"^b: expected shape \(1, 1, 1, 4\).*got \(1, 1, 1, 3\)$"),
        (lambda: conv.conv_forward(A, W, B[0, 0, 0]), r"^b: expected shape \(1, 1, 1, 4\).*got \(4,\)$"),
        (lambda: conv.conv_forward(A[:, :2], W, B), r"^f: expected a window of at most n \+ 2 pad = 2, got 3$"),
        (lambda: conv.conv_forward(A[:, :, :2], W, B), r"^f: expected a window of at most n \+ 2 pad = 2, got 3$"),
        (lambda: conv.conv_forward(A, W, B, stride=0), r"^stride: expected a whole number, 1 or more, got 0$"),
        (lambda: conv.conv_forward(A, W, B, pad=0.5), r"^pad: expected a whole number, 0 or more, got 0.5$"),
        (lambda: conv.conv_forward(A, W, B, pad="same"), r"^pad: expected a whole number, 0 or more, got 'same'$"),
        (lambda: conv.conv_forward([["a"]], W, B), r"^A_prev: expected real numbers"),
        (lambda: conv.conv_backward(A, conv.conv_forward(A, W, B)[1]), r"^dZ: expected the shape .*\(2, 3, 3, 4\)"),
        (lambda: conv.pool_backward(A, conv.pool_forward(A, 2, 2)[1]), r"^dA: expected the shape .*\(2, 2, 2, 3\)"),
        (lambda: conv.pool_forward(A, 6, 1), r"^f: expected a window of at most n \+ 2 pad = 5, got 6$"),
        (lambda: conv.pool_forward(A, 2, 2, "median"), r"^mode: expected one of max, average, got 'median'$"),
        (lambda: conv.depthwise_conv_forward(A, W), r"^W: expected shape \(f, f, 3\), got \(3, 3, 3, 4\)$"),
        (lambda: conv.depthwise_conv_forward(A, W[..., 0], pad=-1), r"^pad: expected a whole number, 0 or more"),
        (lambda: conv.depthwise_conv_forward(A[:, :2], W[..., 0]), r"^f: expected a window of at most .* 2, got 3$"),
        (
            lambda: conv.conv_single_step(A[0, :2, :2], W[..., 0], 0),
            r"^W: expected shape \(2, 2, 3\), got \(3, 3, 3\)$",
        ),
        (lambda: conv.conv_single_step(A[0, :3, :3], W[..., 0], B), r"^b: expected shape \(1, 1, 1\), got"),
        (lambda: conv.filter_image(A, W[:, :, 0, 0]), r"^image: expected shape \(n_H, n_W\), got"),
        (lambda: conv.filter_image(A[0, :, :, 0], W), r"^kernel: expected shape \(f, f\), got"),
        (lambda: conv.filter_image(A[0, :2, :, 0], W[:, :, 0, 0]), r"^f: expected a window"),
        (lambda: conv.same_padding(4), r"^f: expected an odd size, got 4"),
        (lambda: conv.conv_output_size(0, 1), r"^n: expected a whole number, 1 or more, got 0$"),
        (lambda: conv.conv_output_size(5, 3, -1), r"^pad: expected a whole number, 0 or more, got -1$"),
        (lambda: conv.zero_pad(A, -1), r"^pad: expected a whole number"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
