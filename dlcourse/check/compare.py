"""Calling a learner's function safely, comparing what it returns with what is right, and showing both in plain text."""

import contextlib
import copy
import difflib
import dis
import inspect
import re
import traceback
import warnings
from numbers import Number
from typing import Any, NamedTuple

import numpy as np


class Outcome(NamedTuple):
    """What a call did: its result, or the rows of a report on its exception, with advice; its arguments afterwards."""

    result: Any
    error: list
    arguments: tuple
    is_stub: bool
    advice: str = ""


class Difference(NamedTuple):
    """One part of a result that is not as expected: "shape" or "value", rows to print, and what it suggests."""

    stage: str
    rows: list
    advice: str


def call(function, case, through=None):
    """Call a function on a copy of a case; what it raises is reported, what it warns of is kept quiet.

    `through(function, *arguments)`, if there is such a function, makes the call and returns what counts as the result.

    A stub is a function that has not been written: it raises NotImplementedError, has no body and so returns None, or
    still holds a `...`, in its result or in a computation that stops because of it.
    """
    arguments = copy.deepcopy(case)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = through(function, *arguments) if through else function(*arguments)
        except Exception as error:
            text = str(error).lower().replace("ellipsis (`...`)", "")  # NumPy lists it among what may be an index
            is_stub = isinstance(error, NotImplementedError) or "ellipsis" in text
            return Outcome(None, _report(error, function), arguments, is_stub, _error_advice(error, function))
    result = as_numpy(result)
    with contextlib.suppress(TypeError):  # a result may be a buffer that the next call overwrites
        result = copy.deepcopy(result)
    return Outcome(result, [], arguments, _is_blank(result) and not (result is None and _is_written(function)))


def _is_blank(result):
    if isinstance(result, dict | tuple | list) and len(result):
        parts = result.values() if isinstance(result, dict) else result
        return all(part is None for part in parts) or "Ellipsis" in repr(result)
    return result is None or "Ellipsis" in repr(result)


