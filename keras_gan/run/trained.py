"""`--weights`: a trained model without its run."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from keras_gan.data.source import Source
from keras_gan.errors import UsageError, refuse
from keras_gan.gan import GAN
from keras_gan.run import load, loading, shipped
from keras_gan.run.build import SavedData, open_data
from keras_gan.settings.combinations import plain
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete

MODES = ("sample", "interpolate", "project", "explore", "export")
WRITING = ("sample", "interpolate", "project", "export")


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained model and what is known of it.

    Attributes:
        gan: the `GAN`.
        model: str, its name in the zoo, or that of its class.
        settings: its training's settings by flag name; {} of a .keras file.
        class_names: list of str, the classes' names by number, or None.
        scores: dict of its scores by name.
    """

    gan: GAN
    model: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    class_names: list[str] | None = None
    scores: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def data(self, config: Config, opened: bool = False) -> Source | SavedData:
        """The data it was trained on, if they are to be opened and are known by name.

        Raises:
            UsageError: they can't be opened.
        """
        saved = SavedData(self.gan.image_shape, self.gan.num_classes, self.class_names)
        if not opened or ":" in self.settings.get("dataset", ":"):  # a folder of another machine
            return saved
        source = open_data(config)
        fits = tuple(source.image_shape) == tuple(self.gan.image_shape)
        return source if fits else saved


def check(given: Mapping[str, Any]) -> None:
    """Checks the flags that stand beside `--weights`, before anything is loaded.

    Args:
        given: values of the command line by flag name.

    Raises:
        UsageError: another mode, `--run_dir` as well, settings of a training, the export of a
            .keras file, or no `--out`.
    """
    value, mode = given["weights"], given.get("mode", "train")
    if mode not in MODES:
        refuse("weights", value, f"has no use in --mode={mode}", f"--mode={', '.join(MODES)}")
    if "run_dir" in given:
        refuse("weights", value, "given together with --run_dir", "one of the two")
    for field in dataclasses.fields(Config):
        name = field.name
        if name in given and name != "seed" and not field.metadata["flag"]["may_change"]:
            what = "is a setting of training, and --weights are trained already"
            refuse(name, plain(given[name]), what, "to leave it out")
    if mode == "export" and value.endswith(".keras"):
        what = "does not say how it was trained, as the export of a run does"
        refuse("weights", value, what, "keras_gan.load(FILE).export(FOLDER) in Python")
    if mode in WRITING and not given.get("out"):
        raise UsageError(f"--mode={mode} with --weights needs --out=FOLDER, where it writes")


def open_weights(value: str, registry: Mapping[str, type[GAN]]) -> Trained:
    """The model that `--weights` names.

    Args:
        value: a name in `models.WEIGHTS`, the path of an export, a hub folder or a .keras file, or
            "owner/name" on a model hub.
        registry: the zoo, name → model class.

    Raises:
        UsageError: it is none of these.
        StorageError: its files are damaged.
    """
    path = shipped.find(value)
    if path.is_file() and path.suffix == ".keras":
        gan = load.load(path)
        names = [name for name, model_class in registry.items() if type(gan) is model_class]
        return Trained(gan, *(names or [type(gan).__name__]))
    if loading.is_hub_folder(path):
        return _described(*loading.open_hub(path, registry))
    if loading.is_export(path):
        return _described(*loading.open_export(path, registry))
    if (path / "operative.flags").exists():
        refuse("weights", value, "is a run", f"--run_dir={value}")
    if path.exists():
        what = "has neither a model.json nor a config.json of a trained model"
        refuse("weights", value, what, "an export, a hub folder, a .keras file")
    if re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        return _described(*loading.open_hub(value, registry))
    names = ", ".join(sorted(shipped.folders()))
    refuse("weights", value, "no such weights", f"a shipped model ({names}), or a path")


def _described(gan, description):
    return Trained(
        gan=gan,
        model=description["model"],
        settings=description["settings"],
        class_names=description.get("class_names"),
        scores=description.get("scores", {}),
    )


def config_of(given: Mapping[str, Any], trained: Trained) -> Config:
    """The settings of a mode with `--weights`: the training's, and those of the command line."""
    fields = {field.name: field.metadata["flag"] for field in dataclasses.fields(Config)}
    settings = {
        name: value
        for name, value in trained.settings.items()
        if name in fields and name != "seed" and not fields[name]["may_change"]
    }
    return dataclasses.replace(complete({**settings, **given}), model=trained.model)
