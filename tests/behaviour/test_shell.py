"""The command line from outside: signals, streams, terminals, what it prints to be typed."""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys

import keras
import pytest

from keras_gan import cli
from keras_gan.run import train
from keras_gan.run.interruption import Interruption
from tests.behaviour.command_line import here


@pytest.fixture
def as_in_a_shell():
    """The handlers of a shell's program, also where the tests themselves ignore these signals."""
    defaults = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in defaults.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("as_in_a_shell")
class TestInterruption:
    """Signals; tests/behaviour/test_resume.py has those that a training of some length needs."""

    @pytest.mark.parametrize("number, status", [(signal.SIGHUP, 129), (signal.SIGINT, 130)])
    def test_a_signal_ends_the_run_with_a_checkpoint(self, run, monkeypatch, capfd, number, status):
        class Signal(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch, logs=None):
                os.kill(os.getpid(), number)  # the step is completed

        whole = train._callbacks
        monkeypatch.setattr(train, "_callbacks", lambda *given: [Signal(), *whole(*given)])
        handler = signal.getsignal(number)
        assert here(f"--run_dir={run}", "--steps=9", "--checkpoint_every=0") == status
        assert "stopped at step 3, checkpoint saved" in capfd.readouterr().err
        assert (run / "checkpoints" / "step-00000003").is_dir()
        assert signal.getsignal(number) == handler

    def test_nohup_is_respected(self):
        handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            with Interruption() as interruption:
                os.kill(os.getpid(), signal.SIGHUP)
                assert interruption.status is None
        finally:
            signal.signal(signal.SIGHUP, handler)

    def test_ctrl_c_while_the_packages_are_loaded(self, root, tmp_path, capfd):
        def load_zoo():
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("goes on")

        assert cli.main(["main.py"], load_zoo) == 130 and capfd.readouterr().err == ""
        # The very first import, which is not `cli`'s to catch.
        (tmp_path / "absl").mkdir()
        (tmp_path / "absl" / "__init__.py").write_text(
            "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(9**6): pass\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = command(root, "PYTHON --help", env=environment)
        assert done.returncode == 130 and done.stderr == ""


def command(root, text, **options):
    python = f"{sys.executable} main.py"
    return subprocess.run(
        ["bash", "-c", text.replace("PYTHON", python)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


class TestTheShell:
    @pytest.mark.parametrize("inside", [True, False])
    def test_the_line_for_tensorboard_runs_as_printed(self, run, monkeypatch, capfd, inside):
        """With the environment's folder on the PATH and without it, in a folder with a space."""
        environment = pathlib.Path(sys.executable).parent
        path = f"{environment}:/usr/bin:/bin" if inside else "/usr/bin:/bin"
        monkeypatch.setenv("PATH", path)
        run = run.rename(run.with_name("my run"))
        capfd.readouterr()
        assert here(f"--run_dir={run}", "--steps=3") == 0
        line = capfd.readouterr().out.strip().splitlines()[-1]
        title, _, text = line.partition("  ")
        program, *arguments = shlex.split(text)
        assert title == "TensorBoard" and shutil.which(program)
        assert arguments == ["--logdir", str(run / "tensorboard")]

    def test_help_into_head(self, root):
        done = command(root, "set -o pipefail; PYTHON --help | head -1")
        assert done.returncode == 0 and done.stderr == ""

    def test_help_on_a_terminal_of_another_alphabet(self, root):
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
        done = command(root, "PYTHON --help", env=environment)
        assert done.returncode == 0 and "--batch_size" in done.stdout

    @pytest.mark.parametrize("closed", ["2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
    def test_closed_streams(self, root, closed):
        assert command(root, f"PYTHON --loss=foo {closed}").returncode == 2

    def test_a_python_without_the_packages(self, root):
        done = command(root, f"{sys.executable} -S -E main.py --help")
        assert done.returncode == 2
        assert "make quickstart" in done.stderr and len(done.stderr.splitlines()) == 1
