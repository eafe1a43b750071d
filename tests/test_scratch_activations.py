"""`dlcourse.scratch.activations` against SciPy, TensorFlow with its autodiff, exact values and extreme input."""

import inspect
import itertools

from dlcourse.scratch import activations
from dlcourse.scratch.activations import ACTIVATIONS, activate, derivative, leaky_relu, relu, sigmoid, softmax, tanh

import numpy as np
import pytest
import scipy.special

EXTREMES = np.array([-1e4, -745.2, -709.8, -100.0, -1.0, 0.0, 1.0, 100.0, 709.8, 745.2, 1e4])
EVERY = [*ACTIVATIONS, "softmax"]
TOLERANCE = {"leaky_relu": 3e-8}  # TensorFlow rounds the slope to float32; the test with any slope is exact


def numbers():
    """Random and even numbers, 0 and numbers up to 10,000 in size, shape (3, 504)."""
    even, normal = np.linspace(-40, 40, 1001), np.random.default_rng(0).normal(size=500)
    return np.concatenate([EXTREMES, even, normal]).reshape(3, -1)


def tensorflows(name):
    import tensorflow as tf

    others = {"leaky_relu": lambda z: tf.nn.leaky_relu(z, 0.01), "linear": tf.identity}
    return others.get(name) or getattr(tf.nn, name)


def function(name):
    return softmax if name == "softmax" else lambda z: activate(name, z)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_tensorflows(name):
    theirs = tensorflows(name)(numbers()).numpy()
    np.testing.assert_allclose(activate(name, numbers()), theirs, rtol=TOLERANCE.get(name, 1e-14), atol=1e-307)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_is_tensorflows_autodiff_at_zero_too(name):
    import tensorflow as tf

    z = tf.constant(numbers())
    assert 0.0 in z.numpy()
    with tf.GradientTape() as tape:
        tape.watch(z)
        a = tensorflows(name)(z)
    ours = derivative(name, z.numpy())
    np.testing.assert_allclose(ours, tape.gradient(a, z).numpy(), rtol=TOLERANCE.get(name, 1e-14), atol=5e-15)


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.2, 0.99])
def test_leaky_relu_takes_any_slope_below_one(slope):
    import tensorflow as tf

    z = numbers()
    np.testing.assert_allclose(leaky_relu(z, slope), tf.nn.leaky_relu(z, slope).numpy(), rtol=3e-8)
    np.testing.assert_array_equal(leaky_relu(z, slope)[z < 0], slope * z[z < 0])


def test_the_slope_of_leaky_relu_is_exactly_its_default():
    default = inspect.signature(leaky_relu).parameters["slope"].default
    assert set(np.unique(derivative("leaky_relu", numbers()))) == {default, 1.0}


def test_sigmoid_is_scipys():
    np.testing.assert_allclose(sigmoid(numbers()), scipy.special.expit(numbers()), rtol=1e-14, atol=1e-307)


def test_sigmoid_derivative_keeps_its_digits_on_both_sides():
    z = np.linspace(-700, 700, 2801)
    ours = activations.sigmoid_derivative(z)
    np.testing.assert_allclose(ours, np.exp(scipy.special.log_expit(z) + scipy.special.log_expit(-z)), rtol=1e-12)
    assert ours.argmax() == 1400
    assert ours.max() == 0.25


@pytest.mark.parametrize("shape", [(4,), (1, 5), (10, 7), (3, 2, 4)])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_softmax_is_scipys(shape, scale):
    z = np.random.default_rng(0).normal(size=shape) * scale
    np.testing.assert_allclose(softmax(z), scipy.special.softmax(z, axis=0), rtol=1e-12, atol=1e-300)


def test_softmax_of_known_values():
    np.testing.assert_allclose(softmax(np.log([[1.0, 2.0], [3.0, 2.0]])), [[0.25, 0.5], [0.75, 0.5]], rtol=1e-14)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_softmax_gives_each_example_probabilities_that_sum_to_one(scale):
    a = softmax(np.random.default_rng(1).normal(size=(10, 200)) * scale)
    assert np.all((a >= 0) & (a <= 1))
    np.testing.assert_allclose(a.sum(axis=0), 1.0, rtol=1e-14)


def test_softmax_does_not_see_a_shift_of_all_classes():
    z = np.random.default_rng(2).normal(size=(5, 6))
    np.testing.assert_allclose(softmax(z + np.array([[-1e4, -3, 0, 3, 100, 1e4]])), softmax(z), rtol=1e-11)


def test_softmax_takes_each_column_by_itself():
    z = np.random.default_rng(3).normal(size=(5, 6))
    for i in range(6):
        np.testing.assert_allclose(softmax(z)[:, i], softmax(z[:, i]), rtol=1e-15)


