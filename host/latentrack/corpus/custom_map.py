"""Read a custom percussion map from a TOML file.

    name = "my kit"
    accent_from = 100       # the velocity that makes an accent; 96 if left out

    [[group]]               # a group is one trigger output
    kick = [35, 36]

    [[group]]               # several voices in a group, from low to high: an accent output too
    "closed hat" = [42, "pedal hat"]
    "open hat" = [46]

    [[group]]               # a voice for soft hits and one for loud ones
    snare = { pitches = [38, 40], accent = false }
    "snare accent" = { pitches = [38, 40], accent = true }

A pitch is a MIDI number, or a name of `percussion.INSTRUMENTS`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from latentrack.corpus.percussion import MAPS, PITCHES, MapVoice, PercussionMap
from latentrack.errors import UserError
from latentrack.limits import read_toml
from latentrack.playing.voices import ACCENT_FROM
from latentrack.words import count

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MOST_VOICES = 255  # what a model file has room for


def percussion_map(name: str | os.PathLike[str]) -> PercussionMap:
    """A map by its name (see MAPS), or from a TOML file. Raises UserError."""
    if str(name) in MAPS:
        return MAPS[str(name)]
    path = Path(name)
    known = ", ".join(MAPS)
    try:
        told = read_toml(path)
    except OSError as error:
        raise UserError(
            f"There is no percussion map {name} ({error.strerror or error}): name one of {known}, "
            "or a TOML file of your own."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not a text file: name a TOML file, or one of {known}."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not right TOML ({error}): mend it there.") from error
    except ValueError as error:
        raise UserError(f"{path} {error}: name a TOML file of a percussion map.") from error
    try:
        return _build(told, path.stem)
    except ValueError as error:
        raise UserError(f"The percussion map {path} is not right: {error}.") from error


def _build(told: dict[str, Any], name: str) -> PercussionMap:
    unknown = set(told) - {"name", "accent_from", "group"}
    if unknown:
        raise ValueError(f'"{min(unknown)}" means nothing; there are name, accent_from, [[group]]')
    groups = told.get("group")
    if not isinstance(groups, list) or not groups or not all(isinstance(g, dict) for g in groups):
        raise ValueError("it has no groups; write [[group]] and under it voices and their pitches")
    accent_from = told.get("accent_from", ACCENT_FROM)
    if type(accent_from) is not int or not 1 <= accent_from <= 127:
        raise ValueError("accent_from is a velocity, 1 to 127")
    made = []
    names: set[str] = set()
    for number, group in enumerate(groups, start=1):
        if not group:
            raise ValueError(f"group {number} has no voices")
        if names & set(group):
            raise ValueError(f'two voices are called "{min(names & set(group))}"')
        names |= set(group)
        made.append(tuple(_voice(voice, what) for voice, what in group.items()))
    if len(names) > _MOST_VOICES:
        raise ValueError(f"it has {count(len(names), 'voice')}, more than {_MOST_VOICES}")
    return PercussionMap(str(told.get("name", name)), tuple(made), accent_from)


def _voice(name: str, what: Any) -> MapVoice:
    accent = None
    if isinstance(what, dict):
        if set(what) - {"pitches", "accent"} or not isinstance(what.get("accent", False), bool):
            raise ValueError(f'voice "{name}" takes pitches = […] and accent = true or false')
        accent, what = what.get("accent"), what.get("pitches")
    if not isinstance(what, list) or not what:
        raise ValueError(f'voice "{name}" has no pitches; write "{name}" = [36, …]')
    return MapVoice(name, tuple(_pitch(name, pitch) for pitch in what), accent)


def _pitch(voice: str, told: Any) -> int:
    if isinstance(told, str) and told in PITCHES:
        return PITCHES[told]
    if type(told) is int and 0 <= told <= 127:
        return told
    raise ValueError(
        f'voice "{voice}" names the pitch {told!r}; write a MIDI number from 0 to 127, or a name '
        'such as "closed hat"'
    )
