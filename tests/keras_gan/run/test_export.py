"""Exports equal the model: endpoints, LiteRT, ONNX."""

import json

import numpy as np
import pytest
import tensorflow as tf

import models
from keras_gan.errors import UsageError
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


@pytest.mark.parametrize("wrong", [1e-3, np.nan])
def test_a_conversion_that_differs_is_refused(trained, tmp_path, monkeypatch, wrong):
    gan, made = trained
    latents = export._inputs(gan)
    right = export._floats(gan)(*map(tf.constant, latents))["images"].numpy()
    export._compare("right", right, gan)
    with pytest.raises(ValueError, match="differs from the model"):
        export._compare("wrong", right + wrong, gan)

    def convert(_, path):
        path.write_text("converted")
        return right + wrong

    monkeypatch.setitem(export.CONVERTERS, "litert", convert)
    with pytest.raises(UsageError, match=r"--export_format=litert: .* can't be converted: .* by"):
        export.save(gan, tmp_path / "export", made, ["saved_model", "litert"])
    tf.saved_model.load(tmp_path / "export")  # written in spite of it
    assert not (tmp_path / "export" / "generator.tflite").exists()


def test_a_format_without_its_package_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    export.require(["saved_model", "litert"])
    with pytest.raises(UsageError, match=r"--export_format=saved_model,onnx: needs .* tf2onnx"):
        export.require(["saved_model", "onnx"])
