"""Losses for masks in which one class has most of the pixels, such as the background.

Plain cross-entropy sums over pixels, so that a rare class hardly counts. Either its pixels get more weight, or the loss
measures the overlap of each class and not its pixels (for one class: Milletari et al., 2016, arXiv 1606.04797).

A net with one channel and a sigmoid, `models.unet(…, classes=1)`, predicts the probability of class 1; its masks hold 0
and 1. Masks of 0 and 255, one-hot masks and logits make both losses wrong without a sign of it, so they are refused.
Inside a compiled `fit` the numbers cannot be read in Python: there TensorFlow stops with the same words
(InvalidArgumentError), and where its assertions do not run, on JAX and in XLA, the loss is NaN from that step on.
"""

from dlcourse.checks import READ_MASKS, choice, count, not_a_path, numbers_of
from dlcourse.segmentation.checks import class_map, ignored, outside
from dlcourse.segmentation.measures import PER

import keras
import numpy as np
from keras import ops

ABOVE_1 = 1e-3  # a probability that has been resized or rounded to half precision may be so far off
LOGITS = "if these are logits, put a softmax or, for one channel, a sigmoid behind them"
MASKS = (
    f"a mask of 0 and 255 becomes one of 0 and 1 by mask // 255, or {READ_MASKS}; pixels without a class: ignore_class"
)


def class_weights(masks, classes, *, ignore_class=None):
    """Return weights with which all classes weigh the same in sum: pixels / (occurring classes · pixels of the class).

    The mean weight of the pixels is 1.

    Args:
        masks: Whole numbers in 0…classes - 1, any shape.
        classes: Number of classes; 2 for a net with one channel.
        ignore_class: The number of pixels without a class, such as 255, which do not count; None for none.

    Returns float32, shape (classes,); 0 for a class that does not occur.
    Raises ValueError if there are other numbers than 0…classes - 1.
    Taught in notebook 3-3, section 3.3.5.
    """
    classes, ignore_class = count("classes", classes), ignored(ignore_class)
    masks = class_map("masks", masks, classes, ignore_class=ignore_class).ravel()
    masks = masks if ignore_class is None else masks[masks != ignore_class]
    pixels = np.bincount(masks.astype(np.int64), minlength=classes)
    share = pixels * np.count_nonzero(pixels) / max(pixels.sum(), 1)
    return np.divide(1, share, out=np.zeros(classes), where=pixels > 0).astype(np.float32)


class _MaskLoss(keras.losses.Loss):
    """A loss of masks, which looks at what it gets before Keras makes it float32."""

    weights = None

    def __init__(self, name, reduction, dtype, ignore_class):
        super().__init__(name, reduction, dtype)
        self.ignore_class = ignored(ignore_class)

    def __call__(self, y_true, y_pred, sample_weight=None):
        for argument, value in (("y_true", y_true), ("y_pred", y_pred)):
            not_a_path(argument, value, "an array", READ_MASKS)
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = _fitting(ops.convert_to_tensor(y_true), y_pred, self.weights)
        y_true, factor = _proved(y_true, y_pred, self.ignore_class)
        loss = super().__call__(y_true, y_pred, sample_weight)
        return loss if factor is None else loss * ops.cast(factor, loss.dtype)

    def split(self, y_true, y_pred):
        """Return y_true as whole numbers, 0 where a pixel is ignored; and which pixels count, 1 or 0."""
        labels = ops.cast(y_true, "int32")
        if self.ignore_class is None:
            return labels, ops.ones_like(labels, dtype=y_pred.dtype)
        counts = labels != self.ignore_class
        return ops.where(counts, labels, 0), ops.cast(counts, y_pred.dtype)

    def get_config(self):
        return {**super().get_config(), "ignore_class": self.ignore_class}


