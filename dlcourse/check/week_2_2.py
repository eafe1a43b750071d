"""The exercises of notebook 2-2: optimization algorithms."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch import optimizers

import numpy as np

exercise = partial(Exercise, notebook="2-2")

_W, _DW = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[0.5, -1.0], [0.0, 4.0]])
_V, _S = np.array([[0.2, 0.4], [-0.1, 0.0]]), np.array([[0.3, 2.0], [0.0, 9.0]])
_ZEROS = np.zeros((2, 2))


def _average(rng):
    shape = rng.integers(1, 5, size=rng.integers(1, 3))
    return rng.normal(size=shape), rng.uniform(0.3, 0.99), int(rng.integers(2, 30))


def _weights(rng, averages):
    """Draw weights, their gradient, and as many averages; an average of squares is not negative."""
    shape = tuple(rng.integers(1, 5, size=2))
    return [rng.normal(size=shape), rng.normal(size=shape), *(rng.random(shape) for _ in range(averages))]


def _momentum(rng):
    return *_weights(rng, 1), 10 ** rng.uniform(-3, 0), rng.uniform(0.5, 0.95)


def _rmsprop(rng):
    return *_momentum(rng), 10 ** rng.uniform(-3, -1)


def _adam(rng):
    settings = 10 ** rng.uniform(-3, 0), rng.uniform(0.5, 0.95), rng.uniform(0.96, 0.999), 10 ** rng.uniform(-3, -1)
    return *_weights(rng, 2), int(rng.integers(1, 20)), *settings


EXERCISES = [
    exercise(
        reference=optimizers.bias_corrected,
        name="bias_correction",
        section="2.4.2",
        cases=[(np.array([0.2]), 0.9, 1), (np.array([1.9, -0.38]), 0.9, 2), (np.array([[3.0], [4.0]]), 0.5, 3)],
        random=_average,
        properties=[(lambda result, v, beta, t: np.all(np.abs(result) >= np.abs(v)), "no average is made smaller")],
        slips="""
            v / (1 - beta**t) -> v * (1 - beta**t)
                This makes the first averages even smaller: divide.
            1 - beta**t -> 1 - beta
                This divides by 1 − β in every step. The bias fades with t: 1 − βᵗ.
            (1 - beta**t) -> beta**t
                βᵗ is the weight that is missing; divide by the weight that is there, 1 − βᵗ.
            beta**t -> beta ** (t + 1)
                The first average has t = 1, not t = 0: the power is t itself.
            beta**t -> beta * t
                β is raised to the power t, beta**t; here it is multiplied by t.
        """,
        hints=["After t values the weights add up to 1 − βᵗ.", "Divide v by that sum: v / (1 - beta**t)."],
    ),
    exercise(
        reference=optimizers.momentum_step,
        name="momentum",
        section="2.4.3",
        cases=[(_W, _DW, _V, 0.1, 0.9), (_W, _DW, _ZEROS, 1.0, 0.5)],
        random=_momentum,
        slips="""
            (1 - beta) * dw -> dw
                This adds the whole gradient, as Keras does. In the notes the average has (1 − β) in front of dw.
            beta * v + (1 - beta) * dw -> (1 - beta) * v + beta * dw
                β is the weight of the past, v; the new gradient gets 1 − β.
            learning_rate * v -> learning_rate * dw
                The average is right, but the step still goes along dw. It goes along v.
            v = beta * v + -> old, v = v, beta * v +
            learning_rate * v -> learning_rate * old
                The step goes along the old average. Make the new one first, then step along it.
            return w - learning_rate * v, v -> return v, w - learning_rate * v
                The right arrays in the wrong order: first w, then v.
            w - -> w +
                This climbs. A step goes against the averaged gradient: w − αv.
        """,
        hints=[
            "Two lines: first the new average, then the step along it.",
            "v = beta * v + (1 - beta) * dw, then w - learning_rate * v; return both.",
        ],
    ),
    exercise(
        reference=optimizers.rmsprop_step,
        name="rmsprop",
        section="2.4.4",
        cases=[(_W, _DW, _S, 0.1, 0.9, 0.1), (_W, _DW, _ZEROS, 1.0, 0.5, 1e-8)],
        random=_rmsprop,
        properties=[(lambda result, *_: np.all(np.isfinite(result[0])), "every weight is a finite number")],
        slips="""
            np.sqrt(s) + epsilon -> np.sqrt(s)
                Without ε a weight whose gradients were all 0 becomes 0/0. The notes forget it here.
            np.sqrt(s) + epsilon -> np.sqrt(s + epsilon)
                That is Keras' convention, ε inside the root. Here it stands outside: √s + ε.
            dw**2 -> dw
                The average is one of squares: dw**2. Of dw itself it may be negative, and has no root.
            np.sqrt(s) -> s
                s is an average of squares; its root has the unit of the gradient.
            s = beta * s + -> old, s = s, beta * s +
            np.sqrt(s) -> np.sqrt(old)
                The step must divide by the root of the new average, not of the old one.
        """,
        hints=[
            "As momentum, but the average is of dw**2, and the step is dw divided by its root.",
            "s = beta * s + (1 - beta) * dw**2, then w - learning_rate * dw / (np.sqrt(s) + epsilon).",
        ],
    ),
    exercise(
        reference=optimizers.adam_step,
        name="adam",
        section="2.4.5",
        cases=[(_W, _DW, _ZEROS, _ZEROS, 1, 0.1, 0.9, 0.999, 0.1), (_W, _DW, _V, _S, 5, 0.5, 0.8, 0.96, 1e-8)],
        random=_adam,
        slips="""
            1 - beta2) * dw -> 1 - beta1) * dw
                The new square has the weight 1 − β1 here. Each average needs its own: 1 − β1 for v, 1 − β2 for s.
            v / (1 - beta1**t), s / (1 - beta2**t) -> v, s
                The averages start at 0 and are too small at first: divide v by 1 − β1ᵗ and s by 1 − β2ᵗ.
            beta1**t -> beta1
            beta2**t -> beta2
                The correction fades with the steps: it is 1 − βᵗ, with the power t.
            s / (1 - beta2**t) -> s
                v is corrected, s is not: divide s by 1 − β2ᵗ before its root.
            v / (1 - beta1**t) -> v
                s is corrected, v is not: divide v by 1 − β1ᵗ.
            beta1**t -> beta1 * t
            beta2**t -> beta2 * t
                β is raised to the power t, beta**t; here it is multiplied by t.
            np.sqrt(s_corrected) + epsilon -> np.sqrt(s_corrected + epsilon)
                ε stands outside the root: √s + ε.
            epsilon), v, s -> epsilon), v_corrected, s_corrected
                The step is right. But return v and s without correction: the next step goes on from those.
        """,
        hints=[
            "Momentum's average v with β1, RMSprop's average s with β2; then correct the bias of both.",
            "w - learning_rate * v / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + epsilon); return it, v and s.",
        ],
    ),
    exercise(
        reference=optimizers.inverse_time_decay,
        name="learning_rate_decay",
        section="2.4.6",
        cases=[(0.2, 0, 1.0), (0.2, 3, 1.0), (0.1, 4, 0.5)],
        random=lambda rng: (10 ** rng.uniform(-3, 0), int(rng.integers(0, 50)), rng.uniform(0.1, 3)),
        properties=[(lambda alpha, learning_rate, *_: alpha <= learning_rate, "α never grows above α0")],
        slips="""
            learning_rate / (1 + decay_rate * epoch) -> 1 / 1 + decay_rate * epoch * learning_rate
                1 / 1 + … is computed as (1 / 1) + …: the denominator needs brackets.
            (1 + decay_rate * epoch) -> (1 + decay_rate) ** epoch
                This falls exponentially. In (2.5) the epoch multiplies the decay rate; it is no power.
            decay_rate * epoch -> epoch
                The decay rate is missing: it says how fast α falls.
            learning_rate / -> 1 /
                That is the factor. Multiply it by α0.
            * epoch -> * (epoch + 1)
                The first epoch has the number 0 here, and the full learning rate α0: no + 1 on the epoch.
        """,
        hints=["Eq. 2.5, with brackets around the whole denominator.", "learning_rate / (1 + decay_rate * epoch)"],
    ),
]
