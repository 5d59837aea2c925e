"""What `latentrack selftest` asks of the module: measurements, in plain numbers.

The computer judges them (host/latentrack/module/selftest.py). Cycles are those of the Cortex-M7's
counter DWT_CYCCNT (Arm, ARMv7-M Architecture Reference Manual, chapter DWT).
"""

import gc
import sys
import time
from binascii import hexlify

import latentcore
from machine import ADC, Pin, Timer, mem32

from latentrack import morphing
from latentrack.boards import teensy41
from latentrack.instrument import Instrument
from latentrack.scheduler import on_scheduler

_DEMCR, _TRACE_ON = 0xE000EDFC, 1 << 24
_DWT_CTRL, _COUNTER_ON = 0xE0001000, 1
CYCLES = 0xE0001004
_EDGE_MS = 1
# So long after the last question of the computer the measured clock goes on.
UNASKED_MS = 5000

_edges = None
_timer = None
_until = 0
_kept = None


def about():
    """What runs here, on what."""
    instrument = Instrument.running
    return {
        "micropython": ".".join(str(part) for part in sys.implementation.version[:3]),
        "machine": sys.implementation._machine,
        "board": instrument.board.NAME,
        "models": instrument.library.models(),
        "plays": instrument.plays(),
        "frame_ms": instrument.FRAME_MS,
        "outputs_have_volts": instrument.board.OUT_VOLTS is not None,
        "cv_inputs": sorted(instrument.board.CV),
    }


def memory():
    """(bytes free after a collection, the largest block that can be had)"""
    gc.collect()
    least, most = 0, gc.mem_free()
    free = most
    while most - least > 256:
        size = (least + most) // 2
        try:
            bytearray(size)
            least = size
        except MemoryError:
            most = size
        gc.collect()
    return free, least


def clocks():
    """Microseconds of the time source, ticks so far, frames so far: read one after the other."""
    return mem32[teensy41.TIME_US], latentcore.count(0, 11), Instrument.running.frames


def rest_levels():
    """Levels at the pins of clock, reset and the triggers."""
    board, instrument = Instrument.running.board, Instrument.running
    return [instrument.input_pin(p).value() for p in (board.CLOCK, board.RESET) + board.TRIGGERS]


def rest_levels_wanted():
    """What they are while nothing is plugged in, or a jack is at 0 V."""
    return [1 if Instrument.running.board.EDGE == "falling" else 0] * 4


def late_and_lost():
    """Writes to outputs that were made a tick later, and those that were lost, since power-on."""
    return latentcore.count(0, 6), latentcore.count(0, 7)


# -- cycles ---------------------------------------------------------------------------------------


def start_counter():
    """Switches the cycle counter on; (its value, the value a moment later)."""
    mem32[_DEMCR] = mem32[_DEMCR] | _TRACE_ON
    mem32[_DWT_CTRL] = mem32[_DWT_CTRL] | _COUNTER_ON
    before = mem32[CYCLES]
    time.sleep_ms(10)
    return before, mem32[CYCLES]


def start_edges(count):
    """Makes so many clock edges, one a millisecond, and notes how many cycles each takes.

    They come from a hard timer, which calls what the clock pin's interrupt calls. Frames end them
    when all are there, or when the computer has not asked for long (`edges_done`).
    """
    global _edges, _timer
    stop_edges()
    forget_edges()  # of a test that was cut: both together may not fit
    gc.collect()
    _wait_for_questions()
    _edges = bytearray(4 * (count + 1))
    latentcore.cycles(CYCLES, _edges)
    _timer = Timer(-1, period=_EDGE_MS, callback=latentcore.clock, hard=True)
    Instrument.running.every_frame.append(_end_edges)


def _wait_for_questions():
    global _until
    _until = time.ticks_add(time.ticks_ms(), UNASKED_MS)


def _end_edges():
    if _done() >= len(_edges) // 4 - 1 or time.ticks_diff(_until, time.ticks_ms()) < 0:
        stop_edges()


def edges_done():
    """How many have come."""
    _wait_for_questions()
    return _done()


def _done():
    return int.from_bytes(memoryview(_edges)[:4], "little")


def stop_edges():
    """Stops the measured clock."""
    global _timer
    if _timer is not None:
        _timer.deinit()
        _timer = None
    latentcore.cycles(0, b"")
    if _end_edges in Instrument.running.every_frame:
        Instrument.running.every_frame.remove(_end_edges)


def edge_cycles(first, count):
    """Some of the measured edges: hexadecimal digits of 32-bit numbers, the low byte first."""
    return hexlify(memoryview(_edges)[4 * (1 + first) : 4 * (1 + first + count)]).decode()


def forget_edges():
    """Frees the memory of the measured edges."""
    global _edges
    _edges = None


def decode_cycles(name, count):
    """Cycles of `count` decodes of a stored model, which plays meanwhile."""
    instrument = Instrument.running
    instrument.library.play(name, remember=False)
    track = instrument.tracks[0]
    taken = []
    for _ in range(count):
        latents = track.decoded
        before = mem32[CYCLES]
        latentcore.decode(0, latents)
        taken.append(mem32[CYCLES] - before & 0xFFFFFFFF)
    return taken


def keep_playing():
    """Before `decode_cycles`: holds what plays on the first track, stored or not."""
    global _kept
    _kept = Instrument.running.tracks[0].model
    if _kept is not None:
        _kept.hold()


def play_again():
    """After `decode_cycles`: what played before plays again, or nothing."""
    global _kept
    track = Instrument.running.tracks[0]
    if _kept is None:
        track.stop()
        return
    try:
        morphing.play(Instrument.running, track, _kept)
    finally:
        _kept.release()
        _kept = None


def frame_cycles(count):
    """Cycles of `count` frames, one after the other."""
    return on_scheduler(lambda: _frame_cycles(count))


def _frame_cycles(count):
    instrument = Instrument.running
    taken = []
    for _ in range(count):
        before = mem32[CYCLES]
        instrument.frame()
        taken.append(mem32[CYCLES] - before & 0xFFFFFFFF)
    return taken


# -- patch cables ---------------------------------------------------------------------------------


def put(output, volts):
    """Puts a voltage on an output (from 0): a gate output is high above 1 V."""
    instrument = Instrument.running
    if instrument.board.OUT_VOLTS is None:
        Pin(instrument.board.GATES[output], Pin.OUT, value=volts > 1)
    else:
        latentcore.level(output, instrument.calibration.outputs[output].code(volts))


def read_inputs():
    """(volts at the CV inputs by name, levels of clock, reset and the triggers)"""
    instrument = Instrument.running
    volts = {}
    for name in instrument.board.CV:
        code = ADC(instrument.board.CV[name]).read_u16()
        volts[name] = instrument.calibration.inputs[name].volts(code)
    return volts, rest_levels()
