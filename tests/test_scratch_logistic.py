"""`dlcourse.scratch.logistic` against TensorFlow's loss and autodiff, finite differences, a loop and Keras."""

import inspect

from dlcourse.scratch import logistic

import numpy as np
import pytest


def problem(n_x=4, m=7, seed=0, scale=1.0):
    """Random w, b, X and labels of both classes."""
    rng = np.random.default_rng(seed)
    Y = np.arange(m).reshape(1, m) % 2
    return scale * rng.normal(size=(n_x, 1)), float(scale * rng.normal()), rng.normal(size=(n_x, m)), Y


@pytest.mark.parametrize(("n_x", "m", "scale"), [(4, 7, 1.0), (1, 1, 1.0), (625, 140, 0.1), (3, 5, 300.0)])
def test_cost_and_gradient_are_those_of_tensorflow(n_x, m, scale):
    import tensorflow as tf

    w, b, X, Y = problem(n_x, m, seed=m, scale=scale)
    weights, bias = tf.Variable(w), tf.Variable(b, dtype=tf.float64)
    with tf.GradientTape() as tape:
        logits = tf.linalg.matrix_transpose(weights) @ X + bias
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.constant(Y, tf.float64), logits))
    dw, db = tape.gradient(loss, [weights, bias])
    grads, cost = logistic.propagate(w, b, X, Y)
    np.testing.assert_allclose(cost, loss.numpy(), rtol=1e-12)
    np.testing.assert_allclose(grads["dw"], dw.numpy(), rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(grads["db"], db.numpy(), rtol=1e-9, atol=1e-13)


def test_gradient_is_the_limit_of_finite_differences():
    w, b, X, Y = problem()
    grads, _ = logistic.propagate(w, b, X, Y)
    step = 1e-6
    for j in range(len(w)):
        aside = step * np.eye(len(w))[:, [j]]
        slope = (logistic.propagate(w + aside, b, X, Y)[1] - logistic.propagate(w - aside, b, X, Y)[1]) / (2 * step)
        np.testing.assert_allclose(grads["dw"][j, 0], slope, atol=1e-9)
    slope = (logistic.propagate(w, b + step, X, Y)[1] - logistic.propagate(w, b - step, X, Y)[1]) / (2 * step)
    np.testing.assert_allclose(grads["db"], slope, atol=1e-9)


def test_propagate_agrees_with_the_loop_over_examples_and_weights():
    w, b, X, Y = problem(n_x=3, m=5)
    cost, dw, db = 0.0, np.zeros(3), 0.0
    for i in range(5):
        a = 1 / (1 + np.exp(-sum(w[j, 0] * X[j, i] for j in range(3)) - b))
        cost -= (Y[0, i] * np.log(a) + (1 - Y[0, i]) * np.log(1 - a)) / 5
        dw += (a - Y[0, i]) * X[:, i] / 5
        db += (a - Y[0, i]) / 5
    grads, vectorized = logistic.propagate(w, b, X, Y)
    np.testing.assert_allclose(vectorized, cost, rtol=1e-13)
    np.testing.assert_allclose(grads["dw"][:, 0], dw, rtol=1e-12)
    np.testing.assert_allclose(grads["db"], db, rtol=1e-12)
    assert grads["dw"].shape == w.shape
    assert isinstance(grads["db"], float)


def test_compute_cost_is_what_propagate_reports():
    w, b, X, Y = problem()
    np.testing.assert_allclose(logistic.compute_cost(logistic.forward(w, b, X), Y), logistic.propagate(w, b, X, Y)[1])


def test_cost_of_known_predictions():
    assert logistic.compute_cost([[0.5, 0.5]], [[0, 1]]) == pytest.approx(np.log(2), rel=1e-15)
    assert logistic.compute_cost([[0.9, 0.2]], [[1, 0]]) == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2, rel=1e-15)


def test_a_perfect_prediction_costs_zero_and_a_certain_error_infinity():
    with np.errstate(all="raise"):
        perfect = logistic.compute_cost([[1.0, 0.0, 1.0]], [[1, 0, 1]])
        assert (perfect, np.signbit(perfect)) == (0.0, False)
        assert logistic.compute_cost([[1.0, 0.0]], [[1, 1]]) == np.inf


