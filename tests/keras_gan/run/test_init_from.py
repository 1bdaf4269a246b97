"""Fine-tuning: weights are taken where shapes agree, the rest is named, misfits are refused."""

import pathlib

import numpy as np
import pytest

import keras_gan
from keras_gan.cli import main
from keras_gan.errors import StorageError, UsageError
from keras_gan.run import stored_weights
from keras_gan.run.init_from import check_source, convert, take
from keras_gan.run.stored_weights import StoredWeights, named_networks
from keras_gan.step import network_state
from models import REGISTRY

SMALL = {"width": 4, "latent_dim": 8}


def model(name="dcgan", **options):
    return REGISTRY[name](**{**SMALL, **options})


def stored(gan, source="somewhere"):
    """A model's weights, in the average other ones than in the generator."""
    for variable in gan.average_generator.variables:
        variable.assign(np.asarray(variable) + 0.25)
    return StoredWeights.of_model(source, gan)


def values(gan):
    return {
        f"{owner}/{index}": np.asarray(variable)
        for owner, network in named_networks(gan).items()
        for index, variable in enumerate(network_state.variables(network))
    }


def test_equal_networks_take_all_weights_and_nothing_else():
    before, after = model(), model()
    taken = take(after, stored(before))
    assert not taken.missing and not taken.converted
    old, new = values(before), values(after)
    assert all((old[name] == new[name]).all() for name in old)
    after.compile()
    assert int(after.step.numpy()) == int(after.d_optimizer.iterations.numpy()) == 0


def test_other_classes_keep_their_new_weights_and_are_named():
    before, after = model("cgan", num_classes=9), model("cgan", num_classes=10)
    fresh, taken = values(after), take(after, stored(before))
    assert len(taken.missing) == 3  # embedded in G and in its average, projected in D
    assert "discriminator/classes/kernel [9, 8] (here [10, 8])" in str(taken)
    old, new = values(before), values(after)
    for name, array in new.items():
        expected = old[name] if old[name].shape == array.shape else fresh[name]
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_colour_networks_begin_as_the_grey_ones(spectral_norm):
    options = {"spectral_norm": spectral_norm, "d_normalization": "none"}
    grey, colour = model(**options), model(image_shape=(28, 28, 3), **options)
    taken = take(colour, stored(grey))
    assert len(taken.converted) == 2 * 2 + 1  # kernel and bias of G and its average, D's kernel
    latents = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    image = np.asarray(grey.call_generator(latents, training=False))
    in_colour = np.asarray(colour.call_generator(latents, training=False))
    np.testing.assert_allclose(in_colour, np.repeat(image, 3, -1), atol=1e-6)
    logits = [
        np.asarray(gan.call_discriminator(images, training=False)["logits"])
        for gan, images in ((grey, image), (colour, in_colour))
    ]
    if spectral_norm:  # its first layer has length 1 again: another scale, the same order
        assert (np.argsort(logits[0]) == np.argsort(logits[1])).all()
    else:
        np.testing.assert_allclose(*logits, rtol=1e-4, atol=1e-7)


def test_from_colour_to_grey_discriminator_and_mean():
    kernel = np.random.default_rng(0).normal(size=(4, 4, 3, 5))
    as_input = convert(kernel, (4, 4, 1, 5), (3, 1), "discriminator")
    np.testing.assert_allclose(as_input, kernel.sum(2, keepdims=True))
    as_output = convert(kernel, (4, 4, 1, 5), (3, 1), "average_generator")
    np.testing.assert_allclose(as_output, kernel.mean(2, keepdims=True))
    assert convert(kernel, (4, 4, 4, 5), (3, 4), "discriminator") is None


def test_singular_vectors_fit_the_kernels_that_were_taken():
    options = {"spectral_norm": True, "d_normalization": "none"}
    colour = model(image_shape=(28, 28, 3), **options)
    take(colour, stored(model(**options)))
    for layer in colour.discriminator.layers:
        if hasattr(layer, "left"):
            matrix = np.asarray(layer.kernel).reshape(-1, layer.kernel.shape[-1])
            sigma = np.asarray(layer.right) @ matrix @ np.asarray(layer.left).T
            np.testing.assert_allclose(sigma[0, 0], np.linalg.norm(matrix, 2), rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("dcgan", {"width": 16}, "of its discriminator fit"),
        ("dcgan", {"image_shape": (64, 64, 1)}, "has other layers"),
        ("dcgan", {"normalization": "none"}, "has other layers"),
        ("infogan", {"latent_dim": 32}, "has other layers"),
        ("vae_gan", {}, "it holds no encoder"),
    ],
)
def test_other_networks_are_refused_and_nothing_is_taken(name, options, reason):
    gan = model(name, **options)
    before = values(gan)
    with pytest.raises(UsageError, match=rf"--init_from=runs/a: .*{reason}.*; allowed: the same"):
        take(gan, stored(model(), "runs/a"))
    after = values(gan)
    assert all((before[key] == after[key]).all() for key in before)


