"""dlcourse.faces.FaceDatabase: the nearest is the one that SciPy finds, and bad input and bad files change nothing."""

import hashlib
import json
import os
import stat

from dlcourse import datasets, faces, weights
from dlcourse.faces import FaceDatabase
from dlcourse.faces import database as database_module

import keras
import numpy as np
import pytest
from keras import layers
from safetensors import safe_open
from safetensors.numpy import save
from scipy.spatial.distance import cdist

ASTRONAUT, HOPPER = datasets.photo("astronaut"), datasets.photo("grace_hopper")


def normal(shape=(300, 16), seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def itself(encoding):
    """The encoder of tests in which an image is its own encoding."""
    return encoding


def filled(encodings, threshold=0.6):
    """A database in which row i is that of person i."""
    database = FaceDatabase(itself, threshold)
    database.enroll_encodings([f"person {i}" for i in range(len(encodings))], encodings)
    return database


def small_database():
    """Ada has two pictures, Bo has one."""
    database = FaceDatabase(itself, 0.5)
    database.enroll("Ada", [0, 0])
    database.enroll("Bo", [4, 0])
    database.enroll("Ada", [0, 3])
    return database


def model_of_mean_colors(shape=(6, 8, 3)):
    pictures = keras.Input(shape)
    return keras.Model(pictures, layers.GlobalAveragePooling2D()(pictures))


def state(database):
    """All that a database answers with."""
    return database.names, database.threshold, database._names.tolist(), database._encodings.tobytes()


# The real encoder


def test_the_right_person_is_let_in_and_the_stranger_is_not():
    database = FaceDatabase(faces.encode_face)
    database.enroll("Eileen Collins", ASTRONAUT)
    mirrored = ASTRONAUT[:, ::-1]
    same, distance = database.verify(mirrored, "Eileen Collins")
    assert same is True and 0.1 < distance < 0.3
    assert database.recognize(mirrored) == ("Eileen Collins", distance)
    same, distance = database.verify(HOPPER, "Eileen Collins")
    assert same is False and distance == pytest.approx(0.675, abs=0.02)
    assert database.recognize(HOPPER) == (None, distance)
    database.enroll("Grace Hopper", HOPPER)
    assert database.recognize(HOPPER) == ("Grace Hopper", 0)


def test_a_photograph_that_does_not_show_one_face_is_refused():
    database = FaceDatabase(faces.encode_face)
    both = np.concatenate([ASTRONAUT, HOPPER[:512]], axis=1)
    for photo, message in (
        (datasets.photo("china"), "photo: expected one face, got none"),
        (both, "photo: expected one face, got 2"),
        (ASTRONAUT[..., 0], r"photo: expected uint8, shape .* got uint8 of \(512, 512\)"),
        (ASTRONAUT[:0], r"photo: expected uint8, shape .* got uint8 of \(0, 512, 3\)"),
    ):
        for call in (lambda photo: database.enroll("Ada", photo), database.recognize):
            with pytest.raises(ValueError, match=message):
                call(photo)
    assert len(database) == 0


# Distances


@pytest.mark.parametrize("scale", [1, 1e-3, 1e10], ids=str)
@pytest.mark.parametrize("center", [0, 1e3])
def test_the_nearest_is_scipys_also_far_from_the_origin(center, scale):
    encodings, queries = (scale * (center + normal(seed=seed)).astype(np.float32) for seed in (0, 1))
    database, oracle = filled(encodings, threshold=1e30), cdist(queries.astype(float), encodings.astype(float))
    for query, distances in zip(queries, oracle, strict=True):
        name, distance = database.recognize_encoding(query)
        assert name == f"person {distances.argmin()}"
        assert distance == pytest.approx(distances.min(), rel=1e-12)
        assert database.verify_encoding(query, "person 7")[1] == pytest.approx(distances[7], rel=1e-12)


def test_the_nearest_of_small_clusters_that_are_far_apart_is_scipys():
    corners = np.random.default_rng(2).choice([-1e3, 1e3], (300, 16))
    encodings, queries = ((corners + 0.01 * normal(seed=seed)).astype(np.float32) for seed in (0, 1))
    database, oracle = filled(encodings), cdist(queries.astype(float), encodings.astype(float))
    for query, distances in zip(queries, oracle, strict=True):
        name, distance = database.recognize_encoding(query)
        assert name == f"person {distances.argmin()}" and distance == pytest.approx(distances.min(), rel=1e-12)


@pytest.mark.parametrize("n", [1, 5000])
def test_each_of_those_enrolled_is_found(n):
    encodings = normal((n, 3))
    database = filled(encodings)
    for row in {0, n // 2, n - 1}:
        assert database.recognize_encoding(encodings[row]) == (f"person {row}", 0)


def test_of_two_at_one_distance_it_is_the_one_enrolled_first():
    database = filled([[1.0, 0], [0, 1], [-1, 0]], threshold=1)
    assert database.recognize_encoding([0, 0]) == ("person 0", 1)


def test_a_distance_that_equals_the_threshold_is_the_same_person():
    database = filled([[0.0, 0]], threshold=0.5)
    assert database.verify_encoding([0, 0.5], "person 0") == (True, 0.5)
    assert database.recognize_encoding([0, 0.5]) == ("person 0", 0.5)
    beyond = np.nextafter(np.float32(0.5), np.float32(1))
    assert database.verify_encoding([0, beyond], "person 0") == (False, beyond)
    assert database.recognize_encoding([0, beyond]) == (None, beyond)


def test_the_distance_is_not_its_square():
    assert small_database().verify_encoding([0, -2], "Ada") == (False, 2)


# People


def test_of_several_pictures_the_nearest_counts():
    database = small_database()
    assert database.verify_encoding([0, 2.75], "Ada") == (True, 0.25)
    assert database.recognize_encoding([0, 2.75]) == ("Ada", 0.25)
    assert database.recognize_encoding([0, 0.25]) == ("Ada", 0.25)


def test_verification_compares_with_the_one_person_alone():
    assert small_database().verify_encoding([4, 0], "Ada") == (False, 4)


def test_names_are_of_people_in_the_order_of_their_enrolment():
    database = small_database()
    assert database.names == ("Ada", "Bo") and len(database) == 2
    database.enroll_encodings(["Cy", "Bo", "Cy"], np.ones((3, 2)))
    assert database.names == ("Ada", "Bo", "Cy") and len(database) == 3


def test_who_is_removed_is_unknown_and_the_others_stay():
    database = small_database()
    database.remove("Ada")
    assert database.names == ("Bo",)
    assert database.recognize_encoding([0, 0]) == (None, 4)
    assert database.recognize_encoding([4, 0]) == ("Bo", 0)
    with pytest.raises(ValueError, match=r"^name: expected one of the 1 people enrolled, got 'Ada'$"):
        database.verify_encoding([0, 0], "Ada")


def test_an_empty_database_knows_nobody():
    database = FaceDatabase(itself)
    assert len(database) == 0 and database.names == ()
    assert database.recognize_encoding([1, 2]) == (None, np.inf)
    database.enroll_encodings([], [])
    database.enroll_encodings([], np.zeros((0, 5)))
    assert database.recognize([1, 2, 3]) == (None, np.inf)


def test_after_the_last_has_gone_encodings_may_have_another_length():
    database = filled(np.ones((1, 4)))
    database.remove("person 0")
    assert database.recognize_encoding([1, 2]) == (None, np.inf)
    database.enroll("Ada", [1, 2])
    assert database.recognize_encoding([1, 2]) == ("Ada", 0)


def test_an_encoding_is_kept_as_it_was_when_it_was_enrolled():
    encoding = np.zeros(2, np.float32)
    database = FaceDatabase(itself)
    database.enroll("Ada", encoding)
    encodings = np.full((1, 2), 5, np.float32)
    database.enroll_encodings(["Bo"], encodings)
    encoding += 9
    encodings += 9
    assert database.recognize_encoding([0, 0]) == ("Ada", 0) and database.recognize_encoding([5, 5]) == ("Bo", 0)


# Encoders


def test_a_model_encodes_pictures_as_it_does_by_itself():
    database, pictures = FaceDatabase(model_of_mean_colors()), np.zeros((2, 6, 8, 3), np.uint8)
    pictures[0, ..., 0], pictures[1, ..., 2] = 200, 100
    database.enroll("red", pictures[0])
    database.enroll_encodings(["blue"], [(0, 0, 100)])
    assert database.recognize(pictures[0]) == ("red", 0)
    assert database.recognize(pictures[1]) == ("blue", 0)
    assert database.verify(pictures[1], "red") == (False, pytest.approx(np.hypot(200, 100)))


def test_pictures_of_one_size_are_compiled_once():
    model = model_of_mean_colors()
    database = FaceDatabase(model)
    for i in range(4):
        database.enroll(f"person {i}", np.full((6, 8, 3), i, np.uint8))
    assert model.predict_function.experimental_get_tracing_count() == 1


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((6, 8), np.uint8), r"uint8 of \(6, 8\)"),
        (np.zeros((6, 8, 1), np.uint8), r"uint8 of \(6, 8, 1\)"),
        (np.zeros((8, 6, 3), np.uint8), r"uint8 of \(8, 6, 3\)"),
        (np.zeros((0, 8, 3), np.uint8), r"uint8 of \(0, 8, 3\)"),
        (np.zeros((1, 6, 8, 3), np.uint8), r"uint8 of \(1, 6, 8, 3\)"),
        (np.zeros((6, 8, 3)), r"float64 of \(6, 8, 3\)"),
        (None, r"object of \(\)"),
    ],
)
def test_a_picture_that_the_model_does_not_take_is_refused(image, got):
    database = FaceDatabase(model_of_mean_colors())
    database.enroll_encodings(["Ada"], np.zeros((1, 3)))
    before = state(database)
    message = rf"^image: expected uint8, shape \(6, 8, 3\), got {got}$"
    for call in (lambda x: database.enroll("Bo", x), lambda x: database.verify(x, "Ada"), database.recognize):
        with pytest.raises(ValueError, match=message):
            call(image)
    assert state(database) == before


