"""What the health signals are computed from: the metrics of N steps."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Reading:
    """The metrics of the steps since the previous reading.

    Attributes:
        step: steps done at its end.
        rows: name → float array, one value per step, finite steps only.
        broken: share of steps that were not finite.
    """

    step: int
    rows: dict
    broken: float

    @classmethod
    def of(cls, step, metrics):
        """From the recorder's arrays: name → array, one value per step."""
        finite = metrics.get("finite", np.ones(1)) > 0.5
        rows = {name: values[finite] for name, values in metrics.items()}
        return cls(step, rows, float(1 - finite.mean()))

    def mean(self, name):
        return self._over_steps(np.mean, name)

    def median(self, name):
        return self._over_steps(np.median, name)

    def spread(self, name):
        return self._over_steps(np.std, name)

    def _over_steps(self, statistic, name):
        values = self.rows.get(name)
        return None if values is None or not len(values) else float(statistic(values))
