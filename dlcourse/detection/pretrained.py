"""One call for each pretrained net: a photograph of any size goes in, answers in the photograph's own pixels come out.

    photo = datasets.photo("astronaut")
    scores, boxes = find_faces(photo)
    points = find_landmarks(photo, boxes)
    scores, boxes, classes = find_objects(photo)
    mask = person_mask(photo)

Around each net stand the same three steps. The photograph is brought to the size the net was trained on: `letterbox`
keeps its ratio and fills up with black. The net answers, in numbers of its own kind, which are decoded to boxes and
probabilities. And the boxes go back to the photograph, where non-max suppression leaves one for each object.

The shipped nets are loaded at the first call and kept. A later call takes some 50 ms of processor time for faces,
110 ms for objects, 25 ms for a mask and 11 ms for the landmarks of one face. Of a photograph of twelve megapixels the
resizing alone takes half a second.
"""

import functools

from dlcourse import models
from dlcourse._checks import colour_picture, count, model_shapes
from dlcourse._pixels import resized
from dlcourse.detection import _checks
from dlcourse.detection.boxes import clip_boxes, scale_boxes
from dlcourse.detection.nms import non_max_suppression
from dlcourse.detection.yolo import decode

import numpy as np
from keras import ops

# Of `models.face_detector`: width and height in cells of its grid.
FACE_ANCHORS = (
    (1.603231, 2.094468),
    (6.041143, 7.080126),
    (2.882459, 3.518061),
    (4.266906, 5.178857),
    (9.041765, 10.66308),
)

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
MAX_BOXES = 100  # as COCO counts: at most so many for a photograph


def find_faces(photo, model=None, score_threshold=0.5, iou_threshold=0.4):
    """The faces in a photograph, by a YOLO. A face under a twelfth or so of the longer side is too small for it.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        model: A net as `models.face_detector` builds it, for squares; a larger one finds smaller faces. None for the
            shipped one, 416×416.
        score_threshold: In 0…1. A face whose score equals it is left out.
        iou_threshold: Of non-max suppression.

    Returns:
        `(scores, boxes)`, NumPy arrays of shapes (n,) and (n, 4), best first: probabilities, and corners
        (x_min, y_min, x_max, y_max) in pixels of the photograph, clipped to it.

    Raises:
        ValueError: If an argument is not as above.

    Taught in notebook 3-3, section 3.3.3.
    """
    photo, score_threshold = colour_picture("photo", photo), _checks.threshold("score_threshold", score_threshold)
    net = _net(model, models.face_detector, (4, 25))
    side = net.input_shape[1]
    picture, scale, offset = letterbox(photo, side, centred=False)
    boxes, confidence, _ = decode(net.predict_on_batch(picture[np.newaxis]), FACE_ANCHORS)
    boxes, scores = ops.convert_to_numpy(boxes).reshape(-1, 4), ops.convert_to_numpy(confidence).reshape(-1)
    likely = scores > score_threshold
    boxes = undo_letterbox(scale_boxes(boxes[likely], (side, side)), scale, offset)
    return _suppressed(photo, iou_threshold, scores[likely], boxes)


def find_landmarks(photo, boxes, model=None):
    """Sixty-eight points of each face: jaw, brows, nose, eyes and mouth.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        boxes: The faces, shape (n, 4), corners in pixels, as `find_faces` returns them. What is outside of the
            photograph is cut off. n may be 0.
        model: A net as `models.face_landmarks` builds it; None for the shipped one.

    Returns:
        A NumPy array, shape (n, 68, 2): (x, y) in pixels of the photograph. Which point is what is said in
        `models.face_landmarks`. A point may lie outside of its box.

    Raises:
        ValueError: If an argument is not as above, or a box has no area in the photograph.

    Taught in notebook 3-3, section 3.3.1.
    """
    photo, net = colour_picture("photo", photo), _net(model, models.face_landmarks, (3, 2))
    side, points = net.input_shape[1], []
    for left, top, right, bottom in _whole_pixels(boxes, photo):
        face, scale, offset = letterbox(photo[top:bottom, left:right], side)
        found = net.predict_on_batch(face[np.newaxis])[0]  # one by one: each other number of faces would be compiled
        points.append(undo_letterbox(found * side, scale, offset) + np.array([left, top]))
    return np.array(points, np.float32).reshape(-1, 68, 2)


def find_objects(photo, model=None, score_threshold=0.35, iou_threshold=0.6):
    """Objects of COCO's 80 classes in a photograph, by NanoDet.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        model: A net as `models.nanodet` builds it; None for the shipped one.
        score_threshold: In 0…1. An object whose score equals it is left out.
        iou_threshold: Of non-max suppression, which runs for each class on its own. One thing may so be found as cat
            and as dog.

    Returns:
        `(scores, boxes, classes)`, NumPy arrays of shapes (n,), (n, 4) and (n,), best first: probabilities, corners
        (x_min, y_min, x_max, y_max) in pixels of the photograph, clipped to it, and indices into `COCO_CLASSES`.

    Raises:
        ValueError: If an argument is not as above.

    Taught in notebook 3-3, section 3.3.3.
    """
    photo, score_threshold = colour_picture("photo", photo), _checks.threshold("score_threshold", score_threshold)
    net = _net(model, models.nanodet, (4, 124), (4, 124), (4, 124))
    picture, scale, offset = letterbox(photo, net.input_shape[1])
    boxes, probabilities = decode_nanodet(net.predict_on_batch(picture[np.newaxis]))
    boxes, probabilities = ops.convert_to_numpy(boxes)[0], ops.convert_to_numpy(probabilities)[0]
    places, classes = np.nonzero(probabilities > score_threshold)
    boxes = undo_letterbox(boxes[places], scale, offset)
    return _suppressed(photo, iou_threshold, probabilities[places, classes], boxes, classes)


