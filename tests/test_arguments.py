"""No public function changes what it is given: arrays that cannot be written to, tensors, variables and lists."""

import importlib
import inspect

from dlcourse import augment, datasets, faces, models, plots, segmentation, style, transfer
from dlcourse.detection import anchors, boxes, metrics, nms, proposals, yolo
from dlcourse.scratch import conv, gradcheck, logistic, network, normalization, optimizers

import keras
import numpy as np
import pytest
import tensorflow as tf

RNG = np.random.default_rng(0)


def read_only(values):
    values = np.array(values)
    values.flags.writeable = False
    return values


KINDS = {
    "a read-only array": read_only,
    "a view": lambda values: read_only(np.stack([values, values]))[1],
    "in Fortran's order": lambda values: read_only(np.asfortranarray(values)),
    "tf.constant": tf.constant,
    "tf.Variable": lambda values: tf.Variable(values, dtype=values.dtype),
    "keras.Variable": lambda values: keras.Variable(values, dtype=str(values.dtype), trainable=False),
    "lists": lambda values: values.tolist(),
}
ARRAYS = ("a read-only array", "a view", "in Fortran's order")
FLOATS, WHOLE = ("float16", "float32", "float64"), ("uint8", "int32", "int64")


def numbers(*shape, low=0.0, high=1.0):
    return RNG.uniform(low, high, shape)


def whole(*shape, below=2):
    return RNG.integers(0, below, shape)


PICTURE, PICTURES = whole(12, 14, 3, below=256), whole(2, 12, 14, 3, below=256)
MASK, MASKS = whole(12, 14), whole(2, 12, 14)
BOXES = np.array([[1, 2, 6, 8], [0, 0, 5, 5], [3, 3, 9, 11]])
X, Y = numbers(3, 5), whole(1, 5)
PROBABILITIES = np.full((2, 12, 14, 2), 0.5)
PAIRS = np.array([0.1, 0.5, 0.7, 0.9]), np.array([1, 1, 0, 0])

