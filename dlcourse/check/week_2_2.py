"""The exercises of notebook 2-2: optimization algorithms."""

from dlcourse.check.exercise import Exercise
from dlcourse.check.libraries import using
from dlcourse.scratch import optimizers

import numpy as np

_W, _DW = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[0.5, -1.0], [0.0, 4.0]])
_V, _S = np.array([[0.2, 0.4], [-0.1, 0.0]]), np.array([[0.3, 2.0], [0.0, 9.0]])
_ZEROS = np.zeros((2, 2))


def _average(rng):
    shape = rng.integers(1, 5, size=rng.integers(1, 3))
    return rng.normal(size=shape), rng.uniform(0.3, 0.99), int(rng.integers(2, 30))


def _weights(rng, averages):
    """Random weights, their gradient, and as many averages; an average of squares is not negative."""
    shape = tuple(rng.integers(1, 5, size=2))
    return [rng.normal(size=shape), rng.normal(size=shape), *(rng.random(shape) for _ in range(averages))]


def _momentum_case(rng):
    return *_weights(rng, 1), 10 ** rng.uniform(-3, 0), rng.uniform(0.5, 0.95)


def _rmsprop_case(rng):
    return *_momentum_case(rng), 10 ** rng.uniform(-3, -1)


def _adam_case(rng):
    settings = 10 ** rng.uniform(-3, 0), rng.uniform(0.5, 0.95), rng.uniform(0.96, 0.999), 10 ** rng.uniform(-3, -1)
    return *_weights(rng, 2), int(rng.integers(1, 20)), *settings


def _momentum_with(average=lambda v, dw, beta: beta * v + (1 - beta) * dw, step=lambda v, dw: v, sign=-1.0, old=False):
    """`momentum_step` with one thing wrong."""

    def momentum(w, dw, v, learning_rate, beta):
        new = average(v, dw, beta)
        return w + sign * learning_rate * step(v if old else new, dw), new

    return momentum


def _rmsprop_with(square=np.square, root=lambda s, epsilon: np.sqrt(s) + epsilon, old=False):
    """`rmsprop_step` with one thing wrong."""

    def rmsprop(w, dw, s, learning_rate, beta, epsilon):
        new = beta * s + (1 - beta) * square(dw)
        return w - learning_rate * dw / root(s if old else new, epsilon), new

    return rmsprop


def _adam_with(
    weights=lambda beta1, beta2: (1 - beta1, 1 - beta2),
    correction=lambda beta1, beta2, t: (1 - beta1**t, 1 - beta2**t),
    root=lambda s, epsilon: np.sqrt(s) + epsilon,
    keep_corrected=False,
):
    """`adam_step` with one thing wrong."""

    def adam(w, dw, v, s, t, learning_rate, beta1, beta2, epsilon):
        of_dw, of_square = weights(beta1, beta2)
        v, s = beta1 * v + of_dw * dw, beta2 * s + of_square * dw**2
        for_v, for_s = correction(beta1, beta2, t)
        step = learning_rate * (v / for_v) / root(s / for_s, epsilon)
        return (w - step, v / for_v, s / for_s) if keep_corrected else (w - step, v, s)

    return adam


def _momentum_by_hints(w, dw, v, learning_rate, beta):
    v = beta * v + (1 - beta) * dw
    return w - learning_rate * v, v


def _momentum_by_a_difference(w, dw, v, learning_rate, beta):
    new = v + (1 - beta) * (dw - v)
    return [w + -learning_rate * new, new]


def _momentum_by_keras(ops, w, dw, v, learning_rate, beta):
    v = ops.convert_to_tensor(v) * beta + (1 - beta) * ops.convert_to_tensor(dw)
    return ops.convert_to_tensor(w) - learning_rate * v, v


def _rmsprop_by_hints(w, dw, s, learning_rate, beta, epsilon):
    s = beta * s + (1 - beta) * dw**2
    return w - learning_rate * dw / (np.sqrt(s) + epsilon), s


def _rmsprop_by_numpy(w, dw, s, learning_rate, beta, epsilon):
    new = np.average([s, np.square(dw)], axis=0, weights=[beta, 1 - beta])
    return w - np.divide(learning_rate * dw, new**0.5 + epsilon), new


def _rmsprop_by_keras(ops, w, dw, s, learning_rate, beta, epsilon):
    s = beta * ops.convert_to_tensor(s) + (1 - beta) * ops.square(dw)
    return w - learning_rate * dw / (ops.sqrt(s) + epsilon), s


def _adam_by_hints(w, dw, v, s, t, learning_rate, beta1, beta2, epsilon):
    v = beta1 * v + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    return w - learning_rate * v / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + epsilon), v, s


def _adam_by_names(w, dw, v, s, t, learning_rate, beta1, beta2, epsilon):
    v_new = (1 - beta1) * dw + beta1 * v
    s_new = (1 - beta2) * np.multiply(dw, dw) + beta2 * s
    v_hat, s_hat = v_new / (1 - np.power(beta1, t)), s_new / (1 - np.power(beta2, t))
    return [w - learning_rate * (v_hat / (np.sqrt(s_hat) + epsilon)), v_new, s_new]


