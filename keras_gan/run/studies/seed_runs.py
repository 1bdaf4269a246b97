"""Runs one variant for many seeds without retracing."""

import dataclasses
import math
from collections.abc import Mapping

import keras
import numpy as np

from keras_gan.data import pipeline
from keras_gan.evaluation import evaluator
from keras_gan.monitoring.best import score_averages
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import named_state
from keras_gan.settings.config import Config
from keras_gan.step import functional

MAX_STEPS_PER_CALL = 100


class SeedRuns:
    """One traced model, reset for each seed.

    Args:
        config: the variant's `Config`.
        base: the base's `Config`; its initial weights are used wherever shapes agree.
        registry: model classes by name.
    """

    def __init__(self, config: Config, base: Config, registry: Mapping[str, type]):
        self.config, self.base, self.registry = config, base, registry
        self.source = open_data(config)
        self.evaluator = evaluator.Evaluator(
            self.source,
            count=config.score_samples,
            extractor=config.extractor or None,
            inception_weights=config.inception_weights or None,
            precision_recall=len(self.source.image_shape) > 1,
            data_dir=config.data_dir or None,
        )
        self.gan = None

    def run(self, seed: int) -> dict[str, float | int]:
        """Trains from `seed`, scores, and returns the scores by name."""
        fresh = self._fresh(seed)
        if self.gan is None:
            self.gan = fresh
            # No callbacks need individual steps, so up to 100 run per call; small steps are
            # dominated by call overhead.
            fresh.jit_compile = functional.uses_xla(self.config.xla)
            fresh.steps_per_execution = math.gcd(self.config.steps, MAX_STEPS_PER_CALL)
        else:
            new = named_state(fresh)
            for name, variable in named_state(self.gan).items():
                variable.assign(new[name])
        batches = pipeline.batches(
            self.source,
            batch_size=self.config.batch_size,
            turns=self.gan.schedule.d_turns,
            seed=seed,
            steps=self.config.steps,
            mirror=self.config.mirror,
        )
        self.gan.fit(batches, steps_per_epoch=self.config.steps, verbose=0, shuffle=False)
        noise = self.config.noise_at_sampling

        def score():
            return self.evaluator.score(
                lambda count, seed: self.gan.sample(count, seed=seed, noise=noise)
            )

        scores = score_averages(self.gan, score)
        _, metrics = self.gan.recorder.read(self.config.steps)
        finite = float(metrics["finite"].mean())
        numbers = {k: v for k, v in scores.items() if isinstance(v, (int, float))}
        return {**numbers, "finite": finite}

    def _fresh(self, seed):
        config = dataclasses.replace(self.config, seed=seed)
        gan = build_model(config, self.registry[config.model], self.source)
        if self.config == self.base:
            return gan
        base = dataclasses.replace(self.base, seed=seed)
        twin = build_model(base, self.registry[base.model], self.source)
        for name, network in gan.networks.items():
            if name in twin.networks:
                # Unless the variant initialises the last layer differently.
                last = config.last_layer_init != base.last_layer_init
                _copy_weights(network, twin.networks[name], excluded=int(last))
        gan.average_generator.set_weights(gan.generator.get_weights())
        keras.utils.set_random_seed(seed)
        return gan


def _copy_weights(network, twin, excluded):
    """Copies the twin's kernels and biases, as long as shapes agree, but not the last `excluded`.

    Layers correspond in the order of their kernels; other variables, such as a norm's scale, are
    not copied.
    """
    layers, others = _layers(network), _layers(twin)
    for layer, other in zip(layers[: len(layers) - excluded], others):
        if layer["kernel"].shape != other["kernel"].shape:
            break
        for name in layer.keys() & other.keys():
            layer[name].assign(np.asarray(other[name]))


def _layers(network):
    """The trainable variables, by name, of each layer that has a kernel."""
    layers = {}
    for variable in network.trainable_variables:
        layers.setdefault(variable.path.rpartition("/")[0], {})[variable.name] = variable
    return [variables for variables in layers.values() if "kernel" in variables]
