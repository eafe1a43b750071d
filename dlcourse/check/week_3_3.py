"""The exercises of notebook 3-3: boxes and how they are found, transposed convolution, U-Net, and masks."""

import functools
import re

from dlcourse.check.compare import as_numpy, kind
from dlcourse.check.exercise import Exercise
from dlcourse.check.layers import Maps, built, checked, layers_of, same_draws

import numpy as np


def localization_loss(y_hat, y):
    """The squared error of equation (3.11), with the second case that the notes leave out.

    Args:
        y_hat: What a network says, shape (8,): p_c, b_x, b_y, b_h, b_w, c_1, c_2, c_3.
        y: The label, shape (8,). y[0] is 1 if there is an object; if it is 0, nobody cares what the others are.

    Returns:
        A number: the sum over all eight if there is an object, else (y_hat[0] - y[0])².
    """
    squares = (y_hat - y) ** 2
    return float(np.sum(squares)) if y[0] == 1 else float(squares[0])


def iou(box_a, box_b):
    """Intersection over union of two boxes (eq. 3.13).

    Args:
        box_a: Shape (4,): x_min, y_min, x_max, y_max.
        box_b: The same of the other box, in the same unit.

    Returns:
        A number in [0, 1]; 0 for boxes that only touch, and for a box without area. `dlcourse.detection.boxes.iou`
        takes sets of boxes.
    """
    width = min(box_a[2], box_b[2]) - max(box_a[0], box_b[0])
    height = min(box_a[3], box_b[3]) - max(box_a[1], box_b[1])
    intersection = max(width, 0) * max(height, 0)  # both can be negative, and their product positive
    area_a, area_b = ((box[2] - box[0]) * (box[3] - box[1]) for box in (box_a, box_b))
    union = area_a + area_b - intersection
    return float(intersection / union) if union > 0 else 0.0


def filter_boxes(boxes, box_confidence, box_class_probs, threshold):
    """The first step of non-max suppression: keep the boxes whose best class is likely enough.

    Args:
        boxes: Shape (n, 4).
        box_confidence: p_c of each, shape (n, 1).
        box_class_probs: The probabilities of the classes, if there is an object, shape (n, C).
        threshold: A box is kept if its score, p_c times the probability of its best class, is above.

    Returns:
        (scores, boxes, classes) of those that are kept, in the order of the input: shapes (k,), (k, 4) and (k,).
        `dlcourse.detection.yolo.filter_boxes` takes whole grids.
    """
    scores = box_confidence * box_class_probs
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    kept = best > threshold
    return best[kept], boxes[kept], classes[kept]


def nms(boxes, scores, iou_threshold):
    """Non-max suppression: of boxes that overlap much, the one of the best score stays.

    Args:
        boxes: Shape (n, 4): x_min, y_min, x_max, y_max.
        scores: Shape (n,).
        iou_threshold: A box is discarded if its IoU with one that is kept is above.

    Returns:
        The indices of the boxes that are kept, best score first. `dlcourse.detection.nms.non_max_suppression` is
        faster, and does it class by class.
    """
    left, kept = list(np.argsort(-scores)), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if iou(boxes[best], boxes[i]) <= iou_threshold]
    return kept


def best_anchor(size, anchors):
    """Which anchor fits an object best: the one of the highest IoU, both with the same midpoint.

    Args:
        size: Width and height of the object, shape (2,).
        anchors: Widths and heights, shape (k, 2), in the same unit.

    Returns:
        Its index.
    """
    intersection = np.minimum(size, anchors).prod(axis=1)  # the smaller width times the smaller height
    union = size.prod() + anchors.prod(axis=1) - intersection
    return int(np.argmax(intersection / union))


def decode_cell(t, row, column, grid, anchor):
    """The box that a YOLO means by the numbers that one cell gives for one anchor.

    Args:
        t: t_x, t_y, t_w, t_h, and what else it says, as it comes out of the last convolution.
        row, column: The cell; (0, 0) is the upper left one.
        grid: (rows, columns).
        anchor: (width, height) in cells.

    Returns:
        Corners x_min, y_min, x_max, y_max in 0…1 of the picture, shape (4,). `dlcourse.detection.yolo.decode` takes
        whole grids.
    """
    rows, columns = grid
    sigma_x, sigma_y = 1 / (1 + np.exp(-t[:2]))
    x, y = (column + sigma_x) / columns, (row + sigma_y) / rows
    w, h = anchor[0] * np.exp(t[2]) / columns, anchor[1] * np.exp(t[3]) / rows
    return np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


def conv_transpose(x, kernel, stride):
    """A transposed convolution on one channel: each pixel pastes the kernel, weighted with it, onto the output.

    Args:
        x: Shape (h, w).
        kernel: Shape (f, f).
        stride: Pixels of the output from one paste to the next, 1…f.

    Returns:
        Shape ((h - 1) · stride + f, (w - 1) · stride + f). Where pastes overlap they are added up.
        `dlcourse.scratch.conv.conv_transpose_forward` takes batches and channels.
    """
    f = len(kernel)
    result = np.zeros([(n - 1) * stride + f for n in x.shape])
    for i, j in np.ndindex(x.shape):
        result[i * stride : i * stride + f, j * stride : j * stride + f] += x[i, j] * kernel
    return result


def upsampling_block(x, skip, filters):
    """One level of U-Net's way up, from layers of Keras.

    Args:
        x: Feature maps from below, shape (m, height, width, channels).
        skip: Those of the same level on the way down, shape (m, 2 · height, 2 · width, any channels).
        filters: Of the transposed convolution, and of both convolutions behind it.

    Returns:
        Feature maps, shape (m, 2 · height, 2 · width, filters).
    """
    from keras import layers

    z = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
    z = layers.Concatenate()([z, skip])
    z = layers.Conv2D(filters, 3, padding="same", activation="relu")(z)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(z)


def mean_iou(y_true, y_pred, classes):
    """The mean over classes of intersection over union (eq. 3.13), where each class is a set of pixels.

    Args:
        y_true: A class for each pixel, whole numbers in 0…classes - 1, shape (height, width).
        y_pred: The same of the prediction.
        classes: How many there are, with the background.

    Returns:
        A number in [0, 1]. A class that neither has is left out. `dlcourse.segmentation.mean_iou` counts all classes at
        once.
    """
    ious = []
    for c in range(classes):
        true, predicted = y_true == c, y_pred == c
        union = np.sum(true | predicted)
        if union > 0:
            ious.append(np.sum(true & predicted) / union)
    return float(np.mean(ious))


# What is compared where the answer may come in several forms, or is made of Keras' layers


def _numbers(function, *arguments):
    """The function's result; numbers in a list or tuple are as good as in an array."""
    result = as_numpy(function(*arguments))
    if isinstance(result, list | tuple) and all(kind(part) == "a number" for part in result):
        return np.array(result)
    return result


def _indices(function, *arguments):
    """The indices as text, so that a report shows them all even if there are too many."""
    result = as_numpy(function(*arguments))
    if result is None or "Ellipsis" in repr(result):
        return result
    kept = np.asarray(result)
    if kept.ndim != 1 or (kept.size and kept.dtype.kind not in "iu"):
        return f"not indices, but {kind(result)}"
    return ", ".join(map(str, kept)) or "none"


