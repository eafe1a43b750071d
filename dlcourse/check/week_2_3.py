"""The exercises of notebook 2-3: scales of hyperparameters, batch normalization and softmax."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch.activations import softmax
from dlcourse.tuning.draws import log_sample, one_minus_log_sample

import numpy as np

exercise = partial(Exercise, notebook="2-3")

_Z = np.array([[1.0, 2.0, 3.0, 6.0], [-2.0, 0.5, 0.0, 0.3]])
_GAMMA, _BETA = np.array([[2.0], [0.5]]), np.array([[1.0], [-1.0]])
_LOGITS = np.array([[5.0, 0.0, -1.0], [2.0, 0.0, 1.0], [-1.0, 0.0, 3.0], [3.0, 0.0, 0.5]])


def batchnorm_forward(Z, gamma, beta, epsilon=1e-3):
    """Normalize a layer's Z over the batch: each unit gets the mean beta and the standard deviation gamma.

    Args:
        Z: Weighted sums, shape (n, m): a unit a row, an example a column.
        gamma, beta: Scale and shift of each unit, shape (n, 1).
        epsilon: ε, above 0: keeps a unit that is the same for all examples from dividing by 0.

    Returns:
        Z̃, shape (n, m). `dlcourse.scratch.normalization.batchnorm_forward` returns the same, and beside it what the
        way back needs.
    """
    mu = np.mean(Z, axis=1, keepdims=True)  # (n, 1): over the examples
    variance = np.mean((Z - mu) ** 2, axis=1, keepdims=True)
    Z_norm = (Z - mu) / np.sqrt(variance + epsilon)
    return gamma * Z_norm + beta


def softmax_gradient(Z, Y):
    """Compute the gradient of each example's loss (2.7) with respect to its Z, (C, m), through the softmax: a − y."""
    return softmax(Z) - Y


def _ends(rng):
    low = 10 ** rng.uniform(-6, -2)
    return rng.random(rng.integers(1, 6)), low, low * 10 ** rng.uniform(1, 4)


def _beta_ends(rng):
    rest = 10 ** rng.uniform(-2, -0.5)
    return rng.random(rng.integers(1, 6)), 1 - rest, 1 - rest * 10 ** rng.uniform(-2, -0.5)


def _layer(rng):
    n, m = rng.integers(1, 5), rng.integers(2, 7)
    Z = rng.normal(loc=3 * rng.normal(size=(n, 1)), scale=2, size=(n, m))
    return Z, rng.uniform(0.5, 2, size=(n, 1)), rng.normal(size=(n, 1)), 10 ** rng.uniform(-5, -1)


def _logits(rng):
    return (rng.normal(scale=3, size=(rng.integers(2, 6), rng.integers(1, 6))),)


def _labeled(rng):
    (Z,) = _logits(rng)
    return Z, np.eye(len(Z))[:, rng.integers(len(Z), size=Z.shape[1])]


