"""dlcourse.detection.boxes: overlap as counted pixel by pixel and by pycocotools, formats, edges, compiled and not."""

import warnings

from dlcourse.detection import boxes as B
from dlcourse.detection.nms import non_max_suppression

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from pycocotools import mask

UNARY = [
    B.area,
    B.corners_to_center,
    lambda boxes: B.scale_boxes(boxes, (2, 3)),
    lambda boxes: B.clip_boxes(boxes, (2, 3)),
]


def random_boxes(n, seed=0, high=20):
    corners = np.random.default_rng(seed).integers(0, high, (n, 2, 2))
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float64)


def pixels(box):
    """The box as a raster of 20×20 pixels."""
    x_min, y_min, x_max, y_max = box.astype(int)
    raster = np.zeros((20, 20), bool)
    raster[y_min:y_max, x_min:x_max] = True
    return raster


# Overlap


def test_area_is_the_number_of_pixels():
    boxes = random_boxes(50)
    np.testing.assert_array_equal(B.area(boxes), [pixels(box).sum() for box in boxes])


def test_iou_is_common_pixels_over_all_pixels():
    a, b = random_boxes(30, 0), random_boxes(40, 1)
    for i, j in np.ndindex(30, 40):
        both, either = (pixels(a[i]) & pixels(b[j])).sum(), (pixels(a[i]) | pixels(b[j])).sum()
        assert B.iou(a[i], b[j]) == (both / either if either else 0)


def test_pairwise_iou_is_pycocotoolss():
    a, b = random_boxes(60, 2, high=500) + 0.25, random_boxes(70, 3, high=500)
    theirs = mask.iou(*(np.hstack([each[:, :2], each[:, 2:] - each[:, :2]]) for each in (a, b)), [0] * 70)
    np.testing.assert_allclose(B.pairwise_iou(a, b), theirs, rtol=1e-12)


def test_iou_of_two_boxes_is_a_number_and_of_sets_is_broadcast():
    a, b = random_boxes(5, 0), random_boxes(6, 1)
    pairs = B.iou(a[:, None], b)
    assert np.isscalar(B.iou(a[0], b[0])) and pairs.shape == (5, 6)
    np.testing.assert_array_equal(pairs, B.pairwise_iou(a, b))
    np.testing.assert_array_equal(B.iou(a, a[::-1]), np.diag(B.pairwise_iou(a, a[::-1])))
    np.testing.assert_array_equal(B.iou(a[0], b), B.pairwise_iou(a, b)[0])


def test_iou_is_symmetric_and_1_only_with_itself():
    a = np.unique(random_boxes(50), axis=0)
    a = a[B.area(a) > 0]
    pairs = B.pairwise_iou(a, a)
    np.testing.assert_array_equal(pairs, pairs.T)
    np.testing.assert_array_equal(pairs == 1, np.eye(len(a), dtype=bool))


@pytest.mark.parametrize("other", [[2, 0, 4, 2], [0, 2, 2, 4], [2, 2, 3, 3], [5, 5, 6, 6]])
def test_boxes_that_only_touch_do_not_overlap(other):
    assert B.iou([0, 0, 2, 2], other) == 0


@pytest.mark.parametrize("library", [np.array, ops.convert_to_tensor])
def test_a_box_without_area_has_iou_0_even_with_itself_and_never_nan(library):
    nothing = library([[1.0, 1, 1, 1], [0, 1, 2, 1], [1, 0, 1, 2]])
    assert not np.any(B.area(nothing))
    np.testing.assert_array_equal(B.pairwise_iou(nothing, nothing), np.zeros((3, 3)))
    np.testing.assert_array_equal(B.iou(nothing, library([0.0, 0, 2, 2])), np.zeros(3))