def person_mask(photo, model=None):
    """Which pixels of a photograph show a person, by a U-Net that was trained on people close to the camera.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        model: A net as `models.selfie_segmentation` builds it; None for the shipped one.

    Returns:
        A NumPy array, float32, shape (height, width): probabilities in 0…1. Over 0.5 counts as a person.

    Raises:
        ValueError: If an argument is not as above.

    Taught in notebook 3-3, section 3.3.5.
    """
    photo, net = colour_picture("photo", photo), _net(model, models.selfie_segmentation, (4, 1))
    picture = resized(photo, net.input_shape[1:3])  # squashed, not letterboxed: so it was trained
    return resized(net.predict_on_batch(picture[np.newaxis])[0], photo.shape[:2])[..., 0]


def letterbox(photo, size, *, centred=True):
    """A photograph in a square, its ratio kept: filled up with black, then resized (bilinear).

    Args:
        photo: uint8, shape (height, width, 3).
        size: The side of the square in pixels.
        centred: Whether the black is on both sides; else it is to the right or below.

    Returns:
        `(picture, scale, offset)`: float32 in 0…255, shape (size, size, 3), and what places the photograph in it. A
        point (x, y) of the photograph is at (x, y) · scale + offset in the square; `undo_letterbox` goes back.

    Raises:
        ValueError: If an argument is not as above.

    Taught in notebook 3-3, section 3.3.3.
    """
    photo, size = colour_picture("photo", photo), count("size", size)
    height, width = photo.shape[:2]
    side = max(height, width)
    left, top = ((side - width) // 2, (side - height) // 2) if centred else (0, 0)
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + height, left : left + width] = photo
    scale = size / side
    return resized(square, (size, size)), scale, np.float32([left * scale, top * scale])


def undo_letterbox(coordinates, scale, offset):
    """From the square of `letterbox` back to the photograph.

    Args:
        coordinates: Points, shape (…, 2), or corners of boxes, shape (…, 4), in pixels of the square.
        scale, offset: As `letterbox` returns them.

    Returns:
        The same in pixels of the photograph.

    Taught in notebook 3-3, section 3.3.3.
    """
    coordinates = np.asarray(coordinates)
    return (coordinates - np.resize(offset, coordinates.shape[-1])) / scale


def decode_nanodet(outputs):
    """Boxes and probabilities from NanoDet's raw answers.

    Each side of a box is at some distance from the middle of its cell. The net gives a distribution over the distances
    0, 1, …, 10, in cells, and its mean is taken (Li et al., 2020, arXiv 2006.04388).

    Args:
        outputs: The three grids of `models.nanodet`, shapes (m, 52, 52, 124), (m, 26, 26, 124) and (m, 13, 13, 124).

    Returns:
        `(boxes, probabilities)`, tensors of shapes (m, 3549, 4) and (m, 3549, 80): corners in pixels of the 416×416
        picture, and for each class, on its own, how likely it is: they do not add up to 1.

    Raises:
        ValueError: If `outputs` are not three grids with 124 channels.

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


@functools.lru_cache
def _shipped(build):
    return build()


def _net(model, build, *answers):
    """The model, or the shipped one if it is None. `answers` are the ranks and the last axes of its outputs."""
    if model is None:
        return _shipped(build)
    shapes = model_shapes(model)
    forms = [(len(shape), shape[-1]) for shape in shapes]
    if forms != [(4, 3), *answers] or shapes[0][1] is None or shapes[0][1] != shapes[0][2]:
        raise ValueError(f"model: expected a net for squares, as models.{build.__name__} builds it, got {model!r}")
    return model


def _whole_pixels(boxes, photo):
    """The pixels that each box touches: left, top, right, bottom, to slice with."""
    boxes = ops.convert_to_numpy(_checks.boxes("boxes", boxes, ("n", 4)))
    clipped = clip_boxes(boxes, photo.shape[:2])
    empty = ~_with_area(clipped)
    if empty.any():
        raise ValueError(
            f"boxes: expected an area inside the photo of {photo.shape[:2]}, got {boxes[empty][0].tolist()}"
        )
    return np.concatenate([np.floor(clipped[:, :2]), np.ceil(clipped[:, 2:])], axis=1).astype(int)


def _suppressed(photo, iou_threshold, scores, boxes, *classes):
    """Cut off at the edges of the photograph, and of each object the best one. Some boxes lie in the black margin."""
    boxes = clip_boxes(boxes, photo.shape[:2])
    inside = _with_area(boxes)
    found = [values[inside] for values in (scores, boxes, *classes)]
    kept = non_max_suppression(found[1], found[0], *found[2:], max_boxes=MAX_BOXES, iou_threshold=iou_threshold)
    return tuple(values[kept] for values in found)


def _with_area(boxes):
    return np.all(boxes[:, :2] < boxes[:, 2:], axis=1)
