"""Random arguments from Python: a `UsageError` (or `StorageError`) of one line, or success.

Never another exception, and never one from inside a traced function: what is accepted is passed to
Keras' `fit`, which is replaced for all but a few cases.
"""

import collections
import os

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import keras_gan
import models
from keras_gan import gan as gan_module
from keras_gan.errors import KerasGanError, UsageError
from keras_gan.model import fitting
from keras_gan.run import loading
from models.options import names
from tests.behaviour.fuzzing import CASES, MANY, PYTHON_WORDS, TEXTS, elsewhere, fuzz

__all__ = ["elsewhere"]  # a fixture
RUNS = 30 if MANY else 3  # of each kind that are not only accepted
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.integers(-(10**20), 10**20),
    st.floats(),
    TEXTS,
    st.lists(st.integers(-3, 40), max_size=4),
    st.lists(TEXTS, max_size=2),
    st.just(object()),
    st.just(np.arange(3)),
    st.just(lambda *arguments: arguments[0]),
    st.just(dict),
)


def mostly(*likely):
    """Values that are likely to be right, or anything."""
    return st.one_of(*[st.sampled_from(likely)] * 2, ANYTHING)


def chosen(choices, most=3):
    """A few keyword arguments, each from its own strategy."""
    names = st.lists(st.sampled_from(sorted(choices)), max_size=most, unique=True)
    return names.flatmap(lambda some: st.fixed_dictionaries({n: choices[n] for n in some}))


_runs = collections.Counter()


def _run(kind, call, *arguments, **options):
    """A call, if there have been few of its kind that went through."""
    if _runs[kind] < RUNS and call(*arguments, **options) is None:
        _runs[kind] += 1


def refused(call, *arguments, **options):
    """The reason for which a call was refused, or None: it went through."""
    try:
        call(*arguments, **options)
    except KerasGanError as error:
        text = str(error)
        assert text and "\n" not in text and len(text) < 2000
        assert not any(word in text for word in PYTHON_WORDS if word != "numpy"), text
        return text
    return None


OPTIONS = {
    "width": mostly(4, 8),
    "latent_dim": mostly(2, 4),
    "image_shape": mostly((28, 28, 1), [28, 32, 3], (2,), (30, 30, 1), (28, 28), (0, 28, 1)),
    "num_classes": mostly(3, 10),
    "loss": ANYTHING,
    "widht": ANYTHING,
    "prior": mostly("gaussian", "uniform"),
    "normalization": mostly("batch", "none"),
    "dropout": mostly(0.0, 0.5),
    "minibatch_stddev": mostly(True, False),
    "packing": mostly(1, 2),
    "name": mostly("mine", None),
}


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(name=st.sampled_from(["gan", "dcgan", "cgan"]), options=chosen(OPTIONS, 2))
def test_models(name, options):
    model = models.REGISTRY[name]
    options = {"width": 4, "latent_dim": 4, **options}
    tried = {n: v for n, v in options.items() if n in names(model.Options)}
    if len(tried) < len(options) or refused(model.Options, **tried) is None:
        _run("models", refused, model, **options)


COMPILE = {
    "d_optimizer": mostly("adam", "sgd", {"class_name": "Adam", "config": {}}),
    "g_optimizer": mostly("adam", "rmsprop"),
    "loss": mostly("hinge", "wasserstein", "relativistic"),
    "targets": ANYTHING,
    "penalties": mostly("r1", ["r1", "r2"], ["gradient_penalty"]),
    "d_inputs": mostly((), []),
    "replay": ANYTHING,
    "opponent": ANYTHING,
    "schedule": ANYTHING,
    "average": mostly(0.9, None, 0.0),
    "top_k": mostly(0.5, 1.0),
    "separate_batches": mostly(True, False),
    "clip_norm": mostly(1.0, 10),
    "d_constraint": mostly("nonneg", "max_norm"),
    "d_learning_rate_schedule": ANYTHING,
    "g_beta_2_schedule": ANYTHING,
    "jit_compile": mostly(False, None),
    "loss_scaling": mostly(True, False),
    "seed": mostly(0, 1, 2**32 - 1),
    "augment": mostly("color", "color,translation", "ada"),
    "run_eagerly": mostly(True, False),
    "steps_per_execution": mostly(1, 2),
    "optimizer": ANYTHING,
    "metrics": ANYTHING,
}


