"""Figures of a study: the points tried, how much each hyperparameter matters, the learning curves."""

import math

from dlcourse.tuning.results import importances, results, space_of
from dlcourse.tuning.scales import Choice, Log, OneMinusLog

import numpy as np


def plot_search(study, x=None, y=None, *, boxes=None, title=None, label="value", size=(6.4, 4.4), ax=None):
    """Draw the points that a study tried, colored by their values, the best one marked.

    Args:
        study: An `optuna.Study`, as `search` returns it.
        x, y: Names of two hyperparameters, each drawn on its scale (`OneMinusLog`: logarithmic in 1 − β); by default
            the study's first two. With `x` alone, the value itself is the vertical axis.
        boxes: The spaces of `coarse_to_fine`, drawn as rectangles.
        title: The finding.
        label: Meaning of the value: "cost on the dev set".
        size: (width, height) of a new figure in inches.
        ax: Axes to draw into.

    Returns the matplotlib Figure. Pruned trials are hollow squares; those that diverged are crosses.
    Raises ValueError if no trial has finished with a finite value, or a name is not one of the study's hyperparameters.
    Taught in notebook 2-3, section 2.5.
    """
    from dlcourse.plots import GRAY, INK, PALETTE, own_axes

    from matplotlib.transforms import ScaledTranslation

    space, rows = space_of(study), results(study)
    if x is None and y is None:
        names = list(space)
        x, y = names[0], names[1] if len(names) > 1 else None
    for argument, name in (("x", x), ("y", y)):
        if name not in space and not (argument == "y" and name is None):
            raise ValueError(f"{argument}: expected one of {list(space)}, got {name!r}")
    kept = [row for row in rows if math.isfinite(row.value)]
    done, pruned = [row for row in kept if not row.pruned], [row for row in kept if row.pruned]
    diverged = [row for row in rows if not row.pruned and not math.isfinite(row.value)]
    if not done:
        raise ValueError("study: expected a finished trial with a finite value, got none")
    figure, ax = own_axes(ax, size, title)
    _set_axis(ax, "x", x, space[x])
    if y is None:
        ax.set_ylabel(label)
    else:
        _set_axis(ax, "y", y, space[y])

    def draw(some, **look):
        across = [_place(space[x], row.params[x], row.number) for row in some]
        up = [row.value if y is None else _place(space[y], row.params[y], row.number) for row in some]
        return ax.scatter(across, up, **look)

    dot = {"s": 44, "edgecolors": "white", "linewidths": 0.6}
    if y is None:
        draw(done, color=PALETTE.blue, **dot)
    else:
        colors, beyond = _colors([row.value for row in done], study.direction.name == "MINIMIZE")
        dots = draw(done[::-1], c=[row.value for row in done[::-1]], **colors, **dot)
        figure.colorbar(dots, ax=ax, label=label, extend=beyond)
        if diverged:
            draw(diverged, s=36, marker="x", color=GRAY, linewidths=1.4, label="diverged")
        for box in boxes or ():
            _draw_box(ax, box[x], box[y], INK)
    if pruned:
        draw(pruned, s=26, marker="s", facecolors="none", edgecolors=GRAY, label="stopped early")
    draw(done[:1], s=220, marker="*", color=PALETTE.vermillion, edgecolors="white", zorder=3, label="best")
    below = ax.transAxes + ScaledTranslation(0, -40 / 72, figure.dpi_scale_trans)  # below the axis' name
    place = {"loc": "upper left", "bbox_to_anchor": (0, 0), "bbox_transform": below}
    ax.legend(**place, ncols=3, handletextpad=0.2, borderaxespad=0)
    return figure


def plot_importances(study, *, seed=0, title=None, size=None, ax=None):
    """Draw how much of the variance of a study's values each hyperparameter explains, as bars, the largest on top.

    Args:
        study: An `optuna.Study`, as `search` returns it.
        seed: As for `importances`.
        title, size, ax: As for `plot_search`.

    Returns the matplotlib Figure.
    Raises ValueError as `importances` does.
    Taught in notebook 2-3, section 2.5.
    """
    from dlcourse.plots import PALETTE, WIDTH, own_axes

    shares = importances(study, seed)
    figure, ax = own_axes(ax, size or (WIDTH, 1.2 + 0.36 * len(shares)), title)
    bars = ax.barh(list(shares), list(shares.values()), height=0.6, color=PALETTE.blue)
    ax.bar_label(bars, fmt="%.2f", padding=4)
    ax.invert_yaxis()
    ax.grid(False)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1.1), xlabel="share of the variance explained alone", xticks=(0, 0.25, 0.5, 0.75, 1))
    return figure


