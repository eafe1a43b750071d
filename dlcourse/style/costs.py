"""Content and style as numbers (Gatys, Ecker and Bethge: A Neural Algorithm of Artistic Style, 2015, arXiv 1508.06576).

Features are what one layer of a trained net says of a picture, shape (height, width, channels); a batch axis of one
before them is welcome. Content is these numbers themselves, place by place. Style is which channels speak together,
wherever in the picture: the Gram matrix.
"""

from dlcourse._pixels import as_floats
from dlcourse.checks import number

from keras import ops


def gram_matrix(features):
    """Which channels are active together, summed over all places: G_kk' = Σ_i Σ_j a_ijk · a_ijk' (eq. 3.25).

    Trap: to reshape (height, width, channels) to (channels, places) without a transpose mixes places and channels, and
    still gives a symmetric matrix. Here the places stay in front.

    Args:
        features: Shape (height, width, channels), or (m, height, width, channels). Whole numbers, as of a picture, and
            half precision count as float32.

    Returns:
        Shape (channels, channels), or (m, channels, channels): symmetric and positive semi-definite.

    Raises:
        ValueError: If there is another number of axes.

    Taught in notebook 3-4, section 3.4.6.
    """
    (features,) = _maps(("features", features))
    return _gram(features)


def _gram(features):
    """Eq. 3.25, for floats."""
    rows, columns, channels = ops.shape(features)[-3:]
    places = ops.reshape(features, (*features.shape[:-3], rows * columns, channels))
    return ops.matmul(ops.swapaxes(places, -1, -2), places)


def content_cost(a_C, a_G):
    """How far the features of two pictures are apart: ½ ‖a(C) − a(G)‖² (eq. 3.24, and equation 1 of Gatys et al.).

    Args:
        a_C, a_G: Features of one layer for the content and for the generated picture, of one shape.

    Returns:
        A scalar, 0 or more.

    Raises:
        ValueError: If the shapes differ.

    Taught in notebook 3-4, section 3.4.6.
    """
    a_C, a_G = _maps(("a_C", a_C), ("a_G", a_G), axes=None)
    _alike("a_C, a_G", "shape", tuple(a_C.shape), tuple(a_G.shape))
    return ops.sum((a_C - a_G) ** 2) / 2


def layer_style_cost(a_S, a_G):
    """How far two Gram matrices are apart: ‖G(S) − G(G)‖²_F / (2 n_H n_W n_C)² (eq. 3.27, corrected).

    The notes leave out the squares, that of the difference and that of the factor. Gatys et al. write 1 / (4 N² M²)
    with N channels and M places, which is the same factor. The two pictures may differ in size: each Gram matrix is
    divided by its own number of places.

    Args:
        a_S, a_G: Features of one layer for the style and for the generated picture, with equally many channels.

    Returns:
        A scalar, 0 or more.

    Raises:
        ValueError: If the channels differ.

    Taught in notebook 3-4, section 3.4.6.
    """
    a_S, a_G = _maps(("a_S", a_S), ("a_G", a_G))
    _alike("a_S, a_G", "channels", a_S.shape[-1], a_G.shape[-1])
    return gram_distance(mean_gram(a_S), mean_gram(a_G))


def mean_gram(features):
    """The Gram matrix divided by the number of places: all that a style's cost needs to know of it."""
    rows, columns = ops.shape(features)[-3:-1]
    return _gram(features) / ops.cast(rows * columns, features.dtype)


def gram_distance(a, b):
    """Eq. 3.27 from the two mean Gram matrices."""
    return ops.sum(((a - b) / (2 * a.shape[-1])) ** 2)


def style_cost(features_S, features_G, weights=None):
    """The style costs of several layers, weighted and added: Σ_l λ_l · J_l (eq. 3.28).

    Args:
        features_S, features_G: A list of features, one entry for each layer, for either picture.
        weights: λ of each layer; None for equal ones that add up to 1.

    Returns:
        A scalar, 0 or more.

    Raises:
        ValueError: If there is no layer, or the lengths differ, or a weight is below 0.

    Taught in notebook 3-4, section 3.4.6.
    """
    layers = len(features_S)
    weights = [1 / max(layers, 1)] * layers if weights is None else [number("weights", w) for w in weights]
    if not layers or layers != len(features_G) or layers != len(weights):
        raise ValueError(
            "features_S, features_G, weights: expected one entry for each layer, got "
            f"{layers}, {len(features_G)} and {len(weights)}"
        )
    costs = (layer_style_cost(a_S, a_G) for a_S, a_G in zip(features_S, features_G, strict=True))
    return sum(weight * cost for weight, cost in zip(weights, costs, strict=True))


def total_cost(J_content, J_style, alpha=10, beta=40):
    """α · J_content + β · J_style (eq. 3.22).

    Args:
        J_content, J_style: The two costs.
        alpha, beta: Their weights, 0 or more. Only the ratio matters for where the minimum is.

    Returns:
        Their weighted sum.

    Raises:
        ValueError: If a weight is below 0.

    Taught in notebook 3-4, section 3.4.6.
    """
    return number("alpha", alpha) * J_content + number("beta", beta) * J_style


def total_variation(image):
    """The differences between neighbours, upright and across, added up: small for a smooth picture, large for noise.

    It equals `tf.image.total_variation` of floats. Source: Rudin, Osher and Fatemi, 1992; for this use Mahendran and
    Vedaldi, 2014, arXiv 1412.0035.

    Args:
        image: Shape (height, width, channels) or (m, height, width, channels), of any numbers: uint8 in 0…255 gives
            what the same numbers as float32 do.

    Returns:
        A scalar, or shape (m,).

    Raises:
        ValueError: If there is another number of axes.

    Its idea is taught in notebook 3-4, section 3.4.6.
    """
    (image,) = _maps(("image", image))
    down = ops.abs(image[..., 1:, :, :] - image[..., :-1, :, :])
    across = ops.abs(image[..., :, 1:, :] - image[..., :, :-1, :])
    return ops.sum(down, axis=(-3, -2, -1)) + ops.sum(across, axis=(-3, -2, -1))


def _maps(*named, axes=(3, 4)):
    """The values of each pair (name, values) as tensors of floats of one type, if they have so many axes."""
    return as_floats(*named, shape="(height, width, channels)", axes=axes)


def _alike(names, what, a, b):
    if a != b:
        raise ValueError(f"{names}: expected the same {what}, got {a} and {b}")
