"""What the benchmarks share: how far two results differ, functions that take turns, a table of ratios with goals."""

import statistics
import time

import numpy as np


def difference(ours, theirs):
    """Return the largest distance of two arrays, as a share of the largest number."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape:
        raise ValueError(f"theirs: expected shape {ours.shape}, got {theirs.shape}")
    return float(np.abs(ours - theirs).max() / np.abs(ours).max())


def take_turns(functions, rounds):
    """Measure the median processor time in seconds of each function, called in turn after a call to warm up."""
    times = [[] for _ in functions]
    for turn in range(rounds + 1):
        for function, taken in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            if turn > 0:
                taken.append(time.process_time() - start)
    return [statistics.median(taken) for taken in times]


def print_table(rows, measured="processor time, median"):
    """Print a line for each (name, first and second time in seconds, goal, whether the ratio reaches it).

    `goal` is a text, or None where there is none.
    """
    print(f"{measured:<52}{'first':>11}{'second':>11}{'ratio':>9}  goal")
    for name, first, second, goal, reached in rows:
        ratio = first / second
        verdict = "" if goal is None else f"{goal}: {'reached' if reached else 'missed'}"
        shown = f"{ratio:,.2f}" if ratio < 10 else f"{ratio:,.0f}"
        print(f"{name:<52}{1e3 * first:>8.1f} ms{1e3 * second:>8.1f} ms{shown:>9}  {verdict}".rstrip())
