"""dlcourse.detection.metrics: the numbers of pycocotools and scikit-learn, and some that can be counted by hand."""

import contextlib
import io

from dlcourse.detection import metrics
from dlcourse.detection.metrics import COCO_THRESHOLDS, average_precision, mean_average_precision, precision_recall

import numpy as np
import pytest
import tensorflow as tf
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import precision_recall_curve

NOTHING = np.zeros((0, 4))


def random_pictures(seed, pictures=12, classes=4):
    """Detections and truths on a grid of quarters, so that IoUs tie and meet thresholds; scores tie, too.

    Some pictures have no object, some no detection; the last class has no object; in one picture many boxes are found.
    """
    rng = np.random.default_rng(seed)
    detections, truths = [], []
    for i in range(pictures):
        size, n = rng.choice([16, 100, 1000]), rng.integers(0, 8) * (i != 3)
        low, extent = rng.integers(0, 3 * size, (n, 2)), rng.integers(0, size, (n, 2))
        true = np.concatenate([low, low + extent], axis=1) / 4
        labels = rng.integers(0, classes - 1, n)
        copies = 0 if i == 4 or n == 0 else 160 if i == 5 else rng.integers(1, 12)
        chosen = rng.integers(0, max(n, 1), copies)
        moved = true[chosen] + rng.integers(-size // 16, size // 16 + 1, (copies, 4)) / 4
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2])
        guessed = np.where(rng.random(copies) < 0.8, labels[chosen], rng.integers(0, classes, copies))
        detections.append((rng.integers(0, 11, copies) / 10, moved, guessed))
        truths.append((true, labels))
    return detections, truths


def by_pycocotools(detections, truths, recalls=None):
    """Precision of COCO's evaluation: shape (thresholds, recalls, classes), and the classes."""
    labels = sorted({int(label) for *_, classes in [*detections, *truths] for label in classes})

    def annotations(pictures):
        found = []
        for i, (*scores, boxes, classes) in enumerate(pictures):
            for j, (x_min, y_min, x_max, y_max) in enumerate(np.asarray(boxes, float).tolist()):
                box = [x_min, y_min, x_max - x_min, y_max - y_min]
                found.append({"id": len(found) + 1, "image_id": i, "category_id": int(classes[j]), "bbox": box})
                found[-1] |= {"area": box[2] * box[3], "iscrowd": 0}
                found[-1] |= {"score": float(scores[0][j])} if scores else {}
        return found

    def dataset(pictures):
        coco = COCO()
        images, categories = [{"id": i} for i in range(len(truths))], [{"id": label} for label in labels]
        coco.dataset = {"images": images, "categories": categories, "annotations": annotations(pictures)}
        coco.createIndex()
        return coco

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(dataset(truths), dataset(detections), "bbox")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.params.maxDets = [100]
        if recalls is not None:
            evaluation.params.recThrs = recalls
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][..., 0, 0], labels


# Oracles


@pytest.mark.parametrize("seed", range(25))
def test_ap_and_map_are_those_of_pycocotools(seed):
    detections, truths = random_pictures(seed)
    theirs, labels = by_pycocotools(detections, truths)
    assert labels == [0, 1, 2, 3] and (theirs[..., 3] == -1).all()
    ours = average_precision(detections, truths)
    assert list(ours) == labels and np.isnan(ours[3])
    np.testing.assert_allclose([ours[label] for label in (0, 1, 2)], theirs.mean(axis=(0, 1))[:3], atol=1e-6)
    assert mean_average_precision(detections, truths) == pytest.approx(theirs[theirs > -1].mean(), abs=1e-6)
    for t in (0, 5, 9):
        at_one = mean_average_precision(detections, truths, COCO_THRESHOLDS[t])
        assert at_one == pytest.approx(theirs[t][theirs[t] > -1].mean(), abs=1e-6)


