"""dlcourse.pretrained on real photographs: golden values of the nets' sources, and what geometry demands."""

import subprocess
import sys

from dlcourse import datasets, models, pretrained, weights
from dlcourse.detection.boxes import iou
from dlcourse.pretrained import (
    COCO_CLASSES,
    decode_nanodet,
    find_faces,
    find_landmarks,
    find_objects,
    letterbox,
    nets,
    person_mask,
    undo_letterbox,
)

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image, ImageFilter

PHOTO = datasets.photo("astronaut")
FACE = (163.25, 75.66, 279.28, 186.64)  # of face-api 1.7.15, whose score is 0.9755
LEFT_EYE, RIGHT_EYE, MOUTH, JAW = slice(36, 42), slice(42, 48), slice(48, 68), slice(0, 17)
# The points of a mirrored face: jaw, brows, nose, eyes and mouth, each from the other end.
MIRRORED = [
    *range(16, -1, -1),
    *range(26, 16, -1),
    *(27, 28, 29, 30, 35, 34, 33, 32, 31),
    *(45, 44, 43, 42, 47, 46),
    *(39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
]


def padded(photo, top=0, bottom=0, left=0, right=0):
    return np.pad(photo, ((top, bottom), (left, right), (0, 0)))


def enlarged(photo, times):
    return photo.repeat(times, axis=0).repeat(times, axis=1)


def named(classes):
    return [COCO_CLASSES[label] for label in classes]


# Faces


def test_the_astronauts_face_is_where_its_source_finds_it():
    scores, boxes = find_faces(PHOTO)
    assert scores.shape == (1,) and scores[0] == pytest.approx(0.9755, abs=0.01)
    np.testing.assert_allclose(boxes, [FACE], atol=1)


def test_grace_hoppers_face_is_found():
    scores, boxes = find_faces(datasets.photo("grace_hopper"))
    assert len(scores) == 1 and scores[0] > 0.9
    assert iou(boxes[0], np.array([142.0, 137, 383, 351])) > 0.95


@pytest.mark.parametrize("name", ["china", "chelsea", "flower"])
def test_no_face_is_found_where_there_is_none(name):
    scores, boxes = find_faces(datasets.photo(name), score_threshold=0.3)
    assert scores.shape == (0,) and boxes.shape == (0, 4)


@pytest.mark.parametrize(
    "margins", [{"right": 200}, {"bottom": 200}, {"left": 200}, {"top": 150, "bottom": 50}, {"right": 1}]
)
def test_a_face_moves_with_the_margins_of_a_photograph_that_is_not_square(margins):
    scores, boxes = find_faces(padded(PHOTO, **margins))
    moved = np.array(FACE) + np.tile([margins.get("left", 0), margins.get("top", 0)], 2)
    assert len(scores) == 1
    assert iou(boxes[0], moved) > 0.75  # in another size a net sees a face a little larger or smaller
    np.testing.assert_allclose(boxes[0, :2] + boxes[0, 2:], moved[:2] + moved[2:], atol=12)


def test_black_beside_a_photograph_changes_nothing_as_long_as_the_square_is_the_same():
    wide, square = padded(PHOTO, right=200), padded(PHOTO, right=200, bottom=200)
    for found, expected in zip(find_faces(wide), find_faces(square), strict=True):
        np.testing.assert_array_equal(found, expected)
    wide, square = padded(PHOTO, right=200), padded(PHOTO, right=200, top=100, bottom=100)
    for found, expected, shift in zip(find_objects(wide), find_objects(square), (0, [0, 100, 0, 100], 0), strict=True):
        np.testing.assert_allclose(found + np.array(shift), expected, atol=1e-3)


def test_a_photograph_three_times_as_large_has_a_box_three_times_as_large():
    scores, boxes = find_faces(enlarged(PHOTO, 3))
    assert scores[0] == pytest.approx(0.974, abs=0.005)
    np.testing.assert_allclose(boxes[0], 3 * np.array(FACE), atol=5)


def test_each_of_two_faces_is_found_once_best_first():
    scores, boxes = find_faces(np.concatenate([PHOTO, datasets.photo("grace_hopper")[:512]], axis=1))
    assert len(scores) == 2 and scores[0] >= scores[1]
    assert sorted(boxes[:, 0] > 512) == [False, True]


def test_a_face_is_clipped_to_the_photograph():
    scores, boxes = find_faces(PHOTO[:, 200:])
    assert len(scores) == 1 and boxes[0, 0] == 0
    assert iou(boxes[0], np.array([0, FACE[1], FACE[2] - 200, FACE[3]])) > 0.7


def test_a_larger_net_finds_a_face_that_is_too_small_for_the_shipped_one():
    small = padded(PHOTO, bottom=3000)
    larger = models.face_detector((1216, 1216, 3))
    assert len(find_faces(small)[0]) == 0
    _, boxes = find_faces(small, larger)
    assert iou(boxes[0], np.array(FACE)) > 0.5


def test_a_score_that_equals_the_threshold_is_left_out():
    score = float(find_faces(PHOTO)[0][0])
    assert len(find_faces(PHOTO, score_threshold=score)[0]) == 0
    assert len(find_faces(PHOTO, score_threshold=score - 1e-6)[0]) == 1


def test_boxes_in_the_black_margin_are_left_out():
    net = models.face_detector((64, 64, 3), None)
    for value in net.get_layer("conv8").weights:
        value.assign(ops.zeros(value.shape))  # every score is 0.5, every box an anchor in the middle of its cell
    flat = np.zeros((8, 64, 3), np.uint8)  # the cells of the second row have their middle at 48, far below the photo
    _, boxes = find_faces(flat, net, score_threshold=0.4, iou_threshold=1)
    assert len(boxes) > 0
    assert (boxes[:, :2] < boxes[:, 2:]).all() and boxes[:, 3].max() <= 8 and boxes[:, 2].max() <= 64


def test_anchors_are_the_files():
    np.testing.assert_allclose(pretrained.FACE_ANCHORS, weights.metadata("face_detector")["anchors"])


# Faces of all sizes: the benchmark `find_faces` has more of them


@pytest.fixture(scope="module")
def frames(load_benchmark):
    return load_benchmark("find_faces")


@pytest.mark.parametrize("change", ["as it is", "half the light", "backlit", "blurred", "gray"])
@pytest.mark.parametrize(("share", "size"), [(0.5, 96), (0.8, 240), (0.12, 600)])
def test_a_face_is_found_in_any_size_and_light(frames, share, size, change):
    for framed in frames.framings(("astronaut", "grace_hopper"), [share], [size], [change]):
        _, boxes = find_faces(framed.picture)
        assert (iou(boxes, framed.truth) > 0.5).sum() == 1, framed.photo


def test_the_net_alone_is_one_scale_and_misses_what_the_others_find(frames):
    framed = list(frames.framings(("astronaut", "grace_hopper"), [0.8], [96, 240], ["backlit"]))
    assert sum(len(find_faces(each.picture, scales=1)[0]) for each in framed) < 2 < 4 == len(framed)
    assert [len(find_faces(each.picture)[0]) for each in framed] == [1] * 4
    (score,), (box,) = find_faces(PHOTO, scales=1)
    assert score == pytest.approx(0.9755, abs=0.01)
    np.testing.assert_allclose(box, FACE, atol=1)


@pytest.mark.parametrize("name", ["coffee", "rocket", "coins", "grass", "gravel", "brick", "hubble", "starry_night"])
def test_no_scale_adds_a_face_where_there_is_none(name):
    assert len(find_faces(datasets.photo(name))[0]) == 0


def test_what_a_single_sharpened_scale_takes_for_a_face_needs_another_one_to_confirm_it():
    blurred = np.asarray(Image.fromarray(PHOTO).filter(ImageFilter.GaussianBlur(3)))
    largest = pretrained.FACE_SCALES[0]
    assert len(find_faces(blurred, scales=largest)[0]) == 2  # the face, and a sleeve
    ((box,),) = find_faces(blurred)[1:]
    assert iou(box, FACE) > 0.7
    assert len(find_faces(blurred, scales=(largest, 0.65))[0]) == 1


def test_a_large_face_and_a_small_one_are_found_in_one_panorama(frames):
    hopper = datasets.photo("grace_hopper")
    small, _ = frames.place(PHOTO, FACE, 0.25, 400, (0.5, 0.5), np.zeros((2, 2, 3), np.uint8))
    panorama = np.concatenate([hopper[:400], small, np.full((400, 300, 3), 90, np.uint8)], axis=1)
    scores, boxes = find_faces(panorama)
    assert len(scores) == 2 and sorted(boxes[:, 0] > 512) == [False, True]


@pytest.mark.parametrize("scales", [0, -1, 5, float("nan"), True, None, "1", (), (1, "2"), [0.5, None]])
def test_scales_are_numbers_above_0_and_at_most_4(scales):
    with pytest.raises(ValueError, match=r"^scales: expected a number in \(0, 4\] or several, got "):
        find_faces(PHOTO, scales=scales)


def test_the_users_net_is_left_as_it_was_and_its_weights_are_looked_up_at_each_call():
    net = models.face_detector((224, 224, 3))
    shapes, nodes = [tuple(net.input.shape), tuple(net.output.shape)], len(net.layers)
    before = find_faces(PHOTO, net)
    assert len(before[0]) == 1
    assert [tuple(net.input.shape), tuple(net.output.shape)] == shapes and len(net.layers) == nodes
    for value in net.get_layer("conv8").weights:
        value.assign(ops.zeros(value.shape) - 9.0 * (len(value.shape) == 1))
    assert len(find_faces(PHOTO, net)[0]) == 0


# Landmarks


@pytest.mark.parametrize("name", ["astronaut", "grace_hopper"])
def test_the_points_of_a_face_lie_as_a_face_does(name):
    photo = datasets.photo(name)
    _, boxes = find_faces(photo)
    points = find_landmarks(photo, boxes)
    assert points.shape == (1, 68, 2) and points.dtype == np.float32
    (left, top, right, bottom), points = boxes[0], points[0]
    assert (points > [left, top]).all() and (points < [right, bottom]).all()
    left_eye, right_eye, mouth = (points[part].mean(axis=0) for part in (LEFT_EYE, RIGHT_EYE, MOUTH))
    assert left_eye[0] < mouth[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < points[30, 1] < mouth[1] < points[JAW, 1].max()  # 30: tip of the nose


def test_the_astronauts_eyes_and_mouth_are_where_one_sees_them():
    points = find_landmarks(PHOTO, [FACE])[0]
    for part, seen in ((LEFT_EYE, (203, 101)), (RIGHT_EYE, (246, 103)), (MOUTH, (223, 144))):
        np.testing.assert_allclose(points[part].mean(axis=0), seen, atol=4)


def test_a_mirrored_photograph_has_mirrored_points():
    width = PHOTO.shape[1]
    left, top, right, bottom = FACE
    points = find_landmarks(PHOTO, [FACE])[0]
    mirrored = find_landmarks(PHOTO[:, ::-1], [(width - right, top, width - left, bottom)])[0]
    found = np.stack([width - mirrored[MIRRORED, 0], mirrored[MIRRORED, 1]], axis=1)
    assert np.abs(found - points).mean() < 2 and np.abs(found - points).max() < 6


@pytest.mark.parametrize("box", [(140, 75, 302, 187), (163, 40, 280, 230)], ids=["wide", "tall"])
def test_a_box_that_is_not_square_keeps_the_ratio_of_the_face(box):
    points, expected = (find_landmarks(PHOTO, [each])[0] for each in (box, FACE))
    assert np.abs(points - expected).mean() < 8
    eyes = [each[RIGHT_EYE].mean(axis=0) - each[LEFT_EYE].mean(axis=0) for each in (points, expected)]
    np.testing.assert_allclose(eyes[0], eyes[1], atol=5)


def test_a_wide_face_lies_between_two_black_margins_of_equal_height():
    left, top, right, bottom = 140, 75, 302, 187  # 162×112
    square = padded(PHOTO[top:bottom, left:right], top=25, bottom=25)
    expected = find_landmarks(square, [(0, 0, 162, 162)]) + np.float32([left, top - 25])
    np.testing.assert_allclose(find_landmarks(PHOTO, [(left, top, right, bottom)]), expected, atol=1e-3)


def test_points_move_with_the_face():
    moved = find_landmarks(padded(PHOTO, top=30, left=70), np.array([FACE]) + np.tile([70, 30], 2))
    np.testing.assert_allclose(moved, find_landmarks(PHOTO, [FACE]) + np.float32([70, 30]), atol=1e-3)


def test_each_face_has_its_own_points():
    boxes = np.array([FACE, (20, 20, 300, 300)])
    both = find_landmarks(PHOTO, boxes)
    np.testing.assert_allclose(both, np.concatenate([find_landmarks(PHOTO, boxes[i : i + 1]) for i in (0, 1)]))


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4))])
def test_no_faces_have_no_points(boxes):
    assert find_landmarks(PHOTO, boxes).shape == (0, 68, 2)


