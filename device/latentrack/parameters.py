"""Every parameter there is, in one table: what the prompt, the screen, knobs, CV and presets know.

A track's parameters are read and set by name in their own unit (`track.length = 12`). To add one,
add its line here, and, if latentcore does not know it, its method in track.py. Nothing else on the
module lists them. The host runs this very file (host/latentrack/playing/parameters.py), so it must
need nothing of MicroPython when it is run; what the studio and OSC offer of a parameter is chosen
there (osc/controls.py, studio/explore/). The tempo is the clock's, not a track's.

    name, title on the screen, least, most, at first, what it does in a line
    unit     what its number means
    whole    whole numbers only
    choices  names for 0, 1, 2, ...; its value is then the name
    curve    a knob covers it evenly in ratios, not in steps
    core     it goes to latentcore.set() as this parameter, times `factor`
    method   or Track._apply_<method> brings it there (listed in track.py, _METHODS)
    builds   it is heard in the next pattern that is built, so one is built; False where the method
             asks for that itself
"""

# An error names all choices up to so many, and of more the nearest.
MOST_LISTED = 14


class Parameter:
    """One line of the table."""

    def __init__(
        self, name, title, least, most, default, about,
        unit="", whole=False, choices=None, curve=False, core=None, factor=1, method=None,
        builds=False,
    ):  # fmt: skip
        self.name = name
        self.title = title
        self.least = least
        self.most = most
        self.default = default
        self.about = about
        self.unit = unit
        self.whole = whole or choices is not None
        self.choices = choices
        self.curve = curve
        self.core = core
        self.factor = factor
        self.method = method
        self.builds = builds
        # Which row of its table it is, from 0; `properties` in values.py sets it.
        self.row = None

    def __repr__(self):
        return f"<{self.name}: {self.about}>"

    def number(self, value):
        """The number behind a value as people give it; ValueError says what it may be."""
        if self.choices is not None and isinstance(value, str):
            if value not in self.choices:
                if len(self.choices) > MOST_LISTED:
                    # Here, for this file knows no other: a computer reads it, too.
                    from latentrack.names import hint

                    raise ValueError(f"{self.name} cannot be {value}{hint(value, self.choices)}")
                raise ValueError("{} is {}, not {}".format(
                    self.name, " or ".join(self.choices), value))  # fmt: skip
            return self.choices.index(value)
        if self.whole:
            if value != int(value):
                raise ValueError(f"{self.name} is a whole number")
            value = int(value)
        else:
            value = float(value)
        if not self.least <= value <= self.most:
            raise ValueError(f"{self.name} goes from {self.least} to {self.most}, not to {value}")
        return value

    def value(self, number):
        """What people are given for that number: a choice's name, or the number itself."""
        return number if self.choices is None else self.choices[number]

    def from_position(self, position):
        """The number for a knob's position, 0 to 1."""
        if position < 0:
            position = 0
        elif position > 1:
            position = 1
        if self.whole:
            count = self.most - self.least + 1
            index = int(position * count)
            return self.least + (index if index < count else count - 1)
        if self.curve:
            return self.least * (self.most / self.least) ** position
        return self.least + (self.most - self.least) * position

    def to_position(self, value):
        """The knob's position for this value, 0 to 1; of a whole number, amid its range."""
        number = self.choices.index(value) if isinstance(value, str) else value
        if self.whole:
            return (number - self.least + 0.5) / (self.most - self.least + 1)
        if self.curve:
            from math import log

            return log(number / self.least) / log(self.most / self.least)
        return (number - self.least) / (self.most - self.least)

    def text(self, number):
        """For the screen: short, with its unit."""
        if self.choices is not None:
            return self.choices[number]
        if self.whole:
            return f"{number}{self.unit}"
        if self.unit == "%":
            return f"{number:.0f}%"
        return f"{number:.2f}{self.unit}"


OFF_ON = ("off", "on")
KEYS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# How scales sound is in scales.py, in this order.
SCALES = (
    "chromatic", "major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian",
    "harmonic", "major5", "minor5", "blues", "whole", "diminished",
)  # fmt: skip
VOICES = 8
PITCHES = 8
_P = Parameter


