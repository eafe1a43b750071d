"""The siamese encoder: its figures, vectors of length 1, one set of weights for three pictures, and that it learns."""

from dlcourse import faces
from dlcourse.models import cost, siamese_encoder

import keras
import numpy as np
import pytest


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype("float32")


@pytest.mark.parametrize(
    ("shape", "embedding", "filters"), [((64, 64, 3), 128, 16), ((20, 33, 1), 5, 4), ((16, 16, 3), 2, 1)]
)
def test_parameters_are_those_counted_by_hand(shape, embedding, filters):
    height, width, before = shape
    total = 0
    for block in range(4):
        after = filters * 2**block
        total += 9 * before * after + 4 * after  # a convolution without bias, and batch normalization
        height, width, before = -(-height // 2), -(-width // 2), after
    total += (height * width * before + 1) * embedding
    assert siamese_encoder(shape, embedding, filters).count_params() == total


def test_the_net_of_the_notebook_has_its_figures():
    model = siamese_encoder((64, 64, 3))
    assert cost(model).parameters == 359_952 and model.output_shape == (None, 128)
    assert model.count_params() == 360_432
    sides = [model.get_layer(f"conv{i}_relu").output.shape[1:] for i in (1, 2, 3, 4)]
    assert sides == [(32, 32, 16), (16, 16, 32), (8, 8, 64), (4, 4, 128)]


def test_every_picture_becomes_a_vector_of_length_1():
    found = siamese_encoder((32, 24, 3), 7, 4)(noise((5, 32, 24, 3)))
    assert found.shape == (5, 7)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_pictures_in_0_to_255_are_scaled_once_inside():
    model = siamese_encoder((16, 16, 3), 4, 2)
    inner = keras.Model(model.input, model.get_layer("to_minus_1_1").output)
    np.testing.assert_allclose(inner(np.full((1, 16, 16, 3), 255.0)), 1, rtol=1e-6)
    np.testing.assert_allclose(inner(np.zeros((1, 16, 16, 3))), -1, rtol=1e-6)


def test_anchor_positive_and_negative_share_one_set_of_weights():
    encoder = siamese_encoder((16, 16, 3), 4, 2)
    three = [keras.Input((16, 16, 3)) for _ in range(3)]
    model, pictures = keras.Model(three, [encoder(each) for each in three]), noise((2, 16, 16, 3))
    assert model.count_params() == encoder.count_params()
    for found in model([pictures] * 3):
        np.testing.assert_array_equal(found, encoder(pictures))


def test_batch_normalization_has_the_given_momentum_and_takes_the_bias():
    model = siamese_encoder((16, 16, 3), 4, 2, momentum=0.7)
    assert [model.get_layer(f"conv{i}_bn").momentum for i in (1, 2, 3, 4)] == [0.7] * 4
    assert not any(model.get_layer(f"conv{i}").use_bias for i in (1, 2, 3, 4))


def test_it_learns_to_tell_four_people_apart_and_knows_them_at_test_time():
    keras.utils.set_random_seed(0)
    faces_of, identities = noise((4, 16, 16, 3)), np.repeat(np.arange(4), 6)
    pictures = faces_of[identities] * 0.3 + noise((24, 16, 16, 3), seed=1) * 0.7
    model = siamese_encoder((16, 16, 3), 8, 8)
    before = faces.verification_curve(*faces.pairs(model(pictures), identities)).auc
    model.compile(keras.optimizers.Adam(3e-3), faces.TripletLoss(0.2, "semi_hard"))
    model.optimizer.build(model.trainable_variables)  # before fit, which would trace a step twice without it
    model.fit(pictures, identities, batch_size=24, epochs=30, verbose=0)
    after = faces.verification_curve(*faces.pairs(model(pictures), identities)).auc
    assert before < 0.9 and after > 0.99


def test_an_encoder_comes_back_from_its_file(tmp_path):
    model, pictures = siamese_encoder((16, 16, 3), 4, 2), noise((3, 16, 16, 3))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(pictures), model(pictures))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (15, 64, 3)}, r"input_shape: expected .* sides of 16 or more, got \(15, 64, 3\)"),
        ({"input_shape": (64, 64)}, "input_shape: expected"),
        ({"embedding": 0}, "embedding: expected a whole number, 1 or more, got 0"),
        ({"filters": 1.5}, "filters: expected a whole number, 1 or more, got 1.5"),
        ({"momentum": 1}, r"momentum: expected a number in \[0, 1\), got 1"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        siamese_encoder(**{"input_shape": (64, 64, 3), **options})
