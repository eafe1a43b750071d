"""Distances of a batch, the triplet loss and its minings against loops over i, j, k, and batches of people."""

import subprocess
import sys

from dlcourse import faces

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from scipy.spatial.distance import cdist

MININGS = ["batch_hard", "semi_hard", "batch_all"]


def noise(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def batch(seed, m=None, people=5):
    """Embeddings of three numbers and identities of up to 17 pictures; even seeds make equal distances."""
    rng = np.random.default_rng(seed)
    m = rng.integers(1, 18) if m is None else m
    embeddings = rng.normal(size=(m, 3))
    if seed % 2 == 0:
        embeddings = rng.integers(-2, 3, (m, 3)).astype(float)
        embeddings[-1] -= embeddings.sum(axis=0)  # a mean of 0, so that equal distances stay equal to the last digit
    return embeddings, rng.integers(0, rng.integers(1, people + 1), m)


def squares(embeddings):
    return ((embeddings[:, None] - embeddings[None]) ** 2).sum(axis=-1)


def triplets(squares, identities, mining):
    """The triplets (i, j, k) that count."""
    m = len(identities)
    for i in range(m):
        positives = [j for j in range(m) if j != i and identities[j] == identities[i]]
        negatives = [k for k in range(m) if identities[k] != identities[i]]
        if not positives or not negatives:
            continue
        if mining == "batch_hard":
            yield i, max(positives, key=lambda j: squares[i, j]), min(negatives, key=lambda k: squares[i, k])
        for j in positives:
            if mining == "batch_all":
                yield from ((i, j, k) for k in negatives)
            elif mining == "semi_hard":
                farther = [k for k in negatives if squares[i, k] > squares[i, j]]
                chosen = (min, farther) if farther else (max, negatives)
                yield i, j, chosen[0](chosen[1], key=lambda k: squares[i, k])


def in_loops(squares, identities, margin, mining):
    """The mean over the active triplets, and how many of those that count are active."""
    losses = [squares[i, j] - squares[i, k] + margin for i, j, k in triplets(squares, identities, mining)]
    active = [loss for loss in losses if loss > 0]
    return sum(active) / max(len(active), 1), len(active) / max(len(losses), 1)


def gradient(function, values):
    values = tf.convert_to_tensor(values)
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = function(values)
    return tape.gradient(loss, values).numpy()


def finite_differences(function, values, step=1e-6):
    found = np.zeros_like(values)
    for place in np.ndindex(values.shape):
        for sign in (1, -1):
            moved = values.copy()
            moved[place] += sign * step
            found[place] += sign * float(function(moved)) / (2 * step)
    return found


# Distances


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (17, 5), (64, 128)])
def test_distances_are_scipys(shape):
    embeddings = noise(*shape)
    np.testing.assert_allclose(faces.pairwise_distances(embeddings), cdist(embeddings, embeddings), atol=1e-7)
    found = faces.pairwise_distances(embeddings, squared=True)
    np.testing.assert_allclose(found, cdist(embeddings, embeddings, "sqeuclidean"), atol=1e-12)


def test_distances_far_from_the_origin_are_as_exact_as_the_numbers():
    embeddings = (noise(30, 8) + 1000).astype(np.float32)
    expected = cdist(embeddings.astype(np.float64), embeddings.astype(np.float64))
    np.testing.assert_allclose(faces.pairwise_distances(embeddings), expected, rtol=1e-4, atol=1e-6)


def test_within_two_far_clusters_the_error_is_the_stated_one():
    radius = 100
    embeddings = noise(40, 8, dtype=np.float32)
    embeddings[:20] += 2 * radius / np.sqrt(8)
    expected = cdist(embeddings.astype(np.float64), embeddings.astype(np.float64), "sqeuclidean")
    error = np.abs(faces.pairwise_distances(embeddings, squared=True) - expected)
    assert error.max() < 8 * 1.2e-7 * (radius + 5) ** 2


@pytest.mark.parametrize("m", [3, 8, 33, 100, 257])
def test_distances_are_symmetric_and_exactly_0_from_itself_and_from_an_equal_one(m):
    embeddings = np.tile(noise(m, 50, dtype=np.float32), (2, 1))
    found = np.array(faces.pairwise_distances(embeddings))
    np.testing.assert_array_equal(found, found.T)
    assert not found.diagonal().any()
    assert found[:m, m:].diagonal().max() < 5e-3  # a few roundings of a length of 7, under a root


def test_no_distance_is_nan_when_rounding_makes_a_square_negative():
    embeddings = np.float32([[1, 0], [1, 1e-6], [1, 2e-6], [-3, 0]])
    assert np.isfinite(faces.pairwise_distances(embeddings)).all()