def _level(function, x, skip, filters):
    """What a level of U-Net is made of and computes, however it was written; weights depend on their shapes alone."""
    import keras

    with same_draws():
        inputs = [keras.Input(maps.shape) for maps in (x, skip)]
        result = built(_concatenated, function, *inputs, filters)
        if result is None or result is ...:
            return result
        checked(result)
        model = keras.Model(inputs, result)
        made_of = [_weighted(layer) for layer in layers_of(model) if layer.weights]
        rng = np.random.default_rng(0)
        pixels = [rng.integers(-8, 9, size=(1, *maps.shape)).astype("float32") for maps in (x, skip)]
        computed = np.round(np.asarray(model(pixels, training=False)[0], np.float64), 4)
        places = computed.reshape(-1, computed.shape[-1])
        return {
            "shape": str(computed.shape),
            "layers with weights": ", ".join(sorted(made_of)) or "none",
            "random kernels, three places": places[[0, len(places) // 2, -1]],
        }


def _concatenated(function, *arguments):
    """The function's result; that shapes do not fit is said alike for layers.Concatenate and ops.concatenate."""
    try:
        return function(*arguments)
    except ValueError as error:
        if "`Concatenate` layer" in str(error) or "the same shape except" in str(error):
            shapes = sorted(re.findall(r"\d+, \d+, \d+", str(error)))  # ops.concatenate names the second first
            text = f"maps of shapes {' and '.join(f'({shape})' for shape in shapes)} cannot be concatenated"
            raise ValueError(text).with_traceback(error.__traceback__) from None
        raise


_NORMALIZES = ("gamma", "beta", "moving_mean", "moving_variance")  # of batch normalization


def _weighted(layer):
    """'Conv2D 3×3×2→6', the layer having got its weights; biases are 0, and no two numbers of batch norm alike."""
    name = type(layer).__name__
    for weight in layer.weights:
        if len(weight.shape) == 4:
            values = np.random.default_rng(tuple(weight.shape)).normal(size=weight.shape)
            weight.assign(values / np.sqrt(values.size / values.shape[-1]))
            into, out = weight.shape[2:] if "Transpose" not in name else weight.shape[:1:-1]
            name = f"{name} {'×'.join(map(str, weight.shape[:2]))}×{into}→{out}"
        elif weight.name == "bias":
            weight.assign(np.zeros(weight.shape))
        elif weight.name in _NORMALIZES:
            low = _NORMALIZES.index(weight.name) - 1.5 if weight.name in ("beta", "moving_mean") else 0.5
            weight.assign(low + np.arange(1, weight.shape[0] + 1) / weight.shape[0])
    return name


# Cases


def _answers(rng):
    y = np.concatenate([[rng.integers(2)], rng.random(4), np.eye(3)[rng.integers(3)]])
    return rng.random(8), y


def _box(rng, most=12):
    """A box of at least 1 × 1 with whole numbers."""
    low = rng.integers(0, most - 1, size=2)
    return np.concatenate([low, low + rng.integers(1, most // 2, size=2)]).astype(float)


def _detections(rng):
    n, classes = (int(number) for number in rng.integers(2, 7, size=2))
    boxes, probs = np.stack([_box(rng) for _ in range(n)]), rng.dirichlet(np.full(classes, 0.4), size=n)
    return boxes, rng.uniform(0.3, 1, size=(n, 1)), probs, float(rng.uniform(0.2, 0.6))


def _candidates(rng):
    boxes = np.stack([_box(rng, most=8) for _ in range(rng.integers(3, 9))])
    return boxes, rng.permutation(100)[: len(boxes)] / 100, float(rng.uniform(0.05, 0.6))


def _sizes(rng):
    return np.exp(rng.normal(size=2)), np.exp(rng.normal(size=(rng.integers(2, 7), 2)))


def _cell(rng):
    rows, columns = (int(number) for number in rng.integers(2, 14, size=2))
    row, column = int(rng.integers(rows)), int(rng.integers(columns))
    return rng.normal(size=8), row, column, (rows, columns), tuple(np.exp(rng.normal(size=2)).tolist())


def _pixels(rng):
    f = int(rng.integers(1, 5))  # a stride above f would leave gaps, which libraries fill in different ways
    return rng.normal(size=rng.integers(1, 5, size=2)), rng.normal(size=(f, f)), int(rng.integers(1, min(f, 3) + 1))


def _masks(rng):
    classes = int(rng.integers(2, 7))
    occurring = rng.permutation(classes)[: rng.integers(1, classes + 1)]
    y_true = rng.choice(occurring, size=rng.integers(2, 6, size=2))
    return y_true, np.where(rng.random(y_true.shape) < 0.7, y_true, rng.integers(classes, size=y_true.shape)), classes


_LABEL = np.array([1.0, 0.5, 0.75, 0.25, 0.5, 0.0, 1.0, 0.0])
_ANSWER = np.array([0.75, 0.5, 0.5, 0.5, 0.25, 0.25, 0.5, 0.125])
_NOTHING = np.array([0.0, 0.3, 0.9, 4.0, 7.0, 1.0, 1.0, 1.0])
_FOUND = np.array([[1.0, 1, 3, 4], [2, 0, 5, 2], [0, 3, 2, 6], [4, 4, 7, 6], [1, 2, 6, 3]])
_SURE = np.array([[0.5], [0.75], [0.25], [1.0], [0.875]])
_PROBS = np.array([[0.0, 1.0, 0.0], [0.125, 0.125, 0.75], [0.5, 0.25, 0.25], [0.4, 0.3, 0.3], [0.75, 0.25, 0.0]])
_FOUR = np.array([[0.0, 0, 4, 4], [1, 0, 5, 4], [2, 0, 6, 4], [8, 8, 9, 9]])  # IoU of neighbours 0.6, of next ones 1/3
_KERNEL = np.array([[1.0, 2, 0], [0, 3, -1], [4, 0, 1]])
_TRUE = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 2]])
_PREDICTED = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 1, 2]])


# Typical wrong answers that take more than a line


def _iou(box_a, box_b, *, one=0, hull=False, clip=True, below=lambda a, b, both: a + b - both):
    """`iou` with one thing changed."""
    inner, outer = (np.minimum, np.maximum) if hull else (np.maximum, np.minimum)
    sides = outer(box_a[2:], box_b[2:]) - inner(box_a[:2], box_b[:2]) + one
    intersection = np.prod(np.maximum(sides, 0) if clip else sides)
    area_a, area_b = (np.prod(box[2:] - box[:2] + one) for box in (box_a, box_b))
    below = below(area_a, area_b, intersection)
    return intersection / below if below != 0 else 0.0


def _clips_late(box_a, box_b):
    width, height = np.minimum(box_a[2:], box_b[2:]) - np.maximum(box_a[:2], box_b[:2])
    intersection = max(width * height, 0)
    union = np.prod(box_a[2:] - box_a[:2]) + np.prod(box_b[2:] - box_b[:2]) - intersection
    return intersection / union if union != 0 else 0.0


