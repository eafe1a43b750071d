"""Boxes in a photograph: the pixels that they touch, and the best one of each object."""

from dlcourse.checks import array
from dlcourse.detection.boxes import clip_boxes
from dlcourse.detection.nms import non_max_suppression

import numpy as np

MAX_BOXES = 100  # at most so many for a photograph, as COCO counts


def suppressed(photo, iou_threshold, scores, boxes, *classes, by_class=True):
    """Clip boxes to the photograph and keep the best one of each object. Some boxes lie in the black margin."""
    boxes = clip_boxes(boxes, photo.shape[:2])
    inside = _with_area(boxes)
    found = [values[inside] for values in (scores, boxes, *classes)]
    groups = found[2:] if by_class else ()
    kept = non_max_suppression(found[1], found[0], *groups, max_boxes=MAX_BOXES, iou_threshold=iou_threshold)
    return tuple(values[kept] for values in found)


def whole_pixels(boxes, photo):
    """Return the pixels that each box touches: left, top, right, bottom, to slice with."""
    boxes = array("boxes", boxes, "corners of boxes")
    boxes = np.zeros((0, 4)) if boxes.shape == (0,) else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes: expected shape (n, 4), got {boxes.shape}")
    clipped = clip_boxes(boxes, photo.shape[:2])
    empty = ~_with_area(clipped)
    if empty.any():
        got = boxes[empty][0].astype(float).tolist()
        raise ValueError(f"boxes: expected an area inside the photo of {photo.shape[:2]}, got {got}")
    return np.concatenate([np.floor(clipped[:, :2]), np.ceil(clipped[:, 2:])], axis=1).astype(int)


def _with_area(boxes):
    return np.all(boxes[:, :2] < boxes[:, 2:], axis=1)
