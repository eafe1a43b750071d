"""Changes of color: the same thing in another light.

From which distribution should the shifts be drawn? From that of the lights. AlexNet took a normal distribution
(Krizhevsky et al., 2012, "ImageNet classification with deep convolutional neural networks", section 4.1): small shifts
are common, large ones rare, and the mean is 0, so that on average the colors stay. So do the functions here.
"""

from typing import NamedTuple

from dlcourse.augment.batches import drawn, pictures, restored

import numpy as np


class ColorComponents(NamedTuple):
    """What `color_components` returns."""

    eigenvalues: np.ndarray
    eigenvectors: np.ndarray


def color_shift(images, shifts, seed=None):
    """Add a number to each channel of each picture, the same for all its pixels, and clip to 0…255.

    Args:
        images: Pictures in 0…255, uint8 or float, shape (m, height, width, channels).
        shifts: Numbers to add, in steps of 0…255: one, or shape (channels,), or shape (m, channels). With a seed, the
            standard deviation: 0 or more, one or shape (channels,).
        seed: None adds exactly `shifts`; a whole number draws each picture's shifts from a normal distribution.

    Returns new pictures, dtype and shape as `images`.
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    m, channels = len(images), images.shape[-1]
    shifts = drawn("shifts", shifts, (m, channels), seed, "standard_normal")
    return restored(images + shifts[:, None, None], images.dtype)


def color_components(images):
    """Compute the principal components of a training set's pixels: the lines on which colors vary, and how much.

    The first is nearly gray, from dark to light; the others go from blue to yellow and from green to purple.

    Args:
        images: The training set: pictures in 0…255, uint8 or float, shape (m, height, width, channels), of two pixels
            or more.

    Returns a named tuple with `eigenvalues`, float64, shape (channels,), the largest first, and `eigenvectors`,
    float64, shape (channels, channels), one of length 1 in each **column**. They are those of the covariance of the
    channels of all pixels, scaled to **0…1**: eigenvalues are squares, so the unit matters (see `pca_color_shift`).
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    channels = images.shape[-1]
    count = images[..., 0].size
    if count < 2:
        raise ValueError(f"images: expected two pixels or more, got {count}")
    mean = images.mean(axis=(0, 1, 2), dtype=np.float64) / 255
    scatter = np.zeros((channels, channels))
    for image in images:  # one at a time: float64 pixels of a whole training set would fill the memory
        pixels = image.reshape(-1, channels) / 255.0 - mean
        scatter += pixels.T @ pixels
    eigenvalues, eigenvectors = np.linalg.eigh(scatter / (count - 1))
    eigenvectors *= np.sign(eigenvectors[np.argmax(np.abs(eigenvectors), axis=0), np.arange(channels)])
    return ColorComponents(np.maximum(eigenvalues[::-1], 0), eigenvectors[:, ::-1])


def pca_color_shift(images, components, strength=0.1, seed=None):
    """Shift the colors along the lines on which they vary in nature: AlexNet's "PCA color augmentation".

    Each pixel of a picture gets 255 · Σᵢ pᵢ αᵢ λᵢ, where pᵢ is an eigenvector, λᵢ its eigenvalue and αᵢ is drawn once
    for each picture. So a picture gets lighter or darker often, and greener or more purple seldom (Krizhevsky et al.,
    2012, section 4.1).

    The paper does not give the unit of λ, and its formula has λ, a variance, where a shift should have √λ. With pixels
    in 0…1 it shifts by some gray levels; with pixels in 0…255 the same formula would shift 255 times further and turn
    most pictures black or white. Hence the scaling of `color_components`, and the factor of 255.

    Args:
        images: As for `color_shift`.
        components: As `color_components` returns them, of the training set.
        strength: α: a number, or shape (channels,), or shape (m, channels). With a seed, the standard deviation: 0 or
            more, a number or shape (channels,).
        seed: None takes exactly α = strength; a whole number draws each α from a normal distribution.

    Returns new pictures, dtype and shape as `images`.
    Raises ValueError for other pictures or arguments.
    Taught in notebook 3-2, section 3.2.5.
    """
    images = pictures(images)
    m, channels = len(images), images.shape[-1]
    alpha = drawn("strength", strength, (m, channels), seed, "standard_normal")
    return restored(images + (alpha @ directions(components, channels))[:, None, None], images.dtype)


def directions(components, channels):
    """Compute 255 · λᵢ pᵢ, one component a row: the shift of each channel at α = 1."""
    try:
        eigenvalues, eigenvectors = (np.asarray(part, np.float64) for part in components)
    except (TypeError, ValueError):
        raise ValueError(f"components: expected (eigenvalues, eigenvectors), got {components!r}") from None
    if eigenvalues.shape != (channels,) or eigenvectors.shape != (channels, channels):
        raise ValueError(
            f"components: expected shapes ({channels},) and ({channels}, {channels}) for pictures of {channels} "
            f"channels, got {eigenvalues.shape} and {eigenvectors.shape}"
        )
    if not (np.all(np.isfinite(eigenvectors)) and np.all((eigenvalues >= 0) & (eigenvalues <= channels))):
        raise ValueError(f"components: expected eigenvalues of pixels in 0…1, got {eigenvalues}")
    return 255 * eigenvalues[:, None] * eigenvectors.T
