"""Keras' callbacks in `fit`: what they need to work with two players, or why they can't."""

from typing import Any

import keras
from absl import logging

from keras_gan.errors import UsageError
from keras_gan.step import keras_private

RATE_CALLBACKS = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


def checked(gan: Any, callbacks: Any) -> Any:
    """The callbacks for Keras' `fit`: those that add logs before those that read them.

    Args:
        gan: a compiled `GAN`.
        callbacks: a callback, a list of them, a `keras.callbacks.CallbackList`, or None.

    Raises:
        UsageError: one of them can't work; the message says why.
    """
    if callbacks is None:
        return None
    if isinstance(callbacks, keras.callbacks.CallbackList):
        for callback in callbacks.callbacks:
            _check(gan, callback)
        return callbacks
    if isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    if not isinstance(callbacks, (list, tuple)):
        raise UsageError(f"callbacks: a {type(callbacks).__name__} is no list of Keras callbacks")
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise UsageError(f"callbacks: a {type(callback).__name__} is no Keras callback")
        _check(gan, callback)
    ordered = sorted(callbacks, key=lambda c: not getattr(c, "adds_logs", False))
    with_rates = []
    for callback in ordered:
        with_rates.append(callback)
        if isinstance(callback, RATE_CALLBACKS):
            with_rates.append(RatesInProportion())
    return with_rates


def _check(gan: Any, callback: keras.callbacks.Callback) -> None:
    name = type(callback).__name__
    if isinstance(callback, keras.callbacks.SwapEMAWeights):
        raise UsageError(
            "SwapEMAWeights averages one optimizer's weights; this model has an average of its own:"
            " compile(average=0.999), which sample, predict and export use"
        )
    if isinstance(callback, RATE_CALLBACKS):
        for player in gan.players.values():
            if keras_private.scheduled(player.optimizer):
                raise UsageError(
                    f"{name} can't set the rate of the {player.name}'s optimizer, which has a"
                    " learning rate schedule; use one of both"
                )
            if player.rate_schedule is not None:
                side = "d" if player.name in gan.discriminators else "g"
                raise UsageError(
                    f"{name} can't set learning rates beside {side}_learning_rate_schedule, which"
                    " sets them in each step; use one of both"
                )
    monitor = getattr(callback, "monitor", None)
    ignored = isinstance(callback, keras.callbacks.ModelCheckpoint) and not callback.save_best_only
    if monitor == "val_loss" and not ignored:
        raise UsageError(
            f"{name} monitors val_loss, which a GAN does not have: say monitor='val_d_loss',"
            " mode='min', or another key of the logs"
        )
    if monitor and not ignored and getattr(callback, "mode", None) == "auto":
        if monitor.removeprefix("val_") != "loss":
            raise UsageError(
                f"{name}(monitor={monitor!r}) does not know whether less is better: say mode='min'"
                " (or 'max')"
            )
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and not callback.save_weights_only:
        check_savable(gan)


def check_savable(gan: Any) -> None:
    """Raises a `UsageError` if a model can't be saved with its networks and arguments."""
    for role in ("generator", "discriminator"):
        network = getattr(gan, role)
        try:
            keras.saving.serialize_keras_object(network)
        except Exception as error:
            raise UsageError(
                f"the {role}, a {type(network).__name__}, can't be saved without a get_config of"
                f" its own ({type(error).__name__}); write one, or save weights only"
            ) from error
    gan.get_config()


class RatesInProportion(keras.callbacks.Callback):
    """Keeps the other players' learning rates in their proportion to the generator's.

    Keras' callbacks set the rate of `model.optimizer`, which is the generator's.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        optimizers = {id(p.optimizer): p.optimizer for p in self.model.players.values()}
        optimizers.pop(id(self.model.optimizer))
        rate = _rate(self.model.optimizer)
        self.others = [(o, _rate(o) / rate) for o in optimizers.values()] if rate else []
        if self.others:
            ratios = ", ".join(f"{ratio:g}" for _, ratio in self.others)
            logging.info(
                "learning rates: a callback sets the generator's, the others follow (× %s)", ratios
            )

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._follow()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._follow()

    def _follow(self) -> None:
        rate = _rate(self.model.optimizer)
        for optimizer, ratio in self.others:
            optimizer.learning_rate = rate * ratio


def _rate(optimizer: keras.Optimizer) -> float:
    return float(optimizer.learning_rate.numpy())