def _adam_by_keras(ops, w, dw, v, s, t, learning_rate, beta1, beta2, epsilon):
    v = beta1 * ops.convert_to_tensor(v) + (1 - beta1) * ops.convert_to_tensor(dw)
    s = beta2 * ops.convert_to_tensor(s) + (1 - beta2) * ops.square(dw)
    return w - learning_rate * (v / (1 - beta1**t)) / (ops.sqrt(s / (1 - beta2**t)) + epsilon), v, s


EXERCISES = [
    Exercise(
        reference=optimizers.bias_corrected,
        name="bias_correction",
        notebook="2-2",
        section="2.4.2",
        cases=[(np.array([0.2]), 0.9, 1), (np.array([1.9, -0.38]), 0.9, 2), (np.array([[3.0], [4.0]]), 0.5, 3)],
        random=_average,
        properties=[(lambda result, v, beta, t: np.all(np.abs(result) >= np.abs(v)), "no average is made smaller")],
        slips=[
            (lambda v, beta, t: v * (1 - beta**t), "This makes the first averages even smaller: divide."),
            (lambda v, beta, t: v / (1 - beta), "This divides by 1 − β in every step. The bias fades with t: 1 − βᵗ."),
            (
                lambda v, beta, t: v / beta**t,
                "βᵗ is the weight that is missing; divide by the weight that is there, 1 − βᵗ.",
            ),
            (
                lambda v, beta, t: v / (1 - beta ** (t + 1)),
                "The first average has t = 1, not t = 0: the power is t itself.",
            ),
            (
                lambda v, beta, t: v / (1 - beta * t),
                "β is raised to the power t, beta**t; here it is multiplied by t.",
            ),
        ],
        also_right=[
            lambda v, beta, t: v / (1 - beta**t),
            lambda v, beta, t: v / sum((1 - beta) * beta**k for k in range(t)),
            lambda v, beta, t: np.divide(v, -np.expm1(t * np.log(beta))),
            using("keras.ops", lambda ops, v, beta, t: v / (1 - ops.power(beta, t))),
        ],
        hints=["After t values the weights add up to 1 − βᵗ.", "Divide v by that sum: v / (1 - beta**t)."],
    ),
    Exercise(
        reference=optimizers.momentum_step,
        name="momentum",
        notebook="2-2",
        section="2.4.3",
        cases=[(_W, _DW, _V, 0.1, 0.9), (_W, _DW, _ZEROS, 1.0, 0.5)],
        random=_momentum_case,
        slips=[
            (
                _momentum_with(lambda v, dw, beta: beta * v + dw),
                "This adds the whole gradient, as Keras does. In the notes the average has (1 − β) in front of dw.",
            ),
            (
                _momentum_with(lambda v, dw, beta: (1 - beta) * v + beta * dw),
                "β is the weight of the past, v; the new gradient gets 1 − β.",
            ),
            (
                _momentum_with(step=lambda v, dw: dw),
                "The average is right, but the step still goes along dw. It goes along v.",
            ),
            (
                _momentum_with(old=True),
                "The step goes along the old average. Make the new one first, then step along it.",
            ),
            (
                lambda *arguments: _momentum_with()(*arguments)[::-1],
                "The right arrays in the wrong order: first w, then v.",
            ),
            (_momentum_with(sign=1.0), "This climbs. A step goes against the averaged gradient: w − αv."),
        ],
        also_right=[
            _momentum_by_hints,
            _momentum_by_a_difference,
            using("keras.ops", _momentum_by_keras),
        ],
        hints=[
            "Two lines: first the new average, then the step along it.",
            "v = beta * v + (1 - beta) * dw, then w - learning_rate * v; return both.",
        ],
    ),
    Exercise(
        reference=optimizers.rmsprop_step,
        name="rmsprop",
        notebook="2-2",
        section="2.4.4",
        cases=[(_W, _DW, _S, 0.1, 0.9, 0.1), (_W, _DW, _ZEROS, 1.0, 0.5, 1e-8)],
        random=_rmsprop_case,
        properties=[(lambda result, *_: np.all(np.isfinite(result[0])), "every weight is a finite number")],
        slips=[
            (
                _rmsprop_with(root=lambda s, epsilon: np.sqrt(s)),
                "Without ε a weight whose gradients were all 0 becomes 0/0. The notes forget it here.",
            ),
            (
                _rmsprop_with(root=lambda s, epsilon: np.sqrt(s + epsilon)),
                "That is Keras' convention, ε inside the root. Here it stands outside: √s + ε.",
            ),
            (
                _rmsprop_with(square=lambda dw: dw),
                "The average is one of squares: dw**2. Of dw itself it may be negative, and has no root.",
            ),
            (
                _rmsprop_with(root=lambda s, epsilon: s + epsilon),
                "s is an average of squares; its root has the unit of the gradient.",
            ),
            (_rmsprop_with(old=True), "The step must divide by the root of the new average, not of the old one."),
        ],
        also_right=[
            _rmsprop_by_hints,
            _rmsprop_by_numpy,
            using("keras.ops", _rmsprop_by_keras),
        ],
        hints=[
            "As momentum, but the average is of dw**2, and the step is dw divided by its root.",
            "s = beta * s + (1 - beta) * dw**2, then w - learning_rate * dw / (np.sqrt(s) + epsilon).",
        ],
    ),
    Exercise(
        reference=optimizers.adam_step,
        name="adam",
        notebook="2-2",
        section="2.4.5",
        cases=[(_W, _DW, _ZEROS, _ZEROS, 1, 0.1, 0.9, 0.999, 0.1), (_W, _DW, _V, _S, 5, 0.5, 0.8, 0.96, 1e-8)],
        random=_adam_case,
        slips=[
            (
                _adam_with(weights=lambda beta1, beta2: (1 - beta1, 1 - beta1)),
                "The new square has the weight 1 − β1 here. Each average needs its own: 1 − β1 for v, 1 − β2 for s.",
            ),
            (
                _adam_with(correction=lambda beta1, beta2, t: (1, 1)),
                "The averages start at 0 and are too small at first: divide v by 1 − β1ᵗ and s by 1 − β2ᵗ.",
            ),
            (
                _adam_with(correction=lambda beta1, beta2, t: (1 - beta1, 1 - beta2)),
                "The correction fades with the steps: it is 1 − βᵗ, with the power t.",
            ),
            (
                _adam_with(correction=lambda beta1, beta2, t: (1 - beta1**t, 1)),
                "v is corrected, s is not: divide s by 1 − β2ᵗ before its root.",
            ),
            (
                _adam_with(correction=lambda beta1, beta2, t: (1, 1 - beta2**t)),
                "s is corrected, v is not: divide v by 1 − β1ᵗ.",
            ),
            (
                _adam_with(correction=lambda beta1, beta2, t: (1 - beta1 * t, 1 - beta2 * t)),
                "β is raised to the power t, beta**t; here it is multiplied by t.",
            ),
            (
                _adam_with(root=lambda s, epsilon: np.sqrt(s + epsilon)),
                "ε stands outside the root: √s + ε.",
            ),
            (
                _adam_with(keep_corrected=True),
                "The step is right. But return v and s without correction: the next step goes on from those.",
            ),
        ],
        also_right=[
            _adam_by_hints,
            _adam_by_names,
            using("keras.ops", _adam_by_keras),
        ],
        hints=[
            "Momentum's average v with β1, RMSprop's average s with β2; then correct the bias of both.",
            "w - learning_rate * v / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + epsilon); return it, v and s.",
        ],
    ),
    Exercise(
        reference=optimizers.inverse_time_decay,
        name="learning_rate_decay",
        notebook="2-2",
        section="2.4.6",
        cases=[(0.2, 0, 1.0), (0.2, 3, 1.0), (0.1, 4, 0.5)],
        random=lambda rng: (10 ** rng.uniform(-3, 0), int(rng.integers(0, 50)), rng.uniform(0.1, 3)),
        properties=[(lambda alpha, learning_rate, *_: alpha <= learning_rate, "α never grows above α0")],
        slips=[
            (
                lambda learning_rate, epoch, decay_rate: 1 / 1 + decay_rate * epoch * learning_rate,
                "1 / 1 + … is computed as (1 / 1) + …: the denominator needs brackets.",
            ),
            (
                lambda learning_rate, epoch, decay_rate: learning_rate / (1 + decay_rate) ** epoch,
                "This falls exponentially. In (2.5) the epoch multiplies the decay rate; it is no power.",
            ),
            (
                lambda learning_rate, epoch, decay_rate: learning_rate / (1 + epoch),
                "The decay rate is missing: it says how fast α falls.",
            ),
            (
                lambda learning_rate, epoch, decay_rate: 1 / (1 + decay_rate * epoch),
                "That is the factor. Multiply it by α0.",
            ),
            (
                lambda learning_rate, epoch, decay_rate: learning_rate / (1 + decay_rate * (epoch + 1)),
                "The first epoch has the number 0 here, and the full learning rate α0: no + 1 on the epoch.",
            ),
        ],
        also_right=[
            lambda learning_rate, epoch, decay_rate: learning_rate / (1 + decay_rate * epoch),
            lambda learning_rate, epoch, decay_rate: 1 / (1 + decay_rate * epoch) * learning_rate,
            lambda learning_rate, epoch, decay_rate: np.reciprocal(1.0 + epoch * decay_rate) * learning_rate,
            using(
                "keras.optimizers",
                lambda optimizers, alpha, epoch, rate: optimizers.schedules.InverseTimeDecay(alpha, 1, rate)(epoch),
            ),
        ],
        hints=["Eq. 2.5, with brackets around the whole denominator.", "learning_rate / (1 + decay_rate * epoch)"],
    ),
]
