"""What docs/showing.md measures and shows of trained models.

    python -m benchmarks.showing --run_dir=runs/quickstart            # projection and truncation
    python -m benchmarks.showing --directions --runs=runs             # pictures of all models
    python -m benchmarks.showing --slider                             # the explorer's answer

Projection: 64 images that the model made, and 64 real test images. Truncation: precision and recall
of 2,000 samples against 2,000 held-out real images, in the extractor's features. Directions: see
`directions.py`; the slider: see `slider.py`. `--write` puts tables and pictures into the docs.
"""

import argparse
import pathlib
import sys
from collections.abc import Sequence

import numpy as np

from benchmarks import common, directions, made
from keras_gan.errors import UsageError
from keras_gan.evaluation.evaluator import Evaluator
from keras_gan.evaluation.metrics.precision_recall import precision_recall_density_coverage
from keras_gan.gan import GAN
from keras_gan.run import commands
from keras_gan.run.directory import RunDirectory
from keras_gan.run.showing import projection
from keras_gan.settings.resolve import resolve

PAGE = pathlib.Path("docs/showing.md")
PICTURES = pathlib.Path("docs/images/directions")
COUNT, PROJECTED = 2000, 64
RATIOS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


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


def measured(run_dir: str) -> list[str]:
    """The lines of the page's section "Measured" on a run."""
    import models

    run = RunDirectory(run_dir, writes=False)
    config = resolve({"run_dir": run_dir, "mode": "evaluate"}, models.REGISTRY, run)
    source, gan = commands.load(config, models.REGISTRY[config.model], run, with_data=True)
    evaluator = Evaluator(source, data_dir=config.data_dir or None)
    model = f"`{config.model}` of width {config.width} on {config.dataset}"
    return [
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


def main(argv: Sequence[str] | None = None) -> int:
    """Prints or writes what is asked for; returns 0, or 2 where there is nothing to show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run_dir", help="a run to measure")
    parser.add_argument(
        "--directions", action="store_true", help="pictures of the models in --runs"
    )
    parser.add_argument("--runs", type=pathlib.Path, help="folder of runs, exports, hub folders")
    parser.add_argument("--out", type=pathlib.Path, help="folder for the pictures, without --write")
    parser.add_argument("--slider", action="store_true", help="time of the explorer's sliders")
    parser.add_argument("--write", action="store_true", help="into the docs")
    options = parser.parse_args(argv)
    if not (options.slider or options.run_dir or (options.directions and options.runs)):
        parser.error("one of --run_dir=RUN, --directions --runs=DIR, --slider is needed")
    if options.slider:
        from benchmarks import slider

        print(slider.sentence(slider.seconds()))
    if options.directions:
        folder = PICTURES if options.write else options.out or pathlib.Path("directions")
        try:
            lines = directions.write(directions.models_in(options.runs), folder)
        except UsageError as error:
            parser.error(str(error))
        if options.write:
            common.replace_section(PAGE, "directions", lines)
            for path in sorted(PICTURES.glob("*.png")):
                made.stamp(f"images/directions/{path.name}")
    if options.run_dir:
        lines = measured(options.run_dir)
        print("\n".join(lines))
        if options.write:
            common.replace_section(PAGE, "showing", lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
