"""MIDI on a module: bytes at its jack, and what comes of them at the others."""

from __future__ import annotations

import random

import pytest

from latentrack.errors import UserError
from latentrack.module.link import ModuleError
from latentrack.virtual.midi_cable import BYTE_US
from tests.decoders import CHORALES, DRUMS
from tests.device.claims import covers
from tests.device.rig import Edge, Rig, edges_of

CLOCK, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
BEAT_US = 500_000


def clocks(
    rig: Rig, count: int, *, interval_us: float = BEAT_US / 24, jitter_us: int = 0
) -> list[Edge]:
    """Sends that many clocks; returns the edges they made, but for what still waits."""
    dice = random.Random(count)
    rig.panel.settle()
    begins_us = rig.panel.now_us
    for number in range(count):
        due_us = begins_us + number * interval_us + dice.randint(-jitter_us, jitter_us) + jitter_us
        rig.panel.advance(max(0, round(due_us) - rig.panel.now_us))
        rig.panel.midi.send(CLOCK)
    rig.panel.advance(round(interval_us) - 1)
    edges = edges_of(rig.panel.settle())
    rig.saw((count, interval_us), [tuple((edge.time_us - begins_us, edge.jacks) for edge in edges)])
    return edges


def send(rig: Rig, data: bytes) -> None:
    """Sends a message and lets the module's frames take it."""
    rig.panel.midi.send(data)
    rig.panel.advance(len(data) * BYTE_US + 2000)
    rig.panel.catch_up()
    rig.frames()


# -- the clock that comes


def test_six_midi_clocks_are_an_edge_from_start_to_stop(rig):
    module = rig(DRUMS, board="bare")
    module.run("patch.clock_from = 'midi'")
    assert clocks(module, 24) == []
    module.panel.midi.send(START)
    assert [edge.steps[0] for edge in clocks(module, 24)] == [0, 1, 2, 3]
    module.panel.midi.send(STOP)
    assert clocks(module, 24) == []
    module.panel.midi.send(CONTINUE)
    assert [edge.steps[0] for edge in clocks(module, 24)] == [4, 5, 6, 7]
    module.panel.midi.send(START)
    assert [edge.steps[0] for edge in clocks(module, 12)] == [0, 1]


@covers("midi_clocks")
def test_a_step_may_be_another_number_of_clocks(rig):
    module = rig(DRUMS, board="bare")
    for per_edge, steps in ((12, 4), (6, 8), (24, 2)):
        module.run(f"patch.clock_from = 'midi'; patch.midi_clocks = {per_edge}")
        module.panel.midi.send(START)
        assert [edge.steps[0] for edge in clocks(module, 48)] == list(range(steps))


@covers("clock_from")
def test_a_jacks_clock_and_midis_leave_each_other_alone(rig):
    module = rig(DRUMS, board="bare")
    module.panel.midi.send(START)
    assert clocks(module, 24) == []
    assert [edge.steps[0] for edge in module.bar(steps=2)] == [0, 1]
    module.run("patch.clock_from = 'midi'")
    assert module.edges(4) == []
    assert [edge.steps[0] for edge in clocks(module, 24)][:3] == [2, 3, 4]


def test_jitter_of_3_ms_at_the_input_is_at_most_1_ms_at_the_jacks(rig):
    module = rig(DRUMS, board="bare")
    module.run("patch.clock_from = 'midi'")
    module.panel.midi.send(START)
    # After eight beats the tempo is known well enough.
    times = [edge.time_us for edge in clocks(module, 24 * 40, jitter_us=3000)][32:]
    away = [time - number * BEAT_US / 4 for number, time in enumerate(times)]
    assert len(times) > 120
    assert (max(away) - min(away)) / 2 <= 1000


# -- messages


def test_a_program_change_recalls_a_preset(rig):
    module = rig(DRUMS, board="bare")
    module.run("track.length = 5; instrument.presets.store(3, now=True); track.length = 7")
    send(module, b"\xc4\x02")
    assert module.get("track.length") == 5
    module.run("track.length = 7; patch.midi_in = 1")
    send(module, b"\xc4\x02")
    assert module.get("track.length") == 7
    send(module, b"\xc0\x02")
    # As by CV and trigger: the cables stay as they are.
    assert module.get("track.length, patch.midi_in") == (5, 1)


