"""Arrays in .npz files, valid and invalid."""

import numpy as np
import pytest

from keras_gan.data import open_source

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 28, 32, 3), np.uint8)
IMAGES[0, 0, 0] = 0, 255, 0
LABELS = np.arange(20) % 3


@pytest.fixture
def opened(tmp_path):
    def open_arrays(_options=None, **arrays):
        np.savez(tmp_path / "a.npz", **arrays)
        return open_source(f"npz:{tmp_path / 'a.npz'}", **(_options or {}))

    return open_arrays


@pytest.mark.parametrize(
    ("images", "labels"), [("images", "labels"), ("x_train", "y_train"), ("x", "y"), ("mine", "y")]
)
def test_names_of_the_arrays(opened, images, labels):
    source = opened(**{images: IMAGES, labels: LABELS, "other": np.zeros(3)})
    np.testing.assert_array_equal(source.images, IMAGES)
    assert source.labels.dtype == np.int32 and source.num_classes == 3
    np.testing.assert_array_equal(source.labels, LABELS)


def test_labels_by_key(opened, refused):
    source = opened({"labels": "colours"}, images=IMAGES, colours=LABELS[:, None], y=LABELS)
    np.testing.assert_array_equal(source.labels, LABELS)
    assert opened({"labels": "none"}, images=IMAGES, y=LABELS).num_classes is None
    refused(lambda: opened({"labels": "z"}, images=IMAGES), "images", flag="labels")


def test_grey_images_without_a_channel(opened):
    assert opened(images=IMAGES[..., 0]).image_shape == (28, 32, 1)


def test_alpha_and_size(opened):
    rgba = np.concatenate([IMAGES, np.zeros_like(IMAGES[..., :1])], -1)
    assert (opened(images=rgba).images == 255).all()
    assert opened({"channels": 4}, images=rgba).image_shape == (28, 32, 4)
    resized = opened({"image_size": (40, 28), "channels": 1}, images=IMAGES)
    assert resized.images.shape == (20, 40, 28, 1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_of_a_known_range(opened, dtype):
    pixels = IMAGES.astype(dtype)
    for images in (pixels, pixels / 255, pixels / np.array(127.5, dtype) - 1):
        images = np.clip(images, -1, 255)
        np.testing.assert_array_equal(opened(images=images).images, IMAGES)
    np.testing.assert_array_equal(opened(images=IMAGES.astype("int64")).images, IMAGES)


@pytest.mark.parametrize("low, high", [(0, 1), (-1, 1)])
@pytest.mark.parametrize("hair", [1e-7, 5e-4])
def test_floats_a_hair_outside_their_range_are_read_as_in_it(opened, low, high, hair):
    """Rounding does that; they were once taken for 0 to 255, which made black pictures."""
    images = low + IMAGES.astype("float64") / 255 * (high - low)
    images[0, 0, 0, 0], images[0, 0, 0, 1] = low - hair, high + hair
    expected = IMAGES.copy()
    expected[0, 0, 0, :2] = 0, 255
    np.testing.assert_array_equal(opened(images=images).images, expected)


@pytest.mark.parametrize("high", [1.0015, 1.02, 1.5, 7.9])
def test_floats_between_two_ranges_are_refused(opened, refused, high):
    images = IMAGES / 255
    images[0, 0, 0, 0] = high
    refused(lambda: opened(images=images), f"{high:g}")


def test_names_of_the_classes(opened, refused):
    """Texts are sorted; integers take their names from an array of names."""
    source = opened(images=IMAGES, labels=np.array(["b", "a", "c"])[LABELS])
    assert source.label_names == ["a", "b", "c"]
    np.testing.assert_array_equal(source.labels, np.array([1, 0, 2])[LABELS])
    source = opened(images=IMAGES, labels=LABELS, class_names=["x", "w", "v", "never"])
    assert source.label_names == ["x", "w", "v", "never"] and source.num_classes == 4
    np.testing.assert_array_equal(source.labels, LABELS)
    refused(lambda: opened(images=IMAGES, labels=LABELS, label_names=["x", "y"]), "go up to 2")


def test_npy_files_have_the_same_rules(tmp_path, refused):
    np.save(tmp_path / "a.npy", IMAGES / 255)
    source = open_source(f"npz:{tmp_path / 'a.npy'}")
    np.testing.assert_array_equal(source.images, IMAGES)
    refused(lambda: open_source(f"npz:{tmp_path / 'a.npy'}", labels="y"), "none", flag="labels")
    refused(lambda: open_source(f"folder:{tmp_path / 'a.npy'}"), f"npz:{tmp_path / 'a.npy'}")
    np.save(tmp_path / "b.npy", np.array([{}]))
    refused(lambda: open_source(f"npz:{tmp_path / 'b.npy'}"), "can't be read")


def test_what_is_no_array_and_labels_that_fit_none(tmp_path, refused):
    import zipfile

    file = tmp_path / "pics.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", b"no array")
    refused(lambda: open_source(f"npz:{file}"), "a.png", "folder:PATH")
    np.savez(file, images=IMAGES, labels=LABELS.astype("S"))
    refused(lambda: open_source(f"npz:{file}"), "|S21", "--labels=none")
    np.savez(file, images=IMAGES.astype(np.complex64))
    refused(lambda: open_source(f"npz:{file}"), "complex64")
    file.write_text("text")
    refused(lambda: open_source(f"npz:{file}"), "it is no .npz file")


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (IMAGES.astype("float32") * 2, ("0 to 510",)),
        (IMAGES.astype("float32") - 128, ("-128 to 127",)),
        (IMAGES.astype("int32") - 1, ("-1 to 254",)),
        (IMAGES.astype("uint16") * 257, ("0 to 65535",)),
        (np.where(IMAGES > 250, np.nan, IMAGES), ("nan",)),
        (IMAGES > 100, ("bool",)),
    ],
)
def test_out_of_range_is_refused_with_its_range(opened, refused, images, words):
    refused(lambda: opened(images=images), *words)


@pytest.mark.parametrize(
    ("arrays", "word"),
    [
        ({"images": IMAGES, "labels": LABELS[:-1]}, "20 images but labels of shape (19,)"),
        ({"images": IMAGES, "labels": LABELS - 1}, "-1"),
        ({"images": IMAGES, "labels": LABELS / 2}, "float64"),
        ({"images": IMAGES, "labels": LABELS * 50}, "100 for 20 images"),
        ({"images": IMAGES[:0]}, "(0, 28, 32, 3)"),
        ({"images": IMAGES[0, 0]}, "(32, 3)"),
        ({"images": IMAGES[..., :2]}, "2 channels"),
        ({"a": IMAGES, "b": IMAGES}, "a (20, 28, 32, 3), b"),
        ({"a": LABELS}, "a (20,)"),
        ({"images": IMAGES[:, :27]}, "--image_size=28x32"),
        ({"images": np.array([{}, 1], dtype=object)}, "can't be read"),
    ],
)
def test_unusable_arrays(opened, refused, arrays, word):
    refused(lambda: opened(**arrays), word)


def test_damaged_files(tmp_path, refused):
    file = tmp_path / "a.npz"
    name = f"npz:{file}"
    refused(lambda: open_source(name), "no such file")
    np.savez_compressed(file, images=IMAGES, labels=LABELS)
    whole = file.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        refused(lambda: open_source(name), "can't be read")
    for position in np.random.default_rng(1).integers(100, len(whole) // 2, 20):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        refused(lambda: open_source(name), "can't be read")
    with file.open("wb") as opened:
        np.save(opened, IMAGES)  # an .npy file under another name
    refused(lambda: open_source(name), "can't be read")
