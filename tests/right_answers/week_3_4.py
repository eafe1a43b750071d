"""Right answers to the exercises of notebook 3-4, written differently: each must be accepted."""

import numpy as np
from right_answers.libraries import using


def _squared(x):
    return np.sum(x**2, axis=1)


def _triplet_by_the_hints(anchor, positive, negative, margin):
    near = np.sum((anchor - positive) ** 2, axis=1)
    far = np.sum((anchor - negative) ** 2, axis=1)
    return np.sum(np.maximum(near - far + margin, 0))


def _triplet_in_a_loop(anchor, positive, negative, margin):
    total = 0.0
    for a, p, n in zip(anchor, positive, negative, strict=True):
        total += max(np.linalg.norm(a - p) ** 2 - np.linalg.norm(a - n) ** 2 + margin, 0)
    return total


def _triplet_in_tensorflow(tf, anchor, positive, negative, margin):
    near = tf.reduce_sum(tf.square(tf.subtract(anchor, positive)), axis=-1)
    far = tf.reduce_sum(tf.square(tf.subtract(anchor, negative)), axis=-1)
    return tf.reduce_sum(tf.maximum(near - far + margin, 0.0))


def _triplet_in_keras(ops, anchor, positive, negative, margin):
    near, far = (ops.sum(ops.square(anchor - other), axis=1, keepdims=True) for other in (positive, negative))
    return ops.sum(ops.relu(near - far + margin))


def _verify_by_the_hints(encoding, claimed, threshold):
    distance = np.linalg.norm(encoding - claimed)
    return distance <= threshold, distance


def _verify_by_math(math, encoding, claimed, threshold):
    distance = math.dist(encoding, claimed)
    return [not distance > threshold, distance]


def _verify_in_keras(ops, encoding, claimed, threshold):
    distance = ops.norm(encoding - claimed)
    return distance <= threshold, distance


def _verify_in_scipy(distance, encoding, claimed, threshold):
    apart = distance.euclidean(encoding, claimed)
    return bool(apart <= threshold), float(apart)


def _recognize_by_the_hints(encoding, known, names, threshold):
    distances = np.linalg.norm(known - encoding, axis=1)
    nearest = np.argmin(distances)
    if distances[nearest] <= threshold:
        return names[nearest], distances[nearest]
    return None, distances[nearest]


def _recognize_in_a_loop(encoding, known, names, threshold):
    best, least = None, float("inf")
    for name, other in zip(names, known, strict=True):
        distance = np.linalg.norm(encoding - other)
        if distance < least:
            best, least = name, distance
    return (None if least > threshold else best), least


def _recognize_in_keras(ops, encoding, known, names, threshold):
    distances = ops.norm(known - encoding, axis=-1)
    nearest = int(ops.argmin(distances))
    return [names[nearest] if distances[nearest] <= threshold else None, distances[nearest]]


def _recognize_in_scipy(distance, encoding, known, names, threshold):
    (distances,) = distance.cdist(encoding[None], known)
    least, name = min(zip(distances, names, strict=True))
    return (name if least <= threshold else None), least


def _hardest_by_the_hints(anchor, encodings, identities, identity):
    distances = np.linalg.norm(encodings - anchor, axis=1)
    distances[identities == identity] = np.inf
    return np.argmin(distances)


def _hardest_in_a_loop(anchor, encodings, identities, identity):
    others = [i for i, person in enumerate(identities) if person != identity]
    return min(others, key=lambda i: np.sum(np.square(encodings[i] - anchor)))


def _hardest_in_keras(ops, anchor, encodings, identities, identity):
    distances = ops.sum(ops.square(encodings - anchor), axis=1)
    return ops.argmin(ops.where(identities == identity, float("inf"), distances))


def _hardest_in_tensorflow(tf, anchor, encodings, identities, identity):
    distances = tf.norm(encodings - anchor, axis=1)
    return tf.argmin(tf.where(identities != identity, distances, np.inf))


def _gram_by_the_hints(features):
    n_C = features.shape[-1]
    A = features.reshape(-1, n_C)
    return A.T @ A


def _gram_in_tensorflow(tf, features):
    n_H, n_W, n_C = features.shape
    A = tf.transpose(tf.reshape(features, shape=[n_H * n_W, n_C]))
    return tf.matmul(A, tf.transpose(A))


def _gram_in_float32(tf, features):
    A = tf.reshape(tf.cast(features, tf.float32), (-1, features.shape[-1]))
    return tf.matmul(A, A, transpose_a=True)


def _gram_in_keras(ops, features):
    A = ops.reshape(ops.transpose(features, (2, 0, 1)), (features.shape[-1], -1))
    return ops.matmul(A, ops.transpose(A))