def test_a_box_is_cut_off_at_the_edges_of_the_photograph():
    beyond, within = (-50, -20, 600.5, 700), (0, 0, 512, 512)
    np.testing.assert_array_equal(find_landmarks(PHOTO, [beyond]), find_landmarks(PHOTO, [within]))


def test_a_box_of_less_than_a_pixel_is_the_pixel_it_touches():
    np.testing.assert_array_equal(
        find_landmarks(PHOTO, [(200.2, 100.2, 200.4, 100.4)]), find_landmarks(PHOTO, [(200, 100, 201, 101)])
    )


# Objects


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("astronaut", {"person": 0.73}),
        ("grace_hopper", {"person": 0.84, "tie": 0.50}),
        ("chelsea", {"cat": 0.58, "dog": 0.37}),
        ("china", {}),
        ("rocket", {}),
        ("flower", {}),
    ],
)
def test_objects_are_those_that_the_source_finds(name, expected):
    scores, boxes, classes = find_objects(datasets.photo(name))
    assert named(classes) == list(expected)
    np.testing.assert_allclose(scores, list(expected.values()), atol=0.05)
    assert boxes.shape == (len(expected), 4)


def test_a_tie_is_on_a_person():
    _, (person, tie), _ = find_objects(datasets.photo("grace_hopper"))
    assert (person[:2] < tie[:2]).all() and (tie[2:] < person[2:]).all()
    np.testing.assert_allclose(tie, (229, 440, 287, 544), atol=8)  # as one sees it


