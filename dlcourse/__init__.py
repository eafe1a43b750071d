"""Helpers, data and pretrained weights of a deep learning course companion.

`import dlcourse` is quick and loads neither NumPy nor TensorFlow. Each submodule loads what it needs when it is first
used, so that `dlcourse.datasets.houses()` never waits for TensorFlow.
"""

import importlib
import sys

__version__ = "0.1.0"
__all__ = [
    "augment",
    "check",
    "datasets",
    "detection",
    "faces",
    "models",
    "plots",
    "pretrained",
    "scratch",
    "segmentation",
    "style",
    "training",
    "transfer",
    "tuning",
    "weights",
]

if "ipykernel" in sys.modules:  # in a notebook; scripts and servers keep TensorFlow's lines and the user's settings
    from dlcourse import _keras_json, _quiet

    _quiet.hush_tensorflow()
    _keras_json.overrule()


def load_model(path, **options):
    """Load a Keras model that was saved with this package's losses, metrics or layers, in any program.

    A saved model holds the names of its parts, not their code. `keras.saving.load_model` finds those of this package
    only where their modules have been imported; this function imports them first.

    Args:
        path: File that `model.save` has written.
        options: Those of `keras.saving.load_model`, such as `custom_objects` for classes of your own.

    Returns:
        The model, compiled as it was.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a saved model.
    """
    from dlcourse import _saving

    return _saving.load_model(path, **options)


def __getattr__(name):
    if name in __all__:
        try:
            return importlib.import_module(f"dlcourse.{name}")
        except ModuleNotFoundError as error:
            from dlcourse import _keras_json

            raise _keras_json.explained(error) from None
    raise AttributeError(f"module 'dlcourse' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
