"""The exercises of notebook 3-3: what learners write most often, right and wrong, beside what test_check.py tries."""

import ast

from dlcourse import check, segmentation
from dlcourse.check import source, week_3_3_masks
from dlcourse.check.layers import Maps
from dlcourse.detection import boxes, yolo
from dlcourse.detection.anchors import iou_of_sizes
from dlcourse.detection.nms import non_max_suppression

import keras
import numpy as np
import pytest


def says(exercise, function):
    right, text = exercise._examine(function)
    assert exercise.passes(function) is right
    return text


# Wrong answers that need words of their own


def test_iou_without_clip_and_without_a_word_on_empty_boxes_is_told_both():
    def naive(box_a, box_b):
        width = min(box_a[2], box_b[2]) - max(box_a[0], box_b[0])
        height = min(box_a[3], box_b[3]) - max(box_a[1], box_b[1])
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (box_a, box_b)]
        return width * height / (sum(areas) - width * height)

    text = says(check.iou, naive)
    assert "counts as 0" in text and "the union is 0" in text


@pytest.mark.parametrize(
    ("judge", "advice"),
    [
        (lambda confidence, probs: np.ones(len(probs), bool), "make a mask"),
        (lambda confidence, probs: confidence[:, 0] > 0.6, "on p_c alone"),
        (lambda confidence, probs: probs.max(axis=1) > 0.6, "on the class probability alone"),
    ],
)
def test_filter_boxes_says_what_the_mask_is_for(judge, advice):
    def keeps(boxes, box_confidence, box_class_probs, threshold):
        scores = box_confidence * box_class_probs
        kept = judge(box_confidence, box_class_probs / threshold * 0.6) if "class" in advice else None
        kept = judge(box_confidence / threshold * 0.6, box_class_probs) if kept is None else kept
        return scores.max(axis=1)[kept], boxes[kept], scores.argmax(axis=1)[kept]

    assert advice in says(check.filter_boxes, keeps)


def test_filter_boxes_does_not_say_mask_to_one_who_has_a_mask():
    def keeps(boxes, box_confidence, box_class_probs, threshold):
        scores = box_confidence * box_class_probs
        kept = scores.max(axis=1) >= 0.5 * threshold
        return scores.max(axis=1)[kept], boxes[kept], scores.argmax(axis=1)[kept]

    assert "make a mask" not in says(check.filter_boxes, keeps)


# What the exercises show is what the helpers compute


def random_boxes(rng, n):
    """Boxes on a coarse grid, so that some touch, some have no area, and IoUs meet thresholds."""
    corners = rng.integers(-6, 6, (n, 2, 2))
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(float)


def test_iou_of_two_boxes_is_that_of_the_helper():
    found = random_boxes(np.random.default_rng(0), 40)
    expected = boxes.pairwise_iou(found, found)
    ours = [[check.iou.reference(a, b) for b in found] for a in found]
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    assert np.sum(expected == 0) > 100 and np.sum(boxes.area(found) == 0) > 3


def test_filter_boxes_is_the_code_that_the_helper_runs():
    ours, helpers = (
        source.with_docstring(function, []) for function in (check.filter_boxes.reference, yolo.filter_boxes)
    )
    ours, helpers = (ast.unparse(ast.parse(text)) for text in (ours, helpers))  # the shapes in their comments differ
    assert ours.partition("\n")[2] == helpers.partition("\n")[2]


def test_nms_keeps_what_the_helper_keeps():
    rng, kept = np.random.default_rng(1), 0
    for _ in range(50):
        n = rng.integers(0, 30)
        found, scores, threshold = random_boxes(rng, n), rng.permutation(n) / 30, float(rng.choice([0, 0.25, 0.5, 1]))
        expected = non_max_suppression(found, scores, max_boxes=None, iou_threshold=threshold)
        assert list(check.nms.reference(found, scores, threshold)) == expected.tolist()
        kept += len(expected)
    assert kept > 300


def test_best_anchor_has_the_highest_iou_of_the_helper():
    rng = np.random.default_rng(2)
    sizes, anchors = np.exp(rng.normal(size=(50, 2))), np.exp(rng.normal(size=(6, 2)))
    expected = iou_of_sizes(sizes, anchors).argmax(axis=0)
    assert [check.best_anchor.reference(size, anchors) for size in sizes] == expected.tolist()
    assert len(set(expected.tolist())) > 3


def test_decode_cell_of_every_cell_is_decode():
    rng, (rows, columns) = np.random.default_rng(3), (3, 5)
    t, anchors = rng.normal(size=(rows, columns, 2, 7)), np.exp(rng.normal(size=(2, 2)))
    expected, _, _ = yolo.decode(t[None].astype("float32"), anchors)
    for row, column, k in np.ndindex(rows, columns, 2):
        ours = check.decode_cell.reference(t[row, column, k], row, column, (rows, columns), anchors[k])
        np.testing.assert_allclose(ours, np.asarray(expected)[0, row, column, k], rtol=1e-5, atol=1e-6)


