"""The measured effects in docs/tips.md are those of the studies."""

import json

import pytest

from benchmarks import effects
from keras_gan.settings import flags
from keras_gan.settings.config import Config


@pytest.fixture
def studies(tmp_path, monkeypatch):
    """A study of images whose `replay` costs a tenth of the FD, in all seeds."""
    monkeypatch.setattr(effects, "STUDIES", tmp_path)
    effects.comparisons_of.cache_clear()
    folder = tmp_path / effects.TIMED
    folder.mkdir()
    rows = [
        {
            "variant": name,
            "seed": seed,
            "failed": False,
            "fd_cnn": (20 + seed) * factor * (1.001 if seed % 2 else 1),
            "processor_seconds": 60 * factor,
        }
        for name, factor in (("base", 1.0), ("replay", 1.1))
        for seed in range(4)
    ]
    (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    base = {"model": "dcgan", "dataset": "fashion_mnist", "steps": 1, "batch_size": 1}
    (folder / "study.json").write_text(json.dumps({"base": base, "replay": base}))
    yield
    effects.comparisons_of.cache_clear()


def test_a_table_has_the_change_its_interval_and_its_cost(studies):
    titles, _, row = effects.table("tip 8")
    assert titles == "| measured effect | Fashion-MNIST: FD | time |"
    assert row.startswith("| `replay` | +10 % (+10 to +10), **hurts** | 1.10 |")


def test_the_summary_names_what_hurts_and_what_was_not_measured(studies):
    rows = effects.summary()
    row = "| 8, tricks from reinforcement learning | not measured | **hurts**: `replay` |"
    assert f"{row} not measured |" in rows
    assert "| 2, non-saturating loss | not measured | not measured | not measured |" in rows


def test_every_variant_of_the_studies_is_in_a_section(root):
    shown = {
        name for section in effects.SECTIONS for pair in effects.pairs(section) for name in pair
    }
    for name in ("tips_fashion_mnist", "findings_emoji", "tips_ring8", "tips_grid25"):
        path = root / "configs" / "studies" / f"{name}.flags"
        variants = flags.parse(Config, ["main.py", f"--flagfile={path}"])["variant"]
        names = {text.partition(":")[0].partition(" vs ")[0] for text in variants}
        assert {name for name in names if not name.startswith("many")} <= shown
