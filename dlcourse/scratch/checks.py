"""The checks of arguments: they stand at the door of a function, so that its body can be a lesson.

    @checked(shapes(w="n_x 1", X="n_x m"), w=finite, X=finite)
    def weighted_sums(w, X):
        return w.T @ X

`weighted_sums(…)` checks and then computes; `weighted_sums.core(…)` is the function as it is written, for callers that
have checked already. A check takes the argument's name and value and returns the value, made plain, or raises a
ValueError of one form: "NAME: expected …, got …".
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


def shapes(**expected):
    """A relation: the arrays have these shapes. A letter stands for one number, 1 or more, wherever it occurs."""

    def relation(arguments):
        sizes = {}
        for name, letters in expected.items():
            shape, letters = arguments[name].shape, letters.split()
            wanted = ", ".join(str(sizes.get(letter, letter)) for letter in letters)
            for letter, n in zip(letters, shape, strict=False):
                sizes.setdefault(letter, int(letter) if letter.isdigit() else n)
            if (
                len(shape) != len(letters)
                or 0 in shape
                or any(n != sizes[x] for n, x in zip(shape, letters, strict=True))
            ):
                raise ValueError(f"{name}: expected shape ({wanted}), got {shape}")

    return relation


def like_cached(name, key):
    """A relation: the array has the shape of the one that lies in the cache under this key."""

    def relation(arguments):
        shape, expected = arguments[name].shape, arguments["cache"][key].shape
        if shape != expected:
            raise ValueError(f"{name}: expected the shape of {key}, {expected}, got {shape}")

    return relation


def labels(arguments):
    """A relation: Y holds 0 and 1 alone, and in several rows each column has a single 1."""
    hold_labels("Y", arguments["Y"])


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


def probabilities(name, value):
    """As `finite`, and each number lies in [0, 1]."""
    array = finite(name, value)
    if not np.all((array >= 0) & (array <= 1)):
        raise ValueError(f"{name}: expected probabilities in [0, 1], got values from {array.min()} to {array.max()}")
    return array


def hold_labels(name, Y):
    """Refuse labels other than 0 and 1, and several rows that are not one-hot columns."""
    if not np.all((Y == 0) | (Y == 1)):
        raise ValueError(f"{name}: expected labels 0 or 1, got {np.unique(Y[(Y != 0) & (Y != 1)])[:5].tolist()}")
    if len(Y) > 1 and not np.all(Y.sum(axis=0) == 1):
        raise ValueError(f"{name}: expected one-hot columns, each with a single 1, got others; `one_hot` makes them")


def one_number(name, value):
    """`value` as a float, if it is one finite number or an array of one."""
    array = finite(name, value)
    if array.size != 1:
        raise ValueError(f"{name}: expected one number, got shape {array.shape}")
    return array.item()


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


def among(*known):
    """A check: one of these words."""

    def check(name, value):
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
        return value

    return check


def having(*keys):
    """A check: a dict that has these keys."""
    return lambda name, value: mapping(name, value, *keys)


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


def floats(name, value):
    """A dict of arrays, each as `finite`."""
    return {key: finite(f"{name}[{key!r}]", array) for key, array in mapping(name, value).items()}
