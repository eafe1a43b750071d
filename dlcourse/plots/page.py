"""The way of a figure to the page: one stored picture that carries a text alternative."""

import functools
import io
import sys

from dlcourse._kernel import in_notebook
from dlcourse.plots.checks import require
from dlcourse.plots.style import PIXELS_PER_INCH, SHARPNESS

from matplotlib.figure import Figure
from matplotlib.image import AxesImage, BboxImage, FigureImage

BUDGET = 180_000  # bytes of a stored figure; a notebook of twenty stays under 4 MB
DRAWINGS = ((1.5, 256), (1.25, 256), (1.0, 256), (1.0, 192))  # sharpness, colors of a PNG: tried in this order
PICTURES = ((1.5, 95), (1.5, 92), (1.5, 88), (1.25, 90), (1.25, 86), (1.0, 90), (1.0, 85))  # sharpness, JPEG's quality


def show(figure, alt):
    """Show a figure in the notebook, once, as one picture that carries a text alternative, and close it.

    A drawing is stored as PNG. A figure that holds photographs, and would be large as PNG, is stored as JPEG in all
    its colors, without chroma subsampling, so that text stays crisp.

    The text goes into the output's metadata under `image/png` or `image/jpeg`, `alt`, the key from which nbconvert's
    classic template writes `<img alt="…">` (its lab template and JupyterLab itself leave it out as of nbconvert 7.17,
    JupyterLab 4.6), and beside the picture as its plain text, which a text-only reader of the notebook shows. Outside
    of a notebook the plain text is printed; `figure.savefig(path)` writes the picture.

    A figure that `matplotlib.pyplot` made is closed too; otherwise a notebook would draw it a second time, without its
    text, at the end of the cell.

    Args:
        figure: A `matplotlib.figure.Figure`, such as the functions of this module return.
        alt: Text of one or two sentences: what a reader who does not see the figure should learn from it.

    Raises ValueError if `figure` is not a figure, or `alt` is empty.
    """
    require(isinstance(figure, Figure), "figure", "a matplotlib Figure", type(figure).__name__)
    text = " ".join(alt.split()) if isinstance(alt, str) else ""
    require(text, "alt", "a text that tells what the figure shows", repr(alt))
    try:
        if in_notebook():
            from IPython.display import display

            width, height = (round(inches * PIXELS_PER_INCH) for inches in figure.get_size_inches())
            kind, data = encode(figure)
            about = {"alt": text, "width": width, "height": height}
            display({kind: data, "text/plain": text}, metadata={kind: about}, raw=True)
        else:
            print(text)
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close(figure)


def encode(figure):
    """Return a figure as ("image/png" or "image/jpeg", bytes): the sharpest that fits into the budget.

    A palette of 256 colors suits a drawing; in a photograph it would leave bands. So a figure that holds pictures,
    and does not fit into the budget as PNG in all colors, becomes a JPEG. Full chroma resolution (4:4:4) keeps
    colored text and thin lines sharp.
    """
    pages = functools.cache(lambda sharpness: render(figure, sharpness * PIXELS_PER_INCH))
    data = png(pages(SHARPNESS))
    if len(data) <= BUDGET:
        return "image/png", data
    pictured = figure.findobj(lambda artist: isinstance(artist, (AxesImage, BboxImage, FigureImage)))
    for sharpness, quality in PICTURES if pictured else DRAWINGS:
        data = (jpeg if pictured else png)(pages(sharpness), quality)
        if len(data) <= BUDGET:
            break
    return "image/jpeg" if pictured else "image/png", data


def render(figure, dpi):
    """Draw a figure as one of Pillow's pictures, RGB on white."""
    from PIL import Image

    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=dpi, facecolor="white", bbox_inches=None)
    return Image.open(data).convert("RGB")


def png(picture, colors=None):
    """Return PNG bytes, in all colors or in as few as `colors`."""
    if colors is not None:
        picture = picture.quantize(colors, dither=0)  # without dithering: flat regions stay flat
    data = io.BytesIO()
    picture.save(data, format="PNG", optimize=True)
    return data.getvalue()


def jpeg(picture, quality):
    """Return JPEG bytes, all channels at full resolution."""
    data = io.BytesIO()
    picture.save(data, format="JPEG", quality=quality, subsampling="4:4:4", optimize=True, progressive=True)
    return data.getvalue()
