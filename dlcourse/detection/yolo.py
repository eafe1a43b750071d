"""YOLO: each cell of a grid says what object has its midpoint there, and how large its box is, in one forward pass.

After "You only look once" (Redmon et al., 2015, arXiv 1506.02640) and its second version, with anchors (Redmon and
Farhadi, 2016, arXiv 1612.08242). A picture is cut into a grid of cells, and every cell answers once for each anchor,
a box of typical size in units of cells. An answer is

    (t_x, t_y, t_w, t_h, t_o, t_1, …, t_C)

    midpoint   x = (column + σ(t_x)) / columns     y = (row + σ(t_y)) / rows
    size       w = anchor_w · exp(t_w) / columns   h = anchor_h · exp(t_h) / rows
    object     p_c = σ(t_o)
    classes    softmax(t_1, …, t_C)

Rows and columns are kept apart all the way: neither grids nor pictures need to be square.
"""

from dlcourse.checks import count, number, share
from dlcourse.detection import checks
from dlcourse.detection.anchors import _iou as _shape_iou
from dlcourse.detection.boxes import clip_boxes, corners_to_center, giou, scale_boxes
from dlcourse.detection.nms import non_max_suppression

import keras
import numpy as np
from keras import ops

LIMIT = 16  # of |t_w| and |t_h|: a side of 9e6 anchors, or of 1e-7; the square of an area must not become inf or 0


def encode(boxes, classes, grid, anchors, num_classes):
    """What a YOLO should answer: the label of a picture, eq. 3.14 of the notes for any grid and any anchors.

    An object belongs to the cell that holds its midpoint, and there to the anchor whose shape fits best (highest IoU of
    the two sizes). If two objects claim one anchor of one cell, the one that fits it better gets it, the earlier one if
    they fit alike; the other is left out. A midpoint on the edge between two cells belongs to the right or lower one.

    Args:
        boxes: The objects of one picture, shape (n, 4): corners (x_min, y_min, x_max, y_max) in 0…1 of the picture. For
            a batch a list, with one such array for each picture. n may be 0, also as `[]`: alone it is one picture
            without objects, no batch.
        classes: Whole numbers in 0…num_classes - 1, shape (n,); for a batch a list of such arrays.
        grid: (rows, columns).
        anchors: Shape (k, 2): width and height in cells.
        num_classes: C, 0 or more.

    Returns:
        float32, shape (rows, columns, k, 5 + C); for a batch with the pictures along a first axis. Where there is an
        object it holds (σ(t_x), σ(t_y), t_w, t_h, 1, and 1 for the class among zeros): what `decode` undoes with
        `from_logits=False`, and what `YoloLoss` takes for `y_true`. Elsewhere it is 0.

    Raises:
        ValueError: If a box has no area or is not inside of 0…1, a class is out of range, boxes and classes differ in
            number, or another argument is not as above.

    Taught in notebook 3-3, section 3.3.3; notes, eq. 3.14.
    """
    anchors, (rows, columns), num_classes = _anchors(anchors), _grid(grid), count("num_classes", num_classes, 0)
    parts = [checks.read("boxes", each) for each in boxes] if isinstance(boxes, list | tuple) else []
    batch = len(parts) > 0 and all(part.ndim == 2 or part.shape == (0,) for part in parts)
    parts, classes = (parts, classes) if batch else ([checks.read("boxes", boxes)], [classes])
    corners, labels, picture = _objects(parts, classes, num_classes)

    x, y, w, h = (corners_to_center(corners) * (columns, rows, columns, rows)).T
    column, row = (np.minimum(np.floor(at).astype(int), n - 1) for at, n in ((x, columns), (y, rows)))
    fit = _shape_iou(np.stack([w, h], axis=1), anchors)
    anchor, best = fit.argmax(axis=0), fit.max(axis=0, initial=0)

    target = np.zeros((len(parts), rows, columns, len(anchors), 5 + num_classes), np.float32)
    # Of two that claim one place the last one written stays: the better fit, and of equals the earlier.
    order = len(labels) - 1 - np.argsort(best[::-1], kind="stable")
    place = tuple(index[order] for index in (picture, row, column, anchor))
    size = np.log(np.stack([w, h], axis=1) / anchors[anchor])
    answer = np.concatenate([np.stack([x - column, y - row], 1), size, np.ones((len(x), 1))], axis=1)
    target[place] = np.concatenate([answer, _one_hot(labels, num_classes)], axis=1)[order]
    return target if batch else target[0]


