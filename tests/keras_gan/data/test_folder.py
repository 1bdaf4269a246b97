"""Folders of pictures, as users have them."""

import logging

import numpy as np
import pytest
from PIL import Image

from keras_gan.data import open_source


def opened(path, **options):
    return open_source(f"folder:{path}", **options)


def save(path, array, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)


@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_every_format_is_read(tmp_path, picture, memory_limit):
    names = ["a.png", "b.JPG", "c.webp", "d.gif", "e.bmp", "f.jpeg"]
    for seed, name in enumerate(names):
        save(tmp_path / name, picture(seed=seed))
    (tmp_path / "notes.txt").write_text("not a picture")
    source = opened(tmp_path, memory_limit=memory_limit)
    assert len(source) == 6 and source.image_shape == (32, 28, 3)
    assert source.num_classes is None and (source.images is None) == (memory_limit == 0)
    images, labels = source.fetch([5, 0, 3])
    assert images.dtype == np.uint8 and images.shape == (3, 32, 28, 3) and labels is None
    np.testing.assert_array_equal(images[1], picture(seed=0))  # PNG is exact
    for image, seed in zip(images, (5, 0, 3)):
        assert np.abs(image.astype(int) - picture(seed=seed)).mean() < 8


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("P", (28, 28), color) for color in (0, 1)]
    frames[0].putpalette([10, 20, 30, 200, 100, 0])
    frames[1].putpalette([10, 20, 30, 200, 100, 0])
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (opened(tmp_path).images[0] == [10, 20, 30]).all()


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_alpha_is_composited_on_white_unless_requested(tmp_path, ending):
    rgba = np.zeros((28, 28, 4), np.uint8)
    rgba[:, :14] = (200, 0, 0, 255)
    rgba[:, 14:] = (0, 0, 0, 51)  # a fifth of black on white: 204
    save(tmp_path / f"a.{ending}", rgba, lossless=True)
    image = opened(tmp_path).images[0]
    assert image.shape == (28, 28, 3)
    assert (image[:, :14] == (200, 0, 0)).all() and (image[:, 14:] == 204).all()
    rgba = opened(tmp_path, channels=4).images[0]
    assert (rgba[:, 14:, 3] == 51).all() and (rgba[:, :14] == (200, 0, 0, 255)).all()


def test_transparent_palette(tmp_path):
    image = Image.new("P", (28, 28), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "a.png", transparency=0)
    assert (opened(tmp_path).images == 255).all()


def test_grey_pictures_have_one_channel(tmp_path, picture):
    save(tmp_path / "a.png", picture(), "L")
    save(tmp_path / "b.png", picture(), "LA")
    assert opened(tmp_path).image_shape == (32, 28, 1)
    assert opened(tmp_path, channels=3).image_shape == (32, 28, 3)
    save(tmp_path / "c.png", picture())
    assert opened(tmp_path).image_shape == (32, 28, 3)
    assert opened(tmp_path, channels=1).image_shape == (32, 28, 1)


def test_sixteen_bits_become_eight(tmp_path):
    deep = np.repeat(np.arange(0, 65536, 65535 // 27, dtype=np.uint16)[:28, None], 28, 1)
    Image.fromarray(deep).save(tmp_path / "a.png")
    image = opened(tmp_path).images[0, :, 0, 0]
    np.testing.assert_array_equal(image, np.round(deep[:, 0] / 257))
    assert image[0] == 0 and image[-1] == 255


def test_camera_orientation_is_applied(tmp_path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # upright after a rotation by 90° clockwise
    save(tmp_path / "a.png", picture(32, 28), exif=exif)
    source = opened(tmp_path)
    assert source.image_shape == (28, 32, 3)
    np.testing.assert_array_equal(source.images[0], np.rot90(picture(32, 28), -1))


def test_resizing_is_antialiased(tmp_path):
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255  # finer than 32 pixels can show: grey, not black or white
    save(tmp_path / "a.png", stripes)
    image = opened(tmp_path, image_size=(32, 32)).images[0]
    assert image.shape == (32, 32, 3) and (np.abs(image[:, 2:-2].astype(int) - 127) < 12).all()


def test_mixed_sizes_need_a_size(tmp_path, picture, refused):
    save(tmp_path / "a.png", picture(32, 28))
    save(tmp_path / "b.png", picture(32, 28, seed=1))
    save(tmp_path / "c.png", picture(100, 61))
    refused(lambda: opened(tmp_path), "2 sizes", "32x28", "--image_size")
    assert opened(tmp_path, image_size=(48, 32)).images.shape == (3, 48, 32, 3)


def test_impossible_size_names_the_nearest(tmp_path, picture, refused):
    save(tmp_path / "a.png", picture(30, 300))
    refused(lambda: opened(tmp_path), "30x300", "--image_size=32x256")


def test_subfolders_are_labels(tmp_path, picture):
    for seed, name in enumerate(["dog/1.png", "cat/deep/2.png", "dog/3.png"]):
        save(tmp_path / name, picture(seed=seed))
    source = opened(tmp_path)
    assert source.label_names == ["cat", "dog"] and source.num_classes == 2
    assert source.labels.tolist() == [0, 1, 1] and source.labels.dtype == np.int32
    assert source.fetch([2, 0])[1].tolist() == [1, 0]
    assert opened(tmp_path, labels="none").labels is None


def test_when_subfolders_are_not_labels(tmp_path, picture, refused):
    save(tmp_path / "all" / "a.png", picture())
    assert opened(tmp_path).num_classes is None
    assert opened(tmp_path, labels="folders").label_names == ["all"]
    save(tmp_path / "b.png", picture())
    assert opened(tmp_path).num_classes is None
    refused(lambda: opened(tmp_path, labels="folders"), "1 pictures are outside")
    refused(lambda: opened(tmp_path, labels="y"), "auto, none, folders", flag="labels")


@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_unreadable_pictures_are_skipped_and_named(tmp_path, picture, caplog, memory_limit):
    save(tmp_path / "x" / "good.png", picture())
    save(
        tmp_path / "x" / "cut.png", np.random.default_rng(0).integers(0, 256, (32, 28, 3), "uint8")
    )
    whole = (tmp_path / "x" / "cut.png").read_bytes()
    (tmp_path / "x" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "empty.jpg").write_bytes(b"")
    (tmp_path / "y" / "text.webp").write_text("no picture")
    save(tmp_path / "z" / "good.png", picture(seed=1))
    (tmp_path / ".hidden.png").write_text("ignored")
    with caplog.at_level(logging.WARNING):
        source = opened(tmp_path, memory_limit=memory_limit)
    assert len(source) == 2 and source.label_names == ["x", "z"]
    assert source.labels.tolist() == [0, 1]
    np.testing.assert_array_equal(source.fetch([1])[0][0], picture(seed=1))
    names = ["x/cut.png", "y/empty.jpg", "y/text.webp"]
    assert source.skipped == [str(tmp_path / name) for name in names]
    for name in names:
        assert name in caplog.text
    assert "3 of 5 pictures" in caplog.text


def test_unusable_folders(tmp_path, refused, picture):
    refused(lambda: opened(tmp_path / "nowhere"), "no such folder", "nowhere")
    refused(lambda: opened(tmp_path), "no pictures")
    (tmp_path / "a.png").write_bytes(b"x")
    refused(lambda: opened(tmp_path / "a.png"), "not a folder")
    refused(lambda: opened(tmp_path), "none of its 1 pictures")
    save(tmp_path / "b.png", picture())
    refused(lambda: opened(tmp_path, min_size=2), "1 images", "batch of 2")
