"""Content and style as numbers (Gatys, Ecker and Bethge: A Neural Algorithm of Artistic Style, 2015, arXiv 1508.06576).

Features are the activations of one layer of a trained net for a picture, shape (height, width, channels); a batch axis
in front is welcome. Content is the features themselves, place by place. Style is which channels are active together,
wherever in the picture: the Gram matrix.
"""

from dlcourse._pixels import as_floats
from dlcourse.checks import number
from dlcourse.scratch.checks import checked

from keras import ops


def maps(*names, axes=(3, 4), same=None):
    """Return a relation for `checked`: these arguments become tensors of one float type, feature maps.

    With `same="shape"` or `same="channels"` they must agree in it.
    """

    def relation(arguments):
        named = [(name, arguments[name]) for name in names]
        tensors = as_floats(*named, shape="(height, width, channels)", axes=axes)
        found = [tensor.shape[-1] if same == "channels" else tuple(tensor.shape) for tensor in tensors]
        if same and found[0] != found[1]:
            raise ValueError(f"{', '.join(names)}: expected the same {same}, got {found[0]} and {found[1]}")
        arguments |= dict(zip(names, tensors, strict=True))

    return relation


@checked(maps("features"))
def gram_matrix(features):
    """Compute which channels are active together, summed over all places: G_kk' = Σ_i Σ_j a_ijk · a_ijk' (eq. 3.25).

    Trap: to reshape (height, width, channels) to (channels, places) without a transpose mixes places and channels, and
    still gives a symmetric matrix. Here the places stay in front.

    Args:
        features: Features, shape (height, width, channels) or (m, height, width, channels). Whole numbers, as of a
            picture, and half precision count as float32.

    Returns a tensor, shape (channels, channels) or (m, channels, channels): symmetric and positive semi-definite.
    Raises ValueError if there is another number of axes.
    Taught in notebook 3-4, section 3.4.6.
    """
    places = ops.reshape(features, (*features.shape[:-3], -1, features.shape[-1]))  # (…, places, channels)
    return ops.matmul(ops.swapaxes(places, -1, -2), places)


@checked(maps("a_C", "a_G", axes=None, same="shape"))
def content_cost(a_C, a_G):
    """Compute how far the features of two pictures are apart: ½ ‖a(C) − a(G)‖² (eq. 3.24; equation 1 of Gatys et al.).

    Args:
        a_C, a_G: Features of one layer for the content and for the generated picture, of one shape.

    Returns a scalar, 0 or more.
    Raises ValueError if the shapes differ.
    Taught in notebook 3-4, section 3.4.6.
    """
    return ops.sum((a_C - a_G) ** 2) / 2


@checked(maps("a_S", "a_G", same="channels"))
def layer_style_cost(a_S, a_G):
    """Compute how far two Gram matrices are apart: ‖G(S) − G(G)‖²_F / (2 n_H n_W n_C)² (eq. 3.27, corrected).

    The notes leave out the squares, that of the difference and that of the factor. Gatys et al. write 1 / (4 N² M²)
    with N channels and M places, which is the same factor. The two pictures may differ in size: each Gram matrix is
    divided by its own number of places.

    Args:
        a_S, a_G: Features of one layer for the style and for the generated picture, with equally many channels.

    Returns a scalar, 0 or more.
    Raises ValueError if the channels differ.
    Taught in notebook 3-4, section 3.4.6.
    """

    def scaled(features):
        n_H, n_W, n_C = ops.shape(features)[-3:]
        return gram_matrix.core(features) / ops.cast(2 * n_H * n_W * n_C, features.dtype)

    return ops.sum((scaled(a_S) - scaled(a_G)) ** 2)


def _a_weight_for_each_layer(arguments):
    """Require of `style_cost` as many features of either picture as weights."""
    features_S, features_G, weights = arguments.values()
    layers = len(features_S)
    weights = [1 / max(layers, 1)] * layers if weights is None else [number("weights", weight) for weight in weights]
    if not layers or layers != len(features_G) or layers != len(weights):
        raise ValueError(
            "features_S, features_G, weights: expected one entry for each layer, got "
            f"{layers}, {len(features_G)} and {len(weights)}"
        )
    arguments["weights"] = weights


@checked(_a_weight_for_each_layer)
def style_cost(features_S, features_G, weights=None):
    """Add up the style costs of several layers, weighted: Σ_l λ_l · J_l (eq. 3.28).

    Args:
        features_S, features_G: A list of features, one entry for each layer, for either picture.
        weights: λ of each layer; None for equal ones that add up to 1.

    Returns a scalar, 0 or more.
    Raises ValueError if there is no layer, or the lengths differ, or a weight is below 0.
    Taught in notebook 3-4, section 3.4.6.
    """
    costs = [layer_style_cost(a_S, a_G) for a_S, a_G in zip(features_S, features_G, strict=True)]
    return sum(weight * cost for weight, cost in zip(weights, costs, strict=True))


@checked(alpha=number, beta=number)
def total_cost(J_content, J_style, alpha=10, beta=40):
    """Weigh and add the two costs: α · J_content + β · J_style (eq. 3.22).

    Args:
        J_content, J_style: The two costs.
        alpha, beta: Their weights, 0 or more. Only the ratio matters for where the minimum is.

    Raises ValueError if a weight is below 0.
    Taught in notebook 3-4, section 3.4.6.
    """
    return alpha * J_content + beta * J_style


@checked(maps("image"))
def total_variation(image):
    """Add up the differences between neighbors, down and across: small for a smooth picture, large for noise.

    It equals `tf.image.total_variation` of floats. Source: Rudin, Osher and Fatemi, 1992; used as here by Mahendran
    and Vedaldi, 2014, arXiv 1412.0035.

    Args:
        image: Numbers of any type, shape (height, width, channels) or (m, height, width, channels): uint8 in 0…255
            gives what the same numbers as float32 do.

    Returns a scalar, or shape (m,).
    Raises ValueError if there is another number of axes.
    Its idea is taught in notebook 3-4, section 3.4.6.
    """
    down = ops.abs(image[..., 1:, :, :] - image[..., :-1, :, :])
    across = ops.abs(image[..., :, 1:, :] - image[..., :, :-1, :])
    axes = (-3, -2, -1)  # all but the batch
    return ops.sum(down, axis=axes) + ops.sum(across, axis=axes)
