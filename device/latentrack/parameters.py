"""Every parameter there is, in one table: what the prompt, the screen, knobs, CV and presets know.

A track's parameters are read and set by name in their own unit (`track.length = 12`). To add one,
add its line here, and, if latentcore does not know it, its method in track.py. Nothing else on the
module lists them. The host runs this very file (host/latentrack/playing/parameters.py), so it must
need nothing of MicroPython when it is run; what the studio and OSC offer of a parameter is chosen
there (osc/controls.py, studio/explore/). The tempo is the clock's: a value of the patch.

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

    # What most lines leave as it is lies here, once: the module's memory is small.
    unit = ""
    whole = curve = builds = False
    choices = core = method = None
    factor = 1
    # Which row of its table it is, from 0; `properties` in values.py sets it.
    row = None
    # Which of several of a kind, from 1; title and about then have a place for it.
    number_of_kind = 0

    def __init__(self, name, title, least, most, default, about, **more):
        self.name = name
        self._title = title
        self.least = least
        self.most = most
        self.default = default
        self._about = about
        for key in more:
            setattr(self, key, more[key])
        if self.choices is not None:
            self.whole = True

    @property
    def title(self):
        """Its name on the screen."""
        return f"{self._title} {self.number_of_kind}" if self.number_of_kind else self._title

    @property
    def about(self):
        """What it does, in a line."""
        return self._about.format(self.number_of_kind) if self.number_of_kind else self._about

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
DIRECTIONS = ("forward", "reverse", "pendulum", "random")
KEYS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# An output, or none.
OUTPUTS = ("off", "1", "2", "3", "4", "5", "6", "7", "8")
# How scales sound is in scales.py, in this order.
SCALES = (
    "chromatic", "major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian",
    "harmonic", "major5", "minor5", "blues", "whole", "diminished",
)  # fmt: skip
# Of the parameter `tuning`: "off", and the names of the files of scales that the module has found.
# Such a list grows and shrinks (files_offered.py); a computer sees "off" alone.
TUNINGS = ["off"]
# The same of the parameter `path` (paths.py), and of the quantiser's `chord`.
PATHS = ["off"]
CHORDS = ["off"]
VOICES = 8
PITCHES = 16
_P = Parameter


def _numbered(count, name, title, least, most, defaults, about, **more):
    return tuple(
        _P(name + str(i + 1), title, least, most, defaults[i], about, number_of_kind=i + 1, **more)
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
    _P("multiply", "Multiply", 1, 8, 1, "steps for each that the division has", whole=True,
       core="MULTIPLY"),
    _P("direction", "Direction", 0, 3, 0, "which way the bar is played", choices=DIRECTIONS,
       core="DIRECTION"),
    _P("takes", "Takes over", 0, 1, 0, "a new pattern takes over at the bar, or at the next step",
       choices=("bar", "step"), core="TAKE"),
    _P("swing", "Swing", 50, 75, 50, "share of two steps that the first takes; 50: straight",
       unit="%", core="SWING"),
    _P("gate", "Gate", 1, 1000, 10, "how long a gate is, at most 3/4 of a step",
       unit="ms", curve=True, core="GATE_US", factor=1000),
    _P("gate_part", "Gate part", 0, 100, 0, "if not 0: how long a gate is, of the step",
       unit="%", core="GATE_PART"),
    _P("gate_velocity", "Gate velocity", 0, 100, 0,
       "how far soft hits have shorter gates, if the model has a feel",
       unit="%", core="GATE_VELOCITY"),
    _P("ratchet", "Ratchet", 1, 4, 1, "most hits of a ratchet; 1: none", whole=True,
       method="fills", builds=True),
    _P("ratchet_chance", "Ratchet chance", 0, 1, 0.25, "how probable a ratchet is",
       core="RATCHET_CHANCE", factor=100, builds=True),
    _P("ratchet_by", "Ratchet by", 0, 1, 0,
       "how many hits: by the throw of the dice, or the more the surer the model is",
       choices=("throw", "certainty"), core="RATCHET_BY", builds=True),
    _P("flam", "Flam", 0, 1, 0, "how probable it is that another hit is a flam",
       core="FLAM", factor=100, builds=True),
    _P("draw", "Draw", 0, 99, 0, "which throw decides chances, ratchets and flams", whole=True,
       method="draws", builds=True),
    _P("draws", "Draws", 0, 1, 0, "that throw repeats, or is another in each bar",
       choices=("repeat", "each bar"), method="draws"),
    _P("fill", "Fill", 0, 1, 0, "density and ratchets are up by the two that follow",
       choices=OFF_ON, method="fills"),
    _P("fill_density", "Fill density", 0, 1, 0.5, "how far a fill moves densities towards always",
       method="fills"),
    _P("fill_ratchet", "Fill ratchet", 1, 4, 2, "most hits of a ratchet in a fill", whole=True,
       method="fills"),
    _P("mute_at", "Mutes at", 0, 1, 0, "mutes take hold at the next step, or at the bar",
       choices=("step", "bar"), core="MUTE_AT"),
    _P("solo", "Solo", 0, 8, 0, "the only voice that is heard; 0: all that are not muted",
       whole=True, method="ways"),
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
    _P("tuning", "Tuning", 0, 0, 0, "a file of /flash/scales that is played instead of the scale",
       choices=TUNINGS, method="pitch_table", builds=True),
    _P("keys", "Keys", 0, 2, 0,
       "notes in a tuning: a degree each, or moved to its nearest; auto: as the file is",
       choices=("auto", "degrees", "nearest"), method="pitch_table", builds=True),
    _P("slew", "Slew", 0, 1000, 0, "how long a pitch takes to glide to the next",
       unit="ms", whole=True, method="slew"),
    _P("velocity_out", "Velocity out", 0, 8, 0, "output that says how loud the track's hits are",
       choices=OUTPUTS, core="VELOCITY_OUT", method="jacks"),
) + _numbered(
    VOICES, "density", "Density", 0, 1, [0.5] * VOICES,
    "how readily voice {} sounds: a drum, or a quarter of the notes from low to high",
    method="densities", builds=True,
) + _numbered(
    PITCHES, "pitch", "Pitch", 0, 127,
    (36, 39, 43, 46, 48, 51, 55, 58, 60, 63, 67, 70, 72, 75, 79, 82),
    "note {} of those a rhythm steps through, hit by hit",
    whole=True, method="pitch_table", builds=True,
) + _numbered(
    VOICES, "mute", "Mute", 0, 1, [0] * VOICES, "voice {} is silent: a drum, or a note at once",
    choices=OFF_ON, method="ways",
) + _numbered(
    VOICES, "chance", "Chance", 0, 1, [1] * VOICES,
    "how probable it is that a hit of voice {} sounds, as it is drawn",
    method="chances", builds=True,
) + _numbered(
    VOICES, "length", "Length", 0, 128, [0] * VOICES,
    "steps in which voice {} goes round by itself; 0: in those of the bar",
    whole=True, method="ways",
) + _numbered(
    VOICES, "shift", "Shift", 0, 127, [0] * VOICES, "voice {} is so many steps ahead",
    whole=True, method="ways",
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
    _P("path", "Path", 0, 0, 0, "a file of /flash/paths along which the position moves",
       choices=PATHS, method="path"),
    _P("path_at", "Path at", 0, 1, 0, "how far along its path it is, if it is moved by hand or CV",
       method="path"),
    _P("path_by", "Path by", 0, 1, 0, "who moves it along its path: hand and CV, or each bar",
       choices=("hand", "bar"), method="path"),
    _P("midi_out", "MIDI out", 0, 16, 0, "the MIDI channel on which its notes go out; 0: none",
       whole=True, method="routes"),
)  # fmt: skip

TRACKS = 2
PRESETS = 16
# The knobs that boards have beside each other: a list page has a line for each. A board may have a
# fifth, "w"; on others the left encoder of the play page turns W.
KNOBS = ("x", "y", "z", "threshold")
CV_INPUTS = KNOBS + ("5", "6", "7", "8")
# What CV inputs move at first; the others nothing.
_CV_AT_FIRST = {"x": "x", "y": "y", "z": "z", "threshold": "threshold", "5": "w"}


class _Targets:
    """Names in order, made when they are asked for: together they would take 15 KB.

    `before` and `after` are the first and the last; between them is each track's each parameter.
    """

    def __init__(self, before, after):
        self._before = before
        self._after = after

    def __len__(self):
        return len(self._before) + TRACKS * len(TRACK) + len(self._after)

    def __getitem__(self, index):
        if index < 0:
            index += len(self)
        if index < len(self._before):
            return self._before[index]
        index -= len(self._before)
        if index < TRACKS * len(TRACK):
            return f"{index // len(TRACK) + 1}.{TRACK[index % len(TRACK)].name}"
        return self._after[index - TRACKS * len(TRACK)]

    def __iter__(self):
        for index in range(len(self)):
            yield self[index]

    def __contains__(self, name):
        for known in self:
            if known == name:
                return True
        return False

    def index(self, name):
        """The place of a name. ValueError: it is none."""
        index = 0
        for known in self:
            if known == name:
                return index
            index += 1
        raise ValueError(name)


# What a CV or trigger input can be: while it is low no clock edge is played.
RUN_GATE = "run gate"
# What a CV input can be assigned to: "1.length" is the first track's length; "slot" recalls the
# preset that the voltage points at. A trigger has actions besides, and of the last three RUN_GATE.
TARGETS = _Targets(("off",), ("slot", RUN_GATE, "patch.preset_morph"))
# "tap 1" to "tap 8": a voice is played in; "play in" begins that and ends it.
TAPS = tuple(f"tap {voice + 1}" for voice in range(VOICES))
PLAIN_ACTIONS = (
    "decode", "reset", "pause", "tap", "run", "mutate", "undo", "redo", "keep", "next_slot",
    "play in",
)  # fmt: skip
# "lock 1" to "lock 8": a voice of the chosen track stays where it is, or follows again.
LOCKS = tuple(f"lock {voice + 1}" for voice in range(VOICES))
ACTIONS = _Targets(("off",) + PLAIN_ACTIONS + TAPS + LOCKS + (RUN_GATE,), ())
# What an output can carry instead of music, and what latentcore.clock_set calls it.
OUTS = ("music", "clock", "clock/2", "clock/4", "clock/8", "clock/16", "reset", "run")
OUT_CODES = (0, 1, 2, 4, 8, 16, 256, 257)


def _cv_input(name):
    first = TARGETS.index("1." + _CV_AT_FIRST[name]) if name in _CV_AT_FIRST else 0
    title = name[0].upper() + name[1:]
    return (
        _P("cv_" + name, "CV " + title, -1, 1, 1,
           f"attenuverter of CV input {name}; at 1, 10 V are the whole way"),
        _P(f"cv_{name}_to", f"CV {title} to", 0, len(TARGETS) - 1, first,
           f"what CV input {name} moves", choices=TARGETS),
    )  # fmt: skip


# What all tracks share: the clock, and where CV inputs and triggers go.
PATCH = (
    _P("tempo", "Tempo", 20, 400, 120, "beats a minute of the own clock", unit=" BPM"),
    _P("clock_from", "Clock from", 0, 2, 0, "the clock: edges at the jack, its own, or MIDI",
       choices=("jack", "own", "midi")),
    _P("run", "Run", 0, 1, 1, "whether the own clock runs", choices=OFF_ON),
    _P("bridge", "Bridge", 0, 4, 0, "how many lost clock edges in a row are made up for",
       whole=True),
    _P("slots_at", "Slots at", 0, 1, 0, "a slot is recalled at the bar, or at once",
       choices=("bar", "step")),
    _P("mutation", "Mutation", 0, 1, 0.15, "how far mutate moves what plays"),
) + sum((_cv_input(name) for name in CV_INPUTS), ()) + (
    _P("trigger_3", "Trigger 3", 0, len(ACTIONS) - 1, 1,
       "what trigger input 3 does; a parameter moves on by one", choices=ACTIONS),
    _P("trigger_4", "Trigger 4", 0, len(ACTIONS) - 1, 0,
       "what trigger input 4 does; a parameter moves on by one", choices=ACTIONS),
    _P("knobs", "Knobs", 0, 1, 0,
       "which way the knobs turn: as the board's table says, or all the other way round",
       choices=("normal", "reversed")),
    _P("preset_morph", "Preset morph", 0, 1, 0,
       "how far from one preset to another: presets.morph(1, 2)"),
    _P("midi_clocks", "MIDI clocks", 1, 24, 6,
       "MIDI clocks an edge, of the 24 of a beat; 6: a sixteenth", whole=True),
    _P("midi_clock", "MIDI clock out", 0, 1, 0, "clock, start and stop go out by MIDI",
       choices=OFF_ON),
    _P("midi_in", "MIDI in", 0, 16, 0, "the MIDI channel that is heard; 0: all", whole=True),
) + _numbered(
    VOICES, "out", "Output", 0, len(OUTS) - 1, [0] * VOICES,
    "what output {} carries: music, or a clock, a reset or a run gate for others",
    choices=OUTS,
)  # fmt: skip

QUANTISER_CHANNELS = 4
# Which notes a channel of the quantiser has; behind the scales those of tracks, their chords, and
# the chord of a file with its scale.
_NOTES = SCALES + tuple(
    f"{what} {track + 1}" for what in ("track", "chord") for track in range(TRACKS)
) + ("file chord", "file scale")  # fmt: skip


def _channel(number):
    return (
        _P(f"in_{number}", f"In {number}", 0, len(CV_INPUTS), 0, "CV input that is quantised",
           choices=("off",) + CV_INPUTS),
        _P(f"out_{number}", f"Out {number}", 0, 8, 0, "output that has its pitch",
           choices=OUTPUTS),
        _P(f"notes_{number}", f"Notes {number}", 0, len(_NOTES) - 1, 0,
           "a scale, a track's, or the notes of a chord: a track's, or a file's", choices=_NOTES),
        _P(f"gate_{number}", f"Gate {number}", 0, 8, 0, "output of a gate at each new note",
           choices=OUTPUTS),
    )  # fmt: skip


# What the quantiser is set to: a screen for each channel, and one for all.
QUANTISER = sum((_channel(i + 1) for i in range(QUANTISER_CHANNELS)), ()) + (
    _P("root", "Root", 0, 11, 0, "the scales' first note", choices=KEYS),
    _P("transpose", "Transpose", -48, 48, 0, "semitones up or down, before the scale",
       whole=True),
    _P("hysteresis", "Hysteresis", 0, 49, 10,
       "how far behind the middle between two notes the other one begins", unit="c", whole=True),
    _P("chord", "Chord", 0, 0, 0, "a chord of a file of /flash/scales", choices=CHORDS),
    _P("chord_on", "Chord on", 0, 24, 0,
       "the step of its scale on which the chord stands; 0: channel 1's note", whole=True),
    _P("slew", "Slew", 0, 1000, 0, "how long a pitch takes to glide to the next",
       unit="ms", whole=True),
)  # fmt: skip
