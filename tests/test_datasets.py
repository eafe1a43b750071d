"""The data sets against what others have published about them, and the pipeline that feeds them to a model."""

import threading

from dlcourse import _files, datasets

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

PHOTO_NAMES = [path for path in _files.names("photo") if not path.endswith(".txt")]


def test_houses_have_the_documented_columns():
    features, prices, names = datasets.houses()
    assert features.shape == (546, 11)
    assert prices.shape == (546,)
    assert features.dtype == prices.dtype == np.float32
    assert len(set(names)) == 11
    column = dict(zip(names, features.T, strict=True))
    questions = {name for name in names if set(np.unique(column[name])) == {0, 1}}
    assert questions == {
        "driveway",
        "recreation_room",
        "finished_basement",
        "gas_hot_water",
        "air_conditioning",
        "preferred_area",
    }
    assert column["lot_size"].min() > 1000
    assert {*column["bedrooms"]} == {1, 2, 3, 4, 5, 6}


def test_houses_give_the_published_mean_and_regression_line():
    # Printed by Stata for the same survey: the mean price, and the price of one more square foot of land.
    features, prices, names = datasets.houses()
    assert prices.astype(np.float64).mean() == pytest.approx(68121.6, abs=0.05)
    slope, _ = np.polyfit(features[:, names.index("lot_size")].astype(np.float64), prices.astype(np.float64), 1)
    assert slope == pytest.approx(6.598768, abs=5e-7)


def test_temperatures_follow_day_by_day():
    dates, celsius = datasets.temperatures()
    assert dates.dtype == np.dtype("datetime64[D]")
    assert celsius.dtype == np.float32
    assert dates.shape == celsius.shape == (1461,)
    np.testing.assert_array_equal(dates, np.arange("2012-01-01", "2016-01-01", dtype="datetime64[D]"))


def test_temperatures_are_those_of_seattles_climate_table():
    # The normal lowest and highest temperature of each month, 1981-2010, in °F.
    normal = [(38, 48), (38, 50), (40, 54), (43, 59), (49, 66), (53, 71)]
    normal += [(57, 77), (57, 78), (54, 72), (47, 61), (41, 52), (37, 47)]
    dates, celsius = datasets.temperatures()
    month = dates.astype("datetime64[M]").astype(int) % 12
    measured = [celsius[month == index].mean() for index in range(12)]
    np.testing.assert_allclose(measured, (np.mean(normal, axis=1) - 32) / 1.8, atol=1.0)