def test_the_random_pictures_hold_what_they_promise():
    detections, truths = random_pictures(0)
    assert any(len(boxes) == 0 for boxes, _ in truths) and any(len(scores) == 0 for scores, *_ in detections)
    assert max(np.bincount(classes).max(initial=0) for *_, classes in detections) <= 160
    assert sum(len(scores) > 100 for scores, *_ in detections) == 1
    assert 0.1 < mean_average_precision(detections, truths, 0.5) < 0.9


@pytest.mark.parametrize("seed", range(5))
def test_with_eleven_recalls_it_is_pycocotools_with_eleven_recalls(seed):
    detections, truths = random_pictures(seed)
    theirs, _ = by_pycocotools(detections, truths, recalls=np.arange(11) / 10)
    ours = mean_average_precision(detections, truths, recall_points=11)
    assert ours == pytest.approx(theirs[theirs > -1].mean(), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_precision_and_recall_are_scikit_learns(seed):
    detections, truths = random_pictures(seed)
    judged = metrics._judge(detections, truths, [0.5])
    for label in (None, 0, 1):
        parts = [part for at, part in judged.items() if label in (None, at)]
        scores, hits = (
            np.concatenate(each) for each in zip(*((part[0], part[1][:, 0]) for part in parts), strict=True)
        )
        objects = sum(part[2] for part in parts)
        precision, recall, thresholds = precision_recall_curve(hits, scores)
        ours = precision_recall(detections, truths, 0.5, label=label)
        np.testing.assert_array_equal(ours[2], thresholds[::-1])
        np.testing.assert_allclose(ours[0], precision[-2::-1], rtol=1e-12)
        np.testing.assert_allclose(ours[1] * objects, recall[-2::-1] * hits.sum(), rtol=1e-12)
        assert objects == sum(((classes == label) | (label is None)).sum() for _, classes in truths)


# By hand


def at(x, width=10):
    return [x, 0, x + width, 10]


def test_ap_by_hand_right_wrong_right_of_two_objects():
    detections = [([0.9, 0.8, 0.7], [at(0), at(50), at(20)], [1, 1, 1])]
    truths = [([at(0), at(20)], [1, 1])]
    # precision 1 up to a recall of 1/2, which 51 of 101 recalls do not exceed, then 2/3
    assert average_precision(detections, truths, 0.5)[1] == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert average_precision(detections, truths, 0.5, recall_points=11)[1] == pytest.approx((6 + 5 * 2 / 3) / 11)
    precision, recall, scores = precision_recall(detections, truths)
    np.testing.assert_allclose(precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(recall, [1 / 2, 1 / 2, 1])
    np.testing.assert_array_equal(scores, [0.9, 0.8, 0.7])


def test_with_eleven_recalls_three_of_ten_objects_reach_a_recall_of_0_3():
    objects = [at(20 * i) for i in range(10)]
    detections = [([0.9] * 3, objects[:3], [0] * 3)]
    assert average_precision(detections, [(objects, [0] * 10)], recall_points=11)[0] == pytest.approx(4 / 11)


def test_perfect_detections_have_ap_1_and_none_have_ap_0():
    _, truths = random_pictures(1)
    truths = [(boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)], classes) for boxes, classes in truths]
    truths = [(boxes, np.arange(len(boxes)) % 3) for boxes, _ in truths]
    perfect = [(np.ones(len(boxes)), boxes, classes) for boxes, classes in truths]
    assert average_precision(perfect, truths) == {0: 1, 1: 1, 2: 1}
    assert average_precision([([], [], [])] * len(truths), truths) == {0: 0, 1: 0, 2: 0}


def test_a_second_box_on_one_object_is_wrong_and_so_is_a_box_of_another_class():
    truths = [([at(0)], [0])]
    twice = [([0.9, 0.8], [at(0), at(0)], [0, 0])]
    np.testing.assert_array_equal(precision_recall(twice, truths)[0], [1, 1 / 2])
    other = [([0.9], [at(0)], [1])]
    np.testing.assert_array_equal(precision_recall(other, truths)[:2], [[0], [0]])
    assert average_precision(other, truths)[0] == 0


