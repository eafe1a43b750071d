"""The exercises of notebook 3-4: the triplet loss, verification and recognition, and the costs of style transfer."""

from dlcourse.check.exercise import Exercise

import numpy as np


def triplet_loss(anchor, positive, negative, margin):
    """The triplet loss, summed over the batch (eqs. 3.19 and 3.20).

    Args:
        anchor, positive, negative: Encodings, shape (m, d): row i of the three is one triplet.
        margin: α.

    Returns:
        A number. `dlcourse.faces.triplet_loss` is the same for tensors.
    """
    near = np.sum((anchor - positive) ** 2, axis=1)
    far = np.sum((anchor - negative) ** 2, axis=1)
    return float(np.sum(np.maximum(near - far + margin, 0)))


def verify(encoding, claimed, threshold):
    """Whether two encodings are of the same person (eqs. 3.16 and 3.17).

    Args:
        encoding: Of the face before the camera, shape (d,).
        claimed: Of the person it claims to be, shape (d,).
        threshold: τ, of the Euclidean distance.

    Returns:
        (same, distance).
    """
    distance = float(np.sqrt(np.sum((encoding - claimed) ** 2)))
    return distance <= threshold, distance


def recognize(encoding, known, names, threshold):
    """Who it is, or None if it is nobody we know.

    Args:
        encoding: Of the face before the camera, shape (d,).
        known: Encodings of the people we know, shape (n, d), n ≥ 1.
        names: Their names, a list of n. A name may occur several times.
        threshold: τ, of the Euclidean distance.

    Returns:
        (name or None, distance to the nearest).
    """
    distances = np.sqrt(np.sum((known - encoding) ** 2, axis=1))
    nearest = int(np.argmin(distances))
    distance = float(distances[nearest])
    return (names[nearest] if distance <= threshold else None), distance


def hardest_negative(anchor, encodings, identities, identity):
    """The picture of another person that looks most like the anchor.

    Args:
        anchor: An encoding, shape (d,).
        encodings: Of a batch, shape (n, d).
        identities: Whose they are, whole numbers, shape (n,).
        identity: Whose the anchor is. At least one of `identities` differs.

    Returns:
        An index into the batch.
    """
    distances = np.sum((encodings - anchor) ** 2, axis=1)
    distances[identities == identity] = np.inf  # never one of the same person
    return int(np.argmin(distances))


def gram_matrix(features):
    """Which channels are active together (eq. 3.25).

    Args:
        features: Activations of one layer for a picture, shape (n_H, n_W, n_C).

    Returns:
        Shape (n_C, n_C).
    """
    places = features.reshape(-1, features.shape[-1])  # a row for each place, a column for each channel
    return places.T @ places


def content_cost(a_C, a_G):
    """How far the features of two pictures are apart, place by place (eq. 3.24).

    Args:
        a_C, a_G: Activations of one layer for the content and for the generated picture, shape (n_H, n_W, n_C).

    Returns:
        A number.
    """
    return float(np.sum((a_C - a_G) ** 2) / 2)


def layer_style_cost(a_S, a_G):
    """How far the Gram matrices of two pictures are apart (eq. 3.27 with the squares that the notes leave out).

    Args:
        a_S, a_G: Activations of one layer for the style and for the generated picture, shape (n_H, n_W, n_C).

    Returns:
        A number.
    """
    n_H, n_W, n_C = a_G.shape
    difference = gram_matrix(a_S) - gram_matrix(a_G)
    return float(np.sum(difference**2) / (2 * n_H * n_W * n_C) ** 2)


def total_variation(image):
    """How much neighboring pixels differ: the total variation, with absolute values.

    Args:
        image: Any numbers, shape (height, width, channels).

    Returns:
        A number. `tf.image.total_variation` gives the same.
    """
    down = np.abs(image[1:] - image[:-1])
    right = np.abs(image[:, 1:] - image[:, :-1])
    return float(down.sum() + right.sum())