def test_the_gradient_of_iou_is_finite_without_area_and_leads_to_the_other_box():
    boxes = tf.Variable([[1.0, 1, 1, 1], [0, 0, 2, 2]])
    with tf.GradientTape() as tape:
        overlap = B.iou(boxes, [[1.0, 1, 1, 1], [1, 0, 3, 2]])
    nothing, moved = tape.gradient(overlap, boxes).numpy()
    assert np.isfinite(nothing).all() and moved[0] > 0 and moved[2] > 0


def test_far_from_the_origin_iou_is_the_same():
    a, b = random_boxes(20, 0).astype(np.float32), random_boxes(20, 1).astype(np.float32)
    far = np.float32(2**20)
    np.testing.assert_array_equal(B.pairwise_iou(a + far, b + far), B.pairwise_iou(a, b))
    np.testing.assert_array_equal(B.pairwise_iou(a - far, b - far), B.pairwise_iou(a, b))


def test_unsigned_corners_do_not_wrap_around_and_half_precision_does_not_overflow():
    assert B.iou(np.array([0, 0, 2, 2], np.uint8), np.array([200, 200, 250, 250], np.uint8)) == 0
    assert B.area(np.array([0, 0, 300, 300], np.float16)) == 90_000
    assert float(B.area(ops.cast([0, 0, 300, 300], "float16"))) == 90_000


# Formats


def test_the_midpoint_lies_halfway_and_the_size_is_the_difference():
    np.testing.assert_array_equal(B.corners_to_center([[1, 2, 5, 10]]), [[3, 6, 4, 8]])
    np.testing.assert_array_equal(B.center_to_corners([3, 6, 4, 8]), [1, 2, 5, 10])


def test_each_format_undoes_the_other():
    boxes = random_boxes(50).reshape(5, 10, 4)
    np.testing.assert_array_equal(B.center_to_corners(B.corners_to_center(boxes)), boxes)


def test_x_is_scaled_by_the_width_and_y_by_the_height():
    np.testing.assert_array_equal(B.scale_boxes([[0, 0.5, 1, 1.5]], (100, 300)), [[0, 50, 300, 150]])


def test_clipping_cuts_what_sticks_out_and_leaves_the_rest():
    boxes = [[-5, -6, 400, 200], [10, 20, 30, 40], [-9, 50, -3, 60], [310, 110, 320, 120]]
    clipped = B.clip_boxes(boxes, (100, 300))
    np.testing.assert_array_equal(clipped, [[0, 0, 300, 100], [10, 20, 30, 40], [0, 50, 0, 60], [300, 100, 300, 100]])


# What goes in comes out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "function", [*UNARY, B.center_to_corners, lambda x: B.iou(x, x), lambda x: B.pairwise_iou(x, x)]
)
def test_arrays_give_arrays_and_tensors_tensors_of_the_same_dtype_and_values(function, dtype):
    array = np.array([[1, 2, 3, 5], [0, 1, 4, 2]], dtype)
    ours, tensor = function(array), function(ops.convert_to_tensor(array))
    assert isinstance(ours, np.ndarray) and ops.is_tensor(tensor)
    assert ours.dtype == dtype and keras.backend.standardize_dtype(tensor.dtype) == dtype
    np.testing.assert_array_equal(tensor, ours)


def test_an_array_beside_a_tensor_becomes_one_of_its_dtype():
    tensor = ops.convert_to_tensor([[0.0, 0, 2, 2]])
    for overlap in (B.pairwise_iou([[1, 0, 3, 2]], tensor), B.pairwise_iou(tensor, np.array([[1.0, 0, 3, 2]]))):
        assert keras.backend.standardize_dtype(overlap.dtype) == "float32" and float(overlap[0, 0]) == pytest.approx(
            1 / 3
        )


@pytest.mark.parametrize(
    "function", [*UNARY, B.center_to_corners, lambda x: B.iou(x, x[:1]), lambda x: B.pairwise_iou(x, x)]
)
def test_compiled_for_any_number_of_boxes_each_function_gives_what_it_gives_on_arrays(function):
    compiled = tf.function(function, input_signature=[tf.TensorSpec((None, 4))])
    for n in (3, 7):
        boxes = random_boxes(n).astype(np.float32)
        np.testing.assert_array_equal(compiled(boxes), function(boxes))