def decode(features, anchors, *, from_logits=True):
    """Boxes and probabilities from a YOLO's raw answers.

    Args:
        features: Shape (batch, rows, columns, k · (5 + C)), as a convolution hands them out, or
            (batch, rows, columns, k, 5 + C). Whole numbers and half precision become float32.
        anchors: Shape (k, 2): width and height in cells.
        from_logits: True for what a network says; False for what `encode` returns, where σ and softmax are done.

    Returns:
        `(boxes, box_confidence, box_class_probs)`:

        - boxes, shape (batch, rows, columns, k, 4): corners in 0…1 of the picture, or beyond it where a box sticks out;
        - box_confidence, shape (batch, rows, columns, k, 1): p_c;
        - box_class_probs, shape (batch, rows, columns, k, C).

    Raises:
        ValueError: If the features' last axes do not fit the anchors, or an anchor is not positive.

    Taught in notebook 3-3, section 3.3.3.
    """
    anchors = _anchors(anchors)
    features = _split(features, anchors)
    boxes = _corners(*_center(features, anchors, from_logits))
    confidence, classes = features[..., 4:5], features[..., 5:]
    if from_logits:
        confidence = ops.sigmoid(confidence)
        classes = ops.softmax(classes) if classes.shape[-1] > 1 else ops.ones_like(classes)  # of one Keras would warn
    return boxes, confidence, classes


def filter_boxes(boxes, box_confidence, box_class_probs, threshold=0.6):
    """Keep the boxes whose best class is likely enough: score = p_c · probability of the class > threshold.

    Args:
        boxes: Shape (…, 4).
        box_confidence: Shape (…, 1), p_c in 0…1.
        box_class_probs: Shape (…, C). With C = 0 the score is p_c and every class 0.
        threshold: In 0…1. A score that equals it is discarded, as in the notes.

    Returns:
        `(scores, boxes, classes)`, NumPy arrays of shapes (n,), (n, 4) and (n,), in the order of the input.

    Raises:
        ValueError: If the shapes do not belong together, a probability is NaN or not in 0…1, or the threshold is not.

    Exercise in notebook 3-3, section 3.3.3 (the first step of non-max suppression).
    """
    threshold = share("threshold", threshold)
    given = {"boxes": boxes, "box_confidence": box_confidence, "box_class_probs": box_class_probs}
    boxes, confidence, probs = (checks.read(name, value) for name, value in given.items())
    if boxes.shape[-1:] != (4,) or confidence.shape != (*boxes.shape[:-1], 1) or probs.shape[:-1] != boxes.shape[:-1]:
        raise ValueError(
            "boxes, box_confidence, box_class_probs: expected shapes (…, 4), (…, 1) and (…, C), "
            f"got {boxes.shape}, {confidence.shape} and {probs.shape}"
        )
    for name, value in (("box_confidence", confidence), ("box_class_probs", probs)):
        if not np.all((value >= 0) & (value <= 1)):
            raise ValueError(f"{name}: expected probabilities in 0…1, got {value.min()} to {value.max()}")
    scores = confidence * probs if probs.shape[-1] else confidence
    classes, scores = scores.argmax(axis=-1), scores.max(axis=-1)
    kept = scores > threshold
    return scores[kept], boxes[kept], classes[kept]


