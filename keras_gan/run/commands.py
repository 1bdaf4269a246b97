"""The modes that use a trained run: evaluate, sample, interpolate, export."""

import functools
import os
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from absl import logging

from keras_gan import atomic
from keras_gan.errors import StorageError, UsageError, reason, refuse
from keras_gan.evaluation import pictures
from keras_gan.monitoring.best import best_step
from keras_gan.rules.power_averages import PowerAverages
from keras_gan.run import trained
from keras_gan.run.build import SavedData, build_model, check_same_data, open_data
from keras_gan.run.checkpoints import Checkpoints
from keras_gan.run.directory import RunDirectory
from keras_gan.run.export import about_training, require, save
from keras_gan.run.showing import commands as showing
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete

GRID = 400  # samples that are shown as one picture
MOST_STEPS = 32  # of an interpolation


def load(
    config: Config,
    model_class: type,
    run: RunDirectory | trained.Trained,
    with_data: bool = False,
) -> tuple:
    """A run's data and model, restored from the best checkpoint or the last one.

    Args:
        config: `Config` of the run.
        model_class: class of its model.
        run: its `RunDirectory`, or the `Trained` of `--weights`.
        with_data: bool, whether the data are opened; what a model needs to know of them is in the
            checkpoint. Defaults to False.

    Returns:
        `Source`, or `SavedData` without the data, and `GAN`.

    Raises:
        UsageError: the run has no trained checkpoint.
    """
    if isinstance(run, trained.Trained):
        return run.data(config, with_data), run.gan
    checkpoints = Checkpoints(run.checkpoints, writes=False)
    environment = checkpoints.last_environment()
    if not checkpoints.steps():
        refuse("run_dir", config.run_dir, "has no checkpoint yet", "a run that has saved one")
    described = SavedData.is_in(environment)
    if not described:
        logging.warning("%s: no description of the data, which are opened", run.checkpoints)
    if with_data or not described:
        source = open_data(config)
        check_same_data(config, model_class, source, environment)
    else:
        source = SavedData.of(environment)
    gan = build_model(config, model_class, source)
    if config.checkpoint == "best":
        checkpoints.best = best_step(run.scores())
    restored = checkpoints.restore_best(gan)
    if restored is None or restored.step == 0:
        refuse("run_dir", config.run_dir, "has no checkpoint yet", "a run that has saved one")
    return source, gan


