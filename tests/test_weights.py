"""Every weights file against what its source says, and the refusals of `weights.load`.

The golden values in `tests/golden/` were computed from the sources by `data/build/weights_*.py`: of every tensor eight
numbers and the largest error of storing it, and for the two large networks the features of a photograph.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from dlcourse import _files, weights

import keras
import numpy as np
import pytest
from keras import layers
from safetensors import safe_open
from safetensors.numpy import save, save_file

GOLDEN = Path(__file__).parent / "golden"
NETWORKS = {  # name: (layers with weights, tensors, parameters), the papers' and the sources' figures
    "breed_head": (1, 2, 1280 * 19 + 19),
    "face_detector": (7, 19, 193_321),
    "face_encoder": (30, 59, 5_607_488),
    "face_landmarks": (17, 49, 356_840),
    "mobilenet_v2": (104, 260, 2_257_984),
    "nanodet": (34, 68, 3_786_068),
    "selfie_segmentation": (55, 110, 106_401),
    "vgg16": (13, 26, 14_714_688),
}
EXACT = {"breed_head", "face_detector", "face_landmarks", "selfie_segmentation"}


def golden(name):
    with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as file:
        return dict(file)


def head(units=19, name="breeds"):
    """The smallest network that takes a file: `breed_head`."""
    return keras.Sequential([keras.Input((1280,)), layers.Dense(units, activation="softmax", name=name)])


def values(model):
    return [variable.numpy() for variable in model.weights]


def assert_unchanged(model, before):
    for now, then in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(now, then)


# What the files hold


def test_these_networks_are_here():
    assert weights.names() == tuple(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_arrays_are_the_sources(name):
    arrays, expected = weights.read(name), golden(f"weights_{name}")
    assert sorted(arrays) == sorted(expected["keys"])
    for key, samples, error in zip(expected["keys"], expected["samples"], expected["errors"], strict=True):
        array = arrays[key]
        assert array.dtype == np.float32 and np.isfinite(array).all(), key
        found = array.reshape(-1)[np.linspace(0, array.size - 1, len(samples)).astype(int)]
        assert np.abs(found.astype(np.float64) - samples).max() <= error, key
    assert name not in EXACT or not expected["errors"].any()


@pytest.mark.parametrize("name", NETWORKS)
def test_arrays_are_as_many_as_the_network_has(name):
    arrays, about = weights.read(name), weights.metadata(name)
    counts = len(about["layers"]), len(arrays), sum(array.size for array in arrays.values())
    assert counts == NETWORKS[name]
    assert counts[2] == about["parameters"]
    assert list(dict.fromkeys(key.split("/")[0] for key in arrays)) == about["layers"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_says_where_it_comes_from(name):
    about = weights.metadata(name)
    for entry in ("title", "author", "licence", "source", "storage", "input", "output", "architecture"):
        assert len(about[entry]) >= 3, entry
    assert len(about["source_sha256"]) == 64
    licence = _files.verified(f"weights/{about['licence_file']}").read_text(encoding="utf-8")
    assert name in licence and any(text in licence for text in ("WITHOUT WARRANTY OF ANY KIND", "Apache License"))


def test_eight_bits_move_nanodet_by_one_percent():
    assert 0.005 < weights.metadata("nanodet")["relative_error"] < 0.01


def test_classes_are_the_breeds_and_cocos():
    breeds, objects = weights.metadata("breed_head")["classes"], weights.metadata("nanodet")["classes"]
    assert len(breeds) == len(set(breeds)) == 19 and len(objects) == len(set(objects)) == 80
    assert breeds[0] == "Chihuahua" and breeds[2] == "Shih-Tzu" and breeds[13] == "Siberian_husky"
    assert (objects[0], objects[15], objects[79]) == ("person", "cat", "toothbrush")


def test_all_files_together_are_small():
    assert sum(weights.path(name).stat().st_size for name in weights.names()) < 47e6


# Loaded into networks


def test_mobilenet_v2_and_its_head_see_what_the_source_sees():
    expected = golden("mobilenet_v2")
    base = keras.applications.MobileNetV2((160, 160, 3), include_top=False, weights=None)
    assert weights.load(base, "mobilenet_v2") is base
    image = (expected["image"][np.newaxis] / 127.5 - 1).astype(np.float32)
    features = np.array(base(image))
    # Features are 0…6, 0.29 on average. Rounding large kernels to 11 bits moves them by 0.001, at most by 0.045.
    difference = np.abs(features[0] - expected["features"])
    assert difference.mean() < 0.002 and difference.max() < 0.1
    classifier = weights.load(head(), "breed_head")
    found = np.array(classifier(features.mean(axis=(1, 2))))
    np.testing.assert_allclose(found[0], expected["breeds"], atol=0.002)  # measured: 0.0008


def test_breed_head_is_exact():
    expected = golden("mobilenet_v2")
    classifier = weights.load(head(), "breed_head")
    found = np.array(classifier(expected["features"].mean(axis=(0, 1))[np.newaxis]))
    np.testing.assert_allclose(found[0], expected["breeds"], atol=1e-6)


def test_vgg16_sees_what_the_source_sees():
    expected = golden("vgg16")
    model = weights.load(keras.applications.VGG16(include_top=False, weights=None), "vgg16")
    names = [f"block{block}_conv{2 if block < 3 else 3}" for block in range(1, 6)]
    outputs = keras.Model(model.input, [model.get_layer(name).output for name in names])
    image = (expected["image"][np.newaxis, ..., ::-1] - expected["bgr_mean"]).astype(np.float32)
    features = [np.array(output) for output in outputs(image)]
    for block, feature in enumerate(features, start=1):
        mean = expected[f"block{block}"]
        np.testing.assert_allclose(feature.mean(axis=(0, 1, 2)), mean, atol=1e-3 * mean.max())  # measured: 4e-4
    # Rounding to 11 bits moves a feature by 3e-4 of the greatest one (216) at most.
    np.testing.assert_allclose(features[-1][0], expected["features"], atol=1e-3 * expected["features"].max())


def test_separable_convolutions_take_a_file():
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(16, 3, name="conv0")])
    for number, filters in enumerate((32, 64, 128, 256, 512), start=1):
        model.add(layers.SeparableConv2D(filters, 3, padding="same", name=f"conv{number}"))
    model.add(layers.Conv2D(25, 1, name="conv8"))
    weights.load(model, "face_detector")
    arrays = weights.read("face_detector")
    for layer in model.layers:
        for variable in layer.weights:
            np.testing.assert_array_equal(variable.numpy(), arrays[f"{layer.name}/{variable.name}"])


def test_models_inside_a_model_count_as_their_layers():
    inner = head()
    outer = keras.Sequential([keras.Input((5, 5, 1280)), layers.GlobalAveragePooling2D(), layers.Dropout(0.3), inner])
    weights.load(outer, "breed_head")
    np.testing.assert_array_equal(values(inner)[0], weights.read("breed_head")["breeds/kernel"])


# Refused, with the model as it was


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: head(units=20), r"2 have another shape: breeds/kernel is \(1280, 20\) in the model, \(1280, 19\) in"),
        (lambda: head(name="dense"), r"2 of the file's 2 tensors are not in the model: breeds/bias, breeds/kernel"),
        (
            lambda: keras.Sequential([head(), layers.Dense(2, name="more")]),
            r"2 of the model's 4 variables are not in the file: more/kernel, more/bias",
        ),
        (
            lambda: keras.Sequential([keras.Input((1280,)), layers.Dense(19, use_bias=False, name="breeds")]),
            r"1 of the file's 2 tensors are not in the model: breeds/bias",
        ),
        (
            lambda: keras.Sequential([head(units=1280), head()]),
            r"expected variables of different names, got two called breeds/kernel",
        ),
    ],
)
def test_a_model_that_does_not_fit_stays_as_it_was(model, message):
    model = model()
    before = values(model)
    with pytest.raises(ValueError, match=message):
        weights.load(model, "breed_head")
    assert_unchanged(model, before)


def test_the_last_layer_alone_can_spoil_the_fit():
    model = keras.applications.MobileNetV2((32, 32, 3), alpha=1.0, include_top=True, classes=10, weights=None)
    before = values(model)
    with pytest.raises(ValueError, match=r"2 of the model's 262 variables are not in the file: predictions/kernel"):
        weights.load(model, "mobilenet_v2")
    assert_unchanged(model, before)


@pytest.mark.parametrize(
    "model",
    [
        lambda: keras.Sequential([layers.Dense(19, name="breeds")]),
        lambda: keras.Sequential([*head().layers, layers.Dense(2)]),  # built in part
        lambda: keras.Sequential([keras.Input((3,)), layers.ReLU()]),
        lambda: "breed_head",
        lambda: None,
    ],
)
def test_what_is_not_a_built_model_is_refused(model):
    with pytest.raises(ValueError, match=r"model: expected a built Keras model or layer with weights, got"):
        weights.load(model(), "breed_head")


@pytest.mark.parametrize("ask", [weights.path, weights.read, weights.metadata, lambda name: weights.load(head(), name)])
@pytest.mark.parametrize("name", ["resnet", "", None, "../weights/vgg16", "LICENSE-nanodet.txt"])
def test_an_unknown_name_is_refused(ask, name):
    with pytest.raises(ValueError, match=r"^name: expected one of .breed_head., .face_detector.*got"):
        ask(name)


# Damaged files, in a copy of the data


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A data folder with `breed_head` alone. Calling the fixture's value records the checksum of what is there now."""
    folder = tmp_path / "weights"
    folder.mkdir()
    file = Path(shutil.copy(weights.path("breed_head"), folder))

    def record():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        (tmp_path / "SHA256SUMS").write_text(f"{digest}  weights/{file.name}\n", encoding="utf-8")
        return file

    record()
    monkeypatch.setenv("DLCOURSE_DATA", str(tmp_path))
    return record


