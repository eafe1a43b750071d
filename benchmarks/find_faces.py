"""Measure which faces `find_faces` finds: how large, in how small a picture, and in what light.

Each picture shows one shipped photograph in another frame: the face takes a given share of the side, lies at a drawn
place, and where the photograph ends another one is the background. Run it with `python benchmarks/find_faces.py`.
"""

import argparse
import functools
from typing import NamedTuple

from dlcourse import datasets, models
from dlcourse.detection import yolo
from dlcourse.detection.boxes import iou
from dlcourse.detection.nms import non_max_suppression
from dlcourse.pretrained import FACE_ANCHORS, find_faces

import numpy as np
from keras import ops
from PIL import Image, ImageFilter

import timing

PHOTOS = ("astronaut", "grace_hopper")
FROM_THE_SIDE = ("camera",)  # a profile, on which the net itself is unsure: reported apart
WITHOUT = ("brick", "chelsea", "china", "coffee", "coins", "flower", "grass", "gravel", "hubble", "rocket")
WITHOUT += ("starry_night",)
SHARES = (0.08, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # of the picture's side, the longer side of the face
SIZES = (96, 150, 240, 400, 600)  # of the picture in pixels
LEAST = 15  # pixels of a face's longer side: in a smaller one eyes and mouth are no longer apart
MIDDLE = (0.12, 0.8)  # the shares that the goal speaks of
ROUNDS = 15
# The scales and the sharpening were chosen on the first backgrounds and places; the table is of the second.
BACKGROUNDS = {"chosen on": ("china", "grass", 0, 180), "held out": ("coffee", "rocket", "gravel", 90)}
SEEDS = {"chosen on": 0, "held out": 1}


class Framed(NamedTuple):
    """A picture with one face in it: where from, how large, how changed, and the box of the face in its pixels."""

    photo: str
    share: float
    size: int
    change: str
    picture: np.ndarray
    truth: np.ndarray


def place(photo, face, share, size, at, background):
    """Cut or extend a photograph, so that the face takes `share` of the side of a square picture.

    Args:
        photo: uint8, shape (height, width, 3).
        face: The box of the face in it, four corners in pixels.
        share: Its longer side over the side of the picture.
        size: The side of the picture in pixels.
        at: Where the face is, (x, y) in 0…1: at 0 it touches the left or upper edge, at 1 the right or lower one.
        background: uint8, of any shape (…, …, 3): resized, it fills what the photograph leaves free.

    Returns:
        `(picture, truth)`: uint8, shape (size, size, 3), and the box of the face in it.
    """
    corner, sides = np.array(face[:2]), np.array(face[2:]) - face[:2]
    zoom = share * size / sides.max()
    start = corner - np.array(at) * (size / zoom - sides)  # of the picture, in pixels of the photograph
    low = np.maximum(np.floor(start).astype(int) - 1, 0)
    high = np.minimum(np.ceil(start + size / zoom).astype(int) + 1, photo.shape[1::-1])
    shape = np.maximum(np.round((high - low) * zoom).astype(int), 1)
    part = Image.fromarray(photo[low[1] : high[1], low[0] : high[0]]).resize(tuple(shape), Image.Resampling.BILINEAR)
    picture = Image.fromarray(background).resize((size, size), Image.Resampling.BILINEAR)
    offset, zooms = np.round((low - start) * zoom).astype(int), shape / (high - low)
    picture.paste(part, tuple(offset.tolist()))
    corners = (np.array([corner, corner + sides]) - low) * zooms + offset
    return np.asarray(picture), corners.reshape(4)


def half_the_light(picture, truth):
    return picture // 2, truth


def backlit(picture, truth):
    """Darken the face to three tenths of its light, before a bright background."""
    middle, side = (truth[:2] + truth[2:]) / 2, (truth[2:] - truth[:2]).max()
    y, x = np.mgrid[: len(picture), : len(picture)] + 0.5
    away = np.clip((np.hypot(x - middle[0], y - middle[1]) / side - 0.6) / 0.9, 0, 1)[..., None]
    return np.clip(picture * (0.3 + 0.7 * away) + 110 * away, 0, 255).astype(np.uint8), truth


def blurred(picture, truth):
    """Blur by a Gaussian whose standard deviation is 2 % of the face's side, but at least half a pixel."""
    radius = max(0.5, 0.02 * float((truth[2:] - truth[:2]).max()))
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius))), truth


