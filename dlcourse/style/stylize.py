"""Neural style transfer: gradient descent on the pixels of a picture (Gatys, Ecker and Bethge, 2015, arXiv 1508.06576).

A step is quick because the targets are computed once, one forward pass serves content and style, the net ends after
the last layer in use, and the step is compiled once for pictures of all sizes (by JAX once for each). L-BFGS needs half
as many steps as Adam. The first steps are taken on small pictures: these lay down the large strokes, cheaply, and the
larger sizes add the details.

`stylize` goes from size to size. At each, `_targets` computes the features to come close to, and `_minimized` takes the
steps. What it minimizes is `costs`, in `_compiled`.
"""

import functools
from typing import NamedTuple

from dlcourse._pixels import resized
from dlcourse.checks import choice, color_picture, count, number
from dlcourse.style.colors import match_colors, noise
from dlcourse.style.costs import content_cost, layer_style_cost, style_cost, total_cost, total_variation
from dlcourse.style.progress import Progress
from dlcourse.style.trunk import CONTENT_LAYER, STYLE_LAYERS, trunk

import keras
import numpy as np
from keras import ops

LEAST = 16  # pixels of the shorter side: VGG halves it four times before its last block


class StyleResult(NamedTuple):
    """A picture in a style, and the costs on the way to it.

    `image` is uint8, shape (height, width, 3). `history` is a dict of arrays with an entry for each evaluation of the
    costs: "height" in pixels, "total", "content", "style" and "variation", as `stylize` defines them.
    """

    image: np.ndarray
    history: dict


def stylize(
    content,
    style,
    *,
    size=400,
    steps=(50, 15, 15),
    content_layer=CONTENT_LAYER,
    style_layers=STYLE_LAYERS,
    alpha=1.0,
    beta=25.0,
    variation=4.0,
    start="content",
    match=True,
    border=0,
    seed=0,
    progress=False,
):
    """Paint a picture with the content of one and the style of another (eqs. 3.22 and 3.23).

    It minimizes α · J_content + β · J_style + `variation` · J_variation over the pixels. So that weights mean the same
    for every size and every layer, each layer's cost is relative to that of features that are all 0: J_content is the
    relative `content_cost`, J_style the `style_cost` with relative weights. J_variation is the mean difference of
    neighboring pixels, in 0…1.

    Args:
        content: The picture to be painted, uint8, shape (height, width, 3). Its aspect ratio is kept.
        style: The picture whose style is used, the same, of any size. A frame around a painting counts as style: cut it
            off before.
        size: The longer side of the result in pixels, 32 or more.
        steps: Steps at each level of the pyramid, coarse to fine. The last level has `size`; each before it has 0.6 of
            the side. One number is one level.
        content_layer: Layer of the net for the content.
        style_layers: Layers for the style, which count alike; or a dict from each to its weight λ.
        alpha: Weight of the content; 0 paints a texture in the style.
        beta: Weight of the style; 0 paints what the content layer knows of the picture.
        variation: Weight of the total variation; more makes areas calmer.
        start: "content"; or "noise", random pixels around the mean color of the content, or of the style if `alpha` is
            0, with a fraction of the spread of its colors: from gray the colors would take most of the steps.
        match: Whether the content first gets the colors of the style: their mean and covariance.
        border: Pixels of mirror image on each side while the picture is painted, at each size; they are cut off again.
            Without them the zeros that the net puts beyond the edges show as a rim. 8 is enough.
        seed: Seed of the noise.
        progress: Whether to show a bar and the picture so far, in a notebook or a terminal. It goes away at the end.

    Returns:
        A `StyleResult`. The same arguments return the same picture.

    Raises ValueError if an argument is out of its range.

    Taught in notebook 3-4, section 3.4.6.
    """
    content, style = color_picture("content", content), color_picture("style", style)
    steps = tuple(count("steps", n) for n in (steps if isinstance(steps, tuple | list) else (steps,)))
    levels = _levels(content.shape[:2], count("size", size, 2 * LEAST), len(steps))
    content_shares, style_shares = _layers(content_layer, style_layers, number("alpha", alpha), number("beta", beta))
    factors = np.float32([alpha, beta, number("variation", variation)])
    choice("start", start, ("content", "noise"))
    border = count("border", border, 0)

    net, costs_and_gradient = _compiled(tuple(content_shares), tuple(style_shares))
    content = match_colors(content, style) if match else content
    rng, image, history = np.random.default_rng(seed), None, []
    with Progress(sum(steps), progress) as bar:
        for (height, width), n in zip(levels, steps, strict=True):
            small_content = resized(content, (height, width))
            small_style = resized(style, _fitting(style.shape[:2], max(height, width)))
            if image is not None:  # what the smaller size has painted
                image = np.clip(resized(image, (height, width), "lanczos5"), 0, 255)  # of all filters it blurs least
            elif start == "content":
                image = small_content
            else:
                image = noise(rng, small_content if alpha else small_style, small_content.shape)
            small_content, image = _widened(small_content, border), _widened(image, border)
            targets = (
                _targets(net, small_content, content_shares, content_cost),
                _targets(net, small_style, style_shares, layer_style_cost),
            )
            of_pixels = functools.partial(costs_and_gradient, targets, factors)  # the pixels alone are left to choose
            image, costs = _minimized(of_pixels, image / 255, n, bar)
            image = 255 * np.clip(image, 0, 1)[border : border + height, border : border + width]
            history += [(height, *each) for each in costs]
    names = ("height", "total", "content", "style", "variation")
    return StyleResult(np.rint(image).astype(np.uint8), dict(zip(names, np.array(history).T, strict=True)))


