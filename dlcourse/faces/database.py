"""People and the encodings of their faces: one picture is enough to know a person again (notes, eqs. 3.15–3.17).

    database = FaceDatabase(encode_face)
    database.enroll("Grace Hopper", photo)
    same, distance = database.verify(another, "Grace Hopper")    # is this Grace Hopper?
    name, distance = database.recognize(another)                 # who is this, if it is anyone of these?

Adding a person needs no training, because the encoder has learned to compare faces, not to name them.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import unicodedata
from pathlib import Path

from dlcourse.checks import array, model_shapes, not_a_path, number

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

FORMAT, VERSION = "dlcourse.faces.FaceDatabase", 1
LONGEST = 90_000_000  # bytes of names: the header of a safetensors file may have 100 MB


class FaceDatabase:
    """Names and encodings of people, to verify and to recognize by.

    Two encodings count as one person's if ‖f(x₁) − f(x₂)‖ is at most `threshold`; the notes' d (eq. 3.18) is the square
    of this distance. If a person has several pictures, the nearest counts.

    `len(database)` is the number of people, and `database.names` a tuple of their names, in the order of enrolment.
    Names are compared in Unicode's composed form (NFC): é is one letter, however it was typed.

    Args:
        encoder: A Keras model from pictures, shape (m, height, width, channels), to encodings, shape (m, d); or a
            function from one picture to its encoding, shape (d,), such as `encode_face`.
        threshold: τ, above 0. 0.6 is right for `models.face_encoder`.

    Raises ValueError if an argument is not as above.
    Taught in notebook 3-4, section 3.4.2.
    """

    def __init__(self, encoder, threshold=0.6):
        self._encode, self._length = _function(encoder)
        self.threshold = threshold
        self._names, self._encodings = np.empty(0, object), np.empty((0, 0), np.float32)  # a row for each picture

    def __len__(self):
        return len(self.names)

    def __repr__(self):
        people = f"{len(self):,} {'person' if len(self) == 1 else 'people'}"
        pictures = f"{len(self._names):,} picture{'s' * (len(self._names) != 1)}"
        return f"FaceDatabase({people}, {pictures}, threshold {self.threshold:g})"

    @property
    def names(self):
        return tuple(dict.fromkeys(self._names))

    @property
    def threshold(self):
        return self._threshold

    @threshold.setter
    def threshold(self, value):
        self._threshold = _above_0("threshold", value)

    def enroll(self, name, image):
        """Add a picture of a person, the first or another one.

        Args:
            name: A string, not blank.
            image: A picture for the encoder; if that is a model, uint8, shape (height, width, channels).

        Raises ValueError if the name is not as above, or the encoder refuses the picture.
        """
        names = _strings("name", [name], 1)
        self.enroll_encodings(names, np.asarray(self._encode(image))[np.newaxis])

    def enroll_encodings(self, names, encodings):
        """Add people by encodings that have been computed before: all of them, or none if one is refused.

        Args:
            names: n strings, not blank; the same one several times for a person with several encodings.
            encodings: Finite numbers, shape (n, d), which are kept as float32.

        Raises ValueError if an argument is not as above, or d is not that of the encoder, or of those enrolled before.
        """
        encodings = _floats("encodings", encodings, 2, self._dimension())
        names = _strings("names", names, len(encodings))
        if len(names):
            known = self._encodings.reshape(-1, encodings.shape[1])
            self._names, self._encodings = np.append(self._names, names), np.concatenate([known, encodings])

    def remove(self, name):
        """Remove a person, one of `names`, with every picture.

        Raises ValueError if nobody is enrolled under that name.
        """
        others = ~self._rows(name)
        self._names, self._encodings = self._names[others], self._encodings[others]

    def verify(self, image, name):
        """Decide whether this is the person that it claims to be.

        Args:
            image: As for `enroll`.
            name: One of `names`.

        Returns `(same, distance)`: distance from the person's nearest picture; same if that is within the threshold.
        Raises ValueError if nobody is enrolled under that name, or the encoder refuses the picture.
        """
        self._rows(name)  # refuses an unknown name before the encoder runs
        return self.verify_encoding(self._encode(image), name)

    def verify_encoding(self, encoding, name):
        """Verify by an encoding, shape (d,), that has been computed before; otherwise as `verify`."""
        encoding, rows = _floats("encoding", encoding, 1, self._dimension()), self._rows(name)
        distance = _distances(self._encodings[rows], encoding).min().item()
        return distance <= self.threshold, distance

    def recognize(self, image):
        """Find out who this is, if it is anyone of these.

        Args:
            image: As for `enroll`.

        Returns `(name, distance)` of the nearest picture, as float32 tells it; of two at one distance, of the first.
        The name is None, which means unknown, if the distance is above the threshold. An empty database: (None, inf).
        Raises ValueError if the encoder refuses the picture.
        """
        return self.recognize_encoding(self._encode(image))

    def recognize_encoding(self, encoding):
        """Recognize by an encoding, shape (d,), that has been computed before; otherwise as `recognize`."""
        encoding = _floats("encoding", encoding, 1, self._dimension())
        if not len(self._names):
            return None, float("inf")
        nearest = np.linalg.norm(self._encodings - encoding, axis=1).argmin()
        (distance,) = _distances(self._encodings[[nearest]], encoding).tolist()
        return self._names[nearest] if distance <= self.threshold else None, distance

    def save(self, path):
        """Write names, encodings and threshold, but not the encoder, to a file in the safetensors format.

        An existing file (of a symbolic link, the one it points to) is replaced in one step: the old one is whole, or
        the new one. Only its owner can read it, because an encoding tells who somebody is.

        Raises ValueError if the path is none, or the names fill more than 90 MB, which is more than the format allows;
        OSError if it cannot be written.
        """
        path = Path(os.path.realpath(_path(path)))
        content = {"format": FORMAT, "version": VERSION, "threshold": self.threshold, "names": self._names.tolist()}
        about = json.dumps(content)
        if len(about.encode()) > LONGEST:
            raise ValueError(f"names: expected {LONGEST:,} bytes of names or fewer, got {len(about.encode()):,}")
        content = save({"encodings": self._encodings}, {"about": about, "sha256": _digest(about, self._encodings)})
        handle, temporary = tempfile.mkstemp(".tmp", "faces-", path.parent)  # not longer than any name that fits
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)  # or else the name may reach the disk before the content
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise

    def load(self, path):
        """Replace names, encodings and threshold by those of a file that `save` has written. It never runs code.

        Raises OSError if the file is missing or cannot be read; ValueError if it is damaged or a foreign one, or its
        encodings are not of the encoder's length. The database stays as it was.
        """
        path = _path(path)
        if path.exists() and not path.is_file() and not path.is_dir():  # a pipe: reading it might never end
            raise ValueError(f"path: expected a face database, a file, got {path}, which is none")
        path.open("rb").close()  # says what is wrong more clearly than safetensors
        try:
            with safe_open(path, framework="numpy") as content:
                metadata, encodings = content.metadata(), content.get_tensor("encodings")
            about = json.loads(metadata["about"])
            if (about["format"], about["version"]) != (FORMAT, VERSION):
                raise ValueError(f"it is {about['format']!r}, version {about['version']!r}")
            if metadata["sha256"] != _digest(metadata["about"], encodings):
                raise ValueError("its SHA-256 is another than recorded")
            threshold = _above_0("threshold", about["threshold"])
            encodings = _floats("encodings", encodings, 2, self._length)
            names = _strings("names", about["names"], len(encodings))
        except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(
                f"path: expected a face database, version {VERSION}, undamaged, got {path}: {error!r}"
            ) from error
        self._names, self._encodings, self._threshold = names, encodings, threshold

    def _dimension(self):
        """Return d, if it is known yet."""
        return self._length or (self._encodings.shape[1] if len(self._names) else None)

    def _rows(self, name):
        """Mark the person's pictures."""
        rows = self._names == _composed(name) if isinstance(name, str) else np.zeros(0, bool)
        if not rows.any():
            raise ValueError(f"name: expected one of the {len(self)} people enrolled, got {name!r}")
        return rows


