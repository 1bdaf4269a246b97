"""How long the explorer takes to answer a slider, in a real browser.

`python -m benchmarks.showing --slider` opens it on an untrained 28×28 DCGAN of the default width in
headless Chromium and moves sliders 20 times; a move is answered when the new image is there.
"""

import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

from benchmarks import browser
from keras_gan.run import export
from keras_gan.settings.resolve import complete

MOVES = 20
SLIDERS = 4
SCRIPT = """
const [id, value, done] = arguments;
const slider = document.querySelector('#' + id + ' input[type=range]');
const image = () => document.querySelector('#centre img');
const before = image().src, began = performance.now();
const look = () => {
  if (image() && image().src !== before && image().complete) done(performance.now() - began);
  else requestAnimationFrame(look);
};
slider.value = value;
slider.dispatchEvent(new Event('input', {bubbles: true}));
look();
"""


def seconds() -> list[float]:
    """The seconds of each move."""
    import models

    gan = models.REGISTRY["dcgan"](image_shape=(28, 28, 1))
    gan.compile()
    for variable in gan.average_generator.variables:  # so that images differ
        variable.assign(variable * (4.0 if len(variable.shape) > 1 else 1.0))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        export.save(gan, folder / "export", complete({}, gan.defaults()))
        command = [sys.executable, "main.py", "--mode=explore", "--port=0"]
        command.append(f"--weights={folder / 'export'}")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                return _moves(process.stdout.readline().split()[0], folder)
            finally:
                process.send_signal(signal.SIGTERM)


def _moves(address, folder):
    with browser.chromium(folder) as window:
        window.get(address)
        centre = "return document.querySelector('#centre img') !== null"
        browser.until(window, lambda w: w.execute_script(centre), what="the page")
        moves = [
            (f"direction-{number % SLIDERS}", (number // SLIDERS + 1) / 10)
            for number in range(MOVES)
        ]
        return [window.execute_async_script(SCRIPT, *move) / 1000 for move in moves]


def sentence(results: list[float]) -> str:
    """The measurement in one line."""
    median, worst = statistics.median(results), max(results)
    return (
        f"A slider is answered in {median:.3f} s (median of {len(results)} moves; slowest"
        f" {worst:.3f} s; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f})."
    )
