"""Losses for masks in which one class has most of the pixels, such as the background.

Plain cross-entropy sums over pixels, so that a rare class hardly counts. Either its pixels are given more weight, or
the loss measures the overlap of each class and not its pixels (for one class: Milletari et al., 2016, arXiv
1606.04797).
"""

from dlcourse._checks import count
from dlcourse.segmentation._checks import class_map

import keras
import numpy as np
from keras import ops


def class_weights(masks, classes):
    """A weight for each class so that all weigh the same in sum: pixels / (occurring classes · pixels of the class).

    The mean weight of the pixels is 1.

    Args:
        masks: Whole numbers in 0…classes - 1, any shape.
        classes: How many.

    Returns:
        float32, shape (classes,); 0 for a class that does not occur.

    Raises:
        ValueError: If there are other numbers than 0…classes - 1.

    Taught in notebook 3-3, section 3.3.5.
    """
    classes = count("classes", classes)
    pixels = np.bincount(class_map("masks", masks, classes).ravel(), minlength=classes)
    share = pixels * np.count_nonzero(pixels) / max(pixels.sum(), 1)
    return np.divide(1, share, out=np.zeros(classes), where=pixels > 0).astype(np.float32)


@keras.saving.register_keras_serializable("dlcourse")
class WeightedCrossentropy(keras.losses.Loss):
    """Cross-entropy in which a pixel counts as much as its class weighs: the mean of -weights[y] · log p_y.

    The same as Keras' sparse categorical cross-entropy with `sample_weight=weights[y]` in every step.

    Args:
        weights: One number of 0 or more for each class, such as `class_weights` returns.

    The loss takes y_true, whole numbers of shape (m, height, width) or (m, height, width, 1), and y_pred, probabilities
    of shape (m, height, width, classes).

    Raises:
        ValueError: If the weights are not such numbers, or not as many as y_pred has classes.

    Taught in notebook 3-3, section 3.3.5; the w_c of U-Net's paper, eq. 2.
    """

    def __init__(self, weights, name="weighted_crossentropy", reduction="sum_over_batch_size", dtype=None):
        super().__init__(name, reduction, dtype)
        values = np.asarray(weights, np.float32)
        if values.ndim != 1 or not np.all(np.isfinite(values) & (values >= 0)):
            raise ValueError(f"weights: expected a finite number of 0 or more for each class, got {weights!r}")
        self.weights = values.tolist()

    def call(self, y_true, y_pred):
        classes = _classes(y_pred, len(self.weights))
        y_true = _labels(y_true, y_pred)
        losses = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return ops.matmul(ops.one_hot(y_true, classes), ops.convert_to_tensor(self.weights, y_pred.dtype)) * losses

    def get_config(self):
        return {**super().get_config(), "weights": self.weights}


@keras.saving.register_keras_serializable("dlcourse")
class DiceLoss(keras.losses.Loss):
    """1 minus the mean over the classes of Dice's coefficient, in which probabilities stand for the predicted masks.

    The coefficient of a class is 2 Σ y·p / (Σ y + Σ p), summed over all pixels of the batch. Classes that the batch
    does not have are left out: theirs would be 0 whatever is predicted.

    The loss takes y_true, whole numbers of shape (m, height, width) or (m, height, width, 1), and y_pred, probabilities
    of shape (m, height, width, classes). It gives one number for the batch, not one for each pixel.

    Raises:
        ValueError: If y_pred has fewer than 2 classes.

    Taught in notebook 3-3, section 3.3.5.
    """

    def __init__(self, name="dice_loss", reduction="sum_over_batch_size", dtype=None):
        super().__init__(name, reduction, dtype)

    def call(self, y_true, y_pred):
        y_true = ops.one_hot(_labels(y_true, y_pred), _classes(y_pred), dtype=y_pred.dtype)
        both, true, predicted = (ops.sum(values, axis=(0, 1, 2)) for values in (y_true * y_pred, y_true, y_pred))
        occurs = ops.cast(true > 0, y_pred.dtype)
        coefficients = 2 * both / (true + predicted + keras.config.epsilon())
        return 1 - ops.divide_no_nan(ops.sum(occurs * coefficients), ops.sum(occurs))


def _labels(y_true, y_pred):
    """y_true as whole numbers, one axis less than y_pred."""
    y_true = ops.squeeze(y_true, axis=-1) if len(y_true.shape) == len(y_pred.shape) else y_true
    return ops.cast(y_true, "int32")


def _classes(y_pred, expected=None):
    """How many classes y_pred has."""
    shape = tuple(y_pred.shape)
    if len(shape) != 4 or shape[-1] < 2 or expected not in (None, shape[-1]):
        classes = "2 classes or more" if expected is None else f"{expected} classes, as many as weights"
        raise ValueError(f"y_pred: expected shape (m, height, width, classes) with {classes}, got {shape}")
    return shape[-1]
