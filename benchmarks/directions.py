"""Pictures of the directions of a model's latent space, one per model of images.

`python -m benchmarks.showing --directions --runs=DIR` takes every run, export and hub folder in DIR
(or DIR itself); `--write` puts the pictures into docs/images/directions/ and lists them in
docs/showing.md.
"""

import pathlib

import numpy as np

from keras_gan.errors import UsageError
from keras_gan.evaluation import pictures
from keras_gan.gan import GAN
from keras_gan.run import load, loading
from keras_gan.run.directory import RunDirectory
from keras_gan.run.showing import directions, latents
from keras_gan.step import randomness

COLUMNS, ROWS = 9, 8
ZOOM = 2
LARGEST = 300_000  # bytes of a picture


def picture(gan: GAN, seed: int = 0) -> np.ndarray:
    """One row for each direction, from -1 to 1 of its reach: uint8 [h, w, c].

    The directions a model has by its making come first, then SeFa's, eight in all. Every row leads
    through the same image, its middle one; it is of the first class.
    """
    start = gan.prior.sample(randomness.Key.create(seed), (1, gan.latent_dim)).numpy()
    amounts = np.linspace(-1.0, 1.0, COLUMNS, dtype=np.float32)[:, None]
    own = directions.own_codes(gan)
    chosen = [*own, *directions.sefa(gan, ROWS)][:ROWS]
    rows = [start + amounts * direction.reach * direction.vector for direction in chosen]
    labels = np.zeros(len(chosen) * COLUMNS, np.int32) if gan.conditional else None
    images = latents.generate(gan, np.concatenate(rows), labels)
    return pictures.grid(images, COLUMNS).repeat(ZOOM, 0).repeat(ZOOM, 1)


def models_in(folder: pathlib.Path) -> dict[str, GAN]:
    """The models of images in a folder of runs, exports and hub folders, by name in the zoo.

    Args:
        folder: is looked through one level deep, or is itself one of these. Of two models with one
            name the first in alphabetical order counts.

    Raises:
        UsageError: there is none.
    """
    results = {}
    for path in [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]:
        loaded = _open(path)
        if loaded is None:
            continue
        name, gan = loaded
        if len(gan.image_shape) == 1 or name in results:
            print(f"{path}: left out ({name}{', points' if len(gan.image_shape) == 1 else ''})")
            continue
        results[name] = gan
    if not results:
        raise UsageError(f"--runs={folder}: no run, export or hub folder of images in it")
    return results


def _open(path):
    """(name in the zoo, `GAN`), or None for another folder."""
    if (path / "operative.flags").exists():
        return RunDirectory(path, writes=False).given()["model"], load.load(path)
    if loading.is_hub_folder(path) or loading.is_export(path):
        opened = loading.open_hub if loading.is_hub_folder(path) else loading.open_export
        gan, description = opened(path)
        return description["model"], gan
    return None


def write(models: dict[str, GAN], folder: pathlib.Path) -> list[str]:
    """Writes NAME.png of each model, at most 300 kB each; returns the lines of a page on them."""
    lines = []
    for name, gan in models.items():
        pictures.save(picture(gan), folder / f"{name}.png", LARGEST)
        print(folder / f"{name}.png")
        codes = len(directions.own_codes(gan))
        rows = f"its {codes} codes, then SeFa's directions" if codes else "SeFa's directions"
        lines += [f"`{name}`: {rows}", "", f"![{name}](images/directions/{name}.png)", ""]
    return lines[:-1]