@pytest.mark.parametrize("margins", [{"left": 160}, {"top": 100, "bottom": 100}, {"right": 1}])
def test_an_object_moves_with_the_margins(margins):
    plain, moved = (find_objects(photo, score_threshold=0.5) for photo in (PHOTO, padded(PHOTO, **margins)))
    assert named(moved[2]) == ["person"]
    shift = np.tile([margins.get("left", 0), margins.get("top", 0)], 2)
    assert iou(moved[1][0], plain[1][0] + shift) > 0.85


def test_objects_lie_in_the_photograph_best_first():
    photo = datasets.photo("coins")
    scores, boxes, _ = find_objects(photo, score_threshold=0.2)
    assert len(scores) > 20 and (np.diff(scores) <= 0).all() and (scores > 0.2).all()
    assert (boxes >= 0).all() and boxes[:, 2].max() <= photo.shape[1] and boxes[:, 3].max() <= photo.shape[0]


def test_classes_are_the_files():
    assert list(COCO_CLASSES) == weights.metadata("nanodet")["classes"]


def test_nanodets_answers_are_decoded_as_a_loop_over_cells_does():
    rng = np.random.default_rng(0)
    grids = [rng.normal(0, 2, (2, rows, columns, 124)).astype("float32") for rows, columns in ((4, 6), (2, 3), (1, 2))]
    boxes, probabilities = (ops.convert_to_numpy(values) for values in decode_nanodet(grids))
    assert boxes.shape == (2, 32, 4) and probabilities.shape == (2, 32, 80)
    for picture in range(2):
        i = 0
        for grid, stride in zip(grids, (8, 16, 32), strict=True):
            for row in range(grid.shape[1]):
                for column in range(grid.shape[2]):
                    answer = grid[picture, row, column].astype(float)
                    np.testing.assert_allclose(probabilities[picture, i], 1 / (1 + np.exp(-answer[:80])), atol=1e-5)
                    sides = []
                    for side in range(4):
                        powers = [np.exp(logit) for logit in answer[80 + 11 * side :][:11]]
                        sides.append(stride * sum(j * power for j, power in enumerate(powers)) / sum(powers))
                    x, y = stride * (column + 0.5), stride * (row + 0.5)
                    expected = (x - sides[0], y - sides[1], x + sides[2], y + sides[3])
                    np.testing.assert_allclose(boxes[picture, i], expected, atol=1e-3)
                    i += 1


