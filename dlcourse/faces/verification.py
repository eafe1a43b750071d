"""Same person or not: how well a distance tells, and from which threshold τ on (notes, eqs. 3.15–3.17).

curve = verification_curve(*pairs(encoder(images), identities))           # some people choose τ …
verification_accuracy(*pairs(encoder(others), their_identities), curve.threshold)    # … and others judge it
"""

import numbers
from typing import NamedTuple

from dlcourse.checks import array

import numpy as np


class VerificationCurve(NamedTuple):
    """The result of `verification_curve`; the arrays have one entry for each threshold.

    thresholds: τ, ascending: −∞, at which no pair passes, and then every distance that occurs.
    false_positive_rate: Share of the pairs of two people with d ≤ τ, from 0 to 1.
    true_positive_rate: Share of the pairs of one person with d ≤ τ, from 0 to 1.
    auc: Area under the curve of the two rates: the chance that a pair of one person is closer than a pair of two; ties
        count ½.
    equal_error_rate: The rate at which as many of the one are turned away as of the other are let in.
    threshold: The τ with the best balanced accuracy, which is that with the largest true less false positive rate
        (Youden's J); the smallest if there are several, and the middle of those up to the next distance, which have
        the same rates. −∞ if none does better than turning all away.
    """

    thresholds: np.ndarray
    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    auc: float
    equal_error_rate: float
    threshold: float


class VerificationAccuracy(NamedTuple):
    """The two rates, and their balanced accuracy: the mean of the first and 1 less the second."""

    true_positive_rate: float
    false_positive_rate: float
    balanced_accuracy: float


def pairs(embeddings, identities):
    """Compute the distance of every two pictures, and whether they show one person.

    Args:
        embeddings: Finite numbers, shape (n, d).
        identities: The person in each picture: whole numbers, shape (n,).

    Returns `(distances, same)`: Euclidean distances, float64, and bool, both of shape (n(n − 1)/2,), in the order
    (0, 1), (0, 2), …, (1, 2), ….
    Raises ValueError if an argument is not as above.
    Taught in notebook 3-4, section 3.4.2.
    """
    embeddings = _numbers("embeddings", embeddings, "finite numbers of shape (n, d)", "uif", (None, None))
    identities = _numbers(
        "identities", identities, f"whole numbers of shape {embeddings.shape[:1]}", "ui", embeddings.shape[:1]
    )
    embeddings = embeddings.astype(np.float64)
    # Row by row, because all differences at once would need memory for n²·d numbers
    rows = [np.linalg.norm(embeddings[i + 1 :] - embeddings[i], axis=1) for i in range(len(embeddings))]
    first, second = np.triu_indices(len(embeddings), 1)
    return np.concatenate([*rows, []]), identities[first] == identities[second]


def verification_curve(distances, same):
    """Count the pairs of one person and of two that pass at every threshold: same person if d ≤ τ (eqs. 3.15–3.17).

    Args:
        distances: d of each pair, shape (n,), such as `pairs` returns.
        same: Whether each pair is of one person: bool, or 0 and 1, shape (n,).

    Returns a `VerificationCurve`, whose two rates are the ROC curve.
    Raises ValueError if an argument is not as above, a distance is not finite, or all pairs are of one kind.
    Taught in notebook 3-4, section 3.4.2.
    """
    distances, same = _judged(distances, same)
    order = np.argsort(distances)
    occurring, first = np.unique(distances[order], return_index=True)
    passed = np.append(first[1:], len(order))  # the pairs that pass at each: equal distances pass together
    passed_same = np.cumsum(same[order])[passed - 1]
    thresholds = np.append(-np.inf, occurring)
    false, true = np.append(0, (passed - passed_same) / (~same).sum()), np.append(0, passed_same / same.sum())
    auc, error = float(np.trapezoid(true, false)), _equal_error_rate(false, true)
    return VerificationCurve(thresholds, false, true, auc, error, _best(thresholds, true - false))


def verification_accuracy(distances, same, threshold):
    """Measure how good a threshold is on pairs of other people than those it was chosen on.

    Args:
        distances, same: As for `verification_curve`.
        threshold: τ: same person if d ≤ τ.

    Returns a `VerificationAccuracy`. Its accuracy is balanced because nearly all pairs are of two people, so that
    turning all away has a plain accuracy near 1.
    Raises ValueError as `verification_curve`, or the threshold is no number.
    Taught in notebook 3-4, section 3.4.4.
    """
    distances, same = _judged(distances, same)
    if not isinstance(threshold, numbers.Real) or isinstance(threshold, bool) or np.isnan(threshold):
        raise ValueError(f"threshold: expected a number, got {threshold!r}")
    passed = distances <= threshold
    true, false = float(passed[same].mean()), float(passed[~same].mean())
    return VerificationAccuracy(true, false, (true + 1 - false) / 2)


def _equal_error_rate(false, true):
    """Find the rate where the line through the points crosses false = 1 - true."""
    excess = false + true - 1  # from -1 to 1, ascending
    k = int(np.argmax(excess >= 0))
    part = -excess[k - 1] / (excess[k] - excess[k - 1])
    return float(false[k - 1] + part * (false[k] - false[k - 1]))


def _best(thresholds, gain):
    """Return the middle between the first threshold with the largest gain and the next one."""
    best = int(np.argmax(gain))
    at, following = thresholds[best], thresholds[min(best + 1, len(thresholds) - 1)]
    middle = (at + following) / 2
    return float(middle if middle < following else at)  # between two neighboring floats there is no middle


def _judged(distances, same):
    """Return distances as float64 and `same` as bool, if both kinds of pairs are there."""
    distances = _numbers("distances", distances, "finite numbers of shape (n,)", "uif", (None,))
    same = _numbers(
        "same", same, f"True or False for each of {len(distances)} distances", "bui", distances.shape, (0, 1)
    )
    same = same.astype(bool)
    if same.all() or not same.any():
        raise ValueError(
            f"same: expected pairs of one person and of two, got {same.sum()} of one and {(~same).sum()} of two"
        )
    return distances.astype(np.float64), same


def _numbers(name, values, expected, kinds, shape, among=None):
    """Return `values` as an array, if they are finite numbers of these kinds and this shape; None is any length."""
    values = array(name, values, expected)
    fits = values.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, values.shape, strict=True))
    finite = values.dtype.kind != "f" or np.isfinite(values).all()
    if not fits or not finite or values.dtype.kind not in kinds or (among and not np.isin(values, among).all()):
        more = "" if finite else " with some that are not finite"
        raise ValueError(f"{name}: expected {expected}, got {values.dtype} of {values.shape}{more}")
    return values