def _layers(content_layer, style_layers, alpha, beta):
    """Return two dicts from the name of a layer to its share, one of the content cost, one of the style cost.

    The shares of a dict add up to 1. It is empty if its cost has the weight 0: no layer is computed in vain.
    """
    weights = style_layers if isinstance(style_layers, dict) else dict.fromkeys(style_layers, 1.0)
    weights = {name: number("style_layers", weight) for name, weight in weights.items()}
    if not sum(weights.values()):
        raise ValueError(f"style_layers: expected one layer or more with a weight above 0, got {style_layers!r}")
    if not alpha and not beta:
        raise ValueError("alpha, beta: expected one of them above 0, got 0 and 0")
    shares = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    return {content_layer: 1.0} if alpha else {}, shares if beta else {}


def _levels(shape, size, n):
    """Return (height, width) of each level, coarse to fine; a side too short for the net is made longer."""
    if not n:
        raise ValueError("steps: expected a number for one level or more, got none")
    return [_fitting(shape, size * 0.6**k) for k in reversed(range(n))]


def _fitting(shape, longer):
    """Return (height, width) in the ratio of `shape`, with this longer side."""
    scale = longer / max(shape)
    return tuple(max(LEAST, round(side * scale)) for side in shape)


def _widened(picture, border):
    """Mirror a picture at its edges: the zeros that the net sees beyond them would paint a rim."""
    return np.pad(picture, ((border, border), (border, border), (0, 0)), "reflect")


def _targets(net, picture, shares, cost):
    """Return the features of a picture in some layers, and the weight of each: two lists.

    A layer's weight is its share divided by the cost of features that are all 0: that makes its cost relative.
    """
    features = net(picture[None]) if shares else {}  # a dict from each layer's name to (1, height, width, channels)
    targets, weights = [features[name] for name in shares], []
    for target, share in zip(targets, shares.values(), strict=True):
        of_zeros = cost(target, ops.zeros_like(target))
        weights.append(share / ops.where(of_zeros > 0, of_zeros, 1.0))  # a black picture may have features of 0
    return targets, weights


