"""`dlcourse.scratch.optimizers` against Keras' optimizers and schedules, SciPy's filter, and loops written out."""

import time

from dlcourse.scratch import optimizers
from dlcourse.scratch.optimizers import Adam, GradientDescent, Momentum, RMSprop

import numpy as np
import pytest

RATE = 2.0**-5  # Keras keeps its learning rate in float32: this one is exact there
CLASSES = {"GradientDescent": GradientDescent, "Momentum": Momentum, "RMSprop": RMSprop, "Adam": Adam}
OPTIMIZERS = pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES.keys())


def problem(seed=0, steps=20):
    """Weights of two layers and their gradients in every step, of very different sizes."""
    rng = np.random.default_rng(seed)
    shapes = {"W1": (3, 4), "b1": (3, 1), "W2": (1, 3), "b2": (1, 1)}
    scale = {key: 10.0 ** rng.uniform(-3, 2, shape) for key, shape in shapes.items()}
    parameters = {key: rng.normal(size=shape) for key, shape in shapes.items()}
    gradients = [{f"d{key}": scale[key] * rng.normal(size=shapes[key]) for key in shapes} for _ in range(steps)]
    return parameters, gradients


def keras_path(optimizer, parameters, gradients, before=lambda t: None):
    """The weights after each of Keras' steps, computed in float64."""
    import keras

    variables = {key: keras.Variable(value, dtype="float64") for key, value in parameters.items()}
    optimizer.build(list(variables.values()))
    for name in ("_momentums", "_velocities"):  # Keras would keep these in float32
        for average in getattr(optimizer, name, None) or []:
            assert average.dtype == "float64"
    for t, grads in enumerate(gradients, 1):
        before(t)
        optimizer.apply_gradients([(grads[f"d{key}"], variable) for key, variable in variables.items()])
        yield {key: keras.ops.convert_to_numpy(variable) for key, variable in variables.items()}


def assert_same_path(ours, theirs, parameters, gradients):
    steps = 0
    for grads, expected in zip(gradients, theirs, strict=True):
        parameters = ours.update(parameters, grads)
        steps += 1
        for key in expected:
            np.testing.assert_allclose(parameters[key], expected[key], rtol=1e-11, atol=1e-13, err_msg=key)
    assert steps == 20


def test_gradient_descent_is_keras_step_by_step():
    import keras

    parameters, gradients = problem()
    theirs = keras_path(keras.optimizers.SGD(RATE), parameters, gradients)
    assert_same_path(GradientDescent(RATE), theirs, parameters, gradients)


@pytest.mark.parametrize("beta", [0.5, 0.75])  # exact in float32, and so is RATE · (1 − β)
def test_momentum_is_keras_with_its_learning_rate_times_one_minus_beta(beta):
    import keras

    parameters, gradients = problem()
    theirs = keras_path(keras.optimizers.SGD(RATE * (1 - beta), momentum=beta), parameters, gradients)
    assert_same_path(Momentum(RATE, beta), theirs, parameters, gradients)


def test_rmsprop_is_keras_when_epsilon_is_too_small_to_matter():
    import keras

    parameters, gradients = problem()
    theirs = keras_path(keras.optimizers.RMSprop(RATE, rho=0.9, epsilon=1e-300), parameters, gradients)
    assert_same_path(RMSprop(RATE, 0.9, 1e-300), theirs, parameters, gradients)


@pytest.mark.parametrize("epsilon", [1e-8, 1e-2])
def test_adam_is_keras_with_epsilon_times_the_correction_of_s(epsilon):
    import keras

    parameters, gradients = problem()
    beta1, beta2 = 0.875, 1 - 2.0**-10  # exact in float32: Keras rounds them to it before it raises them to the power t
    adam = keras.optimizers.Adam(RATE, beta_1=beta1, beta_2=beta2)

    def set_epsilon(t):
        adam.epsilon = epsilon * np.sqrt(1 - beta2**t)

    theirs = keras_path(adam, parameters, gradients, set_epsilon)
    assert_same_path(Adam(RATE, beta1, beta2, epsilon), theirs, parameters, gradients)


