"""Save and load the rules: rules.json in the studio's folder, and the percussion maps it names."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from latentrack.corpus.custom_map import percussion_map
from latentrack.corpus.percussion import MAPS
from latentrack.corpus.rules import Rules
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.limits import TEXT_BYTES, read_file, read_json
from latentrack.studio.workspace import Workspace

MAP = "map"  # key in rules.json: the name of a built-in percussion map or of a file in maps/
DEFAULT_MAP = Rules().percussion.name


def rules_file(workspace: Workspace) -> Path:
    """Return the path of rules.json in a workspace."""
    return workspace.folder / "rules.json"


def save_rules(path: Path, rules: Rules, map_name: str) -> None:
    """Write the rules and the name of their percussion map. Raises UserError if that fails."""
    told: dict[str, Any] = {
        field.name: getattr(rules, field.name)
        for field in fields(rules)
        if field.name != "percussion"
    }
    with atomic_write(path, "the rules") as file:
        file.write(json.dumps({MAP: map_name, **told}, indent=1).encode())


def load_rules(path: Path, maps: Path) -> tuple[Rules, str]:
    """Return the rules and their map's name; the defaults if the file is missing or invalid."""
    try:
        told = read_json(read_file(path, TEXT_BYTES))
        map_name = str(told.pop(MAP, DEFAULT_MAP))
        known = {field.name for field in fields(Rules)} - {"percussion"}
        right = {name: value for name, value in told.items() if name in known}
        return Rules(percussion=map_named(maps, map_name), **right), map_name
    except (OSError, ValueError, TypeError, AttributeError, UserError):
        return Rules(), DEFAULT_MAP


def map_names(maps: Path) -> list[str]:
    """Return the names of the built-in maps, then of the custom percussion maps in `maps`."""
    return [*MAPS, *sorted(file.name for file in maps.glob("*.toml"))]


def map_named(maps: Path, name: str) -> Any:
    """Return the PercussionMap of a name of `map_names`. Raises UserError if it is invalid."""
    return percussion_map(name if name in MAPS else maps / Path(name).name)
