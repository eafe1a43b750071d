"""Calling a learner's function safely: what it returns or raises, and what it takes from the notebook."""

import contextlib
import copy
import difflib
import dis
import inspect
import re
import traceback
import warnings
from typing import Any, NamedTuple

from dlcourse.check.compare import as_numpy
from dlcourse.check.showing import is_number, plain

import numpy as np


class Outcome(NamedTuple):
    """A call's result, or the rows of a report on its exception, with advice; and its arguments afterwards."""

    result: Any
    error: list
    arguments: tuple
    is_stub: bool
    advice: str = ""


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
    """Return whether a function has a body that does something, and no `...` left in it."""
    code = getattr(function, "__code__", None)
    if code is None or ... in code.co_consts:
        return False
    idle = {"RESUME", "NOP", "POP_TOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "MAKE_CELL", "COPY_FREE_VARS"}
    return any(instruction.opname not in idle for instruction in dis.get_instructions(code))


def notebook_names(function):
    """List what a function takes from the notebook, not from its arguments: names of data, and arguments it never uses.

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
    """Return the names that a function reads from its module, and its own ones, inner functions included."""
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
    return is_number(value) or (isinstance(value, list | tuple | dict | str) and not callable(value))


def _is_constant(name):
    return len(name) > 2 and name.isupper()


def _report(error, function):
    """Return the exception and the learner's own line that led to it, without paths and addresses."""
    rows = [("stopped", plain(f"{type(error).__name__}: {error}"))]
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
    """Return advice for an exception of a known kind; empty where the kind is not known."""
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