# A function, the arrays that it is given, and the types in which each may come
CALLS = {
    "segmentation.dice": (segmentation.dice, [MASKS, MASKS], [WHOLE, WHOLE]),
    "segmentation.class_iou": (lambda a, b: segmentation.class_iou(a, b, 2), [MASKS, MASKS], [WHOLE, WHOLE]),
    "segmentation.mean_iou": (
        lambda a, b: segmentation.mean_iou(a, b, 2, ignore_class=1),
        [MASKS, MASKS],
        [WHOLE, WHOLE],
    ),
    "segmentation.class_weights": (lambda a: segmentation.class_weights(a, 3), [MASKS], [WHOLE]),
    "segmentation.augment": (
        lambda a, b: segmentation.augment(a, b, 1, degrees=9),
        [PICTURES, MASKS],
        [("uint8", *FLOATS), WHOLE],
    ),
    "segmentation.DiceLoss": (segmentation.DiceLoss(ignore_class=1), [MASKS, PROBABILITIES], [WHOLE, FLOATS]),
    "segmentation.WeightedCrossentropy": (
        segmentation.WeightedCrossentropy([1, 2], ignore_class=1),
        [MASKS, PROBABILITIES],
        [WHOLE, FLOATS],
    ),
    "segmentation.instances": (
        lambda a, b, c: segmentation.instances(a, b, c),
        [MASK, BOXES, np.zeros(3, int)],
        [WHOLE, (*WHOLE, *FLOATS), WHOLE],
    ),
    "segmentation.mask_out": (
        lambda a, b: segmentation.mask_out(a, b, MASK > 0, 3),
        [PICTURE, BOXES[0]],
        [("uint8",), (*WHOLE, *FLOATS)],
    ),
    "segmentation.overlay": (segmentation.overlay, [PICTURE, MASK], [("uint8",), WHOLE]),
    "segmentation.pad": (lambda a: segmentation.pad(a, 8), [PICTURES], [("uint8", *FLOATS)]),
    "segmentation.crop": (lambda a: segmentation.crop(a, (5, 6)), [PICTURES], [("uint8", *FLOATS)]),
    "segmentation.predict": (
        lambda a: segmentation.predict(models.unet((None, None, 3), 2, 2, 1), a),
        [PICTURE],
        [("uint8", *FLOATS)],
    ),
    "faces.pairwise_distances": (faces.pairwise_distances, [numbers(4, 3)], [FLOATS]),
    "faces.pairwise_distances of whole numbers": (faces.pairwise_distances, [whole(4, 3, below=9)], [WHOLE]),
    "faces.triplet_loss": (faces.triplet_loss, [numbers(4, 3) for _ in range(3)], [FLOATS] * 3),
    "faces.TripletLoss": (faces.TripletLoss(), [np.array([0, 0, 1, 1]), numbers(4, 3)], [WHOLE, FLOATS]),
    "faces.pairs": (faces.pairs, [numbers(4, 3), np.array([0, 0, 1, 1])], [FLOATS, WHOLE]),
    "faces.verification_curve": (faces.verification_curve, list(PAIRS), [FLOATS, WHOLE]),
    "faces.verification_accuracy": (
        lambda a, b: faces.verification_accuracy(a, b, 0.6),
        list(PAIRS),
        [FLOATS, WHOLE],
    ),
    "faces.align": (
        faces.align,
        [whole(60, 60, 3, below=256), numbers(68, 2, low=10, high=50)],
        [("uint8",), FLOATS],
    ),
    "faces.FaceDatabase.enroll_encodings": (
        lambda a: faces.FaceDatabase(np.asarray).enroll_encodings(["a", "b"], a),
        [numbers(2, 3)],
        [(*FLOATS, *WHOLE)],
    ),
    "style.gram_matrix": (style.gram_matrix, [PICTURE], [(*WHOLE, *FLOATS)]),
    "style.content_cost": (style.content_cost, [PICTURE, PICTURE], [(*WHOLE, *FLOATS)] * 2),
    "style.layer_style_cost": (style.layer_style_cost, [PICTURE, PICTURE], [(*WHOLE, *FLOATS)] * 2),
    "style.style_cost": (
        lambda a, b: style.style_cost([a, a], [b, b]),
        [PICTURE, PICTURE],
        [(*WHOLE, *FLOATS)] * 2,
    ),
    "style.total_variation": (style.total_variation, [PICTURE], [(*WHOLE, *FLOATS)]),
    "style.match_colors": (style.match_colors, [PICTURE, PICTURE], [("uint8",)] * 2),
    "augment.mirror": (lambda a: augment.mirror(a, 1), [PICTURES], [("uint8", *FLOATS)]),
    "augment.random_crop": (lambda a: augment.random_crop(a, 5, 1), [PICTURES], [("uint8", *FLOATS)]),
    "augment.rotate": (lambda a: augment.rotate(a, 5, 1), [PICTURES], [("uint8", *FLOATS)]),
    "augment.shear": (lambda a: augment.shear(a, 0.1, 1), [PICTURES], [("uint8", *FLOATS)]),
    "augment.warp": (lambda a: augment.warp(a, 1, 1), [PICTURES], [("uint8", *FLOATS)]),
    "augment.color_shift": (lambda a: augment.color_shift(a, 9, 1), [PICTURES], [("uint8", *FLOATS)]),
    "augment.color_components": (augment.color_components, [PICTURES], [("uint8", *FLOATS)]),
    "augment.pca_color_shift": (
        lambda a: augment.pca_color_shift(a, augment.color_components(PICTURES.astype("uint8")), 0.1, 1),
        [PICTURES],
        [("uint8", *FLOATS)],
    ),
    "boxes.area": (boxes.area, [BOXES], [(*WHOLE, *FLOATS)]),
    "boxes.iou": (boxes.iou, [BOXES, BOXES], [(*WHOLE, *FLOATS)] * 2),
    "boxes.pairwise_iou": (boxes.pairwise_iou, [BOXES, BOXES], [(*WHOLE, *FLOATS)] * 2),
    "boxes.corners_to_center": (boxes.corners_to_center, [BOXES], [(*WHOLE, *FLOATS)]),
    "boxes.center_to_corners": (boxes.center_to_corners, [BOXES], [(*WHOLE, *FLOATS)]),
    "boxes.scale_boxes": (lambda a: boxes.scale_boxes(a, (9, 9)), [BOXES], [(*WHOLE, *FLOATS)]),
    "boxes.clip_boxes": (lambda a: boxes.clip_boxes(a, (6, 6)), [BOXES], [(*WHOLE, *FLOATS)]),
    "nms.non_max_suppression": (
        lambda a, b: nms.non_max_suppression(a, b),
        [BOXES, numbers(3)],
        [(*WHOLE, *FLOATS), FLOATS],
    ),
    "anchors.kmeans_anchors": (lambda a: anchors.kmeans_anchors(a, 2), [numbers(6, 2, low=1, high=9)], [FLOATS]),
    "yolo.encode": (
        lambda a, b: yolo.encode(a, b, (4, 4), [[0.5, 0.5]], 2),
        [np.array([[0.1, 0.2, 0.5, 0.75]]), np.array([1])],
        [FLOATS, WHOLE],
    ),
    "yolo.decode": (lambda a: yolo.decode(a, [[1.0, 1.0]]), [numbers(1, 4, 4, 7)], [("float32", "float64")]),
    "metrics.average_precision": (
        lambda a: metrics.average_precision([(np.ones(3), a, np.zeros(3, int))], [(a, np.zeros(3, int))]),
        [BOXES],
        [FLOATS],
    ),
    "proposals.region_proposals": (
        proposals.region_proposals,
        [whole(40, 40, 3, below=256)],
        [("uint8",)],
    ),
    "plots.image_grid": (lambda a: plots.image_grid([a]), [PICTURE], [("uint8",)]),
    "plots.boxes": (plots.boxes, [PICTURE, BOXES], [("uint8",), (*WHOLE, *FLOATS)]),
    "plots.masks": (plots.masks, [PICTURE, MASK], [("uint8",), WHOLE]),
    "plots.filters": (plots.filters, [numbers(3, 3, 3, 4)], [FLOATS]),
    "plots.curves": (lambda a: plots.curves({"a": a}), [numbers(5)], [FLOATS]),
    "transfer.extract_features": (
        lambda a: transfer.extract_features(small_base(), a),
        [PICTURES],
        [("uint8", *FLOATS)],
    ),
    "logistic.propagate": (
        logistic.propagate,
        [numbers(3, 1), np.array(0.5), X, Y],
        [FLOATS, FLOATS, FLOATS, WHOLE],
    ),
    "logistic.gradient_step": (
        lambda w, dw: logistic.gradient_step(w, 0.0, {"dw": dw, "db": 1.0}, 0.1),
        [numbers(3, 1), numbers(3, 1)],
        [FLOATS, FLOATS],
    ),
    "logistic.train": (lambda a, b: logistic.train(a, b, iterations=2), [X, Y], [FLOATS, WHOLE]),
    "network.train": (lambda a, b: network.train(a, b, [3, 2, 1], epochs=2, batch_size=2), [X, Y], [FLOATS, WHOLE]),
    "network.forward and back": (
        lambda a, b, W: passes(a, b, {"W1": W, "b1": np.zeros((1, 1))}),
        [X, Y, numbers(1, 3)],
        [FLOATS, WHOLE, FLOATS],
    ),
    "network.inverted_dropout": (
        lambda a, b: network.inverted_dropout(a, b, 0.5),
        [X, 0.9 * numbers(3, 5)],
        [FLOATS, FLOATS],
    ),
    "optimizers.random_mini_batches": (optimizers.random_mini_batches, [X, Y], [FLOATS, WHOLE]),
    "optimizers.ewma": (lambda a: optimizers.ewma(a, 0.9), [X], [FLOATS]),
    "optimizers.adam_step": (
        lambda w, dw, v, s: optimizers.adam_step(w, dw, v, s, 1, 0.1),
        [X, X, X, X],
        [FLOATS] * 4,
    ),
    "optimizers.update": (lambda w, dw: updated(w, dw), [X, X], [FLOATS] * 2),
    "normalization.standardize": (normalization.standardize, [X], [FLOATS]),
    "normalization.batchnorm": (lambda a: normalized(a), [X], [FLOATS]),
    "gradcheck.gradient_check": (
        lambda a, b: gradcheck.gradient_check(lambda p: float((p["W1"] ** 2).sum()), {"W1": a}, {"dW1": b}),
        [X, 2 * X],
        [FLOATS] * 2,
    ),
    "conv.conv": (lambda a, W: convolved(a, W), [numbers(2, 6, 6, 3), numbers(3, 3, 3, 2)], [FLOATS] * 2),
    "conv.pool": (lambda a: pooled(a), [numbers(2, 6, 6, 3)], [FLOATS]),
    "datasets.pipeline": (
        lambda a, b: list(datasets.pipeline(a, b, batch_size=2)),
        [PICTURES, np.array([0, 1])],
        [("uint8", *FLOATS), WHOLE],
    ),
}