def test_the_gradient_of_a_distance_is_that_of_finite_differences():
    embeddings, weights = noise(6, 4), noise(6, 6, seed=1)

    def function(values):
        return ops.sum(weights * faces.pairwise_distances(values))

    np.testing.assert_allclose(gradient(function, embeddings), finite_differences(function, embeddings), atol=1e-6)


def test_the_gradient_at_distance_0_is_0():
    ones = np.ones((4, 3), np.float32)
    np.testing.assert_array_equal(gradient(lambda values: ops.sum(faces.pairwise_distances(values)), ones), 0 * ones)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distances_keep_the_type_of_the_embeddings(dtype):
    assert keras.backend.standardize_dtype(faces.pairwise_distances(noise(3, 2, dtype=dtype)).dtype) == dtype
    assert keras.backend.standardize_dtype(faces.pairwise_distances([[1, 2], [3, 4]]).dtype) == "float32"


def test_no_embeddings_have_no_distances():
    assert faces.pairwise_distances(np.zeros((0, 3))).shape == (0, 0)


# One loss for given triplets


@pytest.mark.parametrize("margin", [0, 0.2, 3])
def test_the_loss_of_given_triplets_is_that_of_a_loop(margin):
    anchor, positive, negative = noise(3, 10, 4)
    expected = 0
    for a, p, n in zip(anchor, positive, negative, strict=True):
        expected += max(((a - p) ** 2).sum() - ((a - n) ** 2).sum() + margin, 0)
    assert float(faces.triplet_loss(anchor, positive, negative, margin)) == pytest.approx(expected)


def test_the_loss_of_no_triplets_is_0():
    assert float(faces.triplet_loss(*np.zeros((3, 0, 4)))) == 0


def test_a_net_that_maps_all_to_0_pays_the_margin_for_each_triplet():
    assert float(faces.triplet_loss(*np.zeros((3, 10, 4)), margin=0.5)) == 5


# The loss of a batch


@pytest.mark.parametrize("mining", MININGS)
@pytest.mark.parametrize("margin", [0, 0.25, 2])
def test_the_loss_of_a_batch_is_that_of_a_loop_over_i_j_k(mining, margin):
    for seed in range(20):
        embeddings, identities = batch(seed)
        expected, _ = in_loops(squares(embeddings), identities, margin, mining)
        found = faces.TripletLoss(margin, mining, dtype="float64")(identities, embeddings)
        assert float(found) == pytest.approx(expected, abs=1e-9), seed


@pytest.mark.parametrize("mining", MININGS)
def test_the_share_of_active_triplets_is_that_of_a_loop_over_i_j_k(mining):
    for seed in range(20):
        embeddings, identities = batch(seed)
        _, expected = in_loops(squares(embeddings), identities, 0.25, mining)
        metric = faces.ActiveTriplets(0.25, mining)
        metric.update_state(identities, embeddings)
        assert float(metric.result()) == pytest.approx(expected, abs=1e-6), seed


@pytest.mark.parametrize("mining", MININGS)
def test_the_gradient_of_the_loss_is_that_of_finite_differences(mining):
    embeddings, identities = batch(1, m=11, people=3)
    loss = faces.TripletLoss(0.5, mining, dtype="float64")
    function = tf.function(lambda values: loss(identities, values))
    expected = finite_differences(function, embeddings)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(gradient(function, embeddings), expected, atol=1e-6)


@pytest.mark.parametrize("mining", MININGS)
@pytest.mark.parametrize("identities", [[7, 7, 7, 7], [1, 2, 3, 4], [5]])
def test_without_a_valid_triplet_loss_and_gradient_are_0_not_nan(mining, identities):
    embeddings, loss = noise(len(identities), 3, dtype=np.float32), faces.TripletLoss(0.2, mining)
    metric = faces.ActiveTriplets(0.2, mining)
    metric.update_state(np.array(identities), embeddings)
    assert float(loss(np.array(identities), embeddings)) == float(metric.counted) == 0
    np.testing.assert_array_equal(gradient(lambda values: loss(np.array(identities), values), embeddings), 0)


@pytest.mark.parametrize("mining", MININGS)
def test_an_empty_batch_has_loss_0(mining):
    assert float(faces.TripletLoss(0.2, mining)(np.zeros(0, int), np.zeros((0, 3)))) == 0


