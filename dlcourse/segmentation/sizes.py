"""Pictures of any size for a net that halves them: pad, predict, crop back.

A net that halves its maps four times takes only sides that are multiples of 16; a photograph has others. It is padded
with its own mirror image, as in U-Net's paper (Ronneberger et al., 2015, arXiv 1505.04597, section 2): black around it
would make an edge that the net has never seen.
"""

import itertools

from dlcourse.checks import array, brightness, count, model_shapes

import keras
import numpy as np

SEARCHED = 1024  # pixels beyond the picture, within which a size that fits is looked for
PICTURE = "(height, width), (height, width, channels) or (m, height, width, channels)"
REMEDIES = {  # by the channels that a net takes and those of the pictures
    (3, "grayscale"): ": np.repeat(picture[..., None], 3, axis=-1) has three channels",
    (3, (4,)): ": picture[..., :3] leaves transparency out",
    (1, (3,)): ": picture.mean(axis=-1, keepdims=True) is gray",
}


def pad(pictures, multiple):
    """Mirror pictures at their edges, evenly on all sides, until both sides are multiples of a number.

        probabilities = segmentation.crop(net.predict(segmentation.pad(photos, 16)), photos.shape[1:3])

    Args:
        pictures: A picture or mask, shape (height, width) or (height, width, channels), or several, shape
            (m, height, width, channels).
        multiple: A whole number of 1 or more: 2^depth for `dlcourse.models.unet`, by default 16.

    Returns a new array, dtype as `pictures`. `crop` takes the padding off again.
    Raises ValueError if an argument is none of these.
    Its idea is taught in notebook 3-3, section 3.3.5.
    """
    pictures, multiple = array("pictures", pictures, PICTURE), count("multiple", multiple)
    height, width = _sides("pictures", pictures)
    return _padded(pictures, (-(-height // multiple) * multiple, -(-width // multiple) * multiple))


def crop(maps, size):
    """Cut the middle out of what a net has predicted for a padded picture.

    Args:
        maps: An array or a tensor, shape (height, width), (height, width, channels) or (m, height, width, channels).
        size: (height, width) of the picture before it was padded, not larger than the maps.

    Returns the maps within the picture, a view of `maps` if that is an array.
    Raises ValueError if an argument is none of these.
    Its idea is taught in notebook 3-3, section 3.3.5.
    """
    maps = maps if keras.ops.is_tensor(maps) else array("maps", maps, PICTURE)
    largest = _sides("maps", maps)
    if not isinstance(size, tuple | list | np.ndarray) or len(size) != 2:
        raise ValueError(f"size: expected (height, width), got {size!r}")
    height, width = (count("size", side) for side in size)
    if height > largest[0] or width > largest[1]:
        raise ValueError(f"size: expected (height, width) of at most {largest}, as the maps have, got {tuple(size)}")
    top, left = (largest[0] - height) // 2, (largest[1] - width) // 2
    place = np.s_[top : top + height, left : left + width]
    return maps[:, *place] if len(maps.shape) == 4 else maps[place]


def predict(net, pictures):
    """Predict each pixel of pictures of any size: pad to the next size that the net takes, predict, crop back.

    A net with `padding="valid"`, whose maps are smaller than its pictures, gets as much more of the mirror image.

    Args:
        net: A Keras model from pictures in 0…255 to a class for every pixel, such as `models.unet((None, None, 3), 2)`.
            If it was built for one size, the pictures may not be larger.
        pictures: Numbers in 0…255, uint8 or float, shape (height, width, channels), or (height, width) for a net with
            one channel; or several, shape (m, height, width, channels).

    Returns probabilities, float32, shape (height, width, classes) or (m, height, width, classes).
    Raises ValueError if the pictures are not such numbers or have other channels than the net, or no size fits.
    Its idea is taught in notebook 3-3, section 3.3.5.
    """
    shapes = model_shapes(net)
    if not isinstance(net, keras.Model) or [len(shape) for shape in shapes] != [4, 4]:
        expected = "a Keras model from (m, height, width, channels) to (m, height, width, classes)"
        raise ValueError(f"net: expected {expected}, got {shapes or net!r}")
    pictures = _photographs(pictures, shapes[0][-1])
    one = pictures[..., None] if pictures.ndim == 2 else pictures
    batch = one if one.ndim == 4 else one[None]
    size = batch.shape[1:3]
    fitting = tuple(_next_side(net, shapes[0], axis, side) for axis, side in enumerate(size))
    # One by one, because photographs are large; and not `net.predict`, which would compile for every size
    predicted = [keras.ops.convert_to_numpy(net(_padded(each[None], fitting), training=False)) for each in batch]
    maps = crop(np.concatenate(predicted), size)
    return maps if pictures.ndim == 4 else maps[0]


def _photographs(pictures, channels):
    """Return the pictures as an array, if the net can take them and they can be meant as 0…255."""
    expected = f"numbers in 0…255, shape (height, width, {channels}) or (m, height, width, {channels})"
    pictures = array("pictures", pictures, expected)
    fits = (pictures.ndim in (3, 4) and pictures.shape[-1] == channels) or (pictures.ndim == 2 and channels == 1)
    if not fits or pictures.size == 0 or pictures.dtype.kind not in "uif":
        found = "grayscale" if pictures.ndim == 2 else pictures.shape[-1:]
        how = REMEDIES.get((channels, found), "")
        raise ValueError(f"pictures: expected {expected}, got {pictures.dtype} of {pictures.shape}{how}")
    brightness("pictures", pictures)
    return pictures


def _next_side(net, shape, axis, side):
    """Return the smallest side, `side` or more, that the net takes and for which it predicts at least `side` pixels."""
    own = shape[1 + axis]
    merges = {
        layer.name: [t for t in keras.tree.flatten(layer.input) if len(t.shape) == 4]
        for layer in net.layers
        if len(keras.tree.flatten(layer.input)) > 1
    }
    probe = keras.Model(net.inputs, {**merges, "": net.outputs})
    candidates = [own] if own is not None else range(side, side + SEARCHED)
    for n in itertools.dropwhile(lambda n: n < side, candidates):
        given = (n if length is None else length for length in shape[1:])
        try:
            found = probe.compute_output_shape((1, *given))  # a few milliseconds; the net itself does not run
        except ValueError:  # a side below 1
            continue
        sides = {name: {one[1 + axis] for one in several} for name, several in found.items()}
        if all(len(several) == 1 for several in sides.values()) and min(sides[""]) >= side:
            return n
    name = ("height", "width")[axis]
    if own is not None:
        rebuilt = "a net for any size takes larger ones: build it with (None, None, channels) and use set_weights"
        raise ValueError(f"pictures: expected a {name} of at most {own}, that of the net, got {side}: {rebuilt}")
    raise ValueError(f"net: expected one that predicts a class for each pixel, got none for a {name} of {side}")


def _sides(name, maps):
    """Return (height, width), if these are maps."""
    shape = tuple(maps.shape)
    if len(shape) not in (2, 3, 4) or 0 in shape[-3:]:
        raise ValueError(f"{name}: expected shape {PICTURE}, got {shape}")
    return shape[:2] if len(shape) < 4 else shape[1:3]


def _padded(pictures, size):
    """Return pictures of this (height, width), mirrored at the edges, half before and half behind."""
    first = 1 if pictures.ndim == 4 else 0
    margins = [(0, 0)] * pictures.ndim
    for axis, side in enumerate(size, first):
        missing = side - pictures.shape[axis]
        margins[axis] = missing // 2, missing - missing // 2
    return np.pad(pictures, margins, "reflect")
