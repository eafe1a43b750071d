"""How good a detector is: precision, recall and average precision, as COCO computes them.

After "Microsoft COCO" (Lin et al., 2014, arXiv 1405.0312) and its evaluation code. In each picture, for each class, the
detections take turns, highest score first. Each takes, of the objects that are still free, the one it overlaps most; if
their IoU reaches the threshold it is a true positive, else a false positive, and so is a second box on one object.
"""

import numbers

from dlcourse.checks import choice, share
from dlcourse.detection import checks
from dlcourse.detection.boxes import iou

import numpy as np

COCO_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())  # 0.5, 0.55, …, 0.95
MAX_DETECTIONS = 100  # COCO's, for each picture and class, the best
# Where precision is read off: COCO's recalls, rounded as in its code, and those of PASCAL VOC until 2009.
RECALLS = {101: np.linspace(0, 1, 101), 11: np.arange(11) / 10}


def mean_average_precision(detections, truths, iou_thresholds=COCO_THRESHOLDS, *, recall_points=101):
    """Return mAP: average precision, averaged over the classes, and over the thresholds if there are several.

    `iou_thresholds=0.5` gives what is called mAP@0.5; COCO's ten thresholds give mAP@0.5:0.95.

    Args:
        detections, truths, iou_thresholds, recall_points: As for `average_precision`, with its errors.

    Returns a float in [0, 1]. Classes without an object in `truths` do not count; NaN if there is no object at all.
    Taught in notebook 3-3, section 3.3.3.
    """
    by_class = average_precision(detections, truths, iou_thresholds, recall_points=recall_points).values()
    counted = [ap for ap in by_class if not np.isnan(ap)]
    return float(np.mean(counted)) if counted else float("nan")


def average_precision(detections, truths, iou_thresholds=COCO_THRESHOLDS, *, recall_points=101):
    """Return AP of each class: the precision, averaged over all recalls.

    At a recall r the highest precision that is reached at a recall of r or more counts, and 0 if r is never reached. At
    most 100 detections count for each picture and class.

    Args:
        detections: A list with `(scores, boxes, classes)` for each picture, as `yolo.postprocess` returns them: shapes
            (n,), (n, 4) and (n,), corners in the unit of the truths, whole numbers as classes. Scores need not be
            sorted; of equal ones the first in order comes first.
        truths: A list with `(boxes, classes)` for each picture, shapes (m, 4) and (m,). Those of `datasets.scenes` are
            `list(zip(scenes.boxes, scenes.classes))`.
        iou_thresholds: A number in [0, 1], or several, over which AP is averaged; COCO's ten if left out. An IoU that
            equals the threshold is enough.
        recall_points: 101, as COCO: recalls 0, 0.01, …, 1. 11 for the tables of old papers, as PASCAL VOC until 2009.

    Returns a dict from each class that occurs, in order, to its AP, a float in [0, 1]: NaN for a class that is detected
    but has no object, 0 for a class with objects that is never detected.
    Raises ValueError if the two lists differ in length, a picture's arrays do not belong together, a number is not
    finite, x_max < x_min or y_max < y_min, or an argument is out of its range.
    Taught in notebook 3-3, section 3.3.3.
    """
    recalls = RECALLS[choice("recall_points", recall_points, tuple(RECALLS))]
    judged = _judge(detections, truths, _thresholds(iou_thresholds))
    return {label: _average(*judged[label], recalls) for label in sorted(judged)}


def precision_recall(detections, truths, iou_threshold=0.5, *, label=None):
    """Return precision and recall for each score that can be the threshold.

    Args:
        detections, truths: As for `average_precision`, with its errors.
        iou_threshold: The IoU from which on an object is found, in [0, 1].
        label: The class to look at. None: all of them together, each box still judged within its class.

    Returns `(precision, recall, scores)`, arrays of shape (s,) for the s different scores, highest first: of the boxes
    with at least this score, precision is the share that are right; recall is the share of the objects that they find,
    NaN without objects.
    Taught in notebook 3-3, section 3.3.3.
    """
    judged = _judge(detections, truths, [share("iou_threshold", iou_threshold)])
    parts = [part for at, part in judged.items() if label is None or at == label]
    scores = np.concatenate([np.empty(0), *(scores for scores, _, _ in parts)])  # (n,)
    hits = np.concatenate([np.empty(0, bool), *(hits[:, 0] for _, hits, _ in parts)])  # (n,)
    objects = sum(objects for _, _, objects in parts)
    order = np.argsort(-scores, kind="stable")
    scores, found = scores[order], np.cumsum(hits[order])
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)[: len(scores)])  # of each run of equal scores
    recall = found[last] / objects if objects else np.full(len(last), np.nan)
    return found[last] / (last + 1), recall, scores[last]


