"""dlcourse.datasets.scenes: boxes and masks are exact, and the same seed gives the same bytes."""

import hashlib
import importlib
import subprocess
import sys

from dlcourse.datasets import CUTOUT_CLASSES, photo_names, scenes

import numpy as np
import pytest
from PIL import Image

MODULE = importlib.import_module("dlcourse.datasets.scenes")  # its function of the same name hides it


@pytest.fixture(scope="module", params=["train", "test"])
def some(request):
    return scenes(60, size=128, split=request.param, seed=11)


def test_shapes_and_dtypes_are_the_documented_ones(some):
    assert some.images.shape == (60, 128, 128, 3)
    assert some.semantic.shape == some.instances.shape == (60, 128, 128)
    assert some.images.dtype == some.semantic.dtype == some.instances.dtype == np.uint8
    assert len(some.boxes) == len(some.classes) == 60
    for boxes, classes in zip(some.boxes, some.classes, strict=True):
        assert boxes.dtype == np.float32 and boxes.shape == (len(classes), 4)
        assert classes.dtype == np.int64
        assert 1 <= len(classes) <= 4


def test_a_box_is_the_extent_of_its_instance_and_lies_inside(some):
    for boxes, instances in zip(some.boxes, some.instances, strict=True):
        assert instances.max() == len(boxes)
        for k, box in enumerate(boxes, start=1):  # a slow look at single pixels
            ys, xs = zip(*[(y, x) for y, x in np.ndindex(instances.shape) if instances[y, x] == k], strict=True)
            np.testing.assert_array_equal(box, [min(xs), min(ys), max(xs) + 1, max(ys) + 1])
        assert (boxes >= 0).all() and (boxes <= 128).all()


def test_the_semantic_mask_is_the_class_of_the_instance_everywhere(some):
    for semantic, instances, classes in zip(some.semantic, some.instances, some.classes, strict=True):
        assert set(np.unique(instances)) <= set(range(len(classes) + 1))
        assert not semantic[instances == 0].any()
        for k, label in enumerate(classes, start=1):
            assert (semantic[instances == k] == label + 1).all()


def test_masks_cover_what_differs_from_the_bare_background(monkeypatch):
    with_objects = scenes(8, size=96, seed=4)
    monkeypatch.setattr(MODULE, "over", lambda front, back: back)
    bare = scenes(8, size=96, seed=4)
    np.testing.assert_array_equal(bare.instances, with_objects.instances)
    changed = (bare.images != with_objects.images).any(axis=-1)
    assert changed[bare.instances > 0].mean() > 0.97  # a pixel may happen to have the background's color
    assert changed[bare.instances == 0].mean() < 0.1  # only soft edges, where an object covers half or less


def test_over_is_pillows_alpha_composite():
    rng = np.random.default_rng(0)
    for cutout in MODULE.stock(MODULE._files.data_root(), "test")[1][1][:5]:
        height, width = cutout.height, cutout.width
        back = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        front = np.asarray(cutout, np.float64)
        front[..., 3] /= 255
        ours = MODULE.over(front, back)
        pillows = Image.alpha_composite(Image.fromarray(back).convert("RGBA"), cutout.convert("RGBA"))
        np.testing.assert_allclose(ours, np.asarray(pillows)[..., :3], atol=2)  # Pillow rounds on the way


def test_over_hides_below_what_is_opaque_keeps_below_what_is_clear_and_halves_between():
    back = np.full((1, 3, 3), 100.0)
    front = np.array([[[200, 200, 200, 1], [0, 0, 0, 0], [100, 100, 100, 0.5]]], float)
    np.testing.assert_allclose(MODULE.over(front, back)[0, :, 0], [200, 100, 150])


def test_edges_are_free_of_fringes():
    """White on white stays white, wherever alpha lies between: no dark rim from the color of clear pixels."""
    white = np.zeros((60, 60, 4), np.uint8)
    white[20:40, 15:45] = 255  # around it: clear, and black
    group = [Image.fromarray(white).convert("RGBa")]
    rng = np.random.default_rng(3)
    for _ in range(10):
        front = MODULE._vary(rng, 128, group)
        assert (front[..., :3] <= 255 * front[..., 3:] + 1e-3).all()  # brightened, yet never brighter than white
        edge = (front[..., 3] > 0.05) & (front[..., 3] < 0.95)
        assert edge.any()
        shade = front[..., :3][edge] / (255 * front[..., 3:][edge])  # the color alone, without alpha
        inside = front[..., :3][front[..., 3] == 1].mean(axis=0) / 255
        assert np.abs(shade - inside).max() < 0.15  # whole numbers of small alphas are coarse


