"""Recipes: the flagfiles of `configs/`, by name, from a checkout and from a wheel."""

import difflib
import os
import pathlib

from keras_gan.errors import UsageError

ENDING = ".flags"


def folder() -> pathlib.Path:
    """Where the recipes are: in the package of a wheel, beside it in a checkout."""
    package = pathlib.Path(__file__).resolve().parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def recipes() -> list[str]:
    """The names of the recipes: "dcgan_fashion_mnist", "tips/13-input-noise", ….

    `keras-gan --flagfile=NAME`, or `python main.py --flagfile=NAME` in a checkout, trains by one.
    """
    root = folder()
    paths = (path.relative_to(root) for path in root.rglob(f"*{ENDING}"))
    return sorted(path.with_suffix("").as_posix() for path in paths)


def listing() -> str:
    """The recipes with their first lines, which say what they are."""
    names = recipes()
    width = max(map(len, names), default=0)
    return "\n".join(f"{name:{width}}  {_first_line(name)}".rstrip() for name in names)


def find(name: str) -> str:
    """The path of a flagfile.

    Args:
        name: a file, or a recipe's name: "dcgan_fashion_mnist", or its path in a checkout,
            "configs/dcgan_fashion_mnist.flags".

    Raises:
        UsageError: it is neither; the message names recipes that are spelt alike.
    """
    name = os.path.expanduser(name)
    if os.path.exists(name):
        return name
    known = recipes()
    recipe = name.removeprefix("./").removeprefix("configs/").removesuffix(ENDING)
    if recipe in known:
        return str(folder() / f"{recipe}{ENDING}")
    close = difflib.get_close_matches(recipe, known, n=3, cutoff=0.5)
    close += [other for other in known if recipe and other.endswith(f"/{recipe}")]
    hint = f"did you mean {', '.join(dict.fromkeys(close))}? " if close else ""
    raise UsageError(f"--flagfile={name}: no such file or recipe; {hint}--recipes lists all")


def _first_line(name):
    text = (folder() / f"{name}{ENDING}").read_text(encoding="utf-8")
    return text.partition("\n")[0].removeprefix("#").strip()
