"""Each signal fires on what it is named after, and is silent on a healthy block."""

import numpy as np
import pytest

from keras_gan.monitoring import signals

STEPS = 50
HEALTHY = {
    "discriminator/loss": 0.8,
    "generator/loss": 1.5,
    "discriminator/gradient_norm": 3.0,
    "generator/gradient_norm": 2.0,
    "discriminator/logits_real": 1.0,
    "discriminator/logits_fake": -1.0,
    "discriminator/accuracy_real": 0.8,
    "discriminator/accuracy_fake": 0.8,
    "fakes/distance": 0.5,
    "reals/distance": 0.6,
    "fakes/magnitude": 1.0,
    "finite": 1.0,
}


def blocks(count=20, **changed):
    """Blocks around healthy values; `changed`: a metric's values, [count] or [count, steps]."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(count):
        rows = {}
        for name, level in HEALTHY.items():
            spread = 0.0 if name == "finite" else 0.05 * level
            rows[name] = level + spread * rng.standard_normal(STEPS)
        for name, values in changed.items():
            value = np.asarray(values)[i]
            rows[name] = np.broadcast_to(value, (STEPS,)).astype(float)
        made.append(signals.block((i + 1) * STEPS, rows))
    return made


def raised(made, loss="non_saturating"):
    return {s.name for s in signals.of_loss(loss) if s.value(made) is not None}


@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "wasserstein", "least_squares"])
def test_a_healthy_run_raises_nothing(loss):
    assert raised(blocks(), loss) == set()


@pytest.mark.parametrize(
    "name, changed",
    [
        ("not finite", {"finite": np.zeros(20)}),
        ("gradient norm", {"generator/gradient_norm": np.full(20, 101.0)}),
        ("D loss near zero", {"discriminator/loss": np.full(20, 0.001)}),
        ("logits saturated", {"discriminator/logits_real": np.full(20, 40.0)}),
        (
            "D always right",
            {f"discriminator/accuracy_{s}": np.ones(20) for s in ("real", "fake")},
        ),
        ("fakes alike", {"fakes/distance": np.full(20, 0.01)}),
        ("fakes out of range", {"fakes/magnitude": np.full(20, 50.0)}),
        (
            "G loss declines",
            {
                "generator/loss": np.linspace(3.0, 0.5, 20),
                "discriminator/accuracy_fake": np.full(20, 0.05),
            },
        ),
        (
            "D loss unsteady",
            {"discriminator/loss": np.tile(np.where(np.arange(STEPS) % 2, 0.1, 3.5), (20, 1))},
        ),
    ],
)
def test_a_signal_fires_on_what_it_is_named_after(name, changed):
    assert name in raised(blocks(**changed))


def test_a_spike_is_one_step_far_out():
    made = blocks()
    made[-1].rows["discriminator/loss"][10] = 40.0
    assert "D loss spikes" in raised(made)


def test_patience_asks_for_blocks_in_a_row():
    values = np.full(20, 0.5)
    values[-1] = 0.01
    assert "fakes alike" not in raised(blocks(**{"fakes/distance": values}))


def test_zero_d_loss_is_convergence_for_wasserstein():
    assert raised(blocks(**{"discriminator/loss": np.zeros(20)}), "wasserstein") == set()
    assert "D saturated" in raised(blocks(**{"discriminator/loss": np.zeros(20)}), "hinge")