def test_a_box_between_two_objects_takes_one_of_them_the_last_as_in_coco():
    detections, truths = [([0.9, 0.8, 0.7], [at(5), at(0), at(10)], [0] * 3)], [([at(0), at(10)], [0, 0])]
    precision, *_ = precision_recall(detections, truths, 0.3)  # the first overlaps both by 1/3
    np.testing.assert_allclose(precision, [1, 1, 2 / 3])


def test_an_object_in_another_picture_is_not_found():
    assert mean_average_precision([([0.9], [at(0)], [0]), ([], [], [])], [([], []), ([at(0)], [0])]) == 0


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, 1), (0.51, 0), (1, 0), (0, 1)])
def test_an_iou_that_equals_the_threshold_is_enough(threshold, expected):
    assert mean_average_precision([([0.9], [at(0, 5)], [0])], [([at(0)], [0])], threshold) == expected


def test_boxes_that_fit_exactly_are_found_at_a_threshold_of_1():
    for x in (0, 1e-12):  # up to rounding
        assert mean_average_precision([([0.9], [at(x)], [0])], [([at(0)], [0])], 1) == 1


def test_a_class_without_objects_is_nan_and_does_not_count():
    detections, truths = [([0.9, 0.8], [at(0), at(50)], [0, 1])], [([at(0)], [0])]
    by_class = average_precision(detections, truths)
    assert by_class[0] == 1 and np.isnan(by_class[1])
    assert mean_average_precision(detections, truths) == 1


def test_equal_scores_are_one_point_of_the_curve():
    detections = [([0.9, 0.9, 0.5], [at(50), at(0), at(20)], [0] * 3)]
    precision, recall, scores = precision_recall(detections, [([at(0), at(20)], [0, 0])])
    np.testing.assert_allclose([precision, recall, scores], [[1 / 2, 2 / 3], [1 / 2, 1], [0.9, 0.5]])


def test_each_pictures_best_hundred_of_a_class_count():
    filler = [at(1000 + 20 * i) for i in range(100)]
    truths = [([at(0)], [0])]
    assert precision_recall([([1] * 100 + [0.5], [*filler, at(0)], [0] * 101)], truths)[1].tolist() == [0]
    assert precision_recall([([1] * 99 + [0.5], [*filler[:99], at(0)], [0] * 100)], truths)[1].tolist() == [0, 1]
    assert precision_recall([([1] * 100 + [0.5], [*filler, at(0)], [1] * 100 + [0])], truths)[1].tolist() == [0, 1]


def test_order_of_pictures_and_unit_do_not_matter():
    rng = np.random.default_rng(0)
    detections, truths = random_pictures(2)
    detections = [(rng.random(len(scores)), boxes, classes) for scores, boxes, classes in detections]  # no ties
    expected = mean_average_precision(detections, truths)
    assert mean_average_precision(detections[::-1], truths[::-1]) == expected
    smaller = [(scores, boxes / 1024, classes) for scores, boxes, classes in detections]
    assert mean_average_precision(smaller, [(boxes / 1024, classes) for boxes, classes in truths]) == expected


def test_tensors_and_lists_give_what_arrays_give():
    detections, truths = random_pictures(3)
    expected = average_precision(detections, truths)
    for convert in (np.ndarray.tolist, tf.constant):
        ours = average_precision(*([tuple(map(convert, part)) for part in each] for each in (detections, truths)))
        np.testing.assert_equal(ours, expected)


# Nothing, and what is wrong


def test_without_pictures_or_objects_there_is_no_average():
    assert average_precision([], []) == {} and np.isnan(mean_average_precision([], []))
    assert np.isnan(mean_average_precision([([0.9], [at(0)], [0])], [([], [])]))
    assert [each.shape for each in precision_recall([], [])] == [(0,)] * 3
    precision, recall, _ = precision_recall([([0.9], [at(0)], [0])], [([], [])])
    assert precision.tolist() == [0] and np.isnan(recall).all()
    assert [each.shape for each in precision_recall([([], [], [])], [([at(0)], [0])])] == [(0,)] * 3