def test_a_program_change_is_heard_at_the_bar_as_slots_are(rig):
    module = rig(DRUMS, board="bare")
    module.run("track.length = 5; instrument.presets.store(3, now=True); track.length = 0")
    module.edges(3)
    send(module, b"\xc0\x02")
    assert module.get("(track.length, slots.waiting)") == (0, 3)
    module.edges(12)
    module.frames()
    assert module.get("slots.waiting") == 3
    module.edges(1)
    module.frames()
    assert module.get("(track.length, slots.waiting)") == (5, None)


@covers("midi_in", moving=["threshold"])
def test_only_the_channel_that_is_set_is_heard(rig):
    module = rig(DRUMS, board="bare")
    module.run("patch.midi_learn('1.threshold')")
    send(module, b"\xb2\x4a\x7f")
    for channel, silent in ((0, True), (4, False), (3, True)):
        module.run(f"track.threshold = 0.3; patch.midi_in = {channel}")
        send(module, b"\xb2\x4a\x7f")
        gates = [edge.gates for edge in module.bar()]
        module.saw("gates", [tuple(gates)])
        assert (not any(gates)) == silent


def test_a_controller_moves_the_parameter_that_learned_it(rig):
    module = rig(DRUMS, board="bare")
    module.run("patch.midi_learn('1.swing')")
    send(module, b"\xb2\x4a\x7f")
    assert module.get("track.swing") == 75
    send(module, b"\xb2\x4a\x00")
    assert module.get("track.swing") == 50
    # Another controller, and the same one on another channel, do nothing.
    send(module, b"\xb2\x4b\x7f\xb3\x4a\x7f")
    assert module.get("track.swing") == 50
    assert module.get("patch.midi_assigned()") == {"1.swing": "cc 74, channel 3"}


def test_a_note_moves_by_its_velocity_and_does_actions(rig):
    module = rig(DRUMS, board="bare")
    module.run("patch.midi_learn('1.threshold')")
    send(module, b"\x99\x24\x7f")
    assert module.get("track.threshold") == 1
    send(module, b"\x24\x00\x89\x24\x40")
    assert module.get("track.threshold") == 1
    module.run("patch.midi_learn('pause')")
    send(module, b"\x99\x26\x01")
    assert module.get("__import__('latentcore').paused()")


def test_a_note_does_what_a_trigger_input_can_do(rig):
    module = rig(DRUMS, board="bare")
    module.run("patch.midi_learn('undo')")
    send(module, b"\x90\x3c\x40")
    module.run("history.forget(); track.length = 7; history.close()")
    send(module, b"\x90\x3c\x40")
    assert module.get("track.length") == 0


def test_assignments_are_in_settings_and_presets(rig):
    module = rig(DRUMS, board="bare")
    module.run("patch.midi_learn('1.x')")
    send(module, b"\xb0\x01\x40")
    module.run("patch.midi_learn('patch.cv_x')")
    send(module, b"\x90\x3c\x40")
    wanted = {"1.x": "cc 1, channel 1", "patch.cv_x": "note 60, channel 1"}
    module.run("instrument.presets.store(1, now=True); settings.save()")
    module.link.restart()
    assert module.get("patch.midi_assigned()") == wanted
    module.run("patch.midi_forget('1.x')")
    assert module.get("patch.midi_assigned()") == {"patch.cv_x": wanted["patch.cv_x"]}
    module.run("instrument.presets.recall(1)")
    assert module.get("patch.midi_assigned()") == wanted


def test_sixteen_are_assigned_and_no_more(rig):
    module = rig(DRUMS, board="bare")
    targets = [f"1.density{n}" for n in range(1, 9)] + [f"2.density{n}" for n in range(1, 9)]
    for number, target in enumerate(targets):
        module.run(f"patch.midi_learn({target!r})")
        send(module, bytes([0xB0, number, 64]))
    with pytest.raises(ModuleError, match=r"16 are assigned: patch.midi_forget\(one\) first"):
        module.run("patch.midi_learn('1.x')")
    # What has one may have another.
    module.run("patch.midi_learn('1.density1')")
    send(module, b"\xb0\x50\x00")
    assert module.get("patch.midi_assigned()['1.density1']") == "cc 80, channel 1"
    assert module.get("len(patch.midi_assigned())") == 16


