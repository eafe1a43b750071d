"""The exercises of notebook 3-4: what learners of other courses bring along is taken, or named for what it is."""

from dlcourse import check

import numpy as np
import pytest


def says(name, answer):
    exercise = getattr(check, name)
    return exercise._examine(answer)[1]


def advice(name, message):
    """The message of the slip that begins so."""
    (found,) = (text for _, text in getattr(check, name).all_slips if text.startswith(message))
    return f"    {found}\n"


def test_the_maximum_of_the_sum_is_told_from_the_sum_of_the_maxima():
    def maximum_of_the_sum(anchor, positive, negative, margin):
        near = np.sum((anchor - positive) ** 2, axis=-1)
        far = np.sum((anchor - negative) ** 2, axis=-1)
        return np.maximum(np.sum(near - far + margin), 0.0)

    assert advice("triplet_loss", "Take the maximum for each triplet") in says("triplet_loss", maximum_of_the_sum)


def test_the_margin_once_for_all_triplets_is_another_mistake():
    def without_axis(anchor, positive, negative, margin):
        return np.maximum(np.sum((anchor - positive) ** 2) - np.sum((anchor - negative) ** 2) + margin, 0.0)

    text = says("triplet_loss", without_axis)
    assert advice("triplet_loss", "This adds up the distances") in text
    assert advice("triplet_loss", "Take the maximum for each triplet") not in text


def test_a_reshape_without_a_transpose_is_named_and_one_with_it_is_right():
    def scrambled(features):
        rows = np.reshape(features, (features.shape[2], features.shape[0] * features.shape[1]))
        return np.matmul(rows, rows.T)

    def transposed(features):
        rows = np.reshape(np.transpose(features, (2, 0, 1)), (features.shape[2], -1))
        return np.matmul(rows, rows.T)

    assert advice("gram_matrix", "A reshape to (channels, places)") in says("gram_matrix", scrambled)
    assert "✗" not in says("gram_matrix", transposed)
    numbered = np.fromfunction(lambda i, j, k: 100 * i + 10 * j + k, (2, 3, 2))
    assert any(np.array_equal(case, numbered) for (case,) in check.gram_matrix.cases)


def test_advice_on_the_reshape_is_not_given_to_another_mistake():
    def but_one(features):
        G = np.array(check.gram_matrix.reference(features))
        G[0, -1] += 1
        return G

    text = says("gram_matrix", but_one)
    assert "✗ value" in text
    assert not any(message in text for _, message in check.gram_matrix.all_slips)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_costs_as_the_course_writes_them_in_tensorflow(dtype):
    import tensorflow as tf

    def gram(features):
        A = tf.transpose(tf.reshape(tf.cast(features, dtype), [-1, features.shape[-1]]))
        return tf.matmul(A, tf.transpose(A))

    def layer_style(a_S, a_G):
        n_H, n_W, n_C = a_G.shape
        return tf.reduce_sum(tf.square(tf.subtract(gram(a_S), gram(a_G)))) / (4 * n_C**2 * (n_H * n_W) ** 2)

    def content(a_C, a_G):
        return 0.5 * tf.reduce_sum(tf.square(tf.subtract(tf.cast(a_C, dtype), tf.cast(a_G, dtype))))

    def triplet(anchor, positive, negative, margin):
        anchor, positive, negative = (tf.cast(x, dtype) for x in (anchor, positive, negative))
        near = tf.reduce_sum(tf.square(tf.subtract(anchor, positive)), axis=-1)
        far = tf.reduce_sum(tf.square(tf.subtract(anchor, negative)), axis=-1)
        return tf.reduce_sum(tf.maximum(tf.add(tf.subtract(near, far), margin), 0.0))

    answers = {"gram_matrix": gram, "layer_style_cost": layer_style, "content_cost": content, "triplet_loss": triplet}
    for name, answer in answers.items():
        assert "✗" not in says(name, answer), name


def test_the_factor_of_the_course_in_the_content_cost_is_named():
    def of_the_course(a_C, a_G):
        n_H, n_W, n_C = a_G.shape
        return np.sum((a_C - a_G) ** 2) / (4 * n_H * n_W * n_C)

    assert advice("content_cost", "The factor 1 / (4 n_H n_W n_C)") in says("content_cost", of_the_course)


def test_answers_that_are_nearly_right_are_refused():
    for name in ("gram_matrix", "content_cost", "layer_style_cost", "triplet_loss", "total_variation"):
        reference = getattr(check, name).reference
        assert "✗" in says(name, lambda *arguments, reference=reference: 1.001 * reference(*arguments)), name


def test_the_threshold_itself_is_tried():
    assert any(check.verify.reference(*case)[1] == case[2] for case in check.verify.cases)
    assert any(check.recognize.reference(*case)[1] == case[3] for case in check.recognize.cases)
