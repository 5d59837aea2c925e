"""What a player does while it plays: mutes, fills, ratchets, ways, and the clock.

What the model has is LiteRT's; what should come of it is worked out here from the words of
docs/playing.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.device.claims import covers
from tests.device.performed import (
    OTHER,
    STEP_US,
    THRESHOLD,
    TICK_US,
    begin_again,
    go_on,
    grid,
    play,
    set_up,
)

VOICES = range(1, 9)


def numbered(name: str) -> tuple[str, ...]:
    return tuple(f"{name}{voice}" for voice in VOICES)


def test_the_model_of_these_tests_plays_as_litert_decodes(rig, eight):
    module = rig(eight.path)
    set_up(module)
    hits = eight.hits()
    assert (hits.sum(axis=0) >= 2).all() and (~hits).sum() > 30, "a model that shows something"
    assert (grid(play(module)) == hits).all()


# -- mutes


@covers(*numbered("mute"), "solo")
def test_a_muted_voice_is_silent_and_a_solo_is_alone(rig, eight):
    module = rig(eight.path)
    set_up(module)
    assert (grid(play(module)) == eight.hits()).all()
    for voice in VOICES:
        module.run(f"track.mute{voice} = 'on'")
        wanted = eight.hits()
        wanted[:, voice - 1] = False
        assert (grid(play(module)) == wanted).all()
        module.run(f"track.mute{voice} = 'off'\ntrack.solo = {voice}")
        assert (grid(play(module)) == eight.hits() & ~wanted).all()
        module.run("track.solo = 0")


@covers("mute_at")
def test_mutes_take_hold_at_the_next_step_or_at_the_bar(rig, eight):
    module = rig(eight.path)
    set_up(module)
    for when in ("step", "bar"):
        module.run(f"track.mute1 = 'off'\ntrack.mute_at = {when!r}")
        play(module, 5)
        module.run("track.mute1 = 'on'")
        heard = grid(go_on(module, 27), 27)[:, 0]
        wanted = np.concatenate((eight.hits()[5:, 0], eight.hits()[:, 0]))
        wanted[0 if when == "step" else 11 :] = False
        assert (heard == wanted).all()


# -- chances


@covers(*numbered("chance"), "draw")
def test_a_chance_leaves_hits_out_and_repeats_until_another_draw(rig, eight):
    module = rig(eight.path)
    set_up(module)
    hits = eight.hits()
    for voice in VOICES:
        module.run(f"track.chance{voice} = 0")
        wanted = hits.copy()
        wanted[:, voice - 1] = False
        assert (grid(play(module)) == wanted).all()
        module.run(f"track.chance{voice} = 1")
    module.run("\n".join(f"track.chance{voice} = 0.5" for voice in VOICES))
    shares, bars = [], set()
    for draw in range(12):
        module.run(f"track.draw = {draw}")
        heard = grid(play(module, 32), 32)
        assert (heard[:16] == heard[16:]).all(), "it does not repeat"
        assert not (heard[:16] > hits).any()
        shares.append(heard[:16].sum() / hits.sum())
        bars.add(heard[:16].tobytes())
    assert 0.4 < np.mean(shares) < 0.6
    assert len(bars) == 12


@covers("draws")
def test_each_bar_may_be_another_draw(rig, eight):
    module = rig(eight.path)
    set_up(module, "\n".join(f"track.chance{voice} = 0.5" for voice in VOICES))
    play(module, 64)
    module.run("track.draws = 'each bar'")
    begin_again(module)
    bars = set()
    for _ in range(8):
        bars.add(grid(go_on(module)).tobytes())
        module.frames()
    assert len(bars) > 5
    play(module, 64)


# -- ratchets and flams


def follow_ups(rises: list[tuple[int, int]], cell: tuple[int, int]) -> list[int]:
    """Microseconds from the edge of a cell's step at which its voice rises within it."""
    step, voice = cell
    first = step * STEP_US
    return [time - first for time, v in rises if v == voice and 0 <= time - first < STEP_US - 500]