def _unguarded(box_a, box_b):
    both = np.prod(np.maximum(np.minimum(box_a[2:], box_b[2:]) - np.maximum(box_a[:2], box_b[:2]), 0))
    return both / (np.prod(box_a[2:] - box_a[:2]) + np.prod(box_b[2:] - box_b[:2]) - both)


def _naive(box_a, box_b):
    """Without cutting off at 0, and without a word on boxes without area."""
    both = np.prod(np.minimum(box_a[2:], box_b[2:]) - np.maximum(box_a[:2], box_b[:2]))
    return both / (np.prod(box_a[2:] - box_a[:2]) + np.prod(box_b[2:] - box_b[:2]) - both)


def _as_sizes(box):
    """A box whose last two numbers were taken for width and height."""
    return np.concatenate([box[:2], box[:2] + box[2:]])


def _filter(
    boxes,
    box_confidence,
    box_class_probs,
    threshold,
    *,
    score=None,
    judged=None,
    axis=1,
    above=np.greater,
    order=False,
    parts=(True, True, True),
):
    """`filter_boxes` with one thing changed."""
    scores = box_confidence * box_class_probs
    best = score(box_confidence, box_class_probs) if score else scores.max(axis=axis)
    kept = above(judged(box_confidence, box_class_probs) if judged else best, threshold)
    kept = np.flatnonzero(kept)[np.argsort(-best[kept])] if order else kept
    values = (best, boxes, scores.argmax(axis=axis))
    return tuple(value[kept] if filtered else value for value, filtered in zip(values, parts, strict=True))


def _keeps_the_score(boxes, box_confidence, box_class_probs, threshold):
    scores = box_confidence * box_class_probs.max(axis=1)
    kept = scores > threshold
    return scores[kept], boxes[kept], box_class_probs.argmax(axis=1)[kept]


def _suppress(boxes, scores, iou_threshold, *, order=lambda scores: np.argsort(-scores), above=np.greater):
    """`nms` with one thing changed."""
    left, kept = list(order(scores)), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if not above(iou(boxes[best], boxes[i]), iou_threshold)]
    return kept


def _suppress_once(boxes, scores, iou_threshold):
    order = np.argsort(-scores)
    return [i for i in order if i == order[0] or iou(boxes[order[0]], boxes[i]) <= iou_threshold]


def _suppress_by_all(boxes, scores, iou_threshold):
    better = [[j for j in range(len(scores)) if scores[j] > scores[i]] for i in range(len(scores))]
    return [i for i in np.argsort(-scores) if all(iou(boxes[i], boxes[j]) <= iou_threshold for j in better[i])]


def _suppress_positions(boxes, scores, iou_threshold):
    order = np.argsort(-scores)
    return nms(boxes[order], scores[order], iou_threshold)


def _decode(
    t,
    row,
    column,
    grid,
    anchor,
    *,
    squash=lambda t: 1 / (1 + np.exp(-t)),
    grow=np.exp,
    size_units=None,
    corners=lambda x, y, w, h: (x - w / 2, y - h / 2, x + w / 2, y + h / 2),
):
    """`decode_cell` with one thing changed."""
    rows, columns = grid
    unit_w, unit_h = (columns, rows) if size_units is None else size_units
    x, y = (column + squash(t[0])) / columns, (row + squash(t[1])) / rows
    return np.array(corners(x, y, anchor[0] * grow(t[2]) / unit_w, anchor[1] * grow(t[3]) / unit_h))


def _paste(x, kernel, stride, *, add=True):
    """`conv_transpose`, unless pastes are not added up."""
    f = len(kernel)
    result = np.zeros([(n - 1) * stride + f for n in x.shape])
    for i, j in np.ndindex(x.shape):
        here = np.s_[i * stride : i * stride + f, j * stride : j * stride + f]
        result[here] = x[i, j] * kernel + (result[here] if add else 0)
    return result


def _cut(x, kernel, stride):
    h, w = x.shape
    return _paste(x, kernel, stride)[: h * stride, : w * stride]


def _up(
    x,
    skip,
    filters,
    *,
    up=None,
    join=lambda layers, z, skip: layers.Concatenate()([z, skip]),
    convolutions=("relu", "relu"),
    padding="same",
):
    """`upsampling_block` with one thing changed."""
    from keras import layers

    z = up(layers, x) if up else layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
    z = join(layers, z, skip)
    for activation in convolutions:
        z = layers.Conv2D(filters, 3, padding=padding, activation=activation)(z)
    return z


def _by_class(y_true, y_pred, classes, *, first=0, absent=None, below=None, asked=None):
    """`mean_iou` with one thing changed."""
    ious = []
    for c in range(first, classes):
        true, predicted = y_true == c, y_pred == c
        both, either = np.sum(true & predicted), np.sum(true | predicted)
        if np.sum(asked(true, predicted)) if asked else either:
            ious.append(both / (below(true, predicted) if below else either))
        elif absent is not None:
            ious.append(absent)
    return np.mean(ious)


def _together(y_true, y_pred, classes):
    both = np.sum(y_true == y_pred)
    return both / (2 * y_true.size - both)


# Right answers written differently: what the hints say, and the idioms of NumPy, Keras, TensorFlow, SciPy, scikit-learn


def _loss_in_keras(y_hat, y):
    from keras import ops

    squares = ops.square(ops.convert_to_tensor(y_hat) - ops.convert_to_tensor(y))
    return ops.where(y[0] == 1, ops.sum(squares), squares[0])


def _loss_in_tensorflow(y_hat, y):
    import tensorflow as tf

    squares = tf.square(y_hat - y)
    return tf.reduce_sum(squares) if y[0] == 1 else squares[0]


def _iou_by_the_hints(box_a, box_b):
    width = max(min(box_a[2], box_b[2]) - max(box_a[0], box_b[0]), 0)
    height = max(min(box_a[3], box_b[3]) - max(box_a[1], box_b[1]), 0)
    area_a = (box_a[2] - box_a[0]) * (box_a[3] - box_a[1])
    area_b = (box_b[2] - box_b[0]) * (box_b[3] - box_b[1])
    union = area_a + area_b - width * height
    if union == 0:
        return 0
    return width * height / union


def _iou_in_numpy(box_a, box_b):
    sides = np.clip(np.minimum(box_a[2:], box_b[2:]) - np.maximum(box_a[:2], box_b[:2]), 0, None)
    intersection = np.prod(sides)
    union = np.prod(box_a[2:] - box_a[:2]) + np.prod(box_b[2:] - box_b[:2]) - intersection
    return intersection / (union + 1e-9)


def _iou_in_keras(box_a, box_b):
    from keras import ops

    a, b = ops.convert_to_tensor(box_a, "float32"), ops.convert_to_tensor(box_b, "float32")
    both = ops.prod(ops.relu(ops.minimum(a[2:], b[2:]) - ops.maximum(a[:2], b[:2])))
    return ops.divide_no_nan(both, ops.prod(a[2:] - a[:2]) + ops.prod(b[2:] - b[:2]) - both)


