"""The exercises of notebook 3-4, its first half: the triplet loss, verification and recognition."""

from functools import partial

from dlcourse.check.exercise import Exercise

import numpy as np

exercise = partial(Exercise, notebook="3-4")


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


_A = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
_P = np.array([[1.0, 0.5], [0.0, 1.0], [0.0, 0.0]])
_N = np.array([[1.0, 0.75], [2.0, 1.0], [1.0, 0.5]])  # differences d(A,P) - d(A,N): -0.3125, -4, 1.75
_KNOWN = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])


# Answers for one face, of which the helpers are `FaceDatabase` and the mining of `TripletLoss`


def verify(encoding, claimed, threshold):
    """Decide whether two encodings are of the same person (eqs. 3.16 and 3.17).

    Args:
        encoding: Encoding of the face before the camera, shape (d,).
        claimed: Encoding of the person it claims to be, shape (d,).
        threshold: τ, for the Euclidean distance.

    Returns:
        (same, distance).
    """
    distance = np.linalg.norm(encoding - claimed)
    return distance <= threshold, distance


def recognize(encoding, known, names, threshold):
    """Return who it is, or None if it is nobody we know.

    Args:
        encoding: Encoding of the face before the camera, shape (d,).
        known: Encodings of the people we know, shape (n, d), n ≥ 1.
        names: Their names, a list of n. A name may occur several times.
        threshold: τ, for the Euclidean distance.

    Returns:
        (name or None, distance to the nearest).
    """
    distances = np.linalg.norm(known - encoding, axis=1)  # (n, d) − (d,): one for each known picture, (n,)
    nearest = np.argmin(distances)
    return (names[nearest] if distances[nearest] <= threshold else None), distances[nearest]


def hardest_negative(anchor, encodings, identities, identity):
    """Find the picture of another person that looks most like the anchor.

    Args:
        anchor: Encoding of the anchor, shape (d,).
        encodings: Encodings of a batch, shape (n, d).
        identities: The person of each, whole numbers, shape (n,).
        identity: The anchor's person. At least one of `identities` differs.

    Returns:
        An index into the batch.
    """
    distances = np.linalg.norm(encodings - anchor, axis=1)  # (n,)
    distances[identities == identity] = np.inf  # never the nearest
    return np.argmin(distances)


def _nearest_name(encoding, known, names):
    return names[int(np.argmin(np.sum((known - encoding) ** 2, axis=1)))]


EXERCISES = [
    exercise(
        reference="dlcourse.faces.triplets.triplet_loss",
        section="3.4.4",
        cases=[(_A, _P, _N, 0.5), (_A, _P, _N, 0.25), (_A, _A, _A, 0.25)],
        random=_triplets,
        properties=[(lambda loss, *_: loss >= 0, "it is never below 0")],
        slips="""
            ops.maximum(near - far + margin, 0) -> near - far + margin
                A triplet that is already right by more than the margin must cost 0, not be paid for.
            return ops.sum -> return ops.mean
                Eq. 3.20 adds the triplets up; this is their mean.
            ops.sum(ops.maximum(near - far + margin, 0)) -> ops.maximum(ops.sum(near - far + margin), 0)
                Take the maximum for each triplet before the sum: one that is right pays for no other.
            (anchor - positive) ** 2, axis=1 -> (anchor - positive) ** 2
            (anchor - negative) ** 2, axis=1 -> (anchor - negative) ** 2
                This adds up the distances of all triplets before it compares: keep one for each row, axis=1.
            near = ops.sum -> near = ops.mean
            far = ops.sum -> far = ops.mean
                The squared distance is the sum of the squared differences, not their mean.
            ops.sum((anchor - positive) ** 2, axis=1) -> ops.norm(anchor - positive, axis=1)
            ops.sum((anchor - negative) ** 2, axis=1) -> ops.norm(anchor - negative, axis=1)
                Eq. 3.19 has squared distances.
            near - far -> far - near
                Here the positive is pushed away and the negative pulled near: exchange the two.
            + margin, 0) -> , 0) + margin
                The margin stands inside of the maximum: right answers must be right by that much.
            + margin ->
                Without the margin a network that maps all pictures to one encoding has no loss.
        """,
        hints=[
            "Two distances for each row: to the positive and to the negative, squared, summed over axis 1.",
            "Then np.maximum(near - far + margin, 0) for each row, and the sum.",
        ],
    ),
    exercise(
        reference=verify,
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
        slips="""
            <= -> <
                At the threshold itself it is still the same person (eq. 3.16).
            np.linalg.norm(encoding - claimed) -> np.sum((encoding - claimed) ** 2)
                This is the squared distance; the threshold here is one of the distance.
            <= -> >
                Near is the same person, far is another: this has it the other way round.
            np.linalg.norm -> np.sum
                Differences of either sign cancel: square them before you add them.
            return distance <= threshold, distance -> return distance, distance <= threshold
                The order is: whether it is the same person, then the distance.
        """,
        hints=[
            "The distance is the root of the sum of the squared differences: np.linalg.norm.",
            "Return two things: distance <= threshold, and the distance.",
        ],
    ),
    exercise(
        reference=recognize,
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
        slips="""
            names[nearest] if distances[nearest] <= threshold else None -> names[nearest]
                A stranger has a nearest neighbor, too. Beyond the threshold the answer is None.
            np.argmin -> np.argmax
                This takes the farthest of the people we know.
            np.argmin(distances) -> min(np.flatnonzero(distances <= threshold), default=np.argmin(distances))
                The first that is near enough need not be the nearest.
            np.linalg.norm(known - encoding, axis=1) -> np.sum((known - encoding) ** 2, axis=1)
                This is the squared distance; the threshold here is one of the distance.
            else None -> else "unknown"
                Nobody is called None; somebody could be called 'unknown'. Return None.
            <= -> <
                At the threshold itself it is still the same person (eq. 3.16).
            names[nearest] -> int(nearest)
                This is the position among the people we know; asked for is the name there.
        """,
        hints=[
            "The distances to all people we know at once: np.linalg.norm(known - encoding, axis=1).",
            "np.argmin finds the nearest. Is it near enough?",
        ],
    ),
    exercise(
        reference=hardest_negative,
        section="3.4.4",
        cases=[
            (np.zeros(2), np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]), np.array([4, 4, 7, 7]), 4),
            (np.ones(1), np.array([[5.0], [1.5], [1.0], [-2.0]]), np.array([0, 1, 2, 1]), 2),
        ],
        random=_batch,
        properties=[
            (
                lambda i, anchor, encodings, identities, identity: identities[i] != identity,
                "it is a picture of another person",
            )
        ],
        slips="""
            distances[identities == identity] = np.inf ->
                This looks among all pictures, and finds the anchor itself or another of the same person.
            np.inf -> -np.inf
            np.argmin -> np.argmax
                The farthest negative is the easiest one. The hardest is the one nearest to the anchor.
            identities == identity] = np.inf -> identities != identity] = -np.inf
            np.argmin -> np.argmax
                This is the hardest positive: the same person, farthest away.
            np.argmin(distances) -> np.argmin(distances[identities != identity])
                This is its place among the negatives; asked for is the index into the whole batch.
        """,
        hints=[
            "First the distances from the anchor to all encodings.",
            "Set those of the same person to infinity; then np.argmin.",
        ],
    ),
]
