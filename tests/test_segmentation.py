"""Segmentation: measures and losses as others compute them, picture and mask stay together, objects keep apart."""

from dlcourse import augment, datasets, segmentation
from dlcourse.plots import PALETTE

import keras
import numpy as np
import pytest
from keras import ops
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight


def maps(*shape, classes=5, seed=0):
    return np.random.default_rng(seed).integers(0, classes, shape).astype(np.uint8)


def probabilities(*shape, seed=0):
    values = np.random.default_rng(seed).random(shape).astype(np.float32)
    return values / values.sum(axis=-1, keepdims=True)


def pixel(*rgb):
    return np.array(rgb, np.uint8)


# Measures


@pytest.mark.parametrize("classes", [2, 5, 23])
def test_iou_of_each_class_is_scikit_learns(classes):
    y_true, y_pred = maps(3, 20, 30, classes=classes), maps(3, 20, 30, classes=classes, seed=1)
    expected = metrics.jaccard_score(y_true.ravel(), y_pred.ravel(), average=None, labels=range(classes))
    np.testing.assert_allclose(segmentation.class_iou(y_true, y_pred, classes), expected, rtol=1e-12)


@pytest.mark.parametrize("occurring", [5, 3])
def test_mean_iou_is_kerass_also_when_classes_are_absent(occurring):
    y_true, y_pred = maps(3, 20, 30, classes=occurring), maps(3, 20, 30, classes=2, seed=1)
    keras_metric = keras.metrics.MeanIoU(5)
    keras_metric.update_state(y_true, y_pred)
    assert segmentation.mean_iou(y_true, y_pred, 5) == pytest.approx(float(keras_metric.result()), rel=1e-6)


def test_a_class_in_neither_is_nan_and_a_class_in_one_is_zero():
    ious = segmentation.class_iou(np.array([0, 0, 1]), np.array([0, 2, 2]), 4)
    np.testing.assert_array_equal(ious, [0.5, 0, 0, np.nan])
    assert segmentation.mean_iou(np.array([0, 0, 1]), np.array([0, 2, 2]), 4) == pytest.approx(0.5 / 3)


def test_dice_is_scikit_learns_f1_and_follows_from_the_iou():
    y_true, y_pred = maps(20, 30, classes=2), maps(20, 30, classes=2, seed=1)
    found = segmentation.dice(y_true == 1, y_pred)
    assert found == pytest.approx(metrics.f1_score(y_true.ravel(), y_pred.ravel()))
    iou = segmentation.class_iou(y_true, y_pred, 2)[1]
    assert found == pytest.approx(2 * iou / (1 + iou))


def test_measures_of_a_mask_with_itself_are_1_and_do_not_mind_the_order():
    one, other = maps(9, 9, classes=3), maps(9, 9, classes=3, seed=1)
    assert segmentation.mean_iou(one, one, 3) == 1 == segmentation.dice(one > 0, one > 0)
    assert segmentation.mean_iou(one, other, 3) == segmentation.mean_iou(other, one, 3)
    assert segmentation.dice(one > 0, other > 0) == segmentation.dice(other > 0, one > 0)


def test_without_pixels_there_is_no_measure():
    nothing = np.zeros((0, 8, 8), int)
    assert (
        np.isnan(segmentation.mean_iou(nothing, nothing, 3))
        and np.isnan(segmentation.class_iou(nothing, nothing, 3)).all()
    )
    assert np.isnan(segmentation.dice(np.zeros((4, 4), bool), np.zeros((4, 4), bool)))


# Losses


def test_weighted_crossentropy_is_kerass_with_sample_weights():
    y_true, y_pred, weights = maps(2, 6, 7, classes=3), probabilities(2, 6, 7, 3), np.array([0.2, 1, 3], np.float32)
    expected = keras.losses.SparseCategoricalCrossentropy()(y_true, y_pred, sample_weight=weights[y_true])
    for labels in (y_true, y_true[..., None]):
        assert float(segmentation.WeightedCrossentropy(weights)(labels, y_pred)) == pytest.approx(
            float(expected), rel=1e-5
        )


