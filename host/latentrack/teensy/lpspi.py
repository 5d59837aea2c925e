"""An LPSPI as a bus master: a FIFO of words and commands, and a shift register that takes time.

The transmit FIFO carries data (TDR) and commands (TCR) in the order of their writes; a command
takes effect between two words. A frame lasts from its first word to the first command without
CONTC, or one word if CONT is off. (NXP, i.MX RT1060 Processor Reference Manual, chapter LPSPI.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from latentrack.teensy.block import Block, Machine
from latentrack.virtual.chip import chip

_AT = chip().offsets("LPSPI")
PARAM, CR, SR, IER = _AT["PARAM"], _AT["CR"], _AT["SR"], _AT["IER"]
CFGR1, CCR, FCR, FSR = _AT["CFGR1"], _AT["CCR"], _AT["FCR"], _AT["FSR"]
TCR, TDR, RSR, RDR = _AT["TCR"], _AT["TDR"], _AT["RSR"], _AT["RDR"]

CR_MEN, CR_RST, CR_RTF, CR_RRF = 1 << 0, 1 << 1, 1 << 8, 1 << 9
SR_TDF, SR_RDF, SR_WCF, SR_FCF, SR_TCF = 1 << 0, 1 << 1, 1 << 8, 1 << 9, 1 << 10
SR_MBF = 1 << 24
_SR_CLEARABLE = 0x3F00
CFGR1_NOSTALL = 1 << 3
TCR_CONT, TCR_CONTC, TCR_RXMSK = 1 << 21, 1 << 20, 1 << 19
_TCR_AT_RESET = 31
_FIFO_WORDS = 16
_PARAM_VALUE = 0x0404  # FIFOs of 2^4 words


class Word(NamedTuple):
    """A word that was sent on a bus."""

    time_us: float
    """The time of its last bit, in microseconds."""
    bus: str
    value: int
    bits: int
    mode: int
    """SPI mode 0 to 3: clock polarity and phase."""
    low: frozenset[str]
    """The output pins that were low from its first bit to its last, including selects."""
    exception: int
    """The exception whose code wrote it, 0 for thread mode."""


class Lpspi(Block):
    """The bus.

    root_mhz(): the frequency in MHz that CCR divides.  low_outputs(): the output pins that are low.
    on_word: called with each word that was sent.  miso(value, bits): the devices' answer to a word
    (default: 0).  overruns: the number of writes into a full FIFO.
    """

    def __init__(
        self,
        machine: Machine,
        name: str,
        root_mhz: Callable[[], float],
        low_outputs: Callable[[], frozenset[str]],
        on_word: Callable[[Word], None],
    ) -> None:
        super().__init__(machine, name)
        self.miso: Callable[[int, int], int] = lambda value, bits: 0
        self.overruns = 0
        self._root_mhz = root_mhz
        self._low_outputs = low_outputs
        self._on_word = on_word
        self._line = chip().interrupts[name]
        self._clear()

    def _clear(self) -> None:
        self._fifo: deque[tuple[bool, int, int]] = deque()
        self._received: deque[int] = deque()
        self._command = _TCR_AT_RESET
        self._flags = 0
        self._framed = False
        self._shifting: tuple[int, int] | None = None
        self._ends_us = 0.0
        self._low_at_start: frozenset[str] = frozenset()

    def reset(self) -> None:
        """Clear registers and both FIFOs, drop the word under way, lower the interrupt line."""
        super().reset()
        self._clear()
        self.machine.set_line(self._line, False)

    @property
    def busy(self) -> bool:
        """Whether a word is being sent."""
        return self._shifting is not None

    # -- registers --------------------------------------------------------------------------

    def read(self, offset: int) -> int:
        """The register as of now; RDR takes a received word, FSR waits while the FIFO is full."""
        self.advance()
        if offset == SR:
            return self._status()
        if offset == FSR:
            count = len(self._fifo) | len(self._received) << 16
            if len(self._fifo) == _FIFO_WORDS and self._shifting is not None:
                # Code that reads "full" waits for room: skip to the end of the present word.
                self.machine.now = max(self.machine.now, self._ends_us)
            return count
        if offset == PARAM:
            return _PARAM_VALUE
        if offset == TCR:
            return self._command
        if offset == RSR:
            return 0 if self._received else 2
        if offset == RDR:
            value = self._received.popleft() if self._received else 0
            self.advance()
            return value
        return self.registers.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Write a register; TCR and TDR append to the FIFO, or count an overrun if it is full."""
        self.advance()
        if offset == SR:
            self._flags &= ~(value & _SR_CLEARABLE)
        elif offset == CR:
            self._control(value)
        elif offset == TCR:
            self._push(True, value)
        elif offset == TDR:
            self._push(False, value)
        else:
            self.registers[offset] = value
        self.advance()

    def _status(self) -> int:
        watermarks = self.registers.get(FCR, 0)
        status = self._flags
        if len(self._fifo) <= watermarks & 15:
            status |= SR_TDF
        if len(self._received) > watermarks >> 16 & 15:
            status |= SR_RDF
        if self._framed or self._shifting is not None:
            status |= SR_MBF
        return status

    def _control(self, value: int) -> None:
        if value & CR_RST:
            self.registers.clear()
            self._clear()
        if value & CR_RTF:
            self._fifo.clear()
        if value & CR_RRF:
            self._received.clear()
        if not value & CR_MEN:
            self._framed = False
        self.registers[CR] = value & ~(CR_RTF | CR_RRF)

    def _push(self, is_command: bool, value: int) -> None:
        if len(self._fifo) == _FIFO_WORDS:
            self.overruns += 1
            return
        self._fifo.append((is_command, value, self.machine.active_exception()))

    # -- time -------------------------------------------------------------------------------

    def advance(self) -> None:
        """Send all words that are complete at the present time."""
        now = self.machine.now
        time = now
        while True:
            if self._shifting is not None:
                if self._ends_us > now:
                    break
                time = self._ends_us
                self._end_word()
            while self._fifo and self._fifo[0][0]:
                self._obey(self._fifo.popleft()[1])
            if not self._fifo or not self._may_start():
                break
            _, value, exception = self._fifo.popleft()
            self._start_word(value, exception, time)
        status = self._status()
        self.machine.set_line(self._line, bool(status & self.registers.get(IER, 0) & 0x3F03))

    def _may_start(self) -> bool:
        if not self.registers.get(CR, 0) & CR_MEN:
            return False
        stalls = not self.registers.get(CFGR1, 0) & CFGR1_NOSTALL
        full = len(self._received) >= _FIFO_WORDS
        return not (full and stalls and not self._command & TCR_RXMSK)

    def _obey(self, command: int) -> None:
        self._command = command
        if self._framed and not command & TCR_CONTC:
            self._end_frame()

    def _start_word(self, value: int, exception: int, time: float) -> None:
        bits = (self._command & 0xFFF) + 1
        self._shifting = (value, exception)
        self._framed = True
        self._ends_us = time + bits * self._bit_us()
        self._low_at_start = self._low_outputs()

    def _end_word(self) -> None:
        assert self._shifting is not None
        command, (word, exception) = self._command, self._shifting
        self._shifting = None
        bits = min((command & 0xFFF) + 1, 32)
        value = word & ((1 << bits) - 1)
        self._flags |= SR_WCF
        if not command & TCR_RXMSK and len(self._received) < _FIFO_WORDS:
            self._received.append(self.miso(value, bits))
        low = self._low_outputs() & self._low_at_start
        self._on_word(Word(self._ends_us, self.name, value, bits, command >> 30, low, exception))
        if not command & TCR_CONT:
            self._end_frame()

    def _end_frame(self) -> None:
        self._framed = False
        self._flags |= SR_FCF | SR_TCF

    def _bit_us(self) -> float:
        divider = ((self.registers.get(CCR, 0) & 0xFF) + 2) << (self._command >> 27 & 7)
        return divider / self._root_mhz()
