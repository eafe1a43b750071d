"""Structured data: houses with their prices, and a series of temperatures."""

import csv
from typing import NamedTuple

from dlcourse import _files

import numpy as np


class Houses(NamedTuple):
    """What `houses` returns."""

    features: np.ndarray
    prices: np.ndarray
    names: tuple


class Temperatures(NamedTuple):
    """What `temperatures` returns."""

    dates: np.ndarray
    celsius: np.ndarray


def houses():
    """Read the 546 houses sold in Windsor, Canada, in the summer of 1987.

    Returns a named tuple with

    - `features`, float32, shape (546, 11), in the order of `names`: the lot's size in square feet; numbers of
      bedrooms, full bathrooms and stories (no basement); 1 or 0 for a driveway, a recreation room, a finished basement,
      hot water by gas and air conditioning; number of garage places, column 9; 1 or 0 for a preferred neighborhood;
    - `prices`, float32, shape (546,), in Canadian dollars;
    - `names`, a tuple of the eleven columns' names, such as `"lot_size"`.

    Raises FileNotFoundError or ValueError if the file is missing or damaged.
    Source: Anglin and Gençay (1996), "Semiparametric estimation of a hedonic price function".
    Taught in notebook 1-1, section 1.1.1.
    """
    header, rows = _read("houses/houses.csv")
    table = np.array(rows, dtype=np.float32)
    return Houses(features=table[:, 1:].copy(), prices=table[:, 0].copy(), names=tuple(header[1:]))


def temperatures():
    """Read the temperature of each day in Seattle, from 2012 to 2015, without a gap.

    Returns a named tuple with

    - `dates`, datetime64[D], shape (1461,), one day after the other;
    - `celsius`, float32, shape (1461,): the middle between the day's lowest and highest temperature, in °C.

    Raises FileNotFoundError or ValueError if the file is missing or damaged.
    Source: the United States' weather service (NOAA).
    Taught in notebook 2-2, section 2.4.2.
    """
    _, rows = _read("temperatures/seattle.csv")
    dates = np.array([row[0] for row in rows], dtype="datetime64[D]")
    lowest_and_highest = np.array([row[1:] for row in rows], dtype=np.float64)
    return Temperatures(dates=dates, celsius=lowest_and_highest.mean(axis=1).astype(np.float32))


def _read(name):
    with _files.verified(name).open(encoding="ascii", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows
