"""Region proposals cover the objects, and R-CNN in small classifies each box on its own."""

from dlcourse import datasets
from dlcourse.detection import proposals
from dlcourse.detection.proposals import classify_regions, region_proposals

import keras
import numpy as np
import pytest
from keras import layers


def picture(height=60, width=80):
    """Three flat rectangles on a flat background: (image, their boxes)."""
    image = np.full((height, width, 3), (40, 90, 40), np.uint8)
    boxes = np.array([(5, 8, 25, 30), (40, 10, 70, 28), (30, 35, 60, 55)])
    for (x_min, y_min, x_max, y_max), colour in zip(boxes, ((250, 30, 30), (30, 30, 250), (240, 240, 60)), strict=True):
        image[y_min:y_max, x_min:x_max] = colour
    return image, boxes


def iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def mean_colour():
    """A "classifier" whose scores are the mean of each colour channel."""
    return keras.Sequential([keras.Input((6, 9, 3)), layers.GlobalAveragePooling2D()])


# Proposals


def test_flat_objects_are_proposed():
    image, boxes = picture()
    found = region_proposals(image)
    assert all(max(iou(box, each) for each in found) > 0.85 for box in boxes)


def test_nine_in_ten_objects_of_scenes_are_proposed():
    scenes = datasets.scenes(8, split="test", seed=1)
    best = [
        max(iou(box, each) for each in region_proposals(image))
        for image, boxes in zip(scenes.images, scenes.boxes, strict=True)
        for box in boxes
    ]
    assert np.mean(np.array(best) >= 0.5) >= 0.9


def test_proposals_are_boxes_within_the_picture_no_two_alike_the_whole_one_first():
    image = datasets.scenes(1, seed=3).images[0, :120]
    found = region_proposals(image, 1000)
    assert found.dtype == np.float32 and found.shape[1] == 4
    assert len(np.unique(found, axis=0)) == len(found) > 50
    assert (found[:, :2] >= 0).all() and (found[:, 2:] <= (160, 120)).all() and (found[:, :2] < found[:, 2:]).all()
    np.testing.assert_array_equal(found[0], (0, 0, 160, 120))
    assert (np.diff(np.prod(found[:, 2:] - found[:, :2], axis=1)) <= 0).all()


def test_fewer_proposals_are_the_first_of_more_and_always_the_same():
    image = datasets.scenes(1, seed=3).images[0]
    np.testing.assert_array_equal(region_proposals(image, 20), region_proposals(image, 60)[:20])


def test_each_scale_adds_its_own_boxes():
    image = datasets.scenes(1, seed=3).images[0]
    one, other, both = (set(map(tuple, region_proposals(image, 10**6, scales=k))) for k in (60, 300, (60, 300)))
    assert both == one | other and one - other and other - one


def test_a_picture_of_one_colour_has_one_proposal():
    np.testing.assert_array_equal(region_proposals(np.full((30, 50, 3), 7, np.uint8)), [(0, 0, 50, 30)])


def test_n_superpixels_make_n_minus_one_unions_and_each_merger_is_of_the_two_neighbours_most_alike():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (12, 15, 3)).astype(np.uint8)
    labels = np.kron(np.arange(20).reshape(4, 5), np.ones((3, 3), int))
    found = list(proposals._merged(image, labels))

    def box_of(mask):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1

    masks = {k: labels == k for k in range(20)}  # the slow way: masks, and everything counted anew
    expected = [box_of(mask) for mask in masks.values()]

    def touch(a, b):
        return (
            (a[1:] & b[:-1]).any()
            or (a[:-1] & b[1:]).any()
            or (a[:, 1:] & b[:, :-1]).any()
            or (a[:, :-1] & b[:, 1:]).any()
        )

    def alike(a, b):
        histograms = [
            np.concatenate([np.histogram(image[mask][:, c], 8, (0, 256))[0] for c in range(3)]) / (3 * mask.sum())
            for mask in (a, b)
        ]
        (x_min, y_min, x_max, y_max), both = box_of(a | b), (a | b).sum()
        box = (x_max - x_min) * (y_max - y_min)
        return np.minimum(*histograms).sum() + 1 - both / labels.size + 1 - (box - both) / labels.size

    while len(masks) > 1:
        pairs = [(i, j) for i in masks for j in masks if i < j and touch(masks[i], masks[j])]
        i, j = max(pairs, key=lambda pair: alike(masks[pair[0]], masks[pair[1]]))
        masks[len(expected)] = masks.pop(i) | masks.pop(j)
        expected.append(box_of(masks[len(expected)]))
    assert found == expected and len(found) == 2 * 20 - 1


