"""OSC: a real client that sends over UDP, and a real socket that hears what the studio tells."""

from __future__ import annotations

import math
import shutil
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from latentrack.errors import UserError
from latentrack.osc.controls import OscControls
from latentrack.osc.endpoint import parsed
from latentrack.playing.sequencer import DueStep
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.osc_state import OscState
from latentrack.studio.listen.transport import Transport
from latentrack.studio.workspace import Workspace
from tests.studio.explored import explorer_of, made_up_run
from tests.waiting import PATIENCE_S, until

MARK = "/here"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Patch:
    """A program that talks OSC with the studio, as a Pure Data patch would."""

    explorer: Explorer
    transport: Transport
    client: SimpleUDPClient
    ear: socket.socket

    def say(self, name: str, *values: Any) -> str:
        """Sends a message, and waits until it was followed ("") or ignored (why)."""
        osc = self.transport.osc
        before = osc.state
        self.client.send_message(f"/latentrack/{name}", list(values))
        # Whatever comes of it makes a new state, also where that is equal to the last one.
        until(lambda: osc.state is not before)
        return "" if osc.state.heard > before.heard else osc.state.ignored

    def hears(self, *wanted: str) -> list[tuple[Any, ...]]:
        """The messages that have been sent, (name, values…); only these names, if given.

        What is said is sent before whoever says it goes on, and comes in that order: so nothing
        more can come when this one here has.
        """
        SimpleUDPClient(*self.ear.getsockname()).send_message(MARK, [])
        self.ear.settimeout(PATIENCE_S)
        found = []
        while (message := OscMessage(self.ear.recv(4096))).address != MARK:
            prefix, name = message.address.rsplit("/", 1)
            assert prefix == "/latentrack"
            if not wanted or name in wanted:
                found.append((name, *message.params))
        return found


@pytest.fixture(scope="module")
def patch(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patch]:
    folder = tmp_path_factory.mktemp("osc")
    workspace = Workspace(folder)
    for name in ("demo", "another one"):
        shutil.copytree(demo_run, workspace.runs / f"{name}.run")
    explorer = Explorer(workspace)
    explorer.open(workspace.runs / "demo.run")
    transport = Transport(workspace, explorer)
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind(("127.0.0.1", 0))
    port = free_port()
    transport.osc.listen(True, f"127.0.0.1:{port}")
    transport.osc.send(True, f"127.0.0.1:{ear.getsockname()[1]}")
    yield Patch(explorer, transport, SimpleUDPClient("127.0.0.1", port), ear)
    transport.close()
    ear.close()


@pytest.fixture(autouse=True)
def quiet(patch: Patch) -> None:
    """Nothing is on its way from the test before."""
    patch.transport.stop()
    patch.explorer.set_knob_values([0.0] * len(patch.explorer.knob_values))
    patch.hears()


def test_a_patch_that_begins_to_listen_is_told_everything(patch: Patch) -> None:
    patch.say("all")
    told = {message[0]: message[1:] for message in patch.hears()}
    assert told["model"] == ("demo",)
    assert told["x"] == told["y"] == told["z"] == told["w"] == (0.0,)
    assert told["steps"] == (patch.explorer.steps,)
    assert told["tempo"] == (120.0,) and told["swing"] == (0.5,)
    assert told["stop"] == ()
    assert told["threshold"][0] == pytest.approx(patch.explorer.threshold, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "values", "read"),
    [
        ("x", (0.25,), lambda p: (p.explorer.knob_values[0],)),
        ("y", (-1.0,), lambda p: (p.explorer.knob_values[1],)),
        ("z", (1,), lambda p: (p.explorer.knob_values[2],)),
        ("w", (-0.5,), lambda p: (p.explorer.knob_values[3],)),
        ("threshold", (0.375,), lambda p: (p.explorer.threshold,)),
        ("density", (2.0, 0.75), lambda p: (2.0, p.explorer.densities[1])),
        ("pitches", (60.0, 64, 67), lambda p: p.explorer.pitches),
        ("steps", (12.0,), lambda p: (p.explorer.steps,)),
        ("tempo", (97.5,), lambda p: (p.transport.tempo,)),
        ("swing", (0.625,), lambda p: (p.transport.swing,)),
    ],
)
def test_what_a_patch_says_is_done_and_not_told_back(
    patch: Patch, name: str, values: tuple[float, ...], read: Callable[[Patch], tuple[float, ...]]
) -> None:
    assert patch.say(name, *values) == ""
    assert read(patch) == pytest.approx(values)
    assert patch.hears() == []


