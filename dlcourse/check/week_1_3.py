"""The exercises of notebook 1-3: activations, and a network with one hidden layer, forward and back."""

from dlcourse.check.exercise import Exercise
from dlcourse.check.libraries import using
from dlcourse.scratch import activations
from dlcourse.scratch.activations import sigmoid, tanh

import numpy as np

_EXAMPLES = (
    np.array([[1.0, -0.5, 0.0], [2.0, 1.0, -1.5]]),
    np.array([[0.5, -1.0], [1.0, 0.25], [-2.0, 1.0]]),
    np.array([[0.1], [-0.3], [0.0]]),
    np.array([[1.0, -2.0, 0.5]]),
    np.array([[0.2]]),
)


def forward_one_hidden(X, W1, b1, W2, b2):
    """All examples through one hidden layer of tanh units and one sigmoid unit.

    Args:
        X: Examples, shape (n_x, m).
        W1: Weights of the hidden layer, shape (n1, n_x).
        b1: Its bias, shape (n1, 1).
        W2: Weights of the output unit, shape (1, n1).
        b2: Its bias, shape (1, 1).

    Returns:
        `(A1, A2)`: the hidden units' activations, shape (n1, m), and the probabilities of y = 1, shape (1, m).

    Taught in notebook 1-3, section 1.3.2.
    """
    A1 = tanh(W1 @ X + b1)
    return A1, sigmoid(W2 @ A1 + b2)


def backward_one_hidden(X, Y, W2, A1, A2):
    """The gradient of the mean cross-entropy for one hidden layer of tanh units and one sigmoid unit.

    Args:
        X: Examples, shape (n_x, m).
        Y: Labels, shape (1, m), each 0 or 1.
        W2: Weights of the output unit, shape (1, n1).
        A1: The hidden units' activations, shape (n1, m).
        A2: The predicted probabilities, shape (1, m).

    Returns:
        A dict of "dW1" (n1, n_x), "db1" (n1, 1), "dW2" (1, n1) and "db2" (1, 1).

    Taught in notebook 1-3, section 1.3.4.
    """
    m = X.shape[1]
    dZ2 = A2 - Y
    dZ1 = W2.T @ dZ2 * (1 - A1**2)
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
    """What `backward_one_hidden` is given after a pass forward."""
    A1, A2 = forward_one_hidden(X, W1, b1, W2, b2)
    return X, Y, W2, A1, A2


def _passed_at_random(rng):
    arguments = _network(rng)
    return _passed(*arguments, rng.integers(0, 2, size=(1, arguments[0].shape[1])).astype(float))


def _forward_with(hidden=tanh, output=sigmoid, bias=True):
    """`forward_one_hidden` with one thing wrong."""

    def forward(X, W1, b1, W2, b2):
        A1 = hidden(W1 @ X + bias * b1)
        return A1, output(W2 @ A1 + bias * b2)

    return forward


def _backward_with(sign=1, slope=lambda A1: 1 - A1**2, m_power=1, bias_mean=True, dZ1_mean=False):
    """`backward_one_hidden` with one thing wrong."""

    def backward(X, Y, W2, A1, A2):
        m = X.shape[1] ** m_power
        dZ2 = sign * (A2 - Y)
        dZ1 = W2.T @ dZ2 * slope(A1) / (m if dZ1_mean else 1)
        over = m if bias_mean else 1
        return {
            "dW1": dZ1 @ X.T / m,
            "db1": np.sum(dZ1, axis=1, keepdims=True) / over,
            "dW2": dZ2 @ A1.T / m,
            "db2": np.sum(dZ2, axis=1, keepdims=True) / over,
        }

    return backward


def _forward_by_hints(X, W1, b1, W2, b2):
    A1 = np.tanh(W1 @ X + b1)
    A2 = activations.sigmoid(W2 @ A1 + b2)
    return A1, A2


def _backward_by_hints(X, Y, W2, A1, A2):
    m = X.shape[1]
    dZ2 = A2 - Y
    dW2, db2 = dZ2 @ A1.T / m, np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = W2.T @ dZ2 * (1 - A1**2)
    dW1, db1 = dZ1 @ X.T / m, np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def _backward_by_means(X, Y, W2, A1, A2):
    dZ2 = A2 - Y
    dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.square(A1))
    products = (dZ1[:, None] * X, dZ2[:, None] * A1)
    dW1, dW2 = (product.mean(axis=-1) for product in products)
    return {"dW1": dW1, "db1": dZ1.mean(1, keepdims=True), "dW2": dW2, "db2": dZ2.mean(1, keepdims=True)}


def _backward_by_keras(ops, X, Y, W2, A1, A2):
    m = X.shape[1]
    dZ2 = ops.subtract(A2, Y)
    dZ1 = ops.matmul(ops.transpose(W2), dZ2) * (1 - ops.square(A1))
    return {
        "dW1": ops.matmul(dZ1, ops.transpose(X)) / m,
        "db1": ops.mean(dZ1, axis=1, keepdims=True),
        "dW2": ops.matmul(dZ2, ops.transpose(A1)) / m,
        "db2": ops.mean(dZ2, axis=1, keepdims=True),
    }


