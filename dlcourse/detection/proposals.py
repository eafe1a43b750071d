"""Region proposals, and R-CNN in small: boxes that may hold an object, each classified on its own.

Proposals come from selective search in small (Uijlings et al.: Selective Search for Object Recognition, 2013,
https://doi.org/10.1007/s11263-013-0620-5): a picture is cut into superpixels (Felzenszwalb and Huttenlocher, 2004), the
two most similar neighbors are merged, again and again, and the box of each region ever made is a proposal. R-CNN
(Girshick et al., 2013, arXiv 1311.2524) warps each to the size that a classifier takes.
"""

from dlcourse import training
from dlcourse.checks import color_picture, count, height_and_width
from dlcourse.detection import checks

import keras
import numpy as np

BINS = 8  # of each color's histogram
SIGMA = 0.8  # pixels: the picture is smoothed a little before it is cut up


def region_proposals(image, max_proposals=200, *, scales=(100, 300), min_size=40):
    """Return boxes around regions that look alike, the largest first.

    Two regions are the more similar the more their histograms of colors overlap, the smaller both are together, and the
    better they fill their common box. So small regions are merged first, and neighbors that lie within one another.

    Args:
        image: A picture, uint8, shape (height, width, 3).
        max_proposals: Largest number of boxes, 1 or more. If there are more, the smallest go.
        scales: Felzenszwalb's k, one or more numbers above 0: the larger, the larger the superpixels. Each makes
            regions of its own.
        min_size: Pixels of the smallest superpixel, 1 or more.

    Returns corners (x_min, y_min, x_max, y_max) in pixels, float32, shape (n, 4), no two the same. The same picture
    gives the same boxes.
    Raises ValueError if `image` is no such picture, or another argument is out of its range.
    Taught in notebook 3-3, section 3.3.4.
    """
    from skimage.segmentation import felzenszwalb  # here, because it takes a while to load

    image = color_picture("image", image)
    max_proposals, min_size = count("max_proposals", max_proposals), count("min_size", min_size)
    scales = np.asarray(scales, np.float64).reshape(-1)
    if scales.size == 0 or not np.all(np.isfinite(scales) & (scales > 0)):
        raise ValueError(f"scales: expected one or more numbers above 0, got {scales.tolist()}")
    boxes = set()
    for scale in scales:
        boxes |= set(_merged(image, felzenszwalb(image, scale, SIGMA, min_size, channel_axis=-1)))
    ordered = sorted(boxes, key=lambda box: ((box[0] - box[2]) * (box[3] - box[1]), box))
    return np.array(ordered[:max_proposals], np.float32).reshape(-1, 4)


def classify_regions(image, boxes, model, size, batch_size=32):
    """Classify the piece of the picture in each box, warped to the size that the model takes.

    This is the cost of R-CNN: one forward pass for every proposal, where YOLO has one for the picture.

    Args:
        image: As for `region_proposals`.
        boxes: Corners in pixels, shape (n, 4), such as `region_proposals` returns. Every pixel that a box touches is
            taken; what sticks out of the picture is cut off.
        model: A Keras model from pictures in 0…255, shape (m, *size, 3), to (m, classes).
        size: Side that the model takes, or (height, width), in pixels.
        batch_size: Number of regions at a time, 1 or more.

    Returns float32, shape (n, classes).
    Raises ValueError if an argument is out of its range, or a box has no area within the picture.
    Taught in notebook 3-3, section 3.3.4.
    """
    image, boxes = color_picture("image", image), checks.one_axis("boxes", boxes)
    batch_size, size = count("batch_size", batch_size), height_and_width("size", size)
    if not isinstance(model, keras.Model) or len(model.output_shape) != 2:
        raise ValueError(f"model: expected a Keras model with output (m, classes), got {model!r}")
    regions = _warped(image, boxes, size)
    return training.predict_in_batches(model, regions, batch_size)


def _merged(image, labels):
    """Yield the box of every region: of the superpixels, and of each merger of the two most similar neighbors."""
    height, width = labels.shape
    regions = dict(enumerate(_superpixels(image, labels)))
    neighbors = {k: set() for k in regions}
    for here, there in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        for a, b in np.unique(np.stack([here.ravel(), there.ravel()], axis=1)[(here != there).ravel()], axis=0):
            neighbors[a].add(int(b))
            neighbors[b].add(int(a))
    pairs = ((a, b) for a in regions for b in neighbors[a] if a < b)
    similar = {(a, b): _similarity(regions[a], regions[b], height * width) for a, b in pairs}
    for box, _, _ in regions.values():
        yield box
    while similar:
        a, b = max(similar, key=similar.get)  # the first of the best, so that the order is always the same
        merged = len(neighbors)
        regions[merged] = _union(regions[a], regions[b])
        neighbors[merged] = (neighbors[a] | neighbors[b]) - {a, b}
        similar = {pair: value for pair, value in similar.items() if not {a, b} & set(pair)}
        for c in sorted(neighbors[merged]):
            neighbors[c] = neighbors[c] - {a, b} | {merged}
            similar[c, merged] = _similarity(regions[c], regions[merged], height * width)
        yield regions[merged][0]


def _superpixels(image, labels):
    """Yield for each label its box, its number of pixels, and the histograms of three colors, which add up to 1."""
    rows, columns = np.indices(labels.shape)
    bins = image.astype(int) * BINS // 256 + BINS * np.arange(3)
    order = np.argsort(labels, axis=None, kind="stable")
    starts = np.flatnonzero(np.diff(labels.ravel()[order], prepend=-1))
    for where in np.split(order, starts[1:]):
        y, x, colors = rows.ravel()[where], columns.ravel()[where], bins.reshape(-1, 3)[where]
        box = int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1
        yield box, len(where), np.bincount(colors.ravel(), minlength=3 * BINS) / (3 * len(where))


def _similarity(a, b, pixels):
    """Return the sum of Uijlings' eqs. 2, 4 and 5: color, size and fill, each 1 at most. The picture has `pixels`."""
    (x_min, y_min, x_max, y_max), size, _ = _union(a, b)
    color = np.minimum(a[2], b[2]).sum()
    empty = (x_max - x_min) * (y_max - y_min) - size
    return float(color + (1 - size / pixels) + (1 - empty / pixels))


def _union(a, b):
    (box_a, size_a, colors_a), (box_b, size_b, colors_b) = a, b
    box = (*map(min, box_a[:2], box_b[:2]), *map(max, box_a[2:], box_b[2:]))
    return box, size_a + size_b, (size_a * colors_a + size_b * colors_b) / (size_a + size_b)


def _warped(image, boxes, sides):
    """Return the piece of the picture in each box, each pixel the mean of what it covers: uint8, (n, *sides, 3)."""
    from PIL import Image

    height, width = image.shape[:2]
    regions = np.empty((len(boxes), *sides, 3), np.uint8)
    for region, box in zip(regions, np.clip(boxes, 0, (width, height, width, height)), strict=True):
        (x_min, y_min), (x_max, y_max) = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
        if not (box[:2] < box[2:]).all():
            raise ValueError(f"boxes: expected an area within {width}×{height}, got {box.tolist()}")
        # Cut out first: `resize(box=…)` would let pixels from beside the box into its edge.
        piece = Image.fromarray(image[y_min:y_max, x_min:x_max])
        region[:] = piece.resize(sides[::-1], Image.Resampling.BILINEAR)
    return regions
