"""Standardized inputs (notes, section 2.2) and batch normalization (section 2.5.1).

Batch normalization follows Ioffe and Szegedy (2015, arXiv:1502.03167). A feature, or a unit, is a row; an example is a
column. ε and the momentum of the moving averages are those of Keras' layer: 1e-3 and 0.99.

Erratum of the notes, corrected here: section 2.2 prints the variance as σ² = (1/m) = Σ (x − 0)². The second “=” is a
slip, and (x − 0)² is right only because the line above it has replaced x by x − μ. Of x as it comes, the variance is
σ² = (1/m) Σ (x − μ)².
"""

from dlcourse.scratch.checks import finite, mapping, number

import numpy as np


def standardize(X, mu=None, sigma=None):
    """Give each feature mean 0 and variance 1: (X − μ) / σ.

    Test data take the μ and σ of the training set, for the network learned what those numbers mean.

    Args:
        X: Examples, shape (n_x, m).
        mu, sigma: Mean and standard deviation of each feature of the training set, shape (n_x, 1), as an earlier call
            returned them; both or neither. If None, those of `X` are taken.

    Returns:
        `(X_norm, mu, sigma)`, float64, shapes (n_x, m), (n_x, 1), (n_x, 1). A feature that is the same in all examples
        becomes 0, and its sigma is 1: there is nothing to divide by.

    Raises:
        ValueError: If a shape does not fit, a value is not finite, sigma is not above 0, or one of the two is missing.

    Taught in notebook 2-1, section 2.2.
    """
    X = _matrix("X", X)
    if (mu is None) != (sigma is None):
        raise ValueError("mu, sigma: expected both or neither, got one of them")
    if mu is None:
        constant = (X.max(axis=1) == X.min(axis=1))[:, np.newaxis]
        mu = np.where(constant, X[:, :1], X.mean(axis=1, keepdims=True))  # the mean itself may be off by a rounding
        sigma = np.where(constant, 1.0, X.std(axis=1, keepdims=True))
    mu, sigma = _column("mu", mu, len(X)), _column("sigma", sigma, len(X))
    if np.any(sigma <= 0):
        raise ValueError(f"sigma: expected standard deviations above 0, got {sigma.min():g}")
    return (X - mu) / sigma, mu, sigma


def batchnorm_forward(Z, gamma, beta, epsilon=1e-3):
    """Batch normalization in training: z̃ = γ z_norm + β with z_norm = (z − μ) / √(σ² + ε), μ and σ² of this batch.

    Args:
        Z: Weighted sums of a layer, shape (n, m); m is the size of the mini-batch.
        gamma, beta: The learned scale γ and shift β, shape (n, 1).
        epsilon: ε, above 0.

    Returns:
        `(Z_tilde, cache)`: shape (n, m), and what `batchnorm_backward` needs, the dict of "Z_norm" (n, m), "gamma",
        "mu" and "var" (n, 1) of the batch, "epsilon". The variance is (1/m) Σ (z − μ)².

    Raises:
        ValueError: If a shape does not fit, a value is not finite, or ε is not above 0.

    Taught in notebook 2-3, section 2.5.1.
    """
    Z, gamma, beta, epsilon = _layer(Z, gamma, beta, epsilon)
    mu = Z.mean(axis=1, keepdims=True)
    centred = Z - mu
    var = np.mean(centred**2, axis=1, keepdims=True)
    Z_norm = centred / np.sqrt(var + epsilon)
    return gamma * Z_norm + beta, {"Z_norm": Z_norm, "gamma": gamma, "mu": mu, "var": var, "epsilon": epsilon}


