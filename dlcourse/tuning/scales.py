"""Scales of hyperparameters: where on an axis a value lies, and how values are drawn (notes, section 2.5).

Each scale maps a share of its axis, from 0 at `low` to 1 at `high`, to a value. Draws that are uniform in that share
are spread over the axis as the scale sees it: a logarithmic one gives every decade the same share.
"""

import itertools
import math
import numbers
from dataclasses import dataclass

from dlcourse.checks import LARGEST

import numpy as np


def linear_sample(draws, low, high):
    """Uniform draws in [0, 1] as values that are uniform between `low` and `high`.

    Args:
        draws: Numbers in [0, 1], any shape.
        low, high: The ends, `low` below `high`.

    Returns:
        float64 in [low, high], the shape of `draws`.

    Raises:
        ValueError: If a draw lies outside [0, 1] or `low` is not below `high`.

    Taught in notebook 2-3, section 2.5.
    """
    draws, low, high = _draws(draws), *_ends(low, high)
    return low + draws * (high - low)


def log_sample(draws, low, high):
    """Uniform draws in [0, 1] as values whose logarithm is uniform: each decade gets the same share of them.

    The exponent r is uniform between log₁₀ low and log₁₀ high, and the value is 10ʳ.

    Args:
        draws: Numbers in [0, 1], any shape.
        low, high: The ends, 0 < low < high.

    Returns:
        float64 in [low, high] up to rounding, the shape of `draws`.

    Raises:
        ValueError: If a draw lies outside [0, 1], `low` is not above 0, or `low` is not below `high`.

    Taught in notebook 2-3, section 2.5.
    """
    draws, low, high = _draws(draws), *_ends(low, high, above=0)
    r = np.log10(low) + draws * (np.log10(high) - np.log10(low))
    return 10.0**r


def one_minus_log_sample(draws, low, high):
    """Uniform draws in [0, 1] as values β for which the logarithm of 1 − β is uniform.

    β averages over about 1 / (1 − β) values, so that 0.9 to 0.99 changes as much as 0.99 to 0.999. Draws near 0 give
    values near `low`.

    Args:
        draws: Numbers in [0, 1], any shape.
        low, high: The ends, 0 ≤ low < high < 1.

    Returns:
        float64 in [low, high] up to rounding, the shape of `draws`.

    Raises:
        ValueError: If a draw lies outside [0, 1], an end outside [0, 1), or `low` is not below `high`.

    Taught in notebook 2-3, section 2.5.
    """
    draws, low, high = _draws(draws), *_ends(low, high, least=0, below=1)
    return 1 - log_sample(1 - draws, 1 - high, 1 - low)


@dataclass(frozen=True)
class Linear:
    """Values uniform between `low` and `high`; whole numbers, both ends among them, with `integer=True`.

    Raises:
        ValueError: If `low` is not below `high`, or an end is not whole with `integer=True`.
    """

    low: float
    high: float
    integer: bool = False

    def __post_init__(self):
        _ends(self.low, self.high)
        if self.integer:
            for name, end in (("low", self.low), ("high", self.high)):
                if end != int(end):
                    raise ValueError(f"{name}: expected a whole number with integer=True, got {end!r}")
                object.__setattr__(self, name, int(end))

    def at(self, share):
        """The value at a share of the axis, 0 to 1. Each whole number owns an equal part of it."""
        if self.integer:
            return min(self.low + int(share * (self.high - self.low + 1)), self.high)
        return _between(self.low, float(linear_sample(share, self.low, self.high)), self.high)

    def grid(self, points):
        """`points` values in equal steps, both ends among them; the middle for one point."""
        if not self.integer:
            return [self.at(share) for share in _shares(points)]
        if points > self.high - self.low + 1:
            raise ValueError(f"points: expected at most {self.high - self.low + 1} for {self}, got {points}")
        return [int(value) for value in np.round(linear_sample(_shares(points), self.low, self.high))]

    def part(self, start, end):
        """The scale between two shares of the axis."""
        low, high = self.at(start), self.at(end)
        if self.integer and low == high:  # a scale has two values at least
            low, high = (low, high + 1) if high < self.high else (low - 1, high)
        return Linear(low, high, self.integer)

    def share(self, value):
        """Where a value lies on the axis, 0 to 1; a whole number in the middle of its part."""
        if self.integer:
            return (value - self.low + 0.5) / (self.high - self.low + 1)
        return (value - self.low) / (self.high - self.low)

    def suggest(self, trial, name):
        """The value that an Optuna trial suggests under this name."""
        suggest = trial.suggest_int if self.integer else trial.suggest_float
        return suggest(name, self.low, self.high)


