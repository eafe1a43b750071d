"""Cut-outs: photographs of animals, fruit, flowers and vehicles without their background."""

import csv
from typing import NamedTuple

from dlcourse import _files
from dlcourse.checks import choice

import numpy as np

CUTOUT_CLASSES = ("bird", "mammal", "fruit", "flower", "vehicle")
SPLITS = ("train", "test")


class Cutouts(NamedTuple):
    """What `cutouts` returns."""

    images: list
    labels: np.ndarray
    names: tuple


def cutouts(split="train"):
    """Read photographs of single objects, cut out: the fourth channel tells where the object is.

    The objects are split, not the pictures: no bird of the test set was ever seen in training, nor in another color.

    Args:
        split: `"train"` (109 pictures) or `"test"` (46).

    Returns a named tuple with

    - `images`, a list of uint8 arrays of shape (height, width, 4): red, green, blue, not multiplied by alpha, and
      alpha from 0 (nothing) to 255 (only the object). The longer side is at most 192, and no margin is empty;
    - `labels`, int64, shape (number of images,), to be read with `CUTOUT_CLASSES`;
    - `names`, a tuple of the objects' names. A name that comes twice is the same object.

    Raises ValueError or FileNotFoundError if `split` is neither of the two, or a file is damaged or missing.
    Source: Debian's `tuxpaint-stamps-default`; `data/cutouts/cutouts.csv` names the author and license of each.
    Taught in notebook 3-2, section 3.2.6 (transfer learning).
    """
    choice("split", split, SPLITS)
    with _files.verified("cutouts/cutouts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    return Cutouts(
        images=[_files.read_image(f"cutouts/{row['file']}", mode="RGBA") for row in rows],
        labels=np.array([CUTOUT_CLASSES.index(row["class"]) for row in rows], dtype=np.int64),
        names=tuple(row["object"] for row in rows),
    )
