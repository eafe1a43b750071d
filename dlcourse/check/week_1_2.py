"""The exercises of notebook 1-2: logistic regression."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch import logistic
from dlcourse.scratch.activations import sigmoid

import numpy as np

exercise = partial(Exercise, notebook="1-2")

_W, _B = np.array([[0.5], [-1.0]]), 0.2
_X, _Y = np.array([[2.0, 0.0, -1.0], [1.0, 3.0, 0.5]]), np.array([[1.0, 0.0, 1.0]])


def _images(rng):
    shape = rng.integers(1, 5, size=3 + rng.integers(2))
    return (rng.integers(0, 256, size=shape, dtype=np.uint8),)


def _predictions(rng):
    m = rng.integers(1, 9)
    return rng.uniform(0.01, 0.99, size=(1, m)), rng.integers(0, 2, size=(1, m)).astype(float)


def _step(rng):
    w, dw = rng.normal(size=(2, rng.integers(1, 6), 1))
    return w, rng.normal(), {"dw": dw, "db": rng.normal()}, 10 ** rng.uniform(-3, 0)


def _problem(rng):
    n_x, m = rng.integers(1, 6, size=2)
    Y = rng.integers(0, 2, size=(1, m)).astype(float)
    return rng.normal(size=(n_x, 1)), rng.normal(), rng.normal(size=(n_x, m)), Y


EXERCISES = [
    exercise(
        reference=logistic.images_to_columns,
        section="1.2.1",
        cases=[
            (np.array([[[0, 51], [102, 153]], [[204, 255], [0, 51]], [[255, 0], [255, 0]]], dtype=np.uint8),),
            (np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3),),
        ],
        random=_images,
        properties=[(lambda X, images: np.max(X) <= 1, "no value is above 1")],
        slips="""
            (len(images), n_x).T -> (n_x, len(images))
                The shape is right, but a column now mixes pixels of several pictures. reshape fills row by row:
                let each picture become a row first, then transpose.
            .T / 255 -> / 255
                Here each picture is a row. In these notes an example is a column: transpose.
            / 255 ->
                Pixels go up to 255; divide them by 255.
            images.reshape(len(images), n_x).T -> images.T.reshape(n_x, len(images))
                Each picture is unrolled column by column here, as images.T does, and order="F" too. Unroll it row by
                row first, then transpose.
        """,
        hints=[
            "Unroll first: images.reshape(len(images), -1) makes each picture a row.",
            "Then .T makes the rows columns, and / 255 brings the values into [0, 1].",
        ],
    ),
    exercise(
        reference=sigmoid,
        section="1.2.2",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-1.0, 1.0], [0.5, -0.5]]),), (np.array([-1000.0, 1000.0]),)],
        random=lambda rng: (rng.normal(scale=5, size=rng.integers(1, 5, size=2)),),
        properties=[
            (lambda a, z: np.all((a >= 0) & (a <= 1)), "every value lies between 0 and 1"),
            (lambda a, z: np.all(a[z > 0.1] > 0.5), "above one half where z is above 0"),
        ],
        slips="""
            np.where(z >= 0, 1.0, power) / (1.0 + power) -> 1 / (1 + np.exp(z))
                This falls where it should rise: the exponent is −z.
            np.where(z >= 0, 1.0, power) / (1.0 + power) -> 1 / 1 + np.exp(-z)
                1 / 1 + … is computed as (1 / 1) + …: the sum needs brackets.
            np.where(z >= 0, 1.0, power) / (1.0 + power) -> np.tanh(z)
                tanh runs from −1 to 1. The sigmoid runs from 0 to 1.
            np.where(z >= 0, 1.0, power) / (1.0 + power) -> np.exp(z) / (1 + np.exp(z))
                Right for small z. For z = 1000 it divides infinity by infinity; 1 / (1 + exp(−z)) does not.
        """,
        hints=["The formula is 1 / (1 + e⁻ᶻ).", "np.exp works on a whole array at once: 1 / (1 + np.exp(-z))."],
    ),
    exercise(
        reference=logistic.compute_cost,
        name="logistic_cost",
        section="1.2.3",
        cases=[
            (np.array([[0.9, 0.2, 0.6]]), np.array([[1.0, 0.0, 0.0]])),
            (np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]])),
        ],
        random=_predictions,
        properties=[(lambda cost, A, Y: cost >= 0, "a cost is not negative")],
        keepdims="numbers",
        slips="""
            -np.mean -> np.mean
                The logarithm of a probability is negative, so the mean needs one minus sign. The notes print two,
                one in (1.4) and one in (1.5), and two cancel.
            -np.mean -> -np.sum
                This is the sum over the examples; the cost is their mean.
            (Y == 1, A, 1 - A) -> (Y == 1, A, 1.0)
                The examples with y = 0 cost nothing here: the second half is missing, or Y multiplies both halves.
            -np.mean(np.log(of_truth)) -> np.mean((A - Y) ** 2)
                This is the squared error; the formula has logarithms.
            float(-np.mean(np.log(of_truth))) -> -(Y.T @ np.log(A) + (1 - Y).T @ np.log(1 - A)) / A.shape[1]
                A column times a row is a table of m × m numbers: the transpose belongs to the other factor. A row
                times a column, Y @ np.log(A).T, is one number.
            np.log -> np.log2
                np.log2 counts in bits. The logarithm of (1.4) is the natural one, np.log.
            np.log -> np.log10
                np.log10 is to the base 10. The logarithm of (1.4) is the natural one, np.log.
        """,
        hints=[
            "Write the loss of all examples in one line: Y * np.log(A) + (1 - Y) * np.log(1 - A).",
            "Take its mean over the examples, and one minus sign.",
        ],
    ),
    exercise(
        reference=logistic.gradient_step,
        section="1.2.4",
        cases=[(np.array([[1.0], [2.0]]), 0.5, {"dw": np.array([[10.0], [-10.0]]), "db": 4.0}, 0.1)],
        random=_step,
        properties=[
            (
                lambda new, w, b, grads, rate: np.sum((new[0] - w) * grads["dw"]) <= 0,
                "w moves downhill, against its gradient",
            )
        ],
        slips="""
            w - learning_rate -> w + learning_rate
            b - learning_rate -> b + learning_rate
                This climbs. The cost falls in the direction of minus the gradient.
            w - learning_rate * grads -> w - grads
            b - learning_rate * grads -> b - grads
                The learning rate is missing.
            b - learning_rate * grads["db"] -> b
                The bias takes a step too.
            return w - -> w -= learning_rate * grads["dw"]; return w - 0 *
                `w -= …` changes the caller's own array, so the weights before the step are lost.
                Write w = w - …, which makes a new one.
        """,
        hints=[
            "Equation (1.6), once for w and once for b.",
            'w - learning_rate * grads["dw"] is the new w; b goes the same way. Return both.',
        ],
    ),
    exercise(
        reference=logistic.propagate,
        section="1.2.9",
        cases=[(_W, _B, _X, _Y), (np.zeros((2, 1)), 0.0, _X, _Y)],
        random=_problem,
        properties=[(lambda result, *_: result[1] >= 0, "a cost is not negative")],
        keepdims="numbers",
        slips="""
            dZ = A - Y -> dZ = Y - A
                dZ is A − Y, not Y − A.
            np.sum(dZ) / m -> np.sum(dZ)
                db is a mean over the examples: divide it by m too. In the notes' code only dots stand for that.
            dZ.T / m -> dZ.T
            np.sum(dZ) / m -> np.sum(dZ)
                The gradient is the mean over the examples: divide by m.
            dZ = A - Y -> dZ = (A - Y) * A * (1 - A)
                da/dz = a(1 − a) is in it already: it cancels against dL/da, equation (1.8).
            Z = w.T @ X + b -> X, Y = X[:, 1:], Y[:, 1:]; Z = w.T @ X + b
                The first example is left out: Python counts from 0, so the loop is range(m), not range(1, m).
            np.sum(losses) / m -> -np.sum(losses) / m
                The gradient is right. The cost needs one minus sign, not two and not none.
        """,
        hints=[
            "Forward: A = sigmoid(w.T @ X + b), of shape (1, m), and its cost.",
            "Back: dZ = A - Y. Then dw = X @ dZ.T / m has the shape of w, and db = np.sum(dZ) / m is one number.",
            'Return {"dw": dw, "db": db}, cost.',
        ],
    ),
]
