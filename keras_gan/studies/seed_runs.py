"""One variant's game, played again and again from other seeds without another trace."""

import dataclasses
import math

import keras
import numpy as np

from keras_gan.data import pipeline
from keras_gan.evaluation import evaluator
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import named_state
from keras_gan.step import functional

MOST_STEPS_A_CALL = 100


class Table:
    """A traced game that seeds take turns at.

    Args:
        config: the variant's `Config`.
        base: the base's, whose initial weights are taken where shapes agree.
        registry: name → model class.
    """

    def __init__(self, config, base, registry):
        self.config, self.base, self.registry = config, base, registry
        self.source = open_data(config)
        self.evaluator = evaluator.Evaluator(
            self.source, count=config.score_samples, data_dir=config.data_dir or None
        )
        self.gan = None

    def play(self, seed):
        """Trains from `seed` and scores: a dictionary of numbers."""
        fresh = self._fresh(seed)
        if self.gan is None:
            self.gan = fresh
            # Nobody looks on between the steps, so many can be one call: a step of a small network
            # is mostly the way there and back.
            fresh.jit_compile = functional.uses_xla(self.config)
            fresh.steps_per_execution = math.gcd(self.config.steps, MOST_STEPS_A_CALL)
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
        )
        self.gan.fit(batches, steps_per_epoch=self.config.steps, verbose=0, shuffle=False)
        noise = self.config.noise_at_sampling
        found = self.evaluator.score(
            lambda count, key: self.gan.sample(count, seed=key, noise=noise)
        )
        _, metrics = self.gan.recorder.read(self.config.steps)
        finite = float(metrics["finite"].mean())
        return {**{k: v for k, v in found.items() if isinstance(v, (int, float))}, "finite": finite}

    def _fresh(self, seed):
        config = dataclasses.replace(self.config, seed=seed)
        gan = build_model(config, self.registry[config.model], self.source)
        if self.config == self.base:
            return gan
        base = dataclasses.replace(self.base, seed=seed)
        twin = build_model(base, self.registry[base.model], self.source)
        for name, network in gan.networks.items():
            if name in twin.networks:
                # A last layer that starts small is what such a variant is about.
                last = config.last_layer_init != base.last_layer_init
                _take_over(network, twin.networks[name], but=int(last))
        gan.average_generator.set_weights(gan.generator.get_weights())
        keras.utils.set_random_seed(seed)
        return gan


def _take_over(network, twin, but):
    """Copies the twin's initial kernels and biases, as long as shapes agree; not the last `but`.

    Layers correspond in the order of their kernels; what lies between them (a norm's scale, say) is
    a network's own.
    """
    layers, others = _layers(network), _layers(twin)
    for own, other in zip(layers[: len(layers) - but], others):
        if own["kernel"].shape != other["kernel"].shape:
            break
        for name in own.keys() & other.keys():
            own[name].assign(np.asarray(other[name]))


def _layers(network):
    """Each layer that has a kernel: its trainable variables by name."""
    layers = {}
    for variable in network.trainable_variables:
        layers.setdefault(variable.path.rpartition("/")[0], {})[variable.name] = variable
    return [variables for variables in layers.values() if "kernel" in variables]
