"""The blocks of dlcourse.models and its local response normalization, against TensorFlow's ops and the formulas."""

from dlcourse import models

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers


def of_kind(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def built(block, shape, *args, **kwargs):
    x = keras.Input(shape)
    return keras.Model(x, block(x, *args, **kwargs))


def zeroed(model, last):
    """The model with γ of zero in those batch normalizations: their branch gives nothing."""
    for layer in of_kind(model, layers.BatchNormalization):
        if last in layer.name:
            layer.gamma.assign(np.zeros(layer.gamma.shape))
    return model


@pytest.mark.parametrize(
    ("model", "last"),
    [
        (lambda: built(models.residual_block, (9, 6, 4), 4, name="b"), "bn2"),
        (lambda: built(models.identity_block, (9, 6, 8), (2, 2, 8), name="b"), "3_bn"),
        (lambda: built(models.inverted_residual_block, (9, 6, 4), 4, name="b"), "project_BN"),
    ],
)
def test_a_block_whose_branch_is_zero_is_the_identity(model, last):
    model = zeroed(model(), last)
    x = np.random.default_rng(0).uniform(0, 3, (2, *model.input_shape[1:])).astype("float32")
    np.testing.assert_array_equal(model(x), x)  # numbers below zero a last ReLU would cut off


def test_a_plain_block_whose_weights_are_zero_lets_nothing_through():
    model = zeroed(built(models.residual_block, (9, 6, 4), 4, residual=False, name="b"), "bn2")
    assert not np.any(model(np.ones((1, 9, 6, 4))))


def test_the_addition_comes_before_the_last_relu():
    model = zeroed(built(models.identity_block, (5, 5, 4), (2, 2, 4), name="b"), "3_bn")
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 4)).astype("float32")
    np.testing.assert_array_equal(model(x), np.maximum(x, 0))  # a^[l] + 0, then g


@pytest.mark.parametrize("shape", [(8, 6, 3), (7, 9, 3)])
def test_the_shortcut_without_weights_takes_every_second_pixel_and_fills_up_with_zeros(shape):
    model = zeroed(built(models.residual_block, shape, 5, 2, name="b"), "bn2")
    x = np.random.default_rng(0).uniform(0, 1, (2, *shape)).astype("float32")
    found = np.array(model(x))
    np.testing.assert_array_equal(found[..., :3], x[:, ::2, ::2])
    assert not found[..., 3:].any()


@pytest.mark.parametrize("shape", [(8, 6, 2), (7, 9, 2)])
def test_the_convolution_with_stride_is_centred_on_the_pixels_of_the_shortcut(shape):
    model = built(models.residual_block, shape, 2, 2, name="b")
    kernel = np.zeros((3, 3, 2, 2), np.float32)
    kernel[1, 1] = np.eye(2)
    model.get_layer("b_conv1").set_weights([kernel])
    x = np.random.default_rng(0).uniform(0, 1, (2, *shape)).astype("float32")
    found = keras.Model(model.input, model.get_layer("b_conv1").output)(x)
    np.testing.assert_array_equal(found, x[:, ::2, ::2])


def test_the_shortcut_of_the_convolutional_block_changes_the_shape_alone():
    model = zeroed(built(models.convolutional_block, (8, 7, 3), (2, 2, 6), name="b"), "3_bn")
    x = np.random.default_rng(0).uniform(0, 1, (2, 8, 7, 3)).astype("float32")
    (kernel, bias), scale = model.get_layer("b_0_conv").get_weights(), np.sqrt(1 + 1.001e-5)
    expected = np.maximum(x[:, ::2, ::2] @ kernel[0, 0] + bias, 0) / scale
    np.testing.assert_allclose(model(x), expected, atol=1e-6)


def test_the_projection_of_mobilenet_v2_is_linear():
    model = built(models.inverted_residual_block, (8, 8, 4), 6, name="b")
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype("float32")
    assert np.min(model(x)) < 0 and not of_kind(model, layers.Add)
    assert len(of_kind(model, layers.ReLU)) == 2


