"""How fast dlcourse.detection is: suppression, IoU, anchors, YOLO and mAP against what one would take instead.

python benchmarks/detection.py
"""

import contextlib
import io
import math

from dlcourse.detection import anchors, boxes, metrics, nms, yolo

import keras
import numpy as np
import tensorflow as tf
import threadpoolctl
from keras import ops
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import timing
from timing import difference

BOXES, KEPT = 5_000, 100  # what non-max suppression gets and keeps
PAIRS = 1_000  # boxes on either side, for IoU
SIZES, ANCHORS = 3_000, 5  # boxes and clusters of k-means
BATCH, GRID, KINDS = 32, (13, 13), 20  # pictures, rows and columns, classes of a YOLO with ANCHORS anchors
PICTURES, CLASSES = 500, 5  # for mAP, a few objects in each


def main(rounds=50, loop_rounds=3):
    timing.print_table(
        [
            *suppression(rounds, loop_rounds),
            *overlaps(rounds),
            *clusters(loop_rounds),
            *labels(rounds),
            *answers(rounds, loop_rounds),
            *precisions(loop_rounds),
        ]
    )


# Non-max suppression


def suppression(rounds, loop_rounds):
    found, scores = random_boxes(BOXES), np.random.default_rng(1).random(BOXES).astype(np.float32)

    def ours():
        return nms.non_max_suppression(found, scores, max_boxes=KEPT)

    def tensorflows():
        return tf.image.non_max_suppression(found, scores, KEPT).numpy()

    kept = ours()
    assert np.array_equal(kept, tensorflows()), "TensorFlow keeps other boxes"
    assert np.array_equal(kept, nms_in_numpy(found, scores, KEPT)), "the loop keeps other boxes"
    first, second = timing.take_turns([ours, tensorflows], 4 * rounds)
    yield [f"NMS of {BOXES:,} boxes, ours / TensorFlow", first, second, "at most 1.3", first / second <= 1.3]
    first, second = timing.take_turns([lambda: nms_in_numpy(found, scores, KEPT), ours], loop_rounds)
    yield [f"NMS of {BOXES:,} boxes, loop in NumPy / ours", first, second, "at least 1", first / second >= 1]
    layer = keras_hubs_layer()
    if layer is not None:
        batch, logits = ops.convert_to_tensor(found[None]), ops.convert_to_tensor(scores[None, :, None])

        def hubs():
            return ops.convert_to_numpy(layer(batch, logits)["confidence"])

        assert np.allclose(hubs()[0], scores[kept]), "keras-hub keeps other boxes"
        first, second = timing.take_turns([hubs, ours], loop_rounds)
        yield [f"NMS of {BOXES:,} boxes, keras-hub / ours", first, second, "at least 1", first / second >= 1]


def nms_in_numpy(found, scores, max_boxes, iou_threshold=0.5):
    """Suppress in the usual loop: one box at a time against all that are left."""
    x_min, y_min, x_max, y_max = found.T
    areas, left, kept = (x_max - x_min) * (y_max - y_min), np.argsort(-scores), []
    while len(left) and len(kept) < max_boxes:
        best, left = left[0], left[1:]
        kept.append(best)
        width = np.minimum(x_max[best], x_max[left]) - np.maximum(x_min[best], x_min[left])
        height = np.minimum(y_max[best], y_max[left]) - np.maximum(y_min[best], y_min[left])
        common = np.maximum(width, 0) * np.maximum(height, 0)
        left = left[common / (areas[best] + areas[left] - common) <= iou_threshold]
    return np.array(kept)


def keras_hubs_layer():
    """Return keras-hub's layer with the same thresholds, or None where keras-hub is not installed."""
    try:
        from keras_hub.layers import NonMaxSuppression
    except ImportError:
        return None
    return NonMaxSuppression("xyxy", from_logits=False, iou_threshold=0.5, confidence_threshold=0, max_detections=KEPT)


# Intersection over union


