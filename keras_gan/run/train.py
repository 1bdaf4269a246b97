"""Training of a run, from start to export."""

import json
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from absl import logging
from PIL import Image

from keras_gan.data import pipeline
from keras_gan.errors import HealthStop
from keras_gan.evaluation import pictures
from keras_gan.monitoring import saving, scores
from keras_gan.monitoring.health.monitor import HealthMonitor
from keras_gan.monitoring.health.recovery import Recovery, RollBack
from keras_gan.monitoring.progress import Progress
from keras_gan.monitoring.samples import Samples
from keras_gan.monitoring.stopping import StopOnSignal
from keras_gan.monitoring.tensorboard import Scalars, Writer
from keras_gan.run import cluster, devices, export
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import Checkpoints, Restored
from keras_gan.run.directory import RunDirectory
from keras_gan.run.interruption import Interruption
from keras_gan.run.showing import commands as showing
from keras_gan.settings import compatibility, flags
from keras_gan.settings.config import Config


def train(
    config: Config,
    model_class: type,
    run: RunDirectory,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> int:
    """Trains a run from its last checkpoint to its last step, and exports it.

    Args:
        config: the run's `Config`.
        model_class: class of its model.
        run: its `RunDirectory`.
        callbacks: sequence of additional Keras callbacks, called before the run's. Of several
            processes only the chief calls them. Defaults to none.

    Returns:
        int, the exit status.

    Raises:
        HealthStop: the health monitor ended the run.
    """
    strategy = devices.strategy(config)  # first: with several workers it sets signal handlers
    with Interruption() as interruption:
        workers = cluster.Workers(strategy)
        with cluster.losing_peers(workers):
            return _train(config, model_class, run, strategy, workers, interruption, callbacks)


def _train(config, model_class, run, strategy, workers, interruption, callbacks):
    compatibility.check_replicas(config, model_class, strategy.num_replicas_in_sync)
    for sentence in compatibility.regrouped(config, strategy.num_replicas_in_sync):
        logging.info(sentence)
    source = open_data(config)
    _hint_labels(config, source, model_class)
    with strategy.scope():
        gan = build_model(config, model_class, source)
    environment = devices.environment(config, strategy, source)
    checkpoints = Checkpoints(run.checkpoints, config.keep_checkpoints, workers.chief, environment)
    restored = workers.restore(checkpoints, gan) or Restored()
    start = restored.step
    warn_of_changes(restored.environment if workers.chief else {}, environment)
    run.write_settings(config)
    if start >= config.steps and (_finished(config, run) or not workers.chief):
        print(
            f"{run.path} is finished: step {start} of {config.steps}; a higher --steps continues it"
        )
        return 0
    run.cut_after(start, int(gan.attempt.numpy()))
    checkpoints.discard_after(start)  # damaged: otherwise they would have been restored
    if start:
        logging.info("continues at step %d", start)
    writer = Writer(run.tensorboard) if config.tensorboard and workers.chief else None
    if writer and not start:
        writer.settings(config)

    health = HealthMonitor(config, run, writer)
    health.load_state(restored)
    recovery = Recovery(health, checkpoints, workers)
    if config.on_failure == "rollback":
        checkpoints.protected.add(0)  # for a run that fails at once
        if not start:
            checkpoints.save(gan, 0, health.metadata(), health.state())
    callbacks = [
        StopOnSignal(interruption, workers, config.log_every),
        *callbacks,
        *_callbacks(config, run, source, writer, checkpoints, health, recovery),
    ]
    if not workers.chief:
        callbacks = [c for c in callbacks if getattr(c, "everywhere", False)]
    while int(gan.step.numpy()) < config.steps:
        step = int(gan.step.numpy())
        if workers.count == 1 and interruption.status is not None:
            break
        batches = pipeline.batches(
            source,
            batch_size=config.batch_size,
            turns=gan.schedule.d_turns,
            seed=config.seed,
            attempt=int(gan.attempt.numpy()),
            start_step=step,
            steps=config.steps - step,
            strategy=strategy,
        )
        try:
            with source.reading():
                gan.fit(
                    batches,
                    steps_per_epoch=config.steps - step,
                    verbose=0,
                    shuffle=False,
                    callbacks=callbacks,
                )
            break
        except RollBack as rollback:
            recovery.roll_back(gan, rollback.event)
    step = int(gan.step.numpy())
    checkpoints.save(gan, step, health.metadata(), health.state())
    if interruption.status is not None and step < config.steps:
        logging.warning("stopped at step %d, checkpoint saved", step)
        return interruption.status
    health.report()
    if health.stopped:
        raise HealthStop(health.sentence())
    if workers.chief:
        _finish(config, gan, run, source)
    if writer:
        writer.close()
    return 0


def warn_of_changes(before: Mapping, now: Mapping) -> None:
    """Warns if a continued run can't be bit-identical, although no setting was changed.

    Args:
        before: the environment of the checkpoint, as returned by `devices.environment`.
        now: that of this process.
    """
    for name, value in before.items():
        if value != now.get(name):
            logging.warning(
                "%s was %s and is %s now: the run continues, but not bit-identically",
                name,
                value,
                now.get(name),
            )


def _finished(config, run):
    """Whether the export, which a run writes last, is that of the last step."""
    try:
        return json.loads((run.export / "model.json").read_text())["step"] >= config.steps
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _callbacks(config, run, source, writer, checkpoints, health, recovery):
    """The callbacks, in the order in which they are called after a step."""
    every = config.log_every
    yield health
    if config.progress:
        yield Progress(config.steps, config.batch_size, every)
    if writer:
        yield Scalars(writer, every, source, config.sample_every or 500)
    yield Samples(run.samples, config.sample_every, writer, source, config.noise_at_sampling)
    yield scores.Scores(config, run, source, writer)
    yield saving.Saving(checkpoints, config.checkpoint_every, health, recovery)


def _hint_labels(config, source, model_class):
    if source.num_classes and "num_classes" not in compatibility.options(model_class):
        logging.info(
            "%s has %d classes that %s does not use; a conditional model (--model=acgan or cgan)"
            " would (tip 12)",
            config.dataset,
            source.num_classes,
            config.model,
        )


def _finish(config, gan, run, source):
    """Writes the last samples, the run's page and the export, and prints where they are."""
    samples = Samples(run.samples, 0, None, source, config.noise_at_sampling)
    samples.set_model(gan)
    for name, picture in samples.draw().items():
        pictures.save(picture, run.samples / f"{name}-{config.steps:08d}.png")
    if config.training_film:
        print(f"film         {showing.training_film(config, run)}")
    rows = run.scores()
    first = sorted(run.samples.glob("samples-*.png"))
    pictures.run_page(
        _curves(run),
        np.asarray(Image.open(first[0])),
        np.asarray(Image.open(first[-1])),
        run.path / "run.png",
        f"{config.model} on {config.dataset}, {config.steps} steps",
    )
    # Last: a run that has its export is finished.
    export.save(
        gan,
        run.export,
        config,
        ["saved_model", *flags.words(config.export_format)],
        metrics=rows[-1] if rows else None,
    )
    print(
        f"pictures     {run.samples}, {run.path / 'run.png'}\n"
        f"scores       {run.path / 'scores.csv'}\n"
        f"health       {run.path / 'health.md'}\n"
        f"export       {run.export}\n"
        f"TensorBoard  tensorboard --logdir {run.tensorboard}"
    )


def _curves(run):
    readings = run.readings()
    steps = [row["step"] for row in readings]
    return {
        name: (steps, [row[name] for row in readings])
        for name in ("discriminator/loss", "generator/loss")
    }
