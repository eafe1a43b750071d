"""Reads weights in the format of TensorFlow.js: a JSON manifest and a file of bytes without padding."""

import json
import math
from typing import NamedTuple

import numpy as np


class Tensor(NamedTuple):
    """One tensor as it lies in the file: `value = stored * scale + minimum` where scale is not None."""

    stored: np.ndarray
    scale: float | None = None
    minimum: float | None = None

    def value(self):
        """The numbers that TensorFlow.js computes with: float32, rounded once from double precision."""
        if self.scale is None:
            return self.stored.astype(np.float32)
        return (self.stored * np.float64(self.scale) + np.float64(self.minimum)).astype(np.float32)


def read(manifest, shards):
    """Every tensor of a model.

    Args:
        manifest: The JSON text, either a list of groups or a graph model with the list under "weightsManifest".
        shards: The bytes of every file that the manifest names, a dict from file name to bytes.

    Returns:
        A pair: a dict from the source's tensor name to `Tensor`, and the parsed JSON.

    Raises:
        ValueError: If the bytes are too few or too many for the manifest, or are stored in a way not known here.
    """
    model = json.loads(manifest)
    tensors = {}
    for group in model if isinstance(model, list) else model["weightsManifest"]:
        content = b"".join(shards[path] for path in group["paths"])
        start = 0
        for entry in group["weights"]:
            name, shape = entry["name"], entry["shape"]
            quantization = entry.get("quantization", {"dtype": entry["dtype"]})
            dtype = np.dtype(quantization["dtype"]).newbyteorder("<")
            if dtype.name not in ("uint8", "float16", "float32", "int32"):
                raise ValueError(f"{name}: stored as {dtype}, which is not known here.")
            end = start + math.prod(shape) * dtype.itemsize
            if end > len(content):
                raise ValueError(f"{name}: ends at byte {end:,} of {len(content):,}.")
            stored = np.frombuffer(content[start:end], dtype).reshape(shape)
            tensors[name] = Tensor(stored, quantization.get("scale"), quantization.get("min"))
            start = end
        if start != len(content):
            raise ValueError(f"{group['paths']}: {len(content) - start:,} bytes are left over.")
    return tensors, model