@keras.saving.register_keras_serializable("dlcourse")
class WeightedCrossentropy(_MaskLoss):
    """Cross-entropy in which a pixel counts as much as its class weighs: the mean of -weights[y] · log p_y.

    The same as Keras' sparse categorical cross-entropy with `sample_weight=weights[y]` in every step; for a net with
    one channel, as its binary cross-entropy. `dlcourse.load_model` loads a model that was saved with it.

    Args:
        weights: A number of 0 or more for each class, such as `class_weights` returns; two for a net with one channel.
        ignore_class: The number of pixels without a class, such as the 255 of PASCAL VOC and Cityscapes: they cost
            nothing, and the mean is over the other pixels. None for none.

    Call it with y_true, whole numbers of shape (m, height, width) or (m, height, width, 1), and y_pred, probabilities
    of shape (m, height, width, classes), or (m, height, width, 1) by a sigmoid.

    Raises ValueError if the weights are not such numbers, or not as many as y_pred has classes; if y_true is one-hot or
    has other numbers than the classes, such as 255, or y_pred has others than 0…1, such as logits.
    Taught in notebook 3-3, section 3.3.5; the w_c of U-Net's paper, eq. 2.
    """

    def __init__(
        self, weights, name="weighted_crossentropy", reduction="sum_over_batch_size", dtype=None, *, ignore_class=None
    ):
        super().__init__(name, reduction, dtype, ignore_class)
        values = np.asarray(weights, np.float32)
        if values.ndim != 1 or not np.all(np.isfinite(values) & (values >= 0)):
            raise ValueError(f"weights: expected a finite number of 0 or more for each class, got {weights!r}")
        self.weights = values.tolist()

    def call(self, y_true, y_pred):
        labels, counts = self.split(y_true, y_pred)  # (m, height, width) each
        if y_pred.shape[-1] == 1:
            truth = ops.expand_dims(ops.cast(labels, y_pred.dtype), -1)
            losses = keras.losses.binary_crossentropy(truth, y_pred)
        else:
            losses = keras.losses.sparse_categorical_crossentropy(labels, y_pred)
        weights = ops.convert_to_tensor(self.weights, y_pred.dtype)
        losses = ops.matmul(ops.one_hot(labels, len(self.weights), dtype=y_pred.dtype), weights) * losses * counts
        if self.ignore_class is None or self.reduction in (None, "none", "sum"):
            return losses
        # Keras divides by all pixels: the factor makes it the mean over those that count
        pixels = ops.cast(ops.size(counts), counts.dtype)
        return losses * ops.divide_no_nan(pixels, ops.sum(counts))

    def get_config(self):
        return {**super().get_config(), "weights": self.weights}


@keras.saving.register_keras_serializable("dlcourse")
class DiceLoss(_MaskLoss):
    """1 minus the mean over the classes of Dice's coefficient, in which probabilities stand for the predicted masks.

    The coefficient of a class is 2 Σ y·p / (Σ y + Σ p). Classes that the masks do not have are left out: theirs would
    be 0 whatever is predicted. A net with one channel has one coefficient, that of class 1, and no other to make up for
    it: of an empty mask the loss is 0 if nothing is predicted and nearly 1 if something is.

    `dlcourse.load_model` loads a model that was saved with it.

    Args:
        per: "batch": the sums go over all pixels of the batch, and the loss is one number. "picture": they go over the
            pixels of each picture, and the loss is the mean over the pictures, a number for each with
            `reduction="none"`. The two differ: in a batch a small object counts for little beside a large one.
        ignore_class: The number of pixels without a class, as for `WeightedCrossentropy`; no sum counts them.

    Call it with y_true and y_pred as `WeightedCrossentropy`.

    Raises ValueError if y_true or y_pred is refused, as by `WeightedCrossentropy`, or an argument is none of the above.
    Taught in notebook 3-3, section 3.3.5.
    """

    def __init__(
        self, name="dice_loss", reduction="sum_over_batch_size", dtype=None, *, per="batch", ignore_class=None
    ):
        super().__init__(name, reduction, dtype, ignore_class)
        self.per = choice("per", per, PER)

    def call(self, y_true, y_pred):
        labels, counts = self.split(y_true, y_pred)  # (m, height, width) each
        classes, counts = y_pred.shape[-1], ops.expand_dims(counts, -1)
        one_channel = classes == 1
        truth = ops.expand_dims(labels, -1) if one_channel else ops.one_hot(labels, classes)
        truth, y_pred = ops.cast(truth, y_pred.dtype) * counts, y_pred * counts  # (m, height, width, classes)
        axes = (0, 1, 2) if self.per == "batch" else (1, 2)
        both, true, predicted = (ops.sum(values, axis=axes) for values in (truth * y_pred, truth, y_pred))
        epsilon = keras.config.epsilon()
        coefficients = (2 * both + epsilon) / (true + predicted + epsilon)
        occurs = ops.ones_like(true) if one_channel else ops.cast(true > 0, y_pred.dtype)
        # Of a picture whose pixels are all ignored, nothing occurs: it costs nothing
        return ops.divide_no_nan(ops.sum(occurs * (1 - coefficients), axis=-1), ops.sum(occurs, axis=-1))

    def get_config(self):
        return {**super().get_config(), "per": self.per}


