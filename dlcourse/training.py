"""Train a model and predict with it as Keras does, less what costs time: steps that are traced twice, and noise.

    model.compile("adam", "sparse_categorical_crossentropy")
    history = fit(model, x, y, epochs=5).history
    maps = predict_in_batches(model, x_test, batch_size=50)

Keras makes an optimizer's variables inside the first step, while TensorFlow is tracing it; the next step is then traced
once more. For the networks of the course that takes 3 to 10 seconds each time. `fit` makes the variables first. A batch
of another size is traced anew, too, so `predict_in_batches` fills the last one up.
"""

import contextlib
import sys
import time
from functools import partial

from dlcourse._kernel import in_notebook
from dlcourse.checks import count, flag

import keras
import numpy as np

SECONDS = 2.0  # before the bar is shown
PAUSE = 0.5  # seconds between two looks of it
WIDTH = 30  # characters of the bar in a terminal


def fit(
    model,
    x=None,
    y=None,
    batch_size=None,
    epochs=1,
    verbose=None,
    callbacks=None,
    *,
    mixed_precision=False,
    **options,
):
    """Train a compiled model as `model.fit` does, without tracing its step twice.

    The weights and the history are those of `model.fit`. A progress bar shows up after two seconds, in a terminal or
    in a notebook that someone works in, and goes away at the end; a notebook that a program runs stores nothing of it.

    Args:
        model: A compiled Keras model, fresh or trained before.
        x, y: Arrays, a `tf.data.Dataset` or a `keras.utils.PyDataset`, as `model.fit` takes them.
        batch_size, epochs: The number of examples in a step, 32 if None, and of passes over all.
        verbose: None for the quiet bar; 0, 1, 2 or "auto" as in `model.fit`.
        callbacks: Keras' callbacks, one or a list.
        mixed_precision: Whether to compute the steps in bfloat16, half the bits of float32. The weights, the layers of
            the output and all later predictions keep float32. It pays on GPUs and on processors with such units (AMX or
            AVX-512 BF16), 1.1 to 1.8 times for plain convolutions; elsewhere it is slower.
        options: Those of `model.fit`, such as `validation_data`, `sample_weight` or `shuffle`.

    Returns:
        Keras' `History`; its `history` is a dict from each measure to a list of one number for each epoch.

    Raises ValueError if the model is not compiled, is neither functional nor Sequential with `mixed_precision`, or
    `model.fit` refuses the data.
    Taught in notebook 3-3, section 3.3.3.
    """
    if not isinstance(model, keras.Model) or getattr(model, "optimizer", None) is None:
        got = f"{model.name!r} without an optimizer" if isinstance(model, keras.Model) else type(model).__name__
        raise ValueError(f"model: expected a compiled Keras model, got {got}: call model.compile before")
    if model.built and model.trainable_variables and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    if verbose is None:
        callbacks, verbose = _with_bar(callbacks), 0
    precision = _in_bfloat16(model) if flag("mixed_precision", mixed_precision) else contextlib.nullcontext()
    with precision:
        return model.fit(x, y, batch_size, epochs, verbose, callbacks, **options)


def predict_in_batches(model, inputs, batch_size=32):
    """Compute a model's outputs for many inputs, a batch at a time.

    Every batch has the same size, the last one filled up with copies of its last example and cut to size again:
    TensorFlow compiles a function anew for each size it meets.

    Args:
        model: A Keras model.
        inputs: An array, shape (m, …), or a list or dict of such arrays for a model with several inputs.
        batch_size: The number of examples in a batch, 1 or more.

    Returns:
        NumPy arrays in the structure of the model's outputs, each of shape (m, …).

    Raises ValueError if `model` is no Keras model, an input is no array, or they differ in m.
    Taught in notebook 3-3, section 3.3.3.
    """
    start, found = 0, None
    for outputs in predicted_batches(model, inputs, batch_size):
        if found is None:  # the space for all, so that they are never held twice
            found = keras.tree.map_structure(partial(_space, len(keras.tree.flatten(inputs)[0])), outputs)
        parts = keras.tree.flatten(outputs)
        for whole, part in zip(keras.tree.flatten(found), parts, strict=True):
            whole[start : start + len(part)] = part
        start += len(parts[0])
    return found


