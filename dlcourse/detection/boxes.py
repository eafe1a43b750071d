"""Boxes, their formats, and how much two of them overlap: intersection over union (Jaccard, 1912).

A box is four numbers, its corners (x_min, y_min, x_max, y_max), in one unit. x grows to the right, y downwards. Width
is x_max - x_min: pixel columns are [x, x + 1).

Tensors in, tensors out, also in compiled functions. Arrays and lists in, NumPy arrays out: `keras.ops` has NumPy's
names, so that the same lines serve both. Where an array meets a tensor, both are tensors of the tensor's dtype.
"""

from dlcourse.detection import checks

import numpy as np
from keras import ops

TINY = float(np.finfo(np.float32).tiny)  # nothing beside any area that is not 0
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
    boxes = checks.boxes("boxes", boxes)
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
    return _iou(*_two_sets(boxes_a, boxes_b))


def giou(boxes_a, boxes_b):
    """Compute the generalized intersection over union of two boxes, or of two sets of boxes one by one.

    GIoU is IoU less the share of the smallest box around both that neither of them covers (Rezatofighi et al., 2019,
    arXiv 1902.09630). Boxes that do not touch have an IoU of 0 however far apart they are. Their GIoU falls with the
    distance, so that 1 - GIoU is a loss that still pulls them together.

    Args:
        boxes_a: Shape (…, 4), corners.
        boxes_b: Shape (…, 4) in the same unit; the axes before the last are broadcast against those of `boxes_a`.

    Returns:
        GIoU in [-1, 1] of the broadcast shape, at most the IoU; a scalar for two single boxes. It is 0 where the box
        around both has no area.

    Raises:
        ValueError: If the shapes are others, a number is not finite, x_max < x_min or y_max < y_min.

    Taught in notebook 3-3, section 3.3.3.
    """
    return _giou(*_two_sets(boxes_a, boxes_b))


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
    a, b = checks.boxes("boxes_a", boxes_a, ("n", 4)), checks.boxes("boxes_b", boxes_b, ("m", 4))
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
    boxes = checks.boxes("boxes", boxes)
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
    boxes = checks.boxes("boxes", boxes, form="center")
    midpoint, half = boxes[..., :2], boxes[..., 2:] / 2
    return _library(boxes).concatenate([midpoint - half, midpoint + half], axis=-1)


def convert(boxes, source, target, image_shape=None):
    """Convert boxes from one format to another. The formats have Keras' names, in capitals or not.

    - `"xyxy"`: x_min, y_min, x_max, y_max, the corners that this package takes; `"yxyx"`: y before x.
    - `"xywh"`: x_min, y_min, width, height, as in COCO's files.
    - `"center_xywh"`: the midpoint's x and y, width, height; `"center_yxhw"`: y before x, height before width.
    - Each of them with `"rel_"` before it: shares of the picture's width and height in place of pixels.

    Args:
        boxes: Shape (…, 4), in the format `source`.
        source: One of these names.
        target: One of these names.
        image_shape: (height, width) of the picture in pixels. Only between pixels and shares is it needed.

    Returns:
        Shape (…, 4), in the format `target`.

    Raises:
        ValueError: If a name is unknown, `image_shape` is needed and missing or not two numbers above 0, the boxes'
            shape is another, a number is not finite, or a box ends before it begins.

    Taught in notebook 3-3, section 3.3.3.
    """
    (first, form, shares), (to_first, to_form, to_shares) = _format("source", source), _format("target", target)
    boxes = checks.boxes("boxes", boxes, form=form if first == "x" else f"yx {form}")
    if image_shape is None and shares != to_shares:
        raise ValueError(
            f"image_shape: expected (height, width) to convert {source!r} to {target!r}, got None: "
            "pass picture.shape[:2]"
        )
    height, width = (1, 1) if image_shape is None else checks.image_shape(image_shape)
    x, y = _corners(boxes)[::2], _corners(boxes)[1::2]
    x, y = (x, y) if first == "x" else (y, x)
    if form != to_form:
        x, y = ALONG_AN_AXIS[form, to_form](*x), ALONG_AN_AXIS[form, to_form](*y)
    if shares and not to_shares:
        x, y = [each * width for each in x], [each * height for each in y]
    if to_shares and not shares:
        x, y = [each / width for each in x], [each / height for each in y]
    x, y = (x, y) if to_first == "x" else (y, x)
    return _library(boxes).stack([x[0], y[0], x[1], y[1]], axis=-1)


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
    boxes, (height, width) = checks.boxes("boxes", boxes), checks.image_shape(image_shape)
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
    boxes, (height, width) = checks.boxes("boxes", boxes), checks.image_shape(image_shape)
    library = _library(boxes)
    return library.minimum(library.maximum(boxes, _like(boxes, [0] * 4)), _like(boxes, [width, height, width, height]))


def _area(library, x_min, y_min, x_max, y_max):
    return library.maximum(x_max - x_min, 0) * library.maximum(y_max - y_min, 0)


def _iou(a, b):
    library, (a, b) = _library(a, b), _alike(a, b)
    intersection, union = _intersection_and_union(library, _corners(a), _corners(b))
    return intersection / union


def _giou(a, b):
    library, (a, b) = _library(a, b), _alike(a, b)
    (a_left, a_top, a_right, a_bottom), (b_left, b_top, b_right, b_bottom) = a, b = _corners(a), _corners(b)
    intersection, union = _intersection_and_union(library, a, b)
    width = library.maximum(a_right, b_right) - library.minimum(a_left, b_left)
    height = library.maximum(a_bottom, b_bottom) - library.minimum(a_top, b_top)
    # The box around both, too, has TINY in place of 0: then both quotients below are 0 and 1.
    return intersection / union - 1 + union / library.maximum(width * height, TINY)


def _intersection_and_union(library, a, b):
    """The two areas of boxes given by their corners, each of shape (…)."""
    (a_left, a_top, a_right, a_bottom), (b_left, b_top, b_right, b_bottom) = a, b
    width = library.minimum(a_right, b_right) - library.maximum(a_left, b_left)
    height = library.minimum(a_bottom, b_bottom) - library.maximum(a_top, b_top)
    intersection = library.maximum(width, 0) * library.maximum(height, 0)
    # Two boxes without area have a union of TINY, not of 0: their IoU is 0, no NaN, and so is its gradient.
    return intersection, library.maximum(_area(library, *a), TINY) + _area(library, *b) - intersection


def _two_sets(boxes_a, boxes_b):
    """Both as boxes, if one can be broadcast against the other."""
    a, b = checks.boxes("boxes_a", boxes_a), checks.boxes("boxes_b", boxes_b)
    for n, m in zip(tuple(a.shape)[-2::-1], tuple(b.shape)[-2::-1], strict=False):
        if n != m and not {1, None} & {n, m}:
            raise ValueError(f"boxes_b: expected a shape that fits {tuple(a.shape)}, got {tuple(b.shape)}")
    return a, b


def _format(name, value):
    """The axis that comes first in a format, what its four numbers are, and whether they are shares."""
    names = (*FORMATS, *(f"rel_{each}" for each in FORMATS))
    plain = value.lower() if isinstance(value, str) else value
    if not isinstance(value, str) or plain not in names:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, names))}, got {value!r}")
    return *FORMATS[plain.removeprefix("rel_")], plain.startswith("rel_")


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
