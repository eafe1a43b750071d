"""How good a mask is: intersection over union of each class, their mean, and Dice's coefficient.

The share of right pixels tells little where most pixels are background. IoU (Jaccard, 1901) leaves out the pixels that
both masks rightly give to other classes.
"""

from dlcourse.checks import choice, count
from dlcourse.segmentation.checks import class_map, ignored

import numpy as np

PER = ("batch", "picture")


def class_iou(y_true, y_pred, classes, *, ignore_class=None):
    """Return the intersection over union of each class, over all pixels of all pictures together.

    Args:
        y_true: Whole numbers in 0…classes - 1, any shape, such as (m, height, width).
        y_pred: Predicted classes, shape as `y_true`. A last axis of length 1, as of a sigmoid net's maps, may be there
            or not. Of probabilities, take the argmax over the classes, or p > 0.5.
        classes: Number of classes.
        ignore_class: The number of pixels without a class, such as the 255 of PASCAL VOC and Cityscapes: where y_true
            has it, the pixel does not count. None for none.

    Returns float64, shape (classes,), in [0, 1]; NaN for a class that neither has.
    Raises ValueError if the shapes differ, or there are other numbers than 0…classes - 1.
    Taught in notebook 3-3, section 3.3.5; notes, eq. 3.13.
    """
    confusion = _confusion(y_true, y_pred, classes, ignore_class)[0]  # (classes, classes)
    intersection = np.diag(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - intersection
    return np.where(union > 0, intersection / np.maximum(union, 1), np.nan)


def mean_iou(y_true, y_pred, classes, *, ignore_class=None):
    """Return the mean of `class_iou` over the classes that occur.

    A class that neither mask has is left out: with 0 or 1 for it the mean would depend on how many classes were never
    asked for. It equals `keras.metrics.MeanIoU(classes, ignore_class=ignore_class)`.

    Args:
        y_true, y_pred, classes, ignore_class: As for `class_iou`, with its errors.

    Returns a float in [0, 1]; NaN if there are no pixels.
    Taught in notebook 3-3, section 3.3.5; notes, eq. 3.13.
    """
    ious = class_iou(y_true, y_pred, classes, ignore_class=ignore_class)
    occurring = ious[~np.isnan(ious)]
    return float(occurring.mean()) if occurring.size else float("nan")


def dice(y_true, y_pred, *, per="batch", ignore_class=None):
    """Return Dice's coefficient of two masks, 2|A ∩ B| / (|A| + |B|) (Dice, 1945), which is also their F1 score.

    It is never below the IoU, 2·IoU / (1 + IoU), and puts any two masks in the same order.

    Args:
        y_true, y_pred: Masks of one object or class, False and True or 0 and 1, with axes as for `class_iou`.
        per: "batch" counts the pixels of all pictures together, so that large objects weigh more. "picture" gives each
            picture along the first axis a coefficient of its own; their mean, `np.nanmean`, is another number.
        ignore_class: As for `class_iou`.

    Returns a float in [0, 1]; NaN if both are empty. With "picture" float64, shape (m,).
    Raises ValueError if the shapes differ, or there are other numbers than 0 and 1.
    Its idea is taught in notebook 3-3, section 3.3.5.
    """
    choice("per", per, PER)
    confusion = _confusion(y_true, y_pred, 2, ignore_class, pictures=per == "picture")  # (1 or m, 2, 2)
    both, sizes = confusion[:, 1, 1], confusion[:, 1].sum(axis=1) + confusion[:, :, 1].sum(axis=1)
    coefficients = np.where(sizes > 0, 2 * both / np.maximum(sizes, 1), np.nan)
    return coefficients if per == "picture" else float(coefficients[0])


def _confusion(y_true, y_pred, classes, ignore_class, *, pictures=False):
    """Return how many pixels of class i are taken for class j, shape (1, classes, classes), or (m, …) by `pictures`."""
    classes, ignore_class = count("classes", classes), ignored(ignore_class)
    y_true = class_map("y_true", y_true, classes, ignore_class=ignore_class)
    y_pred = class_map("y_pred", y_pred, classes, ignore_class=ignore_class)
    y_pred = y_pred[..., 0] if y_pred.shape == (*y_true.shape, 1) else y_pred
    y_true = y_true[..., 0] if y_true.shape == (*y_pred.shape, 1) else y_true
    if y_true.shape != y_pred.shape:
        raise ValueError(f"y_pred: expected the shape of y_true, {y_true.shape}, got {y_pred.shape}")
    if pictures and y_true.ndim < 2:
        raise ValueError(f'y_true: expected pictures along the first axis for per="picture", got {y_true.shape}')
    m = len(y_true) if pictures else 1
    picture = np.arange(m).repeat(y_true.size // max(m, 1))
    y_true, y_pred = y_true.ravel().astype(np.int64), y_pred.ravel().astype(np.int64)  # in uint8, 23 · 12 would be 20
    if ignore_class is not None:
        counts = y_true != ignore_class
        picture, y_true, y_pred = picture[counts], y_true[counts], y_pred[counts]
        if y_pred.size and not 0 <= y_pred.min() <= y_pred.max() < classes:
            raise ValueError(f"y_pred: expected 0…{classes - 1} wherever y_true has a class, got {ignore_class}")
    pairs = (picture * classes + y_true) * classes + y_pred
    return np.bincount(pairs, minlength=m * classes**2).reshape(m, classes, classes)
