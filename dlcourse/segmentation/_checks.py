"""What the functions of `segmentation` ask of masks."""

from dlcourse._checks import count

import numpy as np


def class_map(name, mask, classes=None, *, ndim=None):
    """`mask` as an array, if it holds whole numbers of 0 or more.

    They are below `classes`, and there are `ndim` axes, if these are given. False and True count as 0 and 1.
    """
    mask = np.asarray(mask)
    if mask.dtype.kind not in "bui" or (ndim is not None and mask.ndim != ndim):
        wanted = "whole numbers" if ndim is None else f"whole numbers of shape {SHAPES[ndim]}"
        raise ValueError(f"{name}: expected {wanted}, got {mask.dtype} of {mask.shape}")
    mask = mask.astype(np.uint8) if mask.dtype.kind == "b" else mask
    if mask.size and (mask.min() < 0 or (classes is not None and mask.max() >= classes)):
        wanted = "0 or more" if classes is None else f"0…{count('classes', classes) - 1}"
        raise ValueError(f"{name}: expected classes {wanted}, got {mask.min()} to {mask.max()}")
    return mask


SHAPES = {2: "(height, width)", 3: "(m, height, width)"}