@pytest.mark.parametrize("target", ["1.swnig", "3.x", "x", "patch.cv"])
def test_a_target_that_is_not_there_is_refused(rig, target):
    module = rig(board="bare")
    with pytest.raises(ModuleError, match="KeyError"):
        module.run(f"patch.midi_learn({target!r})")
    assert module.get("patch.midi_assigned()") == {}


def test_damaged_lines_of_settings_are_left_out(rig):
    module = rig(board="bare")
    module.run(
        "instrument.midi.set_from('midi.cc.1.1 1.x\\nmidi.cc.0.1 1.y\\nmidi.cc.1.128 1.y\\n"
        "midi.cc.1 1.y\\nmidi.bend.1.1 1.y\\nmidi.cc.1.2 1.nothing\\nmidi.cc.a.b 1.y')"
    )
    assert module.get("patch.midi_assigned()") == {"1.x": "cc 1, channel 1"}


def test_holding_the_right_push_learns_on_a_page(rig):
    module = rig(DRUMS)
    module.run("controls.open('parameters'); controls.page.choose(3); controls.page.hold('right')")
    assert module.get("instrument.midi.learning") == "1.w"
    module.run("controls.open('patch'); controls.page.hold('right')")
    assert module.get("instrument.midi.learning") == "patch.tempo"
    module.run("controls.open('quantiser'); controls.page.hold('right')")
    assert module.get("instrument.midi.learning") == "quantiser.in_1"


# -- the clock that goes out


@covers("midi_clock")
def test_a_clock_goes_out_when_it_is_wanted(rig):
    module = rig(DRUMS)
    for wanted in ("off", "on"):
        module.run(f"patch.midi_clock = {wanted!r}")
        module.panel.clock(4, spacing_us=125_000)
        module.panel.settle()
        bytes_out = [sent.byte for sent in module.panel.midi.sent()]
        module.saw("clock", [tuple(bytes_out)])
        assert bytes_out.count(0xF8) == (24 if wanted == "on" else 0)


def test_edges_go_out_as_24_clocks_a_beat(rig):
    module = rig(DRUMS)
    module.run("patch.midi_clock = 'on'")
    module.panel.advance(5000)
    module.panel.midi.sent()
    module.panel.clock(9, spacing_us=125_000)
    module.panel.settle()
    messages = module.panel.midi.messages()
    assert [data for _, data in messages] == [START] + [CLOCK] * 9 * 6
    # Once an interval is known each goes out at the first tick after its time.
    times = [time for time, data in messages if data == CLOCK][12:]
    for number, time in enumerate(times):
        assert abs(time - times[0] - number * 125_000 / 6) <= 1000
    module.panel.advance(600_000)
    module.panel.settle()
    assert [data for _, data in module.panel.midi.messages()] == [STOP]
    module.panel.clock(1, spacing_us=125_000)
    module.panel.settle()
    assert module.panel.midi.messages()[0][1] == CONTINUE
    module.panel.advance(600_000)
    module.panel.trigger("reset")
    module.panel.advance(5000)
    module.panel.settle()
    module.panel.midi.sent()
    module.panel.clock(1, spacing_us=125_000)
    module.panel.settle()
    assert module.panel.midi.messages()[0][1] == START


# -- notes that go out


def notes_of(rig: Rig) -> list[tuple[int, bytes]]:
    """The messages that came out, but for what still waits."""
    rig.panel.advance(50_000)
    rig.panel.settle()
    return rig.panel.midi.messages()


