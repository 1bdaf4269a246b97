"""Makes a data set available: `python -m keras_gan.data.fetch --dataset=fashion_mnist`."""

import argparse
import pathlib
import sys

from keras_gan.data import emoji, fashion_mnist
from keras_gan.data.opening import default_data_dir, open_source
from keras_gan.errors import KerasGanError

NEED_FASHION_MNIST = ("fashion_mnist", "stacked_fashion_mnist")


def main(argv: list[str] | None = None) -> int:
    """Prepares the data set and prints its splits; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument(
        "--data_dir", default="", help="default: $KERAS_GAN_DATA or ~/.cache/keras_gan"
    )
    options = parser.parse_args(argv)
    folder = pathlib.Path(options.data_dir or default_data_dir()).expanduser()
    prepared = (folder / "decoded" / "fashion_mnist" / "train" / "about.json").is_file()
    try:
        name = options.dataset
        if name == "emoji":
            name = f"folder:{emoji.fetch(folder)}"
        elif name in NEED_FASHION_MNIST and not prepared:
            _find_files(folder)
        source = open_source(name, data_dir=folder)
        while source is not None:
            print(f"{name} {source.split}: {len(source)} of shape {source.image_shape}")
            source = source.reopen("test") if source.split == "train" else None
    except KerasGanError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


def _find_files(folder):
    if fashion_mnist.manual_files(folder) is None and not fashion_mnist.host_answers():
        print("the download host does not answer; fetching Debian's package", flush=True)
        fashion_mnist.fetch_package(folder)


if __name__ == "__main__":
    sys.exit(main())
