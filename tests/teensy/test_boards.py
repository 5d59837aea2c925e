"""boards/bare.py and boards/xen.py as they are, with latentcore.mpy, on the chip in software."""

from __future__ import annotations

from array import array

import pytest

from latentrack.teensy.native import NativeFault
from latentrack.virtual.boards import BOARDS
from tests.decoders import DRUMS, answers
from tests.device.rig import drums as jack_volts
from tests.teensy.boards import (
    BoardOnChip,
    dac_places,
    expected_triggers,
    frame_fields,
    selects,
)
from tests.teensy.programs import BARE, build_function

THRESHOLD = 0.3
FUNCTION = 0x8000  # free memory, for the transfer in machine code


@pytest.fixture
def drums(decoders):
    """A drum model's file, two places in its space, and LiteRT's probabilities there."""
    latents, probabilities = answers(decoders, DRUMS)
    return decoders / f"{DRUMS}.tflite", latents[:2], probabilities[:2]


def play_a_bar(board, drums):
    model, latents, _ = drums
    board.play(model, latents[0], THRESHOLD)
    return [board.step() for _ in range(16)]


def test_the_guard_writes_into_code_that_does_not_end_and_then_resets_the_chip(monkeypatch):
    """FUNCTION: bytes of memory that stand for bytecode. SNVS_LPGPR3 keeps what ran."""
    board = BoardOnChip("bare")
    core, kept = board.latentcore, 0x400D410C
    places = array("I", [FUNCTION, FUNCTION + 5])
    before = core.memory(FUNCTION, 8)
    core.guard_code(places, 0x64, 5, 20, kept)
    for _ in range(30):
        core.tick(None)
    assert core.memory(FUNCTION, 8) == before, "nothing that is watched runs"
    assert core.guard(77) == 30
    for _ in range(4):
        core.tick(None)
    assert core.memory(FUNCTION, 8) == before
    core.tick(None)
    written = bytearray(before)
    written[0] = written[5] = 0x64
    assert core.memory(FUNCTION, 8) == bytes(written)
    assert board.chip.blocks["SNVS"].read(0x10C) == 77
    resets: list[int] = []
    monkeypatch.setattr(board.chip, "request_reset", resets.append)
    for _ in range(14):
        core.tick(None)
    assert resets == []
    core.tick(None)
    assert len(resets) == 1
    assert dict(board.chip.unknown_addresses) == {}


@pytest.mark.parametrize("name", BOARDS)
def test_every_address_that_a_board_touches_exists(name, drums):
    board = BoardOnChip(name)
    play_a_bar(board, drums)
    assert dict(board.chip.unknown_addresses) == {}


def test_a_wrong_address_is_a_fault(drums):
    board = BoardOnChip("bare")
    board.latentcore.time_source(0x400F0024)
    with pytest.raises(NativeFault, match="read of 0x400f0024"):
        play_a_bar(board, drums)
    assert dict(board.chip.unknown_addresses) == {0x400F0024: 1}


def test_bare_plays_what_litert_says(drums):
    board = BoardOnChip("bare")
    groups = tuple(board.latentcore.describe(drums[0].read_bytes())[5])
    wanted = expected_triggers(drums[2][0], groups, THRESHOLD)
    assert any(wanted)
    pins = board.board.GATES
    for (edges, words), channels in zip(play_a_bar(board, drums), wanted, strict=True):
        risen = [edge for edge in edges if edge.level]
        assert {edge.pin for edge in risen} == {pins[channel] for channel in channels}
        assert all(edge.exception == 99 for edge in risen), "inside the clock's interrupt"
        fallen = {edge.pin: edge.time_us for edge in edges if not edge.level}
        for edge in risen:
            assert 9_900 <= fallen[edge.pin] - edge.time_us <= 11_100, "gates of 10 ms"
        assert words == []
    assert dict(board.chip.unknown_addresses) == {}


def test_an_edge_ends_as_volts_at_the_right_jacks_of_xen(drums):
    """The Teensy's machine code, the board's file, and the reference hardware's electronics."""
    model, latents, probabilities = drums
    board = BoardOnChip("xen")
    assert board.electronics.volts == pytest.approx([0.0] * 8, abs=4e-4), "0 V once connected"
    board.route_drums()
    groups = tuple(board.latentcore.describe(model.read_bytes())[5])
    board.play(model, latents[0], THRESHOLD)
    for step, wanted in enumerate(jack_volts(probabilities[0], groups, THRESHOLD)):
        board.written.clear()
        board.edge()
        board.latentcore.run_us(300)
        assert board.written == wanted, f"step {step}"
        for _ in range(20):
            board.latentcore.run_us(1000)
            board.latentcore.tick(None)
        board.release()
    assert board.electronics.faults == []


def test_an_edge_ends_as_volts_at_the_right_jacks_of_bare(drums):
    model, latents, probabilities = drums
    board = BoardOnChip("bare")
    groups = tuple(board.latentcore.describe(model.read_bytes())[5])
    board.play(model, latents[0], THRESHOLD)
    for channels in expected_triggers(probabilities[0], groups, THRESHOLD):
        board.written.clear()
        board.edge()
        board.latentcore.run_us(300)
        assert board.written == dict.fromkeys(channels, 3.3)
        for _ in range(20):
            board.latentcore.run_us(1000)
            board.latentcore.tick(None)
        board.release()


