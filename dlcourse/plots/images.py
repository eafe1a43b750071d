"""Figures made of pictures: grids, boxes, masks and filters.

Pixel (row, column) covers the square from (column, row) to (column + 1, row + 1), so that a box (0, 0, width, height)
is the picture's own frame.
"""

import numbers
import os

from dlcourse.plots.style import (
    GREY,
    INK,
    PALETTE,
    WIDTH,
    as_numbers,
    as_text,
    bare_axes,
    literal,
    positive,
    text_on,
    text_size,
    whole,
    wrap,
)

import numpy as np
from matplotlib import colormaps, patheffects
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import Patch, Rectangle

SIGNED = LinearSegmentedColormap.from_list(  # an odd number of colours, so that zero is exactly white
    "signed",
    [(0, "#004B76"), (0.25, PALETTE.blue), (0.5, "#FFFFFF"), (0.72, PALETTE.vermillion), (1, "#7A3600")],
    N=257,
)
# On a photograph the bright colours stand out; blue and black come last.
ON_PHOTO = (
    PALETTE.orange,
    PALETTE.sky,
    PALETTE.yellow,
    PALETTE.vermillion,
    PALETTE.green,
    PALETTE.purple,
    PALETTE.blue,
    PALETTE.black,
)
_LINE = 1.3 * 10 / 72  # inches of a line of text


def image_grid(
    images,
    titles=None,
    columns=8,
    *,
    title=None,
    title_colors=None,
    value_range=None,
    cmap="gray",
    width=None,
    ax=None,
):
    """Pictures in rows and columns, each with its title.

    Args:
        images: A sequence of pictures, or one array with pictures along its first axis. A picture is uint8 0…255,
            bool, or float 0…1, of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4); sizes may differ.
        titles: A text for each picture.
        columns: Pictures in a row, at most.
        title: The finding, above all.
        title_colors: A colour for the title and the frame of each picture, None for no frame: to mark errors.
        value_range: (low, high), for pictures (h, w) of any numbers, such as feature maps: drawn black and white.
        cmap: The colour map of pictures (h, w).
        width: Inches across a new figure; by default what makes pictures of 0.9 to 2 inches.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure. All pictures lie in one axes, an `AxesImage` each, in their order.

    Raises:
        ValueError: If there is no picture, or one that is not in a list; if a picture has a wrong shape, type or range;
            if titles or colours are not as many as pictures.
    """
    shape = np.shape(images) if hasattr(images, "shape") else ()
    if isinstance(images, str | os.PathLike | dict) or not hasattr(images, "__len__"):
        raise ValueError(f"images: got {type(images).__name__}, expected a list or an array of pictures.")
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4) and shape[1] > 4):
        raise ValueError(f"images: got a single picture, shape {shape}, expected several; write image_grid([picture]).")
    pictures = [as_picture(image, f"images[{k}]", value_range) for k, image in enumerate(images)]
    if not pictures:
        raise ValueError("images: got none, expected at least one.")
    titles = _as_many("titles", titles, pictures)
    marks = _as_many("title_colors", title_colors, pictures)
    columns = whole("columns", columns)
    width = positive("width", width) or min(WIDTH, 2.0 * min(columns, len(pictures)))
    return _sheet(pictures, titles, marks, columns, width, title, ax, cmap=cmap)[0]


