"""Drawn faces: the same people again and again, with another expression, other clothes, another background."""

from dlcourse import _files
from dlcourse.checks import choice
from dlcourse.datasets.cutouts import SPLITS

import numpy as np

TRAIN_PEOPLE = 90  # people 0…89 train; 90…119 are met for the first time in the test


def peeps(split="train"):
    """Read small color drawings of 120 people, 12 of each.

    A person is a head with its hair or headwear, facial hair, a tone of skin and a color of hair. Everything else
    changes: expression, glasses and masks, the color of clothes and headwear, a tilt of up to 8 degrees, place, size
    and background. `data/peeps/people.csv` describes each.

    Args:
        split: `"train"` for people 0…89, `"test"` for people 90…119, none of whom is in the training set.

    Returns `(images, identities)`, by person: uint8, shape (n, 64, 64, 3), and int64, shape (n,); n is 1080 or 360.
    Raises ValueError or FileNotFoundError if `split` is neither, or the file is damaged or missing.
    Source: Open Peeps by Pablo Stanley (CC0).
    Taught in notebook 3-4, section 3.4.3.
    """
    choice("split", split, SPLITS)
    with np.load(_files.verified("peeps/peeps.npz"), allow_pickle=False) as arrays:
        images, identities = arrays["images"], arrays["identities"]
    chosen = identities < TRAIN_PEOPLE if split == "train" else identities >= TRAIN_PEOPLE
    return images[chosen], identities[chosen]
