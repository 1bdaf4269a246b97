"""What a parser of the source can't see, for the signatures in the API reference.

`@rule` makes a class a dataclass, and the constructor of a model of the zoo takes the fields of its
`Options`.
"""

from collections.abc import Iterator
from typing import Any

import griffe

DATACLASS = griffe.ExprName("dataclass", parent=griffe.ExprName("dataclasses"))
KEYWORD = griffe.ParameterKind.keyword_only
ZOO = "models.base.ZooModel"


class Rules(griffe.Extension):
    """Marks rules as dataclasses, and gives the models their options as parameters."""

    def on_class_instance(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        if "rule" in [str(decorator.value) for decorator in cls.decorators]:
            cls.decorators.append(griffe.Decorator(DATACLASS, lineno=None, endlineno=None))

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        if pkg.name == "models":
            for cls in _classes(pkg):
                if ZOO in [base.path for base in cls.mro()]:
                    cls.set_member("__init__", _constructor(cls))


def _classes(package: griffe.Module) -> Iterator[griffe.Class]:
    for module in package.modules.values():
        yield from module.classes.values()


def _constructor(cls: griffe.Class) -> griffe.Function:
    """The constructor with the options that the docstring names, or all."""
    text = cls.docstring.value if cls.docstring else ""
    parameters = [griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)]
    for name, field in _options(cls).items():
        if f"\n    {name}: " in text or "**options" not in text:
            parameters.append(_parameter(name, field.annotation, str(field.value)))
    for name, annotation in (("prior", "Prior | None"), ("name", "str | None")):
        if f"\n    {name}: " in text:
            parameters.append(_parameter(name, annotation, "None"))
    if "**options" in text:
        kind = griffe.ParameterKind.var_keyword
        parameters.append(griffe.Parameter("options", annotation="Any", kind=kind))
    return griffe.Function("__init__", parameters=griffe.Parameters(*parameters), parent=cls)


def _parameter(name: str, annotation: str | griffe.Expr | None, default: str) -> griffe.Parameter:
    return griffe.Parameter(name, annotation=annotation, kind=KEYWORD, default=default)


def _options(cls: griffe.Class) -> dict[str, griffe.Attribute]:
    """The fields of a model's `Options`, in the dataclass' order."""
    options = cls.all_members["Options"]
    if options.is_attribute:
        options = options.modules_collection[options.value.canonical_path]
    fields: dict[str, griffe.Attribute] = {}
    lineage = {base.path: base for base in reversed(list(_lineage(options)))}
    for base in lineage.values():
        for name, member in base.attributes.items():
            if member.annotation and "ClassVar" not in str(member.annotation):
                fields[name] = member
    return fields


def _lineage(cls: griffe.Class) -> Iterator[griffe.Class]:
    """A class and its bases; a nested class' bases are names of its module, not its own class'."""
    yield cls
    for base in cls.bases:
        member = cls.module.members.get(str(base))
        if member is not None:
            yield from _lineage(member.final_target if member.is_alias else member)