@pytest.mark.parametrize("mining", MININGS)
@pytest.mark.parametrize("margin", [0.2, 0.7])
def test_after_collapse_the_loss_is_the_margin_all_are_active_and_the_gradient_is_0(mining, margin):
    embeddings, identities = np.full((12, 5), 0.3, np.float32), np.repeat([1, 2, 3, 4], 3)
    loss, metric = faces.TripletLoss(margin, mining), faces.ActiveTriplets(margin, mining)
    metric.update_state(identities, embeddings)
    assert np.float32(loss(identities, embeddings)) == np.float32(margin) and float(metric.result()) == 1
    found = gradient(lambda values: loss(identities, values), embeddings)
    np.testing.assert_allclose(found, 0 * embeddings, atol=1e-6)


@pytest.mark.parametrize("mining", MININGS)
def test_a_turn_and_a_shift_of_the_embedding_leave_the_loss_as_it_is(mining):
    embeddings, identities = batch(3, m=16)
    turn, _ = np.linalg.qr(noise(3, 3, seed=1))
    loss = faces.TripletLoss(0.5, mining, dtype="float64")
    assert float(loss(identities, embeddings @ turn + 5)) == pytest.approx(float(loss(identities, embeddings)))


@pytest.mark.parametrize("mining", MININGS)
def test_neither_the_order_of_the_batch_nor_the_names_of_the_people_matter(mining):
    embeddings, identities = batch(5, m=16)
    loss, order = faces.TripletLoss(0.5, mining, dtype="float64"), np.random.default_rng(0).permutation(16)
    found = float(loss(-7 * identities[order, None] + 3, embeddings[order]))
    assert found == pytest.approx(float(loss(identities, embeddings)))


def test_people_whose_numbers_float32_cannot_tell_apart_stay_two():
    identities = np.array([2**24, 2**24 + 1, 2**24, 2**24 + 1])
    embeddings = noise(4, 3, dtype=np.float32)
    loss, metric = faces.TripletLoss(5, "batch_all"), faces.ActiveTriplets(5, "batch_all")
    assert float(loss(identities, embeddings)) == pytest.approx(float(loss(identities - 2**24, embeddings))) != 0
    metric.update_state(identities, embeddings)
    assert float(metric.counted) == 8


def test_the_active_triplets_of_several_batches_are_counted_together():
    metric = faces.ActiveTriplets(0.1, "batch_all")
    metric.update_state(np.array([0, 0, 1]), np.float32([[0], [0], [0]]))  # 2 of 2
    metric.update_state(np.array([0, 0, 1, 1]), np.float32([[0], [0], [9], [9]]))  # 0 of 8
    assert float(metric.result()) == pytest.approx(0.2)
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize("mining", MININGS)
def test_a_large_batch_in_float32_is_close_to_float64(mining):
    embeddings, identities = noise(256, 32), np.repeat(np.arange(64), 4)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    expected = float(faces.TripletLoss(0.2, mining, dtype="float64")(identities, embeddings))
    assert float(faces.TripletLoss(0.2, mining)(identities, embeddings)) == pytest.approx(expected, rel=1e-4)


