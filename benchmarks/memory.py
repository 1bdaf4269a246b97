"""Expected memory beside measured memory, for every model at its default sizes.

Each model trains for three steps in a process of its own, one at a time. *Measured* is the peak of
the resident memory less the resident memory after a trivial model has been trained in the same
process, so that TensorFlow itself, its threads and libraries do not count. *Expected* is
`keras_gan.run.memory.expect`, made before the first step.

    python -m benchmarks.memory                    # all models, results and table
    python -m benchmarks.memory --models=dcgan     # one, printed only
"""

import argparse
import gc
import json
import os
import pathlib
import resource
import sys

from benchmarks import common

RESULTS = pathlib.Path("benchmarks/results/memory.jsonl")
PAGE = pathlib.Path("docs/benchmarks.md")
STEPS = 3
OTHERS = (  # other sizes; the estimate was fitted to the default ones above all
    "dcgan --image_size=64 --channels=3 --width=32 --batch_size=32",
    "dcgan --width=32 --batch_size=32 --self_modulation",
    "wgan_gp --width=32 --batch_size=128",
    "sngan --width=16 --batch_size=64",
    "r3gan --width=16 --batch_size=32",
    "vae_gan --image_size=64 --batch_size=32",
)


def resident() -> int:
    """This process's resident memory in bytes."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak() -> int:
    """The largest resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(setting: str) -> dict[str, object]:
    """Trains a model, with flags behind its name, in this process; expected and measured bytes."""
    import dataclasses
    import types

    from keras_gan.run import memory
    from keras_gan.run.build import build_model
    from keras_gan.settings import flags
    from keras_gan.settings.config import Config
    from keras_gan.settings.resolve import resolve
    from models import REGISTRY

    trivial = resolve({"model": "gan", "width": 1, "batch_size": 8}, REGISTRY)
    name, *further = setting.split()
    config = resolve(flags.parse(Config, ["", f"--model={name}", *further]), REGISTRY)
    shape = (*(flags.image_size(config.image_size) or (28, 28)), config.channels or 1)
    source = types.SimpleNamespace(image_shape=shape, num_classes=10)
    _train(build_model(trivial, REGISTRY["gan"], source), trivial)
    gc.collect()
    before = resident()
    gan = build_model(config, REGISTRY[name], source)
    expected = memory.expect(gan, config.batch_size)
    _train(gan, config)
    measured = peak() - before
    return {
        "model": setting,
        "batch_size": config.batch_size,
        **dataclasses.asdict(expected),
        "expected": expected.total,
        "measured": measured,
        "ratio": round(expected.total / measured, 3),
    }


def _train(gan, config):
    import numpy as np
    import tensorflow as tf

    shape = (config.batch_size, gan.schedule.d_turns)
    images = np.random.default_rng(0).integers(0, 256, (*shape, *gan.image_shape), dtype=np.uint8)
    batch = (images, np.zeros(shape, np.int32)) if gan.num_classes else images
    data = tf.data.Dataset.from_tensors(batch).repeat()
    gan.fit(data, steps_per_epoch=STEPS, verbose=0, shuffle=False)


def table(rows: list[dict]) -> list[str]:
    """The table of docs/benchmarks.md."""
    cells = [
        (
            f"`{row['model']}`",
            f"{row['expected'] / 1e6:.0f} MB",
            f"{row['measured'] / 1e6:.0f} MB",
            f"{row['ratio']:.2f}",
        )
        for row in rows
    ]
    return common.table(("model", "expected", "measured", "ratio"), cells)


def main(argv: list[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="", help="comma-separated; defaults to all")
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.inside:
        print(json.dumps(measure(given.inside)), flush=True)
        return 0
    from models import REGISTRY

    rows = []
    for name in given.models.split(",") if given.models else (*REGISTRY, *OTHERS):
        rows.append(common.measure_apart("memory", f"--inside={name}"))
        print(json.dumps(rows[-1]), flush=True)
    print("\n".join(table(rows)))
    if not given.models:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text("".join(json.dumps(row) + "\n" for row in rows))
        common.replace_section(PAGE, "memory table", table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