def gray(picture, truth):
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB")), truth


def turned(picture, truth):
    """Turn by ten degrees around the middle of the picture; the box keeps its size and moves with the face."""
    middle, half = np.full(2, len(picture) / 2), (truth[2:] - truth[:2]) / 2
    (x, y), angle = (truth[:2] + truth[2:]) / 2 - middle, np.deg2rad(10)
    moved = middle + np.array([x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)])
    picture = Image.fromarray(picture).rotate(10, Image.Resampling.BILINEAR)
    return np.asarray(picture), np.concatenate([moved - half, moved + half])


CHANGES = {
    "as it is": lambda picture, truth: (picture, truth),
    "half the light": half_the_light,
    "backlit": backlit,
    "blurred": blurred,
    "gray": gray,
    "turned by 10°": turned,
}


def framings(photos=PHOTOS, shares=SHARES, sizes=SIZES, changes=tuple(CHANGES), part="held out"):
    """Make all the pictures, one for each photograph, share, size and change.

    The true box of a photograph is the one that the net finds at its one scale, where the face is well framed.
    """
    rng = np.random.default_rng(SEEDS[part])
    backgrounds = [
        datasets.photo(each) if isinstance(each, str) else np.full((2, 2, 3), each, np.uint8)
        for each in BACKGROUNDS[part]
    ]
    for name in photos:
        photo = datasets.photo(name)
        face = find_faces(photo, scales=1)[1][0].astype(float)
        for share in shares:
            for size in sizes:
                for change in changes:
                    at, background = rng.uniform(0.05, 0.95, 2), backgrounds[rng.integers(len(backgrounds))]
                    framed = place(photo, face, share, size, at, background)
                    yield Framed(name, share, size, change, *CHANGES[change](*framed))


def judge(boxes, truth):
    """Return whether a box has an IoU of 0.5 with the truth, and the number of the other boxes."""
    found = len(boxes) > 0 and bool((iou(boxes, truth) >= 0.5).any())
    return found, len(boxes) - found


def measure(pictures, finders):
    """Run each finder, from a picture to boxes; return its arrays `found` and `false`, one number for each picture."""
    results = {name: ([], []) for name in finders}
    for framed in pictures:
        for name, finder in finders.items():
            for numbers, number in zip(results[name], judge(finder(framed.picture), framed.truth), strict=True):
                numbers.append(number)
    return {name: (np.array(found), np.array(false)) for name, (found, false) in results.items()}


def share_by_size(pictures, found, shares=SHARES, sizes=SIZES):
    """Return the share of faces found, shape (len(shares), len(sizes)), as a figure shows it."""
    table = np.full((len(shares), len(sizes)), np.nan)
    for i, share in enumerate(shares):
        for j, size in enumerate(sizes):
            chosen = [each for framed, each in zip(pictures, found, strict=True) if framed[1:3] == (share, size)]
            table[i, j] = np.mean(chosen) if chosen else np.nan
    return table


FINDERS = {
    "the net alone": lambda picture: find_faces(picture, scales=1)[1],
    "four scales": lambda picture: find_faces(picture)[1],
}


detector = functools.cache(models.face_detector)