def test_compiling_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tf.function(B.area)(tf.zeros((2, 4)))


def test_functions_are_parts_of_functional_models():
    inputs = keras.Input((4,))
    boxes = B.clip_boxes(B.scale_boxes(B.center_to_corners(inputs), (10, 20)), (10, 20))
    model = keras.Model(inputs, [boxes, B.iou(boxes, np.array([5.0, 0, 15, 10])), B.area(B.corners_to_center(boxes))])
    found, overlap, _ = model(np.array([[0.5, 0.5, 0.5, 2.0]], np.float32))
    np.testing.assert_array_equal(found, [[5, 0, 15, 10]])
    assert float(overlap[0]) == 1


@pytest.mark.parametrize("box", [[3.0, 3, 1, 1], [3.0, 1, 1, 3], [1.0, 3, 3, 1]])
def test_in_a_compiled_function_a_box_turned_inside_out_has_no_area_and_no_overlap(box):
    compiled = tf.function(lambda a: (B.area(a), B.iou(a, a), B.iou(a, [0.0, 0, 9, 9])))
    assert [float(value) for value in compiled(tf.constant(box))] == [0, 0, 0]


# Nothing, and what is wrong


@pytest.mark.parametrize("nothing", [[], np.zeros((0, 4)), tf.zeros((0, 4)), tf.zeros((0,))])
def test_no_boxes_give_results_of_no_boxes(nothing):
    assert tuple(B.area(nothing).shape) == (0,)
    assert tuple(B.pairwise_iou(nothing, np.ones((3, 4))).shape) == (0, 3)
    assert tuple(B.pairwise_iou(np.ones((3, 4)), nothing).shape) == (3, 0)
    for function in (*UNARY[1:], B.center_to_corners):
        assert tuple(function(nothing).shape) == (0, 4)


@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([3, 0, 1, 2], r"x_min ≤ x_max.*, got \[3"),
        ([0, 3, 1, 2], r"y_min ≤ y_max, got \[0"),
        ([0, float("nan"), 1, 2], "expected finite numbers, got .*nan"),
        ([0, 0, float("inf"), 2], "expected finite numbers, got .*inf"),
        ([0, 0, 1], r"expected shape \(…, 4\), got \(3,\)"),
    ],
)
@pytest.mark.parametrize("function", UNARY)
def test_a_box_that_is_none_is_refused(function, box, message, tensor):
    with pytest.raises(ValueError, match=f"^boxes: .*{message}"):
        function(ops.convert_to_tensor(box, "float32") if tensor else box)


def test_the_first_wrong_box_is_shown_and_the_argument_named():
    good, bad = [[0, 0, 1, 1]], [[0, 0, 1, 1], [5, 6, 4, 7], [1, 1, 0, 0]]
    with pytest.raises(ValueError, match=r"^boxes_a: .*got \[5.0, 6.0, 4.0, 7.0\]"):
        B.pairwise_iou(bad, good)
    with pytest.raises(ValueError, match=r"^boxes_b: .*got \[5.0, 6.0, 4.0, 7.0\]"):
        B.iou(good, bad)


def test_a_negative_size_is_refused():
    with pytest.raises(ValueError, match=r"^boxes: expected \(x, y, width, height\).*got \[5.0, 5.0, -1.0, 2.0\]"):
        B.center_to_corners([5, 5, -1, 2])
    np.testing.assert_array_equal(B.center_to_corners([5, 5, 0, 2]), [5, 4, 5, 6])  # corners_to_center would refuse it


def test_sets_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"^boxes_b: expected a shape that fits \(2, 4\), got \(3, 4\)"):
        B.iou(np.ones((2, 4)), np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"^boxes_a: expected shape \(n, 4\), got \(4,\)"):
        B.pairwise_iou([0, 0, 1, 1], [[0, 0, 1, 1]])