def _fitting(y_true, y_pred, weights):
    """Return y_true without an axis of channels, if its shape is that of y_pred's pixels."""
    shape, predicted = tuple(y_true.shape), tuple(y_pred.shape)
    classes = 2 if predicted[-1:] == (1,) else predicted[-1:] and predicted[-1]
    if len(predicted) != 4 or not classes or (weights is not None and classes != len(weights)):
        many = "" if weights is None else f" with {len(weights)} classes, as many as weights"
        raise ValueError(f"y_pred: expected shape (m, height, width, classes){many}, got {predicted}")
    if len(shape) == 4 and shape[-1] == 1:
        y_true, shape = ops.squeeze(y_true, axis=-1), shape[:-1]
    if len(shape) != 3 or any(a != b and None not in (a, b) for a, b in zip(shape, predicted[:-1], strict=True)):
        one_hot = ", one-hot: pass the class of each pixel, np.argmax(y_true, axis=-1)" * (len(shape) == 4)
        wanted = f"whole numbers, shape (m, height, width), for {predicted[:-1]}"
        raise ValueError(f"y_true: expected {wanted}, got {shape}{one_hot}")
    return y_true


def _proved(y_true, y_pred, ignore_class):
    """Return `(y_true, None)` if y_true holds classes and y_pred probabilities, and raise an error if not.

    Where they have no values yet, the second is a number for the loss to be multiplied by: 1, or NaN in place of the
    error; and what is no class becomes 0, so that no later operation fails in words of its own. NaN in y_pred passes: a
    training that diverges shows it in its loss.
    """
    most = max(y_pred.shape[-1], 2) - 1
    floats, kind = keras.backend.is_float_dtype(y_true.dtype), keras.backend.standardize_dtype(y_true.dtype)
    wide = "int64" if kind in ("int64", "uint64", "uint32") else "int32"  # for -1, and for labels beyond 32 bits
    labels = y_true if floats else ops.cast(y_true, wide)
    inside = (labels >= 0) & (labels <= most)
    if floats:
        inside = inside & (labels == ops.floor(labels))
    if ignore_class is not None:
        inside = inside | (labels == ignore_class)
    beyond = ops.any((y_pred < -ABOVE_1) | (y_pred > 1 + ABOVE_1))
    truths = ops.all(inside), ops.logical_not(beyond)
    classes, probabilities = (numbers_of(truth) for truth in truths)
    if classes is not None and probabilities is not None:
        if not classes:
            wrong = numbers_of(labels)
            wrong = wrong if ignore_class is None else wrong[wrong != ignore_class]
            broken = wrong[wrong != np.floor(wrong)]
            whole = f"y_true: expected whole numbers, 0…{most}, got {broken[0]:.4g}" if broken.size else None
            raise ValueError(whole or outside("y_true", wrong, most))
        if not probabilities:
            wrong = f"{float(ops.min(y_pred)):.4g} to {float(ops.max(y_pred)):.4g}"
            raise ValueError(f"y_pred: expected probabilities in [0, 1], got {wrong}: {LOGITS}")
        return y_true, None
    y_true = ops.where(inside, labels, ops.zeros_like(labels))
    factor = ops.where(ops.logical_and(*truths), 1.0, float("nan"))
    if keras.backend.backend() != "tensorflow":
        return y_true, factor
    import tensorflow as tf

    messages = (
        [f"y_true: expected classes 0…{most}, got", ops.min(labels), "to", ops.max(labels), MASKS],
        ["y_pred: expected probabilities in [0, 1], got", ops.min(y_pred), "to", ops.max(y_pred), LOGITS],
    )
    with tf.control_dependencies([tf.debugging.Assert(*each) for each in zip(truths, messages, strict=True)]):
        return tf.identity(y_true), tf.identity(factor)
