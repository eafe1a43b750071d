"""Each network of dlcourse.models as a whole: sizes and layers as the papers draw them, learning, saving, bad input.

Against keras.applications they are in test_models_keras.py, their blocks in test_models_blocks.py, and what they cost
in test_models_cost.py.
"""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import dlcourse
from dlcourse import models

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers


def pictures(shape, m=4, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (m, *shape), dtype=np.uint8)


def of_kind(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.fixture
def shapes_only():
    """Layers know their shapes and have no weights: five times as fast, where nothing is computed."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session()  # or Keras makes all the weights after all, at the next occasion


# Sizes, as the papers draw them


@pytest.mark.parametrize(
    ("build", "sizes"),
    [
        (
            models.lenet5,
            {"conv1": (28, 28, 6), "pool1": (14, 14, 6), "conv2": (10, 10, 16), "pool2": (5, 5, 16), "fc3": (120,)},
        ),
        (
            lambda: models.resnet_cifar(14, input_shape=(32, 32, 3)),
            {"relu1": (32, 32, 16), "stage1_block2_relu2": (32, 32, 16), "stage3_block2_relu2": (8, 8, 64)},
        ),
        (
            lambda: models.mobilenet_v2(alpha=0.35),
            {"Conv1_relu": (112, 112, 16), "block_3_depthwise": (28, 28, 48), "out_relu": (7, 7, 1280)},
        ),
        (
            lambda: models.mobilenet_v1(alpha=0.25, include_top=False),
            {"conv1_relu": (112, 112, 8), "conv_pw_6_relu": (14, 14, 128), "conv_pw_13_relu": (7, 7, 256)},
        ),
        (
            lambda: models.vgg16(include_top=False),
            {"block1_pool": (112, 112, 64), "block3_conv3": (56, 56, 256), "block5_pool": (7, 7, 512)},
        ),
        (
            lambda: models.resnet50(include_top=False),
            {
                **{"conv1_relu": (112, 112, 64), "pool1_pool": (56, 56, 64), "conv2_block3_out": (56, 56, 256)},
                **{"conv3_block4_out": (28, 28, 512), "conv4_block6_out": (14, 14, 1024)},
                "conv5_block3_out": (7, 7, 2048),
            },
        ),
    ],
)
def test_sides_and_channels_are_the_papers(shapes_only, build, sizes):
    model = build()
    assert {name: model.get_layer(name).output.shape[1:] for name in sizes} == sizes


def test_alexnets_sides_are_those_of_227_and_not_of_the_papers_224(shapes_only):
    sides = {}
    for side in (224, 227):
        x = keras.Input((side, side, 3))
        sides[side] = layers.Conv2D(96, 11, strides=4)(x).shape[1]
    assert sides == {224: 54, 227: 55}  # the paper has 55
    model = models.alexnet(classes=2, lrn=True)
    names = ("conv1", "lrn1", "pool1", "conv2", "pool2", "conv3", "conv5", "pool5")
    shapes = [model.get_layer(name).output.shape[1:] for name in names]
    assert shapes == [
        *((55, 55, 96), (55, 55, 96), (27, 27, 96), (27, 27, 256)),
        *((13, 13, 256), (13, 13, 384), (13, 13, 256), (6, 6, 256)),
    ]


def test_mobilenet_v2_has_seventeen_bottlenecks_ten_of_them_with_a_shortcut(shapes_only):
    model = models.mobilenet_v2((32, 32, 3), classes=2)
    depthwise = of_kind(model, layers.DepthwiseConv2D)
    assert len(depthwise) == 17 and len(of_kind(model, layers.Add)) == 10
    assert sum(layer.strides == (2, 2) for layer in depthwise) == 4
    projected = [model.get_layer(f"{layer.name.removesuffix('depthwise')}project").filters for layer in depthwise]
    assert projected == [16, 24, 24, 32, 32, 32, *[64] * 4, *[96] * 3, *[160] * 3, 320]
    inside = [layer.output.shape[-1] for layer in depthwise]
    assert inside == [32, *(6 * narrow for narrow in projected[:-1])]


def test_fifty_layers_of_resnet50_have_weights(shapes_only):
    model = models.resnet50((32, 32, 3))
    convolutions = [layer for layer in of_kind(model, layers.Conv2D) if not layer.name.endswith("0_conv")]
    assert len(convolutions) + len(of_kind(model, layers.Dense)) == 50
    assert len(of_kind(model, layers.Conv2D)) - len(convolutions) == 4  # the shortcuts that change the shape


def test_twenty_two_layers_of_googlenet_have_weights_on_the_way_to_its_end(shapes_only):
    model, deepest = models.googlenet((32, 32, 3), classes=2), {}
    for layer in model.layers:  # in the order of the graph
        node = layer._inbound_nodes[0]
        before = max((deepest[id(x)] for x in node.input_tensors), default=0)
        deepest[id(node.outputs[0])] = before + isinstance(layer, layers.Conv2D | layers.Dense)
    assert deepest[id(model.output)] == 22


# Two faces of one network


def test_lenet5_of_1998_differs_in_its_functions_and_not_in_its_parameters(shapes_only):
    modern, historical = models.lenet5(), models.lenet5(historical=True)
    assert [w.shape for w in modern.weights] == [w.shape for w in historical.weights]
    for model, activation, pooling in (
        (modern, "relu", layers.MaxPooling2D),
        (historical, "tanh", layers.AveragePooling2D),
    ):
        found = [layer.activation.__name__ for layer in of_kind(model, layers.Conv2D | layers.Dense)]
        assert found == [activation] * 4 + ["softmax"]
        assert len(of_kind(model, pooling)) == 2 == len(of_kind(model, layers.MaxPooling2D | layers.AveragePooling2D))


@pytest.mark.parametrize("depth", [8, 20])
def test_the_plain_twin_has_the_same_parameters_and_no_addition(shapes_only, depth):
    residual, plain = models.resnet_cifar(depth), models.resnet_cifar(depth, residual=False)
    shapes = [[(layer.name, w.name, w.shape) for layer in m.layers for w in layer.weights] for m in (residual, plain)]
    assert shapes[0] == shapes[1]
    assert not of_kind(plain, layers.Add) and len(of_kind(residual, layers.Add)) == (depth - 2) // 2
    assert (residual.name, plain.name) == (f"resnet{depth}", f"plain{depth}")
    assert len(of_kind(plain, layers.Conv2D)) + len(of_kind(plain, layers.Dense)) == depth


# All of them


SMALL = {
    "lenet5": lambda **kw: models.lenet5(**kw),
    "lenet5 of 1998": lambda **kw: models.lenet5(historical=True, **kw),
    "alexnet": lambda **kw: models.alexnet((67, 70, 3), lrn=True, **kw),
    "vgg16": lambda **kw: models.vgg16((32, 35, 3), **kw),
    "resnet50": lambda **kw: models.resnet50((32, 35, 3), **kw),
    "resnet_cifar": lambda **kw: models.resnet_cifar(8, input_shape=(9, 6, 1), **kw),
    "plain": lambda **kw: models.resnet_cifar(8, False, (9, 6, 1), **kw),
    "googlenet": lambda **kw: models.googlenet((32, 35, 3), **kw),
    "mobilenet_v1": lambda **kw: models.mobilenet_v1((32, 35, 4), 0.25, **kw),
    "mobilenet_v2": lambda **kw: models.mobilenet_v2((32, 35, 1), 0.35, **kw),
}


@pytest.fixture(scope="module", params=SMALL)
def small(request):
    return SMALL[request.param](classes=3)


def test_pictures_go_in_and_probabilities_come_out(small):
    x = pictures(small.input_shape[1:])
    found = np.array(small(x))
    assert found.shape == (4, 3) and (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(small(x.astype("float32")), found, atol=1e-6)


def test_the_gradient_reaches_every_weight(small):
    x = pictures(small.input_shape[1:], m=6)
    with tf.GradientTape() as tape:
        cost = tf.reduce_mean(tf.math.log(small(x, training=False)[:, 0] + 1e-7))
    gradients = tape.gradient(cost, [weight.value for weight in small.trainable_weights])
    # A bias that batch normalization takes away again has a gradient in the sums of inference, so none is left out.
    zero = [w.path for w, g in zip(small.trainable_weights, gradients, strict=True) if g is None or not np.any(g)]
    assert not zero


# A layer of our own, a mean, ops between layers; cut off where millions of weights of Keras' own layers would follow
@pytest.mark.parametrize(
    ("name", "last"), [("alexnet", "conv3"), ("vgg16", "block3_pool"), ("resnet_cifar", "predictions")]
)
def test_a_saved_network_computes_the_same(name, last, tmp_path):
    model = SMALL[name](classes=3)
    model = keras.Model(model.input, model.get_layer(last).output)
    x = pictures(model.input_shape[1:])
    model.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(again(x), model(x))
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("name", ["lenet5", "lenet5 of 1998", "resnet_cifar"])
def test_learns_eight_pictures_by_heart(name):
    keras.utils.set_random_seed(0)
    options = {"momentum": 0.9} if name == "resnet_cifar" else {}
    model = SMALL[name](classes=4, **options)
    x, y = pictures(model.input_shape[1:], m=8), np.arange(8) % 4
    loss = keras.losses.SparseCategoricalCrossentropy()
    optimizer = keras.optimizers.SGD(0.02, momentum=0.9)
    optimizer.build(model.trainable_variables)

    @tf.function  # `fit` and `train_on_batch` take longer to get ready than the sixty steps
    def step():
        with tf.GradientTape() as tape:
            cost = loss(y, model(x, training=True))
        optimizer.apply(tape.gradient(cost, model.trainable_variables))

    for _ in range(60):
        step()
    assert (np.argmax(model(x), axis=1) == y).all()  # in inference: the averages of batch normalization are warm


def test_dropout_acts_in_training_only():
    model = models.alexnet((67, 67, 3), 3, dropout=0.5)
    x = pictures((67, 67, 3), m=1)
    assert np.array_equal(model(x), model(x)) and not np.array_equal(model(x, training=True), model(x, training=True))


def test_both_hidden_dense_layers_of_vgg16_have_the_dropout_asked_for(shapes_only):
    assert [layer.rate for layer in of_kind(models.vgg16(dropout=0.2), layers.Dropout)] == [0.2, 0.2]


# What it is made of


def test_the_room_imports_keras_and_not_tensorflow():
    allowed = {"dlcourse", "keras", "numpy", *sys.stdlib_module_names}
    for path in (Path(dlcourse.__file__).parent / "models").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path.name


OTHER_BACKEND = """
import sys
import numpy as np
from dlcourse import models
import keras
from keras import layers
assert "tensorflow" not in sys.modules and keras.backend.backend() == "numpy"
with np.load(sys.argv[1]) as file:
    for name in ("lenet5", "resnet"):
        model = models.lenet5() if name == "lenet5" else models.resnet_cifar(8)
        model.set_weights([file[f"{name}{i}"] for i in range(len(model.weights))])
        difference = np.abs(model(file[f"{name}_x"]) - file[f"{name}_y"]).max()
        assert difference < 1e-5, difference
    assert models.cost(model) == tuple(file["cost"])
print("the same")
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="Keras' NumPy backend convolves with JAX")
def test_another_backend_computes_the_same(tmp_path):
    arrays = {}
    for name, model in (("lenet5", models.lenet5()), ("resnet", models.resnet_cifar(8))):
        x = pictures(model.input_shape[1:])
        arrays |= {f"{name}{i}": weight for i, weight in enumerate(model.get_weights())}
        arrays |= {f"{name}_x": x, f"{name}_y": np.array(model(x)), "cost": models.cost(model)}
    np.savez(tmp_path / "expected.npz", **arrays)
    command = [sys.executable, "-c", OTHER_BACKEND, str(tmp_path / "expected.npz")]
    result = subprocess.run(command, env={**os.environ, "KERAS_BACKEND": "numpy"}, capture_output=True, text=True)
    assert result.stdout == "the same\n", result.stderr