@pytest.mark.parametrize("value", [["a"] * 4, [[0, 0, 1, 1], [0]], None, [True] * 4])
def test_what_is_no_array_of_numbers_is_refused(value):
    with pytest.raises(ValueError, match=r"^boxes: expected an array of numbers"):
        B.area(value)


@pytest.mark.parametrize("shape", [(100,), (100, 200, 3), (0, 5), (5, -1), (float("nan"), 5), 7, "ab", None])
@pytest.mark.parametrize("function", [B.scale_boxes, B.clip_boxes])
def test_an_image_shape_is_two_numbers_above_0(function, shape):
    with pytest.raises(ValueError, match=r"^image_shape: expected \(height, width\)"):
        function([[0, 0, 1, 1]], shape)


# Formats

FORMAT_NAMES = [
    prefix + name for prefix in ("", "rel_") for name in ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw")
]
KERAS_NAMES = [name for name in FORMAT_NAMES if name != "rel_center_yxhw"]  # which Keras 3.15 lacks


def some_boxes(seed=0, n=20):
    rng = np.random.default_rng(seed)
    low = rng.uniform(-20, 200, (n, 2))
    return np.concatenate([low, low + rng.uniform(0, 90, (n, 2))], axis=1).astype("float32")


@pytest.mark.parametrize("source", KERAS_NAMES)
@pytest.mark.parametrize("target", KERAS_NAMES)
def test_convert_does_what_keras_does(source, target):
    given = keras.utils.bounding_boxes.convert_format(some_boxes(), "xyxy", source, height=123, width=457)
    given = ops.convert_to_numpy(given)
    expected = keras.utils.bounding_boxes.convert_format(given, source, target, height=123, width=457)
    found = B.convert(given, source, target, (123, 457))
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, ops.convert_to_numpy(expected), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("source", FORMAT_NAMES)
@pytest.mark.parametrize("target", FORMAT_NAMES)
def test_convert_and_back_is_where_one_began_with_tensors_too(source, target):
    given = B.convert(some_boxes(), "xyxy", source, (123, 457))
    there = B.convert(ops.convert_to_tensor(given), source.upper(), target, (123, 457))
    assert ops.is_tensor(there)
    back = B.convert(there, target, source, (123, 457))
    np.testing.assert_allclose(ops.convert_to_numpy(back), given, rtol=1e-4, atol=1e-4)


def test_a_size_is_kept_to_the_last_digit_where_both_formats_have_one():
    far = np.float32([[1e7, 1e7, 0.3, 0.7]])  # the right edge cannot be told from the left one in float32
    np.testing.assert_array_equal(B.convert(far, "xywh", "center_xywh")[:, 2:], far[:, 2:])


def test_between_shares_no_image_shape_is_needed():
    shares = [[0.1, 0.2, 0.5, 0.8]]
    np.testing.assert_allclose(B.convert(shares, "rel_xyxy", "rel_xywh"), [[0.1, 0.2, 0.4, 0.6]], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0, 0, 1, 1]], "xyxy", "cxcywh"), r"^target: expected one of 'xyxy', .* got 'cxcywh'$"),
        (([[0, 0, 1, 1]], None, "xyxy"), r"^source: expected one of 'xyxy', .* got None$"),
        (([[0, 0, 1, 1]], ["xyxy"], "xyxy"), r"^source: expected one of 'xyxy', .* got \['xyxy'\]$"),
        (
            ([[0, 0, 1, 1]], "xyxy", "rel_xywh"),
            r"^image_shape: expected \(height, width\) for .* got None: pass",
        ),
        (([[0, 0, 1, 1]], "xyxy", "xywh", (3, 4, 3)), r"^image_shape: expected .* got \(3, 4, 3\): .*\.shape\[:2\]$"),
        (([[5, 5, 1, 9]], "xyxy", "xywh"), r"^boxes: expected \(x_min, y_min, x_max, y_max\) .* got \[5"),
        (([[5, 5, 1, 9]], "yxyx", "xywh"), r"^boxes: expected \(y_min, x_min, y_max, x_max\) .* got \[5"),
        (([[5, 5, -1, 9]], "xywh", "xyxy"), r"^boxes: expected \(x_min, y_min, width, height\) .* got \[5"),
        (([[5, 5, -1, 9]], "center_yxhw", "xyxy"), r"^boxes: expected \(y, x, height, width\) .* got \[5"),
        (([[1, 2], [3]], "xyxy", "xywh"), r"^boxes: expected an array of numbers, got rows of different lengths$"),
    ],
)
def test_convert_names_what_it_cannot_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        B.convert(*arguments)


