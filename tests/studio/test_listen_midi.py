"""MIDI through mido's own backend interface: see midi_ports.py."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from latentrack.midi_ports import MISSING, NO_SYSTEM, VIRTUAL, find
from latentrack.playing.pattern import Pattern
from latentrack.playing.sequencer import DueStep
from latentrack.studio.listen import midi as midi_part
from latentrack.studio.listen.midi_notes import MidiNotes
from latentrack.studio.listen.transport import Transport
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace
from tests.waiting import PATIENCE_S, spend, until


class Explored:
    """Stands for the explorer."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.run = None
        self.run_changed = Signal()
        self.pattern_changed = Signal()

    def next_bar(self) -> None:
        pass


def drums() -> Pattern:
    """Kick on 1 and 3 of four steps, a hat on each."""
    hits = np.array([[110, 60], [0, 50], [90, 60], [0, 50]], np.uint8)
    return Pattern(hits, "drums", ("kick", "closed hat"), (36, 42))


@pytest.fixture
def cables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of ports: a file is a port."""
    folder = tmp_path / "midi"
    folder.mkdir()
    monkeypatch.setenv("LATENTRACK_TEST_MIDI", str(folder))
    monkeypatch.setattr(midi_part, "POLL_S", 0.05)
    before = mido.backend
    mido.set_backend("tests.studio.midi_ports")
    yield folder
    mido.set_backend(before)


@pytest.fixture
def explored() -> Explored:
    return Explored(drums())


@pytest.fixture
def transport(tmp_path: Path, cables: Path, explored: Explored) -> Iterator[Transport]:
    made = Transport(Workspace(tmp_path / "studio"), explored)  # type: ignore[arg-type]
    made.set_tempo(300)  # a step is 50 ms
    yield made
    made.close()


def sent(port: Path) -> list[tuple[float, mido.Message]]:
    found = []
    for line in port.read_text().splitlines():
        seconds, _, text = line.partition(" ")
        found.append((float(seconds), mido.Message.from_str(text)))
    return found


def notes(port: Path) -> list[mido.Message]:
    return [message for _, message in sent(port) if message.type.startswith("note")]


def open_output(transport: Transport, name: str) -> None:
    transport.midi.choose_output(name)
    until(lambda: transport.midi.state.output == name and not transport.midi.state.trouble)


def test_every_note_that_begins_ends_before_it_begins_again(
    transport: Transport, cables: Path
) -> None:
    port = cables / "synth.out"
    port.touch()
    open_output(transport, "synth")
    transport.play()
    until(lambda: len(notes(port)) > 40)
    transport.stop()
    until(lambda: transport.step == -1)
    until(lambda: len(notes(port)) == 2 * sum(m.type == "note_on" for m in notes(port)))
    sounding: set[int] = set()
    for message in notes(port):
        assert message.channel == 9
        if message.type == "note_on":
            assert message.note not in sounding
            sounding.add(message.note)
        else:
            sounding.remove(message.note)
    assert sounding == set()
    struck = [(m.note, m.velocity) for m in notes(port) if m.type == "note_on"]
    loop = [(36, 110), (42, 60), (42, 50), (36, 90), (42, 60), (42, 50)]
    assert struck == (loop * 20)[: len(struck)]


def test_a_stop_in_the_midst_of_a_note_ends_it(transport: Transport, cables: Path) -> None:
    port = cables / "synth.out"
    port.touch()
    transport.set_tempo(20)  # a step is 750 ms
    open_output(transport, "synth")
    transport.play()
    until(lambda: len(notes(port)) >= 2)
    transport.stop()
    until(lambda: len(notes(port)) >= 4)
    kinds = [(message.type, message.note) for message in notes(port)]
    assert sorted(kinds[2:]) == [("note_off", 36), ("note_off", 42)]
    last = sent(port)[-1][1]
    assert (last.type, last.control, last.channel) == ("control_change", 123, 9)


def test_notes_have_the_channel_that_was_chosen(
    transport: Transport, explored: Explored, cables: Path
) -> None:
    port = cables / "synth.out"
    port.touch()
    explored.pattern = Pattern(np.array([[100], [90]], np.uint8), "rhythm", ("hit",), (60, 67))
    transport.midi.set_channel(3)
    open_output(transport, "synth")
    transport.play()
    until(lambda: len(notes(port)) >= 6)
    begun = [message for message in notes(port) if message.type == "note_on"]
    assert [message.note for message in begun[:3]] == [60, 67, 60]
    assert {message.channel for message in begun} == {2}


def test_our_clock_goes_out_with_24_ticks_a_beat(transport: Transport, cables: Path) -> None:
    port = cables / "synth.out"
    port.touch()
    transport.midi.set_sends_clock(True)
    open_output(transport, "synth")
    transport.play()
    until(lambda: len(notes(port)) >= 20)
    transport.stop()
    until(lambda: any(message.type == "stop" for _, message in sent(port)))
    kinds = [message.type for _, message in sent(port) if not message.type.startswith("control")]
    assert kinds[:2] == ["start", "clock"]
    # Four steps to a beat: six ticks from each kick's step to the next step.
    bodies = "".join({"clock": "c", "note_on": "n"}.get(kind, "") for kind in kinds)
    steps = [len(part) for part in bodies.lstrip("c").replace("nn", "n").split("n")[1:-1]]
    assert set(steps[1:-1]) == {6}
    assert kinds.count("start") == kinds.count("stop") == 1


def test_a_clock_is_followed_tick_by_tick(transport: Transport, cables: Path) -> None:
    (cables / "drum machine.in").touch()
    seen: list[tuple[float, int]] = []
    transport.stepped.connect(lambda: seen.append((transport.now(), transport.step)))
    transport.midi.choose_input("drum machine")
    until(lambda: transport.following and not transport.midi.state.trouble)
    start, ticks = time.perf_counter(), 0
    with (cables / "drum machine.in").open("a", buffering=1) as wire:
        wire.write("start\n")
        # 150 BPM: a tick is 16.7 ms, a step 100 ms. A busy computer brings the ticks in heaps, of
        # which no tempo can be read: it goes on until they have come evenly for a while.
        while ticks < 48 or not 110 < transport.tempo < 220:
            assert ticks < 60 * PATIENCE_S, transport.tempo
            spend(start + 0.1 + ticks / 60 - time.perf_counter())
            wire.write("clock\n")
            ticks += 1
        assert transport.playing
        wire.write("stop\n")
    until(lambda: not transport.playing)
    until(lambda: transport.step == -1)
    steps = [step for _, step in seen if step >= 0]
    # Ticks in heaps look quicker than they are.
    assert ticks // 6 <= len(steps) <= ticks // 6 + 3
    assert steps == [n % 4 for n in range(len(steps))]
    begun = len(seen)
    with (cables / "drum machine.in").open("a", buffering=1) as wire:
        wire.write("continue\nclock\n")
    until(lambda: len(seen) > begun)
    assert seen[begun][1] == len(steps) % 4


def test_our_own_tempo_comes_back_with_our_own_clock(transport: Transport, cables: Path) -> None:
    (cables / "drum machine.in").touch()
    transport.midi.choose_input("drum machine")
    until(lambda: transport.following)
    transport.set_tempo(50)
    assert transport.tempo == 300
    with (cables / "drum machine.in").open("a", buffering=1) as wire:
        for _ in range(20):
            spend(0.02)
            wire.write("clock\n")
    until(lambda: transport.tempo < 200)
    transport.midi.choose_input("")
    until(lambda: not transport.following)
    until(lambda: transport.tempo == 300)
    transport.set_tempo(50)
    assert transport.tempo == 50


def test_a_port_that_vanishes_is_named_and_used_again_when_it_is_back(
    transport: Transport, cables: Path
) -> None:
    port = cables / "synth 20:0.out"
    port.touch()
    open_output(transport, "synth 20:0")
    transport.play()
    until(lambda: notes(port))
    port.unlink()
    until(lambda: transport.midi.state.trouble)
    assert transport.midi.state.trouble == (
        "“synth” is not there, or another program has it: it is used as soon as it can be."
    )
    step = transport.step
    until(lambda: transport.step != step)
    # Plugged in again it has another number.
    again = cables / "synth 24:0.out"
    again.touch()
    until(lambda: not transport.midi.state.trouble and notes(again))
    assert transport.playing


def test_the_choice_is_remembered(transport: Transport, cables: Path, tmp_path: Path) -> None:
    (cables / "synth.out").touch()
    open_output(transport, "synth")
    transport.close()
    again = Transport(Workspace(tmp_path / "studio"), Explored(drums()))  # type: ignore[arg-type]
    try:
        until(lambda: again.midi.state.outputs and not again.midi.state.trouble)
        assert (again.midi.state.output, again.midi.state.trouble, again.tempo) == (
            "synth",
            "",
            300,
        )
        again.play()
        until(lambda: notes(cables / "synth.out"))
    finally:
        again.close()


def test_a_port_of_our_own_is_offered_to_others_and_not_to_ourselves(
    transport: Transport, cables: Path
) -> None:
    open_output(transport, VIRTUAL)
    assert (cables / "Latentrack.out").exists()
    assert transport.midi.state.outputs == ()
    transport.play()
    until(lambda: notes(cables / "Latentrack.out"))


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_without_midi_one_sentence_says_so_and_all_else_plays(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "missing":
        monkeypatch.setitem(sys.modules, "rtmidi", None)
        monkeypatch.delitem(sys.modules, "mido.backends.rtmidi", raising=False)
        mido.set_backend("mido.backends.rtmidi")
    else:

        def refuse(**_: Any) -> None:
            raise SystemError("no sequencer")

        monkeypatch.setattr("tests.studio.midi_ports.get_devices", refuse)
    transport.midi.choose_output("synth")
    until(lambda: transport.midi.state.problem)
    assert transport.midi.state.trouble == {"missing": MISSING, "broken": NO_SYSTEM}[how]
    transport.play()
    until(lambda: transport.step > 0)


def test_names_with_the_numbers_of_alsa_are_found_again() -> None:
    there = ("synth:synth MIDI 1 24:0", "synth:synth MIDI 2 24:1")
    assert find("synth:synth MIDI 2 20:1", there) == there[1]
    assert find("synth:synth MIDI 3 20:1", there) is None


def test_the_end_of_a_note_does_not_end_the_next_one() -> None:
    sent_now: list[tuple[str, int]] = []
    midi = MidiNotes(lambda kind, **values: sent_now.append((kind, values.get("velocity", 0))))
    first = DueStep(0, 1, 0.0, 0.5, ((0, 36, 50),), drums(), ())
    second = DueStep(0, 1, 0.3, 0.5, ((0, 36, 60),), drums(), ())
    acts = [act for step in (first, second) for act in midi.ahead(step, 1, False)]
    for _, act in sorted(acts, key=lambda entry: entry[0]):
        act()
    assert sent_now == [("note_on", 50), ("note_off", 0), ("note_on", 60), ("note_off", 0)]


def test_one_pitch_of_two_voices_is_one_note() -> None:
    midi = MidiNotes(lambda kind, **values: None)
    two = DueStep(0, 1, 1.0, 0.5, ((0, 36, 50), (1, 36, 120)), drums(), ())
    assert [time for time, _ in midi.ahead(two, 1, False)] == [1.0, pytest.approx(1.4)]


def test_a_note_sounds_when_its_hit_does() -> None:
    """An early one and a late one; of two voices with one pitch the louder hit says when."""
    midi = MidiNotes(lambda kind, **values: None)
    hits = ((0, 36, 50), (1, 36, 120), (1, 42, 60))
    step = DueStep(0, 1, 1.0, 0.5, hits, drums(), (), (1.0, 0.9, 1.2))
    times = sorted(time for time, _ in midi.ahead(step, 1, False))
    assert times == pytest.approx([0.9, 1.2, 1.3, 1.6])


def test_ports_and_what_is_sent_are_told_apart(transport: Transport, cables: Path) -> None:
    heard: list[str] = []
    transport.midi.ports_changed.connect(lambda: heard.append("ports"))
    transport.midi.sending_changed.connect(lambda: heard.append("sending"))
    transport.midi.set_channel(17)
    transport.midi.set_channel(16)
    assert heard == ["sending"] and transport.midi.state.channel == 16
    before = transport.midi.state
    (cables / "synth.out").touch()
    open_output(transport, "synth")
    until(lambda: heard == ["sending", "ports"])
    assert (before.output, before.outputs, before.output_open) == ("", (), False)