def small_base():
    return keras.Sequential([keras.Input((12, 14, 3)), keras.layers.Conv2D(2, 3)])


def passes(A, B, parameters):
    AL, caches = network.forward_propagation(A, parameters)
    network.compute_cost(AL, B, parameters, 0.1)
    network.backward_propagation(AL, B, caches, 0.1)
    network.predict(A, parameters)


def updated(w, dw):
    for optimizer in (optimizers.GradientDescent, optimizers.Momentum, optimizers.RMSprop, optimizers.Adam):
        made, parameters = optimizer(0.1), {"W1": w}
        for _ in range(2):
            parameters = made.update(parameters, {"dW1": dw})


def normalized(Z):
    Z_tilde, cache = normalization.batchnorm_forward(Z, np.ones((3, 1)), np.zeros((3, 1)))
    normalization.batchnorm_backward(Z, cache)
    return Z_tilde


def convolved(A, W):
    Z, cache = conv.conv_forward(A, W, np.zeros((1, 1, 1, 2)), pad=1)
    conv.conv_backward(Z, cache)
    conv.zero_pad(A, 1)


def pooled(A):
    for mode in ("max", "average"):
        Z, cache = conv.pool_forward(A, 2, 2, mode)
        conv.pool_backward(Z, cache)


def content(value):
    value = value.value if isinstance(value, keras.Variable) else value
    return np.array(value.numpy() if hasattr(value, "numpy") else value)


