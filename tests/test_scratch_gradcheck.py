"""`dlcourse.scratch.gradcheck`: it accepts the right gradients and sees planted mistakes."""

from dlcourse.scratch import logistic
from dlcourse.scratch.gradcheck import gradient_check

import numpy as np
import pytest

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 9)), np.arange(9).reshape(1, 9) % 2
PARAMETERS = {"W1": RNG.normal(size=(1, 4)), "b1": RNG.normal(size=(1, 1)), "mu1": np.ones((1, 1))}


def cost(parameters):
    return logistic.propagate(parameters["W1"].T, parameters["b1"], X, Y)[1]


def gradients(parameters=PARAMETERS):
    grads, _ = logistic.propagate(parameters["W1"].T, parameters["b1"], X, Y)
    return {"dW1": grads["dw"].T, "db1": np.full((1, 1), grads["db"])}


@pytest.mark.parametrize("epsilon", [1e-7, 1e-5])
def test_right_gradients_pass(epsilon):
    assert gradient_check(cost, PARAMETERS, gradients(), epsilon) < 1e-7


@pytest.mark.parametrize(
    "mistake",
    [
        lambda dW, db: (-dW, db),
        lambda dW, db: (1.01 * dW, db),
        lambda dW, db: (9 * dW, 9 * db),  # the sum in place of the mean
        lambda dW, db: (dW, 0 * db),
        lambda dW, db: (dW[:, ::-1], db),
    ],
)
def test_wrong_gradients_stand_out(mistake):
    dW, db = mistake(*gradients().values())
    assert gradient_check(cost, PARAMETERS, {"dW1": dW, "db1": db}) > 1e-3


def test_the_difference_is_the_ratio_of_norms():
    parameters = {"w": np.array([1.0, 2.0])}  # J = 3 w1 + 4 w2: its gradient is (3, 4), of length 5
    result = gradient_check(lambda p: float(p["w"] @ [3.0, 4.0]), parameters, {"dw": np.array([0.0, 0.0])}, 0.5)
    assert result == 1.0
    result = gradient_check(lambda p: float(p["w"] @ [3.0, 4.0]), parameters, {"dw": np.array([6.0, 8.0])}, 0.5)
    assert result == pytest.approx(5 / 15, rel=1e-12)


def test_only_parameters_with_a_gradient_are_moved_and_none_is_changed():
    before, seen = {key: value.copy() for key, value in PARAMETERS.items()}, []

    def watched(parameters):
        seen.append({key: value.copy() for key, value in parameters.items()})
        return cost(parameters)

    assert gradient_check(watched, PARAMETERS, {"db1": gradients()["db1"]}, 1e-4) < 1e-7
    assert len(seen) == 2
    for parameters in seen:
        np.testing.assert_array_equal(parameters["W1"], before["W1"])
        np.testing.assert_array_equal(parameters["mu1"], before["mu1"])
    np.testing.assert_allclose([p["b1"].item() - before["b1"].item() for p in seen], [1e-4, -1e-4], rtol=1e-9)
    for key, value in PARAMETERS.items():
        np.testing.assert_array_equal(value, before[key])


def test_one_wrong_parameter_is_found_alone():
    grads = gradients() | {"dW1": gradients()["dW1"] * [[1, 1, 2, 1]]}
    assert gradient_check(cost, PARAMETERS, {"dW1": grads["dW1"]}) > 1e-3
    assert gradient_check(cost, PARAMETERS, {"db1": grads["db1"]}) < 1e-7


def test_gradients_of_zero_agree():
    with np.errstate(all="raise"):
        assert gradient_check(lambda p: 1.0, {"W1": np.ones((2, 2))}, {"dW1": np.zeros((2, 2))}) == 0.0


def test_whole_numbers_and_single_numbers_are_moved_as_floats():
    assert gradient_check(lambda p: p["w"] ** 2, {"w": 3}, {"dw": 6}) < 1e-7
    assert gradient_check(lambda p: np.sum(p["W"] ** 2), {"W": np.array([[1, 2]])}, {"dW": np.array([[2, 4]])}) < 1e-7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grads": {}}, r"grads: expected one or more of dW1, db1, dmu1, got none"),
        ({"grads": {"dW2": np.ones(1)}}, r"grads: expected one or more of dW1, db1, dmu1, got dW2"),
        ({"grads": {"W1": np.ones((1, 4))}}, r"grads: expected one or more of .*, got W1"),
        ({"grads": {"dW1": np.ones(4)}}, r"grads\['dW1'\]: expected the shape of W1, \(1, 4\), got \(4,\)"),
        ({"grads": {"db1": [[np.nan]]}}, r"grads\['db1'\]: expected finite numbers, got 1"),
        ({"parameters": PARAMETERS | {"b1": [[np.inf]]}}, r"parameters\['b1'\]: expected finite numbers, got 1"),
        ({"cost": lambda p: np.nan}, r"cost: expected finite numbers, got 1"),
        ({"cost": lambda p: np.ones(2)}, r"cost: expected one number, got shape \(2,\)"),
        ({"cost": lambda p: None}, r"cost: expected real numbers, got NoneType"),
        ({"epsilon": 0}, r"epsilon: expected a number above 0, got 0"),
        ({"epsilon": -1e-7}, r"epsilon: expected a number above 0, got -1e-07"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match="^" + message):
        gradient_check(**{"cost": cost, "parameters": PARAMETERS, "grads": gradients()} | changes)