def test_rmsprop_and_adam_are_the_formulas_number_by_number():
    w, s, w2, v2, s2 = 1.0, 0.0, 1.0, 0.0, 0.0
    rms, adam = RMSprop(0.1, 0.8, epsilon=0.3), Adam(0.1, 0.8, 0.95, epsilon=0.3)
    ours, ours2 = {"b1": np.array([[1.0]])}, {"b1": np.array([[1.0]])}
    for t, dw in enumerate(np.random.default_rng(0).normal(size=20), 1):
        s = 0.8 * s + 0.2 * dw * dw
        w = w - 0.1 * dw / (s**0.5 + 0.3)
        v2, s2 = 0.8 * v2 + 0.2 * dw, 0.95 * s2 + 0.05 * dw * dw
        w2 = w2 - 0.1 * (v2 / (1 - 0.8**t)) / ((s2 / (1 - 0.95**t)) ** 0.5 + 0.3)
        grads = {"db1": np.array([[dw]])}
        ours, ours2 = rms.update(ours, grads), adam.update(ours2, grads)
        np.testing.assert_allclose([ours["b1"].item(), ours2["b1"].item()], [w, w2], rtol=1e-13)
    assert adam.t == 20
    np.testing.assert_allclose([adam.v["b1"].item(), adam.s["b1"].item(), rms.s["b1"].item()], [v2, s2, s], rtol=1e-13)


def test_the_steps_for_one_array_are_what_the_classes_do():
    parameters, gradients = problem()
    w = {"Momentum": parameters["W1"], "RMSprop": parameters["W1"], "Adam": parameters["W1"]}
    v = s = first = second = np.zeros((3, 4))
    optimizers_ = {"Momentum": Momentum(0.1), "RMSprop": RMSprop(0.1), "Adam": Adam(0.1)}
    theirs = dict.fromkeys(w, parameters)
    for t, grads in enumerate(gradients, 1):
        w["Momentum"], v = optimizers.momentum_step(w["Momentum"], grads["dW1"], v, 0.1)
        w["RMSprop"], s = optimizers.rmsprop_step(w["RMSprop"], grads["dW1"], s, 0.1)
        w["Adam"], first, second = optimizers.adam_step(w["Adam"], grads["dW1"], first, second, t, 0.1)
        for name, optimizer in optimizers_.items():
            theirs[name] = optimizer.update(theirs[name], grads)
            np.testing.assert_array_equal(theirs[name]["W1"], w[name])


def test_without_memory_momentum_is_gradient_descent_and_rmsprop_takes_steps_of_the_learning_rate():
    parameters, (grads, *_) = problem()
    plain = GradientDescent(0.1).update(parameters, grads)
    momentum = Momentum(0.1, beta=0.0).update(parameters, grads)
    steps = RMSprop(0.1, beta=0.0, epsilon=1e-300).update(parameters, grads)
    for key in parameters:
        np.testing.assert_array_equal(momentum[key], plain[key])
        np.testing.assert_allclose(parameters[key] - steps[key], 0.1 * np.sign(grads[f"d{key}"]), rtol=1e-12)


def test_adams_first_step_is_the_learning_rate_whatever_the_gradients_size():
    for size in (1e-5, 1.0, 1e5):
        w, v, s = optimizers.adam_step(np.zeros(2), np.array([size, -size]), np.zeros(2), np.zeros(2), 1, 0.1)
        np.testing.assert_allclose(w, [-0.1, 0.1], rtol=2e-3)
        np.testing.assert_allclose(v, [0.1 * size, -0.1 * size])
        np.testing.assert_allclose(s, [0.001 * size**2] * 2)


def test_a_steps_epsilon_keeps_a_weight_without_gradient_where_it_is():
    zeros = np.zeros(3)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(optimizers.rmsprop_step(np.ones(3), zeros, zeros, 0.1)[0], np.ones(3))
        np.testing.assert_array_equal(optimizers.adam_step(np.ones(3), zeros, zeros, zeros, 1, 0.1)[0], np.ones(3))


def test_steps_take_plain_numbers():
    w, v = optimizers.momentum_step(1.0, 2.0, 0.0, 0.5)
    np.testing.assert_allclose([w, v], [0.9, 0.2])
    w, s = optimizers.rmsprop_step(1.0, 2.0, 0.0, 0.5)
    np.testing.assert_allclose([w, s], [1 - 0.5 / np.sqrt(0.1), 0.4])
    w, v, s = optimizers.adam_step(1.0, 2.0, 0.0, 0.0, 1, 0.5)
    np.testing.assert_allclose([w, v, s], [0.5, 0.2, 0.004])


