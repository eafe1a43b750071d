"""The exercises of notebook 2-1: bias and variance, regularization, initialization, gradient checking."""

from dlcourse.check.exercise import Exercise
from dlcourse.check.libraries import using
from dlcourse.scratch import gradcheck, network

import numpy as np

_PARAMETERS = {
    "W1": np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]),
    "b1": np.array([[4.0], [5.0]]),
    "W2": np.array([[2.0, -1.0]]),
    "b2": np.array([[7.0]]),
}
_WEIGHTS = ("W1", "W2")


def next_step(training_error, dev_error, human_error, tolerance=0.05):
    """What to do next about a network, read off three errors: first the bias, then the variance.

    The bias is what the training error has above the human error, the variance what the dev error has above the
    training error. A gap is worth closing if it is larger than `tolerance`.

    Args:
        training_error: The share of wrong answers on the training set, in [0, 1].
        dev_error: The share on the dev set, in [0, 1].
        human_error: The share of people's wrong answers, for the best that can be expected, in [0, 1].
        tolerance: The largest gap that is left alone, 0 or more.

    Returns:
        "bigger network" while the bias is too high, then "more data" while the variance is too high, then "done".

    Taught in notebook 2-1, section 2.1.3.
    """
    if training_error - human_error > tolerance:
        return "bigger network"
    if dev_error - training_error > tolerance:
        return "more data"
    return "done"


def he_init(draws):
    """Weights of a ReLU layer from standard normal draws: each gets the variance 2/n[l−1] (He et al., 2015).

    Args:
        draws: Independent standard normal numbers, shape (n[l], n[l−1]), the shape of W[l].

    Returns:
        float64, the shape of `draws`.

    Taught in notebook 2-1, section 2.3.1. `network.initialize_parameters(layer_dims, "he")` does it for all layers.
    """
    return draws * np.sqrt(2 / draws.shape[1])


def waves(parameters):
    """A cost whose slopes are cos(W1) and 3 b1²."""
    return np.sum(np.sin(parameters["W1"])) + np.sum(parameters["b1"] ** 3)


def _slopes(parameters):
    return {"dW1": np.cos(parameters["W1"]), "db1": 3 * parameters["b1"] ** 2}


def _errors(rng):
    human, bias, variance = rng.uniform(0, 0.2, size=3)
    return human + bias, human + bias + variance, human, 0.1


def _network(rng):
    dims = rng.integers(1, 5, size=rng.integers(2, 5)).tolist()
    parameters = network.initialize_parameters(dims, seed=int(rng.integers(1000)))
    biases = {name: rng.normal(size=value.shape) for name, value in parameters.items() if name[0] == "b"}
    return parameters | biases, rng.uniform(0, 10), int(rng.integers(1, 100))


def _activations(rng):
    shape = rng.integers(1, 6, size=2)
    return rng.normal(size=shape), rng.uniform(size=shape), rng.uniform(0.2, 1)


def _claims(rng):
    parameters = {"W1": rng.normal(size=rng.integers(1, 4, size=2)), "b1": rng.normal(size=(2, 1))}
    grads = _slopes(parameters)
    wrong = {name: value * rng.uniform(0.5, 1.5) for name, value in grads.items()}
    return waves, parameters, wrong, 10 ** rng.uniform(-4, -1)


def _check(cost, parameters, grads, epsilon, two_sided=True, over=lambda g, n: np.linalg.norm(g) + np.linalg.norm(n)):
    """`gradient_check` with a choice of what is wrong."""
    given, numerical = [], []
    for key, value in parameters.items():
        for at in np.ndindex(value.shape):
            step = np.zeros(value.shape)
            step[at] = epsilon
            up, here = cost({**parameters, key: value + step}), cost(parameters)
            down = cost({**parameters, key: value - step})
            numerical.append((up - down) / (2 * epsilon) if two_sided else (up - here) / epsilon)
            given.append(grads["d" + key][at])
    given, numerical = np.array(given), np.array(numerical)
    return np.linalg.norm(given - numerical) / over(given, numerical)


def _check_in_place(cost, parameters, grads, epsilon=1e-7):
    result = gradcheck.gradient_check(cost, parameters, grads, epsilon)
    parameters["W1"][0, 0] += epsilon  # moved and not moved back
    return result


