"""Right answers to the exercises of notebook 1-2, written differently: each must be accepted."""

from dlcourse.scratch.activations import sigmoid

import numpy as np
from right_answers.libraries import using


def _propagate_by_a_loop(w, b, X, Y):
    """Go example by example, as in section 1.2.8."""
    m = X.shape[1]
    cost, dw, db = 0.0, np.zeros(w.shape), 0.0
    for i in range(m):
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


RIGHT = {
    "images_to_columns": [
        lambda images: images.reshape(len(images), -1).T / 255,
        lambda images: np.stack([image.ravel() for image in images], axis=1) / 255.0,
        lambda images: np.transpose(images.astype(float).reshape(images.shape[0], -1)) / 255,
        using("keras.ops", lambda ops, images: ops.transpose(ops.reshape(images, (len(images), -1))) / 255),
    ],
    "sigmoid": [
        lambda z: 1 / (1 + np.exp(-z)),
        lambda z: (np.tanh(z / 2) + 1) / 2,
        using("scipy.special", lambda special, z: special.expit(z)),
        using("keras.ops", lambda ops, z: ops.sigmoid(z)),
    ],
    "logistic_cost": [
        lambda A, Y: -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A)),
        lambda A, Y: -(Y @ np.log(A).T + (1 - Y) @ np.log(1 - A).T) / A.shape[1],
        lambda A, Y: -np.mean(np.log(np.where(Y == 1, A, 1 - A))),
        using("sklearn.metrics", lambda metrics, A, Y: metrics.log_loss(Y[0], A[0], labels=[0, 1])),
        using("keras.ops", lambda ops, A, Y: ops.mean(ops.binary_crossentropy(Y, A))),
    ],
    "gradient_step": [
        lambda w, b, grads, learning_rate: (w - learning_rate * grads["dw"], b - learning_rate * grads["db"]),
        lambda w, b, grads, learning_rate: [w + -learning_rate * grads["dw"], b + -learning_rate * grads["db"]],
        lambda w, b, grads, rate: tuple(p - rate * grads[key] for p, key in ((w, "dw"), (b, "db"))),
        using(
            "keras.ops",
            lambda ops, w, b, grads, rate: (ops.subtract(w, rate * grads["dw"]), b - rate * grads["db"]),
        ),
    ],
    "propagate": [_propagate_by_hints, _propagate_by_a_loop, using("tensorflow", _propagate_by_tensorflow)],
}
