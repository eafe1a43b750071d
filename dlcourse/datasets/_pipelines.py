"""Arrays as a stream of batches: what `model.fit` reads when a data set is too large, or too slow, to take at once."""


def pipeline(images, labels, batch_size=32, *, shuffle=False, seed=0):
    """A `tf.data` pipeline over pictures and their labels.

    It shuffles before it batches, so that batches hold new company in every epoch, and prepares the next batches while
    a model works on one. Shuffle the training set only: a validation set has to stay the same set in the same order,
    and a pipeline that shuffles leaks between the two when it is split with `take` and `skip`. To `model.fit` say
    `shuffle=False`: Keras shuffles arrays only, and warns otherwise that it will not shuffle a pipeline.

    Args:
        images: Array of shape (n, ...), any type; handed out as it is, unscaled.
        labels: Array of shape (n, ...).
        batch_size: Number of pictures in a batch; the last batch may be smaller.
        shuffle: Whether each epoch has an order of its own, drawn from all n pictures.
        seed: Of the orders. The same seed gives the same sequence of orders, under the same global seed of TensorFlow.

    Returns:
        A `tf.data.Dataset` of pairs, images of shape (batch, ...) and labels of shape (batch, ...).

    Raises:
        ValueError: If there are no images, not one label for each, or `batch_size` is below 1.

    Taught in notebook 1-1, section 1.1.3.
    """
    import tensorflow as tf

    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(
            f"images, labels: got {len(images)} images and {len(labels)} labels, expected one label for each image "
            "and at least one of both."
        )
    if batch_size < 1:
        raise ValueError(f"batch_size: got {batch_size}, expected at least 1.")
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    indices = tf.data.Dataset.range(len(images))  # numbers are lighter to shuffle than pictures
    if shuffle:
        indices = indices.shuffle(len(images), seed=seed, reshuffle_each_iteration=True)
    batches = indices.batch(batch_size).map(lambda chosen: (tf.gather(images, chosen), tf.gather(labels, chosen)))
    return batches.prefetch(tf.data.AUTOTUNE)
