"""`dlcourse.scratch.activations` against TensorFlow, exact values and extreme input."""

from dlcourse.scratch.activations import relu, sigmoid

import numpy as np
import pytest


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
def test_activation_is_tensorflows(name):
    import tensorflow as tf

    z = np.concatenate([np.linspace(-40, 40, 1001), np.random.default_rng(0).normal(size=499)]).reshape(3, -1)
    ours, theirs = {"sigmoid": sigmoid, "relu": relu}[name](z), getattr(tf.nn, name)(z).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=0)


def test_sigmoid_of_known_values():
    np.testing.assert_allclose(sigmoid([0.0, np.log(3), -np.log(3)]), [0.5, 0.75, 0.25], rtol=1e-15)


def test_sigmoid_of_minus_z_is_one_minus_sigmoid_of_z():
    z = np.linspace(-20, 20, 401)
    np.testing.assert_allclose(sigmoid(-z), 1 - sigmoid(z), atol=1e-16)


def test_sigmoid_keeps_tiny_probabilities():
    np.testing.assert_allclose(sigmoid([-100.0, -700.0]), np.exp([-100.0, -700.0]), rtol=1e-14)


@pytest.mark.parametrize("activation", [sigmoid, relu])
def test_extreme_input_neither_overflows_nor_warns(activation):
    z = np.array([-np.inf, -1e4, -745.2, -709.8, 0.0, 709.8, 1e4, np.inf])
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = activation(z)
    assert np.all(np.diff(a) >= 0) and a[0] == 0
    assert a[-1] == (1 if activation is sigmoid else np.inf)


@pytest.mark.parametrize("activation", [sigmoid, relu])
@pytest.mark.parametrize("z", [3, -2.5, [1, -1], np.ones((2, 0)), np.ones((2, 3, 4), np.float32), np.array([True])])
def test_output_is_float64_in_the_shape_of_the_input(activation, z):
    a = activation(z)
    assert a.dtype == np.float64
    assert np.shape(a) == np.shape(z)


@pytest.mark.parametrize("activation", [sigmoid, relu])
def test_input_is_left_as_it_was(activation):
    z = np.array([-1.0, 2.0])
    activation(z)[0] = 9
    assert z.tolist() == [-1.0, 2.0]


@pytest.mark.parametrize("activation", [sigmoid, relu])
@pytest.mark.parametrize("z", ["3", None, ..., [1j], [[1.0], [2.0, 3.0]], np.array(["a"])])
def test_what_is_not_a_real_number_is_named(activation, z):
    with pytest.raises(ValueError, match=r"^z: expected .*real numbers, got"):
        activation(z)
