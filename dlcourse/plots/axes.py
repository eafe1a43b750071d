"""Figures and axes to draw into, and text that fits into them."""

import textwrap

from dlcourse.checks import count
from dlcourse.plots.checks import in_inches, require
from dlcourse.plots.style import FONT_SIZE, WIDTH

from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.mathtext import MathTextParser


def panels(rows=1, columns=1, *, size=None, title=None, **keywords):
    """Make a figure with several axes, to pass to functions that draw.

    Args:
        rows, columns: Numbers of axes.
        size: (width, height) of the figure in inches; by default across the page, 3 inches per row.
        title: One title above all.
        **keywords: Options of `Figure.subplots`: `sharex`, `sharey`, `width_ratios`, …

    Returns `(figure, axes)`: the figure, and a NumPy array of its axes, shape (rows · columns,), row by row.
    Raises ValueError if `rows` or `columns` is less than one, or `size` is not two positive numbers.
    """
    rows, columns = count("rows", rows), count("columns", columns)
    figure = Figure(figsize=in_inches(size) or (WIDTH, 0.2 + 3.0 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **keywords)
    if title is not None:
        figure.suptitle(readable(str(title)), x=0.01, ha="left", fontweight="bold", fontsize=FONT_SIZE)
    return figure, axes.ravel()


def own_axes(ax, size, title=None):
    """Return the figure and the axes to draw into: those of `ax`, or new ones.

    Args:
        ax: Axes to draw into, or None for a new figure.
        size: (width, height) of a new figure in inches.
        title: The finding, above the axes, in as many lines as it needs.

    Raises ValueError if `ax` is not Axes, or `size` is not two positive numbers.
    Used by every function that draws; `dlcourse.tuning` has others.
    """
    if ax is None:
        ax = Figure(figsize=in_inches(size), layout="constrained").subplots()
    require(hasattr(ax, "get_figure") and hasattr(ax, "transData"), "ax", "matplotlib Axes", type(ax).__name__)
    figure = ax.get_figure(root=True)
    _set_title(ax, title, ax.get_position().width * figure.get_figwidth())
    return figure, ax


def bare_axes(ax, width, height, title=None, right=0.0):
    """Return (figure, axes) without ticks, under a title.

    A new figure has axes of exactly `width` × `height` inches, and `right` inches beside them for a legend or a color
    bar.
    """
    if ax is None:
        total = width + right
        if title is not None:  # room for a title that is wider than what it stands above
            total = max(total, min(1.12 * text_size(title)[0] + 0.16, WIDTH))
        head = 0.0 if title is None else 0.16 + text_size(wrap(title, total - 0.12))[1]
        placed = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=False)  # "none" is lost in savefig
        figure = Figure(figsize=(total, height + head), layout=placed)
        ax = figure.add_axes((0, 0, width / total, height / (height + head)))
        _set_title(ax, title, total - 0.12, x=0.06 / width)
    else:
        figure, ax = own_axes(ax, None, title)
    ax.set_axis_off()
    ax.set_anchor("N")  # titles of pictures side by side stand on one line
    return figure, ax


def _set_title(ax, title, inches, x=0.0):
    """Write a finding above the axes, in as many lines as `inches` need, starting at the share `x` of their width."""
    if title is not None:
        ax.set_title(wrap(title, inches), loc="left", x=x, fontweight="bold", fontsize=FONT_SIZE)


def wrap(text, inches, bold=True):
    """Break a text into lines no wider than `inches`; line breaks of the text's own stay."""
    characters = max(int(inches * (12.0 if bold else 13.5)), 1)
    lines = [textwrap.fill(line, characters, break_long_words=False) for line in str(text).split("\n")]
    return "\n".join(map(readable, "\n".join(lines).split("\n")))


def readable(line):
    """Return a line of text as matplotlib can draw it: dollar signs around invalid mathematics stay dollar signs."""
    if is_math_text(line):
        try:
            MathTextParser("path").parse(line)
        except ValueError:
            return literal(line)
    return line


def literal(text):
    """Return a user's own words, such as a class' name, so that a dollar sign is drawn as a dollar sign."""
    return str(text).replace("$", r"\$")


def text_size(text):
    """Return (width, height) in inches that a text takes at the one font size, regular weight."""
    from matplotlib.textpath import TextPath

    lines = [readable(line) for line in str(text).split("\n")]
    widths = [TextPath((0, 0), line, size=FONT_SIZE).get_extents().width if line.strip() else 0 for line in lines]
    return max(widths) / 72, len(lines) * FONT_SIZE * 1.25 / 72
