"""The page, driven in a real browser: sample, slide, walk, upload, save; and its refusals."""

import base64
import contextlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image

import models
from benchmarks import browser
from keras_gan import cli
from keras_gan.run.showing import explorer, exploring

ROOT = pathlib.Path(__file__).absolute().parents[4]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, fashion_mnist):
    """A run of a few steps on real images, and one picture of them."""
    folder = tmp_path_factory.mktemp("trained")
    command = [sys.executable, "main.py", "--model=acgan", "--dataset=fashion_mnist", "--width=4"]
    command += ["--steps=20", "--sample_every=10", "--log_every=5", "--progress=false"]
    command += ["--average_decay=0", "--layer_noise=0.5", f"--run_dir={folder / 'run'}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    images, _ = fashion_mnist.fetch(np.arange(1))
    Image.fromarray(images[0, ..., 0]).save(folder / "picture.png")
    return folder


@contextlib.contextmanager
def running(*arguments):
    """A process of the command line, which SIGTERM ends."""
    command = [sys.executable, "main.py", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@pytest.fixture(scope="module")
def address(trained):
    """That of an explorer in a process of its own."""
    pytest.importorskip("gradio")
    with running("--mode=explore", "--port=0", f"--run_dir={trained / 'run'}") as process:
        yield process.stdout.readline().split()[0]


@pytest.fixture
def window(address, tmp_path):
    with browser.chromium(tmp_path) as window:
        window.get(address)
        browser.until(window, lambda w: images(w, "grid"), what="the grid")
        yield window


def images(window, element):
    """Addresses of the images in a part of the page."""
    selector = f"#{element} img"
    script = "return [...document.querySelectorAll(arguments[0])].map((image) => image.src)"
    return window.execute_script(script, selector)


def click(window, element):
    from selenium.webdriver.common.by import By

    part = window.find_element(By.ID, element)
    window.execute_script("arguments[0].scrollIntoView({block: 'center'})", part)
    part.click()


SLIDE = """
const slider = document.querySelector('#' + arguments[0] + ' input[type=range]');
slider.value = arguments[1];
slider.dispatchEvent(new Event('input', {bubbles: true}));
slider.dispatchEvent(new Event('pointerup', {bubbles: true}));
"""


def slide(window, element, value):
    """Moves a slider; returns the seconds until the centre's image is another one."""
    before = images(window, "centre")
    began = time.monotonic()
    window.execute_script(SLIDE, element, value)
    while images(window, "centre") == before:
        assert time.monotonic() - began < 30, f"{element} changes nothing"
        time.sleep(0.005)
    return time.monotonic() - began


def screenshot(window, name, folder):
    folder = pathlib.Path(os.environ.get("SCREENSHOTS", folder))
    window.save_screenshot(str(folder / f"explorer-{name}.png"))


def select_tab(window, name):
    from selenium.webdriver.common.by import By

    tabs = window.find_elements(By.CSS_SELECTOR, "button[role=tab]")
    next(tab for tab in tabs if tab.text == name).click()


def length_of(film):
    """Milliseconds of an animation, in which equal frames in a row may be one."""
    lengths = []
    for number in range(film.n_frames):
        film.seek(number)
        film.load()
        lengths.append(film.info["duration"])
    return sum(lengths)


def download(link, folder):
    path = folder / link.rpartition("/")[2]
    with urllib.request.urlopen(link, timeout=20) as answer:
        path.write_bytes(answer.read())
    return path


@pytest.mark.slow
def test_a_visitor_samples_slides_walks_and_saves(window, trained, tmp_path):
    from selenium.webdriver.common.by import By

    first = images(window, "grid")
    assert len(first) == exploring.SAMPLES
    click(window, "sample")
    browser.until(window, lambda w: images(w, "grid") not in ([], first), what="new samples")
    centre = images(window, "centre")
    window.find_elements(By.CSS_SELECTOR, "#grid button")[3].click()
    browser.until(window, lambda w: images(w, "centre") != centre, what="another centre")
    chosen = images(window, "centre")
    for i in range(4):
        slide(window, f"direction-{i}", 0.2 * (i + 1))
    slide(window, "share", 0.7)
    click(window, "reset")
    browser.until(window, lambda w: images(w, "centre") == chosen, what="the centre of before")
    window.find_element(By.CSS_SELECTOR, "#noise input").click()
    browser.until(window, lambda w: images(w, "centre") != chosen, what="noise in G")
    window.find_element(By.CSS_SELECTOR, "#noise input").click()
    browser.until(window, lambda w: images(w, "centre") == chosen, what="no noise")
    slide(window, "truncation", 0.5)
    for count in (1, 2, 3):
        click(window, "keep")
        browser.until(window, lambda w, n=count: len(images(w, "favourites")) == n, what="kept")
        slide(window, "direction-0", -0.3 * count)
    click(window, "walk")
    browser.until(window, lambda w: images(w, "film"), what="the walk")
    film = base64.b64decode(images(window, "film")[0].removeprefix("data:image/webp;base64,"))
    with Image.open(io.BytesIO(film)) as picture:
        assert length_of(picture) == 1000 * 3 * exploring.FRAMES / 24
    click(window, "save")
    links = browser.until(
        window, lambda w: w.find_elements(By.CSS_SELECTOR, "#files a[href]"), what="the files"
    )
    files = {download(link.get_attribute("href"), tmp_path) for link in links}
    assert {file.name for file in files} == {"favourites.npz", "favourites.png"}
    command = ["main.py", "--mode=sample", f"--latents={tmp_path / 'favourites.npz'}"]
    command += [f"--run_dir={trained / 'run'}", f"--out={tmp_path / 'read'}"]
    assert cli.main(command, lambda: models.REGISTRY) == 0
    with (
        Image.open(tmp_path / "favourites.png") as saved,
        Image.open(tmp_path / "read-grid.png") as read,
    ):
        np.testing.assert_allclose(np.asarray(saved, int), np.asarray(read, int), atol=1)
    screenshot(window, "explore", tmp_path)
    assert not [e for e in browser.errors(window) if "favicon" not in e]


@pytest.mark.slow
def test_a_visitor_s_picture_is_found(window, trained, tmp_path):
    from selenium.webdriver.common.by import By

    centre = images(window, "centre")
    field = window.find_element(By.CSS_SELECTOR, "#upload input[type=file]")
    field.send_keys(str(trained / "picture.png"))
    text = lambda w: w.find_element(By.ID, "found").text
    browser.until(window, lambda w: "pixels differ by" in text(w), seconds=120, what="the search")
    assert len(images(window, "found")) == 2
    assert images(window, "centre") != centre
    screenshot(window, "found", tmp_path)


@pytest.mark.slow
def test_wrong_and_huge_files_get_a_sentence(window, tmp_path):
    from selenium.webdriver.common.by import By

    (tmp_path / "text.png").write_text("no picture")
    Image.new("1", (5000, 5000)).save(tmp_path / "large.png")
    (tmp_path / "heavy.png").write_bytes(bytes(explorer.LARGEST_UPLOAD + 1))
    page = lambda w: w.find_element(By.TAG_NAME, "body").text
    for name, sentence in (
        ("heavy.png", "exceed the maximum allowed size of 5.0 M"),
        ("text.png", "not a picture that can be read"),
        ("large.png", "5000×5000 pixels; at most"),
    ):
        window.refresh()
        browser.until(window, lambda w: images(w, "grid"), what="the grid")
        field = window.find_element(By.CSS_SELECTOR, "#upload input[type=file]")
        field.send_keys(str(tmp_path / name))
        browser.until(window, lambda w, s=sentence: s in page(w), what=f"{name}: {sentence}")
        assert "Traceback" not in page(window) and "/tmp" not in page(window)
        screenshot(window, name.partition(".")[0], tmp_path)
    click(window, "walk")
    browser.until(window, lambda w: "two favourites or more" in page(w), what="a sentence")


@pytest.mark.slow
def test_the_second_tab_shows_the_run(window, tmp_path):
    from selenium.webdriver.common.by import By

    select_tab(window, "Run")
    state = lambda w: w.find_element(By.ID, "run-state").text
    browser.until(window, lambda w: state(w) == "Step 20 of 20: ended.", what="the state")
    browser.until(window, lambda w: images(w, "losses") and images(w, "samples"), what="pictures")
    screenshot(window, "run", tmp_path)


@pytest.mark.slow
def test_the_second_tab_follows_a_run_that_another_process_trains(tmp_path):
    from selenium.webdriver.common.by import By

    pytest.importorskip("gradio")
    pictures = np.random.default_rng(0).integers(0, 256, (96, 28, 28), np.uint8)
    np.savez(tmp_path / "data.npz", images=pictures)
    run, arguments = tmp_path / "run", ["--model=dcgan", f"--dataset=npz:{tmp_path / 'data.npz'}"]
    arguments += ["--width=4", "--batch_size=8", "--steps=1000000", "--checkpoint_every=50"]
    arguments += ["--sample_every=50", "--log_every=10", "--progress=false"]
    state = lambda w: w.find_element(By.ID, "run-state").text
    step = lambda w: int(state(w).split()[1].replace(",", "") or 0)
    seen = lambda w: (images(w, "losses"), images(w, "samples"))
    with running(*arguments, f"--run_dir={run}"):
        began = time.monotonic()
        while not list(run.glob("samples/samples-*50.png")):
            assert time.monotonic() - began < 120, "the training does not start"
            time.sleep(0.2)
        with (
            running("--mode=explore", "--port=0", f"--run_dir={run}") as process,
            browser.chromium(tmp_path) as window,
        ):
            window.get(process.stdout.readline().split()[0])
            browser.until(window, lambda w: images(w, "grid"), what="the grid")
            select_tab(window, "Run")
            browser.until(window, lambda w: all(seen(w)), what="losses and samples")
            first, before = step(window), seen(window)
            browser.until(window, lambda w: step(w) > first, what="a later step")
            browser.until(
                window,
                lambda w: all(new and new != old for new, old in zip(seen(w), before)),
                what="other losses and samples",
            )
            screenshot(window, "live", tmp_path)


def status(*request):
    """The status of a request; 413 also where the server hangs up before all has been sent."""
    try:
        with urllib.request.urlopen(urllib.request.Request(*request), timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (urllib.error.URLError, ConnectionError):
        return 413


@pytest.mark.slow
def test_the_server_takes_no_path_and_no_large_file(address, trained):
    secret = trained / "run" / "operative.flags"
    for name in (secret, f"..{secret}", "/etc/passwd"):
        assert status(f"{address}gradio_api/file={name}") in (403, 404)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    upload = f"{address}gradio_api/upload"
    assert status(upload, head + bytes(1000) + b"\r\n--x--\r\n", headers) == 200
    body = head + bytes(explorer.LARGEST_UPLOAD + 1) + b"\r\n--x--\r\n"
    assert status(upload, body, headers) == 413