# Bad input

X = keras.Input((8, 8, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models.lenet5((15, 32, 1)), r"^input_shape: expected .*sides of 16 or more, got \(15, 32, 1\)$"),
        (lambda: models.lenet5((32, 32)), r"^input_shape: expected \(height, width, channels\).*got \(32, 32\)$"),
        (lambda: models.lenet5((32, 32, 0)), "^input_shape: "),
        (lambda: models.lenet5(classes=1), "^classes: expected a whole number, 2 or more, got 1$"),
        (lambda: models.alexnet((66, 227, 3)), r"^input_shape: .* 67 or more, got \(66, 227, 3\)$"),
        (lambda: models.alexnet((227, 227, 1)), r"^input_shape: expected \(height, width, 3\)"),
        (lambda: models.alexnet(groups=3), "^groups: expected one of 1, 2, got 3$"),
        (lambda: models.alexnet(dropout=1), r"^dropout: expected a number in \[0, 1\), got 1$"),
        (lambda: models.alexnet(classes=True), "^classes: .* got True$"),
        (lambda: models.vgg16((31, 224, 3)), "^input_shape: .* 32 or more"),
        (lambda: models.vgg16((224, 224, 4)), r"^input_shape: expected \(height, width, 3\)"),
        (lambda: models.vgg16((None, None, 3)), "^input_shape: "),
        (lambda: models.vgg16(dropout=-0.1), "^dropout: "),
        (lambda: models.resnet50((224, 224, 1)), r"^input_shape: expected \(height, width, 3\)"),
        (lambda: models.resnet50((224, 31, 3)), "^input_shape: .* 32 or more"),
        (lambda: models.resnet50(classes=2.0), "^classes: .* got 2.0$"),
        (lambda: models.resnet50(momentum=1), r"^momentum: expected a number in \[0, 1\), got 1$"),
        (lambda: models.resnet_cifar(18), r"^depth: expected 6n \+ 2 .* got 18; the nearest is 20$"),
        (lambda: models.resnet_cifar(2), r"^depth: expected 6n \+ 2 .* got 2; the nearest is 8$"),
        (lambda: models.resnet_cifar(20.0), "^depth: expected a whole number"),
        (lambda: models.resnet_cifar(input_shape=(3, 32, 3)), "^input_shape: .* 4 or more"),
        (lambda: models.googlenet((31, 32, 3)), "^input_shape: .* 32 or more"),
        (lambda: models.mobilenet_v1(alpha=0.6), "^alpha: expected one of 0.25, 0.5, 0.75, 1.0, got 0.6$"),
        (lambda: models.mobilenet_v2(alpha=0.25), "^alpha: expected one of 0.35, 0.5, 0.75, 1.0, 1.3, 1.4, got 0.25$"),
        (lambda: models.mobilenet_v2(alpha="1"), "^alpha: expected one of"),
        (lambda: models.mobilenet_v2((31, 31, 3)), "^input_shape: .* 32 or more"),
        (lambda: models.mobilenet_v2(momentum=-1), "^momentum: "),
        (lambda: models.mobilenet_v1(dropout="half"), "^dropout: "),
        (lambda: models.identity_block(X, (2, 2, 8)), "^filters: expected the last to equal the channels of x, 4"),
        (lambda: models.identity_block(X, (2, 4)), r"^filters: expected three numbers \(F1, F2, F3\), got \(2, 4\)$"),
        (lambda: models.identity_block(X, (2, 0, 4)), "^filters: expected a whole number, 1 or more, got 0$"),
        (lambda: models.identity_block(X, (2, 2, 4), 0), "^kernel_size: expected a whole number"),
        (lambda: models.identity_block(X[0], (2, 2, 4)), r"^x: expected feature maps, shape .* got shape \(8, 8, 4\)$"),
        (lambda: models.identity_block("x", (2, 2, 4)), "^x: expected feature maps, shape .* got str$"),
        (lambda: models.convolutional_block(X, (2, 2, 8), stride=0), "^stride: expected a whole number, 1 or more"),
        (lambda: models.residual_block(X, 3), "^filters: expected no fewer than the channels of x, 4, got 3$"),
        (lambda: models.residual_block(X, 4, 0.5), "^stride: expected a whole number"),
        (lambda: models.inverted_residual_block(X, 4, 3), "^stride: expected one of 1, 2, got 3$"),
        (lambda: models.inverted_residual_block(X, 4, expansion=0), "^expansion: expected a whole number, 1 or more"),
        (lambda: models.inverted_residual_block(keras.Input((4,)), 4), r"^x: expected .* got shape \(None, 4\)$"),
        (lambda: models.depthwise_separable_block(X, 0), "^filters: expected a whole number"),
        (lambda: models.inception_block(X, (1, 2, 3)), r"^filters: expected six numbers, .* got \(1, 2, 3\)$"),
        (lambda: models.inception_block(X, (None, 1, 1, 1, 1, 1)), "^filters: expected a whole number, .* got None$"),
        (lambda: models.inception_block(X, (1, 1, 1, 1, 0, 1)), "^filters: expected a whole number, .* got 0$"),
        (lambda: models.inception_block(keras.Input((8, 4)), (1,) * 6), r"^x: expected .* got shape \(None, 8, 4\)$"),
        (lambda: models.LocalResponseNormalization(n=4), "^n: expected an odd number, .* got 4$"),
        (lambda: models.LocalResponseNormalization(n=0), "^n: expected a whole number, 1 or more, got 0$"),
        (lambda: models.LocalResponseNormalization(k=0), "^k: expected a number above 0, got 0$"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("build", "side"),
    [
        (lambda side: models.lenet5((side, 20, 1)), 16),
        (lambda side: models.alexnet((side, 70, 3), 2), 67),
        (lambda side: models.vgg16((side, 40, 3), 2), 32),
    ],
)
def test_one_row_fewer_than_the_smallest_picture_would_leave_nothing(shapes_only, build, side, monkeypatch):
    assert all(0 not in layer.output.shape[1:] for layer in build(side).layers)
    for name in ("lenet", "alexnet", "vgg"):
        monkeypatch.setattr(sys.modules[f"dlcourse.models.{name}"], "image_shape", lambda shape, *_, **__: shape)
    with pytest.raises(ValueError, match=r"(?i)negative|zero|output"):
        build(side - 1)
