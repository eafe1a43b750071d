"""What a study found: its trials sorted, as a table, and how much each hyperparameter matters."""

import math
from typing import NamedTuple

from dlcourse.checks import count
from dlcourse.tuning.optuna import checked_study, quiet
from dlcourse.tuning.scales import ONE_MINUS, Choice, Linear, Log, OneMinusLog

FEWEST = 10  # trials that an importance is read from


class Result(NamedTuple):
    """One finished trial.

    `number` is its number in the study, `value` what the objective returned (the last report of a pruned one),
    `params` a dict from name to value, `curve` the list of its reports, `pruned` whether it was stopped early, and
    `process` the machine and process that ran it.
    """

    number: int
    value: float
    params: dict
    curve: list
    pruned: bool
    process: str


def results(study):
    """List the finished trials of a study as `Result`s, the best first and the pruned ones last.

    `study` is an `optuna.Study`, as `search` returns it. Trials that failed or are still running are not listed.

    Raises ValueError if `study` is no study of one objective.
    Taught in notebook 2-3, section 2.5.
    """
    sign = 1 if checked_study(study).direction.name == "MINIMIZE" else -1
    found = [
        Result(
            number=trial.number,
            value=math.nan if trial.value is None else trial.value,
            params=dict(_value(*item) for item in trial.params.items()),
            curve=[trial.intermediate_values[step] for step in sorted(trial.intermediate_values)],
            pruned=trial.state.name == "PRUNED",
            process=trial.user_attrs.get("process", ""),
        )
        for trial in study.get_trials(deepcopy=False)
        if trial.state.name in ("COMPLETE", "PRUNED")
    ]
    return sorted(found, key=lambda result: (result.pruned, math.isnan(result.value), sign * result.value))


def table(study, top=10):
    """Write the best trials of a study as text, one a line, the best first.

    Args:
        study: An `optuna.Study`, as `search` returns it.
        top: Number of trials, 1 or more; None for all.

    Returns a string: trial number, value, then each hyperparameter; pruned trials come last and are marked.
    Raises ValueError if `study` is no study of one objective, or `top` is less than 1.
    Taught in notebook 2-3, section 2.5.
    """
    rows = results(study)[: None if top is None else count("top", top)]
    names = list(dict.fromkeys(name for row in rows for name in row.params))
    scales = space_of(study) if rows else {}
    lines = [["trial", "value", *names]]
    for row in rows:
        shown = [_show(row.params.get(name, ""), scales.get(name)) for name in names]
        mark = [f"pruned at {len(row.curve)}"] if row.pruned else []
        lines.append([str(row.number), f"{row.value:#.4g}", *shown, *mark])
    widths = [max(len(line[k]) for line in lines if k < len(line)) for k in range(max(map(len, lines)))]
    return "\n".join("  ".join(map(str.rjust, line, widths)) for line in lines)


def importances(study, seed=0):
    """Compute how much of the variance of a study's values each hyperparameter explains alone (fANOVA).

    Optuna fits a random forest to the trials and splits its variance over the space: Hutter, Hoos and Leyton-Brown, "An
    efficient approach for assessing hyperparameter importance", ICML 2014. Here each hyperparameter lies on its scale's
    axis; a learning rate from 0.0001 to 1, taken as it is, would give the decade from 0.1 on nine tenths of the space.

    The trials should cover the space evenly, as random search does. Those that diverged or were pruned are left out.
    The fewer they are, the more the forest overstates the largest share.

    Args:
        study: An `optuna.Study`, as `search` returns it.
        seed: Seed of the forest; a whole number, 0 or more.

    Returns a dict from name to a share in [0, 1], the largest first. The shares add up to 1.
    Raises ValueError if fewer than ten trials finished with a finite value, or all with the same.
    Taught in notebook 2-3, section 2.5.
    """
    rows = [row for row in results(study) if not row.pruned and math.isfinite(row.value)]
    if len(rows) < FEWEST:
        raise ValueError(f"study: expected at least {FEWEST} finished trials with finite values, got {len(rows)}")
    if len({row.value for row in rows}) == 1:
        raise ValueError(f"study: expected values that differ, got {rows[0].value} in all {len(rows)} trials")
    space = space_of(study)
    return _fanova(space, [row.params for row in rows], [row.value for row in rows], count("seed", seed, 0))


def space_of(study):
    """Return the hyperparameters that all finished trials have, each on the widest scale on which it was tried."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state.name in ("COMPLETE", "PRUNED")]
    if not trials:
        raise ValueError("study: expected finished trials, got none")
    names = [name for name in trials[0].distributions if all(name in trial.distributions for trial in trials)]
    return dict(_scale(name, [trial.distributions[name] for trial in trials]) for name in names)


def _scale(name, distributions):
    """Return a hyperparameter's own name and scale from Optuna's distributions."""
    first = distributions[0]
    if hasattr(first, "choices"):
        return name, Choice(first.choices)
    low, high = min(each.low for each in distributions), max(each.high for each in distributions)
    if name.startswith(ONE_MINUS):
        return name.removeprefix(ONE_MINUS), OneMinusLog(1 - high, 1 - low)
    if first.log:
        return name, Log(low, high)
    return name, Linear(low, high, integer=isinstance(low, int))


def _value(name, value):
    """Return a hyperparameter's own name and value from Optuna's."""
    return (name.removeprefix(ONE_MINUS), 1 - value) if name.startswith(ONE_MINUS) else (name, value)


def _fanova(space, points, values, seed):
    """Run Optuna's fANOVA on the points' shares of the axes; an option has no place, only a name."""
    with quiet() as optuna:
        kinds, study, axes = optuna.distributions, optuna.create_study(), {}
        for name, scale in space.items():
            options = isinstance(scale, Choice)
            axes[name] = kinds.CategoricalDistribution(scale.options) if options else kinds.FloatDistribution(0.0, 1.0)
        for point, value in zip(points, values, strict=True):
            places = {
                name: point[name] if isinstance(scale, Choice) else min(max(scale.share(point[name]), 0.0), 1.0)
                for name, scale in space.items()
            }
            study.add_trial(optuna.trial.create_trial(params=places, distributions=axes, value=value))
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _show(value, scale):
    """Show a value to three digits; a β to three digits of 1 − β."""
    if not isinstance(value, float):
        return str(value)
    if isinstance(scale, OneMinusLog):
        return f"{value:.{2 - math.floor(math.log10(1 - value))}f}"
    return f"{value:.3g}"