# Cases


def _triplets(rng):
    shape = tuple(int(n) for n in rng.integers(2, 6, size=2))
    return (*rng.normal(size=(3, *shape)), float(rng.uniform(0.1, 2)))


def _pair(rng):
    first = rng.normal(size=rng.integers(2, 6))
    second = first + rng.normal(size=first.shape)
    return first, second, float(np.sqrt(np.sum((first - second) ** 2)) * rng.choice([0.7, 0.9, 1.1, 1.5]))


def _gallery(rng):
    n, d = (int(number) for number in rng.integers(2, 6, size=2))
    known = rng.normal(size=(n, d))
    seen = known[rng.integers(n)] + 0.4 * rng.normal(size=d)
    names = [("Ada", "Grace", "Katherine", "Hedy")[i] for i in rng.integers(4, size=n)]
    return seen, known, names, float(rng.uniform(0.3, 1.2))


def _batch(rng):
    identities = rng.permutation(np.repeat(np.arange(3), rng.integers(1, 4, size=3)))
    encodings = rng.normal(size=(len(identities), int(rng.integers(2, 5))))
    who = int(rng.integers(len(identities)))
    return encodings[who], encodings, identities, int(identities[who])


def _features(rng):
    return (rng.normal(size=tuple(int(n) for n in rng.integers(2, 5, size=3))),)


def _two_features(rng):
    shape = tuple(int(n) for n in rng.integers(2, 5, size=3))
    return rng.normal(size=shape), rng.normal(size=shape)


def _image(rng):
    height, width = (int(n) for n in rng.integers(2, 6, size=2))
    return (rng.integers(0, 256, size=(height, width, 3)) / 255,)


_A = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
_P = np.array([[1.0, 0.5], [0.0, 1.0], [0.0, 0.0]])
_N = np.array([[1.0, 0.75], [2.0, 1.0], [1.0, 0.5]])  # differences d(A,P) - d(A,N): -0.3125, -4, 1.75
_KNOWN = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
_SMALL = np.arange(12.0).reshape(2, 2, 3) % 5
_OTHER = _SMALL[::-1] + np.array([1.0, 0.0, 2.0])
_NUMBERED = np.fromfunction(lambda i, j, k: 100.0 * i + 10.0 * j + k, (2, 3, 2))  # which number lands where shows
_STEP = np.array([[[0.0, 1.0], [0.5, 1.0], [0.5, 0.0]], [[1.0, 1.0], [0.5, 0.25], [0.0, 0.0]]])


# Typical wrong answers that take more than a line


def _squared(x):
    return np.sum(x**2, axis=1)


def _triplet(anchor, positive, negative, margin, *, norm=_squared, hinge=None, end=np.sum, sign=1):
    """`triplet_loss` with one thing changed."""
    raw = sign * (norm(anchor - positive) - norm(anchor - negative)) + margin
    return float(end(hinge(raw) if hinge else np.maximum(raw, 0)))


def _after_the_sum(anchor, positive, negative, margin):
    near, far = _squared(anchor - positive), _squared(anchor - negative)
    return float(max(np.sum(near - far + margin), 0))


def _margin_outside(anchor, positive, negative, margin):
    near, far = _squared(anchor - positive), _squared(anchor - negative)
    return float(np.sum(np.maximum(near - far, 0) + margin))


def _all_at_once(anchor, positive, negative, margin):
    return float(max(np.sum((anchor - positive) ** 2) - np.sum((anchor - negative) ** 2) + margin, 0))


def _distance(a, b):
    return float(np.sqrt(np.sum((a - b) ** 2)))


def _nearest(
    encoding, known, names, threshold, *, pick=np.argmin, unknown=None, root=np.sqrt, near=np.less_equal, name=True
):
    """`recognize` with one thing changed."""
    distances = root(np.sum((known - encoding) ** 2, axis=1))
    i = int(pick(distances))
    answer = names[i] if name else i
    return (answer if near(distances[i], threshold) else unknown), float(distances[i])


