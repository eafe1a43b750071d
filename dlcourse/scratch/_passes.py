"""The passes through a network of L layers: what `network` does once it knows that its arguments fit.

`plan` is a list with the activation of each layer and the chance of its units to stay. A cache is the dict that
`network.forward_propagation` describes.
"""

from dlcourse.scratch.activations import activate, derivative, sigmoid, softmax
from dlcourse.scratch.normalization import (
    batchnorm_backward,
    batchnorm_forward,
    batchnorm_inference,
    update_moving_average,
)

import numpy as np

OUTPUTS = {"sigmoid": sigmoid, "softmax": softmax}


def forward(X, parameters, plan, rng, training):
    A, caches = X, []
    for l, (activation, keep_prob) in enumerate(plan, 1):
        W, b = parameters[f"W{l}"], parameters.get(f"b{l}")
        Z = W @ A if b is None else W @ A + b
        cache = {"A_prev": A, "W": W, "b": b, "activation": activation}
        if f"gamma{l}" in parameters:
            gamma, beta = parameters[f"gamma{l}"], parameters[f"beta{l}"]
            if training:
                Z, cache["norm"] = batchnorm_forward(Z, gamma, beta)
            else:
                Z = batchnorm_inference(Z, gamma, beta, parameters[f"mu{l}"], parameters[f"var{l}"])
        cache["Z"] = Z
        A = OUTPUTS[activation](Z) if l == len(plan) else activate(activation, Z)
        if training and keep_prob < 1:
            cache["D"], cache["keep_prob"] = rng.random(A.shape) < keep_prob, keep_prob
            A = A * cache["D"] / keep_prob
        caches.append(cache)
    return A, caches


def backward(AL, Y, caches, lambd, penalty):
    grads, m = {}, Y.shape[1]
    dZ = AL - Y  # of the output layer, whether sigmoid or softmax: notes, eq. 1.8
    for l in range(len(caches), 0, -1):
        cache = caches[l - 1]
        if "norm" in cache:
            dZ, dgamma, dbeta = batchnorm_backward(dZ, cache["norm"])
            grads[f"dgamma{l}"], grads[f"dbeta{l}"] = dgamma / m, dbeta / m
        dW, db = of_parameters(dZ, cache)
        if lambd and penalty == "l2":
            dW = dW + lambd / m * cache["W"]
        elif lambd:
            dW = dW + lambd / (2 * m) * np.sign(cache["W"])
        grads[f"dW{l}"] = dW
        if cache["b"] is not None:
            grads[f"db{l}"] = db
        if l > 1:  # the examples themselves need no gradient
            below = caches[l - 2]
            dA = cache["W"].T @ dZ
            if "D" in below:
                dA = dA * below["D"] / below["keep_prob"]
            dZ = dA * derivative(below["activation"], below["Z"])
    return grads


def of_parameters(dZ, cache):
    """`(dW, db)` from the gradient of Z = W A_prev + b."""
    return dZ @ cache["A_prev"].T / dZ.shape[1], dZ.mean(axis=1, keepdims=True)


def cross_entropy(AL, Y):
    of_truth = np.where(Y == 1, AL, 1 - AL) if len(Y) == 1 else AL[Y == 1]  # the probability of the true label
    with np.errstate(divide="ignore"):  # log(0) = −∞ is the right answer here
        return float(-np.sum(np.log(of_truth)) / Y.shape[1]) + 0.0  # a perfect −0.0 becomes 0.0


def decide(AL):
    """The most likely label of each example, shape (1, m)."""
    return (AL > 0.5).astype(np.int64) if len(AL) == 1 else AL.argmax(axis=0, keepdims=True)


def hits(AL, Y):
    """How many examples have their true label as the most likely one."""
    return int(np.sum(decide(AL) == (Y if len(Y) == 1 else Y.argmax(axis=0))))


def follow(parameters, caches, momentum):
    """The parameters with the moving averages of batch normalization one step further."""
    moved = {
        f"{name}{l}": update_moving_average(parameters[f"{name}{l}"], cache["norm"][name], momentum)
        for l, cache in enumerate(caches, 1)
        if "norm" in cache
        for name in ("mu", "var")
    }
    return {**parameters, **moved}
