"""The look that all figures share, and the way a figure reaches the page with its text alternative.

The palette is Okabe and Ito's (Color Universal Design, 2008): its colours stay apart under every common kind of colour
blindness.
"""

import functools
import io
import numbers
import sys
import textwrap
from typing import NamedTuple

from dlcourse._kernel import in_notebook

import matplotlib
import numpy as np
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, BboxImage, FigureImage
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.mathtext import MathTextParser


class Palette(NamedTuple):
    """Colours by name and by number: `PALETTE.blue` is `PALETTE[0]`. The first ones are the darkest on white."""

    blue: str = "#0072B2"
    vermillion: str = "#D55E00"
    green: str = "#009E73"
    purple: str = "#CC79A7"
    orange: str = "#E69F00"
    sky: str = "#56B4E9"
    black: str = "#000000"
    yellow: str = "#F0E442"


PALETTE = Palette()
INK = "#1A1A1A"  # text and outlines
GREY = "#767676"  # the lightest grey that text may have on white (contrast 4.5 : 1)
WIDTH = 7.2  # inches of a figure across the page
FONT_SIZE = 10  # points; the one size
_PIXELS_PER_INCH = 100  # on the page, where a figure is 720 pixels wide and 10 points are 14 pixels
_BUDGET = 180_000  # bytes of a stored figure; a notebook of twenty stays under 4 MB
_SHARPNESS = 1.5  # stored pixels per pixel on the page, where that fits into the budget
_DRAWINGS = ((1.5, 256), (1.25, 256), (1.0, 256), (1.0, 192))  # sharpness, colours of a PNG: tried in this order
_PICTURES = ((1.5, 95), (1.5, 92), (1.5, 88), (1.25, 90), (1.25, 86), (1.0, 90), (1.0, 85))  # sharpness, JPEG's quality


def use_style():
    """Set matplotlib's defaults for all figures that follow; called once, in a notebook's import cell.

    White background (it reads in a dark theme too), one font size, quiet axes, the palette's colours in their order.
    Which backend draws is left as it is.
    """
    matplotlib.rcParams.update(
        {
            "axes.axisbelow": True,
            "axes.edgecolor": GREY,
            "axes.grid": True,
            "axes.labelcolor": INK,
            "axes.labelsize": FONT_SIZE,
            "axes.prop_cycle": matplotlib.cycler(color=list(PALETTE)),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": FONT_SIZE,
            "axes.titleweight": "bold",
            "figure.constrained_layout.h_pad": 0.06,
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.w_pad": 0.06,
            "figure.dpi": _PIXELS_PER_INCH,
            "figure.facecolor": "white",
            "figure.figsize": (WIDTH, 3.4),
            "figure.titlesize": FONT_SIZE,
            "figure.titleweight": "bold",
            "font.size": FONT_SIZE,
            "grid.color": "#E4E4E4",
            "grid.linewidth": 0.8,
            "image.cmap": "gray",
            "legend.fontsize": FONT_SIZE,
            "legend.frameon": False,
            "lines.linewidth": 2,
            "savefig.dpi": _PIXELS_PER_INCH * _SHARPNESS,
            "savefig.facecolor": "white",
            "text.color": INK,
            "xtick.color": GREY,
            "xtick.labelcolor": INK,
            "xtick.labelsize": FONT_SIZE,
            "ytick.color": GREY,
            "ytick.labelcolor": INK,
            "ytick.labelsize": FONT_SIZE,
        }
    )


def show(figure, alt):
    """Show a figure in the notebook, once, as one picture that carries a text alternative, and close it.

    A drawing is stored as PNG. A figure that holds photographs, and would be large as PNG, is stored as JPEG in all
    its colours, without chroma subsampling, so that text stays crisp.

    The text goes into the output's metadata under `image/png` or `image/jpeg`, `alt`, the key from which nbconvert's
    classic template writes `<img alt="…">` (its lab template and JupyterLab itself leave it out as of nbconvert 7.17,
    JupyterLab 4.6), and beside the picture as its plain text, which a text-only reader of the notebook shows. Outside
    of a notebook the plain text is printed; `figure.savefig(path)` writes the picture.

    A figure that `matplotlib.pyplot` made is closed too; otherwise a notebook would draw it a second time, without its
    text, at the end of the cell.

    Args:
        figure: A `matplotlib.figure.Figure`, such as the functions of this module return.
        alt: What a reader who does not see the figure should learn from it, one or two sentences.

    Raises:
        ValueError: If `figure` is no figure or `alt` says nothing.
    """
    if not isinstance(figure, Figure):
        raise ValueError(f"figure: got {type(figure).__name__}, expected a matplotlib Figure.")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt: got {alt!r}, expected a text that tells what the figure shows.")
    alt = " ".join(alt.split())
    try:
        if in_notebook():
            from IPython.display import display

            width, height = (round(inches * _PIXELS_PER_INCH) for inches in figure.get_size_inches())
            kind, data = encode(figure)
            display(
                {kind: data, "text/plain": alt},
                metadata={kind: {"alt": alt, "width": width, "height": height}},
                raw=True,
            )
        else:
            print(alt)
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close(figure)