def _nearest_name(encoding, known, names):
    return names[int(np.argmin(np.sum((known - encoding) ** 2, axis=1)))]


def _first_below(encoding, known, names, threshold):
    distances = np.sqrt(np.sum((known - encoding) ** 2, axis=1))
    below = np.flatnonzero(distances <= threshold)
    i = below[0] if len(below) else np.argmin(distances)
    return (names[i] if len(below) else None), float(distances[i])


def _negative(anchor, encodings, identities, identity, *, keep=np.not_equal, pick=np.argmin):
    """`hardest_negative` with one thing changed."""
    distances = np.sum((encodings - anchor) ** 2, axis=1)
    allowed = np.flatnonzero(keep(identities, identity))
    return int(allowed[pick(distances[allowed])])


def _position_among_negatives(anchor, encodings, identities, identity):
    return int(np.argmin(np.sum((encodings[identities != identity] - anchor) ** 2, axis=1)))


def _style(a_S, a_G, *, gram=gram_matrix, power=2, factor=lambda h, w, c: (2 * h * w * c) ** 2):
    """`layer_style_cost` with one thing changed."""
    return float(np.sum((gram(a_S) - gram(a_G)) ** power) / factor(*a_G.shape))


def _scrambled(features):
    """The trap: to (channels, places) without a transpose."""
    rows = features.reshape(features.shape[-1], -1)
    return rows @ rows.T


def _variation(image, *, each=np.abs, down=True, right=True):
    """`total_variation` with one thing changed."""
    return float(
        (each(image[1:] - image[:-1]).sum() if down else 0) + (each(image[:, 1:] - image[:, :-1]).sum() if right else 0)
    )


def _wraps_around(image):
    return float(sum(np.abs(np.roll(image, -1, axis) - image).sum() for axis in (0, 1)))


def _without_a_tensor(image):
    import tensorflow as tf

    return tf.image.total_variation(image)


def _absolute_at_last(image):
    return float(abs((image[1:] - image[:-1]).sum()) + abs((image[:, 1:] - image[:, :-1]).sum()))


# Right answers written differently


def _triplet_by_the_hints(anchor, positive, negative, margin):
    near = np.sum((anchor - positive) ** 2, axis=1)
    far = np.sum((anchor - negative) ** 2, axis=1)
    return np.sum(np.maximum(near - far + margin, 0))


def _triplet_in_a_loop(anchor, positive, negative, margin):
    total = 0.0
    for a, p, n in zip(anchor, positive, negative, strict=True):
        total += max(np.linalg.norm(a - p) ** 2 - np.linalg.norm(a - n) ** 2 + margin, 0)
    return total


def _triplet_in_tensorflow(anchor, positive, negative, margin):
    import tensorflow as tf

    near = tf.reduce_sum(tf.square(tf.subtract(anchor, positive)), axis=-1)
    far = tf.reduce_sum(tf.square(tf.subtract(anchor, negative)), axis=-1)
    return tf.reduce_sum(tf.maximum(near - far + margin, 0.0))


def _triplet_in_keras(anchor, positive, negative, margin):
    from keras import ops

    near, far = (ops.sum(ops.square(anchor - other), axis=1, keepdims=True) for other in (positive, negative))
    return ops.sum(ops.relu(near - far + margin))


def _triplet_of_the_package(anchor, positive, negative, margin):
    from dlcourse import faces

    return faces.triplet_loss(anchor, positive, negative, margin)


def _verify_by_the_hints(encoding, claimed, threshold):
    distance = np.linalg.norm(encoding - claimed)
    return distance <= threshold, distance


def _verify_by_math(encoding, claimed, threshold):
    import math

    distance = math.dist(encoding, claimed)
    return [not distance > threshold, distance]


def _verify_in_keras(encoding, claimed, threshold):
    from keras import ops

    distance = ops.norm(encoding - claimed)
    return distance <= threshold, distance


