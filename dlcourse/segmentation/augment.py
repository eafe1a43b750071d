"""Picture and mask changed alike: mirrored, turned and cropped by the same draw.

Changed apart, the mask no longer lies on its object, and nothing warns of it. A mask must not be interpolated either:
between classes 1 and 3 lies no class 2.
"""

from dlcourse.checks import array, count, height_and_width, number
from dlcourse.segmentation.checks import class_map

import numpy as np

KNOWN = (np.uint8, np.float32, np.float64)  # to SciPy, which has no half precision


def augment(images, masks, seed, *, size=None, degrees=0):
    """Cut a window out of each picture and its mask, turned and mirrored at random.

    Every new pixel asks where in the old picture it comes from, and the mask's pixel asks at the same place. There the
    picture gives the weighted mean of the four pixels around (bilinear), and the mask its nearest pixel. What comes
    from outside repeats the pixel at the edge.

    Many crops of one picture need no copies of it: `np.broadcast_to(image, (100, *image.shape))`.

    Args:
        images: Pictures in 0…255, uint8 or float, shape (m, height, width, channels).
        masks: Whole numbers of 0 or more, shape (m, height, width).
        seed: A whole number of 0 or more; the same seed draws the same changes.
        size: Side of the window, or (height, width), not larger than the pictures; each place is as likely as any
            other. None for the whole picture.
        degrees: Largest angle by which a window is turned, either way; 0 or more.

    Returns new pictures, shape (m, *size, channels), and masks, shape (m, *size), dtypes as given. One in two is
    mirrored, left to right.
    Raises ValueError if pictures and masks do not belong together, or another argument is out of its range.
    Taught in notebook 3-3, section 3.3.5.
    """
    from scipy import ndimage  # here, because it takes a while to load

    images, masks = _pairs(images, masks)
    rng = np.random.default_rng(count("seed", seed, 0))
    window = _window(size, masks.shape[1:])
    degrees = number("degrees", degrees)
    m, channels = len(images), images.shape[3]
    new_images, new_masks = np.empty((m, *window, channels), images.dtype), np.empty((m, *window), masks.dtype)
    middle = np.subtract(window, 1) / 2
    down, right = np.arange(window[0])[:, None] - middle[0], np.arange(window[1])[None, :] - middle[1]
    for i in range(m):
        y, x = middle + rng.integers(np.subtract(masks.shape[1:], window) + 1)
        angle, side = np.deg2rad(rng.uniform(-degrees, degrees)), rng.choice((-1, 1))
        cos, sin = np.cos(angle), np.sin(angle)
        places = y + cos * down + sin * side * right, x - sin * down + cos * side * right
        new_masks[i] = ndimage.map_coordinates(masks[i], places, order=0, mode="nearest")
        for c in range(channels):
            channel = images[i, ..., c] if images.dtype in KNOWN else images[i, ..., c].astype(np.float64)
            values = ndimage.map_coordinates(channel, places, np.float32, order=1, mode="nearest")
            new_images[i, ..., c] = values if images.dtype.kind == "f" else np.rint(values)
    return new_images, new_masks


def _pairs(images, masks):
    images, masks = array("images", images), class_map("masks", masks, ndim=3)
    if images.ndim != 4 or 0 in images.shape[1:] or (images.dtype != np.uint8 and images.dtype.kind != "f"):
        expected = "uint8 or float of shape (m, height, width, channels)"
        raise ValueError(f"images: expected {expected}, got {images.dtype} of {images.shape}")
    if images.size and not (images.min() >= 0 and images.max() <= 255):
        raise ValueError(f"images: expected values in 0…255, got {images.min()} to {images.max()}")
    if images.shape[:3] != masks.shape:
        raise ValueError(f"masks: expected one for each picture, shape {images.shape[:3]}, got {masks.shape}")
    return images, masks


def _window(size, largest):
    """Return the window's (height, width), if it fits."""
    if size is None:
        return largest
    window = height_and_width("size", size)
    if window[0] > largest[0] or window[1] > largest[1]:
        raise ValueError(f"size: expected a side or (height, width) of at most {largest}, got {size!r}")
    return window