def _average(scores, hits, objects, recalls):
    """Return AP of one class, averaged over the thresholds, which are the columns of `hits`."""
    if objects == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(hits[order].T, axis=1)
    precision = found / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]  # the best from here on
    envelope = np.append(envelope, np.zeros((len(found), 1)), axis=1)
    reached = [np.searchsorted(row, recalls) for row in found / objects]
    return float(np.take_along_axis(envelope, np.array(reached), axis=1).mean())


def _judge(detections, truths, thresholds):
    """Return for each class (scores, (n,); true positive or not, (n, thresholds); number of objects)."""
    detections, truths = _pictures("detections", detections), _pictures("truths", truths)
    if len(detections) != len(truths):
        raise ValueError(f"truths: expected {len(detections)} pictures, as in detections, got {len(truths)}")
    found = [(np.empty(0), np.empty(0, np.int64), np.empty((0, len(thresholds)), bool))]
    objects = [np.empty(0, np.int64)]
    for i, (detected, true) in enumerate(zip(detections, truths, strict=True)):
        scores, boxes, classes = _best_first(*_detected(f"detections[{i}]", detected))
        true_boxes, true_classes = _true(f"truths[{i}]", true)
        same = classes[:, None] == true_classes
        overlap = np.where(same, iou.core(boxes[:, None], true_boxes[None]), -1)
        found.append((scores, classes, _match(overlap, thresholds)))
        objects.append(true_classes)
    scores, classes, hits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    objects = np.concatenate(objects)
    labels = np.union1d(classes, objects).tolist()
    return {label: (scores[classes == label], hits[classes == label], np.sum(objects == label)) for label in labels}


def _pictures(name, value):
    try:
        return list(value)
    except TypeError:
        raise ValueError(f"{name}: expected a list with one entry for each picture, got {value!r}") from None


def _best_first(scores, boxes, classes):
    """Return the detections that count in a picture, highest score first."""
    order = np.argsort(-scores, kind="stable")
    if len(order) > MAX_DETECTIONS:
        best = [np.flatnonzero(classes[order] == label)[:MAX_DETECTIONS] for label in np.unique(classes)]
        order = order[np.sort(np.concatenate(best))]
    return scores[order], boxes[order], classes[order]


def _match(iou, thresholds):
    """Return which detections, the rows of `iou`, find an object of their own, for each threshold: (n, thresholds)."""
    needed = np.minimum(thresholds, 1 - 1e-10)  # COCO's allowance for rounding
    hits, taken = np.zeros((len(iou), len(needed)), bool), np.zeros((iou.shape[1], len(needed)), bool)
    found, objects = np.nonzero(iou >= needed.min())
    order = np.lexsort((-objects, -iou[found, objects], found))  # of equal IoUs COCO takes the last object
    for d, g in zip(found[order], objects[order], strict=True):
        match = ~hits[d] & ~taken[g] & (iou[d, g] >= needed)  # (thresholds,)
        hits[d] |= match
        taken[g] |= match
    return hits


def _thresholds(value):
    try:
        values = [value] if isinstance(value, numbers.Real) else list(value)
    except TypeError:
        raise ValueError(f"iou_thresholds: expected a number in [0, 1] or several, got {value!r}") from None
    if not values:
        raise ValueError("iou_thresholds: expected one or more, got none")
    return np.array([share("iou_thresholds", each) for each in values])


def _detected(name, picture):
    scores, boxes, classes = _parts(name, picture, "scores", "boxes", "classes")
    boxes, classes = _true(name, (boxes, classes))
    return checks.scores(f"{name} scores", scores, len(boxes)).astype(np.float64), boxes, classes


def _true(name, picture):
    boxes, classes = _parts(name, picture, "boxes", "classes")
    boxes = checks.read(f"{name} boxes", checks.one_axis(f"{name} boxes", boxes)).astype(np.float64)
    return boxes, checks.classes(f"{name} classes", classes, len(boxes))


def _parts(name, picture, *parts):
    """Return the picture, if it has these parts."""
    if not isinstance(picture, tuple | list) or len(picture) != len(parts):
        got = f"{len(picture)} parts" if isinstance(picture, tuple | list) else type(picture).__name__
        raise ValueError(f"{name}: expected ({', '.join(parts)}), got {got}")
    return picture
