"""A command's options from settings that are declared once (see latentrack.declared)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Optional

import typer

from latentrack.commands.options import one_of
from latentrack.declared import Declaration, declarations

_METAVARS = {int: "N", float: "NUMBER"}
_SHOWN_RANGE = 10_000
"""A range that goes further tells a reader nothing; the settings check it all the same."""


def with_options_of(
    cls: type, *, defaults: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorates a command that takes `**values`: they get an option for each declared field of cls.

    The options stand before the command's keyword-only parameters. defaults: those that differ on
    the command line, by name; None there means "not given". Values arrive as `settings_from` takes
    them.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function, eval_str=True)
        before, after = [], []
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                after.append(parameter)
            elif parameter.kind is not parameter.VAR_KEYWORD:
                before.append(parameter.replace(kind=parameter.KEYWORD_ONLY))
        options = [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=_default(each, defaults or {}),
                annotation=_annotation(each),
            )
            for each in declarations(cls).values()
        ]

        @functools.wraps(function)
        def command(**named: Any) -> None:
            function(**named)

        parameters = [*before, *options, *after]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return decorate


def values_of(cls: type, named: Mapping[str, Any]) -> dict[str, Any]:
    """The fields' values from the options of `with_options_of`. UserError for sizes that are none.

    None means that an option was not given, so that the field's default holds.
    """
    found = {}
    for name, declared in declarations(cls).items():
        value = named[name]
        if value is None:
            continue
        if declared.kind is tuple:
            value = declared.parse(value) if declared.typed else tuple(value)
        found[name] = value
    return found


def named_with(cls: type, test: Callable[[Declaration], Any]) -> Iterable[str]:
    """The names of the declared fields that pass a test."""
    return [name for name, each in declarations(cls).items() if test(each)]


def _default(declared: Declaration, defaults: Mapping[str, Any]) -> Any:
    default = defaults.get(declared.name, declared.default)
    return None if declared.kind is tuple and not default else default


def _annotation(declared: Declaration) -> Any:
    kind: Any = declared.kind
    words = [str(each) for each in declared.choices if kind is not bool]
    if kind is tuple:
        kind = str if declared.typed else list[str]
    elif kind not in (bool, int, float):
        kind = str
    option: dict[str, Any] = {
        "help": declared.help,
        "rich_help_panel": declared.group or None,
        "metavar": declared.metavar or "|".join(words) or _METAVARS.get(kind),
    }
    if kind in (int, float):
        most = declared.high if (declared.high or 0) <= _SHOWN_RANGE else None
        option |= {"min": declared.low, "max": most if declared.above is None else None}
    if kind is str and words:
        option["autocompletion"] = one_of(*words)
    if declared.default is None or declared.kind is tuple:
        option["show_default"] = False
        kind = Optional[kind]  # noqa: UP045  (typer on 3.10 reads this form only)
    name = declared.option or f"--{declared.name.replace('_', '-')}"
    return Annotated[kind, typer.Option(name, **option)]