def test_weighted_crossentropy_is_the_mean_of_weight_times_minus_log():
    y_true, y_pred, weights = maps(2, 3, 4, classes=3), probabilities(2, 3, 4, 3), [0.5, 0, 2]
    losses = [-weights[k] * np.log(p[k]) for k, p in zip(y_true.ravel(), y_pred.reshape(-1, 3), strict=True)]
    assert float(segmentation.WeightedCrossentropy(weights)(y_true, y_pred)) == pytest.approx(np.mean(losses), rel=1e-5)


def test_class_weights_are_scikit_learns_balanced_ones_and_0_for_an_absent_class():
    masks = np.append(maps(500, classes=3), np.zeros(300, np.uint8))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=masks)
    np.testing.assert_allclose(segmentation.class_weights(masks, 4), [*expected, 0], rtol=1e-6)
    assert segmentation.class_weights(masks, 4)[masks].mean() == pytest.approx(1, rel=1e-5)


def test_dice_loss_is_kerass_over_all_pixels_of_a_class():
    y_true, y_pred = maps(2, 6, 7, classes=3), probabilities(2, 6, 7, 3)
    expected = keras.losses.Dice(axis=(0, 1, 2))(ops.one_hot(y_true, 3), y_pred)
    for labels in (y_true, y_true[..., None]):
        assert float(segmentation.DiceLoss()(labels, y_pred)) == pytest.approx(float(expected), rel=1e-5)


def test_dice_loss_of_whole_masks_is_1_minus_the_mean_dice_of_the_classes_that_occur():
    y_true, y_pred = maps(2, 6, 7, classes=2), maps(2, 6, 7, classes=3, seed=1)
    expected = 1 - np.mean([segmentation.dice(y_true == k, y_pred == k) for k in (0, 1)])
    assert float(segmentation.DiceLoss()(y_true, np.eye(3, dtype="float32")[y_pred])) == pytest.approx(
        expected, rel=1e-5
    )
    assert float(segmentation.DiceLoss()(y_true, np.eye(3, dtype="float32")[y_true])) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", [segmentation.DiceLoss(), segmentation.WeightedCrossentropy([1, 3, 1])])
def test_a_model_learns_with_the_loss_and_comes_back_from_its_file_with_it(loss, tmp_path):
    keras.utils.set_random_seed(0)
    masks = maps(4, 8, 8, classes=3)
    images = (masks[..., None] * 100).astype("float32")
    layers = [keras.layers.Rescaling(1 / 100), keras.layers.Conv2D(8, 1, activation="tanh")]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Conv2D(3, 1, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.05), loss)
    steps = [float(model.train_on_batch(images, masks)) for _ in range(60)]
    assert steps[-1] < steps[0] / 4
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.loss) is type(loss)
    assert float(again.loss(masks, again(images))) == pytest.approx(float(loss(masks, model(images))), rel=1e-5)


# Picture and mask together


