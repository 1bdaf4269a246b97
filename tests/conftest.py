"""What every test shares: a quiet TensorFlow with four logical CPUs, time budget, real data."""

import fcntl
import os
import pathlib
import tempfile
import time

# Before TensorFlow or matplotlib are imported by anybody.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["MPLBACKEND"] = "Agg"

import pytest

from keras_gan.quiet import silence

pytest_plugins = ("tests.tiny",)  # fixtures of tiny models

LOGICAL_CPUS = 4
ROOT = pathlib.Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    parser.addoption(
        "--time-budget",
        type=float,
        default=None,
        metavar="SECONDS",
        help="start no test after so many seconds; the rest is skipped",
    )


def pytest_configure(config):
    config.started = time.monotonic()
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        return  # xdist's controller runs no tests
    with silence():
        start_tensorflow(workers=int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def start_tensorflow(workers=1):
    """Splits the CPU into logical devices, which TensorFlow allows before its start only."""
    import tensorflow as tf

    # Not one worker's threads for all cores: they would only wait for each other.
    threads = max(1, (os.cpu_count() or 1) // workers)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * LOGICAL_CPUS
    )
    tf.config.list_logical_devices()


def pytest_runtest_setup(item):
    budget = item.config.getoption("--time-budget")
    if budget is not None and time.monotonic() - item.config.started > budget:
        pytest.skip(f"the time budget of {budget:.0f} s is used up")


@pytest.fixture(scope="session")
def root():
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def fashion_mnist():
    """The real training set: a `Source` of 60,000 images, uint8 [28, 28, 1], with labels.

    Skips only where the data set can be had neither from disk nor from the network.
    """
    from keras_gan.data import fetch, open_source

    # Several workers must not prepare it at once.
    with open(pathlib.Path(tempfile.gettempdir()) / f"keras_gan_tests_{os.getuid()}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if fetch.main(["--dataset=fashion_mnist"]) != 0:
            pytest.skip("Fashion-MNIST is neither on this machine nor can it be fetched")
    return open_source("fashion_mnist")


@pytest.fixture(scope="session")
def mirrored():
    """A strategy with two replicas on logical CPUs.

    One for all tests: a second one on the same devices uses the first one's collective keys, and
    its shapes no longer fit.
    """
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def without_kinks(monkeypatch):
    """LeakyReLU with its kink rounded, for comparisons of two ways to compute the same step.

    With the kink, an activation of 2e-10 here and -6e-10 there takes the other slope, and the
    gradient jumps by 1e-3 where the two ways agree to 1e-6 everywhere else.
    """
    import keras

    from keras_gan.layers import fused

    def rounded(self, x, training=None):
        slope = self.negative_slope
        return slope * x + (1.0 - slope) * keras.ops.softplus(32.0 * x) / 32.0

    for layer in (keras.layers.LeakyReLU, fused.LeakyReLU):
        monkeypatch.setattr(layer, "call", rounded)
