import dataclasses
import itertools

import pytest

from keras_gan.errors import UsageError
from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.rules import penalties, top_k
from keras_gan.settings import compatibility
from keras_gan.settings.combinations import Settings
from keras_gan.settings.compatibility import conflicts
from keras_gan.settings.resolve import complete

# Every switch once, by itself and in a form that works: its flags and those it needs.
CALM_D = {"d_normalization": "layer"}
SWITCHES = {
    "minimax": {"loss": "minimax"},
    "least_squares": {"loss": "least_squares"},
    "hinge": {"loss": "hinge"},
    "wasserstein": {"loss": "wasserstein", "spectral_norm": True},
    "relativistic": {"loss": "relativistic"},
    "uniform": {"prior": "uniform"},
    "hypersphere": {"prior": "hypersphere"},
    "ornstein_uhlenbeck": {"prior": "ornstein_uhlenbeck"},
    "soft_real": {"real_target": "0.7,1.2"},
    "soft_fake": {"fake_target": "0,0.3"},
    "label_flip": {"label_flip": 0.05},
    "more_d_turns": {"d_turns": 2},
    "threshold_loop": {"threshold_loop": True},
    "one_batch": {"separate_batches": False},
    "instance": {"normalization": "instance", "d_normalization": "instance"},
    "no_normalization": {"normalization": "none", "d_normalization": "none"},
    "relu": {"activation": "relu"},
    "pixel_shuffle": {"upsampling": "pixel_shuffle"},
    "nearest": {"upsampling": "nearest"},
    "average_pooling": {"downsampling": "average"},
    "max_pooling": {"downsampling": "max"},
    "spectral_norm": {"spectral_norm": True},
    "layer_noise": {"layer_noise": 0.05},
    "dropout": {"dropout": 0.5},
    "minibatch_stddev": {"minibatch_stddev": True},
    "last_layer_init": {"last_layer_init": 0.003},
    "input_noise": {"input_noise": 0.1, "input_noise_steps": 5},
    "replay": {"replay_rate": 0.3, "replay_size": 32},
    "past_players": {"past_players": 2, "past_players_every": 1},
    "target_networks": {"target_networks": 0.01},
    "gradient_penalty": {"gradient_penalty": 10.0, **CALM_D},
    "dragan": {"dragan": 10.0, **CALM_D},
    "r1": {"r1": 1.0, **CALM_D},
    "r2": {"r2": 1.0, **CALM_D},
    "finite_difference": {"r1": 1.0, "r1_finite_difference": True, **CALM_D},
    "lazy": {"r2": 1.0, "penalty_interval": 4, **CALM_D},
    "lecam": {"lecam": 0.3},
    "consistency": {"consistency": 10.0},
    "balanced_consistency": {"balanced_consistency": 10.0},
    "diffaugment": {"augment": "color,translation,cutout"},
    "ada": {"ada": 0.6},
    "top_k": {"top_k": 0.5},
    "average": {"average_decay": 0.99},
    "clip_weights": {"clip_weights": 0.01},
    "clip_norm": {"clip_norm": 1.0},
    "sgd_for_d": {"d_optimizer": "sgd", "d_learning_rate": 0.01},
    "two_time_scales": {"g_learning_rate": 1e-4, "d_learning_rate": 4e-4},
    "weight_decay": {"d_weight_decay": 1e-4},
    "packing": {"packing": 2},
    "freeze_d": {"freeze_d": 1},
    "accumulate": {"accumulate": 2},
    "conditional": {"conditional": True},
    "self_modulation": {"self_modulation": True},
    "slicing": {"slicing": True},
    "plateau": {"stop_when": "plateau", "score_every": 10},
    "mirror": {"mirror": True},
    "scheduled_r1": {"r1": 1.0, "r1_end": 0.1, **CALM_D},
    "scheduled_beta_2": {"d_beta_2": 0.9, "d_beta_2_end": 0.99},
    "scheduled_augmentation": {"augment": "color", "augment_rate": 0.0, "augment_rate_end": 0.3},
    "averages_by_length": {"average_lengths": "0.05,0.1"},
    "average_by_half_life": {"average_half_life_end": 1e4},
    "scheduled_rates": {
        "d_learning_rate_schedule": "cosine",
        "g_learning_rate_schedule": "linear",
        "warmup_steps": 2,
    },
}


