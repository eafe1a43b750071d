"""`dlcourse.scratch.network` against TensorFlow's autodiff, Keras' training, scikit-learn and known properties."""

import itertools

from dlcourse.scratch import network, optimizers
from dlcourse.scratch.activations import ACTIVATIONS
from dlcourse.scratch.optimizers import Adam, Momentum

import numpy as np
import pytest

INPUTS, EXAMPLES = 4, 9
MIXED = [["tanh", "leaky_relu"], ["relu", "sigmoid"], ["linear", "tanh"]]
OUTPUTS = {"sigmoid": 1, "softmax": 3}  # with the number of units


def network_of(dims, *, batch_norm=False, seed=0):
    """Random parameters, the biases, gamma, beta and moving averages too."""
    rng = np.random.default_rng(seed)
    parameters = network.initialize_parameters(dims, "xavier", seed, batch_norm=batch_norm)
    return {
        name: value if name[0] == "W" else value + rng.uniform(-0.5, 0.5, value.shape)
        for name, value in parameters.items()
    }


def examples(rows=1, n_x=INPUTS, m=EXAMPLES, seed=1):
    """X and Y: zeros and ones in one row, one-hot columns in several; every class is there."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(m) % max(rows, 2))
    return rng.normal(size=(n_x, m)), labels.reshape(1, m) * 1.0 if rows == 1 else np.eye(rows)[:, labels]


def stayed(cache):
    """Which units dropout left on."""
    return cache["draws"] < cache["keep_prob"]


def close(ours, theirs, rtol=1e-10, atol=1e-12):
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=rtol, atol=atol, err_msg=name)


# TensorFlow: one example a row, the loss from the logits, autodiff


def tensorflows(X, Y, parameters, hidden, output, caches=None, lambd=0.0, penalty="l2"):
    """`(probabilities, cost, gradients)`; the masks of dropout are those of the caches."""
    import tensorflow as tf

    functions = {
        "leaky_relu": lambda z: tf.nn.relu(z) - 0.01 * tf.nn.relu(-z),
        "linear": tf.identity,
        "relu": tf.nn.relu,
        "sigmoid": tf.nn.sigmoid,
        "tanh": tf.nn.tanh,
    }
    variables = {name: tf.Variable(value.T) for name, value in parameters.items() if name[:2] not in ("mu", "va")}
    signal, labels = tf.constant(X.T), tf.constant(Y.T)
    with tf.GradientTape() as tape:
        for l, name in enumerate([*hidden, None], 1):
            signal = signal @ variables[f"W{l}"]
            if f"b{l}" in variables:
                signal += variables[f"b{l}"]
            if f"gamma{l}" in variables:
                mean, variance = tf.nn.moments(signal, axes=[0])
                scale, shift = variables[f"gamma{l}"], variables[f"beta{l}"]
                signal = tf.nn.batch_normalization(signal, mean, variance, shift, scale, 1e-3)
            if name is not None:
                signal = functions[name](signal)
            if caches and "draws" in caches[l - 1]:
                signal *= stayed(caches[l - 1]).T / caches[l - 1]["keep_prob"]
        if output == "sigmoid":
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, signal)
        else:
            losses = tf.nn.softmax_cross_entropy_with_logits(labels, signal)
        cost = tf.reduce_mean(losses)
        for name, value in variables.items():
            if name[0] == "W" and penalty == "l2":
                cost += lambd / X.shape[1] * tf.nn.l2_loss(value)
            elif name[0] == "W":
                cost += lambd / (2 * X.shape[1]) * tf.norm(value, 1)
    gradients = tape.gradient(cost, variables)
    probabilities = tf.nn.sigmoid(signal) if output == "sigmoid" else tf.nn.softmax(signal)
    return probabilities.numpy().T, cost.numpy(), {f"d{name}": g.numpy().T for name, g in gradients.items()}


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch_norm"])
@pytest.mark.parametrize("keep_prob", [1.0, (0.7, 0.5)], ids=["all", "dropout"])
@pytest.mark.parametrize(("lambd", "penalty"), [(0.0, "l2"), (0.7, "l2"), (0.7, "l1")], ids=["none", "l2", "l1"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("hidden", [*ACTIVATIONS, *MIXED], ids=str)
def test_cost_and_every_gradient_are_tensorflows(hidden, output, lambd, penalty, keep_prob, batch_norm):
    X, Y = examples(OUTPUTS[output])
    parameters = network_of([INPUTS, 5, 6, OUTPUTS[output]], batch_norm=batch_norm)
    AL, caches = network.forward_propagation(X, parameters, hidden, output, keep_prob, seed=3)
    cost = network.compute_cost(AL, Y, parameters, lambd, penalty)
    grads = network.backward_propagation(AL, Y, caches, lambd, penalty)

    names = [hidden] * 2 if isinstance(hidden, str) else hidden
    probabilities, their_cost, their_grads = tensorflows(X, Y, parameters, names, output, caches, lambd, penalty)
    np.testing.assert_allclose(AL, probabilities, rtol=1e-12)
    np.testing.assert_allclose(cost, their_cost, rtol=1e-12)
    close(grads, their_grads)
    assert [("draws" in cache) for cache in caches] == [keep_prob != 1.0] * 2 + [False]
    assert [("norm" in cache) for cache in caches] == [batch_norm] * 2 + [False]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("sizes", [[], [1], [3], [5, 4, 3, 2, 3, 4, 5]], ids=str)
def test_any_depth_has_tensorflows_gradients(sizes, output):
    X, Y = examples(OUTPUTS[output])
    parameters = network_of([INPUTS, *sizes, OUTPUTS[output]])
    AL, caches = network.forward_propagation(X, parameters, "tanh", output)
    _, cost, grads = tensorflows(X, Y, parameters, ["tanh"] * len(sizes), output)
    np.testing.assert_allclose(network.compute_cost(AL, Y), cost, rtol=1e-12)
    close(network.backward_propagation(AL, Y, caches), grads)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("m", [1, 2, 300])
def test_any_number_of_examples_has_tensorflows_gradients(m, output):
    X, Y = examples(OUTPUTS[output], m=m)
    parameters = network_of([INPUTS, 5, 6, OUTPUTS[output]], batch_norm=m > 1)
    AL, caches = network.forward_propagation(X, parameters, "sigmoid", output)
    close(
        network.backward_propagation(AL, Y, caches, 0.3),
        tensorflows(X, Y, parameters, ["sigmoid"] * 2, output, lambd=0.3)[2],
    )


def test_a_bias_before_batch_normalization_is_useless():
    X, Y = examples()
    parameters = network_of([INPUTS, 5, 1], batch_norm=True)
    with_bias = {**parameters, "b1": np.full((5, 1), 3.0)}
    AL, caches = network.forward_propagation(X, with_bias, "tanh")
    np.testing.assert_allclose(AL, network.forward_propagation(X, parameters, "tanh")[0], rtol=1e-12)
    grads = network.backward_propagation(AL, Y, caches)
    close(grads, tensorflows(X, Y, with_bias, ["tanh"], "sigmoid")[2])
    np.testing.assert_allclose(grads["db1"], 0, atol=1e-15)


def test_the_gradient_is_the_mean_of_the_examples_own():
    X, Y = examples(3)
    parameters = network_of([INPUTS, 5, 3])

    def gradients(columns):
        AL, caches = network.forward_propagation(X[:, columns], parameters, "tanh", "softmax")
        return network.backward_propagation(AL, Y[:, columns], caches)

    alone = [gradients([i]) for i in range(EXAMPLES)]
    close(gradients(range(EXAMPLES)), {name: np.mean([grads[name] for grads in alone], axis=0) for name in alone[0]})


def test_the_l1_slope_of_a_weight_of_zero_is_zero():
    X, Y = examples()
    parameters = network_of([INPUTS, 1])
    parameters["W1"][0, :2] = 0
    AL, caches = network.forward_propagation(X, parameters)
    plain, penalized = (network.backward_propagation(AL, Y, caches, lambd, "l1")["dW1"] for lambd in (0.0, 9.0))
    np.testing.assert_allclose(penalized - plain, np.sign(parameters["W1"]) / 2, atol=1e-15)


@pytest.mark.parametrize("output", OUTPUTS)
def test_extreme_weights_neither_overflow_nor_warn(output):
    X, Y = examples(OUTPUTS[output])
    W2 = [[1, -1]] if output == "sigmoid" else [[1, -1], [0, 0], [-1, 1]]
    parameters = {"W1": 1e4 * np.array([[1] * 4, [-1] * 4]), "b1": np.zeros((2, 1)), "W2": np.array(W2, float)}
    parameters["b2"] = np.zeros((OUTPUTS[output], 1))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        AL, caches = network.forward_propagation(X, parameters, "relu", output)
        grads = network.backward_propagation(AL, Y, caches)
        assert network.compute_cost(AL, Y) == np.inf
    assert set(np.unique(AL)) == {0.0, 1.0}
    close(grads, tensorflows(X, Y, parameters, ["relu"], output)[2])


# One layer alone


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_step_forward_and_back_is_tensorflows(activation):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    A_prev, W, b = rng.normal(size=(4, 7)), rng.normal(size=(3, 4)), rng.normal(size=(3, 1))
    dA = rng.normal(size=(3, 7))
    A, cache = network.forward_step(A_prev, W, b, activation)
    function = {
        "leaky_relu": lambda z: tf.nn.relu(z) - 0.01 * tf.nn.relu(-z),
        "linear": tf.identity,
    }.get(activation) or getattr(tf.nn, activation)
    inputs = [tf.constant(value) for value in (A_prev, W, b)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        Z = tf.matmul(inputs[1], inputs[0]) + inputs[2]
        theirs = function(Z)
    np.testing.assert_allclose(A, theirs.numpy(), rtol=1e-12)
    assert cache.keys() == {"A_prev", "W", "b", "Z", "activation"}
    assert cache["activation"] == activation
    for name, value in {"A_prev": A_prev, "W": W, "b": b, "Z": Z.numpy()}.items():
        np.testing.assert_allclose(cache[name], value, rtol=1e-12)

    dA_prev, dW, db = network.backward_step(dA, cache)
    their_dA_prev, their_dW, their_db = tape.gradient(theirs, inputs, output_gradients=tf.constant(dA))
    np.testing.assert_allclose(dA_prev, their_dA_prev.numpy(), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(dW, their_dW.numpy() / 7, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(db, their_db.numpy() / 7, rtol=1e-11, atol=1e-14)


def test_steps_one_after_another_are_the_propagation():
    X, Y = examples()
    parameters, hidden = network_of([INPUTS, 5, 3, 2, 1]), ["tanh", "relu", "leaky_relu"]
    A, steps = X, []
    for l, activation in enumerate([*hidden, "sigmoid"], 1):
        A, cache = network.forward_step(A, parameters[f"W{l}"], parameters[f"b{l}"], activation)
        steps.append(cache)
    AL, caches = network.forward_propagation(X, parameters, hidden)
    np.testing.assert_array_equal(AL, A)
    assert len(caches) == 4
    for ours, step in zip(caches, steps, strict=True):
        assert ours.keys() == step.keys()
        for name in ("A_prev", "W", "b", "Z"):
            np.testing.assert_array_equal(ours[name], step[name])
        assert ours["activation"] == step["activation"]

    grads, dA = {}, (1 - Y) / (1 - A) - Y / A
    for l in range(4, 0, -1):
        dA, grads[f"dW{l}"], grads[f"db{l}"] = network.backward_step(dA, steps[l - 1])
    close(network.backward_propagation(AL, Y, caches), grads)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch_norm"])
def test_a_training_runs_the_steps_of_one_layer(monkeypatch, batch_norm):
    calls = []
    for step in (network.forward_step, network.backward_step, network.inverted_dropout):
        monkeypatch.setattr(step, "core", lambda *args, core=step.core: calls.append(core.__name__) or core(*args))
    X, Y = examples()
    network.train(X, Y, [INPUTS, 5, 6, 1], batch_norm=batch_norm, epochs=4, keep_prob=0.5)
    counts = {name: calls.count(name) for name in set(calls)}
    assert counts == {"forward_step": 12, "backward_step": 12, "inverted_dropout": 16}  # the masks on the way back too


def test_caches_of_dropout_and_batch_normalization_hold_what_was_used():
    X, _ = examples()
    parameters = network_of([INPUTS, 5, 3, 1], batch_norm=True)
    _, caches = network.forward_propagation(X, parameters, "tanh", keep_prob=[1.0, 0.5], seed=0)
    step = {"A_prev", "W", "b", "Z", "activation"}
    assert [set(cache) - step for cache in caches] == [{"norm"}, {"norm", "draws", "keep_prob"}, set()]
    assert caches[0]["b"] == 0
    assert caches[1]["keep_prob"] == 0.5
    np.testing.assert_array_equal(caches[2]["A_prev"], np.tanh(caches[1]["Z"]) * stayed(caches[1]) / 0.5)
    before = parameters["W1"] @ X
    np.testing.assert_allclose(caches[0]["norm"]["mu"], before.mean(axis=1, keepdims=True), atol=1e-14)
    np.testing.assert_allclose(caches[0]["norm"]["var"], before.var(axis=1, keepdims=True), rtol=1e-12)


def test_numbers_of_any_type_are_computed_in_float64_and_left_as_they_are():
    X, Y = np.array([[1, 2, 3], [0, 1, 0]]), [[0, 1, 1]]
    parameters = {"W1": np.array([[1, -1]], np.float32), "b1": np.array([[2]])}
    before = {name: value.copy() for name, value in parameters.items()}
    AL, caches = network.forward_propagation(X.tolist(), parameters)
    grads = network.backward_propagation(AL, Y, caches)
    assert AL.dtype == grads["dW1"].dtype == grads["db1"].dtype == np.float64
    np.testing.assert_allclose(AL, 1 / (1 + np.exp([[-3.0, -3.0, -5.0]])), rtol=1e-15)
    close(parameters, before, rtol=0, atol=0)


# At test time


@pytest.mark.parametrize("output", OUTPUTS)
def test_at_test_time_batch_normalization_uses_its_moving_averages_as_keras_does(keras64, output):
    parameters = network_of([INPUTS, 5, 6, OUTPUTS[output]], batch_norm=True)
    X, _ = examples()
    model = keras_twin(keras64, parameters, "tanh", output)
    AL, caches = network.forward_propagation(X, parameters, "tanh", output, 0.5, seed=0, training=False)
    np.testing.assert_allclose(AL, probabilities_of(model, X, output), rtol=1e-12)
    assert all("draws" not in cache and "norm" not in cache for cache in caches)
    alone = [network.forward_propagation(X[:, [i]], parameters, "tanh", output, training=False)[0] for i in range(9)]
    np.testing.assert_allclose(AL, np.hstack(alone), rtol=1e-13)  # no example sees another
    assert np.abs(AL - network.forward_propagation(X, parameters, "tanh", output)[0]).max() > 0.01


@pytest.mark.parametrize("output", OUTPUTS)
def test_prediction_is_the_most_likely_label(output):
    X, _ = examples(m=200)
    parameters = network_of([INPUTS, 5, OUTPUTS[output]], batch_norm=True)
    labels = network.predict(X, parameters, "tanh", output)
    AL, _ = network.forward_propagation(X, parameters, "tanh", output, training=False)
    expected = (AL > 0.5) * 1 if output == "sigmoid" else AL.argmax(axis=0)[np.newaxis]
    assert labels.shape == (1, 200)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, expected)
    assert set(np.unique(labels)) == set(range(max(2, OUTPUTS[output])))


def test_one_half_is_not_above_one_half():
    assert network.predict([[-1.0, 0.0, 1.0]], {"W1": np.ones((1, 1)), "b1": np.zeros((1, 1))}).tolist() == [[0, 0, 1]]


@pytest.mark.parametrize("labels", [[2, 0, 1, 1], [[2, 0, 1, 1]], np.array([2.0, 0, 1, 1]), np.uint8([2, 0, 1, 1])])
def test_one_hot_is_keras_to_categorical(labels):
    import keras

    columns = network.one_hot(labels, 4)
    np.testing.assert_array_equal(columns, keras.utils.to_categorical(np.ravel(labels), 4).T)
    assert columns.dtype == np.float64


# The cost


@pytest.mark.parametrize("rows", [1, 2, 3, 10])
def test_cost_is_scikit_learns(rows):
    from sklearn.metrics import log_loss

    _, Y = examples(rows, m=40)
    rng = np.random.default_rng(0)
    AL = rng.uniform(0.001, 0.999, (1, 40)) if rows == 1 else rng.dirichlet(np.ones(rows), 40).T
    theirs = log_loss(Y[0], AL[0]) if rows == 1 else log_loss(Y.argmax(axis=0), AL.T, labels=range(rows))
    cost = network.compute_cost(AL, Y)
    assert type(cost) is float
    np.testing.assert_allclose(cost, theirs, rtol=1e-13)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_perfect_prediction_costs_zero_and_a_certain_error_infinity(rows):
    _, Y = examples(rows)
    wrong = Y.copy()
    wrong[:, 0] = 1 - Y[:, 0] if rows == 1 else np.roll(Y[:, 0], 1)
    with np.errstate(all="raise"):
        perfect = network.compute_cost(Y, Y)
        assert (perfect, np.signbit(perfect)) == (0.0, False)
        assert network.compute_cost(wrong, Y) == np.inf


@pytest.mark.parametrize("batch_norm", [False, True])
def test_penalties_are_numpys_norms_of_the_weights_alone(batch_norm):
    parameters = network_of([4, 5, 6, 3], batch_norm=batch_norm)
    weights = [parameters[f"W{l}"] for l in (1, 2, 3)]
    l2 = 0.6 / 14 * sum(np.linalg.norm(W, "fro") ** 2 for W in weights)
    l1 = 0.6 / 14 * sum(np.linalg.norm(W.ravel(), 1) for W in weights)
    np.testing.assert_allclose(network.l2_cost(parameters, 0.6, 7), l2, rtol=1e-14)
    _, Y = examples(3, m=7)
    AL = np.full((3, 7), 1 / 3)
    np.testing.assert_allclose(network.compute_cost(AL, Y, parameters, 0.6), np.log(3) + l2, rtol=1e-14)
    np.testing.assert_allclose(network.compute_cost(AL, Y, parameters, 0.6, "l1"), np.log(3) + l1, rtol=1e-14)
    assert network.compute_cost(AL, Y, parameters) == network.compute_cost(AL, Y)
    assert network.l2_cost(parameters, 0, 7) == 0


# The parameters before the first step


def test_shapes_are_units_by_units_of_the_layer_before():
    assert network.parameter_shapes([2, 4, 1]) == {"W1": (4, 2), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    assert network.parameter_shapes((3, 1)) == {"W1": (1, 3), "b1": (1, 1)}


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("method", network.METHODS)
def test_parameters_have_their_shapes_and_only_weights_are_random(method, batch_norm):
    dims = [5, 4, 3, 2]
    parameters = network.initialize_parameters(dims, method, batch_norm=batch_norm)
    shapes = network.parameter_shapes(dims)
    if batch_norm:
        shapes = {name: shape for name, shape in shapes.items() if name not in ("b1", "b2")}
        shapes |= {f"{name}{l}": (dims[l], 1) for l in (1, 2) for name in ("gamma", "beta", "mu", "var")}
    assert {name: value.shape for name, value in parameters.items()} == shapes
    for name, value in parameters.items():
        assert value.dtype == np.float64
        if name[0] == "W":
            assert np.unique(value).size == (1 if method == "zeros" else value.size)
        else:
            assert np.all(value == (1 if name[:-1] in ("gamma", "var") else 0))
    assert method != "zeros" or not parameters["W1"].any()


@pytest.mark.parametrize("fan_in", [1200, 300])
@pytest.mark.parametrize("method", ["he", "xavier", "random"])
def test_weights_are_normal_with_the_variance_of_keras(method, fan_in):
    import keras

    W = network.initialize_parameters([fan_in, 600], method, seed=5)["W1"]
    theirs = {
        "he": keras.initializers.HeNormal(seed=0),
        "xavier": keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal", seed=0),
        "random": keras.initializers.RandomNormal(stddev=0.01, seed=0),
    }[method]
    np.testing.assert_allclose(W.var(), np.var(np.asarray(theirs((fan_in, 600)))), rtol=0.015)
    variance = {"he": 2 / fan_in, "xavier": 1 / fan_in, "random": 1e-4}[method]
    np.testing.assert_allclose(W.var(), variance, rtol=0.01)  # of 180,000 draws and more: an error of 0.33 %
    np.testing.assert_allclose(W.mean() / variance**0.5, 0, atol=0.01)
    np.testing.assert_allclose(np.mean(W**4) / variance**2, 3, rtol=0.03)  # 1.8 if uniform, 2.1 if truncated


def test_scale_is_the_deviation_of_random():
    small, large = (network.initialize_parameters([9, 8], "random", scale=scale)["W1"] for scale in (0.01, 10))
    np.testing.assert_allclose(small * 1000, large, rtol=1e-14)


def test_a_seed_gives_its_weights_again_and_another_seed_others():
    first, again, other = (network.initialize_parameters([5, 4, 3], seed=seed) for seed in (7, 7, 8))
    close(first, again, rtol=0, atol=0)
    assert not np.any(first["W1"] == other["W1"])
    layers = network.initialize_parameters([5, 4, 3], "random").values()
    assert np.unique(np.concatenate([value.ravel() for value in layers if value.any()])).size == 32  # in all layers


# Dropout


@pytest.mark.parametrize("keep_prob", [0.1, 0.5, 0.8])
def test_dropout_keeps_the_expected_value(keep_prob):
    draws = np.random.default_rng(0).random((4, 250_000))
    A = np.array([[1.0], [-2.0], [0.3], [0.0]]) * np.ones((1, 250_000))
    dropped = network.inverted_dropout(A, draws, keep_prob)
    error = np.abs(A[:, 0]) * (1 / keep_prob - 1) ** 0.5 / 500  # standard error of the mean
    assert np.all(np.abs(dropped.mean(axis=1) - A[:, 0]) <= 4 * error)
    np.testing.assert_allclose(np.mean(dropped[0] != 0), keep_prob, atol=4 * 0.5 / 500)


def test_dropout_keeps_where_the_draw_is_below():
    draws = np.array([[0.0, 0.24, 0.25, 0.26, 0.99]])
    assert network.inverted_dropout([[1, 2, 3, 4, 5]], draws, 0.25).tolist() == [[4.0, 8.0, 0.0, 0.0, 0.0]]


def test_dropout_of_nothing_changes_nothing():
    A = np.random.default_rng(0).normal(size=(3, 4, 5))
    np.testing.assert_array_equal(network.inverted_dropout(A, np.random.default_rng(1).random(A.shape), 1), A)
    X, _ = examples()
    parameters = network_of([INPUTS, 5, 6, 1])
    plain, caches = network.forward_propagation(X, parameters, keep_prob=[1, 1], seed=4)
    np.testing.assert_array_equal(plain, network.forward_propagation(X, parameters)[0])
    assert all("draws" not in cache for cache in caches)


def test_dropout_differs_by_layer():
    X, _ = examples(m=4000)
    parameters = network_of([INPUTS, 20, 20, 20, 1])
    AL, caches = network.forward_propagation(X, parameters, "tanh", keep_prob=[0.9, 1.0, 0.3], seed=0)
    assert [stayed(cache).mean().round(2) if "draws" in cache else None for cache in caches] == [0.9, None, 0.3, None]
    again, _ = network.forward_propagation(X, parameters, "tanh", keep_prob=[0.9, 1.0, 0.3], seed=0)
    other, _ = network.forward_propagation(X, parameters, "tanh", keep_prob=[0.9, 1.0, 0.3], seed=1)
    np.testing.assert_array_equal(AL, again)
    assert not np.any(other == AL)
    generator = np.random.default_rng(0)
    runs = [network.forward_propagation(X, parameters, "tanh", keep_prob=0.5, seed=generator)[0] for _ in "ab"]
    assert not np.any(runs[0] == runs[1])


def test_dropout_of_the_pass_is_inverted_dropout():
    X, _ = examples()
    parameters = network_of([INPUTS, 50, 1])
    _, caches = network.forward_propagation(X, parameters, "tanh", keep_prob=0.4, seed=6)
    draws = np.random.default_rng(6).random((50, EXAMPLES))
    A = network.inverted_dropout(np.tanh(caches[0]["Z"]), draws, 0.4)
    np.testing.assert_allclose(caches[1]["A_prev"], A, rtol=1e-15)


# Training


@pytest.fixture
def keras64():
    """Keras in float64."""
    import keras

    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")  # without it layers keep the policy of the first layer ever built
    yield keras
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def keras_twin(keras, parameters, hidden, output, *, optimizer=None, l2=0.0, momentum=0.99):
    """The same network with the same weights; its outputs are logits."""
    depth = sum(name[0] == "W" for name in parameters)
    model = keras.Sequential([keras.Input((parameters["W1"].shape[1],))])
    for l in range(1, depth + 1):
        penalty = keras.regularizers.L2(l2) if l2 else None
        W = parameters[f"W{l}"]
        dense = keras.layers.Dense(len(W), use_bias=f"b{l}" in parameters, kernel_regularizer=penalty, name=f"dense{l}")
        model.add(dense)
        dense.set_weights([W.T, *([parameters[f"b{l}"][:, 0]] if f"b{l}" in parameters else [])])
        if f"gamma{l}" in parameters:
            norm = keras.layers.BatchNormalization(momentum=momentum, name=f"norm{l}")
            model.add(norm)
            norm.set_weights([parameters[f"{name}{l}"][:, 0] for name in ("gamma", "beta", "mu", "var")])
        if l < depth:
            model.add(keras.layers.Activation(hidden))
    kind = keras.losses.BinaryCrossentropy if output == "sigmoid" else keras.losses.CategoricalCrossentropy
    model.compile(optimizer or keras.optimizers.SGD(0.1), kind(from_logits=True), run_eagerly=True)
    return model


def parameters_of(model):
    """Its weights, by our names."""
    parameters = {}
    for layer in model.layers:
        if layer.name.startswith("dense"):
            weights = dict(zip("Wb", layer.get_weights(), strict=False))
            weights["W"] = weights["W"].T
        elif layer.name.startswith("norm"):
            weights = dict(zip(("gamma", "beta", "mu", "var"), layer.get_weights(), strict=True))
        else:
            continue
        for name, value in weights.items():
            parameters[name + layer.name[-1]] = value if name == "W" else value[:, np.newaxis]
    return parameters


def probabilities_of(model, X, output):
    import keras

    logits = model(X.T, training=False)
    return np.asarray(keras.ops.sigmoid(logits) if output == "sigmoid" else keras.ops.softmax(logits)).T


@pytest.mark.parametrize(
    ("hidden", "output", "lambd", "batch_norm"),
    [
        ("relu", "softmax", 1.875, False),  # λ/2m is 1/32: Keras rounds it to float32
        ("tanh", "sigmoid", 0.0, False),
        ("relu", "sigmoid", 1.875, True),
        ("tanh", "softmax", 0.0, True),
    ],
)
def test_twenty_steps_are_keras_gradient_descent(keras64, hidden, output, lambd, batch_norm):
    X, Y = examples(OUTPUTS[output], m=30)
    start = network_of([INPUTS, 6, 5, OUTPUTS[output]], batch_norm=batch_norm)
    model = keras_twin(
        keras64, start, hidden, output, optimizer=keras64.optimizers.SGD(0.3), l2=lambd / 60, momentum=0.9
    )
    losses = model.fit(X.T, Y.T, batch_size=30, epochs=20, verbose=0).history["loss"]
    ours, history = network.train(
        X, Y, parameters=start, hidden=hidden, output=output, learning_rate=0.3, epochs=20, lambd=lambd, momentum=0.9
    )
    np.testing.assert_allclose(history["cost"], losses, rtol=1e-10)
    close(ours, parameters_of(model), rtol=1e-9)
    AL, _ = network.forward_propagation(X, ours, hidden, output, training=False)
    np.testing.assert_allclose(AL, probabilities_of(model, X, output), rtol=1e-9)
    moved = {name for name in ours if np.any(ours[name] != start[name])}
    assert moved == set(start)  # the moving averages too


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch_norm"])
def test_mini_batches_in_the_same_order_are_keras_with_adam(keras64, monkeypatch, batch_norm):
    X, Y = examples(3, m=30)
    start = network_of([INPUTS, 6, 3], batch_norm=batch_norm)
    # An ε so small that its place in the formula does not matter; and Keras rounds the βs to float32.
    adam = {"learning_rate": 0.01, "beta1": 1 - 2**-3, "beta2": 1 - 2**-7, "epsilon": 1e-30}
    epochs, deal = [], network.random_mini_batches

    def record(*args, **kwargs):
        epochs.append(deal(*args, **kwargs))
        return epochs[-1]

    monkeypatch.setattr(network, "random_mini_batches", record)
    ours, history = network.train(
        X,
        Y,
        parameters=start,
        hidden="tanh",
        output="softmax",
        optimizer=Adam(**adam),
        epochs=4,
        batch_size=8,
    )
    twin = keras64.optimizers.Adam(adam["learning_rate"], adam["beta1"], adam["beta2"], adam["epsilon"])
    model = keras_twin(keras64, start, "tanh", "softmax", optimizer=twin)
    costs = []
    for batches in epochs:
        assert [X_batch.shape[1] for X_batch, _ in batches] == [8, 8, 8, 6]
        together = np.hstack([np.vstack(batch) for batch in batches])
        assert sorted(together.T.tolist()) == sorted(np.vstack([X, Y]).T.tolist())
        losses = []
        for X_batch, Y_batch in batches:
            model.reset_metrics()
            losses.append(float(model.train_on_batch(X_batch.T, Y_batch.T)))
        costs.append(np.mean(losses))
    assert len(epochs) == 4
    assert not np.array_equal(epochs[0][0][0], epochs[1][0][0])  # another order in each epoch
    np.testing.assert_allclose(history["cost"], costs, rtol=1e-9)
    close(ours, parameters_of(model), rtol=1e-8)


def test_a_mini_batch_divides_the_penalty_by_its_own_number_of_examples(keras64):
    X, Y = examples(m=8)
    X, Y = np.tile(X, 4), np.tile(Y, 4)
    X[:], Y[:] = X[:, :1], Y[:, :1]  # one example 32 times: the order does not matter
    start = network_of([INPUTS, 3, 1])
    model = keras_twin(keras64, start, "tanh", "sigmoid", optimizer=keras64.optimizers.SGD(0.1), l2=1.5 / 16)
    model.fit(X.T, Y.T, batch_size=8, epochs=3, verbose=0)
    ours, _ = network.train(X, Y, parameters=start, hidden="tanh", batch_size=8, epochs=3, lambd=1.5)
    close(ours, parameters_of(model), rtol=1e-9)


class Path:
    """In place of an optimizer: goes through given parameters, whatever the gradients, and keeps what it saw."""

    def __init__(self, *stations):
        self.stations, self.learning_rate, self.grads, self.rates = list(stations), None, [], []

    def update(self, parameters, grads):
        self.grads.append(grads)
        self.rates.append(self.learning_rate)
        return self.stations.pop(0) if self.stations else parameters


def weight(w):
    return {"W1": np.array([[float(w)]]), "b1": np.zeros((1, 1))}


@pytest.mark.parametrize(
    ("path", "patience", "best", "length"),
    [
        ([1, 2, 3, 2.5, 2.8, 2.9, 9, 9], 3, 2, 6),  # the best is the third, and 9 comes too late
        ([1, 2, 3, 2.5, 2.8, 4, 3.5, 3.9], 3, 5, 8),  # better again in time
        ([1, 2, 2, 2, 2], 2, 1, 4),  # as good is not better
        ([5, 4, 3, 2, 1], 1, 0, 2),  # worse from the start
        ([1, 2, 3, 4, 5], 2, 4, 5),  # better to the end
    ],
)
def test_early_stopping_returns_the_best_epoch(path, patience, best, length):
    X = np.array([[-1.0, 1.0]])
    dev = X, np.array([[0, 1]])  # the larger the weight, the better
    seen = []
    ours, history = network.train(
        X,
        [[1, 0]],
        parameters=weight(0),
        optimizer=Path(*map(weight, path)),
        epochs=len(path),
        dev=dev,
        patience=patience,
        callback=lambda epoch, parameters: seen.append(epoch),
    )
    assert history["best_epoch"] == best
    assert type(history["best_epoch"]) is int
    assert ours["W1"].item() == path[best]
    assert seen == list(range(length))
    assert {len(history[name]) for name in ("cost", "accuracy", "seconds", "dev_cost", "dev_accuracy")} == {length}
    AL, _ = network.forward_propagation(dev[0], ours)
    assert history["dev_cost"][best] == min(history["dev_cost"]) == network.compute_cost(AL, dev[1])


def test_without_patience_the_last_parameters_come_back():
    X, Y = np.array([[-1.0, 1.0]]), np.array([[0, 1]])
    path = Path(weight(5), weight(1))
    ours, history = network.train(X, Y, parameters=weight(0), optimizer=path, epochs=2, dev=(X, Y))
    assert ours["W1"].item() == 1
    assert "best_epoch" not in history


def test_early_stopping_of_a_real_training_ends_it_before_the_dev_cost_climbs():
    rng = np.random.default_rng(0)
    X, X_dev = rng.normal(size=(20, 30)), rng.normal(size=(20, 300))
    Y, Y_dev = (np.where(rng.random((1, len(A.T))) < 0.2, A[:1] < 0, A[:1] > 0) * 1 for A in (X, X_dev))
    settings = {"hidden": "tanh", "learning_rate": 0.3, "epochs": 200, "dev": (X_dev, Y_dev)}
    _, to_the_end = network.train(X, Y, [20, 30, 1], **settings)
    ours, history = network.train(X, Y, [20, 30, 1], patience=10, **settings)
    best = history["best_epoch"]
    assert len(history["cost"]) == best + 11 < 200
    assert history["dev_cost"] == to_the_end["dev_cost"][: best + 11]
    assert history["dev_cost"][best] == min(to_the_end["dev_cost"])
    AL, _ = network.forward_propagation(X_dev, ours, "tanh", training=False)
    assert network.compute_cost(AL, Y_dev) == history["dev_cost"][best]
    assert to_the_end["dev_cost"][-1] > 1.1 * history["dev_cost"][best]


def test_history_tells_of_each_epoch():
    X, Y = examples(3, m=20)
    X_dev, Y_dev = examples(3, m=11, seed=5)
    seen = []
    ours, history = network.train(
        X,
        Y,
        parameters=network_of([INPUTS, 6, 3], batch_norm=True),
        hidden="tanh",
        output="softmax",
        lambd=0.5,
        penalty="l1",
        epochs=6,
        dev=(X_dev, Y_dev),
        callback=lambda epoch, parameters: seen.append((epoch, parameters)),
    )
    assert set(history) == {"cost", "accuracy", "seconds", "dev_cost", "dev_accuracy"}
    assert all(len(values) == 6 and all(type(value) is float for value in values) for values in history.values())
    assert np.all(np.diff([0, *history["seconds"]]) > 0)
    assert [epoch for epoch, _ in seen] == list(range(6))
    close(seen[-1][1], ours, rtol=0, atol=0)
    before = [network_of([INPUTS, 6, 3], batch_norm=True), *(parameters for _, parameters in seen)]
    for epoch in range(6):
        AL, _ = network.forward_propagation(X, before[epoch], "tanh", "softmax")
        cost = network.compute_cost(AL, Y, before[epoch], 0.5, "l1")
        np.testing.assert_allclose(history["cost"][epoch], cost, rtol=1e-13)
        assert history["accuracy"][epoch] == pytest.approx(np.mean(AL.argmax(axis=0) == Y.argmax(axis=0)))
        AL, _ = network.forward_propagation(X_dev, before[epoch + 1], "tanh", "softmax", training=False)
        np.testing.assert_allclose(history["dev_cost"][epoch], network.compute_cost(AL, Y_dev), rtol=1e-13)
        labels = network.predict(X_dev, before[epoch + 1], "tanh", "softmax")
        assert history["dev_accuracy"][epoch] == pytest.approx(np.mean(labels[0] == Y_dev.argmax(axis=0)))


def test_no_epoch_leaves_the_parameters():
    X, Y = examples()
    start = network_of([INPUTS, 3, 1])
    ours, history = network.train(X, Y, parameters=start, epochs=0)
    close(ours, start, rtol=0, atol=0)
    assert history == {"cost": [], "accuracy": [], "seconds": []}


def test_the_schedule_sets_the_learning_rate_of_each_epoch():
    X, Y = examples(m=20)
    path = Path()
    network.train(X, Y, [INPUTS, 1], optimizer=path, schedule=lambda epoch: 0.5 / (1 + epoch), epochs=3, batch_size=8)
    assert path.rates == [rate for rate in (0.5, 0.25, 0.5 / 3) for _ in range(3)]

    start = step = network_of([INPUTS, 3, 1])
    ours, _ = network.train(X, Y, parameters=start, schedule=lambda epoch: 0.5 / (1 + epoch), epochs=3)
    for epoch in range(3):
        step, _ = network.train(X, Y, parameters=step, learning_rate=0.5 / (1 + epoch), epochs=1)
    close(ours, step, rtol=1e-14)


def test_the_same_seed_trains_the_same_network():
    X, Y = examples(m=40)
    settings = {"hidden": "tanh", "batch_size": 16, "keep_prob": 0.6, "batch_norm": True, "epochs": 3}
    first, again, other = (network.train(X, Y, [INPUTS, 5, 1], seed=seed, **settings)[0] for seed in (3, 3, 4))
    close(first, again, rtol=0, atol=0)
    assert not np.any(first["W1"] == other["W1"])


def test_layer_dims_start_from_initialize_parameters():
    X, Y = examples()
    for method, batch_norm in itertools.product(network.METHODS, [False, True]):
        ours, _ = network.train(X, Y, [INPUTS, 5, 1], method=method, batch_norm=batch_norm, epochs=0, seed=9)
        close(ours, network.initialize_parameters([INPUTS, 5, 1], method, 9, batch_norm=batch_norm), rtol=0, atol=0)


def test_arguments_stay_as_they_were():
    X, Y = examples()
    start = network_of([INPUTS, 5, 1], batch_norm=True)
    before = {name: value.copy() for name, value in start.items()}
    copies = X.copy(), Y.copy()
    seen = []
    settings = {"parameters": start, "batch_size": 4, "callback": lambda _, parameters: seen.append(parameters)}
    network.train(X, Y, optimizer=Momentum(0.5), epochs=5, **settings)
    close(start, before, rtol=0, atol=0)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(Y, copies[1])
    first, _ = network.train(X, Y, optimizer=Momentum(0.5), epochs=1, **settings)
    close(seen[0], first, rtol=0, atol=0)  # what the callback was given, later epochs have not changed


def test_dropout_in_training_differs_by_layer_and_step_and_is_off_for_the_dev_set():
    X, Y = examples(m=1)
    start, path = network_of([INPUTS, 40, 40, 1]), Path()
    _, history = network.train(
        X, Y, parameters=start, hidden="sigmoid", optimizer=path, keep_prob=[0.8, 0.3], epochs=200, dev=(X, Y)
    )
    off = {name: np.array([np.all(grads[name] == 0, axis=0) for grads in path.grads]) for name in ("dW2", "dW3")}
    np.testing.assert_allclose(off["dW2"].mean(), 0.2, atol=0.02)  # 8,000 draws: an error of 0.005
    np.testing.assert_allclose(off["dW3"].mean(), 0.7, atol=0.02)
    assert len(np.unique(off["dW2"], axis=0)) > 190
    AL, _ = network.forward_propagation(X, start, "sigmoid")
    assert set(history["dev_cost"]) == {network.compute_cost(AL, Y)}
    assert len(set(history["cost"])) > 190


@pytest.mark.parametrize("optimizer", [None, Adam(0.02)], ids=["gradient descent", "adam"])
def test_a_hidden_layer_learns_xor(optimizer):
    X = np.random.default_rng(0).uniform(-1, 1, (2, 300))
    X += 0.1 * np.sign(X)  # a gap between the classes
    Y = (X[:1] * X[1:] > 0) * 1
    parameters, history = network.train(
        X, Y, [2, 16, 1], hidden="tanh", optimizer=optimizer, learning_rate=1.0, epochs=600
    )
    assert history["accuracy"][-1] == 1.0
    np.testing.assert_array_equal(network.predict(X, parameters, "tanh"), Y)
    straight = network.train(X, Y, [2, 1], learning_rate=1.0, epochs=300)[1]
    assert straight["accuracy"][-1] < 0.65


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch_norm"])
def test_a_softmax_learns_circles(batch_norm):
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    radius, angle = labels + rng.uniform(0.2, 0.8, 300), rng.uniform(0, 2 * np.pi, 300)
    X = np.array([radius * np.cos(angle), radius * np.sin(angle)])
    parameters, _ = network.train(
        X,
        network.one_hot(labels, 3),
        [2, 20, 20, 3],
        output="softmax",
        batch_norm=batch_norm,
        optimizer=Adam(0.02),
        epochs=60,
        batch_size=50,
        momentum=0.9,
    )
    np.testing.assert_array_equal(network.predict(X, parameters, output="softmax"), [labels])


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh"])
def test_zeros_keep_the_units_of_a_layer_equal(hidden):
    X, _ = examples(m=40)
    Y = X[:1] > 0.5
    zeros, _ = network.train(X, Y, [INPUTS, 5, 1], method="zeros", hidden=hidden, learning_rate=1.0, epochs=100)
    np.testing.assert_allclose(zeros["W1"] - zeros["W1"][0], 0, atol=1e-13)
    np.testing.assert_allclose(zeros["W2"] - zeros["W2"][0, 0], 0, atol=1e-13)
    assert np.any(np.abs(zeros["W1"]) > 0.1) == (hidden == "sigmoid")  # tanh(0) is 0: nothing but b2 moves at all
    he, _ = network.train(X, Y, [INPUTS, 5, 1], hidden=hidden, learning_rate=1.0, epochs=100)
    assert np.linalg.matrix_rank(he["W1"], tol=0.1) > 1


# Bad input


X, Y = examples()
C3 = examples(3)[1]
P = network_of([INPUTS, 5, 6, 1])
P3 = network_of([INPUTS, 5, 6, 3])
NORMED = network_of([INPUTS, 5, 6, 1], batch_norm=True)
AL, CACHES = network.forward_propagation(X, P)


def without(parameters, *names):
    return {name: value for name, value in parameters.items() if name not in names}


def but(value, number):
    """`value` with another number at its start."""
    value = np.array(value, float)
    value.flat[0] = number
    return value


COMMON = {  # of what several functions take
    "X": [X[0], np.ones((4, 0)), np.full((4, 9), "a"), but(X, np.nan), but(X, np.inf), None, [[1.0], [1.0, 2.0]]],
    "Y": [Y[0], Y.T, Y[:, 1:], but(Y, 2), but(Y, 0.5), but(Y, -1), but(Y, np.nan), C3, np.full((1, 9), "a")],
    "hidden": ["swish", "softmax", ["relu"], ["relu", "relu", "relu"], ["relu", "swish"], None],
    "output": ["linear", None, "softmax"],
    "keep_prob": [0, 0.0, -0.5, 1.5, float("nan"), [0.5], [0.5, 0.0], [0.5, 0.5, 0.5], "0.5", None],
    "lambd": [-1, float("nan"), float("inf"), "1", None],
    "penalty": ["l3", None],
    "layer_dims": [[], [4], [4, 0, 1], [4, -2, 1], [4, 2.5, 1], 4, None, "41"],
    "method": ["glorot", None],
}
BAD = {
    network.parameter_shapes: ({"layer_dims": [4, 1]}, {"layer_dims": COMMON["layer_dims"]}),
    network.initialize_parameters: (
        {"layer_dims": [4, 1], "method": "random"},
        {
            "layer_dims": COMMON["layer_dims"],
            "method": COMMON["method"],
            "scale": [-1, 0, float("nan"), float("inf"), "1"],
        },
    ),
    network.forward_step: (
        {"A_prev": X, "W": P["W1"], "b": P["b1"], "activation": "relu"},
        {
            "A_prev": [X[0], but(X, np.nan), np.ones((4, 0)), None],
            "W": [np.ones((5, 3)), np.ones(4), but(P["W1"], np.nan), None],
            "b": [np.ones(5), np.ones((1, 5)), np.ones((4, 1)), but(P["b1"], np.inf), 0.0, None],
            "activation": ["softmax", "swish", None],
        },
    ),
    network.backward_step: (
        {"dA": np.ones((5, 9)), "cache": CACHES[0]},
        {"dA": [np.ones((4, 9)), np.ones((5, 8)), np.ones(5), but(np.ones((5, 9)), np.nan), None]},
    ),
    network.inverted_dropout: (
        {"A": X, "draws": np.full(X.shape, 0.5), "keep_prob": 0.5},
        {
            "A": [but(X, np.nan), None],
            "draws": [np.ones((4, 8)), but(X * 0, 1.0), but(X * 0, -0.1), but(X * 0, np.nan), None],
            "keep_prob": [0, 0.0, -0.5, 1.5, float("nan"), "0.5", None],
        },
    ),
    network.forward_propagation: (
        {"X": X, "parameters": P},
        {name: COMMON[name] for name in ("X", "hidden", "output", "keep_prob")},
    ),
    network.predict: ({"X": X, "parameters": P}, {name: COMMON[name] for name in ("X", "hidden", "output")}),
    network.compute_cost: (
        {"AL": AL, "Y": Y, "parameters": P, "lambd": 0.5},
        {
            "AL": [AL[0], but(AL, 1.5), but(AL, -0.1), but(AL, np.nan), np.ones((1, 0)), None],
            "parameters": [None],
            **{name: COMMON[name] for name in ("Y", "lambd", "penalty")},
        },
    ),
    network.l2_cost: ({"parameters": P, "lambd": 1, "m": 3}, {"lambd": COMMON["lambd"], "m": [0, -1, 2.5, None]}),
    network.backward_propagation: (
        {"AL": AL, "Y": Y, "caches": CACHES},
        {
            "AL": [AL[0], but(AL, np.nan)],
            "caches": [[], CACHES[:1], network.forward_propagation(X[:, 1:], P)[1]],
            **{name: COMMON[name] for name in ("Y", "lambd", "penalty")},
        },
    ),
    network.one_hot: (
        {"labels": [0, 1], "classes": 2},
        {
            "labels": [[0, 2], [-1, 0], [0.5, 1], ["a"], [[0], [1]], [np.nan, 0], 1, None],
            "classes": [0, -1, 2.5, None],
        },
    ),
    network.train: (
        {"X": X, "Y": Y, "layer_dims": [INPUTS, 5, 6, 1], "epochs": 2},
        {
            **{name: COMMON[name] for name in COMMON if name != "layer_dims"},
            "layer_dims": [*COMMON["layer_dims"], [INPUTS + 1, 5, 1]],
            "parameters": [P],
            "learning_rate": [0, 0.0, -0.1, float("nan"), float("inf"), "0.1", None],
            "schedule": [lambda epoch: 0.0, lambda epoch: -1, lambda epoch: float("nan"), lambda epoch: None],
            "epochs": [-1, 2.5, None, "3"],
            "batch_size": [0, -1, 2.5, "8"],
            "momentum": [-0.1, 1.0, float("nan"), None],
            "patience": [3],
            "dev": [(X,), X, (X[:3], Y), (X, Y[:, 1:]), (X, but(Y, 2)), (but(X, np.nan), Y), (X[0], Y)],
        },
    ),
}
NAMED_AS = {"parameters": {network.train: "layer_dims"}, "schedule": {network.train: "learning_rate"}}


@pytest.mark.parametrize(
    ("function", "argument", "number"),
    [(f, argument, i) for f, (_, bad) in BAD.items() for argument, values in bad.items() for i in range(len(values))],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_bad_input_is_named(function, argument, number):
    good, bad = BAD[function]
    function(**good)
    name = NAMED_AS.get(argument, {}).get(function, argument)
    with pytest.raises(ValueError, match=rf"^{name}(\[\d\])?: expected .+, got "):
        function(**{**good, argument: bad[argument][number]})


PARAMETERS = {
    r"parameters\['W1'\]: expected a column for each of the 4 rows of X, got shape \(5, 3\)": {"W1": np.ones((5, 3))},
    r"parameters\['W2'\]: expected a column for each of the 5 rows of W1, got shape \(6, 4\)": {"W2": np.ones((6, 4))},
    r"parameters\['W3'\]: expected a column for each of the 6 rows of W2, got shape \(6,\)": {"W3": np.ones(6)},
    r"parameters\['b2'\]: expected shape \(6, 1\), .+, got \(6,\)": {"b2": np.ones(6)},
    r"parameters\['b1'\]: expected shape \(5, 1\), .+, got \(4, 1\)": {"b1": np.ones((4, 1))},
    r"parameters: expected b2 beside W2, got W1, b1, W2, W3, b3": {"b2": ...},
    r"parameters: expected W1, W2, … without a gap, got W1, b1, b2, W3, b3": {"W2": ...},
    r"parameters: expected W1, W2, … without a gap, got b1, b2, b3": {"W1": ..., "W2": ..., "W3": ...},
    r"parameters\['W2'\]: expected finite numbers, got 1": {"W2": but(P["W2"], np.nan)},
    r"parameters\['b1'\]: expected finite numbers, got 1": {"b1": but(P["b1"], np.inf)},
    r"parameters\['W1'\]: expected real numbers, got": {"W1": "weights"},
    r"parameters: expected beta1 beside W1, got": {"gamma1": np.ones((5, 1))},
    r"parameters\['gamma1'\]: expected shape \(5, 1\)": {"gamma1": np.ones((1, 5)), "beta1": np.ones((5, 1))},
    r"parameters\['beta1'\]: expected shape \(5, 1\)": {"gamma1": np.ones((5, 1)), "beta1": np.ones(5)},
}


@pytest.mark.parametrize("message", PARAMETERS)
@pytest.mark.parametrize("function", [network.forward_propagation, network.predict, network.train])
def test_a_parameter_that_does_not_fit_is_named(function, message):
    labels = {"Y": Y} if function is network.train else {}
    parameters = without(P | PARAMETERS[message], *(key for key, value in PARAMETERS[message].items() if value is ...))
    with pytest.raises(ValueError, match=f"^{message}"):
        function(X, parameters=parameters, **labels)


@pytest.mark.parametrize("function", [network.predict, network.train])
@pytest.mark.parametrize("name", ["mu2", "var1"])
def test_moving_averages_must_be_there_where_they_are_used(function, name):
    parameters = without(NORMED, name)
    network.forward_propagation(X, parameters)  # not in training
    with pytest.raises(ValueError, match=rf"^parameters: expected {name} beside W{name[-1]}, got W1, "):
        function(X, parameters=parameters, **({"Y": Y} if function is network.train else {}))


@pytest.mark.parametrize("labels", [np.zeros((3, 9)), np.ones((3, 9)), but(C3, 1 - C3[0, 0])])
def test_columns_that_are_not_one_hot_are_refused(labels):
    message = r"^Y: expected one-hot columns, each with a single 1, got .+one_hot"
    AL, caches = network.forward_propagation(X, P3, output="softmax")
    for call in (
        lambda: network.compute_cost(AL, labels),
        lambda: network.backward_propagation(AL, labels, caches),
        lambda: network.train(X, labels, parameters=P3, output="softmax"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_an_output_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"^output: expected sigmoid for one output unit, got softmax"):
        network.forward_propagation(X, P, output="softmax")
    with pytest.raises(ValueError, match=r"^output: expected softmax for 3 output units, got sigmoid"):
        network.train(X, C3, parameters=P3)


def test_a_failed_training_says_which_start_it_wants():
    with pytest.raises(ValueError, match=r"^layer_dims: expected either layer_dims or parameters .+, got .*neither"):
        network.train(X, Y)


def test_a_learning_rate_that_is_far_too_large_ends_in_an_error_and_not_in_numbers_that_mean_nothing():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"^grads\['dW\d'\]: expected finite numbers, got"):
        network.train(X, C3, parameters=P3, output="softmax", learning_rate=1e200, epochs=30)


# Seeds, dicts and functions that are none


@pytest.mark.parametrize("seed", [-1, 2.5, True, "0", [None]])
def test_a_seed_that_is_none_is_refused_by_name(seed):
    X, Y = np.zeros((3, 4)), np.zeros((1, 4))
    parameters = network.initialize_parameters([3, 2, 1])
    calls = (
        lambda: network.initialize_parameters([3, 4, 1], seed=seed),
        lambda: network.forward_propagation(X, parameters, keep_prob=0.5, seed=seed),
        lambda: network.train(X, Y, [3, 2, 1], seed=seed),
        lambda: optimizers.random_mini_batches(X, Y, seed=seed),
    )
    for call in calls:
        with pytest.raises(ValueError, match="seed: expected a whole number, 0 or more, or a NumPy Generator, got"):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: network.l2_cost(None, 0.1, 8), "parameters: expected a dict, got NoneType"),
        (lambda: network.l2_cost([1], 0.1, 8), "parameters: expected a dict, got list"),
        (lambda: network.predict(np.zeros((3, 4)), None), "parameters: expected a dict"),
        (lambda: network.backward_step(np.zeros((1, 4)), {}), "cache: expected a dict with A_prev, .* got one without"),
        (lambda: network.backward_propagation([[0.5]], [[1]], None), "caches: expected the list"),
        (
            lambda: network.backward_propagation([[0.5]], [[1]], [{"Z": np.ones((1, 1))}]),
            "caches: .* one without A_prev",
        ),
        (
            lambda: network.train(np.zeros((3, 4)), np.zeros((1, 4)), [3, 1], optimizer="adam"),
            "optimizer: expected one",
        ),
        (lambda: network.train(np.zeros((3, 4)), np.zeros((1, 4)), [3, 1], schedule=0.1), "schedule: expected a func"),
        (lambda: network.train(np.zeros((3, 4)), np.zeros((1, 4)), [3, 1], epochs=10**400), "epochs: expected a whole"),
        (lambda: optimizers.Adam(0.1).update(None, {}), "parameters: expected a dict, got NoneType"),
        (lambda: optimizers.Momentum(0.1).update({"W1": np.ones(2)}, None), "grads: expected a dict, got NoneType"),
        (lambda: optimizers.Adam(10**400), "learning_rate: expected a number above 0"),
    ],
)
def test_what_is_no_dict_or_function_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
