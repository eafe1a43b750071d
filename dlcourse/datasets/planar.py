"""Points in the plane whose classes no straight line separates: drawn from a formula, to show decision boundaries."""

from typing import NamedTuple

from dlcourse.checks import choice, count, number

import numpy as np


class Planar(NamedTuple):
    """What `planar` returns."""

    X: np.ndarray
    Y: np.ndarray


def planar(name, m=400, *, noise=None, classes=None, seed=0):
    """Draw points in the plane with their classes, as balanced as m allows and in random order.

    - `"flower"`: six petals around the origin, alternately of class 0 and 1. At the angle θ a petal reaches out to
      r = |cos 3θ|, and its points lie anywhere within.
    - `"moons"`: two interlocking half circles of radius 1: class 0 is the upper half around (0, 0), class 1 the lower
      half around (1, ½).
    - `"circles"`: class 0 at the radius 1, class 1 at the radius ½.
    - `"spirals"`: one arm for each class, from the radius 0.1 out to 1 in three quarters of a turn.
    - `"blobs"`: one cluster for each class, around points spread evenly on the circle of radius 1.

    Args:
        name: One of these names.
        m: Number of points, at least one for each class. The classes' sizes differ by at most one.
        noise: Standard deviation of the normal noise that is added to both coordinates, 0 or more. By default 0.03
            (flower), 0.15 (moons), 0.1 (circles), 0.05 (spirals) or 0.25 (blobs).
        classes: Number of classes C, 2 to 8, of spirals and blobs; by default 3. The other sets have two.
        seed: Whole number, 0 or more; the same seed gives the same points, another one gives points to test on.

    Returns a named tuple with `X`, float64, shape (2, m), one point in each column, and `Y`, int64, shape (1, m), the
    class of each, from 0 to C − 1.
    Raises ValueError if there is no such set, or a number is out of its range.
    Taught in notebook 1-3, section 1.3.1; the spirals in notebook 2-3, section 2.5.2.
    """
    draw, usual_noise, usual_classes = _SETS[choice("name", name, _SETS)]
    noise = number("noise", usual_noise if noise is None else noise)
    possible = (2,) if usual_classes == 2 else range(2, 9)
    classes = choice("classes", usual_classes if classes is None else classes, possible)
    m, rng = count("m", m, classes), np.random.default_rng(count("seed", seed, 0))
    labels = rng.permutation(np.arange(m) % classes)
    X = draw(rng, labels, classes) + noise * rng.normal(size=(2, m))
    return Planar(X=X, Y=labels[None].astype(np.int64))


def _flower(rng, labels, classes):
    m = len(labels)
    petal = 2 * rng.integers(3, size=m) + labels  # 0 … 5, even ones of class 0
    aside = rng.uniform(-np.pi / 12, np.pi / 12, size=(2, m)).sum(axis=0)  # the sum favors the petal's middle
    radius = np.sqrt(rng.uniform(size=m)) * np.cos(3 * aside)  # the root keeps the petal's heart from crowding
    return _polar(radius, petal * np.pi / 3 + aside)


def _moons(rng, labels, classes):
    upper = _polar(1.0, rng.uniform(0, np.pi, size=len(labels)))
    return np.where(labels == 0, upper, np.array([[1.0], [0.5]]) - upper)


def _circles(rng, labels, classes):
    return _polar(np.where(labels == 0, 1.0, 0.5), rng.uniform(0, 2 * np.pi, size=len(labels)))


def _spirals(rng, labels, classes):
    along = rng.uniform(size=len(labels))
    return _polar(0.1 + 0.9 * along, 2 * np.pi * (labels / classes + 0.75 * along))


def _blobs(rng, labels, classes):
    return _polar(1.0, 2 * np.pi * labels / classes)


_SETS = {  # the function that draws its points, its usual noise, its usual number of classes
    "flower": (_flower, 0.03, 2),
    "moons": (_moons, 0.15, 2),
    "circles": (_circles, 0.1, 2),
    "spirals": (_spirals, 0.05, 3),
    "blobs": (_blobs, 0.25, 3),
}


def _polar(radius, angle):
    return radius * np.stack([np.cos(angle), np.sin(angle)])
