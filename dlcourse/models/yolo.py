"""The head of a YOLO with anchors (after YOLOv2: Redmon and Farhadi, 2016, arXiv 1612.08242) on a trunk's two maps.

The fine map knows where, the coarse one knows what. Both are made narrow, brought to one size and stacked; one 3×3
convolution looks around, and the last 1×1 convolution answers for each anchor in each cell.
"""

from dlcourse.checks import count
from dlcourse.models.blocks import image_shape

import keras
from keras import layers


def yolo_head(fine, coarse, anchors, classes, *, use=(True, True)):
    """Build the head of a detector: from two maps of a frozen trunk to raw answers in the cells of a grid.

    Args:
        fine: The shape of the finer map, (rows, columns, channels), whose places are the cells.
        coarse: The shape of the coarser one, with half the rows and columns.
        anchors: k, the number of boxes in a cell.
        classes: C, the number of classes.
        use: Whether the fine map counts, and whether the coarse one does.

    Returns a Keras model from [fine maps, coarse maps] to answers, shape (m, rows, columns, k · (5 + C)), for
    `dlcourse.detection.yolo.YoloLoss` and `decode`. The maps are normalized inside.
    Raises ValueError if the coarse map has not half the sides, or another argument is out of its range.
    Taught in notebook 3-3, section 3.3.3.
    """
    fine, coarse = image_shape(fine, name="fine"), image_shape(coarse, name="coarse")
    anchors, classes = count("anchors", anchors), count("classes", classes)
    if (2 * coarse[0], 2 * coarse[1]) != fine[:2]:
        raise ValueError(f"coarse: expected half the rows and columns of {fine}, got {coarse}")
    if not isinstance(use, tuple | list) or len(use) != 2 or not any(use):
        raise ValueError(f"use: expected two of True or False, not both False, got {use!r}")
    maps = [keras.Input(fine, name="fine"), keras.Input(coarse, name="coarse")]
    a = _convolution(layers.BatchNormalization(momentum=0.9, name="fine_bn")(maps[0]), 64, 1, "fine_conv")
    b = layers.BatchNormalization(momentum=0.9, name="coarse_bn")(maps[1])
    b = layers.Dropout(0.3, name="coarse_dropout")(b)
    b = _convolution(b, 64, 1, "coarse_conv")
    b = layers.UpSampling2D(2, interpolation="bilinear", name="coarse_doubled")(b)
    parts = [part for part, used in zip((a, b), use, strict=True) if used]
    x = layers.Concatenate(name="both")(parts) if len(parts) == 2 else parts[0]
    x = _convolution(layers.Dropout(0.3, name="both_dropout")(x), 128, 3, "around")
    answers = layers.Conv2D(anchors * (5 + classes), 1, name="answers")
    x = layers.Dropout(0.3, name="around_dropout")(x)
    return keras.Model(maps, answers(x), name="yolo_head")


def _convolution(x, filters, size, name):
    """Convolution, batch normalization, ReLU; a penalty on the weights (L2) because the data are few."""
    penalty = keras.regularizers.L2(1e-4)
    x = layers.Conv2D(filters, size, padding="same", use_bias=False, kernel_regularizer=penalty, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