def test_suppression_takes_the_classes_together_where_that_is_asked_for():
    photo = datasets.photo("chelsea")
    assert named(find_objects(photo)[2]) == ["cat", "dog"]
    _, boxes, classes = find_objects(photo, class_agnostic=True)
    assert named(classes) == ["cat"]
    np.testing.assert_array_equal(boxes, find_objects(photo)[1][:1])
    for value in (None, 1, "yes"):
        with pytest.raises(ValueError, match=r"^class_agnostic: expected True or False, got "):
            find_objects(photo, class_agnostic=value)


# People


@pytest.mark.parametrize(("name", "percent"), [("astronaut", 54.5), ("china", 0)])
def test_as_much_of_a_photograph_is_a_person_as_the_source_says(name, percent):
    photo = datasets.photo(name)
    mask = person_mask(photo)
    assert mask.shape == photo.shape[:2] and mask.dtype == np.float32
    assert mask.min() >= 0 and mask.max() <= 1
    assert 100 * (mask > 0.5).mean() == pytest.approx(percent, abs=1 if percent else 0)


def test_the_mask_lies_on_the_person():
    photo = datasets.photo("grace_hopper")
    mask = person_mask(photo)
    left, top, right, bottom = find_faces(photo)[1][0].astype(int)
    middle = mask[top + 60 : bottom - 20, left + 60 : right - 60]
    assert middle.min() > 0.9 and mask[:100, :60].max() < 0.1 and mask[:100, -60:].max() < 0.1