@pytest.fixture(scope="module")
def made():
    """Models of a few weights, not conditional and conditional, and one to be compiled."""
    options = {"width": 4, "latent_dim": 4, "image_shape": (28, 28, 1)}
    gan, cgan = models.REGISTRY["gan"](**options), models.REGISTRY["cgan"](**options, num_classes=3)
    for model in (gan, cgan):
        model.compile(jit_compile=False)
    return gan, cgan, keras_gan.GAN(gan.generator, gan.discriminator)


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(rules=chosen(COMPILE))
def test_compile(made, monkeypatch, rules):
    """Up to the players, which are made for a few only."""

    def players(gan):
        if _runs["compile"] >= RUNS:
            raise UsageError("accepted")
        _runs["compile"] += 1
        return whole(gan)

    whole = gan_module.Updates
    with monkeypatch.context() as patch:
        patch.setattr(gan_module, "Updates", players)
        refused(made[2].compile, **rules)


def pictures(shape, kind):
    """Images of a shape and a kind, or what is none."""
    values = np.random.default_rng(0).random(shape)
    kinds = {
        "uint8": lambda: (values * 256).astype(np.uint8),
        "unit": lambda: values.astype(np.float32),
        "signed": lambda: values * 2 - 1,
        "wide": lambda: values * 1000,
        "nan": lambda: values * np.nan,
        "text": lambda: values.astype(str),
        "object": lambda: values.astype(object),
        "complex": lambda: values.astype(complex),
        "bool": lambda: values > 0.5,
        "list": lambda: values.tolist(),
    }
    return kinds[kind]()


SHAPES = st.sampled_from(
    [(16, 28, 28, 1)] * 3
    + [(16, 28, 28), (16, 28, 28, 3), (0, 28, 28, 1), (1, 28, 28, 1), (16, 784), (16,), ()]
)
KINDS = st.sampled_from(
    ["uint8", "uint8", "unit", "signed", "wide", "nan", "text", "object", "complex", "bool", "list"]
)
IMAGES = st.one_of(*[st.builds(pictures, SHAPES, KINDS)] * 3, ANYTHING)
LABELS = st.one_of(
    st.none(),
    *[st.builds(lambda n: np.arange(n) % 3, st.sampled_from([16, 16, 15, 0]))] * 2,
    st.just(np.eye(3)[np.arange(16) % 3]),
    st.just(np.arange(16) - 1),
    st.just(np.arange(16) / 2),
    ANYTHING,
)
FIT = {
    "batch_size": mostly(8, 4),
    "epochs": mostly(1, 2),
    "verbose": mostly(0, "auto"),
    "callbacks": mostly(None, []),
    "validation_split": mostly(0.0, 0.5),
    "validation_data": IMAGES,
    "shuffle": mostly(True, False),
    "class_weight": ANYTHING,
    "sample_weight": ANYTHING,
    "initial_epoch": mostly(0),
    "steps_per_epoch": mostly(1, 2),
    "validation_steps": mostly(1),
    "validation_batch_size": mostly(8),
    "validation_freq": mostly(1),
    "pixel_range": mostly((0, 1), (0, 255)),
}


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(
    x=IMAGES, y=LABELS, options=chosen(FIT), conditional=st.booleans(), run=st.integers(0, 9)
)
def test_fit(made, x, y, options, conditional, run):
    gan = made[conditional]
    options = {"batch_size": 8, "verbose": 0, **options}
    if run == 9 and str(options.get("epochs", 1)) in ("1", "2"):
        _run("fit", refused, gan.fit, x, y, **options)
    refused(fitting.of_fit, gan, x, y, **options)


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(x=IMAGES, y=LABELS, conditional=st.booleans(), batch_size=mostly(8, None))
def test_evaluate(made, x, y, conditional, batch_size):
    refused(fitting.of_evaluate, made[conditional], x, y, batch_size, verbose=0)


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(
    count=mostly(0, 1, 5),
    options=chosen(
        {
            "seed": mostly(0, 7),
            "labels": st.one_of(ANYTHING, st.just([0, 1, 2, 0, 1])),
            "truncation": mostly(1.0, 0.5),
        }
    ),
    conditional=st.booleans(),
)
def test_sample(made, count, options, conditional):
    hypothesis.assume(not isinstance(count, int) or count < 100 or count > 2**31)
    gan = made[conditional]
    if refused(gan.sample, count, **options) is None:
        assert gan.sample(count, **options).shape == (count, 28, 28, 1)


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(path=st.one_of(ANYTHING, st.binary(max_size=6), st.just(os)))
def test_load(tmp_path, monkeypatch, path):
    def none(name):
        raise UsageError(f"{name}: not had from the hub")

    monkeypatch.setattr(loading, "_download", none)
    assert refused(keras_gan.load, path) is not None


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(
    content=st.binary(max_size=60), name=st.sampled_from(["x.keras", "x/config.json"])
)
def test_load_of_a_damaged_file(tmp_path, content, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    (path.parent / "model.safetensors").write_bytes(content)
    assert refused(keras_gan.load, path if path.suffix == ".keras" else path.parent) is not None
