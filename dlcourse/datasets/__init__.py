"""The data sets of the course, real and on disk: each function checks its files and returns NumPy arrays.

`data/README.md` names the source, author and license of each. `planar` alone has no file: its points in the plane are
drawn from a formula. Taught where each notebook first uses it. `read_picture`, `read_folder` and `read_masks` read
your own files.
"""

from dlcourse.datasets.cutouts import CUTOUT_CLASSES, cutouts
from dlcourse.datasets.folders import read_folder, read_masks, read_picture
from dlcourse.datasets.objects import objects
from dlcourse.datasets.peeps import peeps
from dlcourse.datasets.pictures import FASHION_CLASSES, faces_or_not, fashion_mnist, nuclei, photo, photo_names
from dlcourse.datasets.pipelines import pipeline
from dlcourse.datasets.planar import planar
from dlcourse.datasets.scenes import scenes
from dlcourse.datasets.tables import houses, temperatures

__all__ = [
    "CUTOUT_CLASSES",
    "FASHION_CLASSES",
    "cutouts",
    "faces_or_not",
    "fashion_mnist",
    "houses",
    "nuclei",
    "objects",
    "peeps",
    "photo",
    "photo_names",
    "pipeline",
    "planar",
    "read_folder",
    "read_masks",
    "read_picture",
    "scenes",
    "temperatures",
]