@functools.lru_cache(maxsize=8)
def _compiled(content_layers, style_layers):
    """Return the net that computes these layers, and the compiled function that `_with_gradient` makes of the costs."""
    net = trunk(tuple(dict.fromkeys((*content_layers, *style_layers))))  # a layer that serves both is named once

    def costs(targets, factors, pixels):
        """Compute what is minimized over the pixels, shape (height, width, 3) in 0…1, and the list of its parts.

        `targets` are the `_targets` of content and style, `factors` are α, β and the weight of the variation.
        """
        (content_features, content_weights), (style_features, style_weights) = targets
        features = net(255 * pixels[None])  # the net expects a batch in 0…255
        J_content = sum(
            weight * content_cost(a_C, features[layer])
            for layer, a_C, weight in zip(content_layers, content_features, content_weights, strict=True)
        )
        J_style = style_cost.core(style_features, [features[layer] for layer in style_layers], style_weights)
        rows, columns, _ = ops.shape(pixels)
        neighbors = 3 * (2 * rows * columns - rows - columns)  # pairs, in 3 channels: the variation becomes their mean
        J_variation = total_variation(pixels) / ops.cast(neighbors, "float32")
        alpha, beta, variation = factors[0], factors[1], factors[2]
        total = total_cost.core(J_content, J_style, alpha, beta) + variation * J_variation
        return total, [total, J_content, J_style, J_variation]

    return net, _with_gradient(costs, _signature(net, content_layers, style_layers))


def _with_gradient(costs, signature):
    """Compile a function from (targets, factors, pixels) to the list of costs and the gradient of the total.

    Each backend does so in its own way: Keras has no gradient for what is no model's weight.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Without a signature TensorFlow would choose by the sizes of earlier calls what it compiles
        @tf.function(input_signature=keras.tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), signature))
        def costs_and_gradient(targets, factors, pixels):
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                total, parts = costs(targets, factors, pixels)
            return parts, tape.gradient(total, pixels)

    elif keras.backend.backend() == "jax":
        import jax

        gradient_and_parts = jax.jit(jax.grad(costs, argnums=2, has_aux=True))

        def costs_and_gradient(targets, factors, pixels):
            gradient, parts = gradient_and_parts(targets, factors, pixels)
            return parts, gradient

    else:
        raise NotImplementedError("stylize works on Keras' TensorFlow and JAX backends.")
    return costs_and_gradient


def _signature(net, content_layers, style_layers):
    """Return placeholders in the form of (targets, factors, pixels), None for the sides of a picture."""

    def tensor(*shape):
        return keras.KerasTensor(shape, "float32")

    def targets(layers):  # in the form of `_targets`: features and weights
        return [tensor(1, None, None, net.output[name].shape[-1]) for name in layers], [tensor() for _ in layers]

    return (targets(content_layers), targets(style_layers)), tensor(3), tensor(None, None, 3)


def _minimized(costs_and_gradient, pixels, steps, bar):
    """Take steps of limited-memory BFGS (Liu and Nocedal, 1989), by SciPy; return the pixels and all costs.

    Bounds of 0…1 would cost a tenth of the time and gain nothing: the few pixels that leave are cut off at the end.
    """
    from scipy.optimize import minimize  # here, because it takes a while to load

    history = []

    def total_and_slope(x):  # as SciPy wants it: x and the gradient are one long row of float64
        picture = np.float32(x.reshape(pixels.shape))
        costs, gradient = costs_and_gradient(picture)
        history.append([float(cost) for cost in costs])
        bar.step(picture)
        total = history[-1][0]
        return total, ops.convert_to_numpy(gradient).ravel().astype(float)

    # A step may evaluate the costs more than once: maxfun bounds that too. The tolerances of 0 let it take all steps
    options = {"maxiter": steps, "maxfun": steps, "maxcor": 10, "ftol": 0, "gtol": 0}
    found = minimize(total_and_slope, pixels.ravel(), jac=True, method="L-BFGS-B", options=options).x
    return found.reshape(pixels.shape), history
