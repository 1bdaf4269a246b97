"""A loaded .keras file continues training with the rules and state it was saved with."""

import keras
import numpy as np
import pytest

from keras_gan import GAN
from keras_gan.rules import (
    augment,
    ema,
    input_noise,
    losses,
    penalties,
    replay,
    schedules,
    targets,
    top_k,
    weight_clip,
)
from keras_gan.rules.opponents import PastPlayers, TargetNetworks
from keras_gan.rules.priors import OrnsteinUhlenbeck


def rules(opponent):
    return {
        "d_optimizer": keras.optimizers.SGD(0.01, momentum=0.9),
        "g_optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5),
        "loss": losses.LeastSquares(),
        "targets": targets.Targets((0.7, 1.2), (0.0, 0.3), 0.1),
        "penalties": [penalties.R1(schedules.Schedule("cosine", 0.1, 0.01, 9)), penalties.LeCam()],
        "d_inputs": [
            augment.DiffAugment(
                ("color", "translation"), schedules.Schedule("linear", 0.0, 1.0, 9)
            ),
            augment.ADA(interval=1, step_size=0.1),
            input_noise.InputNoise(schedules.Schedule("cosine", 0.2, 0.0, 10)),
        ],
        "replay": replay.Replay(16, 0.5),
        "opponent": opponent,
        "schedule": schedules.FixedSchedule(2, 1),
        "average": ema.MovingAverage(
            half_life=schedules.Schedule("linear", 0.0, 50.0, 9), batch_size=8
        ),
        "top_k": top_k.TopK(0.5),
        "clip_norm": 5.0,
        "d_constraint": weight_clip.WeightClip(0.5),
        "g_learning_rate_schedule": schedules.Schedule("cosine", 1.0, 0.1, 9, 2),
        "g_beta_2_schedule": schedules.Schedule("linear", 0.9, 0.99, 9),
        "seed": 11,
    }


def some_rules(opponent):
    """The rules with state that are quick to trace."""
    names = ("d_optimizer", "g_optimizer", "replay", "opponent", "schedule", "average", "seed")
    names += ("g_learning_rate_schedule", "g_beta_2_schedule")
    return {n: rule for n, rule in rules(opponent).items() if n in names} | {
        "penalties": [penalties.LeCam()]
    }


@pytest.mark.parametrize(
    "chosen, opponent",
    [
        (some_rules, TargetNetworks(0.2)),
        pytest.param(rules, TargetNetworks(0.2), marks=pytest.mark.slow),
        pytest.param(rules, PastPlayers(2, 1, 0.5, 1), marks=pytest.mark.slow),
    ],
)
def test_three_steps_saved_loaded_and_three_more_equal_six(tiny, tmp_path, chosen, opponent):
    again = type(opponent).from_config(opponent.get_config())
    straight = tiny.gan(prior=OrnsteinUhlenbeck(8), normalize=False, **chosen(opponent))
    tiny.train(straight, 6)
    first = tiny.gan(prior=OrnsteinUhlenbeck(8), normalize=False, **chosen(again))
    tiny.train(first, 3)
    first.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is GAN and loaded.compiled
    assert int(loaded.d_optimizer.iterations.numpy()) == 6  # two turns per step
    assert int(loaded.g_optimizer.iterations.numpy()) == 3
    tiny.train(loaded, 3)
    expected, actual = straight.state(), loaded.state()
    assert expected.keys() == actual.keys()
    for owner in expected:
        if owner == "recorder":
            continue
        for a, b in zip(expected[owner], actual[owner], strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=f"{owner}: {a.path}")


def test_the_arguments_of_compile_can_be_read_back(tiny):
    gan = tiny.gan(**rules(TargetNetworks(0.2)), normalize=False)
    config = gan.get_compile_config()
    twin = tiny.gan(normalize=False)
    twin.compile_from_config(config)
    assert twin.get_compile_config() == config
    assert twin.targets == gan.targets and twin.schedule == gan.schedule
    assert twin.d_inputs[0] == gan.d_inputs[0] and twin.d_inputs[2] == gan.d_inputs[2]
