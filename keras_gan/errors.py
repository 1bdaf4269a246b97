"""The errors a user can cause, each with the exit status that scripts rely on."""

from typing import NoReturn


class KerasGanError(Exception):
    """An error that is reported in one line, without a traceback."""

    exit_status = 1


class UsageError(KerasGanError, ValueError):
    """A wrong flag or unusable data.

    Args:
        message: what is wrong; used as it is when no flag is given.
        flag: name of the flag, without dashes.
        value: the value it was given.
        allowed: what is allowed, in words.
    """

    exit_status = 2

    def __init__(self, message="", *, flag=None, value=None, allowed=None):
        if flag is not None:
            message = f"--{flag}={value}: {message}".rstrip(": ")
            if allowed is not None:
                message += f"; allowed: {allowed}"
        super().__init__(message)
        self.flag = flag


def refuse(flag, value, what, allowed=None) -> NoReturn:
    """Raises the `UsageError` of a flag's value.

    Args:
        flag: name of the flag, without dashes.
        value: the value it was given.
        what: what is wrong with it.
        allowed: what is allowed, in words.
    """
    raise UsageError(what, flag=flag, value=value, allowed=allowed)


class HealthStop(KerasGanError):
    """The health monitor ended the run."""

    exit_status = 3


class PeerLost(KerasGanError):
    """Another process of a run on several machines is gone."""


class StorageError(KerasGanError):
    """A file of the run can't be read or written: damaged, locked, or the disk is full."""

    exit_status = 4
