"""Builds data/faces_or_not/: 100 faces and 100 pieces of background, 25×25, from scikit-image's `lfw_subset`.

The source lists the faces first, and draws picture i of the faces and picture i of the backgrounds from one photograph
(so the script in its pull request does it). Both go to the same side of the split, 70 photographs for training and
30 for the test, and each side is shuffled; all with a fixed seed.
"""

import io
from pathlib import Path

import numpy as np
from _fetch import fetch_pip, member

NOTE = """Face or not a face: 200 grey pictures of 25 x 25 pixels
=======================================================

A subset of Labeled Faces in the Wild (LFW), chosen and cut by Guillaume Lemaitre for scikit-image, whose wheel (0.26.0,
BSD-3-Clause) carries it as lfw_subset.npy. scikit-image names no licence for the pictures themselves: LFW collected
news photographs from the web for research on face recognition, and states none. Cite

    Huang, G., Mattar, M., Lee, H. and Learned-Miller, E. (2012). Learning to align from scratch.
    Advances in Neural Information Processing Systems 25, 764-772.

The pictures are kept at the source's size, too small to serve for recognising anybody, and carry no names. Use them to
learn with, for nothing else.
"""
PHOTOGRAPHS, TRAINING = 100, 70

wheel = fetch_pip("scikit-image", "0.26.0", "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af")
content = member(
    wheel, "skimage/data/lfw_subset.npy", "9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c"
)
source = np.load(io.BytesIO(content), allow_pickle=False)  # float64 in [0, 1]: smaller pictures made by interpolation
images = np.round(source * 255).astype(np.uint8)
labels = np.repeat(np.array([1, 0], np.uint8), PHOTOGRAPHS)

rng = np.random.default_rng(0)
photographs = rng.permutation(PHOTOGRAPHS)
split = {}
for name, chosen in (("train", photographs[:TRAINING]), ("test", photographs[TRAINING:])):
    order = rng.permutation(np.concatenate([chosen, chosen + PHOTOGRAPHS]))
    split |= {f"x_{name}": images[order], f"y_{name}": labels[order], f"source_{name}": order.astype(np.uint8)}

folder = Path(__file__).resolve().parent.parent / "faces_or_not"
folder.mkdir(exist_ok=True)
np.savez_compressed(folder / "faces_or_not.npz", **split)
(folder / "LICENSE.txt").write_text(NOTE, encoding="utf-8")
print({name: array.shape for name, array in split.items()})
