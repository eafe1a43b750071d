"""The look that all figures share: the palette, matplotlib's defaults, and the contrast of text with its ground.

The palette is Okabe and Ito's (Color Universal Design, 2008): its colors stay apart under every common kind of color
blindness.
"""

from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.colors import to_hex, to_rgb


class Palette(NamedTuple):
    """Colors by name and by number: `PALETTE.blue` is `PALETTE[0]`. The first ones are the darkest on white."""

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
GRAY = "#767676"  # the lightest gray that text may have on white (contrast 4.5 : 1)
WIDTH = 7.2  # inches of a figure across the page
FONT_SIZE = 10  # points; the one size
PIXELS_PER_INCH = 100  # on the page, where a figure is 720 pixels wide and 10 points are 14 pixels
SHARPNESS = 1.5  # stored pixels per pixel on the page


def use_style():
    """Set matplotlib's defaults for all figures that follow; called once, in a notebook's import cell.

    White background (readable in a dark theme too), one font size, quiet axes, the palette's colors in their order.
    The backend is left as it is.
    """
    rc = matplotlib.rc
    rc("axes", axisbelow=True, edgecolor=GRAY, grid=True, labelcolor=INK, labelsize=FONT_SIZE)
    rc("axes", prop_cycle=matplotlib.cycler(color=list(PALETTE)))
    rc("axes", titlelocation="left", titlesize=FONT_SIZE, titleweight="bold")
    rc("axes.spines", right=False, top=False)
    rc("figure", dpi=PIXELS_PER_INCH, facecolor="white", figsize=(WIDTH, 3.4))
    rc("figure", titlesize=FONT_SIZE, titleweight="bold")
    rc("figure.constrained_layout", use=True, h_pad=0.06, w_pad=0.06)
    rc("font", size=FONT_SIZE)
    rc("grid", color="#E4E4E4", linewidth=0.8)
    rc("image", cmap="gray")
    rc("legend", fontsize=FONT_SIZE, frameon=False)
    rc("lines", linewidth=2)
    rc("savefig", dpi=PIXELS_PER_INCH * SHARPNESS, facecolor="white")
    rc("text", color=INK)
    rc(("xtick", "ytick"), color=GRAY, labelcolor=INK, labelsize=FONT_SIZE)


def luminance(color):
    """Compute the relative luminance as WCAG 2 defines it: black 0, white 1."""
    channels = np.asarray(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def text_on(color):
    """Return black or white, whichever stands out more against `color`."""
    return "#000000" if luminance(color) > 0.179 else "#FFFFFF"


def as_text(color):
    """Darken `color` until text in it reads well on white (contrast 4.5 : 1)."""
    channels = np.asarray(to_rgb(color))
    while (1 + 0.05) / (luminance(channels) + 0.05) < 4.5:
        channels = channels * 0.97
    return to_hex(channels)


def tint(color, amount):
    """Thin `color` with white; amount 0 is white, 1 the color itself."""
    return to_hex(1 - amount * (1 - np.asarray(to_rgb(color))))