@covers("ratchet", "ratchet_chance")
def test_a_ratchet_divides_its_step(rig, eight):
    module = rig(eight.path)
    set_up(module, "track.ratchet_chance = 1")
    play(module)
    for most in (2, 3, 4):
        module.run(f"track.ratchet = {most}")
        play(module, 3)
        rises = play(module, 32)
        counts = []
        for cell in zip(*np.nonzero(eight.hits()), strict=True):
            times = follow_ups(rises, (cell[0] + 16, cell[1]))
            counts.append(len(times))
            wanted = [k * STEP_US / len(times) for k in range(len(times))]
            assert times == pytest.approx(wanted, abs=TICK_US)
        assert set(counts) == set(range(2, most + 1))
    module.run("track.ratchet_chance = 0.5")
    ratchets = (grid(play(module, 32), 32)[16:] > 1).sum() / eight.hits().sum()
    assert 0.25 < ratchets < 0.75
    module.run("track.ratchet_chance = 0")
    assert (grid(play(module, 32), 32)[16:] == eight.hits()).all()


@covers("ratchet_by")
def test_a_ratchet_by_certainty_has_the_more_hits_the_surer_the_model_is(rig, eight):
    module = rig(eight.path)
    set_up(module, "track.ratchet = 4\ntrack.ratchet_chance = 1")
    play(module, 32)
    module.run("track.ratchet_by = 'certainty'")
    sure = eight.probabilities()
    above = [THRESHOLD + (1 - THRESHOLD) * k / 4 for k in range(4)]
    wanted = sum((sure > limit).astype(int) for limit in above)
    assert set(wanted.flat) == {0, 1, 2, 3, 4}
    assert (grid(play(module, 32), 32)[16:] == wanted).all()


@covers("flam")
def test_a_flam_is_a_second_hit_shortly_after(rig, eight):
    """After 30 ms, or a quarter of the step, whichever is sooner."""
    module = rig(eight.path)
    set_up(module)
    play(module, 32)
    play(module, 32, 200_000)
    module.run("track.flam = 1")
    for step_us, apart in ((STEP_US, STEP_US / 4), (200_000, 30_000)):
        rises = play(module, 32, step_us)
        assert (grid(rises, 32, step_us)[16:] == 2 * eight.hits()).all()
        step, voice = next(zip(*np.nonzero(eight.hits()), strict=True))
        first, second = [
            t for t, v in rises if v == voice and 0 <= t - (step + 16) * step_us < step_us - 500
        ]
        assert second - first == pytest.approx(apart, abs=TICK_US)


@covers("fill", "fill_density", "fill_ratchet")
def test_a_fill_raises_densities_and_ratchets(rig, eight):
    module = rig(eight.path)
    set_up(module, "track.fill_density = 0.5\ntrack.fill_ratchet = 1\ntrack.ratchet_chance = 1")
    play(module, 32)
    module.run("track.fill = 'on'")
    # Half the way to always: a density of 0.5 becomes 0.75, and the threshold half of what it was.
    assert (grid(play(module, 32), 32)[16:] == eight.hits(threshold=THRESHOLD / 2)).all()
    module.run("track.fill_density = 0")
    assert (grid(play(module, 32), 32)[16:] == eight.hits()).all()
    module.run("track.fill_ratchet = 2")
    assert (grid(play(module, 32), 32)[16:] == 2 * eight.hits()).all()
    module.run("track.fill = 'off'")
    assert (grid(play(module, 32), 32)[16:] == eight.hits()).all()


# -- ways


@covers("direction")
def test_the_bar_is_played_forward_back_there_and_back_or_at_random(rig, eight):
    module = rig(eight.path)
    set_up(module)
    hits = eight.hits()
    for direction, wanted in (
        ("forward", (hits, hits)),
        ("reverse", (hits[::-1], hits[::-1])),
        ("pendulum", (hits, hits[::-1])),
    ):
        module.run(f"track.direction = {direction!r}")
        assert (grid(play(module, 32), 32) == np.concatenate(wanted)).all()
    module.run("track.direction = 'random'")
    heard = grid(play(module, 64), 64)
    known = {row.tobytes() for row in hits.astype(int)}
    assert {row.tobytes() for row in heard} <= known
    assert (heard[:16] != heard[16:32]).any() and (heard[:16] != hits).any()
    assert (grid(play(module, 64), 64) == heard).all(), "the same from a reset on"


