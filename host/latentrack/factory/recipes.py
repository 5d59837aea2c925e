"""The factory models, each declared once: what it is trained on, and how."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from latentrack.errors import UserError
from latentrack.playing.kinds import Kind
from latentrack.words import listed

LATENTS = 4
"""One for each of the knobs X, Y, Z and W."""
STEPS = 3_000
"""Enough batches to learn fifty bars by heart. More bars need more, and so do bars that differ much
from each other."""


@dataclass(frozen=True)
class Recipe:
    """How one factory model is made.

    name: of its file and on the module; ASCII letters and digits.  kind: whose demo corpus.
    styles: of that corpus, as its files name them; () is all.  decoder_layers: sizes, from the
    latents to the cells.  steps: batches of 16 sequences.  latents: of the hits.  feel: see
    `model.settings`.  precision: of the weights, see `decoder.precision`.
    """

    name: str
    kind: Kind
    styles: tuple[str, ...]
    decoder_layers: tuple[int, ...]
    steps: int = STEPS
    latents: int = LATENTS
    feel: str = "none"
    precision: str = "int8"


def _drums(name: str, *styles: str) -> Recipe:
    return Recipe(name, Kind.DRUMS, styles, (64, 128))


def _notes(name: str, *styles: str, steps: int = STEPS) -> Recipe:
    return Recipe(name, Kind.NOTES, styles, (64, 96), steps)


def _rhythm(
    name: str, *styles: str, layers: tuple[int, ...] = (48, 64), steps: int = STEPS
) -> Recipe:
    # With velocity and timing of so few cells a file is still small; of drums it would not be.
    return Recipe(name, Kind.RHYTHM, styles, layers, steps, feel="auto")


RECIPES = (
    Recipe("drums", Kind.DRUMS, (), (96, 192), steps=20_000),
    _drums("house", "house", "disco", "techno", "minimal"),
    _drums("electro", "electro", "synth pop", "motorik", "new jack swing"),
    _drums("hiphop", "boom bap", "dilla", "trap", "dubstep"),
    _drums("breaks", "breakbeat", "jungle", "drum and bass", "uk garage"),
    _drums("club", "footwork", "jersey club", "gqom", "amapiano", "baile funk"),
    _drums("funk", "funk", "soul", "motown", "gospel", "go-go"),
    _drums("rock", "rock", "punk", "metal", "train beat", "bo diddley"),
    _drums("swing", "swing", "shuffle", "second line", "klezmer"),
    _drums("latin", "son cubano", "songo", "cumbia", "merengue", "tango"),
    _drums("brazil", "samba", "bossa nova", "baiao", "baile funk"),
    _drums("africa", "afrobeat", "bembe", "maqsum", "amapiano", "gqom"),
    _drums("island", "dub", "ska", "dancehall", "soca", "reggaeton"),
    _notes("bass", "funk bass", "disco bass", "dub bass", "walking bass"),
    _notes(
        "synthbass",
        *("acid bass", "house bass", "techno rumble", "synthwave bass", "trap 808"),
        "drum and bass bass",
        steps=5_000,
    ),
    _notes(
        "arpeggios",
        *("arpeggio up", "arpeggio down", "arpeggio up and down", "alberti", "broken chords"),
        *("sequencer", "pentatonic arpeggio"),
        steps=5_000,
    ),
    _notes(
        "leads",
        *("blues lead", "dorian lead", "hijaz lead", "lydian lead", "pentatonic lead"),
        "phrygian lead",
    ),
    _notes("chords", "pads", "stabs", "house chords", "dub skanks", "quartal"),
    _rhythm("rhythms", layers=(64, 96), steps=20_000),
    _rhythm(
        "claves",
        *("son clave", "rumba clave", "bossa nova", "tresillo", "habanera", "tumbao"),
    ),
    _rhythm("bells", "bell in four", "timeline", "samba", "baiao", "second line"),
    _rhythm(
        "machines",
        *("techno", "house", "footwork", "dembow", "jersey club", "uk garage", "breakbeat"),
        *("drum and bass", "boom bap", "electro", "one drop"),
        steps=6_000,
    ),
    _rhythm(
        "numbers",
        *("euclidean", "polymeter", "process", "phase", "morse", "stutter"),
        steps=6_000,
    ),
)
"""Those of a kind stand together; the one of the whole corpus, if there is one, comes first."""

FIRST = ("house", "funk", "breaks", "bass", "arpeggios", "claves")
"""What a module with an empty library gets when Latentrack is installed; it plays the first."""

BY_NAME = MappingProxyType({recipe.name: recipe for recipe in RECIPES})


def recipe_named(name: str) -> Recipe:
    """The recipe of a factory model. UserError if there is none."""
    if name not in BY_NAME:
        raise UserError(f"There is no factory model {name!r}: choose {listed(BY_NAME, 'or')}.")
    return BY_NAME[name]
