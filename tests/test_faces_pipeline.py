"""dlcourse.faces from photographs to encodings: golden distances of the nets' source, and what geometry demands.

The distances were measured with face-api 1.7.15's nets on whole photographs. It cuts its squares out at whole pixels;
one pixel moves a distance by 0.02.
"""

import itertools
import re

from dlcourse import datasets, faces, models
from dlcourse.pretrained import find_faces, find_landmarks
from dlcourse.pretrained.nets import shipped

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image, ImageFilter

NAMES = ("astronaut", "grace_hopper", "camera")
PHOTOS = {name: datasets.photo(name) for name in NAMES}
ASTRONAUT = PHOTOS["astronaut"]
TWO = np.concatenate([ASTRONAUT, PHOTOS["grace_hopper"][:512]], axis=1)
LEFT_EYE, RIGHT_EYE, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)


def by_pillow(change):
    return lambda photo: np.array(change(Image.fromarray(photo)))


ALTERED = {  # and how far from the plain photograph the source's procedure finds them: astronaut, Grace Hopper
    "mirrored": (lambda photo: photo[:, ::-1], 0.21, 0.15),
    "bright": (lambda photo: np.clip(photo * 1.5, 0, 255).astype(np.uint8), 0.34, 0.19),
    "dark": (lambda photo: (photo * 0.5).astype(np.uint8), 0.15, 0.11),
    "gray": (by_pillow(lambda image: image.convert("L").convert("RGB")), 0.20, 0.14),
    "turned": (by_pillow(lambda image: image.rotate(10, Image.Resampling.BILINEAR)), 0.23, 0.20),
    "turned by 20 degrees": (by_pillow(lambda image: image.rotate(20, Image.Resampling.BILINEAR)), 0.43, 0.34),
    "half as large": (
        by_pillow(lambda image: image.resize((256, image.height // 2), Image.Resampling.BILINEAR)),
        0.27,
        0.07,
    ),
    "blurred": (by_pillow(lambda image: image.filter(ImageFilter.GaussianBlur(3))), 0.49, 0.24),
}


@pytest.fixture(scope="module")
def encodings():
    return {name: faces.encode_face(photo) for name, photo in PHOTOS.items()}


def distance(a, b):
    return np.linalg.norm(a - b)


def mean_color_encoder():
    """A net as quick as can be, whose encoding is the mean color, three numbers."""
    pictures = keras.Input((150, 150, 3))
    return keras.Model(pictures, layers.GlobalAveragePooling2D()(pictures))


def face_at(left_eye, right_eye, mouth):
    points = np.zeros((68, 2))
    points[LEFT_EYE], points[RIGHT_EYE], points[MOUTH] = left_eye, right_eye, mouth
    return points


# Encodings


def test_the_distance_between_two_people_is_the_sources(encodings):
    assert distance(encodings["astronaut"], encodings["grace_hopper"]) == pytest.approx(0.675, abs=0.02)


@pytest.mark.parametrize("pair", list(itertools.combinations(NAMES, 2)), ids="-".join)
def test_two_people_are_farther_apart_than_the_threshold(encodings, pair):
    assert distance(encodings[pair[0]], encodings[pair[1]]) > 0.6


@pytest.mark.parametrize("change", ALTERED)
@pytest.mark.parametrize("name", ["astronaut", "grace_hopper"])
def test_an_altered_photograph_is_as_near_to_its_original_as_the_source_finds_it(encodings, name, change):
    alter, *expected = ALTERED[change]
    found = distance(faces.encode_face(alter(PHOTOS[name])), encodings[name])
    assert found < 0.6
    assert found == pytest.approx(expected[NAMES.index(name)], abs=0.05)


def test_the_lengths_are_the_sources(encodings):
    lengths = [np.linalg.norm(encoding) for encoding in encodings.values()]
    assert (min(lengths), max(lengths)) == pytest.approx((1.29, 1.46), abs=0.02)


def test_an_encoding_is_that_of_the_aligned_face(encodings):
    found = faces.encode_faces(ASTRONAUT)
    assert [values.shape for values in found] == [(1,), (1, 4), (1, 68, 2), (1, 150, 150, 3), (1, 128)]
    scores, boxes = find_faces(ASTRONAUT)
    np.testing.assert_array_equal(found.scores, scores)
    np.testing.assert_array_equal(found.boxes, boxes)
    np.testing.assert_array_equal(found.landmarks, find_landmarks(ASTRONAUT, boxes))
    np.testing.assert_array_equal(found.pictures[0], faces.align(ASTRONAUT, found.landmarks[0]))
    by_net = shipped(models.face_encoder).predict_on_batch(found.pictures)
    np.testing.assert_allclose(found.encodings, by_net, atol=1e-5)
    np.testing.assert_array_equal(found.encodings[0], encodings["astronaut"])


def test_each_face_of_a_photograph_has_its_own_encoding_best_first(encodings):
    found = faces.encode_faces(TWO)
    assert len(found.scores) == 2 and found.scores[0] >= found.scores[1]
    order = ["astronaut", "grace_hopper"] if found.boxes[0, 0] < 512 else ["grace_hopper", "astronaut"]
    for encoding, name, other in zip(found.encodings, order, order[::-1], strict=True):
        assert distance(encoding, encodings[name]) < 0.4 < 0.6 < distance(encoding, encodings[other])


def test_a_photograph_without_a_face_has_no_encodings():
    found = faces.encode_faces(datasets.photo("china"))
    assert [values.shape for values in found] == [(0,), (0, 4), (0, 68, 2), (0, 150, 150, 3), (0, 128)]
    assert found.pictures.dtype == np.uint8 and found.encodings.dtype == np.float32


def test_one_face_is_expected_where_one_encoding_is_asked_for():
    with pytest.raises(
        ValueError, match=r"^photo: expected one face, got none: is the photograph turned\? .*read_picture"
    ):
        faces.encode_face(datasets.photo("china"))
    with pytest.raises(ValueError, match=r"^photo: expected one face, got 2: cut out the one that is meant$"):
        faces.encode_face(TWO)


def test_another_encoder_is_used_and_may_have_another_length():
    found = faces.encode_faces(ASTRONAUT, mean_color_encoder())
    np.testing.assert_allclose(found.encodings, found.pictures.mean(axis=(1, 2)), atol=1e-3)
    assert faces.encode_faces(datasets.photo("china"), mean_color_encoder()).encodings.shape == (0, 3)


def test_the_shipped_net_is_built_once_and_compiled_once():
    faces.encode_face(ASTRONAUT)
    net = shipped(models.face_encoder)
    before = net.predict_function.experimental_get_tracing_count()
    faces.encode_faces(TWO)
    assert shipped(models.face_encoder) is net and net.predict_function.experimental_get_tracing_count() == before


# Alignment


def test_the_square_is_cut_between_pixels_as_bilinear_interpolation_does_by_hand():
    # Of side 90 with its corner at (55, 61.3): the middle is at (100, 100), both eyes 40.5 from the mouth
    up = 0.8 * 40.5
    points = face_at((75.7, 100 - up / 3), (124.3, 100 - up / 3), (100, 100 + 2 * up / 3))
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    photo = np.array(noise.filter(ImageFilter.GaussianBlur(4)))
    places = (np.arange(150) + 0.5) * 90 / 150 - 0.5
    left, top = np.floor(55 + places).astype(int), np.floor(61.3 + places).astype(int)
    right, below = (55 + places - left)[:, np.newaxis], (61.3 + places - top)[:, np.newaxis, np.newaxis]
    upper, lower = (photo[rows][:, left] * (1 - right) + photo[rows][:, left + 1] * right for rows in (top, top + 1))
    np.testing.assert_allclose(faces.align(photo, points), upper * (1 - below) + lower * below, atol=1.01)


@pytest.mark.parametrize("shift", [0, 0.3, 0.5])
def test_an_eye_is_brought_to_its_place(shift):
    photo = np.zeros((400, 400, 3), np.uint8)
    photo[198:202, 158:162] = 255  # the left eye
    picture = faces.align(photo, face_at((160, 200), (250, 190), (200, 260)) + shift)[..., 0].astype(float)
    side = (np.hypot(40, 60) + np.hypot(50, 70)) / 2 / 0.45
    expected = (np.array([160, 200]) - shift - (610 / 3, 650 / 3) + side * np.array([0.5, 0.43])) * 150 / side
    places = np.arange(150) + 0.5
    found = (picture.sum(axis=0) @ places / picture.sum(), picture.sum(axis=1) @ places / picture.sum())
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.parametrize("name", ["astronaut", "grace_hopper"])
def test_eyes_and_mouth_are_where_they_are_in_every_picture(name):
    [picture] = faces.encode_faces(PHOTOS[name]).pictures
    points = find_landmarks(picture, [(0, 0, 150, 150)])[0]
    eye, other, mouth = (points[part].mean(axis=0) for part in (LEFT_EYE, RIGHT_EYE, MOUTH))
    np.testing.assert_allclose((eye + other + mouth) / 3, (75, 64.5), atol=4)
    assert (distance(eye, mouth) + distance(other, mouth)) / 2 == pytest.approx(67.5, abs=4)


@pytest.mark.parametrize("shape", [(300, 400, 3), (61, 40, 3)])
@pytest.mark.parametrize("left", [-30, 0, 20.5])
@pytest.mark.parametrize("top", [-12.25, 0, 33])
def test_what_is_outside_of_the_photograph_is_black(shape, left, top):
    photo = np.full(shape, 200, np.uint8)
    points = face_at((10 + left, 15 + top), (30 + left, 15 + top), (20 + left, 30 + top))
    margin = 100
    wide = np.pad(photo, ((margin, margin), (margin, margin), (0, 0)))
    np.testing.assert_array_equal(faces.align(photo, points), faces.align(wide, points + margin))


def test_points_of_any_number_type_are_taken():
    points = face_at((160, 200), (240, 200), (200, 260))
    expected = faces.align(ASTRONAUT, points)
    for given in (points.astype(int), points.astype(np.float32), points.tolist()):
        np.testing.assert_array_equal(faces.align(ASTRONAUT, given), expected)


def test_points_that_are_all_the_same_give_the_pixel_around_them():
    picture = faces.align(ASTRONAUT, np.full((68, 2), 100))
    assert picture.shape == (150, 150, 3)
    assert (np.abs(picture.astype(int) - ASTRONAUT[99, 99]).max(axis=(0, 1)) < 60).all()


# Bad input


@pytest.mark.parametrize(
    "call",
    [faces.encode_faces, faces.encode_face, lambda photo: faces.align(photo, face_at((1, 1), (3, 1), (2, 3)))],
    ids=["encode_faces", "encode_face", "align"],
)
@pytest.mark.parametrize(
    "photo",
    [ASTRONAUT[..., 0], ASTRONAUT[..., :1], ASTRONAUT[:0], ASTRONAUT / 255, ASTRONAUT[np.newaxis], None],
    ids=["gray", "one channel", "empty", "float", "batch", "none"],
)
def test_what_is_no_photograph_is_refused(call, photo):
    got = f"{np.asarray(photo).dtype} of {np.shape(photo)}"
    with pytest.raises(ValueError, match=rf"^photo: expected uint8, shape .* got {re.escape(got)}"):
        call(photo)


@pytest.mark.parametrize(
    "build",
    [
        lambda: "face_encoder",
        lambda: faces.encode_face,
        keras.Sequential,
        lambda: keras.Sequential([keras.Input((96, 96, 3)), layers.Flatten()]),
        lambda: keras.Sequential([keras.Input((150, 150, 3)), layers.MaxPooling2D()]),
    ],
)
@pytest.mark.parametrize("call", [faces.encode_faces, faces.encode_face])
def test_an_encoder_of_another_form_is_refused(call, build):
    with pytest.raises(ValueError, match=r"^encoder: expected a net for squares of 150 pixels, as "):
        call(ASTRONAUT, build())


@pytest.mark.parametrize(
    ("landmarks", "got"),
    [
        (np.zeros((1, 68, 2)), "float64 of (1, 68, 2)"),
        (np.zeros((5, 2)), "float64 of (5, 2)"),
        ([], "float64 of (0,)"),
        (np.full((68, 2), np.nan), "float64 of (68, 2)"),
        (np.full((68, 2), "1"), "<U1 of (68, 2)"),
    ],
)
def test_landmarks_are_68_points(landmarks, got):
    with pytest.raises(
        ValueError, match=rf"^landmarks: expected finite numbers of shape \(68, 2\), got {re.escape(got)}$"
    ):
        faces.align(ASTRONAUT, landmarks)


@pytest.mark.parametrize(
    "points",
    [
        face_at((760, 200), (840, 200), (800, 260)),
        face_at((160, -200), (240, -200), (200, -140)),
        face_at((160, 200), (240, 200), (200, 260)) * 100,
        face_at((-1e9, 200), (1e9, 200), (200, 260)),
    ],
    ids=["right", "above", "far", "huge"],
)
def test_a_face_that_is_not_in_the_photograph_is_refused(points):
    with pytest.raises(
        ValueError, match=r"^landmarks: expected a face in the photo of \(512, 512\), got points around "
    ):
        faces.align(ASTRONAUT, points)