def _verify_in_scipy(encoding, claimed, threshold):
    from scipy.spatial import distance

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


def _recognize_in_keras(encoding, known, names, threshold):
    from keras import ops

    distances = ops.norm(known - encoding, axis=-1)
    nearest = int(ops.argmin(distances))
    return [names[nearest] if distances[nearest] <= threshold else None, distances[nearest]]


def _recognize_in_scipy(encoding, known, names, threshold):
    from scipy.spatial.distance import cdist

    (distances,) = cdist(encoding[None], known)
    distance, name = min(zip(distances, names, strict=True))
    return (name if distance <= threshold else None), distance


def _hardest_by_the_hints(anchor, encodings, identities, identity):
    distances = np.linalg.norm(encodings - anchor, axis=1)
    distances[identities == identity] = np.inf
    return np.argmin(distances)


def _hardest_in_a_loop(anchor, encodings, identities, identity):
    others = [i for i, person in enumerate(identities) if person != identity]
    return min(others, key=lambda i: np.sum(np.square(encodings[i] - anchor)))


def _hardest_in_keras(anchor, encodings, identities, identity):
    from keras import ops

    distances = ops.sum(ops.square(encodings - anchor), axis=1)
    return ops.argmin(ops.where(identities == identity, float("inf"), distances))


def _hardest_in_tensorflow(anchor, encodings, identities, identity):
    import tensorflow as tf

    distances = tf.norm(encodings - anchor, axis=1)
    return tf.argmin(tf.where(identities != identity, distances, np.inf))


def _gram_by_the_hints(features):
    n_C = features.shape[-1]
    A = features.reshape(-1, n_C)
    return A.T @ A


def _gram_in_tensorflow(features):
    import tensorflow as tf

    n_H, n_W, n_C = features.shape
    A = tf.transpose(tf.reshape(features, shape=[n_H * n_W, n_C]))
    return tf.matmul(A, tf.transpose(A))


def _gram_in_float32(features):
    import tensorflow as tf

    A = tf.reshape(tf.cast(features, tf.float32), (-1, features.shape[-1]))
    return tf.matmul(A, A, transpose_a=True)


def _gram_in_keras(features):
    from keras import ops

    A = ops.reshape(ops.transpose(features, (2, 0, 1)), (features.shape[-1], -1))
    return ops.matmul(A, ops.transpose(A))


def _gram_in_loops(features):
    n_C = features.shape[-1]
    return [[np.sum(features[:, :, k] * features[:, :, other]) for other in range(n_C)] for k in range(n_C)]


def _content_in_tensorflow(a_C, a_G):
    import tensorflow as tf

    return tf.reduce_sum(tf.square(tf.subtract(a_C, a_G))) / 2


def _content_in_keras(a_C, a_G):
    from keras import ops

    return 0.5 * ops.sum(ops.square(ops.subtract(a_C, a_G)))


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


def _layer_style_in_tensorflow(a_S, a_G):
    import tensorflow as tf

    n_H, n_W, n_C = a_G.shape
    difference = tf.subtract(_gram_in_float32(a_S), _gram_in_float32(a_G))
    return tf.reduce_sum(tf.square(difference)) / (4.0 * n_C**2 * (n_H * n_W) ** 2)


def _layer_style_of_the_package(a_S, a_G):
    from dlcourse import style

    return style.layer_style_cost(a_S, a_G)


def _variation_by_the_hints(image):
    down, right = image[1:] - image[:-1], image[:, 1:] - image[:, :-1]
    return np.sum(np.abs(down)) + np.sum(np.abs(right))


def _variation_in_tensorflow(image):
    import tensorflow as tf

    return tf.image.total_variation(tf.convert_to_tensor(image))


def _variation_in_keras(image):
    from keras import ops

    return ops.sum(ops.abs(ops.diff(image, axis=0))) + ops.sum(ops.abs(ops.diff(image, axis=1)))


