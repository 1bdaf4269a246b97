"""What can be done with a run besides training it: evaluate, sample, interpolate, export."""

import json
import pathlib

import numpy as np

from keras_gan.errors import UsageError
from keras_gan.evaluation import pictures
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import Checkpoints
from keras_gan.run.export import save
from keras_gan.run.showing import commands as showing
from keras_gan.settings import flags
from keras_gan.settings.resolve import complete


def load(config, model_class, run):
    """A run's data and its game as the last checkpoint has it."""
    source = open_data(config)
    gan = build_model(config, model_class, source)
    restored = Checkpoints(run.checkpoints).restore(gan)
    if restored is None or restored.step == 0:
        raise UsageError(
            "no checkpoint there", flag="run_dir", value=config.run_dir, allowed="a trained run"
        )
    return source, gan


def evaluate(config, model_class, run):
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
    found = evaluator.score(lambda count, seed: gan.sample(count, seed=seed, noise=noise))
    if gan.conditional and evaluator.classifies:
        labels = np.resize(np.arange(gan.num_classes, dtype=np.int32), config.score_samples)
        images = gan.sample(len(labels), config.seed, labels, noise)
        found.update(evaluator.class_agreement(images, labels))
    found = {"step": int(gan.step.numpy()), **found}
    if config.json:
        print(json.dumps(found))
    else:
        print(report.table(found))
        report.save_pictures(run.path, evaluator, gan, found)
    run.write_text("evaluation.json", json.dumps(found, indent=1))
    return 0


def compare(given):
    """Scores two folders, .npz files or a SavedModel against each other."""
    from keras_gan.evaluation import compare as comparison
    from keras_gan.evaluation import report

    config = complete(given)
    found = comparison.compare(
        config.fakes,
        config.reals,
        extractor=config.extractor,
        count=given.get("score_samples"),
        image_size=flags.image_size(config.image_size),
        data_dir=config.data_dir or None,
        inception_weights=config.inception_weights or None,
    )
    print(json.dumps(found) if config.json else report.table(found))
    return 0


def sample(config, model_class, run):
    """Writes `--count` samples as PNGs and one .npz; conditional models by `--sample_labels`."""
    _, gan = load(config, model_class, run)
    if config.latents:
        images, labels = showing.images_of_latents(config, gan)
        folder = showing.folder(config, run, f"latents-{pathlib.Path(config.latents).stem}")
    else:
        labels = sample_labels(config, gan)
        noise, ratio = config.noise_at_sampling, showing.truncation(config, gan)
        images = gan.sample(config.count, config.seed, labels, noise, ratio)
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


def sample_labels(config, gan):
    """The classes asked for, repeated to `--count`: int32 [count], or None."""
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


def interpolate(config, model_class, run):
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


def export(config, model_class, run):
    """Writes the run's export again, in the formats asked for."""
    _, gan = load(config, model_class, run)
    rows = run.scores()
    formats = ["saved_model", *flags.words(config.export_format)]
    save(gan, run.export, config, formats, rows[-1] if rows else None)
    print(run.export)
    return 0


MODES = {
    "evaluate": evaluate,
    "sample": sample,
    "interpolate": interpolate,
    "export": export,
    **showing.MODES,
}