def test_a_model_for_pictures_of_any_size_refuses_an_empty_one():
    database = FaceDatabase(model_of_mean_colors((None, None, 3)))
    database.enroll("Ada", np.full((5, 9, 3), 7, np.uint8))
    assert database.recognize(np.full((2, 3, 3), 7, np.uint8)) == ("Ada", 0)
    with pytest.raises(ValueError, match=r"^image: expected uint8, shape \(None, None, 3\), got uint8 of \(0, 9, 3\)$"):
        database.recognize(np.zeros((0, 9, 3), np.uint8))


@pytest.mark.parametrize("encoder", [None, "face_encoder", 3, [itself]])
def test_what_cannot_encode_is_refused(encoder):
    with pytest.raises(ValueError, match=r"^encoder: expected a Keras model or a function, got "):
        FaceDatabase(encoder)


@pytest.mark.parametrize(
    "build",
    [
        lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3)]),
        lambda: keras.Sequential([keras.Input((4, 4, 3)), layers.MaxPooling2D()]),
        keras.Sequential,
    ],
    ids=["from vectors", "to maps", "not built"],
)
def test_a_model_that_does_not_make_a_vector_of_a_picture_is_refused(build):
    message = r"^encoder: expected a model from \(m, height, width, channels\) to \(m, d\), got "
    with pytest.raises(ValueError, match=message):
        FaceDatabase(build())