@covers("midi_out")
def test_drums_go_out_as_notes_of_their_gates(rig):
    module = rig(DRUMS)
    drum_at = dict(zip((0, 4, 1, 2, 3), (36, 38, 45, 42, 49), strict=True))
    for channel in (0, 10):
        module.run(f"track.midi_out = {channel}; track.threshold = 0.3; track.gate = 10")
        notes_of(module)
        edges = module.bar()
        messages = notes_of(module)
        module.saw("bar", [tuple(data for _, data in messages)])
        begun = [data[1] for _, data in messages if data[2]]
        wanted = [sorted(drum_at[jack] for jack in edge.gates) for edge in edges]
        assert sorted(begun) == (sorted(sum(wanted, [])) if channel else [])
        for time, data in messages:
            assert data[0] == 0x99 and data[2] in (0, 100)
            edge = max(edge.time_us for edge in edges if edge.time_us <= time)
            # Five notes take 3.5 ms on the wire; a gate of 10 ms ends at a tick.
            least, most = (0, 5000) if data[2] else (10_000, 15_000)
            assert least <= time - edge <= most
    assert len(begun) > 8
    assert len(messages) == 2 * len(begun), "each note ends"


def test_notes_go_out_with_their_pitches(rig):
    module = rig(CHORALES)
    module.run("track.midi_out = 3; track.threshold = 0.2; track.keep = 'off'")
    notes_of(module)
    edges = module.bar()
    messages = notes_of(module)
    on = [data[1] for _, data in messages if data[2]]
    # A semitone is a twelfth of a volt, note 60 is 0 V.
    volts = {jack: 0.0 for jack in range(8)}
    wanted = []
    for edge in edges:
        volts |= edge.jacks
        wanted += [round(60 + 12 * volts[4 + jack]) for jack in sorted(edge.gates)]
    assert wanted and on == wanted
    assert {data[0] for _, data in messages} == {0x92}


def test_a_note_is_the_pitch_that_a_glide_goes_to(rig):
    module = rig(CHORALES)
    module.run("track.midi_out = 3; track.threshold = 0.2; track.keep = 'off'")
    heard = []
    for slew_ms in (0, 500):
        module.run(f"track.slew = {slew_ms}")
        notes_of(module)
        module.bar()
        heard.append([data[1] for _, data in notes_of(module) if data[2]])
    assert len(set(heard[0])) > 1 and heard[1] == heard[0]


def test_a_feel_is_heard_in_the_velocities(rig, felt_model):
    module = rig(felt_model.path)
    module.run("track.midi_out = 1; track.threshold = 0.2; track.feel = 0")
    notes_of(module)
    module.bar()
    velocities = {data[2] for _, data in notes_of(module) if data[2]}
    assert len(velocities) > 2


def test_a_track_that_stops_leaves_its_jacks_to_the_other(rig):
    module = rig(DRUMS, CHORALES)
    module.run(f"library.play({CHORALES!r}, track=1, remember=False)")
    module.run("tracks[0].midi_out = 1; tracks[1].midi_out = 2; tracks[1].stop()")
    module.run("track.threshold = 0.3")
    notes_of(module)
    module.bar()
    edges = module.bar()
    gates = sum(len(edge.gates) for edge in edges)
    on = [data for _, data in notes_of(module) if data[2]]
    assert {data[0] for data in on} == {0x90} and len(on) >= gates


# -- the boards


def test_the_reference_hardware_has_no_midi_input(rig):
    module = rig()
    with pytest.raises(UserError, match="no MIDI input"):
        module.panel.midi.send(CLOCK)


def test_python_sends_messages(rig):
    module = rig()
    module.run("__import__('latentcore').midi_send(0x403cb5)")
    module.panel.advance(2000)
    module.panel.settle()
    assert [data for _, data in module.panel.midi.messages()] == [b"\xb5\x3c\x40"]
    with pytest.raises(ModuleError, match="a message is a status and up to two data bytes"):
        module.run("__import__('latentcore').midi_send(0x40)")


def test_a_pin_that_is_taken_back_ends_midi(rig):
    """As on the chip: a pin is the UART's or the program's."""
    module = rig(board="bare")
    module.run("from machine import Pin; Pin('D1', Pin.OUT, value=0)")
    module.run("__import__('latentcore').midi_send(0x403cb5)")
    module.panel.advance(2000)
    module.panel.settle()
    assert module.panel.midi.sent() == []


def test_two_models_and_a_midi_clock(rig):
    module = rig(DRUMS, CHORALES, board="bare")
    module.run(f"library.play({CHORALES!r}, track=1, remember=False); patch.clock_from = 'midi'")
    module.panel.midi.send(START)
    edges = clocks(module, 12)
    assert [sorted(edge.steps) for edge in edges] == [[0, 1], [0, 1]]