def _numbered(count, name, title, least, most, defaults, about, **more):
    return tuple(
        _P(name + str(i + 1), f"{title} {i + 1}", least, most, defaults[i],
           about.format(i + 1), **more)
        for i in range(count)
    )  # fmt: skip


# What one track has. They come to the screen and to the knobs in fours, in this order: those of a
# screen are about one thing.
TRACK = (
    _P("x", "X", -1, 1, 0, "position along the first latent, of its whole scale", method="latents"),
    _P("y", "Y", -1, 1, 0, "position along the second latent", method="latents"),
    _P("z", "Z", -1, 1, 0, "position along the third latent", method="latents"),
    _P("w", "W", -1, 1, 0, "position along the fourth latent, if the model has one",
       method="latents"),
    _P("threshold", "Threshold", 0, 1, 0.5, "how probable a hit must be to sound",
       core="THRESHOLD", builds=True),
    _P("chaos", "Chaos", 0, 1, 0, "how far the dice carry it away from X, Y, Z, W",
       method="latents"),
    _P("dice", "Dice", 0, 99, 0, "which throw of the dice chaos uses", whole=True,
       method="latents"),
    _P("skip", "Skip", 0, 1, 0, "how probable it is that a step is left out",
       core="SKIP", factor=100),
    _P("feel_x", "Feel X", -1, 1, 0,
       "position along the feel's first latent, if the model has a feel", method="latents"),
    _P("feel_y", "Feel Y", -1, 1, 0,
       "position along the feel's second latent, if the model has a feel", method="latents"),
    _P("feel", "Feel", 0, 200, 100,
       "how much of the learned timing is heard, if the model has a feel",
       unit="%", core="FEEL"),
    _P("dynamics", "Dynamics", 0, 200, 100,
       "how much of the learned dynamics is heard, if the model has a feel",
       unit="%", core="DYNAMICS", builds=True),
    _P("length", "Length", 0, 128, 0, "steps of a bar; 0: as many as the model has",
       whole=True, core="LENGTH"),
    _P("rotation", "Rotation", 0, 127, 0, "the bar begins this many steps later",
       whole=True, core="ROTATION"),
    _P("division", "Division", 1, 32, 1, "clock edges a step", whole=True, core="DIVISION"),
    _P("swing", "Swing", 50, 75, 50, "share of two steps that the first takes; 50: straight",
       unit="%", core="SWING"),
    _P("gate", "Gate", 1, 1000, 10, "how long a gate is, at most 3/4 of a step",
       unit="ms", curve=True, core="GATE_US", factor=1000),
    _P("gate_part", "Gate part", 0, 100, 0, "if not 0: how long a gate is, of the step",
       unit="%", core="GATE_PART"),
    _P("gate_velocity", "Gate velocity", 0, 100, 0,
       "how far soft hits have shorter gates, if the model has a feel",
       unit="%", core="GATE_VELOCITY"),
    _P("accent", "Accent", 0, 1, 0,
       "what accents say: how loud, if the model has a feel, or always which drum",
       choices=("velocity", "drum"), core="ACCENT", builds=True),
    _P("notes", "Notes", 1, 4, 4, "most notes at once, in notes mode", whole=True,
       method="routes", builds=True),
    _P("keep", "Keep", 0, 1, 1, "a note that goes on stays at its jack",
       choices=OFF_ON, core="KEEP", builds=True),
    _P("scale", "Scale", 0, len(SCALES) - 1, 0, "notes are moved to the nearest of this scale",
       choices=SCALES, method="pitch_table", builds=True),
    _P("root", "Root", 0, 11, 0, "the scale's first note", choices=KEYS, method="pitch_table",
       builds=True),
    _P("transpose", "Transpose", -48, 48, 0, "semitones up or down, before the scale",
       whole=True, method="pitch_table", builds=True),
    _P("lowest", "Lowest", 0, 9, 0, "lowest octave; what is below goes up by octaves",
       whole=True, method="pitch_table", builds=True),
    _P("octaves", "Octaves", 1, 11, 11, "how many octaves; what is above goes down by octaves",
       whole=True, method="pitch_table", builds=True),
    _P("pitches", "Pitches", 1, PITCHES, 4, "how many of the pitches a rhythm steps through",
       whole=True, method="pitch_table", builds=True),
) + _numbered(
    VOICES, "density", "Density", 0, 1, [0.5] * VOICES,
    "how readily voice {} sounds: a drum, or a quarter of the notes from low to high",
    method="densities", builds=True,
) + _numbered(
    PITCHES, "pitch", "Pitch", 0, 127, (36, 39, 43, 46, 48, 51, 55, 58),
    "note {} of those a rhythm steps through, hit by hit",
    whole=True, method="pitch_table", builds=True,
) + (
    # Two that have buttons on every page, and two that are set once for a model or a patch.
    _P("follow", "Follow", 0, 2, 0, "new patterns at the bar, at every step, or by hand (hold)",
       choices=("bar", "step", "hold"), method="follows"),
    _P("freeze", "Freeze", 0, 1, 0, "what plays goes on, whatever is turned",
       choices=OFF_ON, method="follows"),
    _P("mode", "Mode", 0, 3, 0, "how the model is played; auto: as it says itself",
       choices=("auto", "drums", "notes", "rhythm"), core="MODE", method="routes", builds=True),
    _P("jacks", "Jacks", 0, 4, 0, "outputs; auto: all, or half when both tracks have a model",
       choices=("auto", "all", "1-4", "5-8", "off"), method="routes", builds=True),
    _P("morph", "Morph", 0, 1, 0, "how far the model is blended into its partner, if it has one",
       method="latents"),
)  # fmt: skip

