"""Builds data/photo/: photographs and one painting with a clear licence and no private person in them.

The files are the sources' own bytes, with two exceptions that are written as JPEG of quality 90: `coffee`, a large PNG,
and `hubble`, which is made smaller. Left out for want of a clear licence: scikit-image's motorcycle and moon, and the
photographs in OpenCV's samples.
"""

import io
from pathlib import Path

from _fetch import fetch_debian, fetch_pip, member
from PIL import Image

LONGEST_SIDE, QUALITY = 800, 90
SCIKIT_IMAGE = ("scikit-image", "0.26.0", "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af")
SCIKIT_LEARN = ("scikit-learn", "1.9.1", "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df")
MATPLOTLIB = ("matplotlib", "3.11.2", "07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8")
OPENCV_DOC = ("opencv-doc", "4.6.0+dfsg-12", "4b12681df35878207ac7097dc66184b2ae552e4bf4ddd2af04a0f03ed0b8682a")
CC_BY = "CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/)"
CC0 = "CC0"

# name: package, file in it, SHA-256, what it shows, author, licence
PHOTOS = {
    "astronaut": (
        SCIKIT_IMAGE,
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "Eileen Collins, astronaut",
        "NASA (Great Images database)",
        "public domain, no known copyright restrictions",
    ),
    "brick": (
        SCIKIT_IMAGE,
        "skimage/data/brick.png",
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
        "a brick wall, grey",
        "CC0Textures, Bricks25",
        CC0,
    ),
    "camera": (
        SCIKIT_IMAGE,
        "skimage/data/camera.png",
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        "a man with a camera, seen from the side, grey",
        "Lav Varshney",
        CC0,
    ),
    "chelsea": (
        SCIKIT_IMAGE,
        "skimage/data/chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        "Chelsea, a cat",
        "Stéfan van der Walt",
        CC0,
    ),
    "china": (
        SCIKIT_LEARN,
        "sklearn/datasets/images/china.jpg",
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
        "a pavilion above a lake, China",
        "danielbuechele (Flickr, 6061409035)",
        CC_BY,
    ),
    "coffee": (
        SCIKIT_IMAGE,
        "skimage/data/coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        "a cup of coffee; re-encoded",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar",
        CC0,
    ),
    "coins": (
        SCIKIT_IMAGE,
        "skimage/data/coins.png",
        "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba",
        "Greek coins from Pompeii, grey",
        "Brooklyn Museum Collection",
        "no known copyright restrictions",
    ),
    "flower": (
        SCIKIT_LEARN,
        "sklearn/datasets/images/flower.jpg",
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
        "a dahlia",
        "vultilion (Flickr, 6056698931; scikit-learn's own note says danielbuechele)",
        CC_BY,
    ),
    "grace_hopper": (
        MATPLOTLIB,
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        "Grace Hopper, computer scientist and rear admiral",
        "United States Navy (official portrait)",
        "public domain, a work of the United States' government",
    ),
    "grass": (
        SCIKIT_IMAGE,
        "skimage/data/grass.png",
        "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
        "grass, grey",
        "linolafett (DeviantArt, Grass 01)",
        CC0,
    ),
    "gravel": (
        SCIKIT_IMAGE,
        "skimage/data/gravel.png",
        "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
        "gravel, grey",
        "CC0Textures, Gravel04",
        CC0,
    ),
    "hubble": (
        SCIKIT_IMAGE,
        "skimage/data/hubble_deep_field.jpg",
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
        "distant galaxies, the Hubble eXtreme Deep Field; made smaller",
        "NASA (HubbleSite)",
        "public domain",
    ),
    "rocket": (
        SCIKIT_IMAGE,
        "skimage/data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        "a Falcon 9 on its pad at dusk",
        "SpaceX",
        "public domain, released by SpaceX",
    ),
    "starry_night": (
        OPENCV_DOC,
        "usr/share/doc/opencv-doc/examples/data/starry_night.jpg",
        "accda7a19a90f22a4a922fdc8c230167d7abf5f80882171e2cee125c5f12481d",
        "The Starry Night, painting, 1889",
        "Vincent van Gogh (died 1890)",
        "public domain; a faithful copy of a painting",
    ),
}
HEADER = """Who took each picture, and its licence
======================================

Source: the package that carries it. Where scikit-image or scikit-learn state an author or a licence, it is theirs.
Only `coffee` (re-encoded as JPEG) and `hubble` (made smaller, JPEG) differ from the source's bytes.

"""


def encode(content, reencode):
    """The source's bytes and their suffix; or the picture within `LONGEST_SIDE`, as JPEG, if it must be changed."""
    with Image.open(io.BytesIO(content)) as picture:
        if max(picture.size) <= LONGEST_SIDE and not reencode:
            return content, {"PNG": ".png", "JPEG": ".jpg"}[picture.format]
        picture = picture.convert("RGB")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        smaller = io.BytesIO()
        picture.save(smaller, "JPEG", quality=QUALITY, optimize=True)
        return smaller.getvalue(), ".jpg"


folder = Path(__file__).resolve().parent.parent / "photo"
folder.mkdir(exist_ok=True)
entries, size = [], 0
for name, (package, path, sha256, shows, author, licence) in PHOTOS.items():
    fetch = fetch_debian if package is OPENCV_DOC else fetch_pip
    content, suffix = encode(member(fetch(*package), path, sha256), reencode=name == "coffee")
    (folder / f"{name}{suffix}").write_bytes(content)
    size += len(content)
    entries.append(
        f"{name}{suffix}\n    {shows}\n    Author: {author}\n    Licence: {licence}\n"
        f"    Source: {path.rsplit('/', 1)[-1]} in {package[0]} {package[1]}\n"
    )
(folder / "LICENSE.txt").write_text(HEADER + "\n".join(entries), encoding="utf-8")
print(f"{len(PHOTOS)} pictures, {size:,} bytes")
