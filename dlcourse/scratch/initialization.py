"""The parameters of a network before the first step (notes, sections 1.3.3, 1.4.1 and 2.3.1)."""

import numbers

from dlcourse.scratch.checks import among, checked, generator, positive

import numpy as np

METHODS = ("zeros", "random", "xavier", "he")


def _units_of_layers(name, layer_dims):
    dims = list(layer_dims) if isinstance(layer_dims, list | tuple | range | np.ndarray) else []
    if len(dims) < 2 or not all(isinstance(n, numbers.Integral) and n > 0 for n in dims):
        raise ValueError(f"{name}: expected two or more whole numbers above 0, got {layer_dims!r}")
    return dims


@checked(layer_dims=_units_of_layers)
def parameter_shapes(layer_dims):
    """Return the shape of every parameter: W[l] is (n[l], n[l−1]), and b[l] is (n[l], 1).

    Args:
        layer_dims: Units of each layer, the input first: [n_x, n[1], …, n[L]].

    Returns:
        A dict such as `{"W1": (4, 2), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}`.

    Raises ValueError if `layer_dims` is not a list of at least two whole numbers above 0.
    Taught in notebook 1-4, section 1.4.1; notes, eq. 1.16.
    """
    shapes = {}
    for l in range(1, len(layer_dims)):
        n, n_prev = layer_dims[l], layer_dims[l - 1]
        shapes[f"W{l}"] = (n, n_prev)
        shapes[f"b{l}"] = (n, 1)
    return shapes


@checked(layer_dims=_units_of_layers, method=among(*METHODS), scale=positive)
def initialize_parameters(layer_dims, method="he", seed=0, *, scale=0.01, batch_norm=False):
    """Draw the parameters before the first step: random weights whose size suits the layer, and biases of 0.

    Args:
        layer_dims: Units of each layer, the input first: [n_x, n[1], …, n[L]].
        method: "zeros": all weights 0, so that the units of a layer stay equal forever. "random": standard normal
            times `scale`. "xavier": normal with variance 1/n[l−1], which suits tanh (Glorot and Bengio, 2010, in the
            course's form). "he": normal with variance 2/n[l−1], which suits ReLU (He et al., 2015, arXiv:1502.01852).
        seed: Seed of the random draws.
        scale: Standard deviation of "random".
        batch_norm: Whether the hidden layers are batch-normalized. Then gamma (1) and beta (0) stand in place of b, and
            mu (0) and var (1) are the moving averages.

    Returns:
        A dict of float64 arrays, W in the shapes of `parameter_shapes`, all others (n[l], 1).

    Raises ValueError if `layer_dims`, `method` or `scale` is not as described.
    Taught in notebooks 1-3, section 1.3.3, and 2-1, section 2.3.1 (the notes call 1/n He; that is Xavier).
    """
    rng = generator(seed)
    parameters = {}
    for l in range(1, len(layer_dims)):
        n, n_prev = layer_dims[l], layer_dims[l - 1]
        deviation = {"zeros": 0, "random": scale, "xavier": n_prev**-0.5, "he": (2 / n_prev) ** 0.5}[method]
        parameters[f"W{l}"] = rng.normal(size=(n, n_prev)) * deviation
        start = {"b": 0}
        if batch_norm and l < len(layer_dims) - 1:
            start = {"gamma": 1, "beta": 0, "mu": 0, "var": 1}
        parameters |= {f"{name}{l}": np.full((n, 1), float(value)) for name, value in start.items()}
    return parameters
