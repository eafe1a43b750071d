"""dlcourse.style against NumPy loops, TensorFlow, finite differences and the whole VGG-16."""

import importlib
import itertools

from dlcourse import datasets, models, style
from dlcourse._pixels import resized

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from nbclient import NotebookClient

STYLIZE = importlib.import_module("dlcourse.style.stylize")  # its function of the same name hides it

RNG = np.random.default_rng(0)
SMALL = {"size": 48, "steps": (6,), "style_layers": ("block1_conv1", "block2_conv1"), "content_layer": "block2_conv2"}


@pytest.fixture(scope="module")
def pictures():
    """A photograph and a painting, small."""
    return datasets.photo("chelsea")[40:200:2, 120:360:2], datasets.photo("starry_night")[100:260:2, 100:260:2]


def features(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def array(x):
    return ops.convert_to_numpy(x)


# Costs


def test_gram_matrix_is_the_sum_over_all_places():
    a = features(3, 4, 5)
    expected = np.zeros((5, 5))
    for i, j, k, other in itertools.product(range(3), range(4), range(5), range(5)):
        expected[k, other] += a[i, j, k] * a[i, j, other]
    assert np.allclose(array(style.gram_matrix(a)), expected, atol=1e-5)
    assert np.allclose(array(style.gram_matrix(np.stack([a, 2 * a])))[1], 4 * expected, atol=1e-4)


def test_gram_matrix_is_symmetric_and_positive_semi_definite():
    gram = array(style.gram_matrix(features(4, 6, 30)))  # 24 places, 30 channels: rank 24
    assert np.array_equal(gram, gram.T)
    assert np.linalg.eigvalsh(gram.astype(float)).min() > -1e-4


def test_gram_matrix_does_not_change_when_places_are_shuffled():
    a = features(4, 6, 5)
    shuffled = RNG.permutation(a.reshape(-1, 5)).reshape(a.shape)
    assert np.allclose(array(style.gram_matrix(a)), array(style.gram_matrix(shuffled)), atol=1e-5)


def test_content_cost_is_half_the_squared_distance_and_0_at_the_content():
    a, b = features(3, 4, 5), features(3, 4, 5, seed=1)
    expected = 0.5 * sum((a[i] - b[i]) ** 2 for i in np.ndindex(a.shape))
    assert np.isclose(float(style.content_cost(a, b)), expected, rtol=1e-5)
    assert float(style.content_cost(a, a)) == 0


def test_layer_style_cost_has_the_constants_of_gatys():
    a, b = features(3, 4, 5), features(3, 4, 5, seed=1)
    n, m = 5, 12  # feature maps and places, as in equations 3 and 4 of the paper
    G, A = (np.einsum("ijk,ijl->kl", x, x) for x in (b, a))
    assert np.isclose(float(style.layer_style_cost(a, b)), np.sum((G - A) ** 2) / (4 * n**2 * m**2), rtol=1e-5)


def test_layer_style_cost_does_not_care_how_often_a_texture_is_repeated():
    a = features(3, 4, 5)
    assert float(style.layer_style_cost(a, np.tile(a, (2, 3, 1)))) < 1e-12
    assert float(style.layer_style_cost(a, a[:, ::-1])) < 1e-12


def test_style_cost_weighs_and_adds_its_layers():
    S, G = [features(3, 4, 5), features(2, 2, 7)], [features(3, 4, 5, seed=1), features(2, 2, 7, seed=1)]
    one, two = (float(style.layer_style_cost(a, b)) for a, b in zip(S, G, strict=True))
    assert np.isclose(float(style.style_cost(S, G)), (one + two) / 2, rtol=1e-5)
    assert np.isclose(float(style.style_cost(S, G, [3, 0.5])), 3 * one + two / 2, rtol=1e-5)


def test_total_cost_is_the_weighted_sum():
    assert style.total_cost(2.0, 3.0) == 10 * 2 + 40 * 3
    assert style.total_cost(2.0, 3.0, alpha=1, beta=0) == 2


def test_total_variation_is_tensorflows():
    images = ops.convert_to_tensor(RNG.uniform(size=(2, 5, 7, 3)), "float32")
    assert np.allclose(array(style.total_variation(images)), tf.image.total_variation(images), rtol=1e-5)
    assert np.isclose(float(style.total_variation(images[0])), float(tf.image.total_variation(images[0])), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: style.gram_matrix(features(3, 4)), "features"),
        (lambda: style.content_cost(features(3, 4, 5), features(3, 4, 6)), "a_C, a_G"),
        (lambda: style.layer_style_cost(features(3, 4, 5), features(3, 4, 6)), "a_S, a_G"),
        (lambda: style.style_cost([], []), "features_S, features_G"),
        (lambda: style.style_cost([features(3, 4, 5)], [features(3, 4, 5)] * 2), "features_S, features_G"),
        (lambda: style.style_cost([features(3, 4, 5)], [features(3, 4, 5)], [-1]), "weights"),
        (lambda: style.total_cost(1.0, 1.0, alpha=-1), "alpha"),
        (lambda: style.total_cost(1.0, 1.0, beta=float("nan")), "beta"),
        (lambda: style.total_variation(features(3, 4)), "image"),
    ],
)
def test_costs_refuse_what_does_not_fit_and_name_it(call, name):
    with pytest.raises(ValueError, match=f"^{name}"):
        call()


