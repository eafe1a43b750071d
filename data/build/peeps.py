"""Builds data/peeps: 120 drawn people, 12 pictures each, from the drawings of Open Peeps.

Needs Node 18 or newer and NumPy. `peeps/package-lock.json` holds the SHA-512 of every package that npm fetches.
The same seed draws the same pictures.
"""

import csv
import json
import re
import subprocess
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "peeps"
CACHE = HERE / "cache" / "peeps"
SIZE, PEOPLE, TRAIN, PICTURES, SEED = 64, 120, 90, 12, 7
APART = 3.0  # least mean difference of two people in CIELAB (1 is just noticeable), mask on or off
PER_HEAD, PER_SKIN = 4, 20  # people with one head shape, with one tone of skin, at the most

# Who a person is: head, facial hair, skin, hair. Tones run from light to dark.
SKINS = {
    "tone 1": "fde3d0",
    "tone 2": "f1c7a0",
    "tone 3": "d9a06f",
    "tone 4": "b87648",
    "tone 5": "8a5635",
    "tone 6": "68422e",
}
HAIRS = {  # colour and weight
    "black": ("201a1a", 6),
    "dark brown": ("4a2c1c", 4),
    "brown": ("7a4c2c", 3),
    "auburn": ("8f3517", 2),
    "ginger": ("cf6a2d", 2),
    "blond": ("dcb465", 3),
    "grey": ("9d9a97", 2),
    "white": ("ebe8e3", 2),
}
COVERED = {"hijab", "hatHip", "turban"}  # no hair shows; the first two are black, the turban goes with the clothes
BALD = {"noHair1"}
NOT_PEOPLE = {"bear"}  # a costume
BEARDED = {  # heads that may have facial hair
    *("afro", "cornrows", "cornrows2", "dreads1", "dreads2", "flatTop", "flatTopLong", "grayShort", "hatBeanie"),
    *("hatHip", "long", "longAfro", "medium1", "mohawk", "mohawk2", "noHair1", "noHair2", "noHair3", "pomp"),
    *("shaved1", "shaved2", "shaved3", "short1", "short2", "short3", "short4", "short5", "turban", "twists", "twists2"),
}

# What changes from picture to picture.
NOT_EXPRESSIONS = {"cyclops", "monster"}  # their number of eyes is not human
NOT_ACCESSORIES = {"eyepatch"}  # would be part of who somebody is
CLOTHES = ["e78276", "ffcf77", "fdea6b", "78e185", "9ddadb", "8fa7df", "e279c7", "3d4f73", "7a3b3f", "2f6b5d", "f2f2f2"]
BACKGROUNDS = ["ffffff", "e9e4d8", "cfe3d4", "c7d7ea", "ead0d6", "d9cdea", "f3dfae", "bdbdbd", "8fa9b8", "a7b68f"]
BACKGROUNDS += ["d8a48f", "5f6b7a"]
NEUTRAL = {
    **{"face": "smile", "accessories": None, "mask": None, "clothingColor": "9ddadb", "backgroundColor": "e9e4d8"},
    **{"rotate": 0, "scale": 100, "translateX": 0, "translateY": 0},
}


def choices(part):
    """The names of Open Peeps' drawings of one part, as its schema lists them."""
    schema = (HERE / "peeps/node_modules/@dicebear/open-peeps/lib/schema.js").read_text(encoding="utf-8")
    return re.findall(r"'(\w+)'", re.search(rf"\n {{8}}{part}: {{.*?enum: \[(.*?)\]", schema, re.DOTALL)[1])


def render(pictures, name):
    """Draw descriptions: uint8, shape (n, SIZE, SIZE, 3)."""
    source, target = CACHE / f"{name}.json", CACHE / f"{name}.rgb"
    source.write_text(json.dumps(pictures), encoding="utf-8")
    subprocess.run(["node", "render.mjs", source, target, str(SIZE)], cwd=HERE / "peeps", check=True)
    return np.fromfile(target, np.uint8).reshape(-1, SIZE, SIZE, 3)