def test_the_mask_of_a_photograph_that_is_not_square_is_not_turned():
    photo = padded(PHOTO, right=256)
    mask = person_mask(photo)
    assert mask.shape == (512, 768)
    assert (mask[:, 512:] > 0.5).mean() < 0.01
    assert ((mask[:, :512] > 0.5) == (person_mask(PHOTO) > 0.5)).mean() > 0.9


# Letterboxes


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("shape", [(30, 50), (50, 30), (40, 40), (7, 50), (1, 1)])
def test_a_letterbox_shows_the_whole_photograph_and_black(shape, centered):
    white = np.full((*shape, 3), 255, np.uint8)
    picture, scale, offset = letterbox(white, 100, centered=centered)
    assert picture.shape == (100, 100, 3) and picture.dtype == np.float32 and scale == 100 / max(shape)
    height, width = (scale * side for side in shape)
    assert picture.sum() / (3 * 255) == pytest.approx(height * width, rel=0.02)
    x, y = offset + np.array([width, height]) / 2
    assert (picture[int(y), int(x)] == 255).all()
    assert centered or not offset.any()
    if centered:
        np.testing.assert_allclose(2 * offset + (width, height), 100, atol=scale)


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("shape", [(60, 100), (100, 60), (33, 100)])
def test_undoing_a_letterbox_finds_the_place_again(shape, centered):
    photo = np.zeros((*shape, 3), np.uint8)
    photo[10:14, 20:26] = 255  # midpoint (23, 12)
    picture, scale, offset = letterbox(photo, 300, centered=centered)
    y, x = np.mgrid[:300, :300] + 0.5
    brightness = picture[..., 0]
    middle = [(axis * brightness).sum() / brightness.sum() for axis in (x, y)]
    np.testing.assert_allclose(undo_letterbox(middle, scale, offset), (23, 12), atol=0.02)


