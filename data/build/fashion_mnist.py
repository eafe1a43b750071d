"""Builds data/fashion_mnist/: the official test set of Fashion-MNIST and the first 20,000 training pictures.

From Debian's dataset-fashion-mnist. Taking the first pictures, not a random choice, keeps them the beginning of the
full set, as `keras.datasets.fashion_mnist` returns it.
"""

import gzip
from pathlib import Path

import numpy as np
from _fetch import fetch_debian, member

VERSION = "0.0~git20200523.55506a9-1"
FILES = {
    "train-images-idx3-ubyte": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "train-labels-idx1-ubyte": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    "t10k-images-idx3-ubyte": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    "t10k-labels-idx1-ubyte": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
}
KEEP = 20_000


def read_idx(content):
    """An array from the IDX format: two zero bytes, the type (8 = uint8), the rank, the sizes, the values."""
    zeros, kind, rank = content[:2], content[2], content[3]
    if zeros != b"\0\0" or kind != 8:
        raise ValueError(f"Not an IDX file of uint8: it begins with {content[:4].hex()}.")
    shape = np.frombuffer(content, ">u4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


deb = fetch_debian("dataset-fashion-mnist", VERSION, "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0")
x_train, y_train, x_test, y_test = (
    read_idx(gzip.decompress(member(deb, f"usr/share/datasets/fashion-mnist/{name}.gz", sha256)))
    for name, sha256 in FILES.items()
)
# The paper (Xiao, Rasul and Vollgraf 2017): 60,000 and 10,000 pictures, each class equally often.
if np.bincount(y_train).tolist() != [6000] * 10 or np.bincount(y_test).tolist() != [1000] * 10:
    raise ValueError("The labels are not those of Fashion-MNIST.")

folder = Path(__file__).resolve().parent.parent / "fashion_mnist"
folder.mkdir(exist_ok=True)
np.savez_compressed(
    folder / "fashion_mnist.npz", x_train=x_train[:KEEP], y_train=y_train[:KEEP], x_test=x_test, y_test=y_test
)
licence = member(deb, "usr/share/doc/dataset-fashion-mnist/copyright").decode()
(folder / "LICENSE.txt").write_text(licence, encoding="utf-8")
print(f"{(folder / 'fashion_mnist.npz').stat().st_size:,} bytes")
