"""benchmarks/detection.py: what is timed on both sides gives the same result. No time is judged here."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).resolve().parent.parent / "benchmarks" / "detection.py"


@pytest.fixture
def benchmark(monkeypatch):
    spec = importlib.util.spec_from_file_location("benchmark_of_detection", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in {"BOXES": 200, "KEPT": 20, "PAIRS": 30, "SIZES": 40, "ANCHORS": 3, "PICTURES": 10}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "keras_hubs_layer", lambda: None)
    return module


@pytest.mark.parametrize(
    ("section", "side", "wrong", "message"),
    [
        ("suppression", "nms_in_numpy", lambda *given: np.arange(20), "the loop keeps other boxes"),
        ("overlaps", "iou_in_numpy", lambda a, b: np.zeros((30, 30)), "NumPy has other IoUs"),
        ("clusters", "kmeans_in_loops", lambda *given: np.ones((3, 2)), "the loops find other anchors"),
        ("precisions", "map_by_pycocotools", lambda *given: 0.5, "pycocotools finds another mAP"),
    ],
)
def test_a_side_that_computes_something_else_is_not_timed(benchmark, monkeypatch, section, side, wrong, message):
    monkeypatch.setattr(benchmark, side, wrong)
    rounds = [1, 1] if section == "suppression" else [1]
    with pytest.raises(AssertionError, match=message):
        list(getattr(benchmark, section)(*rounds))


def test_the_pictures_leave_something_to_find_wrong(benchmark):
    detections, truths = benchmark.random_pictures()
    assert len(truths) == 10 and 0.05 < benchmark.metrics.mean_average_precision(detections, truths) < 0.95


def test_the_table_tells_whether_each_goal_was_reached(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark.timing, "take_turns", lambda functions, rounds: [0.5, 0.25][: len(functions)])
    benchmark.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    assert lines[1].split()[-5:] == ["2.00", "at", "most", "1.3:", "missed"]
    assert all(line.split()[-5:] == ["2.00", "at", "least", "1:", "reached"] for line in [*lines[2:5], lines[6]])
    assert lines[5].split()[-5:] == ["1.00", "at", "least", "20:", "missed"]
