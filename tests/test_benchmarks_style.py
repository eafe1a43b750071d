"""benchmarks/style.py: both sides minimize the same cost. No time is judged here."""

import pytest


@pytest.fixture
def benchmark(load_benchmark, monkeypatch):
    module = load_benchmark("style")
    monkeypatch.setattr(module, "SIZE", 48)
    monkeypatch.setattr(module, "STEPS", (3, 2))
    return module


def test_both_sides_minimize_the_same_cost_and_the_table_tells_who_is_ahead(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "tutorial", lambda content, painting, goal, seconds: (seconds, goal < 0))
    benchmark.main()
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("48×32 to one cost, tutorial / ours (given up at 3×)")
    assert line.split()[-5:] == ["3.00", "at", "least", "2:", "reached"]


def test_another_cost_is_not_timed(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "VARIATION", 8.0)
    with pytest.raises(AssertionError, match="not the same cost"):
        benchmark.main()


def test_the_tutorial_comes_down_and_stops_at_the_goal(benchmark):
    content, painting = benchmark.pictures()
    start = benchmark.cost_of(benchmark.resized_to_fit(content), content, painting)
    seconds, reached = benchmark.tutorial(content, painting, 0.8 * start, 60)
    assert reached and seconds < 60
    assert benchmark.tutorial(content, painting, 0.0, 1.0)[1] is False
