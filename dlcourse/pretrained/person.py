"""The pixels of a photograph that show a person."""

from dlcourse import models
from dlcourse._pixels import resized
from dlcourse.checks import color_picture
from dlcourse.pretrained.nets import net

import numpy as np


def person_mask(photo, model=None):
    """Find the pixels of a photograph that show a person, by a U-Net that was trained on people close to the camera.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        model: A net as `models.selfie_segmentation` builds it; None for the shipped one.

    Returns a NumPy array, float32, shape (height, width): probabilities in 0…1. Over 0.5 counts as a person.
    Raises ValueError if an argument is not as above.
    Taught in notebook 3-3, section 3.3.5.
    """
    photo, segmenter = color_picture("photo", photo), net("model", model, models.selfie_segmentation, (4, 1))
    picture = resized(photo, segmenter.input_shape[1:3])  # squashed, not letterboxed, because it was trained so
    return resized(segmenter.predict_on_batch(picture[np.newaxis])[0], photo.shape[:2])[..., 0]
