"""The pages of the site's API reference: one per public name of `keras_gan`.

They hold directives of mkdocstrings, which fills in the docstrings.
"""

import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import griffe

import keras_gan
from keras_gan import monitoring

ROOT = pathlib.Path(__file__).resolve().parent.parent

FIRST = ("GAN", "zoo", "open_source", "load", "init_from", "callbacks")
# What a subclass or a rule of one's own meets, though it is no name of `keras_gan`.
FOR_AUTHORS = {
    "Source": "keras_gan.data.source.Source",
    "Turn": "keras_gan.step.turn.Turn",
    "Key": "keras_gan.step.randomness.Key",
    "rules": "keras_gan.rules.base",
}
INTRODUCTION = """# Python API

```python
import keras_gan
```

The constructor takes the networks, `compile` everything about training, `fit` trains, callbacks
watch. Images are uint8 [n, height, width, channels] outside and float32 in [-1, 1] inside; n is the
number of images, z that of latent dimensions.
"""
# Of a `GAN` what most users need, then what a subclass overrides or calls; the rest is Keras' own.
MEMBERS = {
    "keras_gan.gan.GAN": (
        *("compile", "fit", "evaluate", "sample", "generate", "discriminate", "call", "export"),
        *("latent_dim", "image_shape", "conditional", "make_fakes", "discriminator_loss"),
        *("generator_loss", "adversarial_parts", "adversarial_loss", "networks", "optimizer_for"),
        *("players", "call_generator", "call_discriminator", "extra_endpoints", "extra_samples"),
    )
}


def pages() -> dict[str, str]:
    """{name: Markdown} of the reference."""
    texts = {"index": _index()}
    for name, (module, attribute) in _public().items():
        texts[_file(name)] = _page(name, module, attribute)
    for name, path in FOR_AUTHORS.items():
        texts[_file(name)] = _directive(path, path)
    return texts


def _public() -> dict[str, tuple[str, str | None]]:
    """The public names in the order of the reference: those of `FIRST`, then the others."""
    return {name: keras_gan._PUBLIC[name] for name in (*FIRST, *keras_gan._PUBLIC)}


def _file(name: str) -> str:
    return name.lower()


def _page(name: str, module: str, attribute: str | None) -> str:
    title = f"# keras_gan.{name}\n\n"
    if name == "zoo":
        return title + _several(_zoo(), "The models, one paper per class.")
    if name == "callbacks":
        return title + _several(_callbacks(), _summary(module))
    return _directive(f"{module}.{attribute}" if attribute else module, f"keras_gan.{name}")


def _directive(path: str, title: str) -> str:
    """The directive for all of a page, with the page's title as heading."""
    options: dict[str, Any] = {"heading": title, "heading_level": 1}
    options["show_symbol_type_heading"] = "false"
    if path in MEMBERS:
        options["members"] = f"[{', '.join(MEMBERS[path])}]"
        options |= {"inherited_members": "true", "group_by_category": "false"}
    lines = (f"      {name}: {value}\n" for name, value in options.items())
    return f"::: {path}\n    options:\n{''.join(lines)}"


def _several(paths: Iterator[str], introduction: str) -> str:
    return "\n\n".join([introduction, *(f"::: {path}" for path in paths), ""])


def _zoo() -> Iterator[str]:
    """The base class, then the models, in the registry's order."""
    yield "models.base.ZooModel"
    for member in _package("models").members.values():
        if member.is_alias and member.final_target.is_class:
            yield member.final_target.path


def _callbacks() -> Iterator[str]:
    yield from (f"{monitoring._PUBLIC[name]}.{name}" for name in monitoring.__all__)


def _index() -> str:
    rows = [INTRODUCTION, "## Models, data, callbacks\n", "| | |", "|---|---|"]
    for position, (name, (module, attribute)) in enumerate(_public().items()):
        if position == len(FIRST):
            rows += ["\n## What `compile` takes\n", "| | |", "|---|---|"]
        path = "models" if name == "zoo" else f"{module}.{attribute}" if attribute else module
        rows.append(f"| [`keras_gan.{name}`]({_file(name)}.md) | {_summary(path)} |")
    rows += ["\n## For own models, losses and rules\n", "| | |", "|---|---|"]
    for name, path in FOR_AUTHORS.items():
        rows.append(f"| [`{path}`]({_file(name)}.md) | {_summary(path)} |")
    return "\n".join([*rows, ""])


def _summary(path: str) -> str:
    """The first sentence of a docstring."""
    package, _, rest = path.partition(".")
    docstring = (_package(package)[rest] if rest else _package(package)).docstring
    return docstring.value.strip().partition("\n")[0] if docstring else ""


@functools.cache
def _package(name: str) -> griffe.Module:
    return griffe.load(name, search_paths=[ROOT], resolve_aliases=True)
