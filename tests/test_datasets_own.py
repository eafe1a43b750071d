"""Pictures of a user's own: every kind of file against Pillow, scikit-image and NumPy, every fault with its name."""

import io
import os
import struct
import subprocess
import sys
import zlib

from dlcourse import _decode, datasets

import numpy as np
import pytest
from PIL import Image, ImageOps
from skimage import color

CHINA = datasets.photo("china")[60:180, 100:260]  # 120 high, 160 wide: turning shows


def saved(path, picture, **options):
    """Store an array or a picture of Pillow's under `path`, and return the path."""
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)
    return path


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, rows, bits=8, color_type=2, between=b""):
    """A PNG file, byte by byte: what Pillow cannot write it shall read all the same."""
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    content = chunk(b"IHDR", header) + between + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


def lines(array):
    """The rows of an array as PNG stores them: unfiltered, big-endian."""
    array = np.ascontiguousarray(array)
    return b"".join(b"\0" + row.astype(array.dtype.newbyteorder(">")).tobytes() for row in array)


# read_picture


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("a.png", {}, 0),
        ("a.webp", {"lossless": True}, 0),
        ("a.jpg", {"quality": 95, "subsampling": 0}, 3),
        ("a.JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 3),
        ("a.webp", {"quality": 95}, 6),
    ],
)
def test_every_format_gives_the_pixels_back(tmp_path, name, options, tolerance):
    found = datasets.read_picture(saved(tmp_path / name, CHINA, **options))
    assert (found.dtype, found.shape) == (np.uint8, CHINA.shape)
    assert found.flags.writeable and found.flags.c_contiguous
    assert np.abs(found.astype(int) - CHINA).mean() <= tolerance


def test_a_path_may_be_a_text_or_a_path_and_begin_at_home(tmp_path, monkeypatch):
    path = saved(tmp_path / "mein Bild ü 図.png", CHINA)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for way in (path, str(path), f"~/{path.name}"):
        np.testing.assert_array_equal(datasets.read_picture(way), CHINA)


def test_what_the_file_holds_counts_and_not_its_ending(tmp_path):
    path = saved(tmp_path / "a.jpg", CHINA, format="PNG")
    np.testing.assert_array_equal(datasets.read_picture(path), CHINA)


UPRIGHT = {  # which view of the stored pixels is upright, from EXIF's definition of row 0 and column 0
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p),
}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("orientation", [*range(1, 9), 0, 9, 77])
def test_every_orientation_is_turned_upright(tmp_path, name, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / name, CHINA, exif=exif, **({"lossless": True} if name == "a.webp" else {}))
    with Image.open(path) as picture:
        stored, reference = np.asarray(picture), np.asarray(ImageOps.exif_transpose(picture))
    found = datasets.read_picture(path)
    np.testing.assert_array_equal(found, UPRIGHT.get(orientation, UPRIGHT[1])(stored))
    np.testing.assert_array_equal(found, reference)