@OPTIMIZERS
def test_an_update_leaves_its_arguments_and_carries_over_what_has_no_gradient(cls):
    parameters, (grads, *_) = problem()
    del grads["dW2"], grads["db2"]
    before = {key: value.copy() for key, value in (parameters | grads).items()}
    optimizer = cls(0.1)
    updated = optimizer.update(optimizer.update(parameters, grads), grads)
    assert list(updated) == list(parameters)
    assert updated["W2"] is parameters["W2"]
    for key, value in (parameters | grads).items():
        np.testing.assert_array_equal(value, before[key])
    for key in ("W1", "b1"):
        assert np.all(updated[key] != parameters[key])
        assert updated[key].dtype == np.float64


@OPTIMIZERS
def test_the_learning_rate_may_be_changed_between_updates(cls):
    parameters, (first, second, *_) = problem()
    slow, fast = cls(0.1), cls(0.1)
    a, b = slow.update(parameters, first), fast.update(parameters, first)
    fast.learning_rate = 0.2
    step = slow.update(a, second)["W1"] - a["W1"]
    np.testing.assert_allclose(fast.update(b, second)["W1"] - b["W1"], 2 * step, rtol=1e-9)


@OPTIMIZERS
def test_an_update_that_fails_changes_nothing(cls):
    parameters, (first, second, *_) = problem()
    tried, fresh = cls(0.1), cls(0.1)
    parameters = tried.update(parameters, first)
    fresh.update(problem()[0], first)
    with pytest.raises(ValueError, match=r"^grads\['db2'\]: "):
        tried.update(parameters, second | {"db2": np.full((1, 1), np.nan)})
    expected = fresh.update(parameters, second)
    for key, value in tried.update(parameters, second).items():
        np.testing.assert_array_equal(value, expected[key])


@OPTIMIZERS
def test_every_optimizer_goes_down_a_long_bowl(cls):
    parameters, optimizer = {"w": np.array([3.0, 2.0])}, cls(0.02)
    for _ in range(1000):
        parameters = optimizer.update(parameters, {"dw": np.array([1.0, 20.0]) * parameters["w"]})
    assert np.abs(parameters["w"]).max() < 0.05


def test_an_adam_update_of_a_network_is_fast():
    rng = np.random.default_rng(0)
    shapes = {"W1": (128, 784), "b1": (128, 1), "W2": (64, 128), "b2": (64, 1), "W3": (10, 64), "b3": (10, 1)}
    parameters = {key: rng.normal(size=shape) for key, shape in shapes.items()}
    grads = {f"d{key}": rng.normal(size=shape) for key, shape in shapes.items()}
    optimizer, seconds = Adam(0.001), []
    for _ in range(50):
        start = time.process_time()
        parameters = optimizer.update(parameters, grads)
        seconds.append(time.process_time() - start)
    assert np.median(seconds) < 0.006  # about 0.001 s on an idle core: 110,000 parameters


# Mini-batches


@pytest.mark.parametrize(("m", "size", "sizes"), [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (5, 64, [5]), (3, 1, [1, 1, 1])])
@pytest.mark.parametrize("order", ["C", "F"])
def test_mini_batches_hold_every_example_once_with_its_label(m, size, sizes, order):
    X = np.array(np.arange(3 * m).reshape(3, m), order=order)
    Y = np.vstack([X[0] * 10, X[0] * 100])
    batches = optimizers.random_mini_batches(X, Y, size, seed=1)
    assert [(x.shape, y.shape) for x, y in batches] == [((3, n), (2, n)) for n in sizes]
    assert all(x.dtype == y.dtype == np.float64 for x, y in batches)
    together = np.hstack([x for x, _ in batches])
    for x, y in batches:
        np.testing.assert_array_equal(x[1:] - x[0], np.broadcast_to([[m], [2 * m]], (2, x.shape[1])))  # columns whole
        np.testing.assert_array_equal(y, np.vstack([x[0] * 10, x[0] * 100]))
    assert sorted(together[0]) == list(range(m))


def test_mini_batches_are_shuffled_by_the_seed_and_a_generator_goes_on():
    X, Y = np.arange(100.0).reshape(1, 100), np.zeros((1, 100))

    def first(seed):
        return optimizers.random_mini_batches(X, Y, 100, seed)[0][0].ravel().tolist()

    assert first(0) == first(0) != first(1)
    assert first(0) != sorted(first(0))
    generator = np.random.default_rng(0)
    assert first(generator) == first(0)
    assert first(generator) != first(0)


