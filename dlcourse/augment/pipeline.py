"""The same changes as Keras' layers: part of a model, drawn anew at every step, and only in training."""

import math
import numbers

from dlcourse.augment.colors import directions
from dlcourse.augment.geometry import spread
from dlcourse.checks import count

import keras
import numpy as np
from keras import layers, ops


class _Random(layers.Layer):
    """A layer that changes pictures in training only, with a generator of its own."""

    OWN = ()  # the arguments that a saved model keeps, beside the seed

    def __init__(self, seed, **kwargs):
        super().__init__(**kwargs)
        self.seed, self.generator = seed, keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        images = ops.cast(images, self.compute_dtype)
        return self.change(images) if training else images

    def get_config(self):
        return {**super().get_config(), "seed": self.seed, **{name: getattr(self, name) for name in self.OWN}}


@keras.saving.register_keras_serializable(package="dlcourse")
class RandomAffine(_Random):
    """Mirror, turn, shear, scale and shift each picture in training, all at once.

    Each of these is an affine map of the places of pixels, and so is their composition. Hence the picture is resampled
    once: five layers in a row would blur it five times. Outside the picture the pixel at its edge is repeated.

    The arguments are those of `pipeline`.
    """

    OWN = ("mirror", "degrees", "shear", "zoom", "shift")

    def __init__(self, mirror, degrees, shear, zoom, shift, seed, **kwargs):
        super().__init__(seed, **kwargs)
        self.mirror, self.degrees, self.shear, self.zoom, self.shift = mirror, degrees, shear, zoom, shift
        self.supports_jit = False  # TensorFlow's resampling is not written for XLA, which Keras turns on where a GPU is

    def change(self, images):
        m, height, width, _ = ops.shape(images)
        drawn = keras.random.uniform((6, m), -1, 1, dtype="float32", seed=self.generator)
        transforms = affine_transforms(
            height,
            width,
            flip=ops.where(drawn[0] < 0, -1.0, 1.0) if self.mirror else 1.0,
            degrees=self.degrees * drawn[1],
            factor=self.shear * drawn[2],
            zoom=1 + self.zoom * drawn[3],
            down=self.shift * height * drawn[4],
            right=self.shift * width * drawn[5],
        )
        return ops.image.affine_transform(
            images, transforms, interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
        )


def affine_transforms(height, width, flip, degrees, factor, zoom, down, right):
    """Return the place from which each pixel comes, as `keras.ops.image.affine_transform` takes it, shape (m, 8).

    From the middle of the picture, a pixel in column x and row y comes from (flip · (x′ + factor · y′), y′), where
    (x′, y′) is (x - right, y - down), turned back and divided by the zoom.
    """
    angle = degrees * (math.pi / 180)
    cos, sin = ops.cos(angle) / zoom, ops.sin(angle) / zoom
    x_x, x_y = flip * (cos + factor * sin), flip * (factor * cos - sin)
    y_x, y_y = sin, cos
    middle_x, middle_y = (ops.cast(side - 1, "float32") / 2 for side in (width, height))
    from_x, from_y = middle_x + right, middle_y + down
    x_0, y_0 = middle_x - x_x * from_x - x_y * from_y, middle_y - y_x * from_x - y_y * from_y
    none = ops.zeros_like(x_0)
    return ops.stack([x_x, x_y, x_0, y_x, y_y, y_0, none, none], axis=-1)


@keras.saving.register_keras_serializable(package="dlcourse")
class RandomWarp(_Random):
    """Pull each picture about locally in training, as `dlcourse.augment.warp` does with the same arguments."""

    OWN = ("pixels", "nodes")

    def __init__(self, pixels, seed, nodes=4, **kwargs):
        super().__init__(seed, **kwargs)
        self.pixels, self.nodes = pixels, nodes

    def build(self, input_shape):
        if None in input_shape[1:3]:
            raise ValueError(f"warp: expected pictures of a known size, got (m, height, width, channels) {input_shape}")

    def change(self, images):
        shape = (2, ops.shape(images)[0], self.nodes, self.nodes)
        moves = self.pixels * keras.random.normal(shape, dtype="float32", seed=self.generator)
        down_by, right_by = (ops.cast(spread(side, self.nodes), "float32") for side in images.shape[1:3])
        shifts = ops.matmul(ops.matmul(down_by, moves), ops.transpose(right_by))
        return moved(images, shifts[0], shifts[1])


def moved(images, down, right):
    """Return pictures whose pixel in row y and column x comes from (y + down, x + right), shapes (m, height, width)."""
    m, height, width, channels = ops.shape(images)
    y = ops.clip(ops.arange(height, dtype="float32")[:, None] + down, 0, height - 1)
    x = ops.clip(ops.arange(width, dtype="float32") + right, 0, width - 1)
    top, left = ops.floor(y), ops.floor(x)
    below, beside = (ops.cast(share[..., None], images.dtype) for share in (y - top, x - left))
    top, left = ops.cast(top, "int32"), ops.cast(left, "int32")
    bottom, after = ops.minimum(top + 1, height - 1), ops.minimum(left + 1, width - 1)
    pixels, first = ops.reshape(images, (-1, channels)), ops.arange(m)[:, None, None] * (height * width)

    def at(row, column):
        return ops.take(pixels, first + row * width + column, axis=0)

    upper = (1 - beside) * at(top, left) + beside * at(top, after)
    lower = (1 - beside) * at(bottom, left) + beside * at(bottom, after)
    return (1 - below) * upper + below * lower