def batchnorm_backward(dZ_tilde, cache):
    """From the gradient after batch normalization to the gradient before it, through μ and σ² as well.

    Every example of the batch moves μ and σ², so each column of dZ depends on all columns of dZ̃:
    dZ = γ / √(σ² + ε) · (dZ̃ − mean(dZ̃) − z_norm · mean(dZ̃ · z_norm)).

    Args:
        dZ_tilde: The gradient with respect to Z̃, shape (n, m).
        cache: What `batchnorm_forward` returned with this batch.

    Returns:
        `(dZ, dgamma, dbeta)`, shapes (n, m), (n, 1), (n, 1); the last two are sums over the m examples.

    Raises:
        ValueError: If the shapes differ or a value is not finite.

    Taught in notebook 2-3, section 2.5.1.
    """
    cache = mapping("cache", cache, "Z_norm", "gamma", "mu", "var", "epsilon")
    Z_norm, dZ_tilde = cache["Z_norm"], _matrix("dZ_tilde", dZ_tilde)
    if dZ_tilde.shape != Z_norm.shape:
        raise ValueError(f"dZ_tilde: expected the shape of Z, {Z_norm.shape}, got {dZ_tilde.shape}")
    dbeta = dZ_tilde.sum(axis=1, keepdims=True)
    dgamma = np.sum(dZ_tilde * Z_norm, axis=1, keepdims=True)
    m = Z_norm.shape[1]
    dZ = cache["gamma"] / np.sqrt(cache["var"] + cache["epsilon"]) * (dZ_tilde - dbeta / m - Z_norm * (dgamma / m))
    return dZ, dgamma, dbeta


def batchnorm_inference(Z, gamma, beta, mu, var, epsilon=1e-3):
    """Batch normalization at test time: the moving averages stand for the mean and the variance of the batch.

    Args:
        Z: Weighted sums of a layer, shape (n, m); one example alone will do.
        gamma, beta: The learned scale γ and shift β, shape (n, 1).
        mu, var: Moving averages of the batches' means and variances, shape (n, 1); see `update_moving_average`.
        epsilon: ε, above 0, as in training.

    Returns:
        Z̃, shape (n, m).

    Raises:
        ValueError: If a shape does not fit, a value is not finite, a variance is below 0, or ε is not above 0.

    Taught in notebook 2-3, section 2.5.1.
    """
    Z, gamma, beta, epsilon = _layer(Z, gamma, beta, epsilon)
    mu, var = _column("mu", mu, len(Z)), _column("var", var, len(Z))
    if np.any(var < 0):
        raise ValueError(f"var: expected variances, 0 or more, got {var.min():g}")
    return gamma * (Z - mu) / np.sqrt(var + epsilon) + beta


def update_moving_average(moving, batch, momentum=0.99):
    """momentum · moving + (1 − momentum) · batch: the average of section 2.4.2, of a mean or a variance over batches.

    Args:
        moving: The average so far, any shape. It starts at 0 for a mean and 1 for a variance, without bias correction.
        batch: The mean or the variance of the newest mini-batch, the shape of `moving`.
        momentum: In [0, 1); the average forgets over about 1 / (1 − momentum) mini-batches.

    Returns:
        float64, the shape of `moving`.

    Raises:
        ValueError: If the shapes differ, a value is not finite, or the momentum lies outside [0, 1).

    Taught in notebook 2-3, section 2.5.1.
    """
    moving, batch = finite("moving", moving), finite("batch", batch)
    if moving.shape != batch.shape:
        raise ValueError(f"batch: expected the shape of moving, {moving.shape}, got {batch.shape}")
    momentum = number("momentum", momentum, least=0, below=1)
    return momentum * moving + (1 - momentum) * batch


def _matrix(name, value):
    array = finite(name, value)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name}: expected shape (n, m), one example a column, got {array.shape}")
    return array


def _column(name, value, n):
    array = finite(name, value)
    if array.shape != (n, 1):
        raise ValueError(f"{name}: expected shape {(n, 1)}, one number for each row, got {array.shape}")
    return array


def _layer(Z, gamma, beta, epsilon):
    Z = _matrix("Z", Z)
    return Z, _column("gamma", gamma, len(Z)), _column("beta", beta, len(Z)), number("epsilon", epsilon, above=0)
