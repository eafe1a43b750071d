"""Gradient descent and what improves on it: mini-batches, momentum, RMSprop, Adam, learning-rate decay (section 2.4).

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
    chance,
    checked,
    finite,
    fraction,
    generator,
    mapping,
    not_negative,
    positive,
    same_shape,
    scale,
    whole,
)

import numpy as np


def random_mini_batches(X, Y, size=64, seed=0):
    """Shuffle the examples and deal them out in mini-batches X{1}, X{2}, …: together they are one epoch.

    Args:
        X: Examples, shape (n_x, m).
        Y: Labels, shape (n_y, m); each stays with its example.
        size: Examples in a mini-batch, 1 or more. 1 is stochastic gradient descent; m or more is one batch of all.
        seed: A whole number, or a NumPy random Generator, which goes on from where it is: another order every epoch.

    Returns:
        A list of `(X, Y)`, float64, shapes (n_x, size) and (n_y, size); the last may hold fewer examples.

    Raises:
        ValueError: If `X` and `Y` are not two matrices of as many columns, a value is not finite, or `size` is not a
            whole number above 0.

    Taught in notebook 2-2, section 2.4.1.
    """
    X, Y = finite("X", X), finite("Y", Y)
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"X: expected shape (n_x, m), one example a column, got {X.shape}")
    if Y.ndim != 2 or Y.shape[1] != X.shape[1]:
        raise ValueError(f"Y: expected shape (n_y, {X.shape[1]}), a column for each example, got {Y.shape}")
    size = whole("size", size, least=1)
    order = generator(seed).permutation(X.shape[1])
    X, Y = _columns(X, order), _columns(Y, order)
    return [(X[:, start : start + size], Y[:, start : start + size]) for start in range(0, X.shape[1], size)]


def ewma(values, beta, bias_correction=True):
    """Exponentially weighted moving average: v_t = β v_{t−1} + (1 − β) θ_t from v_0 = 0, about the last 1/(1 − β) days.

    Args:
        values: θ_1, θ_2, … along the first axis, shape (t, …).
        beta: β in [0, 1): the weight of the past.
        bias_correction: Divide v_t by 1 − βᵗ, the sum of the weights so far; without it the first averages are too low.

    Returns:
        float64, the shape of `values`: v_1, v_2, ….

    Raises:
        ValueError: If a value is not finite, there is no value, or β lies outside [0, 1).

    Taught in notebook 2-2, section 2.4.2.
    """
    values, beta = finite("values", values), fraction("beta", beta)
    if values.ndim == 0 or values.size == 0:
        raise ValueError(f"values: expected one value or more along the first axis, got shape {values.shape}")
    averages, v = np.empty_like(values), np.zeros(values.shape[1:])
    for t, theta in enumerate(values, 1):
        v = beta * v + (1 - beta) * theta
        averages[t - 1] = bias_corrected.core(v, beta, t) if bias_correction else v
    return averages


@checked(v=finite, beta=fraction, t=at_least(1))
def bias_corrected(v, beta, t):
    """Divide a moving average that began at 0 by the sum of the weights so far: v_t / (1 − βᵗ).

    Args:
        v: The average v_t, any shape.
        beta: β in [0, 1), the β that the average was made with.
        t: How many values are in it, 1 or more.

    Returns:
        float64, the shape of `v`.

    Raises:
        ValueError: If `v` is not finite, β lies outside [0, 1), or `t` is not a whole number above 0.

    Its idea is taught in notebook 2-2, section 2.4.2.
    """
    return v / (1 - beta**t)


@checked(same_shape("w", "dw", "v"), w=finite, dw=finite, v=finite, learning_rate=positive, beta=fraction)
def momentum_step(w, dw, v, learning_rate, beta=0.9):
    """Take one step of gradient descent with momentum: v := βv + (1 − β)dw and w := w − αv.

    Args:
        w: Weights, any shape; left as they are, as are the others.
        dw: Their gradient ∂J/∂w, the shape of `w`.
        v: The average of the gradients before this one, the shape of `w`; zeros before the first step.
        learning_rate: α, above 0.
        beta: β in [0, 1); 0 is plain gradient descent.

    Returns:
        `(w, v)`: the new weights and the new average.

    Raises:
        ValueError: If the shapes differ, a value is not finite, or a setting is out of its range.

    Its idea is taught in notebook 2-2, section 2.4.3.
    """
    v = beta * v + (1 - beta) * dw
    return w - learning_rate * v, v


@checked(
    same_shape("w", "dw", "s"),
    w=finite,
    dw=finite,
    s=not_negative,
    learning_rate=positive,
    beta=fraction,
    epsilon=positive,
)
def rmsprop_step(w, dw, s, learning_rate, beta=0.9, epsilon=1e-8):
    """Take one step of RMSprop: s := βs + (1 − β)dw² and w := w − α dw / (√s + ε), each weight for itself.

    Args:
        w: Weights, any shape; left as they are, as are the others.
        dw: Their gradient ∂J/∂w, the shape of `w`.
        s: The average of the squared gradients before this one, at least 0, the shape of `w`; zeros before the first.
        learning_rate: α, above 0.
        beta: β in [0, 1).
        epsilon: ε, above 0: keeps a weight whose gradients were all 0 where it is. The notes leave it out.

    Returns:
        `(w, s)`: the new weights and the new average.

    Raises:
        ValueError: If the shapes differ, a value is not finite, `s` is negative, or a setting is out of its range.

    Taught in notebook 2-2, section 2.4.4.
    """
    s = beta * s + (1 - beta) * dw**2
    return w - learning_rate * dw / (np.sqrt(s) + epsilon), s


@checked(
    same_shape("w", "dw", "v", "s"),
    **{"w": finite, "dw": finite, "v": finite, "s": not_negative, "t": at_least(1)},
    **{"learning_rate": positive, "beta1": fraction, "beta2": fraction, "epsilon": positive},
)
def adam_step(w, dw, v, s, t, learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Take one step of Adam: momentum's average over RMSprop's root, the bias of both corrected.

    Args:
        w: Weights, any shape; left as they are, as are the others.
        dw: Their gradient ∂J/∂w, the shape of `w`.
        v: The average of the gradients before this one (first moment), the shape of `w`; zeros before the first step.
        s: The average of their squares (second moment), at least 0, the shape of `w`; zeros before the first step.
        t: The number of this step, 1 for the first.
        learning_rate: α, above 0.
        beta1, beta2: β1 of the first moment and β2 of the second, both in [0, 1).
        epsilon: ε, above 0.

    Returns:
        `(w, v, s)`: the new weights and the new averages, without bias correction.

    Raises:
        ValueError: If the shapes differ, a value is not finite, `s` is negative, or a setting is out of its range.

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
        """The parameters after one step.

        Args:
            parameters: The weights by name, `{"W1": array, "b1": array, …}`; left as they are.
            grads: Their gradients, `{"dW1": array, "db1": array, …}`. A parameter without one is carried over.

        Returns:
            A new dict with the keys of `parameters`.

        Raises:
            ValueError: If a gradient has no parameter or another shape, a value is not finite, or a setting was changed
                to one out of its range.
        """
        learning_rate = positive("learning_rate", self.learning_rate)
        moved = {key: w - learning_rate * dw for key, w, dw in _pairs(parameters, grads)}
        return parameters | moved


class Momentum:
    """Gradient descent with momentum: `momentum_step` on every parameter that has a gradient.

    Args:
        learning_rate: α, above 0; the attribute may be changed between updates.
        beta: β in [0, 1).

    Attributes:
        v: The average of the gradients of each parameter, by the parameter's name; empty before the first update.

    Taught in notebook 2-2, section 2.4.5.
    """

    def __init__(self, learning_rate, beta=0.9):
        self.learning_rate = positive("learning_rate", learning_rate)
        self.beta = fraction("beta", beta)
        self.v = {}

    def update(self, parameters, grads):
        """The parameters after one step; as `GradientDescent.update`."""
        learning_rate = positive("learning_rate", self.learning_rate)
        updated, averages = dict(mapping("parameters", parameters)), dict(self.v)
        for key, w, dw in _pairs(parameters, grads):
            v = self.v[key] if key in self.v else np.zeros(w.shape)
            updated[key], averages[key] = momentum_step.core(w, dw, v, learning_rate, self.beta)
        self.v = averages  # only now: an update that failed has changed nothing
        return updated


class RMSprop:
    """RMSprop: `rmsprop_step` on every parameter that has a gradient.

    Args:
        learning_rate: α, above 0; the attribute may be changed between updates.
        beta: β in [0, 1).
        epsilon: ε, above 0.

    Attributes:
        s: The average of the squared gradients of each parameter, by its name; empty before the first update.

    Taught in notebook 2-2, section 2.4.4.
    """

    def __init__(self, learning_rate, beta=0.9, epsilon=1e-8):
        self.learning_rate = positive("learning_rate", learning_rate)
        self.beta, self.epsilon = fraction("beta", beta), positive("epsilon", epsilon)
        self.s = {}

    def update(self, parameters, grads):
        """The parameters after one step; as `GradientDescent.update`."""
        learning_rate = positive("learning_rate", self.learning_rate)
        updated, averages = dict(mapping("parameters", parameters)), dict(self.s)
        for key, w, dw in _pairs(parameters, grads):
            s = self.s[key] if key in self.s else np.zeros(w.shape)
            updated[key], averages[key] = rmsprop_step.core(w, dw, s, learning_rate, self.beta, self.epsilon)
        self.s = averages
        return updated


class Adam:
    """Adam: `adam_step` on every parameter that has a gradient.

    Args:
        learning_rate: α, above 0; the attribute may be changed between updates.
        beta1, beta2: β1 of the first moment and β2 of the second, both in [0, 1).
        epsilon: ε, above 0.

    Attributes:
        t: How many updates were made.
        v, s: The two averages of each parameter, without bias correction, by its name; empty before the first update.

    Taught in notebook 2-2, section 2.4.5.
    """

    def __init__(self, learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.learning_rate = positive("learning_rate", learning_rate)
        self.beta1, self.beta2, self.epsilon = (
            fraction("beta1", beta1),
            fraction("beta2", beta2),
            positive("epsilon", epsilon),
        )
        self.t, self.v, self.s = 0, {}, {}

    def update(self, parameters, grads):
        """The parameters after one step; as `GradientDescent.update`."""
        updated, first, second = dict(mapping("parameters", parameters)), dict(self.v), dict(self.s)
        settings = self.t + 1, positive("learning_rate", self.learning_rate), self.beta1, self.beta2, self.epsilon
        for key, w, dw in _pairs(parameters, grads):
            v, s = (self.v[key], self.s[key]) if key in self.v else np.zeros((2, *w.shape))
            updated[key], first[key], second[key] = adam_step.core(w, dw, v, s, *settings)
        self.t, self.v, self.s = self.t + 1, first, second
        return updated


@checked(learning_rate=positive, epoch=not_negative, decay_rate=scale)
def inverse_time_decay(learning_rate, epoch, decay_rate=1.0):
    """α = α0 / (1 + decay_rate · epoch).

    Args:
        learning_rate: α0, above 0.
        epoch: The number of the epoch, 0 or more, or an array of them.
        decay_rate: 0 or more; 1 halves α0 after the first epoch.

    Returns:
        α, above 0, the shape of `epoch`.

    Raises:
        ValueError: If a value is out of its range.

    Taught in notebook 2-2, section 2.4.6; notes, eq. 2.5.
    """
    return learning_rate / (1 + decay_rate * epoch)


@checked(learning_rate=positive, epoch=not_negative, rate=chance)
def exponential_decay(learning_rate, epoch, rate=0.95):
    """α = α0 · rateᵉᵖᵒᶜʰ.

    Args:
        learning_rate: α0, above 0.
        epoch: The number of the epoch, 0 or more, or an array of them.
        rate: Above 0 and at most 1: what an epoch leaves of α.

    Returns:
        α, the shape of `epoch`.

    Raises:
        ValueError: If a value is out of its range.

    Taught in notebook 2-2, section 2.4.6.
    """
    return learning_rate * rate**epoch


@checked(learning_rate=positive, epoch=not_negative, factor=chance, every=at_least(1))
def step_decay(learning_rate, epoch, factor=0.5, every=10):
    """α = α0 · factor^⌊epoch / every⌋: constant, then multiplied by the factor after every so many epochs.

    Args:
        learning_rate: α0, above 0.
        epoch: The number of the epoch, 0 or more, or an array of them.
        factor: Above 0 and at most 1.
        every: Epochs between two drops, 1 or more.

    Returns:
        α, the shape of `epoch`.

    Raises:
        ValueError: If a value is out of its range.

    Taught in notebook 2-2, section 2.4.6.
    """
    return learning_rate * factor ** (epoch // every)


def _columns(A, order):
    """A[:, order], two to three times as fast: copied along the memory, whichever way A lies in it."""
    return np.take(A, order, axis=1) if A.flags.c_contiguous else np.take(A.T, order, axis=0).T


def _pairs(parameters, grads):
    """Each parameter that has a gradient: its name, its value, the gradient."""
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
