"""The exercises of notebook 3-2: what convolutions cost, blocks of layers, colour shifting, and freezing."""

from dataclasses import dataclass

from dlcourse.check.compare import as_numpy
from dlcourse.check.exercise import Exercise
from dlcourse.check.layers import Maps, built, checked, layers_of, same_draws

import numpy as np


def inception_cost(n, channels, f, filters, bottleneck=None):
    """How many multiplications a same convolution of f×f takes, with or without a 1×1 bottleneck before it.

    Args:
        n: Height and width of the maps that come in, and of those that go out.
        channels: How many maps come in.
        f: Height and width of the filters.
        filters: How many there are, and so how many maps go out.
        bottleneck: How many 1×1 filters make the channels few before; None: there is no bottleneck.

    Returns:
        A whole number. Biases cost no multiplication.
    """
    if bottleneck is None:
        return n * n * filters * f * f * channels
    return n * n * bottleneck * channels + n * n * filters * f * f * bottleneck


def depthwise_cost(n_out, channels, f, filters):
    """How many multiplications a convolution takes, how many a depthwise separable one, and their ratio (eq. 3.9).

    Args:
        n_out: Height and width of the maps that go out.
        channels: n_C, how many maps come in.
        f: Height and width of the filters.
        filters: n′_C, how many maps go out.

    Returns:
        (normal, separable, ratio): two whole numbers, and separable / normal, which is 1/n′_C + 1/f².
    """
    places = n_out * n_out
    normal = places * filters * f * f * channels
    separable = places * channels * f * f + places * filters * channels  # depthwise, then pointwise
    return normal, separable, separable / normal


def color_shift(images, shifts):
    """Add a number to each channel of each picture, the same for all its pixels.

    Args:
        images: Pictures in 0…255, shape (m, height, width, channels), uint8.
        shifts: Whole numbers, shape (m, channels): one for each picture and channel.

    Returns:
        New pictures of the same shape, uint8. What would leave 0…255 is clipped. `dlcourse.augment.color_shift` draws
        the numbers as well.
    """
    shifted = images.astype(int) + shifts[:, None, None, :]
    return np.clip(shifted, 0, 255).astype(np.uint8)


def identity_block(x, filters):
    """The residual block of equation (3.8), from layers of Keras.

    Args:
        x: a^[l], feature maps, shape (m, height, width, filters).
        filters: Of both convolutions, as many as x has channels.

    Returns:
        a^[l+2], of the same shape. `dlcourse.models.identity_block` is the one of ResNet-50, with three convolutions.
    """
    from keras import layers

    z = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    z = layers.BatchNormalization()(z)
    z = layers.ReLU()(z)
    z = layers.Conv2D(filters, 3, padding="same", use_bias=False)(z)
    z = layers.BatchNormalization()(z)
    z = layers.Add()([x, z])
    return layers.ReLU()(z)


def inverted_residual(x, filters, stride, expansion):
    """The bottleneck of MobileNetV2, from layers of Keras.

    Args:
        x: Feature maps, shape (m, height, width, channels).
        filters: How many channels come out.
        stride: Of the depthwise convolution, 1 or 2.
        expansion: By how much the channels grow inside.

    Returns:
        Feature maps, shape (m, ⌈height/stride⌉, ⌈width/stride⌉, filters). x is added if it has that shape.
    """
    from keras import layers

    channels = x.shape[-1]
    z = layers.Conv2D(expansion * channels, 1, use_bias=False)(x)
    z = layers.BatchNormalization()(z)
    z = layers.ReLU(6)(z)
    z = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(z)
    z = layers.BatchNormalization()(z)
    z = layers.ReLU(6)(z)
    z = layers.Conv2D(filters, 1, use_bias=False)(z)
    z = layers.BatchNormalization()(z)
    return layers.Add()([x, z]) if stride == 1 and filters == channels else z


def freeze_and_count(model, from_layer):
    """Freeze what comes before a layer, and every batch normalization, as fine-tuning does.

    Args:
        model: A Keras model, all its layers trainable. They are frozen here.
        from_layer: The name of the first layer that goes on learning.

    Returns:
        How many parameters can still be trained.
    """
    from keras import layers

    first = [layer.name for layer in model.layers].index(from_layer)
    for i, layer in enumerate(model.layers):
        if i < first or isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


# What is compared where the answer is made of Keras' layers