TRACKS = 2
PRESETS = 16
# The knobs that boards have beside each other: a list page has a line for each. A board may have a
# fifth, "w"; on others the left encoder of the play page turns W.
KNOBS = ("x", "y", "z", "threshold")
CV_INPUTS = KNOBS + ("5", "6", "7", "8")
# What CV inputs move at first; the others nothing.
_CV_AT_FIRST = {"x": "x", "y": "y", "z": "z", "threshold": "threshold", "5": "w"}
# What a CV input or, but for the last, a trigger can be assigned to: "1.length" is the first
# track's length.
TARGETS = (
    ("off",)
    + tuple(f"{track + 1}.{entry.name}" for track in range(TRACKS) for entry in TRACK)
    + ("patch.preset_morph",)
)
# "tap 1" to "tap 8": a voice is played in; "play in" begins that and ends it.
TAPS = tuple(f"tap {voice + 1}" for voice in range(VOICES))
ACTIONS = ("off", "decode", "reset", "pause", "play in") + TAPS + TARGETS[1:-1]


def _cv_input(name):
    first = TARGETS.index("1." + _CV_AT_FIRST[name]) if name in _CV_AT_FIRST else 0
    title = name[0].upper() + name[1:]
    return (
        _P("cv_" + name, "CV " + title, -1, 1, 1,
           f"attenuverter of CV input {name}; at 1, 10 V are the whole way"),
        _P(f"cv_{name}_to", f"CV {title} to", 0, len(TARGETS) - 1, first,
           f"what CV input {name} moves", choices=TARGETS),
    )  # fmt: skip


# What all tracks share: where CV inputs and triggers go.
PATCH = sum((_cv_input(name) for name in CV_INPUTS), ()) + (
    _P("trigger_3", "Trigger 3", 0, len(ACTIONS) - 1, 1,
       "what trigger input 3 does; a parameter moves on by one", choices=ACTIONS),
    _P("trigger_4", "Trigger 4", 0, len(ACTIONS) - 1, 0,
       "what trigger input 4 does; a parameter moves on by one", choices=ACTIONS),
    _P("knobs", "Knobs", 0, 1, 0,
       "which way the knobs turn: as the board's table says, or all the other way round",
       choices=("normal", "reversed")),
    _P("preset_morph", "Preset morph", 0, 1, 0,
       "how far from one preset to another: presets.morph(1, 2)"),
)  # fmt: skip
