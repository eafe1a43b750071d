"""The drawn faces: who is who, what changes and what stays."""

import csv

from dlcourse import _files, datasets

import numpy as np
import pytest


@pytest.fixture(scope="module")
def train():
    return datasets.peeps()


@pytest.fixture(scope="module")
def test():
    return datasets.peeps("test")


@pytest.fixture(scope="module")
def people():
    with _files.verified("peeps/people.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def by_person(split):
    """The pictures as (people, 12, 64, 64, 3)."""
    images, identities = split
    return np.stack([images[identities == who] for who in np.unique(identities)])


def test_ninety_people_train_and_thirty_others_test(train, test):
    for (images, identities), first, people in ((train, 0, 90), (test, 90, 30)):
        assert images.shape == (12 * people, 64, 64, 3)
        assert images.dtype == np.uint8
        assert identities.dtype == np.int64
        np.testing.assert_array_equal(identities, np.repeat(np.arange(first, first + people), 12))


def test_pictures_use_the_range_of_uint8(train, test):
    for images, _ in (train, test):
        assert images.min() == 0  # ink
        assert images.max() == 255  # white backgrounds
        assert (images.std(axis=(1, 2)) > 10).any(axis=1).all()  # none is blank


def test_no_picture_comes_twice(train, test):
    images = np.concatenate([train[0], test[0]])
    assert len({image.tobytes() for image in images}) == len(images) == 1440


def test_each_persons_pictures_vary_in_the_face_and_around_it(train, test):
    for split in (train, test):
        pictures = by_person(split).astype(float)
        for region in (pictures[:, :, 24:44, 26:46], pictures[:, :, :8, :6], pictures[:, :, 58:, 24:40]):
            assert (region.std(axis=1).mean(axis=(1, 2, 3)) > 10).all()  # face, background, clothes


def test_a_person_resembles_themselves_more_than_others(train, test):
    """Pixel by pixel, the nearest other picture shows the same person far more often than by chance (11 of 359)."""
    images, identities = test
    pixels = images.reshape(len(images), -1).astype(np.float64)
    squares = (pixels**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * pixels @ pixels.T
    np.fill_diagonal(distances, np.inf)
    hits = (identities[distances.argmin(axis=1)] == identities).mean()
    assert 0.5 < hits < 0.95  # enough to learn from, not enough to do without learning


def test_no_two_people_are_described_alike(people):
    traits = [(one["head"], one["facial_hair"], one["skin"], one["hair"]) for one in people]
    assert len(set(traits)) == len(traits) == 120


def test_the_descriptions_name_the_same_split(people, train, test):
    for name, (_, identities) in (("train", train), ("test", test)):
        assert [int(one["identity"]) for one in people if one["split"] == name] == sorted(set(identities.tolist()))


def test_both_splits_cover_every_tone_of_skin(people):
    for split in ("train", "test"):
        assert {one["skin"] for one in people if one["split"] == split} == {f"tone {n}" for n in range(1, 7)}


def test_no_two_people_look_alike_on_average(train, test):
    """The middle picture of a person, free of what changes, differs clearly from everybody else's."""
    middle = np.median(np.concatenate([by_person(train), by_person(test)]), axis=1)
    head = middle[:, 6:56, 12:54].reshape(len(middle), -1)
    apart = np.array([np.abs(head - other).mean(axis=1) for other in head])
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 6


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match=r"^split: expected one of 'train', 'test', got 'validation'"):
        datasets.peeps("validation")


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "peeps").mkdir()
    damaged = bytearray(_files.verified("peeps/peeps.npz").read_bytes())
    damaged[1000] ^= 1
    (tmp_path / "peeps" / "peeps.npz").write_bytes(damaged)
    (tmp_path / "SHA256SUMS").write_text((_files.data_root() / "SHA256SUMS").read_text(encoding="utf-8"))
    monkeypatch.setenv("DLCOURSE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"peeps\.npz is damaged"):
        datasets.peeps()
