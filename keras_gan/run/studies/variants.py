"""The variants of a study."""

import dataclasses
import itertools
import shlex
from collections.abc import Mapping, Sequence

from keras_gan.errors import refuse
from keras_gan.run.studies.results import AT, BASE
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve


class Variant:
    """A variant of a study.

    Args:
        name: of the variant.
        config: its complete `Config`.
        against: names of the variants that it is compared with.
    """

    def __init__(self, name: str, config: Config, against: tuple[str, ...]):
        self.name, self.config, self.against = name, config, against

    def settings(self) -> dict[str, object]:
        """The settings that its results depend on, as JSON values by name."""
        settings = {
            field.name: getattr(self.config, field.name)
            for field in dataclasses.fields(self.config)
            if not field.metadata["flag"]["may_change"] and field.name not in ("seed", "data_dir")
        }
        settings["steps"] = self.config.steps
        if self.config.extractor:  # results from before studies had one do not name it
            settings["extractor"] = self.config.extractor
        return settings


def variants(
    command_line: Mapping[str, object], registry: Mapping[str, type]
) -> dict[str, Variant]:
    """The study's variants by name, the base first.

    Args:
        command_line: the study's flags, values by name. Each of its `variant`s is a text
            "NAME: FLAGS", or "NAME vs OTHER, …: FLAGS" to compare it with others than the base.
            With a `grid`, each of them is made at each of its points, "NAME at VALUES"; without
            variants, each point is one.
        registry: model classes by name.

    Returns:
        A dict of `Variant`s.

    Raises:
        UsageError: a variant can't be parsed, a name is used twice, an unknown variant to compare
            with, or incompatible settings.
    """
    base = {**command_line, "mode": "study", "variant": (), "grid": (), "only": ()}
    study = {BASE: Variant(BASE, resolve(base, registry), ())}
    written = [_parts(text) for text in command_line.get("variant", ())]
    points = grid(command_line.get("grid", ()))
    if points:
        written = [_at(one, point) for one in written or [("", [], "")] for point in points]
    for name, others, line in written:
        if name in study:
            refuse("variant", name, "the name is used twice")
        for other in others:
            if other not in study:
                refuse(
                    "variant",
                    f"{name} vs {other}",
                    "is compared with a variant that does not come before it",
                    ", ".join(study),
                )
        changes = flags.parse(Config, ["variant", *shlex.split(line)])
        study[name] = Variant(
            name, resolve({**base, **changes}, registry), tuple(others) or (BASE,)
        )
    return selected(study, command_line.get("only", ()))


def _parts(text):
    """A variant's name, the names that it is compared with, and its flags."""
    head, colon, line = text.partition(":")
    name, _, others = (part.strip() for part in head.partition(" vs "))
    if not colon or not name:
        refuse(
            "variant",
            text,
            "not a variant",
            "NAME: --FLAG=VALUE …, or NAME vs OTHER: --FLAG=VALUE …",
        )
    return name, [other.strip() for other in others.split(",") if other.strip()], line


def _at(written, point):
    """A variant at a point of a grid; without a name, the point itself."""
    name, others, line = written
    changes = " ".join(f"--{flag}={value}" for names, value in point for flag in names.split("+"))
    if not name:
        return " ".join(f"{names}={value}" for names, value in point), others, changes
    at = AT + " ".join(value for _, value in point)
    same = [other if other == BASE else other + at for other in others]
    return name + at, same, f"{line} {changes}"


def selected(study: Mapping[str, Variant], names: Sequence[str]) -> dict[str, Variant]:
    """Some of a study's variants, with the base and those that they are compared with.

    Args:
        study: variants by name.
        names: of the variants; none for all.

    Raises:
        UsageError: there is no variant of this name.
    """
    for name in names:
        if name not in study:
            refuse("only", name, "no variant of the study", ", ".join(study))
    wanted = {BASE, *names, *(other for name in names for other in study[name].against)}
    return {name: study[name] for name in study if name in wanted or not names}


def grid(axes: Sequence[str]) -> list[tuple[tuple[str, str], ...]]:
    """The points of a grid, each a tuple of (FLAG or FLAG+FLAG, VALUE).

    Args:
        axes: texts "FLAG=VALUE,VALUE,…", or "FLAG+FLAG=VALUE,…" for flags with the same value.

    Raises:
        UsageError: not such a text.
    """
    choices = []
    for axis in axes:
        names, equals, values = axis.partition("=")
        values = flags.words(values)
        if not equals or not names or not values:
            refuse("grid", axis, "not an axis of a grid", "FLAG=VALUE,VALUE,…")
        choices.append([(names.strip(), value) for value in values])
    return list(itertools.product(*choices)) if choices else []