def test_cost_from_extreme_parameters_is_exact_and_silent():
    X, Y = np.array([[1.0, -1.0]]), np.array([[1, 0]])
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        right, right_cost = logistic.propagate([[1e4]], 0.0, X, Y)
        wrong, wrong_cost = logistic.propagate([[-1e4]], 0.0, X, Y)
    assert right_cost == 0.0
    assert right["dw"][0, 0] == 0.0
    assert wrong_cost == pytest.approx(1e4)  # σ rounds to 0 and 1 here; computed from a, this cost would be infinite
    assert wrong["dw"][0, 0] == pytest.approx(-1.0)


def test_cost_is_convex_along_random_lines():
    for seed in range(20):
        _, _, X, Y = problem(seed=seed)
        w0, b0, w1, b1 = *problem(seed=100 + seed, scale=3)[:2], *problem(seed=200 + seed, scale=3)[:2]
        ends = logistic.propagate(w0, b0, X, Y)[1] / 2 + logistic.propagate(w1, b1, X, Y)[1] / 2
        assert logistic.propagate((w0 + w1) / 2, (b0 + b1) / 2, X, Y)[1] < ends


def test_training_is_keras_gradient_descent_step_by_step():
    import keras

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(5, 30)), (rng.random((1, 30)) < 0.5).astype(int)
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(1, activation="sigmoid", kernel_initializer="zeros")]
    )
    model.compile(keras.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy")
    history = model.fit(X.T, Y.T, batch_size=30, epochs=50, verbose=0).history["loss"]
    (w, b), costs = logistic.train(X, Y, learning_rate=0.5, iterations=50)
    np.testing.assert_allclose(costs[:-1], history, rtol=1e-5)  # Keras computes in float32
    np.testing.assert_allclose(w, model.get_weights()[0], atol=1e-5)
    np.testing.assert_allclose(b, model.get_weights()[1][0], atol=1e-5)


def test_history_starts_at_log_two_and_ends_with_the_cost_of_the_result():
    _, _, X, Y = problem(m=30)
    (w, b), costs = logistic.train(X, Y, learning_rate=0.1, iterations=40)
    assert costs.shape == (41,)
    assert costs[0] == pytest.approx(np.log(2))
    assert costs[-1] == logistic.propagate(w, b, X, Y)[1]
    assert np.all(np.diff(costs) < 0)


def test_training_finds_the_minimum_where_the_gradient_vanishes():
    _, _, X, _ = problem(n_x=2, m=40)
    Y = (np.random.default_rng(1).random((1, 40)) < 0.4).astype(int)
    (w, b), _ = logistic.train(X, Y, learning_rate=1.0, iterations=3000)
    grads, _ = logistic.propagate(w, b, X, Y)
    assert max(np.abs(grads["dw"]).max(), abs(grads["db"])) < 1e-9


def test_no_iteration_leaves_zeros():
    _, _, X, Y = problem()
    (w, b), costs = logistic.train(X, Y, iterations=0)
    assert w.tolist() == [[0.0]] * 4
    assert b == 0.0
    assert costs.tolist() == [np.log(2)]


def test_gradient_step_goes_against_the_gradient_and_leaves_its_input():
    w, grads = np.array([[1.0], [2.0]]), {"dw": np.array([[10.0], [-10.0]]), "db": 4.0}
    new_w, new_b = logistic.gradient_step(w, 0.5, grads, 0.1)
    np.testing.assert_allclose(new_w, [[0.0], [3.0]])
    assert new_b == pytest.approx(0.1)
    assert w.tolist() == [[1.0], [2.0]]


def test_prediction_is_the_more_likely_label():
    X = np.array([[-2.0, -0.1, 0.0, 0.1, 2.0]])
    labels = logistic.predict([[3.0]], 0.0, X)
    assert labels.tolist() == [[0, 0, 0, 1, 1]]  # one half is not above one half
    assert labels.dtype == np.int64
    probabilities = logistic.forward([[3.0]], 0.0, X)
    np.testing.assert_allclose(probabilities[0, -1], 1 / (1 + np.exp(-6)))
    assert probabilities.shape == (1, 5)


@pytest.mark.parametrize("shape", [(3, 2, 4), (2, 3, 5, 3), (1, 1, 1), (0, 4, 4)])
def test_each_image_is_a_column_read_row_by_row(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    X = logistic.images_to_columns(images)
    assert X.shape == (np.prod(shape[1:]), shape[0])
    assert X.dtype == np.float64
    for i in range(shape[0]):
        np.testing.assert_array_equal(X[:, i].reshape(shape[1:]), images[i] / 255)


def arguments_of(name):
    return inspect.signature(getattr(logistic, name)).parameters


BAD = {
    "X of one axis": ("X", {"X": np.ones(4)}),
    "X without examples": ("X", {"X": np.ones((4, 0))}),
    "X of text": ("X", {"X": np.full((4, 7), "a")}),
    "ragged X": ("X", {"X": [[1.0], [1.0, 2.0]]}),
    "X with NaN": ("X", {"X": np.full((4, 7), np.nan)}),
    "w of one axis": ("w", {"w": np.ones(4)}),
    "w for other features": ("w", {"w": np.ones((5, 1))}),
    "infinite w": ("w", {"w": np.full((4, 1), np.inf)}),
    "two biases": ("b", {"b": [0.0, 1.0]}),
    "no bias": ("b", {"b": None}),
    "Y of one axis": ("Y", {"Y": np.ones(7)}),
    "Y for other examples": ("Y", {"Y": np.ones((1, 6))}),
    "Y as a column": ("Y", {"Y": np.ones((7, 1))}),
    "labels of minus one": ("Y", {"Y": np.where(np.arange(7) % 2, 1, -1).reshape(1, 7)}),
    "labels between": ("Y", {"Y": np.full((1, 7), 0.5)}),
    "no learning rate": ("learning_rate", {"learning_rate": 0.0}),
    "learning rate below zero": ("learning_rate", {"learning_rate": -0.1}),
    "learning rate NaN": ("learning_rate", {"learning_rate": float("nan")}),
    "learning rate as text": ("learning_rate", {"learning_rate": "0.1"}),
    "iterations below zero": ("iterations", {"iterations": -1}),
    "iterations that are not whole": ("iterations", {"iterations": 2.5}),
    "A of one axis": ("A", {"A": np.full(7, 0.5)}),
    "A without examples": ("A", {"A": np.ones((1, 0))}),
    "A above one": ("A", {"A": np.full((1, 7), 1.5)}),
    "A with NaN": ("A", {"A": np.full((1, 7), np.nan)}),
    "images as floats": ("images", {"images": np.ones((2, 3, 3))}),
    "one image": ("images", {"images": np.ones((3, 3), np.uint8)}),
}


FUNCTIONS = ("forward", "predict", "propagate", "train", "compute_cost", "images_to_columns")


@pytest.mark.parametrize(
    ("name", "case"),
    [
        *((name, case) for case in BAD for name in FUNCTIONS if BAD[case][0] in arguments_of(name)),
        *(("gradient_step", case) for case in BAD if BAD[case][0] == "learning_rate"),
    ],
)
def test_bad_input_is_named(name, case):
    argument, changes = BAD[case]
    w, b, X, Y = problem()
    good = {"w": w, "b": b, "X": X, "Y": Y, "A": np.full((1, 7), 0.5), "grads": {"dw": w, "db": b}, "learning_rate": 1}
    arguments = {key: value for key, value in {**good, **changes}.items() if key in arguments_of(name)}
    with pytest.raises(ValueError, match=rf"^{argument}: expected .*, got "):
        getattr(logistic, name)(**arguments)


def test_a_gradient_of_another_shape_is_named():
    with pytest.raises(ValueError, match=r"^grads\['dw'\]: expected the shape of w, \(2, 1\), got \(2,\)"):
        logistic.gradient_step(np.ones((2, 1)), 0.0, {"dw": np.ones(2), "db": 0.0}, 0.1)


@pytest.mark.parametrize(
    ("grads", "message"),
    [
        (None, "grads: expected a dict with dw, db, got NoneType"),
        ({}, "grads: expected a dict with dw, db, got one without dw, db"),
        ({"dw": np.zeros((3, 1))}, "got one without db"),
        ({"dw": np.full((3, 1), np.nan), "db": 0.0}, r"grads\['dw'\]: expected finite numbers"),
        ({"dw": np.zeros((3, 1)), "db": np.inf}, r"grads\['db'\]: expected finite numbers"),
    ],
)
def test_a_gradient_that_is_none_is_refused(grads, message):
    with pytest.raises(ValueError, match=message):
        logistic.gradient_step(np.zeros((3, 1)), 0.0, grads, 0.1)
