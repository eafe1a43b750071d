"""Right answers to exercises that are a simpler case of a helper: on random input both agree."""

from dlcourse import check
from dlcourse.scratch import network

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import confusion_matrix, mean_absolute_error


@pytest.mark.parametrize("seed", range(5))
def test_one_hidden_layer_forward_and_back_is_a_network_of_two_layers(seed):
    rng = np.random.default_rng(seed)
    n_x, units, m = rng.integers(1, 9, size=3)
    parameters = network.initialize_parameters([n_x, units, 1], "xavier", seed)
    parameters = {name: value + rng.normal(size=value.shape) for name, value in parameters.items()}
    X, Y = rng.normal(size=(n_x, m)), rng.integers(0, 2, size=(1, m)) * 1.0
    AL, caches = network.forward_propagation(X, parameters, "tanh")
    A1, A2 = check.forward_one_hidden.reference(X, **parameters)
    np.testing.assert_allclose(A1, caches[1]["A_prev"], rtol=1e-13)
    np.testing.assert_allclose(A2, AL, rtol=1e-13)
    grads = check.backward_one_hidden.reference(X, Y, parameters["W2"], A1, A2)
    expected = network.backward_propagation(AL, Y, caches)
    assert grads.keys() == expected.keys()
    for name in grads:
        np.testing.assert_allclose(grads[name], expected[name], rtol=1e-11, atol=1e-14)


def test_he_init_of_the_same_draws_is_initialize_parameters():
    draws = np.random.default_rng(3).normal(size=(4, 6))
    parameters = network.initialize_parameters([6, 4], "he", seed=3)
    np.testing.assert_allclose(check.he_init.reference(draws), parameters["W1"], rtol=1e-15)


def test_confusion_matrix_is_scikit_learns():
    labels, predictions = np.random.default_rng(0).integers(5, size=(2, 200))
    ours = check.confusion_matrix.reference(labels, predictions, 5)
    np.testing.assert_array_equal(ours, confusion_matrix(labels, predictions, labels=range(5)))


def test_predict_price_is_a_dense_layer_of_one_unit_with_relu():
    lots = np.random.default_rng(1).normal(size=20).astype("float32")
    neuron = keras.layers.Dense(1, activation="relu")
    neuron.build((None, 1))
    neuron.set_weights([np.float32([[1.5]]), np.float32([0.25])])
    expected = np.asarray(neuron(lots[:, None]))[:, 0]
    np.testing.assert_allclose(check.predict_price.reference(lots, 1.5, 0.25), expected, rtol=1e-6)
    assert 0 < np.sum(expected == 0) < 20


def test_mean_absolute_error_is_scikit_learns():
    predicted, actual = np.random.default_rng(2).normal(size=(2, 50))
    expected = mean_absolute_error(actual, predicted)
    assert check.mean_absolute_error.reference(predicted, actual) == pytest.approx(expected, rel=1e-12)


def test_parameter_count_is_kerass():
    for sizes in ([11, 4, 1], [3, 1], [784, 128, 64, 10]):
        layers = [keras.Input((sizes[0],)), *(keras.layers.Dense(units) for units in sizes[1:])]
        assert check.parameter_count.reference(sizes) == keras.Sequential(layers).count_params()


def test_softmax_gradient_is_tensorflows():
    rng = np.random.default_rng(3)
    Z, Y = tf.constant(rng.normal(size=(4, 6))), np.eye(4)[:, rng.integers(4, size=6)]
    with tf.GradientTape() as tape:
        tape.watch(Z)
        losses = tf.nn.softmax_cross_entropy_with_logits(Y.T, tf.transpose(Z))
    expected = tape.gradient(losses, Z)
    np.testing.assert_allclose(check.softmax_gradient.reference(np.asarray(Z), Y), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("errors", "step"),
    [
        ((0.15, 0.16, 0.01), "bigger network"),  # the notes' own columns of section 2.1.2: high bias
        ((0.15, 0.30, 0.01), "bigger network"),  # both are high, and the bias comes first
        ((0.01, 0.11, 0.01), "more data"),
        ((0.005, 0.01, 0.01), "done"),
        ((0.15, 0.16, 0.14), "done"),  # where people err as often
    ],
)
def test_next_step_is_the_recipe_of_the_notes(errors, step):
    assert check.next_step.reference(*errors) == step
