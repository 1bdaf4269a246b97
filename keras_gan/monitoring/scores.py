"""Scores during training: one row of scores.csv every N steps."""

import dataclasses
import time

from keras_gan.monitoring.best import best_step, metric, score_averages
from keras_gan.monitoring.callbacks import EveryNSteps


class Scores(EveryNSteps):
    """Scores the averaged generator before the first step and then every N steps.

    Args:
        config: the run's `Config`; each row contains all of it.
        run: its `RunDirectory`.
        source: the data.
        writer: `tensorboard.Writer`. Defaults to None: no TensorBoard.
        saving: `Saving` that keeps the best model. Defaults to None: no model is kept.
    """

    def __init__(self, config, run, source, writer=None, saving=None):
        super().__init__(config.score_every)
        self.config, self.run, self.source, self.writer = config, run, source, writer
        self.saving = saving
        self._evaluator = None

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self.every and self.step == 0 and not self.run.scores():
            self.on_nth_step(0)

    def on_nth_step(self, step):
        from keras_gan.evaluation import evaluator  # slow to import, and only needed for scores

        if self._evaluator is None:
            self._evaluator = evaluator.Evaluator(
                self.source,
                data_dir=self.config.data_dir or None,
                count=self.config.score_samples,
                extractor=self.config.extractor or None,
                inception_weights=self.config.inception_weights or None,
            )
        noise = self.config.noise_at_sampling
        began = time.monotonic()

        def score():
            return self._evaluator.score(
                lambda count, seed: self.model.sample(count, seed=seed, noise=noise)
            )

        scores = score_averages(self.model, score)
        row = {"step": step, "attempt": int(self.model.attempt.numpy()), **scores}
        row["seconds"] = round(time.monotonic() - began, 2)
        # Two flags are called like columns of a score, whose values are the ones that count.
        settings = dataclasses.asdict(self.config)
        self.run.append_score({**row, **{n: v for n, v in settings.items() if n not in row}})
        if self.saving is not None and best_step(self.run.scores()) == step:
            self.saving.keep_best(step)
        if self.writer is not None:
            numbers = {k: v for k, v in scores.items() if isinstance(v, (int, float))}
            self.writer.scalars({f"scores/{k}": v for k, v in numbers.items()}, step)
            name = metric(scores)
            self.writer.metrics([f"scores/{name}"] if name else [])
