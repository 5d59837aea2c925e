"""The MIDI cables at a virtual module's jacks: bytes go in, and what comes out has its time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from latentrack.errors import UserError
from latentrack.virtual.boards import Board
from latentrack.virtual.wires import Wires

BAUD = 31250
BYTE_US = 320
# The farthest that a receiver follows another baud rate: half a bit in ten.
_BAUD_TOLERANCE = 0.03
# What the chip's model holds of bytes that are on their way.
_MOST_BYTES = 100
_REALTIME = 0xF8
_SYSEX, _SYSEX_END = 0xF0, 0xF7


@dataclass(frozen=True)
class SentByte:
    """A byte that came out; time_us: when its start bit began, in the module's time."""

    time_us: int
    byte: int


class MidiCable:
    """Both cables. Times are the module's, in microseconds."""

    def __init__(self, board: Board, wires: Wires) -> None:
        self._board, self._wires = board, wires
        self._lock = threading.Lock()
        self._out: list[SentByte] = []

    def send(self, data: bytes) -> None:
        """Send up to 100 bytes to the MIDI input, one behind another at 31,250 baud.

        The first begins now, or when the bytes sent before have ended; time does not advance.
        Raises UserError if the board has no MIDI input, ValueError for more bytes.
        """
        if not self._board.MIDI_IN:
            raise UserError("This board has no MIDI input; use `latentrack virtual --board bare`.")
        if len(data) > _MOST_BYTES:
            raise ValueError(f"expected at most {_MOST_BYTES} bytes at once, got {len(data)}")
        for byte in data:
            self._wires.send_byte(self._board.MIDI, byte)

    def sent(self) -> list[SentByte]:
        """The bytes that came out since the last call."""
        self._wires.hear()
        with self._lock:
            out, self._out = self._out, []
        return out

    def messages(self) -> list[tuple[int, bytes]]:
        """The messages that came out since the last call of `sent` or `messages`, with their times.

        Running status is written out; the time is that of the message's first byte.
        """
        return messages_of(self.sent())

    def byte_sent(self, time_us: int, uart: str, byte: int, baud: int) -> None:
        """Receive a byte from the chip; see wires.Listener."""
        if uart != self._board.MIDI:
            return
        if abs(baud / BAUD - 1) > _BAUD_TOLERANCE:
            self._board.fault(f"the MIDI output was sent a byte at {baud} baud; it needs {BAUD}")
            return
        with self._lock:
            self._out.append(SentByte(time_us, byte))


def messages_of(sent: list[SentByte]) -> list[tuple[int, bytes]]:
    """Messages of bytes that a receiver reads from the beginning; system exclusive is left out."""
    found: list[tuple[int, bytes]] = []
    status = begun_us = 0
    data = b""
    for each in sent:
        if each.byte >= _REALTIME:
            found.append((each.time_us, bytes([each.byte])))
            continue
        if each.byte & 0x80:
            status, data, begun_us = each.byte, b"", each.time_us
            if status in (_SYSEX, _SYSEX_END):
                status = 0
            continue
        if not status:
            continue
        begun_us = begun_us or each.time_us
        data += bytes([each.byte])
        if len(data) == (1 if status & 0xE0 == 0xC0 else 2):
            found.append((begun_us, bytes([status]) + data))
            data, begun_us = b"", 0
    return found
