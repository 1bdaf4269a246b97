"""From a command line to one config: model defaults, continued runs, compatibility."""

import dataclasses

import pytest

from keras_gan.errors import UsageError
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import compatibility, flags
from keras_gan.settings import resolve as resolve_module
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from models import REGISTRY


@pytest.fixture
def started(tmp_path):
    """A function that starts a run with some settings."""

    def start(given):
        run = RunDirectory(tmp_path)
        run.write_settings(resolve(given, REGISTRY))
        return run

    return start


def test_the_model_brings_its_defaults_and_what_is_given_wins():
    config = resolve({"model": "wgan", "d_turns": 2}, REGISTRY)
    assert (config.loss, config.d_turns) == ("wasserstein", 2)


def test_an_unknown_model_is_refused_with_the_zoos_names():
    with pytest.raises(UsageError, match=r"--model=dcgn: unknown model; allowed: acgan, cgan, dcg"):
        resolve({"model": "dcgn"}, REGISTRY)


def test_incompatible_settings_are_refused():
    with pytest.raises(UsageError, match="--real_target=0.9: with --loss=hinge"):
        resolve({"loss": "hinge", "real_target": "0.9"}, REGISTRY)


def test_a_run_keeps_its_settings(started):
    run = started({"model": "lsgan", "steps": 100, "width": 8, "strategy": "one_device"})
    again = resolve({"steps": 1000, "width": 8, "on_failure": "stop"}, REGISTRY, run)
    assert (again.model, again.loss, again.width) == ("lsgan", "least_squares", 8)
    assert (again.steps, again.on_failure, again.strategy) == (1000, "stop", "one_device")
    assert again.input_noise_steps == 50  # fixed at the first start
    assert again.schedule_steps == 100


def test_a_run_from_before_there_was_a_choice_goes_on_squeezing(started):
    run = started({"dataset": "folder:x"})
    assert resolve({}, REGISTRY, run).crop == "center"
    lines = run.flagfile.read_text().splitlines()
    run.flagfile.write_text("\n".join(line for line in lines if "--crop" not in line))
    assert resolve({}, REGISTRY, run).crop == "squeeze"
    with pytest.raises(UsageError, match="--crop=pad: .*allowed: squeeze"):
        resolve({"crop": "pad"}, REGISTRY, run)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"loss": "hinge"}, "--loss=hinge: .*started with another value.*allowed: least_squares"),
        ({"model": "dcgan"}, "--model=dcgan: .*allowed: lsgan"),
        ({"xla": True}, "--xla=true: .*another --run_dir"),
        ({"width": 9, "seed": 1}, "--seed=1"),  # in the order of --help
    ],
)
def test_a_run_refuses_another_value(started, given, message):
    run = started({"model": "lsgan", "width": 8})
    with pytest.raises(UsageError, match=message):
        resolve(given, REGISTRY, run)


def test_a_studys_budget_in_images_is_one_in_steps():
    given = {"mode": "study", "images": 960, "batch_size": 16, "d_turns": 3}
    assert resolve(given, REGISTRY).steps == 20
    assert resolve({**given, "d_turns": 1}, REGISTRY).input_noise_steps == 30
    assert resolve({**given, "mode": "train", "steps": 7}, REGISTRY).steps == 7


def test_a_config_is_made_and_checked_once(monkeypatch, started):
    run = started({"model": "wgan"})
    calls = []
    for module, name in ((resolve_module, "complete"), (compatibility, "check")):
        function = getattr(module, name)

        def counted(*arguments, name=name, function=function):
            calls.append(name)
            return function(*arguments)

        monkeypatch.setattr(module, name, counted)
    resolve({"steps": 5}, REGISTRY, run)
    assert calls == ["complete", "check"]


@pytest.mark.parametrize("name", REGISTRY)
def test_the_zoos_defaults_are_values_that_flags_allow(name):
    defaults = REGISTRY[name].defaults()
    assert defaults.keys() <= {field.name for field in dataclasses.fields(Config)}
    flags.check(Config, defaults)
