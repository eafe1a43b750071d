"""The scales of a space: where on the axis of a hyperparameter a value lies (notes, section 2.5).

Each maps a share of its axis, from 0 at `low` to 1 at `high`, to a value: a logarithmic one gives every decade the
same share.
"""

import math
from dataclasses import dataclass

from dlcourse.checks import count
from dlcourse.scratch.checks import fraction, number, positive
from dlcourse.tuning import draws

import numpy as np

ONE_MINUS = "1 - "


class Scale:
    """One axis of a space: `at(share)` leads from a share of it, 0 to 1, to a value, and `share(value)` leads back."""

    def told(self, name, value):
        """Return a hyperparameter's name and value as Optuna is told of them."""
        return name, value


@dataclass(frozen=True)
class _Interval(Scale):
    """What the scales of numbers share; `drawn` is their function of `tuning.draws`, `end` the check of an end."""

    low: float
    high: float

    def __post_init__(self):
        for name in ("low", "high"):
            self.end(name, getattr(self, name))
        draws.ordered(vars(self))

    def at(self, share):
        return min(max(self.beyond(share), float(self.low)), float(self.high))  # rounding may carry it past an end

    def beyond(self, share):
        """Return the value at a share that may also lie below 0 or above 1."""
        return float(self.drawn(share, self.low, self.high))

    def grid(self, points):
        """Return `points` values in equal steps of the axis, both ends among them; the middle for one point."""
        return [self.at(share) for share in _steps(points)]

    def part(self, start, end):
        """Return the scale between two shares of the axis."""
        return type(self)(self.at(start), self.at(end))


@dataclass(frozen=True)
class Linear(_Interval):
    """Values uniform between `low` and `high`; whole numbers, both ends among them, with `integer=True`.

    Raises ValueError if `low` is not below `high`, or an end is not whole with `integer=True`.
    """

    integer: bool = False
    end, drawn = staticmethod(number), staticmethod(draws.linear_sample.core)

    def __post_init__(self):
        super().__post_init__()
        if self.integer:
            for name, end in (("low", self.low), ("high", self.high)):
                if end != int(end):
                    raise ValueError(f"{name}: expected a whole number with integer=True, got {end!r}")
                object.__setattr__(self, name, int(end))

    def at(self, share):
        if self.integer:  # each whole number owns an equal part of the axis
            return min(self.low + int(share * (self.high - self.low + 1)), self.high)
        return super().at(share)

    def share(self, value):
        if self.integer:  # the middle of its part
            return (value - self.low + 0.5) / (self.high - self.low + 1)
        return (value - self.low) / (self.high - self.low)

    def grid(self, points):
        if not self.integer:
            return super().grid(points)
        if points > self.high - self.low + 1:
            raise ValueError(f"points: expected at most {self.high - self.low + 1} for {self}, got {points}")
        return [round(self.beyond(share)) for share in _steps(points)]

    def part(self, start, end):
        low, high = self.at(start), self.at(end)
        if self.integer and low == high:  # a scale has two values at least
            low, high = (low, high + 1) if high < self.high else (low - 1, high)
        return Linear(low, high, self.integer)

    def suggest(self, trial, name):
        suggest = trial.suggest_int if self.integer else trial.suggest_float
        return suggest(name, self.low, self.high)


class Log(_Interval):
    """Values from `low` to `high` whose logarithm is uniform, for a learning rate α or a penalty λ.

    Raises ValueError if `low` is not above 0 or not below `high`.
    """

    end, drawn = staticmethod(positive), staticmethod(draws.log_sample.core)

    def share(self, value):
        return math.log(value / self.low) / math.log(self.high / self.low)

    def suggest(self, trial, name):
        return trial.suggest_float(name, self.low, self.high, log=True)


class OneMinusLog(_Interval):
    """Values β from `low` to `high` for which 1 − β is uniform on a log scale, for an exponentially weighted average.

    Optuna knows no such scale. It is told of 1 − β, under the name "1 - " and the parameter's own.

    Raises ValueError if an end lies outside [0, 1) or `low` is not below `high`.
    """

    end, drawn = staticmethod(fraction), staticmethod(draws.one_minus_log_sample.core)

    def share(self, value):
        return math.log((1 - self.low) / (1 - value)) / math.log((1 - self.low) / (1 - self.high))

    def suggest(self, trial, name):
        rest = trial.suggest_float(ONE_MINUS + name, 1 - self.high, 1 - self.low, log=True)
        return min(max(1 - rest, float(self.low)), float(self.high))

    def told(self, name, value):
        return ONE_MINUS + name, min(max(1 - value, 1 - self.high), 1 - self.low)


@dataclass(frozen=True)
class Choice(Scale):
    """One of several options without an order, all equally likely: an activation function, an optimizer.

    A part of the axis has all the options, and so has a grid, whatever its number of points.

    Raises ValueError if there are fewer than two options, two are equal, or one is no string, number, boolean or None
    (a study is stored as text; for a tuple of layer sizes, use names and look the sizes up).
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
        return self.options[min(int(share * len(self.options)), len(self.options) - 1)]

    def share(self, value):
        return (self.options.index(value) + 0.5) / len(self.options)

    def grid(self, points=None):
        return list(self.options)

    def part(self, start, end):
        return self

    def suggest(self, trial, name):
        return trial.suggest_categorical(name, self.options)


def sample(space, n, seed=0):
    """Draw random points of a space, each hyperparameter on its own scale.

    Point k depends on `seed` and k alone: trial number k of a random `search` with this seed tries it.

    Args:
        space: A dict from a hyperparameter's name to its scale, `Linear`, `Log`, `OneMinusLog` or `Choice`.
        n: Number of points, 1 or more.
        seed: A whole number, 0 or more.

    Returns a list of n dicts from name to value.
    Raises ValueError if the space is empty or holds something other than scales, or a number is out of range.
    Taught in notebook 2-3, section 2.5.
    """
    space, n, seed = checked_space(space), count("n", n), count("seed", seed, 0)
    return [point(space, seed, k) for k in range(n)]


def point(space, seed, number, box=None):
    """Draw point `number` of the sequence of `seed`, if given within a box of shares (start, end) of the axes."""
    found, uniform = {}, np.random.default_rng([seed, number]).random(len(space))
    for (name, scale), draw in zip(space.items(), uniform, strict=True):
        start, end = box[name] if box else (0.0, 1.0)
        found[name] = scale.at(start + draw * (end - start))
    return found


def checked_space(space):
    """Return the space, if it is one."""
    if not isinstance(space, dict) or not space:
        raise ValueError(f"space: expected a dict from names to scales with at least one, got {space!r}")
    for name, scale in space.items():
        if not isinstance(name, str) or name.startswith(ONE_MINUS):
            raise ValueError(f"space: expected names as strings, none beginning with {ONE_MINUS!r}, got {name!r}")
        if not isinstance(scale, Scale):
            raise ValueError(f"space[{name!r}]: expected Linear, Log, OneMinusLog or Choice, got {scale!r}")
    return space


def _steps(points):
    """Return shares in equal steps from 0 to 1."""
    return np.linspace(0, 1, points) if points > 1 else np.array([0.5])