def together(first, second):
    """Two switches' settings, or None where they are two values of one flag."""
    one, two = SWITCHES[first], SWITCHES[second]
    if any(one[name] != two[name] for name in one.keys() & two.keys()):
        return None
    return {**one, **two}


PAIRS = [
    (pair, settings)
    for pair in itertools.combinations(SWITCHES, 2)
    if (settings := together(*pair)) is not None
]


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_works_alone(name):
    assert conflicts(SWITCHES[name]) == []


def test_a_refused_pair_names_settings_that_work():
    refused = {}
    for pair, settings in PAIRS:
        refusals = conflicts(settings)
        for conflict in refusals:
            assert conflict.reason and conflict.nearest
            assert not conflict.when(Settings({**settings, **conflict.nearest})), pair
            message = conflict.message(Settings(settings))
            assert all(f"--{name}=" in message for name in conflict.nearest), message
        if refusals:
            refused[frozenset(pair)] = refusals
    assert len(PAIRS) > 1000
    for pair in (
        ("hinge", "soft_real"), ("wasserstein", "soft_fake"), ("relativistic", "soft_real"),
        ("target_networks", "past_players"), ("threshold_loop", "more_d_turns"),
        ("r1", "gradient_penalty"), ("ada", "relativistic"), ("one_batch", "consistency"),
        ("clip_weights", "spectral_norm"), ("consistency", "balanced_consistency"),
    ):  # fmt: skip
        assert frozenset(pair) in refused, pair
    for pair in (
        ("hinge", "label_flip"), ("soft_real", "soft_fake"), ("replay", "past_players"),
        ("r1", "r2"), ("diffaugment", "r1"), ("least_squares", "soft_real"), ("lecam", "ada"),
    ):  # fmt: skip
        assert frozenset(pair) not in refused, pair
    assert len(refused) < 0.1 * len(PAIRS)


@pytest.mark.parametrize(
    "settings, flag",
    [
        ({"r1": 1.0}, "r1"),
        ({"loss": "wasserstein"}, "loss"),
        ({"batch_size": 3}, "normalization"),
        ({"batch_size": 4, "replicas": 2}, "normalization"),
        ({"real_target": "1,1.5"}, "real_target"),
        ({"fake_target": "-0.5,0"}, "fake_target"),
        ({"real_target": "0.1", "fake_target": "0.3"}, "real_target"),
        ({"label_flip": 0.5}, "label_flip"),
        ({"r1_finite_difference": True}, "r1_finite_difference"),
        ({"penalty_interval": 4}, "penalty_interval"),
        ({"r1": 1.0, "d_normalization": "none", "precision": "mixed_float16"}, "r1"),
        ({"r1": 1.0, "d_normalization": "none", "downsampling": "max", "xla": True}, "r1"),
        ({"augment": "color", "dataset": "ring8"}, "augment"),
        ({"augment_rate": 0.5}, "augment_rate"),
        ({"average_lengths": "0.1", "average_decay": 0.0}, "average_lengths"),
        ({"average_lengths": "0.05,0.1", "strategy": "multi_worker"}, "average_lengths"),
        ({"packing": 3}, "packing"),
        ({"packing": 2, "conditional": True}, "packing"),
        ({"slicing": True, "conditional": True}, "slicing"),
        ({"self_modulation": True, "normalization": "none"}, "self_modulation"),
        ({"packing": 2, "batch_size": 6, "replicas": 2}, "packing"),
        ({"packing": 2, "dragan": 1.0, "d_normalization": "layer"}, "packing"),
        ({"accumulate": 3}, "accumulate"),
        ({"accumulate": 4, "replicas": 2, "batch_size": 12}, "accumulate"),
        ({"accumulate": 32}, "normalization"),
        ({"accumulate": 2, "top_k": 0.5}, "accumulate"),
        ({"init_from": "runs/a", "mode": "study"}, "init_from"),
        ({"slicing": True, "clip_weights": 0.01}, "slicing"),
        ({"stop_when": "plateau"}, "stop_when"),
        ({"stop_when": "plateau", "score_every": 9, "strategy": "multi_worker"}, "stop_when"),
        ({"mirror": True, "dataset": "grid25"}, "mirror"),
        ({"augment_rate_end": 0.5}, "augment_rate_end"),
        ({"r2_end": 0.1}, "r2_end"),
        ({"model": "kl_gan", "real_target": "0.9"}, "real_target"),
        ({"model": "kl_gan", "loss": "hinge"}, "loss"),
        ({"model": "infogan", "replay_rate": 0.5}, "replay_rate"),
        ({"model": "vae_gan", "prior": "uniform"}, "prior"),
    ],
)
def test_conflicts_are_refused_and_the_nearest_settings_work(settings, flag):
    refusals = conflicts(settings)
    assert flag in {conflict.flags[0] for conflict in refusals}
    for conflict in refusals:
        assert not conflict.when(Settings({**settings, **conflict.nearest}))


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 4},
        {"batch_size": 4, "replicas": 2, "sync_batch_norm": True},
        {"batch_size": 2, "normalization": "instance", "d_normalization": "instance"},
        {"r1": 1.0, "r1_finite_difference": True, "downsampling": "max", "xla": True, **CALM_D},
        {"model": "kl_gan", "loss": "minimax"},
    ],
)
def test_compatible_settings_are_accepted(settings):
    assert conflicts(settings) == []