@pytest.mark.parametrize("max_objects", [1, 4, 12])
def test_every_object_shows_at_least_the_stated_share_of_itself(monkeypatch, max_objects):
    pasted = []
    compose = MODULE.over
    monkeypatch.setattr(MODULE, "over", lambda f, b: pasted.append((f[..., 3] > 0.5).sum()) or compose(f, b))
    result = scenes(25, size=96, seed=1, max_objects=max_objects)
    areas = iter(pasted)
    shares = [
        (result.instances[i] == k + 1).sum() / next(areas) for i in range(25) for k in range(len(result.boxes[i]))
    ]
    assert next(areas, None) is None
    assert min(shares) >= 0.4 and max(shares) <= 1
    assert max(map(len, result.classes)) <= max_objects
    assert (min(shares) < 1) == (max_objects > 1)  # they do overlap


def test_classes_and_numbers_of_objects_are_evenly_drawn():
    result = scenes(400, size=64, seed=2)
    counts = np.bincount(np.concatenate(result.classes), minlength=len(CUTOUT_CLASSES))
    assert counts.min() > 0.75 * counts.mean() and counts.max() < 1.25 * counts.mean()
    assert (np.bincount([len(c) for c in result.classes], minlength=5)[1:] > 60).all()


def digest(result):
    arrays = [result.images, result.semantic, result.instances, *result.boxes, *result.classes]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    here = digest(scenes(6, size=96, seed=5))
    code = "from dlcourse.datasets import scenes; from test_scenes import digest; print(digest(scenes(6, 96, seed=5)))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=__file__.rpartition("test_")[0]
    )
    assert run.stdout.strip() == here


def test_a_scene_depends_on_its_number_and_not_on_how_many_are_asked_for():
    few, many = scenes(5, size=96, seed=7), scenes(10, size=96, seed=7)
    np.testing.assert_array_equal(few.images, many.images[:5])
    np.testing.assert_array_equal(few.instances, many.instances[:5])
    for i in range(5):
        np.testing.assert_array_equal(few.boxes[i], many.boxes[i])
        np.testing.assert_array_equal(few.classes[i], many.classes[i])
    assert len({image.tobytes() for image in many.images}) == 10


@pytest.mark.parametrize("change", [{"seed": 1}, {"split": "test"}, {"max_objects": 3}])
def test_another_seed_split_or_number_of_objects_gives_other_scenes(change):
    first, second = scenes(4, size=96), scenes(4, size=96, **change)
    assert not any((a == b).all() for a, b in zip(first.images, second.images, strict=True))


def test_backgrounds_exist_and_the_splits_share_none():
    train, test = MODULE.BACKGROUNDS["train"], MODULE.BACKGROUNDS["test"]
    assert len(train) >= 3 and len(test) >= 2
    assert not set(train) & set(test)
    assert set(train) | set(test) <= set(photo_names())


def test_no_scenes_are_an_empty_answer_of_the_right_shape():
    none = scenes(0, size=64)
    assert none.images.shape == (0, 64, 64, 3)
    assert none.instances.shape == (0, 64, 64)
    assert none.boxes == none.classes == []


def test_the_smallest_scenes_hold_no_object_without_a_pixel():
    for boxes in scenes(200, size=64, seed=9, max_objects=8).boxes:
        assert (boxes[:, 2:] - boxes[:, :2] >= 1).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": -1}, r"^n: expected a whole number, 0 or more, got -1"),
        ({"n": 2.5}, r"^n: expected a whole number, .* got 2.5"),
        ({"n": 1, "size": 63}, r"^size: expected a whole number, 64 or more, got 63"),
        ({"n": 1, "seed": -3}, r"^seed: expected a whole number, 0 or more, got -3"),
        ({"n": 1, "max_objects": 0}, r"^max_objects: expected a whole number, 1 or more, got 0"),
        ({"n": 1, "max_objects": 256}, r"^max_objects: expected 255 or less, .* got 256"),
        ({"n": 1, "split": "valid"}, r"^split: expected one of 'train', 'test', got 'valid'"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        scenes(**arguments)