def test_a_whole_copy_loads(copy):
    copy()
    assert weights.names() == ("breed_head",)
    kernel, bias = values(weights.load(head(), "breed_head"))
    np.testing.assert_array_equal(kernel, weights.read("breed_head")["breeds/kernel"])
    assert bias.any()


@pytest.mark.parametrize("recorded", [False, True], ids=["checksum", "parser"])
@pytest.mark.parametrize("length", [0, 5, 100, -1])
def test_a_truncated_file_leaves_the_model_unchanged(copy, length, recorded):
    file = copy()
    file.write_bytes(file.read_bytes()[:length])
    if recorded:
        copy()
    model = head()
    before = values(model)
    reason = "cannot be read" if recorded else "is damaged: its SHA-256 is"
    with pytest.raises(ValueError, match=reason) as error:
        weights.load(model, "breed_head")
    assert str(file) in str(error.value)
    assert_unchanged(model, before)


def test_a_missing_file_leaves_the_model_unchanged(copy):
    copy().unlink()
    model = head()
    before = values(model)
    with pytest.raises(FileNotFoundError, match=r"breed_head\.safetensors is missing"):
        weights.load(model, "breed_head")
    assert_unchanged(model, before)


def test_uint8_is_scaled_by_channel(copy):
    stored = {
        "breeds/kernel": np.array([[0, 255], [128, 1]], np.uint8),
        "breeds/kernel.scale": np.array([0.5, 0.25]),
        "breeds/kernel.min": np.array([-1, 10], np.float32),
        "breeds/bias": np.array([3], np.uint8),
        "breeds/bias.scale": np.array(2.0),
        "breeds/bias.min": np.array(-7.0),
    }
    save_file(stored, copy(), metadata={"about": json.dumps({"layers": ["breeds"]})})
    copy()
    arrays = weights.read("breed_head")
    assert arrays.keys() == {"breeds/kernel", "breeds/bias"}
    np.testing.assert_array_equal(arrays["breeds/kernel"], np.float32([[-1, 73.75], [63, 10.25]]))
    np.testing.assert_array_equal(arrays["breeds/bias"], np.float32([-1]))


