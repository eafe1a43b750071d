"""Gradient descent and what improves on it: mini-batches, momentum, RMSprop, Adam (notes, section 2.4).

Momentum follows Polyak (1964), RMSprop the lecture of Tieleman and Hinton (2012), Adam Kingma and Ba (2014,
arXiv:1412.6980). Each optimizer has a `…_step` for one array of weights, and a class that takes the dicts of a whole
network. Conventions used here (others exist):

- Every average is β · average + (1 − β) · new, with its (1 − β). Keras' SGD(momentum=β) leaves (1 − β) out: its
  learning rate is our α(1 − β).
- ε stands outside the square root, as in the notes' Adam: √s + ε. Keras' RMSprop has √(s + ε). Keras' Adam adds its
  epsilon to √s before the bias of s is corrected: there it must be our ε·√(1 − β2ᵗ), in step t, for the same result.
- Adam corrects the bias of both averages; momentum and RMSprop correct none. The first step is t = 1.

Errata of the notes, corrected here: their RMSprop divides by √S without ε, which is 0/0 where every gradient so far was
0; their Adam writes (1 − β) where (1 − β1) and (1 − β2) are meant, and calls the same average S and s.
"""

from dlcourse.scratch.checks import (
    at_least,
    checked,
    finite,
    fraction,
    generator,
    mapping,
    not_negative,
    positive,
    same_shape,
    shapes,
)
from dlcourse.scratch.schedules import exponential_decay, inverse_time_decay, step_decay  # noqa: F401

import numpy as np


@checked(shapes(X="n_x m", Y="n_y m"), size=at_least(1))
def random_mini_batches(X, Y, size=64, seed=0):
    """Shuffle the examples and deal them out in mini-batches X{1}, X{2}, …: together they are one epoch.

    Args:
        X: Examples, shape (n_x, m).
        Y: Labels, shape (n_y, m); each stays with its example.
        size: Examples in a mini-batch, 1 or more. 1 is stochastic gradient descent; m or more is one batch of all.
        seed: A whole number, or a NumPy random Generator, which goes on from where it is: another order every epoch.

    Returns a list of `(X, Y)`, float64, shapes (n_x, size) and (n_y, size); the last may hold fewer examples.
    Raises ValueError if `X` and `Y` are not two matrices of as many columns, or a value is not finite.
    Taught in notebook 2-2, section 2.4.1.
    """
    m = X.shape[1]
    order = generator(seed).permutation(m)
    X, Y = _columns(X, order), _columns(Y, order)
    return [(X[:, start : start + size], Y[:, start : start + size]) for start in range(0, m, size)]


def _some(arguments):
    values = arguments["values"]
    if values.ndim == 0 or values.size == 0:
        raise ValueError(f"values: expected one value or more along the first axis, got shape {values.shape}")


@checked(_some, values=finite, beta=fraction)
def ewma(values, beta, bias_correction=True):
    """Average with exponential weights: v_t = β v_{t−1} + (1 − β) θ_t from v_0 = 0, about the last 1/(1 − β) days.

    Args:
        values: θ_1, θ_2, … along the first axis, shape (t, …).
        beta: β in [0, 1): the weight of the past.
        bias_correction: Whether v_t is divided by 1 − βᵗ, the sum of the weights so far; else v_1, … are too low.

    Returns float64, the shape of `values`: v_1, v_2, ….
    Raises ValueError if a value is not finite, there is no value, or β lies outside [0, 1).
    Taught in notebook 2-2, section 2.4.2.
    """
    averages, v = np.empty_like(values), np.zeros(values.shape[1:])
    for t, theta in enumerate(values, 1):
        v = beta * v + (1 - beta) * theta
        averages[t - 1] = bias_corrected.core(v, beta, t) if bias_correction else v
    return averages


@checked(v=finite, beta=fraction, t=at_least(1))
def bias_corrected(v, beta, t):
    """Divide a moving average that began at 0 by the sum of the weights so far: v_t / (1 − βᵗ).

    Args:
        v: Average v_t, any shape.
        beta: β in [0, 1) that the average was made with.
        t: Number of values in it, 1 or more.

    Raises ValueError if `v` is not finite, β lies outside [0, 1), or `t` is not a whole number above 0.
    Its idea is taught in notebook 2-2, section 2.4.2.
    """
    return v / (1 - beta**t)


