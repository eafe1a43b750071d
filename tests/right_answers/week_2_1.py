"""Right answers to the exercises of notebook 2-1, written differently: each must be accepted."""

import numpy as np
from right_answers.libraries import using


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
    """Put all parameters in one vector, as the formula writes θ."""
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


RIGHT = {
    "next_step": [_next_step_by_returns, _next_step_by_gaps, _next_step_the_other_way_round],
    "l2_cost": [_l2_by_hints, _l2_by_norms, using("keras.ops", _l2_by_keras)],
    "inverted_dropout": [
        lambda A, draws, keep_prob: A * (draws < keep_prob) / keep_prob,
        lambda A, draws, keep_prob: np.where(draws < keep_prob, A / keep_prob, 0.0),
        lambda A, draws, keep_prob: np.multiply(A, (draws < keep_prob).astype(int)) / keep_prob,
        using("keras.ops", lambda ops, A, draws, keep: ops.where(draws < keep, A / keep, ops.zeros_like(A))),
    ],
    "he_init": [
        lambda draws: draws * np.sqrt(2 / draws.shape[1]),
        lambda draws: (2 / len(draws[0])) ** 0.5 * draws,
        lambda draws: np.divide(draws, np.sqrt(draws.shape[1] / 2)),
        using("keras.ops", lambda ops, draws: draws * ops.sqrt(2 / draws.shape[1])),
    ],
    "gradient_check": [_check_by_hints, _check_by_one_vector, _check_by_moving_and_moving_back],
}
