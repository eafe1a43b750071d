"""dlcourse.detection.anchors: finds what was put in, is as good as the best partition, never leaves an anchor empty."""

import itertools

from dlcourse.datasets import scenes
from dlcourse.detection import anchors as A
from dlcourse.detection.anchors import kmeans_anchors
from dlcourse.detection.boxes import iou

import numpy as np
import pytest


def random_sizes(n, seed=0):
    return np.random.default_rng(seed).lognormal(3, 0.7, (n, 2))


def overlap(sizes, anchors):
    """IoU of every size with every anchor, as boxes with one corner at the origin."""
    sizes, anchors = (np.hstack([np.zeros_like(each), each]) for each in (np.asarray(sizes), np.asarray(anchors)))
    return iou(sizes[:, None], anchors)


def test_the_distance_is_1_minus_the_iou_of_boxes_that_share_a_corner():
    sizes = random_sizes(20)
    np.testing.assert_allclose(A.iou_of_sizes(sizes, sizes[:7]).T, overlap(sizes, sizes[:7]), rtol=1e-12)


def test_three_heaps_of_sizes_are_found():
    true = np.array([[10, 20], [40, 30], [30, 90]])
    rng = np.random.default_rng(0)
    sizes = np.repeat(true, [200, 20, 50], axis=0) * rng.uniform(0.9, 1.1, (270, 2))
    anchors, mean_iou = kmeans_anchors(rng.permutation(sizes), 3)
    np.testing.assert_allclose(anchors, true, rtol=0.05)
    assert mean_iou > 0.9


def test_the_mean_iou_is_that_of_each_box_with_its_best_anchor():
    sizes = random_sizes(300)
    anchors, mean_iou = kmeans_anchors(sizes, 5)
    assert type(mean_iou) is float and anchors.shape == (5, 2)
    assert mean_iou == pytest.approx(overlap(sizes, anchors).max(axis=1).mean(), rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_no_partition_of_a_small_set_is_more_than_5_percent_better(seed):
    sizes, best = random_sizes(9, seed), 0
    for labels in itertools.product(range(2), repeat=8):
        if any(labels):
            labels = np.array([0, *labels])
            medians = [np.median(sizes[labels == j], axis=0) for j in range(2)]
            best = max(best, overlap(sizes, medians).max(axis=1).mean())
    assert kmeans_anchors(sizes, 2)[1] >= 0.95 * best


def test_medians_serve_the_boxes_of_our_scenes_better_than_means():
    sizes = np.concatenate([boxes[:, 2:] - boxes[:, :2] for boxes in scenes(60).boxes]).astype(np.float64)
    by_median = kmeans_anchors(sizes, 1)[1]
    assert by_median > overlap(sizes, [sizes.mean(axis=0)]).mean()
    skewed = random_sizes(500)
    assert kmeans_anchors(skewed, 1)[1] > overlap(skewed, [skewed.mean(axis=0)]).mean() + 0.02


def test_more_anchors_serve_better():
    sizes = random_sizes(400)
    served = [kmeans_anchors(sizes, k)[1] for k in range(1, 10)]
    assert (np.diff(served) > 0).all()


def test_with_as_many_anchors_as_sizes_each_size_is_an_anchor():
    sizes = random_sizes(12)
    anchors, mean_iou = kmeans_anchors(np.concatenate([sizes, sizes[:5]]), 12)
    np.testing.assert_array_equal(anchors[np.lexsort(anchors.T)], sizes[np.lexsort(sizes.T)])
    assert mean_iou == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_anchor_is_without_boxes(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, (40, 2)) * 5.0  # few different sizes, many of each
    k = len(np.unique(sizes, axis=0)) - seed % 3
    anchors, _ = kmeans_anchors(sizes, k, seed)
    assert set(overlap(sizes, anchors).argmax(axis=1)) == set(range(k))


def test_an_anchor_that_loses_its_boxes_moves_to_the_box_that_is_served_worst(monkeypatch):
    sizes = np.array([[10.0, 10], [11, 11], [12, 12], [100, 100]])
    monkeypatch.setattr(A, "_first_anchors", lambda rng, sizes, k: np.array([[11.0, 11], [900, 1]]))
    anchors, _ = kmeans_anchors(sizes, 2)
    np.testing.assert_array_equal(anchors, [[11, 11], [100, 100]])


def test_anchors_of_which_one_is_empty_are_not_returned_even_where_they_serve_better(monkeypatch):
    sizes = np.array([[10.0, 10]] * 9 + [[100, 100]])
    runs = itertools.chain([[[10, 10], [1, 1000]]], itertools.repeat([[3, 3], [100, 100]]))
    monkeypatch.setattr(A, "_first_anchors", lambda rng, sizes, k: np.array(next(runs), float))
    monkeypatch.setattr(A, "STEPS", 1)
    np.testing.assert_array_equal(kmeans_anchors(sizes, 2)[0], [[3, 3], [100, 100]])


def test_anchors_come_smallest_area_first():
    assert (np.diff(kmeans_anchors(random_sizes(300), 6)[0].prod(axis=1)) > 0).all()


def test_the_unit_does_not_matter_and_neither_does_the_order():
    sizes = random_sizes(100)
    anchors, mean_iou = kmeans_anchors(sizes, 4)
    in_other_unit, same = kmeans_anchors(sizes / 1024, 4)
    np.testing.assert_array_equal(in_other_unit * 1024, anchors)
    assert same == mean_iou
    assert kmeans_anchors(sizes[::-1], 4)[1] == pytest.approx(mean_iou, abs=0.01)


def test_the_same_seed_gives_the_same_anchors_and_leaves_numpys_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (kmeans_anchors(random_sizes(200), 5, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((0, 2)), 1), "sizes: expected at least k = 1 different ones, got 0 among 0"),
        ((random_sizes(3), 4), "sizes: expected at least k = 4 different ones, got 3 among 3"),
        ((np.ones((5, 2)), 2), "sizes: expected at least k = 2 different ones, got 1 among 5"),
        (([[1, 1], [1, np.nextafter(1, 2)]], 3), "sizes: expected at least k = 3 different ones, got [12] among 2"),
        (([[1, 2], [0, 3]], 1), r"sizes: expected finite numbers above 0, got \[0.0, 3.0\]"),
        (([[1, 2], [1, float("nan")]], 1), r"sizes: expected finite numbers above 0, got \[1.0, nan\]"),
        ((np.ones((5, 4)), 1), r"sizes: expected shape \(n, 2\), width and height, got \(5, 4\)"),
        (("many", 1), "sizes: expected an array of numbers"),
        ((np.ones((5, 2)), 0), "k: expected a whole number, 1 or more, got 0"),
        ((np.ones((5, 2)), 1, -1), "seed: expected a whole number, 0 or more, got -1"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        kmeans_anchors(*arguments)


def test_more_anchors_than_sizes_are_refused():  # ultralytics/yolov5#3482
    four = np.tile([[3.0, 9], [9, 3], [6, 6], [12, 12]], (50, 1))
    with pytest.raises(ValueError, match=r"^sizes: expected at least k = 9 different ones, got 4 among 200$"):
        kmeans_anchors(four, 9)