def _writing(path):
    """Raises a `StorageError` that names the way out if a folder can't be written."""
    parent = next(p for p in (path, *path.parents) if p.exists())
    if not os.access(parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StorageError(f"{path}: can't be written; --out=FOLDER writes elsewhere")


def folder(config: Config, run: RunDirectory, name: str) -> pathlib.Path:
    """Where a mode writes: `--out`, or a folder of the run's samples."""
    path = pathlib.Path(config.out).expanduser() if config.out else run.samples / name
    _writing(path)
    return path


def evaluate(config: Config, model_class: type, run: RunDirectory) -> int:
    """Scores a run with all metrics, by other latents than in training; prints a table, or JSON."""
    from keras_gan.evaluation import protocol, report
    from keras_gan.evaluation.evaluator import Evaluator

    source, gan = load(config, model_class, run, with_data=True)
    evaluator = Evaluator(
        source,
        extractor=config.extractor or None,
        data_dir=config.data_dir or None,
        count=config.score_samples,
        full=True,
        seed=protocol.FRESH_SEED,
        inception_weights=config.inception_weights or None,
    )
    sample = functools.partial(gan.sample, noise=config.noise_at_sampling)
    scores = evaluator.score(sample)
    if gan.conditional and evaluator.classifies:
        scores.update(evaluator.class_agreement(sample))
    if isinstance(gan.average, PowerAverages):
        scores["average_length"] = gan.average.length
    scores = {"step": int(gan.step.numpy()), **scores}
    print(atomic.json_text(scores) if config.json else report.table(scores), flush=True)
    try:
        if not config.json:
            report.save_pictures(run.path, evaluator, gan, scores)
        run.write_text("evaluation.json", atomic.json_text(scores, indent=1))
    except StorageError as error:  # the run may be somebody else's, to read only
        logging.warning("not kept in the run: %s", error)
    return 0


def compare(given: Mapping[str, Any]) -> int:
    """Scores `--fakes` (a folder, .npz file or SavedModel) against `--reals`; needs no run."""
    from keras_gan.evaluation import compare as comparison
    from keras_gan.evaluation import report

    config = complete(given)
    scores = comparison.compare(
        config.fakes,
        config.reals,
        extractor=config.extractor,
        count=given.get("score_samples"),
        image_size=flags.image_size(config.image_size),
        crop=config.crop,
        data_dir=config.data_dir or None,
        inception_weights=config.inception_weights or None,
    )
    print(atomic.json_text(scores) if config.json else report.table(scores))
    return 0


def sample(config: Config, model_class: type, run: RunDirectory) -> int:
    """Writes `--count` samples as PNGs and one .npz, of the classes `--sample_labels`."""
    _, gan = load(config, model_class, run)
    if config.latents:
        images, labels = showing.images_of_latents(config, gan)
        target = folder(config, run, f"latents-{pathlib.Path(config.latents).stem}")
    else:
        labels = sample_labels(config, gan)
        images = gan.sample(
            config.count,
            seed=config.seed,
            labels=labels,
            noise=config.noise_at_sampling,
            truncation=showing.truncation(config, gan),
        )
        target = folder(config, run, f"seed-{config.seed}")
    _check_samples(target)
    extra = {} if labels is None else {"labels": labels}
    try:
        with atomic.replacing_folder(target) as temporary:
            if images.ndim > 2:
                for i, image in enumerate(images):
                    pictures.save(image, temporary / f"{i:05d}.png")
            np.savez_compressed(temporary / "samples.npz", images=images, **extra)
    except OSError as error:
        raise StorageError(f"{target}: {reason(error)}") from error
    grid = target.with_name(f"{target.name}-grid.png")
    points = images.ndim == 2
    pictures.save(pictures.scatter(images) if points else pictures.grid(images[:GRID]), grid)
    print(f"{len(images)} samples in {target}, the first of them in {grid}")
    return 0


def _check_samples(path):
    """Raises a `UsageError` if a folder that is to be replaced holds more than samples."""
    if not path.exists():
        return
    names = [p.name for p in path.iterdir()] if path.is_dir() else [path.name]
    others = sorted(n for n in names if not re.fullmatch(r"\d{5,}\.png|samples\.npz", n))
    if others:
        refuse(
            "out",
            path,
            f"holds {', '.join(others[:3])}, which are no samples",
            "a new folder, an empty one, or one of samples, which are replaced",
        )


def sample_labels(config: Config, gan) -> np.ndarray | None:
    """The classes `--sample_labels`, repeated: int32 [count]; None for unconditional models."""
    if not gan.conditional:
        if config.sample_labels:
            raise UsageError(
                f"{config.model} takes no labels",
                flag="sample_labels",
                value=config.sample_labels,
                allowed="a conditional model",
            )
        return None
    allowed = f"classes 0 to {gan.num_classes - 1}, separated by commas"
    try:
        classes = [int(c) for c in flags.words(config.sample_labels)]
    except ValueError:
        classes = [-1]
    classes = classes or list(range(gan.num_classes))
    if min(classes) < 0 or max(classes) >= gan.num_classes:
        raise UsageError(
            "no such class", flag="sample_labels", value=config.sample_labels, allowed=allowed
        )
    return np.resize(np.array(classes, np.int32), config.count)


def interpolate(config: Config, model_class: type, run: RunDirectory) -> int:
    """Writes paths between pairs of latents as one picture, one row per path, or as a film."""
    _, gan = load(config, model_class, run)
    target = folder(config, run, "")
    labels = sample_labels(config, gan)
    if config.format != "png":
        return showing.film(config, gan, target, labels)
    if config.count > MOST_STEPS and config.count != Config.count:
        refuse("count", config.count, "is more steps than a picture has room for", "1 to 32")
    picture = showing.interpolation(config, gan, labels, MOST_STEPS)
    target = target / f"interpolation-seed-{config.seed}.png"
    pictures.save(picture, target)
    print(target)
    return 0


def export(config: Config, model_class: type, run: RunDirectory) -> int:
    """Writes the run's export again, in the formats `--export_format`."""
    data, gan = load(config, model_class, run)
    formats = ["saved_model", *flags.words(config.export_format)]
    if isinstance(run, trained.Trained):
        target = folder(config, run, "")
        save(gan, target, config, formats, run.scores, run.class_names)
        print(target)
        return 0
    step, trained_steps = int(gan.step.numpy()), Checkpoints(run.checkpoints).steps()[-1]
    training = about_training(run.scores(), trained_steps, config)
    save(gan, run.export, config, formats, run.scores_of(step), data.label_names, training)
    print(run.export)
    return 0


def project(config: Config, model_class: type, run: RunDirectory) -> int:
    """Finds latents whose images are nearest to `--pictures`."""
    source, gan = _load_with_data_if_there(config, model_class, run)
    name = pathlib.Path(config.pictures.rstrip("/")).stem
    return showing.project(config, source, gan, folder(config, run, f"projection-{name}"))


def explore(config: Config, model_class: type, run: RunDirectory) -> int:
    """Serves a page on the model and its run, until it is interrupted."""
    source, gan = _load_with_data_if_there(config, model_class, run)
    return showing.explore(config, source, gan, run)


def _load_with_data_if_there(config, model_class, run):
    """As `load`, with the data if they can be opened: an extractor needs them."""
    try:
        return load(config, model_class, run, with_data=True)
    except UsageError:
        return load(config, model_class, run)


def with_weights(given: Mapping[str, Any], registry: Mapping[str, type]) -> int:
    """Runs a mode with the model of `--weights` in place of a run's; returns the exit status."""
    trained.check(given)
    model = trained.open_weights(given["weights"], registry)
    config = trained.config_of(given, model)
    if config.mode == "export":
        require(flags.words(config.export_format), config)
    showing.check(config)
    return MODES[config.mode](config, type(model.gan), model)


MODES = {
    "evaluate": evaluate,
    "sample": sample,
    "interpolate": interpolate,
    "project": project,
    "explore": explore,
    "export": export,
}
