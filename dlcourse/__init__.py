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
    "scratch",
    "segmentation",
    "style",
    "transfer",
    "tuning",
    "weights",
]

if "ipykernel" in sys.modules:  # in a notebook; scripts and servers keep every line that TensorFlow writes
    from dlcourse import _quiet

    _quiet.hush_tensorflow()


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"dlcourse.{name}")
    raise AttributeError(f"module 'dlcourse' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
