"""Figures with two numeric axes: curves and decision boundaries."""

from dlcourse.plots.style import INK, PALETTE, WIDTH, as_numbers, as_text, own_axes, readable, text_size, tint, whole

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.ticker import MaxNLocator

MARKERS = "osD^vPX*"  # one for each class, so that colour is never the only sign


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
    """Lines, each with its name at its end: the loss over epochs, accuracy against data, two runs compared.

    Args:
        series: A dict from label to the values y, a sequence of n numbers drawn at x = 1 … n (epochs are counted from
            one), or to a tuple (x, y) of two sequences of the same length. A NaN leaves a gap.
        title: The finding, above the axes.
        xlabel, ylabel: What the axes show, with the unit.
        xscale, yscale: `"linear"`, `"log"`, or another scale of matplotlib's.
        colors: A dict from label to colour, for lines that should not take the palette's next one.
        styles: A dict from label to line style (`"--"`), to tell pairs apart: training and validation of one run.
        legend: False names the lines at their ends, True in a legend; by default at their ends, up to six lines.
        size: (width, height) of a new figure in inches.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure.

    Raises:
        ValueError: If `series` is empty or a line has no values, x and y differ in length, values are not numbers,
            or `colors` or `styles` name a line that is not there.
    """
    lines = {label: _line(label, values) for label, values in _checked_series(series).items()}
    for name, chosen in (("colors", colors), ("styles", styles)):
        unknown = set(chosen or ()) - set(lines)
        if unknown:
            raise ValueError(f"{name}: got {sorted(unknown)}, expected labels of series: {list(lines)}.")
    if len(lines) > len(PALETTE) and set(lines) - set(colors or ()):
        raise ValueError(f"series: got {len(lines)} lines, expected at most {len(PALETTE)}, or a colour for each.")
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
    predict,
    X,
    y,
    *,
    title=None,
    xlabel="$x_1$",
    ylabel="$x_2$",
    names=None,
    resolution=200,
    size=(4.8, 4.0),
    ax=None,
):
    """Where a classifier of points in the plane changes its mind, with the examples over it.

    Args:
        predict: A function of points (2, k), one a column as in the notes. It returns the probability of class 1,
            shape (1, k) or (k,), or a class number for each point, integers of shape (1, k) or (k,).
        X: The examples, shape (2, m), one a column.
        y: Their classes, integers 0, 1, …, shape (1, m) or (m,).
        title: The finding.
        xlabel, ylabel: The features' names.
        names: The classes' names, for the legend; by default "class 0", ….
        resolution: Points in each direction at which `predict` is asked.
        size: (width, height) of a new figure in inches.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure. The shade is the probability, or the predicted class; the boundary is where the
        probability crosses ½, or the class changes.

    Raises:
        ValueError: If a shape is wrong, a class is no whole number, a probability lies outside [0, 1], `resolution` is
            below 2, or `names` are too few.
    """
    X, resolution = as_numbers("X", X), whole("resolution", resolution, least=2)
    if X.ndim != 2 or X.shape[0] != 2 or X.shape[1] == 0:
        raise ValueError(f"X: got shape {X.shape}, expected (2, m): one example in each column.")
    if not np.isfinite(X).all():
        raise ValueError("X: got NaN or infinity, expected finite numbers.")
    y = _classes("y", y, X.shape[1])
    pads = 0.08 * np.maximum(np.ptp(X, axis=1), 1e-9)
    (left, bottom), (right, top) = X.min(axis=1) - pads, X.max(axis=1) + pads
    across, up = np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    points = np.stack([axis.ravel() for axis in np.meshgrid(across, up)])
    answer = np.asarray(predict(points))
    if answer.shape not in ((points.shape[1],), (1, points.shape[1])):
        raise ValueError(
            f"predict: returned shape {answer.shape} for {points.shape[1]} points, "
            f"expected (1, {points.shape[1]}) or ({points.shape[1]},)."
        )
    answer = answer.reshape(resolution, resolution)
    figure, ax = own_axes(ax, size, title)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    extent = (left, right, bottom, top)
    if answer.dtype.kind == "f":
        if not ((answer >= 0) & (answer <= 1)).all():
            raise ValueError(
                f"predict: returned numbers from {answer.min():.3g} to {answer.max():.3g}, "
                "expected probabilities in [0, 1], or class numbers as integers."
            )
        classes = max(int(y.max()) + 1, 2)
        shades = LinearSegmentedColormap.from_list(
            "probability", [tint(PALETTE[0], 0.45), "#FFFFFF", tint(PALETTE[1], 0.45)]
        )
        background, low, high = answer, 0.0, 1.0
        levels = [(answer, 0.5)]
    else:
        background = _classes("predict", answer.ravel(), answer.size).reshape(answer.shape)
        classes = max(int(y.max()), int(background.max())) + 1
        shades = ListedColormap([tint(PALETTE[k % len(PALETTE)], 0.3) for k in range(classes)])
        low, high = -0.5, classes - 0.5
        levels = [((background == k).astype(float), 0.5) for k in range(1, classes)]
    if classes > len(PALETTE):
        raise ValueError(f"y: got class {classes - 1}, expected numbers below {len(PALETTE)}.")
    if names is not None and len(names) < classes:
        raise ValueError(f"names: got {len(names)}, expected {classes}, one for each class.")
    ax.imshow(
        background,
        extent=extent,
        origin="lower",
        cmap=shades,
        vmin=low,
        vmax=high,
        aspect="auto",
        interpolation="nearest",
    )
    for values, level in levels:
        if values.min() < level < values.max():
            ax.contour(across, up, values, levels=[level], colors=INK, linewidths=1.5)
    for k in np.unique(y):
        label = readable(str(names[k])) if names is not None else f"class {k}"
        ax.scatter(
            *X[:, y == k], s=24, c=PALETTE[k], marker=MARKERS[k], edgecolors="white", linewidths=0.6, label=label
        )
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handletextpad=0.2)
    return figure


