"""Boxes, their formats, and how much two of them overlap: intersection over union (Jaccard, 1912).

A box is four numbers, its corners (x_min, y_min, x_max, y_max), in one unit. x grows to the right, y downwards. Width
is x_max - x_min: pixel columns are [x, x + 1).

Tensors in, tensors out, also in compiled functions. Arrays and lists in, NumPy arrays out, because NumPy is much faster
than `keras.ops` on a few boxes. `keras.ops` has NumPy's names, so that the same lines serve both: `xp` is either one,
and `library(boxes)` returns which.

Boxes are converted once, by the checks in `@checked(…)` at a function's door: its body gets floats of one library and
dtype, in shapes that fit. `f.core` is the function without the door, for boxes that have passed one. Boxes are valid if
their numbers are finite, x_min ≤ x_max and y_min ≤ y_max.
"""

from functools import partial

from dlcourse.detection import checks
from dlcourse.detection.checks import library
from dlcourse.scratch.checks import checked

import numpy as np

TINY = float(np.finfo(np.float32).tiny)  # the smallest normal float32: it vanishes beside any area that is not 0


def _columns(boxes):
    """Return the four numbers of the boxes, x_min, y_min, x_max, y_max of corners, each of shape (…).

    A formula that names them computes with whole columns: NumPy is slow along a last axis of 4.
    """
    return [boxes[..., k] for k in range(4)]


@checked(boxes=checks.boxes)
def area(boxes):
    """Return width times height.

    Args:
        boxes: Boxes, shape (…, 4), corners.

    Returns:
        Areas, shape (…), in the unit's square. In a compiled function a box with x_max < x_min has area 0.

    Raises:
        ValueError: If the boxes are not valid.

    Taught in notebook 3-3, section 3.3.3.
    """
    x_min, y_min, x_max, y_max = _columns(boxes)
    xp = library(boxes)
    return xp.maximum(x_max - x_min, 0) * xp.maximum(y_max - y_min, 0)


def _intersection_and_union(boxes_a, boxes_b):
    """Return the area that two boxes share and the one that they cover together: of shapes (…, 4), each (…)."""
    xp = library(boxes_a)
    a_x_min, a_y_min, a_x_max, a_y_max = _columns(boxes_a)
    b_x_min, b_y_min, b_x_max, b_y_max = _columns(boxes_b)
    width = xp.minimum(a_x_max, b_x_max) - xp.maximum(a_x_min, b_x_min)
    height = xp.minimum(a_y_max, b_y_max) - xp.maximum(a_y_min, b_y_min)
    intersection = xp.maximum(width, 0) * xp.maximum(height, 0)  # both can be negative, and their product positive
    # An area of 0 counts as TINY here. Two boxes without area would have a union of 0, and 0 / 0 is NaN: like this
    # their IoU is 0, and its gradient is finite. For one of the two boxes it is enough.
    union = xp.maximum(area.core(boxes_a), TINY) + area.core(boxes_b) - intersection
    return intersection, union


@checked(checks.fitting, checks.alike, boxes_a=checks.boxes, boxes_b=checks.boxes)
def iou(boxes_a, boxes_b):
    """Return the intersection over union of two boxes, or of two sets of boxes one by one.

    Args:
        boxes_a, boxes_b: Boxes, shape (…, 4), corners in one unit. The axes before the last are broadcast.

    Returns:
        IoU in [0, 1] of the broadcast shape; a scalar for two single boxes. Boxes that only touch have 0, and so has a
        box without area, even with itself.

    Raises:
        ValueError: If the boxes are not valid, or their shapes do not fit.

    Taught in notebook 3-3, section 3.3.3; notes, eq. 3.13.
    """
    intersection, union = _intersection_and_union(boxes_a, boxes_b)
    return intersection / union


@checked(checks.alike, boxes_a=checks.one_axis, boxes_b=checks.one_axis)
def pairwise_iou(boxes_a, boxes_b):
    """Return the intersection over union of every box in one set with every box in another.

    Args:
        boxes_a, boxes_b: Valid boxes, shapes (n, 4) and (m, 4), corners in one unit.

    Returns:
        IoU in [0, 1], shape (n, m), as `iou` has it.

    Taught in notebook 3-3, section 3.3.3; notes, eq. 3.13.
    """
    return iou.core(boxes_a[:, None], boxes_b[None])  # (n, 1, 4) against (1, m, 4)


