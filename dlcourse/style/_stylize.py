"""Neural style transfer: gradient descent on the pixels of a picture (Gatys, Ecker and Bethge, 2015, arXiv 1508.06576).

What makes a step quick: the targets are computed once, one forward pass serves content and style, the net ends after
the last layer in use, and the step is compiled once for each size. The first steps are taken on small pictures: there
the large strokes are laid down, cheaply, and the larger sizes add what is fine.
"""

from typing import NamedTuple

from dlcourse._checks import choice, colour_picture, count, number
from dlcourse.style._costs import content_cost, layer_style_cost, total_cost, total_variation
from dlcourse.style._progress import Progress
from dlcourse.style._trunk import CONTENT_LAYER, STYLE_LAYERS, trunk

import keras
import numpy as np
from keras import ops

LEAST = 16  # pixels of the shorter side: VGG halves it four times before its last block
GREY, NOISE = 127.5, 10  # mean and deviation of the pixels to begin with; stronger noise has to be removed first
RATE = 0.02  # of Adam, for pixels in 0…1


class StyleResult(NamedTuple):
    """A picture in a style, and how it came about.

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
    steps=(60, 30, 15),
    content_layer=CONTENT_LAYER,
    style_layers=STYLE_LAYERS,
    alpha=1.0,
    beta=25.0,
    variation=4.0,
    start="content",
    match=True,
    optimizer="lbfgs",
    network="vgg16",
    dtype="float32",
    seed=0,
    progress=False,
):
    """A new picture with the content of one and the style of another (eqs. 3.22 and 3.23).

    It minimizes α · J_content + β · J_style + `variation` · J_variation over the pixels. So that weights mean the same
    for every size and every layer, a cost is divided by what it would be for features that are all 0: J_content is
    `content_cost` relative to that, J_style the weighted mean of the relative `layer_style_cost`. J_variation is the
    mean difference of neighbouring pixels, in 0…1.

    Args:
        content: The picture to be painted, uint8, shape (height, width, 3). Its aspect ratio is kept.
        style: The picture whose style is used, the same, of any size. A frame around a painting counts as style: cut it
            off before.
        size: The longer side of the result in pixels, 32 or more.
        steps: How many steps at each level of the pyramid, coarse to fine. The last level has `size`; each before it
            has 0.6 of the side. One number is one level.
        content_layer: Layer of the net for the content.
        style_layers: Layers for the style; or a dict from each to its weight λ. Without weights they count alike.
        alpha: Weight of the content; 0 gives a texture in the style.
        beta: Weight of the style; 0 gives what the content layer knows of the picture.
        variation: Weight of the total variation; more gives calmer areas.
        start: "content", or "noise": then the picture begins as random pixels, near grey.
        match: Whether the content is first given the colours of the style: their mean and covariance.
        optimizer: "lbfgs", which gets further in the same number of steps; or "adam".
        network, dtype: As in `trunk`.
        seed: Of the noise.
        progress: Whether to show a bar and the picture so far, in a notebook or a terminal. It goes away at the end.

    Returns:
        A `StyleResult`. The same arguments give the same picture.

    Raises:
        ValueError: If an argument is out of its range.

    Taught in notebook 3-4, section 3.4.6.
    """
    content, style = colour_picture("content", content), colour_picture("style", style)
    steps = tuple(count("steps", n) for n in (steps if isinstance(steps, tuple | list) else (steps,)))
    weights = dict(style_layers) if isinstance(style_layers, dict) else dict.fromkeys(style_layers, 1.0)
    weights = {name: number("style_layers", weight) for name, weight in weights.items()}
    for name, weight in {"alpha": alpha, "beta": beta, "variation": variation}.items():
        number(name, weight)
    if not steps:
        raise ValueError("steps: expected a number for one level or more, got none")
    choice("start", start, ("content", "noise"))
    minimize = {"lbfgs": _lbfgs, "adam": _adam}[choice("optimizer", optimizer, ("lbfgs", "adam"))]
    if not weights or not sum(weights.values()):
        raise ValueError(f"style_layers: expected one layer or more with a weight above 0, got {style_layers!r}")
    levels = _levels(content.shape[:2], count("size", size, 2 * LEAST), len(steps))
    contents, styles = {content_layer: 1.0} if alpha else {}, weights if beta else {}
    if not contents and not styles:
        raise ValueError("alpha, beta: expected one of them above 0, got 0 and 0")
    net = trunk({**contents, **styles}, network, dtype=dtype)
    content = match_colors(content, style) if match else content
    rng, image, rows = np.random.default_rng(seed), None, []
    with Progress(sum(steps), progress) as bar:
        for (height, width), n in zip(levels, steps, strict=True):
            target = _resized(content, (height, width))
            of_style = _resized(style, _fitting(style.shape[:2], max(height, width)))
            if image is not None:
                image = _resized(image, (height, width))
            else:
                image = target if start == "content" else rng.normal(GREY, NOISE, target.shape).astype("float32")
            J_content = _relative(net, target, contents, content_cost)
            J_style = _relative(net, of_style, styles, layer_style_cost)
            step = _with_gradient(_costs(net, J_content, J_style, alpha, beta, variation))
            history = _History(step, height, bar)
            image = np.clip(minimize(history, image / 255, n), 0, 1) * 255
            rows += history.rows
    names = ("height", "total", "content", "style", "variation")
    return StyleResult(np.rint(image).astype(np.uint8), dict(zip(names, np.array(rows).T, strict=True)))


def match_colors(image, reference):
    """A picture with the colours of another: its pixels get the other's mean and covariance of red, green and blue.

    Source: Gatys et al., Preserving Color in Neural Artistic Style Transfer, 2016, arXiv 1606.05897, section 4, with
    the roles exchanged. Of the many maps that do it this is the symmetric one, which turns the colours least.

    Args:
        image: uint8, shape (height, width, 3).
        reference: The same, of any size.

    Returns:
        uint8, of the shape of `image`; what leaves 0…255 is cut off.

    Raises:
        ValueError: If an argument is not such a picture.

    Taught in notebook 3-4, section 3.4.6.
    """
    pixels, others = (
        colour_picture(name, picture).reshape(-1, 3).astype(float)
        for name, picture in (("image", image), ("reference", reference))
    )
    root, inverse = _root(pixels), np.linalg.inv(_root(pixels))
    # The symmetric solution of A Σ A = Σ', the optimal transport between two normal distributions.
    change = inverse @ _square_root(root @ _covariance(others) @ root) @ inverse
    matched = (pixels - pixels.mean(axis=0)) @ change + others.mean(axis=0)
    return np.rint(np.clip(matched, 0, 255)).astype(np.uint8).reshape(np.shape(image))


def _covariance(pixels):
    return np.cov(pixels.T) + 1e-2 * np.eye(3)  # a grey picture has none of its own in two of three directions


def _square_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T


def _root(pixels):
    return _square_root(_covariance(pixels))


def _levels(shape, size, n):
    """(height, width) of each level, coarse to fine; a side too short for the net is made longer."""
    sides = [size * 0.6**k for k in reversed(range(n))]
    return [_fitting(shape, side) for side in sides]


def _fitting(shape, longer):
    scale = longer / max(shape)
    return tuple(max(LEAST, round(side * scale)) for side in shape)


def _resized(image, size):
    """With antialias, which matters for a photograph that becomes much smaller."""
    image = ops.convert_to_tensor(image, "float32")
    return ops.convert_to_numpy(ops.image.resize(image, size, "bilinear", antialias=True))


def _relative(net, picture, weights, cost):
    """A function of features: the weighted mean over layers of their cost to the picture's, each relative to that of 0.

    The picture's own features are computed here, once.
    """
    features = net(picture[None])
    targets = {name: ops.stop_gradient(features[name]) for name in weights}
    scales = {name: cost(target, 0 * target) for name, target in targets.items()}
    scales = {name: ops.where(scale > 0, scale, 1.0) for name, scale in scales.items()}  # black may give features of 0

    def relative(features):
        costs = (weights[name] * cost(targets[name], features[name]) / scales[name] for name in weights)
        return sum(costs) / sum(weights.values()) if weights else 0.0

    return relative


def _costs(net, J_content, J_style, alpha, beta, variation):
    """A function of pixels in 0…1: the total cost, and (total, content, style, variation) as one array."""

    def costs(pixels):
        features = net(255 * pixels[None])
        height, width, _ = pixels.shape
        neighbours = 3 * (2 * height * width - height - width)
        parts = J_content(features), J_style(features), total_variation(pixels) / neighbours
        total = total_cost(*parts[:2], alpha, beta) + variation * parts[2]
        return total, ops.stack([ops.cast(part, "float32") for part in (total, *parts)])

    return costs


def _with_gradient(costs):
    """Keras has no gradient of its own for what is not a weight of a model, so each backend says how."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        @tf.function
        def step(pixels):
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                total, parts = costs(pixels)
            return parts, tape.gradient(total, pixels)

    elif keras.backend.backend() == "jax":
        import jax

        gradient = jax.jit(jax.grad(costs, has_aux=True))

        def step(pixels):
            return gradient(pixels)[::-1]

    else:
        raise NotImplementedError("stylize works on Keras' TensorFlow and JAX backends.")
    return lambda pixels: tuple(ops.convert_to_numpy(x) for x in step(ops.convert_to_tensor(pixels, "float32")))


