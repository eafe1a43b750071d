"""Anchors: typical sizes of boxes, found by k-means with 1 - IoU as distance, so that large and small count alike.

After "YOLO9000" (Redmon and Farhadi, 2016, arXiv 1612.08242), section 2.
"""

from dlcourse.checks import count
from dlcourse.detection import checks

import numpy as np

RESTARTS = 10  # a single run of k-means gets stuck now and then; the best of ten seldom does
STEPS = 100  # at most, in one run; it usually converges within ten or twenty


def kmeans_anchors(sizes, k, seed=0):
    """Return the k sizes that fit a set of boxes best.

    The IoU of two sizes is that of two boxes that share a corner. The first anchors are drawn from the sizes, far ones
    more likely (k-means++, Arthur and Vassilvitskii, 2007). Then each box joins the anchor of highest IoU, and each
    anchor moves to the median width and height of its boxes. For similar sizes 1 - IoU is close to
    |log(w/w′)| + |log(h/h′)|, whose sum is smallest at the median; the mean would be drawn to the largest boxes. An
    anchor without boxes moves to the box with the lowest IoU. The best of ten runs is returned.

    Args:
        sizes: Widths and heights of boxes, shape (n, 2), in any one unit, above 0.
        k: Number of anchors, 1 or more. At least k sizes must be different.
        seed: A whole number of 0 or more, which draws the first anchors.

    Returns `(anchors, mean_iou)`: float64 of shape (k, 2), width and height, smallest area first, each the best for at
    least one box; and the mean over all boxes of the IoU with their anchor. It is a local optimum: the mean IoU may
    fall a little where k grows by one, though it rarely does.
    Raises ValueError if `sizes` has another shape, a size is not above 0, fewer than k are different, or another
    argument is out of its range.
    Taught in notebook 3-3, section 3.3.3.
    """
    sizes, k, rng = checks.sizes("sizes", sizes), count("k", k), np.random.default_rng(count("seed", seed, 0))
    best, best_iou = None, -1
    for _ in range(RESTARTS):
        anchors, before = _first_anchors(rng, sizes, k), None
        for _ in range(STEPS):
            iou = iou_of_sizes(sizes, anchors)  # (k, n)
            members, fit = iou.argmax(axis=0), iou.max(axis=0)  # (n,): the best anchor of each box, and its IoU
            empty = np.flatnonzero(np.bincount(members, minlength=k) == 0)
            if not len(empty) and fit.mean() > best_iou:
                best, best_iou = anchors, fit.mean()
            if np.array_equal(members, before):
                break
            before = members
            if len(empty):
                anchors = anchors.copy()
                anchors[empty[0]] = sizes[fit.argmin()]
            else:
                anchors = np.array([np.median(sizes[members == j], axis=0) for j in range(k)])
    return best[np.argsort(best.prod(axis=1), kind="stable")], float(best_iou)


def iou_of_sizes(sizes, anchors):
    """Return the IoU of every anchor, (k, 2), with every size, (n, 2), one corner shared: shape (k, n).

    The rows are the long ones, because NumPy is slow on short rows.
    """
    (w, h), (anchor_w, anchor_h) = sizes.T, anchors.T[:, :, None]
    intersection = np.minimum(w, anchor_w) * np.minimum(h, anchor_h)
    union = w * h + anchor_w * anchor_h - intersection
    return intersection / union


def _first_anchors(rng, sizes, k):
    anchors = sizes[:0]
    while len(anchors) < k:
        distance = 1 - iou_of_sizes(sizes, anchors).max(axis=0, initial=0)
        if not distance.any():
            raise ValueError(f"sizes: expected at least k = {k} different ones, got {len(anchors)} among {len(sizes)}")
        anchors = np.append(anchors, sizes[rng.choice(len(sizes), p=distance / distance.sum())][None], axis=0)
    return anchors
