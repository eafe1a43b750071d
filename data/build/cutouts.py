"""Makes the pictures of data/cutouts/ that data/cutouts/cutouts.csv lists, out of Debian's tuxpaint-stamps-default.

The table was made by hand: every stamp of the package was looked at, and only photographs of whole objects were kept
(no drawing, toy, lettering or silhouette, and nothing that the package says comes from a stock-photo site). To change
the choice, the classes or the split, edit the table and run this again. Needs Pillow and NumPy, and Debian's apt-get.
"""

import csv
import io
from pathlib import Path

import numpy as np
from _fetch import check, fetch_debian, member, members
from PIL import Image, ImageFilter

PACKAGE = "tuxpaint-stamps-default"
VERSION = "2022.06.04-1"
SHA256 = "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34"
STAMPS = "usr/share/tuxpaint/stamps/"
LICENCES = {  # the texts that Debian installs on every system
    "GPL-2": "8177f97513213526df2cf6184d8ff986c675afb514d4e68a404010521b880643",
    "GFDL-1.2": "d8e94ae5fdb5433fcae2961aeb1a8cf17174d6f4a0465d24bf37dd8a038bd439",
}
FOLDER = Path(__file__).resolve().parent.parent / "cutouts"
LONGEST = 192  # pixels
HAZE = 24  # alpha, of 255, below which a pixel counts as empty
SPECK = 0.004  # of the object's area; a separate piece smaller than this is litter of the cutting-out


def cut_out(content):
    """One finished cut-out from the bytes of a stamp."""
    stamp = Image.open(io.BytesIO(content)).convert("RGBA")
    alpha = stamp.getchannel("A")
    if hard_edged(alpha):  # such a stamp keeps a rim of its old background: take one pixel off, then soften
        alpha = alpha.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.GaussianBlur(0.6))
    alpha = without_specks(np.asarray(alpha))
    stamp.putalpha(Image.fromarray(alpha))
    stamp = stamp.crop(stamp.getchannel("A").getbbox())
    if max(stamp.size) > LONGEST:
        scale = LONGEST / max(stamp.size)
        size = [max(1, round(side * scale)) for side in stamp.size]
        stamp = stamp.resize(size, Image.Resampling.LANCZOS)  # Pillow weighs colours by alpha while it resizes
        stamp = stamp.crop(stamp.getchannel("A").getbbox())
    pixels = np.array(stamp)
    pixels[pixels[..., 3] == 0] = 0
    return Image.fromarray(pixels)


def hard_edged(alpha):
    """Whether an alpha channel knows little but all and nothing."""
    alpha = np.asarray(alpha)
    inside = np.pad(alpha > 127, 1)
    core = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    rim = (inside[1:-1, 1:-1] & ~core).sum()
    return ((alpha > 8) & (alpha < 247)).sum() < 0.3 * rim


def without_specks(alpha):
    """The alpha channel without its haze and without small pieces that lie apart."""
    alpha = np.where(alpha < HAZE, 0, alpha).astype(np.uint8)
    pieces = label(alpha > 0)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.where(sizes[pieces] >= SPECK * sizes.sum(), alpha, 0).astype(np.uint8)


def label(mask):
    """Number the pieces (8 neighbours) of a mask: a pixel takes the largest number near it, until none changes."""
    numbers = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        grown = np.pad(numbers, 1)
        for axis in (0, 1):
            grown = np.maximum(grown, np.maximum(np.roll(grown, 1, axis), np.roll(grown, -1, axis)))
        grown = np.where(mask, grown[1:-1, 1:-1], 0)
        if (grown == numbers).all():
            return np.unique(np.append(0, numbers), return_inverse=True)[1][1:].reshape(mask.shape)
        numbers = grown


def main():
    archive = fetch_debian(PACKAGE, VERSION, SHA256)
    with (FOLDER / "cutouts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = {STAMPS + row["source"] for row in rows}
    stamps = {name: content for name, content in members(archive, STAMPS + "*.png") if name in wanted}
    for old in FOLDER.rglob("*.png"):
        old.unlink()
    for row in rows:
        path = FOLDER / row["file"]
        path.parent.mkdir(exist_ok=True)
        cut_out(stamps[STAMPS + row["source"]]).save(path, optimize=True)
    (FOLDER / "COPYRIGHT").write_bytes(member(archive, f"usr/share/doc/{PACKAGE}/copyright"))
    for name, sha256 in LICENCES.items():
        text = Path("/usr/share/common-licenses", name).read_bytes()
        check(text, sha256, name)
        (FOLDER / f"LICENSE.{name}").write_bytes(text)
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    print(f"{len(rows)} cut-outs, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
