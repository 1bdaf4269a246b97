"""What `fit`'s logs cost: steps with and without them, in pairs.

    python benchmarks/log_cost.py [--steps=300] [--pairs=20] [--reference_ms=MS]

A trivial model's step varies by less than the cost that is looked for, so that is what is timed,
with verbose=0. `--reference_ms`, the time of a real step, puts the difference into proportion.
"""

import argparse
import statistics
import time

import keras
import numpy as np

import keras_gan


def build(logs: bool):
    """A model of one weight each, with its logs or with a single constant in their place."""
    keras.utils.set_random_seed(0)
    latents, images = keras.Input((1,)), keras.Input((2,))
    gan = keras_gan.GAN(
        keras.Model(latents, keras.layers.Dense(2)(latents)),
        keras.Model(images, keras.layers.Dense(1)(images)),
    )
    gan.compile(jit_compile=False)
    if not logs:
        gan.logs.update = lambda recorded: {"step": recorded["finite"]}
    return gan


def seconds(gan, points, steps: int) -> float:
    """The time of one step in a `fit` of `steps`."""
    began = time.perf_counter()
    gan.fit(points, batch_size=16, steps_per_epoch=steps, verbose=0)
    return (time.perf_counter() - began) / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--reference_ms", type=float, default=None)
    given = parser.parse_args()
    points = np.random.default_rng(0).normal(size=(1024, 2))
    plain, logging = build(logs=False), build(logs=True)
    for gan in (plain, logging):
        seconds(gan, points, 20)  # traces
    differences = []
    for pair in range(given.pairs):
        order = (plain, logging) if pair % 2 else (logging, plain)
        times = {id(gan): seconds(gan, points, given.steps) for gan in order}
        differences.append(1e3 * (times[id(logging)] - times[id(plain)]))
    median = statistics.median(differences)
    low, high = np.percentile(differences, [25, 75])
    print(f"logs cost {median:.3f} ms per step (quartiles {low:.3f} to {high:.3f})")
    if given.reference_ms:
        print(f"{100 * median / given.reference_ms:.2f} % of a step of {given.reference_ms:g} ms")


if __name__ == "__main__":
    main()
