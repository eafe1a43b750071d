"""How soon dlcourse.style paints a picture, against a plain transcription of the usual tutorial.

python benchmarks/style.py
"""

import time

from dlcourse import datasets, models, style, weights

import keras
import numpy as np
import tensorflow as tf

import timing

SIZE, STEPS = 400, (60, 30, 14)  # longer side, and steps at each level of the pyramid
BETA, VARIATION = 25.0, 4.0  # the weights of stylize, for both sides
PATIENCE = 3  # the tutorial is given up after so many times the time of stylize
MEAN = (104.00699, 116.66877, 122.67892)


def main():
    content, painting = pictures()
    at_first = style.stylize(content, painting, size=SIZE, steps=1, match=False).history["total"][0]
    assert np.isclose(cost_of(resized_to_fit(content), content, painting), at_first, rtol=1e-3), "not the same cost"
    start = time.perf_counter()
    result = style.stylize(content, painting, size=SIZE, steps=STEPS, match=False)
    ours = time.perf_counter() - start
    goal = cost_of(result.image, content, painting)
    theirs, reached = tutorial(content, painting, goal, PATIENCE * ours)
    end = "" if reached else f" (given up at {PATIENCE}×)"
    label = f"{result.image.shape[1]}×{result.image.shape[0]} to one cost, tutorial / ours{end}"
    timing.print_table([[label, theirs, ours, "at least 2", theirs / ours >= 2]])


def pictures():
    """The content in the colours of the style, so that both sides begin with the same picture; and the style."""
    painting = datasets.photo("starry_night")[30:-30, 30:-30]
    return style.match_colors(datasets.photo("chelsea"), painting), painting


def tutorial(content, painting, goal, seconds):
    """The whole net, float32, one size, Adam, from the content: seconds to reach `goal`, and whether it did."""
    start = time.perf_counter()
    height, width = resized_to_fit(content).shape[:2]
    net = weights.load(models.vgg16((height, width, 3), include_top=False, mean=MEAN), "vgg16")
    step_cost = cost_function(content, painting, net)
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
    while time.perf_counter() - start < seconds:
        if float(step()) <= goal:
            return time.perf_counter() - start, True
    return time.perf_counter() - start, False


def cost_function(content, painting, net):
    """α · content + β · style + variation as `stylize` weighs them, written out; a function of pixels in 0…1."""
    names = (style.CONTENT_LAYER, *style.STYLE_LAYERS)
    whole = keras.Model(net.input, {layer.name: layer.output for layer in net.layers if "conv" in layer.name})
    of_content = whole(resized_to_fit(content)[np.newaxis])[names[0]]
    of_style = whole_features(resized_to_fit(painting), names[1:])

    def cost(pixels):
        found = whole(255 * pixels)
        total = tf.reduce_sum((found[names[0]] - of_content) ** 2) / tf.reduce_sum(of_content**2)
        for name in names[1:]:
            ours, theirs = gram(found[name]), gram(of_style[name])
            total += BETA / len(names[1:]) * tf.reduce_sum((ours - theirs) ** 2) / tf.reduce_sum(theirs**2)
        down, across = pixels[:, 1:] - pixels[:, :-1], pixels[:, :, 1:] - pixels[:, :, :-1]
        neighbours = tf.cast(tf.size(down) + tf.size(across), tf.float32)
        return total + VARIATION * (tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across))) / neighbours

    return cost


def whole_features(picture, names):
    """Features of a picture of another size than the net was built for."""
    net = weights.load(models.vgg16((*picture.shape[:2], 3), include_top=False, mean=MEAN), "vgg16")
    return keras.Model(net.input, {name: net.get_layer(name).output for name in names})(picture[np.newaxis])


def gram(features):
    shape = features.shape
    places = tf.reshape(features, (-1, shape[-1]))
    return tf.matmul(places, places, transpose_a=True) / (shape[1] * shape[2])


def cost_of(image, content, painting):
    """The cost of a picture in 0…255, by the tutorial's own function."""
    net = models.vgg16((*image.shape[:2], 3), include_top=False, mean=MEAN)
    cost = cost_function(content, painting, weights.load(net, "vgg16"))
    return float(cost(tf.constant(image[np.newaxis] / 255.0, tf.float32)))


def resized_to_fit(picture):
    scale = SIZE / max(picture.shape[:2])
    size = [round(side * scale) for side in picture.shape[:2]]
    return tf.image.resize(tf.cast(picture, tf.float32), size, antialias=True).numpy()


if __name__ == "__main__":
    main()