# Generalized IoU


def giou_in_loops(a, b):
    """Of two boxes, from the areas of three rectangles."""
    sides = [max(0, min(a[k + 2], b[k + 2]) - max(a[k], b[k])) for k in (0, 1)]
    around = [max(a[k + 2], b[k + 2]) - min(a[k], b[k]) for k in (0, 1)]
    common = sides[0] * sides[1]
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / union - (around[0] * around[1] - union) / (around[0] * around[1])


@pytest.mark.parametrize("kind", [np.asarray, ops.convert_to_tensor])
def test_giou_is_its_definition_in_loops_and_broadcasts(kind):
    a, b = some_boxes(1, 12).astype("float64"), some_boxes(2, 9).astype("float64")
    found = ops.convert_to_numpy(B.giou(kind(a[:, None]), kind(b[None])))
    np.testing.assert_allclose(found, [[giou_in_loops(x, y) for y in b] for x in a], rtol=1e-5, atol=1e-6)
    assert (found <= B.pairwise_iou(a, b) + 1e-6).all() and found.min() < -0.3


def test_giou_falls_with_the_distance_where_iou_is_0():
    apart = [B.giou([0, 0, 1, 1], [gap, 0, gap + 1, 1]) for gap in (1, 2, 5, 100)]
    np.testing.assert_allclose(apart, [0, -1 / 3, -4 / 6, -99 / 101], atol=1e-6)
    assert B.giou([0, 0, 1, 1], [0, 0, 1, 1]) == 1


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [([1, 1, 1, 1], [1, 1, 1, 1], 0), ([0, 0, 5, 0], [2, 0, 9, 0], 0), ([0, 0, 0, 0], [1, 1, 1, 1], -1)],
)
def test_giou_of_boxes_without_area_is_a_number(a, b, expected):
    assert B.giou(a, b) == expected
    assert float(B.giou(ops.convert_to_tensor(a), ops.convert_to_tensor(b))) == expected


def test_giou_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"^boxes_b: expected a shape that fits \(3, 4\), got \(2, 4\)$"):
        B.giou(np.zeros((3, 4)), np.zeros((2, 4)))


# What is given stays as it is


def kinds_of(values):
    """The same numbers as each kind of array, tensor and list that a user may have."""
    fixed = np.array(values, "float32")
    fixed.flags.writeable = False
    return [fixed, tf.constant(fixed), tf.Variable(fixed), keras.Variable(fixed), fixed.tolist()]


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize(
    "call",
    [
        B.area,
        lambda given: B.iou(given, given),
        lambda given: B.giou(given, given),
        lambda given: B.pairwise_iou(given, given),
        B.corners_to_center,
        B.center_to_corners,
        lambda given: B.scale_boxes(given, (30, 40)),
        lambda given: B.clip_boxes(given, (3, 4)),
        lambda given: B.convert(given, "xyxy", "xywh"),
        lambda given: B.convert(given, "xyxy", "xyxy"),
        lambda given: non_max_suppression(given, np.float32([0.5, 0.9])),
    ],
)
def test_no_function_changes_its_boxes_and_all_kinds_have_one_answer(call, kind):
    values = [[0, 1, 5, 6], [2, 2, 9, 9]]
    given = kinds_of(values)[kind]
    found, expected = call(given), call(np.float32(values))
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-6)
    np.testing.assert_array_equal(ops.convert_to_numpy(given), values)
