"""The health monitor: names a failure early, and rolls the run back (tip 10)."""

from absl import logging

from keras_gan.errors import HealthStop
from keras_gan.monitoring import health_report, signals
from keras_gan.monitoring.callbacks import Every

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
    """

    def __init__(self, config, run, writer=None):
        super().__init__(config.log_every)
        self.config, self.run, self.writer = config, run, writer
        self.signals = signals.of_loss(config.loss)
        self.blocks, self.raised = [], set()
        self.stopped = False

    def since(self, start):
        """This callback, for a `fit` that begins after `start` steps."""
        self.start = start
        return self

    def act(self, step):
        _, metrics = self.model.recorder.read(step, self.every)
        self.blocks = [*self.blocks[1 - MEMORY :], signals.block(step, metrics)]
        self.run.append_reading(step, {k: float(v.mean()) for k, v in metrics.items()})
        raised = set()
        for signal in self.signals:
            value = signal.value(self.blocks)
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

    def note(self):
        """What a checkpoint keeps of the judgement."""
        failing = {s.name for s in self.signals if s.failure} & self.raised
        return {"healthy": not failing, "signals": sorted(self.raised)}

    def roll_back(self, gan, checkpoints, run, rollback):
        """Restores the last healthy checkpoint, with fresh noise and lower learning rates.

        Raises:
            HealthStop: it has been done often enough, or there is no healthy checkpoint.
        """
        attempt = int(gan.attempt.numpy()) + 1
        if attempt > self.config.rollbacks:
            self.stopped = True
            self.report(gan, run)
            raise HealthStop(f"{self.sentence()} Rolled back {attempt - 1} times already.")
        # A failure takes time to show, so the newest checkpoint before it may carry it already.
        before = rollback.event["step"] - self.every * 2
        healthy = [
            step
            for step in checkpoints.steps()
            if step <= before and checkpoints.note(step).get("healthy", True)
        ]
        rates = {name: float(p.optimizer.learning_rate) for name, p in gan.players.items()}
        if not healthy:
            self.stopped = True
            self.report(gan, run)
            raise HealthStop(f"{self.sentence()} There is no healthy checkpoint to go back to.")
        step = checkpoints.restore(gan, at_most=healthy[-1])
        for name, player in gan.players.items():
            player.optimizer.learning_rate = rates[name] * self.config.rollback_rate
        gan.attempt.assign(attempt)
        run.cut_after(step, events=False)
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
        self.blocks, self.raised = [], set()
        checkpoints.discard_after(step)
        checkpoints.replace(gan, step, note=self.note())  # with the new rates and attempt

    def report(self, gan, run):
        """Writes health.md and health.png."""
        health_report.write(run, self.config, self.sentence())

    def sentence(self):
        """The verdict in a sentence."""
        return health_report.verdict(self.run.events(), self.stopped)
