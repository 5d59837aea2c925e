"""Cut one score into sequences: select its parts, give their notes voices, quantise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from latentrack.corpus.bars import Events, quantise_bars
from latentrack.corpus.dataset import HINTS
from latentrack.corpus.drums import drum_parts, kit_shift, named_drums, single_pitch
from latentrack.corpus.harmony import transposition
from latentrack.corpus.midi import Part, Score
from latentrack.corpus.percussion import INSTRUMENTS
from latentrack.corpus.quantised import QuantisedBars, join
from latentrack.corpus.rules import Rules
from latentrack.corpus.unreadable import Unreadable

NO_DRUMS = "no drum part: nothing on channel 10, and nothing that looks like a kit"
NO_PITCHES = "no part but drums"
NO_NOTES = "no notes"
FILTERED = "no part matches the filters"
SHIFTED = "a kit {by} semitones {where}: say --transpose {shift}"
ONE_PITCH = (
    "with all hits on pitch {pitch}, as step sequencers export them: say --kind rhythm, which asks "
    "only when, or map that pitch to a voice with --map"
)


def quantise_score(score: Score, stem: str, rules: Rules) -> QuantisedBars:
    """Cut a score into sequences by the rules.

    stem: the file's name without its suffix; it may show that the score has drums. Raises
    Unreadable if no part is left.
    """
    if not score.parts:
        raise Unreadable(NO_NOTES)
    if rules.kind == "drums" and rules.transpose:
        score = replace(score, parts=tuple(_transposed(p, rules.transpose) for p in score.parts))
    filtered = replace(score, parts=tuple(p for p in score.parts if rules.filter.takes(p)))
    if not filtered.parts:
        raise Unreadable(FILTERED)
    drums = drum_parts(filtered, stem)
    if rules.kind == "notes":
        # The notes of a melody may look like a kit, so only parts named as drums are removed.
        named = named_drums(filtered)
        parts = [p for p in filtered.parts if not p.drums and not any(p is one for one in named)]
        if not parts:
            raise Unreadable(NO_PITCHES)
    elif not drums:
        shifted = _shifted(filtered.parts, score.ticks_per_beat)
        raise Unreadable(f"{NO_DRUMS}, but {shifted}" if shifted else NO_DRUMS)
    else:
        parts = drums

    discarded = Counter(score.passed_over)
    if rules.kind == "drums":
        discarded.update((HINTS, hint) for hint in _hints(parts, score.ticks_per_beat))
    others = score.notes - filtered.notes
    discarded["notes", "of parts that the filters leave out"] += others
    other_kind = "of other parts than the drums" if rules.kind != "notes" else "of drum parts"
    discarded["notes", other_kind] += filtered.notes - sum(len(part.ticks) for part in parts)
    shift = 0
    if rules.kind == "notes" and rules.common_key:
        shift = transposition(np.concatenate([part.pitches for part in parts]))
    together = [parts] if rules.together else [[part] for part in parts]
    each = [
        quantise_bars(
            _events(some, shift, rules, discarded),
            score.signatures,
            score.ticks_per_beat,
            rules.grid,
            rules.noun,
        )
        for some in together
    ]
    joined = join(each)
    return replace(joined, discarded=joined.discarded + discarded)


def _transposed(part: Part, semitones: int) -> Part:
    return replace(part, pitches=np.clip(part.pitches + semitones, 0, 127))


def _hints(drums: Sequence[Part], ticks_per_beat: int) -> Iterator[str]:
    """Yield hints on drums that are readable but probably mapped to the wrong voices."""
    pitch = single_pitch(drums)
    if pitch is not None:
        yield ONE_PITCH.format(pitch=pitch)
    if shifted := _shifted(drums, ticks_per_beat):
        yield "with " + shifted


def _shifted(parts: Sequence[Part], ticks_per_beat: int) -> str:
    """Return the text for a kit that is transposed by some semitones; "" if it is not."""
    shift = kit_shift(parts, ticks_per_beat)
    where = "too high" if shift > 0 else "too low"
    return SHIFTED.format(by=abs(shift), where=where, shift=-shift) if shift else ""


def _events(
    parts: Sequence[Part], shift: int, rules: Rules, discarded: Counter[tuple[str, str]]
) -> Events:
    """Return the notes of parts with their voices; count notes without a voice in `discarded`.

    shift: semitones added to the pitches of notes.
    """
    ticks, pitches, velocities = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("ticks", "pitches", "velocities")
    )
    if rules.kind == "notes":
        return Events(ticks, pitches + shift, velocities)
    voices = rules.map.place(pitches, velocities)
    taken = voices >= 0
    for pitch, count in Counter(pitches[~taken].tolist()).items():
        name = INSTRUMENTS.get(pitch, "no percussion instrument")
        discarded[rules.noun, f"on pitch {pitch} ({name}), which the map does not hold"] += count
    return Events(ticks[taken], voices[taken], velocities[taken])
