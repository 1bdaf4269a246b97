"""Fine-tuning's experiment: its table, of known scores."""

import json

import numpy as np

from benchmarks import finetuning


def test_the_ratio_is_paired_by_seed(tmp_path):
    lines = []
    for seed, scratch in enumerate((10.0, 20.0, 40.0)):
        known = {"fd_x_floor": 0.5, "precision": 0.5, "recall": 0.25, "class": "bags", "steps": 9}
        lines += [{"way": "scratch", "seed": seed, "fd_x": scratch, **known}]
        lines += [{"way": "fine-tuned", "seed": seed, "fd_x": scratch / 2, **known}]
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    *table, _, said = finetuning.report(path)
    row = "| bags, 9 steps, fine-tuned | 5.0, 10.0, 20.0 | 0.50 | 0.25 | 0.50 (0.50 to 0.50) |"
    assert row in table and "floor is 0.50" in said


def test_the_trained_model_never_saw_the_class(tmp_path, fashion_mnist):
    source = fashion_mnist
    finetuning.data(tmp_path, 8)
    few, rest, nine = (np.load(tmp_path / f"{x}.npz")["images"] for x in ("few", "rest", "nine"))
    assert len(few) == 300 and len(few) + len(rest) + len(nine) == len(source.images)
    bags = {image.tobytes() for image in source.images[source.labels == 8]}
    assert not bags & {image.tobytes() for image in nine}