def _is_written(function):
    """Whether a function has a body that does something, and no `...` left in it."""
    code = getattr(function, "__code__", None)
    if code is None or ... in code.co_consts:
        return False
    idle = {"RESUME", "NOP", "POP_TOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "MAKE_CELL", "COPY_FREE_VARS"}
    return any(instruction.opname not in idle for instruction in dis.get_instructions(code))


def as_numpy(result):
    """A result with the tensors of any library as NumPy arrays, through tuples, lists and dicts.

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
    """A result in the form of the right one where the form makes no difference: a list where an array is due.

    With `keepdims=True` axes of length 1 may have been kept or dropped, with "numbers" where one number is due.
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        return {key: fitted(part, expected.get(key), keepdims) for key, part in got.items()}
    if isinstance(expected, tuple | list) and isinstance(got, tuple | list) and len(got) == len(expected):
        parts = [fitted(part, other, keepdims) for part, other in zip(got, expected, strict=True)]
        return tuple(parts) if isinstance(got, tuple) else parts
    if not _is_number(expected):
        return got
    if isinstance(got, tuple | list) and np.ndim(expected):
        with contextlib.suppress(ValueError, TypeError):  # rows of different lengths
            array = np.asarray(got)
            if array.dtype.kind in "biuf":
                got = array.reshape(np.shape(expected)) if array.size == np.size(expected) == 0 else array
    if keepdims == "numbers" and np.ndim(expected):
        return got
    if keepdims and _is_number(got) and _without_ones(got) == _without_ones(expected):
        got = np.reshape(got, np.shape(expected))
    return got


def _without_ones(array):
    return [n for n in np.shape(array) if n != 1]


def notebook_names(function):
    """What a function takes from the notebook instead of its arguments: names of data, and arguments it never uses.

    Functions, classes and modules are meant to be used so, and constants in capitals such as EPSILON.
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return [], []
    outside, inside = _names_used(code)
    values = getattr(inspect.unwrap(function), "__globals__", {})
    data = [name for name in outside if name in values and _is_data(values[name]) and not _is_constant(name)]
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return data, [name for name in arguments if name not in inside]


def _names_used(code):
    """The names that a function reads from its module, and those of its own, inner functions included."""
    outside, inside = [], set()
    for instruction in dis.get_instructions(code):
        if instruction.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME")):
            outside.append(instruction.argval)
        elif instruction.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE", "STORE_FAST_LOAD")):
            inside |= set(instruction.argval) if isinstance(instruction.argval, tuple) else {instruction.argval}
    for constant in code.co_consts:
        if inspect.iscode(constant):
            more_outside, more_inside = _names_used(constant)
            outside += more_outside
            inside |= more_inside
    return list(dict.fromkeys(outside)), inside


def _is_data(value):
    return _is_number(value) or (isinstance(value, list | tuple | dict | str) and not callable(value))


def _is_constant(name):
    return len(name) > 2 and name.isupper()


def _report(error, function):
    """The exception and the learner's own line where it passed, without paths and addresses."""
    rows = [("stopped", _plain(f"{type(error).__name__}: {error}"))]
    file = function.__code__.co_filename if hasattr(function, "__code__") else None
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return [*rows, ("at", f"line {own[-1].lineno}: {own[-1].line}")] if own else rows


_TOO_MANY = "a `.T` is missing or one too many"
_ERRORS = (  # what exceptions say, in NumPy's, TensorFlow's and Python's words, and what usually stands behind
    (
        r"matmul: Input operand|not aligned|Matrix size-incompatible|incompatible shapes? for dot|core dimension",
        "`@` and np.dot need as many columns on the left as rows on the right. For a product number by number write "
        f"`*`; otherwise {_TOO_MANY}.",
    ),
    (
        r"could not be broadcast|[Ii]ncompatible shapes|required broadcastable shapes",
        f"`+`, `-` and `*` work number by number: the shapes must be alike. Is `@` meant, or {_TOO_MANY}?",
    ),
    (
        r"truth value of an array",
        "`if`, `and`, `or` and max() want one True or False. np.where, &, | and np.maximum work number by number.",
    ),
    (
        r"only (?:length-1|size-1|0-dimensional) arrays can be converted",
        "math.exp and its like, float() and int() take one number; np.exp and its like take whole arrays.",
    ),
    (
        r"only integer scalar arrays|integer scalar arrays can be converted to a scalar index",
        "An array stands where one whole number is due: an index, or a shape, which is a tuple: np.zeros((2, 3)).",
    ),
    (r"'.*' object is not callable", "Round brackets call a function: is a `*` missing, or are [ ] meant?"),
    (r"only integers, slices", "An index is a whole number: `//` and int() make one."),
    (r"out of bounds|index out of range", "Indices run from 0 to n − 1."),
    (
        r"expected to be a \w+ tensor but is a|must be of the same dtype|cannot compute \w+ as input",
        "TensorFlow does not mix types of numbers: convert one with tf.cast, or compute with NumPy or keras.ops.",
    ),
)


def _error_advice(error, function):
    """What an exception of a known kind suggests; empty where the kind is not known."""
    text = str(error)
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) and error.name:
        with contextlib.suppress(TypeError, ValueError):
            arguments = list(inspect.signature(function).parameters)
            folded = {name.lower(): name for name in arguments}
            near = difflib.get_close_matches(error.name.lower(), folded, n=1, cutoff=0.6)
            if near:
                return f"There is no `{error.name}`; is the argument `{folded[near[0]]}` meant?"
        return ""
    if isinstance(error, UnboundLocalError):
        return "This name gets its value in a branch or loop that was not run: give it one before."
    return next((advice for pattern, advice in _ERRORS if re.search(pattern, text)), "")


def differences(got, expected, rtol=0.0, atol=0.0, part=""):
    """Yield a Difference for each part of a result that is not as expected, through tuples, lists and dicts.

    Lists and tuples count as the same, and so do a number and an array of shape (). A number of another dtype is right
    if its value is; True and False are not numbers where they are expected. Numbers that were computed in float32 are
    compared as far as float32 can tell.
    """
    where = [("in", f"result{part}")] if part else []
    kinds = [("expected", kind(expected)), ("got", kind(got))]
    if _is_number(expected):
        if not _is_number(got) or np.shape(got) != np.shape(expected) or _is_bool(expected) > _is_bool(got):
            yield Difference("shape", where + kinds, _shape_advice(got, expected))
            return
        rtol, atol = _tolerances(got, expected, rtol, atol)
        if not np.allclose(_float(got), _float(expected), rtol, atol, equal_nan=True):
            rows = _value_rows(np.asarray(got), np.asarray(expected), rtol, atol)
            yield Difference("value", where + rows, _value_advice(np.asarray(got), np.asarray(expected), rtol, atol))
    elif isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            yield Difference("shape", where + kinds, _shape_advice(got, expected))
        else:
            for key in expected:
                yield from differences(got[key], expected[key], rtol, atol, f"{part}[{key!r}]")
    elif isinstance(expected, tuple | list):
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            yield Difference("shape", where + kinds, _shape_advice(got, expected))
        else:
            for index, (one, other) in enumerate(zip(got, expected, strict=True)):
                yield from differences(one, other, rtol, atol, f"{part}[{index}]")
    elif not isinstance(got, type(expected)):
        yield Difference("shape", where + kinds, _shape_advice(got, expected))
    elif not np.array_equal(got, expected):
        yield Difference("value", [*where, ("expected", show(expected)), ("got", show(got))], "")


