"""benchmarks/faces.py: what is timed on both sides gives the same result. No time is judged here."""

import pytest


@pytest.fixture
def benchmark(load_benchmark, monkeypatch):
    module = load_benchmark("faces")
    monkeypatch.setattr(module, "GOALS", {12: 0.5})
    monkeypatch.setattr(module, "PICTURES", 3)
    return module


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ("semi_hard_by_masks", "the masks give another semi_hard loss"),
        ("batch_all_by_masks", "the masks give another batch_all loss"),
    ],
)
def test_a_side_that_computes_something_else_is_not_timed(benchmark, monkeypatch, side, message):
    right = getattr(benchmark, side)
    monkeypatch.setattr(benchmark, side, lambda *given: 1.1 * right(*given))
    with pytest.raises(AssertionError, match=message):
        list(benchmark.triplets(1, 12))


def test_of_the_random_triplets_some_are_active_and_some_are_not(benchmark):
    metric = benchmark.faces.ActiveTriplets(benchmark.MARGIN, "semi_hard")
    metric.update_state(benchmark.np.arange(12) // 3, benchmark.unit_vectors(12))
    assert 0.1 < float(metric.result()) < 0.9


def test_the_table_tells_whether_each_goal_was_reached(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark.timing, "take_turns", lambda functions, rounds: [0.5, 0.25])
    benchmark.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(line.split()[-5:] == ["2.00", "at", "least", "0.5:", "reached"] for line in lines[1:])
