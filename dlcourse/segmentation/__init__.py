"""Semantic segmentation, a class for every pixel: the pictures it learns from, its losses, and how good it is.

    images, masks = segmentation.augment(images, masks, seed=1, size=96)
    net.compile("adam", segmentation.DiceLoss())
    segmentation.mean_iou(masks, ops.argmax(net(images), axis=-1), classes=6)

    probabilities = segmentation.predict(net, photo)          # of any size

A mask is a map of whole numbers, (height, width): 0…classes - 1, in which 0 is the background by custom. `instances`
goes on from classes to objects, with boxes from a detector. The network itself is `dlcourse.models.unet`.
"""

from dlcourse.segmentation.augment import augment
from dlcourse.segmentation.instances import instances, mask_out, overlay
from dlcourse.segmentation.losses import DiceLoss, WeightedCrossentropy, class_weights
from dlcourse.segmentation.measures import class_iou, dice, mean_iou
from dlcourse.segmentation.sizes import crop, pad, predict

__all__ = [
    "DiceLoss",
    "WeightedCrossentropy",
    "augment",
    "class_iou",
    "class_weights",
    "crop",
    "dice",
    "instances",
    "mask_out",
    "mean_iou",
    "overlay",
    "pad",
    "predict",
]
