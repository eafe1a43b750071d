"""The checks of arguments: they stand at the door of a function, so that its body can be a lesson.

    @checked(shapes(w="n_x 1", dw="n_x 1"), learning_rate=positive)
    def step(w, dw, learning_rate):
        return w - learning_rate * dw

`step(…)` checks and then computes; `step.core(…)` is the function as it is written, for callers that have checked
already. A check takes the argument's name and value and returns the value, made plain, or raises a ValueError of one
form: "NAME: expected …, got …".
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
        relations: Functions of all arguments, a dict by name; each raises a ValueError if they do not fit together, and
            may replace some by a plainer form.
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
    """Return a relation: finite numbers of these shapes. A letter stands for one number, 1 or more, in all of them."""

    def relation(arguments):
        sizes = {}
        for name, letters in expected.items():
            arguments[name] = finite(name, arguments[name])
            shape, wanted = arguments[name].shape, [sizes.get(letter, letter) for letter in letters.split()]
            fit = [n > 0 if str(w).isidentifier() else n == int(w) for n, w in zip(shape, wanted, strict=False)]
            if len(shape) != len(wanted) or not all(fit):
                raise ValueError(f"{name}: expected shape ({', '.join(map(str, wanted))}), got {shape}")
            sizes.update(zip(letters.split(), shape, strict=True))

    return relation


def same_shape(first, *others):
    """Return a relation: finite numbers, in the shape of the first. "cache.Z" is what lies in the cache under "Z"."""

    def named(name, arguments):
        name, _, key = name.partition(".")
        if key:
            return f"{name}['{key}']", arguments[name][key].shape
        arguments[name] = finite(name, arguments[name])
        return name, arguments[name].shape

    def relation(arguments):
        model, expected = named(first, arguments)
        for name, shape in (named(other, arguments) for other in others):
            if shape != expected:
                raise ValueError(f"{name}: expected the shape of {model}, {expected}, got {shape}")

    return relation


def labels(arguments, name="Y"):
    """Refuse labels other than 0 and 1, and several rows that are not one-hot columns: a relation."""
    Y = arguments[name]
    if not np.all((Y == 0) | (Y == 1)):
        raise ValueError(f"{name}: expected labels 0 or 1, got {np.unique(Y[(Y != 0) & (Y != 1)])[:5].tolist()}")
    if len(Y) > 1 and not np.all(Y.sum(axis=0) == 1):
        raise ValueError(f"{name}: expected one-hot columns, each with a single 1, got others; `one_hot` makes them")


def real(name, value):
    """Return `value` as a float64 array, if it holds real numbers."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # rows of different lengths; a symbolic tensor
        raise ValueError(f"{name}: expected an array of real numbers, got {type(value).__name__}: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected real numbers, got {type(value).__name__} of dtype {array.dtype}")
    return array.astype(np.float64, copy=False)


def finite(name, value):
    """Return as `real` does, if each number is finite."""
    array = real(name, value)
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name}: expected finite numbers, got {np.sum(~np.isfinite(array))} that are not")
    return array


def probabilities(name, value):
    """Return as `finite` does, if each number lies in [0, 1]."""
    array = finite(name, value)
    if not np.all((array >= 0) & (array <= 1)):
        raise ValueError(f"{name}: expected probabilities in [0, 1], got values from {array.min()} to {array.max()}")
    return array


def one_number(name, value):
    """Return `value` as a float, if it is one finite number or an array of one."""
    array = finite(name, value)
    if array.size != 1:
        raise ValueError(f"{name}: expected one number, got shape {array.shape}")
    return array.item()


def number(name, value, *, above=-np.inf, least=-np.inf, below=np.inf, most=np.inf):
    """Return `value` as a float, if it is one finite number with above < value < below and least <= value <= most."""
    bounds = [f"above {above:g}"] * (above > -np.inf) + [f"{least:g} or more"] * (least > -np.inf)
    bounds += [f"below {below:g}"] * (below < np.inf) + [f"{most:g} or less"] * (most < np.inf)
    given = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_) and -LARGEST <= value <= LARGEST
    if not (given and above < value < below and least <= value <= most):
        raise ValueError(f"{name}: expected a number {' and '.join(bounds) or 'that is finite'}, got {value!r}")
    return float(value)


def whole(name, value, *, least):
    """Return `value` as an int, if it is a whole number that is not below `least`."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool | np.bool_) or not least <= value < 2**63:
        raise ValueError(f"{name}: expected a whole number, {least} or more, got {value!r}")
    return int(value)


positive = functools.partial(number, above=0)
scale = functools.partial(number, least=0)
fraction = functools.partial(number, least=0, below=1)  # the weight of the past in a moving average
chance = functools.partial(number, above=0, most=1)  # of a unit to stay


def not_negative(name, value):
    """Return as `finite` does, if no number is below 0."""
    array = finite(name, value)
    if np.any(array < 0):
        raise ValueError(f"{name}: expected numbers that are 0 or more, got {array.min():g}")
    return array


def at_least(least):
    """Return a check: a whole number that is not below `least`."""
    return lambda name, value: whole(name, value, least=least)


def among(*known):
    """Return a check: one of these words."""

    def check(name, value):
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
        return value

    return check


def optional(check):
    """Return a check that lets None pass."""
    return lambda name, value: None if value is None else check(name, value)


def having(*keys):
    """Return a check: a dict that has these keys."""
    return lambda name, value: mapping(name, value, *keys)


def generator(seed):
    """Return NumPy's generator of this seed; a generator goes on from where it is, and None draws anew each time."""
    try:
        if not isinstance(seed, bool | np.bool_):
            return np.random.default_rng(seed)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"seed: expected a whole number, 0 or more, or a NumPy Generator, got {seed!r}")


def mapping(name, value, *keys):
    """Return `value`, if it is a dict that has these keys."""
    missing = [key for key in keys if key not in value] if isinstance(value, dict) else []
    if not isinstance(value, dict) or missing:
        wanted = f"a dict with {', '.join(keys)}" if keys else "a dict"
        got = f"one without {', '.join(missing)}" if missing else type(value).__name__
        raise ValueError(f"{name}: expected {wanted}, got {got}")
    return value


def floats(name, value):
    """Return a dict of arrays, each as `finite` returns it."""
    return {key: finite(f"{name}[{key!r}]", array) for key, array in mapping(name, value).items()}
