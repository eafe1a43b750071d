"""Objects of COCO's 80 classes in a photograph, by NanoDet."""

from dlcourse import models
from dlcourse.checks import color_picture, flag, share
from dlcourse.pretrained.boxes import suppressed
from dlcourse.pretrained.letterbox import letterbox, undo_letterbox
from dlcourse.pretrained.nets import net

import numpy as np
from keras import ops

# Of `models.nanodet`: the 80 classes of COCO (Lin et al., 2014, arXiv 1405.0312) in their usual order.
COCO_CLASSES = (
    "person",
    *("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench"),
    *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    *("backpack", "umbrella", "handbag", "tie", "suitcase"),
    *("frisbee", "skis", "snowboard", "sports ball", "kite"),
    *("baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket"),
    *("bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl"),
    *("banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake"),
    *("chair", "couch", "potted plant", "bed", "dining table", "toilet"),
    *("tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator"),
    *("book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"),
)
NANODET_STRIDES = (8, 16, 32)  # pixels of the picture to a cell, of its three grids
NANODET_BINS = 11  # distances 0…10, in cells


def find_objects(photo, model=None, score_threshold=0.35, iou_threshold=0.6, *, class_agnostic=False):
    """Find objects of COCO's 80 classes in a photograph, by NanoDet.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        model: A net as `models.nanodet` builds it; None for the shipped one.
        score_threshold: In 0…1. An object whose score equals it is left out.
        iou_threshold: In 0…1, the overlap from which on non-max suppression discards a box.
        class_agnostic: Whether a box discards those of other classes, too. Otherwise a person on a horse keeps both
            boxes, and one animal may be found as cat and as dog.

    Returns `(scores, boxes, classes)`, NumPy arrays of shapes (n,), (n, 4) and (n,), best first: probabilities, corners
    (x_min, y_min, x_max, y_max) in pixels of the photograph, clipped to it, and indices into `COCO_CLASSES`.
    Raises ValueError if an argument is not as above.
    Taught in notebook 3-3, section 3.3.3.
    """
    photo, score_threshold = color_picture("photo", photo), share("score_threshold", score_threshold)
    class_agnostic = flag("class_agnostic", class_agnostic)
    detector = net("model", model, models.nanodet, (4, 124), (4, 124), (4, 124))
    picture, scale, offset = letterbox(photo, detector.input_shape[1])
    boxes, probabilities = decode_nanodet(detector.predict_on_batch(picture[np.newaxis]))
    boxes, probabilities = ops.convert_to_numpy(boxes)[0], ops.convert_to_numpy(probabilities)[0]
    places, classes = np.nonzero(probabilities > score_threshold)
    boxes = undo_letterbox(boxes[places], scale, offset)
    scores, by_class = probabilities[places, classes], not class_agnostic
    return suppressed(photo, iou_threshold, scores, boxes, classes, by_class=by_class)


def decode_nanodet(outputs):
    """Compute boxes and probabilities from NanoDet's raw answers.

    For each side of a box the net predicts a distribution over its distances from the middle of the cell, 0, 1, …, 10
    cells; its mean is taken (Li et al., 2020, arXiv 2006.04388).

    Args:
        outputs: The three grids of `models.nanodet`, shapes (m, 52, 52, 124), (m, 26, 26, 124) and (m, 13, 13, 124).

    Returns `(boxes, probabilities)`, tensors of shapes (m, 3549, 4) and (m, 3549, 80): corners in pixels of the 416×416
    picture, and for each class, on its own, how likely it is: they do not add up to 1.
    Raises ValueError if `outputs` are not three grids with 124 channels.
    Taught in notebook 3-3, section 3.3.3.
    """
    channels, classes = len(COCO_CLASSES) + 4 * NANODET_BINS, len(COCO_CLASSES)
    shapes = [tuple(grid.shape) for grid in outputs]
    if len(shapes) != 3 or any(len(shape) != 4 or shape[-1] != channels for shape in shapes):
        raise ValueError(f"outputs: expected three grids, shape (m, rows, columns, {channels}), got {shapes}")
    boxes, probabilities = [], []
    for grid, (_, rows, columns, _), stride in zip(outputs, shapes, NANODET_STRIDES, strict=True):
        cells = ops.reshape(grid, (-1, rows * columns, channels))
        probabilities.append(ops.sigmoid(cells[..., :classes]))
        bins = ops.softmax(ops.reshape(cells[..., classes:], (-1, rows * columns, 4, NANODET_BINS)))
        distances = stride * ops.sum(bins * np.arange(NANODET_BINS, dtype="float32"), axis=-1)
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        middle = stride * (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5).astype("float32")
        boxes.append(ops.concatenate([middle - distances[..., :2], middle + distances[..., 2:]], axis=-1))
    return ops.concatenate(boxes, axis=1), ops.concatenate(probabilities, axis=1)
