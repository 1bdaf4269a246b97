"""Two-dimensional distributions whose modes are known: ring8, grid25, swissroll."""

import numpy as np

from keras_gan.data.source import Source
from keras_gan.errors import UsageError

MIXTURES = ("ring8", "grid25", "swissroll")
COUNT = 100_000
SPLITS = {"train": 0, "test": 1}


def open_mixture(name: str, split: str = "train", labels: str = "auto") -> Source:
    """A fixed sample of 100,000 points, float32 [n, 2]; labels are the numbers of their modes.

    ring8: eight modes on a circle of radius 2, σ 0.02 (Metz et al., 2017). grid25: 5×5 modes at
    spacing 2, σ 0.05. swissroll: a spiral without modes, no labels.

    Args:
        name: one of `MIXTURES`.
        split: "train" or "test", independent samples. Defaults to "train".
        labels: "auto" or "none". Defaults to "auto".

    Returns:
        A `Source` with `centres` float64 [modes, 2] and `sigma`, both None for swissroll.
    """
    if labels not in ("auto", "none"):
        raise UsageError("no such labels", flag="labels", value=labels, allowed="auto, none")
    draw = np.random.default_rng([20260101, SPLITS.get(split, 2)])
    centres = sigma = modes = None
    if name == "swissroll":
        turn = 1.5 * np.pi * (1 + 2 * draw.random(COUNT))
        points = np.stack([turn * np.cos(turn), turn * np.sin(turn)], 1) / 7.5
        points += 0.05 * draw.standard_normal(points.shape)
    else:
        if name == "ring8":
            angle = 2 * np.pi * np.arange(8) / 8
            centres, sigma = 2.0 * np.stack([np.cos(angle), np.sin(angle)], 1), 0.02
        else:
            side = np.arange(-4, 5, 2.0)
            centres, sigma = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2), 0.05
        modes = draw.integers(0, len(centres), COUNT).astype(np.int32)
        points = centres[modes] + sigma * draw.standard_normal((COUNT, 2))
    return Source(
        name,
        (2,),
        images=points.astype(np.float32),
        labels=None if labels == "none" else modes,
        split=split,
        centres=centres,
        sigma=sigma,
        reopen=lambda other: open_mixture(name, other, labels),
    )