# Bad input


@pytest.mark.parametrize("threshold", [0, -1, float("nan"), float("inf"), "0.6", None, True])
def test_a_threshold_is_a_number_above_0(threshold):
    database = small_database()
    with pytest.raises(ValueError, match=r"^threshold: expected a number"):
        FaceDatabase(itself, threshold)
    with pytest.raises(ValueError, match=r"^threshold: expected a number"):
        database.threshold = threshold
    assert database.threshold == 0.5


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ([1, 2, 3], r"numbers of shape \({}\), got int64 of \({}3.*\)"),
        ([[1, 2]], r"numbers of shape \({}\), got int64 of \({}1, 2\)"),
        ([], r"numbers of shape \({}\), got float64 of \({}0.*\)"),
        (5, r"numbers of shape \({}\), got int64 of "),
        (["1", "2"], r"numbers of shape \({}\), got <U1 of "),
        (None, r"numbers of shape \({}\), got object of "),
        ([[1, 2], [3]], r"numbers of shape \({}\), got object of "),
        ([1, np.nan], "finite numbers, got nan"),
        ([-np.inf, 1], "finite numbers, got -inf"),
        ([1, 1e39], "finite numbers, got inf"),
    ],
    ids=str,
)
def test_an_encoding_of_another_length_or_without_numbers_is_refused(encoding, message):
    database = small_database()
    before = state(database)
    calls = [
        lambda: database.verify_encoding(encoding, "Ada"),
        lambda: database.verify(encoding, "Ada"),
        lambda: database.recognize_encoding(encoding),
        lambda: database.recognize(encoding),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="^encoding: expected " + message.format("2,", "")):
            call()
    if encoding != [[1, 2], [3]]:  # NumPy's own message
        with pytest.raises(ValueError, match="^encodings: expected " + message.format("n, 2", "1, ")):
            database.enroll("Bo", encoding)
    assert state(database) == before


