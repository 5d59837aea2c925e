"""Settings that are declared once: the fields of a dataclass carry what all who show them need.

A field says its range, its choices, its words and its group beside its type and default. From that
come the check of its values, a command's options (`commands/declared_options.py`), the forms of the
studio, the tables of the docs, and the run's TOML.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from latentrack.errors import UserError
from latentrack.words import listed

NONE = "none"
"""An empty list of texts, as typed."""
_ENDLESS = 1e12  # a bound of the machine, which nobody meets


@dataclass(frozen=True)
class Declaration:
    """One setting.

    name: the field's.  kind: bool, int, float, str or tuple (see `items`).  default: where None,
    the value is chosen later; `automatic` says how.
    label: two or three words for a form.  help: a sentence or two for all else.
    group: the heading under which it stands.  more: whether a form hides it until asked.
    low, high: the range, both ends included.  above: the end that is not.
    choices: what is allowed, with a few words for each.
    unit: of a number.  hint: an example, or what an empty field means.
    option: the command's, where it is not the name with dashes; "--this/--that" of a bool.
    metavar: what stands for the value in the command's help.
    only: of which choices of another setting it has an effect (see who declares it).
    items: of a tuple, int (1 to `most` sizes, each within the range) or str (each one of the
    choices, if there are any; an option for each, or for all of them, with `separator` between).
    continued: whether a run that is trained on may change it; the others belong to its model.
    gathered: whether it acts on a whole corpus, and not on each file by itself.
    large: its default in large corpora, where that is None otherwise.
    """

    name: str
    kind: type
    default: Any
    label: str
    help: str
    group: str = ""
    more: bool = False
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: Mapping[Any, str] = field(default_factory=dict)
    automatic: str = ""
    unit: str = ""
    hint: str = ""
    option: str = ""
    metavar: str = ""
    only: tuple[str, ...] = ()
    items: type = str
    separator: str = ""
    most: int = 7
    continued: bool = False
    gathered: bool = False
    large: Any = None

    @property
    def words(self) -> str:
        """The name as a sentence has it: "batch size"."""
        return self.name.replace("_", " ")

    @property
    def range(self) -> str:
        """What may be chosen, in words; "" for a switch or a text."""
        if self.choices and self.kind is bool:
            return listed([words for each, words in self.choices.items() if each is not None], "or")
        if self.choices:
            return listed(self.choices, "or")
        if self.above is not None:
            return f"more than {self.above:g}, up to {self.high:g}"
        if self.low is None or self.high is None:
            return ""
        if self.high > _ENDLESS:
            return f"{self.low:,.9g} or more"
        return f"{self.low:,.9g} to {self.high:,.9g}"

    def check(self, value: Any) -> None:
        """UserError: a value outside the range, or none of the choices."""
        if value is None and self.default is None:
            return
        if self.choices:
            for each in value if self.kind is tuple else (value,):
                if each not in self.choices:
                    raise UserError(
                        f"Unknown value {each!r} for {self.words}: choose {self.range}."
                    )
        if self.kind is tuple:
            self._check_sizes(value)
        elif self.high is not None and not self._is_within(value):
            raise UserError(f"{self.words} is {value:g}: choose {self.range}.")

    @property
    def typed(self) -> bool:
        """Whether all items of a tuple are typed as one text, which `parse` reads."""
        return self.kind is tuple and (self.items is int or bool(self.separator))

    def parse(self, text: str) -> tuple[int, ...] | tuple[str, ...]:
        """Items as typed: sizes such as "66-129", or texts with `separator` between them; "none"
        gives (). Raises UserError."""
        if self.items is str:
            given = text.strip()
            return () if given == NONE else tuple(x.strip() for x in given.split(self.separator))
        try:
            return tuple(int(size) for size in text.split("-"))
        except ValueError:
            raise UserError(
                f"{text} is not a list of sizes for {self.words}: write it as 66-129."
            ) from None

    def _is_within(self, value: float) -> bool:
        low = value > self.above if self.above is not None else value >= (self.low or 0)
        return low and value <= (self.high or 0)

    def _check_sizes(self, sizes: tuple[int, ...]) -> None:
        if self.items is int and not (
            1 <= len(sizes) <= self.most and all(self._is_within(size) for size in sizes)
        ):
            raise UserError(
                f"{self.words} is {'-'.join(map(str, sizes)) or 'empty'}: give 1 to {self.most} "
                f"sizes from {self.range}."
            )


def declare(default: Any, *, label: str, help: str, **more: Any) -> Any:
    """A dataclass field with its Declaration; `more` are Declaration's."""
    return field(default=default, metadata={"declared": {"label": label, "help": help, **more}})


@cache
def declarations(cls: type) -> Mapping[str, Declaration]:
    """The declared fields of a dataclass, in their order."""
    hints = get_type_hints(cls)
    found = {}
    for each in fields(cls):
        if (declared := each.metadata.get("declared")) is not None:
            kind, items = _kind(hints[each.name])
            found[each.name] = Declaration(
                **{
                    "name": each.name,
                    "kind": kind,
                    "items": items,
                    "default": each.default,
                    **declared,
                }  # fmt: skip
            )
    return types.MappingProxyType(found)


def check(instance: Any) -> None:
    """Checks all declared fields of a dataclass. UserError; see Declaration.check."""
    for name, declared in declarations(instance.__class__).items():
        declared.check(getattr(instance, name))


def changed(instance: Any) -> dict[str, Any]:
    """The declared fields that differ from their defaults."""
    return {
        name: getattr(instance, name)
        for name, declared in declarations(instance.__class__).items()
        if getattr(instance, name) != declared.default
    }


def in_short(instance: Any) -> str:
    """What a prompt shows: the class with the fields that differ from their defaults."""
    values = ", ".join(f"{name}={value!r}" for name, value in changed(instance).items())
    return f"{type(instance).__name__}({values})"


def markdown(cls: type) -> str:
    """A table of all declared fields for the docs: name, default, range and meaning."""
    return "\n".join(_rows(cls)) + "\n"


def _rows(cls: type) -> Iterator[str]:
    yield "| setting | default | may be | what it does |"
    yield "| --- | --- | --- | --- |"
    for each in declarations(cls).values():
        default = each.automatic or _shown(each.default)
        unit = f" {each.unit}" if each.unit else ""
        may_be = each.range or _KINDS.get(each.kind) or each.label.lower()
        if each.kind is tuple and each.items is int:
            may_be = f"1 to {each.most} sizes from {may_be}"
        may_be += unit
        yield f"| `{each.name}` | {default} | {may_be} | {each.help} |"


_KINDS = {
    bool: "on or off",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple: "a list",
}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return listed(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(getattr(value, "name", value))


def _kind(hint: Any) -> tuple[type, type]:
    """bool, int, float, str or tuple for an annotation, None left out; and a tuple's items."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is Literal:
        return str, str
    if get_origin(hint) is tuple:
        return tuple, get_args(hint)[0]
    return (hint if hint in (bool, int, float, str) else object), str
