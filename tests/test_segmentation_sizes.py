"""Pictures of any size: padded with their mirror image, predicted, and cropped back to the pixel."""

from dlcourse import models, segmentation

import keras
import numpy as np
import pytest
from keras import layers, ops


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("shape", [(5, 9), (1, 1), (16, 33), (358, 358), (128, 123), (16, 16)])
def test_padding_fits_is_as_small_as_can_be_and_comes_off_again(shape):
    for image in (noise(*shape), noise(*shape, 3), noise(2, *shape, 3)):
        padded = segmentation.pad(image, 16)
        sides = padded.shape[:2] if image.ndim < 4 else padded.shape[1:3]
        assert all(side % 16 == 0 and 0 <= side - own < 16 for side, own in zip(sides, shape, strict=True))
        assert padded.dtype == image.dtype
        np.testing.assert_array_equal(segmentation.crop(padded, shape), image)


def test_the_edge_is_a_mirror():
    np.testing.assert_array_equal(segmentation.pad(np.array([[1, 2, 3, 4, 5]]), 8)[0], [2, 1, 2, 3, 4, 5, 4, 3])


def test_crop_takes_tensors_and_gives_tensors():
    maps = ops.convert_to_tensor(noise(1, 8, 8, 2))
    cropped = segmentation.crop(maps, (5, 6))
    assert ops.is_tensor(cropped)
    np.testing.assert_array_equal(cropped, maps[:, 1:6, 1:7])


def shifting_net(padding):
    """A net that looks one pixel up and two to the left, halves nothing, and says what it sees."""
    kernel = np.zeros((5, 5, 1, 1), np.float32)
    kernel[1, 0] = 1
    net = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(1, 5, padding=padding, use_bias=False)])
    net.set_weights([kernel])
    return net


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_each_pixel_of_the_answer_belongs_to_its_pixel_of_the_picture(padding):
    image = noise(13, 17)
    found = segmentation.predict(shifting_net(padding), image)
    assert found.shape == (13, 17, 1) and found.dtype == np.float32
    np.testing.assert_array_equal(found[1:, 2:, 0], image[:-1, :-2])


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("size", [(57, 83), (16, 24), (3, 40)])
def test_a_unet_of_any_depth_takes_every_size(depth, size):
    net, photo = models.unet((None, None, 3), 2, 2, depth), noise(*size, 3)
    found = segmentation.predict(net, photo)
    assert found.shape == (*size, 2)
    padded = segmentation.pad(photo, 2**depth)  # no wider than need be
    np.testing.assert_allclose(found, segmentation.crop(net(padded[None])[0], size), atol=1e-6)


def test_a_valid_unet_answers_for_the_whole_picture_as_for_its_middle_in_a_larger_one():
    net, photo = models.unet((None, None, 3), 2, 2, 2, padding="valid"), noise(140, 132, 3)
    whole = segmentation.predict(net, photo)
    assert whole.shape == (140, 132, 2)
    middle = ops.convert_to_numpy(net(photo[None]))[0]
    top, left = (140 - middle.shape[0]) // 2, (132 - middle.shape[1]) // 2
    inside = whole[top : top + middle.shape[0], left : left + middle.shape[1]]
    shifted = [np.abs(np.roll(inside, step, axis=(0, 1)) - middle).mean() for step in ((0, 0), (1, 0), (0, 1))]
    assert shifted[0] == min(shifted)
    np.testing.assert_allclose(inside, middle, atol=1e-5)


def test_a_net_for_one_size_takes_smaller_pictures_and_says_what_takes_larger_ones():
    net, photo = models.unet((32, 48, 3), 2, 2, 2), noise(20, 41, 3)
    whole = np.pad(photo, ((6, 6), (3, 4), (0, 0)), "reflect")
    expected = ops.convert_to_numpy(net(whole[None]))[0, 6:26, 3:44]
    np.testing.assert_allclose(segmentation.predict(net, photo), expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"pictures: expected a width of at most 48.*\(None, None, channels\)"):
        segmentation.predict(net, noise(20, 49, 3))


def test_several_pictures_are_predicted_as_one_by_one_and_floats_as_whole_numbers():
    net, photos = models.unet((None, None, 3), 1, 2, 2), noise(3, 21, 30, 3)
    found = segmentation.predict(net, photos)
    assert found.shape == (3, 21, 30, 1)
    for one, photo in zip(found, photos, strict=True):
        np.testing.assert_array_equal(one, segmentation.predict(net, photo.astype("float64")))


def test_batch_norm_works_as_at_test_time_and_a_net_of_nets_is_taken():
    net = models.unet((None, None, 1), 2, 2, 1, batch_norm=True)
    outer = keras.Sequential([keras.Input((None, None, 1)), net])
    image = noise(9, 9)
    first = segmentation.predict(net, image)
    np.testing.assert_array_equal(first, segmentation.predict(net, image))
    np.testing.assert_allclose(segmentation.predict(outer, image), first, atol=1e-6)


NET, ONE = models.unet((None, None, 3), 2, 2, 1), models.unet((None, None, 1), 1, 2, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: segmentation.pad(noise(8), 4), r"pictures: expected shape \(height, width\)"),
        (lambda: segmentation.pad(noise(0, 8, 3), 4), r"pictures: expected shape .* got \(0, 8, 3\)"),
        (lambda: segmentation.pad(noise(8, 8), 0), "multiple: expected a whole number, 1 or more, got 0"),
        (
            lambda: segmentation.pad("me.jpg", 8),
            "pictures: .* got a str, 'me.jpg': read the file",
        ),
        (lambda: segmentation.crop(noise(8, 8), 4), r"size: expected \(height, width\), got 4"),
        (lambda: segmentation.crop(noise(8, 8), (9, 4)), r"size: expected .* at most \(8, 8\), .* got \(9, 4\)"),
        (lambda: segmentation.predict(None, noise(8, 8, 3)), "net: expected a Keras model"),
        (lambda: segmentation.predict(models.lenet5(), noise(8, 8, 3)), "net: expected a Keras model from"),
        (lambda: segmentation.predict(NET, "me.jpg"), "pictures: .* got a str, 'me.jpg': read the file with datasets"),
        (lambda: segmentation.predict(NET, noise(8, 8)), "pictures: .* got uint8 of .*np.repeat"),
        (lambda: segmentation.predict(NET, noise(8, 8, 4)), r"pictures: .* picture\[\.\.\., :3\]"),
        (lambda: segmentation.predict(ONE, noise(8, 8, 3)), "pictures: .* gray"),
        (lambda: segmentation.predict(NET, noise(8, 8, 3) / 255), "pictures: .* looks like 0…1: multiply by 255"),
        (lambda: segmentation.predict(NET, noise(8, 8, 3) - 9.0), "pictures: expected values in 0…255, got -"),
    ],
)
def test_arguments_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
