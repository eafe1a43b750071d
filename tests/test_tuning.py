"""dlcourse.tuning against SciPy's distributions, scikit-learn's grid, Optuna's own sampling and real processes."""

import itertools
import json
import math
import subprocess
import sys
import time
import warnings

from dlcourse import plots, tuning

import numpy as np
import optuna
import pytest
from scipy import stats
from sklearn.model_selection import ParameterGrid

SPACE = {
    "alpha": tuning.Log(1e-4, 1.0),
    "beta": tuning.OneMinusLog(0.9, 0.999),
    "units": tuning.Linear(2, 50, integer=True),
    "activation": tuning.Choice(["relu", "tanh"]),
}
PLANE = {"x": tuning.Linear(-5.0, 5.0), "y": tuning.Linear(-5.0, 5.0)}


@pytest.fixture(autouse=True)
def quiet(capfd):
    """Every test runs with warnings as errors, and nothing may reach stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert capfd.readouterr().err == ""


def bowl(values):
    return (values["x"] - 1) ** 2 + (values["y"] + 2) ** 2


def log_bowl(values):
    return (math.log10(values["alpha"]) + 2) ** 2 + (math.log10(1 - values["beta"]) + 2) ** 2 / 4


def tried(study):
    """The points of a study in the order in which they were tried."""
    return [result.params for result in sorted(tuning.results(study))]


# Importing


def test_the_scales_load_neither_optuna_nor_matplotlib():
    code = (
        "import sys; from dlcourse import tuning; tuning.sample({'a': tuning.Log(1e-4, 1)}, 3);"
        "print(sorted({'optuna', 'matplotlib', 'sklearn', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


# Scales

DRAWS = np.random.default_rng(0).random(4000)


def ks(values, distribution):
    return stats.kstest(values, distribution.cdf).pvalue


@pytest.mark.parametrize(
    ("values", "distribution"),
    [
        (tuning.linear_sample(DRAWS, -2, 3), stats.uniform(-2, 5)),
        (tuning.log_sample(DRAWS, 1e-4, 1), stats.loguniform(1e-4, 1)),
        (1 - tuning.one_minus_log_sample(DRAWS, 0.9, 0.999), stats.loguniform(0.001, 0.1)),
    ],
    ids=["linear", "log", "one minus log"],
)
def test_draws_have_the_distribution_that_scipy_knows(values, distribution):
    assert ks(values, distribution) > 0.01


def test_that_test_would_refuse_a_learning_rate_drawn_linearly():
    assert ks(tuning.linear_sample(DRAWS, 1e-4, 1), stats.loguniform(1e-4, 1)) < 1e-6
    assert ks(1 - tuning.linear_sample(DRAWS, 0.9, 0.999), stats.loguniform(0.001, 0.1)) < 1e-6


def test_draws_give_the_values_of_the_formulas_by_hand():
    assert np.allclose(tuning.linear_sample([0, 0.5], 2, 4), [2, 3])
    assert np.allclose(tuning.log_sample([[0, 0.25, 0.5]], 1e-4, 1), [[1e-4, 1e-3, 1e-2]], rtol=1e-12)
    assert np.allclose(tuning.one_minus_log_sample([0, 0.5], 0.9, 0.999), [0.9, 0.99], rtol=1e-12)
    assert tuning.log_sample(0.5, 1e-4, 1).shape == ()


def test_sample_draws_each_hyperparameter_on_its_own_scale():
    points = tuning.sample(SPACE, 3000, seed=1)
    column = {name: [point[name] for point in points] for name in SPACE}
    assert ks(column["alpha"], stats.loguniform(1e-4, 1)) > 0.01
    assert ks(1 - np.array(column["beta"]), stats.loguniform(0.001, 0.1)) > 0.01
    assert stats.chisquare(np.bincount(column["units"], minlength=51)[2:]).pvalue > 0.01
    assert stats.binomtest(column["activation"].count("relu"), 3000).pvalue > 0.01
    for a, b in itertools.combinations(("alpha", "beta", "units"), 2):
        assert stats.spearmanr(column[a], column[b]).pvalue > 0.01


def test_sample_returns_plain_python_values_that_depend_on_seed_and_place_alone():
    points = tuning.sample(SPACE, 5, seed=3)
    assert [type(value) for value in points[0].values()] == [float, float, int, str]
    assert tuning.sample(SPACE, 9, seed=3)[:5] == points
    assert tuning.sample(SPACE, 5, seed=4) != points


@pytest.mark.parametrize("scale", [*SPACE.values(), tuning.Linear(-1.0, 4.0)], ids=str)
def test_every_share_of_an_axis_gives_a_value_of_the_scale_and_back(scale):
    for share in np.linspace(0, 1, 101):
        value = scale.at(share)
        if isinstance(scale, tuning.Choice):
            assert value in scale.options
            continue
        assert scale.low <= value <= scale.high
        cell = 0.5 / (scale.high - scale.low + 1) if getattr(scale, "integer", False) else 1e-9
        assert abs(scale.share(value) - share) <= cell + 1e-9
    if not isinstance(scale, tuning.Choice):
        assert (scale.at(0.0), scale.at(1.0)) == (scale.low, scale.high)  # to the last digit


def by_grid(space, points):
    """The points that a grid search tries."""
    return tried(tuning.search(lambda values: 0, space, sampler="grid", points=points))


def test_a_grid_is_the_one_of_scikit_learn():
    space = {"b": tuning.Log(1e-4, 1.0), "a": tuning.Linear(0, 10, integer=True), "c": tuning.Choice(["u", "v"])}
    points = by_grid(space, {"b": 5, "a": 3})
    theirs = ParameterGrid({"b": [1e-4, 1e-3, 1e-2, 1e-1, 1.0], "a": [0, 5, 10], "c": ["u", "v"]})
    assert len(points) == len(theirs) == 30

    def key(point):
        return point["a"], point["c"], round(math.log10(point["b"]), 9)

    assert sorted(map(key, points)) == sorted(map(key, theirs))


def test_grid_steps_are_equal_on_each_scale_and_meet_its_ends():
    beta = tuning.OneMinusLog(0.9, 0.999).grid(3)
    assert np.allclose(beta, [0.9, 0.99, 0.999], rtol=1e-12) and beta[0] == 0.9 and beta[2] == 0.999
    assert np.allclose(sorted(p["beta"] for p in by_grid({"beta": tuning.OneMinusLog(0.9, 0.999)}, 3)), beta)
    assert by_grid({"x": tuning.Linear(0.0, 1.0)}, 1) == [{"x": 0.5}]
    numbers = by_grid({"n": tuning.Linear(1, 4, integer=True)}, 4)
    assert sorted(point["n"] for point in numbers) == [1, 2, 3, 4]


# Search


def test_random_search_tries_the_points_of_sample_in_order():
    study = tuning.search(log_bowl, SPACE, 25, seed=5)
    theirs = tuning.sample(SPACE, 25, seed=5)
    for ours, point in zip(tried(study), theirs, strict=True):
        assert {**ours, "beta": point["beta"]} == point
        assert ours["beta"] == pytest.approx(point["beta"], abs=1e-15)  # the study holds 1 − β


def test_random_search_draws_as_optunas_random_sampler_does():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(300):
        study.ask({"alpha": optuna.distributions.FloatDistribution(1e-4, 1, log=True)})
    theirs = [trial.params["alpha"] for trial in study.trials]
    ours = [point["alpha"] for point in tried(tuning.search(lambda values: 0, {"alpha": SPACE["alpha"]}, 300))]
    assert stats.ks_2samp(ours, theirs).pvalue > 0.01


def test_optuna_is_told_of_the_scales_so_that_its_own_tools_understand_the_study():
    study = tuning.search(log_bowl, SPACE, 1)
    kinds = optuna.distributions
    assert study.trials[0].distributions == {
        "alpha": kinds.FloatDistribution(1e-4, 1.0, log=True),
        "1 - beta": kinds.FloatDistribution(1 - 0.999, 1 - 0.9, log=True),
        "units": kinds.IntDistribution(2, 50),
        "activation": kinds.CategoricalDistribution(("relu", "tanh")),
    }
    assert study.trials[0].params["1 - beta"] == pytest.approx(1 - tried(study)[0]["beta"])


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_is_reproducible_and_its_seed_matters(sampler):
    first, again, other = (tuning.search(bowl, PLANE, 20, seed=seed, sampler=sampler) for seed in (7, 7, 8))
    assert tried(first) == tried(again) != tried(other)


def test_a_search_resumed_is_the_search_uninterrupted():
    whole = tuning.search(bowl, PLANE, 18, sampler="tpe")
    part = tuning.search(bowl, PLANE, 11, sampler="tpe")
    tuning.search(bowl, PLANE, 7, sampler="tpe", study=part)
    assert tried(part) == tried(whole)


def test_tpe_comes_nearer_to_a_known_minimum_than_random_search():
    def best(sampler):
        studies = [tuning.search(bowl, PLANE, 40, seed=seed, sampler=sampler) for seed in range(3)]
        return np.median([tuning.results(study)[0].value for study in studies])

    assert best("tpe") < 0.5 * best("random")
    assert best("tpe") < 0.2


def test_grid_search_tries_each_point_once_then_ends_and_finds_nothing_left_to_do():
    points = {"alpha": 3, "beta": 2, "units": 2}
    study = tuning.search(log_bowl, SPACE, sampler="grid", points=points)

    axes = (SPACE[name].grid(points.get(name)) for name in SPACE)
    expected = {
        tuple(f"{value:.9g}" if value != str(value) else value for value in p) for p in itertools.product(*axes)
    }
    found = [tuple(f"{value:.9g}" if value != str(value) else value for value in p.values()) for p in tried(study)]
    assert len(found) == len(expected) == 24 and set(found) == expected
    tuning.search(log_bowl, SPACE, sampler="grid", points=points, study=study)
    assert len(study.trials) == 24


def test_grid_search_can_stop_early_and_resume():
    study = tuning.search(bowl, PLANE, 4, sampler="grid", points=3)
    assert len(study.trials) == 4
    tuning.search(bowl, PLANE, sampler="grid", points=3, study=study)
    assert len(study.trials) == 9
    assert len({tuple(point.values()) for point in tried(study)}) == 9


def test_maximize_sorts_the_largest_first_and_its_tpe_climbs():
    study = tuning.search(lambda values: -bowl(values), PLANE, 40, sampler="tpe", direction="maximize")
    values = [result.value for result in tuning.results(study)]
    assert values == sorted(values, reverse=True)
    assert values[0] == study.best_value > -0.3


def test_a_crash_of_the_objective_is_raised_and_what_was_found_before_is_kept():
    study = tuning.search(bowl, PLANE, 3)

    def crash(values):
        raise ZeroDivisionError("in the learner's code")

    with pytest.raises(ZeroDivisionError, match="in the learner's code"):
        tuning.search(crash, PLANE, 5, study=study)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3 + ["FAIL"]
    assert len(tuning.results(study)) == 3


@pytest.mark.parametrize(("direction", "worst"), [("minimize", math.inf), ("maximize", -math.inf)])
@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_training_that_diverged_is_the_worst_and_the_search_goes_on(direction, worst, sampler):
    def objective(values):
        return math.nan if values["x"] > 0 else values["y"]

    study = tuning.search(objective, PLANE, 25, direction=direction, sampler=sampler)
    rows = tuning.results(study)
    diverged = [row for row in rows if row.params["x"] > 0]
    assert len(rows) == 25 and diverged
    assert {row.value for row in diverged} == {worst}
    assert rows[-len(diverged) :] == diverged


def test_optunas_log_level_is_what_it_was():
    before = optuna.logging.get_verbosity()
    tuning.search(bowl, PLANE, 1)
    assert optuna.logging.get_verbosity() == before


# Learning curves


def curve(values, report):
    for epoch in range(1, 9):
        report(bowl(values) + 10 / epoch)
    return bowl(values) + 10 / 8


def test_reports_are_the_learning_curve_and_prune_nothing_unasked():
    study = tuning.search(curve, PLANE, 12)
    for row in tuning.results(study):
        assert row.curve == [bowl(row.params) + 10 / epoch for epoch in range(1, 9)]
        assert not row.pruned


def test_pruning_stops_those_worse_than_the_median_at_that_epoch_and_keeps_the_best():
    study, full = tuning.search(curve, PLANE, 30, prune_after=3), tuning.search(curve, PLANE, 30)
    finished = []  # values of the trials that were not pruned, in their order
    for row in sorted(tuning.results(study)):  # by number
        expected = len(finished) >= 5 and bowl(row.params) > np.median(finished)
        assert row.pruned == expected
        assert len(row.curve) == (3 if row.pruned else 8)
        if not row.pruned:
            finished.append(bowl(row.params))
    assert 0 < len(finished) < 30
    assert tuning.results(study)[0] == tuning.results(full)[0]
    assert [row.pruned for row in tuning.results(study)] == [False] * len(finished) + [True] * (30 - len(finished))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_learning_curve_that_becomes_nan_is_stopped_there_and_unasked_it_is_not(sign):
    def objective(values, report):
        for epoch in range(1, 5):
            report(sign * values["x"] if epoch < 3 or values["x"] < 0 else math.nan)
        return sign * values["x"]

    direction = "minimize" if sign == 1 else "maximize"
    for prune_after, epochs in ((2, 3), (4, 4), (None, 4)):
        study = tuning.search(objective, PLANE, 5, direction=direction, prune_after=prune_after)
        diverged = [row for row in tuning.results(study) if row.params["x"] > 0]
        assert len(diverged) >= 2
        assert all(row.curve[2:] == [sign * math.inf] * (epochs - 2) for row in diverged)
        assert all(row.pruned == (prune_after is not None) for row in diverged)


# Coarse to fine


def test_boxes_are_nested_each_half_as_wide_on_its_own_axis_around_the_best_points():
    space = {**SPACE, "x": tuning.Linear(-3.0, 3.0)}
    study, boxes = tuning.coarse_to_fine(lambda values: log_bowl(values) + values["x"] ** 2, space, 15, rounds=4)
    assert boxes[0] == space and len(boxes) == 4 and len(study.trials) == 60
    for outer, inner in itertools.pairwise(boxes):
        assert inner["activation"] == outer["activation"]
        for name in ("alpha", "beta", "x", "units"):
            assert outer[name].low <= inner[name].low < inner[name].high <= outer[name].high
        assert math.log(inner["alpha"].high / inner["alpha"].low) == pytest.approx(
            math.log(outer["alpha"].high / outer["alpha"].low) / 2
        )
        assert math.log((1 - inner["beta"].low) / (1 - inner["beta"].high)) == pytest.approx(
            math.log((1 - outer["beta"].low) / (1 - outer["beta"].high)) / 2
        )
        assert inner["x"].high - inner["x"].low == pytest.approx((outer["x"].high - outer["x"].low) / 2)
    points = tried(study)
    for number, box in enumerate(boxes):
        for point in points[15 * number : 15 * number + 15]:
            for name in ("alpha", "beta", "units", "x"):
                assert box[name].low <= point[name] * (1 + 1e-12) and point[name] <= box[name].high * (1 + 1e-12)
    best = sorted(tuning.results(study), key=lambda row: (row.number >= 15, row.value))[:3]
    center = np.mean([math.log10(row.params["alpha"]) for row in best])
    middle = math.log10(boxes[1]["alpha"].low * boxes[1]["alpha"].high) / 2
    assert middle == pytest.approx(np.clip(center, -3, -1))


def test_coarse_to_fine_comes_nearer_than_as_many_random_trials():
    fine = [tuning.coarse_to_fine(bowl, PLANE, 15, seed=seed)[0] for seed in range(5)]
    random = [tuning.search(bowl, PLANE, 45, seed=seed) for seed in range(5)]
    medians = [np.median([tuning.results(study)[0].value for study in studies]) for studies in (fine, random)]
    assert medians[0] < 0.5 * medians[1]


def test_coarse_to_fine_climbs_when_it_maximizes_and_survives_rounds_that_diverge():
    study, _ = tuning.coarse_to_fine(lambda values: -bowl(values), PLANE, 15, direction="maximize")
    assert tuning.results(study)[0].value > -0.3
    _, boxes = tuning.coarse_to_fine(lambda values: math.nan, PLANE, 3, rounds=2)
    assert boxes[1] == {"x": tuning.Linear(-2.5, 2.5), "y": tuning.Linear(-2.5, 2.5)}


def test_a_box_of_whole_numbers_never_shrinks_to_nothing():
    space = {"layers": tuning.Linear(1, 3, integer=True)}
    study, boxes = tuning.coarse_to_fine(lambda values: -values["layers"], space, 4, rounds=5)
    assert boxes[-1]["layers"].low < boxes[-1]["layers"].high == 3
    assert tuning.results(study)[0].params == {"layers": 3}


# Processes that share a study

WORKER = """
import sys, time
from dlcourse import tuning
path, trials, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
space = {"x": tuning.Linear(-5.0, 5.0), "y": tuning.Linear(-5.0, 5.0)}

