"""One combination of settings that is refused: a condition on plain values, and its message."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from keras_gan.rules.losses import LOSSES
from keras_gan.settings import from_config
from keras_gan.settings.config import Config
from keras_gan.settings.flags import interval

HARD = {"real_target": "1", "fake_target": "0"}  # targets without smoothing


class Settings(dict):
    """Settings by flag name; missing ones have the flag's default."""

    DEFAULTS: ClassVar = {field.name: field.default for field in dataclasses.fields(Config)}

    def __missing__(self, name):
        return self.DEFAULTS.get(name)

    @property
    def loss(self) -> type:
        """The class of the loss."""
        return LOSSES[self["loss"]]

    def mean_target(self, name: str) -> float:
        """Mean of a target, without flips."""
        return sum(interval(self[name], name)) / 2

    def softens(self, name: str) -> bool:
        """Whether a target differs from the hard one."""
        return interval(self[name], name) != interval(HARD[name], name)

    @property
    def penalties(self) -> list[str]:
        """The names of the penalties in use that have an interval."""
        return [penalty.name for penalty in from_config.stateless_penalties(self)]

    @property
    def second_order(self) -> list[str]:
        """The names of those that differentiate D with respect to its input."""
        return [p.name for p in from_config.stateless_penalties(self) if p.second_order]

    @property
    def batch_norm_count(self) -> int:
        """Number of images that batch norm normalises together."""
        replicas = 1 if self["sync_batch_norm"] else max(1, self["replicas"] or 1)
        return self["batch_size"] // replicas // self["accumulate"]


@dataclasses.dataclass(frozen=True)
class Conflict:
    """A combination of settings that is refused.

    Attributes:
        flags: tuple of str, the flags in conflict; the message begins with the first.
        when: function of `Settings` → bool, whether they are in conflict.
        reason: str, why it is refused.
        nearest: mapping by flag name, the nearest settings that resolve it.
    """

    flags: tuple[str, ...]
    when: Callable[[Settings], bool]
    reason: str
    nearest: Mapping[str, object]

    def message(self, settings: Settings) -> str:
        """One line: the reason, and the nearest settings that work."""
        others = " ".join(f"--{name}={plain(settings[name])}" for name in self.flags[1:])
        nearest = " ".join(f"--{name}={plain(value)}" for name, value in self.nearest.items())
        context = f"with {others}: " if others else ""
        return f"{context}{self.reason}; the nearest settings that work: {nearest}"


def plain(value: Any) -> Any:
    """A value as it is written in a flagfile."""
    return str(value).lower() if isinstance(value, bool) else value
