"""OSC (Open Sound Control, over UDP): drives the studio, and tells what it does.

A patch that sets X is not told of that X: else two that answer each other would never end. It is
told of everything that somebody else has moved.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

from latentrack.errors import UserError
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.conductor import Action
from latentrack.studio.listen.memory import Memory
from latentrack.studio.listen.osc_controls import PREFIX, Controls, Ignored, Value
from latentrack.studio.listen.osc_packet import messages
from latentrack.studio.listen.sequencer import Step
from latentrack.studio.signals import Signal

IN = "127.0.0.1:9000"
OUT = "127.0.0.1:9001"
_LARGEST = 65536


class Osc:
    """Everything may be called from any thread. `changed`: it was set otherwise, or has heard."""

    def __init__(self, memory: Memory, explorer: Explorer, controls: Controls) -> None:
        self.changed = Signal()
        self.heard = 0
        """Messages that were followed since it was switched on."""
        self.ignored = ""
        """The last message that was not, and why; empty: there was none."""
        self._memory = memory
        self._explorer = explorer
        self._controls = controls
        self._in = str(memory.kept("osc in", IN))
        self._out = str(memory.kept("osc out", OUT))
        self._ear: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._mouth: socket.socket | None = None
        self._target = ("", 0)
        self._told: dict[str, tuple[Value, ...]] = {}
        self._lock = threading.Lock()
        self._switching = threading.Lock()
        # What a thread changes while it follows a message is told when the message is done.
        self._following = threading.local()

    @property
    def address_in(self) -> str:
        return self._in

    @property
    def address_out(self) -> str:
        return self._out

    @property
    def listens(self) -> bool:
        return self._ear is not None

    @property
    def sends(self) -> bool:
        return self._mouth is not None

    def open(self, *signals: Signal) -> None:
        """Begins as it was left; `signals` say that there may be something to tell."""
        for signal in signals:
            signal.connect(self._tell)
        for wanted, switch in (("osc listens", self.listen), ("osc sends", self.send)):
            if self._memory.kept(wanted, False) is True:
                try:
                    switch(True)
                except UserError as error:
                    self.ignored = str(error)

    def close(self) -> None:
        self._stop_listening()
        self._stop_sending()

    def listen(self, on: bool, address: str | None = None) -> None:
        """Hears messages at `address`, "HOST:PORT". UserError if that cannot be."""
        host, port = parsed(address or self._in)
        with self._switching:
            self._listen(on, host, port)
        self.changed.emit()

    def _listen(self, on: bool, host: str, port: int) -> None:
        self._stop_listening()
        self._in = f"{host}:{port}"
        self._memory.keep("osc in", self._in)
        self._memory.keep("osc listens", on)
        if on:
            ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                ear.bind((host, port))
            except OSError as error:
                ear.close()
                raise UserError(
                    f"OSC cannot be heard at {host}:{port} ({error.strerror}): another program "
                    "may use this port, choose another."
                ) from error
            self._ear = ear
            self.heard, self.ignored = 0, ""
            self._thread = threading.Thread(target=self._run, args=(ear,), name="osc", daemon=True)
            self._thread.start()

    def send(self, on: bool, address: str | None = None) -> None:
        """Tells `address`, "HOST:PORT", of everything, now and when it changes. UserError."""
        target = parsed(address or self._out)
        with self._switching:
            self._send(on, target)
        self.changed.emit()

    def _send(self, on: bool, target: tuple[str, int]) -> None:
        self._stop_sending()
        self._out = f"{target[0]}:{target[1]}"
        self._memory.keep("osc out", self._out)
        self._memory.keep("osc sends", on)
        if on:
            self._target = target
            mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            mouth.setblocking(False)
            self._told = {}
            self._mouth = mouth
            self._tell()

    def ahead(self, step: Step) -> Iterable[tuple[float, Action]]:
        """See `conductor.Hearer`."""
        if self._mouth is None:
            return []

        def act() -> None:
            self._say("step", step.number)
            for hit in step.hits:
                self._say("hit", *hit)

        return [(step.due, act)]

    def halted(self) -> None:
        """See `conductor.Hearer`: the change of the transport is told like any other."""

    def _stop_listening(self) -> None:
        ear, self._ear = self._ear, None
        if ear is None:
            return
        # A thread that waits for a packet does not notice that its socket is closed: send it one.
        host, port = ear.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1" if host == "0.0.0.0" else host, port))
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1)

    def _stop_sending(self) -> None:
        mouth, self._mouth = self._mouth, None
        if mouth is not None:
            mouth.close()

    def _run(self, ear: socket.socket) -> None:
        with ear:
            while True:
                try:
                    packet = ear.recv(_LARGEST)
                except OSError:
                    continue  # Windows says here that an answer of ours was not taken
                if self._ear is not ear:
                    return
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        try:
            for address, values in messages(packet):
                self._follow(address, values)
        except ValueError as error:
            self._ignore("A packet", str(error))

    def _follow(self, address: str, values: list[object]) -> None:
        name = address.removeprefix(f"{PREFIX}/")
        try:
            if name == "all":
                self._told = {}
                self._tell()
            elif name == "model":
                self._open(self._controls.run_of(values), address)
            else:
                self._quietly(name, values, address)
        except (Ignored, UserError, ValueError, IndexError) as error:
            self._ignore(address, str(error))
            return
        self.heard += 1
        self.changed.emit()

    def _quietly(self, name: str, values: list[object], address: str) -> None:
        """Does it, and tells of everything that it changed but what it said itself."""
        group = values[0] if name == "density" and values else None
        own = f"{name} {group:g}" if isinstance(group, (int, float)) else name
        self._following.now = True
        try:
            self._controls.apply(address, values)
        finally:
            self._following.now = False
        key = "play" if name == "stop" else own
        with self._lock:
            state = self._controls.state()
            if key in state:
                self._told[key] = state[key]
        self._tell()

    def _open(self, folder: Path, address: str) -> None:
        """Opening takes a while, and other messages come meanwhile."""

        def work() -> None:
            self._following.now = True
            try:
                self._explorer.open(folder)
            except UserError as error:
                self._ignore(address, str(error))
            finally:
                self._following.now = False
            with self._lock:
                state = self._controls.state()
                if "model" in state:
                    self._told["model"] = state["model"]
            self._tell()

        threading.Thread(target=work, name="osc model", daemon=True).start()

    def _ignore(self, what: str, why: str) -> None:
        self.ignored = f"{what[:60]} was ignored: {why.rstrip('.')}."
        self.changed.emit()

    def _tell(self) -> None:
        """Sends what is different from what was sent the last time."""
        if self._mouth is None or getattr(self._following, "now", False):
            return
        with self._lock:
            state = self._controls.state()
            new = [values for key, values in state.items() if self._told.get(key) != values]
            self._told = state
            for name, *values in new:
                self._say(str(name), *values)

    def _say(self, name: str, *values: Value) -> None:
        mouth = self._mouth
        if mouth is None:
            return
        from pythonosc.osc_message_builder import OscMessageBuilder

        builder = OscMessageBuilder(f"{PREFIX}/{name}")
        for value in values:
            builder.add_arg(value)
        try:
            mouth.sendto(builder.build().dgram, self._target)
        except OSError:
            pass  # nobody has promised to listen


def parsed(address: str) -> tuple[str, int]:
    """ "HOST:PORT" as its parts. UserError, unless they are an IPv4 address and a port."""
    host, _, port = address.strip().rpartition(":")
    try:
        found = ("127.0.0.1" if host in ("", "localhost") else str(IPv4Address(host)), int(port))
        if 1 <= found[1] <= 65535:
            return found
    except ValueError:
        pass
    raise UserError(f"{address[:60]!r} is no address for OSC: write one like 127.0.0.1:9000.")