def test_check_is_one_line_with_flag_value_and_the_nearest_that_works():
    with pytest.raises(UsageError) as error:
        compatibility.check(complete({"loss": "hinge", "real_target": "0.7,1.2"}))
    message = str(error.value)
    assert "--real_target=0.7,1.2" in message and "--loss=hinge" in message
    assert "--real_target=1" in message and "\n" not in message
    assert error.value.exit_status == 2


def test_a_switch_of_the_networks_that_a_model_lacks_is_refused():
    class Bare:
        Options = dataclasses.make_dataclass("Options", ["image_shape", "activation"])

        @staticmethod
        def defaults():
            return {}

    compatibility.check(complete({"activation": "relu", "r1": 1.0}), Bare)  # no norm in D
    with pytest.raises(UsageError, match="--upsampling=nearest"):
        compatibility.check(complete({"upsampling": "nearest"}), Bare)


def test_groups_that_do_not_fit_a_replica_are_reported():
    for name, size in compatibility.GROUPS.items():
        config = complete({name: True if name == "minibatch_stddev" else 0.5, "batch_size": 64})
        assert not list(compatibility.regrouped(config, 1))
        assert not list(compatibility.regrouped(config, 64 // size))
        (sentence,) = compatibility.regrouped(config, 128 // size)
        assert f"--{name} " in sentence and "multiple of 128" in sentence


def test_groups_are_those_of_the_rules():
    rules = {
        "minibatch_stddev": MinibatchStddev(),
        "dragan": penalties.Dragan(),
        "top_k": top_k.TopK(),
    }
    assert {name: rule.group for name, rule in rules.items()} == compatibility.GROUPS


def test_a_run_longer_than_its_schedule_says_that_it_stands_still():
    """Continued with a higher --steps, a run keeps its horizon, and so trains at rates of 0."""
    flags = {"schedule_steps": 100, "steps": 300, "d_learning_rate_schedule": "linear"}
    sentence = compatibility.rates_that_end(complete(flags))
    assert "from step 100 to 300" in sentence and "of D is 0" in sentence
    both = complete({**flags, "g_learning_rate_schedule": "cosine"})
    assert "of D and G is 0" in compatibility.rates_that_end(both)
    for change in ({"steps": 100}, {"d_learning_rate_end": 1e-5}, {"d_learning_rate": 1e-3}):
        sentence = compatibility.rates_that_end(complete({**flags, **change}))
        assert (sentence is None) == ("d_learning_rate" not in change)