def _block(function, x, *arguments):
    """What a block of layers is made of and computes, however it was written.

    Its kernels and batch normalizations are listed, and it is tried with weights that depend on their shapes and on
    the place of a batch normalization among the others alone: each has statistics, γ and β of its own, so that one in
    the wrong place shows.
    """
    import keras

    with same_draws():
        maps = keras.Input(x.shape)
        result = built(function, maps, *arguments)
        if result is None or result is ...:
            return result
        checked(result)
        model = keras.Model(maps, result)
        kernels, norms = _parts(model)
        pixels = np.random.default_rng(0).integers(-8, 9, size=(1, *x.shape)).astype("float32")

        def computed(scale, slopes, shifts):
            for kernel, group in kernels:
                values = np.random.default_rng(group).normal(scale=scale, size=group) if scale else np.zeros(group)
                kernel.assign(values.reshape(kernel.shape))
            for norm, slope, shift in zip(norms, slopes, shifts, strict=True):
                _set_norm(norm, slope, shift)
            return np.round(np.asarray(model(pixels, training=False)[0], np.float64), 4)

        still = computed(0, range(2, len(norms) + 2), [-1] * len(norms))  # γ is 2, 3, …
        rng, sizes = np.random.default_rng(1), [norm.moving_mean.shape[0] for norm in norms]
        drawn = [(rng.uniform(0.4, 1.6, size), rng.uniform(-1.5, 0.5, size)) for size in sizes]
        moved = computed(1, *zip(*drawn, strict=True)) if norms else computed(1, (), ())
        places = moved.reshape(-1, moved.shape[-1])
        return {
            "shape": str(moved.shape),
            "kernels": ", ".join(sorted(_kernel(group) for _, group in kernels)) or "none",
            "batch norms": ", ".join(sorted(f"{size} channels" for size in sizes)) or "none",
            "all kernels 0, all beta -1": f"{_row(pixels[0])} become {_row(still)}",
            "random weights, three places": places[[0, len(places) // 2, -1]],
        }


def _set_norm(norm, slope, shift):
    """Make a batch normalization compute slope · z + shift at test time, through all the weights that it has.

    The averages are those of a training that has seen numbers of another mean and variance; without γ the variance
    is chosen to give the slope, without β the mean to give the shift.
    """
    size = norm.moving_mean.shape
    slope, shift = np.broadcast_to(slope, size).astype(float), np.broadcast_to(shift, size).astype(float)
    variance = np.linspace(0.5, 2, size[0]) if norm.scale else slope**-2
    gamma = slope * np.sqrt(variance)
    mean = np.linspace(-1, 2, size[0]) if norm.center else -shift / slope
    values = {"moving_mean": mean, "moving_variance": variance - norm.epsilon, "gamma": gamma}
    for weight in norm.weights:
        weight.assign(values.get(weight.name, shift + slope * mean))  # β


def _row(maps):
    """The first numbers of the first channel, as text."""
    return ", ".join(f"{number + 0.0:.4g}" for number in maps[0, :4, 0])  # + 0.0 turns -0 into 0


def _parts(model):
    """The kernels of a model, each with its shape, and its batch normalizations; biases are set to 0.

    The shape is (f, f, channels, filters), or (f, f, channels) where each filter sees one channel.
    """
    from keras import layers

    kernels, norms = [], []
    for layer in layers_of(model):
        if isinstance(layer, layers.BatchNormalization):
            norms.append(layer)
            continue
        for weight in layer.weights:
            if weight.name == "bias":
                weight.assign(np.zeros(weight.shape))
                continue
            shape = (1,) * (4 - len(weight.shape)) + tuple(weight.shape)  # a dense layer on maps is a 1×1 convolution
            if isinstance(layer, layers.DepthwiseConv2D) and shape[3] == 1:
                shape = shape[:3]
            elif getattr(layer, "groups", 1) > 1 and shape[2] == 1 and shape[3] == layer.groups:
                shape = (*shape[:2], shape[3])
            kernels.append((weight, shape))
    return kernels, norms


def _kernel(shape):
    """'3×3×2→6', or '3×3 for each of 6 channels'."""
    size = "×".join(map(str, shape[:2]))
    return f"{size}×{shape[2]}→{shape[3]}" if len(shape) == 4 else f"{size} for each of {shape[2]} channels"


@dataclass(frozen=True)
class _Net:
    """In a case, a small model to freeze; its layers are called conv1, bn1, conv2, bn2, … and head."""

    filters: tuple

    def build(self):
        import keras
        from keras import layers

        stack = [keras.Input((4, 4, 3), name="pictures")]
        for i, filters in enumerate(self.filters, start=1):
            stack += [layers.Conv2D(filters, 3, padding="same", name=f"conv{i}")]
            stack += [layers.BatchNormalization(name=f"bn{i}"), layers.ReLU(name=f"relu{i}")]
        stack += [layers.GlobalAveragePooling2D(name="pool"), layers.Dense(2, name="head")]
        x = stack[0]
        for layer in stack[1:]:
            x = layer(x)
        return keras.Model(stack[0], x)

    def __repr__(self):
        blocks = (f"conv{i} ({filters} filters), bn{i}, relu{i}" for i, filters in enumerate(self.filters, start=1))
        return f"a model: {', '.join(blocks)}, pool, head"


def _frozen(function, net, *arguments):
    """What the function returns for a new model, and which layers learn afterwards."""
    with same_draws():
        model = net.build()
        count = function(model, *arguments)
        if count is None or count is ...:
            return count
        learning = [layer.name for layer in model.layers if layer.trainable_weights]
        return {"returned": count, "layers that learn": ", ".join(learning) or "none"}


def _as_tuple(function, *arguments):
    """What the function returns; one array of all results counts as the tuple of them."""
    result = as_numpy(function(*arguments))
    return tuple(result.tolist()) if isinstance(result, np.ndarray) and result.ndim == 1 else result


def _typed(function, *arguments):
    """What the function returns, with its type: pixels of another type are other pixels."""
    result = as_numpy(function(*arguments))
    if result is None or result is ...:
        return result
    return {"type": str(np.asarray(result).dtype), "pixels": np.asarray(result)}


# Cases


def _inception(rng):
    n, channels, filters = (int(number) for number in rng.integers(2, 60, size=3))
    return n, channels, int(rng.choice([3, 5, 7])), filters, None if rng.random() < 0.5 else int(rng.integers(1, 20))


def _depthwise(rng):
    n_out, channels, filters = (int(number) for number in rng.integers(2, 60, size=3))
    return n_out, channels, int(rng.choice([3, 5, 7])), filters


def _pictures(rng):
    m, height, width, channels = (int(number) for number in rng.integers(2, 6, size=4))
    images = rng.integers(0, 256, size=(m, height, m + width, channels), dtype=np.uint8)
    return images, rng.integers(-60, 61, size=(m, channels))


_IMAGES = np.array([[[[250, 100, 5], [10, 245, 0]]], [[[0, 128, 255], [30, 60, 90]]]], dtype=np.uint8)
_SHIFTS = np.array([[10, -20, -10], [-5, 7, 1]])


# Typical wrong answers that take more than a line


def _residual(
    x,
    filters,
    *,
    padding="same",
    norms=(True, True),
    inner=True,
    shortcut="x",
    before=False,
    after=True,
    late=False,
    activation=None,
):
    """`identity_block` with one thing changed."""
    from keras import layers

    z = layers.Conv2D(filters, 3, padding=padding, activation=activation)(x)
    z = layers.BatchNormalization()(z) if norms[0] else z
    z = layers.ReLU()(z) if inner else z
    z = layers.Conv2D(filters, 3, padding=padding)(z)
    z = layers.BatchNormalization()(z) if norms[1] and not late else z
    z = layers.ReLU()(z) if before else z
    if shortcut == "twice":  # the shortcut starts behind the first half, or where it ends
        z = layers.Add()([z, z])
    elif shortcut:
        z = layers.Add()([layers.BatchNormalization()(x) if shortcut == "normalized" else x, z])
    z = layers.BatchNormalization()(z) if late else z
    return layers.ReLU()(z) if after else z


def _preactivated(x, filters):
    """The block of a later paper (He et al., 2016, arXiv 1603.05027), which adds x behind everything."""
    from keras import layers

    z = x
    for _ in range(2):
        z = layers.ReLU()(layers.BatchNormalization()(z))
        z = layers.Conv2D(filters, 3, padding="same")(z)
    return layers.Add()([x, z])


def _inverted(
    x,
    filters,
    stride,
    expansion,
    *,
    inside=None,
    most=6,
    full=False,
    strides=None,
    linear=True,
    adds=None,
    after=False,
    late=False,
    early=False,
):
    """`inverted_residual` with one thing changed."""
    from keras import layers

    def normalized(z):
        if early:  # the other way round
            return layers.BatchNormalization()(layers.ReLU(most)(z))
        return layers.ReLU(most)(layers.BatchNormalization()(z))

    inside, strides = inside or expansion * x.shape[-1], strides or (1, stride)
    z = normalized(layers.Conv2D(inside, 1, strides[0])(x))
    spatial = layers.Conv2D(inside, 3, strides[1], padding="same") if full else None
    z = normalized((spatial or layers.DepthwiseConv2D(3, strides[1], padding="same"))(z))
    z = layers.Conv2D(filters, 1)(z)
    z = z if late else layers.BatchNormalization()(z)
    z = z if linear else layers.ReLU(6)(z)
    adds = stride == 1 and filters == x.shape[-1] if adds is None else adds
    z = layers.Add()([x, z]) if adds else z
    z = layers.BatchNormalization()(z) if late else z
    return layers.ReLU(6)(z) if after else z


def _freeze(model, from_layer, *, past=0, norms=True, reverse=False, count=None):
    """`freeze_and_count` with one thing changed."""
    from keras import layers

    first = [layer.name for layer in model.layers].index(from_layer) + past
    for i, layer in enumerate(model.layers):
        if (i >= first if reverse else i < first) or (norms and isinstance(layer, layers.BatchNormalization)):
            layer.trainable = False
    return count(model) if count else sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _with_ratio(normal, separable):
    return normal, separable, separable / normal


def _in_place(images, shifts):
    images[...] = color_shift(images, shifts)
    return images


def _counts_first(model, from_layer):
    count = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    _freeze(model, from_layer)
    return count


def _freezes_all(model, from_layer):
    model.trainable = False
    return _freeze(model, from_layer)


# Right answers that take more than a line


def _residual_by_hints(x, filters):
    from keras import layers

    z = layers.Conv2D(filters, 3, padding="same")(x)
    z = layers.BatchNormalization()(z)
    z = layers.ReLU()(z)
    z = layers.Conv2D(filters, 3, padding="same")(z)
    z = layers.BatchNormalization()(z)
    z = layers.Add()([x, z])
    return layers.ReLU()(z)


def _residual_in_sequence(x, filters):
    import keras
    from keras import layers

    branch = keras.Sequential(
        [
            layers.Conv2D(filters, (3, 3), strides=(1, 1), padding="same", kernel_initializer="he_normal"),
            layers.BatchNormalization(axis=3, epsilon=1e-5, momentum=0.9),
            layers.Activation("relu"),
            layers.Conv2D(filters, (3, 3), padding="same"),
            layers.BatchNormalization(),
        ]
    )
    return layers.Activation("relu")(layers.add([branch(x), x]))


def _residual_with_ops(x, filters):
    from keras import layers, ops

    z = x
    for last in (False, True):
        z = layers.Conv2D(filters, 3, padding="valid", use_bias=last)(layers.ZeroPadding2D(1)(z))
        z = layers.BatchNormalization(center=not last)(z) + (x if last else 0)
        z = ops.relu(z) if last else ops.maximum(z, 0)
    return z


def _inverted_by_hints(x, filters, stride, expansion):
    from keras import layers

    channels = x.shape[-1]
    z = layers.Conv2D(expansion * channels, 1)(x)
    z = layers.ReLU(6)(layers.BatchNormalization()(z))
    z = layers.DepthwiseConv2D(3, stride, padding="same")(z)
    z = layers.ReLU(6)(layers.BatchNormalization()(z))
    z = layers.BatchNormalization()(layers.Conv2D(filters, 1)(z))
    if stride == 1 and filters == x.shape[-1]:
        z = layers.Add()([x, z])
    return z


def _inverted_in_sequence(x, filters, stride, expansion):
    import keras
    from keras import layers

    inside = expansion * x.shape[-1]
    expand = [layers.Conv2D(inside, 1, use_bias=False), layers.BatchNormalization(), layers.Activation("relu6")]
    depthwise = [layers.DepthwiseConv2D((3, 3), strides=(stride, stride), padding="same"), layers.BatchNormalization()]
    project = [layers.Activation("relu6"), layers.Conv2D(filters, 1), layers.BatchNormalization()]
    z = keras.Sequential([*expand, *depthwise, *project])(x)
    return layers.add([z, x]) if z.shape == x.shape else z


def _inverted_with_ops(x, filters, stride, expansion):
    from keras import layers, ops

    inside = expansion * x.shape[-1]
    z = layers.Dense(inside)(x)  # on every place: a 1×1 convolution
    z = ops.relu6(layers.BatchNormalization()(z))
    z = layers.Conv2D(inside, 3, stride, padding="same", groups=inside)(z)  # a group for each channel
    z = ops.minimum(ops.relu(layers.BatchNormalization()(z)), 6)
    z = layers.BatchNormalization(scale=False)(layers.Conv2D(filters, 1, padding="same")(z))
    return x + z if stride == 1 and x.shape[-1] == filters else z


def _counted_by_keras(n, channels, f, filters, bottleneck=None):
    import keras
    from keras import layers

    with same_draws():
        inputs = keras.Input((n, n, channels))
        x = inputs if bottleneck is None else layers.Conv2D(bottleneck, 1, use_bias=False)(inputs)
        net = keras.Model(inputs, layers.Conv2D(filters, f, padding="same", use_bias=False)(x))
        return sum(n * n * layer.count_params() for layer in net.layers)


def _inception_by_hints(n, channels, f, filters, bottleneck=None):
    cost = 0
    if bottleneck is not None:
        cost += n * n * bottleneck * channels
        channels = bottleneck
    return cost + n * n * filters * (f * f * channels)


def _depthwise_by_hints(n_out, channels, f, filters):
    normal = n_out * n_out * filters * (f * f * channels)
    depthwise, pointwise = n_out * n_out * channels * (f * f), n_out * n_out * filters * channels
    return normal, depthwise + pointwise, (depthwise + pointwise) / normal


def _shifted_one_by_one(images, shifts):
    result = np.empty_like(images)
    for i, picture in enumerate(images):
        for c in range(images.shape[-1]):
            result[i, ..., c] = np.clip(picture[..., c].astype(np.int16) + shifts[i, c], 0, 255)
    return result


def _shifted_by_keras(images, shifts):
    from keras import ops

    summed = ops.cast(images, "int32") + ops.cast(shifts, "int32")[:, None, None, :]
    return ops.cast(ops.clip(summed, 0, 255), "uint8")


def _shifted_by_tensorflow(images, shifts):
    import tensorflow as tf

    summed = tf.cast(images, tf.float32) + tf.reshape(tf.cast(shifts, tf.float32), (len(images), 1, 1, -1))
    return tf.cast(tf.clip_by_value(summed, 0, 255), tf.uint8)


def _frozen_by_hints(model, from_layer):
    from keras import layers

    seen = False
    for layer in model.layers:
        seen = seen or layer.name == from_layer
        if not seen or isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    return sum(np.prod(weight.shape) for weight in model.trainable_weights)


def _frozen_then_released(model, from_layer):
    from keras import layers, ops

    model.trainable = False
    model.trainable = True  # all anew
    first = model.layers.index(model.get_layer(from_layer))
    for number, layer in enumerate(model.layers):
        layer.trainable = number >= first and not isinstance(layer, layers.BatchNormalization)
    return sum(ops.size(variable) for variable in model.trainable_variables)


def _frozen_and_counted_by_layer(model, from_layer):
    names = [layer.name for layer in model.layers]
    learning = [
        layer for layer in model.layers[names.index(from_layer) :] if type(layer).__name__ != "BatchNormalization"
    ]
    for layer in model.layers:
        layer.trainable = layer in learning
    return sum(layer.count_params() for layer in learning)


EXERCISES = [
    Exercise(
        reference=identity_block,
        notebook="3-2",
        section="3.2.2",
        cases=[(Maps((6, 7, 3)), 3), (Maps((7, 6, 2)), 2)],
        through=_block,
        rtol=1e-3,
        atol=1e-3,
        wrong=[
            (
                lambda x, filters: _residual(x, filters, before=True, after=False),
                "Here the ReLU stands before the addition. It comes last: a = g(z + x).",
            ),
            (
                lambda x, filters: _residual(x, filters, before=True),
                "One ReLU too many: z is added as batch normalization leaves it, negative numbers too.",
            ),
            (
                lambda x, filters: _residual(x, filters, after=False),
                "The last ReLU is missing: a = g(z + x).",
            ),
            (lambda x, filters: _residual(x, filters, shortcut=None), "x is not added: this is a plain network."),
            (
                lambda x, filters: _residual(x, filters, late=True),
                "The second batch normalization stands behind the addition. It belongs to z; x is added as it is.",
            ),
            (
                lambda x, filters: _residual(x, filters, norms=(True, False), shortcut="normalized"),
                "Here x is normalized and z is not. The second batch normalization belongs to z; x is added as it is.",
            ),
            (
                lambda x, filters: _residual(x, filters, shortcut="normalized"),
                "A batch normalization too many: x is added as it is.",
            ),
            (
                lambda x, filters: _residual(x, filters, activation="relu", inner=False),
                "The first ReLU stands before the batch normalization. The order is convolution, batch norm, ReLU.",
            ),
            (
                lambda x, filters: _residual(x, filters, shortcut="twice"),
                "z is added to itself. Is x overwritten on the way? Call what you compute z, and keep x for the end.",
            ),
            (
                _preactivated,
                "This is the block of a later paper, with batch norm and ReLU before the convolutions. In (3.8) they "
                "stand behind them, and the last ReLU behind the addition.",
            ),
            (
                lambda x, filters: _residual(x, filters, padding="valid"),
                'Each 3×3 convolution without padding takes two rows and two columns away. padding="same" keeps them.',
            ),
            (lambda x, filters: _residual(x, filters, inner=False), "The ReLU between the two halves is missing."),
            (
                lambda x, filters: _residual(x, filters, norms=(False, False)),
                "Each of the two convolutions is followed by batch normalization.",
            ),
            (
                lambda x, filters: _residual(x, filters, norms=(True, False)),
                "Batch normalization is missing behind the second convolution.",
            ),
        ],
        also_right=[_residual_by_hints, _residual_in_sequence, _residual_with_ops],
        hints=[
            "Call what you compute z and leave x as it is: it is needed at the end.",
            "The order is: convolution, batch norm, ReLU, convolution, batch norm, addition, ReLU.",
            'layers.Conv2D(filters, 3, padding="same")(x) is the first step, layers.Add()([x, z]) the last but one.',
        ],
    ),
    Exercise(
        reference=inception_cost,
        notebook="3-2",
        section="3.2.3",
        cases=[(28, 192, 5, 32, None), (28, 192, 5, 32, 16), (14, 480, 3, 208, 96), (7, 8, 1, 4, None)],
        random=_inception,
        wrong=[
            (
                lambda n, channels, f, filters, bottleneck=None: inception_cost(n, channels, f, filters),
                "This leaves the bottleneck out.",
            ),
            (
                lambda n, channels, f, filters, bottleneck=None: inception_cost(
                    n, channels if bottleneck is None else bottleneck, f, filters
                ),
                "The bottleneck costs something too: n · n · bottleneck numbers, each a sum of `channels` products.",
            ),
            (
                lambda n, channels, f, filters, bottleneck=None: (
                    inception_cost(n, channels, f, filters)
                    + (n * n * bottleneck * channels if bottleneck is not None else 0)
                ),
                "Behind the bottleneck a filter sees `bottleneck` channels, no longer all of them.",
            ),
            (
                lambda n, channels, f, filters, bottleneck=None: (
                    inception_cost(n, channels, f, filters, bottleneck) // (n * n)
                ),
                "These are the weights. Each is used at n · n places.",
            ),
            (
                lambda n, channels, f, filters, bottleneck=None: (
                    inception_cost(n, channels, f, filters)
                    if bottleneck is None
                    else n * n * f * f * bottleneck * (channels + filters)
                ),
                "The filters of the bottleneck are 1×1, not f×f.",
            ),
            (
                lambda n, channels, f, filters, bottleneck=None: (
                    n * n * filters * f * f if bottleneck is None else n * n * bottleneck + n * n * filters * f * f
                ),
                "A filter reaches through all channels: f · f · channels products for each number.",
            ),
            (
                lambda n, channels, f, filters, bottleneck=None: (
                    inception_cost(n, channels, f, filters, bottleneck) * (n - f + 1) ** 2 // n**2
                    if bottleneck is None
                    else n * n * bottleneck * channels + (n - f + 1) ** 2 * filters * f * f * bottleneck
                ),
                "n − f + 1 is the side without padding. A same convolution has n · n places.",
            ),
            (
                lambda n, channels, f, filters, bottleneck=None: (
                    inception_cost(n, channels, f, filters, bottleneck) + n * n * (filters + (bottleneck or 0))
                ),
                "A bias is added, not multiplied: it costs no multiplication.",
            ),
        ],
        also_right=[
            _inception_by_hints,
            _counted_by_keras,
            lambda n, channels, f, filters, bottleneck=None: (
                np.prod([n, n, filters, f, f, bottleneck or channels]) + np.prod([n, n, bottleneck or 0, channels])
            ),
        ],
        hints=[
            "Numbers that come out, times the products that each of them takes.",
            "n · n · filters numbers come out of the f×f convolution; each takes f · f products for every channel.",
            "A bottleneck adds n · n · bottleneck · channels, and then the f×f filters see `bottleneck` channels only.",
        ],
    ),
    Exercise(
        reference=depthwise_cost,
        notebook="3-2",
        section="3.2.4",
        cases=[(4, 3, 3, 5), (14, 512, 3, 512), (7, 32, 5, 64)],
        random=_depthwise,
        through=_as_tuple,
        properties=[
            (
                lambda costs, n_out, channels, f, filters: np.isclose(costs[2], 1 / filters + 1 / f**2),
                "the ratio is 1/n′_C + 1/f²",
            ),
        ],
        wrong=[
            (
                lambda n_out, channels, f, filters: (
                    *depthwise_cost(n_out, channels, f, filters)[:2],
                    1 / depthwise_cost(n_out, channels, f, filters)[2],
                ),
                "The ratio is upside down: separable / normal, a number below 1.",
            ),
            (
                lambda n_out, channels, f, filters: _with_ratio(
                    n_out**2 * filters * f**2 * channels, n_out**2 * f**2 * channels
                ),
                "The pointwise step is missing: `filters` filters of 1×1×channels at every place.",
            ),
            (
                lambda n_out, channels, f, filters: _with_ratio(
                    n_out**2 * filters * f**2 * channels, n_out**2 * filters * channels
                ),
                "The depthwise step is missing: one f×f filter for each channel, at every place.",
            ),
            (
                lambda n_out, channels, f, filters: _with_ratio(
                    n_out**2 * filters * f**2 * channels, n_out**2 * (channels * f**2 * channels + filters * channels)
                ),
                "A depthwise filter sees its own channel only: f · f products, not f · f · channels.",
            ),
            (
                lambda n_out, channels, f, filters: _with_ratio(
                    n_out**2 * filters * f**2 * channels, n_out**2 * (filters * f**2 + filters * channels)
                ),
                "The depthwise step has as many filters as channels come in, not as go out.",
            ),
            (
                lambda n_out, channels, f, filters: _with_ratio(
                    filters * f**2 * channels, channels * f**2 + filters * channels
                ),
                "These are the weights. Each is used at n_out · n_out places.",
            ),
            (
                lambda n_out, channels, f, filters: (
                    *depthwise_cost(n_out, channels, f, filters)[:2],
                    1 / channels + 1 / f**2,
                ),
                "The counts are right. In the ratio the first term is one over the number of filters, 1/n′_C.",
            ),
            (
                lambda n_out, channels, f, filters: (
                    *depthwise_cost(n_out, channels, f, filters)[:2],
                    1 / filters + 1 / f,
                ),
                "The counts are right. In the ratio f is squared: 1/n′_C + 1/f².",
            ),
        ],
        also_right=[
            _depthwise_by_hints,
            lambda n_out, channels, f, filters: np.array(depthwise_cost(n_out, channels, f, filters)),
            lambda n_out, channels, f, filters: list(depthwise_cost(n_out, channels, f, filters)),
            lambda n_out, channels, f, filters: (
                filters * channels * (n_out * f) ** 2,
                n_out**2 * channels * (f**2 + filters),
                1 / filters + 1 / f**2,
            ),
        ],
        hints=[
            "Products for each number that comes out, times how many numbers come out.",
            "Normal: n_out · n_out · filters numbers of f · f · channels products each.",
            "Depthwise: n_out · n_out · channels numbers of f · f products each.",
            "Pointwise: n_out · n_out · filters numbers of `channels` products each.",
        ],
    ),
    Exercise(
        reference=inverted_residual,
        notebook="3-2",
        section="3.2.4",
        cases=[
            (Maps((6, 8, 2)), 2, 1, 3),
            (Maps((6, 8, 2)), 3, 1, 3),
            (Maps((6, 8, 2)), 2, 2, 4),
        ],
        through=_block,
        rtol=1e-3,
        atol=1e-3,
        wrong=[
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, linear=False),
                "The projection is linear: no ReLU6 behind its batch normalization.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, after=True),
                "No ReLU6 at the end: what is kept between blocks may be negative.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, late=True),
                "The last batch normalization stands behind the addition. It belongs to the projection; x is added as "
                "it is.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, early=True),
                "ReLU6 stands before the batch normalization. The order is convolution, batch norm, ReLU6.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, adds=False),
                "x is not added where it could be: with stride 1 and as many channels out as in.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, adds=stride == 1),
                "With another number of channels, x cannot be added: stride 1 is not enough.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(
                    x, filters, stride, expansion, adds=filters == x.shape[-1]
                ),
                "With stride 2 the maps are half as large, and x cannot be added: as many channels is not enough.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, most=None),
                "This is ReLU. ReLU6 also ends at 6: layers.ReLU(6).",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, full=True),
                "The 3×3 step is depthwise, one filter for each channel: layers.DepthwiseConv2D.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(
                    x, filters, stride, expansion, inside=expansion * filters
                ),
                "The channels inside are `expansion` times those that come in, not those that go out.",
            ),
            (
                lambda x, filters, stride, expansion: _inverted(x, filters, stride, expansion, strides=(stride, 1)),
                "The stride belongs to the depthwise convolution; the expansion sees every pixel.",
            ),
        ],
        also_right=[_inverted_by_hints, _inverted_in_sequence, _inverted_with_ops],
        hints=[
            "Three convolutions: 1×1 to many channels, 3×3 depthwise, 1×1 to few. Each has its batch normalization.",
            "x.shape[-1] is the number of channels that come in; inside there are `expansion` times as many.",
            'layers.DepthwiseConv2D(3, stride, padding="same") and layers.ReLU(6) are the layers that are new.',
            "if stride == 1 and filters == x.shape[-1]: add x at the end.",
        ],
    ),
    Exercise(
        reference=color_shift,
        notebook="3-2",
        section="3.2.5",
        cases=[(_IMAGES, _SHIFTS), (_IMAGES, -_SHIFTS)],
        random=_pictures,
        through=_typed,
        properties=[
            (lambda result, images, shifts: result["type"] == "uint8", "the pixels are uint8"),
        ],
        wrong=[
            (
                lambda images, shifts: images + shifts.astype(np.uint8)[:, None, None, :],
                "250 + 10 is 4 here: uint8 counts round after 255. Add in a wider type and clip before you go back.",
            ),
            (
                lambda images, shifts: images + shifts[:, None, None, :],
                "These numbers leave 0…255, and they are no longer uint8: np.clip, then astype.",
            ),
            (
                lambda images, shifts: np.clip(images + shifts[:, None, None, :], 0, 255),
                "The values are right, but they are no longer uint8: astype(np.uint8).",
            ),
            (
                lambda images, shifts: np.minimum(images.astype(int) + shifts[:, None, None, :], 255).astype(np.uint8),
                "Clipped at 255 only: 5 - 10 must be 0, not 251.",
            ),
            (
                lambda images, shifts: color_shift(images, np.broadcast_to(shifts[:1], shifts.shape)),
                "All pictures get the shifts of the first. Each has a row of its own.",
            ),
            (
                lambda images, shifts: color_shift(images, np.broadcast_to(shifts[:, :1], shifts.shape)),
                "All channels get the shift of the first, so that only the brightness changes.",
            ),
            (_in_place, "The result is right, but your function writes it over the pictures it was given."),
        ],
        also_right=[
            lambda images, shifts: np.clip(images.astype(int) + shifts[:, None, None, :], 0, 255).astype(np.uint8),
            lambda images, shifts: np.uint8(np.minimum(np.maximum(images + shifts[:, np.newaxis, np.newaxis], 0), 255)),
            _shifted_one_by_one,
            _shifted_by_keras,
            _shifted_by_tensorflow,
        ],
        hints=[
            "A uint8 counts from 255 on to 0. Where do you add, so that nothing is lost?",
            "shifts[:, None, None, :] has the shape (m, 1, 1, channels): one number for each picture and channel.",
            "np.clip(sum, 0, 255).astype(np.uint8), where the sum was made from images.astype(int).",
        ],
    ),
    Exercise(
        reference=freeze_and_count,
        notebook="3-2",
        section="3.2.6",
        cases=[(_Net((4, 5)), "conv2"), (_Net((3, 2)), "bn2"), (_Net((2, 3)), "conv1")],
        through=_frozen,
        wrong=[
            (
                lambda model, from_layer: _freeze(model, from_layer, norms=False),
                "Batch normalization behind `from_layer` still learns. Freeze it wherever it stands.",
            ),
            (
                lambda model, from_layer: _freeze(model, from_layer, past=1),
                "`from_layer` itself is frozen too. It is the first that goes on learning.",
            ),
            (
                lambda model, from_layer: _freeze(model, from_layer, reverse=True),
                "This freezes the end and trains the beginning.",
            ),
            (
                lambda model, from_layer: _freeze(model, from_layer, count=lambda model: model.count_params()),
                "These are all parameters, the frozen ones too. model.trainable_weights has those that learn.",
            ),
            (
                lambda model, from_layer: _freeze(model, from_layer, count=lambda model: len(model.trainable_weights)),
                "This counts the arrays. How many numbers are in each?",
            ),
            (_counts_first, "Counted before anything was frozen."),
            (
                _freezes_all,
                "Everything is frozen now, and nothing is left to learn.",
            ),
        ],
        also_right=[_frozen_by_hints, _frozen_then_released, _frozen_and_counted_by_layer],
        hints=[
            "layer.trainable = False freezes a layer; model.layers has them in order, and each has a name.",
            "Walk through model.layers and remember whether `from_layer` has come by. "
            "isinstance(layer, layers.BatchNormalization) tells which to freeze in any case.",
            "Then add up np.prod(weight.shape) over model.trainable_weights.",
        ],
    ),
]
