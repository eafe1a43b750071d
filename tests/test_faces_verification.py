"""Pairs of pictures, the curve of thresholds against scikit-learn's, and the layer that compares two encodings."""

import itertools

from dlcourse import faces

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy.optimize import brentq
from sklearn import metrics


def judged(n=200, seed=0, steps=None):
    """Distances that tell some of the pairs apart; `steps` makes equal ones."""
    rng = np.random.default_rng(seed)
    same = rng.random(n) < 0.3
    distances = rng.normal(np.where(same, 1, 2), 0.5) ** 2
    return np.round(distances * steps) / steps if steps else distances, same


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# Pairs


def test_pairs_are_those_of_a_loop_over_i_less_than_j():
    embeddings, identities = noise(9, 4), np.random.default_rng(1).integers(0, 3, 9)
    distances, same = faces.pairs(embeddings, identities)
    for n, (i, j) in enumerate(itertools.combinations(range(9), 2)):
        assert distances[n] == pytest.approx(np.sqrt(((embeddings[i] - embeddings[j]) ** 2).sum()))
        assert same[n] == (identities[i] == identities[j])
    assert len(distances) == len(same) == 36


def test_pairs_are_the_upper_triangle_of_the_pairwise_distances():
    embeddings = noise(30, 8)
    expected = np.array(faces.pairwise_distances(embeddings))[np.triu_indices(30, 1)]
    np.testing.assert_allclose(faces.pairs(embeddings, np.arange(30))[0], expected, rtol=1e-4)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_pictures_make_no_pair(n):
    distances, same = faces.pairs(np.zeros((n, 4)), np.zeros(n, int))
    assert distances.shape == same.shape == (0,) and same.dtype == bool


# The curve


@pytest.mark.parametrize("steps", [None, 4, 1])
def test_the_curve_and_its_area_are_scikit_learns(steps):
    distances, same = judged(steps=steps)
    curve = faces.verification_curve(distances, same)
    false, true, scores = metrics.roc_curve(same, -distances, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, false)
    np.testing.assert_allclose(curve.true_positive_rate, true)
    np.testing.assert_allclose(curve.thresholds, -scores)
    assert curve.auc == pytest.approx(metrics.roc_auc_score(same, -distances))


@pytest.mark.parametrize("steps", [None, 4])
def test_the_rates_at_each_threshold_are_those_of_counting(steps):
    distances, same = judged(60, steps=steps)
    curve = faces.verification_curve(distances, same)
    for threshold, false, true in zip(*curve[:3], strict=True):
        assert true == pytest.approx(np.mean([d <= threshold for d in distances[same]]))
        assert false == pytest.approx(np.mean([d <= threshold for d in distances[~same]]))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("steps", [None, 4])
def test_no_threshold_has_a_better_balanced_accuracy(seed, steps):
    distances, same = judged(80, seed, steps)
    threshold = faces.verification_curve(distances, same).threshold
    found = faces.verification_accuracy(distances, same, threshold).balanced_accuracy
    tried = [((distances <= t)[same].mean() + (distances > t)[~same].mean()) / 2 for t in np.linspace(-1, 10, 2000)]
    assert found >= max(tried) - 1e-12


def test_the_threshold_lies_in_the_middle_of_the_gap():
    curve = faces.verification_curve([0.1, 0.4, 0.8, 0.9], [1, 1, 0, 0])
    assert curve.threshold == pytest.approx(0.6) and curve.auc == 1 and curve.equal_error_rate == 0


@pytest.mark.parametrize("below", [1.0, np.nextafter(1.0, 2)])  # the middle is rounded down, and up
def test_between_two_neighboring_numbers_the_threshold_still_parts_them(below):
    above = np.nextafter(below, 2)
    threshold = faces.verification_curve([below, above], [True, False]).threshold
    assert below <= threshold < above


@pytest.mark.parametrize(("distances", "auc"), [([1, 1, 1, 1], 0.5), ([3, 4, 1, 2], 0)])
def test_if_no_threshold_is_any_good_the_best_lets_nobody_in(distances, auc):
    curve = faces.verification_curve(distances, [True, True, False, False])
    assert curve.threshold == -np.inf and curve.auc == auc


def test_at_the_equal_error_rate_as_many_are_turned_away_as_let_in():
    curve = faces.verification_curve([1, 2, 6, 3, 7, 8], [1, 1, 1, 0, 0, 0])
    assert curve.equal_error_rate == pytest.approx(1 / 3)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("steps", [None, 4])