def encode(figure):
    """A figure as ("image/png" or "image/jpeg", bytes): the sharpest that fits into the budget.

    A palette of 256 colours suits a drawing; in a photograph it would leave bands. So a figure that holds pictures,
    and does not fit into the budget as PNG in all colours, becomes a JPEG. Full chroma resolution (4:4:4) keeps
    coloured text and thin lines sharp.
    """
    pages = functools.cache(lambda sharpness: _render(figure, sharpness * _PIXELS_PER_INCH))
    data = _png(pages(_SHARPNESS))
    if len(data) <= _BUDGET:
        return "image/png", data
    pictured = figure.findobj(lambda artist: isinstance(artist, (AxesImage, BboxImage, FigureImage)))
    for sharpness, quality in _PICTURES if pictured else _DRAWINGS:
        data = (_jpeg if pictured else _png)(pages(sharpness), quality)
        if len(data) <= _BUDGET:
            break
    return "image/jpeg" if pictured else "image/png", data


def panels(rows=1, columns=1, *, size=None, title=None, **keywords):
    """A figure with several axes, to hand to functions that draw.

    Args:
        rows, columns: How many axes.
        size: (width, height) of the figure in inches; by default across the page, 3 inches per row.
        title: One title above all.
        **keywords: For `Figure.subplots`: `sharex`, `sharey`, `width_ratios`, …

    Returns:
        figure, axes: The figure, and a NumPy array of its axes, of shape (rows · columns,), row by row.

    Raises:
        ValueError: If `rows` or `columns` is less than one, or `size` no two positive numbers.
    """
    rows, columns = whole("rows", rows), whole("columns", columns)
    figure = Figure(figsize=in_inches(size) or (WIDTH, 0.2 + 3.0 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **keywords)
    if title is not None:
        figure.suptitle(readable(str(title)), x=0.01, ha="left", fontweight="bold", fontsize=FONT_SIZE)
    return figure, axes.ravel()


# What the other files of this package share


def own_axes(ax, size, title=None):
    """Return the figure and the axes to draw into: those of `ax`, or new ones.

    Args:
        ax: Axes to draw into, or None for a new figure.
        size: (width, height) of a new figure in inches.
        title: The finding, above the axes, in as many lines as it needs.

    Returns:
        figure, axes: A matplotlib Figure and its Axes.

    Raises:
        ValueError: If `ax` is no Axes, or `size` no two positive numbers.

    Used by every function that draws; `dlcourse.tuning` has others.
    """
    if ax is None:
        figure = Figure(figsize=in_inches(size), layout="constrained")
        ax = figure.subplots()
    elif not hasattr(ax, "get_figure") or not hasattr(ax, "transData"):
        raise ValueError(f"ax: got {type(ax).__name__}, expected matplotlib Axes.")
    figure = ax.get_figure(root=True)
    set_title(ax, title, ax.get_position().width * figure.get_figwidth())
    return figure, ax


def bare_axes(ax, width, height, title=None, right=0.0):
    """(figure, axes) without ticks, under a title. A new figure has axes of exactly `width` × `height` inches, and
    `right` inches beside them for a legend or a colour bar."""
    if ax is None:
        total = width + right
        if title is not None:  # room for a title that is wider than what it stands above
            total = max(total, min(1.12 * text_size(title)[0] + 0.16, WIDTH))
        head = 0.0 if title is None else 0.16 + text_size(wrap(title, total - 0.12))[1]
        placed = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=False)  # "none" is lost in savefig
        figure = Figure(figsize=(total, height + head), layout=placed)
        ax = figure.add_axes((0, 0, width / total, height / (height + head)))
        set_title(ax, title, total - 0.12, x=0.06 / width)
    else:
        figure, ax = own_axes(ax, None, title)
    ax.set_axis_off()
    ax.set_anchor("N")  # titles of pictures side by side stand on one line
    return figure, ax


def set_title(ax, title, inches, x=0.0):
    """Write a finding above the axes, in as many lines as `inches` need, starting at the share `x` of their width."""
    if title is not None:
        ax.set_title(wrap(title, inches), loc="left", x=x, fontweight="bold", fontsize=FONT_SIZE)


