"""One call for each pretrained net: a photograph of any size goes in, answers in the photograph's own pixels come out.

    photo = datasets.photo("astronaut")
    scores, boxes = find_faces(photo)
    points = find_landmarks(photo, boxes)
    scores, boxes, classes = find_objects(photo)
    mask = person_mask(photo)

Around each net stand the same three steps. `letterbox` brings the photograph to the net's size, its ratio kept. The
net's numbers are decoded to boxes and probabilities. The boxes go back to the photograph, where non-max suppression
leaves one for each object. The shipped nets are loaded at the first call and kept.
"""

from dlcourse.pretrained.faces import FACE_ANCHORS, FACE_SCALES, find_faces
from dlcourse.pretrained.landmarks import find_landmarks
from dlcourse.pretrained.letterbox import letterbox, undo_letterbox
from dlcourse.pretrained.objects import COCO_CLASSES, decode_nanodet, find_objects
from dlcourse.pretrained.person import person_mask

__all__ = [
    "COCO_CLASSES",
    "FACE_ANCHORS",
    "FACE_SCALES",
    "decode_nanodet",
    "find_faces",
    "find_landmarks",
    "find_objects",
    "letterbox",
    "person_mask",
    "undo_letterbox",
]