def test_encodings_have_the_length_of_the_models():
    database = FaceDatabase(model_of_mean_colors())
    with pytest.raises(ValueError, match=r"^encodings: expected numbers of shape \(n, 3\), got float64 of \(2, 4\)$"):
        database.enroll_encodings(["Ada", "Bo"], np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"^encoding: expected numbers of shape \(3,\), got float64 of \(4,\)$"):
        database.recognize_encoding(np.zeros(4))


@pytest.mark.parametrize("name", ["", " \t", None, 7, b"Ada", ["Ada"]])
def test_a_name_is_a_string_that_is_not_blank(name):
    database = small_database()
    before = state(database)
    with pytest.raises(ValueError, match=r"^name: expected a string that is not blank, got "):
        database.enroll(name, [1, 1])
    with pytest.raises(ValueError, match=r"^names: expected a string that is not blank, got "):
        database.enroll_encodings(["Cy", name], np.ones((2, 2)))  # all or none
    assert state(database) == before


@pytest.mark.parametrize("names", [["Cy"], ["Cy", "Di", "Ed"], [], "Cy", None])
def test_each_encoding_has_a_name(names):
    database = small_database()
    before = state(database)
    with pytest.raises(ValueError, match=r"^names: expected 2, one for each encoding, got \d$"):
        database.enroll_encodings(names, np.ones((2, 2)))
    assert state(database) == before


@pytest.mark.parametrize("name", ["Cy", "ada", "", None, 7, ["Ada"], np.array(["Ada", "Bo", "Ada"])])
def test_an_unknown_name_is_refused(name):
    database, asked = small_database(), []
    database._encode = asked.append
    before = state(database)
    calls = [
        lambda: database.verify([0, 0], name),
        lambda: database.verify_encoding([0, 0], name),
        lambda: database.remove(name),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"^name: expected one of the 2 people enrolled, got "):
            call()
    assert state(database) == before and not asked


# Files


@pytest.fixture
def file(tmp_path):
    small_database().save(tmp_path / "people.safetensors")
    return tmp_path / "people.safetensors"


def contents(file):
    with safe_open(file, framework="numpy") as content:
        return content.get_tensor("encodings"), content.metadata()


def test_a_loaded_database_answers_as_the_saved_one(file):
    database = FaceDatabase(itself, 9)
    database.enroll("Zoe", [1, 1])
    database.load(file)
    assert state(database) == state(small_database())
    assert database.recognize([0, 2.75]) == ("Ada", 0.25)
    database.enroll("Cy", [9, 9])
    assert database.recognize([9, 9]) == ("Cy", 0)


def test_names_in_any_script_come_back(tmp_path):
    names = ["Grace Hopper", "Ærøskøbing", "李雷", '"quoted"\n', "😀", "\ud800"]
    database = FaceDatabase(itself)
    database.enroll_encodings(names, np.eye(6))
    database.save(str(tmp_path / "people"))
    loaded = FaceDatabase(itself)
    loaded.load(str(tmp_path / "people"))
    assert loaded.names == tuple(names)