def test_localization_loss_is_kerass_mean_squared_error_over_what_counts():
    rng = np.random.default_rng(4)
    for there in (0, 1):
        y_hat, y = rng.normal(size=8), np.array([there, *rng.normal(size=7)])
        counted = 8 if there else 1
        expected = counted * keras.losses.mean_squared_error(y[None, :counted], y_hat[None, :counted])
        assert check.localization_loss.reference(y_hat, y) == pytest.approx(float(expected[0]), rel=1e-5)


def test_conv_transpose_is_kerass():
    rng = np.random.default_rng(5)
    for stride in (1, 2, 3):
        x, kernel = rng.normal(size=(4, 6)), rng.normal(size=(3, 3))
        expected = keras.ops.conv_transpose(x[None, ..., None], kernel[..., None, None], stride, padding="valid")
        ours = check.conv_transpose.reference(x, kernel, stride)
        np.testing.assert_allclose(ours, np.asarray(expected)[0, ..., 0], atol=1e-5)


def test_mean_iou_is_the_helpers():
    rng = np.random.default_rng(6)
    for classes in (2, 3, 7) * 10:  # few pixels: some classes are in one mask alone, some in neither
        y_true, y_pred = rng.integers(0, classes, (2, 2, 3))
        expected = segmentation.mean_iou(y_true, y_pred, classes)
        assert check.mean_iou.reference(y_true, y_pred, classes) == pytest.approx(expected, rel=1e-12)


# Right answers


@pytest.mark.parametrize("name", ["iou", "filter_boxes", "best_anchor", "decode_cell", "conv_transpose", "mean_iou"])
def test_answers_in_float32_are_right(name):
    exercise = getattr(check, name)

    def single(*arguments):
        return exercise.reference(
            *(a.astype("float32") if isinstance(a, np.ndarray) and a.dtype == np.float64 else a for a in arguments)
        )

    assert "✗" not in says(exercise, single)


@pytest.mark.parametrize("name", ["filter_boxes", "decode_cell", "conv_transpose", "nms"])
def test_nested_lists_are_as_good_as_arrays(name):
    exercise = getattr(check, name)

    def listed(*arguments):
        result = exercise.reference(*arguments)
        parts = result if isinstance(result, tuple) else (result,)
        parts = tuple(np.asarray(part).tolist() for part in parts)
        return parts if isinstance(result, tuple) else parts[0]

    assert "✗" not in says(exercise, listed)


def test_the_pastes_of_keras_and_ours_cover_the_same_output_in_all_cases():
    assert all(1 <= stride <= len(kernel) for _, kernel, stride in check.conv_transpose.all_cases())


# Batch normalization, which is not asked for, shows wherever it stands


@pytest.mark.parametrize("place", range(3))
def test_a_batch_normalization_in_the_upsampling_block_is_refused(place):
    from keras import layers

    def block(x, skip, filters):
        z = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
        z = layers.Concatenate()([layers.BatchNormalization()(z) if place == 0 else z, skip])
        for k in (1, 2):
            z = layers.Conv2D(filters, 3, padding="same")(z)
            z = layers.ReLU()(layers.BatchNormalization()(z) if place == k else z)
        return z

    assert not check.upsampling_block.passes(block)


def test_batch_norm_statistics_of_the_probe_differ_from_one_another_and_from_their_start():
    import keras
    from keras import layers

    maps = keras.Input((2, 3, 4))
    layer = layers.BatchNormalization()
    layer(maps)
    week_3_3_masks._weighted(layer)
    values = [np.asarray(weight) for weight in layer.weights]
    assert all(len(np.unique(each)) == 4 for each in values)
    starts = (1, 0, 0, 1)  # gamma, beta, moving mean, moving variance
    assert all(np.mean(each == start) < 0.5 for each, start in zip(values, starts, strict=True))
    assert np.all(values[3] > 0)


def test_a_normalization_moved_behind_the_relu_changes_what_the_probe_computes():
    from keras import layers

    def block(x, skip, filters, behind):
        z = layers.Concatenate()([layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x), skip])
        z = layers.Conv2D(filters, 3, padding="same")(z)
        z = layers.BatchNormalization()(layers.ReLU()(z)) if behind else layers.ReLU()(layers.BatchNormalization()(z))
        return layers.Conv2D(filters, 3, padding="same", activation="relu")(z)

    arguments = Maps((3, 4, 4)), Maps((6, 8, 2)), 2
    before, after = (
        week_3_3_masks._level(lambda *maps, behind=behind: block(*maps, behind), *arguments) for behind in (False, True)
    )
    assert before["layers with weights"] == after["layers with weights"]
    assert not np.allclose(before["random kernels, three places"], after["random kernels, three places"])