def test_the_equal_error_rate_is_where_the_curve_crosses_the_falling_diagonal(seed, steps):
    curve = faces.verification_curve(*judged(seed=seed, steps=steps))

    def excess(false):
        return false + np.interp(false, curve.false_positive_rate, curve.true_positive_rate) - 1

    assert curve.equal_error_rate == pytest.approx(brentq(excess, 0, 1, xtol=1e-12), abs=1e-9)


def test_the_equal_error_rate_of_equal_distances_is_a_half():
    assert faces.verification_curve([2, 2, 2], [True, False, False]).equal_error_rate == 0.5


def test_a_growing_function_of_the_distances_changes_thresholds_and_no_rate():
    distances, same = judged()
    one, other = faces.verification_curve(distances, same), faces.verification_curve(distances**2 + 1, same)
    np.testing.assert_array_equal(one.true_positive_rate, other.true_positive_rate)
    assert (one.auc, one.equal_error_rate) == (other.auc, other.equal_error_rate)


# A threshold judged on others


@pytest.mark.parametrize("threshold", [-1, 0.5, 1.7, np.float32(3), float("inf")])
def test_rates_at_a_threshold_are_scikit_learns(threshold):
    distances, same = judged(seed=3)
    true, false, accuracy = faces.verification_accuracy(distances, same.astype(int), threshold)
    passed = distances <= threshold
    assert true == pytest.approx(metrics.recall_score(same, passed))
    assert false == pytest.approx(1 - metrics.recall_score(~same, ~passed))
    assert accuracy == pytest.approx(metrics.balanced_accuracy_score(same, passed))


def test_a_distance_of_exactly_the_threshold_passes():
    assert faces.verification_accuracy([1.0, 2.0], [True, False], 1.0) == (1, 0, 1)


def test_whoever_turns_all_away_is_right_half_the_time():
    assert faces.verification_accuracy([1.0, 2.0, 3.0, 4.0], [1, 0, 0, 0], 0).balanced_accuracy == 0.5


# Two encodings


def similarity(kind, seed=2, d=5):
    layer = faces.SiameseSimilarity(kind)
    layer.build([(None, d), (None, d)])
    layer.set_weights([noise(d, 1, seed=seed), noise(1, seed=seed)])
    return layer


@pytest.mark.parametrize("kind", ["absolute", "chi_squared"])
def test_the_probability_is_that_of_a_loop_over_k(kind):
    first, second, layer = noise(7, 5), noise(7, 5, seed=1), similarity(kind)
    first[0, 0] = second[0, 0] = 0
    (weights, bias), found = layer.get_weights(), np.array(layer([first, second]))
    assert found.shape == (7, 1)
    for i in range(7):
        z = float(bias[0])
        for k in range(5):
            a, b = float(first[i, k]), float(second[i, k])
            size = abs(a) + abs(b)
            z += float(weights[k, 0]) * (abs(a - b) if kind == "absolute" else (a - b) ** 2 / size if size else 0)
        assert found[i, 0] == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-5)


def test_chi_squared_of_numbers_that_are_not_negative_is_deepfaces():
    first, second, layer = np.abs(noise(7, 5)), np.abs(noise(7, 5, seed=1)), similarity("chi_squared")
    weights, bias = layer.get_weights()
    expected = ops.sigmoid(((first - second) ** 2 / (first + second)) @ weights + bias)
    np.testing.assert_allclose(layer([first, second]), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["absolute", "chi_squared"])
def test_the_order_of_a_pair_does_not_matter(kind):
    first, second, layer = noise(7, 5), noise(7, 5, seed=1), similarity(kind)
    np.testing.assert_array_equal(layer([first, second]), layer((second, first)))


@pytest.mark.parametrize("kind", ["absolute", "chi_squared"])
def test_an_untrained_layer_gives_every_pair_one_half(kind):
    np.testing.assert_array_equal(faces.SiameseSimilarity(kind)([noise(4, 3), noise(4, 3, seed=1)]), 0.5)


@pytest.mark.parametrize("kind", ["absolute", "chi_squared"])
@pytest.mark.parametrize("scale", [0, 1e-30, 1e-44, 1e30])
def test_probability_and_gradient_are_finite_at_zero_and_beyond(kind, scale):
    first, second = (tf.constant(scale * noise(6, 5, seed=seed)) for seed in (0, 1))
    layer = similarity(kind)
    with tf.GradientTape() as tape:
        tape.watch([first, second])
        found = ops.sum(layer([first, second]))
    assert np.isfinite(found)
    assert all(np.isfinite(each).all() for each in tape.gradient(found, [first, second, *layer.trainable_weights]))


