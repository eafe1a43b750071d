"""Gradient checking: the slope that backpropagation claims against the slope that the cost shows (section 2.3.2)."""

from dlcourse.scratch.checks import finite, mapping, number

import numpy as np


def gradient_check(cost, parameters, grads, epsilon=1e-7):
    """How far gradients are from two-sided finite differences of the cost: ‖g − g_num‖ / (‖g‖ + ‖g_num‖).

    Each number θ of a parameter is moved by ±ε: its slope is (J(θ + ε) − J(θ − ε)) / 2ε. That takes two costs for
    every parameter of the network, so it is for finding mistakes, not for training. The cost must give the same value
    for the same parameters: with dropout, fix the mask. A cost with a corner (ReLU at z = 0) has two slopes there.

    Args:
        cost: A function of the dict of parameters that returns J, a number.
        parameters: `{"W1": array, "b1": array, …}`; left as they are.
        grads: The gradients to check, `{"dW1": array, …}`, or some of them: only their parameters are moved.
        epsilon: ε, above 0.

    Returns:
        The relative difference over all gradients given, a float in [0, 1]. About 1e-7 or less: right. Above 1e-3: look
        for a mistake. Two gradients of zeros agree: 0.

    Raises:
        ValueError: If a gradient has no parameter or another shape, no gradient is given, a value is not finite, or the
            cost is not a finite number.

    Its idea is taught in notebook 2-1, section 2.3.2.
    """
    epsilon = number("epsilon", epsilon, above=0)
    parameters, grads = mapping("parameters", parameters), mapping("grads", grads)
    if not callable(cost):
        raise ValueError(f"cost: expected a function of the dict of parameters, got {cost!r}")
    parameters = {key: finite(f"parameters[{key!r}]", value) for key, value in parameters.items()}
    given, numerical = [], []
    for name, gradient in _of_parameters(parameters, grads):
        gradient, theta = finite(f"grads[{name!r}]", gradient), parameters[name[1:]]
        if gradient.shape != theta.shape:
            raise ValueError(f"grads[{name!r}]: expected the shape of {name[1:]}, {theta.shape}, got {gradient.shape}")
        given += gradient.ravel().tolist()
        numerical += [_slope(cost, parameters, name[1:], at, epsilon) for at in np.ndindex(theta.shape)]
    given, numerical = np.array(given), np.array(numerical)
    total = np.linalg.norm(given) + np.linalg.norm(numerical)
    return float(np.linalg.norm(given - numerical) / total) if total > 0 else 0.0


def _slope(cost, parameters, key, at, epsilon):
    """∂J by one number of one parameter, from both sides."""
    costs = []
    for step in (epsilon, -epsilon):
        moved = parameters[key].copy()
        moved[at] += step
        J = finite("cost", cost(parameters | {key: moved}))
        if J.size != 1:
            raise ValueError(f"cost: expected a function that returns one number, got shape {J.shape}")
        costs.append(J.item())
    return (costs[0] - costs[1]) / (2 * epsilon)


def _of_parameters(parameters, grads):
    names = {f"d{key}" for key in parameters}
    if not grads or not set(grads) <= names:
        expected, got = ", ".join(f"d{key}" for key in parameters), ", ".join(map(str, grads)) or "none"
        raise ValueError(f"grads: expected one or more of {expected}, got {got}")
    return grads.items()
