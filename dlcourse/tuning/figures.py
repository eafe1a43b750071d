"""Figures of a study: the points tried, how much each hyperparameter matters, the learning curves."""

import math

from dlcourse.tuning.results import importances, results, space_of
from dlcourse.tuning.scales import Choice, Log, OneMinusLog

import numpy as np


def plot_search(study, x=None, y=None, *, boxes=None, title=None, label="value", size=(6.4, 4.4), ax=None):
    """The points that a study tried, coloured by what they were worth, the best one marked.

    Args:
        study: An `optuna.Study`, as `search` returns it.
        x, y: Names of two hyperparameters, the axes. Each axis has its scale: a logarithmic one for `Log`; for
            `OneMinusLog`, β on an axis that is logarithmic in 1 − β. Without `y`, the value itself is the vertical
            axis. Without both, the study's first two hyperparameters.
        boxes: The spaces of `coarse_to_fine`, drawn as rectangles.
        title: The finding.
        label: What the value is: "cost on the dev set".
        size: (width, height) of a new figure in inches.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure. Pruned trials are hollow squares; those that diverged are crosses.

    Raises:
        ValueError: If no trial has finished with a finite value, or a name is not one of the study's hyperparameters.

    Taught in notebook 2-3, section 2.5.
    """
    from dlcourse.plots import GREY, INK, PALETTE, own_axes

    from matplotlib.transforms import ScaledTranslation

    space, rows = space_of(study), results(study)
    if x is None and y is None:
        x, y = [*space, None][:2]
    for argument, name in (("x", x), ("y", y)):
        if name not in space and not (argument == "y" and name is None):
            raise ValueError(f"{argument}: expected one of {list(space)}, got {name!r}")
    done = [row for row in rows if not row.pruned and math.isfinite(row.value)]
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
        _coloured(draw, done[::-1], study.direction.name == "MINIMIZE", figure, ax, label, dot)
        diverged = [row for row in rows if not row.pruned and not math.isfinite(row.value)]
        if diverged:
            draw(diverged, s=36, marker="x", color=GREY, linewidths=1.4, label="diverged")
    pruned = [row for row in rows if row.pruned and math.isfinite(row.value)]
    if pruned:
        draw(pruned, s=26, marker="s", facecolors="none", edgecolors=GREY, label="stopped early")
    draw(done[:1], s=220, marker="*", color=PALETTE.vermillion, edgecolors="white", zorder=3, label="best")
    for box in boxes or () if y is not None else ():
        _draw_box(ax, box[x], box[y], INK)
    below = ax.transAxes + ScaledTranslation(0, -40 / 72, figure.dpi_scale_trans)  # below the axis' name
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=below,
        ncols=3,
        handletextpad=0.2,
        borderaxespad=0,
    )
    return figure


