"""TensorBoard: scalars, pictures, histograms, HParams and the flags as text."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalar
from tensorboard.plugins.hparams import api as hparams
from tensorboard.plugins.hparams import api_pb2

from keras_gan.errors import StorageError
from keras_gan.monitoring.callbacks import EveryNSteps, window_means
from keras_gan.monitoring.descriptions import description

# Charts of the page "Custom scalars", by heading: tags as regular expressions.
LAYOUT = {
    "Score": {"score": r"scores/(fd_[a-z]+|fid|clean_fid|modes|good_share)$"},
    "Losses": {"losses": r"(discriminator|generator|encoder)/loss$"},
    "Discriminator": {
        "logits": r"discriminator/logits_(real|fake)$",
        "accuracy": r"discriminator/accuracy_(real|fake)$",
        "parts of the loss": r"(discriminator/loss_(real|fake)|penalty/.*)$",
    },
    "Samples": {
        "distance of neighbours: fakes and reals": r"(fakes|reals)/distance$",
        "from a real to the nearest fake and real": r"reals/nearest_(fake|real)$",
    },
    "Stability": {
        "gradient norms": r".*/gradient_norm$",
        "share of finite steps": r"finite$",
        "health signals": r"health/.*$",
    },
    "Settings": {"learning rates": r".*/learning_rate$", "updates per step": r".*/turns$"},
}
ALWAYS = ("model", "dataset")  # in HParams, defaults too
NEVER = ("log_every", "schedule_steps", "input_noise_steps")  # set by the run, or no matter to it


class Writer:
    """Writes the TensorBoard event file of a run.

    Args:
        folder: path of the logs' folder.
        name: str, what TensorBoard calls the run: a folder within. A run that was renamed keeps
            the name that is there.

    Raises:
        StorageError: it can't be written.
    """

    def __init__(self, folder: pathlib.Path, name: str):
        there = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
        self.folder = there[0] if there else folder / name
        try:
            self._writer = tf.summary.create_file_writer(str(self.folder))
        except tf.errors.OpError as error:
            reason = error.message.partition(" [Op:")[0].rpartition("}} ")[2]
            raise StorageError(f"{folder}: {reason}; --notensorboard trains without") from error
        self._config, self._metrics = None, None

    def scalars(self, values, step):
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value, description=description(name))

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
        """The settings, as HParams and as text, and the layout of the custom scalars."""
        self._config = config
        values = dataclasses.asdict(config)
        rows = "\n".join(f"| {name} | {value} |" for name, value in values.items())
        self.text("operative flags", f"| flag | value |\n|---|---|\n{rows}")
        with self._writer.as_default(step=0):
            hparams.hparams(_of_training(config), trial_id=self.folder.name)
            tf.summary.experimental.write_raw_pb(
                custom_scalar.pb(_layout()).SerializeToString(), step=0
            )
        if not config.score_every:
            self.metrics(())

    def metrics(self, scores: Sequence[str]) -> None:
        """The columns of HParams: these scores first, then the losses; written once.

        Args:
            scores: tags of scores, the one that models are compared by first.
        """
        if self._config is None or self._metrics is not None:
            return
        self._metrics = (*scores, "generator/loss", "discriminator/loss")
        columns = [
            hparams.HParam(name, _Type(value), description=_help(self._config, name))
            for name, value in _of_training(self._config).items()
        ]
        metrics = [
            hparams.Metric(
                tag, display_name=tag.removeprefix("scores/"), description=description(tag)
            )
            for tag in self._metrics
        ]
        with self._writer.as_default(step=0):
            hparams.hparams_config(columns, metrics)

    def flush(self):
        self._writer.flush()

    def close(self):
        self._writer.close()


class _Type(hparams.Domain):
    """The type of an HParam, whose values are not limited: other runs have other ones."""

    def __init__(self, value):
        self._dtype = type(value)

    @property
    def dtype(self):
        return self._dtype

    def update_hparam_info(self, hparam_info):
        number = self.dtype in (int, float)
        hparam_info.type = api_pb2.DATA_TYPE_FLOAT64 if number else api_pb2.DATA_TYPE_STRING

    def sample_uniform(self, rng=None):
        raise NotImplementedError("nothing is drawn here")


def _of_training(config):
    """The flags that decide what is trained, where they are not the defaults."""
    values = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        training = not field.metadata["flag"]["may_change"] or field.name == "steps"
        changed = training and value != field.default and field.name not in NEVER
        if field.name in ALWAYS or changed:
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            values[field.name] = value if number else str(value)
    return values


def _help(config, name):
    return config.__dataclass_fields__[name].metadata["flag"]["help"]


def _layout():
    return layout_pb2.Layout(
        category=[
            layout_pb2.Category(
                title=heading,
                chart=[
                    layout_pb2.Chart(
                        title=title, multiline=layout_pb2.MultilineChartContent(tag=[pattern])
                    )
                    for title, pattern in charts.items()
                ],
            )
            for heading, charts in LAYOUT.items()
        ]
    )


class Scalars(EveryNSteps):
    """Writes the metrics' means since the last write, learning rates, and histograms of logits.

    A value that does not change is written where it begins and where it ends.

    Args:
        writer: `Writer`.
        every: int, steps between two writes.
        source: the data, for the histograms of logits. Defaults to None.
        histogram_every: int, steps between histograms; 0, the default, is never.
    """

    def __init__(self, writer: Writer, every: int, source=None, histogram_every: int = 0):
        super().__init__(every)
        self.writer, self.source, self.histogram_every = writer, source, histogram_every
        self._held = {}  # by name: a value, the step that it was written at, the last one it had

    def on_nth_step(self, step):
        values = window_means(self.model, step, self.every)
        for name, player in self.model.players.items():
            values[f"{name}/learning_rate"] = float(player.learning_rate(step))
        self._write(values, step)
        if self.histogram_every and step % self.histogram_every < self.every:
            self._histograms(step)

    def _write(self, values, step):
        for name, value in values.items():
            before, written, last = self._held.get(name, (None, step, step))
            if value == before:
                self._held[name] = (value, written, step)
                continue
            if last > written:
                self.writer.scalars({name: before}, last)
            self.writer.scalars({name: value}, step)
            self._held[name] = (value, step, step)

    def _histograms(self, step, count=256):
        images, labels = self.source.fetch(np.arange(min(count, len(self.source))))
        classes = labels if self.model.conditional else None
        fakes = self.model.sample(len(images), seed=1, labels=classes)
        for name, batch in (("real", images), ("fake", fakes)):
            logits = self.model.discriminate(tf.constant(batch), labels)
            self.writer.histogram(f"logits/{name}", logits, step)

    def on_train_end(self, logs=None):
        for name, (value, written, last) in self._held.items():
            if last > written:
                self.writer.scalars({name: value}, last)
                self._held[name] = (value, last, last)
        self.writer.flush()
