"""One call for each pretrained net: a photograph of any size goes in, answers in the photograph's own pixels come out.

    photo = datasets.photo("astronaut")
    scores, boxes = find_faces(photo)
    points = find_landmarks(photo, boxes)
    scores, boxes, classes = find_objects(photo)
    mask = person_mask(photo)

Around each net stand the same three steps. The photograph is brought to the size the net was trained on: `letterbox`
keeps its ratio and fills up with black. The net predicts in numbers of its own kind, which are decoded to boxes and
probabilities. And the boxes go back to the photograph, where non-max suppression leaves one for each object. Faces are
looked for at several sizes of the photograph at once, an image pyramid, because a net finds best the sizes of face that
it was trained on.

The shipped nets are loaded at the first call and kept. `benchmarks/find_faces.py` measures how many faces are found,
and the time.
"""

import functools
import math
import numbers
import weakref

from dlcourse import models
from dlcourse._pixels import resized
from dlcourse.checks import colour_picture, count, model_shapes, share
from dlcourse.detection import checks
from dlcourse.detection.boxes import area, clip_boxes, pairwise_iou
from dlcourse.detection.nms import non_max_suppression
from dlcourse.detection.yolo import decode

import keras
import numpy as np
from keras import ops
from PIL import Image

# Of `models.face_detector`: width and height in cells of its grid.
FACE_ANCHORS = (
    (1.603231, 2.094468),
    (6.041143, 7.080126),
    (2.882459, 3.518061),
    (4.266906, 5.178857),
    (9.041765, 10.66308),
)

FACE_SCALES = (1.45, 1, 0.65, 0.3)  # for faces of a twelfth of the side, of a quarter, of half of it, of nine tenths
SIDES = (0.1, 0.5)  # of a face at a scale other than 1, as shares of the net's side
SURE = 0.8  # a face of less, at a scale other than 1, counts if another scale confirms it
CONFIRMS = 0.1  # with a probability above this, for a box that overlaps
OVERLAPS = 0.3  # IoU of the two boxes
INSIDE = 0.6  # of a box's area in another one, from which on both are taken for one face
BLUR = 16  # pixels: of the copy that sharpening compares a picture with
MARGIN = 0.06  # of the net's side, around a photograph that is smaller than it
STRIDE = 32  # pixels of the picture to a cell: sides are multiples of it

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
_PYRAMIDS = weakref.WeakKeyDictionary()  # of each net that was used, as long as it lives
MAX_BOXES = 100  # as COCO counts: at most so many for a photograph