@pytest.mark.parametrize("kind", ["absolute", "chi_squared"])
def test_it_learns_which_numbers_speak_for_a_person(kind):
    rng = np.random.default_rng(0)
    same = rng.random(400) < 0.5
    first = rng.random((400, 3)).astype(np.float32)
    second = rng.random((400, 3)).astype(np.float32)
    second[same, 0] = first[same, 0]  # the others say nothing
    model, weights = trained(kind, [first, second], same)
    assert weights[0] < 3 * min(weights[1], weights[2], 0) and weights[0] < -1
    assert metrics.roc_auc_score(same, np.array(model([first, second]))[:, 0]) > 0.9


def trained(kind, inputs, same):
    pair = [keras.Input((3,)), keras.Input((3,))]
    layer = faces.SiameseSimilarity(kind)
    model = keras.Model(pair, layer(pair))
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    model.fit(inputs, same.astype(np.float32), batch_size=200, epochs=40, verbose=0)
    return model, layer.get_weights()[0][:, 0]


def test_a_model_with_it_comes_back_from_its_file(tmp_path):
    pair = [keras.Input((5,)), keras.Input((5,))]
    model = keras.Model(pair, similarity("chi_squared")(pair))
    model.save(tmp_path / "model.keras")
    loaded, given = keras.models.load_model(tmp_path / "model.keras"), [noise(4, 5), noise(4, 5, seed=1)]
    assert loaded.layers[-1].kind == "chi_squared" and model.output_shape == loaded.output_shape == (None, 1)
    np.testing.assert_array_equal(loaded(given), model(given))


# Bad input


@pytest.mark.parametrize(
    ("distances", "same", "message"),
    [
        ([1.0, 2], [True, True], "same: expected pairs of one person and of two, got 2 of one and 0 of two"),
        ([1.0, 2], [False, False], "same: expected pairs of one person and of two, got 0 of one and 2 of two"),
        ([], np.zeros(0, bool), "same: expected pairs of one person and of two, got 0 of one and 0 of two"),
        (
            [1.0, np.nan],
            [True, False],
            r"distances: expected finite .* float64 of \(2,\) with some that are not finite",
        ),
        ([1.0, 2], [True, False, True], r"same: expected True or False for each of 2 distances, got bool of \(3,\)"),
        ([1.0, 2], [1, 2], "same: expected True or False for each of 2 distances, got int64"),
        ([1.0, 2], [0.2, 1], "same: expected True or False for each of 2 distances, got float64"),
        ([[1.0, 2]], [[True, False]], r"distances: expected finite numbers of shape \(n,\), got float64 of \(1, 2\)"),
        (["a", "b"], [True, False], "distances: expected finite numbers"),
    ],
)
def test_pairs_that_say_nothing_are_refused(distances, same, message):
    with pytest.raises(ValueError, match=message):
        faces.verification_curve(distances, same)
    with pytest.raises(ValueError, match=message):
        faces.verification_accuracy(distances, same, 1.0)


@pytest.mark.parametrize("threshold", [None, "0.6", float("nan"), True])
def test_a_threshold_that_is_no_number_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold: expected a number, got"):
        faces.verification_accuracy([1.0, 2], [True, False], threshold)


@pytest.mark.parametrize(
    ("embeddings", "identities", "message"),
    [
        (np.zeros(3), [0, 1, 2], r"embeddings: expected finite numbers of shape \(n, d\), got float64 of \(3,\)"),
        (np.full((2, 2), np.inf), [0, 1], "embeddings: .* with some that are not finite"),
        (np.zeros((3, 2)), [0, 1], r"identities: expected whole numbers of shape \(3,\), got int64 of \(2,\)"),
        (np.zeros((2, 2)), [0.0, 1.0], "identities: expected whole numbers .* got float64"),
    ],
)
def test_embeddings_that_make_no_pairs_are_refused(embeddings, identities, message):
    with pytest.raises(ValueError, match=message):
        faces.pairs(embeddings, identities)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((4, 3)), r"inputs: expected a pair of shapes \(m, d\), got \(4, 3\)"),
        ([np.zeros((4, 3))] * 3, r"inputs: expected a pair of shapes \(m, d\), got"),
        ([np.zeros((4, 3, 1))] * 2, r"inputs: expected a pair of shapes \(m, d\), got"),
        ([np.zeros((4, 3)), np.zeros((4, 2))], "inputs: expected two encodings of the same length, got 3 and 2"),
    ],
)
def test_what_is_no_pair_of_encodings_is_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        faces.SiameseSimilarity()(inputs)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind: expected one of 'absolute', 'chi_squared', got 'euclidean'"):
        faces.SiameseSimilarity("euclidean")
