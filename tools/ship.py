"""Puts a trained run's best weights into models/weights: `python -m tools.ship RUN NAME`.

The folder is read back as a user reads it, scored by the project's protocol, and gets its card.
"""

import argparse
import json
import pathlib
import sys

import numpy as np

from benchmarks import zoo
from keras_gan.evaluation import pictures
from keras_gan.run import loading, shipped
from keras_gan.run.build import open_data
from keras_gan.run.showing import card, hub
from keras_gan.settings.resolve import complete

FOLDER = pathlib.Path("models/weights")
LARGEST = 2_500_000  # bytes of a file of weights

CARD = """\
# {name}

{what}

![Samples](samples.png)

64 samples of the averaged generator, not selected: the first ones of seed 0{rows}.

- **File**: `weights.npz`, {size:.2f} MB, {precision}, hash of its arrays `{hash}`. All networks are
  in it, so it can be trained on: `--init_from={name}`.
- **Recipe**: keras-gan's `{model}`, {step:,} steps with batches of {batch_size}; as flags:

```
{flags}
```

- **Data and licence**: {data} The weights' licence is that of keras-gan, Apache 2.0.
- **Scores** of this file, 10,000 samples, of other latents than those that chose its checkpoint:

{scores}

- **Limits**: images of {shape} and nothing else; what is rare in the data is rarer in the samples;
  resemblance to training images was not checked beyond the scores above.

```python
import keras_gan

gan = keras_gan.load("{name}")
images = gan.sample(16, seed=0)
```
"""


def ship(run: pathlib.Path, name: str, precision: str) -> dict[str, object]:
    """Writes models/weights/NAME from the export of a run; returns its scores."""
    gan, description = loading.open_export(run / "export")
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    about = json.loads((run / "export" / "model.json").read_text())
    description = hub.describe(gan, complete(description["settings"]), about.get("class_names"))
    config = folder / "config.json"
    config.write_text(json.dumps(description, indent=1) + "\n")
    digest = shipped.write(gan, folder / shipped.FILE, precision)
    size = (folder / shipped.FILE).stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{folder / shipped.FILE}: {size:,} bytes, at most {LARGEST:,}")
    gan = loading.open_hub(folder)[0]
    labels = np.arange(64) // 8 if gan.conditional and gan.num_classes >= 8 else None
    samples = gan.sample(64, seed=0, labels=labels)
    pictures.save(pictures.grid(samples), folder / "samples.png")
    scores = zoo.score(gan, open_data(complete(description["settings"])))
    config.write_text(json.dumps({**description, "scores": scores}, indent=1) + "\n")
    numbers = card.scores(scores)
    (folder / "README.md").write_text(
        CARD.format(
            name=name,
            what=card.what(description),
            rows=", a row each of the first eight classes" if labels is not None else "",
            size=size / 1e6,
            precision="half precision" if precision == "float16" else precision,
            hash=digest,
            model=description["model"],
            step=description["step"],
            batch_size=description["settings"]["batch_size"],
            flags="\n".join(card.recipe(description["settings"])),
            data=card.DATA[description["settings"]["dataset"]][2],
            scores=card.score_table(numbers, {"score_samples": "10,000"}),
            shape="×".join(map(str, description["image_shape"])),
        )
    )
    return scores


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=pathlib.Path, help="a finished run directory")
    parser.add_argument("name", help="the name of the shipped model")
    parser.add_argument("--precision", choices=("float16", "float32"), default="float16")
    options = parser.parse_args(argv)
    for name, value in ship(options.run, options.name, options.precision).items():
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