def test_encodings_in_any_layout_come_back(tmp_path):
    encodings = np.asfortranarray(normal((5, 3)))
    filled(encodings).save(tmp_path / "people")
    np.testing.assert_array_equal(contents(tmp_path / "people")[0], encodings)


def test_an_empty_database_is_saved_and_loaded(tmp_path):
    FaceDatabase(itself, 0.25).save(tmp_path / "nobody")
    database = small_database()
    database.load(tmp_path / "nobody")
    assert len(database) == 0 and database.threshold == 0.25 and database.recognize([1, 2, 3]) == (None, np.inf)


def test_a_file_tells_its_format_in_json(file):
    encodings, metadata = contents(file)
    np.testing.assert_array_equal(encodings, [[0, 0], [4, 0], [0, 3]])
    assert encodings.dtype == np.float32
    assert json.loads(metadata["about"]) == {
        "format": "dlcourse.faces.FaceDatabase",
        "version": 1,
        "threshold": 0.5,
        "names": ["Ada", "Bo", "Ada"],
    }


def test_a_file_is_replaced_and_readable_by_its_owner_alone(file):
    filled(np.ones((1, 2))).save(file)
    database = FaceDatabase(itself)
    database.load(file)
    assert database.names == ("person 0",)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(file, step, monkeypatch):
    def fail(*_):
        raise OSError("no space left")

    before = file.read_bytes()
    monkeypatch.setattr(os if step == "fsync" else database_module.Path, step, fail)
    with pytest.raises(OSError, match="no space left"):
        filled(np.ones((1, 2))).save(file)
    assert file.read_bytes() == before and [path.name for path in file.parent.iterdir()] == [file.name]


def refused(file, reason):
    """Loading must fail and leave the database as it was."""
    database = filled(np.ones((2, 2)), 3)
    before = state(database)
    with pytest.raises(ValueError, match=rf"^path: expected a face database, version 1, undamaged, got .*{reason}"):
        database.load(file)
    assert state(database) == before


def test_no_damaged_byte_and_no_missing_byte_gets_through(file):
    whole = file.read_bytes()
    for i in range(len(whole)):
        damaged = bytearray(whole)
        damaged[i] ^= 1
        file.write_bytes(damaged)
        try:
            database = FaceDatabase(itself)
            database.load(file)
        except ValueError:
            assert len(database) == 0
        else:  # a byte of the header that means nothing, such as the space that fills it up
            assert state(database) == state(small_database())
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        refused(file, "")


ABOUT = {"format": database_module.FORMAT, "version": 1, "threshold": 0.5, "names": ["Ada", "Bo"]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "recipes"}, "it is 'recipes', version 1"),
        ({"version": 2}, "it is .*, version 2"),
        ({"threshold": 0}, "threshold: expected a number above 0, got 0"),
        ({"threshold": float("nan")}, "threshold: expected a number"),
        ({"threshold": "0.5"}, "threshold: expected a number"),
        ({"names": ["Ada"]}, "names: expected 2, one for each encoding, got 1"),
        ({"names": ["Ada", ""]}, "names: expected a string that is not blank"),
        ({"names": {"Ada": 1}}, "names: expected"),
        ({"names": None}, "names: expected"),
        ({"encodings": np.array([[1, np.nan], [0, 0]])}, "encodings: expected finite numbers, got nan"),
        ({"encodings": np.zeros(2)}, "encodings: expected numbers of shape"),
        ({"encodings": np.zeros((2, 2), bool)}, "encodings: expected numbers of shape"),
    ],
)
def test_a_file_whose_checksum_is_right_is_checked_all_the_same(tmp_path, changes, reason):
    encodings = changes.get("encodings", np.zeros((2, 2), np.float32))
    about = json.dumps({key: changes.get(key, value) for key, value in ABOUT.items()})
    digest = hashlib.sha256(about.encode() + encodings.tobytes()).hexdigest()
    (tmp_path / "file").write_bytes(save({"encodings": encodings}, {"about": about, "sha256": digest}))
    refused(tmp_path / "file", reason)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"about": "{}"},
        {"about": "[]"},
        {"about": "{"},
        {"about": "[" * 100_000},
        {"about": json.dumps(ABOUT)},
    ],
    ids=["none", "empty", "object", "list", "half", "deep", "no checksum"],
)
def test_a_foreign_safetensors_file_is_refused(tmp_path, metadata):
    (tmp_path / "file").write_bytes(save({"encodings": np.zeros((2, 2), np.float32)}, metadata))
    refused(tmp_path / "file", "")


