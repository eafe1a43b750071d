"""dlcourse.transfer: what is frozen stays put, what is trained learns, the short way gives what Keras' gives."""

from dlcourse import augment, models, transfer

import keras
import numpy as np
import pytest
from keras import layers, ops


def noise(m=6, shape=(32, 32, 3), dtype="uint8"):
    return np.random.default_rng(0).integers(0, 256, (m, *shape)).astype(dtype)


def small_base(seed=1):
    """Two blocks, each with batch normalization whose averages have seen something else than these pictures."""
    keras.utils.set_random_seed(seed)
    pictures = x = keras.Input((32, 32, 3), name="pictures")
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    for block, filters in (("block_1", 6), ("block_2", 8)):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False, name=f"{block}_conv")(x)
        x = layers.BatchNormalization(momentum=0.5, name=f"{block}_bn")(x)
        x = layers.ReLU(name=f"{block}_relu")(x)
    base = keras.Model(pictures, x, name="small")
    for block in ("block_1", "block_2"):
        normal = base.get_layer(f"{block}_bn")
        normal.moving_mean.assign(ops.full(normal.moving_mean.shape, 0.1))
        normal.moving_variance.assign(ops.full(normal.moving_variance.shape, 0.4))
    return base


def two_classes(m=8):
    """(images, labels): every second picture is darker."""
    labels = np.arange(m) % 2
    return (noise(m) // (1 + labels)[:, None, None, None]).astype("uint8"), labels


def values(model):
    return dict(zip((variable.path for variable in model.weights), model.get_weights(), strict=True))


def changed(before, after):
    return {path for path in before if not np.array_equal(before[path], after[path])}


def fine_tuned(from_layer="block_2", learning_rate=1e-2):
    base = small_base()
    model = transfer.build_classifier(base, 2)
    trained = transfer.fine_tune(model, base, from_layer, learning_rate)
    return model, base, trained


@pytest.fixture(scope="module")
def shipped():
    return models.mobilenet_v2((160, 160, 3), include_top=False, weights="dlcourse")


# Features


@pytest.mark.parametrize("batch_size", [1, 4, 100])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_features_are_kerass_global_average_of_the_base(batch_size, dtype):
    base, images = small_base(), noise(6, dtype=dtype)
    expected = layers.GlobalAveragePooling2D()(base(images, training=False))
    found = transfer.extract_features(base, images, batch_size)
    assert found.dtype == np.float32 and found.shape == (6, 8)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


# Step one


def test_a_new_head_is_all_that_can_be_trained():
    base = small_base()
    base.trainable = True
    model = transfer.build_classifier(base, 5, augmentation=augment.pipeline())
    assert [weight.path for weight in model.trainable_weights] == ["classes/kernel", "classes/bias"]
    assert [weight.shape for weight in model.trainable_weights] == [(8, 5), (5,)]
    assert [layer.name for layer in model.layers[1:]] == ["augmentation", "small", "average", "dropout", "classes"]
    np.testing.assert_allclose(model(noise()).numpy().sum(axis=1), 1, rtol=1e-5)


def test_the_seed_fixes_the_new_head():
    kernels = [
        transfer.build_classifier(small_base(), 3, seed=seed).get_layer("classes").kernel.numpy() for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


def test_fit_head_gives_what_model_fit_gives():
    images, labels = noise(10), np.arange(10) % 3
    ours, theirs = (transfer.build_classifier(small_base(), 3, 0.3, learning_rate=0.02) for _ in range(2))
    keras.utils.set_random_seed(5)  # of the order in which Keras shuffles
    history = transfer.fit_head(
        ours, ours.layers[1], images, labels, 4, batch_size=4, learning_rate=0.02, validation_data=(images, labels)
    )
    keras.utils.set_random_seed(5)
    expected = theirs.fit(images, labels, 4, epochs=4, validation_data=(images, labels), verbose=0).history
    assert history.keys() == expected.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    for name, numbers in history.items():
        np.testing.assert_allclose(numbers, expected[name], rtol=1e-4)
    np.testing.assert_allclose(ours(images), theirs(images), atol=1e-4)


@pytest.mark.parametrize("augmentation", [None, augment.pipeline(seed=1)])
def test_fit_head_learns_from_features_computed_once_unless_pictures_change(monkeypatch, augmentation):
    def counted(base, images):
        computed.append(len(images))
        return original(base, images)

    computed, original = [], transfer.extract_features
    monkeypatch.setattr(transfer, "extract_features", counted)
    base, (images, labels) = small_base(), two_classes()
    model = transfer.build_classifier(base, 2, 0, augmentation)
    before = values(model)
    history = transfer.fit_head(model, base, images, labels, 30, learning_rate=0.1)
    assert computed == ([8] if augmentation is None else [])
    assert changed(before, values(model)) == {"classes/kernel", "classes/bias"}
    assert history["loss"][-1] < history["loss"][0] / 1.5
    assert len(history["loss"]) == len(history["accuracy"]) == 30


def test_pictures_change_in_training_only():
    base, images = small_base(), noise()
    plain, changing = (transfer.build_classifier(base, 2, 0, layer) for layer in (None, augment.pipeline()))
    np.testing.assert_allclose(plain(images, training=True), plain(images), atol=1e-6)
    np.testing.assert_allclose(changing(images), plain(images), atol=1e-6)
    assert np.abs(changing(images, training=True) - plain(images)).max() > 1e-3


# Step two


@pytest.mark.parametrize(
    ("from_layer", "expected"),
    [
        ("block_13", range(13, 17)),
        ("block_16", range(16, 17)),
        ("block_1", range(1, 17)),
        ("block_16_project", range(16, 17)),
        ("Conv_1", range(0)),
    ],
)
def test_fine_tune_trains_the_kernels_from_the_named_block_on(shipped, from_layer, expected):
    model = transfer.build_classifier(shipped, 5)
    trained = transfer.fine_tune(model, shipped, from_layer)
    parts = ("project",) if from_layer.endswith("project") else ("expand", "depthwise", "project")
    names = {f"block_{i}_{part}/kernel" for i in expected for part in parts}
    paths = {"/".join(weight.path.split("/")[-2:]) for weight in model.trainable_weights}
    assert paths == names | {"Conv_1/kernel", "classes/kernel", "classes/bias"}
    sizes = {"/".join(weight.path.split("/")[-2:]): int(np.prod(weight.shape)) for weight in model.weights}
    assert trained == sum(sizes[path] for path in paths)


def test_fine_tune_can_start_anew_from_another_block(shipped):
    model = transfer.build_classifier(shipped, 5)
    more, less = (transfer.fine_tune(model, shipped, name) for name in ("block_3", "block_15"))
    assert less < more and less == transfer.fine_tune(transfer.build_classifier(shipped, 5), shipped, "block_15")


def test_fine_tune_lowers_the_learning_rate(shipped):
    model = transfer.build_classifier(shipped, 5)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)
    transfer.fine_tune(model, shipped, "block_16")
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-5)
    transfer.fine_tune(model, shipped, "block_16", 2e-4)
    assert float(model.optimizer.learning_rate) == pytest.approx(2e-4)


