"""U-Net: the paper's and the course's figures, the shapes of the figure, and what its parts do."""

import itertools

from dlcourse.models import cost, unet

import keras
import numpy as np
import pytest
from keras import layers


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype("float32")


def shape_of(model, name):
    return model.get_layer(name).output.shape[1:]


# The figures


def test_the_papers_unet_has_its_parameters_and_gives_388_pixels_for_572():
    model = unet((572, 572, 1), 2, filters=64, padding="valid")
    assert model.count_params() == cost(model).parameters == 31_030_658
    assert model.output_shape == (None, 388, 388, 2)


def test_the_papers_unet_has_the_maps_of_figure_1():
    model = unet((572, 572, 1), 2, filters=64, padding="valid")
    left = [shape_of(model, f"down{level}_conv2_relu") for level in range(1, 5)]
    assert left == [(568, 568, 64), (280, 280, 128), (136, 136, 256), (64, 64, 512)]
    assert shape_of(model, "bottom_conv2_relu") == (28, 28, 1024)
    right = [shape_of(model, f"up{level}_skip") for level in range(4, 0, -1)]
    assert right == [(56, 56, 1024), (104, 104, 512), (200, 200, 256), (392, 392, 128)]


def test_the_papers_unet_has_23_convolutions():
    model = unet((572, 572, 1), 2, filters=64, padding="valid")
    assert sum(isinstance(layer, layers.Conv2D | layers.Conv2DTranspose) for layer in model.layers) == 23


def test_the_courses_unet_has_its_parameters_and_a_class_for_every_pixel():
    model = unet((96, 128, 3), 23)
    assert model.count_params() == 8_640_471
    assert model.output_shape == (None, 96, 128, 23)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("filters", "depth", "classes", "channels"), [(4, 1, 1, 1), (3, 2, 5, 3)])
def test_parameters_are_those_counted_by_hand(padding, filters, depth, classes, channels):
    def conv(size, before, after):
        return size**2 * before * after + after

    widths = [filters * 2**level for level in range(depth + 1)]
    total = sum(conv(3, a, b) + conv(3, b, b) for a, b in itertools.pairwise([channels, *widths]))
    for narrow, wide in itertools.pairwise(widths):
        total += conv(3 if padding == "same" else 2, wide, narrow) + conv(3, wide, narrow) + conv(3, narrow, narrow)
    total += (conv(3, filters, filters) if padding == "same" else 0) + conv(1, filters, classes)
    assert unet((44, 44, channels), classes, filters, depth, padding=padding).count_params() == total


# What comes out


def test_several_classes_share_each_pixels_probability():
    probabilities = unet((16, 24, 3), 4, 4, 2)(noise((2, 16, 24, 3))).numpy()
    assert probabilities.shape == (2, 16, 24, 4) and probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-5)


def test_one_class_is_a_probability_by_sigmoid():
    model = unet((16, 16, 3), 1, 4, 2)
    probabilities = model(noise((2, 16, 16, 3))).numpy()
    assert probabilities.shape == (2, 16, 16, 1) and 0 < probabilities.min() < probabilities.max() < 1
    assert model.get_layer("classes").activation is keras.activations.sigmoid


def test_pictures_in_0_to_255_are_scaled_once_inside():
    model, images = unet((16, 16, 1), 1, 4, 1), noise((1, 16, 16, 1))
    scaled = keras.Model(model.input, model.get_layer("to_0_1").output)(images)
    np.testing.assert_allclose(scaled, images / 255, rtol=1e-6)


def test_weights_learned_on_crops_serve_the_whole_picture():
    small, large = unet((32, 32, 1), 2, 2, 1, padding="valid"), unet((64, 48, 1), 2, 2, 1, padding="valid")
    large.set_weights(small.get_weights())
    image = noise((1, 64, 48, 1))
    lost = 32 - small.output_shape[1]
    # A crop at an even pixel, so that pooling pairs the same pixels, gives the crop of the whole.
    crop = small(image[:, 10:42, 6:38]).numpy()
    np.testing.assert_allclose(large(image).numpy()[:, 10 : 42 - lost, 6 : 38 - lost], crop, atol=1e-5)


@pytest.mark.parametrize(("padding", "sides"), [("same", [(16, 24), (32, 8)]), ("valid", [(44, 60), (48, 44)])])
def test_a_net_for_any_size_predicts_what_one_for_the_size_does(padding, sides):
    model = unet((None, None, 3), 2, 3, 2, padding=padding)
    for height, width in sides:
        fixed = unet((height, width, 3), 2, 3, 2, padding=padding)
        fixed.set_weights(model.get_weights())
        images = noise((2, height, width, 3))
        np.testing.assert_allclose(model(images), fixed(images), atol=1e-6)


def test_one_side_may_be_fixed():
    assert unet((None, 16, 3), 2, 2, 2).output_shape == (None, None, 16, 2)


# The skips


