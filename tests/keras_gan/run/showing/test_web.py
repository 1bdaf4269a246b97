"""The static page: its files, and what a real browser makes of them."""

import json
import os
import pathlib
import shutil
import socket
import types

import numpy as np
import pytest
import tensorflow as tf

import models
from benchmarks import browser
from keras_gan.data import npm
from keras_gan.errors import UsageError
from keras_gan.run import export
from keras_gan.run.showing import web
from keras_gan.settings.resolve import complete

SCRIPT = """
const done = arguments[2];
const size = state.model.latent_dim;
const latents = [];
for (let i = 0; i < arguments[0].length / size; i++) {
  latents.push(Float32Array.from(arguments[0].slice(i * size, (i + 1) * size)));
}
generate(latents, arguments[1]).then((pixels) => done(Array.from(pixels)), (e) => done(String(e)));
"""


@pytest.fixture
def runtime(tmp_path):
    """A folder with files called like onnxruntime-web's."""
    folder = tmp_path / "package" / "dist"
    folder.mkdir(parents=True)
    for name in web.RUNTIME:
        (folder / name).write_text(name)
    return tmp_path


def test_the_runtime_s_three_files_are_copied_from_a_folder(runtime, tmp_path):
    target = tmp_path / "web"
    target.mkdir()
    web.copy_runtime(target, str(runtime))
    assert sorted(path.name for path in target.iterdir()) == sorted(web.RUNTIME)
    (runtime / "package" / "dist" / web.RUNTIME[2]).unlink()
    with pytest.raises(UsageError, match=r"--onnxruntime_web=.*: lacks ort.wasm.min.js"):
        web.copy_runtime(target, str(runtime))


def test_without_npm_and_files_the_export_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(web.shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match=r"--export_format=web: needs npm, or the files"):
        web.require(types.SimpleNamespace(onnxruntime_web=""))


def test_what_npm_says_is_passed_on(tmp_path, monkeypatch):
    done = types.SimpleNamespace(returncode=1, stderr="npm error code E404\nmore\n")
    monkeypatch.setattr(npm.subprocess, "run", lambda *args, **options: done)
    with pytest.raises(UsageError, match="npm pack onnxruntime-web@.*: npm error code E404; --onn"):
        web.copy_runtime(tmp_path)


def test_points_have_no_page(tmp_path):
    with pytest.raises(UsageError, match="draws images, not points"):
        web.write(types.SimpleNamespace(image_shape=(2,)), tmp_path, None)


@pytest.fixture(scope="module")
def runtime_files(tmp_path_factory):
    """onnxruntime-web's real files: of the folder ONNXRUNTIME_WEB, or by `npm pack`."""
    folder = tmp_path_factory.mktemp("runtime")
    if not os.environ.get("ONNXRUNTIME_WEB") and not shutil.which("npm"):
        pytest.fail("needs npm") if os.environ.get("CI") else pytest.skip("needs npm")
    web.copy_runtime(folder, os.environ.get("ONNXRUNTIME_WEB", ""))
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "model, channels, prior", [("dcgan", 1, "gaussian"), ("acgan", 3, "uniform")]
)
def test_the_page_s_images_are_the_saved_model_s(tmp_path, runtime_files, model, channels, prior):
    """Within one grey level, in the browser; then it samples, truncates and walks."""
    from selenium.webdriver.common.by import By

    pytest.importorskip("tf2onnx")
    arguments = {"num_classes": 4} if model == "acgan" else {}
    gan = models.REGISTRY[model](image_shape=(28, 32, channels), width=8, **arguments)
    gan.compile()
    for variable in gan.average_generator.variables:  # so that images differ
        variable.assign(variable * (8.0 if len(variable.shape) > 1 else 1.0))
    config = complete({"model": model, "prior": prior, "onnxruntime_web": str(runtime_files)})
    names = ["coat", "bag", "shoe", "hat"] if gan.conditional else None
    export.save(gan, tmp_path / "export", config, ["saved_model", "web"], class_names=names)
    folder = tmp_path / "export" / "web"
    assert json.loads((folder / "model.json").read_text())["prior"] == prior
    latents = np.random.default_rng(0).normal(size=(8, gan.latent_dim)).astype(np.float32)
    labels = np.arange(8, dtype=np.int32) % 4
    served = tf.saved_model.load(tmp_path / "export")
    given = [latents, labels] if gan.conditional else [latents]
    expected = served.generate(*map(tf.constant, given)).numpy()

    with browser.static_server(folder) as address, browser.chromium(tmp_path) as window:
        window.get(address)
        browser.until(window, lambda w: w.execute_script("return document.body.dataset.ready"))
        shown = window.execute_async_script(SCRIPT, latents.ravel().tolist(), labels.tolist())
        shown = np.array(shown).reshape(expected.shape)
        assert expected.std() > 20
        assert np.abs(shown - expected.astype(int)).max() <= 1

        def pixels(selector):
            return window.execute_script(
                "return document.querySelector(arguments[0]).toDataURL()", selector
            )

        if gan.conditional:
            classes = window.find_elements(By.CSS_SELECTOR, "#class option")
            assert [option.text for option in classes] == ["all", *names]
        first = pixels("#grid canvas")
        window.find_element(By.ID, "sample").click()
        browser.until(window, lambda w: pixels("#grid canvas") != first)
        sampled = pixels("#grid canvas")
        window.execute_script(
            "const s = document.getElementById('truncation'); s.value = 0.3;"
            "s.dispatchEvent(new Event('input'))"
        )
        browser.until(window, lambda w: pixels("#grid canvas") != sampled)
        window.find_elements(By.CSS_SELECTOR, "#grid canvas")[5].click()
        window.find_elements(By.CSS_SELECTOR, "#grid canvas")[7].click()
        window.find_element(By.ID, "walk").click()
        frames = "return Number(document.getElementById('frame').dataset.frames || 0)"
        browser.until(window, lambda w: w.execute_script(frames) > 5)
        window.find_element(By.ID, "walk").click()
        browser.until(window, lambda w: w.find_element(By.ID, "walk").text == "Walk")
        assert not browser.errors(window)
        picture = pathlib.Path(os.environ.get("SCREENSHOTS", tmp_path)) / f"page-{model}.png"
        window.save_screenshot(str(picture))


def test_no_test_server_is_left():
    """The server of the tests above stops with its block."""
    with browser.static_server(".") as address:
        assert address.startswith("http://127.0.0.1:")
    port = int(address.rstrip("/").rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
