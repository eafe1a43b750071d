"""How good a mask is: intersection over union of each class, their mean, and Dice's coefficient.

The share of right pixels says little where most pixels are background. IoU (Jaccard, 1901) leaves out the pixels that
both masks rightly give to other classes.
"""

from dlcourse._checks import count
from dlcourse.segmentation._checks import class_map

import numpy as np


def class_iou(y_true, y_pred, classes):
    """Intersection over union of each class, over all pixels of all pictures together.

    Args:
        y_true: Whole numbers in 0…classes - 1, any shape, such as (m, height, width).
        y_pred: The same of the prediction, shape as `y_true`.
        classes: How many.

    Returns:
        float64, shape (classes,), in [0, 1]; NaN for a class that neither has.

    Raises:
        ValueError: If the shapes differ, or there are other numbers than 0…classes - 1.

    Taught in notebook 3-3, section 3.3.5; notes, eq. 3.13.
    """
    confusion = _confusion(y_true, y_pred, classes)
    intersection = np.diag(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - intersection
    return np.where(union > 0, intersection / np.maximum(union, 1), np.nan)


def mean_iou(y_true, y_pred, classes):
    """The mean of `class_iou` over the classes that occur.

    A class that neither mask has is left out: with 0 or 1 for it the mean would depend on how many classes were never
    asked for.

    Args:
        y_true, y_pred, classes: As for `class_iou`.

    Returns:
        A float in [0, 1]; NaN if there are no pixels.

    Raises:
        ValueError: As `class_iou`.

    Taught in notebook 3-3, section 3.3.5; notes, eq. 3.13.
    """
    ious = class_iou(y_true, y_pred, classes)
    occurring = ious[~np.isnan(ious)]
    return float(occurring.mean()) if occurring.size else float("nan")


def dice(y_true, y_pred):
    """Dice's coefficient of two masks, 2|A ∩ B| / (|A| + |B|) (Dice, 1945), which is also their F1 score.

    It is never below the IoU, 2·IoU / (1 + IoU), and puts any two masks in the same order.

    Args:
        y_true, y_pred: Masks of one object or class, False and True or 0 and 1, of one shape.

    Returns:
        A float in [0, 1]; NaN if both are empty.

    Raises:
        ValueError: If the shapes differ, or there are other numbers than 0 and 1.

    Taught in notebook 3-3, section 3.3.5.
    """
    confusion = _confusion(y_true, y_pred, 2)
    both, sizes = confusion[1, 1], confusion[1].sum() + confusion[:, 1].sum()
    return float(2 * both / sizes) if sizes else float("nan")


def _confusion(y_true, y_pred, classes):
    """How many pixels of class i are taken for class j, shape (classes, classes)."""
    classes = count("classes", classes)
    y_true, y_pred = class_map("y_true", y_true, classes), class_map("y_pred", y_pred, classes)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"y_pred: expected the shape of y_true, {y_true.shape}, got {y_pred.shape}")
    pairs = y_true.astype(np.int64) * classes + y_pred  # int64: in uint8, 23 · 12 would be 20
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)