EXERCISES = [
    Exercise(
        reference=triplet_loss,
        notebook="3-4",
        section="3.4.4",
        cases=[(_A, _P, _N, 0.5), (_A, _P, _N, 0.25), (_A, _A, _A, 0.25)],
        random=_triplets,
        properties=[(lambda loss, *_: loss >= 0, "it is never below 0")],
        wrong=[
            (
                lambda A, P, N, margin: _triplet(A, P, N, margin, hinge=lambda x: x),
                "A triplet that is already right by more than the margin must cost 0, not be paid for.",
            ),
            (
                lambda A, P, N, margin: _triplet(A, P, N, margin, end=np.mean),
                "Eq. 3.20 adds the triplets up; this is their mean.",
            ),
            (
                _after_the_sum,
                "Take the maximum for each triplet before the sum: one that is right pays for no other.",
            ),
            (
                _all_at_once,
                "This adds up the distances of all triplets before it compares: keep one for each row, axis=1.",
            ),
            (
                lambda A, P, N, margin: _triplet(A, P, N, margin, norm=lambda x: np.mean(x**2, axis=1)),
                "The squared distance is the sum of the squared differences, not their mean.",
            ),
            (
                lambda A, P, N, margin: _triplet(A, P, N, margin, norm=lambda x: np.linalg.norm(x, axis=1)),
                "Eq. 3.19 has squared distances.",
            ),
            (
                lambda A, P, N, margin: _triplet(A, P, N, margin, sign=-1),
                "Here the positive is pushed away and the negative pulled near: exchange the two.",
            ),
            (_margin_outside, "The margin stands inside of the maximum: right answers must be right by that much."),
            (
                lambda A, P, N, margin: _triplet(A, P, N, 0.0),
                "Without the margin a network that maps all pictures to one encoding has no loss.",
            ),
        ],
        also_right=[
            _triplet_by_the_hints,
            lambda A, P, N, margin: np.clip(_squared(A - P) - _squared(A - N) + margin, 0, None).sum(),
            lambda A, P, N, margin: np.einsum(
                "i->", np.fmax(0, np.linalg.norm(A - P, axis=1) ** 2 - _squared(A - N) + margin)
            ),
            _triplet_in_a_loop,
            _triplet_in_tensorflow,
            _triplet_in_keras,
            _triplet_of_the_package,
        ],
        hints=[
            "Two distances for each row: to the positive and to the negative, squared, summed over axis 1.",
            "Then np.maximum(near - far + margin, 0) for each row, and the sum.",
        ],
    ),
    Exercise(
        reference=verify,
        notebook="3-4",
        section="3.4.2",
        cases=[
            (np.array([0.0, 0.0]), np.array([3.0, 4.0]), 5.0),
            (np.array([0.0, 0.0]), np.array([0.25, 0.0]), 0.2),
            (np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), 0.6),
        ],
        random=_pair,
        properties=[
            (lambda answer, *_: answer[1] >= 0, "a distance is never below 0"),
            (lambda answer, a, b, threshold: answer[0] == (answer[1] <= threshold), "same goes with the distance"),
        ],
        wrong=[
            (
                lambda a, b, threshold: (_distance(a, b) < threshold, _distance(a, b)),
                "At the threshold itself it is still the same person (eq. 3.16).",
            ),
            (
                lambda a, b, threshold: (_distance(a, b) ** 2 <= threshold, _distance(a, b) ** 2),
                "This is the squared distance; the threshold here is one of the distance.",
            ),
            (
                lambda a, b, threshold: (_distance(a, b) > threshold, _distance(a, b)),
                "Near is the same person, far is another: this has it the other way round.",
            ),
            (
                lambda a, b, threshold: (bool(np.sum(a - b) <= threshold), float(np.sum(a - b))),
                "Differences of either sign cancel: square them before you add them.",
            ),
            (
                lambda a, b, threshold: (_distance(a, b), _distance(a, b) <= threshold),
                "The order is: whether it is the same person, then the distance.",
            ),
        ],
        also_right=[
            _verify_by_the_hints,
            lambda a, b, threshold: (bool(_distance(a, b) <= threshold), np.sqrt(np.dot(a - b, a - b))),
            _verify_by_math,
            _verify_in_keras,
            _verify_in_scipy,
        ],
        hints=[
            "The distance is the root of the sum of the squared differences: np.linalg.norm.",
            "Return two things: distance <= threshold, and the distance.",
        ],
    ),
    Exercise(
        reference=recognize,
        notebook="3-4",
        section="3.4.1",
        cases=[
            (np.array([0.0, 0.5]), _KNOWN, ["Ada", "Grace", "Hedy"], 0.6),
            (np.array([9.0, 9.0]), _KNOWN, ["Ada", "Grace", "Hedy"], 0.6),
            (np.array([0.0, 1.25]), _KNOWN, ["Ada", "Grace", "Ada"], 2.0),
            (np.array([3.0, 3.0]), _KNOWN, ["Ada", "Grace", "Hedy"], 1.0),
        ],
        random=_gallery,
        properties=[
            (
                lambda answer, seen, known, names, threshold: answer[0] in (None, _nearest_name(seen, known, names)),
                "the name, if any, is that of the nearest",
            )
        ],
        wrong=[
            (
                lambda *args: _nearest(*args[:3], np.inf),
                "A stranger has a nearest neighbour, too. Beyond the threshold the answer is None.",
            ),
            (
                lambda *args: _nearest(*args, pick=np.argmax),
                "This takes the farthest of the people we know.",
            ),
            (_first_below, "The first that is near enough need not be the nearest."),
            (
                lambda *args: _nearest(*args, root=lambda x: x),
                "This is the squared distance; the threshold here is one of the distance.",
            ),
            (
                lambda *args: _nearest(*args, unknown="unknown"),
                "Nobody is called None; somebody could be called 'unknown'. Return None.",
            ),
            (
                lambda *args: _nearest(*args, near=np.less),
                "At the threshold itself it is still the same person (eq. 3.16).",
            ),
            (
                lambda *args: _nearest(*args, name=False),
                "This is the position among the people we know; asked for is the name there.",
            ),
        ],
        also_right=[
            _recognize_by_the_hints,
            _recognize_in_a_loop,
            _recognize_in_keras,
            _recognize_in_scipy,
        ],
        hints=[
            "The distances to all people we know at once: np.linalg.norm(known - encoding, axis=1).",
            "np.argmin finds the nearest. Is it near enough?",
        ],
    ),
    Exercise(
        reference=hardest_negative,
        notebook="3-4",
        section="3.4.4",
        cases=[
            (
                np.array([0.0, 0.0]),
                np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]),
                np.array([4, 4, 7, 7]),
                4,
            ),
            (
                np.array([1.0]),
                np.array([[5.0], [1.5], [1.0], [-2.0]]),
                np.array([0, 1, 2, 1]),
                2,
            ),
        ],
        random=_batch,
        properties=[
            (
                lambda i, anchor, encodings, identities, identity: identities[i] != identity,
                "it is a picture of another person",
            )
        ],
        wrong=[
            (
                lambda *args: _negative(*args, keep=lambda ids, own: np.full(len(ids), True)),
                "This looks among all pictures, and finds the anchor itself or another of the same person.",
            ),
            (
                lambda *args: _negative(*args, pick=np.argmax),
                "The farthest negative is the easiest one. The hardest is the one nearest to the anchor.",
            ),
            (
                lambda *args: _negative(*args, keep=np.equal, pick=np.argmax),
                "This is the hardest positive: the same person, farthest away.",
            ),
            (
                _position_among_negatives,
                "This is its place among the negatives; asked for is the index into the whole batch.",
            ),
        ],
        also_right=[
            _hardest_by_the_hints,
            lambda anchor, x, who, own: np.flatnonzero(who != own)[np.argmin(_squared(x[who != own] - anchor))],
            lambda anchor, x, who, own: np.argmin(np.where(who == own, np.inf, _squared(x - anchor))),
            lambda anchor, x, who, own: np.ma.array(_squared(x - anchor), mask=who == own).argmin(),
            _hardest_in_a_loop,
            _hardest_in_keras,
            _hardest_in_tensorflow,
        ],
        hints=[
            "First the distances from the anchor to all encodings.",
            "Set those of the same person to infinity; then np.argmin.",
        ],
    ),
    Exercise(
        reference=gram_matrix,
        notebook="3-4",
        section="3.4.6",
        cases=[(_SMALL,), (_NUMBERED,), (_STEP,)],
        random=_features,
        properties=[
            (
                lambda G, a: np.allclose(np.diag(G), np.sum(a**2, axis=(0, 1))),
                "on its diagonal are the sums of squares of each channel",
            ),
        ],
        wrong=[
            (
                _scrambled,
                "A reshape to (channels, places) mixes channels and places. Keep the channels last, then transpose.",
            ),
            (
                lambda a: a.reshape(-1, a.shape[-1]) @ a.reshape(-1, a.shape[-1]).T,
                "This compares places with places; a Gram matrix compares channels with channels.",
            ),
            (
                lambda a: gram_matrix(a) / a.size,
                "Eq. 3.25 has no factor in front: the division comes with the style cost (eq. 3.27).",
            ),
            (lambda a: gram_matrix(a) / a[..., 0].size, "Eq. 3.25 is a sum over all places, not a mean."),
            (
                lambda a: gram_matrix(a - a.mean(axis=(0, 1))),
                "This takes the mean off first. Eq. 3.25 does not: it is called unnormalized.",
            ),
        ],
        also_right=[
            _gram_by_the_hints,
            lambda a: np.einsum("ijk,ijl->kl", a, a),
            lambda a: np.tensordot(a, a, axes=((0, 1), (0, 1))),
            lambda a: np.dot(
                a.T.reshape(a.shape[-1], -1), a.T.reshape(a.shape[-1], -1).T
            ),  # columns first: all the same
            _gram_in_loops,
            _gram_in_tensorflow,
            _gram_in_float32,
            _gram_in_keras,
        ],
        hints=[
            "Make a matrix with a row for each place and a column for each channel: features.reshape(-1, n_C).",
            "Of this matrix A the Gram matrix is A.T @ A.",
        ],
    ),
    Exercise(
        reference=content_cost,
        notebook="3-4",
        section="3.4.6",
        cases=[(_SMALL, _OTHER), (_SMALL, _SMALL)],
        random=_two_features,
        properties=[(lambda cost, a, b: cost >= 0, "it is never below 0")],
        wrong=[
            (lambda a, b: float(np.sum((a - b) ** 2)), "Eq. 3.24 has a factor ½."),
            (lambda a, b: float(np.mean((a - b) ** 2) / 2), "Eq. 3.24 is a sum over all numbers, not a mean."),
            (
                lambda a, b: float(np.sum((a - b) ** 2) / (4 * a.size)),
                "The factor 1 / (4 n_H n_W n_C) is that of other courses; eq. 3.24 has ½.",
            ),
            (lambda a, b: float(np.sqrt(np.sum((a - b) ** 2)) / 2), "The norm is squared: no root."),
            (
                lambda a, b: float(np.sum(np.abs(a - b)) / 2),
                "The norm is that of the squares, not of the absolute values.",
            ),
            (lambda a, b: float(np.sum(a - b) ** 2 / 2), "Square each difference, then add: not the other way round."),
            (
                lambda a, b: float(np.sum(a - b) / 2),
                "Differences of either sign cancel: square them first.",
            ),
        ],
        also_right=[
            lambda a_C, a_G: np.sum((a_C - a_G) ** 2) / 2,
            lambda a_C, a_G: 0.5 * np.linalg.norm(a_C - a_G) ** 2,
            _content_unrolled,
            _content_in_tensorflow,
            _content_in_keras,
        ],
        hints=[
            "Take the difference of the two, place by place and channel by channel.",
            "Half of the sum of its squares.",
        ],
    ),
    Exercise(
        reference=layer_style_cost,
        notebook="3-4",
        section="3.4.6",
        cases=[(_SMALL, _OTHER), (_SMALL, _SMALL[:, ::-1]), (_STEP, 2 * _STEP)],
        random=_two_features,
        properties=[(lambda cost, a, b: cost >= 0, "it is never below 0")],
        wrong=[
            (
                lambda a, b: _style(a, b, power=1, factor=lambda h, w, c: 2 * h * w * c),
                "This is eq. 3.27 as it stands in the notes: differences of either sign cancel. Square them.",
            ),
            (
                lambda a, b: _style(a, b, factor=lambda h, w, c: 2 * h * w * c),
                "The factor in front is squared, too: 1 / (2 n_H n_W n_C)².",
            ),
            (
                lambda a, b: _style(a, b, factor=lambda h, w, c: (h * w * c) ** 2),
                "There is a 2 in the factor: (2 n_H n_W n_C)².",
            ),
            (
                lambda a, b: _style(a, b, factor=lambda h, w, c: 4 * (h * w) ** 2 * c),
                "n_C is squared in the factor, too: (2 n_H n_W n_C)².",
            ),
            (
                lambda a, b: float(np.sum(gram_matrix(a) - gram_matrix(b)) ** 2 / (2 * b.size) ** 2),
                "Square each difference, then add: not the other way round.",
            ),
            (
                lambda a, b: _style(a, b, gram=_scrambled),
                "The Gram matrices are wrong: a reshape to (channels, places) mixes channels and places.",
            ),
            (
                lambda a, b: float(np.sum((a - b) ** 2) / (2 * b.size) ** 2),
                "This compares the features themselves, as the content cost does; style compares Gram matrices.",
            ),
        ],
        also_right=[
            _layer_style_by_the_hints,
            _layer_style_by_norm,
            _layer_style_in_tensorflow,
            _layer_style_of_the_package,
        ],
        hints=[
            "Two Gram matrices, their difference, the sum of its squares.",
            "Divide by (2 · n_H · n_W · n_C)².",
        ],
    ),
    Exercise(
        reference=total_variation,
        notebook="3-4",
        section="3.4.6",
        cases=[(_STEP,), (np.full((2, 3, 1), 0.5),)],
        random=_image,
        properties=[(lambda total, image: total >= 0, "it is never below 0")],
        wrong=[
            (
                lambda image: _variation(image, each=lambda x: x),
                "Up and down cancel: take absolute differences.",
            ),
            (
                _without_a_tensor,
                "TensorFlow's functions of images take tensors only: tf.convert_to_tensor(image) makes one.",
            ),
            (_absolute_at_last, "The absolute value of each difference, before they are added: up and down cancel."),
            (lambda image: _variation(image, right=False), "Neighbours to the right count, too."),
            (lambda image: _variation(image, down=False), "Neighbours below count, too."),
            (lambda image: _variation(image, each=np.square), "Absolute differences, not their squares."),
            (
                _wraps_around,
                "The last row has no neighbour below: np.roll takes the first row for one.",
            ),
        ],
        also_right=[
            _variation_by_the_hints,
            lambda image: sum(np.abs(np.diff(image, axis=axis)).sum() for axis in (0, 1)),
            _variation_in_tensorflow,
            _variation_in_keras,
        ],
        hints=[
            "image[1:] - image[:-1] are the differences between rows that follow each other.",
            "The same for columns: image[:, 1:] - image[:, :-1]. Absolute values, and add everything up.",
        ],
    ),
]
