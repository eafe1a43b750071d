"""Random, grid and Bayesian search, coarse to fine, and studies that several processes share. Optuna does the work.

Optuna is imported when a search begins, so that the scales alone cost nothing.
"""

import inspect
import itertools
import json
import math
import numbers
import os
import platform
from pathlib import Path

from dlcourse.tuning.optuna import checked_study, load, quiet
from dlcourse.tuning.results import results
from dlcourse.tuning.scales import ONE_MINUS, OneMinusLog, checked_space, grid_axes, point, whole

import numpy as np

SAMPLERS = ("random", "tpe", "grid")
DIRECTIONS = ("minimize", "maximize")


def search(
    objective,
    space,
    trials=None,
    *,
    seed=0,
    sampler="random",
    points=None,
    direction=None,
    study=None,
    prune_after=None,
):
    """Try points of a space and record what each is worth.

    What a trial tries depends on the seed and on its number in the study alone (with "tpe" also on the results so far).
    So a random search tries `sample(space, trials, seed)` in this order, one that is resumed goes on where it stopped,
    and processes that share a study never try the same points, with one seed for all of them.

    Args:
        objective: A function of a dict from name to value; it returns the number to minimize or maximize. If it has a
            parameter called `report`, it is given a function to call with a number after each epoch: the learning
            curve. NaN counts as infinitely bad: the training diverged. An error ends the search and is raised here.
        space: A dict from a hyperparameter's name to its scale, `Linear`, `Log`, `OneMinusLog` or `Choice`.
        trials: How many more trials to run, 1 or more. A grid needs none: it ends when all its points were tried.
        seed: A whole number, 0 or more.
        sampler: "random"; "tpe", which learns from the results where to try next (Bergstra et al., "Algorithms for
            hyper-parameter optimization", NeurIPS 2011), after ten random trials; or "grid", in a shuffled order.
        points: For a grid: how many values on each scale, as for `grid`.
        direction: "minimize" (of a new study) or "maximize"; None takes a given study's own.
        study: A study to continue, such as `shared_study` returns.
        prune_after: From this epoch on (1 is the first), stop a trial whose best report so far is worse than the median
            of what the finished trials reported at the same epoch, once five trials have finished; and stop one that
            reports NaN. None lets every trial finish.

    Returns:
        The study, an `optuna.Study`; `results`, `table` and the figures read it.

    Raises:
        ValueError: If an argument is out of range or unknown, or `objective` returns something other than a number.

    Taught in notebook 2-3, section 2.5.
    """
    space, seed = checked_space(space), whole("seed", seed, 0)
    if sampler not in SAMPLERS:
        raise ValueError(f"sampler: expected one of {SAMPLERS}, got {sampler!r}")
    if (sampler == "grid") != (points is not None):
        raise ValueError(f"points: expected how many values on each scale of a grid, got {points!r} for {sampler!r}")
    if sampler != "grid" or trials is not None:
        trials = whole("trials", trials, 1)
    run = _trial(objective, space, prune_after)
    with quiet() as optuna:
        study = _study(study, direction)
        if sampler == "grid":
            axes = grid_axes(space, points)
            told = dict(_told(space[name], name, axes[name]) for name in axes)
            study.sampler = optuna.samplers.GridSampler(told, seed=seed)
            if study.sampler.is_exhausted(study):
                return study
        elif sampler == "tpe":
            from dlcourse.tuning.samplers import SeededTPE

            study.sampler = SeededTPE(seed)
        else:
            _try_points(study, space, lambda number: point(space, seed, number))
        _run(study, run, trials, prune_after)
    return study


