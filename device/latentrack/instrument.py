"""The instrument: clock and reset go to latentcore, everything else happens in frames.

A frame happens 50 times a second on MicroPython's scheduler: it calls `every_frame`, one part after
the other. The clock does not wait for it, and the prompt stays free. A part that fails is shown
once, and costs nothing but itself; one that does not come to an end is taken out (guard.py). After
a frame the prompt has at least as long as the frame took.
"""

import gc
import sys
import time

import latentcore
from machine import Pin, Timer

from latentrack import guard, logs, room
from latentrack.behaviours import Behaviours
from latentrack.boards import this_board
from latentrack.calibration import Calibration
from latentrack.history import History
from latentrack.knobs import Knobs
from latentrack.library import Library
from latentrack.midi import Midi
from latentrack.names import Part
from latentrack.parameters import TRACKS
from latentrack.patch import Patch
from latentrack.paths import Paths
from latentrack.presets import Presets
from latentrack.quantiser import Quantiser
from latentrack.scale_library import Scales
from latentrack.settings import Settings
from latentrack.slots import Slots
from latentrack.storage import Storage
from latentrack.tempo import Tempo
from latentrack.track import Track

FRAME_MS = 20
TICK_MS = 1
# Without a clock for so long nobody plays: time to write to the flash.
QUIET_MS = 2000
# With less memory than this behaviours have to go; checked every so many frames.
SHORT_BYTES = 64 * 1024
MEMORY_FRAMES = 16
# The longest that the prompt has before a frame comes, whatever the last one took.
LONGEST_TURN_MS = 500
# The longest that frames wait for the end of a call from the prompt.
LONGEST_CALL_MS = 1000
# Built-in names may be covered by a player's code.
_Exception = Exception


def _nothing():
    """Does nothing, instead of a part that was taken out."""