def test_ends_and_messages_are_told_apart(patch: Patch) -> None:
    osc, heard = patch.transport.osc, []
    undo = [
        osc.ends_changed.connect(lambda: heard.append("ends")),
        osc.messages_changed.connect(lambda: heard.append("messages")),
    ]
    patch.say("x", 0.5)
    patch.say("x", "left")
    until(lambda: heard == ["messages", "messages"])
    osc.send(False)
    osc.send(True)
    assert heard[2:] == ["ends", "ends"]
    for disconnect in undo:
        disconnect()


def test_what_somebody_else_moves_is_told(patch: Patch) -> None:
    patch.explorer.set_knob_values([0.5, -0.25])
    patch.transport.set_tempo(140)
    assert patch.hears() == [("x", 0.5), ("y", -0.25), ("tempo", 140.0)]
    patch.explorer.set_density(0, 0.875)
    assert patch.hears() == [("density", 1, 0.875)]


def test_two_patches_that_answer_each_other_come_to_rest(patch: Patch) -> None:
    """One that sends back whatever it hears must not set off an endless exchange."""
    patch.explorer.set_knob_values([0.3, 0.6])
    for _ in range(3):
        for message in patch.hears():
            patch.say(*message)
    assert patch.hears() == []


def test_it_plays_and_each_step_and_hit_is_told(patch: Patch) -> None:
    patch.transport.set_tempo(240)
    patch.hears()
    patch.say("play")
    assert patch.transport.playing
    told: list[tuple[Any, ...]] = []

    def more_than_a_loop() -> bool:
        told.extend(patch.hears("step", "hit"))
        return sum(message[0] == "step" for message in told) > patch.explorer.steps + 2

    until(more_than_a_loop)
    patch.say("stop")
    assert not patch.transport.playing
    until(lambda: patch.transport.step == -1)
    told += patch.hears("step", "hit")
    steps = [message[1] for message in told if message[0] == "step"]
    assert len(steps) > 8 and steps == [n % patch.explorer.steps for n in range(len(steps))]
    pattern = patch.explorer.pattern
    assert pattern is not None
    wanted = []
    for step in steps:
        wanted.append(("step", step))
        wanted += [
            ("hit", voice, pattern.pitches[voice], int(velocity))
            for voice, velocity in enumerate(pattern.velocities[step])
            if velocity
        ]
    assert told == wanted
    patch.say("play", 1.0)
    assert patch.transport.playing
    patch.say("play", 0.0)
    assert not patch.transport.playing


def test_early_and_late_hits_are_told_at_their_own_time(patch: Patch) -> None:
    hits = ((0, 36, 90), (1, 38, 80), (2, 42, 70))
    step = DueStep(3, 4, 10.0, 0.5, hits, patch.explorer.pattern, (), (10.0, 9.9, 10.2))
    acts = sorted(patch.transport.osc.ahead(step), key=lambda entry: entry[0])
    assert [time for time, _ in acts] == [9.9, 10.0, 10.2]
    for _, act in acts:
        act()
    assert patch.hears("step", "hit") == [
        ("hit", 1, 38, 80),
        ("step", 3),
        ("hit", 0, 36, 90),
        ("hit", 2, 42, 70),
    ]


def test_the_feel_of_a_run_is_moved_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_up_run("drums", 16, 12, (1, 1, 6, 2, 2), feel=2)
    explorer = explorer_of(run, tmp_path, monkeypatch)
    transport = Transport(explorer=explorer, workspace=Workspace(tmp_path))
    controls = OscControls(explorer, transport, list)
    before = explorer.state.cells
    for name, value in (("feel_x", 0.5), ("feel_y", -0.25), ("feel", 150), ("dynamics", 0)):
        controls.apply(f"/latentrack/{name}", [value])
    assert explorer.state.feel_knob_values == (0.5, -0.25)
    assert (explorer.state.feel, explorer.state.dynamics) == (1.5, 0)
    assert np.array_equal(explorer.state.cells, before)
    told = controls.state()
    assert [told[name] for name in ("feel_x", "feel", "dynamics")] == [
        ("feel_x", 0.5),
        ("feel", 150.0),
        ("dynamics", 0.0),
    ]
    transport.close()