def invent(head, random):
    """A person with this head."""
    bearded = head in BEARDED and random.random() < 0.4
    weights = np.array([weight for _, weight in HAIRS.values()], float)
    hair = random.choice(list(HAIRS), p=weights / weights.sum())
    return {
        "head": head,
        "facial_hair": str(random.choice(choices("facialHair"))) if bearded else "",
        "skin": str(random.choice(list(SKINS))),
        "hair": str(hair) if bearded or head not in COVERED | BALD else "",
    }


def describe(person, look):
    """A person and a look, in the words of the drawing program."""
    hair = person["hair"] or "black"
    dyed = ["head"] * (person["head"] not in COVERED) + ["facialHair"] * bool(person["facial_hair"])
    who = {
        "head": person["head"],
        "facialHair": person["facial_hair"] or None,
        "skinColor": SKINS[person["skin"]],
        "headContrastColor": HAIRS[hair][0],
        "dyed": dyed,
    }
    return {name: value for name, value in {**who, **look}.items() if value is not None}


def looks(random):
    """The looks of one person's pictures; no expression comes twice."""
    expressions = sorted(set(choices("face")) - NOT_EXPRESSIONS)
    glasses = sorted(set(choices("accessories")) - NOT_ACCESSORIES)
    return [
        {
            "face": str(expression),
            "accessories": str(random.choice(glasses)) if random.random() < 0.3 else None,
            "mask": str(random.choice(choices("mask"))) if random.random() < 0.05 else None,
            "clothingColor": str(random.choice(CLOTHES)),
            "backgroundColor": str(random.choice(BACKGROUNDS)),
            "rotate": int(random.integers(-8, 9)) % 360,
            "scale": int(random.integers(92, 113)),
            "translateX": int(random.integers(-6, 7)),
            "translateY": int(random.integers(-5, 6)),
        }
        for expression in random.choice(expressions, PICTURES, replace=False)
    ]


def lab(images):
    """sRGB 0…255 to CIELAB under D65 (IEC 61966-2-1, CIE 15)."""
    srgb = images / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / to_xyz.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def choose(random):
    """People, every two of whom can be told apart with and without a mask, and their neutral pictures."""
    heads = [head for head in choices("head") if head not in NOT_PEOPLE]
    candidates = [invent(head, random) for _ in range(10) for head in random.permutation(heads).tolist()]
    bare = render([describe(person, NEUTRAL) for person in candidates], "bare")
    masked = render([describe(person, {**NEUTRAL, "mask": "medicalMask"}) for person in candidates], "masked")
    views = lab(np.stack([bare, masked]))
    chosen = []
    for new, person in enumerate(candidates):
        same_head, same_skin = (sum(candidates[old][it] == person[it] for old in chosen) for it in ("head", "skin"))
        apart = [np.linalg.norm(views[:, new] - views[:, old], axis=-1).mean(axis=(1, 2)).min() for old in chosen]
        if same_head < PER_HEAD and same_skin < PER_SKIN and min(apart, default=APART) >= APART:
            chosen.append(new)
        if len(chosen) == PEOPLE:
            break
    chosen = random.permutation(chosen)
    return [candidates[i] for i in chosen], bare[chosen]


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    OUT.mkdir(exist_ok=True)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE / "peeps", check=True)
    random = np.random.default_rng(SEED)
    people, neutral = choose(random)
    if len(people) < PEOPLE:
        raise RuntimeError(f"Only {len(people)} people can be told apart; draw more candidates or lower APART.")
    images = render([describe(person, look) for person in people for look in looks(random)], "pictures")
    if len(np.unique(images.reshape(len(images), -1), axis=0)) < len(images):
        raise RuntimeError("Two pictures are the same; choose another SEED.")

    identities = np.repeat(np.arange(PEOPLE), PICTURES)
    np.savez_compressed(OUT / "peeps.npz", images=images, identities=identities)
    with (OUT / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["identity", "split", *people[0]], lineterminator="\n")
        writer.writeheader()
        for identity, person in enumerate(people):
            writer.writerow({"identity": identity, "split": "train" if identity < TRAIN else "test", **person})
    np.save(CACHE / "neutral.npy", neutral)  # to look at: nobody should resemble anybody
    print(f"{len(images)} pictures of {PEOPLE} people, {(OUT / 'peeps.npz').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