@covers(*numbered("length"), *numbered("shift"))
def test_a_voice_goes_round_by_itself(rig, eight):
    module = rig(eight.path)
    set_up(module)
    hits = eight.hits()
    steps = np.arange(48)
    assert (grid(play(module, 48), 48) == hits[steps % 16]).all()
    for voice in VOICES:
        length, shift = 3 + voice, 2 * voice
        wanted = hits[steps % 16]
        module.run(f"track.length{voice} = {length}")
        wanted[:, voice - 1] = hits[steps % length, voice - 1]
        assert (grid(play(module, 48), 48) == wanted).all()
        module.run(f"track.length{voice} = 0\ntrack.shift{voice} = {shift}")
        wanted[:, voice - 1] = hits[(steps + shift) % 16, voice - 1]
        assert (grid(play(module, 48), 48) == wanted).all()
        module.run(f"track.shift{voice} = 0")


@covers("multiply")
def test_multiply_plays_steps_between_the_edges(rig, eight):
    """From the third edge on the length of a step is known; before that steps are passed over."""
    module = rig(eight.path)
    set_up(module)
    hits = eight.hits()
    play(module, 16, 6 * STEP_US)
    for times in (2, 3, 8):
        module.run(f"track.multiply = {times}")
        step_us = 6 * STEP_US // times
        heard = grid(play(module, 16, 6 * STEP_US), 16 * times, step_us)
        known = 3 * times
        wanted = hits[np.arange(16 * times) % 16]
        assert (heard[known:] == wanted[known:]).all()
        assert (heard[0:known:times] == wanted[0:known:times]).all()


@covers("takes")
def test_a_new_pattern_takes_over_at_the_bar_or_at_the_next_step(rig, eight):
    module = rig(eight.path)
    before, after = eight.hits(), eight.hits(OTHER)
    for takes in ("bar", "step"):
        set_up(module, f"track.takes = {takes!r}")
        play(module, 21)
        begin_again(module)
        go_on(module, 5)
        module.run(f"track.latents = {OTHER}")
        heard = grid(go_on(module, 27), 27)
        rest = before[5:] if takes == "bar" else after[5:]
        assert (heard == np.concatenate((rest, after))).all()


# -- the clock


def edges_of(module, time_us: int, way: str) -> list[int]:
    """Lets time pass; when steps were played, from the first on."""
    module.panel.settle()
    module.panel.advance(time_us)
    times = [report.time_us for report in module.panel.settle() if report.kind == "step"]
    module.saw(("edges", way, time_us), [len(times), *(time - times[0] for time in times)])
    return times


@covers("tempo", "clock_from", "run")
def test_the_own_clock_plays_four_steps_a_beat(rig, eight):
    module = rig(eight.path)
    set_up(module)
    assert edges_of(module, 2_000_000, "own") == []
    module.run("patch.clock_from = 'own'")
    for tempo in (20, 97, 120, 300, 400):
        module.run(f"patch.tempo = {tempo}")
        edges_of(module, 800_000, "before")
        times = edges_of(module, 4_000_000, "own")
        wanted = times[0] + np.arange(len(times)) * 15e6 / tempo
        assert len(times) == pytest.approx(4e6 / (15e6 / tempo), abs=1)
        assert np.abs(np.array(times) - wanted).max() <= TICK_US
    module.panel.clock(4, spacing_us=20_000)
    module.run("patch.run = 'off'")
    assert edges_of(module, 2_000_000, "own") == []
    module.run("patch.run = 'on'")
    assert len(edges_of(module, 2_000_000, "own")) > 40
    module.run("patch.clock_from = 'jack'")
    assert edges_of(module, 2_000_000, "own") == []


def test_the_jack_is_not_heard_while_the_own_clock_plays(rig, eight):
    module = rig(eight.path)
    set_up(module, "patch.clock_from = 'own'\npatch.run = 'off'")
    assert go_on(module) == []
    module.run("patch.clock_from = 'jack'")
    assert (grid(play(module)) == eight.hits()).all()


