"""What `fit`'s logs cost: steps with and without them, in pairs.

    python benchmarks/log_cost.py [--steps=300] [--pairs=40] [--reference_ms=MS]

A real step varies by more than the cost that is looked for, so a trivial one is timed, with
verbose=0: a model of one weight per network, once with its logs and once with a single constant in
their place. The order alternates from pair to pair, so that a machine that becomes slower favours
neither. The result is the median of the differences, with its 95 % confidence interval from the
order statistics, which assumes nothing of their distribution. `--reference_ms`, the time of a real
step, puts it into proportion. To be run on an idle machine.
"""

import argparse
import math
import statistics
import time
from collections.abc import Sequence

import keras
import numpy as np

import keras_gan


def build(logs: bool) -> keras_gan.GAN:
    """A model of few weights, with its logs or with a single constant in their place."""
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


def milliseconds(gan: keras_gan.GAN, points: np.ndarray, steps: int) -> float:
    """The time of one step in a `fit` of so many."""
    began = time.perf_counter()
    gan.fit(points, batch_size=16, steps_per_epoch=steps, verbose=0)
    return 1e3 * (time.perf_counter() - began) / steps


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """A confidence interval of the median: the r-th smallest and the r-th largest value.

    r is the largest rank for which the median is between the two with at least this probability,
    whatever the distribution: 1 - 2·P(Binomial(n, 1/2) < r). With too few values it is the range.
    """
    count, rank = len(values), 1
    outside = 0.5**count  # P(Binomial < rank)
    while 1.0 - 2.0 * (outside + math.comb(count, rank) * 0.5**count) >= level:
        outside += math.comb(count, rank) * 0.5**count
        rank += 1
    ordered = sorted(values)
    return ordered[rank - 1], ordered[-rank]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help="steps per measurement")
    parser.add_argument("--pairs", type=int, default=40, help="pairs of measurements")
    parser.add_argument("--reference_ms", type=float, default=None, help="time of a real step")
    given = parser.parse_args()
    points = np.random.default_rng(0).normal(size=(1024, 2))
    plain, logging = build(logs=False), build(logs=True)
    for gan in (plain, logging):
        milliseconds(gan, points, 20)  # traces
    differences, without = [], []
    for pair in range(given.pairs):
        order = (plain, logging) if pair % 2 else (logging, plain)
        times = {id(gan): milliseconds(gan, points, given.steps) for gan in order}
        differences.append(times[id(logging)] - times[id(plain)])
        without.append(times[id(plain)])
    median, (low, high) = statistics.median(differences), interval(differences)
    print(
        f"logs cost {median:.4f} ms per step, 95 % interval {low:.4f} to {high:.4f} (median of"
        f" {given.pairs} pairs of {given.steps} steps; {statistics.median(without):.3f} ms per step"
        " without logs)"
    )
    if given.reference_ms:
        shares = [100 * value / given.reference_ms for value in (median, low, high)]
        share, least, most = (f"{value:.2f}" for value in shares)
        print(f"{share} % ({least} to {most}) of a step of {given.reference_ms:g} ms")


if __name__ == "__main__":
    main()