def overlaps(rounds):
    a, b = random_boxes(PAIRS, 2), random_boxes(PAIRS, 3)
    tensors = ops.convert_to_tensor(a), ops.convert_to_tensor(b)

    def ours():
        return boxes.pairwise_iou(a, b)

    def ours_on_tensors():
        return boxes.pairwise_iou(*tensors)

    def kerass():
        return keras.utils.bounding_boxes.compute_iou(*tensors, "xyxy")

    name = f"IoU of {PAIRS:,}×{PAIRS:,} boxes"
    assert difference(ours(), kerass()) < 1e-5, "Keras has other IoUs"
    assert difference(ours(), iou_in_numpy(a, b)) < 1e-5, "NumPy has other IoUs"
    assert difference(ours(), ours_on_tensors()) < 1e-6, "tensors have other IoUs"
    first, second = timing.take_turns([kerass, ours_on_tensors], rounds)
    yield [f"{name}, Keras / ours, tensors", first, second, "at least 1", first / second >= 1]
    first, second = timing.take_turns([lambda: iou_in_numpy(a, b), ours], rounds)
    yield [f"{name}, NumPy / ours, arrays", first, second, "at least 1", first / second >= 1]


def iou_in_numpy(a, b):
    """IoU as it is mostly written in NumPy: both corners at once."""
    a, b = a[:, None], b[None]
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.prod(np.maximum(size, 0), axis=-1)
    return common / (np.prod(a[..., 2:] - a[..., :2], axis=-1) + np.prod(b[..., 2:] - b[..., :2], axis=-1) - common)


# Anchors


def clusters(loop_rounds):
    sizes = np.random.default_rng(4).lognormal(3, 0.7, (SIZES, 2))

    def ours():
        return anchors.kmeans_anchors(sizes, ANCHORS)

    def loops():
        return kmeans_in_loops(sizes, ANCHORS)

    assert difference(ours()[0], loops()) < 1e-12, "the loops find other anchors"
    (first,), (second,) = timing.take_turns([loops], 1), timing.take_turns([ours], loop_rounds)
    name = f"{ANCHORS} anchors of {SIZES:,} sizes, loops / ours"
    yield [name, first, second, "at least 20", first / second >= 20]


def kmeans_in_loops(sizes, k, seed=0):
    """Run the same k-means from the same first anchors, with a loop over boxes and one over anchors inside."""
    rng, best, best_iou = np.random.default_rng(seed), None, -1
    for _ in range(anchors.RESTARTS):
        centers, before = anchors._first_anchors(rng, sizes, k).tolist(), None
        while True:
            groups, total = [[] for _ in centers], 0
            for w, h in sizes.tolist():
                ious = []
                for center_w, center_h in centers:
                    common = min(w, center_w) * min(h, center_h)
                    ious.append(common / (w * h + center_w * center_h - common))
                groups[ious.index(max(ious))].append((w, h))
                total += max(ious)
            if total > best_iou:
                best, best_iou = centers, total
            if groups == before:
                break
            before, centers = groups, [np.median(group, axis=0).tolist() for group in groups]
    return sorted(best, key=lambda center: center[0] * center[1])


# YOLO


def labels(rounds):
    found, classes, sizes = labeled_pictures()

    def ours():
        return yolo.encode(found, classes, GRID, sizes, KINDS)

    def vectors():
        return encode_in_loops(found, classes, sizes, best_of_vectors)

    def numbers():
        return encode_in_loops([each.tolist() for each in found], classes, sizes.tolist(), best_of_numbers)

    assert difference(ours(), vectors()) < 1e-5, "the loops over vectors give other labels"
    assert difference(ours(), numbers()) < 1e-5, "the loops over numbers give other labels"
    name = f"YOLO's labels of {BATCH} pictures"
    first, second = timing.take_turns([vectors, ours], rounds)
    yield [f"{name}, NumPy's loops / ours", first, second, "at least 3", first / second >= 3]
    first, second = timing.take_turns([numbers, ours], rounds)
    yield [f"{name}, Python's loops / ours", first, second, None, None]


