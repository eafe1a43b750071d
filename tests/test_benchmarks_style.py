"""benchmarks/style.py: both sides minimize the same cost. No time is judged here."""

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture
def benchmark(load_benchmark, monkeypatch):
    module = load_benchmark("style")
    monkeypatch.setattr(module, "SIZE", 48)
    monkeypatch.setattr(module, "WAYS", {"coarse to fine": (3, 2), "one size": (2,)})
    return module


def test_both_sides_minimize_the_same_cost_and_the_table_tells_who_is_ahead(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "tutorial", lambda content, painting, goals, seconds, together: [1e-9, None])
    benchmark.main()
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split(" tutorial / ours")[0] for line in lines] == [
        "coarse to fine, usual",
        "one size, usual",
        "coarse to fine, thrifty",
        "one size, thrifty",
    ]
    assert lines[0].endswith("at least 2: missed")
    assert "(given up)" in lines[1] and lines[1].endswith("at least 2: reached")


def test_another_cost_is_not_timed(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "VARIATION", 8.0)
    with pytest.raises(AssertionError, match="not the same cost"):
        benchmark.main()


def test_both_tutorials_have_one_cost(benchmark):
    content, painting = benchmark.pictures()
    pixels = tf.constant(np.random.default_rng(0).uniform(size=(1, 32, 48, 3)), tf.float32)
    thrifty, usual = (float(benchmark.cost_function(content, painting, way)(pixels)) for way in (False, True))
    assert np.isclose(usual, thrifty, rtol=1e-4)


@pytest.mark.parametrize("together", [False, True])
def test_a_tutorial_comes_down_and_says_when_it_reached_a_goal(benchmark, together):
    content, painting = benchmark.pictures()
    start = benchmark.cost_of(benchmark.resized_to_fit(content), content, painting)
    sooner, later = benchmark.tutorial(content, painting, [0.9 * start, 0.8 * start], 60, together)
    assert 0 < sooner < later < 60


def test_a_tutorial_is_given_up(benchmark):
    assert benchmark.tutorial(*benchmark.pictures(), [0.0], 0.5, False) == [None]
