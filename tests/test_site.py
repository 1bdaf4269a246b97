"""The site of `make docs` builds without a warning, and needs nothing from the net."""

import html.parser
import os
import pathlib
import re
import subprocess
import sys

import pytest

import keras_gan
from keras_gan import monitoring
from tools import api_pages, site

ROOT = pathlib.Path(__file__).absolute().parent.parent
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


class Loaded(html.parser.HTMLParser):
    """The addresses that a page loads when it is opened."""

    def __init__(self, text):
        super().__init__()
        self.addresses = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag in LOADED and attributes.get("rel") != "canonical":
            self.addresses.append(attributes.get(LOADED[tag]) or "")


def test_links_to_the_project_become_links_of_the_site():
    assert site.resolved("docs/tips.md", "README.md") == "docs/tips.md"
    assert site.resolved("../keras_gan/gan.py", "docs/tips.md") == "keras_gan/gan.py"
    assert site.resolved("nowhere.md", "README.md") is None
    assert site.uri("docs/tips.md") == "tips.md"
    assert site.uri("README.md") == "index.md"
    assert site.uri("keras_gan/gan.py") == "source/keras_gan/gan.py.md"
    assert site.uri("configs/tips") == "source/configs/tips/index.md"
    assert site.uri("notebooks/1_first_gan.ipynb") == "notebooks/1_first_gan.md"


def test_a_fence_is_longer_than_those_in_it():
    assert site._fenced("```\nx\n```", None) == "````text\n```\nx\n```\n````"


def test_the_reference_has_every_public_name():
    text = "\n".join(api_pages.pages().values())
    for name in keras_gan._PUBLIC:
        assert f"# keras_gan.{name}\n" in text or f"heading: keras_gan.{name}\n" in text
    for name in monitoring.__all__:
        assert f".{name}\n" in text


def test_the_reference_has_every_model():
    text = api_pages.pages()["zoo"]
    for cls in keras_gan.zoo.REGISTRY.values():
        assert f"::: {cls.__module__}.{cls.__name__}\n" in text


def test_each_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    pages = [path.name for path in (ROOT / "docs").glob("*.md")]
    pages += [site.uri(f"notebooks/{path.name}") for path in (ROOT / "notebooks").glob("*.ipynb")]
    pages += [f"api/{name}.md" for name in api_pages.pages()]
    missing = [page for page in pages if f": {page}\n" not in navigation]
    assert not missing, f"pages that nav in mkdocs.yml lacks: {missing}"


@pytest.mark.slow
def test_builds_without_a_warning_and_loads_nothing_from_the_net(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", f"--site-dir={tmp_path}"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        addresses = Loaded(page.read_text()).addresses
        outside = [address for address in addresses if re.match(r"(\w+:)?//", address)]
        assert not outside, (page, outside)
        for address in addresses:
            if address and not address.startswith("data:"):
                # The page for wrong addresses may be shown at any depth.
                start = tmp_path if address.startswith("/") else page.parent
                assert (start / address.partition("?")[0].lstrip("/")).exists(), (page, address)
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"url\([\"']?(\w+:)?//", sheet.read_text()), sheet
