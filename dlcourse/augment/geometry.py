"""Changes of place: the place in the old picture from which every pixel of the new one comes.

Computed in this direction, each new pixel gets a value. The place lies between four old pixels, whose mean is taken,
each weighted by its nearness (bilinear interpolation).
"""

from dlcourse.augment.batches import amounts, drawn, generator, pictures, restored
from dlcourse.checks import count, height_and_width

import numpy as np


def mirror(images, seed=None):
    """Swap left and right.

    Args:
        images: Pictures in 0…255, uint8 or float, shape (m, height, width, channels).
        seed: None mirrors every picture; a whole number lets each be mirrored with a chance of one half.

    Returns new pictures, dtype and shape as `images`.
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    if seed is None:
        return images[:, :, ::-1].copy()
    chosen = generator(seed).random(len(images)) < 0.5
    return np.where(chosen[:, None, None, None], images[:, :, ::-1], images)


def random_crop(images, size, seed=None):
    """Cut a window out of each picture.

    Args:
        images: As for `mirror`.
        size: Side of the window, or (height, width); not larger than the pictures.
        seed: None takes the window in the middle, as at test time; a whole number lets each picture draw its own, each
            place as likely as any other.

    Returns new pictures, dtype as `images`, shape (m, *size, channels).
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    m, *sides, _ = images.shape
    window = height_and_width("size", size)
    if window[0] > sides[0] or window[1] > sides[1]:
        raise ValueError(f"size: expected a side or (height, width) of at most {tuple(sides)}, got {size!r}")
    rooms = np.subtract(sides, window)
    corners = np.tile(rooms // 2, (m, 1)) if seed is None else generator(seed).integers(0, rooms + 1, size=(m, 2))
    cut = (image[y : y + window[0], x : x + window[1]] for image, (y, x) in zip(images, corners, strict=True))
    return np.stack(list(cut))


def rotate(images, degrees, seed=None):
    """Turn each picture about its middle, counterclockwise.

    Args:
        images: As for `mirror`.
        degrees: The angle, a number or shape (m,). With a seed, the limit: 0 or more.
        seed: None turns by exactly `degrees`; a whole number draws each angle uniformly from -degrees to degrees.

    Returns new pictures, dtype and shape as `images`. Corners that come from outside repeat the pixel at the edge.
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    angles = np.deg2rad(drawn("degrees", degrees, (len(images),), seed))
    rows, columns = _places(images.shape)
    cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    return _resample(images, cos * rows + sin * columns, cos * columns - sin * rows)


def shear(images, factor, seed=None):
    """Distort each picture into a parallelogram: the rows slide over each other, the middle one stays.

    Args:
        images: As for `mirror`.
        factor: Pixels that a row slides to the right for each row that it lies above the middle; a number or
            shape (m,). With a seed, the limit: 0 or more.
        seed: None shears by exactly `factor`; a whole number draws each factor uniformly from -factor to factor.

    Returns new pictures, dtype and shape as `images`. Corners that come from outside repeat the pixel at the edge.
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    factors = drawn("factor", factor, (len(images),), seed)[:, None, None]
    rows, columns = _places(images.shape)
    return _resample(images, rows + 0 * factors, columns + factors * rows)


def warp(images, pixels, seed, nodes=4):
    """Pull each picture about locally, as if it were printed on rubber.

    A coarse net of `nodes` × `nodes` points is laid over the picture and each point is moved at random, right or left
    and up or down. The pixels between follow smoothly. U-Net was trained with pictures augmented in this way
    (Ronneberger et al., 2015, arXiv 1505.04597, section 3.1, with 3 × 3 points); the idea is that of Simard et al.
    (2003, "Best practices for convolutional neural networks").

    Args:
        images: As for `mirror`.
        pixels: Standard deviation of the points' normally distributed moves, 0 or more.
        seed: A whole number: each picture draws its own moves.
        nodes: Points on each side of the net, 2 or more. More points make smaller waves.

    Returns new pictures, dtype and shape as `images`. What comes from outside repeats the pixel at the edge.
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    nodes, deviation = count("nodes", nodes, 2), amounts("pixels", pixels, (), least=0)
    m, height, width, _ = images.shape
    moves = deviation * generator(seed).standard_normal((m, 2, nodes, nodes))
    down, right = (spread(height, nodes) @ moves @ spread(width, nodes).T).swapaxes(0, 1)
    rows, columns = _places(images.shape)
    return _resample(images, rows + down, columns + right)


def spread(length, nodes):
    """Compute the share of each node's move that every pixel of a side follows, shape (length, nodes).

    A row adds up to 1. Between two nodes the share of the nearer one falls as 3t² - 2t³ does, without a kink.
    """
    place = np.linspace(0, nodes - 1, length)[:, None]
    far = np.minimum(np.abs(place - np.arange(nodes)), 1)
    return 1 - 3 * far**2 + 2 * far**3


def _places(shape):
    """Return the row and column of every pixel, from the middle of the picture: shapes (height, 1) and (1, width)."""
    _, height, width, _ = shape
    return np.arange(height)[:, None] - (height - 1) / 2, np.arange(width)[None, :] - (width - 1) / 2


def _resample(images, rows, columns):
    """Return pictures whose pixels come from these places, from the middle; both of shape (m, height, width)."""
    last = np.subtract(images.shape[1:3], 1)
    result = np.empty_like(images)
    for i, image in enumerate(images):
        y, x = (np.clip(p[i] + n / 2, 0, n) for p, n in zip((rows, columns), last, strict=True))
        top, left = y.astype(int), x.astype(int)
        bottom, right = np.minimum(top + 1, last[0]), np.minimum(left + 1, last[1])
        down, across = (y - top)[..., None], (x - left)[..., None]
        above = (1 - across) * image[top, left] + across * image[top, right]
        below = (1 - across) * image[bottom, left] + across * image[bottom, right]
        result[i] = restored((1 - down) * above + down * below, images.dtype)
    return result