@keras.saving.register_keras_serializable(package="dlcourse")
class RandomColorShift(_Random):
    """Add a random color to each picture in training: Σᵢ αᵢ dᵢ, where αᵢ is drawn from N(0, 1) for each picture.

    The directions dᵢ, the rows of an array of shape (any number, channels), may be those of the channels,
    `10 * numpy.eye(3)`, or the principal components of AlexNet.
    """

    def __init__(self, directions, seed, **kwargs):
        super().__init__(seed, **kwargs)
        self.directions = np.asarray(directions, np.float32)

    def build(self, input_shape):
        expected = self.directions.shape[1]
        if input_shape[-1] != expected:  # one channel plus three shifts would be three channels, without a word
            raise ValueError(f"channels: expected pictures of {expected}, as in `pipeline`, got {input_shape[-1]}")

    def change(self, images):
        alpha = keras.random.normal((ops.shape(images)[0], len(self.directions)), dtype="float32", seed=self.generator)
        shifts = ops.cast(ops.matmul(alpha, self.directions), self.compute_dtype)
        return ops.clip(images + shifts[:, None, None, :], 0, 255)

    def get_config(self):
        return {**super().get_config(), "directions": self.directions.tolist()}


def pipeline(
    *,
    mirror=True,
    degrees=10,
    shear=0.1,
    zoom=0.1,
    shift=0.1,
    warp=0,
    color=10,
    components=None,
    strength=0.1,
    channels=3,
    seed=0,
):
    """Make a Keras model that changes pictures in training and returns them unchanged at test time.

    It can stand before a network, as `augmentation` of `dlcourse.transfer.build_classifier` or in a `Sequential`; on
    Keras' TensorFlow backend also in a `tf.data` pipeline, called with `training=True`. A limit of 0 leaves the change
    out. Every layer has a seed of its own: with one for all, they would draw alike.

    Args:
        mirror: Whether to swap left and right with a chance of one half.
        degrees: Limit of the angle, in [0, 180].
        shear: Limit of the shear: pixels to the side for each row, in [0, 1].
        zoom: Limit of scaling up and down, as a share, in [0, 1).
        shift: Limit of the translation, as a share of the side, in [0, 1). With `zoom` it works as random crops do.
        warp: Standard deviation of the moves of local warping, in pixels.
        color: Standard deviation of the shift of each channel, in steps of 0…255.
        components: Result of `color_components`, for shifts as in AlexNet, which come after those of `color`; or None.
        strength: Standard deviation of their α.
        channels: Number of channels of the pictures: 1 if they are gray.
        seed: A whole number, 0 or more. The same seed gives the same sequence of changes.

    Returns a Keras model called `augmentation`, from pictures in 0…255, shape (m, height, width, channels), to such
    pictures, float. It can be saved; `dlcourse.load_model` loads a model that holds it, and so does Keras after
    `import dlcourse.augment`.
    Raises ValueError if an argument is out of its range.
    Taught in notebook 3-2, section 3.2.5.
    """
    if not isinstance(mirror, bool):
        raise ValueError(f"mirror: expected True or False, got {mirror!r}")
    places = {
        "degrees": _limit("degrees", degrees, 180),
        "shear": _limit("shear", shear, 1),
        "zoom": _limit("zoom", zoom, 1, open_end=True),
        "shift": _limit("shift", shift, 1, open_end=True),
    }
    warp, color, strength = _limit("warp", warp), _limit("color", color), _limit("strength", strength)
    channels, seed = count("channels", channels, 1), count("seed", seed, 0)
    wanted = []
    if mirror or any(places.values()):
        wanted.append((RandomAffine, {"mirror": mirror, **places, "name": "affine"}))
    if warp:
        wanted.append((RandomWarp, {"pixels": warp, "name": "warp"}))
    if color:
        wanted.append((RandomColorShift, {"directions": color * np.eye(channels), "name": "color"}))
    if components is not None:
        lines = strength * directions(components, channels)
        wanted.append((RandomColorShift, {"directions": lines, "name": "pca_color"}))
    if not wanted:
        raise ValueError("pipeline: expected at least one change, got none")
    seeds = np.random.SeedSequence(seed).generate_state(len(wanted))
    made = [layer(**options, seed=int(own >> 1)) for (layer, options), own in zip(wanted, seeds, strict=True)]
    return keras.Sequential(made, name="augmentation")


def _limit(name, value, most=math.inf, *, open_end=False):
    """Return `value`, if it is a number from 0 to `most`, which itself is out with `open_end`."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (number and 0 <= value <= most and math.isfinite(value)) or (open_end and value == most):
        end = "" if most == math.inf else f" and {'below' if open_end else 'at most'} {most}"
        raise ValueError(f"{name}: expected a number, 0 or more{end}, got {value!r}")
    return value
