"""A picture with something over it: boxes with their labels, masks in colors.

Pixel (row, column) covers the square from (column, row) to (column + 1, row + 1), so that a box (0, 0, width, height)
is the picture's own frame.
"""

from dlcourse.checks import share
from dlcourse.plots.axes import bare_axes, literal, text_size
from dlcourse.plots.checks import as_numbers, finite, one_for_each, positive, require
from dlcourse.plots.images import as_picture
from dlcourse.plots.style import PALETTE, WIDTH, text_on

import numpy as np
from matplotlib import patheffects
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

# On a photograph the bright colors stand out; blue and black come last.
ON_PHOTO = tuple(PALETTE[k] for k in (4, 5, 7, 1, 2, 3, 0, 6))


def boxes(image, boxes, labels=None, scores=None, *, names=None, title=None, width=None, ax=None):
    """Draw a picture with boxes over it, each with its label and score.

    Args:
        image: A picture as for `image_grid`.
        boxes: Corners (x_min, y_min, x_max, y_max) in pixels of `image`, shape (n, 4); n may be 0.
        labels: A text for each box, or an integer class.
        scores: A number in [0, 1] for each box.
        names: The classes' names, when `labels` are integers.
        title: The finding.
        width: Inches across a new figure.
        ax: Axes to draw into.

    Returns the matplotlib Figure. Each box is a `Rectangle` among the axes' patches, in their order; boxes of one label
    share a color.
    Raises ValueError if a shape, range or number is wrong, or all boxes lie within 0…1 (shares, not pixels).
    """
    picture = as_picture(image, "image")
    corners = _corners(boxes, picture.shape)
    labels = one_for_each("labels", labels, corners)
    labels = None if labels is None else [_name(label, names) for label in labels]
    scores = one_for_each("scores", None if scores is None else as_numbers("scores", scores).ravel(), corners)
    if scores is not None and len(scores):
        low, high = scores.min(), scores.max()
        require(low >= 0 and high <= 1, "scores", "numbers in [0, 1]", f"{low:g} to {high:g}")
    figure, ax, inch = _picture_axes(picture, title, width, ax)
    kinds = list(dict.fromkeys(labels or []))
    tags = []
    for k, (x_min, y_min, x_max, y_max) in enumerate(corners):
        color = ON_PHOTO[(kinds.index(labels[k]) if labels else 0) % len(ON_PHOTO)]
        frame = Rectangle((x_min, y_min), x_max - x_min, y_max - y_min, fill=False, edgecolor=color, linewidth=2)
        frame.set_path_effects([patheffects.withStroke(linewidth=3.5, foreground="black", alpha=0.6)])
        ax.add_patch(frame)
        words = [labels[k]] if labels else []
        words += [f"{scores[k]:.2f}"] if scores is not None else []
        if words:
            text = literal(" ".join(words))
            x, y = _free_place(text, corners[k], picture.shape, inch, tags)
            ground = {"boxstyle": "square,pad=0.15", "facecolor": color, "edgecolor": "none"}
            ax.text(x, y, text, color=text_on(color), va="bottom", bbox=ground)
    return figure


def masks(image, mask, *, names=None, alpha=0.5, title=None, width=None, ax=None):
    """Draw a picture under its mask: each class in a color, and outlined.

    Args:
        image, title, ax: As for `boxes`.
        mask: Integers, shape (h, w): 0 is background and stays as it is; 1, 2, … are classes or instances.
        names: The names of 0, 1, 2, …, `names[0]` that of the background, for a legend of those that occur.
        alpha: Opacity of the color: 0 none of it, 1 nothing else.
        width: Inches across a new figure, without the legend.

    Returns the matplotlib Figure. A pixel inside class k has the color (1 - alpha) · pixel + alpha · color of k; a
    pixel of class k beside one that is not has the color of k itself.
    Raises ValueError if the mask is not as large as the image or does not hold class numbers, or `names` are too few.
    """
    picture, mask, alpha = as_picture(image, "image"), np.asarray(mask), share("alpha", alpha)
    require(mask.shape == picture.shape[:2], "mask", f"the shape of the image, {picture.shape[:2]}", mask.shape)
    whole = mask.dtype.kind in "bui" and mask.min() >= 0
    require(whole, "mask", "integers: 0 background, 1, 2, … classes", f"{mask.dtype} from {mask.min()}")
    enough = names is None or len(names) > mask.max()
    require(enough, "names", f"{mask.max() + 1}, the background's and each class's", names and len(names))
    found = [int(k) for k in np.unique(mask) if k > 0]
    right = 0.0
    if names is not None and found:
        right = 0.55 + max(text_size(literal(names[k]))[0] for k in found)
    figure, ax, _ = _picture_axes(overlay(picture, mask, alpha), title, width, ax, right)
    if right:
        handles = [Patch(facecolor=ON_PHOTO[(k - 1) % len(ON_PHOTO)], label=literal(names[k])) for k in found]
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.0, handleheight=1.0)
    return figure


