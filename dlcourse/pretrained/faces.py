"""Faces in a photograph, by a YOLO that looks at it in several sizes: an image pyramid."""

import math
import numbers
import weakref

from dlcourse import models
from dlcourse.checks import color_picture, share
from dlcourse.detection.boxes import area, pairwise_iou
from dlcourse.detection.yolo import decode
from dlcourse.pretrained.boxes import suppressed
from dlcourse.pretrained.letterbox import in_a_square, undo_letterbox
from dlcourse.pretrained.nets import net

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
_PYRAMIDS = weakref.WeakKeyDictionary()  # of each net that was used, as long as it lives


def find_faces(photo, model=None, score_threshold=0.5, iou_threshold=0.4, *, scales=FACE_SCALES):
    """Find the faces in a photograph, by a YOLO that looks at it in several sizes.

    Faces from a twelfth to nine tenths of the longer side are found if they have some fifteen pixels or more. The net
    alone, `scales=1`, finds those from a tenth to half of it. The other sizes are sharpened first (unsharp masking):
    that brings back the edges that little light, a blur and few pixels take. `benchmarks/find_faces.py` measures it.

    Args:
        photo: uint8, shape (height, width, 3), of any size, as `datasets.read_picture` returns it.
        model: A net as `models.face_detector` builds it, for squares; a larger one finds smaller faces. None for the
            shipped one, 416×416.
        score_threshold: In 0…1. A face whose score equals it is left out.
        iou_threshold: In 0…1, the overlap from which on non-max suppression, over all scales, discards a box.
        scales: Longer sides of the photograph as multiples of the net's side, in (0, 4]; a number or several. Larger
            ones find smaller faces and take more time.

    Returns `(scores, boxes)`, NumPy arrays of shapes (n,) and (n, 4), best first: probabilities, and corners
    (x_min, y_min, x_max, y_max) in pixels of the photograph, clipped to it.
    Raises ValueError if an argument is not as above.
    Taught in notebook 3-3, section 3.3.3.
    """
    photo, score_threshold = color_picture("photo", photo), share("score_threshold", score_threshold)
    scales, detector = _scales(scales), net("model", model, models.face_detector, (4, 25))
    views = _views(photo, detector.input_shape[1], scales)
    pyramid = _pyramid(detector, tuple(len(picture) for picture, _, _ in views))
    answers = pyramid.predict_on_batch([picture[np.newaxis] for picture, _, _ in views])
    seen = [
        _seen(found, confidence, zoom, offset, min(CONFIRMS, score_threshold))
        for (_, zoom, offset), found, confidence in zip(views, answers[::2], answers[1::2], strict=True)
    ]
    kept = []
    for i, (scores, boxes, sides) in enumerate(seen):
        likely = scores > score_threshold
        if scales[i] != 1:  # each scale for the faces that it shows in a size which the net knows well
            longer = sides / detector.input_shape[1]
            likely &= (SIDES[0] < longer) & (longer < SIDES[1])
            if len(scales) > 1:  # sharpening makes faces of other things, but seldom at two scales
                likely &= (scores > SURE) | _confirmed(boxes, [seen[j] for j in range(len(seen)) if j != i])
        kept.append((scores[likely], boxes[likely], np.full(likely.sum(), scales[i])))
    return _best_of_all_scales(photo, iou_threshold, *(np.concatenate(parts) for parts in zip(*kept, strict=True)))


def _seen(boxes, confidence, zoom, offset, least):
    """Return what one scale shows: probabilities above `least`, boxes in the photograph, their longer sides here."""
    boxes, scores = boxes.reshape(-1, 4), confidence.reshape(-1)
    some = scores > least
    return scores[some], undo_letterbox(boxes[some], zoom, offset), (boxes[some, 2:] - boxes[some, :2]).max(axis=1)


def _confirmed(boxes, others):
    """Return whether each box overlaps one of the other scales that is a face with a probability above `CONFIRMS`."""
    confirmed = np.zeros(len(boxes), bool)
    for scores, found, _ in others:
        found = found[scores > CONFIRMS]
        if len(boxes) and len(found):
            confirmed |= (ops.convert_to_numpy(pairwise_iou(boxes, found)) > OVERLAPS).any(axis=1)
    return confirmed


def _scales(value):
    """Return the scales as a tuple of floats, each once."""
    values = (value,) if isinstance(value, numbers.Real) or not isinstance(value, list | tuple) else tuple(value)
    plain = all(isinstance(each, numbers.Real) and not isinstance(each, bool) and 0 < each <= 4 for each in values)
    if not values or not plain:
        raise ValueError(f"scales: expected a number in (0, 4] or several, got {value!r}")
    return tuple(dict.fromkeys(float(each) for each in values))


def _views(photo, side, scales):
    """Return a photograph at each scale, as `letterbox` returns it, but uint8.

    At any scale but 1 the photograph is sharpened, and if it is smaller than the net's square, it has black on all
    sides, so that a face which fills it has surroundings.
    """
    plain = in_a_square(photo, side, centered=False)
    return [plain if scale == 1 else _view(photo, *plain[:2], scale) for scale in scales]


def _view(photo, plain, zoom, scale):
    side = len(plain)
    longer = max(1, round(scale * side))
    method = Image.Resampling.BICUBIC
    if scale > 1:
        square, margin = in_a_square(photo, longer, False, method)[0], 0
    else:  # from the smaller picture, which takes less time
        square, margin = np.asarray(Image.fromarray(plain).resize((longer, longer), method)), round(MARGIN * side)
    whole = STRIDE * math.ceil((longer + 2 * margin) / STRIDE)
    canvas = np.zeros((whole, whole, 3), np.uint8)
    canvas[margin : margin + longer, margin : margin + longer] = _sharpened(square)
    return canvas, zoom * longer / side, np.float32([margin, margin])


def _sharpened(picture):
    """Sharpen (unsharp masking): add to a picture twice its difference from a blurred copy; cut off at 0 and 255."""
    picture = Image.fromarray(picture)
    small = picture.reduce(BLUR)
    blurred = small.resize(picture.size, Image.Resampling.BILINEAR, (0, 0, *(each / BLUR for each in picture.size)))
    return Image.blend(blurred, picture, 3)


def _pyramid(detector, sides):
    """Build the net on squares of these sides at once: the boxes of each in its pixels, then their probabilities."""
    built = _PYRAMIDS.setdefault(detector, {})
    if sides not in built:
        # The same layers, and so the same weights, on pictures of any size
        anywhere = keras.models.clone_model(detector, keras.Input((None, None, 3)), clone_function=lambda layer: layer)
        pictures, answers = [keras.Input((side, side, 3), dtype="uint8") for side in sides], []
        for picture, side in zip(pictures, sides, strict=True):
            boxes, confidence, _ = decode(anywhere(ops.cast(picture, "float32")), FACE_ANCHORS)
            answers += [boxes * side, confidence]
        built[sides] = keras.Model(pictures, answers)
    return built[sides]


def _best_of_all_scales(photo, iou_threshold, scores, boxes, scales):
    """Suppress over all scales at once; boxes of scale 1 come first, because the photograph is not sharpened there.

    Between two scales a box also counts as the same face if most of the smaller one lies inside the larger.
    """
    ranks = scores + (scales == 1)
    ranks, boxes, scores, scales = suppressed(photo, iou_threshold, ranks, boxes, scores, scales, by_class=False)
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
