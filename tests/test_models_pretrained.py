"""The pretrained nets of dlcourse.models against what their sources compute.

The numbers of SOURCE were computed once by the sources' own code, TensorFlow.js with the CPU backend, on pieces of a
photograph that need no resizing: face-api 1.7.15, and the graphs of human-models 3.0.4. The face encoder's source gives
distances of photographs: see test_faces_pipeline. Here it is computed a second time, step by step.
"""

import importlib

from dlcourse import datasets, models, weights

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

NANODET = importlib.import_module("dlcourse.models.nanodet")  # its function of the same name hides it

NETS = {  # builder: (parameters, multiply-adds, shapes of the outputs)
    "face_detector": (193_321, 198_760_528, [(13, 13, 25)]),
    "face_encoder": (5_607_488, 270_854_144, [(128,)]),
    "face_landmarks": (356_840, 51_571_840, [(68, 2)]),
    "nanodet": (3_786_068, 2_090_083_840, [(52, 52, 124), (26, 26, 124), (13, 13, 124)]),
    "selfie_segmentation": (106_401, 59_215_744, [(256, 256, 1)]),
}
SOURCE = {
    "face_detector": {  # raw answers of cell (row 4, column 6), anchor by anchor, and of all
        "cell": [
            [2.5459, -0.9802, 0.2974, 0.1368, -15.0864],
            [0.4265, -0.1304, -0.4021, -0.1379, -29.2028],
            [2.8257, -2.9473, 0.3202, 0.0768, 2.5262],
            [1.5203, -2.3938, 0.0039, -0.4439, -9.4107],
            [0.9473, -0.4227, -0.4253, 0.8441, -46.8331],
        ],
        "mean": -3.1216245,
        "deviation": 6.8976431,
    },
    "face_landmarks": {
        0: (0.1247, 0.2250),
        8: (0.5204, 0.9163),
        16: (0.9680, 0.2719),
        17: (0.2114, 0.1400),
        26: (0.8960, 0.1723),
        30: (0.5366, 0.4690),
        36: (0.2892, 0.2229),
        45: (0.8077, 0.2515),
        48: (0.3497, 0.5874),
        54: (0.7332, 0.6010),
        57: (0.5325, 0.7070),
    },
    "nanodet": {  # per grid: cell of the likeliest person, its probability, its four distances in cells, sum of all
        8: (2236, 0.1572, (0.467, 7.884, 2.685, 8.096), 1030.34),
        16: (106, 0.1556, (2.434, 4.493, 1.742, 5.354), 528.52),
        32: (84, 0.7974, (5.941, 6.075, 4.936, 6.557), 212.41),
    },
    "selfie_segmentation": [  # every 40th pixel from the 10th
        [0.0000, 0.0000, 0.0000, 0.0074, 0.0000, 0.0000, 0.0000],
        [0.0000, 0.0000, 1.0000, 1.0000, 0.0000, 0.0000, 0.0000],
        [0.0000, 0.0000, 1.0000, 0.6490, 0.0000, 0.0000, 0.0000],
        [0.0000, 1.0000, 1.0000, 1.0000, 0.1838, 0.0000, 0.0000],
        [0.0001, 1.0000, 1.0000, 1.0000, 1.0000, 0.0004, 0.0000],
        [0.5033, 1.0000, 1.0000, 1.0000, 1.0000, 1.0000, 0.0107],
        [0.8896, 1.0000, 1.0000, 1.0000, 1.0000, 1.0000, 0.4794],
    ],
}


def astronaut(rows, columns):
    return datasets.photo("astronaut")[np.newaxis, rows, columns]


@pytest.fixture(scope="module")
def nets():
    return {name: getattr(models, name)() for name in NETS}


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# What the sources compute


def test_face_detector_answers_what_its_source_answers(nets):
    found = nets["face_detector"].predict_on_batch(astronaut(slice(416), slice(416)))[0]
    expected = SOURCE["face_detector"]
    np.testing.assert_allclose(found[4, 6].reshape(5, 5), expected["cell"], atol=2e-4)
    assert found.mean() == pytest.approx(expected["mean"], abs=1e-4)
    assert found.std() == pytest.approx(expected["deviation"], abs=1e-4)