@dataclass(frozen=True)
class Log:
    """Values from `low` to `high` whose logarithm is uniform, for a learning rate α or a penalty λ.

    Raises:
        ValueError: If `low` is not above 0 or not below `high`.
    """

    low: float
    high: float

    def __post_init__(self):
        _ends(self.low, self.high, above=0)

    def at(self, share):
        """The value at a share of the axis, 0 to 1."""
        return _between(self.low, float(log_sample(share, self.low, self.high)), self.high)

    def share(self, value):
        """Where a value lies on the axis, 0 to 1."""
        return math.log(value / self.low) / math.log(self.high / self.low)

    def grid(self, points):
        """`points` values in equal ratios, both ends among them; the middle of the axis for one point."""
        return [self.at(share) for share in _shares(points)]

    def part(self, start, end):
        """The scale between two shares of the axis."""
        return Log(self.at(start), self.at(end))

    def suggest(self, trial, name):
        """The value that an Optuna trial suggests under this name."""
        return trial.suggest_float(name, self.low, self.high, log=True)


@dataclass(frozen=True)
class OneMinusLog:
    """Values β from `low` to `high` for which 1 − β is uniform on a log scale, for an exponentially weighted average.

    Optuna knows no such scale. It is told of 1 − β, under the name "1 - " and the parameter's own.

    Raises:
        ValueError: If an end lies outside [0, 1) or `low` is not below `high`.
    """

    low: float
    high: float

    def __post_init__(self):
        _ends(self.low, self.high, least=0, below=1)

    def at(self, share):
        """The value at a share of the axis, 0 to 1."""
        return _between(self.low, float(one_minus_log_sample(share, self.low, self.high)), self.high)

    def share(self, value):
        """Where a value lies on the axis, 0 to 1."""
        return math.log((1 - self.low) / (1 - value)) / math.log((1 - self.low) / (1 - self.high))

    def grid(self, points):
        """`points` values for which 1 − β falls in equal ratios, both ends among them."""
        return [self.at(share) for share in _shares(points)]

    def part(self, start, end):
        """The scale between two shares of the axis."""
        return OneMinusLog(self.at(start), self.at(end))

    def suggest(self, trial, name):
        """The value that an Optuna trial suggests under this name."""
        rest = trial.suggest_float(ONE_MINUS + name, 1 - self.high, 1 - self.low, log=True)
        return _between(self.low, 1 - rest, self.high)


@dataclass(frozen=True)
class Choice:
    """One of several options without an order, all equally likely: an activation function, an optimizer.

    Raises:
        ValueError: If there are fewer than two options, two are equal, or one is no string, number, boolean or None
            (a study is stored as text; for a tuple of layer sizes, give names and look the sizes up).
    """

    options: tuple

    def __post_init__(self):
        if isinstance(self.options, str) or not hasattr(self.options, "__iter__"):
            raise ValueError(f"options: expected a sequence of options, got {self.options!r}")
        options = tuple(self.options)
        for option in options:
            if not (option is None or isinstance(option, bool | int | float | str)):
                raise ValueError(f"options: expected strings, numbers, booleans or None, got {option!r}")
        if len(set(options)) < max(2, len(options)):
            raise ValueError(f"options: expected at least two, all different, got {options}")
        object.__setattr__(self, "options", options)

    def at(self, share):
        """The option that owns this share of the axis, 0 to 1."""
        return self.options[min(int(share * len(self.options)), len(self.options) - 1)]

    def share(self, value):
        """The middle of the option's part of the axis, 0 to 1."""
        return (self.options.index(value) + 0.5) / len(self.options)

    def grid(self, points=None):
        """All the options, whatever the number of points."""
        return list(self.options)

    def part(self, start, end):
        """All the options: they have no order in which one part would be near another."""
        return self

    def suggest(self, trial, name):
        """The option that an Optuna trial suggests under this name."""
        return trial.suggest_categorical(name, self.options)


