"""The exercises of notebook 3-3 on boxes: their loss, their overlap, and non-max suppression.

Each stands below our answer, of which its typical wrong answers (slips) are edits.
"""

from functools import partial
from itertools import product

from dlcourse.check.compare import as_numpy, kind
from dlcourse.check.exercise import Exercise

import numpy as np

exercise = partial(Exercise, notebook="3-3")


def localization_loss(y_hat, y):
    """Return the squared error of equation (3.11), with the second case that the notes leave out.

    y_hat and y have the shape (8,): p_c, b_x, b_y, b_h, b_w, c_1, c_2, c_3. Without an object, y[0] == 0, the other
    seven of y may be anything.
    """
    squares = (y_hat - y) ** 2  # (8,)
    if y[0] == 1:
        return np.sum(squares)
    return squares[0]


def _predictions(rng):
    y = np.concatenate([[rng.integers(2)], rng.random(4), np.eye(3)[rng.integers(3)]])
    return rng.random(8), y


_OBJECT = np.array([1.0, 0.5, 0.75, 0.25, 0.5, 0.0, 1.0, 0.0])
_NO_OBJECT = np.array([0.0, 0.3, 0.9, 4.0, 7.0, 1.0, 1.0, 1.0])
_PREDICTION = np.array([0.75, 0.5, 0.5, 0.5, 0.25, 0.25, 0.5, 0.125])

LOCALIZATION_LOSS = exercise(
    reference=localization_loss,
    section="3.3.1",
    cases=[*product((_PREDICTION, 1 - _PREDICTION), (_OBJECT, _NO_OBJECT)), (_OBJECT, _OBJECT)],  # the last: no error
    random=_predictions,
    slips="""
        return squares[0] -> return np.sum(squares)
            Equation (3.11) as it stands. Without an object the box and the class must not count: a second case.
        return squares[0] -> return 0.0
            Without an object the loss is not 0: a network that predicts one there is wrong. (y_hat[0] − y[0])².
        return squares[0] ->
            What is returned without an object, y[0] == 0?
        np.sum -> np.mean
            This is the mean of the eight squares. Equation (3.11) is their sum.
        np.sum(squares) -> np.sum(squares[:5])
            The three classes are missing: all eight numbers count if there is an object.
        np.sum(squares) -> np.sum(squares[1:])
            p_c counts with an object too: the sum begins at y_hat[0].
        (y_hat - y) ** 2 -> np.abs(y_hat - y)
            These are absolute values. The loss takes squares.
        np.sum(squares) -> np.sqrt(np.sum(squares))
        return squares[0] -> return np.sqrt(squares[0])
            This is the square root of the loss.
        if y[0] == 1 -> if y_hat[0] > 0.5
            The label tells whether there is an object, y[0], not the network's own prediction.
    """,
    hints=[
        "If there is no object, what should b_x be? There is no right answer, so no error either.",
        "if y[0] == 1, all eight count; otherwise p_c alone.",
        "np.sum((y_hat - y) ** 2) and (y_hat[0] - y[0]) ** 2 are the two cases.",
    ],
)


def iou(box_a, box_b):
    """Return the intersection over union of two boxes (eq. 3.13), each of shape (4,): x_min, y_min, x_max, y_max.

    It is 0 for boxes that only touch, and for a box without area. `dlcourse.detection.boxes.iou` takes sets of boxes.
    """
    a_x_min, a_y_min, a_x_max, a_y_max = box_a
    b_x_min, b_y_min, b_x_max, b_y_max = box_b
    width = min(a_x_max, b_x_max) - max(a_x_min, b_x_min)
    height = min(a_y_max, b_y_max) - max(a_y_min, b_y_min)
    intersection = max(width, 0) * max(height, 0)  # both can be negative, and their product positive
    area_a = (a_x_max - a_x_min) * (a_y_max - a_y_min)
    area_b = (b_x_max - b_x_min) * (b_y_max - b_y_min)
    union = area_a + area_b - intersection
    return intersection / union if union != 0 else 0.0


