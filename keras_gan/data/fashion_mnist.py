"""Fashion-MNIST without internet: Debian's package, verified by TFDS' own checksums.

Debian repacked the four gzip files without the name and time in their headers. With these restored
they equal the published files byte for byte, and TFDS' builder reads them from its manual folder.
"""

import pathlib
import shutil
import subprocess
import tempfile

from absl import logging

from keras_gan.data import reachable
from keras_gan.errors import StorageError, reason

PACKAGE = "dataset-fashion-mnist"
URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz"
PLACE = "usr/share/datasets/fashion-mnist"
TIMES = {  # modification time in the gzip header, by file
    "train-images-idx3-ubyte": 1504176606,
    "train-labels-idx1-ubyte": 1504176606,
    "t10k-images-idx3-ubyte": 1504176627,
    "t10k-labels-idx1-ubyte": 1504176627,
}


def restore_header(debian: bytes, name: str, time: int) -> bytes:
    """The published gzip file, from Debian's: a header with name and time, then the same data."""
    head = bytes([0x1F, 0x8B, 8, 8]) + time.to_bytes(4, "little") + bytes([0, 3])
    return head + name.encode() + b"\0" + debian[10:]


def manual_files(data_dir: pathlib.Path) -> pathlib.Path | None:
    """Creates TFDS' manual folder from Debian's files, if they are installed.

    Looks in /usr/share/datasets and in `data_dir`/debian.

    Returns:
        The folder, or None if Debian's files are missing.

    Raises:
        StorageError: the folder can't be written.
    """
    target = data_dir / "manual" / "fashion_mnist"
    for root in (pathlib.Path("/"), data_dir / "debian"):
        folder = root / PLACE
        if all((folder / f"{name}.gz").is_file() for name in TIMES):
            try:
                target.mkdir(parents=True, exist_ok=True)
                for name, time in TIMES.items():
                    published = restore_header((folder / f"{name}.gz").read_bytes(), name, time)
                    (target / f"{name}.gz").write_bytes(published)
            except OSError as error:
                raise StorageError(f"{target}: {reason(error)}") from error
            return target
    return None


def host_answers() -> bool:
    """Whether the files can be downloaded from where TFDS expects them."""
    return reachable.status(URL) == 200


def fetch_package(data_dir: pathlib.Path) -> bool:
    """Unpacks Debian's package into `data_dir`/debian, without root.

    If the system has no package lists, they are first fetched into a temporary folder.

    Returns:
        Whether it worked; if not, the log says why.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        logging.warning("apt-get and dpkg are not installed, so %s can't be fetched", PACKAGE)
        return False
    with tempfile.TemporaryDirectory() as scratch:
        try:
            _apt_download(pathlib.Path(scratch))
            (package,) = pathlib.Path(scratch).glob("*.deb")
            target = data_dir / "debian"
            target.mkdir(parents=True, exist_ok=True)
            _run(["dpkg", "-x", str(package), str(target.absolute())], scratch)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            detail = getattr(error, "stderr", None) or ""
            logging.warning("%s: %s %s", PACKAGE, error, " ".join(detail.split()))
            return False
    return True


def _apt_download(scratch):
    try:
        _run(["apt-get", "download", PACKAGE], scratch)
    except subprocess.CalledProcessError:
        for folder in ("lists/partial", "cache/archives/partial"):
            (scratch / folder).mkdir(parents=True)
        options = ["-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
        _run(["apt-get", *options, "update"], scratch)
        _run(["apt-get", *options, "download", PACKAGE], scratch)


def _run(command, folder):
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
