"""dlcourse.augment against SciPy, Pillow, NumPy and scikit-learn; its Keras pipeline against its own functions."""

from dlcourse import augment, datasets

import keras
import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
from PIL import Image
from sklearn.decomposition import PCA

SHAPES = [(3, 6, 6, 3), (2, 7, 10, 3), (2, 9, 4, 1), (1, 5, 6, 4), (2, 1, 5, 3)]  # odd, wide, high, gray, with alpha
CHANGES = {
    "mirror": lambda images, seed: augment.mirror(images, seed),
    "random_crop": lambda images, seed: augment.random_crop(images, (4, 5), seed),
    "rotate": lambda images, seed: augment.rotate(images, 40, seed),
    "shear": lambda images, seed: augment.shear(images, 0.5, seed),
    "warp": lambda images, seed: augment.warp(images, 2, 0 if seed is None else seed),
    "color_shift": lambda images, seed: augment.color_shift(images, 20, seed),
    "pca_color_shift": lambda images, seed: augment.pca_color_shift(images, components(images), 2, seed),
}


def noise(shape=(3, 8, 9, 3), dtype="uint8", seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)


def components(images):
    return augment.color_components(noise((1, 4, 4, images.shape[-1])))


def smooth(side=41):
    """A picture in which bilinear interpolation in float or in whole numbers differs little."""
    y, x = np.mgrid[:side, :side] / side
    waves = np.stack([np.sin(5 * x + 2 * y), np.cos(3 * y - x), np.sin(4 * x * y)], axis=-1)
    return np.rint(127 + 100 * waves).astype(np.uint8)


def ramps(height, width, m):
    """(rows, columns): m pictures whose pixels say where they are; resampled, they say where they came from."""
    y, x = np.mgrid[:height, :width].astype(float)
    return (np.broadcast_to(ramp[None, ..., None], (m, height, width, 1)) for ramp in (y, x))


