"""Rolls a failing run back to a healthy checkpoint, with lower learning rates."""

import dataclasses

import numpy as np
from absl import logging

from keras_gan.errors import HealthStop


class RollBack(Exception):
    """Raised inside `fit` to end it, so that the run is rolled back to a healthy checkpoint."""

    def __init__(self, event):
        super().__init__(event["signal"])
        self.event = event


@dataclasses.dataclass(frozen=True)
class Trial:
    """A period of lower learning rates after a first roll-back.

    Attributes:
        until: int, the step at which it ends.
        rates: dict of float by player, the learning rates that are restored then.
    """

    until: int
    rates: dict

    def restore_rates(self, gan) -> None:
        """Assigns `rates` to the optimizers."""
        for name, rate in self.rates.items():
            gan.players[name].optimizer.learning_rate = rate

    def state(self):
        """Arrays by name, for a checkpoint."""
        rates = {f"trial/rates/{name}": np.array(rate) for name, rate in self.rates.items()}
        return {"trial/until": np.array(self.until, np.int64), **rates}

    @classmethod
    def from_state(cls, arrays):
        """The trial that was saved with a checkpoint, or None."""
        if "trial/until" not in arrays:
            return None
        prefix = "trial/rates/"
        names = [name for name in arrays if name.startswith(prefix)]
        rates = {name.removeprefix(prefix): float(arrays[name]) for name in names}
        return cls(int(arrays["trial/until"]), rates)


class Recovery:
    """Rolls back to a checkpoint when the monitor requests it, and keeps ones that are old enough.

    Args:
        health: the run's `HealthMonitor`.
        checkpoints: its `Checkpoints`.
        workers: `cluster.Workers`, the processes that roll back together.
    """

    def __init__(self, health, checkpoints, workers):
        self.health, self.checkpoints, self.workers = health, checkpoints, workers
        self.config, self.run = health.config, health.run

    def protect(self, step: int) -> None:
        """Keeps checkpoints that are old enough for the slowest signal.

        Those are the first of each of the last three intervals, each as long as the signal's
        readings.

        Args:
            step: int, step of the checkpoint that is about to be saved.
        """
        if self.config.on_failure != "rollback":
            return
        readings = max(s.readings for s in self.health.signals if s.failure)
        length = (readings + 1) * self.config.log_every
        first = {}
        for other in [*self.checkpoints.steps(), step]:
            first.setdefault(other // length, other)
        last = (step // length - back for back in range(3))
        self.checkpoints.protected = {0, *(first[number] for number in last if number in first)}

    def roll_back(self, gan, event: dict) -> None:
        """Restores the last healthy checkpoint, with fresh noise and lower learning rates.

        After a first roll-back to step s because of a failure at step f, the rates are restored at
        step 2f - s; after later ones they stay low.

        Args:
            gan: the model in training.
            event: dict, the failure's row of events.jsonl.

        Raises:
            HealthStop: `--rollbacks` is exceeded, or there is no healthy checkpoint.
        """
        attempt = int(gan.attempt.numpy()) + 1
        if attempt > self.config.rollbacks:
            self._give_up(f"Rolled back {attempt - 1} times already.")
        at_most = self.workers.broadcast_from_chief(self._last_healthy(event))
        if at_most < 0:
            self._give_up("There is no healthy checkpoint to go back to.")
        before = _learning_rates(gan)
        step = self.workers.restore(self.checkpoints, gan, at_most).step
        # The restored rate may predate an older roll-back; the current one may be the failure.
        rates = {name: min(rate, before[name]) for name, rate in _learning_rates(gan).items()}
        for name, player in gan.players.items():
            player.optimizer.learning_rate = rates[name] * self.config.rollback_rate
        gan.attempt.assign(attempt)
        # A run that fails again needs the lower rates permanently.
        self.health.trial = Trial(2 * event["step"] - step, rates) if attempt == 1 else None
        self.health.forget()
        self._record(gan, step, event)
        # In this order: if killed in between, the run fails and rolls back again in the same way.
        self.checkpoints.discard_after(step)
        self.run.cut_after(step, attempt)
        self.protect(step)
        # With the new rates and attempt.
        self.checkpoints.replace(gan, step, self.health.metadata(), self.health.state())

    def _last_healthy(self, event):
        """The step of the last checkpoint before the failure began, or -1.

        A failure takes time to be detected, so the newest checkpoint may already be affected.
        """
        readings = next(s.readings for s in self.health.signals if s.name == event["signal"])
        before = max(0, event["step"] - (readings + 1) * self.config.log_every)
        healthy = [
            step
            for step in self.checkpoints.steps()
            if step <= before and self.checkpoints.metadata(step).get("healthy", True)
        ]
        return healthy[-1] if healthy else -1

    def _record(self, gan, step, event):
        self.run.append_event(
            {
                "step": step,
                "attempt": int(gan.attempt.numpy()),
                "signal": "rolled back",
                "from_step": event["step"],
                "because": event["signal"],
                "learning_rates": _learning_rates(gan),
            }
        )
        logging.warning(
            "rolled back to step %d because of: %s; learning rates × %g",
            step,
            event["signal"],
            self.config.rollback_rate,
        )

    def _give_up(self, reason):
        self.health.stopped = True
        self.health.report()
        raise HealthStop(f"{self.health.sentence()} {reason}")


def _learning_rates(gan):
    return {name: float(player.optimizer.learning_rate) for name, player in gan.players.items()}