@checked(same_shape("w", "dw", "v"), learning_rate=positive, beta=fraction)
def momentum_step(w, dw, v, learning_rate, beta=0.9):
    """Take one step of gradient descent with momentum: v := βv + (1 − β)dw and w := w − αv.

    Args:
        w, dw, v: Weights, their gradient ∂J/∂w, and the average of the gradients before this one (zeros before the
            first step), all of one shape; left as they are.
        learning_rate: α, above 0.
        beta: β in [0, 1); 0 is plain gradient descent.

    Returns `(w, v)`: the new weights and the new average.
    Raises ValueError if the shapes differ, a value is not finite, or a setting is out of its range.
    Its idea is taught in notebook 2-2, section 2.4.3.
    """
    v = beta * v + (1 - beta) * dw
    return w - learning_rate * v, v


@checked(same_shape("w", "dw", "s"), s=not_negative, learning_rate=positive, beta=fraction, epsilon=positive)
def rmsprop_step(w, dw, s, learning_rate, beta=0.9, epsilon=1e-8):
    """Take one step of RMSprop: s := βs + (1 − β)dw² and w := w − α dw / (√s + ε), each weight for itself.

    Args:
        w, dw, s: Weights, their gradient ∂J/∂w, and the average of the squared gradients before this one (zeros before
            the first step), all of one shape; left as they are.
        learning_rate: α, above 0.
        beta: β in [0, 1).
        epsilon: ε, above 0: keeps a weight whose gradients were all 0 where it is. The notes leave it out.

    Returns `(w, s)`: the new weights and the new average.
    Raises ValueError if the shapes differ, a value is not finite, `s` is negative, or a setting is out of its range.
    Taught in notebook 2-2, section 2.4.4.
    """
    s = beta * s + (1 - beta) * dw**2
    return w - learning_rate * dw / (np.sqrt(s) + epsilon), s