def plot_importances(study, *, seed=0, title=None, size=None, ax=None):
    """How much of the variance of a study's values each hyperparameter explains, as bars, the largest on top.

    Args:
        study: An `optuna.Study`, as `search` returns it.
        seed: As for `importances`.
        title: The finding.
        size: (width, height) of a new figure in inches.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure.

    Raises:
        ValueError: As `importances` does.

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
    """What each trial of a study reported after each epoch: the best one, the others, and those stopped early.

    Args:
        study: An `optuna.Study` whose objective reports.
        title: The finding.
        xlabel, ylabel: What the axes show.
        yscale: `"linear"` or `"log"`.
        size: (width, height) of a new figure in inches.
        ax: Axes to draw into.

    Returns:
        The matplotlib Figure.

    Raises:
        ValueError: If no trial reported anything.

    Taught in notebook 2-3, section 2.5.
    """
    from dlcourse.plots import GREY, PALETTE, WIDTH, own_axes

    from matplotlib.ticker import MaxNLocator

    rows = [row for row in results(study) if row.curve]
    if not rows:
        raise ValueError("study: expected trials that report a learning curve, got none")
    figure, ax = own_axes(ax, size or (WIDTH, 3.4), title)
    ax.set(xlabel=xlabel, ylabel=ylabel, yscale=yscale)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    named = set()
    for place, row in reversed(list(enumerate(rows))):
        kind = "stopped early" if row.pruned else "best" if place == 0 else "others"
        color = {"stopped early": PALETTE.vermillion, "best": PALETTE.blue, "others": GREY}[kind]
        ax.plot(
            range(1, len(row.curve) + 1),
            row.curve,
            color=color,
            linewidth=2.5 if kind == "best" else 1,
            alpha=1 if kind == "best" else 0.6,
            marker="s" if row.pruned else None,
            markevery=[-1],
            markersize=4,
            zorder=3 if kind == "best" else 2,
            label=None if kind in named else kind,
        )
        named.add(kind)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _set_axis(ax, which, name, scale):
    """Give the axis "x" or "y" the name and the scale of a hyperparameter, and a margin beside its ends."""
    ax.set(**{f"{which}label": name})
    if isinstance(scale, Choice):
        options, last = [str(option) for option in scale.options], len(scale.options) - 1
        ax.set(**{f"{which}ticks": range(last + 1), f"{which}ticklabels": options, f"{which}lim": (-0.5, last + 0.5)})
    elif isinstance(scale, Log):
        margin = (scale.high / scale.low) ** 0.04
        ax.set(**{f"{which}scale": "log", f"{which}lim": (scale.low / margin, scale.high * margin)})
    elif isinstance(scale, OneMinusLog):
        set_scale = {"x": ax.set_xscale, "y": ax.set_yscale}[which]
        set_scale("function", functions=(_nines, lambda nines: 1 - 10.0**-nines))
        low, high = 1 - scale.low, 1 - scale.high
        margin = (low / high) ** 0.04
        ticks = _nines_ticks(scale)
        names = [f"{tick:.12g}" for tick in ticks]
        ends = 1 - low * margin, 1 - high / margin
        ax.set(**{f"{which}ticks": ticks, f"{which}ticklabels": names, f"{which}lim": ends})
    else:
        margin = 0.04 * (scale.high - scale.low)
        ax.set(**{f"{which}lim": (scale.low - margin, scale.high + margin)})


def _nines(beta):
    """How many nines β has: 0.9 has one, 0.99 two. No β is 1 or more, but matplotlib asks."""
    return -np.log10(np.maximum(1 - np.asarray(beta, dtype=float), 1e-16))


def _nines_ticks(scale):
    """0.9, 0.99, … between the ends, or finer ticks where these would be fewer than two."""
    for digits in ((1,), (1, 2, 5), range(1, 10)):
        rests = [digit * 10.0**-k for k in range(16, 0, -1) for digit in digits] + [1.0]
        ticks = [1 - rest for rest in rests if (1 - scale.high) * (1 - 1e-9) <= rest <= (1 - scale.low) * (1 + 1e-9)]
        if len(ticks) >= 2:
            break
    return ticks[::-1]


def _place(scale, value, number):
    """Where a value lies on its axis. Options are numbered, and points beside each other rather than on each other."""
    if isinstance(scale, Choice):
        return scale.options.index(value) + 0.5 * ((number * 0.618034) % 1 - 0.5)
    return value


def _coloured(draw, rows, minimize, figure, ax, label, dot):
    """Points in colours that tell the best tenths apart: dark is good, and the worst tenth shares one colour."""
    values = np.array([row.value for row in rows])
    low, high = (values.min(), np.quantile(values, 0.9)) if minimize else (np.quantile(values, 0.1), values.max())
    dots = draw(rows, c=values, cmap="cividis" if minimize else "cividis_r", vmin=low, vmax=high, **dot)
    beyond = "max" if values.max() > high else "min" if values.min() < low else "neither"
    figure.colorbar(dots, ax=ax, label=label, extend=beyond)


def _draw_box(ax, across, up, color):
    """The rectangle of a smaller space; a Choice is as wide as the axis."""
    from matplotlib.patches import Rectangle

    (left, right), (bottom, top) = (
        (-0.5, len(scale.options) - 0.5) if isinstance(scale, Choice) else (scale.low, scale.high)
        for scale in (across, up)
    )
    ax.add_patch(Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=color, linewidth=1))
