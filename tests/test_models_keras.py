"""dlcourse.models against keras.applications, and with the weights of data/ against the sources of these."""

import inspect
from pathlib import Path

from dlcourse import models, weights

import keras
import numpy as np
import pytest
from keras import layers

GOLDEN = Path(__file__).parent / "golden"
MEAN_OF_DATA = (104.00699, 116.66877, 122.67892)  # of the shipped VGG-16: blue, green, red

SIZE = (64, 97, 3)  # one side even and one odd, where "same" pads differently
# Ours and Keras', Keras' own preprocessing, and the last layer before the top
TWINS = {
    "vgg16": (models.vgg16, keras.applications.VGG16, keras.applications.vgg16, "block5_pool"),
    "resnet50": (models.resnet50, keras.applications.ResNet50, keras.applications.resnet50, "conv5_block3_out"),
    "mobilenet_v1": (
        models.mobilenet_v1,
        keras.applications.MobileNet,
        keras.applications.mobilenet,
        "conv_pw_13_relu",
    ),
    "mobilenet_v2": (models.mobilenet_v2, keras.applications.MobileNetV2, keras.applications.mobilenet_v2, "out_relu"),
}


def pictures(shape, m=4, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (m, *shape), dtype=np.uint8)


def of_kind(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.fixture(scope="module", params=TWINS)
def twins(request):
    """Ours with the weights of Keras', whose batch normalization has seen other pictures; and its preprocessing."""
    build, theirs, module, last = TWINS[request.param]
    theirs = theirs(input_shape=SIZE, weights=None, classes=7)
    norms, rng = of_kind(theirs, layers.BatchNormalization), np.random.default_rng(1)
    if norms:  # what ours has if nothing is said
        assert {layer.momentum for layer in norms} == {inspect.signature(build).parameters["momentum"].default}
    for layer in norms:
        layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
        layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))
        layer.momentum = 0.0  # one batch, and the averages are its statistics
    theirs(module.preprocess_input(pictures(SIZE, seed=2).astype("float32")), training=True)
    for layer in norms:
        layer.momentum = 0.5
    ours = build(SIZE, classes=7, **({"momentum": 0.5} if norms else {}))
    ours.set_weights(theirs.get_weights())
    return ours, theirs, module.preprocess_input, last


def test_computes_what_keras_applications_computes(twins):
    ours, theirs, preprocess, last = twins
    x = pictures(SIZE)
    both = [keras.Model(net.input, [net.get_layer(last).output, net.output]) for net in (ours, theirs)]
    features, found = (np.array(y) for y in both[0](x))
    their_features, expected = (np.array(y) for y in both[1](preprocess(x.astype("float32"))))
    assert np.abs(found - expected).max() < 1e-4 and found.shape == (4, 7)
    assert np.abs(features - their_features).max() < 1e-4 * their_features.max()
    assert expected.max() < 0.99 and np.ptp(expected, axis=0).max() > 1e-3  # a comparison of something


def test_the_layers_with_weights_are_called_as_in_keras(twins):
    ours, theirs = ([(layer.name, layer.get_weights()) for layer in net.layers if layer.weights] for net in twins[:2])
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (_, mine), (_, other) in zip(ours, theirs, strict=True):
        assert len(mine) == len(other) and all(map(np.array_equal, mine, other))


def test_batch_normalization_moves_its_averages_as_in_keras(twins):
    ours, theirs, preprocess, _ = twins
    norms = of_kind(ours, layers.BatchNormalization), of_kind(theirs, layers.BatchNormalization)
    assert {layer.momentum for layer in norms[0]} in (set(), {0.5})
    if not norms[0]:
        return  # VGG-16
    x, start = pictures(SIZE, seed=3) // 4, norms[0][0].moving_mean.numpy()
    ours(x, training=True), theirs(preprocess(x.astype("float32")), training=True)
    assert np.abs(norms[0][0].moving_mean.numpy() - start).max() > 0.01
    for mine, other in zip(*norms, strict=True):
        for a, b in zip(mine.get_weights(), other.get_weights(), strict=True):
            assert np.abs(a - b).max() < 1e-3 * np.abs(b).max()


# The weights of data/


def test_mobilenet_v2_sees_with_the_shipped_weights_what_their_source_sees():
    with np.load(GOLDEN / "mobilenet_v2.npz") as expected:
        model = weights.load(models.mobilenet_v2((160, 160, 3), include_top=False), "mobilenet_v2")
        difference = np.abs(np.array(model(expected["image"][np.newaxis]))[0] - expected["features"])
    assert model.count_params() == 2_257_984
    assert difference.mean() < 0.002 and difference.max() < 0.1  # of 0…6: what rounding the file's numbers moves


def test_vgg16_sees_with_the_shipped_weights_what_their_source_sees():
    with np.load(GOLDEN / "vgg16.npz") as expected:
        model = models.vgg16((96, 96, 3), include_top=False, mean=MEAN_OF_DATA)
        weights.load(model, "vgg16")
        last = keras.Model(model.input, model.get_layer("block5_conv3").output)
        found = np.array(last(expected["image"][np.newaxis]))[0]
        np.testing.assert_allclose(found, expected["features"], atol=1e-3 * expected["features"].max())
        np.testing.assert_allclose(MEAN_OF_DATA, expected["bgr_mean"])
    assert str(MEAN_OF_DATA) in weights.metadata("vgg16")["input"] and str(MEAN_OF_DATA) in models.vgg16.__doc__


def test_the_mean_is_what_vgg16_subtracts_blue_first():
    model = models.vgg16((32, 32, 3), include_top=False, mean=(1, 2, 3))
    scaled = keras.Model(model.input, model.get_layer("minus_mean").output)
    x = np.zeros((1, 32, 32, 3), np.uint8)
    x[..., :] = 30, 20, 10  # red, green, blue
    assert np.array(scaled(x))[0, 0, 0].tolist() == [9, 18, 27]
