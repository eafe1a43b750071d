"""From a photograph to encodings: find the faces, find the points of each, cut each out in the same way, encode it.

faces = encode_faces(photo)       # all, best first
encoding = encode_face(photo)     # of a photograph that shows one
"""

from typing import NamedTuple

from dlcourse import models
from dlcourse.checks import color_picture
from dlcourse.pretrained import find_faces, find_landmarks
from dlcourse.pretrained.nets import net

import numpy as np
from PIL import Image

SIDE = 150  # of an aligned face, in pixels
LEFT_EYE, RIGHT_EYE, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)  # of the 68 points
EYE_TO_MOUTH = 0.45  # of the side of the square
CENTER = (0.5, 0.43)  # of eyes and mouth, in the square


class Faces(NamedTuple):
    """The n faces of a photograph, best first. n may be 0.

    `scores` (n,), `boxes` (n, 4) and `landmarks` (n, 68, 2) are those of `pretrained`, in pixels of the photograph;
    `pictures`, uint8, (n, 150, 150, 3), are the aligned faces, and `encodings` (n, d) the encoder's outputs for them.
    """

    scores: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    pictures: np.ndarray
    encodings: np.ndarray


def encode_faces(photo, encoder=None):
    """Find all faces of a photograph and encode them: detect, find landmarks, align, encode.

    Args:
        photo: uint8, shape (height, width, 3), of any size, as `find_faces` takes it.
        encoder: A Keras model from aligned faces, shape (m, 150, 150, 3), to encodings, shape (m, d); None for the
            shipped `models.face_encoder`, whose d is 128.

    Returns `Faces(scores, boxes, landmarks, pictures, encodings)`, a named tuple of NumPy arrays.
    Raises ValueError if an argument is not as above.
    Taught in notebook 3-4, section 3.4.3.
    """
    model = net("encoder", encoder, models.face_encoder, (2, None), side=SIDE)
    scores, boxes = find_faces(photo)
    landmarks = find_landmarks(photo, boxes)
    pictures = np.array([align(photo, points) for points in landmarks], np.uint8).reshape(-1, SIDE, SIDE, 3)
    # One by one, because each new number of faces would be compiled anew
    encodings = [model.predict_on_batch(picture[np.newaxis])[0] for picture in pictures]
    return Faces(scores, boxes, landmarks, pictures, np.array(encodings, np.float32).reshape(-1, model.output_shape[1]))


def encode_face(photo, encoder=None):
    """Compute the encoding f(x) of the one face that a photograph shows, such as a passport's picture.

    Args:
        photo, encoder: As for `encode_faces`.

    Returns a NumPy array, float32, shape (d,).
    Raises ValueError if none or several faces are found, or an argument is not as above.
    Taught in notebook 3-4, section 3.4.3.
    """
    encodings = encode_faces(photo, encoder).encodings
    if not len(encodings):
        raise ValueError(
            "photo: expected one face, got none: is the photograph turned? datasets.read_picture(path) turns it upright"
        )
    if len(encodings) > 1:
        raise ValueError(f"photo: expected one face, got {len(encodings)}: cut out the one that is meant")
    return encodings[0]


def align(photo, landmarks):
    """Cut a face out of its photograph, so that eyes and mouth are where they are in every other picture.

    The mean distance from the eyes to the mouth is 0.45 of the square's side, and their center is at 0.5 of its width
    and 0.43 of its height. The face is not turned, nor the square rounded to pixels: one moves a distance by 0.02.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        landmarks: The points of one face, shape (68, 2), (x, y) in pixels, as `pretrained.find_landmarks` returns them.

    Returns a NumPy array, uint8, shape (150, 150, 3). What is outside of the photograph is black.
    Raises ValueError if an argument is not as above, or the points are far outside of the photograph.
    Taught in notebook 3-4, section 3.4.3.
    """
    photo, points = color_picture("photo", photo), np.asarray(landmarks)
    if points.shape != (68, 2) or points.dtype.kind not in "iuf" or not np.isfinite(points).all():
        raise ValueError(f"landmarks: expected finite numbers of shape (68, 2), got {points.dtype} of {points.shape}")
    centers = np.array([points[part].mean(axis=0, dtype=float) for part in (LEFT_EYE, RIGHT_EYE, MOUTH)])
    eye_to_mouth = np.linalg.norm(centers[:2] - centers[2], axis=1).mean()
    side = max(1, eye_to_mouth / EYE_TO_MOUTH)
    corner = centers.mean(axis=0) - side * np.array(CENTER)
    far = (corner + side < 0).any() or (corner > photo.shape[1::-1]).any() or side > 3 * max(photo.shape[:2])
    if far:  # or else a picture of any size is made that shows nothing
        raise ValueError(
            f"landmarks: expected a face in the photo of {photo.shape[:2]}, got points around {points[30]}"
        )
    start, end = np.floor(corner).astype(int), np.ceil(corner + side).astype(int)
    around = Image.fromarray(photo).crop((*start, *end))  # black where there is no photograph
    box = (*(corner - start), *(corner + side - start))
    return np.array(around.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box))
