"""Boxes, their formats, and how much two of them overlap: intersection over union (Jaccard, 1912).

A box is four numbers, its corners (x_min, y_min, x_max, y_max), in one unit. x grows to the right, y downwards. Width
is x_max - x_min: pixel columns are [x, x + 1).

Tensors in, tensors out, also in compiled functions. Arrays and lists in, NumPy arrays out: `keras.ops` has NumPy's
names, so that the same lines serve both. Where an array meets a tensor, both are tensors of the tensor's dtype.
"""

from dlcourse.detection import _checks

import numpy as np
from keras import ops

TINY = float(np.finfo(np.float32).tiny)  # nothing beside any area that is not 0


def area(boxes):
    """Width times height.

    Args:
        boxes: Shape (…, 4), corners.

    Returns:
        Shape (…), in the unit's square. In a compiled function a box with x_max < x_min has area 0.

    Raises:
        ValueError: If the shape is another, a number is not finite, x_max < x_min or y_max < y_min.

    Taught in notebook 3-3, section 3.3.3.
    """
    boxes = _checks.boxes("boxes", boxes)
    return _area(_library(boxes), *_corners(boxes))


def iou(boxes_a, boxes_b):
    """Intersection over union of two boxes, or of two sets of boxes one by one.

    Args:
        boxes_a: Shape (…, 4), corners.
        boxes_b: Shape (…, 4) in the same unit; the axes before the last are broadcast against those of `boxes_a`.

    Returns:
        IoU in [0, 1] of the broadcast shape; a scalar for two single boxes. Boxes that only touch have 0, and so has a
        box without area, even with itself.

    Raises:
        ValueError: If the shapes are others, a number is not finite, x_max < x_min or y_max < y_min.

    Taught in notebook 3-3, section 3.3.3; notes, eq. 3.13.
    """
    a, b = _checks.boxes("boxes_a", boxes_a), _checks.boxes("boxes_b", boxes_b)
    for n, m in zip(tuple(a.shape)[-2::-1], tuple(b.shape)[-2::-1], strict=False):
        if n != m and not {1, None} & {n, m}:
            raise ValueError(f"boxes_b: expected a shape that fits {tuple(a.shape)}, got {tuple(b.shape)}")
    return _iou(a, b)


def pairwise_iou(boxes_a, boxes_b):
    """Intersection over union of every box in one set with every box in another.

    Args:
        boxes_a: Shape (n, 4), corners.
        boxes_b: Shape (m, 4), in the same unit.

    Returns:
        IoU in [0, 1], shape (n, m), as `iou` has it.

    Raises:
        ValueError: If the shapes are others, a number is not finite, x_max < x_min or y_max < y_min.

    Taught in notebook 3-3, section 3.3.3; notes, eq. 3.13.
    """
    a, b = _checks.boxes("boxes_a", boxes_a, ("n", 4)), _checks.boxes("boxes_b", boxes_b, ("m", 4))
    return _iou(a[:, None], b[None])


def corners_to_center(boxes):
    """(x_min, y_min, x_max, y_max) to (x, y, width, height) with the midpoint (x, y).

    Args:
        boxes: Shape (…, 4), corners.

    Returns:
        Shape (…, 4), in the same unit.

    Raises:
        ValueError: If the shape is another, a number is not finite, x_max < x_min or y_max < y_min.

    Taught in notebook 3-3, section 3.3.3.
    """
    boxes = _checks.boxes("boxes", boxes)
    low, high = boxes[..., :2], boxes[..., 2:]
    return _library(boxes).concatenate([(low + high) / 2, high - low], axis=-1)


def center_to_corners(boxes):
    """(x, y, width, height) with the midpoint (x, y) to (x_min, y_min, x_max, y_max).

    Args:
        boxes: Shape (…, 4), midpoint and size.

    Returns:
        Shape (…, 4), in the same unit.

    Raises:
        ValueError: If the shape is another, a number is not finite, or a width or height is below 0.

    Taught in notebook 3-3, section 3.3.3.
    """
    boxes = _checks.boxes("boxes", boxes, form="center")
    midpoint, half = boxes[..., :2], boxes[..., 2:] / 2
    return _library(boxes).concatenate([midpoint - half, midpoint + half], axis=-1)


def scale_boxes(boxes, image_shape):
    """Boxes in 0…1 of a picture as boxes in its pixels.

    Args:
        boxes: Shape (…, 4), corners as shares of the picture's width and height. What sticks out stays out.
        image_shape: (height, width) in pixels, as pictures have it, while boxes begin with x.

    Returns:
        Shape (…, 4), corners in pixels.

    Raises:
        ValueError: If `image_shape` is not two numbers above 0, the boxes' shape is another, a number is not finite,
            x_max < x_min or y_max < y_min.

    Taught in notebook 3-3, section 3.3.3.
    """
    boxes, (height, width) = _checks.boxes("boxes", boxes), _checks.image_shape(image_shape)
    return _library(boxes).multiply(boxes, _like(boxes, [width, height, width, height]))


def clip_boxes(boxes, image_shape):
    """Cut off what sticks out of the picture. Of a box that lies outside, a box without area stays on the edge.

    Args:
        boxes: Shape (…, 4), corners in pixels.
        image_shape: (height, width) in pixels.

    Returns:
        Shape (…, 4), corners in 0…width and 0…height.

    Raises:
        ValueError: If `image_shape` is not two numbers above 0, the boxes' shape is another, a number is not finite,
            x_max < x_min or y_max < y_min.

    Taught in notebook 3-3, section 3.3.3.
    """
    boxes, (height, width) = _checks.boxes("boxes", boxes), _checks.image_shape(image_shape)
    library = _library(boxes)
    return library.minimum(library.maximum(boxes, _like(boxes, [0] * 4)), _like(boxes, [width, height, width, height]))


def _area(library, x_min, y_min, x_max, y_max):
    return library.maximum(x_max - x_min, 0) * library.maximum(y_max - y_min, 0)


def _iou(a, b):
    library, (a, b) = _library(a, b), _alike(a, b)
    (a_left, a_top, a_right, a_bottom), (b_left, b_top, b_right, b_bottom) = a, b = _corners(a), _corners(b)
    width = library.minimum(a_right, b_right) - library.maximum(a_left, b_left)
    height = library.minimum(a_bottom, b_bottom) - library.maximum(a_top, b_top)
    intersection = library.maximum(width, 0) * library.maximum(height, 0)
    # Two boxes without area have a union of TINY, not of 0: their IoU is 0, no NaN, and so is its gradient.
    return intersection / (library.maximum(_area(library, *a), TINY) + _area(library, *b) - intersection)


def _corners(boxes):
    """x_min, y_min, x_max and y_max, each of shape (…)."""
    return np.moveaxis(boxes, -1, 0) if isinstance(boxes, np.ndarray) else ops.unstack(boxes, axis=-1)


def _library(*boxes):
    return np if all(isinstance(each, np.ndarray) for each in boxes) else ops


def _alike(a, b):
    if _library(a, b) is np:
        return a, b
    dtype = (b if isinstance(a, np.ndarray) else a).dtype
    return ops.cast(a, dtype), ops.cast(b, dtype)


def _like(value, numbers):
    return np.asarray(numbers, np.float64 if "64" in str(value.dtype) else np.float32)