def by_scipy(image, inverse, offset=(0, 0)):
    """The picture whose centerd pixel (row, column) comes from inverse @ (row, column) + offset."""
    middle = (np.array(image.shape[:2]) - 1) / 2
    moved = middle + offset - inverse @ middle
    channels = [
        scipy.ndimage.affine_transform(channel.astype(float), inverse, moved, order=1, mode="nearest")
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.stack(channels, axis=-1)


def turn(degrees):
    """Of (row, column) pairs: where a pixel comes from when the picture is turned counterclockwise."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, sin], [-sin, cos]])


# Changes of place


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("degrees", [0, 17, -63, 90, 200])
def test_rotate_is_scipys_affine_transform(shape, degrees):
    images = noise(shape, float)
    turned = augment.rotate(images, degrees)
    for image, ours in zip(images, turned, strict=True):
        np.testing.assert_allclose(ours, by_scipy(image, turn(degrees)), atol=1e-9)


@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
def test_rotate_turns_counterclockwise_as_numpy_does(quarters):
    images = noise((2, 7, 7, 3))
    np.testing.assert_array_equal(augment.rotate(images, 90 * quarters), np.rot90(images, quarters, axes=(1, 2)))


@pytest.mark.parametrize("degrees", [12, -30])
def test_rotate_is_pillows_where_nothing_comes_from_outside(degrees):
    image = smooth()
    theirs = np.asarray(Image.fromarray(image).rotate(degrees, Image.Resampling.BILINEAR), int)
    ours = augment.rotate(image[None], degrees)[0].astype(int)
    assert np.abs(ours - theirs)[9:-9, 9:-9].max() <= 1 < np.abs(image.astype(int) - theirs)[9:-9, 9:-9].max()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factor", [0, 0.3, -1.2])
def test_shear_is_scipys_affine_transform(shape, factor):
    images = noise(shape, float)
    for image, ours in zip(images, augment.shear(images, factor), strict=True):
        np.testing.assert_allclose(ours, by_scipy(image, np.array([[1, 0], [factor, 1]])), atol=1e-9)


def test_shear_slides_the_upper_rows_to_the_right():
    images = np.zeros((1, 5, 5, 1), np.uint8)
    images[:, :, 2] = 255  # a vertical line
    np.testing.assert_array_equal(augment.shear(images, 1)[0, ..., 0], 255 * np.eye(5, dtype=np.uint8)[::-1])


def test_shear_is_pillows_where_nothing_comes_from_outside():
    image, factor = smooth(), 0.25
    affine = (1, factor, -factor * image.shape[0] / 2, 0, 1, 0)  # Pillow measures from the corner of the first pixel
    picture = Image.fromarray(image)
    theirs = picture.transform(picture.size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
    difference = augment.shear(image[None], factor)[0].astype(int) - np.asarray(theirs, int)
    assert np.abs(difference)[:, 6:-6].max() <= 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("nodes", [2, 4])
def test_warp_is_scipys_map_coordinates_at_the_places_it_drew(shape, nodes):
    rows, columns = (augment.warp(ramp, 3, 5, nodes)[..., 0] for ramp in ramps(*shape[1:3], shape[0]))
    images = noise(shape, float)
    warped = augment.warp(images, 3, 5, nodes)
    for i in range(shape[0]):
        for c in range(shape[-1]):
            theirs = scipy.ndimage.map_coordinates(images[i, ..., c], (rows[i], columns[i]), order=1, mode="nearest")
            np.testing.assert_allclose(warped[i, ..., c], theirs, atol=1e-9)
    assert max(np.abs(rows - np.arange(shape[1])[:, None]).max(), np.abs(columns - np.arange(shape[2])).max()) > 1


def test_warp_moves_the_points_of_its_net_and_joins_them_without_a_kink():
    columns = augment.warp(list(ramps(65, 65, 1))[1] + 80, 2, seed=3, nodes=5)[0, ..., 0] - 80 - np.arange(65)
    down = columns[:, 32]  # through the middle, past the points in rows 0, 16, 32, 48, 64
    for first in (0, 16, 32, 48):
        here = down[first : first + 17]
        low, high = sorted(here[[0, -1]])
        assert np.all((here >= low - 1e-9) & (here <= high + 1e-9))  # from point to point it only rises or only falls
        assert here[8] == pytest.approx((low + high) / 2, abs=1e-9)
        assert np.abs(here[[1, -2]] - here[[0, -1]]).max() < 0.02 * (high - low)  # and levels out at each point


def test_mirror_is_pillows():
    images = noise()
    flip = Image.Transpose.FLIP_LEFT_RIGHT
    theirs = np.stack([np.asarray(Image.fromarray(image).transpose(flip)) for image in images])
    np.testing.assert_array_equal(augment.mirror(images), theirs)
    np.testing.assert_array_equal(augment.mirror(augment.mirror(images)), images)


def test_mirror_with_a_seed_mirrors_about_every_second_picture_as_a_whole():
    images = np.broadcast_to(noise((1, 3, 4, 3)), (2000, 3, 4, 3))
    found = augment.mirror(images, seed=4)
    mirrored = np.all(found == images[:, :, ::-1], axis=(1, 2, 3))
    assert np.all(mirrored | np.all(found == images, axis=(1, 2, 3)))
    assert scipy.stats.binomtest(int(mirrored.sum()), 2000).pvalue > 0.01


@pytest.mark.parametrize(("size", "height", "width"), [(4, 4, 4), ((3, 9), 3, 9), ([8, 1], 8, 1)])
def test_random_crop_without_a_seed_is_kerass_center_crop(size, height, width):
    images = noise()
    theirs = keras.layers.CenterCrop(height, width, dtype="uint8")(images)
    np.testing.assert_array_equal(augment.random_crop(images, size), theirs)


def test_random_crop_with_a_seed_cuts_from_every_place_equally_often():
    image = noise((1, 5, 4, 3))
    crops = augment.random_crop(np.repeat(image, 6000, axis=0), (3, 3), seed=2)
    windows = np.lib.stride_tricks.sliding_window_view(image[0], (3, 3), axis=(0, 1)).transpose(0, 1, 3, 4, 2)
    windows = windows.reshape(6, 3, 3, 3)
    hits = np.all(crops[:, None] == windows, axis=(2, 3, 4))
    assert np.all(hits.sum(axis=1) == 1)
    assert scipy.stats.chisquare(hits.sum(axis=0)).pvalue > 0.01


def test_rotate_draws_angles_uniformly_up_to_the_limit():
    rows, _ = (augment.rotate(ramp, 25, seed=1)[..., 0] for ramp in ramps(5, 5, 2000))
    angles = np.rad2deg(np.arcsin((rows[:, 2, 3] - rows[:, 2, 1]) / 2))
    assert scipy.stats.kstest(angles, "uniform", (-25, 50)).pvalue > 0.01


def test_shear_draws_factors_uniformly_up_to_the_limit():
    _, columns = (augment.shear(ramp, 0.4, seed=1)[..., 0] for ramp in ramps(5, 5, 2000))
    factors = (columns[:, 3, 2] - columns[:, 1, 2]) / 2
    assert scipy.stats.kstest(factors, "uniform", (-0.4, 0.8)).pvalue > 0.01


def test_warp_draws_the_moves_of_its_points_from_a_normal_distribution():
    moves = [augment.warp(ramp, 1.5, seed=1, nodes=3)[:, 8, 8, 0] - 8 for ramp in ramps(17, 17, 1000)]
    for along in moves:
        assert scipy.stats.kstest(along, "norm", (0, 1.5)).pvalue > 0.01
    assert abs(np.corrcoef(moves)[0, 1]) < 0.1


# Changes of color


def test_color_shift_adds_and_stays_within_0_to_255():
    images = np.array([0, 3, 100, 250, 255], np.uint8).reshape(1, 5, 1, 1)
    np.testing.assert_array_equal(augment.color_shift(images, 10).ravel(), [10, 13, 110, 255, 255])
    np.testing.assert_array_equal(augment.color_shift(images, -10).ravel(), [0, 0, 90, 240, 245])


@pytest.mark.parametrize("shifts", [7.3, [20, 0, -30], [[1, 2, 3], [-4, -5, -6], [200, -200, 0.6]]])
def test_color_shift_is_the_loop_over_pictures_and_channels(shifts):
    images = noise()
    found = augment.color_shift(images, shifts)
    for i, row in enumerate(np.broadcast_to(shifts, (3, 3))):
        for c, shift in enumerate(row):
            expected = [min(max(round(int(pixel) + shift), 0), 255) for pixel in images[i, ..., c].ravel()]
            np.testing.assert_array_equal(found[i, ..., c].ravel(), expected)


def test_color_shift_draws_from_a_normal_distribution_for_each_picture_and_channel():
    shifts = augment.color_shift(np.full((2000, 1, 2, 3), 127.0), [5, 10, 0], seed=1) - 127
    np.testing.assert_array_equal(shifts[:, :, 0], shifts[:, :, 1])  # all pixels of a picture alike
    assert scipy.stats.kstest(shifts[:, 0, 0, 0], "norm", (0, 5)).pvalue > 0.01
    assert scipy.stats.kstest(shifts[:, 0, 0, 1], "norm", (0, 10)).pvalue > 0.01
    assert not shifts[..., 2].any()
    assert abs(np.corrcoef(shifts[:, 0, 0, 0], shifts[:, 0, 0, 1])[0, 1]) < 0.1


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_color_components_are_those_of_scikit_learn(dtype):
    images = (noise((4, 6, 5, 3)) @ np.array([[0.6, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.5]])).astype(dtype)
    theirs = PCA().fit(images.reshape(-1, 3).astype(float) / 255)
    ours = augment.color_components(images)
    np.testing.assert_allclose(ours.eigenvalues, theirs.explained_variance_, rtol=1e-6)
    np.testing.assert_allclose(np.abs(np.sum(ours.eigenvectors * theirs.components_.T, axis=0)), 1, atol=1e-6)


def test_the_first_component_of_photographs_is_light_and_the_others_are_blue_yellow_and_green_purple():
    photographs = [datasets.photo(name)[::4, ::4] for name in ("coffee", "astronaut", "china", "flower", "chelsea")]
    pixels = np.concatenate([photograph.reshape(-1, 3) for photograph in photographs])
    eigenvalues, eigenvectors = augment.color_components(pixels[None, None])
    assert eigenvalues[0] > 5 * eigenvalues[1]
    signs = np.sign(eigenvectors).T
    assert abs(signs[0].sum()) == 3
    assert signs[1, 0] == -signs[1, 2]  # red against blue, green between
    assert signs[2, 0] == signs[2, 2] == -signs[2, 1]


def test_components_of_gray_pictures_and_of_one_color_exist():
    gray = augment.color_components(noise((2, 3, 4, 1)))
    assert gray.eigenvalues[0] == pytest.approx((noise((2, 3, 4, 1)) / 255).var(ddof=1))
    np.testing.assert_array_equal(gray.eigenvectors, [[1]])
    plain = augment.color_components(np.full((1, 2, 2, 3), 90, np.uint8))
    np.testing.assert_array_equal(plain.eigenvalues, [0, 0, 0])


def test_pca_color_shift_adds_what_alexnets_paper_says():
    # Section 4.1: to each pixel [p1, p2, p3][α1 λ1, α2 λ2, α3 λ3]ᵀ, of pixels in 0…1.
    images, alpha = noise((2, 4, 4, 3), float) / 2 + 60, np.array([[0.3, -0.2, 0.1], [-0.1, 0.5, 0.9]])
    theirs = PCA().fit(images.reshape(-1, 3) / 255)
    signs = np.sign(np.sum(theirs.components_.T * augment.color_components(images).eigenvectors, axis=0))
    shifts = [theirs.components_.T @ (a * signs * theirs.explained_variance_) for a in alpha]
    expected = (images / 255 + np.array(shifts)[:, None, None]) * 255
    found = augment.pca_color_shift(images, augment.color_components(images), alpha)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert np.abs(found - images).max() > 1


def test_pca_color_shift_draws_each_alpha_from_a_normal_distribution():
    eigenvalues, eigenvectors = parts = augment.color_components(noise((2, 8, 8, 3)))
    shifts = (augment.pca_color_shift(np.full((2000, 1, 1, 3), 127.0), parts, 0.1, seed=1) - 127).reshape(-1, 3)
    for alpha in (shifts @ eigenvectors / (255 * eigenvalues)).T:
        assert scipy.stats.kstest(alpha, "norm", (0, 0.1)).pvalue > 0.01


# What all functions share


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 3])
def test_dtype_and_channels_stay_and_the_pictures_that_came_are_left_alone(name, dtype, channels):
    images = noise((3, 7, 8, channels), dtype)
    before = images.copy()
    for seed in (None, 1):
        found = CHANGES[name](images, seed)
        assert found.dtype == dtype
        assert found.shape == ((3, 4, 5, channels) if name == "random_crop" else images.shape)
        assert found.min() >= 0 and found.max() <= 255
        assert not np.shares_memory(found, images)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", CHANGES)
def test_whole_pixels_are_the_rounded_float_ones(name):
    images = noise((3, 7, 8, 3))
    np.testing.assert_array_equal(CHANGES[name](images, 1), np.rint(CHANGES[name](images.astype(float), 1)))


@pytest.mark.parametrize("name", CHANGES)
def test_a_seed_fixes_the_changes_and_each_picture_gets_its_own(name):
    images = np.repeat(noise((1, 7, 8, 3)), 8, axis=0)
    first, again, other = (CHANGES[name](images, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    kinds = len(np.unique(first.reshape(8, -1), axis=0))
    assert kinds == 2 if name == "mirror" else kinds >= 6


@pytest.mark.parametrize("name", ["rotate", "shear"])
def test_an_amount_for_each_picture_is_that_picture_s(name):
    images, change = noise(), getattr(augment, name)
    expected = [change(images[i : i + 1], amount)[0] for i, amount in enumerate([0.3, -0.5, 0])]
    np.testing.assert_array_equal(change(images, [0.3, -0.5, 0]), expected)


def test_nothing_changes_by_amounts_of_zero():
    images = noise()
    for seed in (None, 1):
        np.testing.assert_array_equal(augment.rotate(images, 0, seed), images)
        np.testing.assert_array_equal(augment.shear(images, 0, seed), images)
        np.testing.assert_array_equal(augment.color_shift(images, 0, seed), images)
        np.testing.assert_array_equal(augment.pca_color_shift(images, components(images), 0, seed), images)
        np.testing.assert_array_equal(augment.random_crop(images, (8, 9), seed), images)
    np.testing.assert_array_equal(augment.warp(images, 0, 1), images)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(
    ("images", "message"),
    [
        (noise()[0], r"images: expected shape \(m, height, width, channels\), none of them 0, got \(8, 9, 3\)"),
        (noise()[:0], r"images: expected shape .* got \(0, 8, 9, 3\)"),
        (noise(dtype="int64"), "images: expected uint8 or float, got int64"),
        (noise(dtype=float) + 1, "images: expected values in 0…255, got 1.0 to 256.0"),
        (noise(dtype=float) * np.nan, "images: expected values in 0…255, got nan to nan"),
    ],
)
def test_what_is_no_batch_of_pictures_is_refused(name, images, message):
    with pytest.raises(ValueError, match=message):
        CHANGES[name](images, 1)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("seed", [-1, 0.5, "1", True])
def test_what_is_no_seed_is_refused(name, seed):
    with pytest.raises(ValueError, match="seed: expected a whole number, 0 or more, got"):
        CHANGES[name](noise(), seed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images: augment.random_crop(images, 9), r"size: expected a side or .* at most \(8, 9\), got 9"),
        (lambda images: augment.random_crop(images, (8, 10)), r"size: expected a side or .* got \(8, 10\)"),
        (lambda images: augment.random_crop(images, (2, 2, 3)), r"size: expected a side or .* got \(2, 2, 3\)"),
        (lambda images: augment.random_crop(images, 0), "size: expected a whole number, 1 or more, got 0"),
        (lambda images: augment.random_crop(images, 0.5), "size: expected a whole number, 1 or more, got 0.5"),
        (lambda images: augment.rotate(images, "left"), r"degrees: expected a number or an array that fits \(3,\)"),
        (lambda images: augment.rotate(images, [1, 2]), r"degrees: expected a number or an array that fits \(3,\)"),
        (lambda images: augment.rotate(images, np.nan), "degrees: expected finite numbers, got nan"),
        (lambda images: augment.rotate(images, -5, 1), r"degrees: expected finite numbers of 0 or more, got -5"),
        (lambda images: augment.shear(images, [1, 2, 3], 1), r"factor: expected a number or an array that fits \(\)"),
        (lambda images: augment.warp(images, -1, 1), "pixels: expected finite numbers of 0 or more, got -1"),
        (lambda images: augment.warp(images, 1, 1, nodes=1), "nodes: expected a whole number, 2 or more, got 1"),
        (lambda images: augment.color_shift(images, [1, 2]), r"shifts: expected .* fits \(3, 3\), got \[1, 2\]"),
        (lambda images: augment.color_shift(images, -1, 1), "shifts: expected finite numbers of 0 or more, got -1"),
        (lambda images: augment.pca_color_shift(images, 5), r"components: expected \(eigenvalues, eigenvectors\)"),
        (
            lambda images: augment.pca_color_shift(images, augment.color_components(images[..., :1])),
            r"components: expected shapes \(3,\) and \(3, 3\) for pictures of 3 channels, got \(1,\) and \(1, 1\)",
        ),
        (
            lambda images: augment.pca_color_shift(images, (np.array([5000, 300, 20]), np.eye(3))),
            "components: expected eigenvalues of pixels in 0…1, got",
        ),
        (
            lambda images: augment.pca_color_shift(images, components(images), -0.1, 1),
            "strength: expected finite numbers of 0 or more, got -0.1",
        ),
        (lambda images: augment.color_components(images[:1, :1, :1]), "images: expected two pixels or more, got 1"),
    ],
)
def test_arguments_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        change(noise())


# The Keras pipeline

NOTHING = {"mirror": False, "degrees": 0, "shear": 0, "zoom": 0, "shift": 0, "color": 0}


def only(**changes):
    return augment.pipeline(**{**NOTHING, **changes})


def trained_on(layer, images):
    return keras.ops.convert_to_numpy(layer(images, training=True))


@pytest.fixture
def draws(monkeypatch):
    """A function that makes Keras draw the given numbers."""

    def fix(values, distribution):
        def drawn(shape, *limits, dtype, seed):
            assert tuple(int(side) for side in shape) == np.shape(values)
            assert limits == ((-1, 1) if distribution == "uniform" else ())
            return keras.ops.convert_to_tensor(values, dtype)

        monkeypatch.setattr(keras.random, distribution, drawn)

    return fix


@pytest.mark.parametrize("shape", SHAPES[:4])
def test_the_pipeline_turns_shears_and_mirrors_as_the_functions_do(draws, shape):
    images, m = noise(shape, "float32"), shape[0]
    drawn = np.random.default_rng(3).uniform(-1, 1, (6, m))
    drawn[0, 0] = -0.5
    draws(drawn, "uniform")
    channels = {"channels": shape[-1]}
    turned, sheared, flipped = (
        trained_on(only(**change, **channels), images) for change in ({"degrees": 60}, {"shear": 0.8}, {"mirror": True})
    )
    np.testing.assert_allclose(turned, augment.rotate(images, 60 * drawn[1]), atol=0.01)
    np.testing.assert_allclose(sheared, augment.shear(images, 0.8 * drawn[2]), atol=0.01)
    expected = np.where((drawn[0] < 0)[:, None, None, None], augment.mirror(images), images)
    np.testing.assert_allclose(flipped, expected, atol=0.01)


@pytest.mark.parametrize("shape", [(4, 12, 12, 3), (3, 9, 14, 3)])
def test_the_pipeline_mirrors_shears_turns_zooms_and_shifts_in_one(draws, shape):
    m, height, width, _ = shape
    drawn = np.random.default_rng(5).uniform(-1, 1, (6, m))
    draws(drawn, "uniform")
    images = noise(shape, "float32")
    found = trained_on(only(mirror=True, degrees=30, shear=0.3, zoom=0.4, shift=0.2), images)
    for i, (flip, angle, factor, zoom, down, right) in enumerate(drawn.T):
        flipping = np.diag([1, -1 if flip < 0 else 1])  # of (row, column), forwards and from right to left
        shearing = np.array([[1, 0], [-0.3 * factor, 1]])
        inverse = np.linalg.inv((1 + 0.4 * zoom) * np.linalg.inv(turn(30 * angle)) @ shearing @ flipping)
        offset = -inverse @ [0.2 * height * down, 0.2 * width * right]
        np.testing.assert_allclose(found[i], by_scipy(images[i], inverse, offset), atol=0.02)


def test_the_pipeline_warps_as_the_function_does(draws):
    images = noise((3, 9, 12, 3), "float32")
    draws(np.random.default_rng(7).standard_normal((3, 2, 4, 4)).swapaxes(0, 1), "normal")
    np.testing.assert_allclose(trained_on(only(warp=2), images), augment.warp(images, 2, seed=7), atol=0.01)


def test_the_pipeline_shifts_colors_as_the_functions_do(draws):
    images, parts, alpha = noise(dtype="float32"), components(noise()), np.random.default_rng(3).normal(size=(3, 3))
    draws(alpha, "normal")
    np.testing.assert_allclose(trained_on(only(color=20), images), augment.color_shift(images, 20 * alpha), atol=1e-3)
    found = trained_on(only(components=parts, strength=0.5), images)
    np.testing.assert_allclose(found, augment.pca_color_shift(images, parts, 0.5 * alpha), atol=1e-3)


EVERYTHING = {"warp": 2, "components": components(noise()), "strength": 0.5}


def test_at_test_time_pictures_pass_unchanged_and_in_training_they_do_not():
    images, layer = noise(), augment.pipeline(**EVERYTHING)
    np.testing.assert_array_equal(layer(images), images)
    np.testing.assert_array_equal(layer.predict(images, verbose=0), images)
    assert all(np.abs(change).max() > 10 for change in trained_on(layer, images) - images)


def test_the_pipeline_takes_uint8_of_any_size_and_keeps_to_0_to_255():
    layer = augment.pipeline(**EVERYTHING, color=80)
    for shape in ((1, 7, 5, 3), (3, 7, 5, 3), (3, 16, 9, 3)):
        found = trained_on(layer, noise(shape))
        assert found.shape == shape and found.dtype == "float32" and found.min() >= 0 and found.max() <= 255
    gray = trained_on(augment.pipeline(channels=1, warp=1), noise((2, 6, 6, 1)))
    assert gray.shape == (2, 6, 6, 1)


def test_the_seed_of_the_pipeline_fixes_its_sequence_and_each_step_and_picture_gets_its_own():
    images = np.repeat(noise((1, 8, 9, 3)), 6, axis=0)
    first, again, other = (augment.pipeline(seed=seed) for seed in (1, 1, 2))
    steps = [trained_on(first, images) for _ in range(3)]
    for step in steps:
        np.testing.assert_array_equal(step, trained_on(again, images))
        assert len(np.unique(step.reshape(6, -1), axis=0)) == 6
    assert not np.array_equal(steps[0], steps[1])
    assert not np.array_equal(steps[0], trained_on(other, images))


def test_the_layers_of_a_pipeline_draw_apart():
    layers = augment.pipeline(**EVERYTHING).layers
    assert [layer.name for layer in layers] == ["affine", "warp", "color", "pca_color"]
    colors = [trained_on(layer, np.full((500, 1, 1, 3), 127.0))[:, 0, 0] - 127 for layer in layers[2:]]
    alpha = [shift @ np.linalg.inv(layer.directions) for shift, layer in zip(colors, layers[2:], strict=True)]
    assert np.abs(np.corrcoef(*alpha, rowvar=False)[:3, 3:]).max() < 0.15


def test_the_pipeline_draws_up_to_its_limits():
    rows, columns = ramps(5, 5, 2000)
    columns = columns.astype("float32") + 0.0
    sheared = trained_on(only(shear=0.4, channels=1), columns)[..., 0]
    assert scipy.stats.kstest((sheared[:, 3, 2] - sheared[:, 1, 2]) / 2, "uniform", (-0.4, 0.8)).pvalue > 0.01
    turned = trained_on(only(degrees=25, channels=1), rows)[..., 0]
    angles = np.rad2deg(np.arcsin((turned[:, 2, 3] - turned[:, 2, 1]) / 2))
    assert scipy.stats.kstest(angles, "uniform", (-25, 50)).pvalue > 0.01
    zoomed = trained_on(only(zoom=0.2, channels=1), rows)[..., 0]
    zooms = 2 / (zoomed[:, 3, 2] - zoomed[:, 1, 2])
    assert scipy.stats.kstest(zooms, "uniform", (0.8, 0.4)).pvalue > 0.01
    shifted = trained_on(only(shift=0.3, channels=1), columns)[:, 2, 2, 0] - 2
    assert scipy.stats.kstest(shifted, "uniform", (-1.5, 3)).pvalue > 0.01
    mirrored = trained_on(only(mirror=True, channels=1), columns)[:, 0, 0, 0] == 4
    assert scipy.stats.binomtest(int(mirrored.sum()), 2000).pvalue > 0.01
    lit = trained_on(only(color=10, channels=1), np.full((2000, 1, 1, 1), 127.0)).ravel() - 127
    assert scipy.stats.kstest(lit, "norm", (0, 10)).pvalue > 0.01
    moved = trained_on(only(warp=0.5, channels=1), list(ramps(7, 7, 2000))[1])[:, 2, 2, 0] - 2  # a point of the net
    assert scipy.stats.kstest(moved, "norm", (0, 0.5)).pvalue > 0.01


def test_a_saved_pipeline_comes_back_with_its_changes_and_its_seed(tmp_path):
    images, layer = noise(), augment.pipeline(**EVERYTHING)
    expected = trained_on(layer, images)
    layer.save(tmp_path / "augmentation.keras")
    loaded = keras.models.load_model(tmp_path / "augmentation.keras")
    np.testing.assert_array_equal(loaded(images), images)
    np.testing.assert_array_equal(trained_on(loaded, images), expected)


@pytest.mark.parametrize(("policy", "step"), [("mixed_float16", 0.5), ("mixed_bfloat16", 4)])
def test_in_mixed_precision_the_changes_are_the_same_but_for_rounding(policy, step):
    images, expected = noise(), trained_on(augment.pipeline(**EVERYTHING), noise())
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        layer = augment.pipeline(**EVERYTHING)
        found = layer(images, training=True)
    finally:
        keras.mixed_precision.set_global_policy(before)
    assert keras.backend.standardize_dtype(found.dtype) == policy.removeprefix("mixed_")
    assert np.abs(keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")) - expected).mean() < step


def test_a_model_with_a_pipeline_trains_where_keras_would_compile_with_xla():
    # On a GPU Keras compiles with XLA on its own; TensorFlow's resampling has no kernel for it.
    model = keras.Sequential([keras.Input((8, 9, 3)), augment.pipeline(**EVERYTHING), keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile("sgd", "mse", jit_compile=True)
    assert np.isfinite(model.train_on_batch(noise(), np.ones((3, 1))))


def test_in_a_data_pipeline_pictures_change_in_every_epoch_and_labels_do_not():
    images, labels, layer = noise((6, 8, 9, 3)), np.arange(6), augment.pipeline()
    batches = datasets.pipeline(
        images, labels, 3, transform=lambda pictures, numbers: (layer(pictures, training=True), numbers)
    )
    first, second = (list(batches.as_numpy_iterator()) for _ in range(2))
    for epoch in (first, second):
        np.testing.assert_array_equal(np.concatenate([numbers for _, numbers in epoch]), labels)
    changed = [np.concatenate([pictures for pictures, _ in epoch]) for epoch in (first, second)]
    assert not np.array_equal(*changed) and not np.array_equal(changed[0], images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mirror": 1}, "mirror: expected True or False, got 1"),
        ({"degrees": 181}, "degrees: expected a number, 0 or more and at most 180, got 181"),
        ({"degrees": -1}, "degrees: expected a number, 0 or more and at most 180, got -1"),
        ({"shear": "much"}, "shear: expected a number, 0 or more and at most 1, got 'much'"),
        ({"zoom": 1}, "zoom: expected a number, 0 or more and below 1, got 1"),
        ({"shift": np.nan}, "shift: expected a number, 0 or more and below 1, got nan"),
        ({"warp": np.inf}, "warp: expected a number, 0 or more, got inf"),
        ({"color": True}, "color: expected a number, 0 or more, got True"),
        ({"strength": -1}, "strength: expected a number, 0 or more, got -1"),
        ({"channels": 0}, "channels: expected a whole number, 1 or more, got 0"),
        ({"channels": 1, "components": components(noise())}, r"components: expected shapes \(1,\) and \(1, 1\)"),
        ({"seed": None}, "seed: expected a whole number, 0 or more, got None"),
        (NOTHING, "pipeline: expected at least one change, got none"),
    ],
)
def test_a_pipeline_out_of_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        augment.pipeline(**options)


def test_a_pipeline_refuses_pictures_of_other_channels_or_of_a_size_it_cannot_know():
    with pytest.raises(ValueError, match="channels: expected pictures of 3, as in `pipeline`, got 1"):
        augment.pipeline()(noise((2, 6, 6, 1)))
    with pytest.raises(ValueError, match=r"warp: expected pictures of a known size, got .* \(None, None, None, 3\)"):
        augment.pipeline(warp=1)(keras.Input((None, None, 3)))
