"""The command line: parses flags, runs the chosen mode, returns an exit status."""

import contextlib
import importlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence

import absl.logging

from keras_gan.errors import KerasGanError, StorageError, UsageError, refuse
from keras_gan.quiet import silence
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import flagfiles, flags, help_page
from keras_gan.settings.config import Config

USAGE = """Trains, scores and exports generative adversarial networks.

usage: {program} --flagfile=RECIPE [--flag=value …]

--flagfile=FILE reads flags from a file: one per line, # comments, nestable; the last value of a
flag wins. FILE may be the name of a recipe that comes along, such as dcgan_fashion_mnist, which
is configs/dcgan_fashion_mnist.flags in a checkout; --recipes lists them.
Each model has its own defaults, which flags override. All output of a run is in --run_dir; running
the same command again continues from its last checkpoint.
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
        run's files can't be read or written; 143 after SIGTERM; 130 after Ctrl-C; 129 after SIGHUP.
    """
    _open_streams()
    try:
        try:
            given = flags.parse(Config, argv)
        except flags.HelpRequested as request:
            usage = USAGE.replace("{program}", _program(argv[0]))
            print(help_page.help_text(Config, usage, request.full), flush=True)
            return 0
        except flags.RecipesRequested:
            print(flagfiles.listing(), flush=True)
            return 0
        with silence():
            registry = load_zoo()
        _log_to_stderr()
        status = _run(given, registry, load_zoo)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever reads our output has gone, as in `--help | head`: nothing is lost by it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KerasGanError as error:
        return _fail(error, error.exit_status)
    except OSError as error:
        return _fail(_reason(error), StorageError.exit_status)
    except MemoryError as error:
        return _fail(f"not enough memory: {error}".rstrip(": "), UsageError.exit_status)
    except KeyboardInterrupt:
        return 130


def installed():
    """The command `keras-gan` of a wheel, which brings the zoo as `keras_gan_models`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return main(sys.argv, lambda: importlib.import_module("keras_gan_models").REGISTRY)


def _program(path):
    name = os.path.basename(path)
    return f"python {name}" if name.endswith(".py") else name


def _open_streams():
    """Makes stdout and stderr usable where they are closed, or lack some of our letters."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for as long as we run
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _reason(error):
    """An `OSError` in a user's words, without its number."""
    if error.strerror is None:
        return error
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _log_to_stderr():
    """Prints this package's messages and every package's warnings, as plain lines."""
    handler = logging.StreamHandler()
    package = os.path.dirname(__file__)
    handler.addFilter(lambda r: r.levelno >= logging.WARNING or r.pathname.startswith(package))
    logging.raiseExceptions = False  # a terminal that is gone ends no run
    logging.basicConfig(format="%(message)s", handlers=[handler], force=True)
    absl.logging.set_verbosity(absl.logging.INFO)


def _fail(error, status):
    with contextlib.suppress(OSError):
        print(" ".join(str(error).split()), file=sys.stderr, flush=True)
    return status


def _run(given, registry, load_zoo):
    """Runs the mode that is given; imports what it needs and no more, since imports take time."""
    from keras_gan.run import commands, devices, export
    from keras_gan.run.showing import commands as showing
    from keras_gan.settings.resolve import resolve

    mode = given.get("mode", "train")
    if mode == "study" and given.get("recipe"):
        refuse("recipe", given["recipe"], "a study states its settings", "--mode=train")
    if mode == "study":
        from keras_gan.run.studies import runner

        return runner.main(given, registry, load_zoo)
    if mode == "evaluate" and (given.get("fakes") or given.get("reals")):
        return commands.compare(given)
    if given.get("weights"):
        return commands.with_weights(given, registry)
    if mode == "inspect":
        from keras_gan.run import inspecting

        return inspecting.inspect(given)
    run = RunDirectory(given.get("run_dir", Config.run_dir))
    if mode == "train":
        run.check_owner()
    elif not run.flagfile.exists():
        refuse("run_dir", run.path, "no run there", "a folder with operative.flags")
    if mode == "train":
        from keras_gan.run import automatic, cluster, train

        given = automatic.settings(given, run)
    config = resolve(given, registry, run)
    model_class = registry[config.model]
    if mode in ("train", "export"):
        export.require(flags.words(config.export_format), config)
    showing.check(config)
    if mode == "train":
        # Of several processes that train together only the chief writes. Entering `run` creates it.
        run.writes = config.strategy != "multi_worker" or cluster.task()[0] == 0
        with run:
            with silence():
                devices.set_up(config)
            return train.train(config, model_class, run)
    # Nothing else needs the run for itself: it may be training, or be somebody else's to read.
    with silence():
        devices.set_up(config)
    return commands.MODES[mode](config, model_class, run)
