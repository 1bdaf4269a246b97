"""Packages of npm, fetched with `npm pack` from the registry that npm is configured with."""

import contextlib
import pathlib
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator

from keras_gan.errors import UsageError

WAIT = 300  # seconds for npm


@contextlib.contextmanager
def unpacked(package: str, hint: str = "") -> Iterator[pathlib.Path]:
    """Fetches a package and unpacks it into a temporary folder.

    Args:
        package: name and version, "NAME@VERSION".
        hint: what else can be done, added to the message of a failure. Defaults to nothing.

    Yields:
        The temporary folder; the package's files are in its folder `package`.

    Raises:
        UsageError: npm can't be run or does not get the package; the message passes on why.
    """
    with tempfile.TemporaryDirectory() as temporary:
        command = ["npm", "pack", "--silent", "--pack-destination", temporary, package]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=WAIT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"npm pack {package}: {type(error).__name__}{hint}") from error
        archives = list(pathlib.Path(temporary).glob("*.tgz"))
        if done.returncode or not archives:
            reason = (done.stderr.strip().splitlines() or ["nothing came"])[0]
            raise UsageError(f"npm pack {package}: {reason}{hint}")
        with tarfile.open(archives[0]) as archive:
            archive.extractall(temporary, filter="data")
        yield pathlib.Path(temporary)