def overlay(picture, mask, alpha):
    """Lay the colors of a mask over a picture, each class or instance in one of eight, and outlined.

    Args:
        picture: Floats 0…1, shape (h, w) or (h, w, 3 or 4), as `as_picture` returns them.
        mask: Whole numbers of any size from 0, shape (h, w): 0 stays as it is.
        alpha: Opacity of the color, in [0, 1].

    Returns floats 0…1, shape (h, w, 3).
    Used by `masks` and by `dlcourse.segmentation.overlay`.
    """
    rgb = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture[..., :3].copy()
    mask = np.asarray(mask).astype(np.uint64)
    inside = mask > 0
    colors = np.array([to_rgb(color) for color in ON_PHOTO])[(mask - inside) % np.uint64(len(ON_PHOTO))]
    edge = np.zeros(mask.shape, dtype=bool)
    for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        step = mask[here] != mask[there]
        edge[here] |= step
        edge[there] |= step
    weight = np.where(inside, np.where(edge, 1.0, alpha), 0.0)[..., None]
    return (1 - weight) * rgb + weight * colors


def _corners(boxes, shape):
    """Return boxes as floats of shape (n, 4), if they are boxes in the pixels of a picture of this shape."""
    corners = finite("boxes", boxes)
    corners = corners.reshape(0, 4) if corners.shape == (0,) else corners
    good = corners.ndim == 2 and corners.shape[1] == 4
    require(good, "boxes", "shape (n, 4): x_min, y_min, x_max, y_max", corners.shape)
    for k, (x_min, y_min, x_max, y_max) in enumerate(corners):
        got = f"x from {x_min:g} to {x_max:g}, y from {y_min:g} to {y_max:g}"
        require(x_min <= x_max and y_min <= y_max, f"boxes[{k}]", "x_min ≤ x_max and y_min ≤ y_max", got)
    solid = corners[(corners[:, 2:] > corners[:, :2]).all(axis=1)]
    if solid.size and min(shape[:2]) > 4:
        low, high = solid.min(), solid.max()
        got = f"{low:g} to {high:g}, which look like shares of the picture: detection.boxes.scale_boxes multiplies them"
        require(low <= -1 or high > 1.5, "boxes", "corners in pixels", got)
    return corners


def _picture_axes(picture, title, width, ax, right=0.0):
    """Return (figure, axes, inches per pixel) with a picture in pixel coordinates."""
    height, across = picture.shape[:2]
    width = positive("width", width) or min(WIDTH - right, 4.8, 4.8 * across / height)
    inch = width / across
    figure, ax = bare_axes(ax, width, width * height / across, title, right)
    ax.imshow(picture, extent=(0, across, height, 0), cmap="gray", vmin=0, vmax=1)
    ax.set(xlim=(0, across), ylim=(height, 0))
    return figure, ax, inch


def _free_place(text, box, shape, inch, taken):
    """Return the lower left corner, in pixels, at which the tag of a box stands, and add the tag to `taken`.

    A tag stands above the box, at the top inside it, below it or at the bottom inside it, at its left or right side:
    the first of these places that is in the picture and free, or the one with the least cost.
    """
    width, height = text_size(text)
    width, height, pad = (width + 0.08) / inch, (height + 0.02) / inch, 0.02 / inch
    x_min, y_min, x_max, y_max = box
    left = min(max(x_min, 0.0), max(shape[1] - width, 0.0)) + pad
    right = max(min(x_max, shape[1]) - width, 0.0) + pad

    places = [(x, y) for y in (y_min - pad, y_min + height, y_max + height, y_max - pad) for x in (left, right)]

    def cost(place):
        x, y = place
        covered = sum(_shared((x, y - height, x + width, y), tag) for tag in taken)
        return covered + 10 * width * max(height - y, y - shape[0], 0)  # pixels of other tags, and outside the picture

    x, y = min(places, key=cost)  # the first of the best
    taken.append((x, y - height, x + width, y))
    return x, y


def _shared(a, b):
    """Return the area that two rectangles (left, top, right, bottom) share."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def _name(label, names):
    """Return a label as text: a class number by its name, if there are names."""
    if isinstance(label, int | np.integer) and names is not None:
        require(0 <= label < len(names), "labels", f"class 0 … {len(names) - 1}, those with names", f"class {label}")
        return str(names[label])
    return str(label)
