"""How fast dlcourse.faces is: a step of the triplet loss against masks over all triplets, and recognition among many.

python benchmarks/faces.py
"""

from dlcourse import faces

import numpy as np
import tensorflow as tf
import threadpoolctl

import timing
from timing import difference

BATCHES, PICTURES, LENGTH = (128, 256), 4, 128  # sizes of a batch, pictures of a person, numbers of an embedding
MARGIN = 0.2
ENROLLED = 100_000  # people in the database


def main(rounds=10):
    rows = [row for size in BATCHES for row in triplets(rounds, size)]
    timing.print_table([*rows, *recognition(rounds)])


# The triplet loss and its gradient, compiled


def triplets(rounds, size):
    embeddings, identities = unit_vectors(size), tf.constant(np.arange(size) // PICTURES)
    for mining, masks in (("semi_hard", semi_hard_by_masks), ("batch_all", batch_all_by_masks)):
        ours, theirs = step(faces.TripletLoss(MARGIN, mining)), step(masks)
        for our_part, their_part in zip(ours(identities, embeddings), theirs(identities, embeddings), strict=True):
            assert difference(our_part, their_part) < 1e-3, f"the masks give another {mining} loss"
        calls = [lambda each=each: each(identities, embeddings) for each in (theirs, ours)]
        first, second = timing.take_turns(calls, rounds)
        name = f"{mining} of {size} pictures, masks of m³ / ours"
        yield [name, first, second, "at least 2", first / second >= 2]


def recognition(rounds):
    """Who is it, among all enrolled: against the line of NumPy that one would write."""
    known = np.random.default_rng(1).normal(size=(ENROLLED, LENGTH)).astype(np.float32)
    seen = known[ENROLLED // 2] + np.float32(0.01)
    database = faces.FaceDatabase(lambda picture: picture, threshold=1.0)
    database.enroll_encodings([str(i) for i in range(ENROLLED)], known)

    def ours():
        return int(database.recognize_encoding(seen)[0])

    assert ours() == nearest_in_numpy(known, seen), "NumPy recognizes somebody else"
    first, second = timing.take_turns([lambda: nearest_in_numpy(known, seen), ours], rounds)
    yield [f"one of {ENROLLED:,} enrolled, NumPy / ours", first, second, "at least 1", first / second >= 1]


def nearest_in_numpy(known, seen):
    return int(np.linalg.norm(known - seen, axis=1).argmin())


def step(loss):
    """A compiled function that gives the loss and its gradient."""

    @tf.function
    def compiled(identities, embeddings):
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            found = loss(identities, embeddings)
        return found, tape.gradient(found, embeddings)

    return compiled


def batch_all_by_masks(identities, embeddings):
    """The mean over the active ones of all triplets, as it is mostly written: one number and one mask for each."""
    squares, positive, negative = squares_and_masks(identities, embeddings)
    losses = tf.maximum(squares[:, :, None] - squares[:, None, :] + MARGIN, 0)
    losses *= tf.cast(positive[:, :, None] & negative[:, None, :], tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.reduce_sum(tf.cast(losses > 0, tf.float32)))


def semi_hard_by_masks(identities, embeddings):
    """For each anchor and positive the nearest negative that is farther, sought among all with a mask."""
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
    """Embeddings of length 1, those of a person nearer to each other, float32, shape (size, LENGTH)."""
    rng = np.random.default_rng(seed)
    found = np.repeat(rng.normal(size=(size // PICTURES, LENGTH)), PICTURES, axis=0) / 2
    found += rng.normal(size=found.shape)
    return tf.constant(found / np.linalg.norm(found, axis=1, keepdims=True), tf.float32)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        main()
