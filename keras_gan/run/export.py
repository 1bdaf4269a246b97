"""Exports a trained model: a SavedModel that needs only TensorFlow, and its settings."""

import dataclasses
import functools
import importlib.util
import pathlib
import re
import shutil
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from keras_gan.errors import ConversionError, UsageError, refuse
from keras_gan.model import serving
from keras_gan.model.serving import endpoint
from keras_gan.monitoring import best
from keras_gan.quiet import silence
from keras_gan.run.showing import extras, hub, web
from keras_gan.settings.config import Config


def save(
    gan,
    folder: str | pathlib.Path,
    config,
    formats: Sequence[str] = ("saved_model",),
    metrics: dict | None = None,
    class_names: list[str] | None = None,
    training: dict | None = None,
) -> None:
    """Writes the export.

    Args:
        gan: a trained `GAN`.
        folder: str or path; replaced if it exists.
        config: the run's `Config`, written to `model.json`.
        formats: sequence of "saved_model", "litert", "onnx", "hub", "web". LiteRT and ONNX hold
            only the generator, with float32 images and without noise; they are accepted if their
            images differ from the model's by at most 1e-5. The last two are folders
            (`showing/hub.py`, `showing/web.py`). Defaults to ("saved_model",).
        metrics: dict of the model's scores, written to `model.json`. Defaults to None.
        class_names: list of str, the classes' names by number, likewise. Defaults to None.
        training: dict of what else `model.json` says of the training, from `about_training`.
            Defaults to None.

    Raises:
        StorageError: the folder can't be written.
        ConversionError: the model can't be converted to a format; the other formats are written.
    """
    failures = []

    def convert(temporary):
        converted = [name for name in formats if name in CONVERTERS]
        failures.extend(_convert(gan, name, temporary) for name in converted)
        if "hub" in formats:
            hub.write(gan, temporary / "hub", config, temporary, metrics, class_names)
        if "web" in formats:
            failures.append(_web(gan, temporary / "web", config, class_names))

    about = {
        "model": config.model,
        "scores": metrics or {},
        **(training or {}),
        "settings": dataclasses.asdict(config),
    }
    serving.write(gan, pathlib.Path(folder), about, config.noise_at_sampling, convert, class_names)
    for failure in filter(None, failures):
        raise failure


def about_training(rows: Sequence[Mapping], trained_steps: int, config: Config) -> dict:
    """What `model.json` says of the training that an exported model comes from.

    Args:
        rows: the run's scores.
        trained_steps: int, the last step; the model may be of an earlier one, the best.
        config: `Config` of the run.
    """
    row = best.best(rows)
    ended = trained_steps < config.steps and config.stop_when == "plateau"
    return {
        "trained_steps": trained_steps,
        "stopped_by": "plateau" if ended and best.stands_still(rows, config.patience) else None,
        "best_step": best.best_step(rows),
        "best_by": best.metric(row) if row else None,
    }


def require(formats: Sequence[str], config: Config | None = None) -> None:
    """Checks that what the formats need is installed.

    Args:
        formats: of `--export_format`.
        config: the run's `Config`, which says where the static page's files come from. Defaults
            to None.

    Raises:
        UsageError: something is missing, or the run's settings rule a format out.
    """
    for name in formats:
        for package in NEEDED.get(name, ()):
            if importlib.util.find_spec(package) is None:
                raise UsageError(
                    f"needs the package {package}",
                    flag="export_format",
                    value=",".join(formats),
                    allowed="saved_model, litert; or onnx after `pip install .[export]`",
                )
        if config is not None and (name in CONVERTERS or name == "web"):
            _check_convertible(name, config)
        if name in ("hub", "web"):
            extras.require(name, "export_format", name)
        if name == "web" and config is not None:
            web.require(config)


def _check_convertible(name, config):
    """Refuses a format that has no form of what the settings ask of the generator."""
    if config.dropout:
        refuse(
            "export_format",
            name,
            f"has no random numbers like those of --dropout={config.dropout:g}",
            "saved_model, hub; or --dropout=0",
        )
    if config.precision != "float32":
        refuse(
            "export_format",
            name,
            f"has no networks of --precision={config.precision}",
            "saved_model, hub; or --precision=float32",
        )


