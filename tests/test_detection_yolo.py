"""dlcourse.detection.yolo: labels, decoding and loss against plain loops, on grids and pictures that are not square."""

import math
import warnings

from dlcourse.detection import yolo

import keras
import numpy as np
import pytest
from keras import ops

ANCHORS = [[1.0, 2.0], [3.0, 1.5], [0.4, 0.4]]
GRIDS = [(5, 5), (4, 6), (7, 3)]
CLASSES = 4


def objects(n, seed=0):
    """n boxes in 0…1 and their classes."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 0.7, (n, 2))
    return np.hstack([low, low + rng.uniform(0.02, 0.3, (n, 2))]), rng.integers(0, CLASSES, n)


def answers(grid, seed=0, batch=2, classes=CLASSES):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(batch, *grid, len(ANCHORS), 5 + classes)).astype("float32")


def numpy(*values):
    return [ops.convert_to_numpy(value) for value in values]


def sigmoid(t):
    return 1 / (1 + math.exp(-t))


@pytest.mark.parametrize("grid", GRIDS)
def test_decode_undoes_encode(grid):
    for seed in range(20):
        boxes, classes = objects(1, seed)
        label = yolo.encode(boxes, classes, grid, ANCHORS, CLASSES)
        found, confidence, probabilities = numpy(*yolo.decode(label[None], ANCHORS, from_logits=False))
        there = confidence[..., 0] == 1
        assert there.sum() == 1
        np.testing.assert_allclose(found[there], boxes, atol=1e-6)
        assert probabilities[there].argmax() == classes[0] and probabilities[there].sum() == 1


@pytest.mark.parametrize(("grid", "classes"), [(GRIDS[0], CLASSES), (GRIDS[1], 2), (GRIDS[2], 1)])
def test_decode_is_the_papers_formula_cell_by_cell(grid, classes):
    t = answers(grid, classes=classes)
    boxes, confidence, probabilities = numpy(*yolo.decode(t, ANCHORS))
    rows, columns = grid
    for i, row, column, k in np.ndindex(2, rows, columns, len(ANCHORS)):
        tx, ty, tw, th, to, *logits = t[i, row, column, k].astype(float)
        x, y = (column + sigmoid(tx)) / columns, (row + sigmoid(ty)) / rows
        w, h = ANCHORS[k][0] * math.exp(tw) / columns, ANCHORS[k][1] * math.exp(th) / rows
        here = i, row, column, k
        np.testing.assert_allclose(boxes[here], [x - w / 2, y - h / 2, x + w / 2, y + h / 2], rtol=1e-4, atol=1e-5)
        assert confidence[here][0] == pytest.approx(sigmoid(to), rel=1e-5)
        exps = np.exp(logits)
        np.testing.assert_allclose(probabilities[here], exps / exps.sum(), rtol=1e-5)


def test_decode_reads_what_a_convolution_hands_out():
    t = answers((4, 6))
    flat = t.reshape(2, 4, 6, -1)
    for ours, same in zip(yolo.decode(t, ANCHORS), yolo.decode(flat, ANCHORS), strict=True):
        np.testing.assert_array_equal(*numpy(ours, same))


def test_decode_without_classes_gives_boxes_and_confidence_and_no_probabilities():
    t = answers((4, 6), classes=0)
    boxes, confidence, probabilities = numpy(*yolo.decode(t.reshape(2, 4, 6, -1), ANCHORS))
    assert boxes.shape == (2, 4, 6, 3, 4) and probabilities.shape == (2, 4, 6, 3, 0)
    np.testing.assert_allclose(confidence, 1 / (1 + np.exp(-t[..., 4:])), rtol=1e-5)


def test_of_a_single_class_the_probability_is_1_without_a_warning_and_its_loss_0():
    t, label = answers((4, 6), classes=1), yolo.encode(objects(3)[0], [0, 0, 0], (4, 6), ANCHORS, 1)[None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, _, probabilities = numpy(*yolo.decode(t, ANCHORS))
        losses = [float(yolo.YoloLoss(ANCHORS, class_weight=weight)(label, t[:1])) for weight in (0, 100)]
    assert probabilities.shape == (2, 4, 6, 3, 1) and np.all(probabilities == 1)
    assert losses[0] == losses[1] > 0


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float16"])
def test_decode_takes_whole_numbers_and_half_precision_as_floats(dtype):
    t = np.random.default_rng(0).integers(0, 15, (2, 4, 6, 27)).astype(dtype)  # e to 12 is too large for float16
    for ours, theirs in zip(yolo.decode(t, ANCHORS), yolo.decode(t.astype("float32"), ANCHORS), strict=True):
        np.testing.assert_array_equal(*numpy(ours, theirs))


def test_decode_reads_the_face_detectors_answer_to_the_astronaut():
    # The one cell with an answer above 0.1: row 3, column 5, anchor 2 of 13×13; the photograph has 512×512 pixels.
    t = np.full((1, 13, 13, 5, 5), -20, "float32")
    t[0, 3, 5, 2] = 0.482, -0.708, 0.022, -0.222, 3.683
    anchors = [(1.603231, 2.094468), (6.041143, 7.080126), (2.882459, 3.518061)]
    anchors += [(4.266906, 5.178857), (9.041765, 10.66308)]
    outputs = [output[0] for output in yolo.decode(t, anchors)]
    scores, boxes, classes = yolo.postprocess(outputs, (512, 512), score_threshold=0.5, iou_threshold=0.4)
    assert scores == pytest.approx([0.97547], abs=1e-3) and classes.tolist() == [0]
    np.testing.assert_allclose(boxes, [[163.25, 75.66, 279.29, 186.64]], atol=0.1)


def test_encode_puts_an_object_into_the_cell_of_its_midpoint():
    label = yolo.encode([[0.5, 0.1, 0.7, 0.2]], [2], (4, 6), [[1, 1]], 3)
    (row,), (column,), (anchor,) = np.nonzero(label[..., 4])
    assert (row, column, anchor) == (0, 3, 0)  # midpoint (0.6 · 6, 0.15 · 4) = (3.6, 0.6)
    np.testing.assert_allclose(label[0, 3, 0], [0.6, 0.6, np.log(1.2), np.log(0.4), 1, 0, 0, 1], atol=1e-6)
    assert np.count_nonzero(label) == 6


@pytest.mark.parametrize("midpoint", [(0.5, 0.5), (1 / 3, 0.75), (0.999, 0.999)])
def test_a_midpoint_on_an_edge_belongs_to_the_right_or_lower_cell(midpoint):
    x, y = midpoint
    label = yolo.encode([[x - 5e-4, y - 5e-4, x + 5e-4, y + 5e-4]], [0], (4, 6), [[1, 1]], 1)
    row, column = (int(index[0]) for index in np.nonzero(label[..., 4])[:2])
    assert (row, column) == (int(y * 4 + 1e-9), int(x * 6 + 1e-9))


def test_a_midpoint_that_rounds_to_the_end_of_the_picture_belongs_to_the_last_cell():
    below = np.nextafter(1, 0)
    label = yolo.encode([[below, below, 1, 1]], [0], (4, 6), [[1, 1]], 1)
    assert np.argwhere(label[..., 4]).tolist() == [[3, 5, 0]] and label[3, 5, 0, :2].tolist() == [1, 1]


def test_encode_takes_the_anchor_with_the_highest_iou_of_sizes():
    for seed in range(30):
        boxes, classes = objects(1, seed)
        label = yolo.encode(boxes, classes, (4, 6), ANCHORS, CLASSES)
        w, h = (boxes[0, 2:] - boxes[0, :2]) * (6, 4)
        fits = [min(w, a) * min(h, b) / (w * h + a * b - min(w, a) * min(h, b)) for a, b in ANCHORS]
        assert np.nonzero(label[..., 4])[2][0] == int(np.argmax(fits))


def test_of_two_objects_on_one_anchor_the_better_fit_wins_and_of_equals_the_earlier():
    def box(side):
        return [0.5 - side / 2, 0.5 - side / 2, 0.5 + side / 2, 0.5 + side / 2]

    sides = [0.2, 0.3, 0.25, 0.3]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]):
        boxes = [box(sides[i]) for i in order]
        label = yolo.encode(boxes, order, (3, 3), [[0.9, 0.9]], 4)  # 0.9 of a cell is 0.3 of the picture
        first_of_the_best = next(i for i in order if sides[i] == 0.3)
        assert label[..., 4].sum() == 1 and label[1, 1, 0, 5:].argmax() == first_of_the_best


def test_of_many_objects_that_fit_alike_the_first_wins():
    for seed in range(20):  # a sort that is not stable is right for many a seed
        sides = np.where(np.random.default_rng(seed).random(20) < 0.3, 0.3, 0.2)[:, None]  # 0.3 is the anchor's side
        boxes = np.hstack([0.5 - sides / 2] * 2 + [0.5 + sides / 2] * 2)
        label = yolo.encode(boxes, range(20), (3, 3), [[0.9, 0.9]], 20)
        assert label[1, 1, 0, 5:].argmax() == np.argmax(sides == 0.3)


def test_a_batch_is_encoded_picture_by_picture():
    pictures = [objects(3, 1), (np.zeros((0, 4)), np.zeros(0, int)), objects(1, 2)]
    batch = yolo.encode([b for b, _ in pictures], [c for _, c in pictures], (4, 6), ANCHORS, CLASSES)
    assert batch.shape == (3, 4, 6, 3, 9) and batch.dtype == np.float32
    for label, (boxes, classes) in zip(batch, pictures, strict=True):
        np.testing.assert_array_equal(label, yolo.encode(boxes, classes, (4, 6), ANCHORS, CLASSES))
    assert not batch[1].any()


@pytest.mark.parametrize("nothing", [[], (), np.zeros((0, 4))])
def test_an_empty_list_is_a_picture_without_objects_alone_and_in_a_batch(nothing):
    boxes, classes = objects(2)
    alone = yolo.encode(nothing, [], (4, 6), ANCHORS, CLASSES)
    assert alone.shape == (4, 6, 3, 9) and not alone.any()
    for order in ([0, 1], [1, 0], [0, 0], [0]):
        pictures = [[(nothing, []), (boxes.tolist(), classes.tolist())][i] for i in order]
        batch = yolo.encode([b for b, _ in pictures], [c for _, c in pictures], (4, 6), ANCHORS, CLASSES)
        expected = [[alone, yolo.encode(boxes, classes, (4, 6), ANCHORS, CLASSES)][i] for i in order]
        np.testing.assert_array_equal(batch, expected)


def test_the_pictures_of_a_batch_may_be_lists_arrays_and_tensors_of_different_types():
    boxes, classes = objects(2)
    kinds = [(boxes.tolist(), classes.tolist()), (boxes.astype("float32"), classes.astype("uint8"))]
    kinds.append((ops.convert_to_tensor(boxes), ops.convert_to_tensor(classes)))
    batch = yolo.encode([b for b, _ in kinds], tuple(c for _, c in kinds), (4, 6), ANCHORS, CLASSES)
    for label in batch:
        np.testing.assert_allclose(label, yolo.encode(boxes, classes, (4, 6), ANCHORS, CLASSES), atol=1e-5)


def test_the_whole_label_has_the_notes_shapes():
    boxes, classes = objects(2)
    assert yolo.encode(boxes, classes % 3, (3, 3), [[1, 1]], 3).shape == (3, 3, 1, 8)  # 3×3×8
    assert yolo.encode(boxes, classes % 3, (3, 3), [[1, 2], [2, 1]], 3).reshape(3, 3, -1).shape == (3, 3, 16)


def test_without_classes_the_score_is_the_confidence():
    boxes, _ = objects(1)
    label = yolo.encode(boxes, [0], (4, 6), ANCHORS, 0)
    outputs = [output[0] for output in yolo.decode(label[None], ANCHORS, from_logits=False)]
    scores, found, classes = yolo.filter_boxes(*outputs)
    assert scores.tolist() == [1] and classes.tolist() == [0]
    np.testing.assert_allclose(found, boxes, atol=1e-6)


def test_filter_boxes_keeps_scores_above_the_threshold_and_not_those_that_equal_it():
    boxes = np.arange(12.0).reshape(3, 4)
    confidence, probabilities = np.array([[1.0], [0.5], [1.0]]), np.array([[0.5, 0.25], [0.25, 1.0], [0.75, 0.25]])
    scores, kept, classes = yolo.filter_boxes(boxes, confidence, probabilities, threshold=0.5)
    assert scores.tolist() == [0.75] and kept.tolist() == [[8, 9, 10, 11]] and classes.tolist() == [0]
    scores, _, classes = yolo.filter_boxes(boxes, confidence, probabilities, threshold=0.4)
    assert scores.tolist() == [0.5, 0.5, 0.75] and classes.tolist() == [0, 1, 0]


def test_filter_boxes_of_nothing_is_nothing():
    scores, boxes, classes = yolo.filter_boxes(np.zeros((0, 4)), np.zeros((0, 1)), np.zeros((0, 3)))
    assert scores.shape == (0,) and boxes.shape == (0, 4) and classes.shape == (0,)


def test_postprocess_scales_width_by_width_and_height_by_height():
    boxes, classes = objects(1)
    label = yolo.encode(boxes, classes, (4, 6), ANCHORS, CLASSES)
    outputs = [output[0] for output in yolo.decode(label[None], ANCHORS, from_logits=False)]
    _, found, labels = yolo.postprocess(outputs, (100, 300))
    np.testing.assert_allclose(found, boxes * [300, 100, 300, 100], atol=1e-4)
    assert labels.tolist() == classes.tolist()


def test_postprocess_clips_to_the_picture_and_keeps_one_box_of_an_object():
    boxes = np.array([[-0.1, 0.2, 0.5, 1.3], [-0.08, 0.2, 0.5, 1.2], [0.6, 0.1, 0.9, 0.3], [-0.1, 0.2, 0.5, 1.3]])
    confidence = np.array([[0.8], [0.9], [0.7], [0.95]])
    probabilities = np.eye(2)[[0, 0, 0, 1]]
    scores, found, classes = yolo.postprocess((boxes, confidence, probabilities), (10, 10), iou_threshold=0.5)
    assert scores.tolist() == [0.95, 0.9, 0.7] and classes.tolist() == [1, 0, 0]
    np.testing.assert_allclose(found, [[0, 2, 5, 10], [0, 2, 5, 10], [6, 1, 9, 3]], atol=1e-5)


def test_boxes_that_are_alike_within_the_picture_are_one():
    boxes = np.array([[0.5, 0, 1, 1], [0.5, 0, 3, 1]])
    scores, found, _ = yolo.postprocess((boxes, [[0.8], [0.9]], [[1.0], [1.0]]), (10, 10))
    assert scores.tolist() == [0.9] and found.tolist() == [[5, 0, 10, 10]]


def apart(scores):
    """What postprocess takes: a box of one class for each score, side by side; each shares a third with the next."""
    left = np.arange(len(scores))[:, None] / (len(scores) + 1)
    boxes = np.hstack([left, 0 * left, left + 2 / (len(scores) + 1), 0 * left + 1])
    return boxes, np.array(scores)[:, None], np.ones((len(scores), 1))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.95, 0.9, 0.85]),
        ({"max_boxes": 2}, [0.95, 0.9]),
        ({"score_threshold": 0.5}, [0.95, 0.9, 0.85, 0.55]),
        ({"score_threshold": 0.87}, [0.95, 0.9]),
        ({"iou_threshold": 0.3}, [0.95, 0.85]),
    ],
)
def test_postprocess_follows_each_threshold(options, expected):
    assert yolo.postprocess(apart([0.85, 0.9, 0.95, 0.55]), (100, 100), **options)[0].tolist() == expected


def test_by_default_filter_boxes_asks_for_0_6_and_postprocess_keeps_ten_boxes():
    outputs = apart([0.59, *np.linspace(0.61, 0.9, 11)])
    assert len(yolo.filter_boxes(*outputs)[0]) == 11
    assert len(yolo.postprocess(outputs, (100, 100))[0]) == 10


def loss_by_loops(label, t, coord, no_object, class_weight):
    """The loss of one picture as its docstring says it."""
    total = 0.0
    rows, columns = label.shape[:2]
    for row, column, k in np.ndindex(label.shape[:3]):
        x, y, tw, th, here, *onehot = label[row, column, k].astype(float)
        px, py, pw, ph, po, *logits = t[row, column, k].astype(float)
        p = sigmoid(po)
        if not here:
            total -= no_object * math.log(1 - p)
            continue

        def corners(x, y, tw, th, row=row, column=column, k=k):
            x, y = (column + x) / columns, (row + y) / rows
            w, h = ANCHORS[k][0] * math.exp(tw) / columns, ANCHORS[k][1] * math.exp(th) / rows
            return x - w / 2, y - h / 2, x + w / 2, y + h / 2

        a, b = corners(x, y, tw, th), corners(sigmoid(px), sigmoid(py), pw, ph)
        inner = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
        union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner
        hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
        classes = -sum(q * (z - math.log(sum(map(math.exp, logits)))) for q, z in zip(onehot, logits, strict=True))
        total += coord * (1 - inner / union + (hull - union) / hull) - math.log(p) + class_weight * classes
    return total


@pytest.mark.parametrize("grid", GRIDS)
def test_the_loss_is_its_formula_in_loops(grid):
    pictures = [objects(3, 1), objects(0), objects(2, 5)]
    labels = yolo.encode([b for b, _ in pictures], [c for _, c in pictures], grid, ANCHORS, CLASSES)
    t = answers(grid, batch=3)
    loss = yolo.YoloLoss(ANCHORS, coord_weight=3, no_object_weight=0.2, class_weight=0.7, reduction=None)
    ours = ops.convert_to_numpy(loss(labels, t.reshape(3, *grid, -1)))
    theirs = [loss_by_loops(*pair, 3, 0.2, 0.7) for pair in zip(labels, t, strict=True)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("classes", [0, 1])
def test_a_loss_of_no_class_or_one_is_its_formula_too(classes):
    label = yolo.encode(objects(3)[0], [0, 0, 0], (4, 6), ANCHORS, classes)
    t = answers((4, 6), batch=1, classes=classes)
    ours = float(yolo.YoloLoss(ANCHORS)(label[None], t))
    assert ours == pytest.approx(loss_by_loops(label, t[0], 5, 0.5, 1), rel=1e-5)  # the default weights


def test_the_right_answer_has_almost_no_loss_and_a_moved_box_has_more():
    boxes, classes = objects(2)
    label = yolo.encode(boxes, classes, (4, 6), ANCHORS, CLASSES)[None]
    logits = np.where(label > 0.5, 30, -30).astype("float32")  # objectness and classes
    inside = np.clip(label[..., :2], 1e-6, 1 - 1e-6)
    right = np.concatenate([np.log(inside / (1 - inside)), label[..., 2:4], logits[..., 4:]], axis=-1)
    moved = right + np.eye(9, dtype="float32")[0]
    loss = yolo.YoloLoss(ANCHORS)
    assert float(loss(label, right)) < 1e-3 < 0.1 < float(loss(label, moved))


SIDES = [1e-2, 3e-4, 1e-4, 1e-5, 1e-6]  # of an object, as shares of the picture
TOO_SMALL = [1e-9, 1e-30]  # 0.4 and 0.4 + 1e-9 are the same in single precision


def small(side):
    """The label of an object of this side in the middle of a cell, and the right answer, exact to the last bit."""
    x, y, half = 2.5 / 6, 1.5 / 4, 1e-2 / 2
    label = yolo.encode([[x - half, y - half, x + half, y + half]], [1], (4, 6), ANCHORS, CLASSES)[None]
    label[..., 2:4] += label[..., 4:5] * np.log(side / 1e-2)
    logits = np.where(label[..., 4:] == 1, 30, -30)
    return label, np.concatenate([0 * label[..., :2], label[..., 2:4], logits], axis=-1).astype("float32")


@pytest.mark.parametrize("side", SIDES + TOO_SMALL)
def test_the_right_answer_has_no_loss_however_small_the_object(side):
    assert float(yolo.YoloLoss(ANCHORS)(*small(side))) < 1e-5


@pytest.mark.parametrize("side", SIDES)
def test_a_box_beside_a_small_object_costs_more_the_further_away_it_is(side):
    label, t = small(side)
    away = [np.float32([k * side, 0, 0, 0, 0, 0, 0, 0, 0]) for k in (0, 20, 40, 80)]  # σ′(0) is 1/4, a cell 1/6
    losses = [float(yolo.YoloLoss(ANCHORS)(label, t + step)) for step in away]
    assert losses == sorted(losses) and losses[1] > 0 and 5 < losses[2] < losses[3] < 10


@pytest.mark.parametrize("side", SIDES + TOO_SMALL)
@pytest.mark.parametrize("t_w", [None, 20, 0, -30, -1e3])  # None: the right one; e to -1000 is 0, a box without area
def test_loss_and_gradient_of_a_small_object_are_finite_whatever_the_answers_size(side, t_w):
    tensorflow = pytest.importorskip("tensorflow")
    label, t = small(side)
    if t_w is not None:
        t[..., 2:4] = t_w
    t = tensorflow.Variable(t)
    with tensorflow.GradientTape() as tape:
        loss = yolo.YoloLoss(ANCHORS)(label, t)
    assert 0 <= float(loss) < 5 * 2 + 1e-3 and np.isfinite(tape.gradient(loss, t).numpy()).all()


@pytest.mark.parametrize("scale", [1, 1e3])
def test_loss_and_gradients_are_finite_without_objects_and_for_absurd_answers(scale):
    tensorflow = pytest.importorskip("tensorflow")
    labels = yolo.encode([np.zeros((0, 4)), objects(2)[0]], [[], [1, 2]], (4, 6), ANCHORS, CLASSES)
    t = tensorflow.Variable(answers((4, 6)) * scale)
    with tensorflow.GradientTape() as tape:
        loss = yolo.YoloLoss(ANCHORS)(labels, t)
    gradient = tape.gradient(loss, t).numpy()
    assert np.isfinite(float(loss)) and np.isfinite(gradient).all()
    assert np.any(gradient[0][..., 4]) and not np.any(np.delete(gradient[0], 4, axis=-1))


def test_a_saved_loss_comes_back_with_its_anchors_and_weights():
    loss = yolo.YoloLoss(ANCHORS, coord_weight=2, no_object_weight=0.1, class_weight=3)
    again = yolo.YoloLoss.from_config(loss.get_config())
    labels, t = yolo.encode(*objects(2), (4, 6), ANCHORS, CLASSES)[None], answers((4, 6), batch=1)
    assert float(loss(labels, t)) == float(again(labels, t))


def test_the_loss_takes_kerass_reductions():
    labels, t = yolo.encode(*objects(2), (4, 6), ANCHORS, CLASSES)[None].repeat(2, axis=0), answers((4, 6))
    each = ops.convert_to_numpy(yolo.YoloLoss(ANCHORS, reduction=None)(labels, t))
    assert each.shape == (2,) and each[0] != each[1]
    assert float(yolo.YoloLoss(ANCHORS, reduction="sum")(labels, t)) == pytest.approx(each.sum(), rel=1e-6)
    assert float(yolo.YoloLoss(ANCHORS)(labels, t)) == pytest.approx(each.mean(), rel=1e-6)


def test_the_loss_takes_batches_whose_size_is_not_known_yet():
    tensorflow = pytest.importorskip("tensorflow")
    labels, t = yolo.encode(*objects(2), (4, 6), ANCHORS, CLASSES)[None].repeat(2, axis=0), answers((4, 6))
    loss = yolo.YoloLoss(ANCHORS)
    some, any_number = tensorflow.TensorSpec(t.shape), tensorflow.TensorSpec((None, *t.shape[1:]))
    for signature in ([some, any_number], [any_number, some], [any_number, any_number]):
        compiled = tensorflow.function(loss, input_signature=signature)
        assert float(compiled(labels, t)) == pytest.approx(float(loss(labels, t)), rel=1e-6)


def test_a_small_network_learns_eight_pictures_by_heart():
    keras.utils.set_random_seed(0)
    pictures = [objects(1, seed) for seed in range(8)]
    labels = yolo.encode([b for b, _ in pictures], [c for _, c in pictures], (4, 6), ANCHORS, CLASSES)
    noise = np.random.default_rng(0).normal(size=(8, 16)).astype("float32")
    dense = keras.layers.Dense(4 * 6 * 3 * 9)
    model = keras.Sequential([dense, keras.layers.Reshape((4, 6, 27))])
    model.compile(keras.optimizers.Adam(0.02), yolo.YoloLoss(ANCHORS))
    for _ in range(150):
        model.train_on_batch(noise, labels)
    outputs = yolo.decode(model(noise), ANCHORS)
    for i, (boxes, classes) in enumerate(pictures):
        scores, found, labels = yolo.postprocess([output[i] for output in outputs], (1, 1))
        assert len(scores) == 1 and labels.tolist() == classes.tolist()
        np.testing.assert_allclose(found, boxes, atol=0.02)


BOX = [[0.1, 0.1, 0.4, 0.4]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: yolo.encode([[0.4, 0.1, 0.1, 0.4]], [0], (3, 3), ANCHORS, 1), "boxes: "),
        (lambda: yolo.encode([[0.1, 0.1, 0.1, 0.4]], [0], (3, 3), ANCHORS, 1), "boxes: expected an area above 0"),
        (lambda: yolo.encode([[0.1, 0.1, 40, 40]], [0], (3, 3), ANCHORS, 1), "boxes: expected an area above 0 inside"),
        (lambda: yolo.encode([[0.1, 0.1, 0.4, 0.1]], [0], (3, 3), ANCHORS, 1), "boxes: expected an area above 0"),
        (lambda: yolo.encode([[-0.1, 0.1, 0.4, 1]], [0], (3, 3), ANCHORS, 1), "boxes: expected an area above 0 inside"),
        (lambda: yolo.encode([[0.1, 0.1, np.nan, 1]], [0], (3, 3), ANCHORS, 1), "boxes: "),
        (lambda: yolo.encode(BOX, [1], (3, 3), ANCHORS, 1), "classes: expected 0…0, got 1"),
        (lambda: yolo.encode(BOX, [1], (3, 3), ANCHORS, 0), "classes: expected 0…0, got 1"),
        (lambda: yolo.encode(BOX, [-1], (3, 3), ANCHORS, 2), "classes: expected 0…1, got -1"),
        (lambda: yolo.encode(BOX, [0, 1], (3, 3), ANCHORS, 2), "classes: "),
        (lambda: yolo.encode([np.array(BOX)], [[0], [1]], (3, 3), ANCHORS, 2), "classes: expected 1 arrays"),
        (lambda: yolo.encode([BOX, BOX], 5, (3, 3), ANCHORS, 2), "classes: expected 2 arrays, one for each .*, got 5"),
        (lambda: yolo.encode([BOX, BOX], None, (3, 3), ANCHORS, 2), "classes: expected 2 arrays, .*, got None"),
        (lambda: yolo.encode([BOX, BOX], [[0], [0, 1]], (3, 3), ANCHORS, 2), r"classes: expected shape \(1,\)"),
        (lambda: yolo.encode([BOX, 3 * BOX], [[0, 1], [1, 1]], (3, 3), ANCHORS, 2), r"classes: expected shape \(1,\)"),
        (
            lambda: yolo.encode([BOX, BOX], [[0], [0.0]], (3, 3), ANCHORS, 2),
            "classes: expected whole numbers, .*float64",
        ),
        (lambda: yolo.encode([BOX, BOX], [[0], [2]], (3, 3), ANCHORS, 2), "classes: expected 0…1, got 2"),
        (lambda: yolo.encode([BOX, [[0.1] * 3]], [[0], [0]], (3, 3), ANCHORS, 1), r"boxes: .* \(n, 4\), got \(1, 3\)"),
        (lambda: yolo.encode([BOX, [[]]], [[0], []], (3, 3), ANCHORS, 1), r"boxes: expected shape .*, got \(1, 0\)"),
        (
            lambda: yolo.encode([BOX, [["a"] * 4]], [[0], [0]], (3, 3), ANCHORS, 1),
            "boxes: expected an array of numbers",
        ),
        (lambda: yolo.encode([BOX, [[0, 0], [1]]], [[0], [0]], (3, 3), ANCHORS, 1), "boxes: expected an array of numb"),
        (lambda: yolo.encode([BOX, [[0, 0, 1, np.inf]]], [[0], [0]], (3, 3), ANCHORS, 1), "boxes: expected finite"),
        (lambda: yolo.encode([BOX, [[0, 1, 1, 0]]], [[0], [0]], (3, 3), ANCHORS, 1), "boxes: .*y_max, got .0.0, 1.0,"),
        (
            lambda: yolo.encode([BOX, [[0, 0, 2, 1]]], [[0], [0]], (3, 3), ANCHORS, 1),
            "boxes: expected an area .*2.0, 1",
        ),
        (lambda: yolo.encode([], [0], (3, 3), ANCHORS, 1), r"classes: expected shape \(0,\)"),
        (lambda: yolo.encode(BOX, [0.5], (3, 3), ANCHORS, 2), "classes: expected whole numbers"),
        (lambda: yolo.encode(BOX, [0], (3,), ANCHORS, 1), "grid: expected "),
        (lambda: yolo.encode(BOX, [0], (3, 0), ANCHORS, 1), "grid: expected a whole number"),
        (lambda: yolo.encode(BOX, [0], (3, 3), [[1, -1]], 1), "anchors: "),
        (lambda: yolo.encode(BOX, [0], (3, 3), np.zeros((0, 2)), 1), "anchors: "),
        (lambda: yolo.decode(np.zeros((1, 3, 3, 26)), ANCHORS), "features: expected shape"),
        (lambda: yolo.decode(np.zeros((1, 3, 3, 12)), ANCHORS), "features: expected shape"),
        (lambda: yolo.decode(np.zeros((1, 3, 3, 3, 4)), ANCHORS), "features: expected shape"),
        (lambda: yolo.decode(np.zeros((1, 3, 3, 2, 9)), ANCHORS), "features: expected shape"),
        (lambda: yolo.decode(np.zeros((3, 3, 27)), ANCHORS), "features: expected shape"),
        (lambda: yolo.decode(np.zeros((1, 3, 3, 27)), [[1, 0], [1, 1], [2, 2]]), "anchors: "),
        (lambda: yolo.filter_boxes(BOX, [[0.9]], [[np.nan]]), "box_class_probs: expected probabilities"),
        (lambda: yolo.filter_boxes(BOX, [[1.2]], [[0.5]]), "box_confidence: expected probabilities"),
        (lambda: yolo.filter_boxes(BOX, [[-0.2]], [[0.5]]), "box_confidence: expected probabilities"),
        (lambda: yolo.filter_boxes([[0.1, 0.4]], [[0.9]], [[0.5]]), "boxes, box_confidence, .*: expected shapes"),
        (lambda: yolo.filter_boxes(BOX, [[0.9]], [0.5]), "boxes, box_confidence, box_class_probs: expected shapes"),
        (lambda: yolo.filter_boxes(BOX, [0.9], [[0.5]]), "boxes, box_confidence, box_class_probs: expected shapes"),
        (lambda: yolo.filter_boxes(BOX, [[0.9]], [[0.5]], threshold=60), "threshold: "),
        (lambda: yolo.postprocess((BOX, [[0.9]], [[0.9]]), 160), "image_shape: "),
        (lambda: yolo.postprocess((BOX, [[0.9]], [[0.9]]), (10, 10), max_boxes=0), "max_boxes: "),
        (lambda: yolo.postprocess((BOX, [[0.9]], [[0.9]]), (10, 10), iou_threshold=-1), "iou_threshold: "),
        (lambda: yolo.YoloLoss(ANCHORS, coord_weight=-1), "coord_weight: expected a number, 0 or more"),
        (lambda: yolo.YoloLoss(ANCHORS, no_object_weight=np.inf), "no_object_weight: expected a number, 0 or more"),
        (lambda: yolo.YoloLoss(ANCHORS, class_weight=True), "class_weight: expected a number, 0 or more"),
        (lambda: yolo.YoloLoss([[1, np.inf]]), "anchors: "),
        (lambda: yolo.YoloLoss(ANCHORS)(np.zeros((1, 3, 3, 27)), np.zeros((1, 3, 4, 27))), "y_pred: expected shape"),
        (
            lambda: yolo.YoloLoss(ANCHORS)(np.zeros((1, 3, 3, 27)), np.zeros((4, 3, 3, 27))),
            r"y_pred: expected shape \(1,",
        ),
        (lambda: yolo.YoloLoss(ANCHORS)(np.zeros((4, 3, 3, 27)), np.zeros((1, 3, 3, 27))), r"y_pred: .* got \(1, 3, 3"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


# Several pictures, and pictures that are not square


def outputs_of(n):
    """What `decode` returns for n pictures, each with one sure object in another cell."""
    raw = np.full((n, 2, 3, 1, 5 + 2), -9, "float32")
    raw[..., :4] = 0
    for i in range(n):
        raw[i, i % 2, i % 3, 0, 4:6] = 9
    return yolo.decode(raw, [[1, 1]])


def test_a_batch_is_refused_with_the_loop_that_it_needs():
    outputs = outputs_of(2)
    with pytest.raises(ValueError, match=r"^outputs: expected those of one picture, .* batch of 2: .*output\[i\] for"):
        yolo.postprocess(outputs, (100, 90))
    flat = [ops.reshape(output, (2, 6, -1)) for output in outputs]
    with pytest.raises(ValueError, match=r"^outputs: expected those of one picture, got boxes of shape \(2, 6, 4\)"):
        yolo.postprocess(flat, (100, 90))
    each = [yolo.postprocess([output[i] for output in outputs], (100, 90)) for i in range(2)]
    assert [len(scores) for scores, _, _ in each] == [1, 1]
    assert each[0][1][0].tolist() != each[1][1][0].tolist()


def test_a_batch_of_one_picture_is_that_picture():
    outputs = outputs_of(1)
    for found, expected in zip(
        yolo.postprocess(outputs, (100, 90)),
        yolo.postprocess([output[0] for output in outputs], (100, 90)),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("outputs", [None, 3, np.zeros((2, 4)), [np.zeros((1, 4))] * 2, "abc"])
def test_what_decode_does_not_return_is_refused(outputs):
    with pytest.raises(
        ValueError, match=r"^outputs: expected \(boxes, box_confidence, box_class_probs\) of one picture"
    ):
        yolo.postprocess(outputs, (10, 10))


def test_postprocess_keeps_all_boxes_where_there_is_no_maximum():
    low = np.arange(15.0)[:, None] / 15
    apart = np.concatenate([low, low, low + 0.05, low + 0.05], axis=1)
    outputs = apart, np.full((15, 1), 0.9), np.ones((15, 1))
    assert len(yolo.postprocess(outputs, (100, 100))[0]) == 10
    assert len(yolo.postprocess(outputs, (100, 100), max_boxes=None)[0]) == 15


@pytest.mark.parametrize("grid", [(3, 5), (5, 3), (1, 4)])
def test_answers_of_nothing_lie_in_the_middle_of_their_cells(grid):  # allanzelener/YAD2K#86: rows and columns swapped
    boxes, _, _ = yolo.decode(np.zeros((1, *grid, 6), "float32"), [[1, 1]])
    boxes = ops.convert_to_numpy(boxes)[0, :, :, 0]
    for row in range(grid[0]):
        for column in range(grid[1]):
            middle = (boxes[row, column, :2] + boxes[row, column, 2:]) / 2
            np.testing.assert_allclose(middle, [(column + 0.5) / grid[1], (row + 0.5) / grid[0]], atol=1e-6)


@pytest.mark.parametrize(
    "kind",
    [np.asarray, ops.convert_to_tensor, keras.Variable, lambda value: value.tolist()],
    ids=["array", "tensor", "variable", "list"],
)
def test_decode_and_the_loss_leave_what_they_are_given(kind):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1, 2, 3, 1, 7)).astype("float32")
    target = yolo.encode([[[0.1, 0.1, 0.6, 0.9]]], [[1]], (2, 3), [[1, 1]], 2)
    values.flags.writeable = target.flags.writeable = False
    given, expected = kind(values), yolo.decode(values, [[1, 1]])
    for found, right in zip(yolo.decode(given, [[1, 1]]), expected, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(found), ops.convert_to_numpy(right), rtol=1e-6)
    loss = yolo.YoloLoss([[1, 1]])
    assert float(loss(kind(target), given)) == pytest.approx(float(loss(target, values)), rel=1e-6)
    np.testing.assert_array_equal(ops.convert_to_numpy(given), values)
