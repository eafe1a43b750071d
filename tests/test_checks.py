"""The checks of arguments that several rooms share."""

from dlcourse import checks, models

import numpy as np
import pytest


@pytest.mark.parametrize("value", [True, np.True_, "1", None, [1], np.array([1, 2]), 3])
def test_a_choice_is_one_of_the_options_and_true_is_not_1(value):
    with pytest.raises(ValueError, match="stride: expected one of 1, 2, got"):
        checks.choice("stride", value, (1, 2))


def test_what_equals_an_option_is_one():
    assert checks.choice("alpha", 1, (0.5, 1.0)) == 1 and checks.choice("weights", None, ("a", None)) is None


def test_a_width_multiplier_is_a_number():
    with pytest.raises(ValueError, match="alpha: expected one of"):
        models.mobilenet_v2((32, 32, 3), alpha=True)


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), True, None])
def test_a_number_is_one_that_a_float_can_hold(value):
    with pytest.raises(ValueError, match="x: expected a number, 0 or more, got"):
        checks.number("x", value)


def test_an_array_is_handed_on_without_a_copy():
    values = np.zeros(3)
    assert checks.array("x", values) is values


@pytest.mark.parametrize("value", [[[1], [1, 2]], "a.png", b"a.png"])
def test_what_is_no_array_is_named(value):
    with pytest.raises(ValueError, match="x: expected numbers, got a"):
        checks.array("x", value)
