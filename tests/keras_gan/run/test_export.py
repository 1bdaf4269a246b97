"""Exports equal the model: endpoints, LiteRT, ONNX."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

import models
from keras_gan.errors import ConversionError, UsageError
from keras_gan.run import export
from keras_gan.settings.resolve import complete


@pytest.fixture(scope="module", params=["dcgan", "acgan"])
def trained(request):
    made = complete({"model": request.param, "width": 4})
    arguments = {"num_classes": 3} if request.param == "acgan" else {}
    gan = models.REGISTRY[request.param](image_shape=(28, 32, 3), width=4, **arguments)
    gan.compile()
    return gan, made


def labels(gan, count):
    return [tf.range(count) % 3] if gan.conditional else []


def test_endpoints_equal_the_model(trained, tmp_path):
    gan, made = trained
    export.save(gan, tmp_path / "export", made)
    loaded = tf.saved_model.load(tmp_path / "export")
    latents = tf.random.stateless_normal((5, gan.latent_dim), (1, 2))
    images = loaded.generate(latents, *labels(gan, 5))
    np.testing.assert_array_equal(images, gan.generate(latents, *labels(gan, 5)))
    sampled = loaded.sample(tf.constant(6), tf.constant(4), *labels(gan, 6))
    np.testing.assert_array_equal(
        sampled, gan.sample(6, seed=4, labels=(labels(gan, 6) or [None])[0])
    )
    label = [tf.constant(1)] if gan.conditional else []
    path = loaded.interpolate(latents[0], latents[1], tf.constant(3), *label)
    assert path.shape == (3, 28, 32, 3)
    np.testing.assert_allclose(
        loaded.discriminate(images), gan.discriminate(images), rtol=1e-5, atol=1e-6
    )
    metadata = json.loads((tmp_path / "export" / "model.json").read_text())
    assert metadata["conditional"] == gan.conditional


def test_an_export_replaces_all_of_the_previous_one(trained, tmp_path):
    gan, made = trained
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "old").write_text("old")
    with pytest.raises(UsageError, match="is no export"):
        export.save(gan, tmp_path / "export", made)
    assert (tmp_path / "export" / "old").read_text() == "old"
    (tmp_path / "export" / "model.json").write_text("{}")
    export.save(gan, tmp_path / "export", made)
    assert not (tmp_path / "export" / "old").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["export"]


@pytest.mark.slow
@pytest.mark.parametrize("kind, file", [("litert", "generator.tflite"), ("onnx", "generator.onnx")])
@pytest.mark.filterwarnings("ignore")
def test_other_formats_are_within_a_hundred_thousandth(trained, tmp_path, kind, file):
    """Read here independently, with another batch size than the export compares."""
    if kind == "onnx":
        onnxruntime = pytest.importorskip("onnxruntime")
        pytest.importorskip("tf2onnx")
    gan, made = trained
    export.save(gan, tmp_path / "export", made, ["saved_model", kind])
    path = str(tmp_path / "export" / file)
    latents = np.random.default_rng(1).normal(size=(7, gan.latent_dim)).astype(np.float32)
    inputs = {"latents": latents}
    if gan.conditional:
        inputs["labels"] = np.arange(7, dtype=np.int32) % 3
    if kind == "onnx":
        session = onnxruntime.InferenceSession(path)
        (images,) = session.run(["images"], inputs)
    else:
        images = tf.lite.Interpreter(path).get_signature_runner()(**inputs)["images"]
    expected = gan.average_generator(list(inputs.values()) if gan.conditional else latents)
    np.testing.assert_allclose(images, expected, atol=1e-5)
    loaded = tf.saved_model.load(tmp_path / "export")
    levels = np.round((np.clip(images, -1, 1) + 1) * 127.5)
    served = loaded.generate(*map(tf.constant, inputs.values())).numpy().astype(float)
    assert np.abs(levels - served).max() <= 1


def test_the_edges_of_the_endpoints(trained, tmp_path):
    """No images have no logits; what has no meaning is an error that says so."""
    gan, _ = trained
    gan.export(tmp_path / "export")
    loaded = tf.saved_model.load(tmp_path / "export")
    latents = tf.random.stateless_normal((2, gan.latent_dim), (1, 2))
    zero = tf.constant(0)
    empty = loaded.sample(zero, zero, *labels(gan, 0))
    assert empty.shape == (0, 28, 32, 3)
    assert loaded.discriminate(empty).shape == (0,)
    with pytest.raises(tf.errors.InvalidArgumentError, match="count is negative"):
        loaded.sample(tf.constant(-1), zero, *labels(gan, 0))
    label = [zero] if gan.conditional else []
    with pytest.raises(tf.errors.InvalidArgumentError, match="count is negative"):
        loaded.interpolate(latents[0], latents[1], tf.constant(-1), *label)
    with pytest.raises(tf.errors.InvalidArgumentError, match="finite numbers"):
        loaded.generate(latents * np.nan, *labels(gan, 2))
    served = loaded.signatures["serving_default"](
        latents=latents, **({"labels": labels(gan, 2)[0]} if gan.conditional else {})
    )
    assert list(served) == ["images"]
    np.testing.assert_array_equal(served["images"], loaded.generate(latents, *labels(gan, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["litert", "onnx"])
@pytest.mark.parametrize("name", sorted(models.REGISTRY))
@pytest.mark.filterwarnings("ignore")
def test_every_model_of_the_zoo_can_be_converted(name, kind, tmp_path):
    if kind == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("tf2onnx")
    classes = {"num_classes": 3} if name in ("acgan", "cgan") else {}
    gan = models.REGISTRY[name](image_shape=(28, 28, 1), width=8, **classes)
    export._compare(export.CONVERTERS[kind](gan, tmp_path / kind), gan)


@pytest.mark.parametrize("wrong", [1e-3, np.nan])
def test_a_conversion_that_differs_is_refused(trained, tmp_path, monkeypatch, wrong):
    gan, made = trained
    latents = export._inputs(gan)
    right = export._floats(gan)(*map(tf.constant, latents))["images"].numpy()
    export._compare(right, gan)
    with pytest.raises(export.DifferentImages, match="differ from the model"):
        export._compare(right + wrong, gan)

    def convert(_, path):
        path.write_text("converted")
        return right + wrong

    monkeypatch.setitem(export.CONVERTERS, "litert", convert)
    with pytest.raises(ConversionError, match=r"--export_format=litert: .* can't be converted, .*"):
        export.save(gan, tmp_path / "export", made, ["saved_model", "litert"])
    tf.saved_model.load(tmp_path / "export")  # written in spite of it
    assert not (tmp_path / "export" / "generator.tflite").exists()


def test_what_a_converter_prints_is_not_what_a_user_reads(trained, tmp_path, monkeypatch):
    """One sentence, and the status of a file that can't be written: no flag is wrong."""
    gan, made = trained

    def convert(_, path):
        path.write_text("half")
        raise RuntimeError("error: 'tf.Erf' op is neither a custom op nor a flex op\n" + "%1" * 999)

    monkeypatch.setitem(export.CONVERTERS, "litert", convert)
    with pytest.raises(ConversionError) as raised:
        export.save(gan, tmp_path / "export", made, ["saved_model", "litert"])
    assert str(raised.value) == (
        f"--export_format=litert: {type(gan).__name__} can't be converted, since LiteRT has no"
        " operation for TensorFlow's Erf; the SavedModel is written"
    )
    assert raised.value.exit_status == 4
    assert export._reason(RuntimeError("%1")) == "its converter failed (RuntimeError)"


@pytest.mark.parametrize("setting", [{"dropout": 0.3}, {"precision": "mixed_bfloat16"}])
@pytest.mark.parametrize("kind", ["litert", "onnx"])
def test_a_format_that_the_settings_rule_out_is_refused_before_training(setting, kind):
    config = dataclasses.replace(complete({"model": "dcgan"}), **setting)
    export.require(["saved_model"], config)
    ((name, value),) = setting.items()
    with pytest.raises(UsageError, match=f"--export_format={kind}: .*--{name}={value}; allowed: "):
        export.require(["saved_model", kind], config)


def test_a_format_without_its_package_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    export.require(["saved_model", "litert"])
    with pytest.raises(UsageError, match=r"--export_format=saved_model,onnx: needs .* tf2onnx"):
        export.require(["saved_model", "onnx"])
