"""Pictures of boxes and arrows, made by code: computation graphs, networks, blocks of layers."""

from dlcourse.checks import choice
from dlcourse.plots.axes import bare_axes, text_size
from dlcourse.plots.checks import one_for_each, require
from dlcourse.plots.style import FONT_SIZE, INK, PALETTE, as_text, tint

import numpy as np
from matplotlib import patheffects
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.transforms import ScaledTranslation

FORWARD, BACKWARD = PALETTE.blue, PALETTE.vermillion
SHAPES = ("box", "circle", "text")
RADIUS = 1.25  # of a circle, at least, in units of the font size
PAD = 0.55  # between a node's text and its outline, in the same units


def diagram(nodes, edges, *, title=None, cell=(1.5, 1.0), width=None, ax=None):
    """Draw boxes and arrows, with the values that flow forward above the arrows and the gradients that flow back below.

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

    Returns the matplotlib Figure.
    Raises ValueError if there is no node, or a node or an edge is not one of the above.
    """
    some = isinstance(nodes, dict) and nodes
    require(some, "nodes", "a dict with at least one node", f"{nodes!r:.100}")
    nodes = {key: _node(key, node) for key, node in nodes.items()}
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
    """Draw a fully connected network, a column of circles for each layer and an arrow for each weight.

    Args:
        layers: For each layer the number of its units, or a list of its units' texts. More than eight units are drawn
            as three, an ellipsis, and one more.
        titles: A text under each layer.
        title, cell, width, ax: As for `diagram`.

    Returns the matplotlib Figure.
    Raises ValueError if there is no layer, a layer has no unit, or titles are not as many as layers.
    """
    require(layers, "layers", "at least one", repr(layers))
    one_for_each("titles", titles, layers)
    columns = []
    for k, layer in enumerate(layers):
        units = [" "] * layer if isinstance(layer, int | np.integer) else [str(text) for text in layer]
        require(units, f"layers[{k}]", "at least one unit", repr(layer))
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
            before = enumerate(columns[k - 1] if k else ())
            edges += [((k - 1, i), (k, j), {"thin": True}) for i, unit in before if unit is not None]
        if titles is not None:
            nodes[k, "title"] = {"at": (k, -(tallest - 1) / 2 - 0.7), "text": titles[k], "shape": "text"}
    return diagram(nodes, edges, title=title, cell=cell, width=width, ax=ax)


def _node(key, node):
    """Return a node as a dict, with defaults."""
    if not isinstance(node, dict):
        node = dict(zip(("at", "text"), (tuple(node[:2]), *node[2:]), strict=False))
    node = {"text": str(key), "shape": "box", "color": INK, **node}
    good = np.shape(node.get("at")) == (2,) and set(node) == {"at", "text", "shape", "color"}
    require(good, f"nodes[{key!r}]", "(column, row), (column, row, text) or a dict with 'at'", node)
    return {**node, "shape": choice(f"nodes[{key!r}]", node["shape"], SHAPES)}


def _edge(k, edge, nodes):
    """Return an edge as a dict, with defaults."""
    known = {"forward": None, "backward": None, "color": None, "curve": 0.0, "thin": False}
    good = isinstance(edge, tuple | list) and len(edge) in (2, 3)
    from_, to, options = (*edge, {})[:3] if good else (None, None, {})
    options = options if isinstance(options, dict) else {"forward": options}
    expected = f"(from, to), (from, to, text) or (from, to, dict with keys among {list(known)})"
    require(good and set(options) <= set(known), f"edges[{k}]", expected, repr(edge))
    for end in (from_, to):
        require(end in nodes, f"edges[{k}]", f"nodes among {list(nodes)}", repr(end))
    apart = not np.allclose(nodes[from_]["at"], nodes[to]["at"])
    require(apart, f"edges[{k}]", "two nodes at different places", repr(edge))
    return {"from": from_, "to": to, **known, **options}


def _circle(x, y, width, height, em):
    """Return the outline of a round node; matplotlib passes the place and size of its text, in pixels."""
    return Path.circle((x + width / 2, y + height / 2), max(RADIUS * em, np.hypot(width, height) / 2 + 0.3 * em))


def _outline(node):
    """Return (width, height) in inches of a node."""
    em = FONT_SIZE / 72
    size = np.array(text_size(node["text"]))
    if node["shape"] == "circle":
        return np.full(2, max(2 * RADIUS * em, np.hypot(*size) + 0.6 * em))
    return size + 2 * PAD * em


def _draw_node(ax, node):
    plain = node["shape"] == "text"
    ground = "#F6F6F6" if node["color"] == INK else tint(node["color"], 0.12)
    outline = {
        "boxstyle": _circle if node["shape"] == "circle" else f"round,pad={0.3 if plain else PAD},rounding_size=0.4",
        "facecolor": "none" if plain else ground,
        "edgecolor": "none" if plain else node["color"],
        "linewidth": 1.4,
    }
    return ax.text(*node["at"], node["text"], ha="center", va="center", color=INK, zorder=3, bbox=outline)


def _arrows(edge, nodes, cell):
    """Return the one or two arrows of an edge, each a dict; places and lengths in inches."""
    start, end = (np.asarray(nodes[edge[key]]["at"], dtype=float) * cell for key in ("from", "to"))
    along = end - start
    left = np.array([-along[1], along[0]])
    apex = left * edge["curve"] / 2
    left = left / np.hypot(*along)
    up = left if left[1] > 1e-9 or (abs(left[1]) <= 1e-9 and left[0] < 0) else -left  # above, or left of an upright one
    middle = apex + (_leaves(start, along, nodes[edge["from"]]) + _leaves(end, -along, nodes[edge["to"]])) / 2
    both = edge["backward"] is not None

    def arrow(from_, to, text, color, style, side):
        aside, label = (3, 7) if both else (0, 4)  # points from the middle line, of the arrow and of its text
        return {
            "from": edge[from_],
            "to": edge[to],
            "text": text,
            "color": color,
            "style": style,
            "bend": side * edge["curve"],
            "aside": side * up * aside / 72,
            "label": side * up * label / 72,
            "middle": middle,
            "thin": edge["thin"],
        }

    forward = arrow("from", "to", edge["forward"], edge["color"] or (FORWARD if both else INK), "-", 1)
    return [forward, arrow("to", "from", edge["backward"], BACKWARD, "--", -1)] if both else [forward]


def _leaves(center, along, node):
    """Return the point at which a straight line from a node's center leaves its outline."""
    half = _outline(node) / 2
    with np.errstate(divide="ignore"):
        return center + along * min(0.5, *(half / np.abs(along)))


def _extent(nodes, arrows, cell):
    """Return the lower left and the upper right corner, in inches, of all that is drawn."""
    corners = []
    for node in nodes.values():
        at, half = np.asarray(node["at"], dtype=float) * cell, _outline(node) / 2
        corners += [at - half, at + half]
    for arrow in arrows:
        corners.append(arrow["middle"] + arrow["aside"])
        if arrow["text"]:
            size = np.array(text_size(arrow["text"]))
            at = arrow["middle"] + arrow["label"] - size * _anchor(arrow["label"])
            corners += [at, at + size]
    return np.min(corners, axis=0) - 0.07, np.max(corners, axis=0) + 0.07


def _anchor(offset):
    """Return the point of a label, as shares of its width and height, that stands at its place, off its arrow."""
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
