"""Pretrained weights of `data/weights/`: read them, or load them into a network that has exactly these layers.

    base = keras.applications.MobileNetV2((160, 160, 3), include_top=False, weights=None)
    weights.load(base, "mobilenet_v2")

A file holds named arrays in the safetensors format, which is a table of contents and plain numbers: reading one never
runs code. A name is the layer's and the variable's, `block1_conv1/kernel`. To keep a file small its numbers may be
float16, or uint8 beside `NAME.scale` and `NAME.min`, scalars or one per output channel: value = stored · scale + min.
Needs neither TensorFlow nor Keras; `load` works on the models of every Keras backend.
"""

import contextlib
import json

from dlcourse import _files
from dlcourse.checks import choice

import numpy as np
from safetensors import SafetensorError, safe_open

_FOLDER, _SUFFIX = "weights", ".safetensors"
_SHOWN = 3  # tensors of each kind that an error names


def names():
    """Return the names of the networks whose weights are here, sorted: `("breed_head", "face_detector", …)`."""
    files = (file.removeprefix(f"{_FOLDER}/") for file in _files.names(_FOLDER) if file.endswith(_SUFFIX))
    return tuple(file.removesuffix(_SUFFIX) for file in files)


def path(name):
    """Return the file of one network's weights, once its checksum has been compared with the recorded one.

    Args:
        name: One of `names()`.

    Returns a `pathlib.Path` to a safetensors file.
    Raises ValueError or FileNotFoundError if there are no weights of that name, or the file is damaged or missing.
    """
    choice("name", name, names())
    return _files.verified(f"{_FOLDER}/{name}{_SUFFIX}")


def metadata(name):
    """Read the description of one network in its weights file.

    Args:
        name: One of `names()`.

    Returns:
        A dict. Always there: "title", "author", "licence", "licence_file" (in `data/weights/`), "source" and its
        "source_sha256", "storage", "relative_error" (root mean square of what was rounded in storing, over that of the
        values), "input" (shape and preprocessing), "output", "architecture", "layers" (their names in order) and
        "parameters" (their number). "classes" and "anchors" are there if the network has them.

    Raises ValueError or FileNotFoundError as `path` does.
    """
    with _opened(name) as (_, about):
        return about


def read(name):
    """Read the arrays of one network, without a model.

    Args:
        name: One of `names()`.

    Returns a dict from `layer/variable` to an array, float32, in layer order. Kernels are laid out as Keras has them:
    (height, width, channels in, channels out) for a convolution.
    Raises ValueError or FileNotFoundError as `path` does.
    """
    with _opened(name) as (content, about):
        order = {layer: position for position, layer in enumerate(about["layers"])}
        keys = [key for key in content.keys() if not key.endswith((".scale", ".min"))]  # noqa: SIM118, it is no dict
        keys.sort(key=lambda key: order[key.split("/")[0]])
        return {key: _decoded(key, content) for key in keys}


def load(model, name):
    """Set a model's weights to pretrained ones.

    The model must have exactly the file's layers: for each array `layer/variable` a variable of that name and shape,
    and no other variable. Models inside the model count as their layers. To load a base that is part of a larger
    model, load it before it is built in, or pass it alone: `load(model.get_layer("base"), name)`.

    Args:
        model: A built Keras model, or one layer.
        name: One of `names()`.

    Returns the model.
    Raises ValueError if a name or a shape differs or the model has two variables of one name, and ValueError or
    FileNotFoundError as `path` does. The model is then as it was, bit for bit.
    """
    variables = _variables(model)
    arrays = read(name)
    missing = [key for key in arrays if key not in variables]
    unexpected = [key for key in variables if key not in arrays]
    shapes = [
        f"{key} is {_shape(variable)} in the model, {arrays[key].shape} in the file"
        for key, variable in variables.items()
        if key in arrays and _shape(variable) != arrays[key].shape
    ]
    faults = [
        _fault(missing, f"of the file's {len(arrays)} tensors are not in the model"),
        _fault(unexpected, f"of the model's {len(variables)} variables are not in the file"),
        _fault(shapes, "have another shape"),
    ]
    if any(faults):
        faults = " ".join(filter(None, faults))
        raise ValueError(f"model: the weights {name!r} do not fit, and the model is left as it was. {faults}")
    for key, variable in variables.items():
        variable.assign(arrays[key])
    return model


@contextlib.contextmanager
def _opened(name):
    """Open a verified file: its arrays as they are stored, and its description."""
    file = path(name)
    try:
        with safe_open(file, framework="numpy") as content:
            yield content, json.loads(content.metadata()["about"])
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"The weights file {file} cannot be read: {error}. {_files.REPAIR}") from error


def _decoded(key, content):
    values = content.get_tensor(key)
    if values.dtype == np.uint8:
        scale, minimum = content.get_tensor(f"{key}.scale"), content.get_tensor(f"{key}.min")
        values = values * scale.astype(np.float64) + minimum
    with np.errstate(over="ignore"):  # float64 may be too large for float32, and is then not finite
        values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"{key} has {np.sum(~np.isfinite(values))} numbers of {values.size} that are not finite")
    return values


def _variables(model):
    """Return the model's weights under `layer/variable`, the last two parts of a variable's path."""
    if not (getattr(model, "built", False) and model.weights):
        raise ValueError(f"model: expected a built Keras model or layer with weights, got {model!r}")
    variables = {}
    for variable in model.weights:
        key = "/".join(variable.path.split("/")[-2:])
        if key in variables:
            two = f"{variables[key].path} and {variable.path}"
            raise ValueError(f"model: expected variables of different names, got two called {key}: {two}")
        variables[key] = variable
    return variables


def _shape(variable):
    return tuple(variable.shape)


def _fault(found, what):
    shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    return f"{len(found)} {what}: {shown}." if found else ""
