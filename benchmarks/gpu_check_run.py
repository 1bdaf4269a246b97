"""One training of `gpu_check`, in a process of its own; prints one line of JSON."""

import argparse
import contextlib
import json
import sys
import time
from unittest import mock

WARM_UP = 10  # steps before the clock starts


def devices() -> dict:
    """GPUs and versions."""
    import tensorflow as tf

    import keras_gan

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return {
        "keras_gan": keras_gan.__version__,
        "tensorflow": tf.__version__,
        "cuda": tf.sysconfig.get_build_info().get("cuda_version", "none"),
        "gpus": [detail.get("device_name", "a GPU") for detail in details],
    }


def train(given: argparse.Namespace) -> dict:
    """Trains; writes the state to `--out` and returns what was measured."""
    import keras
    import numpy as np
    import tensorflow as tf

    from keras_gan.data import pipeline
    from keras_gan.data.source import Source
    from keras_gan.run import build, devices
    from keras_gan.run.checkpoints import load_state, named_state
    from keras_gan.settings.resolve import resolve
    from models import REGISTRY, blocks

    tf.config.experimental.enable_tensor_float_32_execution(False)
    gpus = tf.config.list_physical_devices("GPU")
    settings = {
        "model": "dcgan",
        "width": given.width,
        "batch_size": given.batch_size,
        "steps": given.steps,
        "xla": given.xla,
        "precision": given.precision,
        "strategy": "mirrored" if given.replicas else "one_device",
        "logical_devices": 2 if given.replicas and not gpus else 0,
    }
    if given.sgd:
        settings |= {"d_optimizer": "sgd", "g_optimizer": "sgd"}
        settings |= {"d_learning_rate": 0.05, "g_learning_rate": 0.05}
    if given.layer_norm:  # batch norm on several devices is not that on one
        settings |= {"normalization": "layer", "d_normalization": "layer"}
    config = resolve(settings, REGISTRY)
    devices.set_up(config)
    if given.deterministic:
        keras.utils.set_random_seed(0)
        tf.config.experimental.enable_op_determinism()
    images = np.random.default_rng(0).integers(0, 256, (4096, 28, 28, 1), np.uint8)
    source = Source("random", (28, 28, 1), images=images)
    strategy = devices.strategy(config)
    # A comparison has no kinks: a value that rounding carries across LeakyReLU's changes a gradient
    # by a hundredth, and says nothing about the device.
    smooth = mock.patch.object(blocks, "activation", lambda kind: keras.layers.Activation("silu"))
    with strategy.scope(), smooth if given.sgd else contextlib.nullcontext():
        gan = build.build_model(config, REGISTRY["dcgan"], source)
    if given.start:
        with np.load(given.start) as file:
            load_state(gan, {name: file[name] for name in file.files}, given.start)
    first = int(gan.step.numpy())
    before = np.array(gan.generator.trainable_variables[0])
    batches = pipeline.batches(
        source,
        batch_size=config.batch_size,
        turns=1,
        seed=0,
        start_step=first,
        steps=given.steps,
        strategy=strategy,
    )
    clock = Clock()
    gan.fit(batches, steps_per_epoch=given.steps, verbose=0, shuffle=False, callbacks=[clock.tick])
    finite = gan.recorder.read(first + given.steps, given.steps)[1]["finite"]
    rate = clock.rate(given.steps)
    np.savez(given.out, **{name: np.asarray(v) for name, v in named_state(gan).items()})
    moved = bool((np.asarray(gan.generator.trainable_variables[0]) != before).any())
    measured = {"rate": rate, "moved": moved, "skipped": float(1.0 - finite.mean())}
    if gpus:
        measured["memory_growth"] = all(map(tf.config.experimental.get_memory_growth, gpus))
        measured["gpu_bytes"] = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return measured


class Clock:
    """The rate of the steps after the warm-up."""

    def __init__(self):
        import keras

        self.warm = None
        self.tick = keras.callbacks.LambdaCallback(on_train_batch_end=self._count)

    def _count(self, batch, logs=None):
        if batch + 1 == WARM_UP:
            self.warm = time.perf_counter()

    def rate(self, steps: int) -> float:
        """Steps per second; 0 if there were no more than those of the warm-up."""
        seconds = time.perf_counter() - self.warm if self.warm else 0.0
        return (steps - WARM_UP) / seconds if steps > WARM_UP else 0.0


def main(argv: list[str] | None = None) -> int:
    """Runs one training, or prints the devices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", action="store_true")
    parser.add_argument("--xla", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--replicas", action="store_true")
    parser.add_argument("--layer_norm", action="store_true")
    parser.add_argument("--sgd", action="store_true")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--start", default="")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--out", default="")
    # `--noxla`, as the command line of main.py has it.
    argv = ["--no-xla" if word == "--noxla" else word for word in argv or sys.argv[1:]]
    given = parser.parse_args(argv)
    print(json.dumps(devices() if given.devices else train(given)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
