"""Transfer learning in two steps: train a new head on a frozen base, then fine-tune the base's last layers slowly.

A base is a network without its top, from pictures in 0…255 to a grid of features, (height, width, features). What it
has learned on ImageNet (Deng et al., 2009) serves other pictures too: the early layers see edges and textures, which
every photograph has (Yosinski et al., 2014, arXiv 1411.1792).

    base = models.mobilenet_v2((160, 160, 3), include_top=False, weights="dlcourse")
    model = build_classifier(base, classes=5)
    fit_head(model, base, images, labels, epochs=30)
    fine_tune(model, base, from_layer="block_13")
    training.fit(model, images, labels, epochs=5)

Batch normalization always works as at test time, with the averages of ImageNet, in all of these steps. A few dozen
pictures would spoil them, and a base in training mode computes other features than the base that is used in the end.
"""

import difflib

from dlcourse import training
from dlcourse.checks import READ_FOLDER, array, brightness, channels_last, count, fraction, positive

import keras
import numpy as np
from keras import layers


def extract_features(base, images, batch_size=32):
    """Compute a base's features of each picture, averaged over all places.

    The base works as at test time and runs once over the pictures, `batch_size` at a time, so that no more than one
    batch of its large output is held at once.

    Args:
        base: A Keras model from pictures in 0…255 to (m, height, width, features).
        images: Pictures in 0…255, uint8 or float, of the shape that the base takes, (m, height, width, channels).
        batch_size: The number of pictures in a batch, 1 or more.

    Returns:
        float32, shape (m, features).

    Raises:
        ValueError: If `base` is no such model, or the pictures do not fit it or are not in 0…255.

    Its idea is taught in notebook 3-2, section 3.2.6.
    """
    images, batch_size = _pictures("images", images, _checked(base)), count("batch_size", batch_size)
    batches = training.predicted_batches(base, images, batch_size)
    return np.concatenate([maps.mean(axis=(1, 2)) for maps in batches], dtype=np.float32)


def build_classifier(base, classes, dropout=0.2, augmentation=None, *, learning_rate=1e-3, seed=0):
    """Put a new head on a frozen base: global average pooling, dropout, and one dense layer with softmax.

    The base is frozen here: of the model's weights only those of the dense layer can be trained, `features · classes`
    and `classes` biases. The model is compiled with Adam and cross-entropy, and reports its accuracy.

    Args:
        base: A Keras model from pictures in 0…255 to (m, height, width, features).
        classes: The number of classes, 2 or more.
        dropout: The share of the features that training drops, in [0, 1).
        augmentation: A Keras layer or model that changes pictures in training only, such as `dlcourse.augment.pipeline`
            returns, from 0…255 to 0…255; or None.
        learning_rate: Adam's learning rate, above 0.
        seed: The seed of the dense layer's first weights and of dropout.

    Returns:
        A compiled Keras model from pictures in 0…255 to probabilities, shape (m, classes). Its layers are called
        `augmentation`, as the base, `average`, `dropout` and `classes`.

    Raises: ValueError if an argument is out of its range.
    Taught in notebook 3-2, section 3.2.6.
    """
    channels_last()
    _checked(base)
    classes, dropout = count("classes", classes, 2), fraction("dropout", dropout)
    if not (augmentation is None or isinstance(augmentation, layers.Layer)):
        raise ValueError(f"augmentation: expected a Keras layer or model, or None, got {type(augmentation).__name__}")
    base.trainable = False
    inputs = keras.Input(base.input_shape[1:], name="images")
    x = inputs if augmentation is None else augmentation(inputs)
    x = base(x)  # frozen, batch norm works as at test time; training=False here would be overruled by `fit`
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(dropout, seed=seed, name="dropout")(x)
    initializer = keras.initializers.GlorotUniform(seed)
    outputs = layers.Dense(classes, activation="softmax", kernel_initializer=initializer, name="classes")(x)
    return _compiled(keras.Model(inputs, outputs, name="classifier"), learning_rate)


def fit_head(model, base, images, labels=None, epochs=20, *, batch_size=32, learning_rate=1e-3, validation_data=None):
    """Train the head and leave the base as it is: step one.

    A frozen base computes the same features of a picture in every epoch. So, unless the model augments its pictures,
    the base runs once over them and only the dense layer is trained on its features. The result is that of `model.fit`,
    up to rounding, in a small part of the time.

    Args:
        model: A model of `build_classifier`.
        base: The base it was built on, still frozen.
        images: Pictures in 0…255, shape (m, height, width, channels), such as `dlcourse.datasets.read_folder` returns.
            An array and no `tf.data.Dataset`: the base must see each picture once, in order.
        labels: Whole numbers in 0…classes - 1, shape (m,).
        epochs: The number of passes over the pictures, 1 or more.
        batch_size: The number of pictures in a step, 1 or more.
        learning_rate: Adam's learning rate, above 0.
        validation_data: A pair (images, labels) to measure after every epoch, or None.

    Returns:
        A dict from `loss` and `accuracy`, with `validation_data` also `val_loss` and `val_accuracy`, to a list of one
        number for each epoch.

    Raises:
        ValueError: If `base` is not the model's or is not frozen, or another argument is out of its range.

    Taught in notebook 3-2, section 3.2.6.
    """
    _belongs(base, model)
    if trainable := len(base.trainable_weights):
        got = f"{trainable} trainable weights; fit_head comes before fine_tune"
        raise ValueError(f"base: expected all its layers frozen, got {got}")
    epochs, batch_size = count("epochs", epochs), count("batch_size", batch_size)
    sets = [_labeled("images", "labels", images, labels, model)]
    if validation_data is not None:
        if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
            raise ValueError(f"validation_data: expected a pair (images, labels), got {type(validation_data).__name__}")
        sets.append(_labeled("validation_data[0]", "validation_data[1]", *validation_data, model))
    trained = _compiled(model, learning_rate)
    if model.layers[1] is base:  # nothing between the pictures and the base
        sets = [(extract_features(base, pictures), classes) for pictures, classes in sets]
        head = keras.Sequential([model.get_layer("dropout"), model.get_layer("classes")], name="head")
        trained = _compiled(head, learning_rate)
    validation = sets[1] if len(sets) == 2 else None
    return training.fit(trained, *sets[0], batch_size, epochs, validation_data=validation).history


