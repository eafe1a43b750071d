"""Masks as people have them: 0 and 255, one-hot, one channel, pixels without a class; and logits for probabilities."""

from dlcourse import models, segmentation

import keras
import numpy as np
import pytest
from keras import ops

BLACK_AND_WHITE = r"mask // 255"
LOSSES = (segmentation.DiceLoss(), segmentation.WeightedCrossentropy([1, 3]))


def maps(*shape, classes=5, seed=0):
    return np.random.default_rng(seed).integers(0, classes, shape).astype(np.uint8)


def probabilities(*shape, seed=0):
    values = np.random.default_rng(seed).random(shape).astype(np.float32)
    return values / values.sum(axis=-1, keepdims=True) if shape[-1] > 1 else values


def trained(loss, y_true, y_pred, **options):
    """The loss of one step of `fit` in which the net predicts y_pred."""
    images = keras.Input(y_pred.shape[1:])
    model = keras.Model(images, keras.layers.Dense(y_pred.shape[-1], use_bias=False, name="same")(images))
    model.get_layer("same").set_weights([np.eye(y_pred.shape[-1], dtype="float32")])
    model.compile(keras.optimizers.SGD(0.0), loss, **options)
    return model.fit(y_pred, y_true, batch_size=len(y_pred), verbose=0).history["loss"][0]


# 0 and 255


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("channel", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_losses_refuse_masks_of_0_and_255_and_say_the_way_out(loss, kind, channel):
    masks = (255 * maps(2, 6, 7, classes=2).astype(int)).astype(kind)
    masks = masks[..., None] if channel else masks
    for y_pred in (probabilities(2, 6, 7, 2), probabilities(2, 6, 7, 1)):
        with pytest.raises(ValueError, match=f"y_true: expected classes 0…1, got 0 to 255, .*{BLACK_AND_WHITE}"):
            loss(masks, y_pred)


@pytest.mark.parametrize(
    "measure",
    [
        lambda mask: segmentation.dice(mask, mask),
        lambda mask: segmentation.mean_iou(mask, mask, 2),
        lambda mask: segmentation.class_iou(mask, mask, 2),
        lambda mask: segmentation.class_weights(mask, 2),
    ],
)
def test_so_do_the_measures(measure):
    with pytest.raises(ValueError, match=f"expected classes 0…1, got 0 to 255, .*{BLACK_AND_WHITE}.*read_masks"):
        measure(255 * maps(2, 6, 7, classes=2))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("classes", [1, 2])
def test_a_compiled_fit_stops_with_the_same_words(loss, classes):
    masks, y_pred = maps(2, 4, 4, classes=2), probabilities(2, 4, 4, classes)
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError, match=f"y_true: expected classes 0…1.*{BLACK_AND_WHITE}"):
        trained(loss, 255 * masks, y_pred)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"y_pred: expected probabilities in \[0, 1\].*logits"):
        trained(loss, masks, 10 * y_pred - 5)


@pytest.mark.parametrize("loss", LOSSES)
def test_where_assertions_do_not_run_the_loss_is_nan(loss):
    masks, y_pred = maps(2, 4, 4, classes=2), probabilities(2, 4, 4, 2)
    assert np.isnan(trained(loss, 255 * masks, y_pred, jit_compile=True))
    assert trained(loss, masks, y_pred, jit_compile=True) == pytest.approx(float(loss(masks, y_pred)), rel=1e-5)


@pytest.mark.parametrize("loss", [*LOSSES, segmentation.DiceLoss(per="picture", ignore_class=1)])
@pytest.mark.parametrize("eagerly", [False, True])
def test_a_fit_measures_what_the_loss_called_by_hand_does(loss, eagerly):
    masks, y_pred = maps(3, 4, 5, classes=2), probabilities(3, 4, 5, 2)
    expected = pytest.approx(float(loss(masks, y_pred)), rel=1e-5)
    assert trained(loss, masks, y_pred, run_eagerly=eagerly) == expected
    assert trained(loss, masks[..., None], y_pred, run_eagerly=eagerly) == expected


# Logits, one-hot masks, other shapes


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("classes", [1, 2])
def test_logits_are_refused_and_probabilities_up_to_a_rounding_are_not(loss, classes):
    masks, y_pred = maps(2, 6, 7, classes=2), probabilities(2, 6, 7, classes)
    with pytest.raises(ValueError, match=r"y_pred: expected probabilities in \[0, 1\], got .*: if these are logits"):
        loss(masks, np.log(y_pred) - np.log1p(-y_pred))
    near = np.where(y_pred == y_pred.max(), 1.0005, y_pred)
    assert np.isfinite(float(loss(masks, near)))
    assert np.isnan(float(loss(masks, np.nan * y_pred)))  # a training that diverges goes on to say so


