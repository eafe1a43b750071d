"""What it costs that dlcourse.faces needs memory for m² numbers: the triplet loss against masks over all m³ triplets.

python benchmarks/faces.py
"""

from dlcourse import faces

import numpy as np
import tensorflow as tf
import threadpoolctl

import timing
from timing import difference

GOALS = {40: 0.5, 256: 2}  # pictures in a batch (40 in notebook 3-4), and the least time of the masks divided by ours
PICTURES, LENGTH = 4, 128  # pictures of a person, numbers of an embedding
MARGIN = 0.2


def main(rounds=10):
    timing.print_table([row for size in GOALS for row in triplets(rounds, size)])


def triplets(rounds, size):
    """Time the loss and its gradient, compiled."""
    embeddings, identities = unit_vectors(size), tf.constant(np.arange(size) // PICTURES)
    for mining, masks in (("semi_hard", semi_hard_by_masks), ("batch_all", batch_all_by_masks)):
        ours, theirs = step(faces.TripletLoss(MARGIN, mining)), step(masks)
        for our_part, their_part in zip(ours(identities, embeddings), theirs(identities, embeddings), strict=True):
            assert difference(our_part, their_part) < 1e-3, f"the masks give another {mining} loss"
        calls = [lambda each=each: each(identities, embeddings) for each in (theirs, ours)]
        first, second = timing.take_turns(calls, rounds)
        goal = GOALS[size]
        row = f"{mining} of {size} pictures, masks of m³ / ours"
        yield [row, first, second, f"at least {goal}", first / second >= goal]


def step(loss):
    """Return a compiled function to the loss and its gradient."""

    @tf.function
    def compiled(identities, embeddings):
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            found = loss(identities, embeddings)
        return found, tape.gradient(found, embeddings)

    return compiled


def batch_all_by_masks(identities, embeddings):
    """Average over the active ones of all triplets, as it is mostly written: one number and one mask for each."""
    squares, positive, negative = squares_and_masks(identities, embeddings)
    losses = tf.maximum(squares[:, :, None] - squares[:, None, :] + MARGIN, 0)
    losses *= tf.cast(positive[:, :, None] & negative[:, None, :], tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.reduce_sum(tf.cast(losses > 0, tf.float32)))


def semi_hard_by_masks(identities, embeddings):
    """Take for each anchor and positive the nearest negative that is farther, found among all with a mask."""
    squares, positive, negative = squares_and_masks(identities, embeddings)
    farther = negative[:, None, :] & (squares[:, None, :] > squares[:, :, None])
    nearest = tf.reduce_min(tf.where(farther, squares[:, None, :], np.inf), axis=2)
    farthest = tf.reduce_max(tf.where(negative, squares, 0), axis=1, keepdims=True)
    losses = tf.maximum(squares - tf.where(tf.reduce_any(farther, axis=2), nearest, farthest) + MARGIN, 0)
    losses = tf.where(positive, losses, 0)
    return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.reduce_sum(tf.cast(losses > 0, tf.float32)))


def squares_and_masks(identities, embeddings):
    products = tf.matmul(embeddings, embeddings, transpose_b=True)
    lengths = tf.linalg.diag_part(products)
    same = identities[:, None] == identities[None]
    squares = tf.maximum(lengths[:, None] + lengths[None] - 2 * products, 0)
    return squares, same & ~tf.eye(len(identities), dtype=tf.bool), ~same


def unit_vectors(size, seed=0):
    """Draw embeddings of length 1, those of a person nearer to each other, float32, shape (size, LENGTH)."""
    rng = np.random.default_rng(seed)
    found = np.repeat(rng.normal(size=(size // PICTURES, LENGTH)), PICTURES, axis=0) / 2
    found += rng.normal(size=found.shape)
    return tf.constant(found / np.linalg.norm(found, axis=1, keepdims=True), tf.float32)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        main()
