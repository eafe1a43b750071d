"""Data augmentation: new pictures from old ones, by changes that keep the label (notes, section 3.2.5).

    batch = augment.mirror(images)                          # every picture, exactly
    batch = augment.mirror(images, seed=1)                  # each with a probability of one half
    batch = augment.rotate(images, 15, seed=1)              # each by an angle of its own, up to 15 degrees either way
    model = build_classifier(base, 5, augmentation=augment.pipeline())

The functions take a batch of pictures in 0…255, uint8 or float, shape (m, height, width, channels), and return a new
batch of the same dtype and, but for `random_crop`, the same shape. **Without a seed** the change is exactly the one
asked for; **with a seed** its size is a limit or a standard deviation, and every picture draws a change of its own. The
same seed draws the same changes. What comes from outside the picture repeats the pixel at its edge.

`pipeline` does the same with Keras' layers, inside a model and in training only.
"""

from dlcourse.augment.colors import ColorComponents, color_components, color_shift, pca_color_shift
from dlcourse.augment.geometry import mirror, random_crop, rotate, shear, warp
from dlcourse.augment.pipeline import pipeline

__all__ = [
    "ColorComponents",
    "color_components",
    "color_shift",
    "mirror",
    "pca_color_shift",
    "pipeline",
    "random_crop",
    "rotate",
    "shear",
    "warp",
]