def answers(rounds, loop_rounds):
    raw = np.random.default_rng(6).normal(size=(BATCH, *GRID, ANCHORS, 5 + KINDS)).astype(np.float32)
    *_, sizes = labeled_pictures()

    def ours():
        return yolo.decode(raw, sizes)

    def loops():
        return decode_in_loops(raw, sizes)

    def numpys():
        return decode_in_numpy(raw, sizes)

    for theirs, name in (loops, "the loops read"), (numpys, "NumPy reads"):
        for our_part, their_part in zip(ours(), theirs(), strict=True):
            assert difference(our_part, their_part) < 1e-5, f"{name} other answers"
    name = f"YOLO's answers to {BATCH} pictures"
    first, second = timing.take_turns([loops, ours], loop_rounds)
    yield [f"{name}, loops / ours", first, second, "at least 10", first / second >= 10]
    first, second = timing.take_turns([numpys, ours], rounds)
    yield [f"{name}, NumPy / ours", first, second, None, None]


def labeled_pictures(seed=7):
    """Draw boxes in 0…1 and classes of a batch, up to ten in a picture, and anchors of about their sizes in cells."""
    rng = np.random.default_rng(seed)
    found = [random_boxes(rng.integers(0, 11), [seed, i]) / 1200 for i in range(BATCH)]
    return found, [rng.integers(0, KINDS, len(each)) for each in found], rng.uniform(0.3, 2, (ANCHORS, 2))


def encode_in_loops(found, classes, sizes, best_of):
    """Encode in the usual loops: over pictures, over boxes, and over anchors in `best_of`."""
    rows, columns = GRID
    target, fits = np.zeros((len(found), rows, columns, len(sizes), 5 + KINDS), np.float32), {}
    for i, picture in enumerate(zip(found, classes, strict=True)):
        for (x_min, y_min, x_max, y_max), label in zip(*picture, strict=True):
            x, y = (x_min + x_max) / 2 * columns, (y_min + y_max) / 2 * rows
            w, h = (x_max - x_min) * columns, (y_max - y_min) * rows
            row, column = int(y), int(x)
            k, fit = best_of(w, h, sizes)
            if fit > fits.get((i, row, column, k), 0):
                fits[i, row, column, k] = fit
                log_w, log_h = math.log(w / sizes[k][0]), math.log(h / sizes[k][1])
                target[i, row, column, k] = 0
                target[i, row, column, k, :5] = x - column, y - row, log_w, log_h, 1
                target[i, row, column, k, 5 + label] = 1
    return target


def best_of_vectors(w, h, sizes):
    """Return the anchor with the highest IoU of sizes, and this IoU, from one NumPy vector for each size."""
    size, best, best_iou = np.array([w, h]), 0, 0
    for k, anchor in enumerate(sizes):
        common = np.prod(np.minimum(size, anchor))
        overlap = common / (np.prod(size) + np.prod(anchor) - common)
        if overlap > best_iou:
            best, best_iou = k, overlap
    return best, best_iou


def best_of_numbers(w, h, sizes):
    """Return the same from two plain numbers for each size."""
    best, best_iou = 0, 0
    for k, (anchor_w, anchor_h) in enumerate(sizes):
        common = min(w, anchor_w) * min(h, anchor_h)
        overlap = common / (w * h + anchor_w * anchor_h - common)
        if overlap > best_iou:
            best, best_iou = k, overlap
    return best, best_iou


def decode_in_loops(raw, sizes):
    """Decode boxes and probabilities by the formulas, answer by answer."""
    n, rows, columns, k, depth = raw.shape
    found, confidence = np.zeros((n, rows, columns, k, 4), np.float32), np.zeros((n, rows, columns, k, 1), np.float32)
    probabilities = np.zeros((n, rows, columns, k, depth - 5), np.float32)
    for i in range(n):
        for row in range(rows):
            for column in range(columns):
                for j in range(k):
                    t_x, t_y, t_w, t_h, t_o, *logits = raw[i, row, column, j].tolist()
                    x = (column + 1 / (1 + math.exp(-t_x))) / columns
                    y = (row + 1 / (1 + math.exp(-t_y))) / rows
                    w, h = sizes[j][0] * math.exp(t_w) / columns, sizes[j][1] * math.exp(t_h) / rows
                    found[i, row, column, j] = x - w / 2, y - h / 2, x + w / 2, y + h / 2
                    confidence[i, row, column, j] = 1 / (1 + math.exp(-t_o))
                    exps = [math.exp(logit) for logit in logits]
                    total = sum(exps)
                    probabilities[i, row, column, j] = [each / total for each in exps]
    return found, confidence, probabilities


