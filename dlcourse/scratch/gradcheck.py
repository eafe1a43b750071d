"""Gradient checking: backpropagation's gradient against the slope of the cost itself (notes, section 2.3.2)."""

from dlcourse.scratch.checks import checked, finite, floats, mapping, one_number, positive

import numpy as np


def _cost_function(name, cost):
    if not callable(cost):
        raise ValueError(f"{name}: expected a function of the dict of parameters, got {cost!r}")
    return lambda parameters: one_number(name, cost(parameters))


def _gradients_fit(arguments):
    parameters, grads = arguments["parameters"], arguments["grads"]
    known = [f"d{key}" for key in parameters]
    if not grads or not set(grads) <= set(known):
        got = ", ".join(map(str, grads)) or "none"
        raise ValueError(f"grads: expected one or more of {', '.join(known)}, got {got}")
    arguments["grads"] = grads = {name: finite(f"grads[{name!r}]", gradient) for name, gradient in grads.items()}
    for name, gradient in grads.items():
        shape = parameters[name[1:]].shape
        if gradient.shape != shape:
            raise ValueError(f"grads[{name!r}]: expected the shape of {name[1:]}, {shape}, got {gradient.shape}")


@checked(_gradients_fit, epsilon=positive, parameters=floats, grads=mapping, cost=_cost_function)
def gradient_check(cost, parameters, grads, epsilon=1e-7):
    """Compare gradients with two-sided finite differences of the cost: ‖g − g_num‖ / (‖g‖ + ‖g_num‖).

    Each number θ of a parameter is moved by ±ε: its slope is (J(θ + ε) − J(θ − ε)) / 2ε. That takes two costs for
    every parameter of the network, so it is for finding mistakes, not for training. The cost must return the same value
    for the same parameters: with dropout, fix the mask. A cost with a corner (ReLU at z = 0) has two slopes there.

    Args:
        cost: Function of the dict of parameters that returns J, a number.
        parameters: `{"W1": array, "b1": array, …}`; left as they are.
        grads: Gradients to check, `{"dW1": array, …}`, or some of them: only their parameters are moved.
        epsilon: ε, above 0.

    Returns the relative difference over all gradients given, a float in [0, 1]. About 1e-7 or less: right. Above 1e-3:
    look for a mistake. Two gradients of zeros agree: 0.
    Raises ValueError if a gradient has no parameter or another shape, or a value or the cost is not finite.
    Exercise in notebook 2-1, section 2.3.2.
    """
    g, g_num = [], []
    for name in grads:
        key = name[1:]  # "dW1" is the gradient of "W1"
        for at in np.ndindex(parameters[key].shape):
            up, down = parameters[key].copy(), parameters[key].copy()
            up[at] += epsilon
            down[at] -= epsilon
            difference = cost({**parameters, key: up}) - cost({**parameters, key: down})
            g_num.append(difference / (2 * epsilon))
            g.append(grads[name][at])
    g, g_num = np.array(g), np.array(g_num)
    total = np.linalg.norm(g) + np.linalg.norm(g_num)
    return float(np.linalg.norm(g - g_num) / total) if total > 0 else 0.0
