"""Neural style transfer: gradient descent on the pixels of a picture (Gatys, Ecker and Bethge, 2015, arXiv 1508.06576).

What makes a step quick: the targets are computed once, one forward pass serves content and style, the net ends after
the last layer in use, and the step is compiled once for pictures of all sizes (by JAX once for each). L-BFGS needs half
as many steps as Adam. The first steps are taken on small pictures: there the large strokes are laid down, cheaply, and
the larger sizes add what is fine.
"""

import functools
from typing import NamedTuple

from dlcourse._pixels import resized
from dlcourse.checks import choice, colour_picture, count, number
from dlcourse.style.costs import content_cost, gram_distance, mean_gram, total_variation
from dlcourse.style.progress import Progress
from dlcourse.style.trunk import CONTENT_LAYER, STYLE_LAYERS, trunk

import keras
import numpy as np
from keras import ops

LEAST = 16  # pixels of the shorter side: VGG halves it four times before its last block
NOISE = 0.3  # of the spread of the colors, in the pixels to begin with; stronger noise has to be removed first
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
    steps=(50, 15, 15),
    content_layer=CONTENT_LAYER,
    style_layers=STYLE_LAYERS,
    alpha=1.0,
    beta=25.0,
    variation=4.0,
    start="content",
    match=True,
    border=0,
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
        content: The picture to be painted, uint8, shape (height, width, 3), as `dlcourse.datasets.read_picture` returns
            it. Its aspect ratio is kept.
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
        start: "content"; or "noise", random pixels around the mean color of the content, or of the style if `alpha` is
            0, with a fraction of the spread of its colors: from grey the colors would take most of the steps.
        match: Whether the content is first given the colours of the style: their mean and covariance.
        border: Pixels by which the picture is widened on each side while it is painted, at each size, with its own
            mirror image; they are cut off again. Without them the zeros that the net puts beyond the edges show as a
            rim. 8 is enough.
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
    border = count("border", border, 0)
    contents, styles = {content_layer: 1.0} if alpha else {}, weights if beta else {}
    if not contents and not styles:
        raise ValueError("alpha, beta: expected one of them above 0, got 0 and 0")
    net, step = _compiled(tuple(contents), tuple(styles), network, dtype)
    content = match_colors(content, style) if match else content
    rng, image, rows = np.random.default_rng(seed), None, []
    factors = np.array([alpha, beta, variation], "float32")
    with Progress(sum(steps), progress) as bar:
        for (height, width), n in zip(levels, steps, strict=True):
            target = resized(content, (height, width))
            of_style = resized(style, _fitting(style.shape[:2], max(height, width)))
            if image is not None:
                image = np.clip(resized(image, (height, width), "lanczos5"), 0, 255)  # blurs least
            else:
                image = target if start == "content" else _noise(rng, target if alpha else of_style, target.shape)
            target, image = _widened(target, border), _widened(image, border)
            goals = _goals(net, target, contents), _goals(net, of_style, styles, mean_gram, gram_distance)
            history = _History(functools.partial(step, goals, factors), height, bar)
            image = np.clip(minimize(history, image / 255, n), 0, 1) * 255
            image = image[border : border + height, border : border + width]
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

    Its idea is taught in notebook 3-4, section 3.4.6.
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


def _widened(picture, border):
    """A picture with mirrored edges: the zeros that the net sees beyond them would paint a rim."""
    return np.pad(picture, ((border, border), (border, border), (0, 0)), "reflect")


def _noise(rng, picture, shape):
    """Pixels of their own each, with the mean and, in small, the covariance of a picture's colors."""
    colors = np.asarray(picture, float).reshape(-1, 3)
    pixels = colors.mean(axis=0) + NOISE * rng.normal(size=shape) @ _root(colors)
    return np.clip(pixels, 0, 255).astype("float32")


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


def _goals(net, picture, weights, summary=ops.convert_to_tensor, cost=content_cost):
    """For each layer the target, what `summary` keeps of the picture's features, and the weight of its cost.

    The weight is λ / Σλ, divided by the cost of features that are all 0.
    """
    features, goals = net(picture[None]) if weights else {}, {}
    for name, weight in weights.items():
        target = summary(features[name])
        of_zeros = cost(target, ops.zeros_like(target))
        of_zeros = ops.where(of_zeros > 0, of_zeros, 1.0)  # black may give features of 0
        goals[name] = target, weight / sum(weights.values()) / of_zeros
    return goals


@functools.lru_cache(maxsize=8)
def _compiled(content_layers, style_layers, network, dtype):
    """The net, and a function to (total, content, style, variation) and the gradient of the total for the pixels.

    Its arguments are what `_goals` gives, (α, β, variation) and the pixels in 0…1: one function serves every picture.
    """
    net = trunk(tuple(dict.fromkeys((*content_layers, *style_layers))), network, dtype=dtype)

    def costs(goals, factors, pixels):
        features = net(255 * pixels[None])
        of_content, of_style = goals
        rows, columns, _ = ops.shape(pixels)
        neighbours = ops.cast(3 * (2 * rows * columns - rows - columns), "float32")
        parts = ops.stack(
            [
                sum((w * content_cost(target, features[name]) for name, (target, w) in of_content.items()), 0.0),
                sum((w * gram_distance(G, mean_gram(features[name])) for name, (G, w) in of_style.items()), 0.0),
                total_variation(pixels) / neighbours,
            ]
        )
        total = ops.sum(factors * parts)
        return total, ops.concatenate([total[None], parts])

    def tensor(*shape):
        return keras.KerasTensor(shape, "float32")

    channels = {name: output.shape[-1] for name, output in net.output.items()}
    of_content = {name: (tensor(1, None, None, channels[name]), tensor()) for name in content_layers}
    of_style = {name: (tensor(1, channels[name], channels[name]), tensor()) for name in style_layers}
    return net, _with_gradient(costs, ((of_content, of_style), tensor(3), tensor(None, None, 3)))


def _with_gradient(costs, arguments):
    """Keras has no gradient of its own for what is not a weight of a model, so each backend says how."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Without a signature TensorFlow would choose by the sizes of earlier calls what it compiles.
        @tf.function(input_signature=keras.tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), arguments))
        def step(goals, factors, pixels):
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                total, parts = costs(goals, factors, pixels)
            return parts, tape.gradient(total, pixels)

    elif keras.backend.backend() == "jax":
        import jax

        gradient = jax.jit(jax.grad(costs, argnums=2, has_aux=True))

        def step(*given):
            return gradient(*given)[::-1]

    else:
        raise NotImplementedError("stylize works on Keras' TensorFlow and JAX backends.")
    return lambda *given: tuple(ops.convert_to_numpy(x) for x in step(*given))


class _History:
    """The costs and their gradient, which keeps what it has computed."""

    def __init__(self, costs, height, bar):
        self.costs, self.height, self.bar, self.rows = costs, height, bar, []

    def __call__(self, pixels):
        parts, gradient = self.costs(np.asarray(pixels, "float32"))
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
