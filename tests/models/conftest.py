"""What every test of the zoo starts from."""

import keras
import pytest
import tensorflow as tf


def pytest_configure(config):
    """Logical CPUs, for the tests under a strategy."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 4
        )
    except RuntimeError:
        pass  # TensorFlow has started: whoever started it has set the devices


@pytest.fixture(autouse=True)
def _fresh():
    """The same weights in every test, float32 unless the test says otherwise."""
    keras.utils.set_random_seed(5)
    yield
    keras.mixed_precision.set_global_policy("float32")