# R-CNN in small


def test_each_region_is_classified_as_if_it_were_cut_out_by_hand():
    image, boxes = picture()
    scores = classify_regions(image, boxes, mean_colour(), (6, 9))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, ((250, 30, 30), (30, 30, 250), (240, 240, 60)), atol=1e-3)


def test_a_region_of_the_models_own_size_is_not_changed():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    model = keras.Sequential([keras.Input((6, 9, 3)), layers.Flatten()])
    found = classify_regions(image, [(4, 5, 13, 11)], model, (6, 9))
    np.testing.assert_array_equal(found.reshape(6, 9, 3), image[5:11, 4:13])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 50])
def test_the_batch_size_changes_nothing(batch_size):
    image, boxes = picture()
    found = classify_regions(image, boxes, mean_colour(), (6, 9), batch_size)
    np.testing.assert_allclose(found, classify_regions(image, boxes, mean_colour(), (6, 9)), rtol=1e-6)


def test_what_sticks_out_of_the_picture_is_cut_off():
    image, _ = picture()
    out, within = [(-9, -9, 30, 20), (60, 40, 99, 99)], [(0, 0, 30, 20), (60, 40, 80, 60)]
    found = [classify_regions(image, boxes, mean_colour(), (6, 9)) for boxes in (out, within)]
    np.testing.assert_array_equal(*found)


def test_no_boxes_have_no_scores():
    assert classify_regions(picture()[0], np.zeros((0, 4)), mean_colour(), (6, 9)).shape == (0, 3)
    assert classify_regions(picture()[0], [], mean_colour(), (6, 9)).shape == (0, 3)


# Bad input


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (np.zeros((9, 9, 3)), {}, "image: expected uint8, shape .* got float64"),
        (
            np.zeros((9, 9), np.uint8),
            {},
            r"image: expected uint8, shape .* got uint8 of \(9, 9\)",
        ),
        (np.zeros((0, 9, 3), np.uint8), {}, "image: expected"),
        (picture()[0], {"max_proposals": 0}, "max_proposals: expected a whole number, 1 or more, got 0"),
        (picture()[0], {"scales": ()}, r"scales: expected one or more numbers above 0, got \[\]"),
        (picture()[0], {"scales": (50, 0)}, "scales: expected one or more numbers above 0"),
        (picture()[0], {"min_size": 0}, "min_size: expected a whole number, 1 or more, got 0"),
    ],
)
def test_proposals_refuse(image, options, message):
    with pytest.raises(ValueError, match=message):
        region_proposals(image, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"boxes": [(5, 0, 4, 9)]}, "boxes: expected .*x_min ≤ x_max"),
        ({"boxes": [(0, 0, np.nan, 9)]}, "boxes: expected finite numbers"),
        ({"boxes": [(90, 0, 99, 9)]}, "boxes: expected an area within 80×60"),
        ({"boxes": [(4, 4, 4, 9)]}, "boxes: expected an area within 80×60"),
        ({"model": "net"}, "model: expected a Keras model .* got 'net'"),
        ({"size": 0}, "size: expected a whole number, 1 or more, got 0"),
        ({"batch_size": 0}, "batch_size: expected a whole number, 1 or more, got 0"),
    ],
)
def test_classify_regions_refuses(options, message):
    image, boxes = picture()
    with pytest.raises(ValueError, match=message):
        classify_regions(**{"image": image, "boxes": boxes, "model": mean_colour(), "size": (6, 9), **options})
