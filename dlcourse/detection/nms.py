"""Non-max suppression: of boxes that overlap much only the best one stays, so that an object is found once.

Greedy, as in "Object detection with discriminatively trained part-based models" (Felzenszwalb et al., 2010): take the
box of the highest score, discard those that overlap it by more than a threshold, and go on with what is left.
"""

from dlcourse.checks import count, share
from dlcourse.detection import checks
from dlcourse.detection.boxes import iou

import keras
import numpy as np


def non_max_suppression(boxes, scores, classes=None, max_boxes=10, iou_threshold=0.5):
    """Return the indices of the boxes to keep.

    Two boxes whose IoU equals the threshold are both kept, as TensorFlow does; the notes discard such a box. Of equal
    scores the lower index comes first. Boxes without area overlap nothing and discard nothing. All is computed in
    float32; float64 boxes are first moved to the origin, so that nothing is lost far from it.

    Args:
        boxes: Boxes, shape (n, 4), corners in any one unit, negative ones too. n may be 0.
        scores: Numbers, shape (n,).
        classes: Whole numbers, shape (n,): boxes of different classes do not discard each other. None: all boxes are of
            one kind.
        max_boxes: Largest number of boxes to keep, in all classes together, 1 or more. None: no limit.
        iou_threshold: A number in 0…1.

    Returns indices, a NumPy array of int64, highest score first. Arrays and tensors can be indexed with it.
    Raises ValueError if the shapes do not belong together, a number is not finite, x_max < x_min or y_max < y_min,
    another argument is out of its range, or a tensor is symbolic: how many boxes stay depends on values, so this runs
    outside of compiled functions.
    Taught in notebook 3-3, section 3.3.3.
    """
    boxes = checks.read("boxes", checks.one_axis("boxes", boxes))
    scores = checks.scores("scores", scores, len(boxes)).astype(np.float32, copy=False)
    max_boxes = max(1, len(boxes)) if max_boxes is None else count("max_boxes", max_boxes)
    iou_threshold = share("iou_threshold", iou_threshold)
    if boxes.dtype == np.float64 and len(boxes):
        boxes = (boxes - np.tile(boxes[:, :2].min(axis=0), 2)).astype(np.float32)
    suppress = _by_tensorflow if keras.backend.backend() == "tensorflow" else _by_hand
    if classes is None:
        return suppress(boxes, scores, max_boxes, iou_threshold)
    # Class by class, not once with the classes moved apart: far from the origin float32 would round the boxes.
    classes, kept = checks.classes("classes", classes, len(boxes)), [np.empty(0, np.int64)]
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        kept.append(members[suppress(boxes[members], scores[members], max_boxes, iou_threshold)])
    kept = np.sort(np.concatenate(kept))
    return kept[np.argsort(-scores[kept], kind="stable")][:max_boxes]


def _by_hand(boxes, scores, max_boxes, iou_threshold):
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left) and len(kept) < max_boxes:
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[iou.core(boxes[best], boxes[left]) <= iou_threshold]
    return np.array(kept, np.int64)


def _by_tensorflow(boxes, scores, max_boxes, iou_threshold):
    """Return what `_by_hand` returns, several times as fast."""
    import tensorflow as tf

    with tf.device("CPU"):  # where the values are
        return tf.image.non_max_suppression(boxes, scores, max_boxes, iou_threshold).numpy().astype(np.int64)
