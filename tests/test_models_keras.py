"""dlcourse.models against keras.applications, and with the weights of data/ against the sources of these."""

import inspect
import re
from pathlib import Path

from dlcourse import models, weights
from dlcourse.models import vgg

import keras
import numpy as np
import pytest
from keras import layers

GOLDEN = Path(__file__).parent / "golden"
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


SHIPPED = (
    models.face_detector,
    models.face_encoder,
    models.face_landmarks,
    models.nanodet,
    models.selfie_segmentation,
)


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
        model = models.mobilenet_v2((160, 160, 3), include_top=False, weights="dlcourse")
        breeds = models.breed_classifier()(expected["image"][np.newaxis])[0]
        np.testing.assert_allclose(breeds, expected["breeds"], atol=0.002)
        difference = np.abs(np.array(model(expected["image"][np.newaxis]))[0] - expected["features"])
    assert model.count_params() == 2_257_984
    assert difference.mean() < 0.002 and difference.max() < 0.1  # of 0…6: what rounding the file's numbers moves


def test_vgg16_sees_with_the_shipped_weights_what_their_source_sees():
    with np.load(GOLDEN / "vgg16.npz") as expected:
        model = models.vgg16((96, 96, 3), include_top=False, weights="dlcourse")
        last = keras.Model(model.input, model.get_layer("block5_conv3").output)
        found = np.array(last(expected["image"][np.newaxis]))[0]
        np.testing.assert_allclose(found, expected["features"], atol=1e-3 * expected["features"].max())
        np.testing.assert_allclose(vgg.SHIPPED_MEAN, expected["bgr_mean"])
    assert str(vgg.SHIPPED_MEAN) in weights.metadata("vgg16")["input"]


@pytest.mark.parametrize(("chosen", "mean"), [("dlcourse", vgg.SHIPPED_MEAN), (None, vgg.CAFFE_MEAN)])
def test_vgg16_subtracts_the_mean_of_its_weights_blue_first(chosen, mean):
    model = models.vgg16((32, 32, 3), include_top=False, weights=chosen)
    scaled = keras.Model(model.input, model.get_layer("minus_mean").output)
    x = np.zeros((1, 32, 32, 3), np.uint8)
    x[..., :] = 130, 120, 110  # red, green, blue
    np.testing.assert_allclose(np.array(scaled(x))[0, 0, 0], np.array([110, 120, 130]) - mean, atol=1e-4)


# The argument `weights`


def test_without_weights_the_base_is_random_and_of_the_size_asked_for():
    base = models.mobilenet_v2((96, 64, 3), include_top=False)
    other = models.mobilenet_v2((96, 64, 3), include_top=False, weights="dlcourse")
    assert base.output_shape == (None, 3, 2, 1280)
    pairs = zip(base.weights, base.get_weights(), other.get_weights(), strict=True)
    assert not any(np.array_equal(a, b) for variable, a, b in pairs if variable.name == "kernel")


# With the top only the small ones: the others have 25 and 138 million parameters
@pytest.mark.parametrize(
    ("name", "top"), [*((name, False) for name in TWINS), ("mobilenet_v1", True), ("mobilenet_v2", True)]
)
def test_imagenets_weights_are_those_of_keras(name, top, monkeypatch):
    build, application, *_ = TWINS[name]
    asked, small = [], {"mobilenet_v1": {"alpha": 0.25}, "mobilenet_v2": {"alpha": 0.35}}.get(name, {})
    theirs = application(input_shape=(224, 224, 3), include_top=top, weights=None, **small)

    def downloaded(*shape, include_top, weights, **options):
        asked.append((include_top, weights, options))
        return theirs

    monkeypatch.setattr(keras.applications, application.__name__, downloaded)
    ours = build((64, 96, 3), include_top=top, weights="imagenet", **small)
    assert asked == [(top, "imagenet", small)]
    assert all(map(np.array_equal, ours.get_weights(), theirs.get_weights()))


def test_imagenets_weights_are_refused_by_other_networks(monkeypatch):
    theirs = keras.applications.MobileNetV2((224, 224, 3), alpha=0.35, weights=None)
    monkeypatch.setattr(keras.applications, "MobileNetV2", lambda *shape, **options: theirs)
    for options in ({"classes": 7}, {"input_shape": (32, 32, 1)}):
        with pytest.raises(ValueError, match=r'^weights: expected a network of 3 channels and 1000 classes for "image'):
            models.mobilenet_v2(alpha=0.35, weights="imagenet", **options)


@pytest.mark.parametrize(
    "build",
    [
        lambda weights: models.mobilenet_v2((32, 32, 3), 0.35, 5, weights=weights),
        lambda weights: models.face_detector((32, 32, 3), weights),
        models.selfie_segmentation,
    ],
)
@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_weights_come_from_a_file(build, suffix, tmp_path):
    model, path = build(None), tmp_path / f"net{suffix}"
    (model.save_weights if "weights" in suffix else model.save)(path)
    for given in (path, str(path)):
        assert all(map(np.array_equal, build(given).get_weights(), model.get_weights()))


BASE = {"include_top": False}


@pytest.mark.parametrize(
    ("build", "options"),
    [
        (lambda weights: models.mobilenet_v2((32, 32, 3), weights=weights, **BASE), '"dlcourse", "imagenet", None or'),
        (
            lambda weights: models.vgg16((32, 32, 3), weights=weights, **BASE),
            '"dlcourse", "imagenet", None or the path',
        ),
        (lambda weights: models.resnet50((32, 32, 3), weights=weights), '"imagenet", None or the path of a file'),
        (lambda weights: models.mobilenet_v1((32, 32, 3), weights=weights), '"imagenet", None or the path of a file'),
        (lambda weights: models.breed_classifier(weights), '"dlcourse", None or the path of a file'),
        *((lambda weights, f=f: f(weights=weights), '"dlcourse", None or the path of a file') for f in SHIPPED),
    ],
)
def test_weights_that_are_not_there_are_refused(build, options):
    for value in ("noisy", 1, True, ["dlcourse"]):
        with pytest.raises(ValueError, match=f"^weights: expected {options}.*, got {re.escape(repr(value))}$"):
            build(value)
    with pytest.raises(FileNotFoundError, match=f"^weights: expected {options}.*'nowhere.h5', which does not exist$"):
        build("nowhere.h5")


@pytest.mark.parametrize(
    "build",
    [
        lambda: models.vgg16(weights="dlcourse"),
        lambda: models.mobilenet_v2(weights="dlcourse"),
        lambda: models.mobilenet_v2((96, 96, 3), 0.5, include_top=False, weights="dlcourse"),
    ],
)
def test_the_shipped_weights_are_for_the_trunk_as_it_was_trained(build):
    with pytest.raises(
        ValueError, match=r"^weights: expected \"imagenet\", None or the path of a file, got 'dlcourse'$"
    ):
        build()
