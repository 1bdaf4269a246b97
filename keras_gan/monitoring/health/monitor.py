"""The health monitor: detects failures early, and stops the run or rolls it back (tip 10)."""

from typing import Any

import numpy as np
from absl import logging

from keras_gan.monitoring.callbacks import EveryNSteps
from keras_gan.monitoring.health import report, signals
from keras_gan.monitoring.health.reading import Reading
from keras_gan.monitoring.health.recovery import RollBack, Trial

HISTORY = 20  # number of latest readings that signals can use


class HealthMonitor(EveryNSteps):
    """Watches the recorded metrics every N steps.

    Worker processes evaluate the same numbers, so all of them stop or roll back after the same
    step.

    Args:
        config: the run's `Config`.
        run: its `RunDirectory`; events go to events.jsonl.
        writer: `tensorboard.Writer`. Defaults to None: no TensorBoard.

    Attributes:
        signals: tuple of `Signal`, those that apply to the run's loss.
        stopped: bool, whether the run was ended because it failed.
        trial: the current `Trial` of lower learning rates, or None.
    """

    everywhere = True

    def __init__(self, config: Any, run: Any, writer: Any = None):
        super().__init__(config.log_every)
        self.config, self.run, self.writer = config, run, writer
        self.signals = signals.of_loss(config.loss, config.batch_size)
        self.stopped = False
        self.trial: Trial | None = None
        self.forget()

    def forget(self) -> None:
        """Drops the readings and the signals raised, after a roll-back."""
        self.windows: list[tuple[int, dict[str, np.ndarray]]] = []
        self.raised: set[str] = set()

    def on_nth_step(self, step: int) -> None:
        if self.trial is not None and step >= self.trial.until:
            self._end_trial(self.trial, step)
        _, metrics = self.model.recorder.read(step, self.every)
        self.windows = [*self.windows[1 - HISTORY :], (step, metrics)]
        readings = [Reading.of(*window) for window in self.windows]
        self.run.append_reading(step, {k: float(v.mean()) for k, v in metrics.items()})
        raised = set()
        for signal in self.signals:
            value = signal.value(readings)
            if value is None:
                continue
            raised.add(signal.name)
            if signal.name not in self.raised:  # reported once, when it starts
                self._raise(step, signal, value)
        self.raised = raised

    def _raise(self, step: int, signal: signals.Signal, value: float) -> None:
        event = {
            "step": step,
            "attempt": int(self.model.attempt.numpy()),
            "signal": signal.name,
            "value": value,
            "threshold": signal.threshold,
            "failure": signal.failure,
            "meaning": signal.meaning,
        }
        self.run.append_event(event)
        logging.warning(
            "step %d: %s (%.4g, threshold %.4g). %s",
            step,
            signal.name,
            value,
            signal.threshold,
            signal.meaning,
        )
        if self.writer is not None:
            self.writer.scalars({f"health/{signal.name}": value}, step)
            self.writer.text("health", f"**{signal.name}**: {signal.meaning}", step)
        if not signal.failure:
            return
        if self.config.on_failure == "stop":
            self.stopped = True
            self.model.stop_training = True
        elif self.config.on_failure == "rollback":
            raise RollBack(event)

    def _end_trial(self, trial: Trial, step: int) -> None:
        """Restores the learning rates after a first roll-back: the failure has not recurred."""
        trial.restore_rates(self.model)
        event = {
            "step": step,
            "attempt": int(self.model.attempt.numpy()),
            "signal": "rates restored",
            "learning_rates": trial.rates,
        }
        self.trial = None
        self.run.append_event(event)
        logging.warning("step %d: the failure has not recurred; learning rates restored", step)

    def metadata(self) -> dict:
        """The current health as JSON values, saved with each checkpoint."""
        failing = {s.name for s in self.signals if s.failure} & self.raised
        return {"healthy": not failing, "signals": sorted(self.raised)}

    def state(self) -> dict[str, np.ndarray]:
        """The readings and the trial, saved with each checkpoint: arrays by name."""
        arrays = {"steps": np.array([step for step, _ in self.windows], np.int64)}
        if self.windows:
            for name in self.windows[-1][1]:
                arrays[f"metrics/{name}"] = np.stack([m[name] for _, m in self.windows])
        if self.trial is not None:
            arrays |= self.trial.state()
        return arrays

    def load_state(self, restored: Any) -> None:
        """Restores `metadata` and `state` from a checkpoint.

        Args:
            restored: `checkpoints.Restored`.
        """
        arrays = restored.state
        names = [name for name in arrays if name.startswith("metrics/")]
        self.windows = [
            (int(step), {name.removeprefix("metrics/"): arrays[name][i] for name in names})
            for i, step in enumerate(arrays.get("steps", ()))
        ]
        self.raised = set(restored.metadata.get("signals", ()))
        self.trial = Trial.from_state(arrays)

    def report(self) -> None:
        """Writes health.md and health.png."""
        if self.run.writes:
            report.write(self.run, self.config, self.sentence())

    def sentence(self) -> str:
        """The health of the run in one sentence."""
        return report.verdict(self.run.events(), self.stopped, bool(self.windows))
