"""Optuna, imported when it is first needed and kept quiet."""

import contextlib
import warnings

from dlcourse.checks import choice

DIRECTIONS = ("minimize", "maximize")


def load():
    """Import Optuna without a kernel's warning that its progress bar, which we do not use, would need a widget."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        import optuna
    return optuna


@contextlib.contextmanager
def quiet():
    """Keep Optuna from writing log lines other than errors."""
    optuna = load()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(before)


def checked_study(study):
    """Return the study, if it is one."""
    if not isinstance(study, load().Study):
        raise ValueError(f"study: expected an optuna.Study, as search returns it, got {type(study).__name__}")
    if len(study.directions) != 1:
        raise ValueError(f"study: expected one objective, got {len(study.directions)}")
    return study


def study_in(study, direction):
    """Return the study, if its direction is this one or None is asked for; a new one for None."""
    if direction is not None:
        choice("direction", direction, DIRECTIONS)
    if study is None:
        return load().create_study(direction=direction or "minimize")
    own = checked_study(study).direction.name.lower()
    if direction not in (None, own):
        raise ValueError(f"direction: expected that of the study, {own!r}, got {direction!r}")
    return study
