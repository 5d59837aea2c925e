"""Slew, and the velocity of hits at a jack of its own: volts at the jacks, to the millisecond."""

from __future__ import annotations

import pytest

from tests.decoders import CHORALES, DRUMS
from tests.device.claims import covers
from tests.device.felt import PLACE as FELT_PLACE
from tests.device.felt import at as felt_at
from tests.device.rig import DRUM_JACKS, GATE, drums, notes, pitch_volts, rhythm
from tests.device.test_groove import asked

PLACE = (1.5, -0.5, 2.0)
GROUPS = (1, 1, 6, 2, 2)
FOUR = ((0, 1, 2, 3), (4, 5, 6, 7))
CODE = 10 / 16383
TICK_US = 1000


def stepping(rig, *pitches: int):
    """One trigger at jack 1 and its pitch at jack 2, in each step the next of these."""
    module = rig(DRUMS)
    module.run(f"track.latents = {PLACE}; track.threshold = 0; track.mode = 'rhythm'")
    silent = "; ".join(f"track.density{n} = 0" for n in range(2, 9))
    module.run(f"{silent}; track.pitches = {pitches}; track.jacks = '1-4'")
    return module


def way_of(module, jack: int, edges: int, spacing_us: int) -> list[tuple[int, float]]:
    """(microseconds since the first edge, volts) of each level written to a jack."""
    module.panel.trigger("reset")
    module.panel.advance(50_000)
    module.panel.settle()
    start_us = module.panel.now_us
    module.panel.clock(edges, spacing_us=spacing_us)
    return [
        (report.time_us - start_us, report.value)
        for report in module.panel.settle()
        if report.kind != "step" and report.jack == jack
    ]


@covers("slew")
def test_slew_is_a_straight_line_to_the_next_pitch(rig):
    module = stepping(rig, 48, 72)
    assert [volts for _, volts in way_of(module, 2, 4, 200_000)] == [
        pitch_volts(note) for note in (48, 72, 48, 72)
    ]
    module.jacks()
    module.jacks("track.slew = 100")
    start, low, high = 200_000, pitch_volts(48), pitch_volts(72)
    module.run("track.slew = 100")
    way_of(module, 2, 4, 200_000)
    seen = way_of(module, 2, 4, 200_000)
    for step, (before, after) in enumerate(((high, low), (low, high), (high, low), (low, high))):
        begin = step * start
        within = [(t - begin, volts) for t, volts in seen if begin <= t < begin + start]
        assert len(within) > 90
        for t, volts in within:
            part = min(t / 100_000, 1)
            # A tick lies up to a millisecond beside its time: 1/100 of the way.
            assert volts == pytest.approx(before + (after - before) * part, abs=0.02 + CODE)
        assert within[-1][1] == after
        assert within[-1][0] <= 100_000 + 2 * TICK_US


def test_a_pitch_that_comes_before_the_last_is_there_begins_where_that_has_come_to(rig):
    module = stepping(rig, 48, 72)
    module.run("track.slew = 400")
    seen = way_of(module, 2, 12, 100_000)
    # A quarter of the way up, a quarter of what is left down, and so on: never a leap.
    assert all(abs(b - a) < 0.02 for (_, a), (_, b) in zip(seen[1:], seen[2:], strict=False))
    assert max(volts for _, volts in seen[-100:]) < pitch_volts(72) - 0.5


def test_without_slew_again_a_pitch_is_there_at_once(rig):
    module = stepping(rig, 48, 72)
    module.run("track.slew = 1000")
    way_of(module, 2, 5, 50_000)
    module.run("track.slew = 0")
    module.panel.advance(5_000)
    module.panel.settle()
    seen = way_of(module, 2, 4, 50_000)
    assert [volts for _, volts in seen] == [pitch_volts(note) for note in (48, 72, 48, 72)]


def test_accents_and_gates_do_not_glide(rig, decoded):
    module = rig(DRUMS)
    module.run(f"track.latents = {PLACE}; track.threshold = 0.3; track.slew = 500")
    assert module.jacks() == drums(decoded(DRUMS, PLACE), GROUPS, 0.3)


@covers("velocity_out")
def test_a_model_without_a_feel_has_full_velocity(rig, decoded):
    module = rig(DRUMS)
    module.run(f"track.latents = {PLACE}; track.threshold = 0.3")
    wanted = drums(decoded(DRUMS, PLACE), GROUPS, 0.3)
    assert module.jacks() == wanted
    # Drums keep their jacks, but for the one that is the velocity's.
    for jack in (7, 2):
        with_velocity = [
            {j: volts for j, volts in step.items() if j != jack} | ({jack: GATE} if hit else {})
            for step in wanted
            for hit in [any(j in step for j in DRUM_JACKS[:5] if j != jack)]
        ]
        found = module.jacks(f"track.velocity_out = {str(jack + 1)!r}")
        assert [pytest.approx(step, abs=CODE) for step in with_velocity] == found
    assert module.jacks("track.velocity_out = 'off'") == wanted