def postprocess(outputs, image_shape, max_boxes=10, score_threshold=0.6, iou_threshold=0.5):
    """The detections of one picture: likely boxes, one for each object, in pixels.

    Args:
        outputs: `(boxes, box_confidence, box_class_probs)` for one picture, shapes (rows, columns, k, 4),
            (rows, columns, k, 1) and (rows, columns, k, C), or (n, 4), (n, 1) and (n, C): of what `decode` returns for
            a batch, `[output[i] for output in outputs]`. A batch of one picture is taken, too.
        image_shape: (height, width) of the picture in pixels.
        max_boxes: At most so many boxes, 1 or more; None: no limit.
        score_threshold: In 0…1, see `filter_boxes`.
        iou_threshold: In 0…1, see `non_max_suppression`, which treats each class on its own.

    Returns:
        `(scores, boxes, classes)`, NumPy arrays of shapes (n,), (n, 4) and (n,), best first. Boxes are corners in
        pixels, clipped to the picture.

    Raises:
        ValueError: As `filter_boxes` and `non_max_suppression`, or if `outputs` are those of several pictures.

    Taught in notebook 3-3, section 3.3.3.
    """
    outputs = _of_one_picture(outputs)
    scores, boxes, classes = filter_boxes(*outputs, threshold=score_threshold)
    boxes = clip_boxes(scale_boxes(boxes, image_shape), image_shape)
    kept = non_max_suppression(boxes, scores, classes, max_boxes, iou_threshold)
    return scores[kept], boxes[kept], classes[kept]


def _of_one_picture(outputs):
    """The three outputs as arrays, if they belong to one picture: boxes of several would suppress each other."""
    names = ("boxes", "box_confidence", "box_class_probs")
    if not isinstance(outputs, list | tuple) or len(outputs) != 3:
        got = f"{len(outputs)} parts" if isinstance(outputs, list | tuple) else type(outputs).__name__
        raise ValueError(f"outputs: expected ({', '.join(names)}) of one picture, got {got}")
    arrays = [checks.read(name, value) for name, value in zip(names, outputs, strict=True)]
    shape = arrays[0].shape
    if len(shape) in (3, 5) and shape[0] != 1:
        raise ValueError(
            f"outputs: expected those of one picture, got boxes of shape {shape}, a batch of {shape[0]}: call this "
            "for each picture i, postprocess([output[i] for output in outputs], image_shape)"
        )
    return arrays


class YoloLoss(keras.losses.Loss):
    """What is wrong with a YOLO's answers, summed over a picture: boxes, objectness, classes.

        sum over objects     coord_weight · (1 - GIoU)      the box, against the object's
                           + binary cross-entropy           p_c, against 1
                           + class_weight · cross-entropy   the classes
        sum over the rest    no_object_weight · binary cross-entropy of p_c, against 0

    The papers take squared errors instead. The generalized IoU (Rezatofighi et al., 2019, arXiv 1902.09630) measures
    what a detector is judged by, and unlike IoU it pulls on a box that misses its object. Most answers are not
    responsible for any object; `no_object_weight` keeps them from drowning the others.

    Args:
        anchors: Shape (k, 2): width and height in cells.
        coord_weight, no_object_weight, class_weight: Numbers of 0 or more.
        reduction, name: As in every Keras loss.

    Call it with `y_true` of `encode`, shape (batch, rows, columns, k, 5 + C), and `y_pred` raw, of the same shape or
    (batch, rows, columns, k · (5 + C)). It gives one number for each picture, before the reduction.

    `dlcourse.load_model` loads a model that was saved with it.

    Raises:
        ValueError: If an anchor is not positive, a weight is negative, or the shapes do not fit.

    Taught in notebook 3-3, section 3.3.3; notes, eq. 3.11 and 3.14.
    """

    def __init__(
        self,
        anchors,
        coord_weight=5.0,
        no_object_weight=0.5,
        class_weight=1.0,
        reduction="sum_over_batch_size",
        name="yolo_loss",
    ):
        super().__init__(name=name, reduction=reduction)
        self.anchors = _anchors(anchors)
        self.coord_weight = number("coord_weight", coord_weight)
        self.no_object_weight = number("no_object_weight", no_object_weight)
        self.class_weight = number("class_weight", class_weight)

    def call(self, y_true, y_pred):
        predicted, true = _split(y_pred, self.anchors, "y_pred"), _split(y_true, self.anchors, "y_true")
        if any(a != b and None not in (a, b) for a, b in zip(true.shape, predicted.shape, strict=True)):
            raise ValueError(f"y_pred: expected shape {tuple(true.shape)}, got {tuple(predicted.shape)}")
        here = true[..., 4]
        (middle, half), (origin, true_half) = _center(predicted, self.anchors, True), _center(true, self.anchors, False)
        # Seen from the object's midpoint. From the picture's corner a small object has no area in single precision.
        overlap = giou(_corners(middle - origin, half), _corners(0.0, true_half))
        objectness = ops.binary_crossentropy(here, predicted[..., 4], from_logits=True)
        classes = -ops.sum(true[..., 5:] * ops.log_softmax(predicted[..., 5:]), axis=-1) if true.shape[-1] > 5 else 0.0
        object_loss = self.coord_weight * (1 - overlap) + objectness + self.class_weight * classes
        return ops.sum(here * object_loss + (1 - here) * self.no_object_weight * objectness, axis=(1, 2, 3))

    def get_config(self):
        return {
            **super().get_config(),
            "anchors": self.anchors.tolist(),
            "coord_weight": self.coord_weight,
            "no_object_weight": self.no_object_weight,
            "class_weight": self.class_weight,
        }


