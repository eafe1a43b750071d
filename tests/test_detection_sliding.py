"""Sliding windows: the convolutional net says of every window what the classifier says of it, cut out."""

from dlcourse.detection import sliding
from dlcourse.detection.sliding import image_pyramid, sliding_windows, to_convolutional, total_stride

import keras
import numpy as np
import pytest
from keras import layers


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype("uint8")


def classifier(*middle, shape=(13, 11, 2)):
    """A Sequential model with random weights, those of batch norm among them."""
    model = keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 127.5, -1), *middle])
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 0.6, w.shape) * rng.choice((-1, 1), w.shape[-1:]) for w in model.get_weights()])
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(layer.moving_variance.numpy()))
    return model


def by_hand(model, image, stride):
    """What the model says of each window, in two plain loops."""
    height, width = model.input_shape[1:3]
    rows, columns = range(0, image.shape[0] - height + 1, stride), range(0, image.shape[1] - width + 1, stride)
    cut = [image[y : y + height, x : x + width] for y in rows for x in columns]
    return model(np.stack(cut)).numpy().reshape(len(rows), len(columns), -1)


def conv(filters=3, size=3, **options):
    return layers.Conv2D(filters, size, **options)


HEADS = {  # (total stride, layers)
    "dense after flatten": (2, lambda: [conv(), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(4, "softmax")]),
    "two dense layers, dropout between": (
        2,
        lambda: [
            *(conv(activation="relu"), layers.AveragePooling2D(2), layers.Flatten(), layers.Dropout(0.5)),
            *(layers.Dense(5, "tanh"), layers.Dropout(0.5), layers.Dense(2, use_bias=False), layers.Softmax()),
        ],
    ),
    "pooling that drops pixels": (
        4,
        lambda: [layers.MaxPooling2D(2), conv(), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(2)],
    ),
    "pooling with overlap": (2, lambda: [layers.MaxPooling2D(3, 2), layers.Flatten(), layers.Dense(2)]),
    "strides and dilation": (
        6,
        lambda: [
            conv(strides=2),
            conv(2, 2, dilation_rate=2),
            conv(3, 1, strides=3),
            layers.Flatten(),
            layers.Dense(2),
        ],
    ),
    "batch norm and activations": (
        1,
        lambda: [
            *(conv(use_bias=False), layers.BatchNormalization(), layers.ReLU(), conv(), layers.LeakyReLU()),
            *(conv(), layers.Activation("tanh"), layers.Flatten(), layers.Dense(3)),
        ],
    ),
    "global average": (2, lambda: [conv(strides=2), layers.GlobalAveragePooling2D(), layers.Dense(3, "sigmoid")]),
    "global maximum": (1, lambda: [conv(), layers.GlobalMaxPooling2D(), layers.Flatten(), layers.Dense(3)]),
    "dense on the pixels": (1, lambda: [layers.Flatten(), layers.Dense(3)]),
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("size", [(13, 11), (14, 12), (23, 20), (30, 31)])
def test_the_convolutional_net_says_of_every_window_what_the_classifier_says(head, size):
    stride, middle = HEADS[head]
    model = classifier(*middle())
    assert total_stride(model) == stride
    image = noise(*size, 2)
    found, expected = to_convolutional(model)(image[None])[0].numpy(), by_hand(model, image, stride)
    assert found.shape == expected.shape and (expected.std() > 1e-3 or expected.size < 10)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


def test_a_functional_model_is_converted_too_and_its_layers_may_serve_another_one():
    model = classifier(conv(), layers.Flatten(), layers.Dense(2))
    pictures = keras.Input((13, 11, 2))
    x = pictures
    for layer in model.layers:  # called a second time: `layer.input` is that of the first call
        x = layer(x)
    image = noise(20, 20, 2)
    functional = keras.Model(pictures, x)
    np.testing.assert_array_equal(to_convolutional(functional)(image[None]), to_convolutional(model)(image[None]))


def test_the_weights_are_copied():
    model = classifier(conv(), layers.Flatten(), layers.Dense(2))
    net, image = to_convolutional(model), noise(1, 20, 20, 2)
    assert net.count_params() == model.count_params()
    before = net(image).numpy()
    model.set_weights([0 * w for w in model.get_weights()])
    np.testing.assert_array_equal(net(image), before)


# Windows


@pytest.mark.parametrize(("size", "stride"), [(5, 1), (5, 3), ((4, 6), 2), (9, 4), ((9, 12), 1)])
def test_windows_and_boxes_are_those_of_a_loop(size, stride):
    image = noise(9, 12, 3)
    height, width = size if isinstance(size, tuple) else (size, size)
    windows, boxes = sliding_windows(image, size, stride)
    for i, y in enumerate(range(0, 9 - height + 1, stride)):
        for j, x in enumerate(range(0, 12 - width + 1, stride)):
            np.testing.assert_array_equal(windows[i, j], image[y : y + height, x : x + width])
            np.testing.assert_array_equal(boxes[i, j], (x, y, x + width, y + height))
    assert windows.shape == (i + 1, j + 1, height, width, 3) and boxes.shape == (i + 1, j + 1, 4)
    assert windows.dtype == np.uint8 and boxes.dtype == np.float32


def test_windows_take_no_memory_and_cannot_be_written_to():
    image = noise(40, 40, 3)
    windows, _ = sliding_windows(image, 20, 1)
    assert np.shares_memory(windows, image) and not windows.flags.writeable


@pytest.mark.parametrize("shape", [(4, 20, 1), (20, 4, 1), (0, 20, 1)])
def test_a_picture_smaller_than_the_window_has_none(shape):
    windows, boxes = sliding_windows(np.zeros(shape), 5, 2)
    assert windows.size == boxes.size == 0
    assert windows.shape[2:] == (5, 5, 1) and boxes.shape == (*windows.shape[:2], 4)


# Pyramid


def test_a_pyramid_shrinks_by_the_scale_down_to_the_window():
    levels = image_pyramid(noise(100, 80, 3), 0.5, 12)
    assert [level.shape for level in levels] == [(100, 80, 3), (50, 40, 3), (25, 20, 3)]
    assert {level.dtype for level in levels} == {np.dtype("uint8")}


def test_the_first_level_is_the_picture_itself_and_a_small_picture_has_no_level():
    image = noise(30, 40, 1)
    np.testing.assert_array_equal(image_pyramid(image, 0.9, 30)[0], image)
    assert len(image_pyramid(image, 0.9, 30)) == 1 and image_pyramid(image, 0.9, 31) == []


def test_a_level_of_half_the_size_is_pillows_reduction():
    from PIL import Image

    image = noise(32, 48, 3)
    level = image_pyramid(image, 0.5, 16)[1]
    expected = np.asarray(Image.fromarray(image).resize((24, 16), Image.Resampling.BILINEAR))
    assert np.abs(level[1:-1, 1:-1].astype(int) - expected[1:-1, 1:-1]).max() <= 1


def test_fine_stripes_become_grey_and_not_coarse_stripes():
    stripes = np.zeros((64, 64, 1), np.float32)
    stripes[:, ::2] = 255
    level = image_pyramid(stripes, 0.4, 10)[1]
    assert level.dtype == np.float32 and level[:, 2:-2].std() < 30 and 100 < level.mean() < 155


# Bad input


@pytest.mark.parametrize(
    ("middle", "message"),
    [
        ([conv(padding="same", name="c"), layers.Flatten()], 'padding "valid", got "same" in c: at its edges a window'),
        ([layers.MaxPooling2D(2, padding="same", name="p"), layers.Flatten()], 'padding "valid", got "same" in p'),
        ([layers.ZeroPadding2D(1, name="z"), layers.Flatten()], "moved over a picture, got z, a ZeroPadding2D"),
        ([layers.UpSampling2D(name="u"), layers.Flatten()], "moved over a picture, got u, a UpSampling2D"),
        ([layers.Flatten(), layers.BatchNormalization(name="b")], "Dense after Flatten, got b, a BatchNormalization"),
        ([layers.Softmax(axis=1, name="s"), layers.Flatten()], "moved over a picture, got s, a Softmax"),
    ],
)
def test_a_layer_that_cannot_be_moved_is_refused_by_name(middle, message):
    with pytest.raises(ValueError, match=f"model: expected .*{message}"):
        to_convolutional(classifier(*middle, layers.Dense(2)))


def branches():
    x = keras.Input((8, 8, 1))
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(layers.Add()([conv(1, 1)(x), x]))))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (branches, "model: expected layers one after the other, got branches"),
        (
            lambda: keras.Sequential([conv()]),
            "model: expected a functional Keras model or a Sequential one that is built",
        ),
        (lambda: "net", "model: expected a functional Keras model .* got 'net'"),
        (lambda: classifier(conv(name="c")), "expected a dense layer or global pooling at the end, got c, a Conv2D"),
        (lambda: classifier(layers.Flatten(name="f")), "a dense layer or global pooling at the end, got f, a Flatten"),
        (
            lambda: keras.Sequential([keras.Input((None, None, 1)), conv(), layers.GlobalMaxPooling2D()]),
            r"model: expected pictures of a known size, .* got \(None, None, None, 1\)",
        ),
        (
            lambda: keras.Sequential([keras.Input((9,)), layers.Dense(2)]),
            r"model: expected pictures .* got \(None, 9\)",
        ),
    ],
)
def test_a_model_that_is_no_chain_from_pictures_to_classes_is_refused(model, message):
    for call in (to_convolutional, total_stride):
        with pytest.raises(ValueError, match=message):
            call(model())


