"""Hands a trained model over: a SavedModel that needs TensorFlow alone, and its settings."""

import contextlib
import dataclasses
import functools
import io
import json
import pathlib
import shutil
import warnings

import numpy as np
import tensorflow as tf
from absl import logging

from keras_gan import latents as latents_module
from keras_gan import randomness
from keras_gan.errors import StorageError, UsageError

# Nothing here is for autograph, which would read the sources again.
endpoint = functools.partial(tf.function, autograph=False)


class Servable(tf.Module):
    """The endpoints of an export; variants add theirs by `endpoints()` of the model.

    Images are uint8 [n, height, width, channels] (2-D mixtures: points, float32 [n, 2]).
    """

    def __init__(self, gan, noise=False):
        super().__init__()
        self._gan_networks = [gan.average_generator, *gan.networks.values()]
        self._noise = noise
        latent = tf.TensorSpec([None, gan.latent_dim], tf.float32, name="latents")
        vector = tf.TensorSpec([gan.latent_dim], tf.float32)
        number = tf.TensorSpec([], tf.int32)
        classes = tf.TensorSpec([None], tf.int32, name="labels")
        flat = len(gan.image_shape) == 1
        images = tf.TensorSpec(
            [None, *gan.image_shape], tf.float32 if flat else tf.uint8, name="images"
        )

        def imagine(latents, labels=None, seed=0):
            key = randomness.Key.create(seed).fold("noise") if noise else None
            return gan.generate(latents, labels, key)

        def sample(count, seed, labels=None):
            key = randomness.Key.create(seed).fold("latent")
            return imagine(gan.prior.sample(key, (count, gan.latent_dim)), labels, seed)

        def path(start, end, count):
            fraction = tf.linspace(0.0, 1.0, count)[:, None]
            return latents_module.slerp(start[None], end[None], fraction)

        if gan.conditional:
            one = tf.TensorSpec([], tf.int32)
            self.generate = endpoint(imagine, input_signature=[latent, classes])
            self.sample = endpoint(sample, input_signature=[number, number, classes])
            self.interpolate = endpoint(
                lambda start, end, count, label: imagine(
                    path(start, end, count), tf.fill([count], label)
                ),
                input_signature=[vector, vector, number, one],
            )
        else:
            self.generate = endpoint(imagine, input_signature=[latent])
            self.sample = endpoint(sample, input_signature=[number, number])
            self.interpolate = endpoint(
                lambda start, end, count: imagine(path(start, end, count)),
                input_signature=[vector, vector, number],
            )
        takes_labels = len(gan.discriminator.inputs) > 1
        self.discriminate = endpoint(
            gan.discriminate, input_signature=[images, classes] if takes_labels else [images]
        )
        for name, (function, specs) in gan.endpoints().items():
            setattr(self, name, endpoint(function, input_signature=specs))


def save(gan, folder, config, formats=("saved_model",), metrics=None):
    """Writes the export.

    Args:
        gan: a trained `GAN`.
        folder: where; replaced if it exists.
        config: the run's `Config`, kept in `model.json`.
        formats: of "saved_model", "litert", "onnx"; the latter two are optional extras, checked
            against the SavedModel.
        metrics: last scores, kept in `model.json`.

    Raises:
        StorageError: the folder can't be written.
    """
    folder = pathlib.Path(folder)
    beside = folder.with_name(folder.name + ".writing")
    servable = Servable(gan, noise=config.noise_at_sampling)
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)  # TensorFlow tells every file it writes
    try:
        shutil.rmtree(beside, ignore_errors=True)
        tf.saved_model.save(
            servable, str(beside), signatures={"serving_default": servable.generate}
        )
        about = {
            "model": config.model,
            "image_shape": list(gan.image_shape),
            "latent_dim": gan.latent_dim,
            "conditional": gan.conditional,
            "num_classes": gan.num_classes,
            "step": int(gan.step.numpy()),
            "scores": metrics or {},
            "settings": dataclasses.asdict(config),
        }
        (beside / "model.json").write_text(json.dumps(about, indent=1))
        for name in formats:
            if name != "saved_model":
                CONVERTERS[name](gan, beside)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except (OSError, tf.errors.OpError) as error:
        raise StorageError(f"export {folder}: {error}") from error
    finally:
        logging.set_verbosity(verbosity)
        shutil.rmtree(beside, ignore_errors=True)


def _inputs(gan, count=4):
    latents = np.random.default_rng(0).normal(size=(count, gan.latent_dim)).astype(np.float32)
    if not gan.conditional:
        return [latents]
    return [latents, np.arange(count, dtype=np.int32) % gan.num_classes]


def _floats(gan):
    """The generator's float images as a function: what converters are checked on to 1e-5."""
    shapes = [tf.TensorSpec([None, gan.latent_dim], tf.float32, name="latents")]
    if gan.conditional:
        shapes.append(tf.TensorSpec([None], tf.int32, name="labels"))

    @functools.partial(endpoint, input_signature=shapes)
    def images(*inputs):
        inputs = list(inputs) if gan.conditional else inputs[0]
        return {"images": tf.cast(gan.average_generator(inputs, training=False), tf.float32)}

    return images


def _compare(name, found, gan):
    expected = _floats(gan)(*map(tf.constant, _inputs(gan)))["images"].numpy()
    difference = float(np.max(np.abs(found - expected)))
    if not difference <= 1e-5:
        raise StorageError(f"the {name} export differs from the model by {difference:.1e} > 1e-5")


def _litert(gan, folder):
    path = folder / "generator.tflite"
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it saves in between
        model = tf.lite.TFLiteConverter.from_keras_model(gan.average_generator).convert()
    path.write_bytes(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its home is moving to a package of its own
        runner = tf.lite.Interpreter(model_path=str(path)).get_signature_runner()
    given = {value.dtype: value for value in _inputs(gan)}  # latents are floats, labels integers
    details = runner.get_input_details().items()
    (images,) = runner(
        **{name: given[np.dtype(about["dtype"])] for name, about in details}
    ).values()
    _compare("LiteRT", images, gan)


def _onnx(gan, folder):
    try:
        import onnxruntime
        import tf2onnx
    except ImportError as error:
        raise UsageError(
            f"needs {error.name}: pip install .[export]", flag="export_format", value="onnx"
        ) from None
    function = _floats(gan)
    path = folder / "generator.onnx"
    tf2onnx.convert.from_function(
        function, input_signature=function.input_signature, output_path=str(path)
    )
    session = onnxruntime.InferenceSession(str(path))
    names = [given.name for given in session.get_inputs()]
    _compare("ONNX", session.run(None, dict(zip(names, _inputs(gan))))[0], gan)


CONVERTERS = {"litert": _litert, "onnx": _onnx}
