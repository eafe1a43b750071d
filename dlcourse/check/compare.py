"""Comparing what a learner's function returns with what is right: what differs, and what that suggests."""

import contextlib
from typing import NamedTuple

from dlcourse.check.showing import SMALL, is_bool, is_number, kind, short, show

import numpy as np


class Difference(NamedTuple):
    """One part of a result that is not as expected: "shape" or "value", rows to print, and what it suggests."""

    stage: str
    rows: list
    advice: str


def as_numpy(result):
    """Return a result with the tensors of any library as NumPy arrays, through tuples, lists and dicts.

    A tensor of less than 32 bits that NumPy does not know (bfloat16) becomes float32.
    """
    if isinstance(result, dict):
        return {key: as_numpy(part) for key, part in result.items()}
    if isinstance(result, tuple | list):
        parts = [as_numpy(part) for part in result]
        return tuple(parts) if isinstance(result, tuple) else parts
    if isinstance(result, np.ndarray | np.generic | type) or not hasattr(result, "__array__"):
        return result
    try:
        array = np.asarray(result.detach() if hasattr(result, "detach") else result)
        return array.astype(np.float32) if array.dtype.kind == "V" else array
    except Exception:  # a symbolic tensor has no numbers
        return result


def fitted(got, expected, keepdims=False):
    """Return a result in the form of the right one where the form makes no difference: a list where an array is due.

    With `keepdims=True` axes of length 1 may have been kept or dropped, with "numbers" where one number is due.
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        return {key: fitted(part, expected.get(key), keepdims) for key, part in got.items()}
    if isinstance(expected, tuple | list) and isinstance(got, tuple | list) and len(got) == len(expected):
        parts = [fitted(part, other, keepdims) for part, other in zip(got, expected, strict=True)]
        return tuple(parts) if isinstance(got, tuple) else parts
    if not is_number(expected):
        return got
    if isinstance(got, tuple | list) and np.ndim(expected):
        with contextlib.suppress(ValueError, TypeError):  # rows of different lengths
            array = np.asarray(got)
            if array.dtype.kind in "biuf":
                got = array.reshape(np.shape(expected)) if array.size == np.size(expected) == 0 else array
    if keepdims == "numbers" and np.ndim(expected):
        return got
    if keepdims and is_number(got) and _without_ones(got) == _without_ones(expected):
        got = np.reshape(got, np.shape(expected))
    return got


def _without_ones(array):
    return [n for n in np.shape(array) if n != 1]


def differences(got, expected, rtol=0.0, atol=0.0, part=""):
    """Yield a Difference for each part of a result that is not as expected, through tuples, lists and dicts.

    Lists and tuples count as the same, and so do a number and an array of shape (). A number of another dtype is right
    if its value is; True and False are not numbers where they are expected. Numbers that were computed in float32 are
    compared as far as float32 can tell.
    """
    where = [("in", f"result{part}")] if part else []
    kinds = [("expected", kind(expected)), ("got", kind(got))]
    if is_number(expected):
        if not is_number(got) or np.shape(got) != np.shape(expected) or is_bool(expected) > is_bool(got):
            yield Difference("shape", where + kinds, _shape_advice(got, expected))
            return
        rtol, atol = _tolerances(got, expected, rtol, atol)
        if not np.allclose(_float(got), _float(expected), rtol, atol, equal_nan=True):
            rows = _value_rows(np.asarray(got), np.asarray(expected), rtol, atol)
            yield Difference("value", where + rows, _value_advice(np.asarray(got), np.asarray(expected), rtol, atol))
    elif isinstance(expected, dict | tuple | list):
        ours, theirs = _parts(expected), _parts(got)
        if isinstance(got, dict) != isinstance(expected, dict) or ours.keys() != theirs.keys():
            yield Difference("shape", where + kinds, _shape_advice(got, expected))
            return
        for key in ours:
            yield from differences(theirs[key], ours[key], rtol, atol, f"{part}[{key!r}]")
    elif not isinstance(got, type(expected)):
        yield Difference("shape", where + kinds, _shape_advice(got, expected))
    elif not np.array_equal(got, expected):
        yield Difference("value", [*where, ("expected", show(expected)), ("got", show(got))], "")


def _parts(value):
    """Return the parts of a dict, tuple or list by key or place; None for a value without parts."""
    if isinstance(value, tuple | list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else {None: value}


def _tolerances(got, expected, rtol, atol):
    """Return rtol and atol, or wider ones for numbers of float32, also where they were returned as Python's floats."""
    single = np.asarray(got)
    if rtol and single.dtype.kind == "f":  # without a tolerance, bits are compared: an argument must not change at all
        with np.errstate(all="ignore"):
            single = single.dtype == np.float32 or np.array_equal(single.astype(np.float32), single, equal_nan=True)
        if single:
            finite = np.abs(_float(expected)[np.isfinite(_float(expected))])
            return max(rtol, 1e-4), max(atol, 1e-5 * finite.max(initial=0.0))
    return rtol, atol


