"""The triplet loss, and which triplets to learn from (FaceNet: Schroff et al., 2015, arXiv 1503.03832; batch-hard and
batch-all: Hermans et al., In Defense of the Triplet Loss, 2017, arXiv 1703.07737).

A triplet is an anchor, a positive (another picture of the same person) and a negative (one of somebody else). A batch
of m pictures has up to m³ of them, most of which a net has soon learned: they teach nothing more. So the hard ones are
sought within each batch, by the distances that the net gives at this moment.
"""

from dlcourse.checks import choice, number
from dlcourse.faces.distances import pairwise_distances, vectors

import keras
from keras import ops


def triplet_loss(anchor, positive, negative, margin=0.2):
    """J = Σ max(‖f(A) − f(P)‖² − ‖f(A) − f(N)‖² + α, 0), summed over the triplets (notes, eqs. 3.19–3.20).

    Args:
        anchor: Embeddings f(A), shape (m, d).
        positive: f(P), other pictures of the same people, shape (m, d).
        negative: f(N), pictures of other people, shape (m, d).
        margin: α, by how much the squared distance of A from N should exceed that of A from P; 0 or more.

    Returns:
        One number; 0 for no triplets.

    Raises:
        ValueError: If the shapes differ or are others, or the margin is below 0.

    Taught in notebook 3-4, section 3.4.4.
    """
    margin = number("margin", margin)
    anchor, positive, negative = vectors(("anchor", anchor), ("positive", positive), ("negative", negative))
    for name, other in (("positive", positive), ("negative", negative)):
        if tuple(other.shape) != tuple(anchor.shape):
            raise ValueError(f"{name}: expected shape {tuple(anchor.shape)}, as anchor has, got {tuple(other.shape)}")
    same = ops.sum(ops.square(anchor - positive), axis=-1)
    different = ops.sum(ops.square(anchor - negative), axis=-1)
    return ops.sum(ops.relu(same - different + margin))


@keras.saving.register_keras_serializable("dlcourse")
class TripletLoss(keras.losses.Loss):
    """The triplet loss of the triplets that a batch of pictures and identities makes: the mean over the active ones.

    A triplet (i, j, k) is valid if i and j are two pictures of one person and k is one of another, and active if its
    loss, max(d²_ij − d²_ik + α, 0), is above 0. `mining` says which of the valid ones count:

    - "batch_hard": for each anchor the farthest positive and the nearest negative.
    - "semi_hard": for each anchor and each of its positives the nearest negative that is farther than the positive; if
      there is none, the farthest negative.
    - "batch_all": all.

    The mean is not over all that count, most of whose losses are 0 after a while, but over the active ones, so that the
    steps do not shrink as the net learns. It is 0 where no triplet is active, and exactly α for a net that maps all
    pictures to one point. With "batch_hard" a fresh net easily ends there; some epochs of "semi_hard" before it help.
    Each mining needs memory for m² numbers, not for m³.

    Args:
        margin: α, 0 or more.
        mining: "batch_hard", "semi_hard" or "batch_all".

    The loss takes y_true, the identities as whole numbers of shape (m,) or (m, 1), and y_pred, embeddings of shape
    (m, d). It gives one number for the batch, not one for each picture. The batch should have several pictures of
    several people: see `IdentityBatches`. Batches drawn at random from many people hold hardly any triplet.

    `dlcourse.load_model` loads a model that was saved with this; so does Keras after `import dlcourse.faces`.

    Raises:
        ValueError: If an argument is out of its range; if y_true is not of a whole type (float is refused, whatever the
            numbers are, for within `fit` they cannot be seen) or is one-hot; if y_pred has another number of axes.

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
        loss, _, _ = _mined(pairwise_distances(y_pred, squared=True), y_true, self.margin, self.mining)
        return loss

    def get_config(self):
        return {**super().get_config(), "margin": self.margin, "mining": self.mining}


@keras.saving.register_keras_serializable("dlcourse")
class ActiveTriplets(keras.metrics.Metric):
    """How many of the triplets that count are still active, that is, have a loss above 0: a share in 0…1.

    It is 1 for a net that maps all pictures to one point, and falls as the net learns. At 0 nothing more can be learned
    with this margin and this mining. See `TripletLoss` for which triplets count, and for y_true and y_pred.

    Args:
        margin: α, 0 or more; that of the loss.
        mining: "batch_hard", "semi_hard" or "batch_all".

    The result is the active triplets of all batches since `reset_state` by those that count; 0 if none does.

    `dlcourse.load_model` loads a model that was saved with this; so does Keras after `import dlcourse.faces`.

    Raises:
        ValueError: As `TripletLoss`.

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
    """The identities as small numbers: how many pictures of the batch have a smaller one. Equal stay equal."""
    identities, shape = ops.convert_to_tensor(identities), tuple(vectors(("y_pred", embeddings))[0].shape)
    kind, given = keras.backend.standardize_dtype(identities.dtype), tuple(identities.shape)
    one_each = len(given) == 1 or (len(given) == 2 and given[1] == 1)
    as_many = given[:1] == shape[:1] or None in (*given[:1], *shape[:1])
    if not (one_each and as_many and kind.startswith(("int", "uint"))):
        many = "m" if shape[0] is None else shape[0]
        raise ValueError(
            f"y_true: expected identities, whole numbers of shape ({many},), not one-hot, got {kind} of {given}"
        )
    identities = ops.reshape(identities, (-1, 1))
    return ops.sum(ops.cast(ops.transpose(identities) < identities, "int32"), axis=1)


