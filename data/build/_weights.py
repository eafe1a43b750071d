"""Writes one network's weights: the safetensors file, the licence beside it, and the golden values of its test.

A tensor is called after the Keras layer and variable that take it: `block1_conv1/kernel`. It is stored as float32, as
float16, or as uint8 with two companions, `NAME.scale` and `NAME.min`, scalars or one per output channel (the last
axis): value = stored * scale + min, computed in double precision and rounded to float32.
"""

import io
import json
import math
from pathlib import Path
from typing import NamedTuple

import _fetch
import numpy as np
from PIL import Image
from safetensors.numpy import load, save

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "weights"
GOLDEN = ROOT / "tests" / "golden"
SCIKIT_IMAGE = ("scikit-image", "0.26.0", "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af")
CHELSEA_SHA256 = "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"
SAMPLES = 8  # values of each tensor that its test compares with the source

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


class Quantized(NamedTuple):
    """uint8 numbers and what turns them back: `value = stored * scale + minimum`."""

    stored: np.ndarray
    scale: np.ndarray
    minimum: np.ndarray

    def value(self):
        return (self.stored * np.float64(self.scale) + np.float64(self.minimum)).astype(np.float32)


def quantize(values):
    """Round to 256 levels between the least and the greatest value of each output channel (the last axis)."""
    axes = tuple(range(values.ndim - 1))
    low, high = values.min(axis=axes), values.max(axis=axes)
    scale = ((high.astype(np.float64) - low) / 255).astype(np.float32)
    scale[scale == 0] = 1  # a channel that is one number everywhere
    stored = np.clip(np.rint((values.astype(np.float64) - low) / scale), 0, 255).astype(np.uint8)
    return Quantized(stored, scale, low.astype(np.float32))


def write(name, tensors, source, about, parameters):
    """Write `data/weights/NAME.safetensors` and `tests/golden/weights_NAME.npz`.

    Args:
        name: The network's name.
        tensors: What to store: a dict from `layer/variable` to an array or a `Quantized`.
        source: The source's own values, float32, under the same keys, in layer order.
        about: What the file says of itself (`weights.metadata`). The number of parameters, the layers in order and
            the measured error of storing are added here.
        parameters: How many numbers the network must have.
    """
    if tensors.keys() != source.keys():
        raise ValueError(f"{name}: tensors and source differ in {sorted(tensors.keys() ^ source.keys())}.")
    stored, errors, squares = {}, [], [0.0, 0.0]
    for key in source:
        tensor = tensors[key]
        if isinstance(tensor, Quantized):
            stored |= {key: tensor.stored, f"{key}.scale": tensor.scale, f"{key}.min": tensor.minimum}
            back = tensor.value()
        else:
            stored[key] = tensor
            back = tensor.astype(np.float32)
        if back.shape != source[key].shape or not np.isfinite(back).all():
            raise ValueError(f"{key}: {back.shape}, expected {source[key].shape} and finite values.")
        difference = np.abs(back.astype(np.float64) - source[key])
        errors.append(difference.max())
        if difference.any():
            squares[0] += (difference**2).sum()
            squares[1] += (source[key].astype(np.float64) ** 2).sum()
    count = sum(math.prod(values.shape) for values in source.values())
    if count != parameters:
        raise ValueError(f"{name}: {count:,} parameters, expected {parameters:,}.")

    relative = math.sqrt(squares[0] / squares[1]) if squares[1] else 0.0  # root mean square, of what was rounded
    layers = list(dict.fromkeys(key.split("/")[0] for key in source))
    about = about | {"parameters": count, "layers": layers, "relative_error": float(f"{relative:.2g}")}
    FOLDER.mkdir(exist_ok=True)
    # One metadata key: safetensors writes several in an order that changes from run to run.
    stored = {key: np.array(values, order="C") for key, values in stored.items()}
    content = save(stored, metadata={"about": json.dumps(about, ensure_ascii=False)})
    (FOLDER / f"{name}.safetensors").write_bytes(content)
    if load(content).keys() != stored.keys():
        raise ValueError(f"{name}: not every tensor was written.")

    GOLDEN.mkdir(exist_ok=True)
    np.savez_compressed(
        GOLDEN / f"weights_{name}.npz",
        keys=np.array(list(source)),
        samples=np.stack([sample(values) for values in source.values()]),
        errors=np.array(errors),
    )
    print(
        f"{name}: {len(tensors)} tensors, {len(layers)} layers, {count:,} parameters, {len(content):,} bytes, "
        f"relative error {relative:.2g}, worst {max(errors):.2g}"
    )


def sample(values):
    """`SAMPLES` values at fixed places of the flattened tensor, from the first to the last."""
    return values.reshape(-1)[np.linspace(0, values.size - 1, SAMPLES).astype(int)]


def photograph(size):
    """The photograph that golden features are computed from: the cat Chelsea (CC0), uint8 RGB, (size, size, 3)."""
    content = _fetch.member(_fetch.fetch_pip(*SCIKIT_IMAGE), "skimage/data/chelsea.png", CHELSEA_SHA256)
    picture = Image.open(io.BytesIO(content)).convert("RGB").crop((75, 0, 375, 300))
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))


def write_licence(name, text):
    """Write `data/weights/LICENSE-NAME.txt` and return its file name."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"LICENSE-{name}.txt"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path.name


def apache_2():
    """The text of the Apache License 2.0, as this project carries it."""
    return (ROOT / "LICENSE").read_text(encoding="utf-8")
