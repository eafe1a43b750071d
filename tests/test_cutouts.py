"""dlcourse.datasets.cutouts: what lies in data/cutouts, and that its two splits share nothing."""

import csv

from dlcourse import _files
from dlcourse.datasets import CUTOUT_CLASSES, cutouts

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def splits():
    return {split: cutouts(split) for split in ("train", "test")}


@pytest.fixture(scope="module")
def table():
    with _files.verified("cutouts/cutouts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("split", "count"), [("train", 109), ("test", 46)])
def test_a_split_holds_as_many_pictures_as_the_docstring_says(splits, split, count):
    images, labels, names = splits[split]
    assert len(images) == len(labels) == len(names) == count
    assert f'"{split}"` ({count}' in cutouts.__doc__
    assert labels.dtype == np.int64


@pytest.mark.parametrize("split", ["train", "test"])
def test_pictures_have_alpha_no_empty_margin_and_at_most_192_pixels(splits, split):
    for image, name in zip(splits[split].images, splits[split].names, strict=True):
        assert image.dtype == np.uint8, name
        assert image.ndim == 3 and image.shape[2] == 4, name
        assert 30 <= max(image.shape[:2]) <= 192, name
        alpha = image[..., 3]
        for margin in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
            assert margin.any(), name
        assert 0.1 < (alpha > 127).mean() < 0.95, name  # an object, and not a whole rectangle
        assert not image[alpha == 0].any(), name


def test_no_object_lies_on_both_sides(splits):
    assert not set(splits["train"].names) & set(splits["test"].names)
    assert splits["train"].names.count("great blue heron") == 2  # two photographs, one side


def likeness(first, second):
    """0…1: how much two cut-outs agree in outline and in their light and dark, color and size apart."""
    return outlines(first, second) * max(0, float((first[0] * second[0]).sum()))


def outlines(first, second):
    return (first[1] & second[1]).sum() / (first[1] | second[1]).sum()


def small(image):
    pixels = np.asarray(Image.fromarray(image).convert("RGBa").resize((24, 24), Image.Resampling.BOX), float)
    inside = pixels[..., 3] > 64
    gray = np.where(inside, pixels[..., :3].mean(-1) / np.maximum(pixels[..., 3], 1), 0)
    gray = np.where(inside, gray - gray[inside].mean(), 0)
    return gray / np.linalg.norm(gray), inside


def test_no_picture_has_a_twin_or_a_mirrored_twin_on_the_other_side(splits):
    train = [small(image) for image in splits["train"].images]
    for image, name in zip(splits["test"].images, splits["test"].names, strict=True):
        closest = max(likeness(small(view), other) for view in (image, image[:, ::-1]) for other in train)
        assert closest < 0.9, name
    red, green = (i for i, n in zip(splits["test"].images, splits["test"].names, strict=True) if n == "apple")
    assert likeness(small(red), small(green[:, ::-1])) > 0.9  # one apple, recolored and mirrored: the measure sees it


def test_every_class_has_fifteen_objects_and_three_tenths_of_them_in_the_test_set(table):
    for name in CUTOUT_CLASSES:
        objects = {
            split: {r["object"] for r in table if (r["class"], r["split"]) == (name, split)}
            for split in ("train", "test")
        }
        total = len(objects["train"]) + len(objects["test"])
        assert total >= 15
        assert len(objects["test"]) / total == pytest.approx(0.3, abs=0.03)


def test_labels_are_the_tables_classes(splits, table):
    for split, (_, labels, names) in splits.items():
        rows = [row for row in table if row["split"] == split]
        assert [CUTOUT_CLASSES[label] for label in labels] == [row["class"] for row in rows]
        assert list(names) == [row["object"] for row in rows]


def test_table_and_folder_agree_and_every_row_names_source_author_and_licence(table):
    listed = [f"cutouts/{row['file']}" for row in table]
    assert len(set(listed)) == len(listed)
    assert sorted(listed) == [name for name in _files.names("cutouts") if name.endswith(".png")]
    folders = {
        "bird": ("animals/birds",),
        "mammal": ("animals/mammals", "animals/marsupials"),
        "fruit": ("food/fruit", "plants/trees/rambutan"),
        "flower": ("plants/flowers",),
        "vehicle": ("vehicles", "military/vehicles"),
    }
    licences = {"GPL-2.0-or-later", "GFDL-1.2", "CC-BY-2.5", "CC-BY-SA-2.5", "CC-BY-SA-3.0"}
    for row in table:
        assert row["file"].startswith(row["class"] + "/"), row
        assert row["source"].startswith(folders[row["class"]]), row
        assert row["source"].endswith(".png") and "cartoon" not in row["source"], row
        assert row["author"], row
        assert row["licence"] in licences, row
    for text in ("COPYRIGHT", "LICENSE.GPL-2", "LICENSE.GFDL-1.2"):
        assert f"cutouts/{text}" in _files.names("cutouts")


def test_an_unknown_split_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^split: expected one of 'train', 'test', got 'valid'"):
        cutouts("valid")
