"""Emoji: the package's pictures sorted into classes."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_gan.data import emoji, open_source
from keras_gan.errors import UsageError

ENTRIES = [
    {"category": "Flags", "image": "f.png", "has_img_google": True},
    {"category": "Food & Drink", "image": "../../../x/d.png", "has_img_google": True},
    {"category": "Flags", "image": "none.png", "has_img_google": False},
    {"category": "Component", "image": "skin.png", "has_img_google": True},
]


@pytest.fixture
def package(tmp_path):
    pictures = tmp_path / "npm" / emoji.PICTURES
    pictures.mkdir(parents=True)
    for name in ("f.png", "d.png", "skin.png"):
        Image.fromarray(np.full((64, 64, 4), 99, np.uint8)).save(pictures / name)
    (tmp_path / "npm" / "package" / "emoji.json").write_text(json.dumps(ENTRIES))
    return tmp_path / "npm"


def test_categories_are_classes(package, tmp_path):
    target = tmp_path / "data" / "emoji"
    emoji.sort(package, target)
    source = open_source(f"folder:{target}")
    assert source.label_names == ["Flags", "Food & Drink"] and source.image_shape == (64, 64, 3)
    assert "Apache License 2.0" in (target / "README.txt").read_text()
    assert emoji.fetch(tmp_path / "data") == target  # complete: npm is not asked


def test_a_damaged_package_leaves_nothing(package, tmp_path):
    (package / "package" / "emoji.json").write_text("[{}]")
    with pytest.raises(UsageError, match="emoji.json is not as expected"):
        emoji.sort(package, tmp_path / "emoji")
    assert not (tmp_path / "emoji").exists()