@pytest.mark.parametrize("order", ["C", "F"])
def test_mini_batches_take_little_more_time_than_a_copy_whichever_way_the_examples_lie(order):
    X = np.array(np.random.default_rng(0).random((784, 5000)), order=order)
    Y, times = np.zeros((10, 5000)), {"batches": [], "indexing": []}
    for seed in range(3):
        start = time.process_time()
        batches = optimizers.random_mini_batches(X, Y, 64, seed)
        times["batches"].append(time.process_time() - start)
        start = time.process_time()
        shuffled = X[:, np.random.default_rng(seed).permutation(5000)]
        times["indexing"].append(time.process_time() - start)
    np.testing.assert_array_equal(np.hstack([x for x, _ in batches]), shuffled)
    assert min(times["batches"]) < 4 * min(times["indexing"])  # along the wrong axis it is 20 times and more


# Averages and schedules


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.98, 0.999])
@pytest.mark.parametrize("shape", [(200,), (200, 2, 3)])
def test_ewma_is_scipys_filter(beta, shape):
    from scipy.signal import lfilter

    values = 10 + np.random.default_rng(0).normal(size=shape)
    expected = lfilter([1 - beta], [1, -beta], values, axis=0)
    np.testing.assert_allclose(optimizers.ewma(values, beta, bias_correction=False), expected, rtol=1e-11)
    weights = 1 - beta ** np.arange(1, 201.0)
    corrected = expected / weights.reshape(-1, *[1] * (len(shape) - 1))
    np.testing.assert_allclose(optimizers.ewma(values, beta), corrected, rtol=1e-11)


def test_ewma_is_the_weighted_sum_of_the_notes():
    theta = [40.0, 49.0, 45.0]
    expected = [0.1 * 40, 0.1 * 49 + 0.09 * 40, 0.1 * 45 + 0.09 * 49 + 0.081 * 40]
    np.testing.assert_allclose(optimizers.ewma(theta, 0.9, bias_correction=False), expected, rtol=1e-14)
    np.testing.assert_allclose(optimizers.ewma(theta, 0.9), np.array(expected) / [0.1, 0.19, 0.271], rtol=1e-14)


def test_corrected_averages_of_a_constant_are_the_constant():
    np.testing.assert_allclose(optimizers.ewma(np.full(50, 7.0), 0.98), 7.0, rtol=1e-13)
    assert optimizers.ewma(np.full(50, 7.0), 0.98, bias_correction=False)[0] == pytest.approx(0.14)


def test_bias_corrected_divides_by_the_sum_of_the_weights():
    np.testing.assert_allclose(optimizers.bias_corrected([[0.2, 0.4]], 0.9, 1), [[2.0, 4.0]], rtol=1e-14)
    assert optimizers.bias_corrected(0.19, 0.9, 2) == pytest.approx(1.0)
    assert optimizers.bias_corrected(3.0, 0.0, 1) == 3.0


def test_schedules_are_keras_schedules():
    from keras.optimizers import schedules

    theirs = {
        "inverse": schedules.InverseTimeDecay(0.5, decay_steps=1, decay_rate=0.3),
        "exponential": schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.9),
        "step": schedules.ExponentialDecay(0.5, decay_steps=4, decay_rate=0.25, staircase=True),
    }
    for epoch in range(20):
        ours = {
            "inverse": optimizers.inverse_time_decay(0.5, epoch, 0.3),
            "exponential": optimizers.exponential_decay(0.5, epoch, 0.9),
            "step": optimizers.step_decay(0.5, epoch, 0.25, 4),
        }
        for name, value in ours.items():
            np.testing.assert_allclose(value, float(theirs[name](epoch)), rtol=1e-6)  # Keras: float32


def test_schedules_take_an_array_of_epochs_and_begin_at_the_learning_rate():
    epochs = np.arange(30)
    for schedule in (optimizers.inverse_time_decay, optimizers.exponential_decay, optimizers.step_decay):
        together = schedule(0.2, epochs)
        assert together[0] == 0.2
        np.testing.assert_array_equal(together, [schedule(0.2, epoch) for epoch in epochs])
        assert np.all(np.diff(together) <= 0) and together[-1] < 0.1
    assert optimizers.inverse_time_decay(0.2, 1) == 0.1  # eq. 2.5 with a decay rate of 1
    assert optimizers.step_decay(0.2, np.array([9, 10, 19, 20])).tolist() == [0.2, 0.1, 0.1, 0.05]


# Bad input

