"""The exercises of notebook 3-2 that build a block of layers: ResNet's and MobileNetV2's."""

from functools import partial

from dlcourse.check.exercise import Exercise
from dlcourse.check.layers import Maps, block_facts

exercise = partial(Exercise, notebook="3-2", through=block_facts, rtol=1e-3, atol=1e-3)


def identity_block(x, filters):
    """Build the residual block of equation (3.8) from layers of Keras.

    Args:
        x: a^[l], feature maps, shape (m, height, width, filters).
        filters: Number of filters of both convolutions, as many as x has channels.

    Returns:
        a^[l+2], of the same shape. `dlcourse.models.residual_block` builds the same, for other strides and sizes too;
        `dlcourse.models.identity_block` is the one of ResNet-50, with three convolutions.
    """
    from keras import layers

    z1 = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    z1 = layers.BatchNormalization()(z1)
    a1 = layers.ReLU()(z1)
    z2 = layers.Conv2D(filters, 3, padding="same", use_bias=False)(a1)
    z2 = layers.BatchNormalization()(z2)
    z2 = layers.Add()([x, z2])
    return layers.ReLU()(z2)


def inverted_residual(x, filters, stride, expansion):
    """Build the bottleneck of MobileNetV2 from layers of Keras.

    Args:
        x: Feature maps, shape (m, height, width, channels).
        filters: Number of channels of the output.
        stride: Stride of the depthwise convolution, 1 or 2.
        expansion: Factor by which the channels grow inside.

    Returns:
        Feature maps, shape (m, ⌈height/stride⌉, ⌈width/stride⌉, filters). x is added if it has that shape.
        `dlcourse.models.inverted_residual_block` builds the same.
    """
    from keras import layers

    channels = x.shape[-1]
    expanded = layers.Conv2D(expansion * channels, 1, use_bias=False)(x)
    expanded = layers.ReLU(6)(layers.BatchNormalization()(expanded))
    filtered = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(expanded)
    filtered = layers.ReLU(6)(layers.BatchNormalization()(filtered))
    z = layers.Conv2D(filters, 1, use_bias=False)(filtered)
    z = layers.BatchNormalization()(z)
    return layers.Add()([x, z]) if stride == 1 and filters == channels else z


