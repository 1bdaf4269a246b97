"""Every switch as a flag: flagfiles are consistent, and all pairs of switches train."""

import dataclasses
import itertools
import pathlib
import random
import re

import numpy as np
import pytest
import tensorflow as tf

import models
from keras_gan.data import pipeline
from keras_gan.run.build import build_model
from keras_gan.settings import compatibility, flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete

ROOT = pathlib.Path(__file__).parents[2]
FLAGFILES = sorted((ROOT / "configs" / "tips").glob("*.flags"))

FACTORS = {
    "loss": [
        {},
        {"loss": "least_squares"},
        {"loss": "hinge"},
        {"loss": "wasserstein", "spectral_norm": True},
        {"loss": "relativistic"},
    ],
    "penalty": [  # with D's normalisation, on which they depend
        {},
        {"gradient_penalty": 1.0, "d_normalization": "layer"},
        {"dragan": 1.0, "penalty_interval": 2, "d_normalization": "instance"},
        {"r1": 0.1, "r1_end": 0.01, "r2": 0.1, "d_normalization": "none"},
        {"r2": 0.1, "r1_finite_difference": True, "d_normalization": "none"},
    ],
    "smoothness": [{}, {"lecam": 0.3, "consistency": 1.0}, {"balanced_consistency": 1.0}],
    "prior": [{}, {"prior": "uniform"}, {"prior": "hypersphere"}, {"prior": "ornstein_uhlenbeck"}],
    "targets": [
        {},
        {"real_target": "0.7,1.2", "fake_target": "0,0.3"},
        {"label_flip": 0.2},
        {"loss": "minimax"},  # non-saturating for D
    ],
    "turns": [
        {},
        {"d_turns": 2},
        {"threshold_loop": True, "turn_bound": 2, "d_threshold": 0.1, "g_threshold": -9.0},
    ],
    "normalization": [
        {},
        {"normalization": "instance"},
        {"normalization": "none"},
        {"normalization": "layer"},
    ],
    "shape": [
        {},
        {"activation": "relu", "upsampling": "nearest", "downsampling": "max"},
        {"upsampling": "pixel_shuffle", "downsampling": "average"},
    ],
    "network": [
        {},
        {"layer_noise": 0.05, "minibatch_stddev": True},
        {"dropout": 0.5, "conditional": True},
        {"last_layer_init": 0.01, "separate_batches": False},
    ],
    "d_only": [{}, {"replay_rate": 0.5, "replay_size": 12}, {"clip_weights": 0.05}],
    "opponent": [
        {},
        {"past_players": 2, "past_players_every": 1, "past_players_rate": 1.0},
        {"target_networks": 0.1},
    ],
    "input": [
        {},
        {"augment": "color,translation,cutout", "augment_rate": 0.0, "augment_rate_end": 0.5},
        {"ada": 0.6},
        {"input_noise": 0.1, "input_noise_steps": 1},
    ],
    "update": [
        {
            "average_decay": 0.0,
            "d_learning_rate_schedule": "linear",
            "g_learning_rate_schedule": "cosine",
            "warmup_steps": 2,
            "d_beta_2": 0.9,
            "d_beta_2_end": 0.99,
        },
        {
            "top_k": 0.5,
            "clip_norm": 1.0,
            "average_half_life_end": 100.0,
            "self_modulation": True,
        },
        {
            "d_optimizer": "sgd",
            "d_learning_rate": 0.01,
            "d_weight_decay": 1e-4,
            "average_lengths": "0.05,0.1",
        },
    ],
    "xla": [{"xla": False}, {"xla": True, "packing": 2}],
}


def merged(parts):
    """One dictionary, or None where two parts set a flag differently."""
    settings = {}
    for part in parts:
        if any(settings.get(name, value) != value for name, value in part.items()):
            return None
        settings.update(part)
    return settings


def works(parts):
    settings = merged(parts)
    return settings is not None and not compatibility.conflicts(settings)


def covering_array(seed=8, candidates=30):
    """Rows of choices that hold every pair that works at least once, greedily.

    Returns:
        A list of settings, and the pairs (factor, choice, factor, choice) that were to be covered.
    """
    draw, names = random.Random(seed), list(FACTORS)
    pairs = {
        (a, i, b, j)
        for a, b in itertools.combinations(names, 2)
        for i, one in enumerate(FACTORS[a])
        for j, two in enumerate(FACTORS[b])
        if works([one, two])
    }
    left, rows = set(pairs), []

    def held(row):
        return {(a, row[a], b, row[b]) for a, b in itertools.combinations(names, 2)}

    def grow(start):
        row = dict(start)
        for name in draw.sample(names, len(names)):
            if name in row:
                continue
            chosen = [FACTORS[n][i] for n, i in row.items()]
            options = [i for i, x in enumerate(FACTORS[name]) if works([*chosen, x])]
            if not options:
                return None

            def gain(i, name=name, row=row):
                new = 0
                for other, j in row.items():
                    a, b = sorted((name, other), key=names.index)
                    new += (a, i if a == name else j, b, i if b == name else j) in left
                return new + draw.random()

            row[name] = max(options, key=gain)
        return row

    while left:
        a, i, b, j = draw.choice(sorted(left))
        grown = [row for _ in range(candidates) if (row := grow({a: i, b: j}))]
        if not grown:
            left.discard((a, i, b, j))  # works as a pair, with nothing else in the array
            pairs.discard((a, i, b, j))
            continue
        best = max(grown, key=lambda row: len(held(row) & left))
        left -= held(best)
        rows.append(best)
    return [merged(FACTORS[n][i] for n, i in row.items()) for row in rows], pairs


