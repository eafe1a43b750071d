"""Right answers to exercises that are a simpler case of a helper: on random input both agree."""

from dlcourse import check
from dlcourse.scratch import network

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix


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
