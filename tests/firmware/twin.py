"""A plain twin of the sequencer, written from its rules: firmware/lib/sequence/*.h, comments only.

Nothing here knows how the C does it. Patterns are dictionaries, times are unbounded integers,
numbers are exact fractions, and what comes out is a list of events:
("step", time, track, step), ("level", time, channel, code), ("gates", time, set, clear).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

NOWHERE = 15
STRAIGHT = tuple(range(8))
AUTO = None
DRUMS, NOTES, RHYTHM = 1, 2, 3
BAR, STEP, HOLD = 0, 1, 2
LONG_AGO_US = 1 << 30
RESET_WINDOW_US = 1000
FLAM_US = 30_000
FOREVER_US = 1 << 29
OWN_LATE_US = 1_000_000


@dataclass
class Decoder:
    """The made-up decoder of firmware/test/test_sequence/fake_tflite.c."""

    kind: str
    latents: int
    steps: int
    voices: int
    groups: tuple[int, ...] = ()
    feel: bool = False

    def velocity(self, latents: list[int], output: int) -> int:
        """In 127ths."""
        return (self._total(latents) * 5 + output * 37) % 128

    def timing(self, latents: list[int], output: int) -> int:
        """In 254ths of a step."""
        return (self._total(latents) * 3 + output * 53) % 255 - 127

    def _total(self, latents: list[int]) -> int:
        return sum((7 + 3 * i) * value for i, value in enumerate(latents[: self.latents]))

    def score(self, latents: list[int], output: int) -> int:
        return (
            self._total(latents) * 31 + output * output * 17 + output * 29
        ) % 211 // 10 * 10 - 100

    @staticmethod
    def probability(score: int) -> Fraction:
        return (score + Fraction(201, 2)) / 201


@dataclass(frozen=True)
class Trigger:
    """What a step says of one channel's trigger."""

    level: int | None = None  # the channel of the level that goes out with it
    timing: int = 0  # in 254ths of a step, as learned
    velocity: int = 127  # in 127ths, with the dynamics
    more: int = 0  # hits of a ratchet that follow
    flam: bool = False


@dataclass
class Row:
    """One step of a pattern."""

    cells: list[int] = field(default_factory=list)
    triggers: dict[int, Trigger] = field(default_factory=dict)
    levels: dict[int, int | Near] = field(default_factory=dict)
    velocity: dict[int, int] = field(default_factory=dict)  # of the cells, in 127ths, as learned
    timing: dict[int, int] = field(default_factory=dict)  # of the cells, in 254ths of a step


