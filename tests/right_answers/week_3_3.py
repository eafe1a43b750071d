"""Right answers to the exercises of notebook 3-3, written differently: each must be accepted."""

from dlcourse.check.week_3_3 import iou

import numpy as np
from right_answers.libraries import using


def _loss_in_keras(ops, y_hat, y):
    squares = ops.square(ops.convert_to_tensor(y_hat) - ops.convert_to_tensor(y))
    return ops.where(y[0] == 1, ops.sum(squares), squares[0])


def _loss_in_tensorflow(tf, y_hat, y):
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


def _iou_in_keras(ops, box_a, box_b):
    a, b = ops.convert_to_tensor(box_a, "float32"), ops.convert_to_tensor(box_b, "float32")
    both = ops.prod(ops.relu(ops.minimum(a[2:], b[2:]) - ops.maximum(a[:2], b[:2])))
    return ops.divide_no_nan(both, ops.prod(a[2:] - a[:2]) + ops.prod(b[2:] - b[:2]) - both)


def _iou_in_tensorflow(tf, box_a, box_b):
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


def _filter_in_tensorflow(tf, boxes, box_confidence, box_class_probs, threshold):
    scores = box_confidence * box_class_probs
    classes, best = tf.math.argmax(scores, axis=-1), tf.math.reduce_max(scores, axis=-1)
    kept = best > threshold
    return tuple(tf.boolean_mask(values, kept) for values in (best, boxes, classes))


def _filter_in_keras(ops, boxes, box_confidence, box_class_probs, threshold):
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


def _nms_in_tensorflow(tf, boxes, scores, iou_threshold):
    return tf.image.non_max_suppression(boxes.astype("float32"), scores.astype("float32"), len(boxes), iou_threshold)


def _anchor_by_the_hints(size, anchors):
    intersection = np.minimum(size, anchors).prod(axis=1)
    return np.argmax(intersection / (size.prod() + anchors.prod(axis=1) - intersection))


def _anchor_by_iou(size, anchors):
    ious = [iou(np.array([0, 0, *size]), np.array([0, 0, *each])) for each in anchors]
    return ious.index(max(ious))


def _anchor_in_keras(ops, size, anchors):
    both = ops.prod(ops.minimum(size, anchors), axis=1)
    return ops.argmax(both / (ops.prod(size) + ops.prod(anchors, axis=1) - both))


def _anchor_in_tensorflow(tf, size, anchors):
    both = tf.reduce_prod(tf.minimum(size, anchors), axis=1)
    return tf.argmax(both / (tf.reduce_prod(size) + tf.reduce_prod(anchors, axis=1) - both))


def _cell_by_the_hints(t, row, column, grid, anchor):
    rows, columns = grid
    x = (column + 1 / (1 + np.exp(-t[0]))) / columns
    y = (row + 1 / (1 + np.exp(-t[1]))) / rows
    w, h = anchor[0] * np.exp(t[2]) / columns, anchor[1] * np.exp(t[3]) / rows
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def _cell_in_scipy(special, t, row, column, grid, anchor):
    units = np.array(grid[::-1])
    middle, half = (np.array([column, row]) + special.expit(t[:2])) / units, anchor * np.exp(t[2:4]) / units / 2
    return np.concatenate([middle - half, middle + half])


def _cell_in_keras(ops, t, row, column, grid, anchor):
    x, y = (column + ops.sigmoid(t[0])) / grid[1], (row + ops.sigmoid(t[1])) / grid[0]
    w, h = anchor[0] * ops.exp(t[2]) / grid[1], anchor[1] * ops.exp(t[3]) / grid[0]
    return ops.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2])


def _cell_in_tensorflow(tf, t, row, column, grid, anchor):
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


def _pasted_in_scipy(signal, x, kernel, stride):
    apart = np.zeros([(n - 1) * stride + 1 for n in x.shape])
    apart[::stride, ::stride] = x
    return signal.convolve2d(apart, kernel)


def _pasted_in_keras(ops, x, kernel, stride):
    x, kernel = (ops.convert_to_tensor(values, "float32") for values in (x[None, ..., None], kernel[..., None, None]))
    return ops.conv_transpose(x, kernel, stride, padding="valid")[0, ..., 0]


def _pasted_in_tensorflow(tf, x, kernel, stride):
    shape = (1, *((n - 1) * stride + len(kernel) for n in x.shape), 1)
    pasted = tf.nn.conv2d_transpose(x[None, ..., None], kernel[..., None, None], shape, stride, "VALID")
    return tf.squeeze(pasted, (0, 3))


def _up_by_the_hints(x, skip, filters):
    from keras import layers

    z = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
    z = layers.Concatenate()([z, skip])
    for _ in range(2):
        z = layers.Conv2D(filters, 3, padding="same", activation="relu")(z)
    return z


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


def _ious_in_keras(keras, y_true, y_pred, classes):
    measure = keras.metrics.MeanIoU(classes)
    measure.update_state(y_true, y_pred)
    return measure.result()


def _ious_in_sklearn(metrics, y_true, y_pred, classes):
    return metrics.jaccard_score(y_true.ravel(), y_pred.ravel(), average="macro")


RIGHT = {
    "localization_loss": [
        lambda y_hat, y: np.sum((y_hat - y) ** 2) if y[0] == 1 else (y_hat[0] - y[0]) ** 2,
        lambda y_hat, y: np.sum(np.square(y_hat - y)[: 8 if y[0] else 1]),
        lambda y_hat, y: np.where(y[0] == 1, np.linalg.norm(y_hat - y) ** 2, (y_hat[0] - y[0]) ** 2),
        lambda y_hat, y: y[0] * np.sum((y_hat - y) ** 2) + (1 - y[0]) * (y_hat[0] - y[0]) ** 2,
        using("keras.ops", _loss_in_keras),
        using("tensorflow", _loss_in_tensorflow),
    ],
    "iou": [
        _iou_by_the_hints,
        _iou_in_numpy,
        using("keras.ops", _iou_in_keras),
        using("tensorflow", _iou_in_tensorflow),
    ],
    "filter_boxes": [
        _filter_by_the_hints,
        _filter_by_index,
        _filter_one_by_one,
        using("keras.ops", _filter_in_keras),
        using("tensorflow", _filter_in_tensorflow),
    ],
    "nms": [
        _nms_by_the_hints,
        _nms_against_those_kept,
        _nms_in_numpy,
        using("tensorflow", _nms_in_tensorflow),
    ],
    "best_anchor": [
        _anchor_by_the_hints,
        _anchor_by_iou,
        using("keras.ops", _anchor_in_keras),
        using("tensorflow", _anchor_in_tensorflow),
    ],
    "decode_cell": [
        _cell_by_the_hints,
        using("scipy.special", _cell_in_scipy),
        using("keras.ops", _cell_in_keras),
        using("tensorflow", _cell_in_tensorflow),
    ],
    "conv_transpose": [
        _pasted_by_the_hints,
        using("scipy.signal", _pasted_in_scipy),
        using("keras.ops", _pasted_in_keras),
        using("tensorflow", _pasted_in_tensorflow),
    ],
    "upsampling_block": [
        _up_by_the_hints,
        _up_with_activation_layers,
        _up_in_functions,
        _up_with_a_model_inside,
    ],
    "mean_iou": [
        _ious_by_the_hints,
        _ious_by_a_table,
        using("keras", _ious_in_keras),
        using("sklearn.metrics", _ious_in_sklearn),
    ],
}
