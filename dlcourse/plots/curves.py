"""Figures with two numeric axes: curves and decision boundaries."""

from dlcourse.checks import count
from dlcourse.plots.axes import own_axes, readable, text_size
from dlcourse.plots.checks import finite, require
from dlcourse.plots.style import INK, PALETTE, WIDTH, as_text, tint

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.ticker import MaxNLocator

MARKERS = "osD^vPX*"  # one for each class, so that color is never the only sign


def curves(
    series,
    *,
    title=None,
    xlabel=None,
    ylabel=None,
    xscale="linear",
    yscale="linear",
    colors=None,
    styles=None,
    legend=None,
    size=None,
    ax=None,
):
    """Draw lines, each with its name at its end: the loss over epochs, accuracy against data, two runs compared.

    Args:
        series: A dict from label to the values y, a sequence of n numbers drawn at x = 1 … n (epochs are counted from
            one), or to a tuple (x, y) of two sequences of the same length. A NaN leaves a gap.
        title: The finding, above the axes.
        xlabel, ylabel: Names of the axes' quantities, with the unit.
        xscale, yscale: `"linear"`, `"log"`, or another scale of matplotlib's.
        colors: A dict from label to color, for lines that should not take the palette's next one.
        styles: A dict from label to line style (`"--"`), to tell pairs apart: training and validation of one run.
        legend: False names the lines at their ends, True in a legend; by default at their ends, up to six lines.
        size: (width, height) of a new figure in inches.
        ax: Axes to draw into.

    Returns the matplotlib Figure.
    Raises ValueError if `series` is not such a dict, or `colors` or `styles` name a line that is not there.
    """
    some = isinstance(series, dict) and series
    require(some, "series", "a dict from label to values with at least one line", f"{series!r:.100}")
    lines = {label: _line(label, values) for label, values in series.items()}
    for name, chosen in (("colors", colors), ("styles", styles)):
        unknown = sorted(set(chosen or ()) - set(lines))
        require(not unknown, name, f"labels of series: {list(lines)}", unknown)
    enough = len(lines) <= len(PALETTE) or set(lines) <= set(colors or ())
    require(enough, "series", f"at most {len(PALETTE)} lines, or a color for each", f"{len(lines)} lines")
    figure, ax = own_axes(ax, size or (WIDTH, 3.4), title)
    ax.set(xlabel=xlabel or "", ylabel=ylabel or "", xscale=xscale, yscale=yscale)
    if xscale == "linear" and not any(isinstance(values, tuple) for values in series.values()):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    free = iter(PALETTE)
    drawn = []
    for label, (x, y) in lines.items():
        color = (colors or {}).get(label) or next(free)
        marker = "o" if len(x) <= 12 else None
        style = (styles or {}).get(label, "-")
        drawn += ax.plot(x, y, style, color=color, marker=marker, markersize=4, label=readable(str(label)))
    if legend or (legend is None and len(lines) > 6):
        ax.legend()
    elif len(lines) > 1 or legend is False:
        _name_ends(ax, drawn)
    return figure


def decision_boundary(
    predict, X, y, *, title=None, xlabel="$x_1$", ylabel="$x_2$", names=None, resolution=200, size=(4.8, 4.0), ax=None
):
    """Draw the decision boundary of a classifier of points in the plane, with the examples over it.

    Args:
        predict: A function of points (2, k), one a column as in the notes. It returns the probability of class 1,
            shape (1, k) or (k,), or a class number for each point, integers of shape (1, k) or (k,).
        X: Examples, shape (2, m), one a column.
        y: Classes of the examples, integers 0, 1, …, shape (1, m) or (m,).
        xlabel, ylabel: The features' names.
        names: The classes' names, for the legend; by default "class 0", ….
        resolution: Number of points in each direction at which `predict` is asked.
        title, size, ax: As for `curves`.

    Returns the matplotlib Figure. The shade is the probability, or the predicted class; the boundary is where the
    probability crosses ½, or the class changes.
    Raises ValueError if a shape, a class number or a probability is wrong, or `names` are too few.
    """
    X, resolution = finite("X", X), count("resolution", resolution, 2)
    require(X.ndim == 2 and X.shape[0] == 2 and X.size, "X", "shape (2, m), one example in each column", X.shape)
    y = _classes("y", _row("y", y, X.shape[1]))
    pads = 0.08 * np.maximum(np.ptp(X, axis=1), 1e-9)
    (left, bottom), (right, top) = X.min(axis=1) - pads, X.max(axis=1) + pads
    across, up = np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    points = np.stack([axis.ravel() for axis in np.meshgrid(across, up)])
    answer = _row("predict", predict(points), points.shape[1])
    if answer.dtype.kind == "f":
        low, high, classes = answer.min(), answer.max(), 2
        expected = "probabilities in [0, 1], or class numbers as integers"
        require(low >= 0 and high <= 1, "predict", expected, f"numbers from {low:.3g} to {high:.3g}")
        tints = [tint(PALETTE[0], 0.45), "#FFFFFF", tint(PALETTE[1], 0.45)]
        look = {"cmap": LinearSegmentedColormap.from_list("probability", tints), "vmin": 0, "vmax": 1}
        surfaces = [answer]
    else:
        answer = _classes("predict", answer)
        classes = max(y.max(), answer.max()) + 1
        tints = [tint(PALETTE[k % len(PALETTE)], 0.3) for k in range(classes)]
        look = {"cmap": ListedColormap(tints), "vmin": -0.5, "vmax": classes - 0.5}
        surfaces = [(answer == k).astype(float) for k in range(1, classes)]
    classes = max(classes, y.max() + 1)
    require(classes <= len(PALETTE), "y", f"classes below {len(PALETTE)}", f"class {classes - 1}")
    require(names is None or len(names) >= classes, "names", f"{classes}, one for each class", names and len(names))
    figure, ax = own_axes(ax, size, title)
    ax.grid(False)
    square, extent = (resolution, resolution), (left, right, bottom, top)
    shade = answer.reshape(square)
    ax.imshow(shade, extent=extent, origin="lower", aspect="auto", interpolation="nearest", **look)
    for surface in surfaces:
        if surface.min() < 0.5 < surface.max():
            ax.contour(across, up, surface.reshape(square), levels=[0.5], colors=INK, linewidths=1.5)
    for k in np.unique(y):
        label = f"class {k}" if names is None else readable(str(names[k]))
        look = {"c": PALETTE[k], "marker": MARKERS[k], "edgecolors": "white", "linewidths": 0.6}
        ax.scatter(*X[:, y == k], s=24, label=label, **look)
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(left, right), ylim=(bottom, top))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handletextpad=0.2)
    return figure


