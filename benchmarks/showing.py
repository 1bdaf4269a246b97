"""What docs/showing.md measures of a trained run: projection, truncation, directions.

    python -m benchmarks.showing --run_dir=runs/quickstart
    python -m benchmarks.showing --run_dir=runs/quickstart --write    # into docs/showing.md

Projection: 64 images that the model made, and 64 real test images. Truncation: precision and recall
of 2,000 samples against 2,000 held-out real images, in the extractor's features. Directions: a
picture with one row for each of SeFa's first eight.
"""

import argparse
import pathlib
import sys
from collections.abc import Sequence

import numpy as np

from keras_gan.evaluation import pictures
from keras_gan.evaluation.evaluator import Evaluator
from keras_gan.evaluation.metrics.precision_recall import precision_recall_density_coverage
from keras_gan.gan import GAN
from keras_gan.run import commands
from keras_gan.run.directory import RunDirectory
from keras_gan.run.showing import directions, latents, projection
from keras_gan.settings.resolve import resolve
from keras_gan.step import randomness

PAGE = pathlib.Path("docs/showing.md")
BEGIN, END = "<!-- showing: begin -->", "<!-- showing: end -->"
COUNT, PROJECTED = 2000, 64
RATIOS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
COLUMNS = 9


def projection_rows(gan: GAN, evaluator: Evaluator, progress: bool = True) -> list[str]:
    """Lines of the table of projection."""
    division = evaluator.division
    real, _ = division.held_source.fetch(division.held_out[:PROJECTED])
    rows = ["| pictures | median | 90 % below | worst |", "|---|---|---|---|"]
    for name, images in (
        ("made by the model, another seed", gan.sample(PROJECTED, seed=5)),
        ("real, held out", real),
    ):
        results = projection.project(gan, images, extractor=evaluator.extractor, progress=progress)
        errors = 100.0 * results.pixel_errors
        numbers = np.median(errors), np.quantile(errors, 0.9), errors.max()
        rows.append(f"| {name} | " + " | ".join(f"{n:.2f} %" for n in numbers) + " |")
    return rows


def truncation_rows(gan: GAN, evaluator: Evaluator) -> list[str]:
    """Lines of the table of truncation."""
    division = evaluator.division
    real, _ = division.held_source.fetch(division.held_out[:COUNT])
    real = evaluator.extractor.features(real)
    rows = ["| ψ | precision | recall |", "|---|---|---|"]
    for ratio in RATIOS:
        fake = evaluator.extractor.features(gan.sample(COUNT, seed=1, truncation=ratio))
        results = precision_recall_density_coverage(fake, real)
        rows.append(f"| {ratio} | {results['precision']:.3f} | {results['recall']:.3f} |")
    return rows


def directions_picture(gan: GAN, seed: int = 0) -> np.ndarray:
    """One row for each direction, from -1 to 1 of its reach: uint8 [h, w, c]."""
    start = gan.prior.sample(randomness.Key.create(seed), (1, gan.latent_dim))
    amounts = np.linspace(-1.0, 1.0, COLUMNS, dtype=np.float32)[:, None]
    rows = [
        start.numpy() + amounts * direction.reach * direction.vector
        for direction in directions.sefa(gan, 8)
    ]
    labels = np.zeros(8 * COLUMNS, np.int32) if gan.conditional else None
    return pictures.grid(latents.generate(gan, np.concatenate(rows), labels), COLUMNS)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables, or writes them and the picture into the docs; returns 0."""
    import models

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run_dir", required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(argv)
    run = RunDirectory(options.run_dir, writes=False)
    config = resolve({"run_dir": options.run_dir, "mode": "evaluate"}, models.REGISTRY, run)
    source, gan = commands.load(config, models.REGISTRY[config.model], run)
    evaluator = Evaluator(source, data_dir=config.data_dir or None)
    model = f"`{config.model}` of width {config.width} on {config.dataset}"
    lines = [
        f"Of {model} after {int(gan.step.numpy()):,} steps; `python -m benchmarks.showing`.",
        "",
        "Pixel error of projection, as a share of a pixel's range:",
        "",
        *projection_rows(gan, evaluator),
        "",
        f"Truncation, {COUNT:,} samples against {COUNT:,} held-out real images:",
        "",
        *truncation_rows(gan, evaluator),
    ]
    print("\n".join(lines))
    if options.write:
        pictures.save(
            directions_picture(gan), f"docs/images/directions/{config.model}.png", 150_000
        )
        before, rest = PAGE.read_text().split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(before + BEGIN + "\n\n" + "\n".join(lines) + f"\n\n{END}" + after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
