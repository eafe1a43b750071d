"""From classes to objects: the pixels of each box, as in SDS (Hariharan, Arbeláez, Girshick, Malik: Simultaneous
Detection and Segmentation, 2014, arXiv 1407.1808).

A class map does not separate two birds that sit side by side. A detector's boxes do, and the map tells which pixels of
a box are the object. SDS then looks at each object twice: at its box, and at its box with the background masked out.
"""

from dlcourse.checks import array, share
from dlcourse.detection.boxes import area
from dlcourse.detection.checks import boxes as corners
from dlcourse.detection.checks import read
from dlcourse.segmentation.checks import class_map

import numpy as np


def instances(semantic, boxes, classes):
    """Return a mask for each box: the pixels in it to which the class map gives the box's class.

    A pixel that several boxes of its class claim goes to the smallest of them, because what is small mostly lies in
    front; of boxes of one size, to the first.

    Args:
        semantic: Whole numbers, shape (height, width): 0 for the background, else the class + 1, as in
            `dlcourse.datasets.scenes`; of a net the argmax over its classes.
        boxes: Corners (x_min, y_min, x_max, y_max) in pixels, shape (n, 4). They may reach beyond the picture.
        classes: Whole numbers of 0 or more, shape (n,), as a detector predicts them. To trust them more than the map's
            classes, pass `semantic > 0` and zeros.

    Returns bool, shape (n, height, width). No pixel is in two masks. A pixel is inside a box if its middle is.
    Raises ValueError if the map, the boxes or the classes are not such numbers.
    Taught in notebook 3-3, section 3.3.5.
    """
    semantic, classes = class_map("semantic", semantic, ndim=2), array("classes", classes, "whole numbers")
    boxes = read("boxes", corners("boxes", boxes, ("n", 4)))
    if classes.shape != (len(boxes),) or (classes.size and (classes.dtype.kind not in "ui" or classes.min() < 0)):
        raise ValueError(f"classes: expected a whole number of 0 or more for each of {len(boxes)} boxes, got {classes}")
    rows, columns = (np.arange(side) + 0.5 for side in semantic.shape)
    masks, free = np.zeros((len(boxes), *semantic.shape), bool), np.ones(semantic.shape, bool)
    for k in np.argsort(area(boxes), kind="stable"):
        x_min, y_min, x_max, y_max = boxes[k]
        inside = np.outer((rows >= y_min) & (rows < y_max), (columns >= x_min) & (columns < x_max))
        masks[k] = inside & free & (semantic == int(classes[k]) + 1)
        free &= ~masks[k]
    return masks


def mask_out(image, box, mask, mean):
    """Return the picture within a box, with the mean picture where the object is not: the second look of SDS.

    Args:
        image: A picture, shape (height, width, channels), in 0…255.
        box: Corners (x_min, y_min, x_max, y_max) in pixels; every pixel that it touches is kept.
        mask: The object, bool, shape (height, width), such as `instances` returns.
        mean: The fill outside of it: a number, a color of shape (channels,), or a picture of the shape of `image`.

    Returns a new picture, dtype as `image`, of the size of the box within the image.
    Raises ValueError if the shapes do not fit, the box is none, or it has no pixel in the picture.
    Taught in notebook 3-3, section 3.3.5.
    """
    image, mask, mean = array("image", image), array("mask", mask, "bool"), array("mean", mean)
    x_min, y_min, x_max, y_max = read("box", corners("box", box, (4,)))
    if image.ndim != 3:
        raise ValueError(f"image: expected shape (height, width, channels), got {image.shape}")
    if mask.dtype != bool or mask.shape != image.shape[:2]:
        raise ValueError(f"mask: expected bool of shape {image.shape[:2]}, got {mask.dtype} of {mask.shape}")
    if mean.dtype.kind not in "uif" or mean.shape not in ((), image.shape[2:], image.shape):
        wanted = f"a number, or shape {image.shape[2:]} or {image.shape}"
        raise ValueError(f"mean: expected {wanted}, got {mean.dtype} of {mean.shape}")
    rows = slice(max(0, int(np.floor(y_min))), max(0, int(np.ceil(y_max))))
    columns = slice(max(0, int(np.floor(x_min))), max(0, int(np.ceil(x_max))))
    mean = np.rint(mean) if image.dtype.kind in "ui" else mean
    kept = np.where(mask[..., None], image, mean).astype(image.dtype)[rows, columns]
    if kept.size == 0:
        raise ValueError(f"box: expected pixels within {image.shape[1]}×{image.shape[0]}, got {box!r}")
    return kept


def overlay(image, mask, opacity=0.5):
    """Color classes or instances over a picture, in a palette for color-blind readers.

    `dlcourse.plots.masks` draws the same as a figure, with a legend.

    Args:
        image: A picture, uint8, shape (height, width), (height, width, 1) or (height, width, 3).
        mask: Whole numbers, shape (height, width): 0 stays as it is; 1, 2, … have a color each, eight in turn, and an
            outline.
        opacity: The share of the color in [0, 1]: 0 shows none but the outline, 1 nothing else.

    Returns uint8, shape (height, width, 3).
    Raises ValueError if the mask is not as large as the picture, or another argument is out of its range.
    Taught in notebook 3-3, section 3.3.5.
    """
    from dlcourse import plots  # here, because it brings matplotlib

    image, mask = array("image", image, "uint8 in 0…255"), class_map("mask", mask, ndim=2)
    if image.dtype != np.uint8:
        raise ValueError(f"image: expected uint8 in 0…255, got {image.dtype}")
    if mask.shape != image.shape[:2]:
        raise ValueError(f"mask: expected the size of the image, {image.shape[:2]}, got {mask.shape}")
    colored = plots.overlay(plots.as_picture(image, "image"), mask, share("opacity", opacity))
    return np.rint(255 * colored).astype(np.uint8)
