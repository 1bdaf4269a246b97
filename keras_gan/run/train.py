"""Training of a run, from start to export."""

import json
import pathlib
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence

import keras
from absl import logging

from keras_gan import atomic
from keras_gan.data import pipeline, symmetry
from keras_gan.errors import ConversionError, HealthStop, StorageError, refuse
from keras_gan.evaluation import memorised, pictures, report
from keras_gan.monitoring import saving, scores
from keras_gan.monitoring.best import StopOnPlateau, best_step, metric
from keras_gan.monitoring.expected_time import ExpectedTime
from keras_gan.monitoring.health.monitor import HealthMonitor
from keras_gan.monitoring.health.recovery import Recovery, RollBack
from keras_gan.monitoring.progress import Progress
from keras_gan.monitoring.samples import Samples
from keras_gan.monitoring.stopping import StopOnSignal
from keras_gan.monitoring.tensorboard import Scalars, Writer
from keras_gan.run import cluster, devices, export, init_from, memory, page, stored_weights
from keras_gan.run.build import SavedData, build_model, check_same_data, name_classes, open_data
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
    if sentence := compatibility.rates_that_end(config):
        logging.warning(sentence)
    source = open_data(config)
    environment = devices.environment(config, strategy, source)
    checkpoints = Checkpoints(
        run.checkpoints, config.keep_checkpoints, workers.chief, environment, run.note_checkpoint
    )
    check_same_data(config, model_class, source, checkpoints.last_environment())
    prepare = _first_weights(config, run, workers, checkpoints)
    with strategy.scope():
        gan = build_model(config, model_class, source, prepare)
    _hint_labels(config, source, model_class)
    _hint_mirror(config, source)
    restored = workers.restore(checkpoints, gan) or Restored()
    start = restored.step
    _check_progress(config, run, start, checkpoints)
    warn_of_changes(restored.environment if workers.chief else {}, environment)
    if start and workers.chief and not SavedData.is_in(restored.environment):
        logging.warning(
            "the checkpoint of step %d does not describe the data: whether they are the same is not"
            " checked",
            start,
        )
    run.write_settings(config)
    if _stood_still(config, run):
        print(f"{run.path} is finished: its score no longer improved at step {start}")
        return 0
    if start >= config.steps and (_finished(config, run) or not workers.chief):
        print(
            f"{run.path} is finished: step {start} of {config.steps}; a higher --steps continues it"
        )
        return 0
    logging.info("%s", memory.expect(gan, config.batch_size, source.nbytes))
    run.cut_after(start, int(gan.attempt.numpy()))
    checkpoints.discard_after(start)  # damaged: otherwise they would have been restored
    if start:
        logging.info("continues at step %d", start)
    named = run.path.resolve().name or config.model
    writer = Writer(run.tensorboard, named) if config.tensorboard and workers.chief else None
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
            mirror=config.mirror,
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
        if step < config.steps:
            logging.info("the score no longer improves: the training ends at step %d", step)
        _finish(config, gan, run, source, checkpoints)
    if writer:
        writer.close()
    return 0


def _first_weights(config, run, workers, checkpoints):
    """What gives a run that begins the weights of `--init_from`; None where there is none.

    A run that has a checkpoint does not read them again: they may be gone by then.
    """
    if not config.init_from or workers.broadcast_from_chief(len(checkpoints.steps())):
        return None
    init_from.check_source(config.init_from, run.path)
    stored = stored_weights.read(config.init_from)
    return lambda gan: logging.info("%s", init_from.take(gan, stored))


def _check_progress(config, run, start, checkpoints):
    """Refuses to begin anew where a run was, and to end before where it is."""
    if run.saved and not checkpoints.steps():
        raise StorageError(
            f"{run.checkpoints}: the run's checkpoints are gone, so it can't go on; put them back,"
            " or begin anew in another --run_dir"
        )
    if start > config.steps:
        refuse("steps", config.steps, f"{run.path} is at step {start} already", f"{start} or more")


def warn_of_changes(before: Mapping, now: Mapping) -> None:
    """Warns if a continued run can't be bit-identical, although no setting was changed.

    Args:
        before: the environment of the checkpoint, as returned by `devices.environment`.
        now: that of this process.
    """
    for name, value in before.items():
        if name in now and value != now[name]:
            logging.warning(
                "%s was %s and is %s now: the run continues, but not bit-identically",
                name,
                value,
                now.get(name),
            )


def _finished(config, run):
    """Whether the export, which a run writes last, was written after the last step."""
    return _exported(run).get("trained_steps", -1) >= config.steps


