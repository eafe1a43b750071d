"""YOLO: each cell of a grid predicts the object that has its midpoint there, and its box, in one forward pass.

After "You only look once" (Redmon et al., 2015, arXiv 1506.02640) and its second version, with anchors (Redmon and
Farhadi, 2016, arXiv 1612.08242). A picture is cut into a grid of cells, and every cell predicts once for each anchor,
a box of typical size in units of cells. A prediction is

    (t_x, t_y, t_w, t_h, t_o, t_1, …, t_C)

    midpoint   x = (column + σ(t_x)) / columns     y = (row + σ(t_y)) / rows
    size       w = anchor_w · exp(t_w) / columns   h = anchor_h · exp(t_h) / rows
    object     p_c = σ(t_o)
    classes    softmax(t_1, …, t_C)

Rows and columns are kept apart all the way: neither grids nor pictures need to be square.
"""

from dlcourse.checks import count, number, share
from dlcourse.detection import checks
from dlcourse.detection.anchors import iou_of_sizes
from dlcourse.detection.boxes import clip_boxes, corners_to_center, giou, scale_boxes
from dlcourse.detection.nms import non_max_suppression
from dlcourse.scratch.checks import checked

import keras
import numpy as np
from keras import ops

LIMIT = 16  # of |t_w| and |t_h|: a side of 9e6 anchors, or of 1e-7; the square of an area must not become inf or 0


def encode(boxes, classes, grid, anchors, num_classes):
    """Return what YOLO should predict: the label of a picture, eq. 3.14 of the notes for any grid and any anchors.

    An object belongs to the cell that holds its midpoint, and there to the anchor whose shape fits best (highest IoU of
    the two sizes). If two objects claim one anchor of one cell, the one that fits it better gets it, the earlier one if
    they fit alike; the other is left out. A midpoint on the edge between two cells belongs to the right or lower one.

    Args:
        boxes: Objects of one picture, shape (n, 4), corners in 0…1 of the picture. For a batch a list, with one such
            array for each picture. n may be 0, also as `[]`: alone it is one picture without objects, no batch.
        classes: Whole numbers in 0…num_classes - 1, shape (n,); for a batch a list of such arrays.
        grid: (rows, columns).
        anchors: Widths and heights in cells, shape (k, 2).
        num_classes: C, 0 or more.

    Returns float32, shape (rows, columns, k, 5 + C); for a batch with the pictures along a first axis. Where there is
    an object it holds (σ(t_x), σ(t_y), t_w, t_h, 1, and 1 for the class among zeros): what `decode` undoes with
    `from_logits=False`, and what `YoloLoss` takes for `y_true`. Elsewhere it is 0.
    Raises ValueError if a box has no area or is not inside of 0…1, a class is out of range, boxes and classes differ in
    number, or another argument is none of these.
    Taught in notebook 3-3, section 3.3.3; notes, eq. 3.14.
    """
    anchors, num_classes = checks.anchors(anchors), count("num_classes", num_classes, 0)
    rows, columns = checks.grid(grid)
    parts = [checks.read("boxes", each) for each in boxes] if isinstance(boxes, list | tuple) else []
    batch = len(parts) > 0 and all(part.ndim == 2 or part.shape == (0,) for part in parts)
    parts, classes = (parts, classes) if batch else ([checks.read("boxes", boxes)], [classes])
    corners, labels, picture = checks.objects(parts, classes, num_classes)

    # Of all n objects of the batch: midpoint and size in cells, the cell, the anchor that fits best and its IoU, (n,)
    x, y, w, h = (corners_to_center(corners) * (columns, rows, columns, rows)).T
    column, row = (np.minimum(np.floor(at).astype(int), n - 1) for at, n in ((x, columns), (y, rows)))
    fit = iou_of_sizes(np.stack([w, h], axis=1), anchors)  # (k, n)
    anchor, best = fit.argmax(axis=0), fit.max(axis=0, initial=0)
    anchor_w, anchor_h = anchors[anchor].T

    t = np.stack([x - column, y - row, np.log(w / anchor_w), np.log(h / anchor_h), np.ones(len(x))], axis=1)
    label = np.concatenate([t, labels[:, None] == np.arange(num_classes)], axis=1)  # (n, 5 + C)
    # Of two that claim one place the last one written stays: the better fit, and of equals the earlier.
    order = len(labels) - 1 - np.argsort(best[::-1], kind="stable")
    target = np.zeros((len(parts), rows, columns, len(anchors), 5 + num_classes), np.float32)
    target[picture[order], row[order], column[order], anchor[order]] = label[order]
    return target if batch else target[0]


