"""The command line: parses flags, runs the chosen mode, returns an exit status."""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence

import absl.logging

from keras_gan.errors import KerasGanError, StorageError, refuse
from keras_gan.quiet import silence
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import flags
from keras_gan.settings.config import Config

USAGE = """Trains, scores and exports generative adversarial networks.

usage: python main.py --flagfile=configs/NAME.flags [--flag=value …]

--flagfile=FILE reads flags from a file: one per line, # comments, nestable; the last value of a
flag wins. Each model has its own defaults, which flags override. All output of a run is in
--run_dir; running the same command again continues from its last checkpoint.
-h and --help show the flags that most runs need, --helpfull shows all of them."""


def main(argv: Sequence[str], load_zoo: Callable[[], Mapping[str, type]]) -> int:
    """Runs a command line.

    Args:
        argv: sequence of str, the program name, then flags.
        load_zoo: function without arguments that imports the zoo and returns its registry,
            name → model class. It loads TensorFlow, which takes seconds, so it is called only
            once every flag has been parsed and checked by itself.

    Returns:
        int, the exit status: 0 done; 2 wrong flags or data; 3 stopped by the health monitor; 4 the
        run's files can't be read or written; 143 after SIGTERM; 130 after Ctrl-C.
    """
    try:
        try:
            given = flags.parse(Config, argv)
        except flags.HelpRequested as request:
            print(flags.help_text(Config, USAGE, request.full))
            return 0
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
    """Prints this package's messages and every package's warnings, as plain lines."""
    handler = logging.StreamHandler()
    package = os.path.dirname(__file__)
    handler.addFilter(lambda r: r.levelno >= logging.WARNING or r.pathname.startswith(package))
    logging.basicConfig(format="%(message)s", handlers=[handler], force=True)
    absl.logging.set_verbosity(absl.logging.INFO)


def _fail(error, status):
    print(" ".join(str(error).split()), file=sys.stderr)
    return status


def _run(given, registry, load_zoo):
    from keras_gan.run import cluster, commands, devices, export, train
    from keras_gan.run.showing import commands as showing
    from keras_gan.settings.resolve import resolve

    mode = given.get("mode", "train")
    if mode == "study":
        from keras_gan.studies import runner

        return runner.main(given, registry, load_zoo)
    if mode == "evaluate" and (given.get("fakes") or given.get("reals")):
        return commands.compare(given)
    run = RunDirectory(given.get("run_dir", Config.run_dir))
    if mode != "train" and not run.flagfile.exists():
        refuse("run_dir", run.path, "no run there", "a folder with operative.flags")
    config = resolve(given, registry, run)
    model_class = registry[config.model]
    if mode in ("train", "export"):
        export.require(flags.words(config.export_format), config)
    showing.check(config)
    # Of several processes that train together only the chief writes. Entering `run` creates it.
    # The explorer reads: it may look at a run that another process trains.
    alone = config.strategy != "multi_worker" or cluster.task()[0] == 0
    run.writes = mode != "explore" and (mode != "train" or alone)
    with run:
        with silence():
            devices.set_up(config)
        if mode == "train":
            return train.train(config, model_class, run)
        return commands.MODES[mode](config, model_class, run)
