"""What every function of `augment` asks of its arguments, and how it hands pictures back."""

import math

from dlcourse.checks import count

import numpy as np


def pictures(images):
    """`images` as an array, if it is a batch of pictures in 0…255."""
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(f"images: expected shape (m, height, width, channels), none of them 0, got {images.shape}")
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise ValueError(f"images: expected uint8 or float, got {images.dtype}")
    if not (images.min() >= 0 and images.max() <= 255):
        raise ValueError(f"images: expected values in 0…255, got {images.min()} to {images.max()}")
    return images


def restored(values, dtype):
    """Values as pixels: clipped to 0…255, so that 250 + 10 is 255 and not 4, and rounded if they must be whole."""
    values = np.clip(values, 0, 255)
    return (np.rint(values) if dtype == np.uint8 else values).astype(dtype)


def generator(seed):
    """NumPy's generator of this seed."""
    return np.random.default_rng(count("seed", seed, 0))


def amounts(name, value, shape, *, least=-math.inf):
    """`value` as float64 of `shape`, repeated if need be, if its numbers are finite and not below `least`."""
    try:
        values = np.broadcast_to(np.asarray(value, np.float64), shape)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected a number or an array that fits {shape}, got {value!r}") from None
    if not (np.all(np.isfinite(values)) and np.all(values >= least)):
        raise ValueError(
            f"{name}: expected finite numbers{f' of {least} or more' * (least > -math.inf)}, got {value!r}"
        )
    return values
