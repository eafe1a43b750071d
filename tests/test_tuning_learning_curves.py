"""Training one model again and again: nothing of an earlier training is left, and draws of several sizes are nested."""

from dlcourse.tuning.learning_curves import learning_curve, train_anew

import keras
import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


def compiled():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(), "mse")
    return model


def trained(model, seed=1, epochs=3):
    train_anew(model, X, Y, epochs, 0.05, seed=seed, batch_size=16)
    return np.concatenate([weights.ravel() for weights in model.get_weights()])


def test_a_second_training_forgets_the_first():
    model = compiled()
    trained(model, seed=2, epochs=5)
    assert np.array_equal(trained(model), trained(compiled()))


def test_another_seed_gives_other_weights():
    model = compiled()
    assert not np.allclose(trained(model, seed=1), trained(model, seed=2))


def test_each_training_ends_at_a_tenth_of_the_learning_rate_after_all_steps():
    model = compiled()
    trained(model, epochs=5)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005)
    assert int(model.optimizer.iterations) == 12 + 8  # 180 and 120 examples in mini-batches of 16


def test_it_learns():
    model = compiled()
    before = model.evaluate(X, Y, verbose=0)
    trained(model, epochs=60)
    assert model.evaluate(X, Y, verbose=0) < 0.05 * before


def test_draws_of_more_examples_hold_those_of_fewer():
    drawn = {}

    def error(chosen, seed):
        drawn[len(chosen), seed] = chosen.tolist()
        return len(chosen) + seed / 10

    errors = learning_curve(error, 50, (10, 20), draws=2, seed=3)
    assert {size: values.tolist() for size, values in errors.items()} == {10: [10.3, 10.4], 20: [20.3, 20.4]}
    for seed in (3, 4):
        assert drawn[10, seed] == drawn[20, seed][:10]
        assert len(set(drawn[20, seed])) == 20 and max(drawn[20, seed]) < 50
    assert drawn[10, 3] != drawn[10, 4]


def test_more_examples_than_there_are_is_an_error():
    with pytest.raises(ValueError, match=r"sizes: expected at most m = 50 examples, got 60"):
        learning_curve(lambda chosen, seed: 0.0, 50, (10, 60))