def test_softmax_of_two_classes_is_the_sigmoid_of_their_difference():
    z = np.random.default_rng(4).normal(size=(2, 50)) * 20
    np.testing.assert_allclose(softmax(z)[0], sigmoid(z[0] - z[1]), rtol=1e-13)


@pytest.mark.parametrize("z", [3.0, np.ones((0, 4)), np.float64(1)])
def test_softmax_without_classes_is_refused(z):
    with pytest.raises(ValueError, match=r"^z: expected classes along the first axis, got shape \((0, 4)?\)"):
        softmax(z)


def test_sigmoid_of_known_values():
    np.testing.assert_allclose(sigmoid([0.0, np.log(3), -np.log(3)]), [0.5, 0.75, 0.25], rtol=1e-15)


def test_sigmoid_of_minus_z_is_one_minus_sigmoid_of_z():
    z = np.linspace(-20, 20, 401)
    np.testing.assert_allclose(sigmoid(-z), 1 - sigmoid(z), atol=1e-16)


def test_sigmoid_keeps_tiny_probabilities():
    np.testing.assert_allclose(sigmoid([-100.0, -700.0]), np.exp([-100.0, -700.0]), rtol=1e-14)


def test_tanh_is_a_stretched_sigmoid():
    z = np.linspace(-20, 20, 401)
    np.testing.assert_allclose(tanh(z), 2 * sigmoid(2 * z) - 1, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("sigmoid", 0, 1), ("tanh", -1, 1), ("relu", 0, 1e4), ("leaky_relu", -100, 1e4), ("linear", -1e4, 1e4)],
)
def test_extreme_input_neither_overflows_nor_warns(name, least, most):
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a, slope = activate(name, EXTREMES), derivative(name, EXTREMES)
    assert np.all(np.diff(a) >= 0)
    assert (a[0], a[-1]) == (least, most)
    assert np.all((slope >= 0) & (slope <= 1))


def test_softmax_of_extreme_input_neither_overflows_nor_warns():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = softmax([[1e4, -1e4, -1e4, 1e4], [-1e4, 1e4, -1e4, 1e4]])
    assert a.tolist() == [[1.0, 0.0, 0.5, 0.5], [0.0, 1.0, 0.5, 0.5]]


@pytest.mark.parametrize("activation", [sigmoid, relu, tanh, leaky_relu])
def test_infinity_is_the_limit(activation):
    with np.errstate(all="raise"):
        a = activation([-np.inf, np.inf])
    assert a.tolist() == {sigmoid: [0, 1], relu: [0, np.inf], tanh: [-1, 1], leaky_relu: [-np.inf, np.inf]}[activation]


ARRAYS = [[1, -1], np.ones((2, 0)), np.ones((2, 3, 4), np.float32), np.array([True])]


@pytest.mark.parametrize(
    ("name", "z"), [*itertools.product(EVERY, ARRAYS), *itertools.product(ACTIVATIONS, [3, -2.5, np.float32(1)])]
)
def test_output_is_float64_in_the_shape_of_the_input(name, z):
    outputs = [function(name)(z)] if name == "softmax" else [activate(name, z), derivative(name, z)]
    for a in outputs:
        assert a.dtype == np.float64
        assert np.shape(a) == np.shape(z)


@pytest.mark.parametrize("name", EVERY)
def test_input_is_left_as_it_was(name):
    z = np.array([-1.0, 2.0])
    function(name)(z)[0] = 9
    if name != "softmax":
        derivative(name, z)[0] = 9
    assert z.tolist() == [-1.0, 2.0]


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu"])
def test_names_lead_to_the_functions(name):
    z = numbers()
    np.testing.assert_array_equal(activate(name, z), getattr(activations, name)(z))
    np.testing.assert_array_equal(derivative("sigmoid", z), activations.sigmoid_derivative(z))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("z", ["3", None, ..., [1j], [[1.0], [2.0, 3.0]], np.array(["a"])])
def test_what_is_not_a_real_number_is_named(name, z):
    for f in [function(name)] if name == "softmax" else [function(name), lambda z: derivative(name, z)]:
        with pytest.raises(ValueError, match=r"^z: expected .*real numbers, got"):
            f(z)


@pytest.mark.parametrize("f", [activate, derivative])
@pytest.mark.parametrize("name", ["softmax", "swish", "ReLU", None, 3])
def test_an_unknown_name_is_refused_with_those_that_exist(f, name):
    with pytest.raises(ValueError, match=rf"^name: expected one of {', '.join(ACTIVATIONS)}, got {name!r}$"):
        f(name, 1.0)


@pytest.mark.parametrize("slope", [1.0, -0.01, float("nan"), 5, None, True, "0.1", 1, np.zeros(2)])
def test_a_slope_that_is_no_number_from_0_to_below_1_is_refused(slope):
    with pytest.raises(ValueError, match=r"^slope: expected a number 0 or more and below 1, got "):
        leaky_relu([1.0], slope)
