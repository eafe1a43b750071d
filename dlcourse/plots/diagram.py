"""Pictures of boxes and arrows, made by code: computation graphs, networks, blocks of layers."""

from dlcourse.plots.style import FONT_SIZE, INK, PALETTE, as_text, bare_axes, text_size, tint

import numpy as np
from matplotlib import patheffects
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.transforms import ScaledTranslation

FORWARD, BACKWARD = PALETTE.blue, PALETTE.vermillion
SHAPES = ("box", "circle", "text")


def diagram(nodes, edges, *, title=None, cell=(1.5, 1.0), width=None, ax=None):
    """Boxes and arrows, with the values that flow forward above the arrows and the gradients that flow back below.

        diagram(
            {"u": (0, 0, "$u = bc$"), "J": (1, 0, "$J = 3u$")},
            [("u", "J", {"forward": "6", "backward": "3"})],
        )

    Args:
        nodes: A dict from a node's key to (column, row), to (column, row, text), or to a dict with `"at"`:
            (column, row) and optionally `"text"`, `"shape"` (`"box"`, `"circle"`, `"text"` without an outline) and
            `"color"`. Columns count to the right, rows upwards; both may be fractions. The text is the key by default
            and may hold mathematics between dollar signs, and line breaks.
        edges: A list of (from, to), (from, to, forward), where `forward` is the text above the arrow, or
            (from, to, options): a dict with optionally `"forward"`, `"backward"` (the text of a second arrow, back from
            `to` to `from`, below the first), `"color"`, `"curve"` (how far the arrow bends to the left, as a share of
            its length) and `"thin"` (True for one of very many).
        title: The finding.
        cell: (width, height) in inches of one column and one row, in a figure of its own.
        width: Inches across a new figure; by default as many as the nodes need.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure.

    Raises:
        ValueError: If there is no node, a node or an edge is none of the above, or an edge names no node.
    """
    nodes = {key: _node(key, node) for key, node in _some(nodes).items()}
    edges = [_edge(k, edge, nodes) for k, edge in enumerate(edges)]
    cell = np.asarray(cell, dtype=float)
    arrows = [arrow for edge in edges for arrow in _arrows(edge, nodes, cell)]
    low, high = _extent(nodes, arrows, cell)
    span = high - low
    width = width or span[0]
    figure, ax = bare_axes(ax, width, span[1] * width / span[0], title)
    ax.set_aspect(cell[1] / cell[0])
    ax.set(xlim=(low[0] / cell[0], high[0] / cell[0]), ylim=(low[1] / cell[1], high[1] / cell[1]))
    outlines = {key: _draw_node(ax, node).get_bbox_patch() for key, node in nodes.items()}
    for arrow in arrows:
        _draw_arrow(figure, ax, arrow, nodes, outlines, cell)
    return figure


def network(layers, *, titles=None, title=None, cell=(1.7, 0.62), width=None, ax=None):
    """A fully connected network, a column of circles for each layer and an arrow for each weight.

    Args:
        layers: For each layer the number of its units, or a list of its units' texts. More than eight units are drawn
            as three, an ellipsis, and one more.
        titles: A text under each layer.
        title, cell, width, ax: As for `diagram`.

    Returns:
        The matplotlib Figure.

    Raises:
        ValueError: If there is no layer, a layer has no unit, or titles are not as many as layers.
    """
    if not layers:
        raise ValueError("layers: got none, expected at least one.")
    if titles is not None and len(titles) != len(layers):
        raise ValueError(f"titles: got {len(titles)}, expected {len(layers)}, one for each layer.")
    columns = []
    for k, layer in enumerate(layers):
        units = [" "] * layer if isinstance(layer, (int, np.integer)) else [str(text) for text in layer]
        if not units:
            raise ValueError(f"layers[{k}]: got {layer!r}, expected at least one unit.")
        columns.append([*units[:3], None, units[-1]] if len(units) > 8 else units)
    tallest = max(len(units) for units in columns)
    nodes, edges = {}, []
    for k, units in enumerate(columns):
        for j, text in enumerate(units):
            row = (len(units) - 1) / 2 - j
            if text is None:
                nodes[k, j] = {"at": (k, row), "text": "$\\vdots$", "shape": "text"}
                continue
            words = len(text) > 3 and "$" not in text
            nodes[k, j] = {"at": (k, row), "text": text, "shape": "box" if words else "circle"}
            if k > 0:
                edges += [
                    ((k - 1, i), (k, j), {"thin": True}) for i, from_ in enumerate(columns[k - 1]) if from_ is not None
                ]
        if titles is not None:
            nodes[k, "title"] = {"at": (k, -(tallest - 1) / 2 - 0.7), "text": titles[k], "shape": "text"}
    return diagram(nodes, edges, title=title, cell=cell, width=width, ax=ax)