def plot_learning_curves(study, *, title=None, xlabel="epoch", ylabel="value", yscale="linear", size=None, ax=None):
    """Draw what each trial of a study reported after each epoch: the best one, the others, and those stopped early.

    Args:
        study: An `optuna.Study` whose objective reports.
        title, size, ax: As for `plot_search`.
        xlabel, ylabel, yscale: Names of the axes; `"linear"` or `"log"`.

    Returns the matplotlib Figure.
    Raises ValueError if no trial reported anything.
    Taught in notebook 2-3, section 2.5.
    """
    from dlcourse.plots import GRAY, PALETTE, WIDTH, own_axes

    from matplotlib.ticker import MaxNLocator

    rows = [row for row in results(study) if row.curve]
    if not rows:
        raise ValueError("study: expected trials that report a learning curve, got none")
    figure, ax = own_axes(ax, size or (WIDTH, 3.4), title)
    ax.set(xlabel=xlabel, ylabel=ylabel, yscale=yscale)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    best = {"color": PALETTE.blue, "linewidth": 2.5, "alpha": 1, "zorder": 3, "label": "best"}
    others = {"color": GRAY, "linewidth": 1, "alpha": 0.6, "zorder": 2, "label": "others"}
    stopped = {**others, "color": PALETTE.vermillion, "marker": "s", "markersize": 4, "label": "stopped early"}
    for place, row in reversed(list(enumerate(rows))):
        look = stopped if row.pruned else others if place else best
        ax.plot(range(1, len(row.curve) + 1), row.curve, markevery=[-1], **look)
    named = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))  # each kind once
    ax.legend(named.values(), named.keys(), loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _set_axis(ax, which, name, scale):
    """Give the axis "x" or "y" the name and the scale of a hyperparameter, and a margin beside its ends."""
    look = {"label": name}
    if isinstance(scale, Choice):
        last = len(scale.options) - 1
        look |= {"ticks": range(last + 1), "ticklabels": list(map(str, scale.options)), "lim": (-0.5, last + 0.5)}
    elif isinstance(scale, OneMinusLog):
        set_scale = {"x": ax.set_xscale, "y": ax.set_yscale}[which]
        set_scale("function", functions=(_nines, lambda nines: 1 - 10.0**-nines))
        ticks = [1 - 10.0**-k for k in range(17) if scale.low - 1e-12 <= 1 - 10.0**-k <= scale.high + 1e-12]
        ticks = ticks if len(ticks) > 1 else [scale.low, scale.high]
        look |= {"ticks": ticks, "ticklabels": [f"{tick:.12g}" for tick in ticks]}
    elif isinstance(scale, Log):
        look |= {"scale": "log"}
    if not isinstance(scale, Choice):
        look |= {"lim": (scale.beyond(-0.04), scale.beyond(1.04))}
    ax.set(**{which + key: value for key, value in look.items()})


def _nines(beta):
    """Count the nines of β: 0.9 has one, 0.99 two. No β is 1 or more, but matplotlib asks."""
    return -np.log10(np.maximum(1 - np.asarray(beta, dtype=float), 1e-16))


def _place(scale, value, number):
    """Return a value's place on its axis: of an option its number, shifted a little so that points stay apart."""
    if isinstance(scale, Choice):
        return scale.options.index(value) + 0.5 * ((number * 0.618034) % 1 - 0.5)
    return value


def _colors(values, minimize):
    """Choose colors that tell the best nine tenths apart: dark is good; the worst tenth shares the end's color."""
    low, high = np.quantile(values, (0, 0.9) if minimize else (0.1, 1))
    beyond = "max" if max(values) > high else "min" if min(values) < low else "neither"
    return {"cmap": "cividis" if minimize else "cividis_r", "vmin": low, "vmax": high}, beyond


def _draw_box(ax, across, up, color):
    """Draw the rectangle of a smaller space; a Choice is as wide as the axis."""
    from matplotlib.patches import Rectangle

    (left, right), (bottom, top) = (
        (-0.5, len(scale.options) - 0.5) if isinstance(scale, Choice) else (scale.low, scale.high)
        for scale in (across, up)
    )
    ax.add_patch(Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=color, linewidth=1))
