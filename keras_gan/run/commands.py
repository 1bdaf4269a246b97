"""The modes that use a trained run: evaluate, sample, interpolate, export."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_gan.errors import UsageError
from keras_gan.evaluation import pictures
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import Checkpoints
from keras_gan.run.directory import RunDirectory
from keras_gan.run.export import save
from keras_gan.run.showing import commands as showing
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete


def load(config: Config, model_class: type, run: RunDirectory) -> tuple:
    """A run's data and model, restored from the last checkpoint.

    Args:
        config: `Config` of the run.
        model_class: class of its model.
        run: its `RunDirectory`.

    Returns:
        `Source`, `GAN`.

    Raises:
        UsageError: the run has no trained checkpoint.
    """
    source = open_data(config)
    gan = build_model(config, model_class, source)
    restored = Checkpoints(run.checkpoints).restore(gan)
    if restored is None or restored.step == 0:
        raise UsageError(
            "no checkpoint there", flag="run_dir", value=config.run_dir, allowed="a trained run"
        )
    return source, gan


def evaluate(config: Config, model_class: type, run: RunDirectory) -> int:
    """Scores a run with all metrics; prints a table, or JSON."""
    from keras_gan.evaluation import report
    from keras_gan.evaluation.evaluator import Evaluator

    source, gan = load(config, model_class, run)
    evaluator = Evaluator(
        source,
        extractor=config.extractor or None,
        data_dir=config.data_dir or None,
        count=config.score_samples,
        full=True,
        inception_weights=config.inception_weights or None,
    )
    noise = config.noise_at_sampling
    scores = evaluator.score(lambda count, seed: gan.sample(count, seed=seed, noise=noise))
    if gan.conditional and evaluator.classifies:
        labels = np.resize(np.arange(gan.num_classes, dtype=np.int32), config.score_samples)
        images = gan.sample(len(labels), config.seed, labels, noise)
        scores.update(evaluator.class_agreement(images, labels))
    scores = {"step": int(gan.step.numpy()), **scores}
    if config.json:
        print(json.dumps(scores))
    else:
        print(report.table(scores))
        report.save_pictures(run.path, evaluator, gan, scores)
    run.write_text("evaluation.json", json.dumps(scores, indent=1))
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
        data_dir=config.data_dir or None,
        inception_weights=config.inception_weights or None,
    )
    print(json.dumps(scores) if config.json else report.table(scores))
    return 0


def sample(config: Config, model_class: type, run: RunDirectory) -> int:
    """Writes `--count` samples as PNGs and one .npz, of the classes `--sample_labels`."""
    _, gan = load(config, model_class, run)
    if config.latents:
        images, labels = showing.images_of_latents(config, gan)
        folder = showing.folder(config, run, f"latents-{pathlib.Path(config.latents).stem}")
    else:
        labels = sample_labels(config, gan)
        images = gan.sample(
            config.count,
            seed=config.seed,
            labels=labels,
            noise=config.noise_at_sampling,
            truncation=showing.truncation(config, gan),
        )
        folder = showing.folder(config, run, f"seed-{config.seed}")
    folder.mkdir(parents=True, exist_ok=True)
    if images.ndim == 2:
        pictures.save(pictures.scatter(images), folder / "points.png")
    else:
        for i, image in enumerate(images):
            pictures.save(image, folder / f"{i:05d}.png")
        pictures.save(pictures.grid(images), folder / "grid.png")
    extra = {} if labels is None else {"labels": labels}
    np.savez_compressed(folder / "samples.npz", images=images, **extra)
    print(f"{len(images)} samples in {folder}")
    return 0


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
    labels = sample_labels(config, gan)
    if config.format != "png":
        return showing.film(config, gan, run, labels)
    picture = showing.interpolation(config, gan, labels)
    target = showing.folder(config, run, "") / f"interpolation-seed-{config.seed}.png"
    pictures.save(picture, target)
    print(target)
    return 0


def export(config: Config, model_class: type, run: RunDirectory) -> int:
    """Writes the run's export again, in the formats `--export_format`."""
    _, gan = load(config, model_class, run)
    rows = run.scores()
    formats = ["saved_model", *flags.words(config.export_format)]
    save(gan, run.export, config, formats, rows[-1] if rows else None)
    print(run.export)
    return 0


def project(config: Config, model_class: type, run: RunDirectory) -> int:
    """Finds latents whose images are nearest to `--pictures`."""
    return showing.project(config, *load(config, model_class, run), run)


def explore(config: Config, model_class: type, run: RunDirectory) -> int:
    """Serves a page on the model and its run, until it is interrupted."""
    return showing.explore(config, *load(config, model_class, run), run)


MODES = {
    "evaluate": evaluate,
    "sample": sample,
    "interpolate": interpolate,
    "export": export,
    "project": project,
    "explore": explore,
}
