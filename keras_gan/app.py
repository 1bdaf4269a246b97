"""The door's inner side: a command line in, an exit status out."""

import logging
import os
import sys

import absl.logging

from keras_gan import config as config_module
from keras_gan import flags
from keras_gan.errors import KerasGanError, StorageError, UsageError
from keras_gan.fields import words
from keras_gan.quiet import silence
from keras_gan.rundir import RunDirectory
from keras_gan.settings import Config

USAGE = """Trains, scores and exports generative adversarial networks.

usage: python main.py --flagfile=configs/NAME.flags [--flag=value …]

Flags may stand in flagfiles (nestable, # comments, the last one wins). A model brings defaults of
its own; what is given here wins. Everything a run leaves is in --run_dir, and starting that again
goes on where it stopped."""


def main(argv, load_zoo):
    """Runs a command line.

    Args:
        argv: program name, then flags.
        load_zoo: function without arguments that imports the zoo and returns its registry,
            name → model class; called once the flags have been read.

    Returns:
        0 done; 2 wrong flags or data; 3 stopped by the health monitor; 4 the run's files can't be
        read or written; 143 after SIGTERM, 130 after Ctrl-C.
    """
    try:
        given = flags.parse(Config, argv)
        if given is None:
            print(flags.help_text(Config, USAGE))
            return 0
        config_module.make(given)
        with silence():
            registry = load_zoo()
        _log_to_stderr()
        return _run(given, registry, load_zoo)
    except KerasGanError as error:
        return _fail(error, error.exit_status)
    except OSError as error:
        return _fail(error, StorageError.exit_status)
    except KeyboardInterrupt:
        return 130


def _log_to_stderr():
    """Our own notes, and everybody's warnings, as plain lines."""
    handler = logging.StreamHandler()
    package = os.path.dirname(__file__)
    handler.addFilter(lambda r: r.levelno >= logging.WARNING or r.pathname.startswith(package))
    logging.basicConfig(format="%(message)s", handlers=[handler], force=True)
    absl.logging.set_verbosity(absl.logging.INFO)


def _fail(error, status):
    print(" ".join(str(error).split()), file=sys.stderr)
    return status


def _run(given, registry, load_zoo):
    from keras_gan import cluster, experiment, export, modes, runtime

    mode = given.get("mode", "train")
    if mode == "study":
        from keras_gan.studies import runner

        return runner.main(given, registry, load_zoo)
    if mode == "evaluate" and (given.get("fakes") or given.get("reals")):
        return modes.compare(given)
    run_dir = given.get("run_dir", Config.run_dir)
    if mode != "train" and not os.path.exists(os.path.join(run_dir, "operative.flags")):
        raise UsageError(
            "no run there", flag="run_dir", value=run_dir, allowed="a folder with operative.flags"
        )
    experiment.check(given, registry)
    if mode in ("train", "export"):
        export.require(words(given.get("export_format", "")))
    strategy = given.get("strategy") or (RunDirectory(run_dir).given() or {}).get("strategy")
    alone = mode != "train" or strategy != "multi_worker"
    with RunDirectory(run_dir, writes=alone or cluster.task()[0] == 0) as run:
        config = experiment.settle(given, registry, run)
        with silence():
            runtime.set_up(config)
        model_class = registry[config.model]
        if mode == "train":
            return experiment.train(config, model_class, run)
        return modes.MODES[mode](config, model_class, run)