@dataclass(frozen=True)
class Hit:
    """A trigger that waits for its time."""

    due: int
    velocity: int
    level: tuple[int, int | Near] | None  # channel and code
    follow: int = 0  # how many come after it ...
    apart: int = 0  # ... and how far they are from each other; 0: it is alone
    again: bool = False  # it follows one

    def following(self) -> Hit:
        return replace(self, due=self.due + self.apart, follow=self.follow - 1, again=True)

    def gate(self, gate: int) -> int:
        return min(gate, self.apart - self.apart // 4) if self.apart else gate


@dataclass(eq=False)
class Pattern:
    model: Model | None
    rows: list[Row]
    number: int = 0


SOUNDS, RATCHET, HITS, FLAM, STEP_THROW = range(5)


def throw(draw: int, what: int, step: int, voice: int) -> int:
    """0 to 65535."""
    word = draw << 24 | what << 16 | step << 8 | voice
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        word = (word ^ word >> shift) * factor % 2**32
    return (word ^ word >> 16) >> 16


def ticks_256(tempo: int) -> int:
    """From one edge of the own clock to the next, in 1/256 us."""
    return round(Fraction(15_000_000 * 256, tempo))


def rounded(value: Fraction) -> int:
    """A converter's code: to nearest, kept in 16 bits."""
    return min(65535, max(0, math.floor(value + Fraction(1, 2))))


@dataclass(frozen=True)
class Near:
    """A code that is made of a velocity: 0.6 is not exact in a float, so a tie may fall to either
    side."""

    code: Fraction

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and abs(other - self.code) <= Fraction(501, 1000)


@dataclass
class Calibration:
    offset: Fraction = Fraction(0)
    slope: Fraction = Fraction(65535, 120)
    low: int = 0
    high: int = 65535

    def pitch(self, pitch: int) -> int:
        """`pitch` in 1/256 semitone."""
        return rounded(self.offset + self.slope * Fraction(pitch, 256))

    def accent(self, level: Fraction) -> int:
        return rounded(self.low + (self.high - self.low) * level)

    def loudness(self, velocity: Fraction) -> Near:
        return Near(self.low + (self.high - self.low) * velocity)


@dataclass(eq=False)
class Model:
    decoder: Decoder
    density: list[Fraction] = field(default_factory=list)
    pitches: list[int] = field(default_factory=lambda: [0])
    threshold: Fraction = Fraction(1, 2)
    chance: list[Fraction] = field(default_factory=list)
    partner: Model | None = None
    locked: dict[int, list] = field(default_factory=dict)  # position by voice

    def __post_init__(self) -> None:
        self.density = [Fraction(1, 2)] * self.decoder.voices
        self.chance = [Fraction(1)] * self.decoder.voices

    @property
    def position(self) -> int:
        """How many numbers a position is."""
        return self.decoder.latents + (self.partner.decoder.latents + 1 if self.partner else 0)

    def score(self, latents: list, step: int, voice: int) -> int | Fraction:
        latents = self.locked.get(voice, latents)
        output = step * self.decoder.voices + voice
        own = self.decoder.score(latents, output)
        if self.partner is None:
            return own
        others = latents[self.decoder.latents :]
        amount = others[self.partner.decoder.latents]
        return own + amount * (self.partner.decoder.score(others, output) - own)

    def velocity(self, latents: list, step: int, voice: int) -> int:
        """In 127ths. Of partners without a feel only: the model's own is heard then."""
        output = step * self.decoder.voices + voice
        return self.decoder.velocity(self.locked.get(voice, latents), output)

    def timing(self, latents: list, step: int, voice: int) -> int:
        """In 254ths of a step."""
        output = step * self.decoder.voices + voice
        return self.decoder.timing(self.locked.get(voice, latents), output)

    @property
    def pitch_room(self) -> int:
        return max(32, self.decoder.voices)


def voice_threshold(threshold: Fraction, density: Fraction) -> Fraction:
    if density > Fraction(1, 2):
        return threshold * (2 - 2 * density)
    return threshold + (1 - threshold) * (1 - 2 * density)


@dataclass(eq=False)
class Track:
    index: int
    rack: Rack
    threshold: Fraction = Fraction(1, 2)
    mode: int = 0
    notes: int = 4
    follow: int = BAR
    length: int = 0
    rotation: int = 0
    division: int = 1
    gate_us: int = 10000
    gate_part: int = 0  # percent
    skip: int = 0  # percent
    keep: int = 0
    feel: int = 100  # percent
    dynamics: int = 100  # percent
    swing: int = 50  # percent
    accent: int = 0
    gate_velocity: int = 0  # percent
    take: int = 0
    direction: int = 0
    draw: int = 0
    ratchet: int = 1
    ratchet_chance: int = 25  # percent
    ratchet_by: int = 0
    flam: int = 0  # percent
    mutes: int = 0  # one bit a channel
    mute_at: int = 0
    multiply: int = 1
    velocity_out: int = 0  # channel + 1; 0: none
    lengths: list[int] = field(default_factory=lambda: [0] * 8)
    shifts: list[int] = field(default_factory=lambda: [0] * 8)
    triggers: tuple[int, ...] | None = AUTO
    levels: tuple[int, ...] | None = AUTO

    model: Model | None = None
    posted: list[int] = field(default_factory=lambda: [0] * 17)
    ready: Pattern | None = None
    playing: Pattern | None = None
    newest: Pattern | None = None
    number: int = 0
    next: int = 0
    since_step: int | None = None  # clock edges; None: the next one plays, whatever the division
    played_at: int | None = None  # number of the clock edge
    played_position: int = 0
    triggered: set[int] = field(default_factory=set)
    late: dict[int, Hit] = field(default_factory=dict)  # of the step that plays
    early: dict[int, Hit] = field(default_factory=dict)  # of the step that comes
    claimed: set[int] = field(default_factory=set)  # channels that were queued early for it
    left_out: bool | None = None  # what the dice said of it, if they have been thrown
    coming: int = 0  # its position
    bars: int = 0  # begun since the reset
    steps: int = 0  # played since the reset
    muted: int = 0
    multiple: int = 1  # steps from an edge to the next
    left: int = 0  # of them to come
    group: tuple[int, int] | None = None  # their edge, and the length to the next, if it is known
    step_time: int = 0

    # What Python asks for.

    def use(self, model: Model | None) -> None:
        before, self.model = self.model, model
        if model:
            model.threshold = self.threshold
        if before and model and before is not model:
            shared = min(len(before.density), len(model.density))
            model.density[:shared] = before.density[:shared]
            model.chance[:shared] = before.chance[:shared]
            model.pitches = before.pitches[: model.pitch_room]

    def set_threshold(self, threshold: Fraction) -> None:
        """The model in use gets it; one that only plays on does not."""
        self.threshold = threshold
        if self.model:
            self.model.threshold = threshold

    def post(self, latents: list[int]) -> None:
        self.posted = (latents + [0] * 17)[:17]

    def decode(self, latents: list[int]) -> int:
        if self.model is None:
            return 0
        self.post(latents[: self.model.position])
        pattern = Pattern(self.model, [])
        for step in range(self.model.decoder.steps):
            pattern.rows.append(self.build(self.model, pattern, step, latents))
        self.publish(pattern)
        return self.number

    def silence(self) -> None:
        if self.newest is None or self.newest.model is not None:
            self.publish(Pattern(None, [Row()]))

    def publish(self, pattern: Pattern) -> None:
        self.number += 1
        pattern.number = self.number
        self.ready = self.newest = pattern

    def uses(self, model: Model) -> bool:
        return any(p is not None and p.model is model for p in (self.ready, self.playing))

    # Building.

    def build(self, model: Model, pattern: Pattern, step: int, latents: list[int]) -> Row:
        decoder = model.decoder
        scores = [model.score(latents, step, voice) for voice in range(decoder.voices)]
        cells = [
            voice
            for voice, score in enumerate(scores)
            if decoder.probability(score) > voice_threshold(model.threshold, model.density[voice])
            and throw(self.draw, SOUNDS, step, voice) < math.floor(65536 * model.chance[voice])
        ]
        row = Row(cells)
        if decoder.feel:
            for voice in cells:
                row.velocity[voice] = model.velocity(latents, step, voice)
                row.timing[voice] = model.timing(latents, step, voice)
        mode = self.mode or {"seq": NOTES, "rhy": RHYTHM}.get(decoder.kind[:3], DRUMS)
        if mode == NOTES:
            count = self.notes
        elif mode == DRUMS and decoder.groups:
            count = len(decoder.groups)
        else:
            count = decoder.voices
        triggers = self.triggers or STRAIGHT
        levels = self.levels or tuple(i for i in range(8) if i >= count)

        def channel(route: tuple[int, ...], index: int) -> int | None:
            return route[index] if index < len(route) and route[index] < 8 else None

        def loudness(voice: int) -> Fraction:
            pivot = Fraction(3, 5)
            moved = (Fraction(row.velocity[voice], 127) - pivot) * Fraction(self.dynamics, 100)
            return min(Fraction(1), max(Fraction(0), pivot + moved))

        def trigger(index: int, level: int | None, voice: int) -> None:
            where = channel(triggers, index)
            if where is None:
                return
            found = Trigger(level)
            if decoder.feel:
                velocity = math.floor(127 * loudness(voice) + Fraction(1, 2))
                found = Trigger(level, row.timing[voice], velocity)
            row.triggers[where] = replace(found, **self.ratchets(model, step, voice, scores[voice]))

        def note(index: int, pitch: int, voice: int) -> None:
            where = channel(levels, index)
            trigger(index, where, voice)
            if where is not None:
                row.levels[where] = self.rack.calibration[where].pitch(pitch)

        if mode == NOTES:
            chosen = sorted(cells, key=lambda voice: (-scores[voice], voice))[: self.notes]
            last = len(model.pitches) - 1
            pitched = sorted(
                (model.pitches[min(voice, last)] + 256 * max(0, voice - last), voice)
                for voice in chosen
            )
            left, moved = list(range(self.notes)), []
            stands: dict[int, int] = {}
            for earlier in pattern.rows[:step] if self.keep else ():
                stands |= earlier.levels
            for pitch, voice in pitched:
                where = (channel(levels, index) for index in left)
                stays = [
                    index
                    for index, jack in zip(left, where, strict=True)
                    if jack is not None
                    and stands.get(jack) == self.rack.calibration[jack].pitch(pitch)
                ]  # fmt: skip
                if stays:
                    left.remove(stays[0])
                    note(stays[0], pitch, voice)
                else:
                    moved.append((pitch, voice))
            for index, (pitch, voice) in zip(left, moved, strict=False):
                note(index, pitch, voice)
        elif mode == RHYTHM:
            hits = sum(len(earlier.cells) for earlier in pattern.rows[:step])
            for turn, voice in enumerate(cells, start=hits):
                note(voice, model.pitches[turn % len(model.pitches)], voice)
        else:
            groups, used, accents = list(decoder.groups), sum(decoder.groups), 0
            groups += [1] * (decoder.voices - used)
            start = 0
            for index, size in enumerate(groups):
                members = [voice for voice in cells if start <= voice < start + size]
                where = channel(levels, accents) if size > 1 else None
                accents += size > 1
                if members:
                    best = min(members, key=lambda voice: (-scores[voice], voice))
                    trigger(index, where, best)
                if members and where is not None:
                    calibration = self.rack.calibration[where]
                    if decoder.feel and self.accent == 0:
                        row.levels[where] = calibration.loudness(loudness(best))
                    else:
                        row.levels[where] = calibration.accent(Fraction(best - start, size - 1))
                start += size
        return row

    def ratchets(self, model: Model, step: int, voice: int, score: int) -> dict[str, int | bool]:
        """What follows a hit within its step."""
        more = 0
        happens = throw(self.draw, RATCHET, step, voice) < round(self.ratchet_chance * 655.36)
        if self.ratchet > 1 and happens:
            if self.ratchet_by == 0:
                more = 1 + throw(self.draw, HITS, step, voice) * (self.ratchet - 1) // 65536
            else:
                t, sure = model.threshold, model.decoder.probability(score)
                for k in range(1, self.ratchet):
                    more += sure > t + (1 - t) * Fraction(k, self.ratchet)
        flam = not more and throw(self.draw, FLAM, step, voice) < round(self.flam * 655.36)
        return {"more": more, "flam": flam}

    # Playing.

    def directed(self, position: int, lap: int, length: int) -> int:
        """Where the direction leads at a position of a way of this length, gone `lap` times."""
        backwards = self.direction == 1 or (self.direction == 2 and lap % 2)
        if self.direction == 3:
            return throw(self.draw, STEP_THROW, position, lap % 256) * length // 65536
        return length - 1 - position if backwards else position

    def muted_at(self, position: int) -> int:
        return self.muted if position and self.mute_at else self.mutes

    def row(self, pattern: Pattern, position: int) -> Row:
        """What the step that comes puts out."""
        row = pattern.rows[self.row_number(pattern, position)]
        own = {c for c in range(8) if self.lengths[c] or self.shifts[c]}
        muted = {c for c in range(8) if self.muted_at(position) >> c & 1}
        triggers, levels = dict(row.triggers), dict(row.levels)
        gone = {triggers.pop(channel).level for channel in (own | muted) & set(triggers)}
        for level in gone - {trigger.level for trigger in triggers.values()}:
            levels.pop(level, None)
        for channel in sorted(own - muted):
            length = self.lengths[channel] or self.bar(pattern)
            lap, at = divmod(self.steps + self.shifts[channel], length)
            other = pattern.rows[self.directed(at, lap, length) % len(pattern.rows)]
            if channel in other.triggers:
                triggers[channel] = trigger = other.triggers[channel]
                if trigger.level is not None:
                    levels[trigger.level] = other.levels[trigger.level]
        return Row(row.cells, triggers, levels)

    def takes_over(self, position: int) -> bool:
        return (position == 0 or self.take == 1) and self.ready is not None and self.follow != HOLD

    def bar(self, pattern: Pattern) -> int:
        return self.length or len(pattern.rows)

    def coming_position(self, pattern: Pattern) -> int:
        return self.next if self.next < self.bar(pattern) else 0

    def row_number(self, pattern: Pattern, position: int) -> int:
        bar = self.bar(pattern)
        step = self.directed(position, self.bars - 1 if position else self.bars, bar)
        return (step + self.rotation) % bar % len(pattern.rows)

    def is_due(self) -> bool:
        """Whether the next clock edge is a step's."""
        return self.since_step is None or self.since_step + 1 >= self.division

    def length_of_group(self) -> int | None:
        """From this edge to the next that is a step's, as far as it can be told."""
        if not self.rack.intervals:
            return None
        alternating = self.rack.predicted() * self.division
        return min(LONG_AGO_US, sum(alternating[: self.division]))

    def length_of_step(self) -> int | None:
        length = self.length_of_group()
        return length // self.multiple or None if length else None

    def offset(self, position: int, trigger: Trigger) -> int:
        """In 1/65536 step."""
        swing = 2 * round(self.swing * 655.36) - 65536 if position % 2 else 0
        feel = round(self.feel * 655.36) * abs(trigger.timing) // 254
        offset = swing + (feel if trigger.timing > 0 else -feel)
        return max(-65535, min(65535, offset))

    def throw(self) -> bool:
        """Whether the dice leave the step out that plays or comes next."""
        known, self.left_out = self.left_out, None
        if known is not None:
            return known
        if not self.skip:
            return False
        self.rack.dice = (self.rack.dice * 1664525 + 1013904223) % 2**32
        return self.rack.dice >> 16 < round(self.skip * 655.36)

    def hit(self, row: Row, channel: int, length: int, part: int) -> Hit:
        trigger = row.triggers[channel]
        level = None if trigger.level is None else (trigger.level, row.levels[trigger.level])
        due = self.step_time + length * part // 65536
        return Hit(due, trigger.velocity, level)

    def edge(self, now: int) -> dict[int, int]:
        """Plays a step if it is time to; without a pattern a track has none, nor any between."""
        if self.playing is None and self.ready is None:
            return {}
        if not self.is_due():
            self.since_step += 1
            return {}
        for _ in range(self.left):
            if self.playing:
                position = self.coming_position(self.playing)
                self.next = position + 1
                self.bars += position == 0
                self.steps += 1
        self.multiple, self.left = self.multiply, self.multiply - 1
        self.step_time = self.rack.last_edge
        length = self.length_of_group()
        self.group = (self.step_time, length) if length and self.left else None
        gates = self.step(now)
        self.since_step = 0 if self.played_at == self.rack.edges else None
        return gates

    def due_between(self) -> int:
        """When the next step between two edges is due."""
        edge, length = self.group
        return edge + length * (self.multiple - self.left) // self.multiple

    def step(self, now: int) -> dict[int, int]:
        """Tells the step and its levels, returns how long the gates are that rise at once."""
        position = self.coming_position(self.playing) if self.playing else 0
        if self.takes_over(position) or (self.ready and self.playing is None):
            self.playing, self.ready = self.ready, None
        if self.playing is None:
            return {}
        position = self.coming_position(self.playing)
        number = self.row_number(self.playing, position)
        self.muted = self.muted_at(position)
        row = self.row(self.playing, position)
        row = Row() if self.throw() else row
        self.bars += position == 0
        self.steps += 1
        self.next = position + 1
        self.played_at = self.rack.edges
        self.played_position = position
        self.rack.events.append(("step", now, self.index, number))
        loud = {channel: hit.velocity for channel, hit in self.early.items()}
        gates = {channel: self.gate(velocity) for channel, velocity in loud.items()}
        for _, hit in sorted(self.early.items()):
            self.rack.put_level(now, hit)
        levels = set(row.levels) - {trigger.level for trigger in row.triggers.values()}
        length = self.length_of_step()
        for channel, trigger in row.triggers.items():
            offset = 0
            if channel not in self.claimed and length is not None:
                offset = max(0, self.offset(position, trigger))
            if channel not in self.claimed and offset == 0:
                gates[channel] = self.gate(trigger.velocity)
                loud[channel] = trigger.velocity
                levels |= {trigger.level} - {None}
            if length is None or not (offset or trigger.more or trigger.flam):
                continue
            hit = self.hit(row, channel, length, offset)
            left = length - (hit.due - self.step_time)
            if trigger.flam:
                hit = replace(hit, follow=1, apart=min(FLAM_US, left // 4))
            elif trigger.more:
                hit = replace(hit, follow=trigger.more, apart=left // (trigger.more + 1))
            self.late[channel] = hit if offset else hit.following()
        for channel in gates:
            if channel in self.late:
                gates[channel] = self.late[channel].gate(gates[channel])
        self.early.clear()
        self.claimed.clear()
        self.triggered = set(gates)
        for where in sorted(levels):
            self.rack.events.append(("level", now, where, row.levels[where]))
        self.put_velocity(now, list(loud.values()))
        return gates

    def put_velocity(self, now: int, velocities: list[int]) -> None:
        """The loudest of hits that are played together, at a jack of its own."""
        if self.velocity_out and velocities:
            where = self.velocity_out - 1
            code = self.rack.calibration[where].loudness(Fraction(max(velocities), 127))
            self.rack.events.append(("level", now, where, code))

    def look_ahead(self) -> None:
        """Queues the early hits of the step that comes."""
        pattern, length = self.playing, self.length_of_step()
        if length is None or pattern is None:
            return
        position = self.coming_position(pattern)
        if self.takes_over(position):
            return
        row = self.row(pattern, position)
        offsets = {c: self.offset(position, trigger) for c, trigger in row.triggers.items()}
        early = {channel: offset for channel, offset in offsets.items() if offset < 0}
        if early:
            self.coming = position
            self.left_out = self.throw()
            if not self.left_out:
                self.early = {
                    channel: self.hit(row, channel, length, 65536 + offset)
                    for channel, offset in early.items()
                }
                self.claimed = set(early)

    def take_late(self) -> list[tuple[Track, int, Hit]]:
        """Late hits whose step is over; what follows a hit is over with it."""
        late = sorted(self.late.items())
        self.late.clear()
        return [(self, channel, hit) for channel, hit in late if not hit.again]

    def drop_early(self) -> None:
        self.early.clear()
        self.claimed.clear()
        self.left_out = None

    def prepare(self) -> None:
        if self.follow == STEP and self.playing and self.playing.model:
            pattern = self.playing
            number = self.row_number(pattern, self.coming_position(pattern))
            pattern.rows[number] = self.build(pattern.model, pattern, number, self.posted)

    def rewind(self) -> None:
        self.next = self.bars = self.steps = self.left = 0
        self.since_step = self.group = None
        if self.coming != 0:
            self.drop_early()

    def gate(self, velocity: int) -> int:
        share = round(self.gate_velocity * 655.36) * (127 - velocity) // 127
        whole = self.whole_gate()
        return whole - whole * share // 65536

    def whole_gate(self) -> int:
        if self.rack.period is None:
            return self.gate_us
        step = self.rack.period * self.division
        if self.multiple > 1:
            step = min(step, 2**32 - 1) // self.multiple
        if self.gate_part:
            return min(LONG_AGO_US, step * round(self.gate_part * 655.36) // 65536)
        return min(self.gate_us, step - step // 4)


@dataclass(eq=False)
class Rack:
    events: list[tuple] = field(default_factory=list)
    calibration: list[Calibration] = field(
        default_factory=lambda: [Calibration() for _ in range(8)]
    )
    intervals: list[int] = field(default_factory=list)
    last_edge: int | None = None
    edges: int = 0
    reset_edge: int = 0
    rewound: bool = False  # by a reset that belonged to no edge, since the last one
    reset_asked: bool = False
    paused: bool = False
    dice: int = 0
    off: dict[int, int] = field(default_factory=dict)  # of the channels that are high
    at_edge: set[int] = field(default_factory=set)  # triggered at the last edge
    source: int = 0  # jack, own, MIDI
    tempo: int = 120
    run: int = 0
    bridge: int = 0
    outs: list[int] = field(default_factory=lambda: [0] * 8)
    bridged: int = 0
    own: Fraction | None = None  # when the own clock's next edge is due; None: it stands
    since_reset: int = 0

    def __post_init__(self) -> None:
        self.track = [Track(index, self) for index in range(4)]

    @property
    def period(self) -> int | None:
        return min(self.intervals[-2:]) if self.intervals else None

    def predicted(self) -> list[int]:
        """The interval that comes, and the one behind it."""
        coming, last = (self.intervals[-2:] * 2)[:2]
        if last // 4 > coming:
            last = coming
        elif coming // 4 > last:
            coming = last
        return [coming, last]

    def play(self, tracks: list[Track], now: int) -> dict[int, int]:
        """One edge for these tracks; returns the gate's length for each channel triggered."""
        lengths: dict[int, int] = {}
        for track in tracks:
            for where, gate in track.edge(now).items():
                lengths[where] = max(lengths.get(where, 0), gate)
        return lengths

    def put_level(self, now: int, hit: Hit) -> None:
        if hit.level is not None:
            self.events.append(("level", now, *hit.level))

    def play_hits(self, hits: list[tuple[Track, int, Hit]], now: int) -> set[int]:
        """These, in this order: each channel once, or in as many turns as a channel has hits."""
        rising: dict[int, int] = {}
        loud: list[int] = []
        for index, (track, channel, hit) in enumerate(hits):
            if channel in rising:
                track.put_velocity(now, loud)
                loud = []
                self.gates(now, rising, set(rising) & set(self.off))
                rising = {}
            self.put_level(now, hit)
            rising[channel] = hit.gate(track.gate(hit.velocity))
            loud.append(hit.velocity)
            if hits[index + 1 :] == [] or hits[index + 1][0] is not track:
                track.put_velocity(now, loud)
                loud = []
        self.gates(now, rising, set(rising) & set(self.off))
        return {channel for _, channel, _ in hits}

    def play_late(self, tracks: list[Track], now: int) -> set[int]:
        """Late hits whose next step plays now."""
        return self.play_hits([hit for t in tracks if t.is_due() for hit in t.take_late()], now)

    def gates(self, now: int, rising: dict[int, int], falling: set[int]) -> None:
        if rising or falling:
            self.events.append(("gates", now, frozenset(rising), frozenset(falling)))
        for where in falling:
            del self.off[where]
        for where, length in rising.items():
            self.off[where] = now + length

    def look_ahead(self, tracks: list[Track]) -> None:
        played = [track for track in tracks if track.played_at == self.edges]
        for track in played:
            track.prepare()
        for track in played:
            track.look_ahead()

    def outs_due(self) -> set[int]:
        """The channels that carry a clock or a reset and are due at this edge."""
        first = self.since_reset == 0
        return {
            channel
            for channel, what in enumerate(self.outs)
            if (first and what == 256) or (0 < what < 256 and self.since_reset % what == 0)
        }

    def out_gate(self) -> int:
        return 10_000 if self.period is None else min(10_000, self.period // 2)

    def runs(self, now: int) -> bool:
        if self.paused or self.last_edge is None or (self.source == 1 and self.own is None):
            return False
        return self.period is None or (now - self.last_edge) // 4 <= self.period

    def jack(self, now: int) -> None:
        """An edge at the clock's jack."""
        if self.source != 0:
            return
        bridged, self.bridged = self.bridged, 0
        if bridged and self.intervals and now - self.last_edge < self.intervals[-1] // 2:
            self.last_edge = now
        else:
            self.clock(now)

    def own_clock(self, now: int) -> None:
        if self.source != 1 or not self.run:
            self.own = None
            return
        due = Fraction(now) if self.own is None else self.own
        if now - math.floor(due) > OWN_LATE_US:
            due = Fraction(now)
        self.own = due
        if math.floor(due) <= now:
            self.own = due + Fraction(ticks_256(self.tempo), 256)
            self.clock(math.floor(due))

    def bridge_over(self, now: int) -> None:
        """Plays an edge that was lost."""
        known = self.last_edge is not None and len(self.intervals) >= 2
        if self.bridged >= self.bridge or not known or self.source != 0 or self.paused:
            return
        coming = self.predicted()[0]
        if now - self.last_edge >= coming + coming // 8:
            self.bridged += 1
            self.clock(self.last_edge + coming)

    def steps_between(self, now: int) -> None:
        for track in self.track:
            if self.paused:
                track.group = None
        due = [t for t in self.track if t.group and t.due_between() - now <= 500]
        for track in due:
            track.step_time = track.due_between()
            track.left -= 1
            if not track.left:
                track.group = None
            self.play_hits(track.take_late(), now)
            rising = track.step(now)
            self.gates(now, rising, set(rising) & set(self.off))
            if track.playing:
                track.prepare()
                track.look_ahead()

    def run_outs(self, now: int) -> None:
        wanted = {channel for channel, what in enumerate(self.outs) if what == 257}
        if self.runs(now):
            rising = wanted - set(self.off)
            self.gates(now, dict.fromkeys(rising, 0), set())
            self.off |= dict.fromkeys(wanted, now + FOREVER_US)
        else:
            self.gates(now, {}, wanted & set(self.off))

    def clock(self, now: int) -> None:
        stopped = self.last_edge is None
        if self.last_edge is not None:
            self.intervals.append(max(1, now - self.last_edge))
            stopped = self.intervals[-1] // 4 > self.period
        self.last_edge = now
        after_reset = stopped and self.reset_edge == self.edges
        self.edges += 1
        begins = self.reset_asked or after_reset
        if begins:
            self.paused = self.paused and not self.reset_asked
            self.reset_asked = False
            self.rewind()
        if self.paused or (stopped and (begins or self.rewound)):
            for track in self.track:
                track.drop_early()
        self.rewound = False
        tracks = [] if self.paused else self.track
        self.play_late(tracks, now)
        rising = self.play(tracks, now)
        self.at_edge = set(rising)
        rising = dict.fromkeys(self.outs_due(), self.out_gate()) | rising
        self.gates(now, rising, set(rising) & set(self.off))
        self.since_reset += 1
        self.look_ahead(self.track)

    def rewind(self) -> None:
        self.since_reset = 0
        for track in self.track:
            track.rewind()

    def reset(self, now: int) -> None:
        self.paused = False
        window = RESET_WINDOW_US
        if self.period is not None:
            window = min(window, self.period // 2)
        if self.last_edge is None or now - self.last_edge > window:
            self.rewound = True
            self.rewind()
            for track in self.track:
                track.prepare()
            return
        self.reset_edge = self.edges
        self.since_reset = 0
        wrong = [t for t in self.track if t.played_at != self.edges or t.played_position != 0]
        wanted = {c for t in self.track if t not in wrong for c in t.triggered}
        for track in wrong:
            if track.played_at == self.edges:
                track.late.clear()
                track.drop_early()
            track.rewind()
        late = self.play_late(wrong, now)
        lengths = self.play(wrong, now)
        wanted |= set(lengths)
        rising = {c: length for c, length in lengths.items() if c not in self.at_edge}
        falling = (self.at_edge - wanted - late) | set(rising)
        outs = self.outs_due() - set(self.off) - set(rising)
        self.since_reset = 1
        rising |= dict.fromkeys(outs, self.out_gate())
        self.gates(now, rising, falling & set(self.off))
        self.at_edge = wanted
        self.look_ahead(wrong)

    def tick(self, now: int) -> None:
        due = {where for where, off in self.off.items() if now >= off}
        if due:
            self.gates(now, {}, due)
        self.own_clock(now)
        self.bridge_over(now)
        self.steps_between(now)
        hits = []
        for track in self.track:
            for waiting in (track.late, track.early):
                near = sorted(c for c, hit in waiting.items() if hit.due - now <= 500)
                for channel in near:
                    hit = waiting.pop(channel)
                    hits.append((track, channel, hit))
                    if hit.follow:
                        waiting[channel] = hit.following()
        self.play_hits(hits, now)
        self.run_outs(now)
        if self.last_edge is not None and now - self.last_edge >= LONG_AGO_US:
            self.last_edge = None
            self.intervals = []
