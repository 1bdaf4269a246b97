"""Rolls a failing run back to a healthy checkpoint, with lower learning rates."""

import dataclasses

import numpy as np
from absl import logging

from keras_gan.errors import HealthStop


class RollBack(Exception):
    """Raised inside `fit` to end it: the run goes back to a healthy checkpoint."""

    def __init__(self, event):
        super().__init__(event["signal"])
        self.event = event


@dataclasses.dataclass(frozen=True)
class Trial:
    """Lower learning rates for a while, after a first roll-back.

    Attributes:
        until: the step at which they end.
        rates: the learning rates that return then, by player.
    """

    until: int
    rates: dict

    def restore_rates(self, gan):
        for name, rate in self.rates.items():
            gan.players[name].optimizer.learning_rate = rate

    def state(self):
        """Arrays by name, for a checkpoint."""
        rates = {f"trial/rates/{name}": np.array(rate) for name, rate in self.rates.items()}
        return {"trial/until": np.array(self.until, np.int64), **rates}

    @classmethod
    def from_state(cls, arrays):
        """The trial that a checkpoint kept, or None."""
        if "trial/until" not in arrays:
            return None
        start = "trial/rates/"
        rates = {n.removeprefix(start): float(a) for n, a in arrays.items() if n.startswith(start)}
        return cls(int(arrays["trial/until"]), rates)


class Recovery:
    """Goes back to a checkpoint when the monitor asks for it, and keeps old enough ones.

    Args:
        health: the run's `HealthMonitor`.
        checkpoints: its `Checkpoints`.
        workers: the processes that roll back together, a `cluster.Workers`.
    """

    def __init__(self, health, checkpoints, workers):
        self.health, self.checkpoints, self.workers = health, checkpoints, workers
        self.config, self.run = health.config, health.run

    def protect(self, step):
        """Keeps older checkpoints that the slowest signal can go back to.

        Those are the first ones of the last three stretches of as many steps as it looks back on.

        Args:
            step: of the checkpoint that is about to be saved.
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

    def roll_back(self, gan, event):
        """Restores the last healthy checkpoint, with fresh noise and lower learning rates.

        After a first roll-back the rates come back once the run is as far beyond the failure as it
        went back; from the second one on they stay.

        Args:
            gan: the model in training.
            event: the failure's row of events.jsonl.

        Raises:
            HealthStop: it has been done often enough, or there is no healthy checkpoint.
        """
        attempt = int(gan.attempt.numpy()) + 1
        if attempt > self.config.rollbacks:
            self._give_up(f"Rolled back {attempt - 1} times already.")
        at_most = self.workers.broadcast_from_chief(self._last_healthy(event))
        if at_most < 0:
            self._give_up("There is no healthy checkpoint to go back to.")
        before = _learning_rates(gan)
        step = self.workers.restore(self.checkpoints, gan, at_most).step
        # The restored rate may be that of an older roll-back, or today's one the very failure.
        rates = {name: min(rate, before[name]) for name, rate in _learning_rates(gan).items()}
        for name, player in gan.players.items():
            player.optimizer.learning_rate = rates[name] * self.config.rollback_rate
        gan.attempt.assign(attempt)
        # What fails again behind the failure needs the lower rates for good.
        self.health.trial = Trial(2 * event["step"] - step, rates) if attempt == 1 else None
        self.health.forget()
        self._record(gan, step, event)
        # In this order: killed anywhere in between, the run fails and rolls back once more, alike.
        self.checkpoints.discard_after(step)
        self.run.cut_after(step, attempt)
        self.protect(step)
        # With the new rates and attempt.
        self.checkpoints.replace(gan, step, self.health.metadata(), self.health.state())

    def _last_healthy(self, event):
        """The step of the last checkpoint before the failure began, or -1.

        A failure takes time to show, so the newest checkpoint before it may carry it already.
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