def _line(label, values):
    """Return x and y of one line as arrays of one shape (n,); dates stay dates."""
    try:
        if isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1:
            x, y = np.asarray(values[0]), np.asarray(values[1], dtype=float)
            x = x if x.dtype.kind == "M" else x.astype(float)
        else:
            y = np.asarray(values, dtype=float)
            x = np.arange(1, y.size + 1)
    except (TypeError, ValueError) as error:
        raise ValueError(f"series: expected numbers for {label!r}, got values that are not ({error})") from None
    require(y.ndim == 1 and y.size, "series", f"shape (n,) with at least one value for {label!r}", y.shape)
    require(x.shape == y.shape, "series", f"as many x as y for {label!r}", f"{x.size} x and {y.size} y")
    return x, y


def _row(name, values, n):
    """Return values as an array of shape (n,), if they have that shape or are one row."""
    values = np.asarray(values)
    require(values.shape in ((n,), (1, n)), name, f"shape (1, {n}) or ({n},)", values.shape)
    return values.ravel()


def _classes(name, values):
    """Return values as integers, if they are class numbers."""
    numbers = values.dtype.kind in "buif" and np.array_equal(values, np.round(values)) and values.min() >= 0
    require(numbers, name, "class numbers 0, 1, …", values[:5])
    return values.astype(int)


def _name_ends(ax, lines):
    """Write each line's name at its last number."""
    labels = []
    for line in lines:
        x, y = line.get_data()
        last = np.flatnonzero(np.isfinite(np.asarray(y, dtype=float)))
        if last.size:
            place = {"xytext": (6, 0), "textcoords": "offset points", "va": "center", "annotation_clip": False}
            end = x[last[-1]], y[last[-1]]
            labels.append(ax.annotate(line.get_label(), end, color=as_text(line.get_color()), **place))
    ax.add_artist(_Spread(labels))


class _Spread(Artist):
    """Labels that are moved up and down until none covers another, before they are drawn."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels
        self.set_zorder(-1)
        self.set_in_layout(False)

    def draw(self, renderer):
        points = 72 / self.get_figure(root=True).dpi
        ends = np.array([_height_of(label) for label in self.labels]) * points
        heights = np.array([text_size(label.get_text())[1] * 72 for label in self.labels])
        for label, old, new in zip(self.labels, ends, apart(ends, heights), strict=True):
            label.set_position((6, new - old))


def _height_of(label):
    """Return the height in pixels of the point that an annotation belongs to."""
    return label.axes.transData.transform((label.axes.convert_xunits(label.xy[0]), label.xy[1]))[1]


def apart(positions, heights):
    """Return the positions nearest to those given, in their order, at which intervals of these heights do not overlap.

    Less the height of all that lies below them, the positions must not decrease: that is isotonic regression.
    """
    from scipy.optimize import isotonic_regression  # here, because it takes a while to load

    order = np.argsort(positions, kind="stable")
    below = np.concatenate([[0], np.cumsum((heights[order][:-1] + heights[order][1:]) / 2)])
    moved = np.empty(len(order))
    moved[order] = isotonic_regression(positions[order] - below).x + below
    return moved
