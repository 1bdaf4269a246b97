"""Errors that users can cause, each with the exit status that scripts rely on."""

import pathlib
from typing import NoReturn


class KerasGanError(Exception):
    """An error that is reported in one line, without a traceback."""

    exit_status = 1

    def __init__(self, message: str = ""):
        words = " ".join(str(message).split())
        super().__init__("".join(c if c.isprintable() else "?" for c in words))


class UsageError(KerasGanError, ValueError):
    """A wrong flag or unusable data.

    Args:
        message: str, what is wrong. Without `flag` it is the whole message.
        flag: str, name of the flag, without dashes. Defaults to None.
        value: the flag's value.
        allowed: str, what would be allowed. Defaults to None: not mentioned.
    """

    exit_status = 2

    def __init__(
        self,
        message: str = "",
        *,
        flag: str | None = None,
        value: object = None,
        allowed: str | None = None,
    ):
        if flag is not None:
            message = f"--{flag}={value}: {message}".rstrip(": ")
            if allowed is not None:
                message += f"; allowed: {allowed}"
        super().__init__(message)
        self.flag = flag


def refuse(flag: str, value: object, what: str, allowed: str | None = None) -> NoReturn:
    """Refuses a flag's value.

    Args:
        flag: str, name of the flag, without dashes.
        value: its value.
        what: str, what is wrong with it.
        allowed: str, what would be allowed. Defaults to None: not mentioned.

    Raises:
        UsageError: always.
    """
    raise UsageError(what, flag=flag, value=value, allowed=allowed)


def reason(error: BaseException) -> str:
    """What an error of a library says, in words for people: one line of at most 300 characters."""
    if isinstance(error, OSError) and error.strerror:
        file = pathlib.PurePath(str(error.filename)).name if error.filename else ""
        return f"{error.strerror}: {file}" if file else error.strerror
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0] if error.args else 'a part'}"
    return " ".join(str(error).split())[:300] or type(error).__name__


class HealthStop(KerasGanError):
    """The health monitor ended the run."""

    exit_status = 3


class PeerLost(KerasGanError):
    """Another worker process of the run has been lost."""


class StorageError(KerasGanError):
    """A file of the run can't be read or written: damaged, locked, or the disk is full."""

    exit_status = 4


class ConversionError(StorageError):
    """A file of the export can't be made, although nothing that was asked for is wrong."""
