"""dlcourse.detection.nms: keeps what TensorFlow keeps and what a plain loop in exact fractions keeps."""

from fractions import Fraction

from dlcourse.detection import nms
from dlcourse.detection.boxes import pairwise_iou
from dlcourse.detection.nms import non_max_suppression

import keras
import numpy as np
import pytest
import tensorflow as tf

THRESHOLDS = (0, 0.25, 0.5, 0.75, 1)


def random_set(seed):
    """Boxes on a coarse grid, so that scores tie, IoUs equal thresholds and boxes have no area; sometimes no box."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 40) if seed % 10 else 0
    corners = rng.integers(-6, 6, (n, 2, 2)) * rng.choice([1, 2, 1000])
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float32)
    scores = rng.integers(-2, 6, n).astype(np.float32) / 4
    return boxes, scores, rng.integers(0, 3, n), int(rng.integers(1, 20)), float(rng.choice(THRESHOLDS))


def exact_iou(a, b):
    (ax, ay, au, av), (bx, by, bu, bv) = ([Fraction(float(corner)) for corner in box] for box in (a, b))
    intersection = max(min(au, bu) - max(ax, bx), 0) * max(min(av, bv) - max(ay, by), 0)
    union = (au - ax) * (av - ay) + (bu - bx) * (bv - by) - intersection
    return intersection / union if union else Fraction(0)


def plain_loop(boxes, scores, classes, max_boxes, iou_threshold):
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        rivals = [j for j in kept if classes[j] == classes[i]]
        if all(exact_iou(boxes[i], boxes[j]) <= iou_threshold for j in rivals):
            kept.append(i)
    return kept[:max_boxes]


# Oracles


def test_nms_keeps_what_tensorflow_keeps_with_either_backend_on_200_random_sets(monkeypatch):
    kept = 0
    for seed in range(200):
        boxes, scores, _, max_boxes, threshold = random_set(seed)
        theirs = tf.image.non_max_suppression(boxes, scores, max_boxes, threshold).numpy()
        ours = non_max_suppression(boxes, scores, None, max_boxes, threshold)
        with monkeypatch.context() as patch:
            patch.setattr(keras.backend, "backend", lambda: "jax")
            patch.setattr(nms, "_by_tensorflow", None)
            by_hand = non_max_suppression(boxes, scores, None, max_boxes, threshold)
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(by_hand, theirs)
        assert ours.dtype == by_hand.dtype == np.int64
        kept += len(ours)
    assert kept > 1000


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_per_class_it_keeps_what_a_plain_loop_in_fractions_keeps(backend, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    for seed in range(60):
        given = random_set(seed)
        np.testing.assert_array_equal(non_max_suppression(*given), plain_loop(*given))


def test_on_the_tensorflow_backend_the_kernel_is_tensorflows(monkeypatch):
    monkeypatch.setattr(nms, "_by_hand", None)
    assert non_max_suppression([[0, 0, 1, 1]], [0.5]).tolist() == [0]


# The rule


@pytest.mark.parametrize("suppress", [nms._by_tensorflow, nms._by_hand])
def test_two_boxes_whose_iou_equals_the_threshold_are_both_kept(suppress):
    boxes = np.array([[0, 0, 2, 1], [0, 0, 1, 1]], np.float32)  # IoU 1/2, exact in float32
    scores = np.array([0.9, 0.8], np.float32)
    assert suppress(boxes, scores, 10, 0.5).tolist() == [0, 1]
    assert suppress(boxes, scores, 10, 0.49).tolist() == [0]


def test_a_discarded_box_discards_no_other():
    boxes = [[0, 0, 4, 1], [1, 0, 5, 1], [2, 0, 6, 1]]  # each overlaps its neighbour by 3/5, the outer two by 1/3
    assert non_max_suppression(boxes, [0.9, 0.8, 0.7]).tolist() == [0, 2]
    assert non_max_suppression(boxes, [0.8, 0.9, 0.7]).tolist() == [1]


def test_the_best_comes_first_and_of_equals_the_lower_index():
    boxes = np.array([[i, 0, i + 1, 1] for i in range(5)])
    assert non_max_suppression(boxes, [0.1, 0.5, 0.9, 0.5, 0.9]).tolist() == [2, 4, 1, 3, 0]
    assert non_max_suppression(boxes, [0.1, 0.5, 0.9, 0.5, 0.9], [1, 1, 1, 0, 0]).tolist() == [2, 4, 1, 3, 0]


def test_boxes_of_different_classes_do_not_discard_each_other():
    boxes, scores = [[0, 0, 2, 2]] * 4, [0.6, 0.7, 0.8, 0.9]
    assert non_max_suppression(boxes, scores).tolist() == [3]
    assert non_max_suppression(boxes, scores, [5, 7, 5, 7]).tolist() == [3, 2]


def test_max_boxes_counts_all_classes_together():
    boxes = [[i, 0, i + 1, 1] for i in range(30)]
    scores = np.arange(30) / 30
    assert non_max_suppression(boxes, scores).tolist() == list(range(29, 19, -1))
    assert non_max_suppression(boxes, scores, np.arange(30) % 3, max_boxes=4).tolist() == [29, 28, 27, 26]


def test_boxes_without_area_are_all_kept():
    assert non_max_suppression([[1, 1, 1, 1]] * 3 + [[0, 0, 2, 2]], [0.5, 0.6, 0.7, 0.8]).tolist() == [3, 2, 1, 0]


# Properties


@pytest.mark.parametrize("seed", range(1, 10))
def test_what_is_kept_does_not_overlap_and_is_kept_again(seed):
    boxes, scores, classes, _, threshold = random_set(seed)
    kept = non_max_suppression(boxes, scores, classes, 100, threshold)
    overlap = np.triu(pairwise_iou(boxes[kept], boxes[kept]), 1)[classes[kept, None] == classes[kept]]
    assert (overlap <= threshold).all()
    again = non_max_suppression(boxes[kept], scores[kept], classes[kept], 100, threshold)
    assert again.tolist() == list(range(len(kept)))


def test_neither_large_coordinates_nor_many_classes_round_the_boxes():
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 5000, (400, 2))
    boxes = np.concatenate([low, low + 1000], axis=1).astype(np.float32)
    scores, classes = rng.random(400).astype(np.float32), rng.integers(0, 10, 400) * 10**12
    overlap = pairwise_iou(boxes, boxes)[classes[:, None] == classes]
    threshold = float(overlap[(overlap > 0.3) & (overlap < 0.7)][0])  # one pair meets it exactly
    expected = []
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        expected += members[tf.image.non_max_suppression(boxes[members], scores[members], 400, threshold)].tolist()
    kept = non_max_suppression(boxes, scores, classes, 400, threshold)
    assert kept.tolist() == sorted(expected, key=lambda i: -scores[i])


def test_far_from_the_origin_float64_boxes_lose_nothing():
    boxes, scores, classes, *_ = random_set(3)
    boxes /= 8000
    expected = non_max_suppression(boxes, scores, classes, 100, 0.45)
    far = boxes.astype(np.float64) + np.tile([2**30, -(2**30)], 2)
    assert len(np.unique(far.astype(np.float32), axis=0)) == 1  # float32 alone would see one box
    np.testing.assert_array_equal(non_max_suppression(far, scores, classes, 100, 0.45), expected)


def test_tensors_lists_and_arrays_give_the_same():
    boxes, scores, classes, *_ = random_set(5)
    expected = non_max_suppression(boxes, scores, classes)
    for convert in (np.ndarray.tolist, tf.constant):
        kept = non_max_suppression(convert(boxes), convert(scores), convert(classes))
        assert isinstance(kept, np.ndarray)
        np.testing.assert_array_equal(kept, expected)


# Nothing, and what is wrong


@pytest.mark.parametrize("classes", [None, []])
@pytest.mark.parametrize("suppress", ["_by_tensorflow", "_by_hand"])
def test_no_boxes_keep_none(classes, suppress, monkeypatch):
    monkeypatch.setattr(nms, "_by_tensorflow", getattr(nms, suppress))
    kept = non_max_suppression([], [], classes)
    assert kept.shape == (0,) and kept.dtype == np.int64


NAN = float("nan")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"boxes": [[2, 0, 1, 1], [0, 0, 1, 1]]}, r"boxes: expected .*x_min ≤ x_max.* got \[2"),
        ({"boxes": [[0, 0, 1, NAN], [0, 0, 1, 1]]}, "boxes: expected finite numbers, got .*nan"),
        ({"boxes": [0, 0, 1, 1]}, r"boxes: expected shape \(n, 4\), got \(4,\)"),
        ({"scores": [0.5, NAN]}, "scores: expected finite numbers, got nan"),
        ({"scores": [0.5, -float("inf")]}, "scores: expected finite numbers, got -inf"),
        ({"scores": [0.5]}, r"scores: expected shape \(2,\), one for each box, got \(1,\)"),
        ({"classes": [0]}, r"classes: expected shape \(2,\), one for each box, got \(1,\)"),
        ({"classes": [0.5, 1]}, "classes: expected whole numbers, got float64"),
        ({"max_boxes": 0}, "max_boxes: expected a whole number, 1 or more, got 0"),
        ({"iou_threshold": 1.1}, r"iou_threshold: expected a number in \[0, 1\], got 1.1"),
        ({"iou_threshold": NAN}, r"iou_threshold: expected a number in \[0, 1\], got nan"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        non_max_suppression(**({"boxes": [[0, 0, 1, 1]] * 2, "scores": [0.5, 0.6]} | change))


def test_a_symbolic_tensor_is_refused():
    with pytest.raises(ValueError, match="boxes: expected an array or an eager tensor, got a symbolic one"):
        non_max_suppression(keras.Input((4,)), [0.5])
    with pytest.raises(ValueError, match="boxes: expected an array or an eager tensor, got a symbolic one"):
        tf.function(lambda boxes: non_max_suppression(boxes, [0.5]))(tf.zeros((1, 4)))


def test_without_a_maximum_all_boxes_that_overlap_nothing_stay():
    apart = np.arange(30.0)[:, None] * 10 + np.array([0, 0, 5, 5])
    scores = np.linspace(0.2, 0.9, 30)
    assert len(non_max_suppression(apart, scores)) == 10
    assert non_max_suppression(apart, scores, max_boxes=None).tolist() == list(range(29, -1, -1))
    assert non_max_suppression(apart, scores, np.arange(30) % 4, max_boxes=None).tolist() == list(range(29, -1, -1))
    assert non_max_suppression(np.zeros((0, 4)), [], max_boxes=None).tolist() == []


# Sets on which other implementations were reported to fail, in numbers of our own


def test_five_boxes_in_a_row_lose_those_beside_a_better_one():  # ultralytics/ultralytics#22013
    row = [[0, 0, 10, 10], [6, 0, 16, 10], [30, 0, 40, 10], [36, 0, 46, 10], [60, 0, 70, 10]]
    assert non_max_suppression(row, [0.9, 0.8, 0.6, 0.7, 0.5], iou_threshold=0.2).tolist() == [0, 3, 4]


def test_a_box_without_width_is_kept_once():  # tensorflow/tensorflow#35482
    flat = [[0, 0, 2, 2], [5, 4, 5, 8], [9, 9, 12, 12]]
    assert non_max_suppression(flat, [0.9, 0.8, 0.7], max_boxes=9).tolist() == [0, 1, 2]


def test_boxes_left_of_the_origin_discard_each_other():  # tensorflow/tfjs#5856
    beyond = [[-15, -30, 90, 80], [-14, -28, 92, 81], [200, 200, 240, 250]]
    assert non_max_suppression(beyond, [0.8, 0.9, 0.7]).tolist() == [1, 2]


def test_a_rider_and_a_horse_in_one_box_are_two_objects_of_two_classes():  # allanzelener/YAD2K#96
    both = [[10, 20, 60, 90]] * 2
    assert non_max_suppression(both, [0.9, 0.8], [0, 17]).tolist() == [0, 1]
    assert non_max_suppression(both, [0.9, 0.8]).tolist() == [0]
