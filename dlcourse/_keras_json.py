"""A notebook of the course computes as Keras does by default, whatever the user's own ~/.keras/keras.json says.

Keras reads that file when it is imported: a backend (which may not be installed), the axis of the channels, the type of
floats and an epsilon. The course's nets put the channels last, and the numbers in its text hold with the defaults. In a
script the user's file holds: there nets refuse channels that come first, and name the file.
"""

import contextlib
import os
import sys
import warnings

from dlcourse import _imports

DEFAULTS = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}
BACKENDS = ("torch", "jax", "openvino", "tensorflow")


def overrule():
    """Arrange for the first `import keras` to end with Keras' defaults."""
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # a backend that the environment names wins
        _imports.once("keras", _with_defaults)


@contextlib.contextmanager
def _with_defaults():
    yield
    config = sys.modules["keras"].config
    found = {name: getattr(config, name)() for name in DEFAULTS}
    foreign = {name: value for name, value in found.items() if value != DEFAULTS[name]}
    for name in foreign:
        getattr(config, f"set_{name}")(DEFAULTS[name])
    if foreign:
        told = ", ".join(f"{name} {value!r}" for name, value in foreign.items())
        warnings.warn(
            f"~/.keras/keras.json says {told}; this notebook uses Keras' defaults. To use yours all the same, call "
            "keras.config.set_… after the imports.",
            stacklevel=2,
        )


def explained(error):
    """Add a note to the error of an import, if it is the backend that Keras is set to which is missing."""
    if error.name in BACKENDS and "KERAS_BACKEND" not in os.environ:
        error.add_note(
            f"Keras is set to the backend {error.name!r}, by default in the file ~/.keras/keras.json: change it there, "
            'or set the environment variable KERAS_BACKEND to "tensorflow".'
        )
    return error