def _some(nodes):
    if not isinstance(nodes, dict) or not nodes:
        raise ValueError(f"nodes: got {nodes!r:.100}, expected a dict with at least one node.")
    return nodes


def _node(key, node):
    if not isinstance(node, dict):
        node = dict(zip(("at", "text"), (tuple(node[:2]), *node[2:]), strict=False))
    node = {"text": str(key), "shape": "box", "color": INK, **node}
    unknown = set(node) - {"at", "text", "shape", "color"}
    if unknown or np.shape(node.get("at")) != (2,):
        raise ValueError(
            f"nodes[{key!r}]: got {node}, expected (column, row), (column, row, text) or a dict with 'at'."
        )
    if node["shape"] not in SHAPES:
        raise ValueError(f"nodes[{key!r}]: got shape {node['shape']!r}, expected one of {SHAPES}.")
    return node


def _edge(k, edge, nodes):
    expected = "expected (from, to), (from, to, text) or (from, to, dict)"
    if not isinstance(edge, (tuple, list)) or len(edge) not in (2, 3):
        raise ValueError(f"edges[{k}]: got {edge!r}, {expected}.")
    from_, to, *rest = edge
    options = rest[0] if rest else {}
    options = options if isinstance(options, dict) else {"forward": options}
    known = {"forward": None, "backward": None, "color": None, "curve": 0.0, "thin": False}
    if set(options) - set(known):
        raise ValueError(f"edges[{k}]: got {edge!r}, {expected} with keys among {list(known)}.")
    for end in (from_, to):
        if end not in nodes:
            raise ValueError(f"edges[{k}]: got the node {end!r}, expected one of {list(nodes)}.")
    if np.allclose(nodes[from_]["at"], nodes[to]["at"]):
        raise ValueError(f"edges[{k}]: got {edge!r}, expected two nodes at different places.")
    return {"from": from_, "to": to, **known, **options}


def _outline(node):
    """(width, height) in inches of a node."""
    width, height = text_size(node["text"])
    if node["shape"] == "circle":
        return (max(2 * _Outline.RADIUS, np.hypot(width, height) / FONT_SIZE * 72 + 0.6) * FONT_SIZE / 72,) * 2
    return (width + 2 * _Outline.PAD * FONT_SIZE / 72, height + 2 * _Outline.PAD * FONT_SIZE / 72)


class _Outline:
    """A box style for matplotlib: the outline around a text whose corner, width and height are given in pixels."""

    RADIUS = 1.25  # of a circle, at least, in units of the font size
    PAD = 0.55

    def __init__(self, shape):
        self.shape = shape

    def __call__(self, x, y, width, height, em):
        if self.shape == "circle":
            radius = max(self.RADIUS * em, np.hypot(width, height) / 2 + 0.3 * em)
            return Path.circle((x + width / 2, y + height / 2), radius)
        pad = self.PAD * em if self.shape == "box" else 0.3 * em
        left, bottom, right, top = x - pad, y - pad, x + width + pad, y + height + pad
        r = min(0.4 * em, (right - left) / 2, (top - bottom) / 2)
        corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
        inward = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
        vertices, codes = [], []
        for k, ((cx, cy), (sx, sy)) in enumerate(zip(corners, inward, strict=True)):
            one, two = (cx, cy + sy * r), (cx + sx * r, cy)
            one, two = (one, two) if k % 2 == 0 else (two, one)
            vertices += [one, (cx, cy), two]
            codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
        codes[0] = Path.MOVETO
        return Path([*vertices, vertices[0]], [*codes, Path.CLOSEPOLY])


def _draw_node(ax, node):
    plain = node["shape"] == "text"
    return ax.text(
        *node["at"],
        node["text"],
        ha="center",
        va="center",
        color=INK,
        zorder=3,
        bbox={
            "boxstyle": _Outline(node["shape"]),
            "facecolor": "none" if plain else tint(node["color"], 0.12) if node["color"] != INK else "#F6F6F6",
            "edgecolor": "none" if plain else node["color"],
            "linewidth": 1.4,
        },
    )