def test_weights_and_other_foreign_files_are_refused(tmp_path):
    refused(weights.path("face_landmarks"), "encodings")
    for content in (b"", b"\x80\x04K\x01.", b"\xff" * 100, os.urandom(5000)):
        (tmp_path / "file").write_bytes(content)
        refused(tmp_path / "file", "")


def test_encodings_that_the_model_cannot_have_made_are_refused(file):
    database = FaceDatabase(model_of_mean_colors())
    database.enroll_encodings(["Cy"], np.ones((1, 3)))
    before = state(database)
    with pytest.raises(ValueError, match=r"encodings: expected numbers of shape \(n, 3\), got float32 of \(3, 2\)"):
        database.load(file)
    assert state(database) == before


def test_a_function_may_load_encodings_of_another_length(file):
    database = filled(np.ones((2, 5)))
    database.load(file)
    assert database.recognize([4, 0]) == ("Bo", 0)


def test_a_file_that_is_not_there_is_missed_by_name(tmp_path):
    database = small_database()
    with pytest.raises(FileNotFoundError, match="nothing"):
        database.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="folder"):
        database.save(tmp_path / "folder" / "people")
    with pytest.raises(OSError, match=tmp_path.name):
        database.load(tmp_path)
    assert state(database) == state(small_database())


# Names and files of other kinds


def small():
    database = FaceDatabase(np.asarray, threshold=0.5)
    database.enroll_encodings(["Ada", "Ada", "Grace"], np.eye(3))
    return database


def test_it_says_how_many_people_and_pictures_it_holds():
    assert repr(small()) == "FaceDatabase(2 people, 3 pictures, threshold 0.5)"
    one = FaceDatabase(np.asarray)
    one.enroll_encodings(["Ada"], np.eye(1))
    assert repr(one) == "FaceDatabase(1 person, 1 picture, threshold 0.6)"


def test_a_name_is_one_however_its_accents_were_typed(tmp_path):
    composed, decomposed = "Jos\u00e9", "Jose\u0301"
    database = FaceDatabase(np.asarray)
    database.enroll_encodings([composed, decomposed], np.eye(2))
    assert database.names == (composed,)
    assert database.verify_encoding([1.0, 0.0], decomposed) == (True, 0.0)
    database.save(tmp_path / "faces")
    again = FaceDatabase(np.asarray)
    again.load(tmp_path / "faces")
    assert again.names == (composed,)
    again.remove(decomposed)
    assert len(again) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows asks for a privilege")
def test_saving_to_a_symbolic_link_replaces_what_it_points_to(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    small().save(tmp_path / "target")
    other = FaceDatabase(np.asarray)
    other.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    again = small()
    again.load(tmp_path / "target")
    assert len(again) == 0


def test_a_file_name_may_be_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("f" * 250)
    small().save(path)
    again = FaceDatabase(np.asarray)
    again.load(path)
    assert again.names == ("Ada", "Grace") and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"path: expected a face database, a file, got .*pipe, which is none"):
        small().load(tmp_path / "pipe")


def test_more_names_than_the_format_has_room_for_are_refused_before_the_file_is_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "LONGEST", 1000)
    database = small()
    database.save(tmp_path / "faces")
    before = (tmp_path / "faces").read_bytes()
    database.enroll_encodings(["x" * 1000], [[0.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="names: expected 1,000 bytes of names or fewer, got"):
        database.save(tmp_path / "faces")
    assert (tmp_path / "faces").read_bytes() == before and list(tmp_path.iterdir()) == [tmp_path / "faces"]


@pytest.mark.parametrize("threshold", [10**400, float("inf"), True, "0.6"])
def test_a_threshold_that_is_no_float_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold: expected a number"):
        FaceDatabase(np.asarray, threshold)
    with pytest.raises(ValueError, match="path: expected the path of a file"):
        small().save(None)