@checked(
    same_shape("w", "dw", "v", "s"),
    **{"s": not_negative, "t": at_least(1)},
    **{"learning_rate": positive, "beta1": fraction, "beta2": fraction, "epsilon": positive},
)
def adam_step(w, dw, v, s, t, learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Take one step of Adam: momentum's average over RMSprop's root, the bias of both corrected.

    Args:
        w, dw, v, s: Weights, their gradient ∂J/∂w, and the averages of the gradients before this one (first moment) and
            of their squares (second moment), zeros before the first step; all of one shape; left as they are.
        t: Number of this step, 1 for the first.
        learning_rate: α, above 0.
        beta1, beta2: β1 of the first moment and β2 of the second, both in [0, 1).
        epsilon: ε, above 0.

    Returns `(w, v, s)`: the new weights and the new averages, without bias correction.
    Raises ValueError if the shapes differ, a value is not finite, `s` is negative, or a setting is out of its range.
    Its idea is taught in notebook 2-2, section 2.4.5.
    """
    v = beta1 * v + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    v_corrected, s_corrected = v / (1 - beta1**t), s / (1 - beta2**t)
    return w - learning_rate * v_corrected / (np.sqrt(s_corrected) + epsilon), v, s


class GradientDescent:
    """Plain gradient descent: w := w − α dw.

    Args:
        learning_rate: α, above 0; the attribute may be changed between updates.

    Taught in notebook 2-2, section 2.4.1; notes, eq. 1.6.
    """

    def __init__(self, learning_rate):
        self.learning_rate = positive("learning_rate", learning_rate)

    def update(self, parameters, grads):
        """Take one step; returns a new dict with the keys of `parameters`.

        Args:
            parameters: Weights by name, `{"W1": array, "b1": array, …}`; left as they are.
            grads: Their gradients, `{"dW1": array, "db1": array, …}`. A parameter without one is carried over.

        Raises ValueError if a gradient has no parameter or another shape, or a value is not finite.
        """
        learning_rate = positive("learning_rate", self.learning_rate)
        moved = {key: w - learning_rate * dw for key, w, dw in _pairs(parameters, grads)}
        return parameters | moved


class Momentum:
    """Gradient descent with momentum: `momentum_step` on every parameter that has a gradient.

    Args:
        learning_rate: As for `GradientDescent`.
        beta: As for `momentum_step`.

    The attribute `v` holds the average of the gradients of each parameter, by the parameter's name.

    Taught in notebook 2-2, section 2.4.5.
    """

    def __init__(self, learning_rate, beta=0.9):
        self.learning_rate, self.beta = positive("learning_rate", learning_rate), fraction("beta", beta)
        self.v = {}

    def update(self, parameters, grads):
        """Take one step; as `GradientDescent.update`."""
        updated, averages = dict(mapping("parameters", parameters)), dict(self.v)
        settings = positive("learning_rate", self.learning_rate), self.beta
        for key, w, dw in _pairs(parameters, grads):
            v = self.v[key] if key in self.v else np.zeros(w.shape)
            updated[key], averages[key] = momentum_step.core(w, dw, v, *settings)
        self.v = averages  # only now: an update that failed has changed nothing
        return updated


class RMSprop:
    """RMSprop: `rmsprop_step` on every parameter that has a gradient.

    Args:
        learning_rate: As for `GradientDescent`.
        beta, epsilon: As for `rmsprop_step`.

    The attribute `s` holds the average of the squared gradients of each parameter, by its name.

    Taught in notebook 2-2, section 2.4.4.
    """

    def __init__(self, learning_rate, beta=0.9, epsilon=1e-8):
        self.learning_rate = positive("learning_rate", learning_rate)
        self.beta, self.epsilon = fraction("beta", beta), positive("epsilon", epsilon)
        self.s = {}

    def update(self, parameters, grads):
        """Take one step; as `GradientDescent.update`."""
        updated, averages = dict(mapping("parameters", parameters)), dict(self.s)
        settings = positive("learning_rate", self.learning_rate), self.beta, self.epsilon
        for key, w, dw in _pairs(parameters, grads):
            s = self.s[key] if key in self.s else np.zeros(w.shape)
            updated[key], averages[key] = rmsprop_step.core(w, dw, s, *settings)
        self.s = averages
        return updated


class Adam:
    """Adam: `adam_step` on every parameter that has a gradient.

    Args:
        learning_rate: As for `GradientDescent`.
        beta1, beta2, epsilon: As for `adam_step`.

    The attributes `v` and `s` hold the two averages of each parameter, by its name; `t` counts the updates.

    Taught in notebook 2-2, section 2.4.5.
    """

    def __init__(self, learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.learning_rate, self.epsilon = positive("learning_rate", learning_rate), positive("epsilon", epsilon)
        self.beta1, self.beta2 = fraction("beta1", beta1), fraction("beta2", beta2)
        self.t, self.v, self.s = 0, {}, {}

    def update(self, parameters, grads):
        """Take one step; as `GradientDescent.update`."""
        updated, first, second = dict(mapping("parameters", parameters)), dict(self.v), dict(self.s)
        settings = self.t + 1, positive("learning_rate", self.learning_rate), self.beta1, self.beta2, self.epsilon
        for key, w, dw in _pairs(parameters, grads):
            v, s = (self.v[key], self.s[key]) if key in self.v else np.zeros((2, *w.shape))
            updated[key], first[key], second[key] = adam_step.core(w, dw, v, s, *settings)
        self.t, self.v, self.s = self.t + 1, first, second
        return updated


def _columns(A, order):
    """Return A[:, order], two to three times as fast: copied along the memory, whichever way A lies in it."""
    return np.take(A, order, axis=1) if A.flags.c_contiguous else np.take(A.T, order, axis=0).T


def _pairs(parameters, grads):
    """Return each parameter that has a gradient: its name, its value, the gradient."""
    parameters, pairs = mapping("parameters", parameters), []
    for name in mapping("grads", grads):
        key = str(name).removeprefix("d")
        if not str(name).startswith("d") or key not in parameters:
            known = ", ".join(f"d{key}" for key in parameters)
            raise ValueError(f"grads: expected gradients among {known}, got {name!r}")
        w = finite(f"parameters[{key!r}]", parameters[key])
        dw = finite(f"grads[{name!r}]", grads[name])
        if dw.shape != w.shape:
            raise ValueError(f"grads[{name!r}]: expected the shape of {key}, {w.shape}, got {dw.shape}")
        pairs.append((key, w, dw))
    return pairs
