"""benchmarks/conv.py: what is timed on both sides is the same convolution. No time is judged here."""

import numpy as np
import pytest


@pytest.fixture
def benchmark(load_benchmark, monkeypatch):
    module = load_benchmark("conv")
    monkeypatch.setattr(module, "SHAPE", (2, 6, 5, 3))
    monkeypatch.setattr(module, "FILTERS", 4)
    return module


def test_all_three_compute_the_same_convolution(benchmark):
    layer = benchmark.layer()
    ours = benchmark.by_hand(*layer)
    assert ours.shape == (2, 6, 5, 4) and benchmark.difference(ours, benchmark.in_loops(*layer)) < 1e-14
    forward, both = benchmark.by_tensorflow(*layer, "float64")
    assert benchmark.difference(ours, forward()) < 1e-14
    for mine, theirs in zip(benchmark.gradients(*layer), both(), strict=True):
        assert mine.shape == theirs.shape and benchmark.difference(mine, theirs) < 1e-13
    assert benchmark.difference(ours, 1.01 * benchmark.in_loops(*layer)) > 1e-3


def test_a_side_that_computes_something_else_is_not_timed(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "in_loops", lambda A, W, b: np.zeros((*A.shape[:3], W.shape[3])))
    with pytest.raises(AssertionError, match="the loops compute something else"):
        benchmark.main(rounds=1, loop_rounds=1)


def test_the_table_tells_whether_each_goal_was_reached(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark.timing, "take_turns", lambda functions, rounds: [0.5, 0.25][: len(functions)])
    benchmark.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[1].split()[-5:] == ["1.00", "at", "least", "100:", "missed"]
    assert lines[2].split()[-5:] == lines[4].split()[-5:] == ["2.00", "at", "most", "10:", "reached"]
    assert lines[3].split()[-1] == lines[5].split()[-1] == "2.00"