def _distances(encodings, encoding):
    """Measure in float64, because float32 may err on which side of the threshold a distance is."""
    return np.linalg.norm(encodings - encoding.astype(np.float64), axis=1)


def _digest(about, encodings):
    return hashlib.sha256(about.encode() + np.ascontiguousarray(encodings).tobytes()).hexdigest()


def _function(encoder):
    """Return the function from one picture to its encoding, and d, if it is known."""
    if not isinstance(encoder, keras.Model):
        if not callable(encoder):
            raise ValueError(f"encoder: expected a Keras model or a function, got {encoder!r}")
        return encoder, None
    shapes = model_shapes(encoder)
    if [len(shape) for shape in shapes] != [4, 2]:
        raise ValueError(f"encoder: expected a model from (m, height, width, channels) to (m, d), got {encoder!r}")
    pictures, length = shapes[0][1:], shapes[1][1]

    def encode(image):
        image = array("image", image, f"uint8, shape {pictures}")
        fits = image.ndim == 3 and all(a in (None, b) for a, b in zip(pictures, image.shape, strict=True))
        if image.dtype != np.uint8 or not fits or image.size == 0:
            raise ValueError(f"image: expected uint8, shape {pictures}, got {image.dtype} of {image.shape}")
        return encoder.predict_on_batch(image[np.newaxis])[0]

    return encode, length


def _floats(name, values, axes, length):
    """Return `values` as float32, with one axis or two, if they are finite and the last axis has that length."""
    not_a_path(name, values, "encodings")
    try:
        values = np.asarray(values)
    except ValueError:  # rows of different lengths
        values = np.empty((), object)
    if axes == 2 and values.shape[:1] == (0,):
        return np.empty((0, 0), np.float32)
    fits = values.ndim == axes and values.shape[-1] > 0 and length in (None, values.shape[-1])
    if not fits or values.dtype.kind not in "iuf":
        shape = f"(n, {length or 'd'})" if axes == 2 else f"({length or 'd'},)"
        raise ValueError(f"{name}: expected numbers of shape {shape}, got {values.dtype} of {values.shape}")
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(values, np.float32)  # safetensors saves others in the wrong order
    if not np.isfinite(values).all():
        raise ValueError(f"{name}: expected finite numbers, got {values[~np.isfinite(values)][0]}")
    return values


def _composed(name):
    """Write é as one letter, not as e with an accent behind."""
    return unicodedata.normalize("NFC", str(name))


def _path(path):
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"path: expected the path of a file, got {path!r:.80}")
    return Path(path)


def _strings(name, values, n):
    """Return `values` as an array of n strings, if none is blank."""
    values = list(values) if isinstance(values, list | tuple | np.ndarray) else [values]
    if len(values) != n:
        raise ValueError(f"{name}: expected {n}, one for each encoding, got {len(values)}")
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{name}: expected a string that is not blank, got {value!r}")
    return np.array([_composed(value) for value in values], object)


def _above_0(name, value):
    if number(name, value) == 0:
        raise ValueError(f"{name}: expected a number above 0, got {value!r}")
    return float(value)