def _box(rng, most=12):
    """Return a box of at least 1 × 1 with whole numbers."""
    low = rng.integers(0, most - 1, size=2)
    return np.concatenate([low, low + rng.integers(1, most // 2, size=2)]).astype(float)


IOU = exercise(
    reference=iou,
    section="3.3.3",
    cases=[
        (np.array([0.0, 0, 2, 2]), np.array([3.0, 4, 5, 5])),  # apart in both directions
        (np.array([0.0, 0, 2, 2]), np.array([0.0, 5, 2, 9])),  # apart in one
        (np.array([0.0, 0, 2, 2]), np.array([2.0, 1, 4, 3])),  # touch
        (np.array([2.0, 3, 2, 5]), np.array([2.0, 3, 2, 5])),  # without area
        (np.array([1.0, 1, 1, 1]), np.array([0.0, 0, 4, 2])),
        (np.array([1.0, 2, 4, 6]), np.array([1.0, 2, 4, 6])),
        (np.array([0.0, 1, 8, 5]), np.array([2.0, 2, 4, 4])),  # one inside the other
        (np.array([0.25, 0.25, 0.75, 1.0]), np.array([0.5, 0.0, 1.0, 0.75])),
        (np.array([-4.0, -2, 1, 3]), np.array([-1.0, -3, 5, 1])),
    ],
    random=lambda rng: (_box(rng), _box(rng)),
    rtol=1e-5,  # some add a tiny number to the union
    properties=[(lambda result, box_a, box_b: not (result < 0 or result > 1 + 1e-9), "it lies in 0…1")],  # NaN passes
    slips="""
        max(width, 0) * max(height, 0) -> width * height
            These boxes lie apart. The width that they share is negative, and so may be the height: neither counts
            below 0. max(…, 0) for each.
        max(width, 0) * max(height, 0) -> max(width * height, 0)
            Negative times negative is positive: cut off width and height at 0 each, before you multiply.
        area_a + area_b - intersection -> area_a + area_b
            The sum of both areas counts what they share twice. Subtract the intersection.
        = box_a -> = box_a + [0, 0, 1, 1]
        = box_b -> = box_b + [0, 0, 1, 1]
            No + 1: these are corners, not the first and last pixel. The width is x_max − x_min.
        = box_a -> = [*box_a[:2], *(box_a[:2] + box_a[2:])]
        = box_b -> = [*box_b[:2], *(box_b[:2] + box_b[2:])]
            The last two numbers are x_max and y_max, not width and height.
        a_x_min, a_y_min, a_x_max, a_y_max = -> a_x_min, a_x_max, a_y_min, a_y_max =
        b_x_min, b_y_min, b_x_max, b_y_max = -> b_x_min, b_x_max, b_y_min, b_y_max =
            x and y are mixed up: a box is x_min, y_min, x_max, y_max.
        min(a_x_max, b_x_max) - max(a_x_min, b_x_min) -> max(a_x_max, b_x_max) - min(a_x_min, b_x_min)
        min(a_y_max, b_y_max) - max(a_y_min, b_y_min) -> max(a_y_max, b_y_max) - min(a_y_min, b_y_min)
            max and min have changed places: what they share begins at the larger x_min, and ends at the smaller x_max.
        max(width, 0) * max(height, 0) -> width * height
        if union != 0 else 0.0 ->
            Two things are missing: a shared width or height that is negative counts as 0, max(…, 0) for each; and where
            the union is 0, the IoU is 0.
        if union != 0 else 0.0 ->
            0 / 0 is no number. Two boxes without area have a union of 0: return 0 then.
        area_a + area_b - intersection -> (area_a + area_b) / 2
            This is Dice's coefficient, 2 · intersection / (area_a + area_b).
        area_a + area_b - intersection -> min(area_a, area_b)
            This divides by the smaller area. A small box inside a large one would have an IoU of 1.
        area_a + area_b - intersection -> 1
            This is the intersection. Divide it by the union.
    """,
    hints=[
        "What two boxes share is a box again. Where does it begin, and where does it end?",
        "width = min(x_max of both) − max(x_min of both), and 0 if that is negative; the height alike.",
        "union = area_a + area_b − intersection. If it is 0, return 0.",
    ],
)


def filter_boxes(boxes, box_confidence, box_class_probs, threshold):
    """Return (scores, boxes, classes) of the boxes whose score is above the threshold, in the order of the input.

    A score is p_c times the probability of the best class. `yolo.filter_boxes` runs these lines on whole grids.
    """
    scores = box_confidence * box_class_probs  # (n, 1) · (n, C): (n, C)
    best, classes = scores.max(axis=-1), scores.argmax(axis=-1)
    kept = best > threshold  # (n,), True or False
    return best[kept], boxes[kept], classes[kept]


def _detections(rng):
    n, classes = (int(number) for number in rng.integers(2, 7, size=2))
    boxes, probs = np.stack([_box(rng) for _ in range(n)]), rng.dirichlet(np.full(classes, 0.4), size=n)
    return boxes, rng.uniform(0.3, 1, size=(n, 1)), probs, float(rng.uniform(0.2, 0.6))


_BOXES = np.array([[1.0, 1, 3, 4], [2, 0, 5, 2], [0, 3, 2, 6], [4, 4, 7, 6], [1, 2, 6, 3]])
_CONFIDENCE = np.array([[0.5], [0.75], [0.25], [1.0], [0.875]])
_PROBS = np.array([[0.0, 1.0, 0.0], [0.125, 0.125, 0.75], [0.5, 0.25, 0.25], [0.4, 0.3, 0.3], [0.75, 0.25, 0.0]])

FILTER_BOXES = exercise(
    reference=filter_boxes,
    section="3.3.3",
    cases=[
        (_BOXES, _CONFIDENCE, _PROBS, 0.5),
        (_BOXES, _CONFIDENCE, _PROBS, 0.25),
        (_BOXES[:3], _CONFIDENCE[:3], _PROBS[:3], 0.9),
    ],
    random=_detections,
    slips="""
        best > threshold -> best >= threshold
            A box whose score equals the threshold is discarded: >, not >=.
        scores.max(axis=-1) -> box_confidence[:, 0]
            This score is p_c alone. Multiply it by the probability of the best class.
        scores.max(axis=-1) -> box_class_probs.max(axis=-1)
            p_c is missing: the classes' probabilities only tell what it is if there is something.
        best > threshold -> box_confidence[:, 0] > threshold
            The scores are right, but the threshold was put on p_c alone: compare the scores with it.
        best > threshold -> box_class_probs.max(axis=-1) > threshold
            The scores are right, but the threshold was put on the class probability alone: compare the scores.
        best[kept], boxes[kept], classes[kept] -> best, boxes, classes
            All boxes are returned: make a mask, score > threshold, and index scores, boxes and classes with it.
        scores.max(axis=-1), scores.argmax(axis=-1) -> scores.max(axis=0), scores.argmax(axis=0)
            This is the best box of each class. The best class of each box is wanted: axis=1, or axis=-1.
        box_confidence * box_class_probs -> box_confidence * box_class_probs.max(axis=-1)
        scores.max(axis=-1), scores.argmax(axis=-1) -> scores, box_class_probs.argmax(axis=-1)
            (n, 1) times (n,) is (n, n). Multiply first and then take the maximum, or use box_confidence[:, 0].
        classes[kept] -> classes
            These are the classes of all boxes. Filter them too.
        best[kept] -> best
            These are the scores of all boxes. Filter them too.
        boxes[kept] -> boxes
            These are all the boxes. Filter them too.
        best > threshold -> best <= threshold
            These are the boxes to discard.
        best > threshold -> [i for i in np.argsort(-best) if best[i] > threshold]
            They are sorted by score. The order of the input is wanted.
    """,
    hints=[
        "scores = box_confidence * box_class_probs has the shape (n, C): a score for each box and class.",
        "best = scores.max(axis=1) is the score of the best class; scores.argmax(axis=1) tells which that is.",
        "kept = best > threshold, with those best scores, is an array of True and False; boxes[kept] are the boxes "
        "where it is True.",
    ],
)


def nms(boxes, scores, iou_threshold):
    """Return the indices of the boxes that non-max suppression keeps, best score first.

    A box is discarded if its IoU with one that is kept is above the threshold. `dlcourse.detection.nms` has a faster
    one, which does it class by class.
    """
    left, kept = list(np.argsort(-scores)), []  # indices of boxes, best score first
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if iou(boxes[best], boxes[i]) <= iou_threshold]
    return kept


def _suppress_by_all(boxes, scores, iou_threshold):  # a slip that is no edit: it looks at all better boxes
    better = [[j for j in range(len(scores)) if scores[j] > scores[i]] for i in range(len(scores))]
    return [i for i in np.argsort(-scores) if all(iou(boxes[i], boxes[j]) <= iou_threshold for j in better[i])]


def _indices(function, *arguments):
    """Return the indices as text, so that a report shows them all even if there are too many."""
    result = as_numpy(function(*arguments))
    if result is None or "Ellipsis" in repr(result):  # not filled in yet
        return result
    kept = np.asarray(result)
    if kept.ndim != 1 or (kept.size and kept.dtype.kind not in "iu"):
        return f"not indices, but {kind(result)}"
    return ", ".join(map(str, kept)) or "none"


def _candidates(rng):
    boxes = np.stack([_box(rng, most=8) for _ in range(rng.integers(3, 9))])
    return boxes, rng.permutation(100)[: len(boxes)] / 100, float(rng.uniform(0.05, 0.6))


_FOUR = np.array([[0.0, 0, 4, 4], [1, 0, 5, 4], [2, 0, 6, 4], [8, 8, 9, 9]])  # IoU of neighbors 0.6, of next ones 1/3

NMS = exercise(
    reference=nms,
    section="3.3.3",
    cases=[
        (_FOUR, np.array([0.9, 0.8, 0.7, 0.6]), 0.5),
        (np.array([[0.0, 0, 2, 1], [0, 0, 2, 2], [0, 1, 2, 2]]), np.array([0.6, 0.9, 0.7]), 0.5),  # IoU of 0.5
        (_FOUR, np.array([0.5, 0.9, 0.8, 0.95]), 0.5),
        (np.array([[4.0, 4, 6, 6], [0, 0, 4, 4], [0, 0, 4, 3], [0, 1, 4, 4]]), np.array([0.9, 0.3, 0.8, 0.2]), 0.4),
        (np.zeros((0, 4)), np.zeros(0), 0.5),
    ],
    random=_candidates,
    through=_indices,
    slips="""
        <= iou_threshold -> < iou_threshold
            Two boxes whose IoU equals the threshold are both kept: discard if it is >, not >=.
        while left -> if left
        return kept -> return kept + left
            Only the best box discards others here. Of those that are left the best is next, and so on.
        np.argsort(-scores) -> range(len(scores))
            This goes through the boxes in the order of the input. Begin with the best score.
        np.argsort(-scores) -> np.argsort(scores)
            This begins with the lowest score. np.argsort sorts upwards.
        return kept -> return sorted(kept)
            These are the right boxes in the order of the input. Return the best score first.
        return kept -> return [list(np.argsort(-scores)).index(i) for i in kept]
            These are places in the sorted list. Which boxes of the input stand there?
        return kept -> return kept[:1]
            Only one box is left, but there may be several objects.
        if iou(boxes[best], boxes[i]) <= iou_threshold ->
            All boxes are kept: none is ever discarded.
    """,
    wrong=[
        (_suppress_by_all, "A box that was discarded must not discard others: compare with the boxes that are kept."),
    ],
    hints=[
        "np.argsort(-scores) gives the indices, best score first. The first one is kept.",
        "Then discard all that overlap it by more than the threshold, and go on with the best that is left.",
        "while left: best = left.pop(0), and left = [i for i in left if iou(boxes[best], boxes[i]) <= …].",
    ],
)

EXERCISES = [LOCALIZATION_LOSS, IOU, FILTER_BOXES, NMS]
