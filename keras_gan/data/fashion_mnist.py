"""Fashion-MNIST without internet: Debian's package, proven genuine by TFDS' own checksums.

Debian repacked the four gzip files without their headers' name and time; with these restored they
are the published files byte for byte, and TFDS' builder takes them from its manual folder.
"""

import pathlib
import shutil
import socket
import subprocess
import tempfile

from absl import logging

PACKAGE = "dataset-fashion-mnist"
HOST = "fashion-mnist.s3-website.eu-central-1.amazonaws.com"
PLACE = "usr/share/datasets/fashion-mnist"
TIMES = {  # of the header, by file
    "train-images-idx3-ubyte": 1504176606,
    "train-labels-idx1-ubyte": 1504176606,
    "t10k-images-idx3-ubyte": 1504176627,
    "t10k-labels-idx1-ubyte": 1504176627,
}


def restore_header(debian, name, time):
    """The published gzip file from Debian's: the header with name and time, then the same data."""
    head = bytes([0x1F, 0x8B, 8, 8]) + time.to_bytes(4, "little") + bytes([0, 3])
    return head + name.encode() + b"\0" + debian[10:]


def manual_files(data_dir):
    """Makes TFDS' manual folder from Debian's files, if they are there.

    Looks in /usr/share and in `data_dir`/debian.

    Returns:
        The folder, or None without Debian's files.
    """
    target = data_dir / "manual" / "fashion_mnist"
    for root in (pathlib.Path("/"), data_dir / "debian"):
        folder = root / PLACE
        if all((folder / f"{name}.gz").is_file() for name in TIMES):
            target.mkdir(parents=True, exist_ok=True)
            for name, time in TIMES.items():
                whole = restore_header((folder / f"{name}.gz").read_bytes(), name, time)
                (target / f"{name}.gz").write_bytes(whole)
            return target
    return None


def host_answers(seconds=5):
    """Whether the download host can be reached."""
    try:
        socket.create_connection((HOST, 80), timeout=seconds).close()
        return True
    except OSError:
        return False


def fetch_package(data_dir):
    """Unpacks Debian's package into `data_dir`/debian, without root.

    Returns:
        Whether it worked.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return False
    target = data_dir / "debian"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            for command in (["apt-get", "download", PACKAGE],):
                subprocess.run(command, cwd=scratch, check=True, capture_output=True, timeout=300)
            (package,) = pathlib.Path(scratch).glob("*.deb")
            subprocess.run(["dpkg", "-x", str(package), str(target)], check=True, timeout=60)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            detail = getattr(error, "stderr", b"") or b""
            logging.warning("%s: %s %s", PACKAGE, error, detail.decode(errors="replace").strip())
            return False
    return True
