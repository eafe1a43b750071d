"""Every kind of figure that two notebooks share, drawn with matplotlib, with one palette and a text alternative.

    from dlcourse import plots

    plots.use_style()                                             # once, in the import cell
    figure = plots.curves({"training": losses}, title="The loss falls", xlabel="epoch", ylabel="loss")
    plots.show(figure, "Line chart: the training loss falls from 0.69 to 0.12 in 20 epochs.")

A function that draws takes `ax`, matplotlib axes to draw into; without it a figure of its own is made. Either way it
returns the figure. `panels` makes a figure with several axes; functions of other rooms that draw take theirs from
`own_axes`. The figures are not registered with pyplot, so `show` is the only way in which they reach a page, and each
does so exactly once; `plt.show()` is never needed.
"""

from dlcourse.plots import _begin  # noqa: F401, before anything else imports matplotlib
from dlcourse.plots.axes import own_axes, panels
from dlcourse.plots.curves import curves, decision_boundary
from dlcourse.plots.diagram import diagram, network
from dlcourse.plots.images import as_picture, filters, image_grid
from dlcourse.plots.overlays import boxes, masks, overlay
from dlcourse.plots.page import show
from dlcourse.plots.style import GRAY, INK, PALETTE, WIDTH, use_style

__all__ = [
    "GRAY",
    "INK",
    "PALETTE",
    "WIDTH",
    "as_picture",
    "boxes",
    "curves",
    "decision_boundary",
    "diagram",
    "filters",
    "image_grid",
    "masks",
    "network",
    "overlay",
    "own_axes",
    "panels",
    "show",
    "use_style",
]
