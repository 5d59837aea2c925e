"""A track: one model, where it stands in its latent space, and how it plays.

Setting an attribute is all there is to do: the next frame brings it to latentcore and, where it
needs a new pattern, decodes one and hands it to the clock, which takes it at the next bar. The
attributes are those of parameters.py. What a person sets stays; CV and behaviours `bend` it, for
one frame each, and the sum of both is what counts (`now`).
"""

from array import array

import latentcore

from latentrack import dice, extras, parameters, routes, scales
from latentrack.values import Values, properties

MOST_LATENTS = 8
_KNOBS = ("x", "y", "z")


class Track(Values):
    TABLE = parameters.TRACK

    def __init__(self, number, tracks=()):
        super().__init__()
        self.number = number
        self.model = None
        # All tracks that share the jacks, this one too.
        self.tracks = tracks
        # The memory that latentcore works in and the files it reads, kept from the garbage
        # collector as long as the clock may play from them: (memory, file), the newest last.
        self._kept = []
        # Places of the latents that no knob moves, and what is decoded.
        self._places = array("f", [0] * MOST_LATENTS)
        self._latents = array("f", [0] * MOST_LATENTS)
        # What is in force; the sum of bends; what has to be looked at; what has to be done.
        self._now = {}
        self._bends = {}
        self._stale = set(self.numbers)
        self._methods = set()
        self._build = False
        self._asked = False
        self._busy = False
        self.refresh()

    # -- models ---------------------------------------------------------------------------------

    def play(self, model):
        """Plays another model from the next bar on."""
        memory = bytearray(model.memory)
        # A frame that comes in between must not decode the one with the latents of the other.
        self._busy = True
        try:
            latentcore.load(self.number, model.file, memory)
            self._kept.append((memory, model.file))
            self.model = model
        finally:
            self._busy = False
        self._asked = True
        self._again("latents", "densities", "pitch_table")
        self._share_jacks()
        self.refresh()

    def stop(self):
        """No model any more: silence from the next bar on."""
        self.model = None
        latentcore.silence(self.number)
        self._let_go()
        self._share_jacks()

    def plays_as(self):
        """How the model is played: "drums", "notes" or "rhythm"."""
        chosen = self._now["mode"]
        if chosen:
            return self.ENTRIES["mode"].choices[chosen]
        kind = "per" if self.model is None else self.model.kind[:3]
        return {"seq": "notes", "rhy": "rhythm"}.get(kind, "drums")

    # -- values ---------------------------------------------------------------------------------

    def now(self, name):
        """What is in force: as set, and bent. A number, of choices the place in the list."""
        return self._now[name]

    def bend(self, name, amount):
        """Moves a parameter away from where it is set, in this frame only.

        `amount` is in ways of a knob: 1 is from one end to the other. Several bends add up.
        """
        self._bends[name] = self._bends.get(name, 0) + amount
        self._stale.add(name)

    def advance(self, name):
        """Moves on by one: the next choice or whole number, or a sixteenth; from the end to the
        beginning."""
        entry = self.ENTRIES[name]
        if entry.whole:
            number = self.numbers[name] + 1
            self.set(name, entry.least if number > entry.most else entry.value(number))
        else:
            sixteenth = int(entry.to_position(self.numbers[name]) * 16 + 0.5) + 1
            self.set(name, entry.from_position(sixteenth % 17 / 16))

    def changed(self, name):
        self._stale.add(name)

    @property
    def latents(self):
        """Where in the latent space: one number a latent, from -model.scale to model.scale."""
        scale = self._scale()
        return tuple(self._place(i) * scale for i in range(self._count()))

    @latents.setter
    def latents(self, values):
        if len(values) != self._count():
            raise ValueError(f"here are {self._count()} latents, not {len(values)}")
        for i in range(len(values)):
            place = values[i] / self._scale()
            if i < len(_KNOBS):
                # Typed by hand a latent may lie beyond the scale, where no knob goes.
                self.numbers[_KNOBS[i]] = place
                self._stale.add(_KNOBS[i])
            else:
                self._places[i] = place
        self._again("latents")

    def stand(self, places):
        """As setting `latents`, in ways of a knob: -1 to 1 each, and kept as if turned there."""
        if len(places) != self._count():
            raise ValueError(f"here are {self._count()} latents, not {len(places)}")
        for i in range(len(places)):
            if i < len(_KNOBS):
                self.set(_KNOBS[i], places[i])
            else:
                self._places[i] = places[i]
        if len(places) > len(_KNOBS):
            self._again("latents")

    @property
    def decoded(self):
        """Where it decodes: the latents, bent by CV and behaviours and carried away by chaos."""
        return self._latents[: self._count()]

    def place_of(self, latent):
        """Where one latent is decoded, of its whole scale: -1 to 1, or beyond if typed so."""
        return self._latents[latent] / self._scale()

    def _place(self, latent):
        return self.numbers[_KNOBS[latent]] if latent < len(_KNOBS) else self._places[latent]

    def _count(self):
        return MOST_LATENTS if self.model is None else self.model.latents

    def _scale(self):
        return 1 if self.model is None else self.model.scale

    # -- what plays -----------------------------------------------------------------------------

    def build(self):
        """A new pattern is to be built, in the next frame."""
        self._build = True

    def decode(self):
        """Decodes where it stands: heard from the next bar on. What follow hold waits for."""
        self._asked = True

    @property
    def cells(self):
        """The pattern that plays: for each step a tuple of the voices that sound."""
        playing = latentcore.cells(self.number)
        if playing is None:
            return []
        steps, voices, bits = playing
        row = (voices + 7) // 8
        return [
            tuple(v for v in range(voices) if bits[step * row + (v >> 3)] >> (v & 7) & 1)
            for step in range(steps)
        ]

    @property
    def bar(self):
        """The bar that plays, counted from 1 since the last reset; 0: none has begun."""
        return latentcore.counts(self.number)[1]

    @property
    def step(self):
        """The step of the pattern that was played last, from 0."""
        return latentcore.playing(self.number)[1]

    # -- frames ---------------------------------------------------------------------------------

    def refresh(self):
        """Brings what has changed to latentcore, and decodes if need be. Frames call this."""
        # A frame can come in the middle of a call from the prompt, which then does its work too.
        if not self._busy:
            self._busy = True
            try:
                self._refresh()
            finally:
                self._busy = False

    def _refresh(self):
        if len(self._kept) > (self.model is not None):
            self._let_go()
        if self._stale:
            self._look()
        # Routes ask for what hangs on them: pitches and densities.
        while self._methods:
            methods, self._methods = self._methods, set()
            for method in methods:
                getattr(self, "_apply_" + method)()
        if self.model is None or not (self._build or self._asked):
            return
        if self._now["follow"] == 2 and not self._asked:
            return
        self._build = self._asked = False
        latentcore.decode(self.number, self.decoded)

    def _look(self):
        stale, self._stale = self._stale, set()
        for name in stale:
            entry = self.ENTRIES[name]
            number = self.numbers[name]
            bend = self._bends.get(name)
            if bend:
                number = entry.from_position(entry.to_position(number) + bend)
                # It springs back in the next frame, unless it is bent again.
                self._stale.add(name)
            if number != self._now.get(name):
                self._now[name] = number
                self._apply(entry, number)
        self._bends.clear()

    def _apply(self, entry, number):
        if entry.core is not None:
            latentcore.set(self.number, getattr(latentcore, entry.core), number * entry.factor)
        if entry.method is not None:
            self._methods.add(entry.method)
        if entry.builds:
            self._build = True

    def _again(self, *methods):
        self._methods.update(methods)
        self._build = True

    def _let_go(self):
        """Keeps of the models only what the clock may still play from."""
        newest = self._kept[-1] if self._kept and self.model is not None else None
        self._kept = [
            kept for kept in self._kept if kept is newest or latentcore.uses(self.number, kept[0])
        ]

    def _share_jacks(self):
        for track in self.tracks:
            track._again("routes")

    # -- what the table's methods do ------------------------------------------------------------

    def _apply_latents(self):
        chaos, number, scale = self._now["chaos"], self._now["dice"], self._scale()
        for i in range(self._count()):
            place = self._now[_KNOBS[i]] if i < len(_KNOBS) else self._places[i]
            if chaos:
                place = min(max(place + chaos * dice.throw(number, i), -1), 1)
            self._latents[i] = place * scale
        self._build = True

    def _apply_follows(self):
        follow = 2 if self._now["freeze"] else 1 if self._now["follow"] == 1 else 0
        latentcore.set(self.number, latentcore.FOLLOW, follow)
        # What was turned while nothing followed is heard now.
        self._build = True

    def _apply_routes(self):
        mode = self.plays_as()
        voices = self._now["notes"]
        if self.model is not None and mode != "notes":
            groups = self.model.groups
            voices = len(groups) if mode == "drums" and groups else self.model.voices
        triggers, levels, notes = routes.routes(mode, self.jack_numbers(), min(voices, 8))
        latentcore.route(self.number, triggers, levels)
        latentcore.set(self.number, latentcore.NOTES, notes)
        self._methods.add("pitch_table")
        self._methods.add("densities")

    def jack_numbers(self):
        """The jacks it plays on, from 0."""
        jacks = self.ENTRIES["jacks"].choices[self._now["jacks"]]
        if jacks == "auto":
            alone = sum(track.model is not None for track in self.tracks) < 2
            jacks = "all" if alone else ("1-4", "5-8")[self.number]
        return routes.JACKS[jacks]

    def _apply_pitch_table(self):
        if self.model is None:
            return
        if self.plays_as() == "rhythm":
            notes = [self._now["pitch" + str(i + 1)] for i in range(self._now["pitches"])]
        else:
            lowest = extras.lowest_pitch(self.model.file)
            notes = range(lowest, lowest + self.model.voices)
        now = self._now
        latentcore.pitches(
            self.number,
            bytes(
                scales.folded(
                    scales.nearest(note + now["transpose"], now["scale"], now["root"]),
                    now["lowest"],
                    now["octaves"],
                )
                for note in notes
            ),
        )

    def _apply_densities(self):
        if self.model is None:
            return
        for voice in range(self.model.voices):
            density = self._now["density" + str(self.knob_of(voice) + 1)]
            latentcore.density(self.number, voice, density)

    def knob_of(self, voice):
        """Which of the densities a voice of the model hangs on, from 0."""
        mode = self.plays_as()
        if mode == "notes":
            return voice * 4 // self.model.voices
        if mode == "drums":
            for group, size in enumerate(self.model.groups):
                if voice < size:
                    return min(group, parameters.VOICES - 1)
                voice -= size
            voice += len(self.model.groups)
        return min(voice, parameters.VOICES - 1)

    @property
    def pitch_list(self):
        """The MIDI notes that a rhythm steps through: one to eight of them."""
        return tuple(self.numbers["pitch" + str(i + 1)] for i in range(self.numbers["pitches"]))

    @pitch_list.setter
    def pitch_list(self, notes):
        self.set("pitches", len(notes))
        for i in range(len(notes)):
            self.set("pitch" + str(i + 1), notes[i])


properties(Track)