@checked(checks.fitting, checks.alike, boxes_a=checks.boxes, boxes_b=checks.boxes)
def giou(boxes_a, boxes_b):
    """Return the generalized intersection over union of two boxes, or of two sets of boxes one by one.

    GIoU is IoU less the share of the smallest box around both that neither of them covers (Rezatofighi et al., 2019,
    arXiv 1902.09630). Boxes that do not touch have an IoU of 0 however far apart they are. Their GIoU falls with the
    distance, so that 1 - GIoU is a loss that still pulls them together.

    Args:
        boxes_a, boxes_b: Valid boxes, shape (…, 4), as for `iou`.

    Returns:
        GIoU in [-1, 1] of the broadcast shape, at most the IoU; a scalar for two single boxes. It is 0 where the box
        around both has no area.

    Taught in notebook 3-3, section 3.3.3.
    """
    xp = library(boxes_a)
    a_x_min, a_y_min, a_x_max, a_y_max = _columns(boxes_a)
    b_x_min, b_y_min, b_x_max, b_y_max = _columns(boxes_b)
    width = xp.maximum(a_x_max, b_x_max) - xp.minimum(a_x_min, b_x_min)
    height = xp.maximum(a_y_max, b_y_max) - xp.minimum(a_y_min, b_y_min)
    around = xp.maximum(width * height, TINY)  # where it is 0: 0 / TINY − 1 + TINY / TINY = 0
    intersection, union = _intersection_and_union(boxes_a, boxes_b)
    return intersection / union - 1 + union / around


@checked(boxes=checks.boxes)
def corners_to_center(boxes):
    """Convert (x_min, y_min, x_max, y_max) to (x, y, width, height) with the midpoint (x, y).

    Args:
        boxes: Boxes, shape (…, 4), corners.

    Returns:
        Midpoints and sizes, shape (…, 4), in the same unit.

    Raises:
        ValueError: If the boxes are not valid.

    Taught in notebook 3-3, section 3.3.3.
    """
    low, high = boxes[..., :2], boxes[..., 2:]
    return library(boxes).concatenate([(low + high) / 2, high - low], axis=-1)


@checked(boxes=partial(checks.boxes, form="center"))
def center_to_corners(boxes):
    """Convert (x, y, width, height) with the midpoint (x, y) to (x_min, y_min, x_max, y_max).

    Args:
        boxes: Midpoints and sizes, shape (…, 4).

    Returns:
        Corners, shape (…, 4), in the same unit.

    Raises:
        ValueError: If the shape is another, a number is not finite, or a width or height is below 0.

    Taught in notebook 3-3, section 3.3.3.
    """
    midpoint, half = boxes[..., :2], boxes[..., 2:] / 2
    return library(boxes).concatenate([midpoint - half, midpoint + half], axis=-1)


@checked(boxes=checks.boxes, image_shape=checks.image_shape)
def scale_boxes(boxes, image_shape):
    """Convert boxes in 0…1 of a picture to boxes in its pixels.

    Args:
        boxes: Boxes, shape (…, 4), corners as shares of the picture's width and height. What sticks out stays out.
        image_shape: (height, width) in pixels, as pictures have it, while boxes begin with x.

    Returns:
        Corners in pixels, shape (…, 4).

    Raises:
        ValueError: If `image_shape` is not two numbers above 0, or the boxes are not valid.

    Taught in notebook 3-3, section 3.3.3.
    """
    height, width = image_shape
    x_min, y_min, x_max, y_max = _columns(boxes)
    return library(boxes).stack([x_min * width, y_min * height, x_max * width, y_max * height], axis=-1)


