"""Arrays as a stream of batches: what `model.fit` reads when a data set is too large, or too slow, to take at once."""


def pipeline(
    images, labels, batch_size=32, *, shuffle=False, seed=0, load=None, cache=False, transform=None, prefetch=True
):
    """A `tf.data` pipeline over pictures and their labels: load, cache, shuffle, batch, transform, prefetch.

    The order matters. What is the same in every epoch (`load`) comes before the cache, what is drawn by chance
    (`shuffle`, `transform`) after it. It shuffles before it batches, so that each epoch mixes the batches anew.
    And it prepares the next batches while a model works on one: see `prefetch`.

    Shuffle the training set only: a validation set has to stay the same set in the same order, and a pipeline that
    shuffles leaks between the two when it is split with `take` and `skip`. To `model.fit` say `shuffle=False`: Keras
    shuffles arrays only, and warns otherwise that it will not shuffle a pipeline.

    Args:
        images: Array of shape (n, ...), any type; handed out as it is, unscaled. With `load`, that from which it makes
            pictures, such as paths or the bytes of files.
        labels: Array of shape (n, ...).
        batch_size: Number of pictures in a batch; the last batch may be smaller.
        shuffle: Whether each epoch has an order of its own, drawn from all n pictures.
        seed: Of the orders. The same seed gives the same sequence of orders, under the same global seed of TensorFlow.
        load: A function from one element of `images` to a picture, such as `tf.io.decode_png`, or None. It is called
            for several at a time.
        cache: Whether to keep in memory what `load` has made, from the second epoch on: for pictures that fit.
        transform: A function from a batch, (images, labels), to such a pair, called anew in every epoch, or None. For
            augmentation: `lambda images, labels: (augmentation(images, training=True), labels)`. It is called for
            several batches at a time, so which batch gets which of its random draws may differ from run to run.
        prefetch: Whether to prepare batches before they are asked for, as many as tf.data finds worthwhile and several
            at a time: while one batch is trained on, the next is made, and a step takes the longer of the two times,
            not their sum. The price is the memory of the batches that wait. False makes each batch when it is asked
            for, one thing after the other: to see the difference.

    Returns:
        A `tf.data.Dataset` of pairs, images of shape (batch, ...) and labels of shape (batch, ...).

    Raises:
        ValueError: If there are no images, not one label for each, `batch_size` is below 1, `load` or `transform` is no
            function, or there is a `cache` without `load`.

    Taught in notebook 1-1, section 1.1.3, and notebook 3-2, sections 3.2.5 and 3.2.6.
    """
    import tensorflow as tf

    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(
            f"images, labels: got {len(images)} images and {len(labels)} labels, expected one label for each image "
            "and at least one of both."
        )
    if batch_size < 1:
        raise ValueError(f"batch_size: got {batch_size}, expected at least 1.")
    for name, function in (("load", load), ("transform", transform)):
        if not (function is None or callable(function)):
            raise ValueError(f"{name}: got {function!r}, expected a function or None.")
    if cache and load is None:
        raise ValueError("cache: got True without load, expected a function load whose pictures to keep.")
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    at_once = tf.data.AUTOTUNE if prefetch else None  # a map of several calls at a time runs ahead, too

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
