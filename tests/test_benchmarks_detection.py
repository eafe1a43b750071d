"""benchmarks/detection.py: what is timed on both sides gives the same result. No time is judged here."""

from dlcourse.detection import yolo

import numpy as np
import pytest

SMALL = {"BOXES": 200, "KEPT": 20, "PAIRS": 30, "SIZES": 40, "ANCHORS": 3, "PICTURES": 10, "BATCH": 20, "GRID": (3, 2)}


@pytest.fixture
def benchmark(load_benchmark, monkeypatch):
    module = load_benchmark("detection")
    for name, value in SMALL.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "keras_hubs_layer", lambda: None)
    return module


def other_classes(raw, sizes):
    boxes, confidence, probabilities = yolo.decode(raw, sizes)
    return boxes, confidence, 2 * probabilities


@pytest.mark.parametrize(
    ("section", "side", "wrong", "message"),
    [
        ("suppression", "nms_in_numpy", lambda *given: np.arange(20), "the loop keeps other boxes"),
        ("overlaps", "iou_in_numpy", lambda a, b: np.zeros((30, 30)), "NumPy has other IoUs"),
        ("clusters", "kmeans_in_loops", lambda *given: np.ones((3, 2)), "the loops find other anchors"),
        ("labels", "best_of_vectors", lambda *given: (0, 1), "the loops over vectors give other labels"),
        ("labels", "best_of_numbers", lambda *given: (0, 1), "the loops over numbers give other labels"),
        ("answers", "decode_in_loops", other_classes, "the loops read other"),
        ("answers", "decode_in_numpy", other_classes, "NumPy reads other"),
        ("precisions", "map_by_pycocotools", lambda *given: 0.5, "pycocotools finds another mAP"),
    ],
)
def test_a_side_that_computes_something_else_is_not_timed(benchmark, monkeypatch, section, side, wrong, message):
    monkeypatch.setattr(benchmark, side, wrong)
    rounds = [1, 1] if section in ("suppression", "answers") else [1]
    with pytest.raises(AssertionError, match=message):
        list(getattr(benchmark, section)(*rounds))


def test_the_pictures_leave_something_to_find_wrong(benchmark):
    detections, truths = benchmark.random_pictures()
    assert len(truths) == 10 and 0.05 < benchmark.metrics.mean_average_precision(detections, truths) < 0.95


def test_among_the_labeled_pictures_are_one_without_objects_and_objects_that_claim_one_place(benchmark):
    found, classes, sizes = benchmark.labeled_pictures()
    labels = benchmark.yolo.encode(found, classes, benchmark.GRID, sizes, benchmark.KINDS)
    assert 0 in map(len, found) and 0 < labels[..., 4].sum() < sum(map(len, found))


def test_the_table_tells_whether_each_goal_was_reached(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark.timing, "take_turns", lambda functions, rounds: [0.5, 0.25][: len(functions)])
    benchmark.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert lines[1].split()[-5:] == ["2.00", "at", "most", "1.3:", "missed"]
    assert all(line.split()[-5:] == ["2.00", "at", "least", "1:", "reached"] for line in [*lines[2:5], lines[10]])
    assert lines[5].split()[-5:] == ["1.00", "at", "least", "20:", "missed"]
    assert lines[6].split()[-5:] == ["2.00", "at", "least", "3:", "missed"]
    assert lines[8].split()[-5:] == ["2.00", "at", "least", "10:", "missed"]
    assert lines[7].endswith("2.00") and lines[9].endswith("2.00")
