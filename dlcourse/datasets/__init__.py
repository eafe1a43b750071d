"""The data sets of the course, all real, all on disk: each function checks its files and returns NumPy arrays.

`data/README.md` names the source, author and licence of each. Taught where each notebook first uses it.
"""

import importlib

_HOMES = {
    "houses": "tables",
    "temperatures": "tables",
    "fashion_mnist": "pictures",
    "FASHION_CLASSES": "pictures",
    "faces_or_not": "pictures",
    "photo": "pictures",
    "photo_names": "pictures",
    "nuclei": "pictures",
    "cutouts": "cutouts",
    "CUTOUT_CLASSES": "cutouts",
    "scenes": "scenes",
    "peeps": "peeps",
    "pipeline": "pipelines",
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"dlcourse.datasets._{_HOMES[name]}"), name)
    raise AttributeError(f"module 'dlcourse.datasets' has no attribute {name!r}")