def test_fine_tuning_changes_the_named_block_alone_and_no_batch_norm():
    model, _, trained = fine_tuned()
    before = values(model)
    model.fit(noise(8), np.arange(8) % 2, epochs=3, verbose=0)
    assert changed(before, values(model)) == {"block_2_conv/kernel", "classes/kernel", "classes/bias"}
    assert trained == 3 * 3 * 6 * 8 + 8 * 2 + 2


def test_fine_tuning_learns_eight_pictures_and_says_in_training_what_it_says_at_test_time():
    base = small_base()
    model = transfer.build_classifier(base, 2, dropout=0)
    transfer.fine_tune(model, base, "block_1", 0.02)
    images, labels = noise(8), np.arange(8) % 2
    model.fit(images, labels, epochs=60, verbose=0)
    np.testing.assert_array_equal(np.argmax(model(images), axis=1), labels)
    np.testing.assert_allclose(model(images, training=True), model(images, training=False), atol=1e-6)


def test_a_fine_tuned_model_comes_back_from_its_file(tmp_path):
    base, images = small_base(), noise(4)
    model = transfer.build_classifier(base, 2, augmentation=augment.pipeline(warp=1))
    transfer.fit_head(model, base, images, [0, 1, 0, 1], 1)
    transfer.fine_tune(model, base, "block_2")
    model.fit(images, np.array([0, 1, 0, 1]), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(images), model(images), atol=1e-6)
    assert len(loaded.trainable_weights) == len(model.trainable_weights) == 3


