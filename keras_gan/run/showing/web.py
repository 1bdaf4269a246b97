"""A trained generator as a static page: it runs in the visitor's browser, on any static host."""

import json
import pathlib
import shutil
from collections.abc import Sequence

from keras_gan.data import npm
from keras_gan.errors import StorageError, refuse
from keras_gan.gan import GAN
from keras_gan.settings.config import Config

PAGE = pathlib.Path(__file__).with_name("web_page.html")
PACKAGE = "onnxruntime-web@1.30.0"
# Single-threaded and without a GPU: what every browser runs and no special header asks for.
RUNTIME = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def write(
    gan: GAN, folder: pathlib.Path, config: Config, class_names: Sequence[str] | None = None
) -> None:
    """Writes the page beside `generator.onnx`, which is in the folder already.

    Args:
        gan: a trained `GAN` of images.
        folder: `index.html`, `model.json` and onnxruntime-web's three files are added.
        config: the run's `Config`; `onnxruntime_web` says where the files come from.
        class_names: the classes' names by number, or None.
    """
    if len(gan.image_shape) == 1:
        refuse("export_format", "web", "the page draws images, not points", "an image model")
    description = {
        "title": f"{config.model} on {config.dataset.partition(':')[0]}",
        "image_shape": list(gan.image_shape),
        "latent_dim": gan.latent_dim,
        "num_classes": gan.num_classes if gan.conditional else None,
        "class_names": list(class_names) if class_names else None,
        "prior": "gaussian" if config.prior == "ornstein_uhlenbeck" else config.prior,
    }
    (folder / "model.json").write_text(json.dumps(description, indent=1))
    shutil.copyfile(PAGE, folder / "index.html")
    copy_runtime(folder, config.onnxruntime_web)


def require(config: Config) -> None:
    """Raises a `UsageError` unless onnxruntime-web's files can be had."""
    if config.onnxruntime_web:
        _find(pathlib.Path(config.onnxruntime_web).expanduser(), config.onnxruntime_web)
    elif shutil.which("npm") is None:
        refuse(
            "export_format",
            "web",
            "needs npm, or the files of its package onnxruntime-web",
            "--onnxruntime_web=FOLDER",
        )


def copy_runtime(folder: pathlib.Path, source: str = "") -> None:
    """Copies onnxruntime-web's three files, from a folder or as `npm pack` fetches them."""
    if source:
        _copy(_find(pathlib.Path(source).expanduser(), source), folder)
        return
    hint = "; --onnxruntime_web=FOLDER takes its files from disk"
    with npm.unpacked(PACKAGE, hint) as temporary:
        _copy(_find(temporary, PACKAGE), folder)


def _find(root, value):
    """The folder below `root` that has the runtime's files."""
    for folder in (root, root / "dist", root / "package" / "dist"):
        if all((folder / name).is_file() for name in RUNTIME):
            return folder
    refuse("onnxruntime_web", value, f"lacks {', '.join(RUNTIME)}", "the package's folder")


def _copy(source, folder):
    try:
        for name in RUNTIME:
            shutil.copyfile(source / name, folder / name)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