def wrap(text, inches, bold=True):
    """Break a text into lines no wider than `inches`; line breaks of the text's own stay."""
    characters = max(int(inches * (12.0 if bold else 13.5)), 1)
    lines = [textwrap.fill(line, characters, break_long_words=False) for line in str(text).split("\n")]
    return "\n".join(map(readable, "\n".join(lines).split("\n")))


def readable(line):
    """A line of text as matplotlib can draw it: dollar signs that enclose no valid mathematics stay dollar signs."""
    if is_math_text(line):
        try:
            MathTextParser("path").parse(line)
        except ValueError:
            return literal(line)
    return line


def literal(text):
    """A user's own words, such as a class' name, in which a dollar sign is a dollar sign."""
    return str(text).replace("$", r"\$")


def whole(name, value, least=1):
    """`value` as an int, if it is a whole number that is not below `least`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or value % 1 != 0 or value < least:
        raise ValueError(f"{name}: got {value!r}, expected a whole number of at least {least}.")
    return int(value)


def positive(name, value):
    """`value`, if it is None or a positive number."""
    if value is not None and (not isinstance(value, numbers.Real) or not 0 < value < float("inf")):
        raise ValueError(f"{name}: got {value!r}, expected a positive number, inches.")
    return value


def in_inches(size):
    """`size`, if it is None or (width, height), two positive numbers."""
    if size is not None:
        if not isinstance(size, tuple | list | np.ndarray) or len(size) != 2 or None in tuple(size):
            raise ValueError(f"size: got {size!r}, expected (width, height) in inches.")
        size = tuple(positive("size", side) for side in size)
    return size


def as_numbers(name, values):
    """`values` as an array of floats, if they are numbers and no row is shorter than another."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: got {values!r:.80}, expected numbers in rows of one length ({error}).") from None


def text_size(text):
    """(width, height) in inches that a text takes at the one font size, regular weight."""
    from matplotlib.textpath import TextPath

    lines = [readable(line) for line in str(text).split("\n")]
    widths = [TextPath((0, 0), line, size=FONT_SIZE).get_extents().width if line.strip() else 0 for line in lines]
    return max(widths) / 72, len(lines) * FONT_SIZE * 1.25 / 72


def luminance(color):
    """Relative luminance as WCAG 2 defines it: black 0, white 1."""
    channels = np.asarray(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def text_on(color):
    """Black or white, whichever stands out more against `color`."""
    return "#000000" if luminance(color) > 0.179 else "#FFFFFF"


def as_text(color):
    """`color`, darkened until text in it reads well on white (contrast 4.5 : 1)."""
    channels = np.asarray(to_rgb(color))
    while (1 + 0.05) / (luminance(channels) + 0.05) < 4.5:
        channels = channels * 0.97
    return to_hex(channels)


def tint(color, amount):
    """`color` thinned with white; amount 0 is white, 1 the colour itself."""
    return to_hex(1 - amount * (1 - np.asarray(to_rgb(color))))


def _render(figure, dpi):
    from PIL import Image

    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=dpi, facecolor="white", bbox_inches=None)
    return Image.open(data).convert("RGB")


def _png(picture, colours=None):
    """PNG bytes, in all colours or in as few as `colours`; the style's own colours stay exactly what they are."""
    if colours is not None:
        from PIL import Image

        own = {*PALETTE, *map(as_text, PALETTE), INK, GREY, "#FFFFFF"}
        own = np.round(255 * np.array([to_rgb(color) for color in sorted(own)])).astype(int)
        found = picture.quantize(colours - len(own), dither=Image.Dither.NONE).getpalette()
        table = Image.new("P", (1, 1))
        table.putpalette([*own.ravel().tolist(), *found][: 3 * colours])
        indices = np.array(picture.quantize(palette=table, dither=Image.Dither.NONE))
        pixels = np.asarray(picture, dtype=int) @ (1 << 16, 1 << 8, 1)
        for k, code in enumerate(own @ (1 << 16, 1 << 8, 1)):  # Pillow's choice of the nearest is not always exact
            indices[pixels == code] = k
        palette = table.getpalette()
        picture = Image.fromarray(indices)
        picture.putpalette(palette)
    data = io.BytesIO()
    picture.save(data, format="PNG", optimize=True)
    return data.getvalue()


def _jpeg(picture, quality):
    """JPEG bytes, all channels at full resolution."""
    data = io.BytesIO()
    picture.save(data, format="JPEG", quality=quality, subsampling="4:4:4", optimize=True, progressive=True)
    return data.getvalue()