def test_orientation_and_transparency_and_palette_go_together(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    cut_out = np.dstack([CHINA, np.tri(120, 160, dtype=np.uint8) * 255])
    path = saved(tmp_path / "a.png", Image.fromarray(cut_out).quantize(64), exif=exif)
    with Image.open(path) as picture:
        rgba = np.asarray(picture.convert("RGBA")).astype(float)
    expected = np.rot90(rgba[..., :3] * rgba[..., 3:] / 255 + 255 - rgba[..., 3:], -1)
    assert np.abs(datasets.read_picture(path) - expected).max() <= 1
    assert (datasets.read_picture(path)[150, 115] == 255).all()


def test_a_damaged_note_on_orientation_does_not_cost_the_picture(tmp_path):
    for note in (b"Exif\0\0" + bytes(7), b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0" + b"\xff" * 50):
        path = saved(tmp_path / "a.jpg", CHINA, exif=note)
        assert datasets.read_picture(path).shape == CHINA.shape


def test_transparent_pixels_lie_on_white(tmp_path):
    alpha = np.linspace(0, 255, 120 * 160).reshape(120, 160).astype(np.uint8)
    path = saved(tmp_path / "a.png", np.dstack([CHINA, alpha]))
    expected = 255 * color.rgba2rgb(np.dstack([CHINA, alpha]), background=(1, 1, 1))
    assert np.abs(datasets.read_picture(path) - expected).max() <= 1
    webp = saved(tmp_path / "a.webp", np.dstack([CHINA, alpha]), lossless=True, exact=True)
    assert np.abs(datasets.read_picture(webp) - expected).max() <= 1
    gray = saved(tmp_path / "b.png", Image.fromarray(np.dstack([CHINA[..., 0], alpha])))
    expected = CHINA[..., 0] * (alpha / 255) + 255.0 - alpha
    assert np.abs(datasets.read_picture(gray) - expected[..., None]).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_color_that_stands_for_transparent_is_white(tmp_path, mode):
    picture = Image.fromarray(CHINA).convert(mode)
    clear = picture.getpixel((3, 4)) if mode != "1" else 0
    path = saved(tmp_path / "a.png", picture, transparency=clear)
    stored = np.asarray(picture)
    here = (stored == clear).all(axis=-1) if stored.ndim == 3 else stored == clear
    expected = np.where(here[..., None], 255, np.asarray(picture.convert("RGB")))
    np.testing.assert_array_equal(datasets.read_picture(path), expected)
    assert here.any() and not here.all()


def test_a_palette_with_shades_of_transparency_is_laid_on_white(tmp_path):
    picture = Image.fromarray(CHINA).quantize(16)
    shades = bytes(range(0, 256, 17))
    path = saved(tmp_path / "a.png", picture, transparency=shades)
    alpha = np.frombuffer(shades, np.uint8)[np.asarray(picture)][..., None] / 255
    expected = np.asarray(picture.convert("RGB")) * alpha + 255 * (1 - alpha)
    assert np.abs(datasets.read_picture(path) - expected).max() <= 1


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_of_gray_are_spread_over_the_range(tmp_path, bits):
    values = np.arange(32).reshape(2, 16) % 2**bits
    packed = np.packbits(
        np.unpackbits(values.astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :].reshape(2, -1), axis=-1
    )
    (tmp_path / "a.png").write_bytes(png(16, 2, lines(packed), bits, 0))
    expected = np.repeat((values * (255 // (2**bits - 1)))[..., None], 3, axis=-1)
    np.testing.assert_array_equal(datasets.read_picture(tmp_path / "a.png"), expected)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):
    gray = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    path = saved(tmp_path / "gray.png", Image.fromarray(gray))
    expected = np.rint(gray / 257)
    np.testing.assert_array_equal(datasets.read_picture(path), np.repeat(expected[..., None], 3, axis=-1))
    deep = np.stack([gray, gray[::-1], gray.T], axis=-1)
    (tmp_path / "rgb.png").write_bytes(png(64, 64, lines(deep), 16, 2))
    assert np.abs(datasets.read_picture(tmp_path / "rgb.png") - deep / 257).max() <= 1
    clear = np.dstack([deep, gray.T[::-1]])
    (tmp_path / "rgba.png").write_bytes(png(64, 64, lines(clear), 16, 6))
    share = clear[..., 3:] / 65535
    expected = share * deep / 257 + 255 * (1 - share)
    assert np.abs(datasets.read_picture(tmp_path / "rgba.png") - expected).max() <= 2
    keyed = png(64, 64, lines(gray), 16, 0, between=chunk(b"tRNS", struct.pack(">H", int(gray[1, 1]))))
    (tmp_path / "keyed.png").write_bytes(keyed)
    found = datasets.read_picture(tmp_path / "keyed.png")
    assert (found[1, 1] == 255).all() and (found[0, 0] == 0).all()


def test_gray_is_three_equal_channels(tmp_path):
    for name in ("a.png", "a.jpg"):
        found = datasets.read_picture(saved(tmp_path / name, CHINA[..., 1]))
        with Image.open(tmp_path / name) as picture:
            np.testing.assert_array_equal(found, np.repeat(np.asarray(picture)[..., None], 3, axis=-1))


def test_cmyk_shows_the_colors_that_were_meant(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.fromarray(CHINA).convert("CMYK"), quality=98, subsampling=0)
    assert np.abs(datasets.read_picture(path).astype(int) - CHINA).mean() < 4
    inks = 255 - np.dstack([CHINA, np.full(CHINA.shape[:2], 255, np.uint8)])  # as Photoshop stores it: inverted
    marked = saved(tmp_path / "b.jpg", Image.fromarray(inks, "CMYK"), quality=98, subsampling=0).read_bytes()
    assert b"Adobe" in marked  # the marker that tells so
    with Image.open(tmp_path / "b.jpg") as picture:
        np.testing.assert_array_equal(datasets.read_picture(tmp_path / "b.jpg"), np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize(("name", "options"), [("a.png", {}), ("a.webp", {"lossless": True})])
def test_an_animation_gives_its_first_frame(tmp_path, name, options):
    frames = [Image.fromarray(np.full((8, 9, 3), shade, np.uint8)) for shade in (10, 120, 250)]
    path = saved(tmp_path / name, frames[0], save_all=True, append_images=frames[1:], duration=50, **options)
    with Image.open(path) as picture:
        assert picture.n_frames == 3
    assert (datasets.read_picture(path) == 10).all() and datasets.read_picture(path).shape == (8, 9, 3)


def test_a_phones_jpeg_of_several_pictures_gives_the_first(tmp_path):
    first, second = Image.fromarray(CHINA), Image.fromarray(CHINA[::-1].copy())
    path = saved(tmp_path / "a.jpg", first, format="MPO", save_all=True, append_images=[second], quality=95)
    assert np.abs(datasets.read_picture(path).astype(int) - CHINA).mean() < 4


def test_a_bomb_is_refused_before_it_is_decoded_and_a_large_photograph_is_read(tmp_path, monkeypatch, recwarn):
    path = tmp_path / "bomb.png"
    for width, height in ((20_000, 20_000), (10_000, 10_001), (60_000, 60_000), (9_500, 100_000)):
        path.write_bytes(png(width, height, bytes(100)))
        with pytest.raises(ValueError, match=r"bomb\.png is too large: .*at most 100,000,000 pixels are decoded"):
            datasets.read_picture(path)
    whole = saved(tmp_path / "large.jpg", Image.new("RGB", (12_000, 8_000), (10, 200, 30)), quality=20)
    assert datasets.read_picture(whole).shape == (8_000, 12_000, 3)  # Pillow alone would warn at 90 million
    assert not [warning for warning in recwarn if "Decompression" in str(warning.category)]
    notes = b"".join(chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(60_000_000))) for _ in range(2))
    path.write_bytes(png(2, 2, lines(np.zeros((2, 2, 3), np.uint8)), between=notes))
    with pytest.raises(ValueError, match=r"bomb\.png is damaged"):
        datasets.read_picture(path)


def test_no_other_decoder_is_started(tmp_path, monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError(f"a program was started: {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(os, "system", refuse)
    for ending in (".png", ".jpg", ".eps"):
        path = tmp_path / f"x{ending}"
        path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) show\n")
        with pytest.raises(ValueError, match=r"x\.\w+ is not a picture .*got a PostScript file"):
            datasets.read_picture(path)
    picture = Image.fromarray(CHINA)
    for kind in ("GIF", "TIFF", "BMP", "ICO", "PPM", "TGA"):
        path = saved(tmp_path / "y.png", picture, format=kind)
        with pytest.raises(ValueError, match=r"y\.png is not a picture that can be read: expected JPEG, PNG or WebP"):
            datasets.read_picture(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"just words\n", "a text file"),
        (b"\xef\xbb\xbfW\xc3\xb6rter", "a text file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"<svg xmlns='x'/>", "an SVG"),
        (b"%PDF-1.7", "a PDF"),
        (b"GIF89a" + bytes(30), "a GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC file, as iPhones"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "an AVIF"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        (bytes(range(7, 60)), "something else"),
        (b"\0" * 500, "something else"),
    ],
)
def test_what_is_no_picture_is_named_with_its_kind(tmp_path, content, said):
    path = tmp_path / "me.jpg"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"me\.jpg is not a picture that can be read.*got .*{said}") as error:
        datasets.read_picture(path)
    assert str(path) in str(error.value)


def cut(content, share):
    return content[: int(len(content) * share)]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
@pytest.mark.parametrize("share", [0.001, 0.02, 0.1, 0.5, 0.9])
def test_a_truncated_file_is_named(tmp_path, name, share):
    path = saved(tmp_path / name, CHINA)
    path.write_bytes(max(cut(path.read_bytes(), share), path.read_bytes()[:12]))
    with pytest.raises(ValueError, match=rf"{name} is damaged or cut off") as error:
        datasets.read_picture(path)
    assert str(path) in str(error.value)


def test_every_damaged_byte_gives_a_picture_or_an_error_that_names_the_file(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a.png", "a.jpg", "a.webp"):
        whole = saved(tmp_path / name, CHINA[:24, :24]).read_bytes()
        for _ in range(150):
            content = bytearray(whole)
            content[rng.integers(len(content))] = rng.integers(256)
            (tmp_path / name).write_bytes(content)
            try:
                found = datasets.read_picture(tmp_path / name)
            except ValueError as error:
                assert name in str(error)
            else:
                assert found.dtype == np.uint8 and found.shape[2] == 3


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    with pytest.raises(ValueError, match=r"path: the file .*empty\.png is empty"):
        datasets.read_picture(tmp_path / "empty.png")
    with pytest.raises(ValueError, match=r"path: expected a picture file, got the folder .*read_folder"):
        datasets.read_picture(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"path: there is no file .*none\.png \(relative to"):
        datasets.read_picture(tmp_path / "none.png")
    with pytest.raises(FileNotFoundError, match=r"none\.png"):
        (tmp_path / "link.png").symlink_to(tmp_path / "none.png")
        datasets.read_picture(tmp_path / "link.png") if os.name == "nt" else datasets.read_picture("none.png")
    for url in ("https://example.org/me.jpg", "file:///me.jpg", "s3://x/me.jpg", "data:image/png;base64,aGk="):
        with pytest.raises(ValueError, match=r"path: expected the path of a file on this machine, got .*download"):
            datasets.read_picture(url)
    for bad in (None, 3, b"a.png", CHINA, [tmp_path], "", "a\0.png", "x" * 5000, "~nosuchuser/me.jpg"):
        with pytest.raises((ValueError, FileNotFoundError), match=r"^path: "):
            datasets.read_picture(bad)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"path: expected a picture file, got .*a\.png, which is a device or a pipe"):
        datasets.read_picture(tmp_path / "a.png")


def test_reading_a_picture_needs_neither_tensorflow_nor_keras(tmp_path):
    path = saved(tmp_path / "a.png", CHINA)
    code = f"import sys; from dlcourse import datasets; datasets.read_picture({str(path)!r}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "matplotlib"} & set(loaded)


# read_folder


@pytest.fixture
def pets(tmp_path):
    """Two classes of three pictures, with all that lies about in a user's folder."""
    folder = tmp_path / "pets"
    for k, name in enumerate(("dog/a.png", "dog/b.JPG", "dog/deep/c.webp", "Cat/2.jpeg", "Cat/10.png", "Cat/noending")):
        shade = np.full((40 + k, 60, 3), 20 * k + 10, np.uint8)
        ending = name.rpartition(".")[2].lower()
        kind = {"jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP"}.get(ending, "PNG")
        saved(folder / name, shade, format=kind)
    for litter in (".DS_Store", "Thumbs.db", "dog/notes.txt", "dog/Thumbs.db", "Cat/.hidden.png", "dog/._a.png"):
        (folder / litter).write_bytes(b"\0\1\2no picture")
    for hidden in (".ipynb_checkpoints", "__MACOSX", "dog/.git"):
        saved(folder / hidden / "x.png", CHINA)
    (folder / "labels.csv").write_text("a,b")
    return folder


def test_classes_are_the_folders_and_litter_is_passed_over(pets):
    images, labels, names = result = datasets.read_folder(pets, 32)
    assert names == ("Cat", "dog")
    assert labels.dtype == np.int64 and labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert (images.dtype, images.shape) == (np.uint8, (6, 32, 32, 3))
    order = ["Cat/10.png", "Cat/2.jpeg", "Cat/noending", "dog/a.png", "dog/b.JPG", "dog/deep/c.webp"]
    assert [path.relative_to(pets).as_posix() for path in result.files] == order
    assert np.abs(images.mean(axis=(1, 2, 3)) - [90, 70, 110, 10, 30, 50]).max() <= 2
    assert datasets.read_folder(str(pets), (24, 16)).images.shape == (6, 24, 16, 3)


def test_a_folder_of_pictures_alone_is_one_class(pets):
    images, labels, names = datasets.read_folder(pets / "Cat", 16)
    assert names == ("Cat",) and labels.tolist() == [0, 0, 0] and len(images) == 3


@pytest.mark.parametrize("shape", [(120, 160), (160, 120), (90, 90), (20, 30), (1, 50), (400, 37)])
@pytest.mark.parametrize("size", [(64, 64), (40, 90)])
@pytest.mark.parametrize("fit", ["crop", "letterbox"])
def test_a_picture_is_fitted_as_pillow_fits_it(tmp_path, shape, size, fit):
    photo = np.array(Image.fromarray(datasets.photo("astronaut")).resize(shape[::-1]))
    saved(tmp_path / "a" / "a.png", photo)
    (found,), _, _ = datasets.read_folder(tmp_path / "a", size, fit=fit)
    picture, target = Image.fromarray(photo), size[::-1]
    if fit == "crop":
        expected = ImageOps.fit(picture, target, Image.Resampling.BILINEAR)
    else:
        expected = ImageOps.pad(picture, target, Image.Resampling.BILINEAR, color="black")
    difference = np.abs(found.astype(int) - np.asarray(expected))
    assert difference.max() <= 1 if fit == "crop" else np.quantile(difference.max(axis=(1, 2)), 0.9) <= 1


def test_a_letterbox_keeps_proportions_in_the_middle_on_black(tmp_path):
    saved(tmp_path / "a.png", np.full((50, 100, 3), 200, np.uint8))
    (found,), _, _ = datasets.read_folder(tmp_path, 64, fit="letterbox")
    assert (found[16:48] == 200).all() and (found[:16] == 0).all() and (found[48:] == 0).all()


def test_a_large_jpeg_is_read_at_a_fraction_and_looks_the_same(tmp_path, monkeypatch):
    photo = Image.fromarray(datasets.photo("china")).resize((3200, 2135), Image.Resampling.BICUBIC)
    saved(tmp_path / "a.jpg", photo, quality=95)
    sizes = []
    monkeypatch.setattr(
        _decode, "in_rgb", lambda picture, change=_decode.in_rgb: sizes.append(picture.size) or change(picture)
    )
    (found,), _, _ = datasets.read_folder(tmp_path, 96)
    assert sizes == [(400, 267)]
    expected = np.asarray(ImageOps.fit(photo, (96, 96), Image.Resampling.BILINEAR), dtype=int)
    assert np.abs(found - expected).mean() < 1.5


def test_pictures_in_a_folder_are_turned_and_cleared_as_alone(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    saved(tmp_path / "a.jpg", CHINA, exif=exif)
    saved(tmp_path / "b.png", np.dstack([CHINA, np.zeros(CHINA.shape[:2], np.uint8)]))
    images = datasets.read_folder(tmp_path, (160, 120)).images
    np.testing.assert_array_equal(images[0], datasets.read_picture(tmp_path / "a.jpg"))
    assert (images[1] == 255).all()


def test_all_damaged_pictures_are_named_at_once(pets):
    for name in ("dog/a.png", "dog/b.JPG"):
        (pets / name).write_bytes((pets / name).read_bytes()[:60])
    (pets / "Cat" / "empty.jpg").touch()
    (pets / "Cat" / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (pets / "Cat" / "old.gif").write_bytes(b"GIF89a" + bytes(30))
    with pytest.raises(ValueError, match=r"folder: 5 of 9 pictures cannot be read") as error:
        datasets.read_folder(pets, 32)
    for part in ("a.png", "b.JPG", "empty.jpg is empty", "HEIC file, as iPhones", "a GIF file"):
        assert part in str(error.value)
    for k in range(12):
        (pets / "dog" / f"more{k}.png").touch()
    with pytest.raises(ValueError, match="folder: 17 of 21 pictures cannot be read") as error:
        datasets.read_folder(pets, 32)
    assert str(error.value).count("\n") == 11 and str(error.value).endswith("and 7 more")


def test_folders_that_hold_no_classes_are_refused(pets, tmp_path):
    (pets / "bird").mkdir()
    with pytest.raises(ValueError, match=r"folder: expected JPEG, PNG or WebP pictures in .*bird, got none"):
        datasets.read_folder(pets, 32)
    (pets / "bird").rmdir()
    saved(pets / "stray.png", CHINA)
    with pytest.raises(
        ValueError, match=r"folder: expected every picture .* got stray\.png .*beside the folders Cat, dog"
    ):
        datasets.read_folder(pets, 32)
    (tmp_path / "bare").mkdir()
    with pytest.raises(ValueError, match=r"folder: expected .* pictures in .*bare, got none"):
        datasets.read_folder(tmp_path / "bare", 32)
    with pytest.raises(FileNotFoundError, match=r"folder: there is no folder .*nowhere"):
        datasets.read_folder(tmp_path / "nowhere", 32)
    with pytest.raises(ValueError, match=r"folder: expected a folder, got the file .*stray\.png; read_picture"):
        datasets.read_folder(pets / "stray.png", 32)
    for bad in (None, CHINA, "https://example.org/pets"):
        with pytest.raises(ValueError, match=r"^folder: expected"):
            datasets.read_folder(bad, 32)
    (pets / "stray.png").unlink()
    for size in (0, -3, 2.5, "32", None, (32,), (32, 32, 3), True):
        with pytest.raises(ValueError, match=r"^size: expected"):
            datasets.read_folder(pets, size)
    with pytest.raises(ValueError, match=r"^fit: expected one of 'crop', 'letterbox', got 'stretch'"):
        datasets.read_folder(pets, 32, fit="stretch")


# read_masks


def test_white_becomes_one_and_classes_stay(tmp_path):
    mask = np.kron(np.random.default_rng(0).integers(0, 2, (8, 10)), np.ones((6, 6), int)).astype(np.uint8)
    saved(tmp_path / "white" / "a.png", mask * 255)
    saved(tmp_path / "bits" / "a.png", Image.fromarray(mask * 255).convert("1"))
    saved(tmp_path / "rgb" / "a.png", np.dstack([mask * 255] * 3))
    saved(tmp_path / "rgba" / "a.png", np.dstack([mask * 255] * 3 + [np.full_like(mask, 255)]))
    saved(tmp_path / "webp" / "a.webp", np.dstack([mask * 255] * 3), lossless=True)
    saved(tmp_path / "sixteen" / "a.png", Image.fromarray(mask.astype(np.uint16) * 65535))
    saved(tmp_path / "ones" / "a.png", mask)
    for kind in ("white", "bits", "rgb", "rgba", "webp", "sixteen", "ones"):
        masks = datasets.read_masks(tmp_path / kind, mask.shape)
        assert masks.dtype == np.uint8
        np.testing.assert_array_equal(masks, mask[None])


def test_class_numbers_palettes_and_void_stay_as_they_are(tmp_path):
    mask = np.random.default_rng(0).integers(0, 21, (30, 40)).astype(np.uint8)
    mask[0] = 255
    picture = Image.fromarray(mask)
    saved(tmp_path / "index" / "a.png", picture)
    picture = Image.fromarray(mask, "P")
    picture.putpalette(np.random.default_rng(1).integers(0, 256, 768).astype(np.uint8).tobytes())
    saved(tmp_path / "palette" / "a.png", picture)
    saved(tmp_path / "clear" / "a.png", picture, transparency=0)
    for kind in ("index", "palette", "clear"):
        np.testing.assert_array_equal(datasets.read_masks(tmp_path / kind, (30, 40))[0], mask)
    only_void = np.where(mask == 255, 255, 0).astype(np.uint8)
    saved(tmp_path / "index" / "b.png", only_void)  # 255 among classes is void in every mask
    np.testing.assert_array_equal(datasets.read_masks(tmp_path / "index", (30, 40))[1], only_void)
    instances = (np.arange(1200).reshape(30, 40) * 50).astype(np.uint16)
    saved(tmp_path / "many" / "a.png", Image.fromarray(instances))
    found = datasets.read_masks(tmp_path / "many", (30, 40))
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found[0], instances)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_of_gray_hold_class_numbers(tmp_path, bits):
    values = np.arange(32).reshape(2, 16) % 2**bits
    packed = np.packbits(
        np.unpackbits(values.astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :].reshape(2, -1), axis=-1
    )
    (tmp_path / "a.png").write_bytes(png(16, 2, lines(packed), bits, 0))
    np.testing.assert_array_equal(datasets.read_masks(tmp_path, (2, 16))[0], values)


@pytest.mark.parametrize("fit", ["crop", "letterbox"])
@pytest.mark.parametrize("shape", [(120, 160), (61, 47), (200, 30)])
def test_masks_lie_over_their_pictures_and_no_class_is_invented(tmp_path, fit, shape):
    rng = np.random.default_rng(3)
    blocks = rng.integers(0, 3, (-(-shape[0] // 10), -(-shape[1] // 10)))
    mask = np.kron(blocks, np.ones((10, 10), int))[: shape[0], : shape[1]].astype(np.uint8) * 100
    saved(tmp_path / "masks" / "a.png", mask)
    saved(tmp_path / "photos" / "a.png", np.dstack([mask] * 3))
    (found,) = datasets.read_masks(tmp_path / "masks", (64, 48), fit=fit)
    (photo,) = datasets.read_folder(tmp_path / "photos", (64, 48), fit=fit).images
    assert set(np.unique(found)) <= {0, 100, 200}
    assert (np.abs(photo[..., 0].astype(int) - found) <= 50).mean() > 0.9  # only edges differ
    exact = Image.fromarray(mask)
    if fit == "crop":
        expected = np.asarray(ImageOps.fit(exact, (48, 64), Image.Resampling.NEAREST))
        assert (found == expected).mean() > 0.98


def test_masks_come_in_the_order_of_their_pictures(tmp_path):
    names = ["b", "a-1", "a", "a b", "c/d", "a_1", "a1", "A"]
    for k, name in enumerate(names):
        saved(tmp_path / "masks" / f"{name}.png", np.full((8, 8), k, np.uint8))
        shade = np.full((8, 8, 3), k, np.uint8)
        saved(tmp_path / "photos" / "one" / f"{name}.webp", shade, lossless=True)
    masks = datasets.read_masks(tmp_path / "masks", 8)
    photos = datasets.read_folder(tmp_path / "photos", 8)
    assert masks[:, 0, 0].tolist() == photos.images[:, 0, 0, 0].tolist()
    assert sorted(masks[:, 0, 0]) == list(range(8))


def test_masks_turn_with_their_pictures(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    mask = np.arange(12, dtype=np.uint8).reshape(3, 4)
    saved(tmp_path / "a.png", mask, exif=exif)
    np.testing.assert_array_equal(datasets.read_masks(tmp_path, (4, 3))[0], np.rot90(mask))


def test_what_holds_no_class_numbers_is_refused(tmp_path):
    saved(tmp_path / "jpeg" / "a.jpg", np.tri(32, dtype=np.uint8) * 255)
    with pytest.raises(ValueError, match=r"folder: 1 of 1 .*\n.*a\.jpg is stored with loss \(JPEG\).*> 127"):
        datasets.read_masks(tmp_path / "jpeg", 32)
    saved(tmp_path / "webp" / "a.webp", np.dstack([np.tri(32, dtype=np.uint8) * 255] * 3))
    with pytest.raises(ValueError, match=r"a\.webp is stored with loss \(WebP\)"):
        datasets.read_masks(tmp_path / "webp", 32)
    saved(tmp_path / "colors" / "a.png", CHINA)
    with pytest.raises(ValueError, match=r"a\.png is in \d+ colors; expected one class number for each pixel"):
        datasets.read_masks(tmp_path / "colors", 32)
    saved(tmp_path / "clear" / "a.png", np.full((8, 8, 4), 9, np.uint8))
    with pytest.raises(ValueError, match=r"a\.png is transparent in places"):
        datasets.read_masks(tmp_path / "clear", 32)
    (tmp_path / "bare").mkdir()
    with pytest.raises(ValueError, match=r"folder: expected masks, PNG files, in .*bare, got none"):
        datasets.read_masks(tmp_path / "bare", 32)
    with pytest.raises(ValueError, match=r"^size: expected"):
        datasets.read_masks(tmp_path / "colors", 0)


def test_an_array_in_memory_is_no_path():
    with pytest.raises(ValueError, match=r"path: expected a path, such as 'photos/me.jpg', got BytesIO"):
        datasets.read_picture(io.BytesIO(b"x"))