# The trunk


def test_trunk_gives_what_the_whole_net_computes_at_any_size(pictures):
    whole = models.vgg16((80, 120, 3), include_top=False, weights="dlcourse")
    names = ["block3_conv1", "block1_pool"]
    expected = keras.Model(whole.input, [whole.get_layer(name).output for name in names])(pictures[0][None])
    found = style.trunk(names)(pictures[0][None])
    assert list(found) == names
    for ours, theirs in zip(found.values(), expected, strict=True):
        assert np.allclose(array(ours), array(theirs), rtol=1e-4, atol=1e-3)
    assert style.trunk(names)(pictures[1][None])["block3_conv1"].shape == (1, 20, 20, 256)


def test_trunk_ends_after_the_last_layer_in_use_and_is_not_trained():
    net = style.trunk(["block1_conv1", "block2_conv1"])
    assert [layer.name for layer in net.layers if "conv" in layer.name] == [
        "block1_conv1",
        "block1_conv2",
        "block2_conv1",
    ]
    assert not net.trainable_weights
    assert style.trunk(["block1_conv1", "block2_conv1"]) is net


@pytest.mark.parametrize("layer", ["block1_conv2", "block2_pool", "block3_conv3"])
def test_receptive_field_is_where_the_gradient_is_not_0(layer):
    size, stride = style.receptive_field(layer)
    side, net = 96, style.trunk([layer])
    picture = tf.Variable(RNG.uniform(0, 255, (1, side, side, 3)).astype("float32"))
    with tf.GradientTape() as tape:
        middle = net(picture)[layer]
        i = middle.shape[1] // 2
        value = tf.reduce_sum(middle[0, i, i])
    reached = np.flatnonzero(np.abs(tape.gradient(value, picture).numpy()).sum(axis=(0, 2, 3)))
    assert (reached[0], reached[-1] + 1 - reached[0]) == (i * stride + (stride - size) // 2, size)


def test_exciting_patches_excite_the_unit_as_much_on_their_own(pictures):
    layer, unit = "block2_conv2", 3
    _, patches = style.exciting_patches(pictures, layer, [0, unit], n=3)
    size, _ = style.receptive_field(layer)
    assert [p.activation for p in patches] == sorted((p.activation for p in patches), reverse=True)
    whole = max(array(style.trunk([layer])(picture[None])[layer])[..., unit].max() for picture in pictures)
    assert np.isclose(patches[0].activation, whole, rtol=1e-5)
    inside = [p for p in patches if min(p.box[:2]) >= 0 and p.box[2] <= 120 and p.box[3] <= 80]
    for patch in inside:
        assert patch.picture.shape == (size, size, 3)
        left, top, right, bottom = patch.box
        assert np.array_equal(patch.picture, pictures[patch.image][top:bottom, left:right])


def test_exciting_patches_reach_beyond_the_edge_in_black_and_keep_apart(pictures):
    (patches,) = style.exciting_patches([pictures[0]], "block4_conv1", [3], n=9, per_image=4)
    size, _ = style.receptive_field("block4_conv1")
    assert all(patch.picture.shape == (size, size, 3) for patch in patches)
    beyond = [patch for patch in patches if patch.box[1] < 0]
    assert all(not patch.picture[: -patch.box[1]].any() for patch in beyond)
    corners = np.array([patch.box[:2] for patch in patches])
    apart = np.abs(corners[:, None] - corners[None]).max(axis=-1)[~np.eye(len(corners), dtype=bool)]
    assert apart.size == 0 or apart.min() >= size // 2


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda image: style.trunk(["block9_conv1"]), "layer_names"),
        (lambda image: style.trunk([]), "layer_names"),
        (lambda image: style.receptive_field("minus_mean"), "layer_names"),
        (lambda image: style.exciting_patches([image], "block1_conv1", [64]), "units"),
        (lambda image: style.exciting_patches([image[..., 0]], "block1_conv1", [0]), "images"),
        (lambda image: style.exciting_patches([image], "block1_conv1", [0], n=0), "n"),
    ],
)
def test_the_trunk_refuses_what_it_does_not_have_and_names_it(call, name, pictures):
    with pytest.raises(ValueError, match=f"^{name}"):
        call(pictures[0])


