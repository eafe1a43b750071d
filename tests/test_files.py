"""The door to data/: what lies there is what was recorded, and every fault is named with its place and its repair."""

import hashlib
import struct
import subprocess
import zlib

from dlcourse import _files, datasets, weights

import numpy as np
import pytest
from PIL import Image

REPAIR = "git checkout -- data"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A small data folder of two files that DLCOURSE_DATA points to."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "numbers.bin").write_bytes(bytes(range(256)))
    Image.fromarray(np.full((3, 5), 40_000, np.uint16)).save(tmp_path / "toy" / "gray.png")
    record(tmp_path)
    monkeypatch.setenv("DLCOURSE_DATA", str(tmp_path))
    return tmp_path


def record(root):
    """Write SHA256SUMS over everything in `root`, as data/build/sums.py does."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != _files.SUMS)
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root).as_posix()}\n" for path in files
    ]
    (root / _files.SUMS).write_text("".join(lines), encoding="utf-8")


def png(width, height):
    """A PNG file that claims a size and breaks off after a hundred bytes of its pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, three channels
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))


def test_the_data_folder_holds_what_is_listed_and_nothing_else():
    root = _files.data_root()
    listed = [line.partition("  ")[2] for line in (root / _files.SUMS).read_text(encoding="utf-8").splitlines()]
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    unlisted = {name for name in there - set(listed) if not name.startswith("build/")} - {_files.SUMS}
    assert unlisted == set()
    assert len(listed) == len(set(listed)) > 20
    for name in listed:
        assert _files.verified(name) == root / name


def test_the_data_folder_stays_below_80_mb():
    root = _files.data_root()
    listed = [line.partition("  ")[2] for line in (root / _files.SUMS).read_text(encoding="utf-8").splitlines()]
    assert sum((root / name).stat().st_size for name in listed) < 80e6


def test_a_whole_file_is_handed_out(fake):
    assert _files.verified("toy/numbers.bin") == fake / "toy" / "numbers.bin"
    assert _files.names("toy") == ["toy/gray.png", "toy/numbers.bin"]


def test_one_flipped_bit_anywhere_is_noticed(fake):
    path = fake / "toy" / "numbers.bin"
    assert _files.verified("toy/numbers.bin") == path
    whole = path.read_bytes()
    for position in (0, 100, 255):
        content = bytearray(whole)
        content[position] ^= 1
        path.write_bytes(content)
        with pytest.raises(
            ValueError, match=r"numbers\.bin is damaged: its SHA-256 is [0-9a-f]{64}, SHA256SUMS says"
        ) as e:
            _files.verified("toy/numbers.bin")
        assert str(path) in str(e.value)
        assert REPAIR in str(e.value)
        path.write_bytes(whole)
        assert _files.verified("toy/numbers.bin") == path


def test_a_damaged_copy_of_real_data_never_reaches_the_learner(tmp_path, monkeypatch):
    (tmp_path / "houses").mkdir()
    whole = _files.verified("houses/houses.csv").read_bytes()
    (tmp_path / "houses" / "houses.csv").write_bytes(whole)
    record(tmp_path)
    monkeypatch.setenv("DLCOURSE_DATA", str(tmp_path))
    assert len(datasets.houses().prices) == 546
    (tmp_path / "houses" / "houses.csv").write_bytes(whole.replace(b"42000", b"43000", 1))
    with pytest.raises(ValueError, match=r"houses\.csv is damaged"):
        datasets.houses()


def test_a_missing_file_is_named(fake):
    path = fake / "toy" / "numbers.bin"
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"numbers\.bin is missing") as e:
        _files.verified("toy/numbers.bin")
    assert str(path) in str(e.value)
    assert REPAIR in str(e.value)


@pytest.mark.parametrize("name", ["toy/none.bin", "toy", "../secret", "/etc/passwd", "toy/../toy/numbers.bin", ""])
def test_only_listed_names_are_opened(fake, name):
    with pytest.raises(ValueError, match=r"^name: expected one of the 2 files in .*got") as e:
        _files.verified(name)
    assert repr(name) in str(e.value)
    assert str(fake / _files.SUMS) in str(e.value)


@pytest.mark.parametrize(
    "line", ["", "0123  toy/numbers.bin", "f" * 64, "f" * 64 + " toy/numbers.bin", "<<<<<<< a conflict of two versions"]
)
def test_a_damaged_line_of_checksums_is_named(fake, line):
    sums = fake / _files.SUMS
    first, *_ = sums.read_text(encoding="utf-8").splitlines()
    sums.write_text(f"{first}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"Line 2 of .*SHA256SUMS is damaged") as e:
        _files.verified("toy/numbers.bin")
    assert str(sums) in str(e.value)
    assert repr(line) in str(e.value)
    assert REPAIR in str(e.value)


def test_a_data_folder_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"No data .*nowhere\. Correct or unset DLCOURSE_DATA") as e:
        datasets.houses()
    assert str(tmp_path / "nowhere") in str(e.value)


