"""Find objects in pictures: boxes and their overlap, non-max suppression, anchors, YOLO, and how to judge it.

`from dlcourse import detection` loads nothing yet; `detection.yolo` and its neighbors load at their first use.
"""

import importlib

__all__ = ["anchors", "boxes", "metrics", "nms", "proposals", "sliding", "yolo"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"dlcourse.detection.{name}")
    raise AttributeError(f"module 'dlcourse.detection' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
