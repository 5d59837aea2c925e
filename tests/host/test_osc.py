"""A model file played by OSC without the studio: real packets, both ways."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

import latentrack as lt
from latentrack.commands import osc as command
from latentrack.decoder.export import to_tflite
from latentrack.decoder.metadata import DecoderInfo, Extras
from latentrack.errors import UserError
from latentrack.osc.controls import ADDRESSES
from latentrack.playing.sequencer import Sequencer
from tests.conftest import ROOT
from tests.decoders import CHORALES, FELT, FOUR, Network
from tests.programs import latentrack
from tests.waiting import PATIENCE_S, until

PATCH = (ROOT / "docs" / "latentrack.pd").read_text("ascii")
MARK = "/here"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Patch:
    """A program at the other end, as a Pure Data patch would be."""

    def __init__(self, model: Path | str) -> None:
        self.port = free_port()
        self.ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ear.bind(("127.0.0.1", 0))
        self.ear.settimeout(PATIENCE_S)
        self.ignored: list[str] = []
        self.player = lt.OscPlayer(
            model,
            receive=f"127.0.0.1:{self.port}",
            send=f"127.0.0.1:{self.ear.getsockname()[1]}",
            on_ignore=self.ignored.append,
        )
        self.client = SimpleUDPClient("127.0.0.1", self.port)

    def close(self) -> None:
        self.player.close()
        self.ear.close()

    def say(self, name: str, *values: Any) -> None:
        self.client.send_message(f"/latentrack/{name}", list(values))

    def hears(self, end: Callable[[tuple[Any, ...]], bool]) -> list[tuple[Any, ...]]:
        """The messages that come, (name, values…), up to the first that is the end."""
        found: list[tuple[Any, ...]] = []
        while not found or not end(found[-1]):
            message = OscMessage(self.ear.recv(4096))
            found.append((message.address.removeprefix("/latentrack/"), *message.params))
        return found

    def hears_all(self) -> list[tuple[Any, ...]]:
        """Everything that may be told, once, as it is told at the beginning."""
        return self.hears(lambda message: message[0] in ("play", "stop"))

    def hears_nothing_else(self) -> None:
        SimpleUDPClient(*self.ear.getsockname()).send_message(MARK, [])
        assert self.hears(lambda message: message[0] == MARK) == [(MARK,)]


@pytest.fixture
def patch(drum_model: Path) -> Iterator[Patch]:
    made = Patch(drum_model)
    made.hears_all()
    yield made
    made.close()


def test_a_patch_that_asks_is_told_everything(patch: Patch, drum_model: Path) -> None:
    patch.say("all")
    told = patch.hears_all()
    assert told[:4] == [("model", drum_model.stem), ("x", 0.0), ("y", 0.0), ("z", 0.0)]
    assert ("threshold", 0.5) in told and ("steps", 16) in told and ("tempo", 120.0) in told
    assert [message[1] for message in told if message[0] == "density"] == [1, 2, 3, 4, 5]
    assert told[-1] == ("stop",)


def test_what_a_patch_says_moves_the_model_and_is_not_told_back(
    patch: Patch, drum_model: Path
) -> None:
    for name, value in (("x", 0.5), ("y", -0.25), ("z", 1), ("threshold", 0.125)):
        patch.say(name, value)
    instrument = patch.player.instrument
    until(lambda: instrument.threshold == 0.125)
    expected = lt.Decoder(drum_model).pattern([[1.5, -0.75, 3.0]], 0.125)[0]
    assert expected.any()
    assert np.array_equal(instrument.pattern.velocities > 0, expected)
    patch.say("steps", 7.0)
    until(lambda: instrument.pattern.steps == 7)
    assert np.array_equal(instrument.pattern.velocities > 0, expected[:7])
    patch.hears_nothing_else()


def test_what_python_moves_is_told(patch: Patch) -> None:
    patch.player.instrument.set_knob_values([0.25, 2.0, 0.0])
    patch.player.clock.set_tempo(97)
    assert patch.hears(lambda message: message[0] == "tempo") == [
        ("x", 0.25), ("y", 1.0), ("tempo", 97.0),
    ]  # fmt: skip


def test_a_density_opens_and_closes_its_group(patch: Patch) -> None:
    """Groups of 1, 1, 6, 2 and 2 voices; the third is voices 2 to 7."""
    instrument = patch.player.instrument
    patch.say("density", 3.0, 1.0)
    until(lambda: (instrument.pattern.velocities[:, 2:8] > 0).all())
    assert not (instrument.pattern.velocities > 0).all()
    patch.say("density", 3.0, 0.0)
    until(lambda: not instrument.pattern.velocities[:, 2:8].any())


def test_it_plays_and_tells_each_step_and_hit(patch: Patch) -> None:
    patch.say("tempo", 400.0)
    patch.say("threshold", 0.1)
    patch.say("play")
    told = patch.hears(lambda message: message[:2] == ("step", 15))
    told += patch.hears(lambda message: message[:2] == ("step", 2))
    patch.say("stop")
    until(lambda: not patch.player.clock.playing)
    pattern = patch.player.instrument.pattern
    steps = [message[1] for message in told if message[0] == "step"]
    assert steps == [*range(16), 0, 1, 2]
    wanted: list[tuple[Any, ...]] = []
    for step in steps:
        wanted.append(("step", step))
        wanted += [
            ("hit", voice, pattern.pitches[voice], int(velocity))
            for voice, velocity in enumerate(pattern.velocities[step])
            if velocity
        ]
    last = len(told) - told[::-1].index(("step", 2))
    assert told[:last] == wanted[: wanted.index(("step", 2), 20) + 1]
    # The voices of the reference's models have no names in the file: the map's groups tell them.
    assert pattern.pitches[:2] == (36, 38) and len(wanted) > 25


def test_w_is_the_fourth_latent_of_a_model_that_has_one(patch: Patch, four: Path) -> None:
    """And a model with three says that it has none."""
    patch.say("w", 0.5)
    until(lambda: bool(patch.ignored) and "the model has no W" in patch.ignored[-1])
    other = Patch(four / f"{FOUR}.tflite")
    axes = [message[0] for message in other.hears_all() if message[1:] == (0.0,)]
    assert axes == ["x", "y", "z", "w"]
    for name, value in (("w", -0.5), ("threshold", 0.125)):
        other.say(name, value)
    instrument = other.player.instrument
    until(lambda: instrument.threshold == 0.125)
    expected = lt.Decoder(four / f"{FOUR}.tflite").pattern([[0, 0, 0, -1.5]], 0.125)[0]
    assert expected.any()
    assert np.array_equal(instrument.pattern.velocities > 0, expected)
    other.close()


@pytest.fixture
def felt_patch(felt: Path) -> Iterator[Patch]:
    """At the other end of a model with three latents, and two of the feel."""
    made = Patch(felt / f"{FELT}.tflite")
    yield made
    made.close()


def test_the_feel_moves_velocities_and_leaves_the_hits(felt_patch: Patch, felt: Path) -> None:
    told = felt_patch.hears_all()
    axes = [message[0] for message in told if message[1:] == (0.0,)]
    assert axes == ["x", "y", "z", "feel_x", "feel_y"]
    assert ("feel", 100.0) in told and ("dynamics", 100.0) in told
    for name, value in (("feel_x", 0.5), ("feel_y", -0.25), ("x", 0.5), ("threshold", 0.25)):
        felt_patch.say(name, value)
    instrument = felt_patch.player.instrument
    until(lambda: instrument.threshold == 0.25)
    decoder, latents = lt.Decoder(felt / f"{FELT}.tflite"), [[1.5, 0, 0, 1.5, -0.75]]
    hits = decoder.pattern(latents, 0.25)[0]
    velocity, timing = (found[0] for found in decoder.decode_feel(latents))
    assert hits.sum() > 10
    assert np.array_equal(instrument.pattern.velocities > 0, hits)
    loud = np.rint(127 * velocity[hits])
    assert instrument.pattern.velocities[hits].tolist() == np.maximum(loud, 1).tolist()
    assert instrument.pattern.timing is not None
    assert np.array_equal(instrument.pattern.timing, timing)
    felt_patch.say("dynamics", 0.0)
    until(lambda: set(instrument.pattern.velocities[hits].tolist()) == {76})
    felt_patch.hears_nothing_else()


@pytest.mark.parametrize("percent", [100.0, 0.0])
def test_early_hits_are_told_before_their_step_and_late_ones_after_it(
    felt_patch: Patch, percent: float
) -> None:
    felt_patch.hears_all()
    for name, value in (("threshold", 0.1), ("tempo", 400.0), ("feel", percent)):
        felt_patch.say(name, value)
    felt_patch.say("play")
    told = felt_patch.hears(lambda message: message[:2] == ("step", 15))
    instrument = felt_patch.player.instrument
    sequencer = Sequencer(instrument)
    sequencer.begin(0)
    due: list[tuple[float, tuple[Any, ...]]] = []
    for step in list(sequencer.until(3))[:17]:
        due.append((step.due, ("step", step.number)))
        due += zip(step.times, (("hit", *hit) for hit in step.hits), strict=True)
    wanted = [message for _, message in sorted(due, key=lambda each: each[0])]
    assert told == wanted[: len(told)]
    steps = [time for time, what in due if what[0] == "step"]
    assert all(time in steps for time, _ in due) == (percent == 0)


def test_a_model_without_a_feel_says_so(patch: Patch) -> None:
    for name, why in (
        ("feel", "the model has no feel"),
        ("dynamics", "the model has no feel"),
        ("feel_y", "the model has no Feel Y"),
    ):
        patch.say(name, 0.5)
        until(lambda why=why: bool(patch.ignored) and why in patch.ignored[-1])


def test_notes_sound_as_on_the_module(decoders: Path) -> None:
    """Four at once at the most, and counted from C2, as the file names no lowest pitch."""
    with lt.OscPlayer(decoders / f"{CHORALES}.tflite", receive=f"127.0.0.1:{free_port()}") as one:
        one.instrument.set_threshold(0.0)
        pattern = one.instrument.pattern
        assert ((pattern.velocities > 0).sum(axis=1) == 4).all()
        assert pattern.pitches == tuple(range(36, 36 + pattern.voices))
        with pytest.raises(ValueError, match="expected 3 latents, got 2"):
            one.instrument.set_knob_values([0, 0])
        with pytest.raises(ValueError, match="not a number"):
            one.instrument.set_threshold(float("nan"))


def test_the_hits_of_a_rhythm_take_its_pitches_in_turn(tmp_path: Path) -> None:
    from latentrack.model.autoencoder import Dense

    info = DecoderInfo("rhythm", 8, 1, 3)
    bias = np.where(np.arange(8) % 2, 5, -5).astype(np.float32)  # every second step sounds
    layers = [Dense(np.zeros((2, 8), np.float32), bias)]
    path = tmp_path / "loops.tflite"
    path.write_bytes(to_tflite(Network(info, 2, layers), extras=Extras(threshold=0.25)))
    patch = Patch(path)
    assert not [message for message in patch.hears_all() if message[0] == "z"]
    assert patch.player.instrument.threshold == 0.25
    patch.say("pitches", 60.0, 64.0, 67.0)
    patch.say("tempo", 400.0)
    patch.say("play", 1.0)
    told = patch.hears(lambda message: message[:2] == ("step", 7))
    told += patch.hears(lambda message: message[0] == "hit")
    hits = [message[2] for message in told if message[0] == "hit"]
    assert hits == [60, 64, 67, 60]
    patch.close()


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("x", (1.5,), "1.5 is not from -1 to 1"),
        ("model", ("other",), "this plays one model file"),
        ("volume", (1.0,), "there is no such address"),
        ("density", (6, 0.5), None),
    ],
)
def test_what_cannot_be_followed_is_said_once(
    patch: Patch, name: str, values: tuple[Any, ...], why: str | None
) -> None:
    for _ in range(3):
        patch.say(name, *values)
    patch.say("x", 0.5)
    until(lambda: patch.player.instrument.knob_values[0] == 0.5)
    (sentence,) = patch.ignored
    assert sentence.startswith(f"/latentrack/{name} was ignored: ")
    assert why is None or sentence.endswith(f"{why}.")


def test_a_closed_player_leaves_nothing_behind(drum_model: Path) -> None:
    for _ in range(2):
        port = free_port()
        with lt.OscPlayer(drum_model, receive=f"127.0.0.1:{port}") as player:
            player.clock.play()
            assert re.fullmatch(r"<OscPlayer of \w+: playing>", repr(player))
        assert not player.clock.playing
        player.wait()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", port))


def test_it_needs_no_page_and_no_training() -> None:
    script = (
        "import sys, latentrack\n"
        "latentrack.OscPlayer\n"
        "print(sorted({'nicegui', 'tensorflow', 'librosa'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


# -- the command ----------------------------------------------------------------------------------


def test_the_command_plays_until_ctrl_c(drum_model: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(PATIENCE_S)
        port, heard = free_port(), f"127.0.0.1:{ear.getsockname()[1]}"
        arguments = [str(drum_model), "--play", "--receive", f"127.0.0.1:{port}", "--send", heard]
        process = subprocess.Popen(
            [sys.executable, "-m", "latentrack.cli", "osc", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while OscMessage(ear.recv(4096)).address != "/latentrack/step":
            pass
        SimpleUDPClient("127.0.0.1", port).send_message("/latentrack/x", 7.0)
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert first == (
        f"{drum_model.name}: 16 steps × 12 voices, 3 latents. Receives at 127.0.0.1:{port}, sends "
        f"to {heard}. Ctrl-C ends it.\n"
    )
    assert second == "/latentrack/x was ignored: 7 is not from -1 to 1.\n"
    assert (process.returncode, out, err) == (0, "OSC ended.\n", "")


def test_what_is_wrong_is_said_in_a_sentence(drum_model: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        done = latentrack("osc", str(drum_model), "--receive", taken)
        assert done.returncode == 2 and done.stdout == ""
        assert re.fullmatch(
            rf"latentrack: OSC cannot be heard at {taken} \(Address already in use\): another "
            r"program may use this port, choose another\.\n",
            done.stderr,
        )
    with pytest.raises(UserError, match="'here:9001' is not an address for OSC"):
        lt.OscPlayer(drum_model, send="here:9001")
    (tmp_path / "a.tflite").write_bytes(b"music")
    with pytest.raises(UserError, match="a.tflite"):
        lt.OscPlayer(tmp_path / "a.tflite")


def test_the_help_names_every_address() -> None:
    said = command.osc.__doc__ or ""
    missing = [each.name for each in ADDRESSES if not re.search(rf"\b{each.name}\b", said)]
    assert missing == []


def test_the_pure_data_patch_plays_it(drum_model: Path, tmp_path: Path) -> None:
    """Its toggle starts the model, and the steps come back to it."""
    pd = shutil.which("pd") or shutil.which("puredata")
    if pd is None:
        pytest.skip("Pure Data is not on this machine: apt-get install puredata-core")
    here, there = free_port(), free_port()
    text = PATCH.replace("127.0.0.1 9000", f"127.0.0.1 {here}").replace("-b 9001", f"-b {there}")
    text = text.replace("0 empty empty play", "0 empty go play")
    boxes = re.findall(r"^#X (?!connect)(\w+) \d+ \d+ ([^;]*);", text, re.MULTILINE)
    route, words = next((n, box[1]) for n, box in enumerate(boxes) if box[1].startswith("route x"))
    outlet = words.split().index("step") - 1
    begin = text.index("#X connect")
    text = f"{text[:begin]}#X obj 9 9 print step;\n{text[begin:]}"
    (tmp_path / "patch.pd").write_text(f"{text}#X connect {route} {outlet} {len(boxes)} 0;\n")
    options = ["-nogui", "-noaudio", "-stderr", "-open", str(tmp_path / "patch.pd")]
    address = f"127.0.0.1:{here}"
    with (
        lt.OscPlayer(drum_model, receive=address, send=f"127.0.0.1:{there}") as player,
        subprocess.Popen([pd, *options, "-send", "go 1"], stderr=subprocess.PIPE) as running,
    ):
        try:
            assert running.stderr is not None
            said = [running.stderr.readline().decode() for _ in range(3)]
            assert player.clock.playing
        finally:
            running.terminate()
    numbers = [int(re.fullmatch(r"step: (\d+)\n", line)[1]) for line in said]  # type: ignore[index]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
