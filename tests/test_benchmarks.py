"""benchmarks/: what is timed on both sides is the same computation. No time is judged here."""

from dlcourse.scratch import network
from dlcourse.scratch.gradcheck import gradient_check

import numpy as np
import pytest


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("scratch")


@pytest.fixture
def problem(benchmark):
    X, Y = benchmark.examples(150)
    return X, Y, network.initialize_parameters((784, 6, 5, 10), seed=1)


def test_an_epoch_by_hand_and_one_by_keras_end_with_the_same_weights(benchmark, problem):
    X, Y, parameters = problem
    by_hand, by_keras = benchmark.epochs(X, Y, parameters, "float64")
    ours, theirs = by_hand(), by_keras()
    assert [weight.shape for weight in ours] == [parameters[name].shape for name in parameters]
    for before, after, other in zip(parameters.values(), ours, theirs, strict=True):
        assert np.abs(after - before).max() > 1e-3  # both have moved, and to the same place
        assert np.abs(after - other).max() < 1e-5
    assert benchmark.epoch_difference(X, Y, parameters) < 1e-5


def test_another_order_of_the_examples_would_be_seen(benchmark, problem):
    X, Y, parameters = problem
    by_hand, _ = benchmark.epochs(X, Y, parameters, "float64")
    _, by_keras = benchmark.epochs(X[:, ::-1], Y[:, ::-1], parameters, "float64")
    assert max(np.abs(ours - theirs).max() for ours, theirs in zip(by_hand(), by_keras(), strict=True)) > 1e-4


def test_the_loops_give_the_gradient_of_the_vectorized_step(benchmark, problem):
    X, Y, parameters = problem
    X, Y = X[:, :3], Y[:, :3]
    for step in (benchmark.loop_over_examples, benchmark.loop_over_everything):
        assert benchmark.gradient_difference(step, X, Y, parameters) < 1e-12

    def forgets_the_mean(X, Y, parameters):
        return {name: 3 * grad for name, grad in benchmark.loop_over_everything(X, Y, parameters).items()}

    assert benchmark.gradient_difference(forgets_the_mean, X, Y, parameters) > 1e-3


def test_the_plain_loops_give_the_gradient_of_the_cost(benchmark):
    X, Y = np.random.default_rng(0).normal(size=(7, 3)), network.one_hot([2, 0, 2], 3)
    parameters = network.initialize_parameters((7, 4, 3), seed=1)

    def cost(parameters):
        AL, _ = network.forward_propagation(X, parameters, output="softmax")
        return network.compute_cost(AL, Y)

    assert gradient_check(cost, parameters, benchmark.loop_over_everything(X, Y, parameters)) < 1e-6


def test_take_turns_interleaves_the_functions_after_a_warm_up(benchmark):
    calls = []
    times = benchmark.timing.take_turns([lambda: calls.append("a"), lambda: calls.append("b")], rounds=3)
    assert calls == ["a", "b"] * 4
    assert len(times) == 2 and all(seconds >= 0 for seconds in times)


def test_the_table_tells_whether_each_goal_was_reached(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "LAYER_DIMS", (784, 4, 3, 10))
    monkeypatch.setattr(benchmark, "examples", lambda count=200, real=benchmark.examples: real(200))
    monkeypatch.setattr(benchmark.timing, "take_turns", lambda functions, rounds: [0.5, 0.25, 0.125][: len(functions)])
    benchmark.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[1].split()[-5:] == ["2.00", "at", "most", "2:", "reached"]
    assert "goal" not in lines[2] and "reached" not in lines[2] and "missed" not in lines[2]
    for line, goal in zip(lines[3:], ("25:", "500:"), strict=True):
        assert line.split()[-5:] == ["1.00", "at", "least", goal, "missed"]