def _mined(squares, identities, margin, mining):
    """The mean loss of the active triplets, how many these are, and how many count.

    `squares` are squared distances, (m, m), and `identities` numbers, (m,).
    """
    same = ops.expand_dims(identities, 1) == ops.expand_dims(identities, 0)
    rows = ops.arange(ops.shape(squares)[0])
    itself = ops.expand_dims(rows, 1) == ops.expand_dims(rows, 0)
    positive, negative = ops.logical_and(same, ops.logical_not(itself)), ops.logical_not(same)
    total, active, counted = MININGS[mining](squares, positive, negative, margin)
    # The margin is added after the mean: for a net that maps all to one point the loss is α to the last digit
    return ops.divide_no_nan(total, active) + margin * ops.cast(active > 0, squares.dtype), active, counted


def _batch_hard(squares, positive, negative, margin):
    far = float("inf")
    farthest = ops.max(ops.where(positive, squares, 0.0), axis=1, initial=0.0)
    nearest = ops.min(ops.where(negative, squares, far), axis=1, initial=far)
    counted = ops.logical_and(ops.any(positive, axis=1), ops.any(negative, axis=1))
    return _sum_of_active(farthest - nearest, counted, margin)


def _semi_hard(squares, positive, negative, margin):
    # Each row by distance. A negative as far as the positive stands before it, for it is not farther
    order = _order(squares, negative)
    by_distance = ops.argsort(ops.where(negative, ops.stop_gradient(squares), float("inf")), axis=1)  # negatives alone
    negatives = ops.sum(_whole(negative), axis=1, keepdims=True)
    not_farther = ops.cumsum(_whole(_take(negative, order)), axis=1)
    chosen = ops.maximum(ops.minimum(not_farther, negatives - 1), 0)  # past the last one: that is the farthest
    gaps = _take(squares, order) - _take(squares, _take(by_distance, chosen))
    return _sum_of_active(gaps, ops.logical_and(_take(positive, order), negatives > 0), margin)


def _batch_all(squares, positive, negative, margin):
    # A row by distance, the positives moved back by α: each is active with all negatives before it. So how often a
    # distance occurs in the sum is counted, with its sign, and no triplet is ever formed
    order = _order(ops.where(positive, squares + margin, squares), positive)
    positive, negative = _whole(_take(positive, order)), _whole(_take(negative, order))
    before, behind = ops.cumsum(negative, axis=1), ops.cumsum(positive, axis=1)
    active = positive * before
    weights = active - negative * (ops.sum(positive, axis=1, keepdims=True) - behind)
    counted = ops.sum(positive, axis=1) * ops.sum(negative, axis=1)
    kind = squares.dtype
    total = ops.sum(ops.cast(weights, kind) * _take(squares, order))
    return total, ops.sum(ops.cast(active, kind)), ops.sum(ops.cast(counted, kind))


MININGS = {"batch_hard": _batch_hard, "semi_hard": _semi_hard, "batch_all": _batch_all}


def _sum_of_active(gaps, counted, margin):
    """The sum of d²_ij − d²_ik over the active triplets, how many these are, and how many count."""
    active = ops.logical_and(counted, gaps + margin > 0)
    total = ops.sum(ops.where(active, gaps, 0.0))
    return total, ops.cast(ops.sum(_whole(active)), gaps.dtype), ops.cast(ops.sum(_whole(counted)), gaps.dtype)


def _order(values, first):
    """The columns of each row by their value; among equal ones those come first that `first` marks."""
    # This stands on a sort that is stable, as it is in TensorFlow, JAX and PyTorch
    marked = ops.argsort(ops.where(first, 0, 1), axis=1)
    return _take(marked, ops.argsort(_take(ops.stop_gradient(values), marked), axis=1))


def _take(values, columns):
    return ops.take_along_axis(values, columns, axis=1)


def _whole(mask):
    return ops.cast(mask, "int32")
