"""The modes and flags that show a trained model: latents from files, films, projection."""

import dataclasses

import numpy as np

from keras_gan.errors import UsageError, refuse
from keras_gan.evaluation import pictures
from keras_gan.rules import priors
from keras_gan.run.showing import films, latents
from keras_gan.run.showing.extras import require
from keras_gan.step import randomness

PATHS = 8  # rows of an interpolation
FILM_ROWS = 4  # a film shows 4×4 walks at once


def truncation(config, gan):
    """`--truncation` if the model's prior has it; a `UsageError` if it has not."""
    if config.truncation != 1.0 and not gan.prior.can_truncate:
        refuse("truncation", config.truncation, f"--prior={config.prior} has no mean", 1.0)
    return config.truncation


def images_of_latents(config, gan):
    """The images of `--latents`, and the labels or None."""
    given = latents.load(config.latents, gan)
    key = randomness.Key.create(config.seed).fold("noise") if config.noise_at_sampling else None
    chosen = gan.prior.truncate(given.latents, truncation(config, gan))
    return latents.generate(gan, np.asarray(chosen), given.labels, key), given.labels


def end_points(config, gan, count, labels):
    """Points that walks lead through.

    Args:
        config: with `latents`, `seed` and `truncation`.
        gan: the model.
        count: how many random ones.
        labels: int32 [count] of random ones, or None.

    Returns:
        `latents.Latents`: those of `--latents`, or random ones of the prior.
    """
    if config.latents:
        results = latents.load(config.latents, gan)
        if len(results) < 2:
            refuse("latents", config.latents, "one latent leads nowhere", "two or more")
    else:
        key = randomness.Key.create(config.seed).fold("ends")
        results = latents.Latents(gan.prior.sample(key, (count, gan.latent_dim)).numpy(), labels)
    shortened = gan.prior.truncate(results.latents, truncation(config, gan))
    return dataclasses.replace(results, latents=np.asarray(shortened))


def interpolation(config, gan, labels, most):
    """Paths as one picture: between random pairs, or through `--latents` from first to last."""
    columns = min(config.count, most)
    if not config.latents:
        labels = None if labels is None else np.resize(labels, PATHS)
        ratio = truncation(config, gan)
        return pictures.interpolation(gan, PATHS, columns, config.seed, labels, ratio)
    points = end_points(config, gan, 0, None)
    path = priors.walk(gan.prior, points.latents, config.count)
    labels = None if points.labels is None else np.resize(points.labels[:1], config.count)
    images = latents.generate(gan, path, labels)
    return pictures.scatter(images) if images.ndim == 2 else pictures.grid(images, columns)


def film(config, gan, target, labels):
    """Writes closed walks as a film: 4×4 random ones, or one through `--latents`."""
    if len(gan.image_shape) == 1:
        refuse("format", config.format, "points make no film", "png")
    if config.latents:
        points = end_points(config, gan, 0, None)
        walks = [points.latents]
        labels = None if points.labels is None else points.labels[:1]
    else:
        walks = end_points(config, gan, 3 * FILM_ROWS**2, None).latents
        walks = walks.reshape(FILM_ROWS**2, 3, gan.latent_dim)
        labels = None if labels is None else np.resize(labels, FILM_ROWS**2)
    frames = films.walk_frames(gan, walks, config.count, labels)
    target = target / f"interpolation-seed-{config.seed}.{config.format}"
    films.save(frames, target, frame_rate=config.frame_rate, zoom=config.zoom)
    seconds = len(frames) / config.frame_rate
    print(f"{target}: {len(frames)} frames, {seconds:.2f} s")
    return 0


def training_film(config, run):
    """Writes the samples that a run has left, from the first step to the last, as a film."""
    from PIL import Image

    files = sorted(run.samples.glob("samples-*.png"))
    frames = []
    for file in files:
        with Image.open(file) as picture:
            frames.append(np.asarray(picture.convert("RGB")))
    frames = [frame for frame in frames if frame.shape == frames[-1].shape]
    target = run.path / f"training.{config.training_film}"
    films.save(np.stack(frames), target, frame_rate=min(config.frame_rate, 12), zoom=config.zoom)
    return target


def project(config, source, gan, target):
    """Finds latents whose images come nearest to `--pictures`; returns the exit status."""
    from keras_gan.run.showing import originals, projection

    if len(gan.image_shape) == 1:
        refuse("model", config.model, "makes points, which have no pictures", "an image model")
    images, names = originals.read(config.pictures, gan.image_shape, crop=config.crop)
    results = projection.project(
        gan,
        images,
        extractor=projection.extractor_of(config, source),
        restarts=config.restarts,
        steps=config.projection_steps,
        seed=config.seed,
        progress=config.progress,
    )
    projection.write(results, images, names, target)
    print(f"{projection.sentence(results)}\n{target}")
    return 0


def explore(config, source, gan, run):
    """Serves the explorer's page until it is interrupted; returns the exit status.

    Args:
        config, source, gan: the settings, the data or what is known of them, the model.
        run: `RunDirectory`, which gets a tab of its own; anything else has none.
    """
    from keras_gan.run.directory import RunDirectory
    from keras_gan.run.showing import explorer
    from keras_gan.run.showing.run_view import RunView

    if len(gan.image_shape) == 1:
        refuse("model", config.model, "makes points, which have no pictures", "an image model")
    is_run = isinstance(run, RunDirectory)
    view = RunView(run, config.steps) if is_run else None
    data = config.dataset if is_run else run.settings.get("dataset")
    title = config.model + (f" on {data.partition(':')[0]}" if data else "")
    title += f", after {int(gan.step.numpy()):,} steps"
    return explorer.serve(config, gan, source, view, title)


def check(config):
    """Raises a `UsageError` for what a mode lacks, before anything is loaded."""
    if config.mode == "project" and not config.pictures:
        raise UsageError("--mode=project needs --pictures=PATH: a picture, a folder or an .npz")
    if config.mode == "explore":
        require("explore", "mode", "explore")
    if config.mode == "train" and config.training_film == "mp4":
        require("film", "training_film", "mp4")
    if config.mode == "interpolate" and config.format == "mp4":
        require("film", "format", "mp4")