ONES = np.ones((2, 3))
STEP = {"w": ONES, "dw": ONES, "learning_rate": 0.1}
GOOD = {
    "momentum_step": STEP | {"v": ONES, "beta": 0.9},
    "rmsprop_step": STEP | {"s": ONES, "beta": 0.9, "epsilon": 1e-8},
    "adam_step": STEP | {"v": ONES, "s": ONES, "t": 1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "GradientDescent": {"learning_rate": 0.1},
    "Momentum": {"learning_rate": 0.1, "beta": 0.9},
    "RMSprop": {"learning_rate": 0.1, "beta": 0.9, "epsilon": 1e-8},
    "Adam": {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "random_mini_batches": {"X": ONES, "Y": np.ones((1, 3)), "size": 2},
    "ewma": {"values": [1.0, 2.0], "beta": 0.9},
    "bias_corrected": {"v": 1.0, "beta": 0.9, "t": 1},
    "inverse_time_decay": {"learning_rate": 0.1, "epoch": 1, "decay_rate": 1.0},
    "exponential_decay": {"learning_rate": 0.1, "epoch": 1, "rate": 0.9},
    "step_decay": {"learning_rate": 0.1, "epoch": 1, "factor": 0.5, "every": 10},
}
NAN, ARRAYS = float("nan"), [np.ones((3, 2)), np.full((2, 3), np.nan), np.full((2, 3), "a"), None]
BAD = {
    "learning_rate": [0, -0.1, NAN, np.inf, "0.1", True, None, [0.1, 0.2]],
    "beta": [1, 1.5, -0.1, NAN, "0.9", None],
    "beta1": [1, -0.1, NAN],
    "beta2": [1, -0.1, NAN],
    "epsilon": [0, -1e-8, NAN, np.inf, None],
    "t": [0, -1, 1.5, True],
    "w": [np.full((2, 3), np.inf), "a", None],
    "dw": ARRAYS,
    "v": [np.full((2, 3), np.nan), None],
    "s": [*ARRAYS, -ONES],
    "X": [np.ones(3), np.ones((2, 0)), np.full((2, 3), np.nan), [[1.0], [1.0, 2.0]]],
    "Y": [np.ones(3), np.ones((3, 1)), np.ones((1, 2)), np.full((1, 3), np.nan)],
    "size": [0, -1, 2.0, True, None],
    "values": [3.0, [], [NAN], "abc"],
    "epoch": [-1, NAN, "1"],
    "decay_rate": [-1, NAN],
    "rate": [0, 1.1, NAN],
    "factor": [0, 1.1, NAN],
    "every": [0, 1.5],
}
CASES = [(name, argument, bad) for name in GOOD for argument in GOOD[name] for bad in BAD[argument]]


@pytest.mark.parametrize(("name", "argument", "bad"), CASES)
def test_bad_input_is_named(name, argument, bad):
    getattr(optimizers, name)(**GOOD[name])  # what is good passes
    with pytest.raises(ValueError, match=rf"^{argument}: expected .*, got "):
        getattr(optimizers, name)(**GOOD[name] | {argument: bad})


@pytest.mark.parametrize("name", ["momentum_step", "adam_step"])
def test_an_average_of_another_shape_is_named(name):
    with pytest.raises(ValueError, match=r"^v: expected the shape of w, \(2, 3\), got \(3, 2\)"):
        getattr(optimizers, name)(**GOOD[name] | {"v": np.ones((3, 2))})


@OPTIMIZERS
@pytest.mark.parametrize(
    ("grads", "message"),
    [
        ({"dW3": ONES}, r"^grads: expected gradients among dW1, db1, got 'dW3'"),
        ({"W1": ONES}, r"^grads: expected gradients among dW1, db1, got 'W1'"),
        ({"dW1": ONES.T}, r"^grads\['dW1'\]: expected the shape of W1, \(2, 3\), got \(3, 2\)"),
        ({"dW1": ONES * np.inf}, r"^grads\['dW1'\]: expected finite numbers, got 6 that are not"),
        ({"dW1": None}, r"^grads\['dW1'\]: expected real numbers, got NoneType"),
    ],
)
def test_gradients_that_do_not_fit_are_named(cls, grads, message):
    with pytest.raises(ValueError, match=message):
        cls(0.1).update({"W1": ONES, "b1": np.ones((2, 1))}, grads)


@OPTIMIZERS
def test_bad_parameters_and_a_learning_rate_changed_to_a_bad_one_are_named(cls):
    optimizer = cls(0.1)
    with pytest.raises(ValueError, match=r"^parameters\['W1'\]: expected finite numbers, got 6 that are not"):
        optimizer.update({"W1": ONES * np.nan}, {"dW1": ONES})
    optimizer.learning_rate = -1.0
    with pytest.raises(ValueError, match=r"^learning_rate: expected a number above 0, got -1.0"):
        optimizer.update({"W1": ONES}, {"dW1": ONES})