# Colors


def test_match_colors_gives_the_mean_and_the_covariance_of_the_other(pictures):
    dull = (pictures[0] // 4 + 90).astype(np.uint8)  # far from 0 and 255, so that nothing is cut off
    reference = (pictures[1] // 4 + 90).astype(np.uint8)
    ours, theirs = (p.reshape(-1, 3).astype(float) for p in (style.match_colors(dull, reference), reference))
    assert np.allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=0.1)
    assert np.allclose(np.cov(ours.T), np.cov(theirs.T), atol=0.05 * np.cov(theirs.T).max())


def test_match_colors_to_itself_changes_nothing_and_a_gray_picture_is_no_trouble(pictures):
    assert np.abs(style.match_colors(pictures[0], pictures[0]).astype(int) - pictures[0]).max() <= 1
    gray = np.full((8, 8, 3), 100, np.uint8)
    assert style.match_colors(gray, pictures[0]).std(axis=(0, 1)).max() == 0


# The whole


def test_the_gradient_is_that_of_finite_differences(pictures):
    content, painting = (p[:48, :40].astype("float32") for p in pictures)
    contents, styles = {"block2_conv2": 1.0}, {"block1_conv1": 0.4, "block2_conv1": 0.6}
    net, compiled = STYLIZE._compiled(tuple(contents), tuple(styles))
    of_content = STYLIZE._targets(net, content, contents, style.content_cost)
    targets = of_content, STYLIZE._targets(net, painting, styles, style.layer_style_cost)

    def step(pixels):
        costs, gradient = compiled(targets, np.float32([1, 5, 0.1]), pixels)
        return [float(cost) for cost in costs], array(gradient)

    pixels = RNG.uniform(0.2, 0.8, content.shape).astype("float32")
    _, gradient = step(pixels)
    direction = gradient / np.linalg.norm(gradient)
    ahead, behind = (step(pixels + sign * 3e-3 * direction)[0][0] for sign in (1, -1))
    assert np.isclose((ahead - behind) / 6e-3, np.linalg.norm(gradient), rtol=0.02)


def test_the_first_costs_in_the_history_are_those_of_the_start(pictures):
    result = style.stylize(*pictures, match=False, alpha=2.0, beta=3.0, variation=0.0, **{**SMALL, "steps": (1,)})
    content = resized(pictures[0], (32, 48))
    painting = resized(pictures[1], (48, 48))
    names = ["block1_conv1", "block2_conv1"]
    S, G = (style.trunk(names)(p[None]).values() for p in (painting, content))
    relative = [
        float(style.layer_style_cost(s, g) / style.layer_style_cost(s, 0 * s)) for s, g in zip(S, G, strict=True)
    ]
    assert result.history["content"][0] < 1e-12
    assert np.isclose(result.history["style"][0], np.mean(relative), rtol=1e-3)
    assert np.isclose(result.history["total"][0], 3 * np.mean(relative), rtol=1e-3)


def test_the_style_comes_closer_and_the_aspect_ratio_stays(pictures):
    result = style.stylize(*pictures, **{**SMALL, "steps": (4, 12)})
    assert result.image.shape == (32, 48, 3)
    assert result.image.dtype == np.uint8
    fine = result.history["height"] == 32
    assert result.history["style"][fine][-1] < 0.5 * result.history["style"][0]
    assert result.history["total"][fine][-1] < result.history["total"][fine][0]


def test_without_style_the_content_stays_as_it_is(pictures):
    result = style.stylize(*pictures, beta=0, variation=0, match=False, **SMALL)
    assert np.array_equal(result.image, np.rint(resized(pictures[0], (32, 48))).astype(np.uint8))


def test_from_noise_the_content_is_found_again(pictures):
    options = {**SMALL, "content_layer": "block1_conv2", "steps": (60,)}
    result = style.stylize(*pictures, beta=0, variation=0, match=False, start="noise", **options)
    content = resized(pictures[0], (32, 48))
    assert result.history["content"][-1] < 0.02 * result.history["content"][0]
    assert np.corrcoef(result.image.ravel(), content.ravel())[0, 1] > 0.6


def test_the_same_seed_gives_the_same_picture_and_another_does_not(pictures):
    options = {**SMALL, "start": "noise", "steps": (3,)}
    one, two, other = (style.stylize(*pictures, seed=seed, **options).image for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_one_compiled_step_serves_all_sizes_pictures_and_weights(pictures, monkeypatch):
    traced = []
    monkeypatch.setattr(STYLIZE, "total_variation", lambda x: traced.append(x) or style.total_variation(x))
    STYLIZE._compiled.cache_clear()
    try:
        style.stylize(*pictures, **{**SMALL, "steps": (1, 1)})
        style.stylize(pictures[1], pictures[0], alpha=2.0, variation=0.0, **{**SMALL, "size": 40})
    finally:
        STYLIZE._compiled.cache_clear()
    assert len(traced) == 1


def test_weights_of_layers_move_the_picture(pictures):
    only = {"block1_conv1": 1.0, "block2_conv1": 0.0}
    a, b = (style.stylize(*pictures, **{**SMALL, "style_layers": layers}) for layers in (only, SMALL["style_layers"]))
    assert not np.array_equal(a.image, b.image)
    alone = style.stylize(*pictures, **{**SMALL, "style_layers": ("block1_conv1",)})
    assert np.allclose(a.history["style"][0], alone.history["style"][0], rtol=1e-4)


def test_pictures_stay_as_they_were(pictures):
    before = [picture.copy() for picture in pictures]
    style.stylize(*pictures, **{**SMALL, "steps": (1,)})
    assert all(np.array_equal(a, b) for a, b in zip(before, pictures, strict=True))


def test_progress_in_a_terminal_leaves_no_trace(pictures, capfd, monkeypatch):
    monkeypatch.setattr("dlcourse.style.progress.SECONDS", 0)
    style.stylize(*pictures, progress=True, **{**SMALL, "steps": (2,)})
    shown = capfd.readouterr().err
    assert "2/2" in shown
    assert shown.rsplit("\r", 2)[-2].strip() == shown.rsplit("\r", 2)[-1] == ""


def test_progress_in_a_notebook_shows_the_picture_so_far_and_leaves_no_trace():
    code = """
from dlcourse import datasets, style
from dlcourse.style import progress
progress.SECONDS = 0
photo = datasets.photo("chelsea")
image = style.stylize(photo, photo, size=32, steps=3, style_layers=["block1_conv1"], progress=True).image
print(image.shape)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    client, shown = NotebookClient(notebook, kernel_name="python3"), []
    handle = client.process_message
    client.process_message = lambda message, *place: shown.append(message) or handle(message, *place)
    client.execute()
    pages = [message["content"]["data"]["text/html"] for message in shown if "display_data" in message["msg_type"]]
    assert "3 of 3 steps" in pages[-1] and "data:image/png" in pages[-1]
    assert [output["text"] for output in notebook.cells[0].outputs] == ["(21, 32, 3)\n"]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"content": np.zeros((40, 40), np.uint8)}, "content"),
        ({"content": np.zeros((0, 40, 3), np.uint8)}, "content"),
        ({"style": np.zeros((40, 40, 3))}, "style"),
        ({"style": np.zeros((40, 40, 1), np.uint8)}, "style"),
        ({"size": 31}, "size"),
        ({"steps": 0}, "steps"),
        ({"steps": ()}, "steps"),
        ({"content_layer": "block9"}, "layer_names"),
        ({"style_layers": ()}, "style_layers"),
        ({"style_layers": {"block1_conv1": 0.0}}, "style_layers"),
        ({"style_layers": {"block1_conv1": -1.0}}, "style_layers"),
        ({"alpha": -1}, "alpha"),
        ({"alpha": 0, "beta": 0}, "alpha, beta"),
        ({"beta": float("inf")}, "beta"),
        ({"variation": "much"}, "variation"),
        ({"start": "zeros"}, "start"),
    ],
)
def test_stylize_refuses_what_it_cannot_use_and_names_it(options, name, pictures):
    arguments = {"content": pictures[0], "style": pictures[1], **SMALL, **options}
    with pytest.raises(ValueError, match=f"^{name}"):
        style.stylize(**arguments)


# Numbers of every type


@pytest.mark.parametrize("kind", ["uint8", "int64", "float16", "float64"])
def test_the_costs_of_a_photograph_do_not_depend_on_the_type_of_its_pixels(kind):
    photo = datasets.photo("chelsea")
    a, b = photo[:40, :40], photo[40:80, :40]
    exact = [x.astype("float32") for x in (a, b)]
    for cost in (style.content_cost, style.layer_style_cost, lambda x, y: style.style_cost([x], [y])):
        expected = pytest.approx(float(cost(*exact)), rel=1e-5)
        assert float(cost(a.astype(kind), b.astype(kind))) == expected
        assert float(cost(a.astype(kind), exact[1])) == expected  # and mixed
    np.testing.assert_allclose(style.gram_matrix(a.astype(kind)), style.gram_matrix(exact[0]), rtol=1e-5)
    expected = tf.image.total_variation(tf.constant(photo, tf.float32))
    if kind != "float16":  # one of 1.5 million pixels' sums
        assert float(style.total_variation(photo.astype(kind))) == pytest.approx(float(expected), rel=1e-5)
    assert np.isfinite(float(style.total_variation(photo.astype(kind))))


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        ("me.jpg", r"got a str, 'me\.jpg': read the file with datasets\.read_picture\(path\)"),
        (np.zeros((40, 40), np.uint8), r"gr[ae]y: np\.repeat\(picture\[\.\.\., None\], 3, axis=-1\)"),
        (np.zeros((40, 40, 1), np.uint8), r"gr[ae]y: np\.repeat\(picture, 3, axis=-1\)"),
        (np.zeros((40, 40, 4), np.uint8), "alpha channel"),
        (np.zeros((1, 40, 40, 3), np.uint8), "a batch: pass one picture"),
        (np.zeros((3, 40, 40), np.uint8), "channels first: np.moveaxis"),
        (np.zeros((40, 40, 3)), r"np\.uint8\(np\.rint\(255 \* picture\)\)"),
        (np.full((40, 40, 3), 200.0), r"np\.uint8\(np\.rint\(picture\)\)"),
    ],
)
def test_a_picture_of_another_kind_is_refused_with_the_way_to_one(picture, message):
    with pytest.raises(ValueError, match=f"content: expected uint8, shape .*{message}"):
        style.stylize(picture, np.zeros((40, 40, 3), np.uint8))
