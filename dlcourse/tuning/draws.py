"""Uniform draws as values of a hyperparameter: on a linear scale, a logarithmic one, and one for β (section 2.5)."""

from dlcourse.scratch.checks import checked, fraction, number, positive, real

import numpy as np


def shares(name, value):
    """Return `value` as an array, if it holds numbers in [0, 1]."""
    array = real(name, value)
    if not np.all((array >= 0) & (array <= 1)):
        raise ValueError(f"{name}: expected numbers in [0, 1], got {value!r:.100}")
    return array


def ordered(ends):
    """Refuse ends unless `low` lies below `high`."""
    if ends["low"] >= ends["high"]:
        raise ValueError(f"low: expected less than high, {ends['high']!r}, got {ends['low']!r}")


@checked(ordered, draws=shares, low=number, high=number)
def linear_sample(draws, low, high):
    """Turn uniform draws into values that are uniform between `low` and `high`.

    Args:
        draws: Numbers in [0, 1], any shape.
        low, high: Ends, `low` below `high`.

    Returns float64 in [low, high], the shape of `draws`.
    Raises ValueError if a draw lies outside [0, 1] or `low` is not below `high`.
    Taught in notebook 2-3, section 2.5.
    """
    return low + draws * (high - low)


@checked(ordered, draws=shares, low=positive, high=positive)
def log_sample(draws, low, high):
    """Turn uniform draws into values whose logarithm is uniform: each decade gets the same share of them.

    Arguments and result are those of `linear_sample`, but 0 < low < high, and values lie there up to rounding.
    Raises ValueError as `linear_sample` does, and if `low` is not above 0.
    Taught in notebook 2-3, section 2.5.
    """
    r = np.log10(low) + draws * (np.log10(high) - np.log10(low))  # uniform exponents
    return 10.0**r


@checked(ordered, draws=shares, low=fraction, high=fraction)
def one_minus_log_sample(draws, low, high):
    """Turn uniform draws into values β for which the logarithm of 1 − β is uniform.

    β averages over about 1 / (1 − β) values, so that 0.9 to 0.99 changes as much as 0.99 to 0.999.

    Arguments and result are those of `linear_sample`, but 0 ≤ low < high < 1, and values lie there up to rounding.
    Raises ValueError as `linear_sample` does, and if an end lies outside [0, 1).
    Taught in notebook 2-3, section 2.5.
    """
    r = np.log10(1 - low) + draws * (np.log10(1 - high) - np.log10(1 - low))  # uniform exponents of 1 − β
    return 1 - 10.0**r
