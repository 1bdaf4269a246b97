"""Makes a data set available: `python -m keras_gan.data.fetch --dataset=fashion_mnist`."""

import argparse
import pathlib
import sys

from keras_gan.data import fashion_mnist
from keras_gan.data.sources import default_data_dir, open_source
from keras_gan.errors import KerasGanError


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument(
        "--data_dir", default="", help="default: $KERAS_GAN_DATA or ~/.cache/keras_gan"
    )
    options = parser.parse_args(argv)
    folder = pathlib.Path(options.data_dir) if options.data_dir else default_data_dir()
    prepared = (folder / "decoded" / f"{options.dataset}-train" / "about.json").is_file()
    if options.dataset == "fashion_mnist" and not prepared:
        if fashion_mnist.manual_files(folder) is None and not fashion_mnist.host_answers():
            print("the download host does not answer; fetching Debian's package", flush=True)
            fashion_mnist.fetch_package(folder)
    try:
        for split in ("train", "test"):
            source = open_source(options.dataset, split=split, data_dir=folder)
            print(f"{options.dataset} {split}: {len(source)} of shape {source.image_shape}")
    except KerasGanError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