def in_plain_steps(photo):
    """Find faces at one scale, step by step with Keras: fill up, resize, predict, decode, suppress."""
    side = max(photo.shape[:2])
    square = np.zeros((side, side, 3), np.uint8)
    square[: photo.shape[0], : photo.shape[1]] = photo
    picture = ops.image.resize(ops.cast(square, "float32"), (416, 416), antialias=True)
    boxes, confidence, _ = yolo.decode(
        detector().predict_on_batch(ops.convert_to_numpy(picture)[np.newaxis]), FACE_ANCHORS
    )
    boxes, scores = ops.convert_to_numpy(boxes).reshape(-1, 4), ops.convert_to_numpy(confidence).reshape(-1)
    boxes, scores = side * boxes[scores > 0.5], scores[scores > 0.5]
    return boxes[non_max_suppression(boxes, scores, iou_threshold=0.4)]


def main(photos=PHOTOS, shares=SHARES, sizes=SIZES, part="held out", rounds=ROUNDS):
    pictures = list(framings(photos, shares, sizes, part=part))
    results = measure(pictures, FINDERS)
    print(f"{len(pictures)} pictures, {part}: faces found, before (the net alone) / after (four scales)")
    print(f"{'share of the side':>20}", *(f"{f'{size} pixels':>13}" for size in sizes))
    before, after = (share_by_size(pictures, found, shares, sizes) for found, _ in results.values())
    for share, *row in zip(shares, before, after, strict=True):
        print(f"{share:20.2f}", *(f"{f'{a:.2f} / {b:.2f}':>13}" for a, b in zip(*row, strict=True)))
    print(f"\n{f'{MIDDLE[0]} to {MIDDLE[1]} of the side':>34} {'before':>7} {'after':>7}")
    large = np.array([framed.share * framed.size >= LEAST for framed in pictures])
    middle = np.array([MIDDLE[0] <= framed.share <= MIDDLE[1] for framed in pictures])
    rows = {change: np.array([framed.change == change for framed in pictures]) for change in CHANGES}
    rows |= {name: np.array([framed.photo == name for framed in pictures]) for name in photos}
    rows |= {"all": np.ones(len(pictures), bool)}
    for name, chosen in rows.items():
        kept = [found[chosen & middle & large].mean() for found, _ in results.values()]
        print(f"{f'{name}, {LEAST} pixels or more':>34} {kept[0]:7.3f} {kept[1]:7.3f}")
    reached = "reached" if kept[1] >= 0.95 else "missed"
    print(f"{'goal: at least 0.95':>34} {'':7} {reached:>7}")
    everyone = [found[middle].mean() for found, _ in results.values()]
    print(f"{'all, smaller ones too':>34} {everyone[0]:7.3f} {everyone[1]:7.3f}")
    print(f"{'false faces per picture':>34}", *(f"{false.mean():7.3f}" for _, false in results.values()))
    profiles = [each for each in framings(FROM_THE_SIDE, shares, sizes, part=part) if each.share * each.size >= LEAST]
    seen = [np.mean(found) for found, _ in measure(profiles, FINDERS).values()]
    print(f"{'a face from the side, found':>34} {seen[0]:7.3f} {seen[1]:7.3f}")
    empty = {name: datasets.photo(name) for name in WITHOUT}
    for name, finder in FINDERS.items():
        false = {photo: len(finder(picture)) for photo, picture in empty.items()}
        print(f"{f'{name}, in {len(empty)} without a face':>34} {sum(false.values())}")
    photo = datasets.photo("astronaut")
    assert iou(in_plain_steps(photo), find_faces(photo, scales=1)[1]).min() > 0.97, "the plain steps find another face"
    times = timing.take_turns([lambda: in_plain_steps(photo), lambda: find_faces(photo)], rounds)
    ratio = times[1] / times[0]
    print(f"{'time, after / plain steps':>34} {ratio:.2f}   goal: at most 3: {'reached' if ratio <= 3 else 'missed'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=sorted(SEEDS), default="held out", help="the places and backgrounds")
    main(part=parser.parse_args().part)
