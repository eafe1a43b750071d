"""dlcourse.training: what Keras computes, without tracing twice, and without a trace of the bar."""

import inspect

from dlcourse import training

import keras
import nbformat
import numpy as np
import pytest
from keras import layers, ops
from nbclient import NotebookClient

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(70, 6)).astype("float32"), RNG.integers(0, 3, 70)


def net(seed=0, optimizer="adam", compiled=True):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu"), layers.Dropout(0.3)])
    model.add(layers.Dense(3, activation="softmax"))
    if compiled:
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def dataset():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(16)


def traces(model):
    """How often Python runs the model's forward pass while it is trained: once for each trace."""
    calls, call = [], model.layers[0].call
    model.layers[0].call = lambda *args, **kwargs: calls.append(1) or call(*args, **kwargs)
    return calls


# Training


@pytest.mark.parametrize(
    "options",
    [
        {"x": X, "y": Y, "batch_size": 16, "epochs": 3},
        {"x": X, "y": Y, "epochs": 2, "validation_data": (X[:9], Y[:9]), "sample_weight": np.arange(70.0)},
        {"x": dataset(), "epochs": 2, "shuffle": False},
        {"x": X, "y": Y, "verbose": 0, "callbacks": keras.callbacks.EarlyStopping("loss", 1e9), "epochs": 5},
        {"x": X, "y": Y, "callbacks": keras.callbacks.EarlyStopping("loss", 1e9), "epochs": 5},
    ],
    ids=["arrays", "validation and weights", "a data set", "a callback, no bar", "a callback beside the bar"],
)
def test_fit_gives_the_weights_and_the_history_of_keras(options):
    ours, theirs = net(), net()
    keras.utils.set_random_seed(1)
    history = training.fit(ours, **options)
    keras.utils.set_random_seed(1)
    expected = theirs.fit(**(options | {"verbose": 0}))
    assert isinstance(history, keras.callbacks.History) and history.history == expected.history
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_fit_takes_its_arguments_in_the_order_of_keras():
    parameters = [list(inspect.signature(f).parameters) for f in (training.fit, keras.Model.fit)]
    assert parameters[0][1:7] == parameters[1][1:7]
    history = training.fit(net(), X, Y, 16, 3)
    assert len(history.history["loss"]) == 3 and history.params["steps"] == 5


def test_fit_goes_on_where_a_model_was_trained_before():
    ours, theirs = net(), net()
    for model, again in ((ours, training.fit), (theirs, keras.Model.fit)):
        keras.utils.set_random_seed(1)
        model.fit(X, Y, epochs=1, verbose=0)
        again(model, X, Y, epochs=2, verbose=0)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_step_is_traced_once_and_by_keras_alone_twice():
    numbers = {}
    for name, fit in (("ours", training.fit), ("Keras", keras.Model.fit)):
        model = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
        model.compile("adam", "mse")
        calls = traces(model)
        fit(model, X[:64], X[:64, :3], batch_size=32, epochs=2, verbose=0)
        numbers[name] = len(calls)
    assert numbers == {"ours": numbers["ours"], "Keras": 2 * numbers["ours"]}


def test_a_model_that_is_not_built_yet_is_built_by_keras():
    kernels = []
    for fit in (training.fit, keras.Model.fit):
        keras.utils.set_random_seed(2)
        model = keras.Sequential([layers.Dense(3)])
        model.compile("sgd", "mse")
        fit(model, X, X[:, :3], verbose=0)
        kernels.append(model.get_weights()[0])
    np.testing.assert_array_equal(*kernels)


def test_a_frozen_model_is_left_to_keras():
    model = net(compiled=False)
    model.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    training.fit(model, X, Y)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


@pytest.mark.parametrize(
    ("model", "got"), [(net(compiled=False), "'sequential.*' without an optimizer"), ("net", "str"), (None, "NoneType")]
)
def test_what_cannot_be_trained_is_refused(model, got):
    with pytest.raises(ValueError, match=rf"^model: expected a compiled Keras model, got {got}: call model\.compile"):
        training.fit(model, X, Y)


# Mixed precision


