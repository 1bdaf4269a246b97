"""Catches SIGTERM, SIGHUP and Ctrl-C: a run ends after a complete step and saves a checkpoint."""

import signal

EXIT_STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}


class Interruption:
    """Catches the signals; a context manager.

    Attributes:
        status: int, exit status of the signal that was received, or None.
    """

    def __init__(self):
        self.status = None

    def __enter__(self):
        self._previous = {
            number: signal.signal(number, self._catch)
            for number in EXIT_STATUS
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN  # nohup
        }
        return self

    def __exit__(self, *exception):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _catch(self, number, frame):
        if self.status is not None and number == signal.SIGINT:
            raise KeyboardInterrupt  # the second Ctrl-C ends the process at once
        self.status = EXIT_STATUS[number]
