"""Right answers to the exercises of notebook 3-2, written differently: each must be accepted."""

from dlcourse.check.layers import same_draws

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def _residual_by_hints(x, filters):
    z = layers.Conv2D(filters, 3, padding="same")(x)
    z = layers.BatchNormalization()(z)
    z = layers.ReLU()(z)
    z = layers.Conv2D(filters, 3, padding="same")(z)
    z = layers.BatchNormalization()(z)
    z = layers.Add()([x, z])
    return layers.ReLU()(z)


def _residual_in_sequence(x, filters):
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
    z = x
    for last in (False, True):
        z = layers.Conv2D(filters, 3, padding="valid", use_bias=last)(layers.ZeroPadding2D(1)(z))
        z = layers.BatchNormalization(center=not last)(z) + (x if last else 0)
        z = ops.relu(z) if last else ops.maximum(z, 0)
    return z


def _inverted_by_hints(x, filters, stride, expansion):
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
    inside = expansion * x.shape[-1]
    expand = [layers.Conv2D(inside, 1, use_bias=False), layers.BatchNormalization(), layers.Activation("relu6")]
    depthwise = [layers.DepthwiseConv2D((3, 3), strides=(stride, stride), padding="same"), layers.BatchNormalization()]
    project = [layers.Activation("relu6"), layers.Conv2D(filters, 1), layers.BatchNormalization()]
    z = keras.Sequential([*expand, *depthwise, *project])(x)
    return layers.add([z, x]) if z.shape == x.shape else z


def _inverted_with_ops(x, filters, stride, expansion):
    inside = expansion * x.shape[-1]
    z = layers.Dense(inside)(x)  # on every place: a 1×1 convolution
    z = ops.relu6(layers.BatchNormalization()(z))
    z = layers.Conv2D(inside, 3, stride, padding="same", groups=inside)(z)  # a group for each channel
    z = ops.minimum(ops.relu(layers.BatchNormalization()(z)), 6)
    z = layers.BatchNormalization(scale=False)(layers.Conv2D(filters, 1, padding="same")(z))
    return x + z if stride == 1 and x.shape[-1] == filters else z


def _counted_by_keras(n, channels, f, filters, bottleneck=None):
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
    summed = ops.cast(images, "int32") + ops.cast(shifts, "int32")[:, None, None, :]
    return ops.cast(ops.clip(summed, 0, 255), "uint8")


def _shifted_by_tensorflow(images, shifts):
    summed = tf.cast(images, tf.float32) + tf.reshape(tf.cast(shifts, tf.float32), (len(images), 1, 1, -1))
    return tf.cast(tf.clip_by_value(summed, 0, 255), tf.uint8)


def _frozen_by_hints(model, from_layer):
    seen = False
    for layer in model.layers:
        seen = seen or layer.name == from_layer
        if not seen or isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    return sum(np.prod(weight.shape) for weight in model.trainable_weights)


def _frozen_then_released(model, from_layer):
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


RIGHT = {
    "identity_block": [_residual_by_hints, _residual_in_sequence, _residual_with_ops],
    "inception_cost": [
        _inception_by_hints,
        _counted_by_keras,
        lambda n, channels, f, filters, bottleneck=None: (
            np.prod([n, n, filters, f, f, bottleneck or channels]) + np.prod([n, n, bottleneck or 0, channels])
        ),
    ],
    "depthwise_cost": [
        _depthwise_by_hints,
        lambda *sizes: np.array(_depthwise_by_hints(*sizes)),
        lambda *sizes: list(_depthwise_by_hints(*sizes)),
        lambda n_out, channels, f, filters: (
            filters * channels * (n_out * f) ** 2,
            n_out**2 * channels * (f**2 + filters),
            1 / filters + 1 / f**2,
        ),
    ],
    "inverted_residual": [_inverted_by_hints, _inverted_in_sequence, _inverted_with_ops],
    "color_shift": [
        lambda images, shifts: np.clip(images.astype(int) + shifts[:, None, None, :], 0, 255).astype(np.uint8),
        lambda images, shifts: np.uint8(np.minimum(np.maximum(images + shifts[:, np.newaxis, np.newaxis], 0), 255)),
        _shifted_one_by_one,
        _shifted_by_keras,
        _shifted_by_tensorflow,
    ],
    "freeze_and_count": [_frozen_by_hints, _frozen_then_released, _frozen_and_counted_by_layer],
}
