"""Flags: parsed in one place, wrong ones reported in one line."""

import dataclasses
import re
import subprocess
import sys

import pytest

from keras_gan.errors import UsageError
from keras_gan.settings import flags, help_page
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete


def parse(*arguments):
    return flags.parse(Config, ["main.py", *arguments])


def test_only_what_is_given_is_returned():
    assert parse("--steps=5", "--noxla", "--loss=hinge") == {
        "steps": 5,
        "xla": False,
        "loss": "hinge",
    }


def test_flagfiles_nest_and_the_last_one_wins(tmp_path):
    (tmp_path / "inner.flags").write_text("# base\n--steps=10\n--seed=3\n")
    (tmp_path / "outer.flags").write_text(f"--flagfile={tmp_path / 'inner.flags'}\n--steps=20\n")
    assert parse(f"--flagfile={tmp_path / 'outer.flags'}", "--seed=4") == {"steps": 20, "seed": 4}


@pytest.mark.parametrize(
    "argument, message",
    [
        ("--stepz=5", "did you mean --steps"),
        ("--steps=many", "steps=many"),
        ("--flagfile=/nowhere.flags", "/nowhere.flags"),
        ("steps", "steps: not a flag"),
    ],
)
def test_a_wrong_flag_is_named(argument, message):
    with pytest.raises(UsageError, match=message) as caught:
        parse(argument)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"loss": "hings"}, "--loss=hings: .*non_saturating"),
        ({"steps": 0}, "--steps=0: out of range; allowed: at least 1"),
        ({"label_flip": 0.7}, "--label_flip=0.7: .*0.0 to 0.5"),
        ({"d_learning_rate": float("nan")}, "--d_learning_rate=nan"),
        ({"image_size": "30"}, "nearest is 32x32"),
        ({"image_size": "big"}, "N or HxW"),
        ({"image_size": "512"}, "nearest is 256x256"),
        ({"real_target": "0.7,"}, "--real_target"),
        ({"real_target": "1.2,0.7"}, "--real_target"),
        ({"augment": "color,flip"}, "--augment=color,flip: .*cutout"),
        ({"channels": 2}, "--channels=2: unknown value; allowed: 0, 1, 3, 4"),
    ],
)
def test_a_wrong_value_names_flag_value_and_what_is_allowed(given, message):
    with pytest.raises(UsageError, match=message):
        flags.check(Config, given)
    ((name, value),) = given.items()
    with pytest.raises(UsageError, match=message):
        parse(f"--{name}={value}")


def test_the_written_flags_make_the_same_config(tmp_path):
    config = complete(
        {"steps": 7, "real_target": "0.7,1.2", "xla": False, "variant": ("a: --r1=1", "b: --r2=1")}
    )
    (tmp_path / "operative.flags").write_text(flags.as_flags(config))
    assert complete(parse(f"--flagfile={tmp_path / 'operative.flags'}")) == config


def test_given_beats_the_models_default_beats_the_engines():
    defaults = {"d_turns": 5, "loss": "wasserstein"}
    config = complete({"d_turns": 2}, defaults)
    assert (config.d_turns, config.loss, config.g_turns) == (2, "wasserstein", 1)


def test_a_horizon_is_fixed_at_the_first_start():
    first = complete({"steps": 100})
    again = complete({**dataclasses.asdict(first), "steps": 1000})
    assert first.input_noise_steps == again.input_noise_steps == 50


@pytest.mark.parametrize(
    "argument, full", [("-h", False), ("--help", False), ("--helpfull", True), ("-helpfull", True)]
)
def test_help_can_be_requested_short_and_full(argument, full):
    with pytest.raises(flags.HelpRequested) as request:
        parse("--steps=5", argument)
    assert request.value.full == full


def test_full_help_shows_every_flag_and_help_the_common_ones():
    short, full = (help_page.help_text(Config, "usage", full) for full in (False, True))
    for field in dataclasses.fields(Config):
        assert f"--{field.name}\n" in full
        assert (f"--{field.name}\n" in short) == field.metadata["flag"]["common"]
    assert 20 <= short.count("\n  --") <= 30
    assert not re.search(r":\n\n", short)  # no heading without flags


WITHOUT_TENSORFLOW = """
import sys
from keras_gan import cli
status = cli.main(["main.py", *sys.argv[1:]], load_zoo=None)
loaded = {"tensorflow", "keras", "numpy"} & sys.modules.keys()
assert not loaded, loaded
sys.exit(status)
"""


@pytest.mark.parametrize(
    "argument, status",
    [
        ("-h", 0),
        ("--help", 0),
        ("--helpfull", 0),
        ("--stepz=1", 2),
        ("--loss=hing", 2),
        ("--image_size=30", 2),
        ("--r1=-1", 2),
    ],
)
def test_help_and_a_wrong_flag_do_not_wait_for_tensorflow(root, argument, status):
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, argument]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == (1 if status else 0)
