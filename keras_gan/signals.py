"""SIGTERM and Ctrl-C end a run after the step in hand, with a checkpoint saved."""

import signal

import keras

EXIT_STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130}


class Interruption(keras.callbacks.Callback):
    """Catches the signals; a context manager and a callback.

    Attributes:
        status: the exit status of the signal that came, or None.
    """

    everywhere = True

    def __init__(self):
        super().__init__()
        self.status, self.team, self.every, self.start = None, None, 1, 0

    def among(self, team, every, start):
        """This callback for a `fit` that begins after `start` steps.

        Args:
            team: the processes that stop together, a `cluster.Team`.
            every: steps between two agreements, if there are several.
        """
        self.team, self.every, self.start = team, every, start
        return self

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
        if self.team is not None and self.team.count > 1:
            if (self.start + batch + 1) % self.every == 0:
                self._agree()
        elif self.status is not None:
            self.model.stop_training = True

    def _agree(self):
        """A signal to one process stops all of them after the same step."""
        heard = int(max(self.team.everyone(self.status or 0)))
        if heard:
            self.status = heard
            self.model.stop_training = True
