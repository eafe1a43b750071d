"""Sixty-eight points of each face in a photograph."""

from dlcourse import models
from dlcourse.checks import color_picture
from dlcourse.pretrained.boxes import whole_pixels
from dlcourse.pretrained.letterbox import letterbox, undo_letterbox
from dlcourse.pretrained.nets import net

import numpy as np


def find_landmarks(photo, boxes, model=None):
    """Find sixty-eight points of each face: jaw, brows, nose, eyes and mouth.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        boxes: The faces, shape (n, 4), corners in pixels, as `find_faces` returns them. Parts outside of the
            photograph are cut off. n may be 0.
        model: A net as `models.face_landmarks` builds it; None for the shipped one.

    Returns a NumPy array, shape (n, 68, 2): (x, y) in pixels of the photograph. `models.face_landmarks` says which
    point is which. A point may lie outside of its box.
    Raises ValueError if an argument is not as above, or a box has no area in the photograph.
    Taught in notebook 3-3, section 3.3.2.
    """
    photo, marker = color_picture("photo", photo), net("model", model, models.face_landmarks, (3, 2))
    side, points = marker.input_shape[1], []
    for left, top, right, bottom in whole_pixels(boxes, photo):
        face, scale, offset = letterbox(photo[top:bottom, left:right], side)
        found = marker.predict_on_batch(face[np.newaxis])[0]  # one by one: each other number of faces would be compiled
        points.append(undo_letterbox(found * side, scale, offset) + np.array([left, top]))
    return np.array(points, np.float32).reshape(-1, 68, 2)
