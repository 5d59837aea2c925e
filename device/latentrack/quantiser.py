"""The quantiser: four channels that move outside CV to notes of a scale, or of a chord that plays.

    in_1      the CV input (any may also modulate a parameter)
    out_1     the output that has its pitch; while it is one, no track has it
    notes_1   a scale; "track 1", that track's scale or tuning; "chord 1", the notes at that track's
              outputs, in all octaves; "file chord", the notes of the parameter `chord`, and "file
              scale", those of the scale that it belongs to
    gate_1    the output of a gate of 10 ms at each new note

The same for channels 2 to 4. Each frame looks at the inputs; a note is left when the input is
nearer to another, by more than the hysteresis.
"""

from array import array

import latentcore

from latentrack import logs, parameters, scales, voicing
from latentrack.parameters import QUANTISER_CHANNELS, SCALES
from latentrack.tuning import MIDDLE
from latentrack.values import Values, properties

NO_GATE = 15
# The values of notes_1 behind the scales: those of tracks, then their chords.
_TRACK = len(SCALES)
_CHORD = _TRACK + parameters.TRACKS
_FILE_CHORD = _CHORD + parameters.TRACKS
_FILE_SCALE = _FILE_CHORD + 1


class Chord:
    """The pitches that stand at a track's outputs, as semitones above C of any octave."""

    def __init__(self, track):
        self._track = track
        self._codes = array("H", [0] * 8)
        self._standing = {}
        self._pattern = self._step = self._jacks = None
        # The pitches, rising; `version` counts their changes.
        self.steps = []
        self.version = 0

    def refresh(self, lines, note_at_0_v):
        """Look at the step that plays; lines: the calibration of the outputs."""
        track = self._track
        pattern, step = latentcore.count(track.number, 4), latentcore.count(track.number, 5)
        if pattern == self._pattern and step == self._step and track.pitch_jacks == self._jacks:
            return
        if track.pitch_jacks != self._jacks:
            self._standing.clear()
        self._pattern, self._step, self._jacks = pattern, step, track.pitch_jacks
        there = latentcore.levels(track.number, self._codes) & track.pitch_jacks
        for jack in range(8):
            if there >> jack & 1:
                volts = lines[jack].volts(self._codes[jack])
                # In 1/256 semitone: a code lies between.
                pitch = int((12 * volts + note_at_0_v) * voicing.SEMITONE + 0.5)
                self._standing[jack] = pitch % (12 * voicing.SEMITONE)
        steps = sorted(pitch / voicing.SEMITONE for pitch in set(self._standing.values()))
        if steps != self.steps:
            self.steps = steps
            self.version += 1

    def nearest(self, note):
        """The pitch that a note moves to; None: nothing stands."""
        return scales.nearest(note, self.steps, 0) if self.steps else None


class FileChord:
    """A chord of a file: degrees of its scale, a Tuning, above the step on which it stands."""

    def __init__(self, quantiser, scale, degrees):
        self._quantiser = quantiser
        self.scale = scale
        self._degrees = degrees
        self._pitch = self._on = self._root = None
        self._base = 0
        # The tones of a period, rising from the scale's first step; `version` counts their changes.
        self.steps = []
        self.version = 0

    def refresh(self, lines, note_at_0_v):
        """Look at the step on which it stands: as is set, or where channel 1 is."""
        numbers = self._quantiser.numbers
        on, root = numbers["chord_on"], numbers["root"]
        pitch = None if on else self._quantiser.pitch_of(0)
        if pitch == self._pitch and on == self._on and root == self._root:
            return
        self._pitch, self._on, self._root = pitch, on, root
        self._base = MIDDLE + root
        self._stand_on(on - 1 if on else 0 if pitch is None else self._degree(pitch))

    # Apart from refresh: a function with an expression like this allocates at each call.
    def _stand_on(self, degree):
        scale = self.scale
        steps = sorted({scale.above(degree + each) % scale.period for each in self._degrees})
        if steps != self.steps:
            self.steps = steps
            self.version += 1

    def _degree(self, pitch):
        """The degree of the scale that is nearest to a pitch, from 0."""
        pitch = (pitch - self._base) % self.scale.period
        best = 0
        for degree in range(len(self.scale.degrees)):
            away = abs(self.scale.degrees[degree] % self.scale.period - pitch)
            if away < abs(self.scale.degrees[best] % self.scale.period - pitch):
                best = degree
        return best

    def nearest(self, note):
        """The pitch that a note moves to."""
        return scales.nearest(note, self.steps, self._base, self.scale.period)


