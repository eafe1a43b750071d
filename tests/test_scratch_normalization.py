"""`dlcourse.scratch.normalization` against scikit-learn, TensorFlow's autodiff and Keras' layer."""

from dlcourse.scratch import normalization

import numpy as np
import pytest


def batch(n=4, m=7, seed=0):
    """Weighted sums whose rows have very different means and sizes, γ, β and a gradient."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, m)) * 10.0 ** rng.uniform(-2, 2, (n, 1)) + rng.normal(scale=5, size=(n, 1))
    return Z, rng.normal(size=(n, 1)), rng.normal(size=(n, 1)), rng.normal(size=(n, m))


def test_standardize_is_scikit_learns():
    from sklearn.preprocessing import StandardScaler

    X, _, _, test = batch(m=50)
    X[2] = 0.1  # a constant: its mean in floating point is not exactly 0.1
    scaler = StandardScaler().fit(X.T)
    X_norm, mu, sigma = normalization.standardize(X)
    np.testing.assert_allclose(X_norm, scaler.transform(X.T).T, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(mu[:, 0], scaler.mean_, rtol=1e-12)
    np.testing.assert_allclose(sigma[:, 0], scaler.scale_, rtol=1e-12)
    test_norm, same_mu, same_sigma = normalization.standardize(test, mu, sigma)
    np.testing.assert_allclose(test_norm, scaler.transform(test.T).T, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(same_mu, mu)
    np.testing.assert_array_equal(same_sigma, sigma)


def test_standardized_features_have_mean_zero_and_variance_one():
    X_norm, _, _ = normalization.standardize(batch(m=50)[0])
    np.testing.assert_allclose(X_norm.mean(axis=1), 0, atol=1e-13)
    np.testing.assert_allclose((X_norm**2).mean(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("X", [[[0.1] * 3, [7.0] * 3], [[5.0], [0.0]], [[1e-300] * 10]])
def test_a_constant_feature_becomes_exactly_zero_and_its_sigma_one(X):
    with np.errstate(all="raise"):
        X_norm, mu, sigma = normalization.standardize(X)
    assert np.all(X_norm == 0)
    assert np.all(sigma == 1)
    np.testing.assert_array_equal(mu, np.array(X)[:, :1])


def test_batch_norm_forward_and_backward_are_tensorflows():
    import tensorflow as tf

    for n, m, epsilon in [(4, 7, 1e-3), (1, 2, 1e-8), (3, 64, 1.0)]:
        Z, gamma, beta, dZ_tilde = batch(n, m)
        variables = [tf.Variable(Z), tf.Variable(gamma), tf.Variable(beta)]
        with tf.GradientTape() as tape:
            mean, variance = tf.nn.moments(variables[0], axes=[1], keepdims=True)
            expected = tf.nn.batch_normalization(variables[0], mean, variance, variables[2], variables[1], epsilon)
        gradients = tape.gradient(expected, variables, output_gradients=tf.constant(dZ_tilde))
        Z_tilde, cache = normalization.batchnorm_forward(Z, gamma, beta, epsilon)
        np.testing.assert_allclose(Z_tilde, expected.numpy(), rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(cache["mu"], mean.numpy(), rtol=1e-12)
        np.testing.assert_allclose(cache["var"], variance.numpy(), rtol=1e-11)
        for ours, theirs in zip(normalization.batchnorm_backward(dZ_tilde, cache), gradients, strict=True):
            scale = np.abs(theirs.numpy()).max()
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-8, atol=1e-9 * scale)


def test_batch_norm_backward_is_the_limit_of_finite_differences():
    Z, gamma, beta, dZ_tilde = batch(2, 5, seed=3)
    _, cache = normalization.batchnorm_forward(Z, gamma, beta)
    dZ, _, _ = normalization.batchnorm_backward(dZ_tilde, cache)
    for at in np.ndindex(Z.shape):
        aside = np.zeros_like(Z)
        aside[at] = 1e-6

        def J(Z):
            return np.sum(dZ_tilde * normalization.batchnorm_forward(Z, gamma, beta)[0])

        np.testing.assert_allclose(dZ[at], (J(Z + aside) - J(Z - aside)) / 2e-6, rtol=1e-5, atol=1e-7)


def test_batch_norm_is_keras_layer_in_training_and_inference_over_several_steps():
    import keras

    layer = keras.layers.BatchNormalization(dtype="float64")
    _, gamma, beta, _ = batch(4, 16)
    layer.build((None, 4))
    layer.gamma.assign(gamma[:, 0])
    layer.beta.assign(beta[:, 0])
    mu, var = np.zeros((4, 1)), np.ones((4, 1))
    for seed in range(6):
        Z = batch(4, 16, seed)[0]
        expected = layer(Z.T, training=True)
        Z_tilde, cache = normalization.batchnorm_forward(Z, gamma, beta)
        np.testing.assert_allclose(Z_tilde, keras.ops.convert_to_numpy(expected).T, rtol=1e-9, atol=1e-9)
        mu = normalization.update_moving_average(mu, cache["mu"])
        var = normalization.update_moving_average(var, cache["var"])
        # Keras rounds its momentum of 0.99 to float32 on the way
        np.testing.assert_allclose(mu[:, 0], keras.ops.convert_to_numpy(layer.moving_mean), rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(var[:, 0], keras.ops.convert_to_numpy(layer.moving_variance), rtol=1e-5)
    layer.moving_mean.assign(mu[:, 0])
    layer.moving_variance.assign(var[:, 0])
    Z = batch(4, 3, seed=9)[0]
    ours = normalization.batchnorm_inference(Z, gamma, beta, mu, var)
    np.testing.assert_allclose(ours.T, keras.ops.convert_to_numpy(layer(Z.T, training=False)), rtol=1e-9, atol=1e-9)


def test_inference_with_the_batchs_own_statistics_is_training():
    Z, gamma, beta, _ = batch()
    Z_tilde, cache = normalization.batchnorm_forward(Z, gamma, beta, epsilon=0.1)
    again = normalization.batchnorm_inference(Z, gamma, beta, cache["mu"], cache["var"], epsilon=0.1)
    np.testing.assert_allclose(again, Z_tilde, rtol=1e-12, atol=1e-13)
    alone = normalization.batchnorm_inference(Z[:, [2]], gamma, beta, cache["mu"], cache["var"], epsilon=0.1)
    np.testing.assert_allclose(alone, Z_tilde[:, [2]], rtol=1e-12, atol=1e-13)


def test_a_constant_added_before_batch_norm_changes_nothing():
    Z, gamma, beta, dZ_tilde = batch()
    Z_tilde, cache = normalization.batchnorm_forward(Z, gamma, beta)
    shifted, _ = normalization.batchnorm_forward(Z + np.array([[1.0], [-20.0], [3.0], [0.5]]), gamma, beta)
    np.testing.assert_allclose(shifted, Z_tilde, rtol=1e-9, atol=1e-10)
    dZ, _, _ = normalization.batchnorm_backward(dZ_tilde, cache)
    np.testing.assert_allclose(dZ.sum(axis=1) / np.abs(dZ).max(axis=1), 0, atol=1e-12)  # the bias' gradient


def test_a_batch_of_one_and_a_dead_unit_give_beta_and_no_gradient():
    with np.errstate(all="raise"):
        for Z in (np.array([[3.0], [-2.0]]), np.full((2, 5), 4.0)):
            gamma, beta = np.array([[2.0], [3.0]]), np.array([[0.5], [-0.5]])
            Z_tilde, cache = normalization.batchnorm_forward(Z, gamma, beta)
            np.testing.assert_array_equal(Z_tilde, np.broadcast_to(beta, Z.shape))
            dZ, dgamma, dbeta = normalization.batchnorm_backward(np.ones(Z.shape), cache)
            np.testing.assert_array_equal(dZ, np.zeros(Z.shape))
            np.testing.assert_array_equal(dgamma, np.zeros((2, 1)))
            np.testing.assert_array_equal(dbeta, np.full((2, 1), Z.shape[1]))


def test_functions_leave_their_arguments():
    Z, gamma, beta, dZ_tilde = batch()
    kept = [a.copy() for a in (Z, gamma, beta, dZ_tilde)]
    _, cache = normalization.batchnorm_forward(Z, gamma, beta)
    normalization.batchnorm_backward(dZ_tilde, cache)
    normalization.update_moving_average(cache["mu"], gamma)
    normalization.standardize(Z)
    for before, after in zip(kept, (Z, gamma, beta, dZ_tilde), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_moving_average_forgets_its_start_over_one_by_one_minus_momentum_batches():
    moving = np.zeros((2, 1))
    for _ in range(100):
        moving = normalization.update_moving_average(moving, np.array([[1.0], [10.0]]))
    np.testing.assert_allclose(moving, (1 - 0.99**100) * np.array([[1.0], [10.0]]), rtol=1e-12)


Z, GAMMA, BETA, _ = batch()
GOOD = {
    "standardize": {"X": Z, "mu": GAMMA, "sigma": np.ones((4, 1))},
    "batchnorm_forward": {"Z": Z, "gamma": GAMMA, "beta": BETA, "epsilon": 1e-3},
    "batchnorm_inference": {"Z": Z, "gamma": GAMMA, "beta": BETA, "mu": GAMMA, "var": GAMMA**2, "epsilon": 1e-3},
    "batchnorm_backward": {"dZ_tilde": Z, "cache": normalization.batchnorm_forward(Z, GAMMA, BETA)[1]},
    "update_moving_average": {"moving": GAMMA, "batch": BETA, "momentum": 0.99},
}
MATRIX = [np.ones(4), np.ones((4, 0)), np.full((4, 7), np.nan), np.full((4, 7), "a"), [[1.0], [1.0, 2.0]]]
COLUMN = [np.ones(4), np.ones((1, 4)), np.ones((3, 1)), np.full((4, 1), np.inf)]
BAD = {
    "X": MATRIX,
    "Z": MATRIX,
    "dZ_tilde": [*MATRIX, np.ones((4, 6))],
    "gamma": COLUMN,
    "beta": COLUMN,
    "mu": COLUMN,
    "sigma": [*COLUMN, np.zeros((4, 1)), -np.ones((4, 1))],
    "var": [*COLUMN, -np.ones((4, 1))],
    "epsilon": [0, -1.0, float("nan"), None],
    "moving": [np.full((4, 1), np.nan), "a"],
    "batch": [np.ones((1, 4)), np.full((4, 1), np.nan)],
    "momentum": [1, -0.1, float("nan"), "0.99"],
}


@pytest.mark.parametrize(
    ("name", "argument", "bad"),
    [(name, argument, bad) for name in GOOD for argument in GOOD[name] for bad in BAD.get(argument, [])],
)
def test_bad_input_is_named(name, argument, bad):
    getattr(normalization, name)(**GOOD[name])  # what is good passes
    with pytest.raises(ValueError, match=rf"^{argument}: expected .*, got "):
        getattr(normalization, name)(**GOOD[name] | {argument: bad})


@pytest.mark.parametrize("given", [{"mu": GAMMA}, {"sigma": GAMMA**2}])
def test_one_of_mu_and_sigma_alone_is_refused(given):
    with pytest.raises(ValueError, match=r"^mu, sigma: expected both or neither, got one"):
        normalization.standardize(Z, **given)