def coarse_to_fine(
    objective,
    space,
    trials,
    *,
    rounds=3,
    shrink=0.5,
    best=3,
    seed=0,
    direction=None,
    study=None,
    prune_after=None,
):
    """Random search in rounds, each in a smaller box around the best points of the box before.

    The box is `shrink` times as wide as the last one on each scale's own axis. Its centre is the mean place of the best
    points, moved where needed so that the box lies inside the last one. A `Choice` keeps all its options.

    Args:
        objective: As for `search`.
        space: A dict from a hyperparameter's name to its scale; the box of the first round.
        trials: How many trials in each round, 1 or more.
        rounds: How many rounds, 1 or more.
        shrink: The width of a box as a share of the last one's, in (0, 1).
        best: How many of the best points the next box is put around, 1 or more.
        seed, direction, study, prune_after: As for `search`.

    Returns:
        `(study, boxes)`: all trials in one study, and the space of each round, a list of dicts of scales.

    Raises:
        ValueError: As `search` does.

    Taught in notebook 2-3, section 2.5.
    """
    space, seed = checked_space(space), whole("seed", seed, 0)
    trials, rounds, best = whole("trials", trials, 1), whole("rounds", rounds, 1), whole("best", best, 1)
    if not isinstance(shrink, numbers.Real) or not 0 < shrink < 1:
        raise ValueError(f"shrink: expected a number between 0 and 1, got {shrink!r}")
    run = _trial(objective, space, prune_after)
    shares, boxes = dict.fromkeys(space, (0.0, 1.0)), []
    with quiet():
        study = _study(study, direction)
        for _ in range(rounds):
            boxes.append({name: space[name].part(*shares[name]) for name in space})
            _try_points(study, space, _within(space, shares, seed))
            _run(study, run, trials, prune_after)
            shares = _smaller(boxes[-1], shares, study, space, shrink, best)
    return study, boxes


def shared_study(path, name="search", direction="minimize"):
    """A study kept in a file, which any number of processes may open, extend and read at the same time.

    Call it with the same path and name in each process, also on another machine that sees the same file, and hand what
    it returns to `search`. Optuna's journal appends every event to the file; a lock keeps the writers apart. A process
    that is killed loses the trial it was running and nothing else: the others go on, and a later one resumes the study.
    (If it is killed in the millisecond in which it holds the lock, the others wait 30 seconds, then take it.)

    Args:
        path: The file. It is made if it is not there; its folder must be.
        name: The study's name; one file may hold several.
        direction: "minimize" or "maximize".

    Returns:
        An `optuna.Study`.

    Raises:
        FileNotFoundError: If the folder is not there.
        ValueError: If the file is no journal or is damaged, which names the line, or the study in it has the other
            direction.

    Taught in notebook 2-3, section 2.5.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"path: expected the path of a file, got {path!r:.80}")
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path: expected a file in a folder that exists, got {path}")
    if path.exists() and not path.is_file():
        raise ValueError(f"path: expected a file, got {path}, which is none")
    if not isinstance(name, str):
        raise ValueError(f"name: expected a string, got {name!r:.80}")
    _checked_direction(direction)
    with quiet() as optuna:
        journal = optuna.storages.journal
        # Symbolic links are a lock on every network file system, but Windows asks for a privilege to make one.
        lock = (journal.JournalFileOpenLock if os.name == "nt" else journal.JournalFileSymlinkLock)(str(path))
        _mend(path, lock)
        _checked_lines(path)
        storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(path), lock_obj=lock))
        study = optuna.create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True)
    return _study(study, direction)


def _trial(objective, space, prune_after):
    """The objective as Optuna calls it."""
    if not callable(objective):
        raise ValueError(f"objective: expected a function, got {objective!r}")
    try:
        reports = "report" in inspect.signature(objective).parameters
    except ValueError:  # some functions written in C do not tell
        reports = False
    if prune_after is not None:
        whole("prune_after", prune_after, 1)
        if not reports:
            raise ValueError(f"prune_after: expected an objective with a parameter called report, got {objective!r}")

    def run(trial):
        worst = math.inf if trial.study.direction.name == "MINIMIZE" else -math.inf
        epochs = itertools.count(1)

        def report(value):
            number, epoch = _number("report", value, worst), next(epochs)
            trial.report(number, epoch)
            if prune_after is None or epoch < prune_after:
                return
            with np.errstate(invalid="ignore"):  # a median of infinities
                if number == worst or trial.should_prune():
                    raise load().TrialPruned

        trial.set_user_attr("process", f"{platform.node()}:{os.getpid()}")
        values = {name: scale.suggest(trial, name) for name, scale in space.items()}
        value = objective(values, report=report) if reports else objective(values)
        return _number("objective", value, worst)

    return run


def _number(name, value, worst):
    """`value` as a float, `worst` for NaN."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a number, got {value!r:.100}") from None
    return worst if math.isnan(number) else number