def test_a_folder_without_checksums_is_no_data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="No data with a SHA256SUMS file"):
        _files.data_root()


def test_a_picture_keeps_its_own_integers_or_is_converted(fake):
    own = _files.read_image("toy/gray.png", mode=None)
    assert own.dtype == np.uint16
    np.testing.assert_array_equal(own, np.full((3, 5), 40_000))
    assert own.flags.writeable
    assert _files.read_image("toy/gray.png").shape == (3, 5, 3)


def test_a_picture_too_large_is_refused_before_it_is_decoded(fake):
    # Some 70 bytes that claim up to 1.2 gigabytes of pixels. The bound itself is decoded; one row more is not.
    for width, height in ((20_000, 20_000), (4_000, 4_001)):
        (fake / "toy" / "bomb.png").write_bytes(png(width, height))
        record(fake)
        with pytest.raises(ValueError, match=r"bomb\.png is too large: .*at most 16,000,000 pixels are decoded"):
            _files.read_image("toy/bomb.png")
    (fake / "toy" / "bomb.png").write_bytes(png(4_000, 4_000))
    record(fake)
    with pytest.raises(ValueError, match=r"bomb\.png is damaged or cut off.*truncated"):
        _files.read_image("toy/bomb.png")


def test_a_picture_starts_no_program_and_what_is_none_is_named(fake, monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError(f"a program was started: {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    for content in (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) show\n", b"", b"words", bytes(99)):
        (fake / "photo").mkdir(exist_ok=True)
        (fake / "photo" / "x.png").write_bytes(content)
        record(fake)
        with pytest.raises(ValueError, match=r"x\.png is not a picture that can be read: expected JPEG, PNG or WebP"):
            datasets.photo("x")


@pytest.mark.parametrize("content", [b"", b"\xff\xfea\0b\0", bytes(range(128, 250)), b"\xef\xbb\xbf"])
def test_a_list_without_names_or_in_no_text_is_damaged(fake, content):
    (fake / _files.SUMS).write_bytes(content)
    for call in (datasets.photo_names, weights.names, lambda: _files.verified("toy/numbers.bin")):
        with pytest.raises(ValueError, match=r"SHA256SUMS is damaged: ") as e:
            call()
        assert str(fake / _files.SUMS) in str(e.value)
        assert REPAIR in str(e.value)


def test_a_list_that_names_no_file_of_a_folder_says_so(fake):
    for call, folder in ((datasets.photo_names, "photo"), (weights.names, "weights")):
        with pytest.raises(ValueError, match=rf"SHA256SUMS is damaged: it lists no file in {folder}/"):
            call()


@pytest.mark.parametrize(
    "name", ["../evil", "weights/../../evil.safetensors", "/etc/passwd", "C:/x", "a\\..\\b", "..", "a\0b", "a/.."]
)
def test_a_name_that_leads_out_of_the_folder_is_never_listed(fake, name):
    with (fake / _files.SUMS).open("a", encoding="utf-8") as file:
        file.write(f"{'0' * 64}  {name}\n")
    with pytest.raises(ValueError, match=r"Line 3 of .*SHA256SUMS is damaged") as e:
        _files.names("toy")
    assert repr(f"{'0' * 64}  {name}"[:100]) in str(e.value)


def test_lists_of_other_tools_and_systems_are_read(fake):
    sums = fake / _files.SUMS
    whole = sums.read_text(encoding="utf-8")
    for content in (
        whole.replace("\n", "\r\n"),
        whole.replace("\n", "  \n"),
        "\ufeff" + whole,
        whole.replace("  toy", " *toy"),
        "".join(f"{line[:64].upper()}{line[64:]}\n" for line in whole.splitlines()),
    ):
        sums.write_bytes(content.encode())
        assert _files.verified("toy/numbers.bin") == fake / "toy" / "numbers.bin"
        assert _files.names("toy") == ["toy/gray.png", "toy/numbers.bin"]


@pytest.mark.parametrize("value", ["~nosuchuser/data", "~/nowhere", "relative/nowhere", "x" * 5000])
def test_a_value_of_dlcourse_data_that_names_no_folder_is_told_as_such(monkeypatch, value):
    monkeypatch.setenv("DLCOURSE_DATA", value)
    with pytest.raises(FileNotFoundError, match="DLCOURSE_DATA") as e:
        datasets.houses()
    assert value[1:][:30] in str(e.value)


@pytest.mark.parametrize("name", [[], {}, None, 3, b"china", "me.jpg", np.zeros(2)])
def test_what_is_no_name_of_a_photograph_is_refused(name):
    with pytest.raises(
        ValueError, match=r"^name: expected one of .*got .*read_picture\(path\) reads a file of your own"
    ):
        datasets.photo(name)
