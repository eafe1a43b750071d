"""The exercises of notebook 1-2: logistic regression."""

import functools

from dlcourse.check.exercise import Exercise
from dlcourse.check.libraries import using
from dlcourse.scratch import logistic
from dlcourse.scratch.activations import sigmoid

import numpy as np

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


def _step_in_place(w, b, grads, learning_rate):
    w -= learning_rate * grads["dw"]
    return w, b - learning_rate * grads["db"]


def _propagate_with(dz=lambda A, Y: A - Y, over_dw=True, over_db=True, sign=1.0):
    """`propagate` with one thing wrong."""

    def propagate(w, b, X, Y):
        m = X.shape[1]
        A = sigmoid(w.T @ X + b)
        dZ = dz(A, Y)
        cost = -sign * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
        return {"dw": X @ dZ.T / (m if over_dw else 1), "db": np.sum(dZ) / (m if over_db else 1)}, cost

    return propagate


def _propagate_by_a_loop(w, b, X, Y, start=0):
    """Example by example, as in section 1.2.8; right if it begins with the first."""
    m = X.shape[1]
    cost, dw, db = 0.0, np.zeros(w.shape), 0.0
    for i in range(start, m):
        x, y = X[:, i : i + 1], Y[0, i]
        a = sigmoid(w.T @ x + b).item()
        cost -= y * np.log(a) + (1 - y) * np.log(1 - a)
        dw += x * (a - y)
        db += a - y
    return {"dw": dw / m, "db": db / m}, cost / m


def _propagate_by_hints(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(w.T @ X + b)
    cost = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dZ = A - Y
    dw, db = X @ dZ.T / m, np.sum(dZ) / m
    return {"dw": dw, "db": db}, cost


def _propagate_by_tensorflow(tf, w, b, X, Y):
    w, b = tf.Variable(w), tf.Variable(b, dtype=tf.float64)
    with tf.GradientTape() as tape:
        z = tf.matmul(w, X, transpose_a=True) + b
        cost = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(Y, z))
    dw, db = tape.gradient(cost, [w, b])
    return {"dw": dw, "db": db}, cost