class _History:
    """The costs and their gradient, which keeps what it has computed."""

    def __init__(self, costs, height, bar):
        self.costs, self.height, self.bar, self.rows = costs, height, bar, []

    def __call__(self, pixels):
        parts, gradient = self.costs(pixels)
        self.rows.append((self.height, *parts))
        self.bar.step(pixels)
        return parts[0], gradient


def _lbfgs(costs, pixels, steps):
    """Limited-memory BFGS (Liu and Nocedal, 1989), by SciPy.

    Bounds of 0…1 would cost a tenth of the time and gain nothing: the few pixels that leave are cut off at the end.
    """
    from scipy.optimize import minimize  # here, for it takes a while to load

    shape = pixels.shape

    def flat(x):
        total, gradient = costs(x.reshape(shape))
        return float(total), gradient.ravel().astype(float)

    options = {"maxiter": steps, "maxfun": steps, "maxcor": 10, "ftol": 0, "gtol": 0}
    return minimize(flat, pixels.ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(shape)


def _adam(costs, pixels, steps):
    """Adam with a rate for pixels in 0…1, and back into 0…1 after each step."""
    variable, optimizer = keras.Variable(pixels, dtype="float32"), keras.optimizers.Adam(RATE)
    for _ in range(steps):
        _, gradient = costs(ops.convert_to_numpy(variable))
        optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
        variable.assign(ops.clip(variable, 0, 1))
    return ops.convert_to_numpy(variable)