def predicted_batches(model, inputs, batch_size=32):
    """Yield what `predict_in_batches` returns, a batch at a time, for outputs that are too large to be kept.

    Args:
        model, inputs, batch_size: As in `predict_in_batches`.

    Yields:
        The outputs of each batch, the last one cut to size. Without examples it is one batch of none.

    Taught in notebook 3-3, section 3.3.1.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"model: expected a Keras model, got {type(model).__name__}")
    batch_size, m = count("batch_size", batch_size), _examples(inputs)
    size = max(1, min(batch_size, m))
    for start in range(0, max(m, 1), size):
        batch = keras.tree.map_structure(partial(_filled, start, size), inputs)
        yield keras.tree.map_structure(partial(_cut, m - start), model.predict_on_batch(batch))


def _examples(inputs):
    """Return the number of examples, m, if all inputs are arrays with the same."""
    parts = keras.tree.flatten(inputs)
    if not parts or not all(len(getattr(part, "shape", ())) for part in parts):
        raise ValueError(f"inputs: expected arrays of shape (m, …), got {', '.join(type(p).__name__ for p in parts)}")
    counts = [int(part.shape[0]) for part in parts]
    if len(set(counts)) > 1:
        raise ValueError(f"inputs: expected one number of examples for all, got {', '.join(map(str, counts))}")
    return counts[0]


def _filled(start, size, values):
    """Return a batch of one size, its last example repeated; zeros if there is none."""
    batch = np.asarray(values[start : start + size])
    if not len(batch):
        return np.zeros((size, *batch.shape[1:]), batch.dtype)
    return np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])


def _cut(n, values):
    return np.asarray(values)[:n]


def _space(m, part):
    return np.empty((m, *part.shape[1:]), part.dtype)


def _with_bar(callbacks):
    if isinstance(callbacks, keras.callbacks.CallbackList):  # made by the user, its bar too
        return callbacks
    return [*([callbacks] if isinstance(callbacks, keras.callbacks.Callback) else callbacks or ()), _Bar()]


@contextlib.contextmanager
def _in_bfloat16(model):
    """Let a model's layers compute in bfloat16, but for those of its outputs, as long as the context lasts.

    A policy only says in which type a layer computes: its weights are float32 before, meanwhile and after.
    """
    if not model.built or not getattr(model, "outputs", None):
        raise ValueError(f"mixed_precision: expected a functional or Sequential model that is built, got {model.name}")
    ends = {id(output._keras_history.operation) for output in model.outputs}
    policies = [(layer, layer.dtype_policy) for layer in _leaves(model) if id(layer) not in ends]
    try:
        for layer, _ in policies:
            layer.dtype_policy = "mixed_bfloat16"
        _forget_compiled(model)
        yield
    finally:
        for layer, policy in policies:
            layer.dtype_policy = policy
        _forget_compiled(model)


def _leaves(layer):
    """Yield all layers of a model and of the models in it."""
    for inner in getattr(layer, "layers", ()):
        yield from _leaves(inner) if hasattr(inner, "layers") else (inner,)


def _forget_compiled(model):
    """Drop the steps of training and validation that were compiled for other types."""
    model.train_function = model.test_function = None


class _Bar(keras.callbacks.Callback):
    """A progress bar that is shown while `fit` takes longer than a moment, where someone can see it."""

    def __init__(self):
        super().__init__()
        self.page, self.shown, self.handle = in_notebook(), _is_watched(), None

    def on_train_begin(self, logs=None):
        self.epoch, self.last = 0, time.monotonic() + SECONDS - PAUSE

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.shown and time.monotonic() - self.last >= PAUSE:
            self.last = time.monotonic()
            epochs, steps = self.params["epochs"], self.params.get("steps")
            share = (self.epoch + ((batch + 1) / steps if steps else 0)) / epochs
            self._show(share, f"epoch {self.epoch + 1} of {epochs}")

    def on_train_end(self, logs=None):
        if self.handle is not None and self.page:
            self.handle.update({}, raw=True)  # not clear_output: what the cell has printed must stay
        elif self.handle is not None:
            print(f"\r{'':{WIDTH + 30}}\r", end="", file=sys.stderr, flush=True)

    def _show(self, share, text):
        if not self.page:
            bar = "█" * round(WIDTH * share)
            print(f"\r{bar:·<{WIDTH}} {text} ", end="", file=sys.stderr, flush=True)
            self.handle = sys.stderr
            return
        from IPython.display import HTML, display

        page = HTML(f'<progress value="{share:.3f}" max="1"></progress> {text}')
        if self.handle is None:
            self.handle = display(page, display_id=True)
        else:
            self.handle.update(page)


def _is_watched():
    """Return whether someone sees the bar: a terminal, or a notebook's page that could answer a question.

    A program that runs a notebook, such as nbconvert, asks the kernel not to wait for answers (`allow_stdin`).
    """
    if not in_notebook():
        return sys.stderr is not None and sys.stderr.isatty()
    request = sys.modules["IPython"].get_ipython().kernel.get_parent() or {}
    return bool(request.get("content", {}).get("allow_stdin", False))