def decode(features, anchors, *, from_logits=True):
    """Return boxes and probabilities from YOLO's raw predictions.

    Args:
        features: Predictions, shape (batch, rows, columns, k · (5 + C)), as a convolution returns them, or
            (batch, rows, columns, k, 5 + C). Whole numbers and half precision become float32.
        anchors: As for `encode`.
        from_logits: True for what a network predicts; False for what `encode` returns, where σ and softmax are done.

    Returns `(boxes, box_confidence, box_class_probs)`, all of shape (batch, rows, columns, k, n): corners in 0…1 of the
    picture, or beyond it where a box sticks out, with n = 4; p_c, with n = 1; the classes' probabilities, with n = C.
    Raises ValueError if the features' last axes do not fit the anchors, or an anchor is not positive.
    Taught in notebook 3-3, section 3.3.3.
    """
    anchors = checks.anchors(anchors)
    features = _split(features, anchors)
    boxes = _corners(*_center(features, anchors, from_logits))
    confidence, classes = features[..., 4:5], features[..., 5:]
    if from_logits:
        confidence = ops.sigmoid(confidence)
        # Keras warns about a softmax over one class
        classes = ops.softmax(classes) if classes.shape[-1] > 1 else ops.ones_like(classes)
    return boxes, confidence, classes


@checked(checks.belonging, **dict.fromkeys(checks.OUTPUTS, checks.read), threshold=share)
def filter_boxes(boxes, box_confidence, box_class_probs, threshold=0.6):
    """Keep the boxes whose best class is likely enough: score = p_c · probability of the class > threshold.

    Args:
        boxes: Boxes, shape (…, 4).
        box_confidence: p_c in 0…1, shape (…, 1).
        box_class_probs: Probabilities, shape (…, C). With C = 0 the score is p_c and every class 0.
        threshold: A number in 0…1. A score that equals it is discarded, as in the notes.

    Returns `(scores, boxes, classes)`, NumPy arrays of shapes (n,), (n, 4) and (n,), in the order of the input.
    Raises ValueError if the shapes do not belong together, a probability is NaN or not in 0…1, or the threshold is not.
    Exercise in notebook 3-3, section 3.3.3 (the first step of non-max suppression).
    """
    scores = box_confidence * box_class_probs
    best, classes = scores.max(axis=-1), scores.argmax(axis=-1)
    kept = best > threshold
    return best[kept], boxes[kept], classes[kept]


def postprocess(outputs, image_shape, max_boxes=10, score_threshold=0.6, iou_threshold=0.5):
    """Return the detections of one picture: likely boxes, one for each object, in pixels.

    Args:
        outputs: `(boxes, box_confidence, box_class_probs)` for one picture, shapes (rows, columns, k, 4),
            (rows, columns, k, 1) and (rows, columns, k, C), or (n, 4), (n, 1) and (n, C): of what `decode` returns for
            a batch, `[output[i] for output in outputs]`. A batch of one picture is taken, too.
        image_shape: (height, width) of the picture in pixels.
        max_boxes: Largest number of boxes, 1 or more; None: no limit.
        score_threshold: A number in 0…1, as for `filter_boxes`.
        iou_threshold: A number in 0…1, as for `non_max_suppression`, which treats each class on its own.

    Returns `(scores, boxes, classes)`, NumPy arrays of shapes (n,), (n, 4) and (n,), best first. Boxes are corners in
    pixels, clipped to the picture.
    Raises ValueError as `filter_boxes` and `non_max_suppression`, or if `outputs` are those of several pictures.
    Taught in notebook 3-3, section 3.3.3.
    """
    outputs = checks.of_one_picture(outputs)
    scores, boxes, classes = filter_boxes(*outputs, threshold=score_threshold)
    boxes = clip_boxes(scale_boxes(boxes, image_shape), image_shape)
    kept = non_max_suppression(boxes, scores, classes, max_boxes, iou_threshold)
    return scores[kept], boxes[kept], classes[kept]


