"""The virtual module: a MicroPython process that looks like a board to mpremote.

    mpremote ── outer pty ── bridge ── inner pty ── micropython ── service thread
                                                                      │      │
                                                    panel ── events ──┘      └── reports

The process runs on the inner pty. When it ends (Ctrl-D at the prompt, machine.soft_reset) the
bridge prints "soft reboot" and starts it again, as a board does: in raw mode without main.py. The
outer pty exists as long as the module; its name is the module's port. `/flash` is a folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from latentrack.assets import latentcore_folder, micropython
from latentrack.errors import UserError
from latentrack.lasting import LastingThread
from latentrack.virtual import folders, registry
from latentrack.virtual.banners import FRIENDLY_BANNER, Banners
from latentrack.virtual.boards import BOARDS, DEFAULT, make_board
from latentrack.virtual.panel import Panel
from latentrack.virtual.wires import FifoWires
from latentrack.words import listed

# Windows has neither, and no virtual module: `micropython()` raises UserError there.
with contextlib.suppress(ImportError):
    import termios
    import tty

ROM = Path(__file__).parent / "rom"
# Objects take twice the memory on a 64-bit machine, models do not. With this heap there is no more
# room for models and objects than in a Teensy's 768 KB once Latentrack is loaded (a test compares).
HEAP_BYTES = 1088 * 1024
# The heap of a Teensy with an 8 MB PSRAM chip soldered to its underside.
PSRAM_BYTES = HEAP_BYTES + 8 * 1024 * 1024
# The stock MicroPython whose `machine` the module has by default.
VERSION = "1.28.0"
# Exit codes of the process: after a bus fault, and after a reset of the chip.
BUS_FAULT = 71
RESET = 72
PROMPT = b">>> "
# Printed by the ROM's boot.py before it runs main.py. A main.py that starts Latentrack can be
# interrupted only after this processor time or real time: a computer may send Ctrl-C as soon as the
# port exists. A start takes 0.1 s of processor time.
MAIN_RUNS, LATENTRACK_STARTS = b"\0main.py runs\0", b"\0latentrack starts\0"
LATENTRACK_STARTS_NS = 2_000_000_000
LATENTRACK_STARTS_S = 60.0
# Processor time within which Python code has handled a Ctrl-C.
SEEN_TO_NS = 200_000_000
# The first terminal that a new session opens becomes its controlling terminal, where Ctrl-C is a
# signal. A shell opens it, not Python between fork and exec: fork hangs while a thread of NumPy's
# BLAS is at work.
_TAKE_TERMINAL = ': <>"$0"; exec "$@"'
# Processes started by nohup or as a background job inherit that these signals are ignored, but
# MicroPython needs them: they are Ctrl-C and the end of its terminal.
_HEED = ("env", "--default-signal=HUP,INT")
# A board's USB drops output that is not read within this time (MicroPython's own time-out).
OUTPUT_PATIENCE_S = 0.5
BACKLOG = 1 << 16  # bytes in each direction


class VirtualModule:
    """A running virtual module; also a context manager that stops it.

    flash: the folder that is the module's flash (default: a new one, removed at the end).
    manual_time: the module's time advances only by the panel's events, so that it plays as fast as
    the computer can and every run is the same.  heap_bytes: MicroPython's memory; PSRAM_BYTES for a
    Teensy with PSRAM.  board: the electronics around the chip, one of `boards.BOARDS`, written to
    board.txt as `install --board` does (default: the board in that file, else "xen").  version: the
    MicroPython whose `machine` the module has.

    Raises UserError if another virtual module has the flash folder, or the board is not known.
    """

    def __init__(
        self,
        flash: Path | None = None,
        *,
        board: str | None = None,
        manual_time: bool = False,
        heap_bytes: int = HEAP_BYTES,
        version: str = VERSION,
    ) -> None:
        self._runtime = micropython()
        self._manual_time = manual_time
        self._heap_bytes = heap_bytes
        self._version = version
        self.write_us = 0
        """How long each write to its flash takes, in microseconds, from its next start on: power
        can then fail in the midst of storing. A Teensy's takes tens of milliseconds a block."""
        self._held = folders.temporary()
        self._held_flash: folders.HeldFolder | None = None
        self._folder = self._held.path
        self.flash = flash if flash is not None else self._folder / "flash"
        try:
            self._held_flash = folders.flash(self.flash)
            self._rom = self._burn_rom()
            self.board = self._settle_board(board)
        except BaseException:
            self._give_folders_back()
            raise
        self.wires = FifoWires(self._folder, manual_time=manual_time)
        self.panel = Panel(make_board(self.board), self.wires)

        self._outer, self._outer_slave = os.openpty()
        tty.setraw(self._outer_slave)
        self.port = os.ttyname(self._outer_slave)
        self._stop_read, self._stop_write = os.pipe()
        self._prompt = Banners()
        self._stopped = False
        self._powered_on = False
        self._interrupted = False
        self._spent_before = (0, 0)
        self._frozen = False
        self._process: subprocess.Popen[bytes] | None = None
        self._inner = -1
        self._start(run_main=True)
        self._bridge = LastingThread(self._run_bridge, "bridge")
        self._bridge.start()
        self._entry = registry.enter(self.port, self.flash)

    def __enter__(self) -> VirtualModule:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process and remove temporary folders; a flash folder that was given stays.

        It may have been stopped before.
        """
        if self._stopped:
            return
        self._stopped = True
        registry.leave(self._entry)
        os.write(self._stop_write, b".")
        self._bridge.wait()
        self._kill()
        self.panel.close()
        for fd in (self._outer, self._outer_slave, self._stop_read, self._stop_write):
            os.close(fd)
        self._give_folders_back()

    def _give_folders_back(self) -> None:
        if self._held_flash is not None:
            self._held_flash.release()
        self._held.remove()

    def _settle_board(self, board: str | None) -> str:
        """The name of the board: `board`, else that in board.txt on the flash, else "xen".

        Raises UserError for a name without electronics here.
        """
        file = self.flash / "board.txt"
        try:
            # Read as the device code does: editors add byte order marks and line ends.
            data = file.read_bytes() if file.exists() else b""
            name = bytes(byte for byte in data if 32 < byte < 127).decode()
            if board is not None:
                make_board(board)
                # The user's own board stays in board.txt: `board` chooses the electronics only.
                if name in BOARDS or not name:
                    file.write_text(board)
                return board
            if name and name not in BOARDS:
                given = listed((f"--board {known}" for known in BOARDS), "or")
                raise UserError(
                    f"{file} names the board {name!r}, for which there are no electronics here; "
                    f"say which to take with {given}."
                )
            return name or DEFAULT
        except OSError as error:
            raise UserError(
                f"{file} cannot be read or written ({error.strerror or error}); it is a file with "
                "the name of a board."
            ) from error

    # -- the process ------------------------------------------------------------------------

    def _burn_rom(self) -> Path:
        """Copy the files that are in a board's firmware: boot code, `machine`, the chip's model."""
        rom = self._folder / "rom"
        shutil.copytree(ROM, rom)
        shutil.copy(latentcore_folder("x64") / "virtualboard.mpy", rom)
        return rom

    def _start(self, *, run_main: bool) -> None:
        self._inner, slave = os.openpty()
        tty.setraw(slave)
        attributes = termios.tcgetattr(slave)
        # Ctrl-C must interrupt running code (ISIG) and must not throw away what came after it.
        attributes[3] |= termios.ISIG | termios.NOFLSH
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LATENTRACK_FLASH": str(self.flash.resolve()),
            "LATENTRACK_TIME": "manual" if self._manual_time else "real",
            "LATENTRACK_MAIN": "run" if run_main else "skip",
            "LATENTRACK_VERSION": self._version,
            "LATENTRACK_WRITE_US": str(self.write_us),
            **self.wires.environment(*self.panel.standing),
        }
        self._process = subprocess.Popen(
            [
                *(_HEED if _ignored() else ()),
                *("/bin/sh", "-c", _TAKE_TERMINAL, os.ttyname(slave), self._runtime),
                *("-X", f"heapsize={self._heap_bytes}", "-i", self._rom / "boot.py"),
            ],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            cwd=self._folder,
        )
        os.close(slave)
        os.set_blocking(self._inner, False)
        self._starting: bytes | None = b""
        # The time at which main.py began (None: not yet), whether it starts Latentrack, and the
        # number of bytes of its output that were passed on.
        self._main_began: float | None = None
        self._latentrack_starts = False
        self._main_interrupted = False
        self._told = 0
        self._swallow_banner = not run_main

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._inner >= 0:
            os.close(self._inner)
            self._inner = -1

    @property
    def process_id(self) -> int | None:
        """The id of the present MicroPython process, a new one after each reset; None: none."""
        return None if self._process is None else self._process.pid

    def wait(self) -> None:
        """Wait until the module has been switched off; Ctrl-C interrupts the wait.

        Raises UserError after a bus fault, which would hang a Teensy.
        """
        self._bridge.wait()
        if self.panel.bus_fault:
            raise UserError(self.panel.bus_fault)

    def wait_for_fault(self, timeout_s: float = 10.0) -> None:
        """Wait until the module has ended by a bus fault. Raises TimeoutError if it does not."""
        if not self._bridge.wait(timeout_s):
            raise TimeoutError(f"no bus fault within {timeout_s} s")

    def kill(self) -> None:
        """Cut the power for a moment: the process is killed and started again."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop the processor at once, like a crashed one; `thaw` lets it go on."""
        self._frozen = True
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the processor go on after `freeze`."""
        self._frozen = False
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    # -- the bridge -------------------------------------------------------------------------

    def _run_bridge(self) -> None:
        os.set_blocking(self._outer, False)
        to_module, to_host = b"", b""
        taken_at = time.monotonic()
        while True:
            readers = [self._stop_read]
            if len(to_host) < BACKLOG:
                readers.append(self._inner)
            if len(to_module) < BACKLOG:
                readers.append(self._outer)
            writers = [self._outer] if to_host else []
            if to_module and (not self._starting_up or self._ends_main(to_module)):
                writers.append(self._inner)
            readable, writable, _ = select.select(readers, writers, [], OUTPUT_PATIENCE_S)
            if not to_host:
                # No output waits to be read.
                taken_at = time.monotonic()

            if self._stop_read in readable:
                return
            if self._outer in readable:
                said = _read(self._outer) or b""
                # A board without power has no USB: input during a power-on is lost.
                if not (self._powered_on and self._starting_up) or self._main_runs:
                    to_module += said
            if self._inner in readable:
                output = _read(self._inner)
                self._interrupted = False
                if output is None:
                    if self._has_faulted():
                        return
                    to_host += self._restart()
                    if self._powered_on:
                        to_module = b""
                else:
                    to_host += self._listen(output)
            if self._inner in writable and self._starting_up:
                to_module = self._interrupt_main(to_module)
            elif self._inner in writable and to_module:
                now, later = self._around_interrupts(to_module)
                to_module = now[_write(self._inner, now) :] + later
            if self._outer in writable and to_host:
                taken = _write(self._outer, to_host)
                to_host = to_host[taken:]
                if taken:
                    taken_at = time.monotonic()
            if to_host and time.monotonic() - taken_at > OUTPUT_PATIENCE_S:
                to_host = b""

    def _around_interrupts(self, data: bytes) -> tuple[bytes, bytes]:
        """Split input into the bytes to send now and those for later; Ctrl-C is sent alone.

        While code runs, Ctrl-C is a signal. MicroPython's Linux port crashes if a second one comes
        before it has handled the first.
        """
        at = data.find(b"\x03")
        if at < 0:
            return data, b""
        if at > 0:
            return data[:at], data[at:]
        return b"", data[1:] if self._try_to_interrupt() else data

    def _interrupt_main(self, data: bytes) -> bytes:
        """Send main.py the first Ctrl-C of the input; return the rest of the input.

        The rest waits for the prompt, because MicroPython's Linux port would discard it now.
        """
        at = data.find(b"\x03")
        if at < 0 or not self._try_to_interrupt():
            return data
        self._main_interrupted = True
        return data[:at] + data[at + 1 :]

    def _try_to_interrupt(self) -> bool:
        """Send Ctrl-C, unless an earlier one is pending. False: it must be tried again."""
        if self._interrupted and not self._has_seen_to_it():
            return True
        if self._interrupt():
            return True
        time.sleep(0.0005)
        return False

    def _has_seen_to_it(self) -> bool:
        """Whether the last Ctrl-C has been handled: the process has slept or computed since."""
        time_ns, sleeps = self._spent()
        before_ns, before = self._spent_before
        return sleeps > before or time_ns > before_ns + SEEN_TO_NS

    def _spent(self) -> tuple[int, int]:
        """The processor time of the process in ns, and the number of times that it slept."""
        assert self._process is not None
        folder = Path(f"/proc/{self._process.pid}")
        try:
            time_ns = int((folder / "schedstat").read_text().split()[0])
            status = (folder / "status").read_text()
        except OSError:
            return 0, 0  # it has gone
        found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)$", status, re.M)
        return time_ns, int(found[1]) if found else 0

    def _interrupt(self) -> bool:
        """Send Ctrl-C; return False if the process cannot take it now.

        MicroPython's Linux port crashes if Ctrl-C comes while it changes between prompt and code,
        so the process is stopped between the check and the Ctrl-C. On the scheduler, where a board
        ignores Ctrl-C, the Linux port would interrupt the code.
        """
        if self._signals() and not self._takes_interrupts():
            return False
        with self._standing_still():
            signals = self._signals()
            if signals and not self._takes_interrupts():
                return False
            self._spent_before = self._spent()
            os.write(self._inner, b"\x03")
            self._interrupted = signals
        return True

    def _signals(self) -> bool:
        """Whether Ctrl-C is a signal now, not a byte of input."""
        return bool(termios.tcgetattr(self._inner)[3] & termios.ISIG)

    @contextlib.contextmanager
    def _standing_still(self) -> Iterator[None]:
        assert self._process is not None
        if self._frozen:
            yield
            return
        self._signal(signal.SIGSTOP)
        # Wait until it has stopped or ended; `send_signal` may have reaped it already.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _takes_interrupts(self) -> bool:
        """Whether MicroPython handles Ctrl-C now and no code runs on the scheduler."""
        assert self._process is not None
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return True  # the process has gone
        masks = {
            name: int(mask, 16) for name, mask in re.findall(r"^(Sig\w+):\s*(\w+)$", status, re.M)
        }
        bit = 1 << (signal.SIGINT - 1)
        return bool(masks["SigCgt"] & bit and not masks["SigBlk"] & bit)

    @property
    def _starting_up(self) -> bool:
        return self._starting is not None

    @property
    def _main_runs(self) -> bool:
        """Whether main.py runs and may be interrupted."""
        if not self._starting_up or self._main_began is None:
            return False
        return (
            not self._latentrack_starts
            or time.monotonic() - self._main_began > LATENTRACK_STARTS_S
            or self._spent()[0] > LATENTRACK_STARTS_NS
        )

    def _ends_main(self, typed: bytes) -> bool:
        return b"\x03" in typed and self._main_runs

    def _has_faulted(self) -> bool:
        """Whether the process has ended by a bus fault; like a Teensy it is not restarted then."""
        assert self._process is not None
        if self._process.wait() != BUS_FAULT:
            return False
        with contextlib.suppress(UserError):
            self.panel.catch_up()
        return True

    def _restart(self) -> bytes:
        """Start the process again after its end; return what a board would print."""
        assert self._process is not None
        code = self._process.wait()
        if self._main_interrupted and code in (1, -signal.SIGINT):
            # MicroPython's Linux port raises KeyboardInterrupt anywhere, and ends if it is handling
            # another exception. A board would be at its prompt now.
            os.close(self._inner)
            self._start(run_main=False)
            self._swallow_banner = self._powered_on = False
            return b"\r\nKeyboardInterrupt: \r\n"
        # What the process has reported before its end happened before the power went.
        self.wires.hear_the_last()
        message = b"MPY: soft reboot\r\n"
        self._powered_on = code < 0 or code == RESET
        if self._powered_on:
            how = "reset" if code == RESET else f"ended by {signal.Signals(-code).name}; power-on"
            message = f"\r\n[virtual module: MicroPython {how}]\r\n".encode()
            self._prompt.forget()
            self.panel.power_cycled()
        # Without power no register keeps its value.
        if code != RESET:
            self.wires.kept = 0
        os.close(self._inner)
        self._start(run_main=not self._prompt.raw)
        return message

    def _listen(self, output: bytes) -> bytes:
        """The module's output as a board would send it; notes which prompt the module is at."""
        if self._starting is not None:
            return self._listen_to_start(output)
        self._prompt.hear(output)
        if not self._prompt.raw and not termios.tcgetattr(self._inner)[1] & termios.ONLRET:
            # A board's print ends lines with CR LF. Binary data (mpremote mount) goes with
            # Ctrl-C switched off (rom/boot.py), and output in raw mode stays byte for byte.
            output = re.sub(rb"(?<!\r)\n", b"\r\n", output)
        return output

    def _listen_to_start(self, output: bytes) -> bytes:
        """The output until the first prompt; a reset in raw mode shows no friendly banner."""
        assert self._starting is not None
        self._starting += output
        if self._main_began is None:
            self._find_main()
        banner = self._starting.find(FRIENDLY_BANNER)
        # After the prompt there may be output of a frame.
        if banner < 0 or PROMPT not in self._starting[banner:]:
            if self._main_began is None:
                return b""
            said = self._starting[self._told :]
            if banner < 0:
                # Keep only the end: main.py may print without end.
                self._starting = self._starting[-len(FRIENDLY_BANNER) :]
            self._told = len(self._starting)
            return re.sub(rb"(?<!\r)\n", b"\r\n", said)
        shown, self._starting = self._starting[self._told :], None
        self._prompt.forget()
        if not self._swallow_banner:
            return re.sub(rb"(?<!\r)\n", b"\r\n", shown)
        os.write(self._inner, b"\x01")
        return shown[: shown.rindex(b"MicroPython ")] if b"MicroPython " in shown else b""

    def _find_main(self) -> None:
        """Remove boot.py's mark from the output and note that main.py has begun."""
        assert self._starting is not None
        for mark in (MAIN_RUNS, LATENTRACK_STARTS):
            before, found, after = self._starting.partition(mark)
            if found:
                self._starting, self._main_began = before + after, time.monotonic()
                self._latentrack_starts = mark == LATENTRACK_STARTS


def _read(fd: int) -> bytes | None:
    """The bytes that can be read now, b"" for none; None if the other end is closed."""
    try:
        return os.read(fd, 4096) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None


def _write(fd: int, data: bytes) -> int:
    with contextlib.suppress(BlockingIOError):
        return os.write(fd, data[:4096])
    return 0


def _ignored() -> bool:
    return signal.SIG_IGN in (signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGINT))