def test_fashion_mnist_has_the_papers_counts():
    (x_train, y_train), (x_test, y_test) = datasets.fashion_mnist()
    assert x_train.shape == (20000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert np.bincount(y_test).tolist() == [1000] * 10
    assert np.bincount(y_train, minlength=10).min() > 1900
    assert (x_train.min(), x_train.max()) == (0, 255)


def test_fashion_mnist_begins_as_the_full_set_does():
    # Keras' tutorial prints the labels [9, 0, 0, …]; the mean and deviation of all 60,000 are 0.2860 and 0.3530.
    (x_train, y_train), _ = datasets.fashion_mnist()
    assert y_train[:3].tolist() == [9, 0, 0]
    assert x_train.mean() / 255 == pytest.approx(0.2860, abs=1e-3)
    assert x_train.std() / 255 == pytest.approx(0.3530, abs=1e-3)


def test_fashion_classes_name_what_the_labels_show():
    # Mean width of the lit region: trousers (1) are the narrowest; shoes (5, 7) leave the top rows dark.
    (x_train, y_train), _ = datasets.fashion_mnist()
    assert len(datasets.FASHION_CLASSES) == 10
    width = [(x_train[y_train == label] > 0).any(axis=1).sum(axis=1).mean() for label in range(10)]
    top = [x_train[y_train == label, :6].mean() for label in range(10)]
    assert datasets.FASHION_CLASSES[int(np.argmin(width))] == "trouser"
    assert {datasets.FASHION_CLASSES[label] for label in np.argsort(top)[:2]} == {"sandal", "sneaker"}


def test_fashion_mnist_shares_no_picture_between_training_and_test():
    (x_train, _), (x_test, _) = datasets.fashion_mnist()
    assert not {image.tobytes() for image in x_train} & {image.tobytes() for image in x_test}


def test_faces_or_not_is_balanced_mixed_and_disjoint():
    (x_train, y_train), (x_test, y_test) = datasets.faces_or_not()
    assert x_train.shape == (140, 25, 25)
    assert x_test.shape == (60, 25, 25)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    for labels in (y_train, y_test):
        assert np.bincount(labels).tolist() == [len(labels) / 2] * 2
        assert 0 < labels[: len(labels) // 4].mean() < 1
    assert len({image.tobytes() for image in (*x_train, *x_test)}) == 200


def test_faces_or_not_keeps_each_photograph_on_one_side():
    with np.load(_files.verified("faces_or_not/faces_or_not.npz"), allow_pickle=False) as arrays:
        train, test = arrays["source_train"], arrays["source_test"]
        np.testing.assert_array_equal(arrays["y_train"], train < 100)
        np.testing.assert_array_equal(arrays["y_test"], test < 100)
    assert sorted((*train, *test)) == list(range(200))
    assert not set(train % 100) & set(test % 100)


def test_a_label_of_one_means_a_face():
    # On average a face has eyes (rows 7 and 8), darker than forehead and cheeks; a background has not.
    (x_train, y_train), _ = datasets.faces_or_not()
    for label, has_eyes in ((1, True), (0, False)):
        forehead, eyes, cheeks = (
            x_train[y_train == label, first:last, 5:20].mean() for first, last in ((1, 4), (7, 9), (11, 13))
        )
        assert (eyes < min(forehead, cheeks) - 20) == has_eyes


@pytest.mark.parametrize("path", PHOTO_NAMES)
def test_a_photograph_is_rgb_of_moderate_size(path):
    name = path.partition("/")[2].partition(".")[0]
    picture = datasets.photo(name)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert min(picture.shape[:2]) >= 300
    assert max(picture.shape[:2]) <= 800
    assert picture.max() > 150
    with Image.open(_files.verified(path)) as file:
        np.testing.assert_array_equal(picture, np.asarray(file.convert("RGB")))


def test_every_photograph_has_a_name_an_author_and_a_licence():
    notes = _files.verified("photo/LICENSE.txt").read_text(encoding="utf-8")
    assert len(datasets.photo_names()) == len(PHOTO_NAMES) == 14
    for path in PHOTO_NAMES:
        entry = notes.partition(f"\n{path.partition('/')[2]}\n")[2].partition("\n\n")[0]
        assert "Author: " in entry
        assert "Licence: " in entry


def test_a_photograph_may_be_drawn_upon_without_changing_the_next_one():
    picture = datasets.photo("coins")
    picture[:] = 0
    assert datasets.photo("coins").any()


def test_an_unknown_photograph_is_refused_with_the_known_names():
    with pytest.raises(ValueError, match=r"^name: expected one of astronaut, .*starry_night.*got 'lena'"):
        datasets.photo("lena")


def test_nuclei_are_125_bright_regions_on_a_fifth_of_the_image():
    image, instances = datasets.nuclei()
    assert image.shape == instances.shape == (512, 512)
    assert image.dtype == np.uint8
    assert instances.dtype == np.int32
    np.testing.assert_array_equal(np.unique(instances), np.arange(126))
    assert (instances > 0).mean() == pytest.approx(0.199, abs=5e-4)
    assert image[instances > 0].mean() > 2 * image[instances == 0].mean()


@pytest.mark.parametrize("name", ["houses", "temperatures", "fashion_mnist", "faces_or_not", "photo", "nuclei"])
def test_every_data_set_carries_a_note_on_its_licence(name):
    assert len(_files.verified(f"{name}/LICENSE.txt").read_text(encoding="utf-8")) > 300
    assert f"| `{name}` |" in _files.verified("README.md").read_text(encoding="utf-8")


def numbered(count):
    """`count` pictures that show their own number, and their numbers as labels."""
    labels = np.arange(count, dtype=np.int64)
    return np.broadcast_to(labels.astype(np.uint8)[:, None, None], (count, 2, 3)), labels


def epoch(pipeline):
    return np.concatenate([labels for _, labels in pipeline.as_numpy_iterator()])


def test_pipeline_hands_out_every_picture_once_with_its_label():
    for shuffle in (False, True):
        batches = list(datasets.pipeline(*numbered(10), batch_size=4, shuffle=shuffle).as_numpy_iterator())
        assert [images.shape for images, _ in batches] == [(4, 2, 3), (4, 2, 3), (2, 2, 3)]
        assert batches[0][0].dtype == np.uint8
        for images, labels in batches:
            np.testing.assert_array_equal(images[:, 0, 0], labels)
        assert sorted(np.concatenate([labels for _, labels in batches])) == list(range(10))


def test_pipeline_keeps_the_order_unless_told():
    validation = datasets.pipeline(*numbered(100), batch_size=8)
    assert epoch(validation).tolist() == epoch(validation).tolist() == list(range(100))


def test_pipeline_shuffles_all_pictures_before_it_batches_anew_each_epoch():
    training = datasets.pipeline(*numbered(100), batch_size=10, shuffle=True)
    first, second = epoch(training), epoch(training)
    assert first.tolist() != second.tolist()
    companies = [{frozenset(batch) for batch in order.reshape(10, 10).tolist()} for order in (first, second)]
    assert not companies[0] & companies[1]
    assert np.mean(first[:10]) > 15  # a small buffer would fill the first batch with the first pictures


def test_pipeline_repeats_its_orders_for_a_seed():
    def orders(seed):
        training = datasets.pipeline(*numbered(50), shuffle=True, seed=seed)
        return [epoch(training).tolist() for _ in range(3)]

    assert orders(1) == orders(1)
    assert orders(1) != orders(2)


def test_pipeline_transforms_whole_batches_anew_in_every_epoch():
    generator = tf.random.Generator.from_seed(1)

    def transform(images, labels):
        return tf.cast(images, tf.float32) + generator.uniform((tf.shape(images)[0], 1, 1)), labels

    changed = datasets.pipeline(*numbered(10), batch_size=4, transform=transform)
    first, second = (list(changed.as_numpy_iterator()) for _ in range(2))
    for batches in (first, second):
        assert [images.shape for images, _ in batches] == [(4, 2, 3), (4, 2, 3), (2, 2, 3)]
        for images, labels in batches:
            np.testing.assert_array_equal(np.floor(images[:, 0, 0]), labels)
    assert not any(np.any(a == b) for (a, _), (b, _) in zip(first, second, strict=True))


def test_pipeline_loads_pictures_from_files():
    paths = [str(_files.verified(f"photo/{name}")) for name in ("astronaut.png", "chelsea.png")]
    loaded = datasets.pipeline(paths, [0, 1], 1, load=lambda path: tf.io.decode_png(tf.io.read_file(path)))
    for path, (images, _) in zip(paths, loaded.as_numpy_iterator(), strict=True):
        with Image.open(path) as picture:
            np.testing.assert_array_equal(images[0].squeeze(), np.asarray(picture))


@pytest.mark.parametrize(("cache", "calls"), [(False, 30), (True, 10)])
def test_a_cache_keeps_loaded_pictures_but_neither_their_order_nor_what_is_drawn(cache, calls):
    seen = []

    def load(image):
        def note(picture):
            seen.append(int(picture[0, 0]))
            return picture + np.uint8(1)

        return tf.ensure_shape(tf.numpy_function(note, [image], tf.uint8), (2, 3))

    def transform(images, labels):
        return tf.cast(images, tf.float32) + generator.uniform(()), labels

    generator = tf.random.Generator.from_seed(0)  # tf.random.uniform would begin anew under a global seed
    batches = datasets.pipeline(*numbered(10), batch_size=10, shuffle=True, load=load, cache=cache, transform=transform)
    epochs = [list(batches.as_numpy_iterator())[0] for _ in range(3)]  # noqa: RUF015, an epoch must end to be cached
    for images, labels in epochs:
        np.testing.assert_array_equal(np.floor(images[:, 0, 0]), labels + 1)
        assert sorted(labels) == list(range(10))
    assert len({tuple(labels) for _, labels in epochs}) == 3
    assert len({float(images[0, 0, 0] % 1) for images, _ in epochs}) == 3
    assert len(seen) == calls and set(seen) == set(range(10))


@pytest.mark.parametrize("prefetch", [False, True])
def test_prefetch_prepares_the_next_batch_while_this_one_is_in_use(prefetch):
    started = [threading.Event() for _ in range(3)]

    def transform(images, labels):
        def note(numbers):
            started[numbers[0]].set()
            return numbers

        return images, tf.numpy_function(note, [labels], tf.int64)

    batches = iter(datasets.pipeline(*numbered(3), batch_size=1, transform=transform, prefetch=prefetch))
    next(batches)
    assert started[1].wait(20 if prefetch else 0.5) == prefetch
    next(batches)
    assert started[1].is_set()


def test_pipeline_refuses_what_cannot_be_a_data_set():
    images, labels = numbered(4)
    with pytest.raises(ValueError, match=r"^images, labels: expected .* got 4 images and 3 labels"):
        datasets.pipeline(images, labels[:3])
    with pytest.raises(ValueError, match=r"^images, labels: expected .* got 0 images and 0 labels"):
        datasets.pipeline(images[:0], labels[:0])
    with pytest.raises(ValueError, match=r"^batch_size: expected .* got 0"):
        datasets.pipeline(images, labels, batch_size=0)
    for name in ("load", "transform"):
        with pytest.raises(ValueError, match=f"{name}: expected a function or None, got 3"):
            datasets.pipeline(images, labels, **{name: 3})
    with pytest.raises(ValueError, match=r"^cache: expected .* got True without load"):
        datasets.pipeline(images, labels, cache=True)
