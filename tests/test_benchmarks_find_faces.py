"""benchmarks/find_faces.py: its frames show the face where they say, and its table counts. No share is judged here."""

from dlcourse import datasets

import numpy as np
import pytest

BLACK = np.zeros((2, 2, 3), np.uint8)


@pytest.fixture(scope="module")
def benchmark(load_benchmark):
    return load_benchmark("find_faces")


@pytest.mark.parametrize("share", [0.08, 0.3, 0.9])
@pytest.mark.parametrize("at", [(0, 0), (1, 1), (0.3, 0.6)])
def test_the_face_is_as_large_as_asked_and_where_the_box_says(benchmark, share, at):
    photo, face = np.full((100, 140, 3), 60, np.uint8), (30, 20, 70, 50)
    photo[20:50, 30:70] = 250
    picture, truth = benchmark.place(photo, face, share, 200, at, BLACK)
    assert picture.shape == (200, 200, 3) and picture.dtype == np.uint8
    assert truth[2] - truth[0] == pytest.approx(share * 200, rel=0.05, abs=1)
    rows, columns = np.nonzero(picture[..., 0] > 155)
    np.testing.assert_allclose([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], truth, atol=1.6)
    free = np.array([200 - 200 * share, 200 - 150 * share])
    np.testing.assert_allclose(truth[:2], free * at, atol=1.6)


def test_a_turned_picture_has_its_face_where_the_box_is(benchmark):
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[40:60, 120:140] = 255
    turned, truth = benchmark.turned(picture, np.array([120.0, 40, 140, 60]))
    rows, columns = np.nonzero(turned[..., 0] > 127)
    np.testing.assert_allclose([columns.mean() + 0.5, rows.mean() + 0.5], (truth[:2] + truth[2:]) / 2, atol=0.6)


def test_a_backlit_face_is_dark_before_a_bright_background(benchmark):
    picture = np.full((100, 100, 3), 100, np.uint8)
    found, _ = benchmark.backlit(picture, np.array([40.0, 40, 60, 60]))
    assert found[50, 50, 0] == 30 and found[5, 5, 0] > 200


def test_places_and_backgrounds_that_were_chosen_on_are_not_those_of_the_table(benchmark):
    chosen, held_out = benchmark.BACKGROUNDS.values()
    assert not set(chosen) & set(held_out)
    first, second = (
        next(iter(benchmark.framings(("astronaut",), (0.3,), (96,), part=part))) for part in benchmark.SEEDS
    )
    assert np.abs(first.truth - second.truth).max() > 2


def test_a_box_that_misses_is_a_false_face_and_so_is_a_second_one(benchmark):
    truth = np.array([10.0, 10, 30, 30])
    assert benchmark.judge(np.zeros((0, 4)), truth) == (False, 0)
    assert benchmark.judge(np.array([[11.0, 10, 31, 30], [60, 60, 80, 80]]), truth) == (True, 1)
    assert benchmark.judge(np.array([[25.0, 25, 45, 45]]), truth) == (False, 1)


def test_the_table_says_how_many_were_found_before_and_after(benchmark, monkeypatch, capsys):
    framed = list(benchmark.framings(("astronaut",), (0.3, 0.5), (96, 240)))
    truths = {each.picture.tobytes(): each.truth for each in framed}
    finders = {
        "nothing": lambda picture: np.zeros((0, 4)),
        "all": lambda picture: truths.get(picture.tobytes(), np.zeros(4)).reshape(-1, 4)[: picture.tobytes() in truths],
    }
    found = {name: each.tolist() for name, (each, _) in benchmark.measure(framed, finders).items()}
    assert found == {"nothing": [False] * 24, "all": [True] * 24}
    half = benchmark.share_by_size(framed, [each.size == 96 for each in framed], (0.3, 0.5), (96, 240))
    np.testing.assert_array_equal(half, [[1, 0], [1, 0]])
    monkeypatch.setattr(benchmark, "FINDERS", finders)
    monkeypatch.setattr(benchmark.timing, "take_turns", lambda functions, rounds: [1.0, 4.0])
    benchmark.main(("astronaut",), (0.3, 0.5), (96, 240))
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["0.30", *["0.00", "/", "1.00"] * 2]
    assert "reached" in "".join(line for line in lines if "0.95" in line)
    assert lines[-1].split()[-5:] == ["at", "most", "3:", "missed"] or lines[-1].endswith("missed")


def test_photographs_without_a_face_are_all_the_others(benchmark):
    shown = {*benchmark.PHOTOS, *benchmark.FROM_THE_SIDE}
    assert set(benchmark.WITHOUT) | shown == set(datasets.photo_names())


def test_the_plain_steps_find_what_the_net_alone_finds(benchmark):
    photo = datasets.photo("grace_hopper")
    assert benchmark.iou(benchmark.in_plain_steps(photo), benchmark.find_faces(photo, scales=1)[1]).min() > 0.97