MEMORY = """
import resource
from dlcourse import faces
import numpy as np
import tensorflow as tf

LOSSES = [faces.TripletLoss(0.2, mining) for mining in ("batch_hard", "semi_hard", "batch_all")]

@tf.function(input_signature=[tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None, None), tf.float32)])
def step(identities, embeddings):
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        loss = sum(loss(identities, embeddings) for loss in LOSSES)
    return tape.gradient(loss, embeddings)

def peak(m):
    embeddings = np.random.default_rng(0).normal(size=(m, 128)).astype(np.float32)
    step(np.arange(m, dtype=np.int32) // 4, embeddings)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

print(-peak(16) + peak(1024))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what ru_maxrss counts differs")
def test_memory_stays_with_the_square_of_the_batch():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 300  # megabytes; a single tensor of 1024³ floats has 4,096


# In training


def small_model():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, name="embedding"), layers.UnitNormalization()])


@pytest.mark.parametrize("mining", MININGS)
def test_fit_learns_what_makes_a_person_also_with_a_smaller_last_batch(mining):
    keras.utils.set_random_seed(0)
    identities = np.tile(np.arange(3), 10)
    pictures = noise(30, 4, dtype=np.float32)
    pictures[:, :2] = np.eye(3, 2)[identities] + pictures[:, :2] / 10  # the other two numbers are noise
    model = small_model()
    model.compile(
        keras.optimizers.Adam(0.05), faces.TripletLoss(0.2, mining), metrics=[faces.ActiveTriplets(0.2, mining)]
    )
    active = model.fit(pictures, identities[:, None], batch_size=16, epochs=15, verbose=0).history["active_triplets"]
    assert active[0] > 0.3 and active[-1] < 0.75 * active[0]


def test_a_model_comes_back_from_its_file_with_loss_and_metric(tmp_path):
    model = small_model()
    model.compile("adam", faces.TripletLoss(0.3, "semi_hard"), metrics=[faces.ActiveTriplets(0.4, "batch_all")])
    pictures, identities = noise(12, 4, dtype=np.float32), np.repeat([0, 1, 2, 3], 3)
    model.fit(pictures, identities, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = model.evaluate(pictures, identities, verbose=0)
    assert expected[0] > 0 and loaded.evaluate(pictures, identities, verbose=0) == pytest.approx(expected)


@pytest.mark.parametrize("kind", [faces.TripletLoss, faces.ActiveTriplets])
def test_the_configuration_comes_back(kind):
    again = kind.from_config(kind(0.7, "semi_hard", name="mine").get_config())
    assert (again.margin, again.mining, again.name) == (0.7, "semi_hard", "mine")


# Batches of people


def some_people(people=6, each=5):
    identities = np.random.default_rng(0).permutation(np.repeat(np.arange(people) * 10, each))
    return np.arange(people * each), identities


def test_a_batch_has_so_many_people_with_so_many_pictures_none_twice():
    images, identities = some_people()
    for pictures, owners in (faces.IdentityBatches(images, identities, 4, 3)[i] for i in range(20)):
        names, each = np.unique(owners, return_counts=True)
        assert len(names) == 4 and set(each) == {3} and len(set(pictures)) == 12
        np.testing.assert_array_equal(owners, identities[pictures])


def test_every_picture_is_drawn_in_the_end():
    images, identities = some_people()
    batches = faces.IdentityBatches(images, identities, 4, 3, steps=40)
    assert len(set(np.concatenate([batches[i][0] for i in range(len(batches))]))) == 30


def test_batches_are_the_same_for_a_seed_and_others_in_the_next_epoch():
    one, two, other = (faces.IdentityBatches(*some_people(), 4, 3, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one[1][0], two[1][0])
    np.testing.assert_array_equal(one[1][0], one[1][0])
    assert not np.array_equal(one[1][0], other[1][0]) and not np.array_equal(one[1][0], one[0][0])
    one.on_epoch_end()
    assert not np.array_equal(one[1][0], two[1][0])


def test_an_epoch_has_as_many_batches_as_the_pictures_fill():
    images, identities = some_people()
    assert [len(faces.IdentityBatches(images, identities, *size)) for size in ((3, 2), (4, 3), (6, 5))] == [5, 2, 1]
    assert len(faces.IdentityBatches(images, identities, 4, 3, steps=7)) == 7


def test_fit_gets_new_batches_in_every_epoch_and_the_same_in_another_run():
    images, identities = some_people()

    def seen():
        net = keras.Sequential([keras.Input(()), Record()])
        net.compile("sgd", lambda y_true, y_pred: ops.sum(0 * y_pred), run_eagerly=True)
        net.fit(faces.IdentityBatches(images, identities, 4, 3), shuffle=False, epochs=3, verbose=0)
        return np.stack(net.layers[0].batches)

    first, second = seen(), seen()
    np.testing.assert_array_equal(first, second)
    assert len({tuple(pictures) for pictures in first}) == 6


class Record(layers.Layer):
    """Keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.scale, self.batches = self.add_weight(shape=()), []

    def call(self, inputs):
        if not isinstance(inputs, keras.KerasTensor):
            self.batches.append(ops.convert_to_numpy(inputs))
        return inputs * self.scale


# Bad input


