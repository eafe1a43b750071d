"""A user's own ~/.keras/keras.json: overruled in a notebook, respected in a script, and named where nets refuse it."""

import json
import os
import subprocess
import sys

import pytest

SHOW = """
import keras
from keras import config
print(keras.backend.backend(), config.image_data_format(), config.floatx(), config.epsilon())
"""
NOTEBOOK = "import ipykernel, dlcourse\n"  # what a kernel has imported before the first cell
DEFAULTS = "tensorflow channels_last float32 1e-07"


def run(tmp_path, settings, code, **environment):
    """What a program prints on stdout and on stderr whose user has these settings."""
    (tmp_path / ".keras").mkdir(exist_ok=True)
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings))
    own = {name: value for name, value in os.environ.items() if name not in ("KERAS_BACKEND", "KERAS_HOME")}
    own |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=own, timeout=240)
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {"backend": "torch"},
        {"image_data_format": "channels_first", "floatx": "float64", "epsilon": 1e-3},
        {"floatx": "float16"},
    ],
)
def test_a_notebook_computes_with_kerass_defaults_and_says_so(tmp_path, settings):
    shown, told = run(tmp_path, settings, NOTEBOOK + SHOW)
    assert shown == DEFAULTS
    for name, value in settings.items():
        assert name == "backend" or f"{name} {value!r}" in told
    assert "keras.json" in told or set(settings) == {"backend"}


def test_a_notebook_without_settings_of_its_own_says_nothing(tmp_path):
    shown, told = run(tmp_path, {}, NOTEBOOK + SHOW)
    assert shown == DEFAULTS and "keras.json" not in told


def test_the_backend_that_the_environment_names_wins(tmp_path):
    code = NOTEBOOK + "import os; print(os.environ['KERAS_BACKEND'])"
    assert run(tmp_path, {"backend": "torch"}, code, KERAS_BACKEND="jax")[0] == "jax"
    assert run(tmp_path, {"backend": "torch"}, code)[0] == "tensorflow"


BUILDERS = (
    "models.lenet5()",
    "models.unet((16, 16, 3), 2, 2, 1)",
    "models.face_encoder(None)",
    "models.face_landmarks(None)",
    "models.nanodet(None)",
    "models.selfie_segmentation(None)",
    "models.face_detector((64, 64, 3), None)",
    "models.depthwise_separable_block(keras.Input((8, 8, 3)), 4)",
    "transfer.build_classifier(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 1)]), 2)",
)


def test_in_a_script_nets_refuse_channels_that_come_first_and_name_the_file(tmp_path):
    code = f"""
import keras
from dlcourse import models, transfer
print(keras.config.image_data_format())
for builder in {BUILDERS!r}:
    try:
        eval(builder)
    except ValueError as error:
        print(str(error).startswith("image_data_format: expected") and "keras.json" in str(error))
    else:
        print(builder, "was built")
keras.config.set_image_data_format("channels_last")
print(models.lenet5().count_params())
"""
    shown, _ = run(tmp_path, {"image_data_format": "channels_first"}, code)
    assert shown.split("\n") == ["channels_first", *["True"] * len(BUILDERS), "61706"]


def test_pictures_are_resized_and_augmented_wherever_keras_would_put_the_channels(tmp_path):
    code = """
import numpy as np
from dlcourse import augment
from dlcourse._pixels import resized
picture = np.arange(8 * 6 * 3).reshape(8, 6, 3)
print(resized(picture, (4, 3)).shape, augment.pipeline(color=0)(picture[None].astype("float32"), training=True).shape)
"""
    shown, _ = run(tmp_path, {"image_data_format": "channels_first"}, code)
    assert shown == "(4, 3, 3) (1, 8, 6, 3)"


def test_a_backend_that_is_not_installed_is_said_to_come_from_the_file(tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom dlcourse import models"
    _, told = run(tmp_path, {"backend": "torch"}, code)
    assert "No module named 'torch'" in told and "keras.json" in told and "KERAS_BACKEND" in told
