"""Scenes: cut-outs pasted on photographs, so that every box and every mask is known to the pixel.

A cut-out lies over the picture below it as Porter and Duff's "over" has it (1984, "Compositing digital images").
"""

import functools
from typing import NamedTuple

from dlcourse import _files
from dlcourse.checks import choice, count
from dlcourse.datasets.cutouts import SPLITS, cutouts
from dlcourse.datasets.pictures import photo

import numpy as np

# Photographs that show none of the five classes; the test scenes have others than the training scenes.
BACKGROUNDS = {"train": ("brick", "china", "coffee", "grass", "hubble"), "test": ("gravel", "starry_night")}
VISIBLE = 0.4  # of an object's pixels, at least: a later object that would hide more of it is not placed there
LONGER_SIDE = (0.25, 0.6)  # of an object, as a share of the scene's side
ENLARGED = 1.5  # at most, so that small cut-outs do not blur
TURNED = 20  # degrees, at most, either way
LIGHT = 0.2  # limit of dimming and brightening an object or a background, as a share
TINT, BACKGROUND_TINT = 0.05, 0.2  # the same for each color alone, which tints gray photographs
CROP = (0.4, 1)  # the side of a crop, as a share of the photograph's shorter side
SMALLEST = 64  # pixels, a scene's side
ATTEMPTS = 20  # to find a place for an object


class Scenes(NamedTuple):
    """What `scenes` returns."""

    images: np.ndarray
    boxes: list
    classes: list
    semantic: np.ndarray
    instances: np.ndarray


def scenes(n, size=160, split="train", seed=0, max_objects=4):
    """Make pictures of several objects, with the boxes and masks that a detector or a segmenter should find.

    Cut-outs are scaled, mirrored, turned, lit a little differently and pasted on a crop of a photograph, each with at
    least 40 % of its pixels visible. A class is drawn before an object, so that all five are equally frequent. Scene i
    depends on `seed`, `split`, `size`, `max_objects` and i alone: `scenes(5)` are the first five of `scenes(10)`.

    Args:
        n: Number of scenes.
        size: Side of a scene in pixels, at least 64.
        split: `"train"` or `"test"`: other objects on other photographs.
        seed: Whole number from 0; the same seed gives the same bytes.
        max_objects: Largest number of objects in a scene, at most 255; the smallest is 1.

    Returns a named tuple with

    - `images`, uint8, shape (n, size, size, 3);
    - `boxes`, a list of n float32 arrays of shape (objects, 4): the corners (x_min, y_min, x_max, y_max) in pixels
      of the tightest box around the **visible** part of each object; x_max - x_min is its width;
    - `classes`, a list of n int64 arrays of shape (objects,), to be read with `CUTOUT_CLASSES`;
    - `semantic`, uint8, shape (n, size, size): 0 for the background, else the class + 1;
    - `instances`, uint8, shape (n, size, size): 0 for the background, else k + 1 for object k of `boxes` and
      `classes`. Later objects lie in front. A pixel belongs to the front-most object that covers more than half.

    Raises ValueError or FileNotFoundError if an argument is out of its range, or a file is damaged or missing.
    Taught in notebook 3-3, sections 3.3.1 and 3.3.3.
    """
    n, size, seed = count("n", n, 0), count("size", size, SMALLEST), count("seed", seed, 0)
    max_objects, split = count("max_objects", max_objects), choice("split", split, SPLITS)
    if max_objects > 255:
        raise ValueError(f"max_objects: expected 255 or less, the numbers of uint8, got {max_objects}")
    photographs, groups = stock(_files.data_root(), split)
    images = np.empty((n, size, size, 3), np.uint8)
    semantic, instances = np.empty((2, n, size, size), np.uint8)
    boxes, classes = [], []
    for i in range(n):
        rng = np.random.default_rng([seed, SPLITS.index(split), size, max_objects, i])
        images[i], instances[i], labels = _scene(rng, size, max_objects, photographs, groups)
        semantic[i] = np.append(0, labels + 1)[instances[i]]
        boxes.append(_boxes(instances[i], len(labels)))
        classes.append(labels)
    return Scenes(images, boxes, classes, semantic, instances)