GOOD = ([0.9], [at(0)], [0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truths": []}, "truths: expected 1 pictures, as in detections, got 0"),
        ({"detections": [GOOD[1:]]}, r"detections\[0\]: expected \(scores, boxes, classes\), got 2 parts"),
        ({"truths": [GOOD]}, r"truths\[0\]: expected \(boxes, classes\), got 3 parts"),
        ({"truths": [None]}, r"truths\[0\]: expected \(boxes, classes\), got NoneType"),
        ({"detections": [([0.9, 0.8], [at(0)], [0])]}, r"detections\[0\] scores: expected shape \(1,\)"),
        ({"detections": [([float("nan")], [at(0)], [0])]}, r"detections\[0\] scores: expected finite"),
        ({"detections": [([0.9], [[2, 0, 1, 1]], [0])]}, r"detections\[0\] boxes: expected .*x_min ≤ x_max"),
        ({"truths": [([at(0)], [0.5])]}, r"truths\[0\] classes: expected whole numbers"),
        ({"truths": [([at(0)], [0, 1])]}, r"truths\[0\] classes: expected shape \(1,\)"),
        ({"iou_thresholds": 1.5}, r"iou_thresholds: expected a number in \[0, 1\], got 1.5"),
        ({"iou_thresholds": ()}, "iou_thresholds: expected one or more, got none"),
        ({"recall_points": 12}, "recall_points: expected one of 101, 11, got 12"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        mean_average_precision(**({"detections": [GOOD], "truths": [GOOD[1:]]} | change))


# Cases on which other implementations were reported to fail, in numbers of our own

HERE, THERE = [10.0, 10, 40, 50], [60.0, 60, 90, 80]


def detected(scores, boxes, classes):
    return np.array(scores, float), np.array(boxes, float).reshape(-1, 4), np.array(classes, int)


def true(boxes, classes):
    return np.array(boxes, float).reshape(-1, 4), np.array(classes, int)


def test_an_object_in_a_picture_without_detections_is_missed():  # Lightning-AI/torchmetrics#794
    detections = [detected([0.9], [HERE], [0]), detected([], [], [])]
    found = mean_average_precision(detections, [true([HERE], [0]), true([THERE], [0])])
    assert found == pytest.approx(51 / 101)


def test_a_false_detection_in_a_picture_without_objects_lowers_the_precision():  # roboflow/supervision#1836
    detections = [detected([0.95], [HERE], [0]), detected([0.8], [THERE], [0])]
    assert mean_average_precision(detections, [true([], []), true([THERE], [0])]) == pytest.approx(0.5)


def test_a_class_that_never_occurs_does_not_count():  # bes-dev/mean_average_precision#23
    assert average_precision([detected([0.9], [HERE], [2])], [true([HERE], [2])]) == {2: 1.0}


def test_a_class_that_is_never_detected_counts_as_0():  # JdeRobot/PerceptionMetrics#385
    found = average_precision([detected([0.9], [HERE], [1])], [true([HERE, THERE], [1, 5])])
    assert found == {1: 1.0, 5: 0.0}


def test_right_boxes_have_a_precision_of_1():  # cocodataset/cocoapi#672
    detections = [detected([1, 1], [HERE, THERE], [0, 0])]
    assert mean_average_precision(detections, [true([HERE, THERE], [0, 0])]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [], None), r"^iou_thresholds: expected a number in \[0, 1\] or several, got None$"),
        (([], [], ["half"]), r"^iou_thresholds: expected a number in \[0, 1\], got 'half'$"),
        ((None, []), r"^detections: expected a list with one entry for each picture, got None$"),
        (([], 5), r"^truths: expected a list with one entry for each picture, got 5$"),
        (([([0.5], [[1, 2], [3]], [0])], [([], [])]), r"^detections\[0\] boxes: .* rows of different lengths$"),
    ],
)
def test_what_cannot_be_judged_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        average_precision(*arguments)
