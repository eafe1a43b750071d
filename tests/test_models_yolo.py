"""models.yolo_head: the head of notebook 3-3, written out again, and its bad input."""

from dlcourse import models, training
from dlcourse.detection import yolo

import keras
import numpy as np
import pytest
from keras import layers


def convolution(x, filters, size=1):
    x = layers.Conv2D(filters, size, padding="same", use_bias=False, kernel_regularizer=keras.regularizers.L2(1e-4))(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def written_out(k, use):
    """The head as one writes it in a cell, for maps of 10×10 and 5×5 and five classes."""
    fine, coarse = keras.Input((10, 10, 96)), keras.Input((5, 5, 320))
    a = convolution(layers.BatchNormalization(momentum=0.9)(fine), 64)
    b = convolution(layers.Dropout(0.3)(layers.BatchNormalization(momentum=0.9)(coarse)), 64)
    b = layers.UpSampling2D(2, interpolation="bilinear")(b)
    parts = [part for part, used in zip((a, b), use, strict=True) if used]
    x = layers.Concatenate()(parts) if len(parts) == 2 else parts[0]
    x = convolution(layers.Dropout(0.3)(x), 128, 3)
    return keras.Model([fine, coarse], layers.Conv2D(k * 10, 1)(layers.Dropout(0.3)(x)))


@pytest.mark.parametrize("use", [(True, True), (True, False), (False, True)])
def test_the_head_has_the_weights_and_the_dropout_of_the_one_written_out(use):
    heads = []
    for build in (lambda: written_out(4, use), lambda: models.yolo_head((10, 10, 96), (5, 5, 320), 4, 5, use=use)):
        keras.utils.set_random_seed(3)
        heads.append(build())
    maps = [np.random.default_rng(0).normal(size=(2, *shape)) for shape in ((10, 10, 96), (5, 5, 320))]
    assert all(map(np.array_equal, *(head.get_weights() for head in heads)))
    np.testing.assert_array_equal(*(head(maps, training=True) for head in heads))
    for other in range(2):
        changed = [-each if i == other else each for i, each in enumerate(maps)]
        assert np.array_equal(heads[1](changed), heads[1](maps)) != use[other]


def test_the_head_learns_where_an_object_is():
    rng, cells = np.random.default_rng(0), [[1, 1]]
    low = rng.uniform(0, 0.7, (64, 1, 2))
    boxes = np.concatenate([low, low + 0.3], axis=-1)
    y = yolo.encode(list(boxes), rng.integers(0, 2, (64, 1)), (2, 4), cells, 2)
    x = [y[..., 0, :], np.zeros((64, 1, 2, 1), "float32")]
    keras.utils.set_random_seed(0)
    head = models.yolo_head((2, 4, 7), (1, 2, 1), 1, 2)
    assert head.output_shape == (None, 2, 4, 7)
    head.compile(keras.optimizers.Adam(3e-3), yolo.YoloLoss(cells, coord_weight=2))
    losses = training.fit(head, x, y, epochs=40, batch_size=16).history["loss"]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((10, 10), (5, 5, 320), 4, 5), r"^fine: expected \(height, width, channels\)"),
        (((10, 10, 96), (5, 5, 0), 4, 5), r"^coarse: expected \(height, width, channels\)"),
        (
            ((10, 10, 96), (5, 4, 320), 4, 5),
            r"^coarse: expected half the rows and columns of \(10, 10, 96\), got \(5, 4",
        ),
        (((10, 10, 96), (5, 5, 320), 0, 5), "^anchors: expected a whole number, 1 or more, got 0"),
        (((10, 10, 96), (5, 5, 320), 4, 0), "^classes: expected a whole number, 1 or more, got 0"),
    ],
)
def test_maps_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.yolo_head(*arguments)
    with pytest.raises(ValueError, match=r"^use: expected two of True or False, not both False, got \(False, False\)"):
        models.yolo_head((10, 10, 96), (5, 5, 320), 4, 5, use=(False, False))