def _arrows(edge, nodes, cell):
    """The one or two arrows of an edge, each a dict; places and lengths in inches."""
    start, end = (np.asarray(nodes[edge[key]]["at"], dtype=float) * cell for key in ("from", "to"))
    along = end - start
    left = np.array([-along[1], along[0]])
    apex = left * edge["curve"] / 2
    left = left / np.hypot(*along)
    up = left if left[1] > 1e-9 or (abs(left[1]) <= 1e-9 and left[0] < 0) else -left  # above, or left of an upright one
    middle = apex + (_leaves(start, along, nodes[edge["from"]]) + _leaves(end, -along, nodes[edge["to"]])) / 2
    both = edge["backward"] is not None
    shared = {"middle": middle, "thin": edge["thin"]}
    forward = {
        "from": edge["from"],
        "to": edge["to"],
        "text": edge["forward"],
        "color": edge["color"] or (FORWARD if both else INK),
        "style": "-",
        "bend": edge["curve"],
        "aside": up * (3 / 72 if both else 0.0),
        "label": up * (7 / 72 if both else 4 / 72),
    }
    backward = {
        "from": edge["to"],
        "to": edge["from"],
        "text": edge["backward"],
        "color": BACKWARD,
        "style": "--",
        "bend": -edge["curve"],
        "aside": -forward["aside"],
        "label": -forward["label"],
    }
    return [{**shared, **arrow} for arrow in ((forward, backward) if both else (forward,))]


def _leaves(center, along, node):
    """Where a straight line from a node's centre leaves its outline."""
    half = np.array(_outline(node)) / 2
    with np.errstate(divide="ignore"):
        return center + along * min(0.5, *(half / np.abs(along)))


def _extent(nodes, arrows, cell):
    """The lower left and upper right corner, in inches, of all that is drawn."""
    corners = []
    for node in nodes.values():
        at, half = np.asarray(node["at"], dtype=float) * cell, np.array(_outline(node)) / 2
        corners += [at - half, at + half]
    for arrow in arrows:
        corners.append(arrow["middle"] + arrow["aside"])
        if arrow["text"]:
            size = np.array(text_size(arrow["text"]))
            at = arrow["middle"] + arrow["label"] - size * _anchor(arrow["label"])
            corners += [at, at + size]
    return np.min(corners, axis=0) - 0.07, np.max(corners, axis=0) + 0.07


def _anchor(offset):
    """Which point of a label stands at its place, as shares of its width and height, so that it keeps off its arrow."""
    side = offset / np.hypot(*offset)
    return np.array([0.5 if abs(x) < 0.2 else 0.0 if x > 0 else 1.0 for x in side])


def _draw_arrow(figure, ax, arrow, nodes, outlines, cell):
    ax.add_patch(
        FancyArrowPatch(
            nodes[arrow["from"]]["at"],
            nodes[arrow["to"]]["at"],
            transform=ax.transData + ScaledTranslation(*arrow["aside"], figure.dpi_scale_trans),
            patchA=outlines[arrow["from"]],
            patchB=outlines[arrow["to"]],
            shrinkA=1.5,
            shrinkB=1.5,
            connectionstyle=f"arc3,rad={-arrow['bend']}",
            arrowstyle="-|>",
            mutation_scale=7 if arrow["thin"] else 11,
            linewidth=0.8 if arrow["thin"] else 1.6,
            linestyle=arrow["style"],
            color=arrow["color"],
            alpha=0.55 if arrow["thin"] else 1,
            zorder=4,  # after the nodes, whose outlines get their places when they are drawn
        )
    )
    if arrow["text"]:
        across, upward = _anchor(arrow["label"])
        label = ax.annotate(
            arrow["text"],
            arrow["middle"] / cell,
            xytext=arrow["label"] * 72,
            textcoords="offset points",
            ha={0.0: "left", 0.5: "center", 1.0: "right"}[across],
            va={0.0: "bottom", 0.5: "center", 1.0: "top"}[upward],
            color=as_text(arrow["color"]),
            zorder=5,
            annotation_clip=False,
        )
        label.set_path_effects([patheffects.withStroke(linewidth=3, foreground="white")])