EXERCISES = [
    Exercise(
        reference=logistic.images_to_columns,
        notebook="1-2",
        section="1.2.1",
        cases=[
            (np.array([[[0, 51], [102, 153]], [[204, 255], [0, 51]], [[255, 0], [255, 0]]], dtype=np.uint8),),
            (np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3),),
        ],
        random=_images,
        properties=[(lambda X, images: np.max(X) <= 1, "no value is above 1")],
        wrong=[
            (
                lambda images: images.reshape(-1, len(images)) / 255,
                "The shape is right, but a column now mixes pixels of several pictures. reshape fills row by row: "
                "let each picture become a row first, then transpose.",
            ),
            (
                lambda images: images.reshape(len(images), -1) / 255,
                "Here each picture is a row. In these notes an example is a column: transpose.",
            ),
            (lambda images: images.reshape(len(images), -1).T, "Pixels go up to 255; divide them by 255."),
            (
                lambda images: images.T.reshape(-1, len(images)) / 255,
                'Each picture is unrolled column by column here, as images.T does, and order="F" too. Unroll it row by '
                "row first, then transpose.",
            ),
        ],
        also_right=[
            lambda images: images.reshape(len(images), -1).T / 255,
            lambda images: np.stack([image.ravel() for image in images], axis=1) / 255.0,
            lambda images: np.transpose(images.astype(float).reshape(images.shape[0], -1)) / 255,
            using("keras.ops", lambda ops, images: ops.transpose(ops.reshape(images, (len(images), -1))) / 255),
        ],
        hints=[
            "Unroll first: images.reshape(len(images), -1) makes each picture a row.",
            "Then .T makes the rows columns, and / 255 brings the values into [0, 1].",
        ],
    ),
    Exercise(
        reference=sigmoid,
        notebook="1-2",
        section="1.2.2",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-1.0, 1.0], [0.5, -0.5]]),), (np.array([-1000.0, 1000.0]),)],
        random=lambda rng: (rng.normal(scale=5, size=rng.integers(1, 5, size=2)),),
        properties=[
            (lambda a, z: np.all((a >= 0) & (a <= 1)), "every value lies between 0 and 1"),
            (lambda a, z: np.all(a[z > 0.1] > 0.5), "above one half where z is above 0"),
        ],
        wrong=[
            (lambda z: 1 / (1 + np.exp(z)), "This falls where it should rise: the exponent is −z."),
            (lambda z: 1 / 1 + np.exp(-z), "1 / 1 + … is computed as (1 / 1) + …: the sum needs brackets."),
            (np.tanh, "tanh runs from −1 to 1. The sigmoid runs from 0 to 1."),
            (
                lambda z: np.exp(z) / (1 + np.exp(z)),
                "Right for small z. For z = 1000 it divides infinity by infinity; 1 / (1 + exp(−z)) does not.",
            ),
        ],
        also_right=[
            lambda z: 1 / (1 + np.exp(-z)),
            lambda z: (np.tanh(z / 2) + 1) / 2,
            using("scipy.special", lambda special, z: special.expit(z)),
            using("keras.ops", lambda ops, z: ops.sigmoid(z)),
        ],
        hints=["The formula is 1 / (1 + e⁻ᶻ).", "np.exp works on a whole array at once: 1 / (1 + np.exp(-z))."],
    ),
    Exercise(
        reference=logistic.compute_cost,
        name="logistic_cost",
        notebook="1-2",
        section="1.2.3",
        cases=[
            (np.array([[0.9, 0.2, 0.6]]), np.array([[1.0, 0.0, 0.0]])),
            (np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]])),
        ],
        random=_predictions,
        properties=[(lambda cost, A, Y: cost >= 0, "a cost is not negative")],
        keepdims="numbers",
        wrong=[
            (
                lambda A, Y: np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A)),
                "The logarithm of a probability is negative, so the mean needs one minus sign. The notes print two, "
                "one in (1.4) and one in (1.5), and two cancel.",
            ),
            (
                lambda A, Y: -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)),
                "This is the sum over the examples; the cost is their mean.",
            ),
            (
                lambda A, Y: -np.mean(Y * (np.log(A) + (1 - Y) * np.log(1 - A))),
                "The examples with y = 0 cost nothing here: the second half is missing, or Y multiplies both halves.",
            ),
            (lambda A, Y: np.mean((A - Y) ** 2), "This is the squared error; the formula has logarithms."),
            (
                lambda A, Y: -(Y.T @ np.log(A) + (1 - Y).T @ np.log(1 - A)) / A.shape[1],
                "A column times a row is a table of m × m numbers: the transpose belongs to the other factor. A row "
                "times a column, Y @ np.log(A).T, is one number.",
            ),
            (
                lambda A, Y: -np.mean(Y * np.log2(A) + (1 - Y) * np.log2(1 - A)),
                "np.log2 counts in bits. The logarithm of (1.4) is the natural one, np.log.",
            ),
            (
                lambda A, Y: -np.mean(Y * np.log10(A) + (1 - Y) * np.log10(1 - A)),
                "np.log10 is to the base 10. The logarithm of (1.4) is the natural one, np.log.",
            ),
        ],
        also_right=[
            lambda A, Y: -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A)),
            lambda A, Y: -(Y @ np.log(A).T + (1 - Y) @ np.log(1 - A).T) / A.shape[1],
            lambda A, Y: -np.mean(np.log(np.where(Y == 1, A, 1 - A))),
            using("sklearn.metrics", lambda metrics, A, Y: metrics.log_loss(Y[0], A[0], labels=[0, 1])),
            using("keras.ops", lambda ops, A, Y: ops.mean(ops.binary_crossentropy(Y, A))),
        ],
        hints=[
            "Write the loss of all examples in one line: Y * np.log(A) + (1 - Y) * np.log(1 - A).",
            "Take its mean over the examples, and one minus sign.",
        ],
    ),
    Exercise(
        reference=logistic.gradient_step,
        notebook="1-2",
        section="1.2.4",
        cases=[(np.array([[1.0], [2.0]]), 0.5, {"dw": np.array([[10.0], [-10.0]]), "db": 4.0}, 0.1)],
        random=_step,
        properties=[
            (
                lambda new, w, b, grads, rate: np.sum((new[0] - w) * grads["dw"]) <= 0,
                "w moves downhill, against its gradient",
            )
        ],
        wrong=[
            (
                lambda w, b, grads, rate: (w + rate * grads["dw"], b + rate * grads["db"]),
                "This climbs. The cost falls in the direction of minus the gradient.",
            ),
            (lambda w, b, grads, rate: (w - grads["dw"], b - grads["db"]), "The learning rate is missing."),
            (lambda w, b, grads, rate: (w - rate * grads["dw"], b), "The bias takes a step too."),
            (
                _step_in_place,
                "`w -= …` changes the caller's own array, so the weights before the step are lost. "
                "Write w = w - …, which makes a new one.",
            ),
        ],
        also_right=[
            lambda w, b, grads, learning_rate: (w - learning_rate * grads["dw"], b - learning_rate * grads["db"]),
            lambda w, b, grads, learning_rate: [w + -learning_rate * grads["dw"], b + -learning_rate * grads["db"]],
            lambda w, b, grads, rate: tuple(p - rate * grads[key] for p, key in ((w, "dw"), (b, "db"))),
            using(
                "keras.ops",
                lambda ops, w, b, grads, rate: (ops.subtract(w, rate * grads["dw"]), b - rate * grads["db"]),
            ),
        ],
        hints=[
            "Equation (1.6), once for w and once for b.",
            'w - learning_rate * grads["dw"] is the new w; b goes the same way. Return both.',
        ],
    ),
    Exercise(
        reference=logistic.propagate,
        notebook="1-2",
        section="1.2.9",
        cases=[(_W, _B, _X, _Y), (np.zeros((2, 1)), 0.0, _X, _Y)],
        random=_problem,
        properties=[(lambda result, *_: result[1] >= 0, "a cost is not negative")],
        keepdims="numbers",
        wrong=[
            (_propagate_with(dz=lambda A, Y: Y - A), "dZ is A − Y, not Y − A."),
            (
                _propagate_with(over_db=False),
                "db is a mean over the examples: divide it by m too. In the notes' code only dots stand for that.",
            ),
            (_propagate_with(over_dw=False, over_db=False), "The gradient is the mean over the examples: divide by m."),
            (
                _propagate_with(dz=lambda A, Y: (A - Y) * A * (1 - A)),
                "da/dz = a(1 − a) is in it already: it cancels against dL/da, equation (1.8).",
            ),
            (
                functools.partial(_propagate_by_a_loop, start=1),
                "The first example is left out: Python counts from 0, so the loop is range(m), not range(1, m).",
            ),
            (_propagate_with(sign=-1.0), "The gradient is right. The cost needs one minus sign, not two and not none."),
        ],
        also_right=[
            _propagate_by_hints,
            _propagate_by_a_loop,
            using("tensorflow", _propagate_by_tensorflow),
        ],
        hints=[
            "Forward: A = sigmoid(w.T @ X + b), of shape (1, m), and its cost.",
            "Back: dZ = A - Y. Then dw = X @ dZ.T / m has the shape of w, and db = np.sum(dZ) / m is one number.",
            'Return {"dw": dw, "db": db}, cost.',
        ],
    ),
]
