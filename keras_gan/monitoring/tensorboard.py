"""TensorBoard: scalars, pictures, histograms, HParams and the flags as text."""

import dataclasses

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from keras_gan.errors import StorageError
from keras_gan.monitoring.callbacks import EveryNSteps, window_means


class Writer:
    """Writes the TensorBoard event file of a run.

    Args:
        folder: str or path of the logs' folder.

    Raises:
        StorageError: it can't be written.
    """

    def __init__(self, folder):
        try:
            self._writer = tf.summary.create_file_writer(str(folder))
        except tf.errors.OpError as error:
            reason = error.message.partition(" [Op:")[0].rpartition("}} ")[2]
            raise StorageError(f"{folder}: {reason}; --notensorboard trains without") from error

    def scalars(self, values, step):
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)

    def image(self, name, picture, step):
        with self._writer.as_default(step=step):
            tf.summary.image(name, picture[None])

    def histogram(self, name, values, step):
        with self._writer.as_default(step=step):
            tf.summary.histogram(name, np.asarray(values))

    def text(self, name, text, step=0):
        with self._writer.as_default(step=step):
            tf.summary.text(name, text)

    def settings(self, config):
        """The settings, as HParams and as text."""
        values = dataclasses.asdict(config)
        with self._writer.as_default(step=0):
            hparams.hparams({k: v for k, v in values.items() if v not in (None, "", ())})
        rows = "\n".join(f"| {name} | {value} |" for name, value in values.items())
        self.text("operative flags", f"| flag | value |\n|---|---|\n{rows}")

    def flush(self):
        self._writer.flush()

    def close(self):
        self._writer.close()


class Scalars(EveryNSteps):
    """Writes the metrics' means since the last write, learning rates, and histograms of logits.

    Args:
        writer: `Writer`.
        every: int, steps between two writes.
        source: the data, for the histograms of logits. Defaults to None.
        histogram_every: int, steps between histograms; 0, the default, is never.
    """

    def __init__(self, writer: Writer, every: int, source=None, histogram_every: int = 0):
        super().__init__(every)
        self.writer, self.source, self.histogram_every = writer, source, histogram_every

    def on_nth_step(self, step):
        values = window_means(self.model, step, self.every)
        for name, player in self.model.players.items():
            values[f"{name}/learning_rate"] = float(player.learning_rate(step))
        self.writer.scalars(values, step)
        if self.histogram_every and step % self.histogram_every < self.every:
            self._histograms(step)

    def _histograms(self, step, count=256):
        images, labels = self.source.fetch(np.arange(min(count, len(self.source))))
        classes = labels if self.model.conditional else None
        fakes = self.model.sample(len(images), seed=1, labels=classes)
        for name, batch in (("real", images), ("fake", fakes)):
            logits = self.model.discriminate(tf.constant(batch), labels)
            self.writer.histogram(f"logits/{name}", logits, step)

    def on_train_end(self, logs=None):
        self.writer.flush()
