"""A track: one model, its position in latent space, and its parameters and outputs.

An attribute that is set takes effect at the next frame: the frame passes it to latentcore and, if
it affects the pattern, decodes a new one, which the clock takes at the next bar. The attributes are
those of parameters.py. A set value stays; CV and behaviours `modulate` a parameter for one frame,
and `now` returns the sum of both.
"""

from array import array

import latentcore

from latentrack import dice, locks, parameters, position, routes, voicing
from latentrack.kept import Kept
from latentrack.marks import Marks
from latentrack.values import Values, properties

MOST_LATENTS = 8
# Methods that pass parameters to latentcore, by their names in the table. Routes come before the
# methods that depend on them.
_METHODS = (
    "path", "latents", "follows", "jacks", "routes", "pitch_table", "fills", "densities", "chances",
    "draws", "ways", "slew", "locks",
)  # fmt: skip
_APPLY = tuple("_apply_" + name for name in _METHODS)


class Track(Values):
    """One model and its parameters; `tracks[number]` at the prompt, number from 0."""

    TABLE = parameters.TRACK

    def __init__(self, number, tracks=(), drum_jacks=routes.JACKS["all"], converters=True):
        super().__init__()
        self.number = number
        # The order in which drums take the jacks, by the board's table.
        self._drum_jacks = drum_jacks
        # Whether the board's jacks have levels, or gates only.
        self.converters = converters
        # Masks of jacks: those that are the quantiser's, and those that carry this track's pitches.
        self.reserved = self.pitch_jacks = 0
        # Masks of jacks, bit i is jack i: those that carry pitches and accents of this track, and
        # those that no longer do and still put out their last voltage.
        self.levels = self.released = 0
        # Mask of jacks that carry something else than music, and the packed route of its triggers.
        self.taken = 0
        self.channels = 0xFFFFFFFF
        # The bar for which the dice were thrown, where each bar has a throw of its own.
        self._drawn = 0
        # The jacks whose gates go out as notes of this track.
        self.midi_jacks = 0
        self.model = None
        # All tracks that share the jacks, this one too.
        self.tracks = tracks
        # The model that the parameter morph leads to, or None; its name, which is remembered.
        self.partner = self.partner_name = None
        # What is kept of models, the newest last, held while the clock may play from them.
        self._kept = []
        self._models = ()
        self._layout = position.layout(())
        # Position by locked voice: see locks.py and position.py; the voices, bit n is voice n.
        self._locked = {}
        self.locked_mask = 0
        # Knob values (-1 to 1) of the latents without a parameter; the position to decode, in the
        # models' units: the partner's latents and the amount come behind the model's.
        self._knob_values = [0] * MOST_LATENTS
        self._latents = array("f", [0] * (2 * MOST_LATENTS + 1))
        # The position to decode as knob values; a view of as many latents as the models have.
        self._decoded_values = [0] * position.PLACES
        self._decoded = memoryview(self._latents)
        # The Walk along a path (path_walk.py), or None; its knob values by place, None: no axis.
        self.walk = None
        self._along = [None] * position.PLACES
        # What was read last for the parameter `tuning`: (name, Tuning); None: nothing.
        self.read_tuning = None
        # (number of the built-in scale, Tuning or None) of the pitches; a new one with each change.
        self.tuned = (0, None)
        # Counts changes of the decoded position.
        self.moves = 0
        # Values with modulation; the modulation collected for the next frame; the present
        # modulation (1 is the whole range). Ended modulation stays as 0: frames do not allocate.
        self._now = {}
        self._next_modulation = {}
        self._modulation = {}
        # Rows of the table that were set, and indices of _METHODS to call.
        self._stale = Marks(len(self.TABLE))
        for i in range(len(self.TABLE)):
            self._stale.mark(i)
        self._methods = Marks(len(_METHODS))
        self._build = False
        self._asked = False
        self._busy = False
        self.refresh()
        self._seal()

    # -- models ---------------------------------------------------------------------------------

    def play(self, model, partner=None):
        """Play a model from the next bar on. The track holds it until the clock stops using it.

        partner: the model that the parameter morph leads to, which fits (morphing.misfit).
        Raises MemoryError if there is no working memory for latentcore; then nothing has changed.
        """
        models = (model,) if partner is None else (model, partner)
        tracks = self.tracks or (self,)
        kept = Kept(models, tracks)
        self._busy = True
        try:
            memory = kept.reserve_locks(tracks) if self._locked else None
            kept.load(self.number)
            if self.history is not None:
                self.history.note_model(self.number, self.model and self.model.name)
            if memory is not None:
                latentcore.locks(self.number, memory.view)
            self._kept.append(kept)
            self.model = model
            self.partner = partner
            self._models = models
            self._layout = position.layout(models)
            self._decoded = memoryview(self._latents)[: len(self._layout[0])]
        except BaseException:
            kept.release()
            raise
        finally:
            self._busy = False
        self._asked = True
        self._again("latents", "densities", "chances", "pitch_table", "locks")
        self.share_jacks()
        self.refresh()

    def stop(self):
        """Remove the model: the track is silent from the next bar on."""
        if self.history is not None:
            self.history.note_model(self.number, self.model and self.model.name)
        self.model = self.partner = None
        self._models = ()
        self._layout = position.layout(())
        latentcore.silence(self.number)
        self.release_unused()
        self.share_jacks()

    def remember_partner(self, name):
        """Remember the partner's name, or None, for settings and presets."""
        self.partner_name = name
        self.edits += 1

    def playback_mode(self):
        """Return how the model is played: "drums", "notes" or "rhythm"."""
        chosen = self._now["mode"]
        if chosen:
            return self.ENTRIES["mode"].choices[chosen]
        return "drums" if self.model is None else self.model.mode

    # -- values ---------------------------------------------------------------------------------

    def now(self, name):
        """Return a parameter's value with modulation; the index if it is a choice."""
        return self._now[name]

    def modulate(self, name, amount):
        """Add to a parameter's set value, in this frame only.

        `amount` is a fraction of the knob's range, -1 to 1: 1 is the whole range. Several
        modulations add up, and the result is clamped to the range. Raises KeyError for an unknown
        parameter.
        """
        before = self._next_modulation.get(name)
        if before is None:
            self.parameter(name)  # KeyError: no such parameter
        self._next_modulation[name] = before + amount if before else amount

    def advance(self, name):
        """Increment a parameter: to the next choice or whole number, or by 1/16 of its range.

        The last value is followed by the first.
        """
        entry = self.ENTRIES[name]
        if entry.whole:
            number = self.numbers[name] + 1
            self.set(name, entry.least if number > entry.most else entry.value(number))
        else:
            sixteenth = int(entry.to_position(self.numbers[name]) * 16 + 0.5) + 1
            self.set(name, entry.from_position(sixteenth % 17 / 16))

    def changed(self, name):
        """Mark a parameter as set, for the next frame to pass to latentcore."""
        self._stale.mark(self.ENTRIES[name].row)

    @property
    def latents(self):
        """The set position: a number for each latent, -model.scale to model.scale.

        The feel's latents come last; setting may leave them out, and they stay as they are. Setting
        leaves the path. Raises ValueError if the count differs.
        """
        scale = self._scale()
        return tuple(self._knob_value(i) * scale for i in range(self._count()))

    @latents.setter
    def latents(self, values):
        count = self._count()
        if len(values) not in (count, count - self._feel_count()):
            raise ValueError(f"expected {count} latents, got {len(values)}")
        self.set("path", "off")
        for i in range(len(values)):
            value = values[i] / self._scale()
            name = self._name_of(i)
            if name is None:
                self.set_latent_value(i, value)
            else:
                if self.history is not None:
                    self.history.note(self, name, self.numbers[name])
                # Not clamped: a typed latent may exceed the scale, a knob's may not.
                self.numbers[name] = value
                self.changed(name)
        self._again("latents")

    def set_position(self, knob_values):
        """Set the position: a knob value of -1 to 1 for each latent. It leaves the path.

        Raises ValueError if the count differs from the model's latents, or if the value of a
        latent with a parameter is out of range.
        """
        if len(knob_values) != self._count():
            raise ValueError(f"expected {self._count()} latents, got {len(knob_values)}")
        self.set("path", "off")
        for i in range(len(knob_values)):
            name = self._name_of(i)
            if name is None:
                self.set_latent_value(i, knob_values[i])
            else:
                self.set(name, knob_values[i])

    def latent_value(self, latent):
        """Return the knob value of a latent, from 0, that has no parameter."""
        return self._knob_values[latent]

    def set_latent_value(self, latent, value):
        """Set the knob value of a latent, from 0, that has no parameter."""
        if self.history is not None:
            self.history.note_latent(self.number, latent, self._knob_values[latent])
        self._knob_values[latent] = value
        self._again("latents")

    @property
    def decoded(self):
        """The decoded position in the model's units, with modulation and chaos."""
        return self._latents[: self._count()]

    def decoded_value(self, latent):
        """Return the decoded position of one latent as a knob value: -1 to 1, more if typed."""
        if self.model is not None:
            latent = position.place(self.model, latent)
        return self._decoded_values[latent]

    def has_latent(self, name):
        """Return whether model or partner have a parameter's latent, such as "w" or "feel_x"."""
        return position.has(self.model, name) or position.has(self.partner, name)

    def _name_of(self, latent):
        """Return the name of the parameter for a latent, from 0; None if it has none."""
        if self.model is not None:
            latent = position.place(self.model, latent)
        return position.NAMES[latent]

    def _knob_value(self, latent):
        name = self._name_of(latent)
        return self._knob_values[latent] if name is None else self.numbers[name]

    def _feel_count(self):
        return 0 if self.model is None else self.model.feel_latents

    def _count(self):
        return MOST_LATENTS if self.model is None else self.model.latents

    def _scale(self):
        return 1 if self.model is None else self.model.scale

    def position_at(self, knob_values, into=None):
        """Return what latentcore.decode wants, with other knob values for the first latents.

        `into` is an array("f") that an earlier call returned, to be written again.
        """
        places, scales = self._layout
        if into is None or len(into) != len(places):
            into = array("f", places)
        for i in range(len(places)):
            place = places[i]
            value = self._decoded_values[place]
            if place < len(knob_values):
                value = knob_values[place]
            into[i] = value * scales[i]
        return into

    # -- locked voices --------------------------------------------------------------------------

    def lock(self, voice):
        """Have a voice, 1 to 8 as Density 1 to 8, keep what it plays at the present position.

        Threshold and density still act on it. Raises ValueError for another voice, MemoryError if
        there is no memory for it.
        """
        locks.check(voice)
        self.refresh()
        locked = dict(self._locked)
        locked[voice] = tuple(self._decoded_values)
        self.set_locked(locked)

    def unlock(self, voice=None):
        """Have a locked voice follow the position again; None: all of them."""
        locked = {}
        if voice is not None:
            locked = dict(self._locked)
            locked.pop(locks.check(voice), None)
        self.set_locked(locked)

    @property
    def locked(self):
        """The locked voices, from 1, in order."""
        return tuple(sorted(self._locked))

    @property
    def locks(self):
        """The table of locked voices: position by voice."""
        return self._locked

    def set_locked(self, locked):
        """Replace the table of locked voices. Raises MemoryError if there is no memory for it."""
        if locked == self._locked:
            return
        if locked and self._models:
            busy, self._busy = self._busy, True
            try:
                memory = self._kept[-1].reserve_locks(self.tracks or (self,))
                if memory is not None:
                    latentcore.locks(self.number, memory.view)
            finally:
                self._busy = busy
        if self.history is not None:
            self.history.note_locks(self.number, self._locked)
        self._locked = locked
        mask = 0
        for voice in locked:
            mask |= 1 << voice
        self.locked_mask = mask
        self.edits += 1
        self._again("locks")

    def lines(self, name):
        """Return the lines of settings beside those of parameters: partner and locks."""
        partner = "" if self.partner_name is None else f"{name}.partner {self.partner_name}\n"
        return partner + locks.lines(name, self._locked)

    def restore(self, said):
        """Set what `lines` tells, by its words (name -> value). The partner is only remembered."""
        self.set_locked(locks.read(said))
        if said.get("partner") != self.partner_name:
            self.remember_partner(said.get("partner"))

    # -- what plays -----------------------------------------------------------------------------

    def build(self):
        """Request a new pattern at the next frame."""
        self._build = True

    def decode(self):
        """Decode the present position, for follow mode hold: audible from the next bar on."""
        self._asked = True

    @property
    def cells(self):
        """The playing pattern: for each step a tuple of the voices above their threshold, from 0.

        Of more notes than `notes` says, or drums of one group, the most probable sound.
        """
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
    def hits(self):
        """Number of hits in the last decoded pattern; 0 if it is silent."""
        return latentcore.count(self.number, 10)

    @property
    def bar(self):
        """The present bar, from 1 since the last reset; 0 before the first."""
        return latentcore.count(self.number, 1)

    @property
    def step(self):
        """The step of the pattern played last, from 0."""
        return latentcore.count(self.number, 5)

    # -- frames ---------------------------------------------------------------------------------

    def is_busy(self):
        """Whether a call has told latentcore a part of what is to be played, and not all of it."""
        return self._busy

    def waits(self):
        """Whether set values have not been passed to latentcore yet."""
        return self._stale.some or self._methods.some

    def refresh(self):
        """Pass changed values to latentcore and decode if needed. Called once per frame."""
        if not self._busy:
            self._busy = True
            try:
                self._refresh()
            finally:
                self._busy = False

    def _refresh(self):
        if len(self._kept) > (self.model is not None):
            self.release_unused()
        if self._now.get("draws") and self.bar != self._drawn:
            self._drawn = self.bar
            self._again("draws")
        if self.walk is not None and self.walk.moved():
            self._again("path")
        for name in self._next_modulation:
            amount = self._next_modulation[name]
            self._next_modulation[name] = 0
            if amount != self._modulation.get(name, 0):
                self._modulation[name] = amount
                self.changed(name)
        if self._stale.begin():
            self._refresh_stale()
        # A method may mark others: routes marks pitches and densities.
        while self._methods.begin():
            for i in range(len(_APPLY)):
                if self._methods.take(i):
                    getattr(self, _APPLY[i])()
        if self.model is None or not (self._build or self._asked):
            return
        if self._now["follow"] == 2 and not self._asked:
            return
        self._build = self._asked = False
        latentcore.decode(self.number, self._decoded)

    def _refresh_stale(self):
        for i in range(len(self.TABLE)):
            if self._stale.take(i):
                entry = self.TABLE[i]
                number = self.numbers[entry.name]
                amount = self._modulation.get(entry.name)
                if amount:
                    number = entry.from_position(entry.to_position(number) + amount)
                if number != self._now.get(entry.name):
                    self._now[entry.name] = number
                    self._apply(entry, number)

    def _apply(self, entry, number):
        if entry.core is not None:
            latentcore.set(self.number, getattr(latentcore, entry.core), number * entry.factor)
        if entry.method is not None:
            self._methods.mark(_METHODS.index(entry.method))
        if entry.builds:
            self._build = True

    def _again(self, *methods):
        for method in methods:
            self._methods.mark(_METHODS.index(method))
        self._build = True

    def release_unused(self):
        """Release the models that the clock no longer plays from."""
        newest = self._kept[-1] if self._kept and self.model is not None else None
        for kept in list(self._kept):
            if kept is not newest and not kept.is_used(self.number):
                try:
                    self._kept.remove(kept)
                except ValueError:
                    continue  # a frame in between has released it
                kept.release()

    def files(self):
        """Return the blocks with the files of the track's models."""
        return [model.block for kept in self._kept for model in kept.models]

    def working_memory(self):
        """Return the blocks that latentcore uses as working memory for the track's models."""
        return [block for kept in self._kept for block in kept.blocks]

    def plays_from(self, block):
        """Return how many of the track's models have their file in `block`."""
        count = 0
        for kept in self._kept:
            count += kept.reads(block)
        return count

    def repath(self):
        """Read the path's file again: it may be another."""
        if self.walk is not None:
            self.walk.path = None
            self._again("path")

    def restart_path(self):
        """Have the next clock edge begin the path, as a reset was asked for."""
        if self.walk is not None:
            self.walk.reset()
            self._again("path")

    def retune(self):
        """Read the tuning's file again: it may be another."""
        self.read_tuning = None
        self._again("pitch_table")

    def share_jacks(self):
        """Have all tracks share out the jacks again: who needs which has changed."""
        for track in self.tracks:
            track._again("routes")

    # -- methods named in the table -------------------------------------------------------------

    # Three short functions: the variables of a longer one would be on the heap.
    def _apply_latents(self):
        chaos = self._now["chaos"]
        for place in range(position.PLACES):
            name = position.NAMES[place]
            value = self._knob_values[place] if name is None else self._now[name]
            if self._along[place] is not None:
                value = self._on_path(place, value)
            if chaos and place != position.MORPH:
                value = self._thrown(place, value)
            self._decoded_values[place] = value
        self._place_latents()
        self.moves += 1
        self._build = True

    def _on_path(self, place, value):
        """Return a knob value on the path: what CV adds to the parameter is added there."""
        value += self._along[place] - self.numbers[position.NAMES[place]]
        return min(max(value, -1), 1)

    def _apply_path(self):
        if self._now["path"] or self.walk is not None:
            from latentrack import path_walk

            self.walk = path_walk.walk_of(self, self._along)
            self._again("latents")

    def on_path(self, name):
        """Return whether a path sets a latent's parameter, such as "x", instead of its value."""
        if self.walk is None or name not in position.NAMES:
            return False
        return self._along[position.NAMES.index(name)] is not None

    def _thrown(self, place, value):
        """Return a knob value with chaos. Dice are numbered by the model's latents."""
        die = place
        if place >= position.FEEL:
            die += self._count() - self._feel_count() - position.FEEL
        value += self._now["chaos"] * dice.throw(self._now["dice"], die)
        return min(max(value, -1), 1)

    def _place_latents(self):
        places, scales = self._layout
        for i in range(len(places)):
            self._latents[i] = self._decoded_values[places[i]] * scales[i]

    def _apply_follows(self):
        follow = 2 if self._now["freeze"] else 1 if self._now["follow"] == 1 else 0
        latentcore.set(self.number, latentcore.FOLLOW, follow)
        # Changes made while the pattern was frozen become audible now.
        self._build = True

    def _apply_routes(self):
        voicing.apply_routes(self, self._now, self._drum_jacks)
        for method in ("pitch_table", "densities", "chances", "ways", "slew", "locks"):
            self._methods.mark(_METHODS.index(method))

    def _apply_jacks(self):
        self.share_jacks()

    def _apply_slew(self):
        voicing.apply_slew(self.tracks)

    def velocity_jack(self):
        """Return the jack of the hits' velocity, from 0; None if there is none."""
        jack = self._now["velocity_out"]
        return jack - 1 if jack and self.converters and self.model is not None else None

    def _apply_locks(self):
        if self._models and self._kept[-1].has_locks:
            locks.apply(self, self._locked, self._layout)

    def jack_numbers(self):
        """Return the jacks that the track plays on, from 0."""
        return voicing.jack_numbers(self, self._now["jacks"])

    def _apply_pitch_table(self):
        voicing.apply_pitch_table(self, self._now)

    def _apply_densities(self):
        voicing.apply_densities(self, self._now)

    def _apply_fills(self):
        now = self._now
        most = now["ratchet"]
        if now["fill"] and now["fill_ratchet"] > most:
            most = now["fill_ratchet"]
        latentcore.set(self.number, latentcore.RATCHET, most)
        self._again("densities")

    def _apply_chances(self):
        voicing.apply_chances(self, self._now)

    def _apply_draws(self):
        draw = self._now["draw"] + (self._drawn if self._now["draws"] else 0)
        latentcore.set(self.number, latentcore.DRAW, draw & 255)
        self._build = True

    def _apply_ways(self):
        voicing.apply_ways(self, self._now)

    def take_jacks(self, mask):
        """Leave these jacks (bit i is jack i) to something else than music."""
        if mask != self.taken:
            self.taken = mask
            self._again("routes")

    def knob_of(self, voice):
        """Return the number, from 0, of the density parameter that a voice of the model uses."""
        return voicing.knob_of(self, voice)

    @property
    def pitches(self):
        """The MIDI notes that a rhythm steps through: 1 to 16.

        Setting a number sets the count (`set("pitches", 3)`, as a knob does).
        """
        return tuple(self.numbers["pitch" + str(i + 1)] for i in range(self.numbers["pitches"]))

    @pitches.setter
    def pitches(self, notes):
        if isinstance(notes, (int, float)):
            self.set("pitches", notes)
            return
        numbers = [self.parameter("pitch1").number(note) for note in notes]
        self.set("pitches", len(numbers))
        for i in range(len(numbers)):
            self.set("pitch" + str(i + 1), numbers[i])

    # The property's former name.
    pitch_list = pitches


properties(Track)