# Bad input


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (noise()[0], r"images: expected shape \('m', 32, 32, 3\) with m at least 1, got \(32, 32, 3\)"),
        (noise()[:0], r"images: expected shape .* got \(0, 32, 32, 3\)"),
        (noise(2, (32, 30, 3)), r"images: expected shape .* got \(2, 32, 30, 3\)"),
        (noise() > 100, "images: expected numbers, got bool"),
        (noise(dtype=float) - 1, r"images: expected values in 0…255, got -1\.0 to"),
        (noise(dtype=float) * np.nan, "images: expected values in 0…255, got nan"),
        (noise(dtype=float) / 255, "images: expected values in 0…255, got 0.0 to 1.0, which looks like 0…1"),
    ],
)
def test_pictures_that_the_base_cannot_have_learned_from_are_refused(images, message):
    base = small_base()
    with pytest.raises(ValueError, match=message):
        transfer.extract_features(base, images)
    with pytest.raises(ValueError, match=message):
        transfer.fit_head(transfer.build_classifier(base, 2), base, images, np.zeros(len(images), int))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda base: transfer.extract_features(base, noise(), 0), "batch_size: expected a whole number, 1 or more"),
        (lambda base: transfer.extract_features("base", noise()), "base: expected a Keras model .* got str"),
        (lambda base: transfer.build_classifier(base.layers[-1], 2), "base: expected a Keras model .* got ReLU"),
        (
            lambda base: transfer.build_classifier(transfer.build_classifier(base, 2), 2),
            r"base: expected a Keras model with output \(m, height, width, features\), got \(None, 2\)",
        ),
        (lambda base: transfer.build_classifier(base, 1), "classes: expected a whole number, 2 or more, got 1"),
        (lambda base: transfer.build_classifier(base, 2, dropout=1), r"dropout: expected a number in \[0, 1\), got 1"),
        (
            lambda base: transfer.build_classifier(base, 2, augmentation=augment.mirror),
            "augmentation: expected a Keras layer or model, or None, got function",
        ),
        (lambda base: transfer.build_classifier(base, 2, learning_rate=0), "learning_rate: expected a number above 0"),
    ],
)
def test_arguments_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(small_base())


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ([0, 1, 0], {}, r"labels: expected whole numbers of shape \(6,\), got int64 of \(3,\)"),
        (np.eye(6), {}, r"labels: expected whole numbers of shape \(6,\), got float64 of \(6, 6\)"),
        ([0, 1, 2, 0, 1, 2], {}, "labels: expected 0…1, got 0 to 2"),
        ([0, 1, -1, 0, 1, 1], {}, "labels: expected 0…1, got -1 to 1"),
        ([0] * 6, {"validation_data": noise()}, r"validation_data: expected a pair \(images, labels\), got ndarray"),
        ([0] * 6, {"validation_data": (noise(), [0])}, r"validation_data\[1\]: expected whole numbers"),
        ([0] * 6, {"epochs": 0}, "epochs: expected a whole number, 1 or more, got 0"),
        ([0] * 6, {"batch_size": 0}, "batch_size: expected a whole number, 1 or more, got 0"),
        ([0] * 6, {"learning_rate": -1}, "learning_rate: expected a number above 0, got -1"),
    ],
)
def test_fit_head_refuses_what_it_cannot_learn_from(labels, options, message):
    base = small_base()
    with pytest.raises(ValueError, match=message):
        transfer.fit_head(transfer.build_classifier(base, 2), base, noise(), labels, **options)


def test_the_steps_refuse_a_base_that_is_not_the_models_or_not_frozen():
    model, base, _ = fine_tuned()
    with pytest.raises(ValueError, match="base: expected the one that the model was built on, got 'small'"):
        transfer.fine_tune(model, small_base(), "block_1")
    with pytest.raises(ValueError, match="base: expected the one that the model was built on, got 'NoneType'"):
        transfer.fit_head(model, None, noise(), [0] * 6)
    with pytest.raises(ValueError, match="base: expected all its layers frozen, got 1 trainable weights"):
        transfer.fit_head(model, base, noise(), [0] * 6)


@pytest.mark.parametrize("name", ["block_3", "block_", "", None, "classes"])
def test_fine_tune_names_layers_that_are_there_and_changes_nothing(name):
    model, base, _ = fine_tuned()
    with pytest.raises(ValueError, match=r"from_layer: expected a layer of small, such as \w+.*, got"):
        transfer.fine_tune(model, base, name)
    with pytest.raises(ValueError, match="learning_rate: expected a number above 0, got 0"):
        transfer.fine_tune(model, base, "block_1", 0)
    assert len(base.trainable_weights) == 1


# Pictures as people have them


def test_a_data_set_is_said_to_be_unpacked_and_a_path_to_be_read():
    import tensorflow as tf

    base = small_base()
    model = transfer.build_classifier(base, 2)
    dataset = tf.data.Dataset.from_tensor_slices((noise(4), [0, 1, 0, 1])).batch(2)
    message = r"images: expected .*, got a _BatchDataset: unpack it, np\.concatenate"
    with pytest.raises(ValueError, match=message):
        transfer.fit_head(model, base, dataset, epochs=1)
    with pytest.raises(ValueError, match=message):
        transfer.extract_features(base, dataset)
    with pytest.raises(ValueError, match=r"images: .* got a str, 'pets': read the files with datasets\.read_folder"):
        transfer.extract_features(base, "pets")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images: images[0], r"one picture is a batch of one, picture\[None\]"),
        (lambda images: images[..., :1], r"it has 1 channels; read the files with datasets\.read_folder"),
        (
            lambda images: images[:, :-1],
            r"read the files with datasets\.read_folder\(folder, size\), which brings them",
        ),
    ],
)
def test_pictures_of_another_shape_are_refused_with_the_way_to_the_right_one(change, message):
    with pytest.raises(ValueError, match=message):
        transfer.extract_features(small_base(), change(noise()))
