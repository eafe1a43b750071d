"""Learning curves: one model trained again and again, on more and more examples.

With m examples the error is often about a · m^(−b), a straight line when both axes are logarithmic (Hestness et al.
2017, arXiv:1712.00409).
"""

import keras
import numpy as np


def train_anew(model, x, y, epochs, learning_rate, *, seed=0, batch_size=128):
    """Train a compiled model from new first weights, without compiling it again.

    Each epoch takes the examples in a new order. The last two fifths of the steps are a tenth as long, so that the
    training converges.

    Args:
        model: Compiled `keras.Model`. It forgets what it has learned, and its optimizer starts anew.
        x, y: Examples and their labels, arrays with m rows.
        epochs: Number of passes over the examples.
        learning_rate: Learning rate of the first three fifths.
        seed: Whole number; the same one gives the same first weights and orders.
        batch_size: Examples in a mini-batch.

    Taught in notebook 1-1, section 1.1.1.
    """
    keras.utils.set_random_seed(seed)
    model.set_weights(keras.models.clone_model(model).get_weights())  # a copy draws weights of its own
    model.optimizer.build(model.trainable_variables)
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(x)) for _ in range(epochs)])
    early, late = np.split(order, [3 * len(order) // 5])
    for part, rate in ((early, learning_rate), (late, learning_rate / 10)):
        model.optimizer.learning_rate = rate
        model.fit(x[part], y[part], batch_size=batch_size, shuffle=False, verbose=0)


def learning_curve(error, m, sizes, *, draws=3, seed=0):
    """Measure an error with several numbers of training examples, each on several random draws of them.

    A draw of more examples holds those of the same draw with fewer, and all models with one seed get the same ones.

    Args:
        error: Function of (chosen, seed). It trains on the examples with the indices `chosen`, an array, and returns
            the error on others; `seed` is another one for each draw.
        m: Number of examples to draw from.
        sizes: Numbers of examples to train on, each at most m.
        draws: Number of draws for each size.
        seed: Seed of the first draw.

    Returns a dict from each size to its errors, an array of shape (draws,).
    Taught in notebook 1-1, section 1.1.3.
    """
    if max(sizes) > m:
        raise ValueError(f"sizes: expected at most m = {m} examples, got {max(sizes)}")
    seeds = range(seed, seed + draws)
    orders = [np.random.default_rng(each).permutation(m) for each in seeds]
    return {
        size: np.array([error(order[:size], each) for order, each in zip(orders, seeds, strict=True)]) for size in sizes
    }