def _next_step_by_returns(training_error, dev_error, human_error, tolerance=0.05):
    if training_error - human_error > tolerance:
        return "bigger network"
    if dev_error - training_error > tolerance:
        return "more data"
    return "done"


def _next_step_by_gaps(training_error, dev_error, human_error, tolerance=0.05):
    gaps = np.array([training_error - human_error, dev_error - training_error, np.inf]) > tolerance
    return ("bigger network", "more data", "done")[int(np.argmax(gaps))]


def _next_step_the_other_way_round(training_error, dev_error, human_error, tolerance=0.05):
    bias, variance = training_error - human_error, dev_error - training_error
    if bias <= tolerance and variance <= tolerance:
        return "done"
    return "more data" if bias <= tolerance else "bigger network"


def _l2_by_hints(parameters, lambd, m):
    total = 0.0
    for name, W in parameters.items():
        if name[0] == "W":
            total += np.sum(np.square(W))
    return total * lambd / (2 * m)


def _l2_by_norms(parameters, lambd, m):
    layers = range(1, len(parameters) // 2 + 1)
    return lambd / 2 / m * sum(np.linalg.norm(parameters[f"W{l}"], "fro") ** 2 for l in layers)


def _l2_by_keras(ops, parameters, lambd, m):
    weights = [value for name, value in parameters.items() if name.startswith("W")]
    return lambd / (2 * m) * ops.sum(ops.stack([ops.sum(W * W) for W in weights]))


def _check_by_hints(cost, parameters, grads, epsilon=1e-7):
    g, g_num = [], []
    for key, value in parameters.items():
        for at in np.ndindex(value.shape):
            up, down = value.copy(), value.copy()
            up[at] += epsilon
            down[at] -= epsilon
            difference = cost({**parameters, key: up}) - cost({**parameters, key: down})
            g_num.append(difference / (2 * epsilon))
            g.append(grads[f"d{key}"][at])
    g, g_num = np.array(g), np.array(g_num)
    return np.linalg.norm(g - g_num) / (np.linalg.norm(g) + np.linalg.norm(g_num))


def _check_by_one_vector(cost, parameters, grads, epsilon=1e-7):
    """All parameters in one vector, as the formula writes θ."""
    names = list(parameters)
    theta = np.concatenate([parameters[name].ravel() for name in names])
    g = np.concatenate([np.ravel(grads["d" + name]) for name in names])
    ends = np.cumsum([parameters[name].size for name in names])[:-1]

    def J(theta):
        parts = zip(names, np.split(theta, ends), strict=True)
        return cost({name: part.reshape(parameters[name].shape) for name, part in parts})

    steps = epsilon * np.eye(theta.size)
    g_num = np.array([(J(theta + step) - J(theta - step)) / (2 * epsilon) for step in steps])
    return np.sqrt(np.sum((g - g_num) ** 2)) / (np.sqrt(np.sum(g**2)) + np.sqrt(np.sum(g_num**2)))


def _check_by_moving_and_moving_back(cost, parameters, grads, epsilon=1e-7):
    own = {name: np.array(value) for name, value in parameters.items()}
    pairs = []
    for name, value in own.items():
        for at in np.ndindex(value.shape):
            here = value[at]
            value[at] = here + epsilon
            up = cost(own)
            value[at] = here - epsilon
            down = cost(own)
            value[at] = here
            pairs.append((grads["d" + name][at], (up - down) / 2 / epsilon))
    g, g_num = np.transpose(pairs)
    return np.linalg.norm(g_num - g) / (np.linalg.norm(g_num) + np.linalg.norm(g))


EXERCISES = [
    Exercise(
        reference=next_step,
        notebook="2-1",
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
        wrong=[
            (
                lambda training, dev, human, tolerance=0.05: (
                    "bigger network" if training > tolerance else "more data" if dev - training > tolerance else "done"
                ),
                "A training error is high or low compared with people, not with 0: if they err on 28 %, 30 % is good.",
            ),
            (
                lambda training, dev, human, tolerance=0.05: (
                    "more data"
                    if dev - training > tolerance
                    else "bigger network"
                    if training - human > tolerance
                    else "done"
                ),
                "Both may be wrong at once. The recipe asks for the bias first.",
            ),
            (
                lambda training, dev, human, tolerance=0.05: (
                    "bigger network"
                    if training - human > tolerance
                    else "more data"
                    if dev - human > tolerance
                    else "done"
                ),
                "The variance is the gap between dev and training error; people do not come into it.",
            ),
            (
                lambda training, dev, human, tolerance=0.05: (
                    "bigger network"
                    if abs(training - human) > tolerance
                    else "more data"
                    if dev - training > tolerance
                    else "done"
                ),
                "A network that beats people has no bias to worry about: no absolute value.",
            ),
            (
                lambda training, dev, human, tolerance=0.05: (
                    "bigger network" if training - human > tolerance else "done"
                ),
                "It never asks for more data. Compare the dev error with the training error too.",
            ),
            (
                lambda training, dev, human, tolerance=0.05: (
                    "bigger network"
                    if training - human >= tolerance
                    else "more data"
                    if dev - training >= tolerance
                    else "done"
                ),
                "A gap of exactly the tolerance is left alone: > and not >=.",
            ),
        ],
        also_right=[
            _next_step_by_returns,
            _next_step_by_gaps,
            _next_step_the_other_way_round,
        ],
        hints=[
            "Two differences matter: training_error - human_error, and dev_error - training_error.",
            "Compare the first with the tolerance and return; then the second; what is left is done.",
        ],
    ),
    Exercise(
        reference=network.l2_cost,
        notebook="2-1",
        section="2.1.6",
        cases=[
            (_PARAMETERS, 0.5, 10),
            (_PARAMETERS, 0.0, 10),
            ({"W1": np.array([[3.0]]), "b1": np.array([[2.0]])}, 1.0, 1),
        ],
        random=_network,
        properties=[(lambda cost, parameters, lambd, m: cost >= 0, "a penalty is not negative")],
        keepdims="numbers",
        wrong=[
            (
                lambda parameters, lambd, m: lambd / (2 * m) * sum(np.sum(value**2) for value in parameters.values()),
                "The biases are in it too. Only the weights W1, W2, … are penalized.",
            ),
            (
                lambda parameters, lambd, m: (
                    lambd / m * sum(np.sum(parameters[k] ** 2) for k in parameters if k[0] == "W")
                ),
                "The factor is λ/(2m); the 2 goes away when a square is differentiated.",
            ),
            (
                lambda parameters, lambd, m: (
                    lambd / 2 * sum(np.sum(parameters[k] ** 2) for k in parameters if k[0] == "W")
                ),
                "The factor is λ/(2m): divide by the number of examples too.",
            ),
            (
                lambda parameters, lambd, m: (
                    lambd / (2 * m) * sum(np.sqrt(np.sum(parameters[k] ** 2)) for k in parameters if k[0] == "W")
                ),
                "The norm is squared in (2.3), so no square root is left.",
            ),
            (
                lambda parameters, lambd, m: (
                    lambd / (2 * m) * sum(np.sum(parameters[k]) ** 2 for k in parameters if k[0] == "W")
                ),
                "Square first, then sum: np.sum(W) ** 2 lets weights of opposite sign cancel.",
            ),
            (
                lambda parameters, lambd, m: (
                    -lambd / (2 * m) * sum(np.sum(parameters[k] ** 2) for k in parameters if k[0] == "W")
                ),
                "It is added to the cost: large weights make it dearer, not cheaper.",
            ),
        ],
        also_right=[
            _l2_by_hints,
            _l2_by_norms,
            using("keras.ops", _l2_by_keras),
        ],
        hints=[
            'The weights are the entries whose key begins with "W": name[0] == "W".',
            "np.sum(np.square(W)) is the squared Frobenius norm of one matrix. Add them up, times lambd / (2 * m).",
        ],
    ),
    Exercise(
        reference=network.inverted_dropout,
        notebook="2-1",
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
        wrong=[
            (
                lambda A, draws, keep_prob: A * (draws < keep_prob),
                "The right units are off. What is left must make up for them: divide by keep_prob.",
            ),
            (
                lambda A, draws, keep_prob: A * (draws < keep_prob) * keep_prob,
                "This shrinks what is left once more. Divide by keep_prob instead.",
            ),
            (
                lambda A, draws, keep_prob: A * (draws < keep_prob) / (1 - keep_prob),
                "The right units are off. A share keep_prob of them is left: divide by that, not by 1 − keep_prob.",
            ),
            (
                lambda A, draws, keep_prob: A * (draws > keep_prob) / keep_prob,
                "keep_prob is the chance to stay: a unit stays where its draw is below it.",
            ),
            (
                lambda A, draws, keep_prob: A * (draws < 1 - keep_prob) / (1 - keep_prob),
                "keep_prob is the chance to stay, not the chance to be dropped. The two are the same only at 0.5.",
            ),
            (
                lambda A, draws, keep_prob: (draws < keep_prob) / keep_prob,
                "This is the mask alone; multiply the activations by it.",
            ),
        ],
        also_right=[
            lambda A, draws, keep_prob: A * (draws < keep_prob) / keep_prob,
            lambda A, draws, keep_prob: np.where(draws < keep_prob, A / keep_prob, 0.0),
            lambda A, draws, keep_prob: np.multiply(A, (draws < keep_prob).astype(int)) / keep_prob,
            using("keras.ops", lambda ops, A, draws, keep: ops.where(draws < keep, A / keep, ops.zeros_like(A))),
        ],
        hints=["draws < keep_prob is True for the units that stay.", "Multiply A by it, and divide by keep_prob."],
    ),
    Exercise(
        reference=he_init,
        notebook="2-1",
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
        wrong=[
            (
                lambda draws: draws * np.sqrt(1 / draws.shape[1]),
                "This variance, 1/n, is Xavier's. ReLU sets about half of its inputs to 0, so He doubles it.",
            ),
            (
                lambda draws: draws * 2 / draws.shape[1],
                "2/n is the variance. The draws are multiplied by the standard deviation, its square root.",
            ),
            (
                lambda draws: draws * np.sqrt(2 / draws.shape[0]),
                "n is the number of units in the layer before, the columns of W. A sum over them makes each z.",
            ),
            (lambda draws: draws * 0.01, "0.01 suits no layer in particular; the scale depends on n."),
            (lambda draws: draws * np.sqrt(draws.shape[1] / 2), "Upside down: more inputs, smaller weights."),
        ],
        also_right=[
            lambda draws: draws * np.sqrt(2 / draws.shape[1]),
            lambda draws: (2 / len(draws[0])) ** 0.5 * draws,
            lambda draws: np.divide(draws, np.sqrt(draws.shape[1] / 2)),
            using("keras.ops", lambda ops, draws: draws * ops.sqrt(2 / draws.shape[1])),
        ],
        hints=[
            "Multiplying by s makes the variance s² times as large. The draws have variance 1.",
            "n is draws.shape[1]; the factor is np.sqrt(2 / n).",
        ],
    ),
    Exercise(
        reference=gradcheck.gradient_check,
        notebook="2-1",
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
        wrong=[
            (
                lambda cost, parameters, grads, epsilon=1e-7: _check(cost, parameters, grads, epsilon, two_sided=False),
                "This is the slope from one side. (J(θ + ε) − J(θ − ε)) / 2ε is far more exact.",
            ),
            (
                lambda cost, parameters, grads, epsilon=1e-7: _check(
                    cost, parameters, grads, epsilon, over=lambda g, n: 1.0
                ),
                "This is the absolute difference. Divide it by ‖g‖ + ‖g_num‖: what is large depends on the gradients.",
            ),
            (
                lambda cost, parameters, grads, epsilon=1e-7: _check(
                    cost, parameters, grads, epsilon, over=lambda g, n: np.linalg.norm(g + n)
                ),
                "Divide by the sum of the two norms, not by the norm of the sum.",
            ),
            (_check_in_place, "Move a copy of the array: the caller's parameters must stay where they are."),
            (
                lambda cost, parameters, grads, epsilon=1e-7: (
                    _check(cost, {"W1": parameters["W1"]}, grads, epsilon)
                    if "b1" not in parameters
                    else _check(
                        lambda part: cost({**parameters, **part}),
                        {"W1": parameters["W1"]},
                        {"dW1": grads["dW1"]},
                        epsilon,
                    )
                ),
                "The biases are not checked. Go through every parameter.",
            ),
        ],
        rtol=1e-4,
        atol=1e-7,
        also_right=[
            _check_by_hints,
            _check_by_one_vector,
            _check_by_moving_and_moving_back,
        ],
        hints=[
            "For each parameter and each of its numbers: move a copy by +ε and by −ε, ask cost for both.",
            "np.ndindex(value.shape) gives the positions; cost({**parameters, key: moved}) has one array changed.",
            "Collect both gradients in lists; np.linalg.norm of the difference, over the sum of the two norms.",
        ],
    ),
]