def test_different_strides_for_rows_and_columns_are_refused():
    model = classifier(layers.MaxPooling2D((2, 1)), layers.Flatten(), layers.Dense(2))
    with pytest.raises(ValueError, match=r"model: expected the same stride for rows and columns, got \[1, 2\]"):
        sliding.total_stride(model)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sliding_windows(noise(9, 9), 3, 1), r"image: expected numbers of shape .* got uint8 of \(9, 9\)"),
        (lambda: sliding_windows(noise(9, 9, 1), 0, 1), "size: expected a whole number, 1 or more, got 0"),
        (lambda: sliding_windows(noise(9, 9, 1), (3, 3, 1), 1), r"size: expected a side or \(height, width\)"),
        (lambda: sliding_windows(noise(9, 9, 1), 3, 0), "stride: expected a whole number, 1 or more, got 0"),
        (lambda: image_pyramid(noise(9, 9)), "image: expected numbers of shape"),
        (lambda: image_pyramid(noise(9, 9, 1), 1), r"scale: expected a number in \[0, 1\), got 1"),
        (lambda: image_pyramid(noise(9, 9, 1), 0), "scale: expected a number above 0 and below 1, got 0"),
        (lambda: image_pyramid(noise(9, 9, 1), 0.5, 0), "min_size: expected a whole number, 1 or more, got 0"),
    ],
)
def test_arguments_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
