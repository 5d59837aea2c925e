"""The two ends of OSC: a socket that receives messages, and one that tells what has changed.

A patch that sets X is not told of that X: else two that answer each other would never end. It is
told of everything that somebody else has moved.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from latentrack.errors import UserError
from latentrack.osc.controls import PREFIX, Ignored, OscControls, Value
from latentrack.osc.packet import messages

IN = "127.0.0.1:9000"
OUT = "127.0.0.1:9001"
_LARGEST = 65536


class Endpoint:
    """Receives messages for `controls`, and sends their state. All methods are thread-safe.

    `on_change` is called, in any thread, after a message was followed or ignored.
    """

    def __init__(self, controls: OscControls, on_change: Callable[[], None]) -> None:
        self.heard = 0
        """Messages that were followed since it began to listen."""
        self.ignored = ""
        """The last message that was not followed, and why; empty: there was none."""
        self._controls = controls
        self._on_change = on_change
        self._ear: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._mouth: socket.socket | None = None
        self._target = ("", 0)
        self._told: dict[str, tuple[Value, ...]] = {}
        self._lock = threading.Lock()
        # What a thread changes while it follows a message is told when the message is done.
        self._following = threading.local()

    @property
    def listens(self) -> bool:
        """Whether it receives messages."""
        return self._ear is not None

    @property
    def sends(self) -> bool:
        """Whether it sends messages."""
        return self._mouth is not None

    def start_listening(self, host: str, port: int) -> None:
        """Follow messages that come to an address. Raises UserError if it is in use."""
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

    def stop_listening(self) -> None:
        """Give the port up; nothing happens if it does not listen."""
        ear, self._ear = self._ear, None
        if ear is None:
            return
        # A thread that waits for a packet does not notice that its socket is closed: send it one.
        host, port = ear.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1" if host == "0.0.0.0" else host, port))
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1)

    def start_sending(self, host: str, port: int) -> None:
        """Tell an address everything now, and from now on what changes."""
        self._target = (host, port)
        mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mouth.setblocking(False)
        self._told = {}
        self._mouth = mouth
        self.tell()

    def stop_sending(self) -> None:
        """Fall silent; nothing happens if it does not send."""
        mouth, self._mouth = self._mouth, None
        if mouth is not None:
            mouth.close()

    def tell(self) -> None:
        """Send what is different from what was sent the last time."""
        if self._mouth is None or getattr(self._following, "now", False):
            return
        with self._lock:
            state = self._controls.state()
            new = [values for key, values in state.items() if self._told.get(key) != values]
            self._told = state
            for name, *values in new:
                self.say(str(name), *values)

    def say(self, name: str, *values: Value) -> None:
        """Send one message; nothing happens if it does not send."""
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

    def say_step(self, number: int, hits: Sequence[tuple[int, int, int]]) -> None:
        """Tell of a step that sounds, and of each hit: (voice, MIDI pitch, velocity)."""
        self.say("step", number)
        for hit in hits:
            self.say("hit", *hit)

    def open_model(self, values: Sequence[object], address: str) -> None:
        """Follow `/model`. Raises Ignored where there is nothing to choose from."""
        raise Ignored("this plays one model file")

    def quietly(self, act: Callable[[], None], *own: str) -> None:
        """Do what a message says, and tell of everything that it changed but its `own` values.

        `own` are keys of the controls' state. What `act` raises goes to the caller.
        """
        self._following.now = True
        try:
            act()
        finally:
            self._following.now = False
        with self._lock:
            state = self._controls.state()
            self._told |= {key: state[key] for key in own if key in state}
        self.tell()

    def ignore(self, what: str, why: str) -> None:
        """Remember a message that was not followed."""
        self.ignored = f"{what[:60]} was ignored: {why.rstrip('.')}."
        self._on_change()

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
            self.ignore("A packet", str(error))

    def _follow(self, address: str, values: list[object]) -> None:
        name = address.removeprefix(f"{PREFIX}/")
        try:
            if name == "all":
                self._told = {}
                self.tell()
            elif name == "model":
                self.open_model(values, address)
            else:
                self.quietly(lambda: self._controls.apply(address, values), _key(name, values))
        except (Ignored, UserError, ValueError, IndexError) as error:
            self.ignore(address, str(error))
            return
        self.heard += 1
        self._on_change()


def _key(name: str, values: list[object]) -> str:
    """Where the controls' state has what a message sets."""
    group = values[0] if name == "density" and values else None
    if isinstance(group, (int, float)):
        return f"{name} {group:g}"
    return "play" if name == "stop" else name


def parsed(address: str) -> tuple[str, int]:
    """ "HOST:PORT" as its parts. UserError, unless they are an IPv4 address and a port."""
    host, _, port = address.strip().rpartition(":")
    try:
        found = ("127.0.0.1" if host in ("", "localhost") else str(IPv4Address(host)), int(port))
        if 1 <= found[1] <= 65535:
            return found
    except ValueError:
        pass
    raise UserError(f"{address[:60]!r} is not an address for OSC: write one like 127.0.0.1:9000.")