def test_without_skips_nothing_of_the_left_side_is_put_beside():
    with_skips, without = (unet((32, 32, 3), 2, 4, 2, skips=skips) for skips in (True, False))
    assert not [layer for layer in without.layers if isinstance(layer, layers.Concatenate)]
    assert without.output_shape == with_skips.output_shape
    saved = 9 * (8 * 8 + 4 * 4)  # at each level, the 3×3 filters over its maps
    assert with_skips.count_params() - without.count_params() == saved


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_skip_carries_what_the_way_through_the_bottom_loses(padding):
    model = unet((44, 44, 1), 1, 4, 2, padding=padding)
    for name in ("up1_transpose", "up2_transpose"):  # nothing comes from below
        model.get_layer(name).set_weights([np.zeros_like(w) for w in model.get_layer(name).get_weights()])
    one, other = model(noise((1, 44, 44, 1), 1)).numpy(), model(noise((1, 44, 44, 1), 2)).numpy()
    assert np.abs(one - other).max() > 1e-3
    blind = unet((44, 44, 1), 1, 4, 2, padding=padding, skips=False)
    blind.get_layer("up1_transpose").set_weights(model.get_layer("up1_transpose").get_weights())
    np.testing.assert_array_equal(blind(noise((1, 44, 44, 1), 1)), blind(noise((1, 44, 44, 1), 2)))


def test_a_valid_skip_is_the_middle_of_the_left_sides_maps():
    model = unet((44, 60, 1), 1, 3, 2, padding="valid")
    left, crop = (
        keras.Model(model.input, model.get_layer(name).output)(noise((1, 44, 60, 1))).numpy()
        for name in ("down1_conv2_relu", "up1_crop")
    )
    top, side = (np.subtract(left.shape[1:3], crop.shape[1:3]) // 2).tolist()
    assert top == side > 0
    np.testing.assert_array_equal(crop, left[:, top:-top, side:-side])


# Options


def test_batch_norm_stands_before_each_relu_and_takes_the_biases_place():
    model = unet((16, 16, 1), 1, 4, 2, batch_norm=True, momentum=0.8)
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    assert len(norms) == 2 * 5 and {norm.momentum for norm in norms} == {0.8}
    for norm in norms:
        conv = model.get_layer(norm.name.removesuffix("_bn"))
        assert norm.input is conv.output and not conv.use_bias
        assert model.get_layer(f"{conv.name}_relu").input is norm.output


def test_a_small_unet_learns_which_pixels_are_bright():
    keras.utils.set_random_seed(0)
    model, images = unet((16, 16, 1), 2, 4, 1, batch_norm=True), noise((8, 16, 16, 1))
    masks = (images[..., 0] > 128).astype(int)
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)  # before fit, which would trace a step twice without it
    for _ in range(60):
        model.train_on_batch(images, masks)
    assert (np.argmax(model(images), axis=-1) == masks).mean() > 0.97


# Bad input


@pytest.mark.parametrize(
    ("shape", "depth", "padding", "fitting"),
    [
        ((90, 128, 3), 4, "same", r"\(96, 128\)"),
        ((96, 130, 3), 2, "same", r"\(96, 132\)"),
        ((3, 3, 1), 2, "same", r"\(4, 4\)"),
        ((570, 573, 1), 4, "valid", r"\(572, 588\)"),
        ((20, 20, 1), 4, "valid", r"\(188, 188\)"),
    ],
)
def test_sides_that_cannot_be_halved_are_refused_and_the_next_that_fit_named(shape, depth, padding, fitting):
    message = (
        f'input_shape: expected sides that can be halved {depth} times with padding "{padding}", of which {fitting}'
    )
    with pytest.raises(ValueError, match=message):
        unet(shape, 2, 2, depth, padding=padding)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_sizes_that_valid_takes_are_those_at_which_pooling_drops_nothing(depth):
    def fits(side):  # by the formulas of notebook 3-1, level by level
        for _ in range(depth):
            side -= 4
            if side <= 0 or side % 2:
                return False
            side //= 2
        for _ in range(depth):
            side = (side - 4) * 2
        return side - 4 > 0

    for side in range(16, 72):
        if fits(side):
            model = unet((side, side, 1), 1, 1, depth, padding="valid")
            assert min(model.output_shape[1:3]) > 0
        else:
            with pytest.raises(ValueError, match="input_shape: expected sides that can be halved"):
                unet((side, side, 1), 1, 1, depth, padding="valid")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (16, 16)}, r"input_shape: expected \(height, width, channels\)"),
        ({"input_shape": (None, None, None)}, r"input_shape: expected \(height, width, channels\)"),
        ({"input_shape": (None, 16.0, 3)}, r"input_shape: expected \(height, width, channels\)"),
        ({"input_shape": (None, 18, 3)}, r"input_shape: expected sides .* of which \(None, 32\) are the next"),
        ({"classes": 0}, "classes: expected a whole number, 1 or more, got 0"),
        ({"filters": 0}, "filters: expected a whole number, 1 or more, got 0"),
        ({"depth": 0}, "depth: expected a whole number, 1 or more, got 0"),
        ({"padding": "full"}, "padding: expected one of 'same', 'valid', got 'full'"),
        ({"momentum": 1.5}, r"momentum: expected a number in \[0, 1\), got 1.5"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        unet(**{"input_shape": (16, 16, 3), "classes": 2, **options})