def test_xen_plays_what_litert_says(drums):
    board = BoardOnChip("xen")
    calls = board.latentcore.calls
    groups = tuple(board.latentcore.describe(drums[0].read_bytes())[5])
    wanted = expected_triggers(drums[2][0], groups, THRESHOLD)
    select, places = selects(calls), dac_places(calls)
    for (_, words), channels in zip(play_a_bar(board, drums), wanted, strict=True):
        risen = set()
        for word in words:
            assert (word.bus, word.bits, word.mode) == ("LPSPI4", 24, 1)
            (pin,) = set(select) & word.low
            place, code = frame_fields(word.value)
            channel, _, high = places[select.index(pin), place]
            if code == high and word.exception == 99 and channel < len(groups):
                risen.add(channel)
        assert risen == channels
    assert dict(board.chip.unknown_addresses) == {}


def python_transfer(board, tmp_path):
    """A transfer by the stand-in for machine.SPI: edges come between two register accesses."""
    spi = board.machine.SPI(board.board.DISPLAY["spi"], baudrate=board.board.DISPLAY["baudrate"])
    return lambda: spi.write(bytes(range(40)))


def native_transfer(board, tmp_path):
    """The same in machine code: edges come between two instructions."""
    python_transfer(board, tmp_path)  # sets the bus up
    code = build_function(tmp_path, BARE / "transfer.c", FUNCTION)
    board.chip.cpu.uc.mem_write(FUNCTION, code)
    return lambda: board.latentcore.call(FUNCTION, ())


@pytest.mark.parametrize(("make", "spacing_us"), [(python_transfer, 0.07), (native_transfer, 0.07)])
def test_an_edge_anywhere_in_a_display_transfer_disturbs_nothing(drums, tmp_path, make, spacing_us):
    """The clock borrows the bus at ever later moments; the display still gets every byte."""
    model, latents, probabilities = drums
    board = BoardOnChip("xen")
    chip = board.chip
    groups = tuple(board.latentcore.describe(model.read_bytes())[5])
    wanted = expected_triggers(probabilities[0], groups, THRESHOLD)
    display = board.board.DISPLAY["select"]
    transfer = make(board, tmp_path)
    pin = board.machine.Pin(display, board.machine.Pin.OUT, value=1)
    board.play(model, latents[0], THRESHOLD)
    select, places = selects(board.latentcore.calls), dac_places(board.latentcore.calls)
    during = 0
    for attempt in range(400):
        after = f"edge after {spacing_us * attempt:.2f} us"
        chip.words.clear()
        pin(0)
        chip.later(spacing_us * attempt, board.edge)
        started = chip.now
        transfer()
        ended = chip.now
        pin(1)
        board.latentcore.run_us(100)
        board.release()
        for _ in range(12):
            board.latentcore.run_us(1000)
            board.latentcore.tick(None)
        shown = bytes(word.value for word in chip.words if display in word.low)
        assert shown == bytes(range(40)), after
        frames = [word for word in chip.words if word.bits == 24]
        assert all(len(set(select) & word.low) == 1 for word in frames), after
        assert all(display not in word.low for word in frames), after
        risen = set()
        for word in frames:
            (its,) = set(select) & word.low
            place, code = frame_fields(word.value)
            channel, _, high = places[select.index(its), place]
            if code == high and channel < len(groups):
                risen.add(channel)
        during += any(started < word.time_us < ended for word in frames)
        # Where the driver had the bus switched off, the edge's frames come at the next tick.
        assert risen == set(wanted[attempt % 16]), after
    assert during >= 64, "edges came in the middle of the transfer"


def test_pins_that_the_firmware_lacks_are_refused():
    board = BoardOnChip("bare")
    with pytest.raises(ValueError, match="Pin doesn't exist"):
        board.machine.Pin("A16")


# -- MIDI, on LPUART6: machine.UART(1)


def receive(board, data: bytes) -> None:
    """Bytes come at 31,250 baud, while the tick reads."""
    for byte in data:
        board.latentcore.run_us(320)
        board.chip.uarts["LPUART6"].receive(bytes([byte]))
        board.latentcore.tick(None)


def test_bare_receives_and_sends_midi():
    board = BoardOnChip("bare")
    sent: list[tuple[str, int, float]] = []
    board.chip.on_uart = lambda uart, byte: sent.append((uart, byte.byte, byte.baud))
    receive(board, b"\x90\x3c\xf8\x64\x3e\x65\xc5\x07")
    core = board.latentcore
    assert [core.midi_receive() for _ in range(4)] == [0x643C90, 0x653E90, 0x07C5, 0]
    assert core.midi_send(0x40_07_B2) is True
    core.run_us(1000)
    core.tick(None)
    assert sent == [("LPUART6", byte, 31250) for byte in (0xB2, 0x07, 0x40)]


def test_bytes_that_nobody_reads_are_lost_and_those_after_them_are_not():
    """The chip stores nothing while OR is set; latentcore takes that back."""
    board = BoardOnChip("bare")
    uart, core = board.chip.uarts["LPUART6"], board.latentcore
    uart.receive(b"\xc0\x01\x02\x03\x04\x05\x06")
    for _ in range(2):
        core.tick(None)
    uart.receive(b"\x07")
    core.tick(None)
    assert [core.midi_receive() >> 8 for _ in range(5)] == [1, 2, 3, 7, 0]


def test_xen_sends_midi_and_receives_none_for_its_pin_is_the_displays():
    board = BoardOnChip("xen")
    sent: list[int] = []
    board.chip.on_uart = lambda uart, byte: sent.append(byte.byte)
    receive(board, b"\xc0\x01")
    core = board.latentcore
    assert core.midi_receive() == 0
    core.midi_send(0x01C0)
    core.tick(None)
    assert sent == [0xC0, 0x01]
    assert board.chip.pin("D0") == 1, "the display is not held in reset"
