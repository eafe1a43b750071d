"""The colors of a picture as a normal distribution: match those of another, or draw noise from them."""

from dlcourse.checks import color_picture

import numpy as np

NOISE = 0.3  # of the spread of the colors; stronger noise has to be removed first


def match_colors(image, reference):
    """Give a picture the colors of another: the other's mean and covariance of red, green and blue.

    Source: Gatys et al., Preserving Color in Neural Artistic Style Transfer, 2016, arXiv 1606.05897, section 4, with
    the roles exchanged. Of the many maps that do it this is the symmetric one, which changes the colors least.

    Args:
        image: uint8, shape (height, width, 3).
        reference: The same, of any size.

    Returns uint8, of the shape of `image`; what leaves 0…255 is cut off.
    Raises ValueError if an argument is not such a picture.
    Its idea is taught in notebook 3-4, section 3.4.6.
    """
    pixels, others = (
        color_picture(name, picture).reshape(-1, 3).astype(float)
        for name, picture in (("image", image), ("reference", reference))
    )
    root, inverse = _root(pixels), np.linalg.inv(_root(pixels))
    # The symmetric solution of A Σ A = Σ', the optimal transport between two normal distributions
    change = inverse @ _square_root(root @ _covariance(others) @ root) @ inverse
    matched = (pixels - pixels.mean(axis=0)) @ change + others.mean(axis=0)
    return np.rint(np.clip(matched, 0, 255)).astype(np.uint8).reshape(np.shape(image))


def noise(rng, picture, shape):
    """Draw pixels with the mean of a picture's colors and a fraction of their spread."""
    colors = np.asarray(picture, float).reshape(-1, 3)
    pixels = colors.mean(axis=0) + NOISE * rng.normal(size=shape) @ _root(colors)
    return np.clip(pixels, 0, 255).astype("float32")


def _covariance(pixels):
    return np.cov(pixels.T) + 1e-2 * np.eye(3)  # a gray picture has none of its own in two of three directions


def _square_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T


def _root(pixels):
    return _square_root(_covariance(pixels))
