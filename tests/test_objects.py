"""dlcourse.datasets.objects: every cut-out once, whole, before a photograph of the right side."""

import importlib

from dlcourse import datasets
from dlcourse.datasets import objects
from dlcourse.datasets.scenes import stock

import numpy as np
import pytest

MODULE = importlib.import_module("dlcourse.datasets.objects")  # its function of the same name hides it


@pytest.fixture(scope="module", params=["train", "test"])
def split(request):
    return request.param


def test_there_is_one_picture_for_each_cutout_in_the_same_order(split):
    some, cutouts = objects(split, size=64), datasets.cutouts(split)
    assert some.images.shape == (len(cutouts.images), 64, 64, 3) and some.images.dtype == np.uint8
    np.testing.assert_array_equal(some.labels, cutouts.labels)
    assert some.names == cutouts.names


def test_no_object_of_the_test_set_is_in_the_training_set():
    assert not set(objects("train", size=64).names) & set(objects("test", size=64).names)


def test_the_object_changes_the_photograph_and_leaves_its_border_as_it_was(split, monkeypatch):
    pasted = objects(split, size=96).images.astype(int)
    monkeypatch.setattr(MODULE, "over", lambda front, back: back)
    bare = objects(split, size=96).images.astype(int)
    assert (np.abs(pasted - bare).max(axis=(1, 2, 3)) > 30).all()
    for picture, photo in zip(pasted, bare, strict=True):
        border = np.r_[0:4, 92:96]  # the object takes 0.9 of 96 pixels at the most
        np.testing.assert_array_equal(picture[border], photo[border])
        np.testing.assert_array_equal(picture[:, border], photo[:, border])


def test_a_pasted_pixel_is_the_cutouts_where_it_is_opaque():
    pictures, cutouts = objects("test", size=160).images, datasets.cutouts("test").images
    i = next(i for i, c in enumerate(cutouts) if (c[..., 3] == 255).mean() > 0.7)
    height, width = cutouts[i].shape[:2]
    scale = 144 / max(height, width)
    rows, columns = (np.arange(round(scale * n)) for n in (height, width))
    nearest = cutouts[i][np.ix_((rows / scale).astype(int), (columns / scale).astype(int))]
    y, x = (160 - len(rows)) // 2, (160 - len(columns)) // 2
    there = pictures[i, y : y + len(rows), x : x + len(columns)]
    solid = nearest[..., 3] == 255
    got, expected = there[solid].astype(float), nearest[solid][:, :3].astype(float)
    assert np.abs(got.mean(axis=0) - expected.mean(axis=0)).max() < 2
    assert np.corrcoef(got.ravel(), expected.ravel())[0, 1] > 0.8  # the rest is resampling


def test_a_small_cutout_is_not_enlarged_by_more_than_half(monkeypatch):
    tiny = np.full((10, 20, 4), 255, np.uint8)
    monkeypatch.setattr(
        MODULE, "cutouts", lambda split: datasets.cutouts(split)._replace(images=[tiny], labels=[0], names=("dot",))
    )
    image = objects("train", size=64).images[0]
    white = (image == 255).all(axis=-1)
    assert white[25:39, 18:46].all() and white.sum() < 20 * 36


def test_the_photographs_behind_are_those_of_the_side_asked_for(monkeypatch):
    seen = []
    monkeypatch.setattr(MODULE, "stock", lambda root, side: seen.append(side) or stock(root, side))
    for arguments in ({"split": "train"}, {"split": "test"}, {"split": "test", "backgrounds": "train"}):
        objects(size=64, **arguments)
    assert seen == ["train", "test", "train"]


def test_a_seed_gives_the_same_bytes_and_another_one_other_backgrounds(split):
    first = objects(split, size=64, seed=3).images
    np.testing.assert_array_equal(first, objects(split, size=64, seed=3).images)
    assert all((a != b).any() for a, b in zip(first, objects(split, size=64, seed=4).images, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "dev"}, "^split: expected one of 'train', 'test', got 'dev'"),
        ({"backgrounds": "sky"}, "^backgrounds: expected .* got 'sky'"),
        ({"size": 63}, "^size: expected a whole number, .* got 63"),
        ({"size": 64.5}, "^size: expected a whole number, .* got 64.5"),
        ({"seed": -1}, "^seed: expected a whole number, .* got -1"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        objects(**arguments)