def _tolerances(got, expected, rtol, atol):
    """Those asked for, or wider ones for numbers of float32, also where such numbers came back as Python's floats."""
    single = np.asarray(got)
    if rtol and single.dtype.kind == "f":  # without a tolerance, bits are compared: an argument must not change at all
        with np.errstate(all="ignore"):
            single = single.dtype == np.float32 or np.array_equal(single.astype(np.float32), single, equal_nan=True)
        if single:
            finite = np.abs(_float(expected)[np.isfinite(_float(expected))])
            return max(rtol, 1e-4), max(atol, 1e-5 * finite.max(initial=0.0))
    return rtol, atol


def _shape_advice(got, expected):
    """What a result of the wrong type or shape suggests."""
    if got is None:
        return "Your function returns nothing here: is a `return` missing?"
    if isinstance(got, tuple | list):
        if not _is_number(expected):
            return ""
        if isinstance(got, tuple):
            return "One result is wanted; a comma in `return a, b` makes several."
        rows = [row for row in got if isinstance(row, list | tuple | np.ndarray)]
        return "Its rows are of different lengths." if len({len(row) for row in rows}) > 1 else ""
    if not _is_number(got) or not _is_number(expected):
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
    """What the wrong numbers suggest."""
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
        if factor and _number(factor) != "1" and np.allclose(a, factor * b, rtol, atol):
            return f"Each number is {_number(factor)} times the right one."
    return ""


def _value_rows(got, expected, rtol, atol):
    """Both arrays, with as many digits as it takes to see a difference."""
    first = np.argwhere(~np.isclose(_float(got), _float(expected), rtol, atol, equal_nan=True))[0]
    one, other = expected[tuple(first)], got[tuple(first)]
    digits = next((digits for digits in (6, 9) if _number(one, digits) != _number(other, digits)), 17)
    rows = [("expected", show(expected, digits)), ("got", show(got, digits))]
    if got.size > _SMALL:  # the wrong number may stand in the middle that is left out
        at = f"{first.tolist()}: expected {_number(one, digits)}, got {_number(other, digits)}"
        rows.append(("first at", at))
    return rows


_SMALL = 40  # an array of more numbers is shown with its middle left out


def kind(value):
    """What something is, in words: 'an array of shape (2, 3)'."""
    if value is None:
        return "None"
    if _is_number(value):
        if np.ndim(value) == 0:
            return "True or False" if _is_bool(value) else "a number"
        return f"an array of {'True and False' if _is_bool(value) else 'numbers'}, shape {np.shape(value)}"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(repr, value))}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    if isinstance(value, str):
        return f"the text {value!r}"
    if hasattr(value, "__array__") and not isinstance(value, type):
        return f"an array of dtype {np.asarray(value).dtype}, shape {np.shape(value)}"
    return f"something of type {type(value).__name__}"


def show(value, digits=6):
    """A value as plain text that is the same in every run: few digits, no addresses."""
    if _is_number(value):
        array = np.asarray(value)
        if array.ndim == 0:
            return _number(array[()], digits)
        text = _array(array, digits)
        if array.ndim > 1:  # once more, in columns
            text = _array(array, digits, max(map(len, re.findall(r"[^\s,\[\]]+", text)), default=0))
        return f"{text}  shape {array.shape}" if array.ndim > 1 or array.size > _SMALL else text
    if isinstance(value, dict | tuple | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        shown = {key: show(part, digits) for key, part in pairs}
        if any("\n" in text for text in shown.values()):
            return "\n".join(f"[{key!r}]\n{text}" for key, text in shown.items())
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {text}" for key, text in shown.items()) + "}"
        return ("[{}]" if isinstance(value, list) else "({})").format(", ".join(shown.values()))
    if isinstance(value, np.ndarray):
        return np.array2string(value, separator=", ", threshold=_SMALL, max_line_width=96)
    return _plain(value.__name__ if hasattr(value, "__name__") else repr(value))


def _array(array, digits, width=0):
    cells = {"all": lambda number: _number(number, digits).rjust(width)}
    return np.array2string(array, separator=", ", threshold=_SMALL, edgeitems=3, max_line_width=96, formatter=cells)


def _number(number, digits=6):
    if isinstance(number, bool | np.bool_ | int | np.integer):
        return str(number)
    return f"{number + 0.0:.{digits}g}"  # + 0.0 turns -0 into 0


def _plain(text):
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)[:300]


def _is_number(value):
    arraylike = isinstance(value, Number) or (hasattr(value, "__array__") and not isinstance(value, type))
    return arraylike and np.asarray(value).dtype.kind in "biuf"


def _is_bool(value):
    return _is_number(value) and np.asarray(value).dtype.kind == "b"


def _float(value):
    return np.asarray(value).astype(np.float64)