def test_the_inception_block_stacks_four_paths_that_tensorflow_computes():
    model = built(models.inception_block, (7, 6, 5), (2, 3, 4, 1, 2, 3), name="b")
    rng, x = np.random.default_rng(0), np.random.default_rng(1).normal(size=(2, 7, 6, 5)).astype("float32")
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])

    def conv(x, name):
        kernel, bias = model.get_layer(f"b_{name}").get_weights()
        assert kernel.shape[:2] == ((int(name[0]),) * 2 if name in ("3x3", "5x5") else (1, 1))
        return tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)

    paths = [
        conv(x, "1x1"),
        conv(conv(x, "3x3_reduce"), "3x3"),
        conv(conv(x, "5x5_reduce"), "5x5"),
        conv(tf.nn.max_pool2d(x, 3, 1, "SAME"), "pool_proj"),
    ]
    assert [path.shape[-1] for path in paths] == [2, 4, 2, 3]
    np.testing.assert_allclose(model(x), tf.concat(paths, axis=-1), atol=1e-4)
    assert model.get_layer("b").output.shape == (None, 7, 6, 11)


def test_the_naive_inception_block_has_no_bottleneck_and_keeps_the_pooled_channels():
    model = built(models.inception_block, (7, 6, 5), (2, None, 4, None, 2, None), name="b")
    assert [layer.kernel_size for layer in of_kind(model, layers.Conv2D)] == [(1, 1), (3, 3), (5, 5)]
    x = np.random.default_rng(1).normal(size=(2, 7, 6, 5)).astype("float32")
    np.testing.assert_array_equal(np.array(model(x))[..., -5:], tf.nn.max_pool2d(x, 3, 1, "SAME"))


def test_blocks_without_a_name_can_be_stacked():
    x = keras.Input((8, 8, 4))
    y = models.identity_block(models.convolutional_block(x, (2, 2, 4)), (2, 2, 4))
    y = models.residual_block(models.residual_block(y, 4), 4, 2)
    y = models.inverted_residual_block(models.inverted_residual_block(y, 4), 4)
    y = models.depthwise_separable_block(models.depthwise_separable_block(y, 4), 4, 2)
    y = models.inception_block(models.inception_block(y, (1, 1, 1, 1, 1, 1)), (1, 1, 1, 1, 1, 1))
    model = keras.Model(x, y)
    assert model.output_shape == (None, 1, 1, 4)  # halved three times
    assert len({layer.name for layer in model.layers}) == len(model.layers)


# Local response normalization


@pytest.mark.parametrize("shape", [(2, 5, 4, 16), (1, 3, 3, 3), (2, 2, 2, 1)])
@pytest.mark.parametrize(
    ("ours", "radius"),
    [({}, 2), ({"n": 1}, 0), ({"n": 9, "k": 0.5, "alpha": 0.3, "beta": 0.5}, 4)],
)
def test_local_response_normalization_and_its_gradient_are_tensorflows(shape, ours, radius):
    layer = models.LocalResponseNormalization(**ours)
    constants = {"n": 5, "k": 2, "alpha": 1e-4, "beta": 0.75, **ours}
    x = tf.constant(np.random.default_rng(0).normal(0, 30, shape), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        found = layer(x)
        expected = tf.nn.local_response_normalization(x, radius, constants["k"], constants["alpha"], constants["beta"])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.abs(found / x - constants["k"] ** -constants["beta"]).max() > 1e-3  # more than a constant factor
    weighted = tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)
    gradients = (tape.gradient(y, x, output_gradients=weighted) for y in (found, expected))
    np.testing.assert_allclose(*gradients, atol=1e-5)


def test_local_response_normalization_is_the_papers_formula():
    a = np.random.default_rng(0).normal(0, 50, 7)
    total = [sum(a[j] ** 2 for j in range(max(0, i - 2), min(6, i + 2) + 1)) for i in range(7)]
    expected = [a[i] / (2 + 1e-4 * total[i]) ** 0.75 for i in range(7)]
    found = models.LocalResponseNormalization()(a.reshape(1, 1, 1, 7).astype("float32"))
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-5)


def test_local_response_normalization_has_nothing_to_learn_and_keeps_its_constants():
    layer = models.LocalResponseNormalization(n=3, k=1.5, alpha=0.1, beta=0.4, name="lrn")
    assert not layer(np.ones((1, 2, 2, 4))).shape[0] - 1 and not layer.weights
    again = models.LocalResponseNormalization.from_config(layer.get_config())
    assert (again.n, again.k, again.alpha, again.beta, again.name) == (3, 1.5, 0.1, 0.4, "lrn")
