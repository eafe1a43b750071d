"""How soon dlcourse.style paints a picture, against plain transcriptions of the usual tutorials.

python benchmarks/style.py
"""

import sys
import time

from dlcourse import datasets, models, style

import keras
import numpy as np
import tensorflow as tf

import timing

SIZE = 400  # pixels of the longer side
WAYS = {"coarse to fine": (50, 15, 15), "one size": (25,)}  # steps of stylize at each level
BETA, VARIATION = 25.0, 4.0  # the weights of stylize, for both sides
PATIENCE = 8  # a tutorial is given up after so many times our time


def main():
    content, painting = pictures()
    at_first = style.stylize(content, painting, size=SIZE, steps=1, match=False).history["total"][0]
    assert np.isclose(cost_of(resized_to_fit(content), content, painting), at_first, rtol=1e-3), "not the same cost"
    style.stylize(content, painting, size=32, steps=1)  # SciPy's import is not what is measured
    ours, goals = {}, {}
    for way, steps in WAYS.items():
        sys.modules["dlcourse.style.stylize"]._compiled.cache_clear()  # tracing counts, for both sides
        start = time.perf_counter()
        result = style.stylize(content, painting, size=SIZE, steps=steps, match=False)
        ours[way], goals[way] = time.perf_counter() - start, cost_of(result.image, content, painting)
    rows, limit = [], PATIENCE * max(ours.values())
    for name, together, goal in (("usual", True, "at least 2"), ("thrifty", False, None)):
        reached = tutorial(content, painting, goals.values(), limit, together)
        for way, theirs in zip(WAYS, reached, strict=True):
            end, seconds = ("", theirs) if theirs else (" (given up)", limit)
            label = f"{way}, {name} tutorial / ours{end}"
            rows.append([label, seconds, ours[way], goal, seconds / ours[way] >= 2])
    timing.print_table(rows, "time on the clock")


def pictures():
    """Return the content in the colors of the style, so that both sides begin with the same picture; and the style.

    The painting is cut to the photograph's aspect ratio, because the usual tutorial puts both into one batch.
    """
    photo, painting = datasets.photo("chelsea"), datasets.photo("starry_night")[30:-30, 30:-30]
    height = round(painting.shape[1] * photo.shape[0] / photo.shape[1])
    return style.match_colors(photo, painting), painting[:height]


def tutorial(content, painting, goals, seconds, together):
    """Time Adam at one size, from the content, float32: seconds until each of the goals, None if it took too long.

    `together` sends content, style and the painting through the whole net in each step, as Keras' own example does;
    otherwise what is known of the first two is computed once.
    """
    start, reached, goals = time.perf_counter(), [None] * len(goals), list(goals)
    step_cost = cost_function(content, painting, together)
    pixels = tf.Variable(resized_to_fit(content)[np.newaxis] / 255.0, dtype=tf.float32)
    optimizer = keras.optimizers.Adam(0.02)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            cost = step_cost(pixels)
        optimizer.apply([tape.gradient(cost, pixels)], [pixels])
        pixels.assign(tf.clip_by_value(pixels, 0.0, 1.0))
        return cost

    optimizer.build([pixels])
    while None in reached and time.perf_counter() - start < seconds:
        cost = float(step())
        for k, goal in enumerate(goals):
            if reached[k] is None and cost <= goal:
                reached[k] = time.perf_counter() - start
    return reached


def cost_function(content, painting, together=False):
    """Return α · content + β · style + variation as `stylize` weighs them, written out; a function of pixels in 0…1."""
    names = (style.CONTENT_LAYER, *style.STYLE_LAYERS)
    height, width = resized_to_fit(content).shape[:2]
    net = models.vgg16((height, width, 3), include_top=False, weights="dlcourse")
    whole = keras.Model(net.input, {layer.name: layer.output for layer in net.layers if "conv" in layer.name})
    known = tf.constant(np.stack([resized_to_fit(content), resized_to_fit(painting)]))
    kept = None if together else whole(known)

    def cost(pixels):
        if together:
            features = whole(tf.concat([known, 255 * pixels], axis=0))
            of_known, found = ({name: features[name][part] for name in names} for part in (slice(2), slice(2, 3)))
        else:
            of_known, found = kept, whole(255 * pixels)
        of_content = of_known[names[0]][:1]
        total = tf.reduce_sum((found[names[0]] - of_content) ** 2) / tf.reduce_sum(of_content**2)
        for name in names[1:]:
            ours, theirs = gram(found[name]), gram(of_known[name][1:])
            total += BETA / len(names[1:]) * tf.reduce_sum((ours - theirs) ** 2) / tf.reduce_sum(theirs**2)
        down, across = pixels[:, 1:] - pixels[:, :-1], pixels[:, :, 1:] - pixels[:, :, :-1]
        neighbors = tf.cast(tf.size(down) + tf.size(across), tf.float32)
        return total + VARIATION * (tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across))) / neighbors

    return cost


def gram(features):
    shape = features.shape
    places = tf.reshape(features, (-1, shape[-1]))
    return tf.matmul(places, places, transpose_a=True) / (shape[1] * shape[2])


def cost_of(image, content, painting):
    """Compute the cost of a picture in 0…255, by the tutorial's own function."""
    return float(cost_function(content, painting)(tf.constant(image[np.newaxis] / 255.0, tf.float32)))


def resized_to_fit(picture):
    scale = SIZE / max(picture.shape[:2])
    size = [round(side * scale) for side in picture.shape[:2]]
    return tf.image.resize(tf.cast(picture, tf.float32), size, antialias=True).numpy()


if __name__ == "__main__":
    main()
