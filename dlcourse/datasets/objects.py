"""Objects: one cut-out in each picture, before a photograph, as training data of a classifier of five classes."""

from typing import NamedTuple

from dlcourse import _files
from dlcourse.checks import choice, count
from dlcourse.datasets.cutouts import SPLITS, cutouts
from dlcourse.datasets.scenes import ENLARGED, SMALLEST, crop, over, stock

import numpy as np

LONGER_SIDE = 0.9  # of an object, as a share of the picture's side


class Objects(NamedTuple):
    """What `objects` returns."""

    images: np.ndarray
    labels: np.ndarray
    names: tuple


def objects(split="train", size=160, backgrounds=None, seed=0):
    """Make pictures of one object each: every cut-out of a split once, in the middle of a piece of a photograph.

    Only the objects' size changes, so that the effect of augmentation can be measured. Picture i depends on `seed`,
    `size`, `split`, `backgrounds` and i alone.

    Args:
        split: `"train"` (109 pictures) or `"test"` (46). They are split by object, not by picture.
        size: Side of a picture in pixels, at least 64. The object's longer side is 0.9 of it, unless that would enlarge
            the cut-out by more than half.
        backgrounds: `"train"` or `"test"`, the photographs behind; those of `split` if None.
        seed: Whole number from 0; the same seed gives the same bytes, another seed other pieces of the photographs.

    Returns a named tuple with

    - `images`, uint8, shape (number of pictures, size, size, 3);
    - `labels` and `names`, as those of `cutouts`.

    Raises ValueError or FileNotFoundError if an argument is out of its range, or a file is damaged or missing.
    Source: the cut-outs of `cutouts`, on the photographs of `scenes`; their licenses hold.
    Taught in notebook 3-2, section 3.2.6 (transfer learning).
    """
    from PIL import Image

    choice("split", split, SPLITS)
    backgrounds = choice("backgrounds", split if backgrounds is None else backgrounds, SPLITS)
    size, seed = count("size", size, SMALLEST), count("seed", seed, 0)
    photographs, _ = stock(_files.data_root(), backgrounds)
    pictures, labels, names = cutouts(split)
    images = np.empty((len(pictures), size, size, 3), np.uint8)
    for i, picture in enumerate(pictures):
        rng = np.random.default_rng([seed, size, SPLITS.index(split), SPLITS.index(backgrounds), i])
        front = Image.fromarray(picture).convert("RGBa")  # colors times alpha, as in `scenes`
        scale = min(LONGER_SIDE * size / max(front.size), ENLARGED)
        width, height = (max(1, round(scale * side)) for side in front.size)
        front = np.asarray(front.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2), np.float32)
        front[..., 3] /= 255
        image = crop(rng, size, photographs)
        y, x = (size - height) // 2, (size - width) // 2
        here = np.s_[y : y + height, x : x + width]
        image[here] = over(front, image[here])
        images[i] = np.rint(image)
    return Objects(images, labels, names)
