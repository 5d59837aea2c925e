"""A module that runs a firmware file: the Teensy in software, with a pty as its USB port.

    mpremote ── pty ── LPUART1 ── stock MicroPython ── pins, SPI ── callbacks

A thread runs the machine, at most as fast as real time. The flash folder is copied into the flash
at the start, and the flash back into the folder whenever the firmware has stopped writing, and at
the end.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

from latentrack.errors import UserError
from latentrack.lasting import LastingThread
from latentrack.teensy.wires import TeensyWires
from latentrack.virtual import folders, registry
from latentrack.virtual.boards import DEFAULT, make_board
from latentrack.virtual.panel import Panel

# Windows has no ptys, and no virtual module.
with contextlib.suppress(ImportError):
    import tty

SLOWNESS = "It runs the firmware's own machine code, 5 to 10 times slower than a Teensy."
# The prompt takes about 30 us a byte; a faster input would overflow the firmware's buffer of 4096.
UART_US_PER_BYTE = 40
_TURN_US = 1000.0
_SETTLED_US = 300_000.0  # the file system is complete this time after the last write
_PIECE_BYTES = 4096
_PROMPT = b">>> "

PinCallback = Callable[[float, str, int], None]
SpiCallback = Callable[[float, frozenset[str], int, int, int], None]


class TeensyModule:
    """A running module; also a context manager that stops it.

    firmware: a .hex or .elf file.  flash: the folder that is its flash (default: a new one, removed
    at the end).  board: written to board.txt (default: the board in that file).  port: its USB
    port. All times are the machine's, in microseconds: `now_us`.

    Raises UserError if the firmware file is not one for the Teensy 4.1, if a package that this
    needs is not installed, or if another virtual module has the flash folder.
    """

    def __init__(
        self, firmware: Path, flash: Path | None = None, *, board: str | None = None
    ) -> None:
        try:
            import littlefs  # noqa: F401

            from latentrack.teensy.firmware import read_firmware
            from latentrack.teensy.image import make_image
            from latentrack.teensy.teensy import Teensy
        except ImportError as error:
            raise UserError(
                "Running a firmware needs more packages: `pip install 'latentrack[teensy]'`."
            ) from error
        if board is not None:
            make_board(board)
        program = read_firmware(firmware)
        self._held = folders.temporary()
        self.flash = flash if flash is not None else self._held.path / "flash"
        try:
            self._held_flash = folders.flash(self.flash)
        except BaseException:
            self._held.remove()
            raise
        if board is not None:
            (self.flash / "board.txt").write_text(board + "\n")
        self.machine = Teensy(program, make_image(self.flash))
        self._pin_callbacks: list[PinCallback] = []
        self._spi_callbacks: list[SpiCallback] = []
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self.failure: BaseException | None = None
        """The exception that ended the machine, such as a Lockup; None while it runs."""
        machine = self.machine
        machine.on_byte = self._byte_sent
        machine.on_edge = lambda edge: self._tell_pins(edge.time_us, edge.pin, edge.level)
        machine.on_word = lambda word: self._tell_spi(
            word.time_us, word.low, word.bits, word.mode, word.value
        )
        self._prompt_seen = threading.Event()
        self._to_host = bytearray()
        self._to_module = bytearray()
        self._byte_due_us = 0.0
        self._outer, self._outer_slave = os.openpty()
        tty.setraw(self._outer_slave)
        self.port = os.ttyname(self._outer_slave)
        os.set_blocking(self._outer, False)
        self._entry = registry.enter(self.port, self.flash)
        self.panel = Panel(make_board(self._board()), TeensyWires(self))
        self.panel.plug_in()
        self._thread = LastingThread(self._run, "teensy")
        self._thread.start()

    def __enter__(self) -> TeensyModule:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _board(self) -> str:
        """The name of the board in board.txt, else the default."""
        file = self.flash / "board.txt"
        return file.read_text().strip() if file.exists() else DEFAULT

    def stop(self) -> None:
        """Stop the machine; a flash folder that was given stays, with the firmware's files."""
        registry.leave(self._entry)
        self._stopping.set()
        self._thread.wait()
        for fd in (self._outer, self._outer_slave):
            os.close(fd)
        self._held_flash.release()
        self._held.remove()

    def wait_for_prompt(self, seconds: float = 120) -> None:
        """Wait until the prompt has appeared for the first time. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not self._prompt_seen.wait(0.1):
            if time.monotonic() > end or self._thread.ended:
                raise TimeoutError(
                    f"the firmware showed no prompt within {seconds:g} s; it is at "
                    f"{self.machine.cpu.pc:#x}, {self.now_us / 1e6:.1f} s after its start"
                )

    def wait(self) -> None:
        """Wait until the machine has stopped; Ctrl-C interrupts the wait."""
        self._thread.wait()

    # -- the pins ---------------------------------------------------------------------------

    @property
    def now_us(self) -> float:
        """The machine's time in microseconds."""
        return self.machine.now

    def on_pin(self, callback: PinCallback) -> None:
        """Have `callback(time_us, pin name, level)` called for each change of an output pin.

        Callbacks run in the machine's thread and must be quick.
        """
        self._pin_callbacks.append(callback)

    def on_spi(self, callback: SpiCallback) -> None:
        """Have `callback(time_us, low output pins, bits, SPI mode, value)` called for each word."""
        self._spi_callbacks.append(callback)

    def set_pin(self, name: str, level: bool) -> None:
        """Drive an input pin. Raises ValueError if there is no such pin."""
        from latentrack.virtual.chip import chip

        digital = chip().pin(name)
        self._requests.put(lambda: self.machine.set_pin(digital, level))

    def drive(self, name: str, drive: int) -> None:
        """Set a pin's drive: LOW, HIGH or FLOATS (latentrack.virtual.boards)."""
        from latentrack.virtual.boards import FLOATS

        if drive == FLOATS:
            self._requests.put(lambda: self.machine.float_pin(name))
        else:
            self.set_pin(name, bool(drive))

    def set_analog(self, name: str, code12: int) -> None:
        """Set an analog input's code, 0 to 4095. Raises ValueError for another pin or code."""
        self.machine.set_analog(name, code12)

    def at(self, time_us: float, do: Callable[[], None]) -> None:
        """Call `do` in the machine's thread at a time of the machine, at once if it has passed."""
        self._requests.put(lambda: self.machine.later(max(0.0, time_us - self.machine.now), do))

    def _tell_pins(self, time_us: float, name: str, level: int) -> None:
        self.machine.edges.clear()
        for callback in self._pin_callbacks:
            callback(time_us, name, level)

    def _tell_spi(
        self, time_us: float, low: frozenset[str], bits: int, mode: int, value: int
    ) -> None:
        self.machine.words.clear()
        for callback in self._spi_callbacks:
            callback(time_us, low, bits, mode, value)

    # -- the machine's thread ---------------------------------------------------------------

    def _run(self) -> None:
        machine = self.machine
        written, changes, changed_us = 0, 0, 0.0
        began, offset_us = time.monotonic(), machine.now
        try:
            while not self._stopping.is_set():
                self._serve_requests()
                self._exchange()
                machine.run_us(_TURN_US)
                if machine.flash_changes != changes:
                    changes, changed_us = machine.flash_changes, machine.now
                elif changes != written and machine.now - changed_us > _SETTLED_US:
                    self._write_back()
                    written = changes
                ahead = (machine.now - offset_us) / 1e6 - (time.monotonic() - began)
                if ahead > 0:
                    self._sleep(ahead)
                elif ahead < -1:
                    began, offset_us = time.monotonic(), machine.now
        except Exception as error:
            self.failure = error
        if machine.flash_changes != written:
            self._write_back()

    def _serve_requests(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._requests.get_nowait()()

    def _exchange(self) -> None:
        """Move bytes between the pty and the UART, at most as fast as the prompt reads them."""
        if len(self._to_module) < _PIECE_BYTES:
            with contextlib.suppress(BlockingIOError, OSError):
                self._to_module += os.read(self._outer, _PIECE_BYTES)
        if self._to_module:
            self._byte_due_us = max(self._byte_due_us, self.machine.now)
            count = int((self.machine.now + _TURN_US - self._byte_due_us) / UART_US_PER_BYTE)
            if count > 0:
                self.machine.send(bytes(self._to_module[:count]))
                del self._to_module[:count]
                self._byte_due_us += count * UART_US_PER_BYTE
        if self._to_host:
            with contextlib.suppress(BlockingIOError, OSError):
                del self._to_host[: os.write(self._outer, bytes(self._to_host[:_PIECE_BYTES]))]

    def _sleep(self, seconds: float) -> None:
        """Wait until real time has caught up, or a byte arrives at the port."""
        if self._to_host:
            return
        select.select([self._outer], [], [], min(seconds, 0.02))

    def _byte_sent(self, byte: int) -> None:
        if not self._prompt_seen.is_set():
            if self.machine.sent.endswith(_PROMPT):
                self._prompt_seen.set()
        else:
            self.machine.sent.clear()
        if len(self._to_host) < 1 << 20:  # bytes; the port may never be read
            self._to_host.append(byte)

    def _write_back(self) -> None:
        from latentrack.teensy.image import write_back

        # Ignored: the firmware has not made its file system yet.
        with contextlib.suppress(ValueError):
            write_back(self.machine.image(), self.flash)
