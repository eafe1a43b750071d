"""The cost of a network in the two numbers that papers print: parameters, and multiply-adds for one picture."""

import math
from typing import NamedTuple

import keras
from keras import layers

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
DENSE = (layers.Dense,)
NORMALIZATIONS = (layers.BatchNormalization, layers.GroupNormalization, layers.LayerNormalization, layers.Normalization)
WITHOUT_KERNEL = (*NORMALIZATIONS, layers.PReLU)


class Cost(NamedTuple):
    """The cost of one network: `parameters`, and `multiply_adds` for one picture."""

    parameters: int
    multiply_adds: int


def cost(model):
    """Count the parameters of a network, and the multiply-adds it needs for one picture.

    Parameters are the numbers that are learned, frozen or not: weights, biases, γ and β of batch normalization, but not
    its moving averages, which papers leave out and `model.count_params()` does not.

    Multiply-adds, a product and its addition to a sum, are counted as in the papers: each weight of a convolution or a
    dense layer once at every place of the output (of the input, if it is transposed), also over the padding. Biases,
    normalization, activations and pooling do not count. FLOPs are the same in some papers and twice as many in others.
    A layer that is used twice has its parameters once, and its multiply-adds twice.

    Args:
        model: A functional or Sequential model, with models inside or not, built for pictures of a known size.

    Returns `Cost(parameters, multiply_adds)`, a named tuple of two ints.
    Raises ValueError if it is no such model, the size of its pictures is unknown, or a layer of it has weights and is
        no convolution (also depthwise, separable, transposed), dense layer, normalization or PReLU.
    Taught in notebook 3-2, section 3.2.4; notes, eq. 3.9.
    """
    if not isinstance(model, keras.Model) or not hasattr(_graph(model), "_nodes_by_depth"):
        raise ValueError(f"model: expected a functional Keras model or a Sequential one that is built, got {model!r}")
    calls = list(_calls(model))
    learned = {id(weight): math.prod(weight.shape) for layer, _, _ in calls for weight in _learned(layer)}
    return Cost(sum(learned.values()), sum(_multiply_adds(*call) for call in calls))


def _graph(model):
    """Return the model as Keras' functional API keeps it. A Sequential one has it inside."""
    return getattr(model, "_functional", model)


def _calls(model):
    """Yield each call of a layer that has weights: the layer, and the shapes of its input and output."""
    # Keras has no public list of calls, only of layers, in which a layer that is used twice stands once.
    for nodes in _graph(model)._nodes_by_depth.values():
        for node in nodes:
            layer = node.operation
            if hasattr(_graph(layer), "_nodes_by_depth"):
                yield from _calls(layer)
            elif getattr(layer, "weights", None):
                yield layer, node.arguments.keras_tensors[0].shape, node.outputs[0].shape


def _learned(layer):
    """Return the weights that training changes."""
    if isinstance(layer, layers.Normalization):
        return []  # the mean and the variance of the data
    if isinstance(layer, layers.BatchNormalization):
        measured = {id(layer.moving_mean), id(layer.moving_variance)}
        return [weight for weight in layer.weights if id(weight) not in measured]
    return layer.weights


def _multiply_adds(layer, shape_in, shape_out):
    """Count the multiply-adds of one call."""
    if isinstance(layer, WITHOUT_KERNEL):
        return 0
    if isinstance(layer, SEPARABLE):
        kernels = layer.depthwise_kernel, layer.pointwise_kernel
    elif isinstance(layer, CONVOLUTIONS + TRANSPOSED + DENSE):
        kernels = (layer.kernel,)
    else:
        raise ValueError(f"model: expected layers whose cost is known, got {layer.name}, a {type(layer).__name__}")
    shape = shape_in if isinstance(layer, TRANSPOSED) else shape_out
    places = shape[2:] if getattr(layer, "data_format", None) == "channels_first" else shape[1:-1]
    if None in places:
        raise ValueError(f"model: expected pictures of a known size, but {layer.name} has shape {shape}")
    return math.prod(places) * sum(math.prod(kernel.shape) for kernel in kernels)
