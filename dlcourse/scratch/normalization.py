"""Standardized inputs (notes, section 2.2) and batch normalization (section 2.5.1).

Batch normalization follows Ioffe and Szegedy (2015, arXiv:1502.03167). A feature, or a unit, is a row; an example is a
column. ε and the momentum of the moving averages are those of Keras' layer: 1e-3 and 0.99.

Erratum of the notes, corrected here: section 2.2 prints the variance as σ² = (1/m) = Σ (x − 0)². The second “=” is a
slip, and (x − 0)² is right only because the line above it has replaced x by x − μ. In terms of the original x, the
variance is σ² = (1/m) Σ (x − μ)².
"""

from dlcourse.scratch.checks import checked, fraction, having, not_negative, positive, same_shape, shapes

import numpy as np


def _both_or_neither(arguments):
    mu, sigma = arguments["mu"], arguments["sigma"]
    if (mu is None) != (sigma is None):
        raise ValueError("mu, sigma: expected both or neither, got one of them")
    if mu is not None:
        shapes(X="n_x m", mu="n_x 1", sigma="n_x 1")(arguments)
        if np.any(arguments["sigma"] <= 0):
            raise ValueError(f"sigma: expected standard deviations above 0, got {arguments['sigma'].min():g}")


@checked(shapes(X="n_x m"), _both_or_neither)
def standardize(X, mu=None, sigma=None):
    """Shift and scale each feature to mean 0 and variance 1: (X − μ) / σ.

    Test data take the μ and σ of the training set, because the network has learned what those numbers mean.

    Args:
        X: Examples, shape (n_x, m).
        mu, sigma: Mean and standard deviation of each feature of the training set, shape (n_x, 1), as an earlier call
            returned them; both or neither. If None, those of `X` are taken.

    Returns `(X_norm, mu, sigma)`, shapes (n_x, m), (n_x, 1), (n_x, 1). A feature that is the same in all examples
    becomes 0, and its sigma is 1: there is nothing to divide by.
    Raises ValueError if a shape does not fit, a value is not finite, sigma is not above 0, or one of them is missing.
    Taught in notebook 2-1, section 2.2.
    """
    if mu is None:
        constant = X.max(axis=1, keepdims=True) == X.min(axis=1, keepdims=True)
        mu = np.where(constant, X[:, :1], X.mean(axis=1, keepdims=True))  # the mean itself may be off by a rounding
        sigma = np.where(constant, 1.0, X.std(axis=1, keepdims=True))
    return (X - mu) / sigma, mu, sigma


@checked(shapes(Z="n m", gamma="n 1", beta="n 1"), epsilon=positive)
def batchnorm_forward(Z, gamma, beta, epsilon=1e-3):
    """Normalize a layer over the batch, in training: z̃ = γ z_norm + β with z_norm = (z − μ) / √(σ² + ε).

    Args:
        Z: Weighted sums of a layer, shape (n, m); m is the size of the mini-batch.
        gamma, beta: Learned scale γ and shift β, shape (n, 1).
        epsilon: ε, above 0.

    Returns `(Z_tilde, cache)`: shape (n, m), and what `batchnorm_backward` needs, the dict of "Z_norm" (n, m), "gamma",
    "mu" and "var" (n, 1) of the batch, "epsilon". The variance is (1/m) Σ (z − μ)².
    Raises ValueError if a shape does not fit, a value is not finite, or ε is not above 0.
    Taught in notebook 2-3, section 2.5.1.
    """
    mu = Z.mean(axis=1, keepdims=True)
    var = np.mean((Z - mu) ** 2, axis=1, keepdims=True)
    Z_norm = (Z - mu) / np.sqrt(var + epsilon)
    Z_tilde = gamma * Z_norm + beta
    return Z_tilde, {"Z_norm": Z_norm, "gamma": gamma, "mu": mu, "var": var, "epsilon": epsilon}


@checked(
    shapes(dZ_tilde="n m"),
    same_shape("cache.Z_norm", "dZ_tilde"),
    cache=having("Z_norm", "gamma", "mu", "var", "epsilon"),
)
def batchnorm_backward(dZ_tilde, cache):
    """Compute the gradient before batch normalization from the one after it, through μ and σ² as well.

    Every example of the batch moves μ and σ², so each column of dZ depends on all columns of dZ̃:
    dZ = γ / √(σ² + ε) · (dZ̃ − mean(dZ̃) − z_norm · mean(dZ̃ · z_norm)).

    Args:
        dZ_tilde: Gradient with respect to Z̃, shape (n, m).
        cache: Dict that `batchnorm_forward` returned with this batch.

    Returns `(dZ, dgamma, dbeta)`, shapes (n, m), (n, 1), (n, 1); the last two are sums over the m examples.
    Raises ValueError if the shapes differ or a value is not finite.
    Taught in notebook 2-3, section 2.5.1.
    """
    Z_norm, m = cache["Z_norm"], dZ_tilde.shape[1]
    dbeta = dZ_tilde.sum(axis=1, keepdims=True)
    dgamma = np.sum(dZ_tilde * Z_norm, axis=1, keepdims=True)
    slope = cache["gamma"] / np.sqrt(cache["var"] + cache["epsilon"])
    return slope * (dZ_tilde - dbeta / m - Z_norm * (dgamma / m)), dgamma, dbeta


@checked(shapes(Z="n m", gamma="n 1", beta="n 1", mu="n 1", var="n 1"), var=not_negative, epsilon=positive)
def batchnorm_inference(Z, gamma, beta, mu, var, epsilon=1e-3):
    """Normalize a layer at test time, by the moving averages in place of the mean and the variance of the batch.

    Args:
        Z: Weighted sums of a layer, shape (n, m); one example alone will do.
        gamma, beta, epsilon: Those of the training, as for `batchnorm_forward`.
        mu, var: Moving averages of the batches' means and variances, shape (n, 1); see `update_moving_average`.

    Returns Z̃, shape (n, m).
    Raises ValueError if a shape does not fit, a value is not finite, a variance is below 0, or ε is not above 0.
    Taught in notebook 2-3, section 2.5.1.
    """
    return gamma * (Z - mu) / np.sqrt(var + epsilon) + beta


@checked(same_shape("moving", "batch"), momentum=fraction)
def update_moving_average(moving, batch, momentum=0.99):
    """Return momentum · moving + (1 − momentum) · batch: the average of section 2.4.2, over the batches.

    Args:
        moving: Average so far, any shape. It starts at 0 for a mean and 1 for a variance, without bias correction.
        batch: Mean or variance of the newest mini-batch, the shape of `moving`.
        momentum: Weight of the past, in [0, 1); the average forgets over about 1 / (1 − momentum) mini-batches.

    Returns float64, the shape of `moving`.
    Raises ValueError if the shapes differ, a value is not finite, or the momentum lies outside [0, 1).
    Taught in notebook 2-3, section 2.5.1.
    """
    return momentum * moving + (1 - momentum) * batch
