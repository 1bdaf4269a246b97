"""SIGTERM and Ctrl-C are caught, so that a run ends after a whole step with a checkpoint saved."""

import signal

EXIT_STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130}


class Interruption:
    """Catches the signals; a context manager.

    Attributes:
        status: the exit status of the signal that came, or None.
    """

    def __init__(self):
        self.status = None

    def __enter__(self):
        self._previous = {number: signal.signal(number, self._catch) for number in EXIT_STATUS}
        return self

    def __exit__(self, *exception):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _catch(self, number, frame):
        if self.status is not None and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice
        self.status = EXIT_STATUS[number]
