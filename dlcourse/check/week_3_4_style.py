"""The exercises of notebook 3-4, its second half: the costs of style transfer."""

from functools import partial

from dlcourse.check.exercise import Exercise

import numpy as np

exercise = partial(Exercise, notebook="3-4")

_SMALL = np.arange(12.0).reshape(2, 2, 3) % 5
_OTHER = _SMALL[::-1] + np.array([1.0, 0.0, 2.0])
_NUMBERED = np.fromfunction(lambda i, j, k: 100.0 * i + 10.0 * j + k, (2, 3, 2))  # which number lands where shows
_STEP = np.array([[[0.0, 1.0], [0.5, 1.0], [0.5, 0.0]], [[1.0, 1.0], [0.5, 0.25], [0.0, 0.0]]])


def _features(rng):
    return (rng.normal(size=tuple(int(n) for n in rng.integers(2, 5, size=3))),)


def _two_features(rng):
    shape = tuple(int(n) for n in rng.integers(2, 5, size=3))
    return rng.normal(size=shape), rng.normal(size=shape)


def _image(rng):
    height, width = (int(n) for n in rng.integers(2, 6, size=2))
    return (rng.integers(0, 256, size=(height, width, 3)) / 255,)


def _without_a_tensor(image):
    import tensorflow as tf

    return tf.image.total_variation(image)


EXERCISES = [
    exercise(
        reference="dlcourse.style.costs.gram_matrix",
        section="3.4.6",
        cases=[(_SMALL,), (_NUMBERED,), (_STEP,)],
        random=_features,
        properties=[
            (
                lambda G, a: np.allclose(np.diag(G), np.sum(a**2, axis=(0, 1))),
                "on its diagonal are the sums of squares of each channel",
            ),
        ],
        slips="""
            -1, features.shape[-1] -> features.shape[-1], -1
            ops.swapaxes(places, -1, -2), places -> places, ops.swapaxes(places, -1, -2)
                A reshape to (channels, places) mixes channels and places. Keep the channels last, then transpose.
            ops.swapaxes(places, -1, -2), places -> places, ops.swapaxes(places, -1, -2)
                This compares places with places; a Gram matrix compares channels with channels.
            -2), places) -> -2), places) / features.size
                Eq. 3.25 has no factor in front: the division comes with the style cost (eq. 3.27).
            -2), places) -> -2), places) / len(places)
                Eq. 3.25 is a sum over all places, not a mean.
            ops.reshape(features -> ops.reshape(features - features.mean(axis=(0, 1))
                This takes the mean off first. Eq. 3.25 does not: it is called unnormalized.
        """,
        hints=[
            "Make a matrix with a row for each place and a column for each channel: features.reshape(-1, n_C).",
            "Of this matrix A the Gram matrix is A.T @ A.",
        ],
    ),
    exercise(
        reference="dlcourse.style.costs.content_cost",
        section="3.4.6",
        cases=[(_SMALL, _OTHER), (_SMALL, _SMALL)],
        random=_two_features,
        properties=[(lambda cost, a, b: cost >= 0, "it is never below 0")],
        slips="""
            / 2 ->
                Eq. 3.24 has a factor ½.
            ops.sum -> ops.mean
                Eq. 3.24 is a sum over all numbers, not a mean.
            / 2 -> / (4 * a_C.size)
                The factor 1 / (4 n_H n_W n_C) is that of other courses; eq. 3.24 has ½.
            ops.sum((a_C - a_G) ** 2) -> ops.sqrt(ops.sum((a_C - a_G) ** 2))
                The norm is squared: no root.
            (a_C - a_G) ** 2 -> ops.abs(a_C - a_G)
                The norm is that of the squares, not of the absolute values.
            ops.sum((a_C - a_G) ** 2) -> ops.sum(a_C - a_G) ** 2
                Square each difference, then add: not the other way round.
            (a_C - a_G) ** 2 -> a_C - a_G
                Differences of either sign cancel: square them first.
        """,
        hints=[
            "Take the difference of the two, place by place and channel by channel.",
            "Half of the sum of its squares.",
        ],
    ),
    exercise(
        reference="dlcourse.style.costs.layer_style_cost",
        section="3.4.6",
        cases=[(_SMALL, _OTHER), (_SMALL, _SMALL[:, ::-1]), (_STEP, 2 * _STEP)],
        random=_two_features,
        properties=[(lambda cost, a, b: cost >= 0, "it is never below 0")],
        slips="""
            (scaled(a_S) - scaled(a_G)) ** 2 -> scaled(a_S) - scaled(a_G)
                This is eq. 3.27 as it stands in the notes: differences of either sign cancel. Square them.
            2 * n_H * n_W * n_C -> (2 * n_H * n_W * n_C) ** 0.5
                The factor in front is squared, too: 1 / (2 n_H n_W n_C)².
            2 * n_H -> n_H
                There is a 2 in the factor: (2 n_H n_W n_C)².
            * n_C, -> * n_C**0.5,
                n_C is squared in the factor, too: (2 n_H n_W n_C)².
            ops.sum((scaled(a_S) - scaled(a_G)) ** 2) -> ops.sum(scaled(a_S) - scaled(a_G)) ** 2
                Square each difference, then add: not the other way round.
            gram_matrix.core(features) -> (rows := features.reshape(n_C, -1)) @ rows.T
                The Gram matrices are wrong: a reshape to (channels, places) mixes channels and places.
            gram_matrix.core(features) -> features
                This compares the features themselves, as the content cost does; style compares Gram matrices.
        """,
        hints=[
            "Two Gram matrices, their difference, the sum of its squares.",
            "Divide by (2 · n_H · n_W · n_C)².",
        ],
    ),
    exercise(
        reference="dlcourse.style.costs.total_variation",
        section="3.4.6",
        cases=[(_STEP,), (np.full((2, 3, 1), 0.5),)],
        random=_image,
        properties=[(lambda total, image: total >= 0, "it is never below 0")],
        slips="""
            down = ops.abs -> down =
            across = ops.abs -> across =
                Up and down cancel: take absolute differences.
            down = ops.abs -> down =
            across = ops.abs -> across =
            ops.sum(down, axis=axes) -> abs(ops.sum(down))
            ops.sum(across, axis=axes) -> abs(ops.sum(across))
                The absolute value of each difference, before they are added: up and down cancel.
            + ops.sum(across, axis=axes) ->
                Neighbors to the right count, too.
            ops.sum(down, axis=axes) + ->
                Neighbors below count, too.
            down = ops.abs -> down = ops.square
            across = ops.abs -> across = ops.square
                Absolute differences, not their squares.
            image[..., 1:, :, :] - image[..., :-1, :, :] -> ops.roll(image, -1, axis=-3) - image
            image[..., :, 1:, :] - image[..., :, :-1, :] -> ops.roll(image, -1, axis=-2) - image
                The last row has no neighbor below: np.roll takes the first row for one.
        """,
        wrong=[
            (
                _without_a_tensor,
                "TensorFlow's functions of images take tensors only: tf.convert_to_tensor(image) makes one.",
            )
        ],
        hints=[
            "image[1:] - image[:-1] are the differences between rows that follow each other.",
            "The same for columns: image[:, 1:] - image[:, :-1]. Absolute values, and add everything up.",
        ],
    ),
]