class Channel:
    """One of four: what it has put out, and what for."""

    def __init__(self):
        # Numbers of the jacks, from 0, NO_GATE: none; None: the channel is off.
        self.input = self.out = None
        self.gate = NO_GATE
        self.notes = 0
        self._volts = self._version = None
        # The pitch that stands, in semitones, and the code that was put out last.
        self.pitch = self._code = None

    def arrange(self, source, out, gate, notes):
        """Set where it is; what stands counts as known only at the same output."""
        if out != self.out:
            self._code = None
        self.input, self.out, self.gate, self.notes = source, out, gate, notes
        self.renew()

    def renew(self):
        """Have the input looked at again, without hysteresis."""
        self.pitch = self._volts = None

    def frame(self, quantiser, volts):
        """Put a new note out if the input, a float, or what may sound has changed."""
        chord = quantiser.chord_of(self.notes)
        version = chord.version if chord else None
        # The same float as long as the input gives the same code.
        if volts is self._volts and version == self._version:
            return
        if version != self._version:
            self.pitch = None
        self._volts, self._version = volts, version
        note = 12 * volts + quantiser.note_at_0_v + quantiser.numbers["transpose"]
        pitch = quantiser.nearest(self.notes, note)
        if pitch is None:
            return
        if self.pitch is not None:
            nearer = abs(note - self.pitch) - abs(note - pitch)
            if nearer * 50 <= quantiser.numbers["hysteresis"]:
                return
        self.pitch = pitch
        code = quantiser.code(self.out, pitch)
        if code != self._code:
            latentcore.put(self.out, code, NO_GATE if self._code is None else self.gate)
            self._code = code


class Quantiser(Values):
    """instrument.quantiser: its values are parameters.QUANTISER."""

    TABLE = parameters.QUANTISER

    def __init__(self, instrument):
        super().__init__()
        self._instrument = instrument
        self._changed = True
        self._taken = 0
        self._channels = [Channel() for _ in range(QUANTISER_CHANNELS)]
        self._active = []
        self._chords = [Chord(track) for track in instrument.tracks]
        # The FileChord of the parameter `chord`, or None, and that parameter's value for it.
        self._file_chord = None
        self._file_name = "off"
        self._retuned = [None] * len(instrument.tracks)
        self.note_at_0_v = instrument.board.NOTE_AT_0_V
        self._seal()

    def changed(self, name):
        """Have the next frame arrange the channels again."""
        self._changed = True

    def frame(self):
        """Called once per frame."""
        if self._changed:
            self._changed = False
            self._arrange()
        if not self._active:
            return
        self._look_at_tracks()
        cv = self._instrument.controls.cv
        for channel in self._active:
            if channel.input in cv:
                channel.frame(self, cv[channel.input])

    def _look_at_tracks(self):
        for track in self._instrument.tracks:
            # A new list of pitches comes with each change of scale, root or tuning.
            if track.tuned is not self._retuned[track.number]:
                self._retuned[track.number] = track.tuned
                for channel in self._active:
                    if channel.notes == _TRACK + track.number:
                        channel.renew()
        for channel in self._active:
            chord = self.chord_of(channel.notes)
            if chord:
                chord.refresh(self._instrument.calibration.outputs, self.note_at_0_v)

    def chord_of(self, notes):
        """The Chord or FileChord behind a value of notes_1; None: there is none."""
        if notes == _FILE_CHORD:
            return self._file_chord
        return self._chords[notes - _CHORD] if _CHORD <= notes < _FILE_CHORD else None

    def pitch_of(self, channel):
        """The pitch that a channel, from 0, has put out, in semitones; None: none."""
        return self._channels[channel].pitch

    def nearest(self, notes, note):
        """The pitch that a note moves to; None: there is none."""
        if notes < _TRACK:
            return scales.nearest(note, scales.STEPS[notes], self.numbers["root"])
        if notes == _FILE_SCALE:
            chord = self._file_chord
            return None if chord is None else chord.scale.nearest(note, self.numbers["root"])
        if notes >= _CHORD:
            chord = self.chord_of(notes)
            return None if chord is None else chord.nearest(note)
        track = self._instrument.tracks[notes - _TRACK]
        tuning = track.tuned[1]
        if tuning is None:
            return scales.nearest(note, scales.STEPS[track.now("scale")], track.now("root"))
        return tuning.nearest(note, track.now("root"))

    def _read_chord(self):
        name = self.chord
        if name == self._file_name:
            return
        self._file_name, self._file_chord = name, None
        if name != "off":
            from latentrack import scale_library

            try:
                self._file_chord = FileChord(self, *scale_library.read_chord(name))
            except (OSError, ValueError) as error:
                logs.note(str(error))

    def code(self, out, pitch):
        """The converter's code of a pitch at an output."""
        line = self._instrument.calibration.outputs[out]
        return line.code((pitch - self.note_at_0_v) / 12)

    def _arrange(self):
        """Take outputs from the tracks and give them back, as is set."""
        self._read_chord()
        numbers = self.numbers
        taken, active = 0, []
        count = len(self._instrument.calibration.outputs)
        for i, channel in enumerate(self._channels):
            source, out, notes, gate = (
                numbers[f"{name}_{i + 1}"] for name in ("in", "out", "notes", "gate")
            )
            if not (source and out and out <= count):
                channel.arrange(None, None, NO_GATE, notes)
                continue
            gate = gate - 1 if gate and gate <= count else NO_GATE
            channel.arrange(parameters.CV_INPUTS[source - 1], out - 1, gate, notes)
            active.append(channel)
            taken |= 1 << out - 1 | (1 << gate if gate != NO_GATE else 0)
        self._active = active
        tracks = self._instrument.tracks
        for track in tracks:
            track.reserved = taken
        # What is given back goes to 0 V, unless a track puts a pitch there.
        tracks[0].released |= self._taken & ~taken
        self._taken = taken
        tracks[0].share_jacks()
        for channel in active:
            latentcore.slew(channel.out, numbers["slew"] * 1000)


properties(Quantiser)