def _backward_by_a_matrix_product(X, Y, W2, A1, A2):
    """`@` where number by number is meant; it runs where A1 happens to be square."""
    m = X.shape[1]
    dZ2 = A2 - Y
    dZ1 = (W2.T @ dZ2) @ (1 - A1**2)
    grads = {"dW1": dZ1 @ X.T / m, "db1": np.sum(dZ1, axis=1, keepdims=True) / m}
    return grads | {"dW2": dZ2 @ A1.T / m, "db2": np.sum(dZ2, axis=1, keepdims=True) / m}


EXERCISES = [
    Exercise(
        reference=forward_one_hidden,
        notebook="1-3",
        section="1.3.2",
        cases=[_EXAMPLES, (np.zeros((2, 1)), *_EXAMPLES[1:])],
        random=_network,
        properties=[
            (lambda result, *_: np.all((result[1] >= 0) & (result[1] <= 1)), "A2 holds probabilities"),
        ],
        wrong=[
            (
                _forward_with(output=lambda z: z),
                "A2 is a probability: the output unit needs its sigmoid.",
            ),
            (
                _forward_with(hidden=sigmoid),
                "Here the hidden units are tanh units; the sigmoid is for the output.",
            ),
            (
                _forward_with(hidden=lambda z: z),
                "The hidden layer has no activation: without tanh the whole net is logistic regression.",
            ),
            (_forward_with(bias=False), "A bias is missing. It is a column, and NumPy adds it to every example."),
            (
                lambda *arguments: forward_one_hidden(*arguments)[::-1],
                "The right arrays in the wrong order: first A1, then A2.",
            ),
        ],
        also_right=[
            _forward_by_hints,
            lambda X, W1, b1, W2, b2: [A1 := np.tanh(np.dot(W1, X) + b1), 1 / (1 + np.exp(-np.dot(W2, A1) - b2))],
            using(
                "keras.ops",
                lambda ops, X, W1, b1, W2, b2: (
                    A1 := ops.tanh(ops.matmul(W1, X) + b1),
                    ops.sigmoid(ops.matmul(W2, A1) + b2),
                ),
            ),
        ],
        hints=[
            "One line for each layer: A1 from X, W1 and b1, then A2 from A1, W2 and b2.",
            "A1 = np.tanh(W1 @ X + b1) takes all examples at once.",
            "A2 = activations.sigmoid(W2 @ A1 + b2); return A1, A2.",
        ],
    ),
    Exercise(
        reference=activations.sigmoid_derivative,
        notebook="1-3",
        section="1.3.3",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-1.0, 1.0], [0.5, -0.5]]),)],
        random=_numbers,
        properties=[
            (lambda slope, z: np.all(slope <= 0.25 + 1e-12), "no slope is above 1/4"),
            (lambda slope, z: np.all(slope > 0), "every slope is above 0"),
        ],
        wrong=[
            (
                lambda z: z * (1 - z),
                "The rule a(1 − a) is about the activation a = σ(z), not about z itself.",
            ),
            (sigmoid, "This is the sigmoid itself; its slope is wanted."),
            (lambda z: 1 - tanh(z) ** 2, "This is the slope of tanh."),
            (lambda z: sigmoid(z) * (sigmoid(z) - 1), "The sigmoid rises everywhere, so its slope is not negative."),
        ],
        also_right=[
            lambda z: (a := sigmoid(z)) * (1 - a),
            lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
            lambda z: sigmoid(z) * sigmoid(-z),
            lambda z: sigmoid(z) - sigmoid(z) ** 2,
            using("keras.ops", lambda ops, z: (a := ops.sigmoid(z)) * (1 - a)),
        ],
        hints=[
            "Compute a = σ(z) first.",
            "The slope is a · (1 − a).",
        ],
    ),
    Exercise(
        reference=tanh,
        notebook="1-3",
        section="1.3.3",
        cases=[(np.array([-2.0, 0.0, 3.0]),), (np.array([[-1.0, 1.0]]),), (np.array([-1000.0, 1000.0]),)],
        random=_numbers,
        properties=[
            (lambda a, z: np.all(np.abs(a) <= 1), "every value lies between −1 and 1"),
            (lambda a, z: np.all(a * z >= 0), "it has the sign of z"),
        ],
        wrong=[
            (
                lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-1)),
                "This is (1.11) as printed. The last exponent of the denominator is −z, not −1.",
            ),
            (
                lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
                "Right for small z. For z = 1000 it divides infinity by infinity. np.tanh does not, "
                "nor does 2σ(2z) − 1 with a sigmoid that is safe.",
            ),
            (
                lambda z: (1 - np.exp(-2 * z)) / (1 + np.exp(-2 * z)),
                "Right unless −z is large: for z = −1000 it divides −∞ by ∞. np.tanh does not, nor does 2σ(2z) − 1 "
                "with a sigmoid that is safe.",
            ),
            (
                lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1),
                "Right unless z is large: for z = 1000 it divides ∞ by ∞. np.tanh does not, nor does 2σ(2z) − 1 with a "
                "sigmoid that is safe.",
            ),
            (lambda z: 2 * sigmoid(z) - 1, "This is tanh(z/2): the sigmoid has to be asked at 2z."),
            (sigmoid, "This is the sigmoid. tanh runs from −1 to 1."),
            (lambda z: 1 - np.tanh(z) ** 2, "This is the slope of tanh; tanh itself is wanted."),
        ],
        also_right=[
            lambda z: 2 * activations.sigmoid(2 * z) - 1,
            np.tanh,
            lambda z: np.sign(z) * (1 - np.exp(-2 * np.abs(z))) / (1 + np.exp(-2 * np.abs(z))),
            using("keras.ops", lambda ops, z: ops.tanh(z)),
        ],
        hints=[
            "A sigmoid, stretched: tanh(z) = 2σ(2z) − 1.",
            "activations.sigmoid is safe for large z. NumPy has np.tanh too.",
        ],
    ),
    Exercise(
        reference=activations.leaky_relu,
        notebook="1-3",
        section="1.3.3",
        cases=[(np.array([-200.0, 0.0, 3.0]), 0.01), (np.array([[-1.0, 1.0], [0.5, -0.5]]), 0.2)],
        random=lambda rng: (*_numbers(rng), rng.uniform(0.01, 0.5)),
        properties=[
            (lambda a, z, slope: np.all(a[z > 0] == z[z > 0]), "what is above 0 stays as it is"),
            (lambda a, z, slope: np.all(a[z < 0] < 0), "what is below 0 stays below"),
        ],
        wrong=[
            (lambda z, slope: np.maximum(0.0, z), "This is ReLU: it is flat below 0. Here a little gets through."),
            (
                lambda z, slope: np.minimum(slope * z, z),
                "minimum takes the wrong line on either side: of z and slope · z, take the larger.",
            ),
            (
                lambda z, slope: np.maximum(0.01 * z, z),
                "This is (1.13) to the letter. Let the slope be an argument: use `slope` in place of 0.01.",
            ),
            (
                lambda z, slope: np.where(z > 0, z, slope),
                "Below 0 the value is slope · z, a line; here it is a constant.",
            ),
        ],
        also_right=[
            lambda z, slope: np.maximum(slope * z, z),
            lambda z, slope: np.where(z > 0, z, slope * z),
            lambda z, slope: np.maximum(0, z) + slope * np.minimum(0, z),
            using("keras.ops", lambda ops, z, slope: ops.leaky_relu(z, negative_slope=slope)),
        ],
        hints=[
            "Equation (1.13), with `slope` in place of 0.01.",
            "np.maximum(slope * z, z) compares number by number.",
        ],
    ),
    Exercise(
        reference=backward_one_hidden,
        notebook="1-3",
        section="1.3.4",
        cases=[_passed(*_EXAMPLES, np.array([[1.0, 0.0, 0.0]])), _passed(*_EXAMPLES, np.array([[0.0, 1.0, 1.0]]))],
        random=_passed_at_random,
        properties=[
            (
                lambda grads, X, Y, W2, A1, A2: np.sum(grads["db2"] * (A2 - Y).mean()) >= 0,
                "db2 has the sign of the mean error A2 − Y",
            )
        ],
        wrong=[
            (_backward_with(sign=-1), "dZ2 is A2 − Y, not Y − A2."),
            (
                _backward_with(slope=lambda A1: 1.0),
                "dZ1 lacks the slope of tanh: multiply by 1 − A1², number by number.",
            ),
            (
                _backward_with(slope=lambda A1: A1 * (1 - A1)),
                "A1(1 − A1) is the slope of a sigmoid. These units are tanh units: 1 − A1².",
            ),
            (
                _backward_with(slope=lambda A1: 1 - np.tanh(A1) ** 2),
                "A1 is tanh(Z1) already: the slope is 1 − A1², without another tanh.",
            ),
            (
                _backward_by_a_matrix_product,
                "`@` multiplies matrices, and it runs only because A1 is square in this case. The slope is multiplied "
                "number by number: `*`.",
            ),
            (
                _backward_with(dZ1_mean=True),
                "dZ1 is divided by m as well, so dW1 and db1 are divided twice. The mean is taken once, in dW and db.",
            ),
            (_backward_with(m_power=0), "The gradient is the mean over the examples: divide by m."),
            (_backward_with(bias_mean=False), "db1 and db2 are means over the examples too: divide them by m."),
        ],
        also_right=[
            _backward_by_hints,
            _backward_by_means,
            using("keras.ops", _backward_by_keras),
        ],
        hints=[
            "Start at the output: dZ2 = A2 - Y. Each dW is its dZ times what went into the layer, transposed, over m.",
            "dZ1 = W2.T @ dZ2 * (1 - A1**2): back through W2, then through tanh.",
            "db is np.sum(dZ, axis=1, keepdims=True) / m; keepdims keeps it a column.",
        ],
    ),
]
