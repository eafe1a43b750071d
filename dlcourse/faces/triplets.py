"""The triplet loss, and which triplets to learn from (FaceNet: Schroff et al., 2015, arXiv 1503.03832; batch-hard and
batch-all: Hermans et al., In Defense of the Triplet Loss, 2017, arXiv 1703.07737).

A triplet is an anchor, a positive (another picture of the same person) and a negative (a picture of another person). A
batch of m pictures has up to m³ of them, and a net has soon learned most: they have no loss and teach nothing more. So
`TripletLoss` looks for the hard ones in each batch, by the distances that the net computes at this moment.
"""

from dlcourse._pixels import as_floats
from dlcourse.checks import choice, number
from dlcourse.faces.distances import encodings, pairwise_distances
from dlcourse.scratch.checks import checked

import keras
from keras import ops


@checked(encodings("anchor", "positive", "negative"), margin=number)
def triplet_loss(anchor, positive, negative, margin=0.2):
    """Sum the loss of given triplets: J = Σ max(‖f(A) − f(P)‖² − ‖f(A) − f(N)‖² + α, 0) (notes, eqs. 3.19–3.20).

    Args:
        anchor: Embeddings f(A), shape (m, d); row i of the three is one triplet.
        positive: Embeddings f(P), other pictures of the same people, shape (m, d).
        negative: Embeddings f(N), pictures of other people, shape (m, d).
        margin: α, by how much the squared distance of A from N should exceed that of A from P; 0 or more.

    Returns:
        One number; 0 for no triplets.

    Raises ValueError if the shapes differ or are others, or the margin is below 0.

    Taught in notebook 3-4, section 3.4.4.
    """
    near = ops.sum((anchor - positive) ** 2, axis=1)
    far = ops.sum((anchor - negative) ** 2, axis=1)
    return ops.sum(ops.maximum(near - far + margin, 0))


# Which negatives count with one positive of each anchor: a mask, shape (m, m), with a row for each anchor. `near` is
# the squared distance of that positive, shape (m, 1), and `far` those of all pictures, shape (m, m); `negative` marks
# the pictures of other people. A mark at a picture that is no negative does not matter: `_count_triplets` removes it.


def _batch_all(near, far, negative):
    """Mark every negative."""
    return negative


def _batch_hard(near, far, negative):
    """Mark the nearest negative. (The positive is the farthest: `_count_triplets` takes no other.)"""
    return _only(ops.argmin(ops.where(negative, far, float("inf")), axis=1), far)


def _semi_hard(near, far, negative):
    """Mark the nearest negative that is farther than the positive; if there is none, the farthest negative."""
    farther = negative & (far > near)
    nearest = ops.argmin(ops.where(farther, far, float("inf")), axis=1)
    farthest = ops.argmax(ops.where(negative, far, -1.0), axis=1)
    return _only(ops.where(ops.any(farther, axis=1), nearest, farthest), far)


MININGS = {"batch_hard": _batch_hard, "semi_hard": _semi_hard, "batch_all": _batch_all}


def _only(picture, squares):
    """Mark one picture of each row."""
    return ops.one_hot(picture, ops.shape(squares)[1], dtype="bool")


def _mined(squares, identities, margin, mining):
    """Return the mean loss of the active triplets of a batch, how many are active, and how many count.

    `squares` are the squared distances d²_ij, shape (m, m), and `identities` whole numbers, shape (m,).
    """
    same = identities[:, None] == identities
    itself = ops.eye(ops.shape(squares)[0], dtype="bool")
    # Σ (d²_ij − d²_ik) holds each distance as often as its picture is an active positive, less as often as it is an
    # active negative. The search for these `times` has no gradient, so nothing of it is kept for the way back
    times, active, counted = _count_triplets(ops.stop_gradient(squares), same & ~itself, ~same, margin, mining)
    total = ops.sum(times * squares)
    # The margin is added after the mean: for a net that maps all to one point the loss is α to the last digit
    return ops.divide_no_nan(total, active) + margin * ops.cast(active > 0, squares.dtype), active, counted


def _count_triplets(squares, positive, negative, margin, mining):
    """Count how often the sum holds each distance, shape (m, m), how many triplets are active, and how many count.

    All triplets at once would need memory for m³ numbers. So each turn takes one positive of each anchor, from the
    farthest to the nearest: as many turns as the anchor with the most positives has.
    """

    def count(mask):
        return ops.sum(ops.cast(mask, squares.dtype))

    def turn(_, state):
        left, times, active, counted = state
        far_left = ops.where(left, squares, -1.0)
        taken = left & _only(ops.argmax(far_left, axis=1), squares)  # none where an anchor has no positive left
        near = ops.max(far_left, axis=1, keepdims=True)
        is_counted = ops.any(left, axis=1, keepdims=True) & negative & MININGS[mining](near, squares, negative)
        is_active = is_counted & (near - squares + margin > 0)
        as_negative = ops.cast(is_active, squares.dtype)
        as_positive = ops.where(taken, ops.sum(as_negative, axis=1, keepdims=True), 0.0)
        times = times + as_positive - as_negative
        return left & ~taken, times, active + count(is_active), counted + count(is_counted)

    turns = ops.max(ops.sum(ops.cast(positive, "int32"), axis=1), initial=0)
    if mining == "batch_hard":
        turns = ops.minimum(turns, 1)  # the farthest alone
    never, none = ops.zeros_like(squares), ops.zeros((), squares.dtype)
    return ops.fori_loop(0, turns, turn, (positive, never, none, none))[1:]


