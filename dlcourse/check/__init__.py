"""Answers to the notebooks' exercises: `check.NAME(your_function)` says what is right, or shows the first wrong case.

`check.NAME.hint()` gives one more hint with each call, `check.NAME.solution()` shows our own answer, `check.names()`
lists the exercises; `check.claim(truth, text)` holds a notebook's statement against its numbers. How an exercise is
written stands in `dlcourse/check/exercise.py`; the exercises of a notebook stand in `dlcourse/check/week_1_1.py` and so
on. Such a module is imported when one of its exercises is asked for.
"""

import difflib
import importlib
import itertools
import pkgutil

from dlcourse.check.claims import claim as claim


def names():
    """List the names of all exercises, in the order of the notebooks."""
    return [exercise.name for exercise in _exercises()]


def _exercises():
    """Yield every exercise, week by week and by section; a week, in one file or several, is imported when it is due."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("week_"))
    for _, week in itertools.groupby(modules, key=lambda name: name[: len("week_1_1")]):
        exercises = [each for name in week for each in importlib.import_module(f"{__name__}.{name}").EXERCISES]
        yield from sorted(exercises, key=lambda exercise: exercise.section)


def __getattr__(name):
    modules = {module.name for module in pkgutil.iter_modules(__path__)}
    if not name.startswith("_") and name not in modules:  # what Python and IPython look for is never an exercise
        for exercise in _exercises():
            if exercise.name == name:
                return exercise
        near = difflib.get_close_matches(name, names(), cutoff=0.5)
        near = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names()) or 'none yet'}"
        raise AttributeError(f"no exercise is called {name!r}; {near}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return ["claim", "names", *names()]
