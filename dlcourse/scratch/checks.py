"""The checks of arguments: what stands at the door of a function, so that its body can be a lesson.

    @checked(same_shape("w", "dw"), w=finite, dw=finite, learning_rate=positive)
    def step(w, dw, learning_rate):
        return w - learning_rate * dw

`step(…)` checks and then computes; `step.core(…)` is the function as it is written, for who has checked already. A
check takes the argument's name and value and returns the value, made plain, or raises a ValueError of one form:
"NAME: expected …, got …".
"""

import functools
import inspect
import numbers
import sys

import numpy as np

LARGEST = sys.float_info.max  # a whole number may be larger, and then it has no float


def checked(*relations, **checks):
    """Decorate a function so that its arguments are checked, and made plain, before it sees them.

    Args:
        relations: Functions of all arguments, a dict by name; each raises a ValueError if they do not fit together.
        checks: A check for each argument that needs one, `check(name, value)`.
    """

    def decorate(core):
        signature = inspect.signature(core)

        @functools.wraps(core)
        def door(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            for name, check in checks.items():
                bound.arguments[name] = check(name, bound.arguments[name])
            for relation in relations:
                relation(bound.arguments)
            return core(*bound.args, **bound.kwargs)

        door.core = core
        return door

    return decorate


def same_shape(first, *others):
    """A relation: the arrays of these names have the shape of the first."""

    def relation(arguments):
        shape = arguments[first].shape
        for name in others:
            if arguments[name].shape != shape:
                raise ValueError(f"{name}: expected the shape of {first}, {shape}, got {arguments[name].shape}")

    return relation


def real(name, value):
    """`value` as a float64 array, if it holds real numbers; otherwise a ValueError that names the argument."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # rows of different lengths; a tensor that tells no numbers
        raise ValueError(f"{name}: expected an array of real numbers, got {type(value).__name__}: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected real numbers, got {type(value).__name__} of dtype {array.dtype}")
    return array.astype(np.float64, copy=False)


def finite(name, value):
    """As `real`, and each number is finite."""
    array = real(name, value)
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name}: expected finite numbers, got {np.sum(~np.isfinite(array))} that are not")
    return array


def number(name, value, *, above=-np.inf, least=-np.inf, below=np.inf, most=np.inf):
    """`value` as a float, if it is one finite number with above < value < below and least <= value <= most."""
    bounds = [f"above {above:g}"] * (above > -np.inf) + [f"{least:g} or more"] * (least > -np.inf)
    bounds += [f"below {below:g}"] * (below < np.inf) + [f"{most:g} or less"] * (most < np.inf)
    given = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_) and -LARGEST <= value <= LARGEST
    if not (given and above < value < below and least <= value <= most):
        raise ValueError(f"{name}: expected a number {' and '.join(bounds) or 'that is finite'}, got {value!r}")
    return float(value)


def whole(name, value, *, least):
    """`value` as an int, if it is a whole number that is not below `least`."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool | np.bool_) or not least <= value < 2**63:
        raise ValueError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)


def positive(name, value):
    """`value` as a float, if it is a finite number above 0."""
    return number(name, value, above=0)


def scale(name, value):
    """`value` as a float, if it is a finite number, 0 or more."""
    return number(name, value, least=0)


def fraction(name, value):
    """`value` as a float, if it lies in [0, 1): the weight of the past in a moving average."""
    return number(name, value, least=0, below=1)


def chance(name, value):
    """`value` as a float, if it lies in (0, 1]: what is kept."""
    return number(name, value, above=0, most=1)


def not_negative(name, value):
    """As `finite`, and no number is below 0."""
    array = finite(name, value)
    if np.any(array < 0):
        raise ValueError(f"{name}: expected numbers that are 0 or more, got {array.min():g}")
    return array


def at_least(least):
    """A check: a whole number that is not below `least`."""
    return lambda name, value: whole(name, value, least=least)


def generator(seed):
    """NumPy's generator of this seed; a generator goes on from where it is, and None draws anew each time."""
    try:
        if not isinstance(seed, bool | np.bool_):
            return np.random.default_rng(seed)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"seed: expected a whole number, 0 or more, or a NumPy Generator, got {seed!r}")


def mapping(name, value, *keys):
    """`value`, if it is a dict that has these keys."""
    missing = [key for key in keys if key not in value] if isinstance(value, dict) else []
    if not isinstance(value, dict) or missing:
        wanted = f"a dict with {', '.join(keys)}" if keys else "a dict"
        got = f"one without {', '.join(missing)}" if missing else type(value).__name__
        raise ValueError(f"{name}: expected {wanted}, got {got}")
    return value
