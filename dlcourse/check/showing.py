"""Values in plain text: what something is, and its numbers with few digits."""

import re
from numbers import Number

import numpy as np

SMALL = 40  # an array of more numbers is shown with its middle left out


def kind(value):
    """Say what something is: 'an array of shape (2, 3)'."""
    if value is None:
        return "None"
    if is_number(value):
        if np.ndim(value) == 0:
            return "True or False" if is_bool(value) else "a number"
        return f"an array of {'True and False' if is_bool(value) else 'numbers'}, shape {np.shape(value)}"
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
    """Return a value as plain text that is the same in every run: few digits, no addresses."""
    if is_number(value):
        array = np.asarray(value)
        if array.ndim == 0:
            return short(array[()], digits)
        text = _array(array, digits)
        if array.ndim > 1:  # once more, in columns
            text = _array(array, digits, max(map(len, re.findall(r"[^\s,\[\]]+", text)), default=0))
        return f"{text}  shape {array.shape}" if array.ndim > 1 or array.size > SMALL else text
    if isinstance(value, dict | tuple | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        shown = {key: show(part, digits) for key, part in pairs}
        if any("\n" in text for text in shown.values()):
            return "\n".join(f"[{key!r}]\n{text}" for key, text in shown.items())
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {text}" for key, text in shown.items()) + "}"
        return ("[{}]" if isinstance(value, list) else "({})").format(", ".join(shown.values()))
    if isinstance(value, np.ndarray):
        return np.array2string(value, separator=", ", threshold=SMALL, max_line_width=96)
    return plain(value.__name__ if hasattr(value, "__name__") else repr(value))


def _array(array, digits, width=0):
    cells = {"all": lambda number: short(number, digits).rjust(width)}
    return np.array2string(array, separator=", ", threshold=SMALL, edgeitems=3, max_line_width=96, formatter=cells)


def short(number, digits=6):
    """Return one number as text of few digits."""
    if isinstance(number, bool | np.bool_ | int | np.integer):
        return str(number)
    return f"{number + 0.0:.{digits}g}"  # + 0.0 turns -0 into 0


def plain(text):
    """Return a text without addresses, cut short."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)[:300]


def is_number(value):
    """Return whether a value is a number or an array of numbers, True and False among them."""
    arraylike = isinstance(value, Number) or (hasattr(value, "__array__") and not isinstance(value, type))
    return arraylike and np.asarray(value).dtype.kind in "biuf"


def is_bool(value):
    """Return whether a value is True, False or an array of them."""
    return is_number(value) and np.asarray(value).dtype.kind == "b"