def _center(features, anchors, from_logits):
    """Midpoint and half the size in 0…1 of answers of shape (batch, rows, columns, k, 5 + C), each (…, 2)."""
    rows, columns = features.shape[1:3]
    cells = np.array([columns, rows], np.float32)
    cell = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)[:, :, None]  # (rows, columns, 1, 2)
    xy = ops.sigmoid(features[..., :2]) if from_logits else features[..., :2]
    size = ops.exp(ops.clip(features[..., 2:4], -LIMIT, LIMIT)) * ops.cast(anchors / cells, xy.dtype)
    return (xy + ops.cast(cell, xy.dtype)) / cells, size / 2


def _corners(middle, half):
    return ops.concatenate([middle - half, middle + half], axis=-1)


def _split(features, anchors, name="features"):
    """Answers as (batch, rows, columns, k, 5 + C)."""
    features, k = checks.floats(name, ops.convert_to_tensor(features)), len(anchors)
    shape = tuple(features.shape)
    if len(shape) == 4 and shape[-1] % k == 0 and shape[-1] // k >= 5:
        return ops.reshape(features, (-1, *shape[1:3], k, shape[-1] // k))
    if len(shape) == 5 and shape[3] == k and shape[-1] >= 5:
        return features
    raise ValueError(
        f"{name}: expected shape (batch, rows, columns, {k} · (5 + C)) or (batch, rows, columns, {k}, 5 + C) "
        f"for {k} anchors, got {shape}"
    )


def _objects(boxes, classes, num_classes):
    """The corners, the classes and the picture of all objects of a batch, in three arrays."""
    try:
        classes = list(classes)
        got = len(classes)
    except TypeError:
        got = repr(classes)
    if got != len(boxes):
        raise ValueError(f"classes: expected {len(boxes)} arrays, one for each picture, got {got}")
    # Shapes are looked at picture by picture, numbers all at once: NumPy is slow on short arrays.
    boxes = [part.reshape(0, 4) if part.shape == (0,) else part for part in boxes]
    for part in boxes:
        if part.shape[1:] != (4,):
            raise ValueError(f"boxes: expected shape (n, 4), got {part.shape}")
    counts = [len(part) for part in boxes]
    labels = np.concatenate([checks.classes("classes", *pair) for pair in zip(classes, counts, strict=True)])
    corners = checks.boxes("boxes", np.concatenate(boxes)).astype(np.float64)
    inside = (corners >= 0).all(-1) & (corners <= 1).all(-1) & (corners[:, 2:] > corners[:, :2]).all(-1)
    if not inside.all():
        raise ValueError(f"boxes: expected an area above 0 inside of 0…1, got {corners[~inside][0].tolist()}")
    if len(labels) and not 0 <= labels.min() <= labels.max() < max(num_classes, 1):
        raise ValueError(f"classes: expected 0…{max(num_classes, 1) - 1}, got {labels.min()} to {labels.max()}")
    return corners, labels, np.repeat(np.arange(len(boxes)), counts)


def _one_hot(labels, num_classes):
    return (labels[:, None] == np.arange(num_classes)).astype(np.float32)


def _anchors(anchors):
    anchors = checks.sizes("anchors", anchors)
    if not len(anchors):
        raise ValueError("anchors: expected one or more, got none")
    return anchors.astype(np.float32)


def _grid(grid):
    try:
        rows, columns = grid
    except (TypeError, ValueError):
        raise ValueError(f"grid: expected (rows, columns), got {grid!r}") from None
    return count("grid", rows), count("grid", columns)
