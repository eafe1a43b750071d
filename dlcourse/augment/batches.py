"""Batches of pictures at the door of `augment`, and the amounts by which each picture changes."""

import math

from dlcourse.checks import count

import numpy as np


def pictures(images):
    """Return `images` as an array, if it is a batch of pictures in 0…255."""
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(f"images: expected shape (m, height, width, channels), none of them 0, got {images.shape}")
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise ValueError(f"images: expected uint8 or float, got {images.dtype}")
    if not (images.min() >= 0 and images.max() <= 255):
        raise ValueError(f"images: expected values in 0…255, got {images.min()} to {images.max()}")
    return images


def restored(values, dtype):
    """Return values as pixels: clipped to 0…255, so that 250 + 10 is 255 and not 4, and rounded if they are uint8."""
    values = np.clip(values, 0, 255)
    return (np.rint(values) if dtype == np.uint8 else values).astype(dtype)


def generator(seed):
    """Return NumPy's generator of this seed."""
    return np.random.default_rng(count("seed", seed, 0))


def drawn(name, limit, shape, seed, distribution="uniform"):
    """Return one amount for each picture, or for each of its channels: `limit` itself, or drawn with a seed.

    A uniform distribution goes from -limit to limit; a standard normal one is multiplied by `limit`.
    """
    if seed is None:
        return amounts(name, limit, shape)
    limit = amounts(name, limit, shape[1:], least=0)
    if distribution == "uniform":
        return generator(seed).uniform(-limit, limit, shape)
    return limit * generator(seed).standard_normal(shape)


def amounts(name, value, shape, *, least=-math.inf):
    """Return `value` as float64 of `shape`, repeated if need be, if its numbers are finite and not below `least`."""
    try:
        values = np.broadcast_to(np.asarray(value, np.float64), shape)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a number or an array that fits {shape}, got {value!r}") from None
    if not (np.all(np.isfinite(values)) and np.all(values >= least)):
        limit = f" of {least} or more" if least > -math.inf else ""
        raise ValueError(f"{name}: expected finite numbers{limit}, got {value!r}")
    return values