def filters(weights, *, titles=None, columns=8, title=None, label="weight", width=None, ax=None):
    """Weights as pictures: what a unit or a filter looks for.

    Args:
        weights: One picture of weights (h, w), several (h, w, n), or the kernel of a convolution as Keras stores it,
            (h, w, channels, n) with 1 or 3 channels. Filters of 3 channels are drawn in RGB, each one stretched over
            0…1 by itself. All others are signed: blue below zero, white at zero, vermillion above, on one scale for
            all that is symmetric about zero.
        titles, columns, title, width, ax: As for `image_grid`.
        label: What the colours mean, beside the colour bar.

    Returns:
        The matplotlib Figure; signed weights have a colour bar.

    Raises:
        ValueError: If the shape is none of those, a weight is NaN or infinite, or titles are not as many as filters.
    """
    weights, columns = as_numbers("weights", weights), whole("columns", columns)
    kernel = weights.ndim == 4 and weights.shape[2] in (1, 3)
    if not (weights.ndim in (2, 3) or kernel) or weights.size == 0:
        raise ValueError(
            f"weights: got shape {weights.shape}, expected (h, w), (h, w, n), "
            "or (h, w, channels, n) with 1 or 3 channels."
        )
    if not np.isfinite(weights).all():
        raise ValueError("weights: got NaN or infinity, expected finite numbers.")
    if kernel and weights.shape[2] == 3:
        low, high = weights.min(axis=(0, 1, 2)), weights.max(axis=(0, 1, 2))
        stretched = (weights - low) / np.where(high > low, high - low, 1)
        return image_grid(np.moveaxis(stretched, 3, 0), titles, columns, title=title, width=width, ax=ax)
    pictures = list(np.moveaxis(weights.reshape(*weights.shape[:2], -1), 2, 0))
    titles = _as_many("titles", titles, pictures)
    limit = np.abs(weights).max() or 1.0
    single = len(pictures) == 1
    width = positive("width", width) or (3.2 if single else min(WIDTH - 1.0, 2.0 * min(columns, len(pictures))))
    look = {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    figure, ax = _sheet(pictures, titles, None, columns, width, title, ax, right=1.0, **look)
    share = min(0.9, 2.4 / (ax.get_position().height * figure.get_figheight()))
    bar = ax.inset_axes((1.02, (1 - share) / 2, 0.15 / width, share))
    figure.colorbar(ax.images[0], cax=bar, label=label).outline.set_visible(False)
    return figure


def boxes(image, boxes, labels=None, scores=None, *, names=None, title=None, width=None, ax=None):
    """A picture with boxes over it, each with its label and score.

    Args:
        image: A picture as for `image_grid`.
        boxes: Corners (x_min, y_min, x_max, y_max) in pixels of `image`, shape (n, 4); n may be 0.
        labels: A text for each box, or an integer class.
        scores: A number in [0, 1] for each box.
        names: The classes' names, when `labels` are integers.
        title: The finding.
        width: Inches across a new figure.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure. Each box is a `Rectangle` among the axes' patches, in their order; boxes of one label
        share a colour.

    Raises:
        ValueError: If a shape or range is wrong, a box ends before it begins, all boxes lie within 0…1 (shares of the
            picture, not pixels), or labels or scores are not as many as boxes.
    """
    picture = as_picture(image, "image")
    corners = as_numbers("boxes", boxes)
    corners = corners.reshape(0, 4) if corners.shape == (0,) else corners
    if corners.ndim != 2 or corners.shape[1] != 4:
        raise ValueError(f"boxes: got shape {corners.shape}, expected (n, 4): x_min, y_min, x_max, y_max.")
    if not np.isfinite(corners).all():
        raise ValueError("boxes: got NaN or infinity, expected finite numbers.")
    for k, (x_min, y_min, x_max, y_max) in enumerate(corners):
        if x_max < x_min or y_max < y_min:
            raise ValueError(
                f"boxes[{k}]: got x from {x_min:g} to {x_max:g} and y from {y_min:g} to {y_max:g}, "
                "expected (x_min, y_min, x_max, y_max) with x_min ≤ x_max and y_min ≤ y_max."
            )
    flat = corners[(corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])]
    if flat.size and flat.min() > -1 and flat.max() <= 1.5 and min(picture.shape[:2]) > 4:
        raise ValueError(
            f"boxes: got corners from {flat.min():g} to {flat.max():g}, which look like shares of the picture, "
            "expected pixels: multiply by (width, height, width, height), as detection.boxes.scale_boxes does."
        )
    labels = _as_many("labels", labels, corners)
    labels = None if labels is None else [_name(label, names) for label in labels]
    scores = _as_many("scores", None if scores is None else as_numbers("scores", scores).ravel(), corners)
    if scores is not None and not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError(f"scores: got {np.min(scores):g} to {np.max(scores):g}, expected numbers in [0, 1].")
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
            ax.text(
                x,
                y,
                text,
                color=text_on(color),
                va="bottom",
                bbox={"boxstyle": "square,pad=0.15", "facecolor": color, "edgecolor": "none"},
            )
    return figure