EXERCISES = [
    exercise(
        reference=log_sample,
        section="2.5",
        cases=[
            (np.array([0.0, 0.25, 0.5, 0.75]), 0.0001, 1.0),
            (np.array([0.0, 0.5]), 0.001, 0.1),
            (np.array([[0.1], [0.9]]), 2.0, 50.0),
        ],
        random=_ends,
        properties=[
            (lambda a, draws, low, high: np.all((a >= 0.999 * low) & (a <= 1.001 * high)), "from low to high"),
            (
                lambda a, draws, low, high: np.all((a < np.sqrt(low * high)) == (draws < 0.5)),
                "half of the axis lies below √(low · high)",
            ),
        ],
        slips="""
            np.log10(low) + draws * (np.log10(high) - np.log10(low)) -> low + draws * (high - low)
            10.0**r -> r
                This is the linear scale: nearly all values are as large as `high`. Let the exponent be uniform.
            10.0**r -> r
                This is the exponent r. The value is 10 to the power r.
            np.log10(low) + draws * (np.log10(high) - np.log10(low)) -> draws * np.log10(low)
                This takes `high` for 1, as the notes' -4 * rand does. The exponent runs from log10(low) to log10(high).
            10.0**r -> np.exp(r)
                log10 and exp do not belong together: 10 to the power of log10, or e to the power of log.
            np.log10(low) + draws * (np.log10(high) - np.log10(low)) -> -4 * draws
                This is the notes' line: it suits 0.0001 to 1 alone, and from the other end. The exponent runs from
                log10(low) to log10(high).
            + draws * -> + (1 - draws) *
                A good sample, but from the other end: a draw of 0 should give `low`.
        """,
        hints=[
            "Which exponents give `low` and `high`? np.log10 of them.",
            "Stretch the draws from [0, 1) to the range between these two exponents, as on a linear scale.",
            "10.0 ** r turns the exponents into values.",
        ],
    ),
    exercise(
        reference=one_minus_log_sample,
        name="beta_sample",
        section="2.5",
        cases=[(np.array([0.0, 0.25, 0.5, 0.75]), 0.9, 0.999), (np.array([0.0, 0.5, 0.9]), 0.0, 0.99)],
        random=_beta_ends,
        properties=[
            (lambda beta, draws, low, high: np.all((beta >= low - 1e-9) & (beta <= high + 1e-9)), "from low to high"),
        ],
        slips="""
            np.log10(1 - low) + draws * (np.log10(1 - high) - np.log10(1 - low)) -> low + draws * (high - low)
            1 - 10.0**r -> r
                This is the linear scale. It is 1 − β whose logarithm should be uniform.
            np.log10(1 - low) + draws -> np.log10(max(low, 1e-12)) + draws
            np.log10(1 - high) - np.log10(1 - low) -> np.log10(high / max(low, 1e-12))
            1 - 10.0**r -> 10.0**r
                This is a log scale for β itself, which between 0.9 and 0.999 hardly differs from a linear one. Take it
                for 1 − β.
            1 - 10.0**r -> 10.0**r
                These are the values of 1 − β. What is β?
            + draws * -> + (1 - draws) *
                The scale is right, but it begins at `high`: a draw of 0 should give `low`.
        """,
        hints=[
            "1 − β runs from 1 − low down to 1 − high. Sample that on a log scale, then turn it back.",
            "The exponent runs from np.log10(1 - low) to np.log10(1 - high); β is 1 - 10.0 ** r.",
        ],
    ),
    exercise(
        reference=batchnorm_forward,
        section="2.5.1",
        cases=[(_Z, _GAMMA, _BETA, 1e-3), (_Z, np.ones((2, 1)), np.zeros((2, 1)), 1.0)],
        random=_layer,
        properties=[
            (
                lambda Z_tilde, Z, gamma, beta, epsilon: np.allclose(Z_tilde.mean(axis=1, keepdims=True), beta),
                "each unit has the mean beta",
            ),
            (
                lambda Z_tilde, Z, gamma, beta, epsilon: np.all(Z_tilde.std(axis=1, keepdims=True) < gamma),
                "the standard deviation of each unit is below gamma",
            ),
        ],
        slips="""
            np.mean(Z, axis=1, keepdims=True) -> np.mean(Z, axis=0, keepdims=True)
            np.mean((Z - mu) ** 2, axis=1, keepdims=True) -> np.mean((Z - mu) ** 2, axis=0, keepdims=True)
                This normalizes each example over the units. Batch norm normalizes each unit over the examples: axis=1.
            np.mean(Z, axis=1, keepdims=True) -> np.mean(Z)
            np.mean((Z - mu) ** 2, axis=1, keepdims=True) -> np.mean((Z - mu) ** 2)
                One mean for all units. Each unit, a row of Z, has its own: axis=1, keepdims=True.
            np.sqrt(variance + epsilon) -> (np.sqrt(variance) + epsilon)
                ε stands under the root, beside the variance.
            np.sqrt(variance + epsilon) -> (variance + epsilon)
                Divide by the standard deviation, the root of variance + ε.
            gamma * Z_norm + beta -> Z_norm
                This is z_norm. Batch norm then multiplies by gamma and adds beta.
            np.mean((Z - mu) ** 2, axis=1, keepdims=True) -> np.var(Z, axis=1, ddof=1, keepdims=True)
                The variance is divided by m here, not by m − 1: np.var without ddof.
        """,
        hints=[
            "The mean of each unit is np.mean(Z, axis=1, keepdims=True), of shape (n, 1).",
            "Subtract it, and divide by np.sqrt(variance + epsilon).",
            "Then gamma * Z_norm + beta.",
        ],
    ),
    exercise(
        reference=softmax,
        section="2.5.2",
        cases=[(_LOGITS,), (np.array([[1000.0, -1000.0], [0.0, -1001.0]]),)],
        random=_logits,
        properties=[
            (lambda a, z: np.allclose(a.sum(axis=0), 1), "the probabilities of each example sum to 1"),
        ],
        slips="""
            z - z.max(axis=0) -> z
            power.sum(axis=0) -> power.sum(axis=1, keepdims=True)
                The sum runs over the examples. It should run over the classes: axis=0.
            z - z.max(axis=0) -> z
            power.sum(axis=0) -> power.sum()
                All examples together sum to 1 here. Each of them should: np.sum(…, axis=0).
            z - z.max(axis=0) -> z
                Right for small z. The exponential of 1000 overflows, and infinity by infinity is not a number.
                Subtract the largest z of each example first.
            z.max(axis=0) -> z.max()
                The largest z of all examples makes the others' exponentials 0, and 0 by 0 is not a number. Take the
                largest of each example: z.max(axis=0).
            power.sum(axis=0) -> power.sum(axis=1, keepdims=True)
                The sum runs over the examples. It should run over the classes: axis=0.
            z.max(axis=0) -> z.max(axis=1, keepdims=True)
            power.sum(axis=0) -> power.sum(axis=1, keepdims=True)
                The probabilities of each row sum to 1: the maximum and the sum run over the examples. They should run
                over the classes, axis=0.
            np.exp(z - z.max(axis=0)) -> 1 / (1 + np.exp(-z))
                The numerator is e to the power z, not the sigmoid of z.
            np.exp(z - z.max(axis=0)) -> z
                A z may be negative. Its exponential is not: np.exp first.
        """,
        hints=[
            "np.exp(z), divided by its sum over the classes, axis=0.",
            "Subtracting z.max(axis=0) from z first changes nothing but keeps np.exp from overflowing.",
        ],
    ),
    exercise(
        reference=softmax_gradient,
        section="2.5.2",
        cases=[(_LOGITS, np.eye(4)[:, [0, 2, 1]]), (np.zeros((3, 2)), np.eye(3)[:, [0, 2]])],
        random=_labeled,
        properties=[
            (lambda dZ, Z, Y: np.all(dZ[Y == 1] < 0), "a larger z of the true class lowers the loss"),
            (lambda dZ, Z, Y: np.allclose(dZ.sum(axis=0), 0), "the gradient of each example sums to 0"),
        ],
        slips="""
            softmax(Z) - Y -> Y - softmax(Z)
                The sign: this points downhill, and the gradient points uphill.
            softmax(Z) - Y -> (softmax(Z) - Y) / Y.shape[1]
                dZ holds each example's own gradient; the mean over the examples is taken later, in dW and db.
            softmax(Z) - Y -> -Y * (1 - softmax(Z))
                Only the true class is pulled up here. The others are pushed down: their gradient is their own a.
            softmax(Z) - Y -> (softmax(Z) - Y) * softmax(Z) * (1 - softmax(Z))
                The softmax's own derivative is in a − y already.
            softmax(Z) -> Z
                The probabilities are missing: a is the softmax of z.
        """,
        hints=["Compute A first, the softmax of Z.", "The whole gradient is one subtraction, as in (1.8)."],
    ),
]
