"""Builds data/nuclei/: one fluorescence micrograph (PNG, 8 bits) and its labelled nuclei (PNG, 16 bits), from StarDist.

The source stores both with 16 bits, but its brightness ends at 235; its labels have gaps and are numbered anew.
"""

import io
from pathlib import Path

import numpy as np
from _fetch import fetch_pip, member
from PIL import Image

VERSION = "0.9.2"
SHA256 = "65120fe0a092608f3d76fc664c67cdf147d02ac4a101937fb806a60a7bcb055a"
IMAGE = ("img2d.tif", "f9ccc1571b92c861ff87e28463068b43f61bd47357ed0503f711e5cd1eb97750")
MASK = ("mask2d.tif", "59ad5e820b7982ca9d13e946fa6e7f64e2714899e00a2ae6c69aa79aad53d46f")
NOTE = """Nuclei under a fluorescence microscope
======================================

One image of the 2018 Data Science Bowl (Broad Bioimage Benchmark Collection BBBC038, CC0 1.0) and the label of each
nucleus in it, as the Python package stardist 0.9.2 (BSD-3-Clause) carries them: img2d.tif and mask2d.tif, stored here
as PNG; the nuclei are numbered anew, without gaps. Cite

    Caicedo, J. C. et al. (2019). Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl.
    Nature Methods 16, 1247-1253.
    Schmidt, U., Weigert, M., Broaddus, C. and Myers, G. (2018). Cell detection with star-convex polygons.
    MICCAI 2018, 265-273. arXiv:1806.03535.

That the image is CC0 rests on the collection's statement for BBBC038; the package itself names only its source.
"""

archive = fetch_pip("stardist", VERSION, SHA256, sdist=True)


def read(name, sha256):
    """One of the source's 16-bit TIFF pictures, as an array."""
    content = member(archive, f"stardist-{VERSION}/stardist/data/images/{name}", sha256)
    with Image.open(io.BytesIO(content)) as picture:
        values = np.array(picture)
    if values.dtype != np.uint16:
        raise ValueError(f"{name} holds {values.dtype}, expected uint16.")
    return values


image, mask = read(*IMAGE), read(*MASK)
if image.max() > 255:
    raise ValueError(f"The brightness reaches {image.max()}, too much for eight bits.")
labels, instances = np.unique(mask, return_inverse=True)  # the background, 0, is the smallest label and stays 0
if labels[0] != 0:
    raise ValueError("The mask has no background.")

folder = Path(__file__).resolve().parent.parent / "nuclei"
folder.mkdir(exist_ok=True)
Image.fromarray(image.astype(np.uint8)).save(folder / "image.png", optimize=True)
Image.fromarray(instances.reshape(mask.shape).astype(np.uint16)).save(folder / "instances.png", optimize=True)
(folder / "LICENSE.txt").write_text(NOTE, encoding="utf-8")
print(f"{image.shape}, {len(labels) - 1} nuclei")