def _iou_in_tensorflow(box_a, box_b):
    import tensorflow as tf

    both = tf.reduce_prod(tf.maximum(tf.minimum(box_a[2:], box_b[2:]) - tf.maximum(box_a[:2], box_b[:2]), 0))
    area_a, area_b = (tf.reduce_prod(box[2:] - box[:2]) for box in (box_a, box_b))
    return tf.math.divide_no_nan(both, area_a + area_b - both)


def _filter_by_the_hints(boxes, box_confidence, box_class_probs, threshold):
    scores = box_confidence * box_class_probs
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    kept = best > threshold
    return best[kept], boxes[kept], classes[kept]


def _filter_by_index(boxes, box_confidence, box_class_probs, threshold):
    best = box_confidence[:, 0] * np.max(box_class_probs, axis=-1)
    (kept,) = np.where(best > threshold)
    return best[kept], boxes[kept], np.argmax(box_class_probs, axis=-1)[kept]


def _filter_one_by_one(boxes, box_confidence, box_class_probs, threshold):
    kept = []
    for box, confidence, probs in zip(boxes, box_confidence, box_class_probs, strict=True):
        label = int(np.argmax(probs))
        if confidence[0] * probs[label] > threshold:
            kept.append((confidence[0] * probs[label], box, label))
    return [score for score, _, _ in kept], [box for _, box, _ in kept], [label for _, _, label in kept]


def _filter_in_tensorflow(boxes, box_confidence, box_class_probs, threshold):
    import tensorflow as tf

    scores = box_confidence * box_class_probs
    classes, best = tf.math.argmax(scores, axis=-1), tf.math.reduce_max(scores, axis=-1)
    kept = best > threshold
    return tuple(tf.boolean_mask(values, kept) for values in (best, boxes, classes))


def _filter_in_keras(boxes, box_confidence, box_class_probs, threshold):
    from keras import ops

    scores = ops.convert_to_tensor(box_confidence * box_class_probs)
    (kept,) = ops.nonzero(ops.max(scores, axis=1) > threshold)
    return tuple(ops.take(v, kept, axis=0) for v in (ops.max(scores, axis=1), boxes, ops.argmax(scores, axis=1)))


def _nms_by_the_hints(boxes, scores, iou_threshold):
    left, kept = list(np.argsort(-scores)), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if iou(boxes[best], boxes[i]) <= iou_threshold]
    return kept


def _nms_against_those_kept(boxes, scores, iou_threshold):
    kept = []
    for i in np.argsort(scores)[::-1]:
        if all(iou(boxes[i], boxes[k]) <= iou_threshold for k in kept):
            kept.append(i)
    return np.array(kept)


def _nms_in_numpy(boxes, scores, iou_threshold):
    x_min, y_min, x_max, y_max = boxes.T
    areas, order, kept = (x_max - x_min) * (y_max - y_min), scores.argsort()[::-1], []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(int(best))
        width = np.minimum(x_max[best], x_max[order]) - np.maximum(x_min[best], x_min[order])
        height = np.minimum(y_max[best], y_max[order]) - np.maximum(y_min[best], y_min[order])
        both = np.maximum(width, 0) * np.maximum(height, 0)
        order = order[both / (areas[best] + areas[order] - both) <= iou_threshold]
    return kept


def _nms_in_tensorflow(boxes, scores, iou_threshold):
    import tensorflow as tf

    return tf.image.non_max_suppression(boxes.astype("float32"), scores.astype("float32"), len(boxes), iou_threshold)


def _anchor_by_the_hints(size, anchors):
    intersection = np.minimum(size, anchors).prod(axis=1)
    return np.argmax(intersection / (size.prod() + anchors.prod(axis=1) - intersection))


def _anchor_by_iou(size, anchors):
    ious = [iou(np.array([0, 0, *size]), np.array([0, 0, *each])) for each in anchors]
    return ious.index(max(ious))


def _anchor_in_keras(size, anchors):
    from keras import ops

    both = ops.prod(ops.minimum(size, anchors), axis=1)
    return ops.argmax(both / (ops.prod(size) + ops.prod(anchors, axis=1) - both))


def _anchor_in_tensorflow(size, anchors):
    import tensorflow as tf

    both = tf.reduce_prod(tf.minimum(size, anchors), axis=1)
    return tf.argmax(both / (tf.reduce_prod(size) + tf.reduce_prod(anchors, axis=1) - both))


def _cell_by_the_hints(t, row, column, grid, anchor):
    rows, columns = grid
    x = (column + 1 / (1 + np.exp(-t[0]))) / columns
    y = (row + 1 / (1 + np.exp(-t[1]))) / rows
    w, h = anchor[0] * np.exp(t[2]) / columns, anchor[1] * np.exp(t[3]) / rows
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def _cell_in_scipy(t, row, column, grid, anchor):
    from scipy.special import expit

    units = np.array(grid[::-1])
    middle, half = (np.array([column, row]) + expit(t[:2])) / units, anchor * np.exp(t[2:4]) / units / 2
    return np.concatenate([middle - half, middle + half])


def _cell_in_keras(t, row, column, grid, anchor):
    from keras import ops

    x, y = (column + ops.sigmoid(t[0])) / grid[1], (row + ops.sigmoid(t[1])) / grid[0]
    w, h = anchor[0] * ops.exp(t[2]) / grid[1], anchor[1] * ops.exp(t[3]) / grid[0]
    return ops.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


def _cell_in_tensorflow(t, row, column, grid, anchor):
    import tensorflow as tf

    middle = (tf.constant([column, row], tf.float64) + tf.sigmoid(t[:2])) / grid[::-1]
    size = tf.constant(anchor, tf.float64) * tf.exp(t[2:4]) / grid[::-1]
    return tf.concat([middle - size / 2, middle + size / 2], axis=0)


def _pasted_by_the_hints(x, kernel, stride):
    (h, w), f = x.shape, len(kernel)
    result = np.zeros(((h - 1) * stride + f, (w - 1) * stride + f))
    for i in range(h):
        for j in range(w):
            result[i * stride : i * stride + f, j * stride : j * stride + f] += x[i, j] * kernel
    return result


def _pasted_in_scipy(x, kernel, stride):
    from scipy.signal import convolve2d

    apart = np.zeros([(n - 1) * stride + 1 for n in x.shape])
    apart[::stride, ::stride] = x
    return convolve2d(apart, kernel)


def _pasted_in_keras(x, kernel, stride):
    from keras import ops

    x, kernel = (ops.convert_to_tensor(values, "float32") for values in (x[None, ..., None], kernel[..., None, None]))
    return ops.conv_transpose(x, kernel, stride, padding="valid")[0, ..., 0]


def _pasted_in_tensorflow(x, kernel, stride):
    import tensorflow as tf

    shape = (1, *((n - 1) * stride + len(kernel) for n in x.shape), 1)
    pasted = tf.nn.conv2d_transpose(x[None, ..., None], kernel[..., None, None], shape, stride, "VALID")
    return tf.squeeze(pasted, (0, 3))