def _scene(rng, size, max_objects, photographs, objects):
    """Return one scene: its picture, instance mask and the objects' classes."""
    image = crop(rng, size, photographs)
    instances = np.zeros((size, size), np.uint8)
    areas, labels = [], []
    for _ in range(rng.integers(1, max_objects + 1)):
        label = int(rng.integers(len(objects)))
        cutout = _vary(rng, size, objects[label])
        solid = cutout[..., 3] > 0.5
        height, width = solid.shape
        for _ in range(ATTEMPTS):
            y, x = rng.integers(size - height + 1), rng.integers(size - width + 1)
            here = np.s_[y : y + height, x : x + width]
            after = instances.copy()
            after[here][solid] = len(labels) + 1
            visible = np.bincount(after.ravel(), minlength=len(labels) + 2)[1:]
            if all(visible >= VISIBLE * np.array([*areas, solid.sum()])):
                image[here] = over(cutout, image[here])
                instances = after
                areas.append(solid.sum())
                labels.append(label)
                break
    return np.rint(image), instances, np.array(labels, dtype=np.int64)


def over(front, back):
    """Lay a cut-out over a picture: where it is opaque it hides the picture, where it is clear it adds nothing.

    `front` has shape (height, width, 4): colors 0…255, **already multiplied by alpha**, and alpha 0…1; `back` and the
    result have shape (height, width, 3), 0…255.
    """
    return front[..., :3] + (1 - front[..., 3:]) * back


def _vary(rng, size, group):
    """Draw one object of a group, scaled, mirrored, turned and lit at random; as `over` takes it, without margin."""
    from PIL import Image

    picture = group[rng.integers(len(group))]
    longer = min(rng.uniform(*LONGER_SIDE) * size, ENLARGED * max(picture.size))
    scale = longer / max(picture.size)
    picture = picture.resize([max(1, round(side * scale)) for side in picture.size], Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = picture.crop((-1, -1, picture.width + 1, picture.height + 1))  # a clear margin, for a smooth edge
    picture = picture.rotate(rng.uniform(-TURNED, TURNED), Image.Resampling.BICUBIC, expand=True)
    pixels = np.asarray(picture.crop(picture.getbbox()), np.float32)
    alpha = pixels[..., 3:] / 255
    return np.concatenate([np.minimum(pixels[..., :3] * _light(rng, TINT), 255 * alpha), alpha], axis=-1)


def crop(rng, size, photographs):
    """Cut a square piece out of a photograph, mirrored and lit at random, float32, shape (size, size, 3)."""
    from PIL import Image

    picture = photographs[rng.integers(len(photographs))]
    side = rng.uniform(*CROP) * min(picture.size)
    x, y = (rng.uniform(0, length - side) for length in picture.size)
    picture = picture.resize((size, size), Image.Resampling.BILINEAR, box=(x, y, x + side, y + side), reducing_gap=2)
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.minimum(np.asarray(picture, np.float32) * _light(rng, BACKGROUND_TINT), 255)


def _light(rng, tint):
    """Draw factors of red, green and blue: another brightness, and a little of another color."""
    return (rng.uniform(1 - LIGHT, 1 + LIGHT) * rng.uniform(1 - tint, 1 + tint, 3)).astype(np.float32)


def _boxes(instances, count):
    """Return the tightest box around each of the instances 1…count, float32, shape (count, 4)."""
    boxes = np.empty((count, 4), np.float32)
    for k in range(count):
        mask = instances == k + 1
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        boxes[k] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes


@functools.lru_cache(maxsize=4)
def stock(root, split):
    """Read the photographs, and the cut-outs grouped by class, as Pillow's images; once from one folder of data.

    Colors are multiplied by alpha (mode RGBa) first, or the unseen color beside an object would bleed into its edge.
    """
    from PIL import Image

    photographs = [Image.fromarray(photo(name)) for name in BACKGROUNDS[split]]
    images, labels, _ = cutouts(split)
    groups = [[] for _ in range(labels.max() + 1)]
    for image, label in zip(images, labels, strict=True):
        groups[label].append(Image.fromarray(image).convert("RGBa"))
    return photographs, groups