@pytest.mark.parametrize("kind", [faces.TripletLoss, faces.ActiveTriplets])
@pytest.mark.parametrize(
    ("margin", "mining", "message"),
    [
        (-0.1, "batch_hard", "margin: expected a number, 0 or more, got -0.1"),
        (float("nan"), "batch_hard", "margin: expected a number, 0 or more, got nan"),
        ("0.2", "batch_hard", "margin: expected a number, 0 or more, got '0.2'"),
        (0.2, "hard", "mining: expected one of 'batch_hard', 'semi_hard', 'batch_all', got 'hard'"),
    ],
)
def test_a_margin_below_0_and_an_unknown_mining_are_refused(kind, margin, mining, message):
    with pytest.raises(ValueError, match=message):
        kind(margin, mining)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        (np.array([0.5, 1, 2]), noise(3, 2), r"y_true: expected identities, whole numbers of shape \(3,\), .* float64"),
        (np.array([0.0, 1, 2]), noise(3, 2), r"y_true: expected identities, whole numbers .* got float64 of \(3,\)"),
        (np.eye(3, dtype=int), noise(3, 2), r"y_true: .* not one-hot, got int64 of \(3, 3\)"),
        (np.arange(4), noise(3, 2), r"y_true: expected identities, whole numbers of shape \(3,\), .* of \(4,\)"),
        (np.array([True, False, True]), noise(3, 2), "y_true: .* got bool"),
        (np.arange(3), noise(3, 2, 2), r"y_pred: expected shape \(m, d\), got \(3, 2, 2\)"),
    ],
)
def test_identities_that_are_none_are_refused(y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        faces.TripletLoss()(y_true, y_pred)
    with pytest.raises(ValueError, match=message):
        faces.ActiveTriplets().update_state(y_true, y_pred)


@pytest.mark.parametrize("identities", [np.eye(3)[[0, 1, 2, 0]], np.eye(3, dtype=int)[[0, 1, 2, 0]], np.zeros(4)])
def test_fit_refuses_them_too(identities):
    model = small_model()
    model.compile("adam", faces.TripletLoss())
    with pytest.raises(ValueError, match=r"y_true: expected identities, whole numbers of shape \(\w+,\), not one-hot"):
        model.fit(noise(4, 4, dtype=np.float32), identities, verbose=0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (((3, 2), (4, 2), (3, 2)), r"positive: expected shape \(3, 2\), as anchor has, got \(4, 2\)"),
        (((3, 2), (3, 2), (3, 1)), r"negative: expected shape \(3, 2\), as anchor has, got \(3, 1\)"),
        (((2,), (2,), (2,)), r"anchor: expected shape \(m, d\), got \(2,\)"),
    ],
)
def test_triplets_of_other_shapes_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        faces.triplet_loss(*(np.zeros(shape) for shape in given))


def test_a_negative_margin_of_given_triplets_is_refused():
    with pytest.raises(ValueError, match="margin: expected a number, 0 or more, got -1"):
        faces.triplet_loss(*noise(3, 4, 2), margin=-1)


def test_distances_of_one_vector_are_refused():
    with pytest.raises(ValueError, match=r"embeddings: expected shape \(m, d\), got \(3,\)"):
        faces.pairwise_distances(np.zeros(3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"people": 1}, "people: expected a whole number, 2 or more, got 1"),
        ({"people": 7}, "people: expected at most 6, as many as there are, got 7"),
        ({"pictures": 1}, "pictures: expected a whole number, 2 or more, got 1"),
        ({"pictures": 5}, "pictures: expected at most 4, as many as there are of person 20, got 5"),
        ({"seed": -1}, "seed: expected a whole number, 0 or more, got -1"),
        ({"steps": 0}, "steps: expected a whole number, 1 or more, got 0"),
        ({"identities": np.zeros((29, 1), int)}, r"identities: expected whole numbers of shape \(29,\), got int64 of"),
        ({"identities": np.zeros(29)}, r"identities: expected whole numbers of shape \(29,\), got float64 of \(29,\)"),
    ],
)
def test_batches_that_cannot_be_filled_are_refused(options, message):
    images, identities = some_people()
    lost = np.flatnonzero(identities == 20)[0]
    given = {"images": np.delete(images, lost), "identities": np.delete(identities, lost), "people": 4, "pictures": 3}
    with pytest.raises(ValueError, match=message):
        faces.IdentityBatches(**(given | options))


# Numbers of every type


def test_distances_of_half_precision_and_of_whole_numbers_are_those_of_floats():
    embeddings = np.random.default_rng(0).integers(-300, 300, (5, 4))
    expected = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=-1)
    for kind in ("float16", "float32", "float64", "int16", "int64"):
        np.testing.assert_allclose(faces.pairwise_distances(embeddings.astype(kind)), expected, rtol=1e-3, atol=0.1)


def test_the_three_embeddings_of_a_triplet_may_be_of_different_types():
    anchor, positive, negative = noise(4, 3), noise(4, 3, seed=1), noise(4, 3, seed=2)
    expected = float(faces.triplet_loss(anchor, positive, negative))
    for kinds in (("float32", "float64", "float32"), ("float64", "float32", "float16")):
        given = (x.astype(kind) for x, kind in zip((anchor, positive, negative), kinds, strict=True))
        assert float(faces.triplet_loss(*given)) == pytest.approx(expected, rel=1e-2)
    with pytest.raises(ValueError, match=r"positive: expected encodings .*, got a str"):
        faces.triplet_loss(anchor, "face.png", negative)