def test_points_and_boxes_come_back_from_a_letterbox_in_any_shape():
    points = np.random.default_rng(0).random((2, 5, 2)) * 50
    _, scale, offset = letterbox(np.zeros((30, 50, 3), np.uint8), 416)
    np.testing.assert_allclose(undo_letterbox(points * scale + offset, scale, offset), points, atol=1e-4)
    boxes = points.reshape(5, 4)
    np.testing.assert_allclose(undo_letterbox(boxes * scale + np.tile(offset, 2), scale, offset), boxes, atol=1e-4)


def test_of_a_large_photograph_every_pixel_counts():
    noise = np.random.default_rng(0).integers(0, 256, (1600, 1600, 3), dtype=np.uint8)
    assert letterbox(noise, 100)[0].std() < 10  # of 74 before


def test_a_letterbox_of_a_panorama_takes_no_square_of_its_longer_side():
    code = """
import resource, numpy as np
from dlcourse.pretrained import letterbox
letterbox(np.zeros((9, 9, 3), np.uint8), 416)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
picture, scale, offset = letterbox(np.full((200, 30000, 3), 200, np.uint8), 416)
assert picture[207, 200, 0] > 190 and picture[200, 200, 0] == 0
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    megabytes = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(megabytes) < 300  # of pixels the photograph has 18 MB, the square of its longer side 2.7 GB


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1, 2, 3]], 1, (0, 0)), r"^coordinates: expected finite numbers, shape \(…, 2\) or \(…, 4\), got \(1, 3\)$"),
        (([1, np.nan], 1, (0, 0)), r"^coordinates: expected finite numbers, .* got NaN or infinity$"),
        ((None, 1, (0, 0)), r"^coordinates: expected an array of numbers, got object$"),
        (([1, 2], 0, (0, 0)), r"^scale: expected a finite number above 0, got 0$"),
        (([1, 2], "1", (0, 0)), r"^scale: expected a finite number above 0, got '1'$"),
        (([1, 2], 1, (0, 0, 0)), r"^offset: expected two finite numbers, x and y, got \[0"),
        (([1, 2], 1, (0, np.inf)), r"^offset: expected two finite numbers"),
    ],
)
def test_a_letterbox_that_cannot_be_undone_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        undo_letterbox(*arguments)


def test_a_painted_stripe_is_found_again_within_half_a_pixel():  # ultralytics/ultralytics#23967
    photo = np.zeros((1234, 3001, 3), np.uint8)
    photo[611:614] = 255  # its middle is at 612.5
    picture, scale, offset = letterbox(photo, 1280)
    brightness = picture[:, 640, 0]
    middle = ((np.arange(1280) + 0.5) * brightness).sum() / brightness.sum()
    assert undo_letterbox([640, middle], scale, offset)[1] == pytest.approx(612.5, abs=0.05)


# All


def test_the_modules_of_the_room_load_when_they_are_used():
    code = """
import sys
import dlcourse
from dlcourse import detection
assert "tensorflow" not in sys.modules and "keras" not in sys.modules
assert "yolo" in dir(detection) and callable(detection.yolo.postprocess) and callable(dlcourse.detection.boxes.iou)
try:
    detection.yollo
except AttributeError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "module 'dlcourse.detection' has no attribute 'yollo'\n"


def test_the_shipped_nets_are_built_once():
    find_objects(PHOTO)
    before = nets.shipped.cache_info()
    find_objects(PHOTO)
    after = nets.shipped.cache_info()
    assert after.misses == before.misses and after.hits == before.hits + 1


def test_the_shipped_nets_outlive_keras_clear_session():
    before = find_faces(PHOTO)
    keras.utils.clear_session()
    np.testing.assert_array_equal(find_faces(PHOTO)[1], before[1])


@pytest.mark.parametrize("call", [find_faces, find_objects, person_mask])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (300, 2, 3)])
def test_the_smallest_and_the_thinnest_photographs_are_answered(call, shape):
    photo = np.full(shape, 128, np.uint8)
    found = call(photo)
    assert np.asarray(found).shape == shape[:2] if call is person_mask else len(found[0]) == 0