def test_another_latent_size_costs_the_first_layer_of_g():
    taken = take(model(latent_dim=16), stored(model()))
    assert [name.rpartition("/")[2] for name in taken.missing] == ["kernel", "kernel"]
    assert all("[8, " in text for text in taken.missing.values())


def test_a_compiled_model_is_refused():
    gan = model()
    gan.compile()
    with pytest.raises(UsageError, match="before compile"):
        keras_gan.init_from(gan, "anything")


@pytest.mark.slow
def test_files_exports_and_what_is_none(tmp_path):
    gan = model()
    gan.compile()
    gan.save(tmp_path / "gan.keras")
    gan.export(tmp_path / "export")
    for path in ("gan.keras", "export"):
        other = model()
        taken = keras_gan.init_from(other, tmp_path / path)
        assert not taken.missing
        old, new = values(gan), values(other)
        assert all((old[name] == new[name]).all() for name in old)
    with pytest.raises(UsageError, match=r"--init_from=nowhere: does not exist; allowed|a run dir"):
        keras_gan.init_from(model(), "nowhere")
    with pytest.raises(UsageError, match="is none of these"):
        keras_gan.init_from(model(), tmp_path)
    (tmp_path / "gan.keras").write_bytes(b"PK")
    with pytest.raises(StorageError, match="can't be loaded"):
        keras_gan.init_from(model(), tmp_path / "gan.keras")
    (tmp_path / "export" / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(StorageError, match="damaged export"):
        keras_gan.init_from(model(), tmp_path / "export")


def test_weights_that_are_not_finite_are_refused(monkeypatch):
    gan = model()
    gan.generator.variables[0].assign(np.full(gan.generator.variables[0].shape, np.nan))
    monkeypatch.setattr(stored_weights, "_of_run", lambda path: stored(gan))
    monkeypatch.setattr(pathlib.Path, "exists", lambda self: True)
    with pytest.raises(StorageError, match="of its average_generator are not finite|generator"):
        keras_gan.init_from(model(), "runs/a")


def test_the_own_run_directory_is_refused(tmp_path):
    for source in (tmp_path, tmp_path / "export", f"{tmp_path}/../{tmp_path.name}"):
        with pytest.raises(UsageError, match="own --run_dir"):
            check_source(str(source), tmp_path)
    check_source(str(tmp_path / "a"), tmp_path / "b")


@pytest.mark.slow
def test_a_run_starts_from_another_and_continues_without_it(tmp_path, capfd):
    rng = np.random.default_rng(0)
    for name, classes in (("first", 2), ("second", 3)):
        images = rng.integers(0, 256, (48, 28, 28, 1), np.uint8)
        np.savez(tmp_path / f"{name}.npz", images=images, labels=np.arange(48) % classes)

    def train(name, *flags):
        command = ["main.py", "--model=cgan", "--width=4", "--batch_size=8", "--sample_every=0"]
        command += [
            "--notensorboard",
            "--noprogress",
            "--log_every=1",
            f"--run_dir={tmp_path}/{name}",
        ]
        return main([*command, *flags], lambda: REGISTRY)

    assert train("a", f"--dataset=npz:{tmp_path}/first.npz", "--steps=2") == 0
    tuned = [f"--dataset=npz:{tmp_path}/second.npz", f"--init_from={tmp_path}/a"]
    for name in ("b", "whole"):
        steps = "--steps=2" if name == "b" else "--steps=4"
        assert train(name, *tuned, steps, "--schedule_steps=9") == 0
        printed = capfd.readouterr().err
        assert "3 not taken" in printed and "step 2 (cgan)" in printed
    (tmp_path / "a").rename(tmp_path / "gone")
    assert train("b", *tuned, "--steps=4", "--schedule_steps=9") == 0
    states = [
        np.load(tmp_path / name / "checkpoints" / "step-00000004" / "state.npz")
        for name in ("b", "whole")
    ]
    assert states[0].files == states[1].files
    assert all((states[0][key] == states[1][key]).all() for key in states[0].files)