def masks(image, mask, *, names=None, alpha=0.5, title=None, width=None, ax=None):
    """A picture under its mask: each class in a colour, and outlined.

    Args:
        image: A picture as for `image_grid`.
        mask: Integers, shape (h, w): 0 is background and stays as it is; 1, 2, … are classes or instances.
        names: The names of 0, 1, 2, …, `names[0]` that of the background, for a legend of those that occur.
        alpha: How much of the colour shows: 0 none, 1 nothing else.
        title: The finding.
        width: Inches across a new figure, without the legend.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure. A pixel inside class k has the colour (1 - alpha) · pixel + alpha · colour of k; a pixel
        of class k beside one that is not has the colour of k itself.

    Raises:
        ValueError: If the mask is not as large as the image, or holds no class numbers, or `names` are too few.
    """
    picture = as_picture(image, "image")
    mask = np.asarray(mask)
    if mask.shape != picture.shape[:2]:
        raise ValueError(f"mask: got shape {mask.shape}, expected that of the image, {picture.shape[:2]}.")
    if mask.dtype.kind not in "bui" or mask.min() < 0:
        raise ValueError(f"mask: got {mask.dtype} from {mask.min()}, expected integers: 0 background, 1, 2, … classes.")
    if not isinstance(alpha, numbers.Real) or not 0 <= alpha <= 1:
        raise ValueError(f"alpha: got {alpha!r}, expected a number in [0, 1].")
    if names is not None and len(names) <= mask.max():
        raise ValueError(f"names: got {len(names)}, expected {int(mask.max()) + 1}: the background's and each class's.")
    found = [k for k in np.unique(mask) if k > 0]
    right = 0.0
    if names is not None and found:
        right = 0.55 + max(text_size(literal(names[k]))[0] for k in found)
    figure, ax, _ = _picture_axes(overlay(picture, mask, alpha), title, width, ax, right)
    if right:
        handles = [Patch(facecolor=_mask_color(k), label=literal(names[k])) for k in found]
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.0, handleheight=1.0)
    return figure


def overlay(picture, mask, alpha):
    """Lay the colors of a mask over a picture, each class or instance in one of eight, and outlined.

    Args:
        picture: Floats 0…1, shape (h, w) or (h, w, 3 or 4), as `as_picture` returns them.
        mask: Whole numbers of any size from 0, shape (h, w): 0 stays as it is.
        alpha: How much of the color shows, in [0, 1].

    Returns:
        Floats 0…1, shape (h, w, 3).

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
    share = np.where(inside, np.where(edge, 1.0, alpha), 0.0)[..., None]
    return (1 - share) * rgb + share * colors


def as_picture(image, name, value_range=None):
    """Return a picture as floats 0…1, shape (h, w), (h, w, 3) or (h, w, 4).

    Args:
        image: A picture as for `image_grid`.
        name: The argument that a message names.
        value_range: As for `image_grid`.

    Raises:
        ValueError: If it is no picture: a wrong shape, type or range, or a path.

    Used by the functions above and by `dlcourse.segmentation.overlay`.
    """
    if isinstance(image, str | os.PathLike):
        raise ValueError(
            f"{name}: got the path {str(image)!r}, expected a picture: datasets.read_picture(path) reads it."
        )
    try:
        image = np.asarray(image)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name}: got no array, expected a picture ({error}).") from None
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))) or image.size == 0:
        raise ValueError(f"{name}: got shape {image.shape}, expected (h, w), (h, w, 1), (h, w, 3) or (h, w, 4).")
    if value_range is not None:
        low, high = value_range
        if image.ndim != 2 or not low < high:
            raise ValueError(
                f"value_range: got {value_range!r} for shape {image.shape}, expected low < high and (h, w)."
            )
        return np.clip((image.astype(float) - low) / (high - low), 0, 1)
    if image.dtype == np.uint8:
        return image / 255
    if image.dtype.kind not in "bf":
        raise ValueError(f"{name}: got {image.dtype}, expected uint8 0…255 or floats 0…1.")
    image = image.astype(float)
    if not ((image >= 0) & (image <= 1)).all():
        raise ValueError(
            f"{name}: got floats from {image.min():.4g} to {image.max():.4g}, expected 0…1, or uint8 0…255."
        )
    return image


def _sheet(pictures, titles, marks, columns, width, title, ax, right=0.0, **look):
    """Pictures in rows in one axes whose unit is an inch. Returns figure and axes."""
    columns = min(columns, len(pictures))
    gap = 0.06
    side = width / columns - gap
    titles = None if titles is None else [wrap("" if text is None else text, side + gap, bold=False) for text in titles]
    tops, height = [], 0.0
    for first in range(0, len(pictures), columns):
        row = slice(first, first + columns)
        head = 0.0 if titles is None else 0.04 + _LINE * max(text.count("\n") + 1 for text in titles[row])
        tops.append(height + head)
        height += head + side * max(picture.shape[0] / picture.shape[1] for picture in pictures[row]) + gap
    figure, ax = bare_axes(ax, width, height, title, right)
    look = {"vmin": 0, "vmax": 1, **look}
    for k, picture in enumerate(pictures):
        left, top = (k % columns) * (side + gap) + gap / 2, tops[k // columns]
        bottom = top + side * picture.shape[0] / picture.shape[1]
        ax.imshow(picture, extent=(left, left + side, bottom, top), **look)
        mark = None if marks is None else marks[k]
        if titles is not None:
            ax.text(
                left + side / 2, top - 0.04, titles[k], ha="center", va="bottom", color=as_text(mark) if mark else INK
            )
        if mark or _fades(picture, look):
            line = {"edgecolor": mark, "linewidth": 2.5} if mark else {"edgecolor": GREY, "linewidth": 0.6}
            ax.add_patch(Rectangle((left, top), side, bottom - top, fill=False, **line))
    ax.set(xlim=(0, width), ylim=(height, 0))
    return figure, ax


def _fades(picture, look):
    """Whether a picture's whole margin is drawn white, so that on a white page it would look missing."""
    margin = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    if picture.ndim == 3:
        shown = 1 - (1 - margin[:, :3]) * margin[:, 3:] if picture.shape[2] == 4 else margin
    else:
        span = look["vmax"] - look["vmin"]
        shown = colormaps.get_cmap(look.get("cmap"))((margin - look["vmin"]) / span)[:, :3]
    return shown.min() > 0.97