@keras.saving.register_keras_serializable("dlcourse")
class TripletLoss(keras.losses.Loss):
    """The mean loss of the active triplets of a batch of pictures, for `model.compile`.

    A triplet (i, j, k) is valid if i and j are two pictures of one person and k is one of another, and active if its
    loss, max(d²_ij − d²_ik + α, 0), is above 0. `mining` says which of the valid ones count:

    - "batch_hard": for each anchor the farthest positive and the nearest negative.
    - "semi_hard": for each anchor and each of its positives the nearest negative that is farther than the positive; if
      there is none, the farthest negative.
    - "batch_all": all.

    The mean is over the active ones alone, because after a while most losses are 0, and the steps would shrink as the
    net learns. It is 0 where no triplet is active, and exactly α for a net that maps all pictures to one point. With
    "batch_hard" a fresh net easily collapses so; some epochs of "semi_hard" before it help. Each mining needs memory
    for m² numbers, not for m³.

    The loss takes y_true, the identities as whole numbers of shape (m,) or (m, 1), and y_pred, embeddings of shape
    (m, d). It returns one number for the batch, which should have several pictures of several people: see
    `IdentityBatches`. `dlcourse.load_model` loads a model that was saved with this.

    Args:
        margin: α, 0 or more.
        mining: "batch_hard", "semi_hard" or "batch_all".

    Raises ValueError if an argument is out of its range; if y_true is not of a whole type (float is refused, whatever
    the numbers are, because within `fit` they cannot be seen) or is one-hot; if y_pred has another number of axes.

    Taught in notebook 3-4, section 3.4.4.
    """

    def __init__(
        self, margin=0.2, mining="semi_hard", name="triplet_loss", reduction="sum_over_batch_size", dtype=None
    ):
        super().__init__(name, reduction, dtype)
        self.margin, self.mining = number("margin", margin), choice("mining", mining, MININGS)

    def __call__(self, y_true, y_pred, sample_weight=None):
        # Keras makes y_true float32 before `call`, in which 16,777,216 and 16,777,217 would be one person
        return super().__call__(_ranks(y_true, y_pred), y_pred, sample_weight)

    def call(self, y_true, y_pred):
        return _mined(pairwise_distances(y_pred, squared=True), y_true, self.margin, self.mining)[0]

    def get_config(self):
        return {**super().get_config(), "margin": self.margin, "mining": self.mining}


@keras.saving.register_keras_serializable("dlcourse")
class ActiveTriplets(keras.metrics.Metric):
    """The share of the triplets that count which are still active, that is, have a loss above 0: from 0 to 1.

    It is 1 for a net that maps all pictures to one point, and falls as the net learns. At 0 nothing more can be learned
    with this margin and this mining. The result is the number of active triplets in all batches since `reset_state`,
    divided by the number of those that count; 0 if none does. `TripletLoss` says which count.

    Args: as of `TripletLoss`. Raises ValueError as `TripletLoss`.

    Taught in notebook 3-4, section 3.4.4.
    """

    def __init__(self, margin=0.2, mining="semi_hard", name="active_triplets", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.margin, self.mining = number("margin", margin), choice("mining", mining, MININGS)
        self.active = self.add_variable(shape=(), initializer="zeros", name="active")
        self.counted = self.add_variable(shape=(), initializer="zeros", name="counted")

    def update_state(self, y_true, y_pred, sample_weight=None):
        identities = _ranks(y_true, y_pred)
        squares = pairwise_distances(ops.cast(y_pred, self.dtype), squared=True)
        _, active, counted = _mined(squares, identities, self.margin, self.mining)
        self.active.assign_add(active)
        self.counted.assign_add(counted)

    def result(self):
        return ops.divide_no_nan(self.active, self.counted)

    def get_config(self):
        return {**super().get_config(), "margin": self.margin, "mining": self.mining}


def _ranks(identities, embeddings):
    """Replace each identity by the number of pictures in the batch with a smaller one. Equal ones stay equal."""
    (embeddings,) = as_floats(("y_pred", embeddings), shape="(m, d)", axes=(2,))
    identities = ops.convert_to_tensor(identities)
    kind, found, m = keras.backend.standardize_dtype(identities.dtype), tuple(identities.shape), embeddings.shape[0]
    one_each = len(found) > 0 and found[1:] in ((), (1,)) and (found[0] == m or None in (found[0], m))
    if not one_each or not kind.startswith(("int", "uint")):
        many = "m" if m is None else m
        raise ValueError(
            f"y_true: expected identities, whole numbers of shape ({many},), not one-hot, got {kind} of {found}"
        )
    identities = ops.reshape(identities, (-1, 1))
    return ops.sum(ops.cast(ops.transpose(identities) < identities, "int32"), axis=1)