def test_face_landmarks_answers_what_its_source_answers(nets):
    found = nets["face_landmarks"].predict_on_batch(astronaut(slice(75, 187), slice(163, 275)))[0]
    expected = SOURCE["face_landmarks"]
    np.testing.assert_allclose(found[list(expected)], list(expected.values()), atol=6e-5)


def encoding_by_hand(picture):
    """dlib's residual network, written down in float64 and without Keras."""
    arrays = {name: values.astype(np.float64) for name, values in weights.read("face_encoder").items()}

    def convolved(x, name, stride=1, margin=0):
        x = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        return tf.nn.conv2d(x, arrays[f"{name}/kernel"], stride, "VALID").numpy() + arrays[f"{name}/bias"]

    def block(x, name, stride):
        y = np.maximum(convolved(x, f"{name}_conv1", stride, margin=1 if stride == 1 else 0), 0)
        y = convolved(y, f"{name}_conv2", margin=1)
        total = np.zeros((1, x.shape[1] // stride, x.shape[2] // stride, y.shape[3]))
        total[:, : y.shape[1], : y.shape[2]] += y
        for row in range(stride):
            for column in range(stride):  # the mean of stride² pixels; of one it is the pixel
                pixels = x[:, row::stride, column::stride][:, : total.shape[1], : total.shape[2]]
                total[..., : x.shape[3]] += pixels / stride**2
        return np.maximum(total, 0)

    x = (picture[np.newaxis] - np.array([122.782, 117.001, 104.298])) / 255
    x = np.maximum(convolved(x, "conv32_down", stride=2), 0)
    x = np.max([x[:, i : i + 69 : 2, j : j + 69 : 2] for i in range(3) for j in range(3)], axis=0)
    for filters, blocks in ((32, 3), (64, 3), (128, 2), (256, 2)):
        if filters > 32:
            x = block(x, f"conv{filters}_down", 2)
        for i in range(1, blocks + 1):
            x = block(x, f"conv{filters}_{i}", 1)
    x = block(x, "conv256_down_out", 2)
    return x[0].mean(axis=(0, 1)) @ arrays["fc/kernel"]


@pytest.mark.parametrize("kind", ["face", "noise"])
def test_face_encoder_computes_what_its_source_is_by_hand(nets, kind):
    face = astronaut(slice(65, 215), slice(150, 300))
    pictures = face if kind == "face" else np.random.default_rng(0).integers(0, 256, face.shape, dtype=np.uint8)
    found, expected = nets["face_encoder"].predict_on_batch(pictures)[0], encoding_by_hand(pictures[0])
    assert 1 < np.linalg.norm(expected) < 1.6  # it is not normalized
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nanodet_answers_what_its_source_answers_up_to_its_weights_of_eight_bits(nets):
    grids = nets["nanodet"].predict_on_batch(astronaut(slice(416), slice(416)))
    for grid, (cell, person, distances, total) in zip(grids, SOURCE["nanodet"].values(), strict=True):
        cells = grid.reshape(-1, 124)
        probabilities = 1 / (1 + np.exp(-cells[:, :80].astype(float)))
        assert probabilities[:, 0].argmax() == cell
        assert probabilities[cell, 0] == pytest.approx(person, abs=0.015)
        assert probabilities.sum() == pytest.approx(total, rel=0.015)
        bins = softmax(cells[cell, 80:].reshape(4, 11))
        np.testing.assert_allclose(bins @ np.arange(11), distances, atol=0.03)


def test_selfie_segmentation_answers_what_its_source_answers(nets):
    found = nets["selfie_segmentation"].predict_on_batch(astronaut(slice(None, None, 2), slice(None, None, 2)))
    np.testing.assert_allclose(found[0, 10::40, 10::40, 0], SOURCE["selfie_segmentation"], atol=5e-4)
    assert (found > 0.5).mean() == pytest.approx(0.54434, abs=1e-4) and found.mean() == pytest.approx(0.54184, abs=1e-4)


# How they are built


@pytest.mark.parametrize("name", NETS)
def test_parameters_and_multiply_adds_are_counted(nets, name):
    assert nets[name].count_params() == NETS[name][0] == weights.metadata(name)["parameters"]
    assert models.cost(nets[name]) == NETS[name][:2]


@pytest.mark.parametrize("name", NETS)
def test_the_layers_with_weights_are_those_of_the_file(nets, name):
    named = [layer.name for layer in nets[name].layers if layer.weights]
    assert sorted(named) == sorted(weights.metadata(name)["layers"])


@pytest.mark.parametrize("name", NETS)
def test_outputs_have_the_shapes_of_the_table(nets, name):
    shapes = [tuple(output.shape[1:]) for output in nets[name].outputs]
    assert shapes == NETS[name][2]


@pytest.mark.parametrize("name", NETS)
def test_a_saved_net_computes_the_same(nets, name, tmp_path):
    net = nets[name]
    net.save(tmp_path / "net.keras")
    loaded = keras.models.load_model(tmp_path / "net.keras")
    pictures = np.random.default_rng(0).integers(0, 256, (1, *net.input_shape[1:]), dtype=np.uint8)
    both = ([np.array(y) for y in keras.tree.flatten(each(pictures))] for each in (net, loaded))
    for expected, found in zip(*both, strict=True):
        assert np.ptp(expected) > 0
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", NETS)
def test_without_weights_a_net_is_random(nets, name):
    net = getattr(models, name)(weights=None)
    differ = [not np.array_equal(a, b) for a, b in zip(net.get_weights(), nets[name].get_weights(), strict=True)]
    assert all(differ)


@pytest.mark.parametrize(
    ("name", "mean", "deviation"),
    [
        ("face_detector", (117.001, 114.697, 97.404), (255, 255, 255)),
        ("face_encoder", (122.782, 117.001, 104.298), (255, 255, 255)),
        ("face_landmarks", (122.782, 117.001, 104.298), (255, 255, 255)),
        ("nanodet", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),  # blue comes first in the net, red here
    ],
)
def test_pictures_are_standardized_inside(nets, name, mean, deviation):
    net = nets[name]
    inner = keras.Model(net.input, net.get_layer("standardized").output)
    colours = np.stack([np.zeros(3), deviation]) + mean
    pictures = np.broadcast_to(colours[:, None, None], (2, *net.input_shape[1:])).astype("float32")
    found = np.array(inner(pictures))
    np.testing.assert_allclose(found[0], 0, atol=1e-5)
    np.testing.assert_allclose(found[1], 1, atol=1e-5)
    red = pictures * np.float32([1, 0, 0])  # 0 in the two others is far from their mean
    where = -1 if name == "nanodet" else 0
    np.testing.assert_allclose(np.array(inner(red))[0, 0, 0, where], 0, atol=1e-5)


def test_face_detector_takes_pictures_that_are_not_square():
    net = models.face_detector((64, 160, 3), None)
    assert net.output_shape == (None, 2, 5, 25)
    assert np.array(net(np.zeros((1, 64, 160, 3)))).shape == (1, 2, 5, 25)


def test_nanodets_pool_looks_one_pixel_beyond_each_edge_at_nothing():
    x = -1 - np.random.default_rng(0).random((2, 8, 6, 3), "float32")  # negative: padding with zeros would show
    expected = tf.nn.max_pool2d(x, 3, 2, [[0, 0], [1, 1], [1, 1], [0, 0]])
    np.testing.assert_array_equal(NANODET._pool(ops.convert_to_tensor(x)), expected)


def test_half_the_size_by_bilinear_interpolation_is_the_mean_of_four():
    x = np.random.default_rng(0).random((2, 8, 6, 3), "float32")
    found = layers.AveragePooling2D(2)(x)
    np.testing.assert_allclose(found, tf.image.resize(x, (4, 3), "bilinear", antialias=False), atol=1e-6)


# Bad input


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("value", ["imagenet", True, ""])
def test_weights_are_shipped_or_none(name, value):
    with pytest.raises(ValueError, match=f'^weights: expected "dlcourse", None or the path of a file, got {value!r}$'):
        getattr(models, name)(weights=value)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((400, 416, 3), r"sides that are multiples of 32, got \(400, 416, 3\)"),
        ((416, 415, 3), "sides that are multiples of 32"),
        ((0, 32, 3), "sides of 32 or more"),
        ((416, 416, 1), r"expected \(height, width, 3\)"),
        (416, r"expected \(height, width, 3\)"),
    ],
)
def test_face_detector_refuses_sides_that_its_grid_does_not_divide(shape, message):
    with pytest.raises(ValueError, match=f"^input_shape: .*{message}"):
        models.face_detector(shape)
