"""SIGTERM and Ctrl-C end a run after the step in hand, with a checkpoint saved."""

import signal

import keras

EXIT_STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130}


class Interruption(keras.callbacks.Callback):
    """Catches the signals; a context manager and a callback.

    Attributes:
        status: the exit status of the signal that came, or None.
    """

    status = None

    def __enter__(self):
        self._previous = {number: signal.signal(number, self._note) for number in EXIT_STATUS}
        return self

    def __exit__(self, *exception):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, number, frame):
        if self.status is not None and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice
        self.status = EXIT_STATUS[number]

    def on_train_batch_end(self, batch, logs=None):
        if self.status is not None:
            self.model.stop_training = True