class Instrument(Part):
    """All parts of the module and their frames; `main.py` makes one and calls `start`."""

    FRAME_MS = FRAME_MS
    # Live code that waits to be stored: path -> block (live.py).
    unwritten_code = None
    # The one that plays: for what comes over USB, whatever names the prompt has changed.
    running = None

    def __init__(self, safe=False, behaviours=True):
        """`safe`: without behaviours and settings, for they may be what stops the module.

        With `behaviours` False these alone are left out.
        """
        # Frames after which nothing waited for a track: while it grows what is set is heard.
        self.frames = 0
        self._frames_run = 0
        # When the last frame ended, and how long it took.
        self._ended_ms = time.ticks_ms()
        self._took_ms = 0
        # Parts that were taken out of the frame: index in `every_frame` -> part.
        self.stopped_parts = {}
        # Parts that failed when they were called last: index in `every_frame` -> repr of the error.
        self.failed_parts = {}
        # A program that talks to the prompt sets this, or calls `quiet_for`: a frame's output
        # would come in the middle of an answer. The screen and the logs have it all the same.
        self.quiet = False
        self._quiet_until = None
        # What the screen's message line shows, and since when (time.ticks_ms).
        self.message_text = ""
        self.message_ms = 0
        self._edges = 0
        self._rest_ticks = 0
        self._edge_ms = None
        self._frame_timer = None
        self._tick_timer = None
        self.board = this_board()
        self.board.connect()
        culprit = self._begin_guard()
        self.tracks = []
        for number in range(TRACKS):
            self.tracks.append(
                Track(number, self.tracks, self.board.DRUM_JACKS, self.board.OUT_VOLTS is not None)
            )
        self.track = self.tracks[0]
        self.patch = Patch(self)
        self.midi = Midi(self)
        self.library = Library(self)
        self.storage = Storage(self)
        self.settings = Settings(self)
        self.presets = Presets(self)
        self.slots = Slots(self)
        self.tempo = Tempo(self)
        self._play_in = None
        self.behaviours = Behaviours(self)
        self.calibration = Calibration(self)
        self.scales = Scales(self)
        self.paths = Paths(self)
        self.quantiser = Quantiser(self)
        # Loaded when the arena has been taken: what is loaded before makes that smaller.
        from latentrack import repair

        self._repair = repair
        repair.note_code()
        if safe:
            self.settings.set_aside = True
            self.message("safe start: without behaviours and settings")
        else:
            if behaviours and culprit != guard.BEHAVIOURS:
                self.behaviours.load_all(culprit, self.settings.stored())
            else:
                self.message("behaviours are off: one of them stopped the module")
            guard.run(guard.number_of("settings"), self._load_settings)
        self.history = History(self)
        # What happens in a frame, in order. Add to it, or take from it, as you like.
        self.controls = None
        self.every_frame = [
            self._listen,
            self._modulate,
            self.behaviours.frame,
            self._refresh,
            self.library.refresh,
            self.history.frame,
            self.slots.frame,
            self.settings.frame,
            self.storage.frame,
            self.quantiser.frame,
            self._search,
        ]
        self.controls = self._add("controls", "Controls", 1)
        self.knobs = self.controls.knobs if self.controls else self._bare_knobs()
        self.screen = self._add("screen", "Screen", None)
        self._seal()

    def _load_settings(self):
        # First the files of scales and paths, which settings name.
        self.scales.refresh()
        self.paths.refresh()
        self.settings.load()

    def _add(self, module, name, index):
        """Adds a part that may be missing: its `frame()` becomes one of every frame's parts.

        `index` in `every_frame`; None: at the end. Returns the part; None: it cannot be loaded.
        """
        try:
            part = getattr(__import__("latentrack." + module, None, None, (name,)), name)(self)
        except Exception as error:
            self.show_error(error, f"no {module}: {error}")
            return None
        self.every_frame.insert(len(self.every_frame) if index is None else index, part.frame)
        return part

    def _bare_knobs(self):
        """Without controls the knobs move what is written beside them all the same."""
        knobs = Knobs(self.board.KNOBS)

        def turn():
            for name in knobs.turned(self.knobs_reversed()):
                entry = self.track.parameter(name)
                position = getattr(knobs, name).position
                self.track.set(name, entry.value(entry.from_position(position)))

        self.every_frame.insert(1, turn)
        return knobs

    def start(self):
        """Loads a model, patches the clock through, and starts the frames."""
        for part in self.every_frame:
            if not callable(part):
                raise TypeError("a part of the frame is not a function")
        Instrument.running = self
        self._repair.note_instrument(self)
        self.library.play_something()
        self.history.forget()
        self.frame()
        board = self.board
        pins = (
            (board.CLOCK, latentcore.clock),
            (board.RESET, latentcore.reset),
            (board.TRIGGERS[0], latentcore.trigger_3),
            (board.TRIGGERS[1], latentcore.trigger_4),
        )
        if self._tick_timer is None:
            self._start_tick()
        edge = Pin.IRQ_FALLING if board.EDGE == "falling" else Pin.IRQ_RISING
        for pin, handler in pins:
            self.input_pin(pin).irq(handler, edge, hard=True)
        self.begin_frames()

    def begin_frames(self):
        """Starts the frames; again, if they ran already."""
        if self._frame_timer is not None:
            self._frame_timer.deinit()
        latentcore.guard(0)
        self._ended_ms = time.ticks_ms()
        self._frame_timer = Timer(-1, period=FRAME_MS, callback=self._run_frame)

    def _begin_guard(self):
        """Watches from now on. Returns the number of what ran when the module was stopped last."""
        from machine import mem32

        kept = getattr(self.board, "KEPT_AT", 0)
        guard.culprit = culprit = mem32[kept] if kept else 0
        guard.begin(kept)
        latentcore.guard(0)
        self._start_tick()
        return culprit

    def _start_tick(self):
        self._tick_timer = Timer(-1, period=TICK_MS, callback=latentcore.tick, hard=True)

    def stop(self):
        """Stops clock and frames; the prompt and the files stay."""
        for pin in (self.board.CLOCK, self.board.RESET) + self.board.TRIGGERS:
            self.input_pin(pin).irq(None, hard=True)
        latentcore.guard(0)
        for timer in (self._tick_timer, self._frame_timer):
            if timer is not None:
                timer.deinit()
        self._tick_timer = self._frame_timer = None

    def input_pin(self, pin):
        """A clock, reset or trigger input with the pull that the board's table says."""
        pulls = {"up": Pin.PULL_UP, "down": Pin.PULL_DOWN}
        pull = pulls.get(self.board.PULL)
        return Pin(pin, Pin.IN) if pull is None else Pin(pin, Pin.IN, pull)

    def knobs_reversed(self):
        """Whether knobs turned clockwise give lower codes: the board's table, and `patch.knobs`."""
        return self.board.KNOBS_REVERSED != (self.patch.knobs == "reversed")

    @property
    def play_in(self):
        """The PlayIn. Loaded when it is first used: its code takes memory."""
        if self._play_in is None:
            from latentrack.play_in import PlayIn

            self._play_in = PlayIn(self)
        return self._play_in

    def plays_in(self):
        """Whether a bar is being tapped in."""
        return self._play_in is not None and self._play_in.recording

    # -- for buttons, triggers and the prompt -----------------------------------------------------

    def message(self, text):
        """One line on the screen for a while, in the logs, and printed, unless it is `quiet`."""
        self.message_text = text
        self.message_ms = time.ticks_ms()
        logs.note(text)
        if not self.is_quiet():
            print(text)

    def quiet_for(self, ms):
        """Frames print nothing for `ms` milliseconds."""
        self._quiet_until = time.ticks_add(time.ticks_ms(), ms)

    def is_quiet(self):
        """Whether frames must not print now."""
        if self._quiet_until is not None:
            if time.ticks_diff(self._quiet_until, time.ticks_ms()) > 0:
                return True
            self._quiet_until = None
        return self.quiet

    def show_error(self, error, text):
        """An exception: its traceback to the logs, a line to the screen."""
        logs.note_error(error)
        if not self.is_quiet():
            sys.print_exception(error)
        self.message(text)

    def clocked_recently(self):
        """Whether a clock edge came in the last 2 s."""
        self._count_edges()
        if self._edge_ms is None:
            return False
        return time.ticks_diff(time.ticks_ms(), self._edge_ms) < QUIET_MS

    def pause(self):
        """Ignores clock edges until the next reset."""
        latentcore.pause()

    def reset(self):
        """Makes the next clock edge play step 0; ends a pause."""
        latentcore.ask_reset()
        for track in self.tracks:
            track.restart_path()

    def chosen_track(self):
        """The track that pages and actions are about."""
        return self.track if self.controls is None else self.controls.track

    def toggle_lock(self, voice):
        """Locks a voice of the chosen track, 1 to 8, or has it follow again; says which."""
        track = self.chosen_track()
        try:
            if track.locked_mask >> voice & 1:
                track.unlock(voice)
                self.message(f"voice {voice} follows")
            else:
                track.lock(voice)
                self.message(f"voice {voice} is locked")
        except MemoryError as error:
            self.message(f"voice {voice} follows: {error}")

    def plays(self):
        """The name of each track's model; None: it has none."""
        return [None if track.model is None else track.model.name for track in self.tracks]

    def room(self):
        """Bytes of the largest piece that is free for a model."""
        return room.largest(self.tracks)

    def decode(self):
        """All tracks decode their present position, for follow hold."""
        for track in self.tracks:
            track.decode()

    def repair(self):
        """After something has failed: removes what behaviours may have done, and has frames go on.

        Returns what was wrong, "code" (repair.py) or "memory", and the names of behaviours that
        are off now; None: nothing was wrong.
        """
        return self._repair.help_up()

    # -- frames -----------------------------------------------------------------------------------

    def frame(self):
        """Calls every part of the frame, in order; a timer calls this 50 times a second."""
        # Counted by hand: a frame must not allocate, and enumerate() does.
        number = 0
        while number < len(self.every_frame):
            failed = None
            latentcore.guard(guard.PART + number)
            try:
                self.every_frame[number]()
                if self.failed_parts:
                    self.failed_parts.pop(number, None)
            except Exception as error:
                failed = error
            ms = latentcore.guard(0)
            if ms >= guard.STOP_MS:
                guard.mend()
            if failed is not None:
                self._see_to(number, failed, ms)
            number += 1

    def _see_to(self, number, error, ms):
        """Handles the exception of part `number`, which took `ms` milliseconds."""
        if ms >= guard.STOP_MS and isinstance(error, RuntimeError):
            self._take_out(number, error)
        elif not (isinstance(error, MemoryError) and self.make_room()):
            self._show_once(number, error)

    def _run_frame(self, timer):
        if latentcore.guard(0) >= guard.BETWEEN_MS:
            self._held_up()
        self._run_one()
        latentcore.guard(guard.BEHAVIOURS)

    def _held_up(self):
        """Silences what behaviours have started beside the frames: there was no frame for long."""
        names = self.behaviours.stop_all()
        guard.mend()
        if names:
            self.message("off, as one held the frames up: " + ", ".join(names))

    def _run_one(self):
        began = time.ticks_ms()
        # The prompt has its turn, even when frames take longer than what is between them.
        if time.ticks_diff(began, self._ended_ms) < min(self._took_ms, LONGEST_TURN_MS):
            return
        # In the midst of a call from the prompt a frame could play another model, and what the call
        # tells latentcore next would not fit. The next frame comes soon.
        if time.ticks_diff(began, self._ended_ms) < LONGEST_CALL_MS:
            for track in self.tracks:
                if track.is_busy():
                    return
        try:
            self.frame()
            self._frames_run += 1
            if self._frames_run % MEMORY_FRAMES == 0 and gc.mem_free() < SHORT_BYTES:
                gc.collect()
                if gc.mem_free() < SHORT_BYTES:
                    self.make_room()
        except _Exception as error:
            try:
                self._show_once(None, error)
            except _Exception:
                self._repair.repair()
        self._ended_ms = time.ticks_ms()
        self._took_ms = time.ticks_diff(self._ended_ms, began)

    def make_room(self):
        """Takes the behaviours that are on away, as memory is short. Returns their names."""
        names = self.behaviours.release()
        if names:
            self.message("memory is short: off are " + ", ".join(names))
        return names

    def _take_out(self, number, error):
        """A part that did not come to an end: frames go on without it, until its code is new."""
        if number < len(self.every_frame):
            self.stopped_parts[number] = self.every_frame[number]
            self.every_frame[number] = _nothing
        self.show_error(error, f"part {number + 1} of the frame is off: it held it up for a second")

    def put_in(self):
        """Puts all parts that were taken out back into the frame."""
        for number in self.stopped_parts:
            if self.every_frame[number] is _nothing:
                self.every_frame[number] = self.stopped_parts[number]
        self.stopped_parts.clear()

    def _show_once(self, part, error):
        # The same mistake 50 times a second is shown once.
        if repr(error) != self.failed_parts.get(part):
            self.failed_parts[part] = repr(error)
            if self.behaviours.ran:
                self._repair.repair()
            self.show_error(error, repr(error))

    def _listen(self):
        self._count_edges()
        self.patch.triggers()
        self.midi.frame()

    def _count_edges(self):
        edges = latentcore.count(0, 0)
        if edges != self._edges:
            self._edges = edges
            self._edge_ms = time.ticks_ms()

    def _modulate(self):
        cv = getattr(self.controls, "cv", None)
        if cv:
            self.patch.modulate(cv)
        self.presets.follow_morph()

    def _refresh(self):
        levels = waits = 0
        for track in self.tracks:
            track.refresh()
            levels |= track.levels | track.reserved
            waits |= track.waits()
        for track in self.tracks:
            if track.released:
                self._rest_one(track, levels)
        self.frames += not waits

    def _search(self):
        if self._play_in is not None:
            self._play_in.frame()

    def _rest_one(self, track, levels):
        """Puts one jack that carries no pitch or accent any more to 0 V: a gate may come there."""
        ticks = latentcore.count(0, 11)
        if ticks == self._rest_ticks:
            return  # latentcore puts one level out at each tick
        self._rest_ticks = ticks
        channel = 0
        while not track.released >> channel & 1:
            channel += 1
        track.released &= ~(1 << channel)
        if channel < len(self.calibration.outputs) and not levels >> channel & 1:
            latentcore.level(channel, self.calibration.outputs[channel].code(0))
