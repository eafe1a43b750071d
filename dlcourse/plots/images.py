"""Figures made of pictures: grids of them, and weights drawn as pictures."""

import os

from dlcourse.checks import array, count
from dlcourse.plots.axes import bare_axes, wrap
from dlcourse.plots.checks import finite, one_for_each, positive, require
from dlcourse.plots.style import GRAY, INK, PALETTE, WIDTH, as_text

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

SIGNED = LinearSegmentedColormap.from_list(  # an odd number of colors, so that zero is exactly white
    "signed",
    [(0, "#004B76"), (0.25, PALETTE.blue), (0.5, "#FFFFFF"), (0.72, PALETTE.vermillion), (1, "#7A3600")],
    N=257,
)
_LINE = 1.3 * 10 / 72  # inches of a line of text
_GAP = 0.06  # inches between two pictures


def image_grid(
    images, titles=None, columns=8, *, title=None, title_colors=None, value_range=None, cmap="gray", width=None, ax=None
):
    """Draw pictures in rows and columns, each with its title.

    Args:
        images: A sequence of pictures, or one array with pictures along its first axis. A picture is uint8 0…255,
            bool, or float 0…1, of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4); sizes may differ.
        titles: A text for each picture.
        columns: Pictures in a row, at most.
        title: The finding, above all.
        title_colors: A color for the title and the frame of each picture, None for no frame: to mark errors.
        value_range: (low, high), for pictures (h, w) of any numbers, such as feature maps: drawn black and white.
        cmap: The color map of pictures (h, w).
        width: Inches across a new figure; by default what makes pictures of 0.9 to 2 inches.
        ax: Axes to draw into.

    Returns the matplotlib Figure. All pictures lie in one axes, an `AxesImage` each, in their order.
    Raises ValueError if `images` is empty or a single picture, or a picture or the number of titles or colors is wrong.
    """
    listed = hasattr(images, "__len__") and not isinstance(images, str | os.PathLike | dict)
    require(listed, "images", "a list or an array of pictures", type(images).__name__)
    shape = getattr(images, "shape", ())
    single = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4) and shape[1] > 4)
    require(not single, "images", "several pictures", f"a single one, shape {shape}; write image_grid([picture])")
    pictures = [as_picture(image, f"images[{k}]", value_range) for k, image in enumerate(images)]
    require(pictures, "images", "at least one picture", "none")
    titles = one_for_each("titles", titles, pictures)
    marks = one_for_each("title_colors", title_colors, pictures)
    columns = count("columns", columns)
    width = positive("width", width) or min(WIDTH, 2.0 * min(columns, len(pictures)))
    return _sheet(pictures, titles, marks, columns, width, title, ax, cmap=cmap)[0]


