"""What is handed over equals the model: endpoints, LiteRT, ONNX."""

import json

import numpy as np
import pytest
import tensorflow as tf

import models
from keras_gan import config, export


@pytest.fixture(scope="module", params=["dcgan", "acgan"])
def game(request):
    made = config.make({"model": request.param, "width": 4})
    arguments = {"num_classes": 3} if request.param == "acgan" else {}
    gan = models.REGISTRY[request.param](image_shape=(28, 32, 3), width=4, **arguments)
    gan.compile()
    return gan, made


def labels(gan, count):
    return [tf.range(count) % 3] if gan.conditional else []


def test_endpoints_equal_the_model(game, tmp_path):
    gan, made = game
    export.save(gan, tmp_path / "export", made)
    loaded = tf.saved_model.load(tmp_path / "export")
    latents = tf.random.stateless_normal((5, gan.latent_dim), (1, 2))
    images = loaded.generate(latents, *labels(gan, 5))
    np.testing.assert_array_equal(images, gan.generate(latents, *labels(gan, 5)))
    sampled = loaded.sample(tf.constant(6), tf.constant(4), *labels(gan, 6))
    np.testing.assert_array_equal(sampled, gan.sample(6, 4, *labels(gan, 6)))
    label = [tf.constant(1)] if gan.conditional else []
    walk = loaded.interpolate(latents[0], latents[1], tf.constant(3), *label)
    assert walk.shape == (3, 28, 32, 3)
    np.testing.assert_allclose(
        loaded.discriminate(images), gan.discriminate(images), rtol=1e-5, atol=1e-6
    )
    about = json.loads((tmp_path / "export" / "model.json").read_text())
    assert about["conditional"] == gan.conditional


def test_an_export_replaces_the_one_before_whole(game, tmp_path):
    gan, made = game
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "old").write_text("old")
    export.save(gan, tmp_path / "export", made)
    assert not (tmp_path / "export" / "old").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["export"]


@pytest.mark.slow
@pytest.mark.parametrize("kind, file", [("litert", "generator.tflite"), ("onnx", "generator.onnx")])
@pytest.mark.filterwarnings("ignore")
def test_other_formats_are_within_a_hundred_thousandth(game, tmp_path, kind, file):
    """The converters are checked against the model as they are written."""
    if kind == "onnx":
        pytest.importorskip("tf2onnx")
    gan, made = game
    export.save(gan, tmp_path / "export", made, ["saved_model", kind])
    assert (tmp_path / "export" / file).stat().st_size > 0


def test_a_conversion_that_differs_is_refused(game):
    gan, _ = game
    latents = export._inputs(gan)
    right = export._floats(gan)(*map(tf.constant, latents))["images"].numpy()
    export._compare("right", right, gan)
    with pytest.raises(Exception, match="differs from the model"):
        export._compare("wrong", right + 1e-3, gan)
    with pytest.raises(Exception, match="differs from the model"):
        export._compare("wrong", right * np.nan, gan)
