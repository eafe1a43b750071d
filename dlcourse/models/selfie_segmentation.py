"""Person or background: MediaPipe's selfie segmentation, a U-Net of 106,401 pretrained parameters by Google.

The way down has the bottlenecks of MobileNetV3 (Howard et al., 2019, arXiv 1905.02244), some with squeeze and
excitation (Hu et al., 2017, arXiv 1709.01507), which weighs the channels by the whole picture. The way up is that of
U-Net (Ronneberger et al., 2015, arXiv 1505.04597), but its skips are weighed and added, not concatenated.
"""

from dlcourse.checks import channels_last
from dlcourse.models import pretrained_weights

import keras
from keras import layers

SIDE = 256


def selfie_segmentation(weights="dlcourse"):
    """Build the net that finds a person: an encoder down to 16×16, a gate on its maps, a decoder back to 256×256.

    Args:
        weights: "dlcourse" (those in `data/`), None (random) or the path of a file that `save_weights` wrote.

    Returns a Keras model from RGB pictures in 0…255, shape (m, 256, 256, 3), to each pixel's probability of a person,
    shape (m, 256, 256, 1). `dlcourse.pretrained.person_mask` takes whole photographs. 106,401 parameters.
    Raises ValueError or FileNotFoundError if `weights` is none of these, or the file is missing or damaged.
    Source: npm's @mediapipe/selfie_segmentation; `dlcourse.weights.metadata("selfie_segmentation")`.
    Its idea is taught in notebook 3-3, section 3.3.5.
    """
    channels_last()
    weights = pretrained_weights.chosen(weights, "dlcourse")
    pictures = keras.Input((SIDE, SIDE, 3), name="pictures")
    x = layers.Rescaling(1 / 255, name="to_0_1")(pictures)

    e1 = layers.Conv2D(16, 3, 2, "same", activation="hard_silu", name="e1_conv")(x)  # 128×128
    e2 = _bottleneck(e1, 16, 16, "e2", stride=2, squeezed=8)  # 64×64
    x = _bottleneck(e2, 72, 24, "e3a", stride=2)  # 32×32
    e3 = _bottleneck(x, 88, 24, "e3b")
    hard = {"kernel": 5, "activation": "hard_silu"}
    x = _bottleneck(e3, 96, 32, "e4a", stride=2, squeezed=24, **hard)  # 16×16
    x = _bottleneck(x, 128, 32, "e4b", squeezed=32, **hard)
    x = _bottleneck(x, 128, 32, "e4c", squeezed=32, **hard)
    x = _bottleneck(x, 96, 32, "e4d", squeezed=24, **hard)
    x = _bottleneck(x, 96, 32, "e4e", squeezed=24, **hard)

    x = _bridge(x, 128)
    x = _decoder_block(x, e3, "d3")  # 32×32
    x = _decoder_block(x, e2, "d2")  # 64×64
    x = _decoder_block(x, e1, "d1")  # 128×128
    x = layers.Conv2DTranspose(1, 2, 2, activation="sigmoid", name="mask")(x)  # 256×256
    model = keras.Model(pictures, x, name="selfie_segmentation")
    return pretrained_weights.load(model, weights, "selfie_segmentation")


def _bottleneck(x, expanded, filters, name, stride=1, squeezed=None, kernel=3, activation="relu"):
    """Expand, convolve depthwise, perhaps squeeze and excite, project linearly; with stride 1 add the shortcut."""
    shortcut = x
    x = layers.Conv2D(expanded, 1, activation=activation, name=f"{name}_expand")(x)
    x = layers.DepthwiseConv2D(kernel, stride, "same", activation=activation, name=f"{name}_depthwise")(x)
    if squeezed:
        x = layers.Multiply(name=f"{name}_weighed")([x, _channel_weights(x, squeezed, name)])
    x = layers.Conv2D(filters, 1, name=f"{name}_project")(x)
    return layers.Add(name=f"{name}_add")([shortcut, x]) if stride == 1 else x


def _channel_weights(x, squeezed, name):
    """Squeeze and excite: compute one number in 0…1 for each channel from the averages of all channels."""
    filters = x.shape[-1]
    x = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_average")(x)
    x = layers.Conv2D(squeezed, 1, activation="relu", name=f"{name}_squeeze")(x)
    return layers.Conv2D(filters, 1, activation="sigmoid", name=f"{name}_excite")(x)


def _bridge(x, filters):
    """Open or shut each channel at the lowest point, for the picture as a whole."""
    average = layers.GlobalAveragePooling2D(keepdims=True, name="bridge_average")(x)
    gate = layers.Conv2D(filters, 1, activation="sigmoid", name="bridge_gate")(average)
    x = layers.Conv2D(filters, 1, activation="relu", name="bridge_conv")(x)
    return layers.Multiply(name="bridge_gated")([x, gate])


def _decoder_block(x, skip, name):
    """Double the sides, add the skip with its channels weighted by both maps, refine by a residual convolution."""
    filters = skip.shape[-1]
    x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_double")(x)
    x = layers.Conv2D(filters, 1, name=f"{name}_up")(x)
    both = layers.Add(name=f"{name}_both")([skip, x])
    weighed = layers.Multiply(name=f"{name}_weighed")([skip, _channel_weights(both, filters, name)])
    x = layers.Add(name=f"{name}_skip")([weighed, x])
    x = layers.Conv2D(filters, 1, activation="relu", name=f"{name}_conv")(x)
    refined = layers.DepthwiseConv2D(3, padding="same", activation="relu", name=f"{name}_depthwise")(x)
    return layers.Add(name=f"{name}_out")([x, refined])