@covers("bridge")
def test_a_lost_edge_is_made_up_for(rig, eight):
    module = rig(eight.path)
    set_up(module)
    hits = eight.hits()
    for bridge in (0, 1):
        module.run(f"patch.bridge = {bridge}")
        play(module, 6)
        module.panel.advance(STEP_US)  # the seventh edge does not come
        rises = [report for report in module.panel.settle() if report.kind == "rise"]
        module.saw("lost", [report.jack for report in rises])
        assert len(rises) == bridge * hits[6].sum()
        assert (grid(go_on(module, 9), 9) == hits[6 + bridge : 15 + bridge]).all()
    # A clock that stops is one step too long, and no more.
    module.panel.advance(20 * STEP_US)
    assert sum(report.kind == "step" for report in module.panel.settle()) == 1


@covers(*(f"out{n}" for n in VOICES))
def test_an_output_carries_a_clock_a_reset_or_whether_it_runs(rig, eight):
    module = rig(eight.path)
    set_up(module)
    play(module, 17)
    for jack in VOICES:
        for carries, edges in (
            ("clock", range(17)),
            ("clock/2", range(0, 17, 2)),
            ("clock/16", (0, 16)),
            ("reset", (0,)),
        ):
            if jack > 1 and carries != "clock/2":
                continue
            module.run(f"patch.out{jack} = {carries!r}")
            begin_again(module)
            start_us = module.panel.now_us
            module.panel.clock(17, spacing_us=STEP_US)
            reports = [
                (report.time_us - start_us, report.jack)
                for report in module.panel.settle()
                if report.kind == "rise"
            ]
            module.saw(("rises", 17, STEP_US), reports)
            times = [time for time, where in reports if where == jack - 1]
            assert times == pytest.approx([edge * STEP_US for edge in edges], abs=10)
        module.run(f"patch.out{jack} = 'music'")
    module.run("patch.out8 = 'run'")
    begin_again(module)
    module.panel.clock(8, spacing_us=STEP_US)
    module.panel.advance(20 * STEP_US)
    run = [report for report in module.panel.settle() if report.jack == 7 and report.kind != "step"]
    assert [report.kind for report in run] == ["rise", "fall"]
    assert run[0].value == 5.0


def steps_of(module, count: int) -> list[int]:
    """The steps that so many edges play."""
    return [edge.steps[0] for edge in module.edges(count) if edge.steps]


def run_gate(module, high: bool) -> None:
    module.panel.gate("trigger_4", high)
    module.panel.advance(2_000)


@pytest.mark.parametrize("board", ["xen", "bare"])
def test_the_clock_runs_while_a_run_gate_is_high(rig, eight, board):
    module = rig(eight.path, board=board)
    set_up(module)
    module.bar(steps=2)
    module.run("patch.trigger_4 = 'run gate'")
    module.panel.advance(2_000)
    assert steps_of(module, 5) == []
    run_gate(module, True)
    assert steps_of(module, 3) == [2, 3, 4]
    run_gate(module, False)
    assert steps_of(module, 4) == []
    # An edge that comes with the gate is played, one that comes long before is not.
    module.panel.trigger("clock")
    run_gate(module, True)
    assert steps_of(module, 1) == [6]
    run_gate(module, False)
    module.panel.trigger("clock")
    module.panel.advance(10_000)
    run_gate(module, True)
    assert steps_of(module, 1) == [7]
    # Without its assignment the clock runs.
    run_gate(module, False)
    module.run("patch.trigger_4 = 'off'")
    module.panel.advance(2_000)
    assert steps_of(module, 2) == [8, 9]


def test_the_own_clock_stands_while_a_run_gate_by_cv_is_low(rig, eight):
    module = rig(eight.path)
    set_up(module)
    module.run("patch.cv_5_to = 'run gate'; patch.out8 = 'run'; tempo(300); tempo.start()")

    def heard(volts: float) -> int:
        module.panel.cv("5", volts)
        module.panel.settle()
        module.frames()
        before = module.get("__import__('latentcore').count(0, 0)")
        module.panel.advance(500_000)
        module.panel.settle()
        return module.get("__import__('latentcore').count(0, 0)") - before

    # A step is 50 ms.
    assert [heard(volts) in (9, 10, 11) for volts in (5, 0.7)] == [True, True]
    assert module.panel.volts()[7] == 5
    assert [heard(volts) for volts in (0.2, 0, 0.9)] == [0, 0, 0]
    assert module.panel.volts()[7] == pytest.approx(0, abs=0.01)
    assert heard(1.5) in (9, 10, 11)