def _stood_still(config, run):
    """Whether the run was ended by a plateau of its score."""
    return config.stop_when == "plateau" and bool(_exported(run).get("stopped_by"))


def _exported(run):
    """What the run's `model.json` says, a dictionary; empty without a readable one."""
    try:
        results = json.loads((run.export / "model.json").read_text())
    except (OSError, ValueError):
        return {}
    return results if isinstance(results, dict) else {}


def _callbacks(config, run, source, writer, checkpoints, health, recovery):
    """The callbacks, in the order in which they are called after a step."""
    every = config.log_every
    yield health
    if config.progress:
        yield Progress(config.steps, config.batch_size, every)
    yield ExpectedTime(config.steps)
    if writer:
        yield Scalars(writer, every, source, config.sample_every or 500)
    yield Samples(run.samples, config.sample_every, writer, source, config.noise_at_sampling)
    keeper = saving.Saving(checkpoints, config.checkpoint_every, health, recovery)
    yield scores.Scores(config, run, source, writer, keeper)
    if config.stop_when == "plateau":
        yield StopOnPlateau(run, config.score_every, config.patience)
    yield keeper


def _hint_mirror(config, source):
    if config.mirror and (share := symmetry.of_source(source)) > symmetry.ASYMMETRIC:
        logging.warning(
            "left and right differ in these images (%.1f %% of their variance), so the images that"
            " --mirror makes do not belong to them",
            100 * share,
        )


def _hint_labels(config, source, model_class):
    conditional = compatibility.conditional(config, model_class)
    if source.label_names and conditional:
        logging.info("classes: %s", name_classes(source))
    elif source.num_classes and not conditional and len(source.image_shape) == 3:
        logging.info(
            "%s has %d classes that %s does not use; a conditional model (--conditional, or"
            " --model=acgan or cgan) would (tip 12)",
            config.dataset,
            source.num_classes,
            config.model,
        )


def _finish(config, gan, run, source, checkpoints):
    """Writes the last samples, the run's page and the export, and prints where they are."""
    samples = Samples(run.samples, 0, None, source, config.noise_at_sampling)
    samples.set_model(gan)
    step = int(gan.step.numpy())
    for name, picture in samples.draw().items():
        pictures.save(picture, run.samples / f"{name}-{step:08d}.png")
    _check_memorised(config, gan, run, source)
    if config.training_film:
        print(f"film         {showing.training_film(config, run)}")
    rows = run.scores()
    page.write(run, f"{config.model} on {config.dataset}, {step} steps")
    if config.checkpoint == "best":
        checkpoints.restore_best(gan)
    exported = int(gan.step.numpy())
    row = run.scores_of(exported)
    which = f"step {exported}"
    if row and exported == best_step(rows):
        which += f", the best of {len(rows)} scores: {metric(row)} {row[metric(row)]:.4g}"
    failure = None
    try:  # last: a run that has its export is finished
        export.save(
            gan,
            run.export,
            config,
            ["saved_model", *flags.words(config.export_format)],
            metrics=row,
            class_names=source.label_names,
            training=export.about_training(rows, step, config),
        )
    except ConversionError as error:  # of another format: the SavedModel is there
        failure = error
    print(
        f"pictures     {run.samples}, {run.path / 'run.png'}\n"
        f"scores       {run.path / 'scores.csv'}\n"
        f"health       {run.path / 'health.md'}\n"
        f"export       {run.export} ({which})\n"
        f"TensorBoard  {shlex.join([_tensorboard(), '--logdir', str(run.tensorboard)])}"
    )
    if failure is not None:
        raise failure


def _check_memorised(config, gan, run, source):
    """For few pictures, reports whether fakes are copies, and shows the nearest ones."""
    if not memorised.applies(source):
        return

    def sample(count, seed):
        return gan.sample(count, seed=seed, noise=config.noise_at_sampling)

    shares, shown = memorised.check(source, sample, config.mirror)
    run.write_text("memorisation.json", atomic.json_text(shares) + "\n")
    picture = run.path / "memorisation.png"
    pictures.save(report.neighbours(shown), picture)
    print(
        "memorisation {near_copy_share:.0%} of fakes nearly copy a training picture,"
        " {nearer_share:.0%} are nearer to one than its nearest neighbour: {picture}".format(
            picture=picture, **shares
        )
    )


def _tensorboard():
    """The command as it runs here: with its path where the environment is not the shell's."""
    of_environment = pathlib.Path(sys.executable).with_name("tensorboard")
    if shutil.which("tensorboard") or not of_environment.exists():
        return "tensorboard"
    return str(of_environment)
