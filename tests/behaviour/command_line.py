"""Command lines in this process, of a model of a few weights and two steps."""

import pathlib

import models
from keras_gan import cli

TINY = (
    "--model=gan --width=4 --latent_dim=4 --batch_size=8 --steps=2 --log_every=1 --sample_every=0"
    " --checkpoint_every=1 --notensorboard --noprogress --xla=false"
).split()


def here(*flags):
    """The exit status of a command line, in this process."""
    return cli.main(["main.py", *map(str, flags)], lambda: models.REGISTRY)


def contents(folder):
    """What is under a folder: path → bytes, None for folders."""
    paths = pathlib.Path(folder).rglob("*")
    return {str(p): p.read_bytes() if p.is_file() else None for p in paths}
