"""dlcourse.datasets.planar: the points lie where the formulas put them, balanced and the same for the same seed."""

from dlcourse.datasets import planar

import numpy as np
import pytest
from sklearn.datasets import make_circles, make_moons
from sklearn.linear_model import LogisticRegression

NAMES = ["flower", "moons", "circles", "spirals", "blobs"]
each_set = pytest.mark.parametrize("name", NAMES)


def polar(X):
    """Radius, and angle in [0, 2π)."""
    return np.hypot(*X), np.arctan2(X[1], X[0]) % (2 * np.pi)


def distances(points, others):
    """From each of the points, shape (2, m), to the nearest of the others, shape (2, n)."""
    return np.sqrt(((points[:, :, None] - others[:, None, :]) ** 2).sum(axis=0)).min(axis=1)


@each_set
def test_shapes_and_types_are_the_documented_ones(name):
    X, Y = planar(name, m=31)
    assert X.shape == (2, 31) and X.dtype == np.float64
    assert Y.shape == (1, 31) and Y.dtype == np.int64
    assert np.isfinite(X).all()


@each_set
@pytest.mark.parametrize("m", [3, 100, 101, 400])
def test_the_classes_are_balanced_and_mixed(name, m):
    _, Y = planar(name, m=m)
    counts = np.bincount(Y[0])
    assert counts.max() - counts.min() <= 1
    if m == 400:  # the first half of the points would do as a training set
        first = np.bincount(Y[0, :200]) / counts
        assert (first > 0.4).all() and (first < 0.6).all()
        assert len(np.unique(Y[0, : len(counts) * 5])) == len(counts)


@each_set
def test_a_seed_gives_its_points_again_and_another_seed_gives_others(name):
    first, again, other = planar(name, seed=3), planar(name, seed=3), planar(name, seed=4)
    np.testing.assert_array_equal(first.X, again.X)
    np.testing.assert_array_equal(first.Y, again.Y)
    assert distances(other.X, first.X).min() > 0


@each_set
def test_noise_is_added_to_the_same_points_and_has_the_given_size(name):
    exact, noisy = planar(name, m=4000, noise=0), planar(name, m=4000, noise=0.2)
    np.testing.assert_array_equal(exact.Y, noisy.Y)
    added = noisy.X - exact.X
    np.testing.assert_allclose(added.std(axis=1), 0.2, rtol=0.05)
    np.testing.assert_allclose(added.mean(axis=1), 0, atol=0.015)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("moons", make_moons(4000, noise=None)), ("circles", make_circles(4000, noise=None, factor=0.5))],
    ids=["moons", "circles"],
)
def test_moons_and_circles_lie_on_those_of_scikit_learn(name, theirs):
    X, Y = planar(name, m=600, noise=0)
    points, labels = theirs
    for label in (0, 1):
        ours, other = X[:, Y[0] == label], points[labels == label].T
        assert distances(ours, other).max() < 0.002  # half of the spacing of their points
        assert distances(other, ours).max() < 0.1  # and ours leave no gap


def test_a_petal_reaches_to_the_cosine_and_has_the_class_of_its_turn():
    X, Y = planar("flower", m=5000, noise=0)
    radius, angle = polar(X)
    assert (radius <= np.abs(np.cos(3 * angle)) + 1e-12).all()
    np.testing.assert_array_equal(np.round(angle / (np.pi / 3)) % 2, Y[0])
    petal = np.round(angle / (np.pi / 3)) % 6
    for k in range(6):  # each is there, as full as the others, and filled to its tip
        own = radius[petal == k]
        assert 700 < len(own) < 970
        assert own.max() > 0.95 and own.min() < 0.1


def test_a_spiral_arm_turns_three_quarters_on_its_way_out():
    for classes in (2, 3, 5):
        X, Y = planar("spirals", m=600, noise=0, classes=classes)
        radius, angle = polar(X)
        assert 0.1 <= radius.min() < 0.12 and 0.98 < radius.max() <= 1
        along = (radius - 0.1) / 0.9
        off = angle - 2 * np.pi * (Y[0] / classes + 0.75 * along)
        np.testing.assert_allclose(np.cos(off), 1, atol=1e-12)


def test_blobs_are_heaps_around_points_of_the_circle():
    X, Y = planar("blobs", m=6000, classes=4)
    for k, center in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1)]):
        heap = X[:, Y[0] == k]
        np.testing.assert_allclose(heap.mean(axis=1), center, atol=0.03)
        np.testing.assert_allclose(heap.std(axis=1), 0.25, rtol=0.06)


@pytest.mark.parametrize(("name", "most"), [("flower", 0.7), ("circles", 0.6), ("moons", 0.9), ("spirals", 0.8)])
def test_no_straight_line_parts_them(name, most):  # of the flower's six petals a line gets four right
    X, Y = planar(name, m=1000)
    assert LogisticRegression().fit(X.T, Y[0]).score(X.T, Y[0]) < most


@each_set
def test_the_usual_noise_leaves_them_separable_by_their_neighbors(name):
    train, held_out = planar(name, m=2000, seed=0), planar(name, m=500, seed=1)
    squared = ((held_out.X[:, :, None] - train.X[:, None, :]) ** 2).sum(axis=0)
    nearest = np.argsort(squared, axis=1)[:, :9]
    voted = [np.bincount(train.Y[0, row]).argmax() for row in nearest]
    assert np.mean(np.array(voted) == held_out.Y[0]) > 0.93


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "donut"}, "name: expected one of 'flower', 'moons', 'circles', 'spirals', 'blobs', got 'donut'"),
        ({"name": "moons", "m": 1}, "m: expected a whole number, 2 or more, got 1"),
        ({"name": "spirals", "m": 4, "classes": 5}, "m: expected a whole number, 5 or more, got 4"),
        ({"name": "moons", "m": 10.5}, "m: expected a whole number, 2 or more, got 10.5"),
        ({"name": "moons", "noise": -0.1}, "noise: expected a number, 0 or more, got -0.1"),
        ({"name": "moons", "noise": np.nan}, "noise: expected a number, 0 or more, got nan"),
        ({"name": "moons", "noise": "a bit"}, "noise: expected a number, 0 or more, got 'a bit'"),
        ({"name": "flower", "classes": 3}, "classes: expected one of 2, got 3"),
        ({"name": "spirals", "classes": 1}, "classes: expected one of 2, 3, 4, 5, 6, 7, 8, got 1"),
        ({"name": "blobs", "classes": 9}, "classes: expected one of 2, 3, 4, 5, 6, 7, 8, got 9"),
        ({"name": "moons", "seed": -1}, "seed: expected a whole number, 0 or more, got -1"),
        ({"name": "moons", "seed": None}, "seed: expected a whole number, 0 or more, got None"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError) as refusal:
        planar(**arguments)
    assert str(refusal.value) == message