def _study(study, direction):
    """The study given, or a new one."""
    if direction is not None:
        _checked_direction(direction)
    if study is None:
        return load().create_study(direction=direction or "minimize")
    own = checked_study(study).direction.name.lower()
    if direction not in (None, own):
        raise ValueError(f"direction: expected that of the study, {own!r}, got {direction!r}")
    return study


def _checked_direction(direction):
    if direction not in DIRECTIONS:
        raise ValueError(f"direction: expected one of {DIRECTIONS}, got {direction!r}")


def _run(study, run, trials, prune_after):
    pruners = load().pruners
    study.pruner = (
        pruners.NopPruner()
        if prune_after is None
        else pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=prune_after)
    )
    study.optimize(run, n_trials=trials)


def _try_points(study, space, at):
    """Let the study try the point `at(number)` in the trial of that number."""
    from dlcourse.tuning.samplers import Points

    def told(number):
        found = (_told(space[name], name, [value]) for name, value in at(number).items())
        return {name: values[0] for name, values in found}

    study.sampler = Points(told)


def _told(scale, name, values):
    """A hyperparameter's name and values as Optuna knows them."""
    if isinstance(scale, OneMinusLog):
        return ONE_MINUS + name, [min(max(1 - value, 1 - scale.high), 1 - scale.low) for value in values]
    return name, values


def _within(space, shares, seed):
    """Random points of a box, which is given by its two ends on each axis."""

    def at(number):
        draws = np.random.default_rng([seed, number]).random(len(space))
        return {
            name: scale.at(shares[name][0] + draw * (shares[name][1] - shares[name][0]))
            for (name, scale), draw in zip(space.items(), draws, strict=True)
        }

    return at


def _smaller(box, shares, study, space, shrink, best):
    """The next box: narrower on each axis, around the best points of this one, and inside it."""
    inside = [
        result.params
        for result in results(study)
        if math.isfinite(result.value) and not result.pruned
        if all(-1e-9 <= box[name].share(result.params[name]) <= 1 + 1e-9 for name in box)
    ]
    smaller = {}
    for name, (start, end) in shares.items():
        half = shrink * (end - start) / 2
        centre = np.mean([space[name].share(params[name]) for params in inside[:best]] or [(start + end) / 2])
        centre = float(np.clip(centre, start + half, end - half))
        smaller[name] = centre - half, centre + half
    return smaller


def _mend(path, lock):
    """Cut off a last line that a killed process left unfinished: Optuna would append to it and never read on."""
    if not path.exists():
        return
    lock.acquire()
    try:
        content = path.read_bytes()
        if content and not content.startswith(b'{"op_code":'):
            raise ValueError(f"path: expected a journal of Optuna's, got {path}, which begins {content[:20]!r}")
        if not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)
    finally:
        lock.release()


def _checked_lines(path):
    """Refuse a journal that Optuna cannot read, and name the first line that it stumbles over."""
    if not path.exists():
        return
    events, content = [], path.read_bytes()
    whole_lines = content[: content.rfind(b"\n") + 1]  # another process may be about to write one more
    for line in whole_lines.splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:  # no JSON, or no UTF-8
            raise _damaged(path, len(events), line) from None
        if not isinstance(events[-1], dict):
            raise _damaged(path, len(events) - 1, line)
    if _readable(events):
        return
    good, bad = 0, len(events)  # so many lines can be read, so many cannot
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if _readable(events[:middle]) else (good, middle)
    raise _damaged(path, good, json.dumps(events[good]).encode())


def _damaged(path, before, line):
    found = f"{path}, whose line {before + 1} is {line[:60]!r}"
    return ValueError(f"path: expected a journal of Optuna's, undamaged, got {found}; the lines before it are whole")


def _readable(events):
    """Whether Optuna takes these events."""
    storages = load().storages

    class Events(storages.journal.BaseJournalBackend):
        def read_logs(self, log_number_from):
            return iter(events[log_number_from:])

        def append_logs(self, logs):
            raise NotImplementedError

    try:
        storages.JournalStorage(Events())
    except Exception:  # whatever Optuna says of what it does not expect: KeyError, AssertionError, IndexError, …
        return False
    return True