@pytest.mark.parametrize(
    ("stored", "metadata"),
    [
        ({"breeds/kernel": np.zeros((1280, 19), np.uint8)}, {"about": '{"layers": ["breeds"]}'}),  # no scale
        ({"breeds/kernel": np.zeros((1280, 19), np.float32)}, {"about": '{"layers": []}'}),
        ({"breeds/kernel": np.zeros((1280, 19), np.float32)}, {"about": "not JSON"}),
        ({"breeds/kernel": np.zeros((1280, 19), np.float32)}, None),
    ],
)
def test_a_file_of_another_making_is_refused(copy, stored, metadata):
    save_file(stored, copy(), metadata=metadata)
    copy()
    with pytest.raises(ValueError, match=r"The weights file .*breed_head\.safetensors cannot be read"):
        weights.load(head(), "breed_head")


# Without TensorFlow


def test_reading_needs_no_framework():
    code = "import sys; from dlcourse import weights; weights.read('breed_head'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "safetensors" in done.stdout.split() and not {"keras", "tensorflow"} & {*done.stdout.split()}


def test_load_asks_of_a_variable_its_path_its_shape_and_assign():
    """So that it serves the models of every backend: nothing here is TensorFlow's or Keras'."""

    class Variable:
        def __init__(self, path, shape):
            self.path, self.shape = path, list(shape)

        def assign(self, value):
            assert type(value) is np.ndarray and value.dtype == np.float32
            self.value = value

    class Model:
        built = True
        weights = (Variable("net/breeds/kernel", (1280, 19)), Variable("breeds/bias", (19,)))

    weights.load(Model, "breed_head")
    for variable, key in zip(Model.weights, ("breeds/kernel", "breeds/bias"), strict=True):
        np.testing.assert_array_equal(variable.value, weights.read("breed_head")[key])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("scaled", [False, True])
def test_numbers_that_are_not_finite_are_refused_and_their_tensor_named(copy, value, scaled):
    file = copy()
    with safe_open(file, framework="numpy") as content:
        tensors, about = {key: content.get_tensor(key) for key in content.keys()}, content.metadata()  # noqa: SIM118
    kernel = np.zeros((1280, 19))
    kernel[7, 3] = value
    tensors = {key: tensor for key, tensor in tensors.items() if not key.startswith("breeds/kernel")}
    if scaled:
        scale, minimum = np.array(value), np.array(0.0)
        tensors |= {"breeds/kernel": np.ones((1280, 19), np.uint8)}
        tensors |= {"breeds/kernel.scale": scale, "breeds/kernel.min": minimum}
    else:
        tensors["breeds/kernel"] = kernel
    file.write_bytes(save(tensors, about))
    copy()
    model = head()
    before = values(model)
    many = 1280 * 19 if scaled else 1
    with pytest.raises(
        ValueError, match=f"breeds/kernel has {many} numbers of {1280 * 19} that are not finite"
    ) as error:
        weights.load(model, "breed_head")
    assert str(file) in str(error.value)
    assert_unchanged(model, before)
