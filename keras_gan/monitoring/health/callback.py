"""The health monitor for `fit`, without a run directory."""

import types

from keras_gan.errors import UsageError
from keras_gan.monitoring.callbacks import EveryNSteps
from keras_gan.monitoring.health import signals
from keras_gan.monitoring.health.monitor import HealthMonitor
from keras_gan.rules.losses import LOSSES


class Health(HealthMonitor):
    """Names a failure early (collapse, saturation, …), by warnings, and can stop training.

    Args:
        every: int, steps between two looks, at most 100. Defaults to 50.
        stop: bool, whether a failure ends training. Defaults to False.

    Attributes:
        events: list of dicts, what was noticed: step, signal, value, meaning, ….
    """

    def __init__(self, every: int = 50, stop: bool = False):
        if not 1 <= every <= 100:
            raise UsageError(f"every={every}: 1 to 100 steps are allowed, what a model remembers")
        # The signals depend on the loss, which is not known before training begins.
        EveryNSteps.__init__(self, every)
        self.config = types.SimpleNamespace(on_failure="stop" if stop else "warn")
        self.run, self.writer = _Events(), None
        self.stopped, self.trial, self.signals = False, None, ()
        self.forget()

    @property
    def events(self) -> list[dict]:
        return self.run.events()

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        name = self.model.loss_rule.name
        # Of a user's own loss those that apply to every loss.
        known = [name] if name in LOSSES else LOSSES
        self.signals = tuple(s for s in signals.SIGNALS if all(loss in s.losses for loss in known))
        self.stopped = False


class _Events:
    """What a `RunDirectory` keeps of the monitor, in memory."""

    writes = False

    def __init__(self) -> None:
        self._events: list[dict] = []

    def append_event(self, event: dict) -> None:
        self._events.append(event)

    def append_reading(self, step: int, means: dict[str, float]) -> None:
        """Readings are the model's own; none is kept."""

    def events(self) -> list[dict]:
        return self._events
