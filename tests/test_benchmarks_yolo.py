"""benchmarks/yolo.py: its variants differ in what they say, and in nothing else. No score is judged here."""

import contextlib
import io

from dlcourse import datasets

import keras
import numpy as np
import pytest


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("yolo")


@pytest.fixture(scope="module")
def runs(benchmark):
    """What each training of a small benchmark was given, and the lines of the table."""
    given, table = [], io.StringIO()

    def scores(**options):
        given.append(options)
        return 0.25 + options["seed"] / 10, 0.125

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(table):
        patch.setattr(benchmark, "scores", scores)
        patch.setattr(benchmark, "BATCH", 2)
        benchmark.main(scenes=4, test_scenes=2, epochs=2, seeds=(3, 5))
    return given, table.getvalue().splitlines()


def test_a_variant_changes_one_thing_and_has_as_many_steps_and_both_seeds(runs):
    (usual, _, *others), (_, *lines) = runs
    changed = [{name for name in usual if each[name] is not usual[name]} - {"seed"} for each in others]
    mirror = {"x", "boxes", "classes", "epochs"}
    assert changed[::2] == changed[1::2] == [{"anchors"}, {"use"}, {"use"}, {"loss"}, mirror, {"x", "x_test"}]
    assert {each["epochs"] * len(each["boxes"]) for each in (usual, *others)} == {2 * 4}
    assert all([len(maps) for maps in each["x"]] == 2 * [len(each["classes"])] for each in (usual, *others))
    assert [each["seed"] for each in others] == [3, 5] * 6
    assert [line.split()[-4:] for line in lines] == [["0.650", "0.550", "0.750", "0.125"]] * 7


def test_the_trunks_see_the_same_scenes_and_neither_says_nothing(runs):
    (usual, *_, random), _ = runs
    for seen, noise in zip(usual["x"] + usual["x_test"], random["x"] + random["x_test"], strict=True):
        assert seen.shape == noise.shape and 0.3 < noise.std() < 3
        assert len(np.unique(noise, axis=0)) == len(noise)


def test_a_mirrored_box_is_the_tightest_around_the_mirrored_object(benchmark):
    scenes = datasets.scenes(5)
    images, boxes = benchmark.mirrored(scenes.images, scenes.boxes)
    np.testing.assert_array_equal(images[:, 3, 0], scenes.images[:, 3, -1])
    for instances, corners in zip(scenes.instances[:, :, ::-1], boxes, strict=True):
        for k, box in enumerate(corners):
            rows, columns = np.nonzero(instances == k + 1)
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_the_squares_are_their_formula_in_loops(benchmark):
    rng, cells = np.random.default_rng(0), [[1, 1], [2, 1]]
    boxes = [np.array([[0.1, 0.2, 0.5, 0.4], [0.6, 0.6, 0.7, 0.9]]), np.array([[0.2, 0.1, 0.9, 0.9]])]
    y = benchmark.yolo.encode(boxes, [[0, 1], [4]], (2, 3), cells, 5)
    z = rng.normal(size=y.shape).astype("float32")
    total = 0
    for place in np.argwhere(y[..., 4]):
        x, y_, w, h = z[tuple(place)][:4]
        answer = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(-y_)), w, h
        total += sum((a - b) ** 2 for a, b in zip(answer, y[tuple(place)], strict=False))
    rest = benchmark.yolo.YoloLoss(cells, coord_weight=0)(y, z)
    found = benchmark.squares(cells)(y, z.reshape(2, 2, 3, -1))
    assert float(found) - float(rest) == pytest.approx(total / 2, rel=1e-4)


def test_the_right_answers_score_nearly_1_and_scores_hands_them_to_the_training(benchmark, monkeypatch):
    class Head(keras.Model):  # the first map says which picture it is
        def predict_on_batch(self, maps):
            return self.answers[maps[0][:, 0, 0, 0].astype(int)]

    def learn_by_heart(head, x, y, loss, epochs):
        inside = np.clip(y[..., :2], 1e-6, 1 - 1e-6)
        logits = [np.log(inside / (1 - inside)), y[..., 2:4], 20 * y[..., 4:] - 10]
        head.answers = np.concatenate(logits, axis=-1).reshape(*y.shape[:3], -1)

    monkeypatch.setattr(benchmark.models, "yolo_head", lambda *given, **options: Head())
    monkeypatch.setattr(benchmark, "train", learn_by_heart)
    scenes = datasets.scenes(40)
    x = 2 * [np.broadcast_to(np.arange(40.0)[:, None, None, None], (40, 10, 10, 1))]
    given = {"boxes": scenes.boxes, "classes": scenes.classes, "loss": benchmark.generalized_iou, "epochs": 1}
    truths = list(zip(scenes.boxes, scenes.classes, strict=True))
    half, strict = benchmark.scores(x=x, x_test=x, truths=truths, anchors=4, use=None, seed=0, **given)
    assert 0.95 < strict <= half <= 1


def test_training_brings_the_loss_down(benchmark):
    rng, cells = np.random.default_rng(0), [[1, 1]]
    low = rng.uniform(0, 0.7, (64, 1, 2))
    boxes = np.concatenate([low, low + 0.3], axis=-1)
    y = benchmark.yolo.encode(list(boxes), rng.integers(0, 5, (64, 1)), (2, 2), cells, 5)
    x, loss = [y[..., 0, :], np.zeros((64, 1, 1, 1), "float32")], benchmark.squares(cells)
    keras.utils.set_random_seed(0)
    head = benchmark.models.yolo_head((2, 2, 10), (1, 1, 1), 1, 5)
    before = float(loss(y, head.predict_on_batch(x)))
    benchmark.train(head, x, y, loss, epochs=12)
    assert float(loss(y, head.predict_on_batch(x))) < before / 2