def fine_tune(model, base, from_layer, learning_rate=1e-5):
    """Unfreeze the base from one layer on, and compile the model with a lower learning rate: step two.

    The head should be trained first: the gradients of a random head would destroy what the base has learned. The layers
    before `from_layer` and every batch normalization stay frozen. Go on with `training.fit(model, …)`.

    Args:
        model: A model of `build_classifier`, its head trained.
        base: The base it was built on.
        from_layer: The first layer to unfreeze, by its name, or a block of layers by the beginning of their names:
            "block_13" stands for "block_13_expand", its first layer.
        learning_rate: Adam's learning rate, above 0; a tenth of the head's or less.

    Returns:
        The number of parameters that will be trained, those of the head included.

    Raises:
        ValueError: If `base` is not the model's, it has no layer of that name, or `learning_rate` is not above 0.

    Taught in notebook 3-2, section 3.2.6.
    """
    _belongs(base, model)
    names = [layer.name for layer in base.layers]
    first = next((i for i, name in enumerate(names) if name == from_layer or name.startswith(f"{from_layer}_")), None)
    if first is None:
        near = difflib.get_close_matches(str(from_layer), names, cutoff=0.4) or names[-3:]
        raise ValueError(f"from_layer: expected a layer of {base.name}, such as {', '.join(near)}, got {from_layer!r}")
    positive("learning_rate", learning_rate)
    base.trainable = True
    for i, layer in enumerate(base.layers):
        layer.trainable = i >= first and not isinstance(layer, layers.BatchNormalization)
    _compiled(model, learning_rate)
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _compiled(model, learning_rate):
    adam = keras.optimizers.Adam(positive("learning_rate", learning_rate))
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _checked(base):
    """Return `base`, if it is a model whose output is a grid of features."""
    shape = getattr(base, "output_shape", None) if isinstance(base, keras.Model) else type(base).__name__
    if not (isinstance(shape, tuple) and len(shape) == 4 and isinstance(base.input_shape, tuple)):
        raise ValueError(f"base: expected a Keras model with output (m, height, width, features), got {shape}")
    return base


def _belongs(base, model):
    if not any(layer is base for layer in getattr(model, "layers", ())):
        got = f"{getattr(base, 'name', type(base).__name__)!r}, which is not part of it"
        raise ValueError(f"base: expected the one that the model was built on, got {got}")


def _pictures(name, images, taker):
    """Return the pictures as an array, if `taker` can take them and they can be meant as 0…255."""
    expected = taker.input_shape[1:]
    images = array(name, images, f"numbers of shape {('m', *expected)}", READ_FOLDER)
    fits = images.ndim == 4 and all(e in (None, n) for n, e in zip(images.shape[1:], expected, strict=True))
    if not (fits and len(images)):
        how = ""
        if images.ndim == 3 and images.shape[-1] == expected[-1]:
            how = ": one picture is a batch of one, picture[None]"
        elif images.ndim == 4 and images.shape[-1] != expected[-1]:
            how = f": it has {images.shape[-1]} channels; {READ_FOLDER}"
        elif images.ndim == 4 and len(images):
            how = f": {READ_FOLDER}, which brings them to one size"
        raise ValueError(f"{name}: expected shape {('m', *expected)} with m at least 1, got {images.shape}{how}")
    if images.dtype.kind not in "uif":
        raise ValueError(f"{name}: expected numbers, got {images.dtype}")
    brightness(name, images)
    return images


def _labeled(images_name, labels_name, images, labels, model):
    """Return pictures and labels as arrays, if the model can learn from them."""
    images, classes = _pictures(images_name, images, model), model.output_shape[-1]
    labels = array(labels_name, labels, "whole numbers", READ_FOLDER)
    if labels.shape != (len(images),) or labels.dtype.kind not in "ui":
        got = f"{labels.dtype} of {labels.shape}"
        raise ValueError(f"{labels_name}: expected whole numbers of shape ({len(images)},), got {got}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"{labels_name}: expected 0…{classes - 1}, got {labels.min()} to {labels.max()}")
    return images, labels
