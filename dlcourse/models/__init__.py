"""The networks of the course in Keras' functional API: one file per family, to be read beside the figure of its paper.

Every function returns a `keras.Model`, not compiled, from pictures in 0…255, because a model scales its own input, to a
probability for each class. `cost` counts parameters and multiply-adds. Where there are pretrained weights, a builder
takes `weights=` as those of keras.applications do: "dlcourse" for the shipped ones (by default those of the face nets,
`nanodet` and `selfie_segmentation`), "imagenet" for Keras', None for random ones, or the path of a file.
"""

from dlcourse.models.alexnet import LocalResponseNormalization, alexnet
from dlcourse.models.cost import Cost, cost
from dlcourse.models.face_detector import face_detector
from dlcourse.models.face_encoder import face_encoder
from dlcourse.models.face_landmarks import face_landmarks
from dlcourse.models.inception import googlenet, inception_block
from dlcourse.models.lenet import lenet5
from dlcourse.models.mobilenet import (
    breed_classifier,
    depthwise_separable_block,
    inverted_residual_block,
    mobilenet_v1,
    mobilenet_v2,
)
from dlcourse.models.nanodet import nanodet
from dlcourse.models.resnet import convolutional_block, identity_block, residual_block, resnet50, resnet_cifar
from dlcourse.models.selfie_segmentation import selfie_segmentation
from dlcourse.models.siamese import siamese_encoder
from dlcourse.models.unet import unet
from dlcourse.models.vgg import vgg16
from dlcourse.models.yolo import yolo_head

__all__ = [
    "Cost",
    "LocalResponseNormalization",
    "alexnet",
    "breed_classifier",
    "convolutional_block",
    "cost",
    "depthwise_separable_block",
    "face_detector",
    "face_encoder",
    "face_landmarks",
    "googlenet",
    "identity_block",
    "inception_block",
    "inverted_residual_block",
    "lenet5",
    "mobilenet_v1",
    "mobilenet_v2",
    "nanodet",
    "residual_block",
    "resnet50",
    "resnet_cifar",
    "selfie_segmentation",
    "siamese_encoder",
    "unet",
    "vgg16",
    "yolo_head",
]
