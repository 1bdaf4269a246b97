"""Pictures as users bring them: each input is read right, or refused in one sentence.

Whatever it is, nothing but the data folder is written to.
"""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from keras_gan.data import listing, open_source
from keras_gan.errors import UsageError

RNG = np.random.default_rng(0)
SMOOTH = np.asarray(
    Image.fromarray(RNG.integers(0, 256, (4, 4, 3), np.uint8)).resize((28, 32)), np.uint8
)
PICTURE = Image.fromarray(SMOOTH)  # 32 high, 28 wide
RAMP = np.repeat(np.linspace(0, 1, 32)[:, None], 28, 1)
RIGHT, REFUSED, SKIPPED = "right", "refused", "skipped"


def save(folder, name="a.png", picture=PICTURE, **options):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    picture.save(folder / name, **options)


def write(folder, name, content):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def turned(orientation, back):
    """A picture that its EXIF entry turns upright."""

    def make(folder):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(folder, picture=PICTURE.transpose(back) if back is not None else PICTURE, exif=exif)

    return make


def png_of(header, rows):
    """A PNG written by hand: header of width, height, depth and kind; raw rows with filters."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", *header, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def deep_rgb(folder):
    rows = np.zeros((32, 28 * 6 + 1), np.uint8)
    rows[:, 1::2] = np.repeat(SMOOTH.reshape(32, -1), 1, 1)
    rows[:, 2::2] = rows[:, 1::2]
    write(folder, "a.png", png_of((28, 32, 16, 2), rows.tobytes()))


def bomb_png(folder):
    """A few kilobytes that declare 40,000 × 40,000 pixels."""
    save(folder, "good.png")
    write(folder, "a.png", png_of((40_000, 40_000, 8, 0), bytes(1000)))


def zipped(**files):
    def make(folder):
        with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name.replace("__", "/").replace("_png", ".png"), content)

    return make


def png_bytes(picture=PICTURE):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def grey(scale, dtype, name="a.png"):
    return lambda folder: save(folder, name, Image.fromarray((RAMP * scale).astype(dtype)))


def damaged(folder):
    save(folder, "good.png")
    noise = Image.fromarray(RNG.integers(0, 256, (32, 28, 3), np.uint8))
    content = png_bytes(noise)
    write(folder, "a.png", content[: len(content) // 2])


def arrays(name="a.npz", **values):
    return lambda folder: np.savez(folder / name, **values)


def like(expected, tolerance=0):
    def check(source):
        image = source.fetch([0])[0][0].astype(int)
        assert image.shape == expected.shape, image.shape
        assert np.abs(image - expected).max() <= tolerance

    return check


def count(number, channels=3):
    return lambda source: (
        (len(source), source.image_shape[2]) == (number, channels)
        or pytest.fail(f"{len(source)} of {source.image_shape}")
    )


def several(*modes):
    def make(folder):
        for mode in modes:
            picture = PICTURE.convert(mode)
            save(folder, f"{mode}.{'tif' if mode in ('CMYK', 'LAB') else 'png'}", picture)

    return make


def with_profile(folder):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    save(folder, icc_profile=profile)


def unusual_names(folder):
    for name in ("ä ö.PNG", "日本.png", "a\nb.png", "-x.png", "x" * 240 + ".png", "two.dots.png"):
        save(folder, name)


def link_outside(folder):
    write(folder, "../outside/secret.txt", b"x")
    (folder / "a.png").symlink_to(folder.parent / "outside" / "secret.txt")
    save(folder, "good.png")


CAMERA = Image.Transpose
LEVELS = np.round(RAMP * 255).astype(int)[..., None]
FOLDER, ARRAYS, ZIP = "folder:{}", "npz:{}/a.npz", "folder:{}/a.zip"
CASES = {
    # name: (data set, what makes it, outcome, check or words)
    "one picture": (FOLDER, save, RIGHT, like(SMOOTH)),
    "turned by 180": (FOLDER, turned(3, CAMERA.ROTATE_180), RIGHT, like(SMOOTH)),
    "turned right": (FOLDER, turned(6, CAMERA.ROTATE_90), RIGHT, like(SMOOTH)),
    "turned left": (FOLDER, turned(8, CAMERA.ROTATE_270), RIGHT, like(SMOOTH)),
    "mirrored": (FOLDER, turned(2, CAMERA.FLIP_LEFT_RIGHT), RIGHT, like(SMOOTH)),
    "transposed": (FOLDER, turned(5, CAMERA.TRANSPOSE), RIGHT, like(SMOOTH)),
    "orientation of no meaning": (FOLDER, turned(99, None), RIGHT, like(SMOOTH)),
    "CMYK": (FOLDER, several("CMYK"), RIGHT, like(SMOOTH, 1)),
    "CMYK JPEG": (
        FOLDER,
        lambda f: save(f, "a.jpg", PICTURE.convert("CMYK"), quality=95),
        RIGHT,
        like(SMOOTH, 12),
    ),
    "palette": (FOLDER, several("P"), RIGHT, count(1)),
    "black and white": (FOLDER, several("1"), RIGHT, count(1, 1)),
    "grey and colour": (FOLDER, several("L", "RGB", "RGBA", "LA", "P", "1"), RIGHT, count(6)),
    "grey only": (FOLDER, several("L", "LA", "1"), RIGHT, count(3, 1)),
    "16 bit": (FOLDER, grey(65_535, np.uint16), RIGHT, like(LEVELS, 1)),
    "16 bit TIFF": (FOLDER, grey(65_535, np.uint16, "a.tif"), RIGHT, like(LEVELS, 1)),
    "16 bit in colour": (FOLDER, deep_rgb, RIGHT, like(SMOOTH)),
    "12 bit in 16": (FOLDER, grey(4095, np.uint16), REFUSED, "go up to about 4112 of 65,535"),
    "float TIFF": (FOLDER, grey(1, np.float32, "a.tif"), REFUSED, "none of its 1 pictures"),
    "32-bit integers": (FOLDER, grey(2**30, np.int32, "a.tif"), REFUSED, "none of its 1 pictures"),
    "a colour profile": (FOLDER, with_profile, RIGHT, like(SMOOTH)),
    "wrong ending": (FOLDER, lambda f: save(f, "a.jpg", format="PNG"), RIGHT, like(SMOOTH)),
    "no ending": (FOLDER, lambda f: save(f, "a", format="PNG"), REFUSED, "1 without ending"),
    "text as picture": (FOLDER, lambda f: write(f, "a.png", b"hi"), REFUSED, "none of its 1"),
    "cut short": (FOLDER, damaged, SKIPPED, "truncated"),
    "empty file": (
        FOLDER,
        lambda f: [save(f, "good.png"), write(f, "a.png", b"")],
        SKIPPED,
        "empty",
    ),
    "picture bomb": (FOLDER, bomb_png, SKIPPED, "decompression bomb"),
    "a link to no picture": (FOLDER, link_outside, SKIPPED, "not of any known format"),
    "unusual names": (FOLDER, unusual_names, RIGHT, count(6)),
    "one pixel": (FOLDER, lambda f: save(f, picture=Image.new("L", (1, 1))), REFUSED, "28x28"),
    "a line": (FOLDER, lambda f: save(f, picture=Image.new("L", (9000, 2))), REFUSED, "28x256"),
    "empty folder": (FOLDER, lambda f: None, REFUSED, "no pictures in it"),
    "a folder called like a picture": (
        FOLDER,
        lambda f: save(f, "a.png/b.png"),
        RIGHT,
        like(SMOOTH),
    ),
    "labels for missing files": (
        FOLDER,
        lambda f: [save(f), write(f, "labels.csv", b"file,label\na.png,x\nb.png,y\n")],
        REFUSED,
        "labels 1 (b.png), not there",
    ),
    "zip": (ZIP, zipped(a_png=png_bytes()), RIGHT, like(SMOOTH)),
    "zip in zip": (ZIP, zipped(**{"a.zip": b"PK"}), REFUSED, "no pictures in it"),
    "zip that climbs": (ZIP, zipped(**{"../x.png": png_bytes()}), REFUSED, "may lead elsewhere"),
    "zip bomb": (ZIP, zipped(a_png=bytes(2**22)), REFUSED, "as no pictures do"),
    "arrays of 0 and 1": (
        ARRAYS,
        arrays(images=(RAMP[None] > 0.5).astype(np.float32)),
        RIGHT,
        like((RAMP > 0.5).astype(int)[..., None] * 255),
    ),
    "arrays, channels first": (
        ARRAYS,
        arrays(images=SMOOTH.transpose(2, 0, 1)[None]),
        REFUSED,
        "28 channels",
    ),
    "arrays of NaN": (ARRAYS, arrays(images=np.full((1, 28, 28), np.nan)), REFUSED, "nan"),
    "no arrays": (ARRAYS, arrays(), REFUSED, "holds nothing"),
}


def tree(folder):
    return {str(path): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_right_or_refused(case, tmp_path, monkeypatch, caplog):
    from keras_gan.data import archives

    monkeypatch.setattr(archives, "SMALL", 2**20)
    name, make, outcome, expected = CASES[case]
    user = tmp_path / "user" / "pics"
    user.mkdir(parents=True)
    make(user)
    before = tree(user.parent)

    def opened():
        return open_source(name.format(user), data_dir=tmp_path / "data")

    if outcome == REFUSED:
        with pytest.raises(UsageError) as caught:
            opened()
        assert expected in str(caught.value) and "\n" not in str(caught.value)
        assert not list((tmp_path / "data").rglob("*.png"))
    else:
        source = opened()
        if outcome == RIGHT:
            assert not source.skipped
            expected(source)
        else:
            assert len(source) == 1 and len(source.skipped) == 1
            assert "a.png" in source.skipped[0] and expected in caplog.text
    assert tree(user.parent) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"user", "data"}


def test_forty_of_them():
    assert len(CASES) >= 40


@pytest.mark.slow
def test_a_hundred_thousand_names(tmp_path, monkeypatch):
    """Listed, sorted and counted within seconds."""
    names = [f"{number:06d}.jpg" for number in range(100_000)]
    monkeypatch.setattr(
        listing.os, "walk", lambda top, **_: iter([(str(top), [], [*names[::-1], "notes.txt"])])
    )
    monkeypatch.setattr(listing.Path, "is_file", lambda path: True)
    listed = listing.list_pictures(tmp_path)
    assert [path.name for path in listed.files] == names
    assert listing.count_endings(listed.others) == " 1 .txt"