CALLS = {
    "find_faces": find_faces,
    "find_landmarks": lambda photo, model=None: find_landmarks(photo, [(0, 0, 5, 5)], model),
    "find_objects": find_objects,
    "person_mask": person_mask,
}


@pytest.mark.parametrize("call", [*CALLS.values(), lambda photo: letterbox(photo, 8)], ids=[*CALLS, "letterbox"])
@pytest.mark.parametrize(
    ("photo", "message"),
    [
        (PHOTO[..., 0], r"uint8 of \(512, 512\)"),
        (PHOTO[..., :1], r"uint8 of \(512, 512, 1\)"),
        (PHOTO[:0], r"uint8 of \(0, 512, 3\)"),
        (PHOTO[np.newaxis], r"uint8 of \(1, 512, 512, 3\)"),
        (PHOTO / 255, r"float64 of \(512, 512, 3\)"),
        (PHOTO.astype("int64"), r"int64 of \(512, 512, 3\)"),
        (None, r"object of \(\)"),
    ],
)
def test_what_is_no_photograph_is_refused(call, photo, message):
    with pytest.raises(ValueError, match=rf"^photo: expected uint8, shape \(height, width, 3\), .* got {message}"):
        call(photo)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("build", [lambda: models.resnet_cifar(8), keras.Sequential, lambda: "nanodet"])
def test_a_net_of_another_form_is_refused(name, build):
    builders = {"find_faces": "face_detector", "find_landmarks": "face_landmarks", "find_objects": "nanodet"}
    builder = builders.get(name, "selfie_segmentation")
    with pytest.raises(ValueError, match=f"^model: expected a net for squares, as models.{builder} builds it, got "):
        CALLS[name](PHOTO, build())


def test_a_net_for_oblongs_is_refused():
    with pytest.raises(ValueError, match=r"^model: expected a net for squares"):
        find_faces(PHOTO, models.face_detector((64, 96, 3), None))


@pytest.mark.parametrize("call", [find_faces, find_objects])
@pytest.mark.parametrize("name", ["score_threshold", "iou_threshold"])
@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), "0.5", None])
def test_thresholds_are_in_0_to_1(call, name, value):
    with pytest.raises(ValueError, match=rf"^{name}: expected a number in \[0, 1\], got {value!r}$"):
        call(PHOTO, **{name: value})


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([(10, 10, 5, 20)], "boxes: expected .*x_min ≤ x_max"),
        ([(10, 10, np.nan, 20)], "boxes: expected finite numbers"),
        ((10, 10, 20, 20), r"boxes: expected shape \(n, 4\), got \(4,\)"),
        ([(10, 10, 20)], r"boxes: expected shape \(n, 4\), got \(1, 3\)"),
        ([(10, 10, 10, 20)], r"boxes: expected an area inside the photo of \(512, 512\), got \[10.0, 10.0, 10.0"),
        ([(0, 0, 9, 9), (600, 10, 700, 20)], r"boxes: expected an area inside the photo .* got \[600.0"),
    ],
)
def test_boxes_without_a_face_to_look_at_are_refused(boxes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        find_landmarks(PHOTO, boxes)


@pytest.mark.parametrize("size", [0, -1, 2.5, None])
def test_a_letterbox_has_a_whole_number_of_pixels(size):
    with pytest.raises(ValueError, match=r"^size: expected a whole number, 1 or more, got"):
        letterbox(PHOTO, size)


@pytest.mark.parametrize(
    "shapes", [[(1, 2, 2, 124)] * 2, [(1, 2, 2, 124)] * 2 + [(1, 2, 2, 25)], [(2, 2, 124)] * 3, []]
)
def test_answers_that_are_not_nanodets_are_refused(shapes):
    with pytest.raises(ValueError, match=r"^outputs: expected three grids, shape \(m, rows, columns, 124\), got \["):
        decode_nanodet([np.zeros(shape, np.float32) for shape in shapes])
