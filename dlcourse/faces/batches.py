"""Batches to learn a distance from: P people with K pictures each (Hermans et al., 2017, arXiv 1703.07737, section 2).

If pictures were drawn one by one from many people, hardly two of a batch would show the same person: no triplet.
"""

from dlcourse.checks import READ_FOLDER, array, count

import keras
import numpy as np


class IdentityBatches(keras.utils.PyDataset):
    """Batches of `people` people with `pictures` pictures each, drawn anew in every epoch, for `model.fit`.

    Within a batch no person and no picture occurs twice. Batch i of this epoch is `batches[i]`: images, shape (P·K, …),
    and identities, shape (P·K,), ordered by person. The same seed draws the same batches; pass `shuffle=False` to `fit`
    to keep their order, too.

    Args:
        images: An array, shape (n, …).
        identities: The person in each picture: whole numbers, shape (n,).
        people: P, people in a batch, 2 or more, because a triplet needs a negative.
        pictures: K, pictures of each, 2 or more, because it needs a positive.
        seed: Seed of the draws, 0 or more.
        steps: Batches in an epoch; by default as many as the pictures fill.

    Raises ValueError if there are fewer people, or fewer pictures of one, or an argument is out of its range.
    Taught in notebook 3-4, section 3.4.4.
    """

    def __init__(self, images, identities, people, pictures, *, seed=0, steps=None):
        super().__init__()
        images = array("images", images, "an array of shape (n, …)", READ_FOLDER)
        identities = array("identities", identities, "whole numbers")
        if identities.dtype.kind not in "iu" or images.shape[:1] != identities.shape:
            raise ValueError(
                f"identities: expected whole numbers of shape {images.shape[:1]}, "
                f"got {identities.dtype} of {identities.shape}"
            )
        self.people, self.pictures = count("people", people, 2), count("pictures", pictures, 2)
        names, each = np.unique(identities, return_counts=True)
        if len(names) < people:
            raise ValueError(f"people: expected at most {len(names)}, as many as there are, got {people}")
        if each.min() < pictures:
            raise ValueError(
                f"pictures: expected at most {each.min()}, as many as there are of person {names[each.argmin()]}, "
                f"got {pictures}"
            )
        self.seed, self.epoch = count("seed", seed, 0), 0
        self.steps = len(images) // (people * pictures) if steps is None else count("steps", steps)
        self.images, self.identities = images, identities
        self.rows = np.split(np.argsort(identities, kind="stable"), np.cumsum(each)[:-1])  # of each person

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        # No generator is kept from batch to batch: Keras fetches some ahead, and some twice
        draw = np.random.default_rng([self.seed, self.epoch, index])
        people = draw.choice(len(self.rows), self.people, replace=False)
        rows = np.concatenate([draw.choice(self.rows[person], self.pictures, replace=False) for person in people])
        return self.images[rows], self.identities[rows]

    def on_epoch_end(self):
        self.epoch += 1
