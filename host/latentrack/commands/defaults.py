"""The user's defaults: a TOML file with values for the options of commands.

    port = "rack"            all commands that talk to a module
    [train]
    epochs = 200             as --epochs of `latentrack train`

What is typed comes before the environment, that before this file, that before what the help says.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from latentrack.errors import UserError
from latentrack.words import listed

# Options of all commands, and of all that talk to a module: they stand above the first [section].
PORT = "port"
GLOBAL = (PORT, "quiet", "verbose")
_PORT_VARIABLE = "LATENTRACK_PORT"
# What belongs to one call of a command, and would spoil the others.
_ONCE = ("--output", "--json", "--demo", "--name", "--dry-run", "--report", "--follow")
_MOST_BYTES = 1_000_000


def path() -> Path:
    """The file, which need not be there."""
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "latentrack" / "config.toml"


@dataclass(frozen=True)
class Option:
    """An option that may have a default in the file."""

    key: str
    """Its long name without dashes in front: "batch-size"."""
    parameter: str
    """The name of the command's parameter in Python."""
    kind: type
    """bool, int, float or str."""
    several: bool
    """Whether it may be said more than once: its value is a list."""
    least: float | None
    most: float | None
    is_port: bool

    def checked(self, value: object) -> object:
        """The value as the command takes it. Raises ValueError, which says what it has to be."""
        if self.several:
            values = value if isinstance(value, list) else [value]
            return [self._one(each) for each in values]
        return self._one(value)

    def _one(self, value: object) -> object:
        takes = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}[self.kind]
        word = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
        if not isinstance(value, takes) or (isinstance(value, bool) and self.kind is not bool):
            raise ValueError(word[self.kind])
        if isinstance(value, (int, float)):
            low, high = self.least, self.most
            if (low is not None and value < low) or (high is not None and value > high):
                limits = [f"at least {low:g}"] if low is not None else []
                limits += [f"at most {high:g}"] if high is not None else []
                raise ValueError(listed(limits))
        return value

    def parsed(self, text: str) -> object:
        """A value as typed. Raises ValueError, which says what it has to be."""
        if self.kind is bool:
            words = {"true": True, "yes": True, "on": True, "1": True}
            words |= {"false": False, "no": False, "off": False, "0": False}
            return self.checked(words.get(text.lower(), text))
        if self.kind is str:
            return self.checked(text)
        try:
            number: object = int(text) if self.kind is int else float(text)
        except ValueError:
            number = text
        return self.checked(number)


def options_of(function: Callable[..., None]) -> dict[str, Option]:
    """The options of a command that may have a default in the file, by key."""
    found = {}
    for name, hint in get_type_hints(function, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        base, info = get_args(hint)[:2]
        if type(info).__name__ != "OptionInfo":
            continue
        # Within Annotated, typer takes the first name for the default.
        names = [info.default, *(info.param_decls or ())]
        declared = [word.split("/")[0] for word in names if isinstance(word, str)]
        long = next((word for word in declared if word.startswith("--")), None)
        long = long or f"--{name.replace('_', '-')}"
        if long in _ONCE:
            continue
        plain, several = _plain(base)
        port = info.envvar == _PORT_VARIABLE
        found[long[2:]] = Option(long[2:], name, plain, several, info.min, info.max, port)
    return found


def _plain(hint: Any) -> tuple[type, bool]:
    """bool, int, float or str for an annotation, and whether it is a list of them."""
    if get_origin(hint) is list:
        return _plain(get_args(hint)[0])[0], True
    for part in get_args(hint):
        if part is not type(None):
            return _plain(part)
    return (hint if hint in (bool, int, float) else str), False


# -- the file -------------------------------------------------------------------------------------


def read() -> dict[str, Any]:
    """What the file says, {} if there is none. Raises UserError if it cannot be read as TOML."""
    file = path()
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UserError(f"{file} is too large for a list of defaults: is it another file?")
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UserError(
            f"{file} cannot be read ({error.strerror}): mend it, or move it away."
        ) from None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{file} is not TOML ({' '.join(str(error).split())}): mend it, or move it away."
        ) from None


def defaults_of(
    command: str, known: Mapping[str, Option], said: Mapping[str, Any], commands: Iterable[str]
) -> dict[str, object]:
    """A command's defaults by parameter. Raises UserError for what is unknown or not a value."""
    commands = sorted(commands)
    for key, value in said.items():
        if isinstance(value, dict):
            if key not in commands:
                raise UserError(f"{path()}: no command is called {key}{nearest(key, commands)}.")
        elif key not in GLOBAL:
            raise UserError(
                f"{path()}: {key} is not a setting of all commands{nearest(key, GLOBAL)}. What "
                "belongs to one stands below its name, such as [train]."
            )
    values: dict[str, object] = {}
    for key in GLOBAL:
        if key in said and key in known and (key != PORT or known[key].is_port):
            values[known[key].parameter] = _value(key, known[key], said[key])
    for key, value in said.get(command, {}).items():
        option = known.get(key.replace("_", "-"))
        if option is None:
            raise UserError(
                f"{path()}: `latentrack {command}` has no default for {key}{nearest(key, known)}."
            )
        values[option.parameter] = _value(f"{command}.{key}", option, value)
    return values


def nearest(word: str, words: Iterable[str]) -> str:
    """ "; did you mean X?", or nothing, to stand at the end of a sentence."""
    close = get_close_matches(word, list(words), 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _value(key: str, option: Option, value: object) -> object:
    try:
        return option.checked(value)
    except ValueError as error:
        raise UserError(f"{path()}: {key} is {value!r}, and has to be {error}.") from None
