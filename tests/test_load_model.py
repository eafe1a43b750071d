"""A saved model with this package's losses, metrics and layers, loaded by a program that knows none of them."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import dlcourse
from dlcourse import augment, faces, models, segmentation
from dlcourse.detection import yolo

import keras
import numpy as np
import pytest
from keras import layers, ops

PACKAGE = Path(dlcourse.__file__).parent


def pair():
    one, other = keras.Input((4,)), keras.Input((4,))
    return keras.Model([one, other], faces.SiameseSimilarity("chi_squared")([one, other]))


def saved_models():
    pictures = keras.Input((8, 8, 3))
    encoder = models.siamese_encoder((16, 16, 3), 4, 2)
    encoder.compile("adam", faces.TripletLoss(0.3, "batch_hard"), metrics=[faces.ActiveTriplets(0.3)])
    unet = models.unet((None, None, 3), 2, 2, 1)
    unet.compile("adam", segmentation.DiceLoss(per="picture", ignore_class=255))
    weighted = models.unet((None, None, 3), 1, 2, 1)
    weighted.compile("adam", segmentation.WeightedCrossentropy([1, 2]))
    detector = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(6, 1)])
    detector.compile("adam", yolo.YoloLoss([[1.0, 1.0]]))
    augmented = keras.Model(pictures, layers.Flatten()(augment.pipeline(warp=1)(pictures)))
    normalized = keras.Model(pictures, models.LocalResponseNormalization()(pictures))
    return {
        "encoder": encoder,
        "unet": unet,
        "weighted": weighted,
        "detector": detector,
        "augmented": augmented,
        "normalized": normalized,
        "pair": pair(),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, model in saved_models().items():
        model.save(folder / f"{name}.keras")
    return folder


def run(code):
    return subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=240)


def test_another_program_loads_them_all(folder):
    code = f"""
import sys, dlcourse
assert not {{"keras", "numpy"}} & set(sys.modules)
for path in sorted(__import__("pathlib").Path({str(folder)!r}).iterdir()):
    model = dlcourse.load_model(path)
    print(path.stem, type(getattr(model, "loss", None)).__name__, model.count_params())
"""
    done = run(code)
    assert done.returncode == 0, done.stderr[-2000:]
    losses = {"encoder": "TripletLoss", "unet": "DiceLoss", "weighted": "WeightedCrossentropy", "detector": "YoloLoss"}
    expected = [
        f"{name} {losses.get(name, 'NoneType')} {model.count_params()}" for name, model in saved_models().items()
    ]
    assert done.stdout.split("\n")[:-1] == sorted(expected)


def test_keras_alone_does_not(folder):
    done = run(f"import keras; keras.saving.load_model({str(folder / 'encoder.keras')!r})")
    assert done.returncode != 0 and "TripletLoss" in done.stderr


def test_a_loaded_model_answers_and_measures_as_the_saved_one(folder):
    model, again = models.unet((None, None, 3), 2, 2, 1), dlcourse.load_model(folder / "unet.keras")
    model.set_weights(again.get_weights())
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype("float32")
    np.testing.assert_array_equal(model(images), again(images))
    assert again.loss.get_config() == segmentation.DiceLoss(per="picture", ignore_class=255).get_config()


def test_a_users_own_classes_are_taken_too(tmp_path):
    class Doubled(layers.Layer):
        def call(self, x):
            return 2 * x

    model = keras.Sequential([keras.Input((2,)), Doubled()])
    model.save(tmp_path / "model.keras")
    again = dlcourse.load_model(tmp_path / "model.keras", custom_objects={"Doubled": Doubled})
    np.testing.assert_array_equal(ops.convert_to_numpy(again(np.ones((1, 2)))), [[2, 2]])


def test_what_is_no_saved_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path: expected a saved Keras model, got .*nowhere\.keras"):
        dlcourse.load_model(tmp_path / "nowhere.keras")
    with zipfile.ZipFile(tmp_path / "empty.keras", "w"):
        pass
    with pytest.raises((ValueError, KeyError)):
        dlcourse.load_model(tmp_path / "empty.keras")


def test_every_class_of_kerass_that_the_package_has_is_saved_in_one_of_these_models():
    bases = {"Loss", "Metric", "Layer", "Model"}
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                names = {ast.unparse(base).split(".")[-1] for base in node.bases}
                if names & (bases | {"_MaskLoss", "_Random"}):
                    found.add(node.name)
    tried = {"TripletLoss", "ActiveTriplets", "DiceLoss", "WeightedCrossentropy", "YoloLoss", "SiameseSimilarity"}
    tried |= {"RandomAffine", "RandomWarp", "RandomColorShift", "LocalResponseNormalization"}
    assert found == tried