@pytest.mark.parametrize("loss", [segmentation.DiceLoss(), segmentation.WeightedCrossentropy([1, 3, 1])])
def test_one_hot_masks_are_refused_by_the_losses(loss):
    masks = maps(2, 6, 7, classes=3)
    with pytest.raises(ValueError, match=r"y_true: .* got \(2, 6, 7, 3\), one-hot: .*argmax\(y_true, axis=-1\)"):
        loss(np.eye(3)[masks], probabilities(2, 6, 7, 3))


def test_one_hot_masks_are_refused_by_the_measures_and_masks_that_look_so_are_not():
    masks = maps(2, 6, 7, classes=3)
    for one_hot in (np.eye(3, dtype=int)[masks], np.eye(3, dtype=bool)[masks[0]]):
        with pytest.raises(ValueError, match=r"y_true: .*one-hot: np\.argmax"):
            segmentation.mean_iou(one_hot, one_hot, 3)
    assert segmentation.mean_iou(np.eye(2, dtype=int)[None], np.eye(2, dtype=int)[None], 2) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_masks_of_another_size_and_broken_classes_are_refused(loss):
    y_pred = probabilities(2, 6, 7, 2)
    with pytest.raises(ValueError, match=r"y_true: expected .* for \(2, 6, 7\), got \(2, 7, 6\)"):
        loss(maps(2, 7, 6, classes=2), y_pred)
    with pytest.raises(ValueError, match=r"y_true: expected whole numbers, 0…1, got 0\.5"):
        loss(0.5 * maps(2, 6, 7, classes=2), y_pred)
    with pytest.raises(ValueError, match="y_true: expected classes 0…1, got -1 to 0"):
        loss(maps(2, 6, 7, classes=2).astype(int) - 1, y_pred)
    with pytest.raises(ValueError, match=r"y_true: .* got a str, 'mask.png': read the files"):
        loss("mask.png", y_pred)


def test_a_label_beyond_32_bits_does_not_wrap_around_to_a_class():
    for loss in LOSSES:
        with pytest.raises(ValueError, match="y_true: expected classes 0…1, got 4294967296 to 4294967296"):
            loss(np.full((2, 6, 7), 2**32), probabilities(2, 6, 7, 2))


def test_the_losses_take_lists_and_every_type_of_numbers():
    masks, y_pred = maps(2, 6, 7, classes=2), probabilities(2, 6, 7, 2)
    for loss in LOSSES:
        expected = float(loss(masks, y_pred))
        for labels in (masks.tolist(), masks == 1, masks.astype("float16"), masks.astype("uint64"), ops.array(masks)):
            assert float(loss(labels, y_pred.tolist())) == pytest.approx(expected, rel=1e-6)


def test_probabilities_are_no_masks_and_the_error_says_how_to_make_one():
    y_true = maps(2, 6, 7, classes=2)
    with pytest.raises(ValueError, match=r"y_pred: expected whole numbers, got float32 .*: p > 0\.5"):
        segmentation.dice(y_true, probabilities(2, 6, 7, 1))
    with pytest.raises(ValueError, match=r"y_pred: expected whole numbers, got float32 .*np\.argmax\(mask, axis=-1\)"):
        segmentation.mean_iou(y_true, probabilities(2, 6, 7, 2), 2)


# One channel


def test_dice_loss_of_one_channel_is_kerass():
    y_true, y_pred = maps(3, 6, 7, classes=2), probabilities(3, 6, 7, 1)
    truth = y_true[..., None].astype("float32")
    for per, axes in (("batch", None), ("picture", (1, 2, 3))):
        expected = keras.losses.Dice(axis=axes)(truth, y_pred)
        for labels in (y_true, y_true[..., None], y_true == 1):
            found = segmentation.DiceLoss(per=per)(labels, y_pred)
            assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_an_empty_mask_costs_nothing_if_nothing_is_predicted_and_1_if_something_is():
    loss, empty = segmentation.DiceLoss(per="picture", reduction="none"), np.zeros((2, 4, 4), int)
    y_pred = np.stack([np.zeros((4, 4, 1)), np.ones((4, 4, 1))])
    np.testing.assert_allclose(loss(empty, y_pred), [0, 1], atol=1e-6)


def test_weighted_crossentropy_of_one_channel_is_kerass_binary_one_with_sample_weights():
    y_true, y_pred, weights = maps(3, 6, 7, classes=2), probabilities(3, 6, 7, 1), np.array([0.5, 3], np.float32)
    truth = y_true[..., None].astype("float32")
    expected = keras.losses.BinaryCrossentropy()(truth, y_pred, sample_weight=weights[y_true])
    assert float(segmentation.WeightedCrossentropy(weights)(y_true, y_pred)) == pytest.approx(float(expected), rel=1e-5)


