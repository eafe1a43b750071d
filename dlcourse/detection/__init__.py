"""Finding objects in pictures: boxes and their overlap, non-max suppression, anchors, YOLO, and how to judge it."""