def _shape_advice(got, expected):
    """Return advice for a result of the wrong type or shape."""
    if got is None:
        return "Your function returns nothing here: is a `return` missing?"
    if isinstance(got, tuple | list):
        if not is_number(expected):
            return ""
        if isinstance(got, tuple):
            return "One result is wanted; a comma in `return a, b` makes several."
        rows = [row for row in got if isinstance(row, list | tuple | np.ndarray)]
        return "Its rows are of different lengths." if len({len(row) for row in rows}) > 1 else ""
    if not is_number(got) or not is_number(expected):
        return ""
    got_shape, shape = np.shape(got), np.shape(expected)
    if got_shape == shape:
        return "A comparison, such as a > 0.5, gives True and False."
    if not shape:
        if np.size(got) == 1:
            return "This is one number inside an array: float(...) or np.squeeze takes it out."
        return "One number is wanted: is a sum or a mean over everything missing, or a `.T` in a product of matrices?"
    if got_shape == shape[::-1]:
        return "Rows and columns have changed places."
    if [n for n in got_shape if n > 1] == [n for n in shape if n > 1]:
        if len(got_shape) < len(shape):
            return "keepdims=True keeps the axis that a sum runs along."
        return "It has an axis of length 1 too many."
    return ""


def _value_advice(got, expected, rtol, atol):
    """Return advice for wrong numbers."""
    a, b = _float(got), _float(expected)
    if np.isnan(a).any() > np.isnan(b).any():
        return "nan is not a number: 0 / 0, ∞ / ∞, ∞ − ∞ or the logarithm of a negative number stands behind it."
    if np.isinf(a).any() > np.isinf(b).any():
        return "inf comes from a division by 0, from the logarithm of 0, or from a number too large to hold."
    if np.allclose(a, -b, rtol, atol):
        return "Only the sign is wrong."
    cut_off = (a == np.trunc(b)) | (a == np.floor(b)) | (a == np.rint(b))
    if got.dtype.kind in "iu" and expected.dtype.kind == "f" and cut_off.all():
        return "These are whole numbers: do //, int() or an integer array cut the fractions off?"
    if got.dtype == np.float16 and np.allclose(a, b, rtol=1e-2, atol=1e-3):
        return f"These numbers are {got.dtype}; float64 keeps more digits."
    if np.count_nonzero(b) > 1 and np.isfinite(b).all():
        factor = np.sum(a * b) / np.sum(b * b)
        if factor and short(factor) != "1" and np.allclose(a, factor * b, rtol, atol):
            return f"Each number is {short(factor)} times the right one."
    return ""


def _value_rows(got, expected, rtol, atol):
    """Return both arrays as text, with as many digits as it takes to see a difference."""
    first = np.argwhere(~np.isclose(_float(got), _float(expected), rtol, atol, equal_nan=True))[0]
    one, other = expected[tuple(first)], got[tuple(first)]
    digits = next((digits for digits in (6, 9) if short(one, digits) != short(other, digits)), 17)
    rows = [("expected", show(expected, digits)), ("got", show(got, digits))]
    if got.size > SMALL:  # the wrong number may stand in the middle that is left out
        at = f"{first.tolist()}: expected {short(one, digits)}, got {short(other, digits)}"
        rows.append(("first at", at))
    return rows


def _float(value):
    return np.asarray(value).astype(np.float64)