def _gram_in_loops(features):
    n_C = features.shape[-1]
    return [[np.sum(features[:, :, k] * features[:, :, other]) for other in range(n_C)] for k in range(n_C)]


def _content_unrolled(a_C, a_G):
    difference = (a_C - a_G).reshape(-1)
    return difference @ difference / 2


def _layer_style_by_the_hints(a_S, a_G):
    n_H, n_W, n_C = a_G.shape
    difference = _gram_by_the_hints(a_S) - _gram_by_the_hints(a_G)
    return np.sum(difference**2) / (2 * n_H * n_W * n_C) ** 2


def _layer_style_by_norm(a_S, a_G):
    difference = np.einsum("ijk,ijl->kl", a_S, a_S) - np.einsum("ijk,ijl->kl", a_G, a_G)
    return np.linalg.norm(difference, "fro") ** 2 / (4 * a_G.size**2)


def _layer_style_in_tensorflow(tf, a_S, a_G):
    n_H, n_W, n_C = a_G.shape
    difference = tf.subtract(_gram_in_float32(tf, a_S), _gram_in_float32(tf, a_G))
    return tf.reduce_sum(tf.square(difference)) / (4.0 * n_C**2 * (n_H * n_W) ** 2)


def _variation_by_the_hints(image):
    down, right = image[1:] - image[:-1], image[:, 1:] - image[:, :-1]
    return np.sum(np.abs(down)) + np.sum(np.abs(right))


RIGHT = {
    "triplet_loss": [
        _triplet_by_the_hints,
        lambda A, P, N, margin: np.clip(_squared(A - P) - _squared(A - N) + margin, 0, None).sum(),
        lambda A, P, N, margin: np.einsum(
            "i->", np.fmax(0, np.linalg.norm(A - P, axis=1) ** 2 - _squared(A - N) + margin)
        ),
        _triplet_in_a_loop,
        using("tensorflow", _triplet_in_tensorflow),
        using("keras.ops", _triplet_in_keras),
    ],
    "verify": [
        _verify_by_the_hints,
        lambda a, b, threshold: (bool(np.linalg.norm(a - b) <= threshold), np.sqrt(np.dot(a - b, a - b))),
        using("math", _verify_by_math),
        using("keras.ops", _verify_in_keras),
        using("scipy.spatial.distance", _verify_in_scipy),
    ],
    "recognize": [
        _recognize_by_the_hints,
        _recognize_in_a_loop,
        using("keras.ops", _recognize_in_keras),
        using("scipy.spatial.distance", _recognize_in_scipy),
    ],
    "hardest_negative": [
        _hardest_by_the_hints,
        lambda anchor, x, who, own: np.flatnonzero(who != own)[np.argmin(_squared(x[who != own] - anchor))],
        lambda anchor, x, who, own: np.argmin(np.where(who == own, np.inf, _squared(x - anchor))),
        lambda anchor, x, who, own: np.ma.array(_squared(x - anchor), mask=who == own).argmin(),
        _hardest_in_a_loop,
        using("keras.ops", _hardest_in_keras),
        using("tensorflow", _hardest_in_tensorflow),
    ],
    "gram_matrix": [
        _gram_by_the_hints,
        lambda a: np.einsum("ijk,ijl->kl", a, a),
        lambda a: np.tensordot(a, a, axes=((0, 1), (0, 1))),
        lambda a: a.T.reshape(a.shape[-1], -1) @ a.T.reshape(a.shape[-1], -1).T,  # columns first: all the same
        _gram_in_loops,
        using("tensorflow", _gram_in_tensorflow),
        using("tensorflow", _gram_in_float32),
        using("keras.ops", _gram_in_keras),
    ],
    "content_cost": [
        lambda a_C, a_G: np.sum((a_C - a_G) ** 2) / 2,
        lambda a_C, a_G: 0.5 * np.linalg.norm(a_C - a_G) ** 2,
        _content_unrolled,
        using("tensorflow", lambda tf, a_C, a_G: tf.reduce_sum(tf.square(tf.subtract(a_C, a_G))) / 2),
        using("keras.ops", lambda ops, a_C, a_G: 0.5 * ops.sum(ops.square(ops.subtract(a_C, a_G)))),
    ],
    "layer_style_cost": [
        _layer_style_by_the_hints,
        _layer_style_by_norm,
        using("tensorflow", _layer_style_in_tensorflow),
    ],
    "total_variation": [
        _variation_by_the_hints,
        lambda image: sum(np.abs(np.diff(image, axis=axis)).sum() for axis in (0, 1)),
        using("tensorflow", lambda tf, image: tf.image.total_variation(tf.convert_to_tensor(image))),
        using("keras.ops", lambda ops, image: sum(ops.sum(ops.abs(ops.diff(image, axis=axis))) for axis in (0, 1))),
    ],
}
