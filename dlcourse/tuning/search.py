"""Random, grid and Bayesian search, and coarse to fine (notes, section 2.5). Optuna does the work.

Optuna is imported when a search begins, so that the scales alone cost nothing.
"""

import inspect
import itertools
import math
import os
import platform

from dlcourse.checks import choice, count
from dlcourse.scratch.checks import number as one_number
from dlcourse.tuning.optuna import load, quiet, study_in
from dlcourse.tuning.results import results
from dlcourse.tuning.scales import Choice, checked_space

import numpy as np

SAMPLERS = ("random", "tpe", "grid")


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

    A trial's point depends on the seed and the trial's number alone (with "tpe" also on the results so far): a random
    search tries `sample(space, trials, seed)`, goes on there when resumed, and no two processes try the same point.

    Args:
        objective: A function of a dict from name to value; it returns the number to minimize or maximize. A parameter
            called `report`, if it has one, gets a function to call with a number after each epoch: the learning curve.
            NaN counts as infinitely bad: the training diverged. An error ends the search and is raised here.
        space: A dict from a hyperparameter's name to its scale, `Linear`, `Log`, `OneMinusLog` or `Choice`.
        trials: Number of trials to run, 1 or more. A grid needs none: it ends when all its points were tried.
        seed: A whole number, 0 or more.
        sampler: "random"; "tpe", which learns from the results where to try next (Bergstra et al., "Algorithms for
            hyper-parameter optimization", NeurIPS 2011), after ten random trials; or "grid", in a shuffled order.
        points: For a grid: number of values on each scale, or a dict from name to number. A `Choice` takes all its
            options and is not named in the dict.
        direction: "minimize" (of a new study) or "maximize"; None takes a given study's own.
        study: A study to continue, such as `shared_study` returns.
        prune_after: From this epoch on (1 is the first), stop a trial whose best report so far is worse than the median
            of what the finished trials reported at the same epoch, once five trials have finished; and stop one that
            reports NaN. None lets every trial finish.

    Returns the study, an `optuna.Study`; `results`, `table` and the figures read it.
    Raises ValueError if an argument is out of range or unknown, or `objective` returns something other than a number.
    Taught in notebook 2-3, section 2.5.
    """
    space, seed = checked_space(space), count("seed", seed, 0)
    choice("sampler", sampler, SAMPLERS)
    if (sampler == "grid") != (points is not None):
        raise ValueError(f"points: expected how many values on each scale of a grid, got {points!r} for {sampler!r}")
    if sampler != "grid" or trials is not None:
        trials = count("trials", trials)
    run = _trial(objective, space, prune_after)
    with quiet() as optuna:
        study = study_in(study, direction)
        if sampler == "grid":
            study.sampler = optuna.samplers.GridSampler(_told_axes(space, points), seed=seed)
            if study.sampler.is_exhausted(study):
                return study
        else:
            from dlcourse.tuning.samplers import Points, SeededTPE

            study.sampler = SeededTPE(seed) if sampler == "tpe" else Points(space, seed)
        _run(study, run, trials, prune_after)
    return study


def coarse_to_fine(
    objective, space, trials, *, rounds=3, shrink=0.5, best=3, seed=0, direction=None, study=None, prune_after=None
):
    """Search at random in rounds, each in a smaller box around the best points of the box before.

    A box is `shrink` times as wide as the last one on each scale's axis, around the mean place of the best points, but
    inside the last one. A `Choice` keeps all its options.

    Args:
        objective: As for `search`.
        space: As for `search`; the box of the first round.
        trials: Number of trials in each round, 1 or more.
        rounds: Number of rounds, 1 or more.
        shrink: Width of a box as a share of the last one's, in (0, 1).
        best: Number of the best points that the next box is put around, 1 or more.
        seed, direction, study, prune_after: As for `search`.

    Returns `(study, boxes)`: all trials in one study, and the space of each round, a list of dicts of scales.
    Raises ValueError as `search` does.
    Taught in notebook 2-3, section 2.5.
    """
    space, seed = checked_space(space), count("seed", seed, 0)
    trials, rounds, best = count("trials", trials), count("rounds", rounds), count("best", best)
    shrink = one_number("shrink", shrink, above=0, below=1)
    run = _trial(objective, space, prune_after)
    shares, boxes = dict.fromkeys(space, (0.0, 1.0)), []
    with quiet():
        from dlcourse.tuning.samplers import Points

        study = study_in(study, direction)
        for _ in range(rounds):
            boxes.append({name: space[name].part(*shares[name]) for name in space})
            study.sampler = Points(space, seed, shares)
            _run(study, run, trials, prune_after)
            shares = _smaller(boxes[-1], shares, study, space, shrink, best)
    return study, boxes


def _trial(objective, space, prune_after):
    """Return the objective as Optuna calls it."""
    if not callable(objective):
        raise ValueError(f"objective: expected a function, got {objective!r}")
    reports = "report" in inspect.signature(objective).parameters
    if prune_after is not None and count("prune_after", prune_after) and not reports:
        raise ValueError(f"prune_after: expected an objective with a parameter called report, got {objective!r}")

    def run(trial):
        worst = math.inf if trial.study.direction.name == "MINIMIZE" else -math.inf
        epochs = itertools.count(1)

        def report(value):
            value, epoch = _float("report", value, worst), next(epochs)
            trial.report(value, epoch)
            if prune_after is None or epoch < prune_after:
                return
            with np.errstate(invalid="ignore"):  # a median of infinities
                if value == worst or trial.should_prune():
                    raise load().TrialPruned

        trial.set_user_attr("process", f"{platform.node()}:{os.getpid()}")
        values = {name: scale.suggest(trial, name) for name, scale in space.items()}
        return _float("objective", objective(values, **({"report": report} if reports else {})), worst)

    return run


def _float(name, value, worst):
    """Return `value` as a float, `worst` for NaN."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a number, got {value!r:.100}") from None
    return worst if math.isnan(value) else value


def _run(study, run, trials, prune_after):
    if prune_after is None:
        study.pruner = load().pruners.NopPruner()
    else:
        study.pruner = load().pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=prune_after)
    study.optimize(run, n_trials=trials)


def _told_axes(space, points):
    """Return the values on each axis of a grid, under the names that Optuna knows."""
    counted = [name for name, scale in space.items() if not isinstance(scale, Choice)]  # a Choice takes all its options
    points = points if isinstance(points, dict) else dict.fromkeys(counted, points)
    if points.keys() != set(counted):
        raise ValueError(f"points: expected a number for each of {counted}, got {points}")
    axes = {}
    for name, scale in space.items():
        for value in scale.grid(count(f"points[{name!r}]", points[name]) if name in points else None):
            told, value = scale.told(name, value)
            axes.setdefault(told, []).append(value)
    return axes


def _smaller(box, shares, study, space, shrink, best):
    """Return the next box: narrower on each axis, around the best points of this one, and inside it."""
    inside = [
        result.params
        for result in results(study)
        if math.isfinite(result.value) and not result.pruned
        if all(-1e-9 <= box[name].share(result.params[name]) <= 1 + 1e-9 for name in box)
    ]
    smaller = {}
    for name, (start, end) in shares.items():
        half = shrink * (end - start) / 2
        center = np.mean([space[name].share(params[name]) for params in inside[:best]] or [(start + end) / 2])
        center = float(np.clip(center, start + half, end - half))
        smaller[name] = center - half, center + half
    return smaller
