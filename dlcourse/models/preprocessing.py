"""Scaling of pictures in 0…255 inside a model: by layers without parameters, which are saved with it."""

from keras import layers, ops

CAFFE_MEAN = (103.939, 116.779, 123.68)  # of ImageNet's pictures: blue, green, red


def to_minus_1_1(x):
    """Scale 0…255 to −1…1, as the MobileNets take their pictures."""
    return layers.Rescaling(1 / 127.5, offset=-1, name="to_minus_1_1")(x)


def rgb_minus_mean(x):
    """Subtract ImageNet's mean color from RGB in 0…255, as AlexNet and GoogLeNet take their pictures."""
    return _minus(CAFFE_MEAN[::-1])(x)


def bgr_minus_mean(x, mean=CAFFE_MEAN):
    """Turn RGB in 0…255 into BGR less a mean color, as VGG and ResNet take their pictures.

    The order comes from Caffe, in which these two were first trained; Keras' weights for them expect it.
    """
    return _minus(mean)(ops.flip(x, axis=-1))


def standardized(x, mean, deviation):
    """Compute (x − mean) / deviation, channel by channel, as the pretrained detectors take their pictures."""
    variance = tuple(value**2 for value in deviation)
    return layers.Normalization(mean=tuple(mean), variance=variance, name="standardized")(x)


def _minus(mean):
    return layers.Normalization(mean=tuple(mean), variance=(1, 1, 1), name="minus_mean")
