"""The health monitor: names a failure early, and rolls the run back (tip 10)."""

import numpy as np
from absl import logging

from keras_gan.errors import HealthStop
from keras_gan.monitoring.callbacks import Every
from keras_gan.monitoring.health import report as health_report
from keras_gan.monitoring.health import signals

MEMORY = 20  # blocks that signals may look back on


class RollBack(Exception):
    """Raised inside `fit` to end it: the run goes back to a healthy checkpoint."""

    def __init__(self, event):
        super().__init__(event["signal"])
        self.event = event


class Health(Every):
    """Watches the recorded metrics every N steps.

    Args:
        config: the run's `Config`.
        run: its `RunDirectory`; events go to events.jsonl.
        writer: a `tensorboard.Writer`, or None.
        team: the processes that train together, a `cluster.Team`. Each of them judges the same
            numbers, so all roll back or stop after the same step.
    """

    everywhere = True

    def __init__(self, config, run, writer=None, team=None):
        super().__init__(config.log_every)
        self.config, self.run, self.writer = config, run, writer
        self.signals = signals.of_loss(config.loss)
        self.team = team
        self.readings, self.raised = [], set()
        self.stopped = False
        self.probation = None  # (until which step, rates by player): lower rates on trial

    def since(self, start):
        """This callback, for a `fit` that begins after `start` steps."""
        self.start = start
        return self

    def act(self, step):
        if self.probation is not None and step >= self.probation[0]:
            self._restore_rates(step)
        _, metrics = self.model.recorder.read(step, self.every)
        self.readings = [*self.readings[1 - MEMORY :], (step, metrics)]
        blocks = [signals.block(*reading) for reading in self.readings]
        self.run.append_reading(step, {k: float(v.mean()) for k, v in metrics.items()})
        raised = set()
        for signal in self.signals:
            value = signal.value(blocks)
            if value is None:
                continue
            raised.add(signal.name)
            if signal.name not in self.raised:  # an event begins; it is not told every block
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

    def _restore_rates(self, step):
        """Ends the trial after a first roll-back: its cause does not seem to last."""
        for name, rate in self.probation[1].items():
            self.model.players[name].optimizer.learning_rate = rate
        event = {
            "step": step,
            "attempt": int(self.model.attempt.numpy()),
            "signal": "rates restored",
            "learning_rates": self.probation[1],
        }
        self.probation = None
        self.run.append_event(event)
        logging.warning("step %d: the failure is passed; learning rates as before it", step)

    def note(self):
        """What a checkpoint keeps of the judgement."""
        failing = {s.name for s in self.signals if s.failure} & self.raised
        return {"healthy": not failing, "signals": sorted(self.raised)}

    def memory(self):
        """The readings that signals look back on, for a checkpoint: arrays by name."""
        arrays = {"steps": np.array([step for step, _ in self.readings], np.int64)}
        if self.readings:
            for name in self.readings[-1][1]:
                arrays[f"metrics/{name}"] = np.stack([m[name] for _, m in self.readings])
        if self.probation is not None:
            arrays["until"] = np.array(self.probation[0], np.int64)
            arrays |= {f"rates/{name}": np.array(r) for name, r in self.probation[1].items()}
        return arrays

    def remember(self, checkpoints):
        """Goes on from what the restored checkpoint kept of `memory` and `note`."""
        arrays = checkpoints.extra
        names = [name for name in arrays if name.startswith("metrics/")]
        self.readings = [
            (int(step), {name[len("metrics/") :]: arrays[name][i] for name in names})
            for i, step in enumerate(arrays.get("steps", ()))
        ]
        self.raised = set(checkpoints.restored_note.get("signals", ()))
        if "until" in arrays:
            rates = {n[6:]: float(a) for n, a in arrays.items() if n.startswith("rates/")}
            self.probation = (int(arrays["until"]), rates)

    def protect(self, checkpoints, step):
        """Keeps checkpoints, besides the newest, that the slowest signal can go back to.

        Those are the first ones of the last three stretches of as many steps as it looks back on.
        """
        if self.config.on_failure != "rollback":
            return
        length = (max(s.readings for s in self.signals if s.failure) + 1) * self.every
        first = {}
        for other in [*checkpoints.steps(), step]:
            first.setdefault(other // length, other)
        last = (step // length - back for back in range(3))
        checkpoints.protected = {0, *(first[number] for number in last if number in first)}

    def roll_back(self, gan, checkpoints, run, rollback):
        """Restores the last healthy checkpoint, with fresh noise and lower learning rates.

        After a first roll-back the rates come back once the run is as far beyond the failure as it
        went back; from the second one on they stay.

        Raises:
            HealthStop: it has been done often enough, or there is no healthy checkpoint.
        """
        attempt = int(gan.attempt.numpy()) + 1
        if attempt > self.config.rollbacks:
            self.stopped = True
            self.report(gan, run)
            raise HealthStop(f"{self.sentence()} Rolled back {attempt - 1} times already.")
        # A failure takes time to show, so the newest checkpoint before it may carry it already.
        about = next(s.readings for s in self.signals if s.name == rollback.event["signal"])
        before = max(0, rollback.event["step"] - (about + 1) * self.every)
        healthy = [
            step
            for step in checkpoints.steps()
            if step <= before and checkpoints.note(step).get("healthy", True)
        ]
        rates = {name: float(p.optimizer.learning_rate) for name, p in gan.players.items()}
        at_most = healthy[-1] if healthy else -1
        if self.team is not None:
            at_most = self.team.of_chief(at_most)
        if at_most < 0:
            self.stopped = True
            self.report(gan, run)
            raise HealthStop(f"{self.sentence()} There is no healthy checkpoint to go back to.")
        if self.team is not None:
            step = self.team.restore(checkpoints, gan, at_most)
        else:
            step = checkpoints.restore(gan, at_most)
        for name, player in gan.players.items():
            # The restored rate may be that of an older roll-back, or today's one the very failure.
            rates[name] = min(rates[name], float(player.optimizer.learning_rate))
            player.optimizer.learning_rate = rates[name] * self.config.rollback_rate
        # What fails again behind the failure needs the lower rates for good.
        until = 2 * rollback.event["step"] - step
        self.probation = (until, rates) if attempt == 1 else None
        gan.attempt.assign(attempt)
        event = {
            "step": step,
            "attempt": attempt,
            "signal": "rolled back",
            "from_step": rollback.event["step"],
            "because": rollback.event["signal"],
            "learning_rates": {
                name: float(p.optimizer.learning_rate) for name, p in gan.players.items()
            },
        }
        run.append_event(event)
        logging.warning(
            "rolled back to step %d because of: %s; learning rates × %g",
            step,
            rollback.event["signal"],
            self.config.rollback_rate,
        )
        self.readings, self.raised = [], set()
        # In this order: killed anywhere in between, the run fails and rolls back once more, alike.
        checkpoints.discard_after(step)
        run.cut_after(step, attempt)
        self.protect(checkpoints, step)
        # With the new rates and attempt.
        checkpoints.replace(gan, step, note=self.note(), extra=self.memory())

    def report(self, gan, run):
        """Writes health.md and health.png."""
        if run.writes:
            health_report.write(run, self.config, self.sentence())

    def sentence(self):
        """The verdict in a sentence."""
        return health_report.verdict(self.run.events(), self.stopped)