def filters(weights, *, titles=None, columns=8, title=None, label="weight", width=None, ax=None):
    """Draw weights as pictures: what a unit or a filter responds to.

    Args:
        weights: One picture of weights (h, w), several (h, w, n), or the kernel of a convolution as Keras stores it,
            (h, w, channels, n) with 1 or 3 channels. Filters of 3 channels are drawn in RGB, each one stretched over
            0…1 by itself. All others are signed: blue below zero, white at zero, vermillion above, on one scale for
            all that is symmetric about zero.
        titles, columns, title, width, ax: As for `image_grid`.
        label: Name of the quantity, beside the color bar.

    Returns the matplotlib Figure; signed weights have a color bar.
    Raises ValueError if the shape is none of those, a weight is NaN or infinite, or titles are not as many as filters.
    """
    weights, columns = finite("weights", weights), count("columns", columns)
    kernel = weights.ndim == 4 and weights.shape[2] in (1, 3)
    shapes = "shape (h, w), (h, w, n), or (h, w, channels, n) with 1 or 3 channels"
    require((weights.ndim in (2, 3) or kernel) and weights.size, "weights", shapes, weights.shape)
    if kernel and weights.shape[2] == 3:
        low, high = weights.min(axis=(0, 1, 2)), weights.max(axis=(0, 1, 2))
        stretched = (weights - low) / np.where(high > low, high - low, 1)
        return image_grid(np.moveaxis(stretched, 3, 0), titles, columns, title=title, width=width, ax=ax)
    pictures = list(np.moveaxis(weights.reshape(*weights.shape[:2], -1), 2, 0))
    titles = one_for_each("titles", titles, pictures)
    limit = np.abs(weights).max() or 1.0
    single = len(pictures) == 1
    width = positive("width", width) or (3.2 if single else min(WIDTH - 1.0, 2.0 * min(columns, len(pictures))))
    look = {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    figure, ax = _sheet(pictures, titles, None, columns, width, title, ax, right=1.0, **look)
    share = min(0.9, 2.4 / (ax.get_position().height * figure.get_figheight()))
    bar = ax.inset_axes((1.02, (1 - share) / 2, 0.15 / width, share))
    figure.colorbar(ax.images[0], cax=bar, label=label).outline.set_visible(False)
    return figure


def as_picture(image, name, value_range=None):
    """Return a picture as floats 0…1, shape (h, w), (h, w, 3) or (h, w, 4).

    Args:
        image, value_range: As for `image_grid`.
        name: The argument that a message names.

    Raises ValueError if it is not a picture: a wrong shape, type or range, or a path.
    Used by every function that draws pictures, and by `dlcourse.segmentation.overlay`.
    """
    image = array(name, image, "a picture")
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    good = (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))) and image.size
    require(good, name, "shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4)", image.shape)
    if value_range is not None:
        low, high = value_range
        expected = "low < high, and pictures of shape (h, w)"
        require(image.ndim == 2 and low < high, "value_range", expected, f"{value_range!r} for {image.shape}")
        return np.clip((image.astype(float) - low) / (high - low), 0, 1)
    if image.dtype == np.uint8:
        return image / 255
    require(image.dtype.kind in "bf", name, "uint8 0…255 or floats 0…1", image.dtype)
    image = image.astype(float)
    low, high = image.min(), image.max()
    require(low >= 0 and high <= 1, name, "floats 0…1, or uint8 0…255", f"floats from {low:.4g} to {high:.4g}")
    return image


def _sheet(pictures, titles, marks, columns, width, title, ax, right=0.0, **look):
    """Draw pictures in rows, in one axes whose unit is an inch; return figure and axes."""
    columns = min(columns, len(pictures))
    side = width / columns - _GAP
    if titles is not None:
        titles = [wrap("" if text is None else text, side + _GAP, bold=False) for text in titles]
    tops, height = [], 0.0
    for first in range(0, len(pictures), columns):
        row = slice(first, first + columns)
        head = 0.0 if titles is None else 0.04 + _LINE * max(text.count("\n") + 1 for text in titles[row])
        tops.append(height + head)
        height += head + side * max(picture.shape[0] / picture.shape[1] for picture in pictures[row]) + _GAP
    figure, ax = bare_axes(ax, width, height, title, right)
    look = {"vmin": 0, "vmax": 1, **look}
    for k, picture in enumerate(pictures):
        left, top = (k % columns) * (side + _GAP) + _GAP / 2, tops[k // columns]
        bottom = top + side * picture.shape[0] / picture.shape[1]
        ax.imshow(picture, extent=(left, left + side, bottom, top), **look)
        mark = None if marks is None else marks[k]
        if titles is not None:
            color = as_text(mark) if mark else INK
            ax.text(left + side / 2, top - 0.04, titles[k], ha="center", va="bottom", color=color)
        if mark or _fades(picture, look):
            line = {"edgecolor": mark, "linewidth": 2.5} if mark else {"edgecolor": GRAY, "linewidth": 0.6}
            ax.add_patch(Rectangle((left, top), side, bottom - top, fill=False, **line))
    ax.set(xlim=(0, width), ylim=(height, 0))
    return figure, ax


def _fades(picture, look):
    """Return whether a picture's whole margin is drawn white, so that on a white page it would look missing."""
    margin = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    if picture.ndim == 3:
        shown = 1 - (1 - margin[:, :3]) * margin[:, 3:] if picture.shape[2] == 4 else margin
    else:
        span = look["vmax"] - look["vmin"]
        shown = colormaps.get_cmap(look.get("cmap"))((margin - look["vmin"]) / span)[:, :3]
    return shown.min() > 0.97