def find_faces(photo, model=None, score_threshold=0.5, iou_threshold=0.4, *, scales=FACE_SCALES):
    """Find the faces in a photograph, by a YOLO that looks at it in several sizes.

    Faces from a twelfth to nine tenths of the longer side are found if they have some fifteen pixels or more, also dark
    or somewhat blurred ones. The net alone, `scales=1`, finds those from a tenth to half of the side. The other sizes
    are sharpened first (unsharp masking): that brings back the edges that little light, a blur and few pixels take.

    Args:
        photo: uint8, shape (height, width, 3), of any size, as `datasets.read_picture` returns it.
        model: A net as `models.face_detector` builds it, for squares; a larger one finds smaller faces. None for the
            shipped one, 416×416.
        score_threshold: In 0…1. A face whose score equals it is left out.
        iou_threshold: In 0…1, the overlap from which on non-max suppression discards a box. It treats the boxes of all
            scales at once.
        scales: The longer sides that the photograph is brought to, as multiples of the net's side, larger than 0 and
            at most 4; a number or several. Larger ones show smaller faces to the net, and take more time.

    Returns:
        `(scores, boxes)`, NumPy arrays of shapes (n,) and (n, 4), best first: probabilities, and corners
        (x_min, y_min, x_max, y_max) in pixels of the photograph, clipped to it.

    Raises:
        ValueError: If an argument is not as above.

    Taught in notebook 3-3, section 3.3.3.
    """
    photo, score_threshold = colour_picture("photo", photo), share("score_threshold", score_threshold)
    scales, net = _scales(scales), _net(model, models.face_detector, (4, 25))
    views = _views(photo, net.input_shape[1], scales)
    pyramid = _pyramid(net, tuple(len(picture) for picture, _, _ in views))
    answers = pyramid.predict_on_batch([picture[np.newaxis] for picture, _, _ in views])
    seen = [
        _seen(found, confidence, zoom, offset, min(CONFIRMS, score_threshold))
        for (_, zoom, offset), found, confidence in zip(views, answers[::2], answers[1::2], strict=True)
    ]
    kept = []
    for i, (scores, boxes, sides) in enumerate(seen):
        likely = scores > score_threshold
        if scales[i] != 1:  # each scale for the faces that it shows in a size which the net knows well
            longer = sides / net.input_shape[1]
            likely &= (SIDES[0] < longer) & (longer < SIDES[1])
            if len(scales) > 1:  # sharpening makes faces of what is none, but seldom at two scales
                likely &= (scores > SURE) | _confirmed(boxes, [seen[j] for j in range(len(seen)) if j != i])
        kept.append((scores[likely], boxes[likely], np.full(likely.sum(), scales[i])))
    return _best_of_all_scales(photo, iou_threshold, *(np.concatenate(parts) for parts in zip(*kept, strict=True)))


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

    Taught in notebook 3-3, section 3.3.2.
    """
    photo, net = colour_picture("photo", photo), _net(model, models.face_landmarks, (3, 2))
    side, points = net.input_shape[1], []
    for left, top, right, bottom in _whole_pixels(boxes, photo):
        face, scale, offset = letterbox(photo[top:bottom, left:right], side)
        found = net.predict_on_batch(face[np.newaxis])[0]  # one by one: each other number of faces would be compiled
        points.append(undo_letterbox(found * side, scale, offset) + np.array([left, top]))
    return np.array(points, np.float32).reshape(-1, 68, 2)


def find_objects(photo, model=None, score_threshold=0.35, iou_threshold=0.6, *, class_agnostic=False):
    """Objects of COCO's 80 classes in a photograph, by NanoDet.

    Args:
        photo: uint8, shape (height, width, 3), of any size.
        model: A net as `models.nanodet` builds it; None for the shipped one.
        score_threshold: In 0…1. An object whose score equals it is left out.
        iou_threshold: In 0…1, the overlap from which on non-max suppression discards a box.
        class_agnostic: Whether a box discards those of other classes, too. By default suppression treats each class on
            its own: a person on a horse keeps both boxes, and one animal may be found as cat and as dog.

    Returns:
        `(scores, boxes, classes)`, NumPy arrays of shapes (n,), (n, 4) and (n,), best first: probabilities, corners
        (x_min, y_min, x_max, y_max) in pixels of the photograph, clipped to it, and indices into `COCO_CLASSES`.

    Raises:
        ValueError: If an argument is not as above.

    Taught in notebook 3-3, section 3.3.3.
    """
    photo, score_threshold = colour_picture("photo", photo), share("score_threshold", score_threshold)
    class_agnostic = checks.flag("class_agnostic", class_agnostic)
    net = _net(model, models.nanodet, (4, 124), (4, 124), (4, 124))
    picture, scale, offset = letterbox(photo, net.input_shape[1])
    boxes, probabilities = decode_nanodet(net.predict_on_batch(picture[np.newaxis]))
    boxes, probabilities = ops.convert_to_numpy(boxes)[0], ops.convert_to_numpy(probabilities)[0]
    places, classes = np.nonzero(probabilities > score_threshold)
    boxes = undo_letterbox(boxes[places], scale, offset)
    scores, by_class = probabilities[places, classes], not class_agnostic
    return _suppressed(photo, iou_threshold, scores, boxes, classes, by_class=by_class)


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
    square, scale, offset = _square(photo, size, checks.flag("centred", centred))
    return square.astype(np.float32), scale, offset


def undo_letterbox(coordinates, scale, offset):
    """From the square of `letterbox` back to the photograph.

    Args:
        coordinates: Points, shape (…, 2), or corners of boxes, shape (…, 4), in pixels of the square.
        scale, offset: As `letterbox` returns them.

    Returns:
        A NumPy array, the same in pixels of the photograph.

    Raises:
        ValueError: If `coordinates` has another shape, a number is not finite, `scale` is not above 0, or `offset` is
            not two numbers.

    Taught in notebook 3-3, section 3.3.3.
    """
    coordinates = checks.read("coordinates", checks.floats("coordinates", coordinates))
    if coordinates.shape[-1:] not in ((2,), (4,)) or not np.isfinite(coordinates).all():
        got = coordinates.shape if coordinates.shape[-1:] not in ((2,), (4,)) else "NaN or infinity"
        raise ValueError(f"coordinates: expected finite numbers, shape (…, 2) or (…, 4), got {got}")
    if not isinstance(scale, numbers.Real) or isinstance(scale, bool) or not 0 < scale < math.inf:
        raise ValueError(f"scale: expected a finite number above 0, got {scale!r}")
    offset = checks.read("offset", checks.floats("offset", offset))
    if offset.shape != (2,) or not np.isfinite(offset).all():
        raise ValueError(f"offset: expected two finite numbers, x and y, got {offset.tolist()}")
    return (coordinates - np.resize(offset, coordinates.shape[-1])) / scale


def _square(photo, size, centred, method=Image.Resampling.BILINEAR):
    """Return what `letterbox` returns, as uint8.

    The longer axis is resized before black is added: the square of a panorama's longer side may not fit into memory.
    """
    height, width = photo.shape[:2]
    side = max(height, width)
    left, top = ((side - width) // 2, (side - height) // 2) if centred else (0, 0)
    shape, start = ((size, height), (0, top)) if width >= height else ((width, size), (left, 0))
    strip = Image.fromarray(photo).resize(shape, method)
    whole = Image.new("RGB", (size, side) if width >= height else (side, size))
    whole.paste(strip, start)
    scale = size / side
    return np.asarray(whole.resize((size, size), method)), scale, np.float32([left * scale, top * scale])


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


def _seen(boxes, confidence, zoom, offset, least):
    """What the net sees at one scale: probabilities above `least`, boxes in the photograph, their longer sides here."""
    boxes, scores = boxes.reshape(-1, 4), confidence.reshape(-1)
    some = scores > least
    return scores[some], undo_letterbox(boxes[some], zoom, offset), (boxes[some, 2:] - boxes[some, :2]).max(axis=1)


def _confirmed(boxes, others):
    """Whether each box overlaps one of the other scales that is a face with a probability above `CONFIRMS`."""
    confirmed = np.zeros(len(boxes), bool)
    for scores, found, _ in others:
        found = found[scores > CONFIRMS]
        if len(boxes) and len(found):
            confirmed |= (ops.convert_to_numpy(pairwise_iou(boxes, found)) > OVERLAPS).any(axis=1)
    return confirmed


def _scales(value):
    """The scales as a tuple of floats, each once."""
    values = (value,) if isinstance(value, numbers.Real) or not isinstance(value, list | tuple) else tuple(value)
    plain = all(isinstance(each, numbers.Real) and not isinstance(each, bool) and 0 < each <= 4 for each in values)
    if not values or not plain:
        raise ValueError(f"scales: expected a number in (0, 4] or several, got {value!r}")
    return tuple(dict.fromkeys(float(each) for each in values))


def _views(photo, side, scales):
    """A photograph at each scale, as `letterbox` returns it, but uint8.

    Scale 1 is what the net was trained on. At any other scale the photograph is sharpened, and where it is smaller than
    the net's square it has black on all sides, so that a face which fills it has surroundings.
    """
    plain = _square(photo, side, centred=False)
    return [plain if scale == 1 else _view(photo, *plain[:2], scale) for scale in scales]


def _view(photo, plain, zoom, scale):
    side = len(plain)
    longer = max(1, round(scale * side))
    method = Image.Resampling.BICUBIC
    if scale > 1:
        square, margin = _square(photo, longer, False, method)[0], 0
    else:  # from the smaller picture, which takes less time
        square, margin = np.asarray(Image.fromarray(plain).resize((longer, longer), method)), round(MARGIN * side)
    whole = STRIDE * math.ceil((longer + 2 * margin) / STRIDE)
    canvas = np.zeros((whole, whole, 3), np.uint8)
    canvas[margin : margin + longer, margin : margin + longer] = _sharpened(square)
    return canvas, zoom * longer / side, np.float32([margin, margin])


def _sharpened(picture):
    """Unsharp masking: add to a picture twice its difference from a blurred copy, and cut off at 0 and 255."""
    picture = Image.fromarray(picture)
    small = picture.reduce(BLUR)
    blurred = small.resize(picture.size, Image.Resampling.BILINEAR, (0, 0, *(each / BLUR for each in picture.size)))
    return Image.blend(blurred, picture, 3)


def _pyramid(net, sides):
    """The net, on squares of these sides at once: the boxes of each in its pixels, then their probabilities."""
    built = _PYRAMIDS.setdefault(net, {})
    if sides not in built:
        # The same layers, and so the same weights, on pictures of any size
        anywhere = keras.models.clone_model(net, keras.Input((None, None, 3)), clone_function=lambda layer: layer)
        pictures, answers = [keras.Input((side, side, 3), dtype="uint8") for side in sides], []
        for picture, side in zip(pictures, sides, strict=True):
            boxes, confidence, _ = decode(anywhere(ops.cast(picture, "float32")), FACE_ANCHORS)
            answers += [boxes * side, confidence]
        built[sides] = keras.Model(pictures, answers)
    return built[sides]


def _whole_pixels(boxes, photo):
    """The pixels that each box touches: left, top, right, bottom, to slice with."""
    boxes = ops.convert_to_numpy(checks.boxes("boxes", boxes, ("n", 4)))
    clipped = clip_boxes(boxes, photo.shape[:2])
    empty = ~_with_area(clipped)
    if empty.any():
        raise ValueError(
            f"boxes: expected an area inside the photo of {photo.shape[:2]}, got {boxes[empty][0].tolist()}"
        )
    return np.concatenate([np.floor(clipped[:, :2]), np.ceil(clipped[:, 2:])], axis=1).astype(int)


def _suppressed(photo, iou_threshold, scores, boxes, *classes, by_class=True):
    """Cut off at the edges of the photograph, and of each object the best one. Some boxes lie in the black margin."""
    boxes = clip_boxes(boxes, photo.shape[:2])
    inside = _with_area(boxes)
    found = [values[inside] for values in (scores, boxes, *classes)]
    groups = found[2:] if by_class else ()
    kept = non_max_suppression(found[1], found[0], *groups, max_boxes=MAX_BOXES, iou_threshold=iou_threshold)
    return tuple(values[kept] for values in found)


def _best_of_all_scales(photo, iou_threshold, scores, boxes, scales):
    """One suppression over all scales; what the photograph shows at scale 1 comes first, because it is not sharpened.

    Between two scales a box also counts as the same face if most of the smaller one lies inside the larger.
    """
    ranks = scores + (scales == 1)
    ranks, boxes, scores, scales = _suppressed(photo, iou_threshold, ranks, boxes, scores, scales, by_class=False)
    corner_min = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    corner_max = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.prod(np.maximum(corner_max - corner_min, 0), axis=-1)
    nested = common > INSIDE * np.minimum(area(boxes)[:, None], area(boxes)[None])
    nested &= scales[:, None] != scales[None]
    kept = []
    for i in range(len(boxes)):
        if not nested[i, kept].any():
            kept.append(i)
    kept = np.array(kept, np.int64)
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    return scores[kept], boxes[kept]


def _with_area(boxes):
    return np.all(boxes[:, :2] < boxes[:, 2:], axis=1)