EXERCISES = [
    exercise(
        reference=identity_block,
        section="3.2.2",
        cases=[(Maps((6, 7, 3)), 3), (Maps((7, 6, 2)), 2)],
        slips="""
            return layers.ReLU()(z2) -> return z2
            [x, z2] -> [x, layers.ReLU()(z2)]
                Here the ReLU stands before the addition. It comes last: a = g(z + x).
            [x, z2] -> [x, layers.ReLU()(z2)]
                One ReLU too many: z is added as batch normalization leaves it, negative numbers too.
            layers.ReLU()(z2) -> z2
                The last ReLU is missing: a = g(z + x).
            layers.Add()([x, z2]) -> z2
                x is not added: this is a plain network.
            layers.BatchNormalization()(z2) -> z2
            layers.Add()([x, z2]) -> layers.BatchNormalization()(layers.Add()([x, z2]))
                The second batch normalization stands behind the addition. It belongs to z; x is added as it is.
            layers.BatchNormalization()(z2) -> z2
            [x, z2] -> [layers.BatchNormalization()(x), z2]
                Here x is normalized and z is not. The second batch normalization belongs to z; x is added as it is.
            [x, z2] -> [layers.BatchNormalization()(x), z2]
                A batch normalization too many: x is added as it is.
            a1 = layers.ReLU()(z1) -> a1 = z1
            layers.BatchNormalization()(z1) -> layers.BatchNormalization()(layers.ReLU()(z1))
                The first ReLU stands before the batch normalization. The order is convolution, batch norm, ReLU.
            [x, z2] -> [z2, z2]
                z is added to itself. Is x overwritten on the way? Call what you compute z, and keep x for the end.
            use_bias=False)(x) -> use_bias=False)(layers.ReLU()(layers.BatchNormalization()(x)))
            layers.BatchNormalization()(z2) -> z2
            return layers.ReLU()(z2) -> return z2
                This is the block of a later paper, with batch norm and ReLU before the convolutions. In (3.8) they
                stand behind them, and the last ReLU behind the addition.
            padding="same", use_bias=False)(x) -> use_bias=False)(x)
            padding="same", use_bias=False)(a1) -> use_bias=False)(a1)
                Each 3×3 convolution without padding takes two rows and two columns away. padding="same" keeps them.
            a1 = layers.ReLU()(z1) -> a1 = z1
                The ReLU between the two halves is missing.
            layers.BatchNormalization()(z1) -> z1
            layers.BatchNormalization()(z2) -> z2
                Each of the two convolutions is followed by batch normalization.
            layers.BatchNormalization()(z2) -> z2
                Batch normalization is missing behind the second convolution.
        """,
        hints=[
            "Call what you compute z and leave x as it is: it is needed at the end.",
            "The order is: convolution, batch norm, ReLU, convolution, batch norm, addition, ReLU.",
            'layers.Conv2D(filters, 3, padding="same")(x) is the first step, layers.Add()([x, z]) the last but one.',
        ],
    ),
    exercise(
        reference=inverted_residual,
        section="3.2.4",
        cases=[(Maps((6, 8, 2)), 2, 1, 3), (Maps((6, 8, 2)), 3, 1, 3), (Maps((6, 8, 2)), 2, 2, 4)],
        slips="""
            layers.BatchNormalization()(z) -> layers.ReLU(6)(layers.BatchNormalization()(z))
                The projection is linear: no ReLU6 behind its batch normalization.
            layers.Add()([x, z]) if -> layers.ReLU(6)(layers.Add()([x, z]) if
            else z -> else z)
                No ReLU6 at the end: what is kept between blocks may be negative.
            layers.BatchNormalization()(z) -> z
            layers.Add()([x, z]) if -> layers.BatchNormalization()(layers.Add()([x, z]) if
            else z -> else z)
                The last batch normalization stands behind the addition. It belongs to the projection; x is added as
                it is.
            ReLU(6)(layers.BatchNormalization()(expanded)) -> BatchNormalization()(layers.ReLU(6)(expanded))
            ReLU(6)(layers.BatchNormalization()(filtered)) -> BatchNormalization()(layers.ReLU(6)(filtered))
                ReLU6 stands before the batch normalization. The order is convolution, batch norm, ReLU6.
            layers.Add()([x, z]) if stride == 1 and filters == channels else z -> z
                x is not added where it could be: with stride 1 and as many channels out as in.
            stride == 1 and filters == channels -> stride == 1
                With another number of channels, x cannot be added: stride 1 is not enough.
            stride == 1 and filters == channels -> filters == channels
                With stride 2 the maps are half as large, and x cannot be added: as many channels is not enough.
            ReLU(6)(layers.BatchNormalization()(expanded)) -> ReLU()(layers.BatchNormalization()(expanded))
            ReLU(6)(layers.BatchNormalization()(filtered)) -> ReLU()(layers.BatchNormalization()(filtered))
                This is ReLU. ReLU6 also ends at 6: layers.ReLU(6).
            layers.DepthwiseConv2D(3 -> layers.Conv2D(expansion * channels, 3
                The 3×3 step is depthwise, one filter for each channel: layers.DepthwiseConv2D.
            expansion * channels -> expansion * filters
                The channels inside are `expansion` times those that come in, not those that go out.
            channels, 1, use_bias -> channels, 1, stride, use_bias
            DepthwiseConv2D(3, stride -> DepthwiseConv2D(3, 1
                The stride belongs to the depthwise convolution; the expansion sees every pixel.
        """,
        hints=[
            "Three convolutions: 1×1 to many channels, 3×3 depthwise, 1×1 to few. Each has its batch normalization.",
            "x.shape[-1] is the number of channels that come in; inside there are `expansion` times as many.",
            'layers.DepthwiseConv2D(3, stride, padding="same") and layers.ReLU(6) are the layers that are new.',
            "if stride == 1 and filters == x.shape[-1]: add x at the end.",
        ],
    ),
]