def test_the_measures_take_the_channel_of_a_sigmoid_net_or_not():
    y_true, y_pred = maps(3, 6, 7, classes=2), maps(3, 6, 7, classes=2, seed=1)
    for a, b in ((y_true, y_pred[..., None]), (y_true[..., None], y_pred), (y_true[..., None], y_pred[..., None])):
        assert segmentation.dice(a, b == 1) == segmentation.dice(y_true, y_pred)
        assert segmentation.mean_iou(a, b, 2) == segmentation.mean_iou(y_true, y_pred, 2)


@pytest.mark.parametrize("loss", [segmentation.DiceLoss(), segmentation.WeightedCrossentropy([1, 1])])
def test_a_unet_with_one_channel_learns_which_pixels_are_bright(loss):
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1)).astype("float32")
    masks = images[..., 0] > 128
    net = models.unet((16, 16, 1), 1, 4, 1, batch_norm=True)
    net.compile(keras.optimizers.Adam(0.02), loss)
    net.optimizer.build(net.trainable_variables)
    for _ in range(60):
        net.train_on_batch(images, masks)
    assert segmentation.dice(masks, ops.convert_to_numpy(net(images)) > 0.5) > 0.85
    assert segmentation.dice(masks, np.ones_like(masks)) < 0.7


# Pixels without a class


@pytest.mark.parametrize("ignore_class", [255, -1, 0, 2])
def test_mean_iou_without_some_pixels_is_kerass(ignore_class):
    y_pred = maps(3, 20, 30, classes=4, seed=1).astype(int)
    y_true = np.where(maps(3, 20, 30, classes=3, seed=2) == 0, ignore_class, maps(3, 20, 30, classes=4).astype(int))
    metric = keras.metrics.MeanIoU(4, ignore_class=ignore_class)
    metric.update_state(y_true, y_pred)
    found = segmentation.mean_iou(y_true, y_pred, 4, ignore_class=ignore_class)
    assert found == pytest.approx(float(metric.result()), rel=1e-6)


def test_the_void_pixels_of_a_thread_count_for_nothing():
    assert segmentation.mean_iou([0, 1, 2, 255], [0, 1, 1, 1], 3, ignore_class=255) == 0.5
    with pytest.raises(ValueError, match=r"y_true: expected classes 0…2, got 0 to 255; .* ignore_class=255"):
        segmentation.mean_iou([0, 1, 2, 255], [0, 1, 1, 1], 3)


def test_a_measure_without_some_pixels_is_that_of_the_others():
    y_true, y_pred = maps(3, 9, 9, classes=2).astype(int), maps(3, 9, 9, classes=2, seed=1)
    void = maps(3, 9, 9, classes=4, seed=2) == 0
    marked = np.where(void, 255, y_true)
    for predicted in (y_pred, np.where(void, 255, y_pred)):  # what is predicted there does not matter either
        assert segmentation.dice(marked, predicted, ignore_class=255) == segmentation.dice(y_true[~void], y_pred[~void])
    per_picture = segmentation.dice(marked, y_pred, per="picture", ignore_class=255)
    alone = [segmentation.dice(*(x[i][~void[i]] for x in (y_true, y_pred))) for i in range(3)]
    np.testing.assert_allclose(per_picture, alone)
    np.testing.assert_array_equal(
        segmentation.class_weights(marked, 2, ignore_class=255), segmentation.class_weights(y_true[~void], 2)
    )
    with pytest.raises(ValueError, match="y_pred: expected 0…1 wherever y_true has a class, got 255"):
        segmentation.dice(y_true, np.where(void, 255, y_pred), ignore_class=255)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
@pytest.mark.parametrize("ignore_class", [255, -1, 1])
def test_crossentropy_without_some_pixels_is_kerass(reduction, ignore_class):
    y_pred = probabilities(2, 6, 7, 3)
    y_true = np.where(maps(2, 6, 7, classes=4, seed=2) == 0, ignore_class, maps(2, 6, 7, classes=3).astype(int))
    ours = segmentation.WeightedCrossentropy([1, 1, 1], reduction=reduction, ignore_class=ignore_class)
    theirs = keras.losses.SparseCategoricalCrossentropy(reduction=reduction, ignore_class=ignore_class)
    np.testing.assert_allclose(ours(y_true, y_pred), theirs(y_true, y_pred), rtol=1e-5)