def paired(m=6, height=20, width=26):
    """Pictures whose grey value is ten times the class, blocks of 4×4 pixels."""
    blocks = maps(m, (height + 3) // 4, (width + 3) // 4, classes=5)
    masks = blocks.repeat(4, axis=1).repeat(4, axis=2)[:, :height, :width]
    return (masks[..., None] * 10).astype(np.uint8), masks


def test_without_a_turn_or_a_window_each_is_as_it_was_or_mirrored_with_its_mask():
    images, masks = paired(40)
    new_images, new_masks = segmentation.augment(images, masks, seed=1)
    mirrored = [not np.array_equal(a, b) for a, b in zip(images, new_images, strict=True)]
    assert 8 < sum(mirrored) < 32
    for i, is_mirrored in enumerate(mirrored):
        step = -1 if is_mirrored else 1
        np.testing.assert_array_equal(new_images[i], images[i, :, ::step])
        np.testing.assert_array_equal(new_masks[i], masks[i, :, ::step])
    assert new_images.dtype == images.dtype and new_masks.dtype == masks.dtype


@pytest.mark.parametrize("size", [8, (8, 11), (20, 26), (20, 3)])
def test_a_window_is_cut_out_of_picture_and_mask_at_the_same_place(size):
    images = np.arange(20 * 26, dtype=np.float32).reshape(1, 20, 26, 1).repeat(5, axis=0) / 4
    masks = np.arange(20 * 26).reshape(1, 20, 26).repeat(5, axis=0)
    new_images, new_masks = segmentation.augment(images, masks, 2, size=size)
    height, width = size if isinstance(size, tuple) else (size, size)
    assert new_images.shape == (5, height, width, 1)
    np.testing.assert_array_equal(4 * new_images[..., 0], new_masks)
    for mask in new_masks:
        mask = mask[:, ::-1] if mask[0, 0] > mask[0, -1] else mask
        y, x = divmod(int(mask[0, 0]), 26)
        np.testing.assert_array_equal(mask, masks[0, y : y + height, x : x + width])


def test_windows_come_from_all_places():
    masks = np.arange(9).reshape(1, 3, 3).repeat(300, axis=0)
    _, found = segmentation.augment(np.zeros((300, 3, 3, 1), np.uint8), masks, 0, size=1)
    assert set(found.ravel()) == set(range(9))


def test_turned_pictures_and_masks_stay_together_and_no_class_is_invented():
    images, masks = paired(6, 64, 64)
    masks = np.where(masks == 2, 4, masks)  # between 1 and 3, 2 would be easily invented
    images = (masks[..., None] * 10).astype(np.uint8)
    new_images, new_masks = segmentation.augment(images, masks, seed=3, size=40, degrees=180)
    assert set(np.unique(new_masks)) <= {0, 1, 3, 4}
    assert np.mean(np.abs(new_images[..., 0].astype(int) - 10 * new_masks.astype(int)) <= 5) > 0.8  # the rest: edges
    assert (new_masks != segmentation.augment(images, masks, seed=3, size=40)[1]).mean() > 0.3


@pytest.mark.parametrize("seed", range(4))
def test_a_turn_is_that_of_augment_rotate_by_some_angle_up_to_the_limit(seed):
    images = augment.warp(paired(1, 31, 31)[0], 2, seed=0)
    found, _ = segmentation.augment(images, np.zeros((1, 31, 31), int), seed, degrees=30)
    angles = np.arange(-60, 61, 0.5)
    turned = augment.rotate(images.repeat(len(angles), axis=0), angles)
    errors = np.minimum(*(np.abs(turned[:, :, ::side] - found.astype(float)).mean(axis=(1, 2, 3)) for side in (1, -1)))
    assert errors.min() < 0.2 < np.median(errors) / 10 and abs(angles[errors.argmin()]) <= 30


def test_the_seed_fixes_the_changes():
    images, masks = paired()
    draws = [segmentation.augment(images, masks, seed, size=12, degrees=20)[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_crops_of_one_picture_need_no_copies_and_no_pictures_give_none():
    image, mask = maps(30, 30, 3), maps(30, 30)
    many = np.broadcast_to(image, (50, 30, 30, 3)), np.broadcast_to(mask, (50, 30, 30))
    images, masks = segmentation.augment(*many, 0, size=8)
    assert images.shape == (50, 8, 8, 3) and len(np.unique(masks, axis=0)) > 40
    images, masks = segmentation.augment(np.zeros((0, 9, 9, 3), np.uint8), np.zeros((0, 9, 9), int), 0, size=4)
    assert images.shape == (0, 4, 4, 3) and masks.shape == (0, 4, 4)


# Objects


def test_true_boxes_and_true_classes_give_nearly_the_true_instances():
    scenes = datasets.scenes(30, split="test", seed=2)
    ious = []
    for semantic, truth, boxes, classes in zip(
        scenes.semantic, scenes.instances, scenes.boxes, scenes.classes, strict=True
    ):
        for k, mask in enumerate(segmentation.instances(semantic, boxes, classes)):
            ious.append(segmentation.class_iou(truth == k + 1, mask, 2)[1])
    assert np.mean(ious) > 0.95 and np.median(ious) == 1


def test_a_pixel_belongs_to_a_box_if_its_middle_lies_inside_and_its_class_is_the_boxs():
    semantic = np.full((4, 5), 3)
    semantic[0, 1] = 1
    inner, beyond = segmentation.instances(semantic, [(1.5, 0.5, 3.5, 2.5), (-3, -3, 0.6, 0.6)], [2, 2])
    np.testing.assert_array_equal(np.argwhere(inner), [(0, 2), (1, 1), (1, 2)])  # 0.5 and 1.5 lie inside, 2.5 not
    np.testing.assert_array_equal(np.argwhere(beyond), [(0, 0)])


def test_a_pixel_that_two_boxes_claim_goes_to_the_smaller_or_else_to_the_first():
    semantic = np.ones((4, 6), int)
    large, small = segmentation.instances(semantic, [(0, 0, 4, 4), (3, 0, 6, 3)], [0, 0])
    assert small.sum() == 9 and large.sum() == 16 - 3 and not (small & large).any()
    first, second = segmentation.instances(semantic, [(0, 0, 4, 4), (2, 0, 6, 4)], [0, 0])
    assert first.sum() == 16 and second.sum() == 8
    bird, fruit = segmentation.instances(semantic, [(0, 0, 4, 4), (3, 0, 6, 3)], [0, 1])
    assert bird.sum() == 16 and fruit.sum() == 0


def test_no_boxes_have_no_instances():
    assert segmentation.instances(np.zeros((4, 6), int), [], []).shape == (0, 4, 6)
    assert segmentation.instances(np.zeros((4, 6), int), np.zeros((0, 4)), np.zeros(0, int)).shape == (0, 4, 6)


@pytest.mark.parametrize("mean", [7, pixel(1, 2, 3), maps(6, 8, 3, classes=200, seed=5)])
def test_outside_of_the_object_stands_the_mean(mean):
    image, mask = maps(6, 8, 3, classes=200), maps(6, 8, classes=2) == 1
    found = segmentation.mask_out(image, (2, 1, 7, 5), mask, mean)
    assert found.dtype == np.uint8 and found.shape == (4, 5, 3)
    means = np.broadcast_to(mean, image.shape)
    for y in range(4):
        for x in range(5):
            source = image if mask[y + 1, x + 2] else means
            np.testing.assert_array_equal(found[y, x], source[y + 1, x + 2])


def test_a_box_keeps_every_pixel_that_it_touches_within_the_picture():
    image, mask = maps(6, 8, 3), np.ones((6, 8), bool)
    np.testing.assert_array_equal(segmentation.mask_out(image, (2.6, -3, 4.2, 1.1), mask, 0), image[:2, 2:5])


def test_overlay_mixes_the_colour_of_each_class_into_the_picture():
    image, mask = np.full((9, 9, 3), 100, np.uint8), np.zeros((9, 9), int)
    mask[:, 5:] = 2
    found = segmentation.overlay(image, mask, 0.25)
    sky = np.array([int(PALETTE.sky[i : i + 2], 16) for i in (1, 3, 5)])
    np.testing.assert_array_equal(found[4, 0], (100, 100, 100))
    assert np.abs(found[4, 7] - (0.75 * 100 + 0.25 * sky)).max() <= 1
    np.testing.assert_array_equal(found[4, 5], sky)  # the outline
    assert found.dtype == np.uint8 and image.max() == 100


def test_overlay_takes_grey_pictures_and_bool_masks():
    image = maps(9, 9, classes=200)
    for grey in (image, image[..., None]):
        found = segmentation.overlay(grey, np.zeros((9, 9), bool))
        np.testing.assert_array_equal(found, np.repeat(image[..., None], 3, axis=2))


# Bad input

Z, BOX = np.zeros((4, 4), int), [(0, 0, 2, 2)]
PICTURE, MASK = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), bool)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: segmentation.mean_iou(Z, Z[:2], 2), r"y_pred: expected the shape of y_true, \(4, 4\), got \(2, 4\)"),
        (lambda: segmentation.mean_iou(Z + 2, Z, 2), "y_true: expected classes 0…1, got 2 to 2"),
        (lambda: segmentation.mean_iou(Z, Z - 1, 2), "y_pred: expected classes 0…1, got -1 to -1"),
        (lambda: segmentation.mean_iou(Z, Z + 0.5, 2), "y_pred: expected whole numbers, got float64"),
        (lambda: segmentation.mean_iou(Z, Z, 0), "classes: expected a whole number, 1 or more, got 0"),
        (lambda: segmentation.dice(Z + 2, Z), "y_true: expected classes 0…1, got 2 to 2"),
        (lambda: segmentation.class_weights(Z + 3, 3), "masks: expected classes 0…2, got 3 to 3"),
        (lambda: segmentation.WeightedCrossentropy([1, -1]), "weights: expected a finite number of 0 or more"),
        (lambda: segmentation.WeightedCrossentropy([[1, 1]]), "weights: expected a finite number of 0 or more"),
        (
            lambda: segmentation.WeightedCrossentropy([1, 1])(maps(1, 4, 4, classes=2), probabilities(1, 4, 4, 3)),
            r"y_pred: expected shape .* with 2 classes, as many as weights, got \(1, 4, 4, 3\)",
        ),
        (
            lambda: segmentation.DiceLoss()(maps(1, 4, 4, classes=2), probabilities(4, 4, 2)),
            r"y_pred: expected shape \(m, height, width, classes\), got \(4, 4, 2\)",
        ),
        (lambda: segmentation.DiceLoss(per="image"), "per: expected one of 'batch', 'picture', got 'image'"),
        (lambda: segmentation.DiceLoss(ignore_class=0.5), "ignore_class: expected a whole number"),
        (lambda: segmentation.dice(Z[0], Z[0], per="picture"), "y_true: expected pictures along the first axis"),
        (lambda: segmentation.augment(PICTURE, Z[None], 0), "images: expected uint8 or float of shape"),
        (
            lambda: segmentation.augment(PICTURE[None].astype(int), Z[None], 0),
            "images: expected uint8 or float .* int64",
        ),
        (
            lambda: segmentation.augment(PICTURE[None], Z, 0),
            r"masks: expected whole numbers of shape \(m, height, width\)",
        ),
        (lambda: segmentation.augment(PICTURE[None], Z[None, :3], 0), r"masks: expected one for each picture"),
        (lambda: segmentation.augment(PICTURE[None], Z[None] + 0.5, 0), "masks: expected whole numbers"),
        (lambda: segmentation.augment(PICTURE[None], Z[None], None), "seed: expected a whole number, 0 or more"),
        (lambda: segmentation.augment(PICTURE[None], Z[None], 0, size=5), "size: expected a side or .* at most"),
        (lambda: segmentation.augment(PICTURE[None], Z[None], 0, degrees=-1), "degrees: expected a number, 0 or more"),
        (
            lambda: segmentation.instances(Z[0], BOX, [0]),
            r"semantic: expected whole numbers of shape \(height, width\)",
        ),
        (lambda: segmentation.instances(Z, BOX, [0, 1]), "classes: expected a whole number .* each of 1 boxes"),
        (lambda: segmentation.instances(Z, BOX, [-1]), "classes: expected a whole number of 0 or more"),
        (lambda: segmentation.instances(Z, [(2, 0, 1, 2)], [0]), "boxes: expected .* with x_min ≤ x_max"),
        (lambda: segmentation.instances(Z, [(0, 0, np.nan, 2)], [0]), "boxes: expected finite numbers"),
        (lambda: segmentation.instances(Z, BOX[0], [0]), r"boxes: expected shape \(n, 4\), got \(4,\)"),
        (lambda: segmentation.mask_out(PICTURE[0], BOX[0], MASK, 0), "image: expected shape"),
        (lambda: segmentation.mask_out(PICTURE, BOX[0], Z, 0), r"mask: expected bool of shape \(4, 4\), got int64"),
        (lambda: segmentation.mask_out(PICTURE, BOX[0], MASK, [1, 2]), "mean: expected a number, or shape"),
        (lambda: segmentation.mask_out(PICTURE, (4, 0, 6, 2), MASK, 0), "box: expected pixels within 4×4"),
        (lambda: segmentation.mask_out(PICTURE, (0, 0, 2), MASK, 0), r"box: expected shape \(4,\), got \(3,\)"),
        (lambda: segmentation.mask_out(PICTURE, [], MASK, 0), r"box: expected shape \(4,\)"),
        (lambda: segmentation.mask_out(PICTURE, (2, 0, 0, 2), MASK, 0), "box: expected .* with x_min ≤ x_max"),
        (lambda: segmentation.overlay(PICTURE / 255, Z), "image: expected uint8 in 0…255, got float64"),
        (lambda: segmentation.overlay(PICTURE, Z[:3]), r"mask: expected the size of the image, \(4, 4\), got \(3, 4\)"),
        (lambda: segmentation.overlay(PICTURE, Z - 1), "mask: expected classes 0 or more, got -1 to -1"),
        (lambda: segmentation.overlay(PICTURE, Z, 2), r"opacity: expected a number in \[0, 1\], got 2"),
    ],
)
def test_arguments_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
