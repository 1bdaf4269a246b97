"""Each signal fires on what it is named after, and is silent on healthy readings."""

import numpy as np
import pytest

from keras_gan.monitoring.health import signals
from keras_gan.monitoring.health.reading import Reading

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
    "fakes/feature_distance": 2.0,
    "reals/feature_distance": 2.1,
    "reals/nearest_fake": 0.6,
    "reals/nearest_real": 0.5,
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
        made.append(Reading.of((i + 1) * STEPS, rows))
    return made


def raised(made, loss="non_saturating"):
    return {s.name for s in signals.of_loss(loss) if s.value(made) is not None}


@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "wasserstein", "least_squares"])
def test_a_healthy_run_raises_nothing(loss):
    assert raised(blocks(), loss) == set()


def test_a_small_batch_may_vary_as_its_sampling_error():
    (at_32,), (at_8,), (at_128,) = (
        [s for s in signals.of_loss("hinge", batch) if s.name == "D loss unsteady"]
        for batch in (32, 8, 128)
    )
    assert at_8.threshold == pytest.approx(2 * at_32.threshold)  # 1/sqrt(batch)
    assert at_128.threshold == at_32.threshold  # swings of a large batch are no sampling error


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
        ("fakes miss the data", {"reals/nearest_fake": np.full(20, 0.9)}),
        ("fakes alike to D", {"fakes/feature_distance": np.full(20, 0.05)}),
        (
            "D at chance",
            {
                "discriminator/accuracy_real": np.full(20, 0.7),
                "discriminator/accuracy_fake": np.full(20, 0.3),
            },
        ),
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


def test_rising_variance_is_reported_even_if_it_is_not_high():
    swing = np.where(np.arange(STEPS) % 2, 1.0, -1.0)
    rising = np.array([0.8 + (0.05 if i < 12 else 0.4) * swing for i in range(20)])
    assert "D loss variance rises" in raised(blocks(**{"discriminator/loss": rising}))


def test_a_critic_has_larger_gradients():
    norms = {"discriminator/gradient_norm": np.full(20, 300.0)}
    assert "gradient norm" in raised(blocks(**norms))
    assert raised(blocks(**norms), "wasserstein") == set()
    norms = {"discriminator/gradient_norm": np.full(20, 3000.0)}
    assert "gradient norm" in raised(blocks(**norms), "wasserstein")


def test_a_paired_loss_leaves_the_level_of_its_logits_free():
    levels = {f"discriminator/logits_{side}": np.full(20, 80.0) for side in ("real", "fake")}
    assert "logits saturated" in raised(blocks(**levels))
    assert raised(blocks(**levels), "relativistic") == set()
    levels["discriminator/logits_fake"] = np.full(20, 40.0)
    assert "logits saturated" in raised(blocks(**levels), "relativistic")


def test_a_name_has_one_signal_per_loss():
    for loss in signals.ALL:
        names = [signal.name for signal in signals.of_loss(loss)]
        assert len(names) == len(set(names))


def test_fakes_that_come_closer_raise_nothing():
    far = {"reals/nearest_fake": np.linspace(1.6, 0.8, 20)}
    assert "fakes miss the data" not in raised(blocks(**far))
    assert "fakes miss the data" in raised(blocks(**{"reals/nearest_fake": np.full(20, 0.9)}))


def test_patience_asks_for_blocks_in_a_row():
    values = np.full(20, 0.5)
    values[-1] = 0.01
    assert "fakes alike" not in raised(blocks(**{"fakes/distance": values}))


def test_zero_d_loss_is_convergence_for_wasserstein():
    assert raised(blocks(**{"discriminator/loss": np.zeros(20)}), "wasserstein") == set()
    assert "D saturated" in raised(blocks(**{"discriminator/loss": np.zeros(20)}), "hinge")
