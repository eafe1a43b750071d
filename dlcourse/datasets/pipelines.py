"""Arrays as a stream of batches, for data sets that are too large, or too slow to decode, to be read at once."""

from dlcourse.checks import count


def pipeline(
    images, labels, batch_size=32, *, shuffle=False, seed=0, load=None, cache=False, transform=None, prefetch=True
):
    """Make a `tf.data` pipeline of pictures and their labels: load, cache, shuffle, batch, transform, prefetch.

    The order matters. What is the same in every epoch (`load`) comes before the cache, what is drawn at random
    (`shuffle`, `transform`) after it. Shuffling comes before batching, so that each epoch mixes the batches anew.
    Shuffle the training set only: a pipeline that shuffles leaks into a validation set that `take` and `skip` split
    off. Call `model.fit` with `shuffle=False`, or Keras warns that it shuffles arrays only.

    Args:
        images: Array of shape (n, ...), any type, unscaled. With `load`, paths or bytes of files, say.
        labels: Array of shape (n, ...).
        batch_size: Number of pictures in a batch; the last batch may be smaller.
        shuffle: Whether each epoch has an order of its own, drawn from all n pictures.
        seed: Seed of the orders: the same one gives the same sequence, under the same global seed of TensorFlow.
        load: Function from one element of `images` to a picture, such as `tf.io.decode_png`, or None.
        cache: Whether to keep the pictures that `load` has made in memory: for pictures that fit.
        transform: Function from a batch, (images, labels), to such a pair, called anew in every epoch, or None. For
            augmentation: `lambda images, labels: (augmentation(images, training=True), labels)`. Several batches are
            transformed at a time, so that their random draws may differ from run to run.
        prefetch: Whether to prepare batches in advance, as many as tf.data finds worthwhile: a step then takes the
            longer of the times to make a batch and to train on it, not their sum, and needs memory for those that wait.

    Returns a `tf.data.Dataset` of pairs, images of shape (batch, ...) and labels of shape (batch, ...).
    Raises ValueError if there are no images or not one label for each, or an argument is out of its range.
    Taught in notebook 1-1, section 1.1.3, and notebook 3-2, sections 3.2.5 and 3.2.6.
    """
    import tensorflow as tf

    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(
            "images, labels: expected one label for each image, and at least one of both, "
            f"got {len(images)} images and {len(labels)} labels"
        )
    batch_size = count("batch_size", batch_size)
    for name, function in (("load", load), ("transform", transform)):
        if not (function is None or callable(function)):
            raise ValueError(f"{name}: expected a function or None, got {function!r}")
    if cache and load is None:
        raise ValueError("cache: expected a function load whose pictures to keep, got True without load")
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    at_once = tf.data.AUTOTUNE if prefetch else None  # a map of several calls at a time runs in advance, too

    def loaded(i):
        return load(images[i]), labels[i]

    stream = tf.data.Dataset.range(len(images))  # numbers are lighter to shuffle than pictures
    if cache:
        stream = stream.map(loaded, at_once).cache()
    if shuffle:
        stream = stream.shuffle(len(images), seed=seed, reshuffle_each_iteration=True)
    if load is not None and not cache:
        stream = stream.map(loaded, at_once)
    stream = stream.batch(batch_size)
    if load is None:
        stream = stream.map(lambda chosen: (tf.gather(images, chosen), tf.gather(labels, chosen)))
    if transform is not None:
        stream = stream.map(transform, at_once)
    if prefetch:
        return stream.prefetch(tf.data.AUTOTUNE)
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False  # or TensorFlow would add one by itself
    return stream.with_options(options)