def _picture_axes(picture, title, width, ax, right=0.0):
    """(figure, axes, inches per pixel) with a picture in pixel coordinates."""
    height, across = picture.shape[:2]
    width = positive("width", width) or min(WIDTH - right, 4.8, 4.8 * across / height)
    inch = width / across
    figure, ax = bare_axes(ax, width, width * height / across, title, right)
    ax.imshow(picture, extent=(0, across, height, 0), cmap="gray", vmin=0, vmax=1)
    ax.set(xlim=(0, across), ylim=(height, 0))
    return figure, ax, inch


def _free_place(text, box, shape, inch, taken):
    """Where a box's tag stands, as its lower left corner in pixels: above the box, or inside, or below it, the first
    of these that lies in the picture and on no other tag. Adds the place to `taken`."""
    width, height = text_size(text)
    width, height = (width + 0.08) / inch, (height + 0.02) / inch
    x_min, y_min, x_max, y_max = box
    pad = 0.02 / inch
    left = min(max(x_min, 0.0), max(shape[1] - width, 0.0)) + pad
    right = max(min(x_max, shape[1]) - width, 0.0) + pad
    places = [(x, y) for y in (y_min - pad, y_min + height, y_max + height, y_max - pad) for x in (left, right)]

    def overlap(place):
        x, y = place
        inside = min(max(y - height, 0) + height, shape[0]) - y
        covered = sum(
            max(0, min(x + width, a + w) - max(x, a)) * max(0, min(y, b) - max(y - height, b - h))
            for a, b, w, h in taken
        )
        return covered + 10 * abs(inside) * width

    x, y = min(places, key=overlap)  # the first of the best
    taken.append((x, y, width, height))
    return x, y


def _mask_color(k):
    return ON_PHOTO[(int(k) - 1) % len(ON_PHOTO)]


def _name(label, names):
    if isinstance(label, (int, np.integer)) and names is not None:
        if not 0 <= label < len(names):
            raise ValueError(f"labels: got class {label}, expected 0 … {len(names) - 1}, those with names.")
        return str(names[label])
    return str(label)


def _as_many(name, values, things):
    if values is not None and (isinstance(values, str) or not hasattr(values, "__len__")):
        raise ValueError(f"{name}: got {values!r:.80}, expected {len(things)}, one for each.")
    if values is not None and len(values) != len(things):
        raise ValueError(f"{name}: got {len(values)}, expected {len(things)}, one for each.")
    return values