class Probe(layers.Layer):
    """Notes in which type it computes."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, x):
        self.seen.append(keras.backend.standardize_dtype(x.dtype))
        return x


def probed():
    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.Input((8,)), Probe()])
    inputs = keras.Input((6,))
    x = layers.BatchNormalization()(layers.Dense(8, activation="relu", name="first")(inputs))
    outputs = layers.Dense(3, activation="softmax")(inner(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    probe = inner.layers[0]
    probe.seen.clear()
    return model, probe


def test_mixed_precision_computes_in_bfloat16_and_keeps_weights_outputs_and_predictions_in_float32():
    model, probe = probed()
    training.fit(model, X, Y, epochs=1)
    assert set(probe.seen) == {"float32"}
    probe.seen.clear()
    types = []
    watch = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: types.extend(layer.compute_dtype for layer in model.layers)
    )
    training.fit(model, X, Y, epochs=1, mixed_precision=True, callbacks=[watch])
    assert set(probe.seen) == {"bfloat16"}
    training.fit(model, X, Y, epochs=1, mixed_precision=True, validation_data=(X, Y))
    assert set(probe.seen) == {"bfloat16"}
    assert types[-1] == "float32" and types[1:3] == ["bfloat16"] * 2  # of the outputs, of the first layers
    assert {variable.dtype for variable in model.variables} == {"float32"}
    probe.seen.clear()
    training.fit(model, X, Y, epochs=1, validation_data=(X, Y))
    assert set(probe.seen) == {"float32"}
    assert model.predict_on_batch(X[:2]).dtype == np.float32
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}


def test_mixed_precision_learns_what_float32_learns():
    ends = []
    for mixed in (False, True):
        model, _ = probed()
        keras.utils.set_random_seed(1)
        ends.append(training.fit(model, X, Y, epochs=20, mixed_precision=mixed).history["loss"])
    assert ends[0] != ends[1]
    np.testing.assert_allclose(ends[1], ends[0], rtol=0.05)
    assert ends[1][-1] < 0.8 * ends[1][0]


def test_after_an_error_a_model_computes_in_float32_again():
    model, _ = probed()
    with pytest.raises(ValueError, match=r"cardinality|size"):
        training.fit(model, X, Y[:3], mixed_precision=True)
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}


def test_mixed_precision_is_yes_or_no_and_for_built_models():
    with pytest.raises(ValueError, match=r"^mixed_precision: expected True or False, got 'bfloat16'"):
        training.fit(net(), X, Y, mixed_precision="bfloat16")
    model = keras.Sequential([layers.Dense(3)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"^mixed_precision: expected a functional or Sequential model that is built"):
        training.fit(model, X, X[:, :3], mixed_precision=True)


# The bar


def test_in_a_terminal_the_bar_shows_the_epoch_and_goes_away(capfd, monkeypatch):
    monkeypatch.setattr(training, "SECONDS", 0)
    monkeypatch.setattr(training, "PAUSE", 0)
    training.fit(net(), X, Y, epochs=2)
    assert capfd.readouterr().err == ""  # no terminal
    monkeypatch.setattr(training, "_is_watched", lambda: True)
    training.fit(net(), X, Y, epochs=2)
    shown = capfd.readouterr().err
    assert "epoch 2 of 2" in shown and "█" * training.WIDTH in shown
    assert shown.rsplit("\r", 2)[-2].strip() == shown.rsplit("\r", 2)[-1] == ""


@pytest.mark.parametrize("someone", [True, False])
def test_in_a_notebook_the_bar_is_shown_to_someone_and_never_stored(someone):
    code = """
import numpy as np
import keras
import inspect

from dlcourse import training
training.SECONDS = training.PAUSE = 0
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
print("before")
_ = training.fit(model, np.ones((9, 2)), np.ones((9, 1)), epochs=2)
print("after")
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    client, shown = NotebookClient(notebook, kernel_name="python3", allow_errors=False), []
    handle = client.process_message
    client.process_message = lambda message, *place: shown.append(message) or handle(message, *place)
    with client.setup_kernel():
        client.kc.allow_stdin = someone
        client.execute_cell(notebook.cells[0], 0)
    pages = [message["content"]["data"] for message in shown if "display_data" in message["msg_type"]]
    assert any("epoch 2 of 2" in page.get("text/html", "") for page in pages) == someone
    stored = [output for output in notebook.cells[0].outputs if output.output_type != "stream" and output["data"]]
    assert not stored
    texts = "".join(o["text"] for o in notebook.cells[0].outputs if o.output_type == "stream" and o.name == "stdout")
    assert texts == "before\nafter\n"
    if not someone:
        assert {output.output_type for output in notebook.cells[0].outputs} == {"stream"}


# Predictions


def pair():
    a, b = keras.Input((4, 3), name="a"), keras.Input((2,), name="b")
    return keras.Model({"a": a, "b": b}, [layers.Dense(5)(a), layers.Dense(1)(b), ops.concatenate([b, b], axis=-1)])


@pytest.mark.parametrize("batch_size", [1, 4, 7, 100])
def test_predictions_are_those_of_keras_in_any_batches(batch_size):
    model, x = pair(), {"a": RNG.normal(size=(7, 4, 3)), "b": RNG.normal(size=(7, 2))}
    for found, expected in zip(training.predict_in_batches(model, x, batch_size), model(x), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-5)
    single = net()
    np.testing.assert_allclose(training.predict_in_batches(single, X, batch_size), single(X), atol=1e-6)


def test_all_batches_have_one_size_and_the_last_is_cut():
    sizes, model = [], net()
    model.predict_on_batch = lambda x: sizes.append(len(x)) or np.zeros((len(x), 2))
    assert [len(part) for part in training.predicted_batches(model, X, 32)] == [32, 32, 6]
    assert sizes == [32, 32, 32]
    sizes.clear()
    assert training.predict_in_batches(model, X[:5], 32).shape == (5, 2) and sizes == [5]


def test_no_examples_have_no_predictions_of_the_right_shape():
    found = training.predict_in_batches(pair(), {"a": np.zeros((0, 4, 3)), "b": np.zeros((0, 2))})
    assert [part.shape for part in found] == [(0, 4, 5), (0, 1), (0, 4)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("net", X), "^model: expected a Keras model, got str"),
        ((net(), X, 0), "^batch_size: expected a whole number, 1 or more, got 0"),
        ((net(), "x.png"), r"^inputs: expected arrays of shape \(m, …\), got str"),
        ((pair(), {"a": np.zeros((2, 4, 3)), "b": np.zeros((3, 2))}), "^inputs: expected one number .* got 2, 3"),
        ((net(), np.float32(1)), "^inputs: expected arrays"),
    ],
)
def test_what_cannot_be_predicted_from_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        training.predict_in_batches(*arguments)
