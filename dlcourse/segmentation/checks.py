"""The check of a mask of classes, at the doors of `segmentation`."""

from dlcourse.checks import READ_MASKS, array, count

import numpy as np

SHAPES = {2: "(height, width)", 3: "(m, height, width)"}
FEWEST = 16  # pixels, from which on an array that looks one-hot is no mask that looks so by chance


def class_map(name, mask, classes=None, *, ndim=None, ignore_class=None):
    """Return `mask` as an array, if it holds whole numbers of 0 or more; False and True count as 0 and 1.

    They are below `classes` or equal `ignore_class`, and there are `ndim` axes, if these are given.
    """
    wanted = "whole numbers" if ndim is None else f"whole numbers of shape {SHAPES[ndim]}"
    mask = array(name, mask, wanted, READ_MASKS)
    if mask.dtype.kind not in "bui" or (ndim is not None and mask.ndim != ndim):
        raise ValueError(f"{name}: expected {wanted}, got {mask.dtype} of {mask.shape}{_remedy(mask, ndim)}")
    mask = mask.astype(np.uint8) if mask.dtype.kind == "b" else mask
    if _one_hot(mask, classes):
        raise ValueError(f"{name}: expected {wanted}, got {mask.shape}, one-hot: np.argmax(mask, axis=-1)")
    named = mask if ignore_class is None else mask[mask != ignore_class]
    if named.size and (named.min() < 0 or (classes is not None and named.max() >= classes)):
        raise ValueError(outside(name, named, None if classes is None else count("classes", classes) - 1))
    return mask


def outside(name, labels, most):
    """Return the error for labels that are no classes, with the way out if it is known."""
    low, high = labels.min(), labels.max()
    message = f"{name}: expected classes {'0 or more' if most is None else f'0…{most}'}, got {low:.15g} to {high:.15g}"
    if high == 255 and np.isin(labels, (0, 255)).all():
        return f"{message}, a mask in black and white: mask // 255 is 0 and 1, or {READ_MASKS}"
    if high == 255:
        return f"{message}; if 255 marks pixels without a class, pass ignore_class=255"
    return message


def ignored(ignore_class):
    """Return `ignore_class`, if it is a whole number or None."""
    return None if ignore_class is None else count("ignore_class", ignore_class, -(2**31))


def _one_hot(mask, classes):
    """Return whether the last axis has a single 1 for each pixel."""
    if classes is None or classes < 2 or mask.ndim < 3 or mask.shape[-1] != classes or mask.size < FEWEST * classes:
        return False
    return mask.min() == 0 and mask.max() == 1 and bool((mask.sum(axis=-1) == 1).all())


def _remedy(mask, ndim):
    """Return the way from what is no class map to one, the end of an error."""
    if mask.ndim >= 3 and mask.shape[-1] > 1 and ndim in (None, mask.ndim - 1):
        return ": np.argmax(mask, axis=-1) is the class of each pixel"
    if ndim == mask.ndim - 1 and mask.shape[-1] == 1:
        return ": mask[..., 0] has no axis of channels"
    if ndim in (None, mask.ndim) and mask.dtype.kind == "f" and mask.size and mask.min() >= 0 and mask.max() <= 1:
        return ": p > 0.5 makes a mask of the probabilities of one class"
    if ndim in (None, mask.ndim) and mask.dtype.kind == "f" and mask.size and (mask == np.rint(mask)).all():
        return ": mask.astype(int) is whole"
    return ""