def test_velocities_are_those_that_litert_decodes(rig, felt_model):
    module = rig(felt_model.path)
    module.run(f"{felt_at(FELT_PLACE)}\ntrack.feel = 0; track.velocity_out = '8'")
    heard = set()
    for dynamics in (100, 200, 50):
        steps = felt_model.steps(FELT_PLACE, dynamics=dynamics / 100)
        for step, row in zip(steps, module.jacks(f"track.dynamics = {dynamics}"), strict=True):
            assert (7 in row) == bool(step.triggers)
            if step.triggers:
                loudest = max(step.velocity.values())
                assert row[7] == pytest.approx(5 * loudest, abs=2.5 / 127 + CODE)
                heard.add(row[7])
    assert len(heard) > 5


def test_a_velocity_comes_with_its_trigger_before_and_behind_the_clock(rig, felt_model):
    module = rig(felt_model.path)
    module.run(f"{felt_at(FELT_PLACE)}\ntrack.velocity_out = '8'; track.gate = 1")
    step_us = 125_000
    steps = felt_model.steps(FELT_PLACE)
    wanted = asked(steps, 48, step_us, 100, 50)
    module.run("track.feel = 100")
    stands: dict[int, float] = {}
    found = _with_velocity(module, stands, step_us)
    velocities = _velocities(steps, 48, step_us)
    assert [hit[:1] for hit in found] == [(hit.jack,) for hit in wanted]
    checked = 0
    for jack, time_us, volts in found:
        if time_us < 4 * step_us:
            continue
        near = [v for j, t, v in velocities if abs(t - time_us) <= 1.5 * TICK_US]
        if len(near) == 1:
            assert volts == pytest.approx(5 * near[0], abs=2.5 / 127 + CODE), (jack, time_us)
            checked += 1
    assert checked > 20


def _with_velocity(module, stands: dict[int, float], step_us: int):
    """(jack, microseconds, volts at jack 8) of each gate that rises."""
    module.panel.advance(50_000)
    module.panel.trigger("reset")
    module.panel.advance(50_000)
    module.panel.settle()
    start_us = module.panel.now_us
    module.panel.clock(48, spacing_us=step_us)
    module.panel.advance(2 * step_us)
    hits = []
    for report in module.panel.settle():
        if report.kind == "step":
            continue
        stands[report.jack] = report.value
        if report.kind == "rise" and report.jack in DRUM_JACKS[:5]:
            hits.append((report.jack, report.time_us - start_us, stands[7]))
    return sorted(hits)


def _velocities(steps, edges: int, step_us: int):
    """(jack, microseconds, velocity) of each hit."""
    return [
        (DRUM_JACKS[group], (edge + step.timing[group]) * step_us, step.velocity[group])
        for edge in range(edges + 1)
        for step in [steps[edge % len(steps)]]
        for group in step.triggers
    ]


def test_notes_share_out_the_jacks_that_a_velocity_leaves(rig, decoded):
    module = rig(CHORALES)
    module.run(f"track.latents = {PLACE}; track.threshold = 0.05; track.velocity_out = '1'")
    wanted = notes(decoded(CHORALES, PLACE), 0.05, most=3, jacks=((1, 2, 3), (4, 5, 6)))
    assert module.jacks() == [step | ({0: GATE_LEVEL} if step else {}) for step in wanted]


GATE_LEVEL = pytest.approx(GATE, abs=CODE)


def test_a_velocity_is_taken_from_both_tracks(rig, decoded):
    module = rig(DRUMS, CHORALES)
    module.run(f"library.play({CHORALES!r}, track=1)\ntrack.threshold = 1")
    module.run(f"tracks[1].latents = {PLACE}; tracks[1].threshold = 0.05")
    wanted = notes(decoded(CHORALES, PLACE), 0.05, most=2, jacks=((4, 5), (6, 7)))
    assert module.jacks() == wanted
    one = notes(decoded(CHORALES, PLACE), 0.05, most=1, jacks=((4,), (5,)))
    assert module.jacks("track.velocity_out = '8'") == one


def test_a_board_without_levels_keeps_its_gates(start, drum_model):
    from latentrack.module.link import Link

    module = start(drum_model, board="bare", manual_time=True)
    with Link(module.port) as link:
        link.run("track.threshold = 0.1\ntrack.slew = 100\ntrack.refresh()")
        module.panel.clock(33)
        before = [step.gates for step in module.panel.steps()][-16:]
        link.run("track.velocity_out = '1'\ntrack.refresh()")
        module.panel.clock(32)
        assert [step.gates for step in module.panel.steps()][-16:] == before
        assert any(0 in gates for gates in before)


def test_rhythms_still_step_through_their_pitches(rig, decoded):
    module = rig(DRUMS)
    module.run(f"track.latents = {PLACE}; track.threshold = 0.1; track.mode = 'rhythm'")
    wanted = rhythm(decoded(DRUMS, PLACE), 0.1, (36, 39, 43, 46), jacks=FOUR)
    assert module.jacks("track.slew = 0") == wanted