def _up_with_activation_layers(x, skip, filters):
    from keras import layers, ops

    z = ops.concatenate([layers.Conv2DTranspose(filters, (3, 3), (2, 2), "same")(x), skip], axis=-1)
    for _ in range(2):
        z = layers.ReLU()(layers.Conv2D(filters, (3, 3), padding="same")(z))
    return z


def _up_in_functions(x, skip, filters):
    from keras import layers, ops

    z = layers.concatenate([layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x), skip], axis=3)
    z = ops.relu(layers.Conv2D(filters, 3, padding="same")(z))
    return layers.Activation("relu")(layers.Conv2D(filters, 3, padding="same")(z))


def _up_with_a_model_inside(x, skip, filters):
    import keras
    from keras import layers

    z = layers.Concatenate()([layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x), skip])
    twice = [layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
    return keras.Sequential(twice)(z)


def _ious_by_the_hints(y_true, y_pred, classes):
    ious = []
    for c in range(classes):
        a, b = y_true == c, y_pred == c
        if np.sum(a | b) != 0:
            ious.append(np.sum(a & b) / np.sum(a | b))
    return sum(ious) / len(ious)


def _ious_by_a_table(y_true, y_pred, classes):
    table = np.bincount(classes * y_true.ravel() + y_pred.ravel(), minlength=classes**2).reshape(classes, classes)
    both, either = np.diag(table), table.sum(axis=0) + table.sum(axis=1) - np.diag(table)
    return np.mean(both[either > 0] / either[either > 0])


def _ious_in_keras(y_true, y_pred, classes):
    import keras

    measure = keras.metrics.MeanIoU(classes)
    measure.update_state(y_true, y_pred)
    return measure.result()


def _ious_in_sklearn(y_true, y_pred, classes):
    from sklearn.metrics import jaccard_score

    return jaccard_score(y_true.ravel(), y_pred.ravel(), average="macro")


EXERCISES = [
    Exercise(
        reference=localization_loss,
        notebook="3-3",
        section="3.3.1",
        cases=[
            (_ANSWER, _LABEL),
            (_ANSWER, _NOTHING),
            (1 - _ANSWER, _NOTHING),
            (1 - _ANSWER, _LABEL),
            (_LABEL, _LABEL),
        ],
        random=_answers,
        wrong=[
            (
                lambda y_hat, y: np.sum((y_hat - y) ** 2),
                "Equation (3.11) as it stands. Without an object the box and the class must not count: a second case.",
            ),
            (
                lambda y_hat, y: np.sum((y_hat - y) ** 2) if y[0] == 1 else 0.0,
                "Without an object the loss is not 0: a network that sees one there is wrong. (y_hat[0] − y[0])².",
            ),
            (
                lambda y_hat, y: np.sum((y_hat - y) ** 2) if y[0] == 1 else None,
                "What is returned without an object, y[0] == 0?",
            ),
            (
                lambda y_hat, y: np.mean((y_hat - y) ** 2) if y[0] == 1 else (y_hat[0] - y[0]) ** 2,
                "This is the mean of the eight squares. Equation (3.11) is their sum.",
            ),
            (
                lambda y_hat, y: np.sum((y_hat - y)[:5] ** 2) if y[0] == 1 else (y_hat[0] - y[0]) ** 2,
                "The three classes are missing: all eight numbers count if there is an object.",
            ),
            (
                lambda y_hat, y: np.sum((y_hat - y)[1:] ** 2) if y[0] == 1 else (y_hat[0] - y[0]) ** 2,
                "p_c counts with an object too: the sum begins at y_hat[0].",
            ),
            (
                lambda y_hat, y: np.sum(np.abs(y_hat - y)) if y[0] == 1 else np.abs(y_hat[0] - y[0]),
                "These are absolute values. The loss takes squares.",
            ),
            (
                lambda y_hat, y: np.linalg.norm(y_hat - y) if y[0] == 1 else np.abs(y_hat[0] - y[0]),
                "This is the square root of the loss.",
            ),
            (
                lambda y_hat, y: np.sum((y_hat - y) ** 2) if y_hat[0] > 0.5 else (y_hat[0] - y[0]) ** 2,
                "The label says whether there is an object, y[0], not the network's own answer.",
            ),
        ],
        also_right=[
            lambda y_hat, y: np.sum((y_hat - y) ** 2) if y[0] == 1 else (y_hat[0] - y[0]) ** 2,
            lambda y_hat, y: np.sum(np.square(y_hat - y)[: 8 if y[0] else 1]),
            lambda y_hat, y: np.where(y[0] == 1, np.linalg.norm(y_hat - y) ** 2, (y_hat[0] - y[0]) ** 2),
            lambda y_hat, y: y[0] * np.sum((y_hat - y) ** 2) + (1 - y[0]) * (y_hat[0] - y[0]) ** 2,
            _loss_in_keras,
            _loss_in_tensorflow,
        ],
        hints=[
            "If there is no object, what should b_x be? There is no right answer, so no error either.",
            "if y[0] == 1, all eight count; otherwise p_c alone.",
            "np.sum((y_hat - y) ** 2) and (y_hat[0] - y[0]) ** 2 are the two cases.",
        ],
    ),
    Exercise(
        reference=iou,
        notebook="3-3",
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
        properties=[(lambda result, box_a, box_b: not (result < 0 or result > 1 + 1e-9), "it lies in 0…1")],
        wrong=[
            (
                lambda box_a, box_b: _iou(box_a, box_b, clip=False),
                "These boxes lie apart. Their width in common is negative, and so may be the height: neither counts "
                "below 0. max(…, 0) for each.",
            ),
            (
                _clips_late,
                "Negative times negative is positive: cut off width and height at 0 each, before you multiply.",
            ),
            (
                lambda box_a, box_b: _iou(box_a, box_b, below=lambda a, b, both: a + b),
                "The sum of both areas counts what they share twice. Subtract the intersection.",
            ),
            (
                lambda box_a, box_b: _iou(box_a, box_b, one=1),
                "No + 1: these are corners, not the first and last pixel. The width is x_max − x_min.",
            ),
            (
                lambda box_a, box_b: _iou(_as_sizes(box_a), _as_sizes(box_b)),
                "The last two numbers are x_max and y_max, not width and height.",
            ),
            (
                lambda box_a, box_b: _iou(box_a[[0, 2, 1, 3]], box_b[[0, 2, 1, 3]]),
                "x and y are mixed up: a box is x_min, y_min, x_max, y_max.",
            ),
            (
                lambda box_a, box_b: _iou(box_a, box_b, hull=True),
                "max and min have changed places: what they share begins at the larger x_min, and ends at the smaller "
                "x_max.",
            ),
            (
                _naive,
                "Two things are missing: a width or height in common that is negative counts as 0, max(…, 0) for each; "
                "and where the union is 0, the IoU is 0.",
            ),
            (
                _unguarded,
                "0 / 0 is no number. Two boxes without area have a union of 0: say what happens then.",
            ),
            (
                lambda box_a, box_b: _iou(box_a, box_b, below=lambda a, b, both: (a + b) / 2),
                "This is Dice's coefficient, 2 · intersection / (area_a + area_b).",
            ),
            (
                lambda box_a, box_b: _iou(box_a, box_b, below=lambda a, b, both: min(a, b)),
                "This divides by the smaller area. A small box inside a large one would have an IoU of 1.",
            ),
            (
                lambda box_a, box_b: _iou(box_a, box_b, below=lambda a, b, both: 1),
                "This is the intersection. Divide it by the union.",
            ),
        ],
        also_right=[
            _iou_by_the_hints,
            _iou_in_numpy,
            _iou_in_keras,
            _iou_in_tensorflow,
        ],
        hints=[
            "What two boxes share is a box again. Where does it begin, and where does it end?",
            "width = min(x_max of both) − max(x_min of both), and 0 if that is negative; the height alike.",
            "union = area_a + area_b − intersection. If it is 0, return 0.",
        ],
    ),
    Exercise(
        reference=filter_boxes,
        notebook="3-3",
        section="3.3.3",
        cases=[
            (_FOUND, _SURE, _PROBS, 0.5),
            (_FOUND, _SURE, _PROBS, 0.25),
            (_FOUND[:3], _SURE[:3], _PROBS[:3], 0.9),
        ],
        random=_detections,
        wrong=[
            (
                functools.partial(_filter, above=np.greater_equal),
                "A box whose score equals the threshold is discarded: >, not >=.",
            ),
            (
                functools.partial(_filter, score=lambda sure, probs: sure[:, 0]),
                "This score is p_c alone. Multiply it by the probability of the best class.",
            ),
            (
                functools.partial(_filter, score=lambda sure, probs: probs.max(axis=1)),
                "p_c is missing: the classes' probabilities only say what it is if there is something.",
            ),
            (
                functools.partial(_filter, judged=lambda sure, probs: sure[:, 0]),
                "The scores are right, but the threshold was put on p_c alone: compare the scores with it.",
            ),
            (
                functools.partial(_filter, judged=lambda sure, probs: probs.max(axis=1)),
                "The scores are right, but the threshold was put on the class probability alone: compare the scores.",
            ),
            (
                functools.partial(_filter, parts=(False, False, False)),
                "All boxes are returned: make a mask, score > threshold, and index scores, boxes and classes with it.",
            ),
            (
                functools.partial(_filter, axis=0),
                "This is the best box of each class. The best class of each box is wanted: axis=1, or axis=-1.",
            ),
            (
                _keeps_the_score,
                "(n, 1) times (n,) is (n, n). Multiply first and take the maximum then, or use box_confidence[:, 0].",
            ),
            (
                functools.partial(_filter, parts=(True, True, False)),
                "These are the classes of all boxes. Filter them too.",
            ),
            (
                functools.partial(_filter, parts=(False, True, True)),
                "These are the scores of all boxes. Filter them too.",
            ),
            (
                functools.partial(_filter, parts=(True, False, True)),
                "These are all the boxes. Filter them too.",
            ),
            (
                functools.partial(_filter, above=np.less_equal),
                "These are the boxes to discard.",
            ),
            (
                functools.partial(_filter, order=True),
                "They are sorted by score. The order of the input is wanted.",
            ),
        ],
        also_right=[
            _filter_by_the_hints,
            _filter_by_index,
            _filter_one_by_one,
            _filter_in_keras,
            _filter_in_tensorflow,
        ],
        hints=[
            "scores = box_confidence * box_class_probs has the shape (n, C): a score for each box and class.",
            "best = scores.max(axis=1) is the score of the best class; scores.argmax(axis=1) tells which that is.",
            "kept = best > threshold, with those best scores, is an array of True and False; boxes[kept] are the boxes "
            "where it is True.",
        ],
    ),
    Exercise(
        reference=nms,
        notebook="3-3",
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
        wrong=[
            (
                lambda boxes, scores, iou_threshold: _suppress(boxes, scores, iou_threshold, above=np.greater_equal),
                "Two boxes whose IoU equals the threshold are both kept: discard if it is >, not >=.",
            ),
            (
                _suppress_once,
                "Only the best box discards others here. Of those that are left the best is next, and so on.",
            ),
            (
                lambda boxes, scores, iou_threshold: _suppress(
                    boxes, scores, iou_threshold, order=lambda scores: range(len(scores))
                ),
                "This goes through the boxes as they come. Begin with the best score.",
            ),
            (
                lambda boxes, scores, iou_threshold: _suppress(boxes, scores, iou_threshold, order=np.argsort),
                "This begins with the lowest score. np.argsort sorts upwards.",
            ),
            (
                _suppress_by_all,
                "A box that was discarded must not discard others: compare with the boxes that are kept.",
            ),
            (
                lambda boxes, scores, iou_threshold: sorted(nms(boxes, scores, iou_threshold)),
                "These are the right boxes in the order of the input. Give the best score first.",
            ),
            (
                _suppress_positions,
                "These are places in the sorted list. Which boxes of the input stand there?",
            ),
            (
                lambda boxes, scores, iou_threshold: np.argsort(-scores)[:1],
                "Only one box is left, but there may be several objects.",
            ),
            (
                lambda boxes, scores, iou_threshold: np.argsort(-scores),
                "All boxes are kept: none is ever discarded.",
            ),
        ],
        also_right=[
            _nms_by_the_hints,
            _nms_against_those_kept,
            _nms_in_numpy,
            _nms_in_tensorflow,
        ],
        hints=[
            "np.argsort(-scores) gives the indices, best score first. The first one is kept.",
            "Then discard all that overlap it by more than the threshold, and go on with the best that is left.",
            "while left: best = left.pop(0), and left = [i for i in left if iou(boxes[best], boxes[i]) <= …].",
        ],
    ),
    Exercise(
        reference=best_anchor,
        notebook="3-3",
        section="3.3.3",
        cases=[
            (np.array([2.0, 2.0]), np.array([[8.0, 8.0], [1.0, 3.0], [2.0, 3.0]])),
            (np.array([1.0, 4.0]), np.array([[2.0, 2.0], [4.0, 1.0], [1.0, 8.0]])),
            (np.array([6.0, 6.0]), np.array([[5.0, 2.0], [10.0, 9.0], [3.0, 5.0]])),
            (np.array([2.0, 2.0]), np.array([[1.2, 1.2], [1.0, 3.0], [5.0, 5.0]])),
        ],
        random=_sizes,
        wrong=[
            (
                lambda size, anchors: np.argmin(np.sum((anchors - size) ** 2, axis=1)),
                "This is the nearest anchor by Euclidean distance, in which large boxes count more. Use the IoU.",
            ),
            (
                lambda size, anchors: np.argmin(np.abs(anchors.prod(axis=1) - size.prod())),
                "This compares areas. A tall and a wide box of the same area overlap little.",
            ),
            (
                lambda size, anchors: np.argmax(np.minimum(size, anchors).prod(axis=1)),
                "This is the largest intersection, and the largest anchor wins too often. Divide by the union.",
            ),
            (
                lambda size, anchors: np.argmin(
                    np.minimum(size, anchors).prod(axis=1) / np.maximum(size, anchors).prod(axis=1)
                ),
                "This is the anchor that fits worst: the lowest IoU.",
            ),
            (
                lambda size, anchors: np.argmax(
                    np.minimum(size, anchors).prod(axis=1) / np.maximum(size, anchors).prod(axis=1)
                ),
                "The larger width times the larger height is the smallest box around both, not their union: "
                "area + area − intersection.",
            ),
            (
                lambda size, anchors: np.argmin(np.abs(np.log(anchors[:, 0] / anchors[:, 1] / (size[0] / size[1])))),
                "This compares shapes alone. An anchor of the right shape can be far too small.",
            ),
            (
                lambda size, anchors: anchors[best_anchor(size, anchors)],
                "This is the anchor itself. Give its index.",
            ),
            (
                lambda size, anchors: max(iou(np.array([0, 0, *size]), np.array([0, 0, *each])) for each in anchors),
                "This is the highest IoU. Which anchor has it? np.argmax.",
            ),
        ],
        also_right=[
            _anchor_by_the_hints,
            _anchor_by_iou,
            _anchor_in_keras,
            _anchor_in_tensorflow,
        ],
        hints=[
            "Put both boxes' upper left corner at (0, 0). What do they share?",
            "min(w, anchor_w) · min(h, anchor_h) is the intersection; the union is that of `iou`.",
            "np.minimum(size, anchors) has the shape (k, 2), .prod(axis=1) multiplies each row, np.argmax ends it.",
        ],
    ),
    Exercise(
        reference=decode_cell,
        notebook="3-3",
        section="3.3.3",
        cases=[
            (np.zeros(8), 1, 2, (2, 4), (2.0, 1.0)),
            (np.array([1.0, -1.0, 0.5, -0.5, 2.0]), 0, 5, (4, 6), (1.5, 3.0)),
            (np.array([-2.0, 0.5, -1.0, 0.25, 0.0, 3.0, -1.0]), 9, 3, (13, 13), (0.5, 4.0)),
            (np.array([3.0, 2.0, 0.0, 1.0]), 6, 0, (7, 3), (1.0, 1.0)),
        ],
        random=_cell,
        through=_numbers,
        properties=[
            (
                lambda box, t, row, column, grid, anchor: (
                    column - 1e-9 <= (box[0] + box[2]) / 2 * grid[1] <= column + 1 + 1e-9
                    and row - 1e-9 <= (box[1] + box[3]) / 2 * grid[0] <= row + 1 + 1e-9
                ),
                "the midpoint lies in the cell",
            ),
        ],
        wrong=[
            (
                lambda t, row, column, grid, anchor: _decode(t, row, column, grid[::-1], anchor),
                "rows and columns are mixed up: grid is (rows, columns); x is divided by columns, y by rows.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(t, column, row, grid, anchor),
                "The column belongs to x and the row to y.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(t, column, row, grid[::-1], anchor),
                "x runs along the columns: x = (column + σ(t_x)) / columns, and y with the row and the rows.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(t, row, column, grid, anchor, size_units=grid),
                "The midpoint is right. The width is in units of columns, the height in units of rows.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(t, row, column, grid, anchor, squash=lambda t: t),
                "t_x and t_y are any numbers; σ takes them to 0…1, the place within the cell.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(t, row, column, grid, anchor, size_units=(1, 1)),
                "The midpoint is in 0…1 of the picture, the size still in cells: divide it by columns and rows too.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(
                    t, row, column, grid, anchor, corners=lambda x, y, w, h: (x, y, x + w, y + h)
                ),
                "(x, y) is the midpoint, not the upper left corner: x_min = x − w / 2.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(
                    t, row, column, grid, anchor, corners=lambda x, y, w, h: (x, y, w, h)
                ),
                "These are the midpoint and the size. The corners are wanted.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(
                    t, row, column, grid, anchor, corners=lambda x, y, w, h: (x - w, y - h, x + w, y + h)
                ),
                "Twice as wide and as high: half of the size lies on each side of the midpoint.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(t, row, column, grid, anchor, grow=lambda t: t),
                "exp is missing: the width is anchor_w · exp(t_w), never negative, and the anchor's where t_w = 0.",
            ),
            (
                lambda t, row, column, grid, anchor: _decode(t, 0, 0, grid, anchor),
                "This is right in the cell (0, 0) only: where is this one?",
            ),
            (
                lambda t, row, column, grid, anchor: (
                    _decode(t, row, column, grid, anchor) * np.array([grid[1], grid[0], grid[1], grid[0]])
                ),
                "This box is in cells. In 0…1 of the picture, everything is divided by columns and rows.",
            ),
        ],
        also_right=[
            _cell_by_the_hints,
            _cell_in_scipy,
            _cell_in_keras,
            _cell_in_tensorflow,
        ],
        hints=[
            "σ(t) = 1 / (1 + exp(−t)) tells where in its cell the midpoint lies, in 0…1.",
            "x = (column + σ(t_x)) / columns and w = anchor_w · exp(t_w) / columns; y and h with row and rows.",
            "The corners are x − w / 2, y − h / 2, x + w / 2 and y + h / 2.",
        ],
    ),
    Exercise(
        reference=conv_transpose,
        notebook="3-3",
        section="3.3.5",
        cases=[
            (np.array([[1.0, 2], [3, 4]]), _KERNEL, 2),
            (np.array([[1.0, 2], [3, 4]]), _KERNEL[:2, :2], 2),  # nothing overlaps
            (np.array([[1.0, 0, -2], [5, 3, 1]]), _KERNEL, 1),
            (np.array([[2.0], [-1]]), _KERNEL, 3),
            (np.array([[2.0, 1], [-1, 4]]), _KERNEL, 2),
        ],
        random=_pixels,
        properties=[
            (
                lambda result, x, kernel, stride: np.isclose(np.sum(result), np.sum(x) * np.sum(kernel)),
                "the sum is that of x times that of the kernel",
            ),
        ],
        wrong=[
            (
                lambda x, kernel, stride: _paste(x, kernel, stride, add=False),
                "Where pastes overlap, the last one is written over the others. Add them up: +=.",
            ),
            (
                lambda x, kernel, stride: _paste(x, kernel[::-1, ::-1], stride),
                "The kernel is pasted as it is, not turned upside down.",
            ),
            (
                lambda x, kernel, stride: _paste(x, kernel.T, stride),
                "Rows and columns of the kernel have changed places.",
            ),
            (
                _cut,
                "Cut off at h · stride. The last paste begins at (h − 1) · stride and takes f pixels more.",
            ),
            (
                lambda x, kernel, stride: _paste(x, kernel, 1),
                "From one paste to the next it is `stride` pixels.",
            ),
            (
                lambda x, kernel, stride: _paste(x, kernel, len(kernel)),
                "Nothing overlaps here: from one paste to the next it is `stride` pixels, not f.",
            ),
            (
                lambda x, kernel, stride: _paste(np.ones_like(x), kernel, stride),
                "Each paste is the kernel times its pixel, x[i, j] * kernel.",
            ),
        ],
        also_right=[
            _pasted_by_the_hints,
            _pasted_in_scipy,
            _pasted_in_keras,
            _pasted_in_tensorflow,
        ],
        hints=[
            "Begin with zeros. How large? The last of h pixels begins to paste at (h − 1) · stride.",
            "Pixel (i, j) pastes at rows i * stride to i * stride + f, and columns alike.",
            "result[i * stride : i * stride + f, j * stride : j * stride + f] += x[i, j] * kernel.",
        ],
    ),
    Exercise(
        reference=upsampling_block,
        notebook="3-3",
        section="3.3.5",
        cases=[(Maps((3, 4, 4)), Maps((6, 8, 2)), 2), (Maps((2, 3, 2)), Maps((4, 6, 3)), 4)],
        through=_level,
        rtol=1e-3,
        atol=1e-3,
        wrong=[
            (
                lambda x, skip, filters: _up(x, skip, filters, join=lambda layers, z, skip: layers.Add()([z, skip])),
                "U-Net does not add the skip, as ResNet does. It concatenates: the channels stand side by side.",
            ),
            (
                lambda x, skip, filters: _up(
                    x, skip, filters, join=lambda layers, z, skip: layers.Concatenate()([skip, z])
                ),
                "The order of the channels is: first what was upsampled, then skip.",
            ),
            (
                lambda x, skip, filters: _up(x, skip, filters, join=lambda layers, z, skip: z),
                "skip is not used.",
            ),
            (
                lambda x, skip, filters: _up(x, skip, filters, convolutions=(None, None)),
                "Both ReLUs are missing. Two convolutions without one between them are no more than one.",
            ),
            (
                lambda x, skip, filters: _up(x, skip, filters, convolutions=("relu", None)),
                "The ReLU behind the second convolution is missing.",
            ),
            (
                lambda x, skip, filters: _up(x, skip, filters, convolutions=(None, "relu")),
                "The ReLU behind the first convolution is missing.",
            ),
            (
                lambda x, skip, filters: _up(x, skip, filters, convolutions=("relu",)),
                "Only one convolution. There are two.",
            ),
            (
                lambda x, skip, filters: _up(x, skip, filters, up=lambda layers, x: layers.UpSampling2D(2)(x)),
                "UpSampling2D repeats each pixel and learns nothing. layers.Conv2DTranspose learns how.",
            ),
            (
                lambda x, skip, filters: _up(
                    x,
                    skip,
                    filters,
                    up=lambda layers, x: layers.Conv2DTranspose(
                        filters, 3, strides=2, padding="same", activation="relu"
                    )(x),
                ),
                "No ReLU behind the transposed convolution: the two convolutions have theirs.",
            ),
            (
                lambda x, skip, filters: _up(
                    x,
                    skip,
                    filters,
                    up=lambda layers, x: layers.Conv2DTranspose(filters, 3, padding="same")(x),
                ),
                "The stride is missing: with strides=2 height and width are doubled, and skip fits.",
            ),
            (
                lambda x, skip, filters: _up(
                    x, skip, filters, up=lambda layers, x: layers.Conv2DTranspose(filters, 3, strides=2)(x)
                ),
                'Without padding="same" the transposed convolution gives one row and one column too many for skip.',
            ),
            (
                lambda x, skip, filters: _up(
                    x,
                    skip,
                    filters,
                    up=lambda layers, x: layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(x),
                ),
                "The kernel of the transposed convolution is 3×3 here. (In the paper it is 2×2.)",
            ),
            (
                lambda x, skip, filters: _up(x, skip, filters, padding="valid"),
                'Each 3×3 convolution without padding takes two rows and two columns away. padding="same" keeps them.',
            ),
        ],
        also_right=[
            lambda x, skip, filters: _up(x, skip, filters),
            _up_with_activation_layers,
            _up_in_functions,
            _up_with_a_model_inside,
        ],
        hints=[
            "Four layers: up, side by side with skip, convolution, convolution.",
            'layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x) doubles height and width.',
            "layers.Concatenate()([z, skip]) puts the channels side by side.",
            'layers.Conv2D(filters, 3, padding="same", activation="relu")(z) comes twice.',
        ],
    ),
    Exercise(
        reference=mean_iou,
        notebook="3-3",
        section="3.3.5",
        cases=[
            (_TRUE, _PREDICTED, 3),
            (_TRUE, _PREDICTED, 5),  # two classes that nobody has
            (_TRUE % 2, _PREDICTED, 3),  # one that is only predicted
            (np.zeros((2, 3), int), np.zeros((2, 3), int), 3),
            (np.zeros((2, 2), int), np.ones((2, 2), int), 2),
        ],
        random=_masks,
        properties=[(lambda result, y_true, y_pred, classes: 0 <= result <= 1, "it is a number in 0…1")],
        wrong=[
            (
                lambda y_true, y_pred, classes: _by_class(y_true, y_pred, classes, absent=0),
                "A class that neither has counts as 0 here. Leave it out of the mean.",
            ),
            (
                lambda y_true, y_pred, classes: _by_class(y_true, y_pred, classes, absent=1),
                "A class that neither has counts as 1 here. Leave it out of the mean.",
            ),
            (
                lambda y_true, y_pred, classes: _by_class(y_true, y_pred, classes, absent=np.nan),
                "0 / 0 is no number: leave a class that neither has out of the mean.",
            ),
            (
                lambda y_true, y_pred, classes: np.mean(y_true == y_pred),
                "This is the share of right pixels, which the background decides. Take the IoU class by class.",
            ),
            (
                lambda y_true, y_pred, classes: _by_class(
                    y_true, y_pred, classes, below=lambda true, predicted: np.sum(true) + np.sum(predicted)
                ),
                "The sum of both areas counts what they share twice. Subtract the intersection, or use |.",
            ),
            (
                lambda y_true, y_pred, classes: (
                    2
                    * _by_class(y_true, y_pred, classes, below=lambda true, predicted: np.sum(true) + np.sum(predicted))
                ),
                "This is Dice's coefficient, 2 · intersection / (area + area).",
            ),
            (
                lambda y_true, y_pred, classes: _by_class(y_true, y_pred, classes, first=1),
                "The background, class 0, is a class too.",
            ),
            (
                lambda y_true, y_pred, classes: _by_class(
                    y_true, y_pred, classes, below=lambda true, predicted: np.sum(true), asked=lambda true, _: true
                ),
                "This divides by the pixels of the label alone (recall): predicting too much costs nothing.",
            ),
            (
                lambda y_true, y_pred, classes: _by_class(y_true, y_pred, classes, asked=lambda true, _: true),
                "A class that was predicted though it is not there has an IoU of 0, and counts.",
            ),
            (
                _together,
                "All classes are put into one sum, so that the largest decides. First the IoU of each, then the mean.",
            ),
        ],
        also_right=[
            _ious_by_the_hints,
            _ious_by_a_table,
            _ious_in_keras,
            _ious_in_sklearn,
        ],
        hints=[
            "y_true == c is the mask of class c, True and False; so is y_pred == c.",
            "np.sum(a & b) counts the pixels of both, np.sum(a | b) those of either.",
            "Collect the IoU of each class whose union is not 0, and return their mean.",
        ],
    ),
]