def bowl(values):
    time.sleep(seconds)
    return (values["x"] - 1) ** 2 + (values["y"] + 2) ** 2

points = 4 if sys.argv[4] == "grid" else None
tuning.search(bowl, space, trials, sampler=sys.argv[4], points=points, study=tuning.shared_study(path))
"""


def start(path, trials, seconds=0.05, sampler="random"):
    arguments = [sys.executable, "-c", WORKER, path, trials, seconds, sampler]
    return subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(*processes):
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out, err) == (0, "", "")


def wait_until_tried(path, count):
    deadline = time.monotonic() + 60
    while not path.exists() or len(tuning.results(tuning.shared_study(path))) < count:
        assert time.monotonic() < deadline, "the worker did not get that far in a minute"
        time.sleep(0.05)


def test_two_processes_share_a_study_and_a_seed_and_try_different_points(tmp_path):
    path = tmp_path / "study.journal"
    finish(*[start(path, 20), start(path, 20)])
    rows = tuning.results(tuning.shared_study(path))
    assert sorted(row.number for row in rows) == list(range(40))
    assert len({row.process for row in rows}) == 2
    assert all(sum(row.process == process for row in rows) == 20 for process in {row.process for row in rows})
    assert [row.params for row in sorted(rows)] == tuning.sample(PLANE, 40)  # just what one process would have tried
    assert all(row.value == bowl(row.params) for row in rows)


def test_two_processes_with_one_seed_never_try_the_same_point_with_tpe_or_a_grid(tmp_path):
    tpe, grid = tmp_path / "tpe.journal", tmp_path / "grid.journal"
    tuning.search(bowl, PLANE, 12, sampler="tpe", study=tuning.shared_study(tpe))
    finish(*[start(tpe, 6, sampler="tpe") for _ in range(2)], *[start(grid, 8, sampler="grid") for _ in range(2)])
    for path, count in ((tpe, 24), (grid, 16)):
        points = tried(tuning.shared_study(path))
        assert len(points) == len({tuple(point.values()) for point in points}) == count


def test_a_killed_process_leaves_a_study_that_another_continues(tmp_path):
    path = tmp_path / "study.journal"
    killed = start(path, 1000)
    wait_until_tried(path, 5)
    killed.kill()
    killed.communicate(timeout=60)
    left = len(tuning.results(tuning.shared_study(path)))
    assert 5 <= left < 1000
    finish(start(path, 7, seconds=0))
    study = tuning.shared_study(path)
    rows, running = tuning.results(study), [t for t in study.trials if t.state.name == "RUNNING"]
    assert len(rows) == left + 7
    assert len(running) <= 1  # what the killed process was at
    assert len({row.process for row in rows}) == 2
    assert len({tuple(row.params.values()) for row in rows}) == left + 7


def test_a_line_that_a_killed_process_left_half_written_does_not_spoil_the_study(tmp_path):
    path = tmp_path / "study.journal"
    tuning.search(bowl, PLANE, 3, study=tuning.shared_study(path))
    with path.open("a") as file:
        file.write('{"op_code":4,"work')
    tuning.search(bowl, PLANE, 2, study=tuning.shared_study(path))
    assert len(tuning.results(tuning.shared_study(path))) == 5
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_shared_study_keeps_curves_infinities_and_directions_and_one_file_holds_several(tmp_path):
    path = tmp_path / "study.journal"

    def objective(values, report):
        report(values["x"])
        return math.nan if values["x"] > 0 else values["x"]

    study = tuning.shared_study(path, "first", "maximize")
    tuning.search(objective, PLANE, 8, study=study)
    again = tuning.shared_study(str(path), "first", "maximize")
    assert tuning.results(again) == tuning.results(study)
    assert {row.value for row in tuning.results(again) if row.params["x"] > 0} == {-math.inf}
    assert tuning.results(tuning.shared_study(path, "second")) == []


def test_a_file_that_is_no_journal_is_refused_and_left_as_it_was(tmp_path):
    path = tmp_path / "results.csv"
    for content in ("a,b\n1,2\n", "a,b\n1,2", "a"):
        path.write_text(content)
        with pytest.raises(ValueError, match=r"path: expected a journal"):
            tuning.search(bowl, PLANE, 1, study=tuning.shared_study(path))
        assert path.read_text() == content
    assert [file.name for file in tmp_path.iterdir()] == ["results.csv"]  # no lock is left either


# Results


def test_the_table_shows_the_best_first_and_three_digits_of_one_minus_beta():
    space = {"beta": tuning.OneMinusLog(0.9, 0.9999), "alpha": tuning.Log(1e-4, 1.0)}
    study = tuning.search(lambda values: 1 - values["beta"], space, 30)
    lines = tuning.table(study, top=4).splitlines()
    assert lines[0].split() == ["trial", "value", "beta", "alpha"]
    assert len(lines) == 5 and len({len(line) for line in lines}) == 1
    shown = [line.split() for line in lines[1:]]
    assert [int(row[0]) for row in shown] == [row.number for row in tuning.results(study)[:4]]
    for row, result in zip(shown, tuning.results(study), strict=False):
        assert 1 - float(row[2]) == pytest.approx(1 - result.params["beta"], rel=5e-3)
        assert float(row[3]) == pytest.approx(result.params["alpha"], rel=5e-3)
    assert len(tuning.table(study, top=None).splitlines()) == 31


def test_the_table_names_pruned_trials_last():
    study = tuning.search(curve, PLANE, 20, prune_after=2)
    pruned = sum(row.pruned for row in tuning.results(study))
    lines = tuning.table(study, top=None).splitlines()[1:]
    assert pruned and [("pruned at 2" in line) for line in lines] == [False] * (20 - pruned) + [True] * pruned


# Importances


def test_importances_are_the_shares_of_an_additive_functions_variance():
    # Each variable is uniform on its axis, so that the weights 1 and 2 give variances as 1 : 4.
    space = {"beta": tuning.OneMinusLog(0.9, 0.999), "alpha": tuning.Log(1e-4, 1.0)}

    def objective(values):
        return space["beta"].share(values["beta"]) + 2 * space["alpha"].share(values["alpha"])

    study = tuning.search(objective, space, 100)
    found = tuning.importances(study)
    assert list(found) == ["alpha", "beta"]
    assert list(found.values()) == pytest.approx([0.8, 0.2], abs=0.05)
    assert sum(found.values()) == pytest.approx(1)


def test_importances_weigh_each_decade_alike_where_optuna_alone_does_not():
    # min(r, −2) for r = log₁₀ α uniform in [−4, 0] has the variance 5/12; x has 1/12.
    space = {"alpha": tuning.Log(1e-4, 1.0), "x": tuning.Linear(0.0, 1.0)}
    study = tuning.search(lambda values: min(math.log10(values["alpha"]), -2) + values["x"], space, 60)
    assert tuning.importances(study)["alpha"] == pytest.approx(5 / 6, abs=0.1)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    assert optuna.importance.get_param_importances(study, evaluator=evaluator)["alpha"] < 0.2


def test_importances_of_options_and_whole_numbers():
    space = {"act": tuning.Choice(["a", "b"]), "n": tuning.Linear(1, 2, integer=True), "x": tuning.Linear(0.0, 1.0)}
    study = tuning.search(lambda values: 2 * (values["act"] == "b") + values["n"], space, 60)
    found = tuning.importances(study)
    assert [found["act"], found["n"], found["x"]] == pytest.approx([0.8, 0.2, 0], abs=0.05)


def test_importances_leave_out_trials_that_diverged_and_see_all_boxes_of_coarse_to_fine():
    study, _ = tuning.coarse_to_fine(lambda v: math.nan if v["x"] > 2 else v["y"] ** 2, PLANE, 12)
    assert any(row.value == math.inf for row in tuning.results(study))
    assert tuning.importances(study)["y"] > 0.7  # few and uneven points: not quite 1


def test_importances_depend_on_the_seed_alone():
    study = tuning.search(bowl, PLANE, 12)
    assert tuning.importances(study) == tuning.importances(study) != tuning.importances(study, seed=1)


# Figures


@pytest.fixture(scope="module")
def study():
    def objective(values, report):
        cost = math.nan if values["alpha"] > 0.5 else log_bowl(values) + (values["activation"] == "tanh")
        for epoch in range(1, 6):
            report(cost + 1 / epoch)
        return cost

    return tuning.search(objective, SPACE, 40, prune_after=2)


def marks(figure):
    """Offsets of the points drawn, by legend label; those of the finished trials have none."""
    ax = figure.axes[0]
    found = {}
    for dots in ax.collections:
        label = dots.get_label()
        found["done" if label.startswith("_") else label] = np.asarray(dots.get_offsets())
    return found


def test_the_picture_of_a_search_holds_every_point_on_the_scales_of_its_axes(study):
    figure = tuning.plot_search(study, "alpha", "beta", title="t", label="cost")
    rows = tuning.results(study)
    found = marks(figure)
    done = [row for row in rows if not row.pruned and math.isfinite(row.value)]

    def points(some):
        return sorted((row.params["alpha"], row.params["beta"]) for row in some)

    assert sorted(map(tuple, found["done"])) == points(done)
    assert sorted(map(tuple, found["stopped early"])) == points(
        row for row in rows if row.pruned and math.isfinite(row.value)
    )
    assert [tuple(place) for place in found["best"]] == points(rows[:1])
    ax, bar = figure.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "function")
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left"), bar.get_ylabel()) == (
        "alpha",
        "beta",
        "t",
        "cost",
    )
    figure.draw_without_rendering()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0.9", "0.99", "0.999"]
    heights = [ax.transData.transform((0.01, beta))[1] for beta in (0.9, 0.99, 0.999)]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1])


def test_diverged_trials_are_crosses_when_the_picture_has_two_hyperparameters():
    study = tuning.search(lambda v: math.nan if v["x"] > 0 else bowl(v), PLANE, 20)
    found = marks(tuning.plot_search(study))
    assert len(found["diverged"]) == sum(row.params["x"] > 0 for row in tuning.results(study)) > 0
    assert len(found["diverged"]) + len(found["done"]) == 20


def test_the_best_color_is_dark_in_both_directions():
    for sign, direction in ((1, "minimize"), (-1, "maximize")):
        study = tuning.search(lambda v, sign=sign: sign * bowl(v), PLANE, 20, direction=direction)
        dots = tuning.plot_search(study, "x", "y").axes[0].collections[0]
        colors = dots.to_rgba(dots.get_array())[:, :3].sum(axis=1)  # worst first
        assert np.argmin(colors) == 19 and np.argmax(colors) in (0, 1)


def test_one_hyperparameter_is_drawn_against_the_value_and_options_side_by_side(study):
    found = marks(tuning.plot_search(study, "alpha"))
    rows = [row for row in tuning.results(study) if not row.pruned and math.isfinite(row.value)]
    assert sorted(map(tuple, found["done"])) == sorted((row.params["alpha"], row.value) for row in rows)
    figure = tuning.plot_search(study, "activation", "units")
    across = marks(figure)["done"][:, 0]
    assert {round(place) for place in across} <= {0, 1} and len(set(across)) == len(across)
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["relu", "tanh"]


def test_boxes_are_drawn_where_they_are():
    study, boxes = tuning.coarse_to_fine(bowl, PLANE, 10)
    drawn = tuning.plot_search(study, "x", "y", boxes=boxes).axes[0].patches
    assert [patch.get_bbox().extents.tolist() for patch in drawn] == [
        pytest.approx([box["x"].low, box["y"].low, box["x"].high, box["y"].high]) for box in boxes
    ]


def test_the_picture_of_the_importances_has_a_bar_for_each_the_largest_on_top(study):
    figure = tuning.plot_importances(study, title="t")
    ax = figure.axes[0]
    figure.draw_without_rendering()
    found = tuning.importances(study)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(found)
    assert [bar.get_width() for bar in ax.patches] == list(found.values())
    assert ax.transData.transform((0, 0))[1] > ax.transData.transform((0, 1))[1]


def test_the_picture_of_the_learning_curves_has_a_line_for_each_trial(study):
    ax = tuning.plot_learning_curves(study, ylabel="cost").axes[0]
    rows = tuning.results(study)
    assert sorted(map(len, (line.get_ydata() for line in ax.lines))) == sorted(len(row.curve) for row in rows)
    best = max(ax.lines, key=lambda line: line.get_linewidth())
    assert list(best.get_ydata()) == rows[0].curve and list(best.get_xdata()) == [1, 2, 3, 4, 5]
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"best", "others", "stopped early"}


def test_every_figure_draws_into_axes_given_to_it(study):
    figure, axes = plots.panels(1, 3)
    drawn = [
        tuning.plot_search(study, "alpha", "units", ax=axes[0]),
        tuning.plot_importances(study, ax=axes[1]),
        tuning.plot_learning_curves(study, ax=axes[2]),
    ]
    assert all(each is figure for each in drawn)
    assert all(ax.has_data() for ax in axes)


# Bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tuning.Linear(1, 1), r"low: expected less than high, 1, got 1"),
        (lambda: tuning.Linear(0, math.inf), r"high: expected a number that is finite, got inf"),
        (lambda: tuning.Linear("a", 1), r"low: expected a number that is finite, got 'a'"),
        (lambda: tuning.Linear(0, 2.5, integer=True), r"high: expected a whole number with integer=True, got 2.5"),
        (lambda: tuning.Log(0, 1), r"low: expected a number above 0, got 0"),
        (lambda: tuning.Log(2, 1), r"low: expected less than high, 1, got 2"),
        (lambda: tuning.OneMinusLog(0.9, 1), r"high: expected a number 0 or more and below 1, got 1"),
        (lambda: tuning.OneMinusLog(-0.1, 0.9), r"low: expected a number 0 or more and below 1, got -0.1"),
        (lambda: tuning.OneMinusLog(0.99, 0.9), r"low: expected less than high, 0.9, got 0.99"),
        (lambda: tuning.Choice(["a"]), r"options: expected at least two, all different, got \('a',\)"),
        (lambda: tuning.Choice(["a", "a"]), r"options: expected at least two, all different"),
        (lambda: tuning.Choice([(1, 2), (3,)]), r"options: expected strings, numbers, booleans or None, got \(1, 2\)"),
        (lambda: tuning.Choice("relu"), r"options: expected a sequence of options, got 'relu'"),
        (lambda: tuning.log_sample([0.5, 1.5], 1, 2), r"draws: expected numbers in \[0, 1\]"),
        (lambda: tuning.log_sample([math.nan], 1, 2), r"draws: expected numbers in \[0, 1\]"),
        (lambda: tuning.log_sample(0.5, 0, 2), r"low: expected a number above 0"),
        (lambda: tuning.linear_sample(0.5, 2, 1), r"low: expected less than high"),
        (lambda: tuning.one_minus_log_sample(0.5, 0.9, 1.0), r"high: expected a number 0 or more and below 1"),
        (lambda: tuning.sample({}, 3), r"space: expected a dict from names to scales with at least one, got \{\}"),
        (lambda: tuning.sample({"x": (0, 1)}, 3), r"space\['x'\]: expected Linear, Log, OneMinusLog or Choice"),
        (lambda: tuning.sample({"1 - x": PLANE["x"]}, 3), r"space: expected names as strings, none beginning with"),
        (lambda: tuning.sample(PLANE, 0), r"n: expected a whole number, 1 or more, got 0"),
        (lambda: tuning.sample(PLANE, 1, seed=-1), r"seed: expected a whole number, 0 or more, got -1"),
        (lambda: by_grid(PLANE, 0), r"points\['x'\]: expected a whole number, 1 or more, got 0"),
        (lambda: by_grid(PLANE, {"x": 2}), r"points: expected a number for each of \['x', 'y'\], got \{'x': 2\}"),
        (lambda: by_grid(PLANE, {"x": 2, "y": 2, "z": 2}), r"points: expected a number for each of \['x', 'y'\]"),
        (lambda: by_grid(SPACE, {"activation": 2}), r"points: expected a number for each of .* got \{'activation'"),
        (lambda: by_grid({"n": tuning.Linear(1, 3, integer=True)}, 4), r"points: expected at most 3"),
        (lambda: tuning.search(3, PLANE, 1), r"objective: expected a function, got 3"),
        (lambda: tuning.search(bowl, {}, 1), r"space: expected"),
        (lambda: tuning.search(bowl, PLANE), r"trials: expected a whole number, 1 or more, got None"),
        (lambda: tuning.search(bowl, PLANE, 0), r"trials: expected a whole number, 1 or more, got 0"),
        (lambda: tuning.search(bowl, PLANE, 1, sampler="gp"), r"sampler: expected one of .*, got 'gp'"),
        (lambda: tuning.search(bowl, PLANE, 1, direction="up"), r"direction: expected one of .*, got 'up'"),
        (lambda: tuning.search(bowl, PLANE, 1, sampler="grid"), r"points: expected .*, got None for 'grid'"),
        (lambda: tuning.search(bowl, PLANE, 1, points=3), r"points: expected .*, got 3 for 'random'"),
        (lambda: tuning.search(bowl, PLANE, 1, study="s"), r"study: expected an optuna.Study, .*, got str"),
        (lambda: tuning.search(bowl, PLANE, 1, prune_after=1), r"prune_after: expected an objective with a parameter"),
        (lambda: tuning.search(curve, PLANE, 1, prune_after=0), r"prune_after: expected a whole number, 1 or more"),
        (lambda: tuning.search(lambda v: None, PLANE, 1), r"objective: expected a number, got None"),
        (lambda: tuning.search(lambda v, report: report("a"), PLANE, 1), r"report: expected a number, got 'a'"),
        (lambda: tuning.coarse_to_fine(bowl, PLANE, 0), r"trials: expected a whole number"),
        (lambda: tuning.coarse_to_fine(bowl, PLANE, 2, rounds=0), r"rounds: expected a whole number"),
        (
            lambda: tuning.coarse_to_fine(bowl, PLANE, 2, shrink=1),
            r"shrink: expected a number above 0 and below 1",
        ),
        (lambda: tuning.coarse_to_fine(bowl, PLANE, 2, best=0), r"best: expected a whole number"),
        (lambda: tuning.table(tuning.search(bowl, PLANE, 1), top=0), r"top: expected a whole number, 1 or more, got 0"),
        (lambda: tuning.results(None), r"study: expected an optuna.Study, .*, got NoneType"),
        (lambda: tuning.importances(tuning.search(bowl, PLANE, 9)), r"study: expected at least 10 .*, got 9"),
        (lambda: tuning.importances(tuning.search(lambda v: 1, PLANE, 10)), r"study: expected values that differ"),
        (lambda: tuning.plot_search(tuning.search(bowl, PLANE, 2), "z"), r"x: expected one of \['x', 'y'\], got 'z'"),
        (lambda: tuning.plot_search(tuning.search(bowl, PLANE, 2), "x", "z"), r"y: expected one of"),
        (lambda: tuning.plot_search(tuning.search(lambda v: math.nan, PLANE, 2)), r"study: expected a finished trial"),
        (lambda: tuning.plot_learning_curves(tuning.search(bowl, PLANE, 2)), r"study: expected trials that report"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_shared_study_names_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path: expected a file in a folder that exists"):
        tuning.shared_study(tmp_path / "nowhere" / "study.journal")
    with pytest.raises(ValueError, match=r"direction: expected one of .*, got 'down'"):
        tuning.shared_study(tmp_path / "study.journal", direction="down")
    tuning.shared_study(tmp_path / "study.journal")
    with pytest.raises(ValueError, match=r"direction: expected that of the study, 'minimize', got 'maximize'"):
        tuning.shared_study(tmp_path / "study.journal", direction="maximize")


def test_a_study_of_several_objectives_is_refused():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["minimize", "maximize"])
    optuna.logging.set_verbosity(optuna.logging.INFO)
    with pytest.raises(ValueError, match=r"study: expected one objective, got 2"):
        tuning.results(study)


# Damaged journals


def damaged(lines, kind):
    inserted = {
        "garbage": b"garbage",
        "no event of Optuna's": b'{"op_code":99,"worker_id":"x"}',
        "an event without its parts": b'{"op_code":6,"worker_id":"x"}',
        "no UTF-8": b'{"op_code":\xff}',
        "a list": b"[1]",
        "nothing": b"",
        "zeros": b"\0\0",
    }
    return b"\n".join([*lines[:7], inserted[kind], *lines[7:]])


@pytest.mark.parametrize(
    "kind",
    ["garbage", "no event of Optuna's", "an event without its parts", "no UTF-8", "a list", "nothing", "zeros"],
)
def test_a_damaged_journal_is_refused_with_its_path_and_line(kind, tmp_path):
    path = tmp_path / "journal"
    tuning.search(bowl, PLANE, 3, study=tuning.shared_study(path))
    whole = path.read_bytes()
    path.write_bytes(damaged(whole.split(b"\n"), kind))
    with pytest.raises(ValueError, match=r"path: expected a journal of Optuna's, undamaged, got .*, whose line 8 is"):
        tuning.shared_study(path)
    path.write_bytes(whole)
    assert len(tuning.results(tuning.shared_study(path))) == 3


@pytest.mark.parametrize(("path", "message"), [(None, "the path of a file"), (".", "a file, got"), (3, "the path of")])
def test_what_is_no_file_is_no_journal(path, message):
    with pytest.raises(ValueError, match=f"path: expected {message}"):
        tuning.shared_study(path)


def test_draws_include_both_ends_and_nothing_beyond():
    np.testing.assert_allclose(tuning.linear_sample([0, 1], 2, 3), [2, 3])
    for draws, said in (([1.01], r"numbers in \[0, 1\], got"), ([[0.1], [0.1, 0.2]], "an array of real numbers, got")):
        with pytest.raises(ValueError, match=f"draws: expected {said}"):
            tuning.linear_sample(draws, 0, 1)
    with pytest.raises(ValueError, match="high: expected a number that is finite"):
        tuning.Linear(0, 10**400)
