"""`--mode=inspect`: a report on the data before training, and the settings that suit it."""

import pathlib
from collections.abc import Mapping
from typing import Any

from keras_gan import atomic
from keras_gan.data import inspection
from keras_gan.errors import StorageError, reason, refuse
from keras_gan.evaluation import pictures
from keras_gan.run import automatic
from keras_gan.run.build import open_data
from keras_gan.settings.config import Config
from keras_gan.settings.recipe import flagfile, recipe_for
from keras_gan.settings.resolve import complete

FILES = ("inspect.json", "contact_sheet.png", "recipe.flags")


def inspect(given: Mapping[str, Any]) -> int:
    """Prints the report, writes it with a contact sheet and a recipe; returns the exit status.

    Args:
        given: values of the command line by flag name, as returned by `flags.parse`.

    Raises:
        UsageError: the data can't be opened, or the folder holds other files.
        StorageError: the folder can't be written.
    """
    target = _target(given)
    seen = automatic.look(given)
    facts = automatic.facts_of(seen)
    made = recipe_for(facts, given)
    size = {c.name: c.value for c in made if c.name == "image_size"}
    config = complete({**given, **size, "batch_size": 2})
    source = seen.source if seen.source is not None and not size else open_data(config)
    results = inspection.inspect(seen, source, config.crop)
    report = {
        **results.facts,
        "recipe": {choice.name: choice.value for choice in made},
        "recipe_reasons": {choice.name: choice.reason for choice in made},
    }
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / FILES[0]).write_text(atomic.json_text(report, indent=1) + "\n")
        (target / FILES[2]).write_text(flagfile(facts, made, config.dataset))
    except OSError as error:
        raise StorageError(f"{target}: {reason(error)}") from error
    pictures.save(results.sheet, target / FILES[1])
    if config.json:
        print(atomic.json_text(report))
        return 0
    print(inspection.text(results.facts))
    print("\nThe recipe for them (--recipe=auto):")
    print("\n".join(f"  {choice}" for choice in made))
    print(f"\n{target}: {', '.join(FILES)}")
    return 0


def _target(given):
    """The folder of the report: `--out`, or `inspect` in the run that is named, or here."""
    run = pathlib.Path(given.get("run_dir", Config.run_dir)).expanduser()
    if given.get("out"):
        target = pathlib.Path(given["out"]).expanduser()
    elif (run / "operative.flags").exists():
        target = run / "inspect"
    else:
        target = pathlib.Path("inspect")
    if target.exists():
        names = [p.name for p in target.iterdir()] if target.is_dir() else [target.name]
        others = sorted(set(names) - set(FILES))
        if others:
            what = f"holds {', '.join(others[:3])}, which are no report"
            refuse("out", target, what, "a new folder, an empty one, or one of a report")
    return target
