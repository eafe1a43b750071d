"""The exercises of notebook 2-1: bias and variance, regularization, initialization, gradient checking."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch import gradcheck, network

import numpy as np

exercise = partial(Exercise, notebook="2-1")


def next_step(training_error, dev_error, human_error, tolerance=0.05):
    """Choose what to do next about a network from three errors: first the bias, then the variance.

    The bias is what the training error has above the human error, the variance what the dev error has above the
    training error. A gap is worth closing if it is larger than `tolerance`.

    Args:
        training_error, dev_error: Share of wrong answers on the training set and on the dev set, in [0, 1].
        human_error: Share of people's wrong answers, for the best that can be expected, in [0, 1].
        tolerance: Largest gap that is left alone, 0 or more.

    Returns:
        "bigger network" while the bias is too high, then "more data" while the variance is too high, then "done".

    Exercise in notebook 2-1, section 2.1.3.
    """
    if training_error - human_error > tolerance:
        return "bigger network"
    if dev_error - training_error > tolerance:
        return "more data"
    return "done"


def _errors(rng):
    human, bias, variance = rng.uniform(0, 0.2, size=3)
    return human + bias, human + bias + variance, human, 0.1


_PARAMETERS = {
    "W1": np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]),
    "b1": np.array([[4.0], [5.0]]),
    "W2": np.array([[2.0, -1.0]]),
    "b2": np.array([[7.0]]),
}


def _network(rng):
    dims = rng.integers(1, 5, size=rng.integers(2, 5)).tolist()
    parameters = network.initialize_parameters(dims, seed=int(rng.integers(1000)))
    biases = {name: rng.normal(size=value.shape) for name, value in parameters.items() if name[0] == "b"}
    return parameters | biases, rng.uniform(0, 10), int(rng.integers(1, 100))


def _activations(rng):
    shape = rng.integers(1, 6, size=2)
    return rng.normal(size=shape), rng.uniform(size=shape), rng.uniform(0.2, 1)


def he_init(draws):
    """Scale standard normal draws to weights of a ReLU layer: each gets the variance 2/n[l−1] (He et al., 2015).

    Args:
        draws: Independent standard normal numbers, shape (n[l], n[l−1]), the shape of W[l].

    Returns:
        float64, the shape of `draws`.

    Exercise in notebook 2-1, section 2.3.1. `network.initialize_parameters(layer_dims, "he")` does it for all layers.
    """
    return draws * np.sqrt(2 / draws.shape[1])  # (n[l], n[l−1]): n[l−1] columns, one for each input


def waves(parameters):
    """Return a cost whose slopes are cos(W1) and 3 b1²."""
    return np.sum(np.sin(parameters["W1"])) + np.sum(parameters["b1"] ** 3)


def _slopes(parameters):
    return {"dW1": np.cos(parameters["W1"]), "db1": 3 * parameters["b1"] ** 2}


def _claims(rng):
    parameters = {"W1": rng.normal(size=rng.integers(1, 4, size=2)), "b1": rng.normal(size=(2, 1))}
    grads = _slopes(parameters)
    wrong = {name: value * rng.uniform(0.5, 1.5) for name, value in grads.items()}
    return waves, parameters, wrong, 10 ** rng.uniform(-4, -1)


EXERCISES = [
    exercise(
        reference=next_step,
        section="2.1.3",
        cases=[
            (0.30, 0.32, 0.01, 0.05),
            (0.02, 0.30, 0.01, 0.05),
            (0.30, 0.50, 0.01, 0.05),
            (0.30, 0.32, 0.28, 0.05),
            (0.02, 0.04, 0.01, 0.05),
            (0.04, 0.08, 0.01, 0.05),
            (0.10, 0.12, 0.30, 0.05),
            (0.50, 0.50, 0.25, 0.25),  # exactly the tolerance is not larger than the tolerance
            (0.25, 0.50, 0.25, 0.25),
        ],
        random=_errors,
        properties=[
            (
                lambda word, training, dev, human, tolerance: word != "done" or dev - human <= 2 * tolerance + 1e-12,
                '"done" only where the dev error is near the human error',
            )
        ],
        slips="""
            training_error - human_error > tolerance -> training_error > tolerance
                A training error is high or low compared with people, not with 0: if they err on 28 %, 30 % is good.
            return "bigger -> return "more data" if dev_error - training_error > tolerance else "bigger
                Both may be wrong at once. The recipe asks for the bias first.
            dev_error - training_error -> dev_error - human_error
                The variance is the gap between dev and training error; people do not come into it.
            training_error - human_error -> abs(training_error - human_error)
                A network that beats people has no bias to worry about: no absolute value.
            "more data" -> "done"
                It never asks for more data. Compare the dev error with the training error too.
            human_error > tolerance -> human_error >= tolerance
            dev_error - training_error > -> dev_error - training_error >=
                A gap of exactly the tolerance is left alone: > and not >=.
        """,
        hints=[
            "Two differences matter: training_error - human_error, and dev_error - training_error.",
            "Compare the first with the tolerance and return; then the second; what is left is done.",
        ],
    ),
    exercise(
        reference=network.l2_cost,
        section="2.1.6",
        cases=[
            (_PARAMETERS, 0.5, 10),
            (_PARAMETERS, 0.0, 10),
            ({"W1": np.array([[3.0]]), "b1": np.array([[2.0]])}, 1.0, 1),
        ],
        random=_network,
        properties=[(lambda cost, parameters, lambd, m: cost >= 0, "a penalty is not negative")],
        keepdims="numbers",
        slips="""
            if name[0] == "W" ->
                The biases are in it too. Only the weights W1, W2, … are penalized.
            (2 * m) -> m
                The factor is λ/(2m); the 2 goes away when a square is differentiated.
            (2 * m) -> 2
                The factor is λ/(2m): divide by the number of examples too.
            np.sum(np.square(W)) -> np.sqrt(np.sum(np.square(W)))
                The norm is squared in (2.3), so no square root is left.
            np.sum(np.square(W)) -> np.sum(W) ** 2
                Square first, then sum: np.sum(W) ** 2 lets weights of opposite sign cancel.
            squares * lambd -> -squares * lambd
                It is added to the cost: large weights make it higher, not lower.
        """,
        hints=[
            'The weights are the entries whose key begins with "W": name[0] == "W".',
            "np.sum(np.square(W)) is the squared Frobenius norm of one matrix. Add them up, times lambd / (2 * m).",
        ],
    ),
    exercise(
        reference=network.inverted_dropout,
        section="2.1.7",
        cases=[
            (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.1, 0.9], [0.79, 0.81]]), 0.8),
            (np.ones((2, 3)), np.array([[0.0, 0.2, 0.4], [0.5, 0.7, 0.99]]), 0.5),
            (np.array([[-1.0, 5.0]]), np.array([[0.3, 0.999]]), 1.0),
        ],
        random=_activations,
        properties=[
            (
                lambda dropped, A, draws, keep_prob: np.all(dropped[draws >= keep_prob] == 0),
                "units whose draw is not below keep_prob give 0",
            )
        ],
        slips="""
            / keep_prob ->
                The right units are off. What is left must make up for them: divide by keep_prob.
            / keep_prob -> * keep_prob
                This shrinks what is left once more. Divide by keep_prob instead.
            / keep_prob -> / (1 - keep_prob)
                The right units are off. A share keep_prob of them is left: divide by that, not by 1 − keep_prob.
            draws < -> draws >
                keep_prob is the chance to stay: a unit stays where its draw is below it.
            draws < keep_prob -> draws < 1 - keep_prob
            / keep_prob -> / (1 - keep_prob)
                keep_prob is the chance to stay, not the chance to be dropped. The two are the same only at 0.5.
            A * (draws -> (draws
                This is the mask alone; multiply the activations by it.
        """,
        hints=["draws < keep_prob is True for the units that stay.", "Multiply A by it, and divide by keep_prob."],
    ),
    exercise(
        reference=he_init,
        section="2.3.1",
        cases=[
            (np.array([[1.0, -1.0, 0.5, 2.0, 0.0, 1.0, -2.0, 1.0]]),),
            (np.array([[1.0, 2.0], [-1.0, 0.0], [3.0, 1.0]]),),
        ],
        random=lambda rng: (rng.normal(size=rng.integers(1, 30, size=2)),),
        properties=[
            (
                lambda W, draws: np.all(np.abs(W) <= np.abs(draws) * np.sqrt(2) + 1e-12),
                "no weight is over √2 of its draw",
            )
        ],
        slips="""
            2 / draws -> 1 / draws
                This variance, 1/n, is Xavier's. ReLU sets about half of its inputs to 0, so He doubles it.
            np.sqrt(2 / draws.shape[1]) -> 2 / draws.shape[1]
                2/n is the variance. The draws are multiplied by the standard deviation, its square root.
            shape[1] -> shape[0]
                n is the number of units in the layer before, the columns of W. A sum over them makes each z.
            np.sqrt(2 / draws.shape[1]) -> 0.01
                0.01 suits no layer in particular; the scale depends on n.
            2 / draws.shape[1] -> draws.shape[1] / 2
                Upside down: more inputs, smaller weights.
        """,
        hints=[
            "Multiplying by s makes the variance s² times as large. The draws have variance 1.",
            "n is draws.shape[1]; the factor is np.sqrt(2 / n).",
        ],
    ),
    exercise(
        reference=gradcheck.gradient_check,
        section="2.3.2",
        cases=[
            (
                waves,
                {"W1": np.array([[0.5, 1.0]]), "b1": np.array([[2.0]])},
                {"dW1": np.ones((1, 2)), "db1": np.array([[12.0]])},
                1e-3,
            ),
            (
                waves,
                {"W1": np.array([[0.3]]), "b1": np.array([[1.0]])},
                {"dW1": np.array([[0.9]]), "db1": np.array([[3.0]])},
                0.1,
            ),
        ],
        random=_claims,
        properties=[(lambda difference, *_: 0 <= difference <= 1, "a relative difference lies between 0 and 1")],
        rtol=1e-4,
        atol=1e-7,
        slips="""
            down[at] -= epsilon ->
            (2 * epsilon) -> epsilon
                This is the slope from one side. (J(θ + ε) − J(θ − ε)) / 2ε is far more exact.
            np.linalg.norm(g - g_num) / total -> np.linalg.norm(g - g_num)
                This is the absolute difference. Divide it by ‖g‖ + ‖g_num‖: what is large depends on the gradients.
            np.linalg.norm(g) + np.linalg.norm(g_num) -> np.linalg.norm(g + g_num)
                Divide by the sum of the two norms, not by the norm of the sum.
            up, down = parameters[key].copy() -> up, down = parameters[key]
                Move a copy of the array: the caller's parameters must stay where they are.
            for name in grads: -> for name in (name for name in grads if name[1] == "W"):
                The biases are not checked. Go through every parameter.
        """,
        hints=[
            "For each parameter and each of its numbers: move a copy by +ε and by −ε, ask cost for both.",
            "np.ndindex(value.shape) gives the positions; cost({**parameters, key: moved}) has one array changed.",
            "Collect both gradients in lists; np.linalg.norm of the difference, over the sum of the two norms.",
        ],
    ),
]