def _checked_series(series):
    if not isinstance(series, dict) or not series:
        raise ValueError(f"series: got {series!r:.100}, expected a dict from label to values with at least one line.")
    return series


def _line(label, values):
    try:
        if isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1:
            x, y = values[0], np.asarray(values[1], dtype=float)
            x = np.asarray(x)
            x = x if x.dtype.kind == "M" else x.astype(float)  # dates stay dates
        else:
            y = np.asarray(values, dtype=float)
            x = np.arange(1, y.size + 1)
    except (TypeError, ValueError) as error:
        raise ValueError(f"series: the values of {label!r} are not all numbers ({error}).") from None
    if y.ndim != 1 or y.size == 0:
        raise ValueError(f"series: got shape {y.shape} for {label!r}, expected (n,) with at least one value.")
    if x.shape != y.shape:
        raise ValueError(f"series: {label!r} has {x.size} x and {y.size} y, expected as many of both.")
    return x, y


def _classes(name, values, count):
    values = np.asarray(values)
    if values.shape not in ((count,), (1, count)):
        raise ValueError(f"{name}: got shape {values.shape}, expected (1, {count}) or ({count},).")
    numbers = values.ravel()
    if numbers.dtype.kind not in "bui" and not np.array_equal(numbers, np.round(numbers)):
        raise ValueError(f"{name}: got {numbers[:5]}, expected class numbers 0, 1, ….")
    numbers = numbers.astype(int)
    if numbers.min() < 0:
        raise ValueError(f"{name}: got {numbers.min()}, expected class numbers 0, 1, ….")
    return numbers


def _name_ends(ax, lines):
    labels = []
    for line in lines:
        x, y = line.get_data()
        last = np.flatnonzero(np.isfinite(np.asarray(y, dtype=float)))
        if last.size:
            labels.append(
                ax.annotate(
                    line.get_label(),
                    (x[last[-1]], y[last[-1]]),
                    xytext=(6, 0),
                    textcoords="offset points",
                    va="center",
                    color=as_text(line.get_color()),
                    annotation_clip=False,
                )
            )
    ax.add_artist(_Spread(labels))


class _Spread(Artist):
    """Moves labels up and down until none covers another. It acts whenever the figure is drawn, before they are."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels
        self.set_zorder(-1)
        self.set_in_layout(False)

    def draw(self, renderer):
        figure = self.get_figure(root=True)
        points = 72 / figure.dpi
        ends = np.array([ax_y(label) for label in self.labels]) * points
        heights = np.array([text_size(label.get_text())[1] * 72 for label in self.labels])
        for label, old, new in zip(self.labels, ends, _apart(ends, heights), strict=True):
            label.set_position((6, new - old))


def ax_y(label):
    """The height in pixels of the point that an annotation belongs to."""
    return label.axes.transData.transform((label.axes.convert_xunits(label.xy[0]), label.xy[1]))[1]


def _apart(positions, heights):
    """The positions nearest to those given, in their order, at which intervals of these heights do not overlap.

    Neighbours that overlap are joined into a block around their mean, until no two blocks overlap (the
    pool-adjacent-violators algorithm of isotonic regression).
    """
    order = np.argsort(positions, kind="stable")
    starts = np.concatenate([[0], np.cumsum((heights[order][:-1] + heights[order][1:]) / 2)])
    blocks = []
    for value in positions[order] - starts:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n), (b, m) = blocks[-2:]
            blocks[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    placed = np.repeat([value for value, _ in blocks], [n for _, n in blocks]) + starts
    moved = np.empty_like(placed)
    moved[order] = placed
    return moved
