"""`dlcourse.scratch.checks`: shapes that fit one another pass, others are named, and `core` is the bare function."""

from dlcourse.scratch.checks import checked, same_shape, shapes

import numpy as np
import pytest


@checked(shapes(X="n_x m", w="n_x 1", Y="2 m"))
def product(X, w, Y):
    """Multiply."""
    return w.T @ X * Y


def test_shapes_that_fit_pass_and_the_core_checks_nothing():
    X, w, Y = np.ones((3, 4)), np.ones((3, 1)), np.ones((2, 4))
    np.testing.assert_array_equal(product(X.tolist(), w, Y), np.full((2, 4), 3.0))
    np.testing.assert_array_equal(product.core(X, w, Y[0]), np.full((1, 4), 3.0))
    assert product.__doc__ == product.core.__doc__


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": (3,)}, r"X: expected shape \(n_x, m\), got \(3,\)"),
        ({"X": (3, 0)}, r"X: expected shape \(n_x, m\), got \(3, 0\)"),
        ({"w": (4, 1)}, r"w: expected shape \(3, 1\), got \(4, 1\)"),
        ({"w": (3, 2)}, r"w: expected shape \(3, 1\), got \(3, 2\)"),
        ({"Y": (3, 4)}, r"Y: expected shape \(2, 4\), got \(3, 4\)"),
        ({"Y": (2, 4, 1)}, r"Y: expected shape \(2, 4\), got \(2, 4, 1\)"),
    ],
)
def test_a_shape_that_does_not_fit_is_named_with_the_one_that_would(changes, message):
    arguments = {"X": (3, 4), "w": (3, 1), "Y": (2, 4)} | changes
    with pytest.raises(ValueError, match=f"^{message}$"):
        product(**{name: np.ones(shape) for name, shape in arguments.items()})


def test_a_shape_is_compared_with_that_of_an_array_in_a_dict():
    relation = same_shape("cache.Z", "dA")
    relation({"cache": {"Z": np.ones((2, 3))}, "dA": np.zeros((2, 3))})
    with pytest.raises(ValueError, match=r"^dA: expected the shape of cache\['Z'\], \(2, 3\), got \(3,\)$"):
        relation({"cache": {"Z": np.ones((2, 3))}, "dA": np.zeros(3)})