def sample(space, n, seed=0):
    """Random points of a space, each hyperparameter drawn on its own scale.

    Point k depends on `seed` and k alone: it is the one that trial number k of a random `search` with this seed tries.

    Args:
        space: A dict from a hyperparameter's name to its scale, `Linear`, `Log`, `OneMinusLog` or `Choice`.
        n: How many points, 1 or more.
        seed: A whole number, 0 or more.

    Returns:
        A list of n dicts from name to value.

    Raises:
        ValueError: If the space is empty or holds something other than scales, or a number is out of range.

    Taught in notebook 2-3, section 2.5.
    """
    space, n, seed = checked_space(space), whole("n", n, 1), whole("seed", seed, 0)
    return [point(space, seed, number) for number in range(n)]


def grid(space, points):
    """All combinations of values in equal steps on each scale.

    Args:
        space: A dict from a hyperparameter's name to its scale.
        points: How many values on each scale, 1 or more, or a dict from name to how many. A `Choice` takes all its
            options and is not named in the dict.

    Returns:
        A list of dicts from name to value; the last hyperparameter changes fastest.

    Raises:
        ValueError: If the space is empty, a number is out of range, or a dict names too many or too few.

    Its idea is taught in notebook 2-3, section 2.5.
    """
    axes = grid_axes(space, points)
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


# What the other files of this package share

ONE_MINUS = "1 - "


def point(space, seed, number):
    """Point `number` of the sequence that `seed` starts."""
    draws = np.random.default_rng([seed, number]).random(len(space))
    return {name: scale.at(draw) for (name, scale), draw in zip(space.items(), draws, strict=True)}


def grid_axes(space, points):
    """The values on each axis of the grid, by name."""
    space = checked_space(space)
    if not isinstance(points, dict):
        whole("points", points, 1)
        points = {name: points for name, scale in space.items() if not isinstance(scale, Choice)}
    for name in points:
        if name not in space:
            raise ValueError(f"points: expected names of the space, {list(space)}, got {name!r}")
        if isinstance(space[name], Choice):
            raise ValueError(f"points: expected no number for the Choice {name!r}, whose options are all taken")
        whole(f"points[{name!r}]", points[name], 1)
    missing = [name for name, scale in space.items() if name not in points and not isinstance(scale, Choice)]
    if missing:
        raise ValueError(f"points: expected a number for {missing}, got {points}")
    return {name: scale.grid(points.get(name)) for name, scale in space.items()}


def checked_space(space):
    """The space, if it is one; otherwise a ValueError."""
    if not isinstance(space, dict) or not space:
        raise ValueError(f"space: expected a dict from names to scales with at least one, got {space!r}")
    for name, scale in space.items():
        if not isinstance(name, str) or name.startswith(ONE_MINUS):
            raise ValueError(f"space: expected names as strings, none beginning with {ONE_MINUS!r}, got {name!r}")
        if not isinstance(scale, Linear | Log | OneMinusLog | Choice):
            raise ValueError(f"space[{name!r}]: expected Linear, Log, OneMinusLog or Choice, got {scale!r}")
    return space


def whole(name, value, least):
    """`value` as an int, if it is a whole number of at least `least`; otherwise a ValueError."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)


def _draws(draws):
    try:
        draws = np.asarray(draws)
    except ValueError:  # rows of different lengths
        raise ValueError(f"draws: expected numbers in [0, 1], got {draws!r:.100}") from None
    if draws.dtype.kind not in "iuf" or not np.all((draws >= 0) & (draws <= 1)):
        raise ValueError(f"draws: expected numbers in [0, 1], got {draws!r:.100}")
    return draws.astype(np.float64)


def _ends(low, high, *, above=None, least=None, below=None):
    for name, end in (("low", low), ("high", high)):
        if not isinstance(end, numbers.Real) or isinstance(end, bool) or not -LARGEST <= end <= LARGEST:
            raise ValueError(f"{name}: expected a finite number, got {end!r}")
        if above is not None and end <= above:
            raise ValueError(f"{name}: expected a number above {above} on a log scale, got {end!r}")
        if (least is not None and end < least) or (below is not None and end >= below):
            raise ValueError(f"{name}: expected a number in [{least}, {below}), got {end!r}")
    if low >= high:
        raise ValueError(f"low: expected less than high, {high!r}, got {low!r}")
    return float(low), float(high)


def _shares(points):
    return np.linspace(0, 1, points) if points > 1 else np.array([0.5])


def _between(low, value, high):
    """`value`, which rounding may have carried past an end."""
    return min(max(value, float(low)), float(high))
