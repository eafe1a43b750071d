"""Neural style transfer: gradient descent on the pixels of a picture (Gatys, Ecker and Bethge, 2015, arXiv 1508.06576).

A step is quick because the targets are computed once, one forward pass serves content and style, the net ends after
the last layer in use, and the step is compiled once for pictures of all sizes (by JAX once for each). L-BFGS needs half
as many steps as Adam. The first steps are taken on small pictures: these lay down the large strokes, cheaply, and the
larger sizes add the details.
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
    contents, styles = _layers(content_layer, style_layers, number("alpha", alpha), number("beta", beta))
    factors = np.float32([alpha, beta, number("variation", variation)])
    choice("start", start, ("content", "noise"))
    border = count("border", border, 0)

    net, step = _compiled(tuple(contents), tuple(styles))
    content = match_colors(content, style) if match else content
    rng, image, rows = np.random.default_rng(seed), None, []
    with Progress(sum(steps), progress) as bar:
        for (height, width), n in zip(levels, steps, strict=True):
            of_content = resized(content, (height, width))
            of_style = resized(style, _fitting(style.shape[:2], max(height, width)))
            if image is not None:
                image = np.clip(resized(image, (height, width), "lanczos5"), 0, 255)  # blurs least
            elif start == "content":
                image = of_content
            else:
                image = noise(rng, of_content if alpha else of_style, of_content.shape)
            of_content, image = _widened(of_content, border), _widened(image, border)
            content_targets = _targets(net, of_content, contents, content_cost)
            style_targets = _targets(net, of_style, styles, layer_style_cost)
            costs_of = functools.partial(step, (content_targets, style_targets), factors)
            image, costs = _minimized(costs_of, image / 255, n, bar)
            image = 255 * np.clip(image, 0, 1)[border : border + height, border : border + width]
            rows += [(height, *several) for several in costs]
    names = ("height", "total", "content", "style", "variation")
    return StyleResult(np.rint(image).astype(np.uint8), dict(zip(names, np.array(rows).T, strict=True)))


def _layers(content_layer, style_layers, alpha, beta):
    """Return the shares of layers in the content cost and in the style cost, two dicts; empty for a weight of 0."""
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
    scale = longer / max(shape)
    return tuple(max(LEAST, round(side * scale)) for side in shape)


def _widened(picture, border):
    """Mirror a picture at its edges: the zeros that the net sees beyond them would paint a rim."""
    return np.pad(picture, ((border, border), (border, border), (0, 0)), "reflect")


def _targets(net, picture, shares, cost):
    """Return the features of a picture in some layers, and their weights: share / cost of features that are all 0."""
    features = net(picture[None]) if shares else {}
    targets, weights = [features[name] for name in shares], []
    for target, share in zip(targets, shares.values(), strict=True):
        of_zeros = cost(target, ops.zeros_like(target))
        weights.append(share / ops.where(of_zeros > 0, of_zeros, 1.0))  # a black picture may have features of 0
    return targets, weights


@functools.lru_cache(maxsize=8)
def _compiled(content_layers, style_layers):
    """Return the net, and the step: from the `_targets` of content and style, (α, β, variation) and pixels in 0…1 to
    a list of the total, content, style and variation, and the gradient of the total."""
    net = trunk(tuple(dict.fromkeys((*content_layers, *style_layers))))

    def costs(targets, factors, pixels):
        (contents, scales), (styles, weights) = targets
        features = net(255 * pixels[None])
        of_content, of_style = ([features[name] for name in layers] for layers in (content_layers, style_layers))
        J_content = sum(w * content_cost(a_C, a_G) for w, a_C, a_G in zip(scales, contents, of_content, strict=True))
        J_style = style_cost.core(styles, of_style, weights)
        rows, columns, _ = ops.shape(pixels)
        J_variation = total_variation(pixels) / ops.cast(3 * (2 * rows * columns - rows - columns), "float32")
        total = total_cost.core(J_content, J_style, factors[0], factors[1]) + factors[2] * J_variation
        return total, [total, J_content, J_style, J_variation]

    def tensor(*shape):
        return keras.KerasTensor(shape, "float32")

    def like_targets(layers):
        return [tensor(1, None, None, net.output[name].shape[-1]) for name in layers], [tensor() for _ in layers]

    targets = like_targets(content_layers), like_targets(style_layers)
    return net, _with_gradient(costs, (targets, tensor(3), tensor(None, None, 3)))


def _with_gradient(costs, arguments):
    """Compile the step, for each backend in its own way: Keras has no gradient for what is no model's weight."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Without a signature TensorFlow would choose by the sizes of earlier calls what it compiles
        @tf.function(input_signature=keras.tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), arguments))
        def step(targets, factors, pixels):
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                total, parts = costs(targets, factors, pixels)
            return parts, tape.gradient(total, pixels)

    elif keras.backend.backend() == "jax":
        import jax

        gradient = jax.jit(jax.grad(costs, argnums=2, has_aux=True))

        def step(*given):
            return gradient(*given)[::-1]

    else:
        raise NotImplementedError("stylize works on Keras' TensorFlow and JAX backends.")
    return step


def _minimized(step, pixels, steps, bar):
    """Take steps of limited-memory BFGS (Liu and Nocedal, 1989), by SciPy; return the pixels and all costs.

    Bounds of 0…1 would cost a tenth of the time and gain nothing: the few pixels that leave are cut off at the end.
    """
    from scipy.optimize import minimize  # here, because it takes a while to load

    seen = []

    def total(x):
        picture = np.float32(x.reshape(pixels.shape))
        costs, gradient = step(picture)
        seen.append([float(cost) for cost in costs])
        bar.step(picture)
        return seen[-1][0], ops.convert_to_numpy(gradient).ravel().astype(float)

    options = {"maxiter": steps, "maxfun": steps, "maxcor": 10, "ftol": 0, "gtol": 0}
    found = minimize(total, pixels.ravel(), jac=True, method="L-BFGS-B", options=options).x
    return found.reshape(pixels.shape), seen
