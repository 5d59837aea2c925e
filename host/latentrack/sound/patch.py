"""Which sound each jack of a module plays: drum voices and synthesizer voices, patched to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latentrack.decoder.metadata import (
    DecoderInfo,
    Extras,
    parse_info,
    read_extras,
    read_feel_latents,
    read_model_bytes,
)
from latentrack.playing.kinds import Kind
from latentrack.sound.names import sound_of

if TYPE_CHECKING:
    from latentrack.virtual.boards import Board
    from latentrack.virtual.panel import Report

_MIDDLE_C = 60  # the MIDI note at 0 V of 1 V an octave
_NOTES = 4  # pairs of a trigger (from jack 0) and a pitch (from jack 4)
_RHYTHM_TRIGGER, _RHYTHM_PITCH = 0, 1
_SOFTEST = 0.35
_PLAIN = 0.75  # the level of a hit without an accent
_GROUPS = ("kick", "snare", "tom", "closed hat", "ride")


@dataclass(frozen=True)
class Hit:
    """A sound that begins at a time of the module.

    sound, hertz: as `names.sound_of` returns them.  level: 0 to 1.  time_us: microseconds.
    """

    sound: str
    hertz: float
    level: float
    time_us: int


class Patch:
    """The patch of one model on a board. Give it every report of the panel, in their order.

    The jacks are those of the modes drums, notes and rhythm with one track that has all outputs.
    """

    def __init__(self, board: Board, file: Path) -> None:
        """Read what the voices are. UserError if the file is not a model."""
        data = read_model_bytes(file)
        info, extras = parse_info(str(file), data), read_extras(data)
        self._kind = next((kind for kind in Kind if kind.code == info.kind), Kind.DRUMS)
        self._volts: dict[int, float] = {}
        self._accent_volts = board.ACCENT
        self._by_velocity = read_feel_latents(data) > 0
        self._drums = _drums_at(board, info, extras)

    def hears(self, report: Report) -> Hit | None:
        """The sound that begins with this report; None if none does."""
        if report.kind == "step":
            return None
        self._volts[report.jack] = report.value
        if report.kind != "rise":
            return None
        if self._kind == Kind.DRUMS:
            return self._drum(report)
        if self._kind == Kind.NOTES:
            pitch_jack = report.jack + _NOTES if report.jack < _NOTES else None
        else:
            pitch_jack = _RHYTHM_PITCH if report.jack == _RHYTHM_TRIGGER else None
        if pitch_jack is None:
            return None
        pitch = _MIDDLE_C + round(12 * self._volts.get(pitch_jack, 0.0))
        return Hit(*sound_of(self._kind, "", pitch), _PLAIN, report.time_us)

    def _drum(self, report: Report) -> Hit | None:
        if report.jack not in self._drums:
            return None
        sounds, accent_jack = self._drums[report.jack]
        share = None
        if accent_jack is not None and self._accent_volts:
            share = min(max(self._volts.get(accent_jack, 0.0) / self._accent_volts, 0.0), 1.0)
        if share is None:
            return Hit(*sounds[0], _PLAIN, report.time_us)
        if self._by_velocity:
            return Hit(*sounds[0], _SOFTEST + (1 - _SOFTEST) * share, report.time_us)
        return Hit(*sounds[round(share * (len(sounds) - 1))], _PLAIN, report.time_us)


_Sounds = tuple[tuple[str, float], ...]


def _drums_at(
    board: Board, info: DecoderInfo, extras: Extras
) -> dict[int, tuple[_Sounds, int | None]]:
    """For each trigger's jack: the sounds of its group of drums, and the jack of its accent."""
    found: dict[int, tuple[_Sounds, int | None]] = {}
    triggers = min(len(info.groups), len(_GROUPS))
    first, accents = 0, 0
    for group, size in enumerate(info.groups[:triggers]):
        names = extras.voices[first : first + size] or (_GROUPS[group],)
        first += size
        accent = None
        if size > 1 and len(_GROUPS) + accents < len(board.DRUM_JACKS):
            accent = board.DRUM_JACKS[len(_GROUPS) + accents]
            accents += 1
        sounds = tuple(sound_of(Kind.DRUMS, name, 0) for name in names)
        found[board.DRUM_JACKS[group]] = (sounds, accent)
    return found