def _convert(gan, name, folder):
    """Adds a format to the export; returns None, or a `ConversionError` with the reason."""
    require([name])
    path = folder / FILES[name]
    with silence():  # the converters are verbose
        try:
            _compare(CONVERTERS[name](gan, path), gan)
        except OSError:
            raise
        except Exception as error:  # each converter raises its own types
            path.unlink(missing_ok=True)
            return ConversionError(
                f"--export_format={name}: {type(gan).__name__} can't be converted, since"
                f" {_reason(error)}; the SavedModel is written"
            )
    return None


def _reason(error):
    """Why a conversion failed, without the pages of code that converters print."""
    if isinstance(error, DifferentImages):
        return str(error)
    missing = sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(error))))
    if missing:
        return f"LiteRT has no operation for TensorFlow's {', '.join(missing)}"
    return f"its converter failed ({type(error).__name__})"


def _web(gan, folder, config, class_names):
    """Adds the static page; returns None, or the `ConversionError` that says why it can't be."""
    folder.mkdir()
    failure = _convert(gan, "onnx", folder)
    if failure is not None:
        shutil.rmtree(folder)
        return ConversionError(str(failure).replace("export_format=onnx", "export_format=web"))
    web.write(gan, folder, config, class_names)
    return None


def _inputs(gan, count=4):
    latents = np.random.default_rng(0).normal(size=(count, gan.latent_dim)).astype(np.float32)
    if not gan.conditional:
        return [latents]
    return [latents, np.arange(count, dtype=np.int32) % gan.num_classes]


def _floats(gan):
    """The function that is converted and compared: the generator with float images."""
    shapes = [tf.TensorSpec([None, gan.latent_dim], tf.float32, name="latents")]
    if gan.conditional:
        shapes.append(tf.TensorSpec([None], tf.int32, name="labels"))

    @functools.partial(endpoint, input_signature=shapes)
    def images(*inputs):
        inputs = list(inputs) if gan.conditional else inputs[0]
        return {"images": tf.cast(gan.average_generator(inputs, training=False), tf.float32)}

    return images


class DifferentImages(Exception):
    """A converted generator's images are not the model's."""


def _compare(images, gan):
    """Raises `DifferentImages` if images of `_inputs` are not the model's."""
    expected = _floats(gan)(*map(tf.constant, _inputs(gan)))["images"].numpy()
    difference = float(np.max(np.abs(images - expected)))
    if not difference <= TOLERANCE:
        raise DifferentImages(
            f"its images differ from the model's by {difference:.1e}, over {TOLERANCE:g}"
        )


def _litert(gan, path):
    """Writes the file and returns its images of `_inputs`."""
    function = _floats(gan)
    holder = tf.Module()
    # The converter finds only TensorFlow variables; Keras' would have no value.
    holder.variables_of_keras = [variable.value for variable in gan.average_generator.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function()], holder
    )
    path.write_bytes(converter.convert())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(model_path=str(path))
    runner = interpreter.get_signature_runner()
    return runner(**dict(zip(("latents", "labels"), _inputs(gan))))["images"]


def _onnx(gan, path):
    """Writes the file and returns its images of `_inputs`."""
    import onnxruntime
    import tf2onnx

    function = _floats(gan)
    tf2onnx.convert.from_function(
        function, input_signature=function.input_signature, output_path=str(path)
    )
    session = onnxruntime.InferenceSession(str(path))
    names = [argument.name for argument in session.get_inputs()]
    return session.run(None, dict(zip(names, _inputs(gan))))[0]


TOLERANCE = 1e-5  # in units of images in [-1, 1]
CONVERTERS = {"litert": _litert, "onnx": _onnx}
FILES = {"litert": "generator.tflite", "onnx": "generator.onnx"}
NEEDED = {"onnx": ("tf2onnx", "onnxruntime")}