ARRAY, PAIRS = covering_array()


def test_the_array_holds_every_pair_that_works_in_few_runs():
    assert 15 <= len(ARRAY) <= 40
    for a, i, b, j in PAIRS:
        wanted = merged([FACTORS[a][i], FACTORS[b][j]])
        assert any(wanted.items() <= row.items() for row in ARRAY), wanted


class Source:
    """Noise in the shape of Fashion-MNIST."""

    image_shape, num_classes = (28, 28, 1), 10


def trained(chosen, steps=2, batch=8, source=None):
    """A model after some steps (on noise without a source), its metrics, changes of G's weights."""
    defaults = models.REGISTRY[chosen.get("model", "dcgan")].defaults()
    small = {"width": 4, "latent_dim": 8, "batch_size": batch, "steps": steps}
    settings = complete({**chosen, **small}, defaults)
    model = models.REGISTRY[settings.model]
    compatibility.check(settings, model)
    gan = build_model(settings, model, source or Source)
    if source is not None:
        batches = pipeline.batches(
            source if gan.conditional else unlabelled(source),
            batch_size=batch,
            turns=gan.schedule.d_turns,
            steps=steps,
        )
        return gan, *trained_on(gan, batches, steps)
    rng = np.random.default_rng(0)
    shape = (batch, gan.schedule.d_turns)
    images = rng.integers(0, 256, (*shape, 28, 28, 1), dtype=np.uint8)
    labels = rng.integers(0, 10, shape, dtype=np.int32)
    data = (images, labels) if gan.conditional else images
    return gan, *trained_on(gan, tf.data.Dataset.from_tensors(data).repeat(), steps)


def unlabelled(source):
    return type(source)(source.name, source.image_shape, images=source.images)


def trained_on(gan, batches, steps):
    """The metrics of some steps, and which of G's weights moved."""
    before = [w.numpy() for w in gan.generator.trainable_variables]
    gan.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    moved = [
        not np.array_equal(a, w.numpy())
        for a, w in zip(before, gan.generator.trainable_variables, strict=True)
    ]
    return gan.recorder.read(steps)[1], moved


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(ARRAY)))
def test_a_row_of_the_array_trains_real_steps(index):
    _, metrics, moved = trained(ARRAY[index])
    assert (metrics["finite"] == 1.0).all(), ARRAY[index]
    assert np.mean(moved) > 0.5
    for name, values in metrics.items():
        assert np.isfinite(values).all(), name


def flags_of(path):
    return flags.parse(Config, ["main.py", f"--flagfile={path}"])


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_a_flagfile_is_consistent_and_has_a_title(path):
    chosen = flags_of(path)
    model = models.REGISTRY[chosen.get("model", "dcgan")]
    compatibility.check(complete(chosen, model.defaults()), model)
    assert path.read_text().startswith("# ")


def test_every_tip_has_its_flagfile_its_row_and_its_section():
    page = (ROOT / "docs" / "tips.md").read_text()
    for number in range(1, 18):
        assert any(path.stem.startswith(f"{number:02}-") for path in FLAGFILES), number
        assert f"\n| {number} |" in page
    sections = page.split("\n### Tip ")[1:]
    assert [int(section.partition(":")[0]) for section in sections] == list(range(1, 18))
    for section in sections:
        for part in ("Claim", "When", "Cost", "Flags", "Flagfiles", "Code", "Tests"):
            assert f"\n- **{part}**:" in section, (section.partition("\n")[0], part)
    for path in FLAGFILES:
        number = int(path.stem[:2]) if path.stem[:2].isdigit() else None
        assert f"`{path.stem}" in (sections[number - 1] if number else page), path.stem


def test_the_page_names_files_and_flags_that_exist():
    page = (ROOT / "docs" / "tips.md").read_text()
    links = re.findall(r"\]\(([^)#]+)\)", page)
    assert len(links) > 60
    for link in links:
        assert (ROOT / "docs" / link).exists(), link
    known = {field.name for field in dataclasses.fields(Config)}
    for name in re.findall(r"--(\w+)", page):
        assert name in known | {"flagfile", "recipes"}, name


@pytest.mark.slow
@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_a_flagfile_trains_on_real_images(path, xla, fashion_mnist):
    _, metrics, moved = trained({**flags_of(path), "xla": xla}, steps=20, source=fashion_mnist)
    assert (metrics["finite"] == 1.0).all() and any(moved)