class YoloLoss(keras.losses.Loss):
    """The loss of YOLO's predictions, summed over a picture: boxes, objectness, classes.

        sum over objects     coord_weight · (1 - GIoU)      the box, against the object's
                           + binary cross-entropy           p_c, against 1
                           + class_weight · cross-entropy   the classes
        sum over the rest    no_object_weight · binary cross-entropy of p_c, against 0

    The papers take squared errors instead. The generalized IoU (Rezatofighi et al., 2019, arXiv 1902.09630) measures
    what a detector is judged by, and unlike IoU it has a gradient where a box misses its object. Most predictions are
    not responsible for any object; `no_object_weight` keeps them from outweighing the others.

    Args:
        anchors: As for `encode`.
        coord_weight, no_object_weight, class_weight: Numbers of 0 or more.
        reduction, name: The arguments of every Keras loss.

    Call it with `y_true` of `encode`, shape (batch, rows, columns, k, 5 + C), and `y_pred` raw, of the same shape or
    (batch, rows, columns, k · (5 + C)). It returns one number for each picture, before the reduction.
    `dlcourse.load_model` loads a model that was saved with it.

    Raises ValueError if an anchor is not positive, a weight is negative, or the shapes do not fit.
    Taught in notebook 3-3, section 3.3.3; notes, eqs. 3.11 and 3.14.
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
        self.anchors = checks.anchors(anchors)
        self.coord_weight = number("coord_weight", coord_weight)
        self.no_object_weight = number("no_object_weight", no_object_weight)
        self.class_weight = number("class_weight", class_weight)

    def call(self, y_true, y_pred):
        predicted, true = _split(y_pred, self.anchors, "y_pred"), _split(y_true, self.anchors, "y_true")
        if any(a != b and None not in (a, b) for a, b in zip(true.shape, predicted.shape, strict=True)):
            raise ValueError(f"y_pred: expected shape {tuple(true.shape)}, got {tuple(predicted.shape)}")
        here = true[..., 4]  # 1 where an object is, else 0: (batch, rows, columns, k)
        middle, half = _center(predicted, self.anchors, from_logits=True)
        origin, true_half = _center(true, self.anchors, from_logits=False)
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
    """Return midpoint and half the size, each (…, 2) in 0…1, of predictions (batch, rows, columns, k, 5 + C)."""
    rows, columns = features.shape[1:3]
    cells = np.array([columns, rows], np.float32)
    cell = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)[:, :, None]  # (rows, columns, 1, 2)
    xy = ops.sigmoid(features[..., :2]) if from_logits else features[..., :2]
    size = ops.exp(ops.clip(features[..., 2:4], -LIMIT, LIMIT)) * ops.cast(anchors / cells, xy.dtype)
    return (xy + ops.cast(cell, xy.dtype)) / cells, size / 2


def _corners(middle, half):
    return ops.concatenate([middle - half, middle + half], axis=-1)


def _split(features, anchors, name="features"):
    """Return predictions as (batch, rows, columns, k, 5 + C)."""
    features, k = checks.floats(name, ops.convert_to_tensor(features)), len(anchors)
    shape = tuple(features.shape)
    if len(shape) == 4 and shape[-1] % k == 0 and shape[-1] // k >= 5:
        return ops.reshape(features, (-1, *shape[1:3], k, shape[-1] // k))
    if len(shape) == 5 and shape[3] == k and shape[-1] >= 5:
        return features
    wanted = f"(batch, rows, columns, {k} · (5 + C)) or (batch, rows, columns, {k}, 5 + C) for {k} anchors"
    raise ValueError(f"{name}: expected shape {wanted}, got {shape}")