def kinds_of(name):
    """What a function promises to take: NumPy's arrays all, tensors and lists those of the rooms of Keras."""
    room = name.partition(".")[0]
    if room in ("plots", "datasets", "augment", "transfer", "metrics", "proposals", "anchors", "nms", "yolo"):
        return ARRAYS
    return tuple(KINDS)


@pytest.mark.parametrize("name", CALLS)
def test_what_a_function_is_given_stays_as_it_was(name):
    call, arrays, types = CALLS[name]
    for kind in kinds_of(name):
        for turn in range(max(map(len, types))):
            chosen = [several[turn % len(several)] for several in types]
            if kind == "lists" and not set(chosen) <= {"int64", "float64"}:
                continue  # a list has no type
            given = [KINDS[kind](values.astype(one)) for values, one in zip(arrays, chosen, strict=True)]
            before = [content(value) for value in given]
            call(*given)
            for value, was in zip(given, before, strict=True):
                now = content(value)
                assert now.dtype == was.dtype, (kind, turn)
                np.testing.assert_array_equal(now, was, err_msg=f"{kind}, {turn}")


def test_a_loss_is_differentiated_for_a_variable():
    embeddings = tf.Variable(numbers(4, 3).astype("float32"))
    with tf.GradientTape() as tape:
        loss = faces.TripletLoss(5.0)(np.array([0, 0, 1, 1]), embeddings)
    gradient = tape.gradient(loss, embeddings)
    copy = tf.constant(embeddings)
    with tf.GradientTape() as tape:
        tape.watch(copy)
        loss = faces.TripletLoss(5.0)(np.array([0, 0, 1, 1]), copy)
    np.testing.assert_allclose(gradient, tape.gradient(loss, copy), rtol=1e-6)
    assert np.abs(gradient).max() > 0


# What takes no array, or what another test hands read-only arrays to by way of a function above
OTHERS = {
    "faces": {"encode_face", "encode_faces"},
    "segmentation": set(),
    "style": {"stylize", "trunk", "receptive_field", "exciting_patches", "total_cost"},
    "augment": {"pipeline"},
    "transfer": {"build_classifier", "fit_head", "fine_tune"},
}


@pytest.mark.parametrize("room", OTHERS)
def test_every_function_of_a_room_is_among_them(room):
    module = importlib.import_module(f"dlcourse.{room}")
    public = {
        name
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and value.__module__.startswith(f"dlcourse.{room}")
    }
    tried = {name.split(".")[1].split(" ")[0] for name in CALLS if name.startswith(f"{room}.")}
    assert public <= tried | OTHERS[room]
