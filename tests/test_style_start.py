"""How `stylize` begins from noise, and the mirrored edge that it paints beyond the picture."""

from dlcourse import datasets, style
from dlcourse.style import colors

import numpy as np
import pytest

FEW = {"size": 64, "style_layers": ("block1_conv1", "block2_conv1")}


@pytest.fixture(scope="module")
def pictures():
    return datasets.photo("chelsea")[:200:2, :240:2], datasets.photo("starry_night")[100:300:2, 100:340:2]


def test_noise_has_the_mean_color_of_a_picture_and_a_share_of_its_spread(pictures):
    for picture in pictures:
        noise = colors.noise(np.random.default_rng(0), picture, (200, 200, 3)).reshape(-1, 3)
        own = picture.reshape(-1, 3).astype(float)
        assert np.allclose(noise.mean(axis=0), own.mean(axis=0), atol=1)
        ratio = np.cov(noise.T) / np.cov(own.T)
        assert np.allclose(np.diag(ratio), colors.NOISE**2, rtol=0.1)


@pytest.mark.parametrize(("alpha", "whose"), [(1.0, 0), (0, 1)])
def test_noise_takes_its_colors_from_the_content_and_without_content_from_the_style(pictures, alpha, whose):
    result = style.stylize(*pictures, alpha=alpha, variation=0, match=False, start="noise", steps=(1,), **FEW)
    distances = [np.abs(result.image.mean(axis=(0, 1)) - picture.mean(axis=(0, 1))).max() for picture in pictures]
    assert distances[whose] < 5 < distances[1 - whose]


def test_the_border_is_cut_off_again(pictures):
    result = style.stylize(*pictures, border=5, steps=(1, 1), **FEW)
    assert result.image.shape == style.stylize(*pictures, steps=(1, 1), **FEW).image.shape
    content_alone = style.stylize(*pictures, border=5, beta=0, variation=0, match=False, steps=(2,), **FEW)
    without = style.stylize(*pictures, beta=0, variation=0, match=False, steps=(2,), **FEW)
    assert np.array_equal(content_alone.image, without.image)  # its cost is 0 from the start


def test_a_mirrored_border_leaves_a_flat_picture_flat_at_its_edges():
    gray, dots = np.full((64, 64, 3), 128, np.uint8), np.zeros((64, 64, 3), np.uint8)
    dots[::4, ::4] = 255
    rims = {}
    for border in (0, 8):
        image = style.stylize(gray, dots, alpha=0, variation=0, match=False, border=border, steps=(8,), **FEW).image
        edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).astype(float)
        rims[border] = abs(edge.mean() - image[8:-8, 8:-8].mean())
    assert rims[8] < 0.5 * rims[0]


@pytest.mark.parametrize("border", [-1, 1.5, "wide"])
def test_a_border_that_is_no_number_of_pixels_is_refused(pictures, border):
    with pytest.raises(ValueError, match=r"^border"):
        style.stylize(*pictures, border=border, steps=(1,), **FEW)
