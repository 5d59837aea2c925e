"""`latentrack config`: Set the user's defaults for the options of commands."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from latentrack.commands import defaults
from latentrack.commands.options import JsonOption
from latentrack.errors import UserError

config = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Keep defaults for the options of commands, so that they need not be typed.\n\n"
    "A setting is called like its command and its option: `train.epochs`, `push.store`. "
    "`port`, `quiet` and `verbose` hold for all commands. What is typed comes first, then the "
    "environment (LATENTRACK_PORT), then these.\n\n"
    "- `latentrack config set port rack`: the module that commands mean\n"
    "- `latentrack config set train.epochs 200`\n"
    "- `latentrack config list`",
)

KeyArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A setting: COMMAND.OPTION, or port.")
]


@config.command()
def path() -> None:
    """Print the file that holds them; it need not be there."""
    print(defaults.path())


@config.command("list")
def list_(as_json: JsonOption = False) -> None:
    """Print all that are set."""
    from latentrack.commands.terminal import print_json, say

    said = _checked(defaults.read())
    if as_json:
        print_json(said)
        return
    for key, value in _flat(said):
        print(f"{key} = {_text(value)}")
    if not said:
        say(f"Nothing is set in {defaults.path()}; `latentrack config set NAME VALUE` does that.")


@config.command()
def get(key: KeyArgument, as_json: JsonOption = False) -> None:
    """Print one."""
    from latentrack.commands.terminal import print_json

    name, _ = _known(key)
    values = dict(_flat(_checked(defaults.read())))
    if name not in values:
        raise UserError(f"{name} is not set: the command's own default holds.")
    print_json(values[name]) if as_json else print(values[name])


@config.command("set")
def set_(
    key: KeyArgument,
    values: Annotated[
        list[str],
        typer.Argument(metavar="VALUE...", help="Its value; several for one that is a list."),
    ],
) -> None:
    """Set one. The rest of the file stays as it is, comments too."""
    from latentrack.commands.terminal import say

    name, option = _known(key)
    if len(values) > 1 and not option.several:
        raise UserError(f"{name} has one value, not {len(values)}: put a text in quotes.")
    try:
        parsed = [option.parsed(value) for value in values]
    except ValueError as error:
        raise UserError(f"{name} cannot be {' '.join(values)}: it has to be {error}.") from None
    # What may be said several times is a list already.
    value = [each for one in parsed for each in one] if option.several else parsed[0]  # type: ignore[attr-defined]
    document = _document()
    command, dot, last = name.rpartition(".")
    if dot and command not in document:
        document[command] = {}
    (document[command] if dot else document)[last] = value
    _write(document)
    say(f"{name} is {_text(value)} from now on.")


@config.command()
def unset(key: KeyArgument) -> None:
    """Forget one: the command's own default holds again."""
    from latentrack.commands.terminal import say

    name, _ = _known(key)
    command, dot, last = name.rpartition(".")
    document = _document()
    holder = document.get(command, {}) if dot else document
    found = next((each for each in holder if each.replace("_", "-") == last), None)
    if found is None:
        raise UserError(f"{name} is not set: there is nothing to forget.")
    del holder[found]
    if dot and not holder:
        del document[command]
    _write(document)
    say(f"{name} is not set any more.")


# -- what the file may say ------------------------------------------------------------------------


def _commands() -> list[str]:
    from latentrack.cli import COMMANDS

    return sorted(name for names in COMMANDS.values() for name in names if name != "config")


def _options(command: str) -> dict[str, defaults.Option]:
    from latentrack.cli import with_common_options

    module = import_module(f"latentrack.commands.{command}")
    return defaults.options_of(with_common_options(getattr(module, command)))


def _known(key: str) -> tuple[str, defaults.Option]:
    """A setting's name as it is written, and its option. Raises UserError for an unknown one."""
    command, dot, last = key.rpartition(".")
    last = last.replace("_", "-")
    if not dot:
        if last not in defaults.GLOBAL:
            hint = defaults.nearest(last, [*defaults.GLOBAL, *_commands()])
            raise UserError(f"No setting is called {key}{hint}: name one such as train.epochs.")
        return last, _options("push")[last]
    if command not in _commands():
        raise UserError(f"No command is called {command}{defaults.nearest(command, _commands())}.")
    known = _options(command)
    if last not in known:
        hint = defaults.nearest(last, known)
        raise UserError(f"`latentrack {command}` has no setting {last}{hint}.")
    return f"{command}.{last}", known[last]


def _checked(said: dict[str, Any]) -> dict[str, Any]:
    """What the file says. Raises UserError if any of it is unknown or not a value."""
    defaults.defaults_of("", _options("push"), said, _commands())
    for command in said:
        if command not in defaults.GLOBAL:
            defaults.defaults_of(command, _options(command), said, _commands())
    return said


def _flat(said: dict[str, Any]) -> list[tuple[str, Any]]:
    found = [(key, value) for key, value in said.items() if not isinstance(value, dict)]
    for command, values in said.items():
        if isinstance(values, dict):
            found += [(f"{command}.{key.replace('_', '-')}", v) for key, v in values.items()]
    return found


def _text(value: object) -> str:
    import tomlkit

    return tomlkit.item(value).as_string()


# -- the file -------------------------------------------------------------------------------------


def _document() -> Any:
    """The file as tomlkit has it, with its comments. Raises UserError if any of it is wrong."""
    import tomlkit

    _checked(defaults.read())
    file = defaults.path()
    return tomlkit.parse(file.read_text()) if file.is_file() else tomlkit.document()


def _write(document: Any) -> None:
    import tomlkit

    from latentrack.files import atomic_write

    file = defaults.path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{file.parent} cannot be made ({error.strerror}): name a folder you may write to in "
            "XDG_CONFIG_HOME."
        ) from None
    with atomic_write(file, "the settings") as opened:
        opened.write(tomlkit.dumps(document).encode())