def test_weights_and_pixels_without_a_class_go_together():
    y_pred, weights = probabilities(2, 6, 7, 3), np.array([0.2, 1, 3], np.float32)
    y_true = np.where(maps(2, 6, 7, classes=4, seed=2) == 0, 255, maps(2, 6, 7, classes=3))
    named = y_true != 255
    losses = -weights[y_true[named]] * np.log(y_pred[named, y_true[named]])
    found = segmentation.WeightedCrossentropy(weights, ignore_class=255)(y_true, y_pred)
    assert float(found) == pytest.approx(losses.mean(), rel=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_dice_loss_without_some_pixels_is_that_of_the_others(channels):
    y_true, y_pred = maps(1, 6, 7, classes=max(channels, 2)), probabilities(1, 6, 7, channels)
    void = maps(1, 6, 7, classes=4, seed=2) == 0
    found = segmentation.DiceLoss(ignore_class=255)(np.where(void, 255, y_true), y_pred)
    others = segmentation.DiceLoss()(y_true[~void][None, None], y_pred[~void][None, None])
    assert float(found) == pytest.approx(float(others), rel=1e-5)


def test_masks_of_void_pixels_alone_cost_nothing():
    void, y_pred = np.full((2, 4, 4), 255), probabilities(2, 4, 4, 3)
    for loss in (segmentation.DiceLoss, lambda **options: segmentation.WeightedCrossentropy([1, 1, 1], **options)):
        assert float(loss(ignore_class=255)(void, y_pred)) == 0


@pytest.mark.parametrize(
    "loss",
    [
        segmentation.DiceLoss(per="picture", ignore_class=255),
        segmentation.WeightedCrossentropy([1, 2, 3], ignore_class=255),
    ],
)
def test_a_loss_comes_back_from_its_configuration(loss):
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.get_config() == loss.get_config()
    y_true = np.where(maps(2, 6, 7, classes=4) == 3, 255, maps(2, 6, 7, classes=3))
    y_pred = probabilities(2, 6, 7, 3)
    assert float(again(y_true, y_pred)) == float(loss(y_true, y_pred))


# Batch or picture


def test_dice_of_the_batch_is_not_the_mean_of_the_pictures():
    y_true = np.array([[[1, 1], [0, 0]], [[1, 1], [0, 0]]])
    y_pred = np.array([[[0.0, 1.0], [0.0, 1.0]], [[0.4, 0.0], [0.0, 0.9]]])[..., None]
    pictures = segmentation.DiceLoss(per="picture", reduction="none")(y_true, y_pred)
    np.testing.assert_allclose(pictures, [0.5, 0.7576], atol=5e-5)
    assert float(segmentation.DiceLoss(per="picture")(y_true, y_pred)) == pytest.approx((0.5 + 0.7576) / 2, abs=5e-5)
    assert float(segmentation.DiceLoss()(y_true, y_pred)) == pytest.approx(0.6164, abs=5e-5)


def test_per_picture_is_each_picture_by_itself():
    y_true, y_pred = maps(4, 6, 7, classes=3), probabilities(4, 6, 7, 3)
    y_true[0] = 1  # one class alone
    alone = [float(segmentation.DiceLoss()(y_true[i : i + 1], y_pred[i : i + 1])) for i in range(4)]
    found = segmentation.DiceLoss(per="picture", reduction="none")(y_true, y_pred)
    np.testing.assert_allclose(found, alone, rtol=1e-5)
    masks, others = y_true > 0, y_pred[..., 0] < 0.4
    alone = [segmentation.dice(a, b) for a, b in zip(masks, others, strict=True)]
    np.testing.assert_allclose(segmentation.dice(masks, others, per="picture"), alone)
    assert np.isnan(segmentation.dice(np.zeros((2, 3, 3), int), np.zeros((2, 3, 3), int), per="picture")).all()
    assert segmentation.dice(np.zeros((0, 3, 3), int), np.zeros((0, 3, 3), int), per="picture").shape == (0,)


def test_background_alone_has_a_high_dice_loss_although_it_is_99_percent():
    y_true = np.zeros((1, 20, 20), int)
    y_true[0, 0, :2], y_true[0, 1, :2] = 1, 2
    background = np.eye(3, dtype="float32")[np.zeros((1, 20, 20), int)]
    assert float(segmentation.DiceLoss()(y_true, background)) == pytest.approx(2 / 3, abs=0.01)


def test_measures_count_unsigned_numbers_of_64_bits_and_others_alike():
    y_true, y_pred = maps(9, 9, classes=3), maps(9, 9, classes=3, seed=1)
    for kind in (np.uint64, np.int8, np.uint16):
        assert segmentation.mean_iou(y_true, y_pred.astype(kind), 3) == segmentation.mean_iou(y_true, y_pred, 3)
