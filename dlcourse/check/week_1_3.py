"""The exercises of notebook 1-3: activations, and a network with one hidden layer, forward and back."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.scratch import activations
from dlcourse.scratch.activations import sigmoid

import numpy as np

exercise = partial(Exercise, notebook="1-3")

_EXAMPLES = (
    np.array([[1.0, -0.5, 0.0], [2.0, 1.0, -1.5]]),
    np.array([[0.5, -1.0], [1.0, 0.25], [-2.0, 1.0]]),
    np.array([[0.1], [-0.3], [0.0]]),
    np.array([[1.0, -2.0, 0.5]]),
    np.array([[0.2]]),
)


def forward_one_hidden(X, W1, b1, W2, b2):
    """Compute all examples through one hidden layer of tanh units and one sigmoid unit.

    Args:
        X: Examples, shape (n_x, m).
        W1, b1: Weights and bias of the hidden layer, shapes (n1, n_x) and (n1, 1).
        W2, b2: Weights and bias of the output unit, shapes (1, n1) and (1, 1).

    Returns:
        `(A1, A2)`: the hidden units' activations, shape (n1, m), and the probabilities of y = 1, shape (1, m).

    Exercise in notebook 1-3, section 1.3.2.
    """
    A1 = np.tanh(W1 @ X + b1)  # (n1, m)
    A2 = sigmoid(W2 @ A1 + b2)  # (1, m)
    return A1, A2


def backward_one_hidden(X, Y, W2, A1, A2):
    """Compute the gradient of the mean cross-entropy for one hidden layer of tanh units and one sigmoid unit.

    Args:
        X: Examples, shape (n_x, m).
        Y: Labels, shape (1, m), each 0 or 1.
        W2: Weights of the output unit, shape (1, n1).
        A1, A2: Activations of the hidden units, shape (n1, m), and predicted probabilities, shape (1, m).

    Returns:
        A dict of "dW1" (n1, n_x), "db1" (n1, 1), "dW2" (1, n1) and "db2" (1, 1).

    Exercise in notebook 1-3, section 1.3.4.
    """
    m = X.shape[1]
    dZ2 = A2 - Y  # (1, m)
    dZ1 = W2.T @ dZ2 * (1 - A1**2)  # (n1, m): back through W2, then the slope of tanh
    return {
        "dW1": dZ1 @ X.T / m,
        "db1": np.sum(dZ1, axis=1, keepdims=True) / m,
        "dW2": dZ2 @ A1.T / m,
        "db2": np.sum(dZ2, axis=1, keepdims=True) / m,
    }


def _numbers(rng):
    return (rng.normal(scale=2, size=rng.integers(1, 5, size=2)),)


def _network(rng):
    n_x, units, m = rng.integers(2, 6, size=3)
    X, W1, W2 = rng.normal(size=(n_x, m)), rng.normal(size=(units, n_x)), rng.normal(size=(1, units))
    return X, W1, rng.normal(size=(units, 1)), W2, rng.normal(size=(1, 1))


def _passed(X, W1, b1, W2, b2, Y):
    """Return what `backward_one_hidden` is given after a pass forward."""
    A1, A2 = forward_one_hidden(X, W1, b1, W2, b2)
    return X, Y, W2, A1, A2


def _passed_at_random(rng):
    arguments = _network(rng)
    return _passed(*arguments, rng.integers(0, 2, size=(1, arguments[0].shape[1])).astype(float))


EXERCISES = [
    exercise(
        reference=forward_one_hidden,
        section="1.3.2",
        cases=[_EXAMPLES, (np.zeros((2, 1)), *_EXAMPLES[1:])],
        random=_network,
        properties=[(lambda result, *_: np.all((result[1] >= 0) & (result[1] <= 1)), "A2 holds probabilities")],
        slips="""
            sigmoid(W2 @ A1 + b2) -> W2 @ A1 + b2
                A2 is a probability: the output unit needs its sigmoid.
            np.tanh -> sigmoid
                Here the hidden units are tanh units; the sigmoid is for the output.
            np.tanh(W1 @ X + b1) -> W1 @ X + b1
                The hidden layer has no activation: without tanh the whole net is logistic regression.
            W1 @ X + b1 -> W1 @ X
            W2 @ A1 + b2 -> W2 @ A1
                A bias is missing. It is a column, and NumPy adds it to every example.
            return A1, A2 -> return A2, A1
                The right arrays in the wrong order: first A1, then A2.
        """,
        hints=[
            "One line for each layer: A1 from X, W1 and b1, then A2 from A1, W2 and b2.",
            "A1 = np.tanh(W1 @ X + b1) takes all examples at once.",
            "A2 = activations.sigmoid(W2 @ A1 + b2); return A1, A2.",
        ],
    ),
    exercise(
        reference=activations.sigmoid_derivative,
        section="1.3.3",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-1.0, 1.0], [0.5, -0.5]]),)],
        random=_numbers,
        properties=[
            (lambda slope, z: np.all(slope <= 0.25 + 1e-12), "no slope is above 1/4"),
            (lambda slope, z: np.all(slope > 0), "every slope is above 0"),
        ],
        slips="""
            sigmoid.core(z) * sigmoid.core(-z) -> z * (1 - z)
                The rule a(1 − a) is about the activation a = σ(z), not about z itself.
            * sigmoid.core(-z) ->
                This is the sigmoid itself; its slope is wanted.
            sigmoid.core(z) * sigmoid.core(-z) -> 1 - np.tanh(z) ** 2
                This is the slope of tanh.
            sigmoid.core(-z) -> (sigmoid.core(z) - 1)
                The sigmoid rises everywhere, so its slope is not negative.
        """,
        hints=["Compute a = σ(z) first.", "The slope is a · (1 − a)."],
    ),
    exercise(
        reference=activations.tanh,
        section="1.3.3",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-1.0, 1.0]]),), (np.array([-1000.0, 1000.0]),)],
        random=_numbers,
        properties=[
            (lambda a, z: np.all(np.abs(a) <= 1), "every value lies between −1 and 1"),
            (lambda a, z: np.all(a * z >= 0), "it has the sign of z"),
        ],
        slips="""
            np.tanh(z) -> (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-1))
                This is (1.11) as printed. The last exponent of the denominator is −z, not −1.
            np.tanh(z) -> (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))
                Right for small z. For z = 1000 it divides infinity by infinity. np.tanh does not, nor does
                2σ(2z) − 1 with a sigmoid that is safe.
            np.tanh(z) -> (1 - np.exp(-2 * z)) / (1 + np.exp(-2 * z))
                Right unless −z is large: for z = −1000 it divides −∞ by ∞. np.tanh does not, nor does 2σ(2z) − 1
                with a sigmoid that is safe.
            np.tanh(z) -> (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)
                Right unless z is large: for z = 1000 it divides ∞ by ∞. np.tanh does not, nor does 2σ(2z) − 1 with a
                sigmoid that is safe.
            np.tanh(z) -> 2 * sigmoid.core(z) - 1
                This is tanh(z/2): the sigmoid has to be taken at 2z.
            np.tanh -> sigmoid.core
                This is the sigmoid. tanh runs from −1 to 1.
            np.tanh(z) -> 1 - np.tanh(z) ** 2
                This is the slope of tanh; tanh itself is wanted.
        """,
        hints=[
            "A sigmoid, stretched: tanh(z) = 2σ(2z) − 1.",
            "activations.sigmoid is safe for large z. NumPy has np.tanh too.",
        ],
    ),
    exercise(
        reference=activations.leaky_relu,
        section="1.3.3",
        cases=[(np.array([-200.0, 0.0, 3.0]), 0.01), (np.array([[-1.0, 1.0], [0.5, -0.5]]), 0.2)],
        random=lambda rng: (*_numbers(rng), rng.uniform(0.01, 0.5)),
        properties=[
            (lambda a, z, slope: np.all(a[z > 0] == z[z > 0]), "what is above 0 stays as it is"),
            (lambda a, z, slope: np.all(a[z < 0] < 0), "what is below 0 stays below"),
        ],
        slips="""
            slope * z, z -> 0.0, z
                This is ReLU: it is flat below 0. Here a little gets through.
            np.maximum -> np.minimum
                minimum takes the wrong line on either side: of z and slope · z, take the larger.
            slope * z -> 0.01 * z
                This is (1.13) to the letter. Let the slope be an argument: use `slope` in place of 0.01.
            np.maximum(slope * z, z) -> np.where(z > 0, z, slope)
                Below 0 the value is slope · z, a line; here it is a constant.
        """,
        hints=[
            "Equation (1.13), with `slope` in place of 0.01.",
            "np.maximum(slope * z, z) compares number by number.",
        ],
    ),
    exercise(
        reference=backward_one_hidden,
        section="1.3.4",
        cases=[_passed(*_EXAMPLES, np.array([[1.0, 0.0, 0.0]])), _passed(*_EXAMPLES, np.array([[0.0, 1.0, 1.0]]))],
        random=_passed_at_random,
        properties=[
            (
                lambda grads, X, Y, W2, A1, A2: np.sum(grads["db2"] * (A2 - Y).mean()) >= 0,
                "db2 has the sign of the mean error A2 − Y",
            )
        ],
        slips="""
            A2 - Y -> Y - A2
                dZ2 is A2 − Y, not Y − A2.
            * (1 - A1**2) ->
                dZ1 lacks the slope of tanh: multiply by 1 − A1², number by number.
            (1 - A1**2) -> A1 * (1 - A1)
                A1(1 − A1) is the slope of a sigmoid. These units are tanh units: 1 − A1².
            A1**2 -> np.tanh(A1) ** 2
                A1 is tanh(Z1) already: the slope is 1 − A1², without another tanh.
            W2.T @ dZ2 * -> (W2.T @ dZ2) @
                `@` multiplies matrices, and it runs only because A1 is square in this case. The slope is multiplied
                number by number: `*`.
            (1 - A1**2) -> (1 - A1**2) / m
                dZ1 is divided by m as well, so dW1 and db1 are divided twice. The mean is taken once, in dW and db.
            m = X.shape[1] -> m = 1
                The gradient is the mean over the examples: divide by m.
            np.sum(dZ1, axis=1, keepdims=True) / m -> np.sum(dZ1, axis=1, keepdims=True)
            np.sum(dZ2, axis=1, keepdims=True) / m -> np.sum(dZ2, axis=1, keepdims=True)
                db1 and db2 are means over the examples too: divide them by m.
        """,
        hints=[
            "Start at the output: dZ2 = A2 - Y. Each dW is its dZ times what went into the layer, transposed, over m.",
            "dZ1 = W2.T @ dZ2 * (1 - A1**2): back through W2, then through tanh.",
            "db is np.sum(dZ, axis=1, keepdims=True) / m; keepdims keeps it a column.",
        ],
    ),
]
