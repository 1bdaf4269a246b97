"""The health monitor: names a failure early, and stops the run or asks for a roll-back (tip 10)."""

import numpy as np
from absl import logging

from keras_gan.monitoring.callbacks import EveryNSteps
from keras_gan.monitoring.health import report, signals
from keras_gan.monitoring.health.recovery import RollBack, Trial

MEMORY = 20  # readings that signals may look back on


class HealthMonitor(EveryNSteps):
    """Watches the recorded metrics every N steps.

    Processes that train together judge the same numbers, so all of them stop or roll back after
    the same step.

    Args:
        config: the run's `Config`.
        run: its `RunDirectory`; events go to events.jsonl.
        writer: a `tensorboard.Writer`, or None.

    Attributes:
        signals: the `Signal`s that mean something for the run's loss.
        stopped: whether the run was ended because it failed.
        trial: the `Trial` of lower learning rates that is under way, or None.
    """

    everywhere = True

    def __init__(self, config, run, writer=None):
        super().__init__(config.log_every)
        self.config, self.run, self.writer = config, run, writer
        self.signals = signals.of_loss(config.loss)
        self.stopped, self.trial = False, None
        self.forget()

    def forget(self):
        """Drops the readings and the signals raised, after a roll-back."""
        self.windows, self.raised = [], set()

    def on_nth_step(self, step):
        if self.trial is not None and step >= self.trial.until:
            self._end_trial(step)
        _, metrics = self.model.recorder.read(step, self.every)
        self.windows = [*self.windows[1 - MEMORY :], (step, metrics)]
        readings = [signals.Reading.of(*window) for window in self.windows]
        self.run.append_reading(step, {k: float(v.mean()) for k, v in metrics.items()})
        raised = set()
        for signal in self.signals:
            value = signal.value(readings)
            if value is None:
                continue
            raised.add(signal.name)
            if signal.name not in self.raised:  # reported once, when it begins
                self._raise(step, signal, value)
        self.raised = raised

    def _raise(self, step, signal, value):
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

    def _end_trial(self, step):
        """Restores the rates after a first roll-back: its cause does not seem to last."""
        self.trial.restore_rates(self.model)
        event = {
            "step": step,
            "attempt": int(self.model.attempt.numpy()),
            "signal": "rates restored",
            "learning_rates": self.trial.rates,
        }
        self.trial = None
        self.run.append_event(event)
        logging.warning("step %d: the failure is passed; learning rates as before it", step)

    def metadata(self):
        """The verdict that a checkpoint keeps, as JSON values."""
        failing = {s.name for s in self.signals if s.failure} & self.raised
        return {"healthy": not failing, "signals": sorted(self.raised)}

    def state(self):
        """What the verdicts to come depend on, for a checkpoint: arrays by name."""
        arrays = {"steps": np.array([step for step, _ in self.windows], np.int64)}
        if self.windows:
            for name in self.windows[-1][1]:
                arrays[f"metrics/{name}"] = np.stack([m[name] for _, m in self.windows])
        if self.trial is not None:
            arrays |= self.trial.state()
        return arrays

    def load_state(self, restored):
        """Continues from what a checkpoint kept of `metadata` and `state`.

        Args:
            restored: a `checkpoints.Restored`.
        """
        arrays = restored.state
        names = [name for name in arrays if name.startswith("metrics/")]
        self.windows = [
            (int(step), {name.removeprefix("metrics/"): arrays[name][i] for name in names})
            for i, step in enumerate(arrays.get("steps", ()))
        ]
        self.raised = set(restored.metadata.get("signals", ()))
        self.trial = Trial.from_state(arrays)

    def report(self):
        """Writes health.md and health.png."""
        if self.run.writes:
            report.write(self.run, self.config, self.sentence())

    def sentence(self):
        """The verdict in a sentence."""
        return report.verdict(self.run.events(), self.stopped)