def decode_in_numpy(raw, sizes):
    """Decode by the same formulas, all answers at once."""
    rows, columns = raw.shape[1:3]
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    cells = np.array([columns, rows], np.float32)
    middle = (np.stack([x, y], axis=-1)[:, :, None] + 1 / (1 + np.exp(-raw[..., :2]))) / cells
    half = np.exp(raw[..., 2:4]) * (sizes.astype(np.float32) / cells / 2)
    exps = np.exp(raw[..., 5:] - raw[..., 5:].max(axis=-1, keepdims=True))
    corners = np.concatenate([middle - half, middle + half], axis=-1)
    return corners, 1 / (1 + np.exp(-raw[..., 4:5])), exps / exps.sum(axis=-1, keepdims=True)


# Mean average precision


def precisions(loop_rounds):
    detections, truths = random_pictures()
    found, true = coco(detections), coco(truths)

    def ours():
        return metrics.mean_average_precision(detections, truths)

    def pycocotoolss():
        return map_by_pycocotools(found, true)

    assert abs(ours() - pycocotoolss()) < 1e-6, "pycocotools finds another mAP"
    first, second = timing.take_turns([pycocotoolss, ours], loop_rounds)
    yield [f"mAP of {PICTURES} pictures, pycocotools / ours", first, second, "at least 1", first / second >= 1]


def random_pictures(seed=5):
    """Draw five objects for each picture, and fifty boxes found near them."""
    rng, detections, truths = np.random.default_rng(seed), [], []
    for i in range(PICTURES):
        objects, labels = random_boxes(5, [seed, i]).astype(np.float64), rng.integers(0, CLASSES, 5)
        chosen = rng.integers(0, 5, 50)
        near = objects[chosen] + rng.normal(0, 5, (50, 4)).round(2)
        detections.append(
            (rng.random(50), np.hstack([near[:, :2], np.maximum(near[:, :2], near[:, 2:])]), labels[chosen])
        )
        truths.append((objects, labels))
    return detections, truths


def coco(pictures):
    """Return detections or truths as pycocotools takes them."""
    annotations = []
    for i, (*scores, found, labels) in enumerate(pictures):
        for j, (x_min, y_min, x_max, y_max) in enumerate(found.tolist()):
            box = [x_min, y_min, x_max - x_min, y_max - y_min]
            entry = {"image_id": i, "category_id": int(labels[j]), "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            score = {"score": float(scores[0][j])} if scores else {}
            annotations.append({"id": len(annotations) + 1, **entry, **score})
    result = COCO()
    images, categories = [{"id": i} for i in range(len(pictures))], [{"id": label} for label in range(CLASSES)]
    result.dataset = {"images": images, "categories": categories, "annotations": annotations}
    with contextlib.redirect_stdout(io.StringIO()):
        result.createIndex()
    return result


def map_by_pycocotools(found, true):
    """Compute mAP by pycocotools, limited to this one number: all sizes together, one maximum of detections."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(true, found, "bbox")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.params.maxDets = [100]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"]
    return precision[precision > -1].mean()


def random_boxes(n, seed=0):
    """Draw boxes of 20 to 200 pixels in a picture of 1,200×1,200, float32, shape (n, 4)."""
    rng = np.random.default_rng(seed)
    low, size = rng.uniform(0, 1000, (n, 2)), rng.uniform(20, 200, (n, 2))
    return np.concatenate([low, low + size], axis=1).astype(np.float32)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        main()
