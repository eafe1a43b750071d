"""One layer of a network, forward and back, with batch normalization and dropout (notes, 1.4.3, 2.1.7 and 2.5.1).

    forward    Z = W A_prev + b,  A = g(Z)
    backward   dZ = dA · g′(Z),  dW = dZ A_prevᵀ / m,  db = mean of dZ,  dA_prev = Wᵀ dZ

`dA` and `dZ` hold each example's own ∂L/∂a and ∂L/∂z; the mean over the m examples is taken in dW and db. What a layer
computed on the way forward lies in its cache until the way back.
"""

from dlcourse.scratch.activations import ACTIVATIONS, activate, derivative
from dlcourse.scratch.checks import among, chance, checked, having, same_shape, shapes
from dlcourse.scratch.normalization import batchnorm_backward, batchnorm_forward, batchnorm_inference

import numpy as np

CACHE = ("A_prev", "W", "b", "Z", "activation")


@checked(shapes(A_prev="n_prev m", W="n n_prev", b="n 1"), activation=among(*ACTIVATIONS))
def forward_step(A_prev, W, b, activation):
    """Compute one layer forward: Z = W A_prev + b, and A = g(Z).

    Args:
        A_prev: Activations of the layer before, shape (n[l−1], m).
        W: Weights, shape (n[l], n[l−1]).
        b: Bias, shape (n[l], 1); it is added to each of the m columns.
        activation: One of `activations.ACTIVATIONS`.

    Returns:
        `(A, cache)`: A of shape (n[l], m), and what the way back needs, a dict of `A_prev`, `W`, `b`, `Z` and
        `activation`.

    Raises ValueError if the shapes do not fit, a value is not finite, or there is no such activation.
    Taught in notebook 1-4, section 1.4.3; notes, eqs. 1.15 and 1.16.
    """
    Z = W @ A_prev + b  # (n[l], m)
    A = activate.core(activation, Z)
    return A, {"A_prev": A_prev, "W": W, "b": b, "Z": Z, "activation": activation}


@checked(same_shape("cache.Z", "dA"), cache=having(*CACHE))
def backward_step(dA, cache):
    """Compute one layer backward: from the gradient of its activations to those of its parameters and of its input.

    Args:
        dA: ∂L/∂a of each example, shape (n[l], m).
        cache: Dict that `forward_step` returned beside A.

    Returns:
        `(dA_prev, dW, db)`: ∂L/∂a of the layer before, shape (n[l−1], m), and the means over the examples of the
        gradients of W and b, in their shapes.

    Raises ValueError if `dA` has not the shape of A, or a value is not finite.
    Taught in notebook 1-4, section 1.4.3.
    """
    A_prev, W, m = cache["A_prev"], cache["W"], dA.shape[1]
    dZ = dA * derivative.core(cache["activation"], cache["Z"])  # (n[l], m)
    dW = dZ @ A_prev.T / m  # (n[l], n[l−1])
    db = np.mean(dZ, axis=1, keepdims=True)  # (n[l], 1)
    return W.T @ dZ, dW, db  # dA_prev is (n[l−1], m)


def normalized_forward_step(A_prev, W, b, activation, gamma, beta, mu=None, var=None):
    """Compute a layer forward with batch normalization between Z = W A_prev + b and g: A = g(γ z_norm + β).

    Args:
        A_prev, W, b, activation: As for `forward_step`; b may be 0.0, because the normalization takes it away again.
        gamma, beta: γ and β, shape (n[l], 1).
        mu, var: Moving averages, shape (n[l], 1), at test time. In training None: the batch's own are computed.

    Returns:
        `(A, cache)` as `forward_step` does, but the cache's Z is what goes into g, that is Z̃ = γ z_norm + β. Training
        adds `norm`, the cache of `batchnorm_forward`.
    """
    Z, cache = forward_step.core(A_prev, W, b, "linear")
    if mu is None:
        Z, cache["norm"] = batchnorm_forward.core(Z, gamma, beta)
    else:
        Z = batchnorm_inference.core(Z, gamma, beta, mu, var)
    return activate.core(activation, Z), cache | {"Z": Z, "activation": activation}


def normalized_backward_step(dA, cache):
    """Compute such a layer backward: `(dA_prev, dW, db, dgamma, dbeta)`, each in the shape of its parameter."""
    m = dA.shape[1]
    dZ_tilde = dA * derivative.core(cache["activation"], cache["Z"])  # through g
    dZ, dgamma, dbeta = batchnorm_backward.core(dZ_tilde, cache["norm"])  # dgamma and dbeta are sums over the examples
    dA_prev, dW, db = backward_step.core(dZ, cache | {"activation": "linear"})  # linear, because g is done
    return dA_prev, dW, db, dgamma / m, dbeta / m


def _draws_in_range(arguments):
    draws = arguments["draws"]
    if not np.all((draws >= 0) & (draws < 1)):
        raise ValueError(f"draws: expected numbers in [0, 1), got values from {draws.min()} to {draws.max()}")


@checked(same_shape("A", "draws"), _draws_in_range, keep_prob=chance)
def inverted_dropout(A, draws, keep_prob):
    """Switch units off at random, and scale the others up so that the expected value stays (Srivastava et al., 2014).

    Args:
        A: Activations, any shape.
        draws: A number in [0, 1) for each unit, drawn uniformly. A unit stays where its draw is below `keep_prob`.
        keep_prob: Chance of a unit to stay, in (0, 1].

    Returns:
        float64, the shape of A: 0 where a unit is switched off, and A / keep_prob where it stays.

    Raises ValueError if the shapes differ, a draw lies outside [0, 1), or `keep_prob` lies outside (0, 1].
    Taught in notebook 2-1, section 2.1.7.
    """
    return A * (draws < keep_prob) / keep_prob