def test_a_run_is_opened_by_its_name_and_what_that_changes_is_told(patch: Patch) -> None:
    patch.explorer.set_knob_values([0.5, 0.5])
    patch.hears()
    patch.say("model", "another one")
    until(lambda: patch.explorer.run.folder.name == "another one.run")
    told: set[tuple[Any, ...]] = set()

    def where() -> bool:
        told.update(patch.hears())
        there = zip(("x", "y"), patch.explorer.knob_values, strict=False)
        return all(
            any(n == name and abs(v - at) < 1e-5 for n, v, *_ in (t for t in told if len(t) > 1))
            for name, at in there
        )

    until(where)
    # A list, as Pure Data sends words.
    patch.say("model", "demo")
    until(lambda: patch.explorer.run.folder.name == "demo.run")
    patch.say("model", "another", "one")
    until(lambda: patch.explorer.run.folder.name == "another one.run")


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("x", (), "it needs 1 number, not 0"),
        ("x", (0.1, 0.2), "it needs 1 number, not 2"),
        ("x", ("left",), "'left' is not a number"),
        ("x", (True,), "'True' is not a number"),
        ("x", (NAN,), "nan is not from -1 to 1"),
        ("y", (-INF,), "-inf is not from -1 to 1"),
        ("z", (1.01,), "1.01 is not from -1 to 1"),
        ("threshold", (-0.1,), "-0.1 is not from 0 to 1"),
        ("density", (0.5,), "it needs two numbers: which group, and how dense"),
        ("density", (99, 0.5), None),
        ("density", (NAN, 0.5), None),
        ("pitches", (), "it needs 1 to 16 notes"),
        ("pitches", (60, 128), "128 is not from 0 to 127"),
        ("pitches", (60.5,), "60.5 is not a whole number"),
        ("steps", (0,), None),
        ("steps", (1000,), None),
        ("steps", (1e30,), None),
        ("tempo", (1000,), "1000 is not from 20 to 400"),
        ("swing", (0.3,), "0.3 is not from 0.5 to 0.75"),
        ("play", ("now",), "'now' is not a number"),
        ("model", ("../../etc",), "there is no run of this name"),
        ("volume", (1,), "there is no such address"),
    ],
)
def test_a_message_that_cannot_be_followed_is_ignored_in_one_line(
    patch: Patch, name: str, values: tuple[Any, ...], why: str | None
) -> None:
    before = settings(patch)
    said = patch.say(name, *values)
    assert said.startswith(f"/latentrack/{name} was ignored: ") and "\n" not in said
    if why is not None:
        assert said == f"/latentrack/{name} was ignored: {why}."
    assert settings(patch) == before
    assert patch.hears() == []


def settings(patch: Patch) -> tuple[object, ...]:
    """All that messages may change: states are compared by what they are."""
    return (patch.explorer.state, patch.transport.state)


def packet(address: str, *values: Any) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return bytes(builder.build().dgram)


@pytest.mark.parametrize(
    "damaged",
    [
        b"nonsense",
        b"/",
        b"/latentrack/x\0\0\0,f\0\0",
        b"/latentrack/x\0\0\0,q\0\0\0\0\0\0",
        b"/latentrack/\xff\xfe\0\0,f\0\0" + struct.pack(">f", 1),
        b"#bundle\0" + b"\xff" * 12,
        b"#bundle\0" + b"\0" * 7 + b"\1" + struct.pack(">i", -4),
        bytes(60_000),
    ],
    ids=range(8),
)
def test_bytes_that_are_no_osc_harm_nothing(patch: Patch, damaged: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.sendto(damaged, parsed(patch.transport.osc.state.address_in))
    patch.say("x", 0.125)
    until(lambda: patch.explorer.knob_values[0] == pytest.approx(0.125))


def test_a_bundle_is_followed_message_by_message(patch: Patch) -> None:
    bundle = OscBundleBuilder(IMMEDIATELY)
    for name, value in (("x", 0.75), ("y", -0.5)):
        bundle.add_content(OscMessage(packet(f"/latentrack/{name}", value)))  # type: ignore[arg-type]
    patch.client.send(bundle.build())
    until(lambda: patch.explorer.knob_values[:2] == pytest.approx((0.75, -0.5)))


def test_a_port_in_use_is_named_and_a_switch_frees_it(patch: Patch) -> None:
    osc = patch.transport.osc
    address = osc.state.address_in
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(UserError, match=f"OSC cannot be heard at {taken}"):
            osc.listen(True, taken)
        assert not osc.state.listens
    for _ in range(3):
        osc.listen(True, address)
        osc.listen(False)
    host, port = parsed(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((host, port))
    osc.listen(True, address)
    patch.say("x", 0.5)
    assert patch.explorer.knob_values[0] == pytest.approx(0.5)


@pytest.mark.parametrize("wrong", ["", "9000x", "127.0.0.1", "host:9000", "1.2.3:1", "127.0.0.1:0"])
def test_what_is_no_address_is_said_to_be_none(wrong: str) -> None:
    with pytest.raises(UserError, match="is not an address for OSC"):
        parsed(wrong)


def test_it_is_off_at_first_and_as_it_was_left_later(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    explorer = Explorer(workspace)
    first = Transport(workspace, explorer)
    assert first.osc.state == OscState(False, False, "127.0.0.1:9000", "127.0.0.1:9001")
    place = f"127.0.0.1:{free_port()}"
    first.osc.listen(True, place)
    first.close()
    second = Transport(workspace, explorer)
    assert (second.osc.state.listens, second.osc.state.address_in) == (True, place)
    second.close()
