"""Pictures: clothes, faces, photographs and nuclei, as arrays of whole numbers (0…255 unless a name says otherwise)."""

from pathlib import PurePosixPath

from dlcourse import _files

import numpy as np

FASHION_CLASSES = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)


def fashion_mnist():
    """Read Fashion-MNIST: gray pictures of clothes in ten classes, white on black.

    The test set is the official one; the training set is the first third of the official one, in its order.
    `keras.datasets.fashion_mnist.load_data()` downloads all 60,000.

    Returns `(x_train, y_train), (x_test, y_test)`, all uint8: pictures of shape (20000, 28, 28) and (10000, 28, 28),
    and labels 0…9, to be read with `FASHION_CLASSES`.
    Raises FileNotFoundError or ValueError if the file is missing or damaged.
    Source: Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747.
    Taught in notebook 1-1, section 1.1.3.
    """
    return _splits("fashion_mnist/fashion_mnist.npz")


def faces_or_not():
    """Read faces, and pieces of the backgrounds of the same photographs: 200 small gray pictures.

    The split is fixed, and made by photograph as far as the source tells. Nobody is named, so a person may appear on
    both sides.

    Returns `(x_train, y_train), (x_test, y_test)`, all uint8: pictures of shape (140, 25, 25) and (60, 25, 25) in mixed
    order, and labels, 1 for a face and 0 for none, each half of either set.
    Raises FileNotFoundError or ValueError if the file is missing or damaged.
    Source: scikit-image's `lfw_subset`, from Labeled Faces in the Wild (Huang et al. 2012).
    Taught in notebook 1-2, section 1.2.1.
    """
    return _splits("faces_or_not/faces_or_not.npz")


def photo_names():
    """Return the names that `photo` knows, a sorted tuple."""
    return tuple(_photos())


def photo(name):
    """Read one of the photographs and paintings.

    Args:
        name: One of `photo_names()`, such as `"astronaut"`.

    Returns uint8, shape (height, width, 3); a gray photograph has three equal channels. The longer side is at most 800.
    Raises ValueError or FileNotFoundError if no photograph has this name, or its file is damaged or missing.
    Taught in notebook 3-1 and after; `data/photo/LICENSE.txt` names who took each.
    """
    photos = _photos()
    if not isinstance(name, str) or name not in photos:
        remedy = "datasets.read_picture(path) reads a file of your own"
        raise ValueError(f"name: expected one of {', '.join(photos)}, got {name!r:.100}; {remedy}")
    return _files.read_image(photos[name])


def nuclei():
    """Read a fluorescence micrograph, and the cell nucleus to which each of its pixels belongs.

    Returns `(image, instances)`, both of shape (512, 512): the brightness, uint8, and the number of the nucleus, int32,
    1…125, or 0 for the background.
    Raises FileNotFoundError or ValueError if a file is missing or damaged.
    Source: 2018 Data Science Bowl (BBBC038, CC0), labeled for StarDist (Schmidt et al. 2018).
    Taught in notebook 3-3, section 3.3.5.
    """
    image = _files.read_image("nuclei/image.png", mode=None)
    return image, _files.read_image("nuclei/instances.png", mode=None).astype(np.int32)


def _photos():
    paths = map(PurePosixPath, _files.names("photo"))
    return {path.stem: str(path) for path in sorted(paths) if path.suffix in (".jpg", ".png")}


def _splits(name):
    with np.load(_files.verified(name), allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