@checked(boxes=checks.boxes, image_shape=checks.image_shape)
def clip_boxes(boxes, image_shape):
    """Cut off what sticks out of the picture. Of a box that lies outside, a box without area stays on the edge.

    Args:
        boxes: Boxes, shape (…, 4), corners in pixels.
        image_shape: (height, width) in pixels.

    Returns:
        Corners in 0…width and 0…height, shape (…, 4).

    Raises:
        ValueError: If `image_shape` is not two numbers above 0, or the boxes are not valid.

    Taught in notebook 3-3, section 3.3.3.
    """
    height, width = image_shape
    xp, (x_min, y_min, x_max, y_max) = library(boxes), _columns(boxes)
    x_min, x_max = xp.clip(x_min, 0, width), xp.clip(x_max, 0, width)
    y_min, y_max = xp.clip(y_min, 0, height), xp.clip(y_max, 0, height)
    return xp.stack([x_min, y_min, x_max, y_max], axis=-1)


FORMATS = {  # Keras' names: which axis comes first, and what the four numbers are
    "xyxy": ("x", "corners"),
    "yxyx": ("y", "corners"),
    "xywh": ("x", "size"),
    "center_xywh": ("x", "center"),
    "center_yxhw": ("y", "center"),
}
ALONG_AN_AXIS = {  # the two numbers of a box along one axis, from one form to another; a size is kept as it is
    ("corners", "size"): lambda low, high: (low, high - low),
    ("corners", "center"): lambda low, high: ((low + high) / 2, high - low),
    ("size", "corners"): lambda low, size: (low, low + size),
    ("size", "center"): lambda low, size: (low + size / 2, size),
    ("center", "corners"): lambda middle, size: (middle - size / 2, middle + size / 2),
    ("center", "size"): lambda middle, size: (middle - size / 2, size),
}


def convert(boxes, source, target, image_shape=None):
    """Convert boxes from one format to another. The formats have Keras' names, in capitals or not.

    - `"xyxy"`: x_min, y_min, x_max, y_max, the corners that this package takes; `"yxyx"`: y before x.
    - `"xywh"`: x_min, y_min, width, height, as in COCO's files.
    - `"center_xywh"`: the midpoint's x and y, width, height; `"center_yxhw"`: y before x, height before width.
    - Each of them with `"rel_"` before it: shares of the picture's width and height in place of pixels.

    Args:
        boxes: Boxes, shape (…, 4), in the format `source`.
        source, target: Two of these names.
        image_shape: (height, width) of the picture in pixels; needed only to convert pixels to shares, or back.

    Returns:
        Boxes, shape (…, 4), in the format `target`.

    Raises:
        ValueError: If a name is unknown, the boxes are not valid, or `image_shape` is needed and not (height, width).

    Taught in notebook 3-3, section 3.3.3.
    """
    first, form, shares = _format("source", source)  # such as "x", "corners", False
    to_first, to_form, to_shares = _format("target", target)
    boxes = checks.boxes("boxes", boxes, form=form if first == "x" else f"yx {form}")
    if image_shape is None and shares != to_shares:
        raise ValueError(f"image_shape: expected (height, width) for {target!r}, got None: pass picture.shape[:2]")
    height, width = (1, 1) if image_shape is None else checks.image_shape("image_shape", image_shape)
    one, two, three, four = _columns(boxes)
    x, y = (one, three), (two, four)  # the two numbers along either axis: low and high, or one of them and the size
    if first == "y":
        x, y = y, x
    if form != to_form:
        x, y = ALONG_AN_AXIS[form, to_form](*x), ALONG_AN_AXIS[form, to_form](*y)
    if shares and not to_shares:
        x, y = [each * width for each in x], [each * height for each in y]
    if to_shares and not shares:
        x, y = [each / width for each in x], [each / height for each in y]
    if to_first == "y":
        x, y = y, x
    return library(boxes).stack([x[0], y[0], x[1], y[1]], axis=-1)


def _format(name, value):
    """Return the axis that comes first in a format, what its four numbers are, and whether they are shares."""
    names = (*FORMATS, *(f"rel_{each}" for each in FORMATS))
    plain = value.lower() if isinstance(value, str) else None
    if plain not in names:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, names))}, got {value!r}")
    return *FORMATS[plain.removeprefix("rel_")], plain.startswith("rel_")
