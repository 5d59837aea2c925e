"""How hard and how early the module plays: at its accents, in its gates, and in their time stamps.

What a model has learned is LiteRT's; the rules are those of latentrack.playing, as in rig.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from latentrack.module.link import ModuleError
from latentrack.playing.jacks import JackStep, drum_steps
from latentrack.playing.schedule import kept_within_a_step, swing_delay
from tests.decoders import DRUMS, FELT, FELT_SMALL
from tests.device.claims import covers
from tests.device.felt import GROUPS, PLACE, THRESHOLD, FeltModel, at
from tests.device.rig import DRUM_JACKS, GATE, at_jack, drums

WITH_ACCENT = (2, 3, 4)
"""Which of the groups have an accent."""
OTHERS = ((-2.0, 1.0, -1.0, 2.0, 2.0), (0.5, 1.5, -2.0, -3.0, 1.0))
TICK_US = 1000
CODE = 10 / 16383
"""Volts from one code of a converter of 14 bits to the next."""
WARM_UP = 3
"""Steps after a change of the clock until it is known how long a step is."""


@dataclass(frozen=True)
class Hit:
    """A gate that rose, and what stood at its group's accent then (None: the group has none)."""

    jack: int
    time_us: float
    accent: float | None


def asked(steps: list[JackStep], edges: int, step_us: int, feel: float, swing: float) -> list[Hit]:
    """The hits of so many steps and the early ones of the step behind them, from the first on."""
    hits = []
    for edge in range(edges + 1):
        step = steps[edge % len(steps)]
        for group in step.triggers:
            late = swing_delay(edge % len(steps), swing / 100) + feel / 100 * step.timing[group]
            late = kept_within_a_step(late)
            accent = None
            if group in WITH_ACCENT:
                accent = at_jack(5 * step.accents[WITH_ACCENT.index(group)])
            if edge < edges or late < 0:
                hits.append(Hit(DRUM_JACKS[group], (edge + late) * step_us, accent))
    return sorted(hits, key=lambda hit: (hit.jack, hit.time_us))


def played(module, edges: int, step_us: int) -> list[Hit]:
    """Clocks the module from a reset on; what its jacks did, in time from the first edge on."""
    module.panel.advance(50_000)
    module.panel.trigger("reset")
    module.panel.advance(50_000)
    module.panel.settle()
    start_us = module.panel.now_us
    module.panel.clock(edges, spacing_us=step_us)
    module.panel.advance(2 * step_us)
    hits, stands = [], dict.fromkeys(range(8), 0.0)
    accents = {
        DRUM_JACKS[group]: DRUM_JACKS[len(GROUPS) + at] for at, group in enumerate(WITH_ACCENT)
    }
    for report in module.panel.settle():
        if report.kind == "step":
            continue
        stands[report.jack] = report.value
        if report.kind == "rise" and report.jack not in accents.values():
            accent = stands[accents[report.jack]] if report.jack in accents else None
            hits.append(Hit(report.jack, report.time_us - start_us, accent))
    module.saw(("hits", edges, step_us), [(hit.jack, hit.time_us, hit.accent) for hit in hits])
    return sorted(hits, key=lambda hit: (hit.jack, hit.time_us))


def compare(found: list[Hit], wanted: list[Hit], step_us: int) -> int:
    """Each hit once, and behind the first steps at its time; how many were off the clock."""
    assert [hit.jack for hit in found] == [hit.jack for hit in wanted]
    known_us = WARM_UP * step_us
    moved = 0
    for hit, want in zip(found, wanted, strict=True):
        if want.time_us > known_us + step_us:
            assert abs(hit.time_us - want.time_us) <= TICK_US, (hit, want)
            moved += abs(want.time_us % step_us) > TICK_US
            if want.accent is not None:
                assert hit.accent == pytest.approx(want.accent, abs=1.01 * CODE), (hit, want)
    return moved


@covers("feel")
@pytest.mark.parametrize("step_us", [50_000, 125_000, 187_000])
def test_accents_and_time_stamps_are_what_litert_decodes(rig, felt_model, step_us):
    """At 300, 120 and 80 quarter notes a minute, if a step is a sixteenth."""
    module = rig(felt_model.path)
    module.run("track.gate = 1")
    for latents in (PLACE, *OTHERS):
        steps = felt_model.steps(latents)
        module.run(at(latents))
        for feel, swing in ((100, 50), (50, 50), (200, 50), (100, 62), (0, 50)):
            module.run(f"track.feel = {feel}\ntrack.swing = {swing}")
            found = played(module, 48, step_us)
            moved = compare(found, asked(steps, 48, step_us, feel, swing), step_us)
            assert (moved > 20) == (feel > 0), moved
    # Decoded step by step it is the same.
    module.run(f"{at(PLACE)}\ntrack.feel = 100; track.swing = 62; track.follow = 'step'")
    found = played(module, 48, step_us)
    compare(found, asked(felt_model.steps(PLACE), 48, step_us, 100, 62), step_us)


@covers("swing")
@pytest.mark.parametrize("name", [DRUMS, FELT])
def test_swing_delays_every_second_step(rig, felt_model, decoded, name):
    """Of a model without a feel, too; the bar of five steps begins anew with an even one."""
    module = rig(felt_model.path if name == FELT else name)
    module.run(f"{at(PLACE[: 3 if name == DRUMS else 5])}\ntrack.feel = 0; track.gate = 1")
    steps = felt_model.steps(PLACE) if name == FELT else plain_steps(decoded)
    for length, swing in ((0, 50), (0, 62), (0, 75), (5, 66.5)):
        module.run(f"track.length = {length}; track.swing = {swing}")
        found = played(module, 30, 100_000)
        bar = steps[: length or 16]
        for hit, want in zip(found, asked(bar, 30, 100_000, 0, swing), strict=True):
            if want.time_us >= WARM_UP * 100_000:
                assert (hit.jack, abs(hit.time_us - want.time_us) <= TICK_US) == (want.jack, True)


def plain_steps(decoded) -> list[JackStep]:
    steps = drum_steps(decoded(DRUMS, PLACE[:3]), GROUPS, THRESHOLD)
    return [
        JackStep(step.triggers, step.accents, timing=dict.fromkeys(step.triggers, 0.0))
        for step in steps
    ]


def test_an_external_clock_that_swings_is_met(rig, felt_model):
    """Long, short, long, short: a step takes as long as the one before the last."""
    module = rig(felt_model.path)
    module.run(f"{at(PLACE)}\ntrack.gate = 1")
    steps = felt_model.steps(PLACE)
    module.panel.trigger("reset")
    module.panel.advance(50_000)
    module.panel.settle()
    begins, now = [], module.panel.now_us
    for edge in range(33):
        begins.append(now)
        module.panel.clock(1, spacing_us=(130_000, 70_000)[edge % 2])
        now = module.panel.now_us
    wanted = []
    for edge in range(4, 32):
        for group in steps[edge % 16].triggers:
            late = steps[edge % 16].timing[group]
            length = (
                begins[edge + 1] - begins[edge] if late > 0 else begins[edge] - begins[edge - 1]
            )
            wanted.append((DRUM_JACKS[group], begins[edge] + late * length))
    rises = [(r.jack, r.time_us) for r in module.panel.settle() if r.kind == "rise"]
    assert len(wanted) > 20
    for jack, time_us in wanted:
        assert any(jack == j and abs(time_us - t) <= TICK_US for j, t in rises), (jack, time_us)


def on_the_clock(module, steps: int = 16) -> list[dict[int, float]]:
    return module.jacks("track.feel = 0", steps)


def volts(steps: list[JackStep]) -> list[dict[int, float]]:
    """Volts of each step, hits on the clock: triggers and accents."""
    return [
        {DRUM_JACKS[group]: GATE for group in step.triggers}
        | {DRUM_JACKS[5 + a]: at_jack(5 * level) for a, level in step.accents.items()}
        for step in steps
    ]


def alike(found: list[dict[int, float]], wanted: list[dict[int, float]]) -> None:
    """The same jacks at each step, and their volts but for a code."""
    for got, want in zip(found, wanted, strict=True):
        assert got == pytest.approx(want, abs=1.01 * CODE)


@covers("dynamics")
def test_dynamics_are_heard_at_the_accents(rig, felt_model):
    module = rig(felt_model.path)
    module.run(at(PLACE))
    heard = set()
    for percent in (100, 0, 50, 200):
        module.run(f"track.dynamics = {percent}")
        found = on_the_clock(module)
        alike(found, volts(felt_model.steps(PLACE, dynamics=percent / 100)))
        heard.add(str(found))
    assert len(heard) == 4


@covers("accent")
def test_accents_say_which_drum_it_was_where_that_is_wanted(rig, felt_model):
    module = rig(felt_model.path)
    module.run(at(PLACE))
    alike(on_the_clock(module), volts(felt_model.steps(PLACE)))
    module.run("track.accent = 'drum'")
    assert on_the_clock(module) == drums(felt_model.probabilities(PLACE), GROUPS, THRESHOLD)


@covers("feel_x", "feel_y")
def test_feel_x_and_y_move_the_feel_and_leave_the_hits(rig, felt_model):
    module = rig(felt_model.path)
    module.run(at(PLACE))
    heard, gates = set(), set()
    for name, latent in (("feel_x", 3), ("feel_y", 4)):
        for position in (-1, 0.25, 1):
            latents = [*PLACE[:3], 0.0, 0.0]
            latents[latent] = 3 * position
            module.run(f"track.feel_x = track.feel_y = 0\ntrack.{name} = {position}")
            assert module.get("track.latents") == pytest.approx(latents)
            found = on_the_clock(module)
            alike(found, volts(felt_model.steps(latents)))
            heard.add(str(found))
            gates.add(str([sorted(j for j in step if step[j] == GATE) for step in found]))
    assert len(heard) == 6 and len(gates) == 1


@covers("gate_velocity")
def test_gates_of_soft_hits_are_shorter(rig, felt_model):
    module = rig(felt_model.path)
    steps = felt_model.steps(PLACE)
    module.run(f"{at(PLACE)}\ntrack.gate = 60; track.feel = 0")
    for percent in (0, 50, 100):
        module.run(f"track.gate_velocity = {percent}")
        module.bar("", 16, 100_000)
        module.panel.settle()
        start_us = module.panel.now_us
        module.panel.clock(16, spacing_us=100_000)
        up, lengths = {}, []
        for report in module.panel.settle():
            if report.kind == "rise":
                up[report.jack] = report.time_us
            elif report.kind == "fall" and report.jack in up:
                begun = up.pop(report.jack)
                lengths.append((begun, report.jack, report.time_us - begun))
        module.saw("gates", lengths)
        compared = 0
        for begun, jack, length in lengths:
            step = steps[round((begun - start_us) / 100_000)]
            group = DRUM_JACKS.index(jack)
            if group < len(GROUPS):  # an accent may cross a volt as well
                share = 1 - percent / 100 * (1 - step.velocity[group])
                assert 0 <= length - 60_000 * share <= TICK_US + 20, (step, group, length)
                compared += 1
        assert compared > 10


# -- which latent is which parameter


def test_the_feels_latents_come_behind_all_others(rig, felt):
    """Of two latents and one of the feel: x, y, feel_x; z and feel_y wait for another model."""
    small = FeltModel(felt, FELT_SMALL)
    module = rig(small.path, f"{felt}/{FELT}")
    module.run("track.z = 0.75; track.feel_y = -0.5\ntrack.latents = (1.5, -3, 0.75)")
    assert module.get("track.x, track.y, track.z, track.feel_x, track.feel_y") == pytest.approx(
        (0.5, -1, 0.75, 0.25, -0.5)
    )
    module.run("track.set_position((-0.5, 0.25, 1))")
    assert module.get("track.latents") == pytest.approx((-1.5, 0.75, 3))
    assert module.get("track.model.latents, track.model.feel_latents, track.model.has_feel") == (
        3, 1, True,
    )  # fmt: skip
    alike(on_the_clock(module), volts(small.steps((-1.5, 0.75, 3), 0.5)))
    module.run(f"library.play({FELT!r}, remember=False)")
    assert module.get("track.latents") == pytest.approx((-1.5, 0.75, 2.25, 3, -1.5))
    # Those of the hits alone leave the feel as it is.
    module.run("track.latents = (1.5, 0, -0.75)")
    assert module.get("track.latents") == pytest.approx((1.5, 0, -0.75, 3, -1.5))
    with pytest.raises(ModuleError, match="expected 5 latents, got 4"):
        module.run("track.latents = (1.5, 0, -0.75, 3)")


def test_cv_presets_and_chaos_reach_the_feel(rig, felt_model):
    module = rig(felt_model.path)
    module.frames()
    module.run(f"{at(PLACE)}\npatch.cv_5_to = '1.feel_x'\npresets.store(1)")
    module.panel.cv("5", 2.5)
    module.panel.settle()
    module.frames()
    found = module.get("tuple(track.decoded)")
    assert found == pytest.approx((*PLACE[:3], PLACE[3] + 1.5, PLACE[4]), abs=2e-3)
    module.panel.cv("5", 0)
    module.panel.settle()
    module.run("track.feel_x = track.feel_y = 1; track.feel = track.dynamics = 0; track.swing = 70")
    module.run("track.accent = 'drum'; presets.recall(1)")
    module.frames()
    assert module.get("tuple(track.decoded)") == pytest.approx(PLACE, abs=2e-3)
    names = "feel", "dynamics", "swing", "accent"
    assert module.get(f"[track.get(n) for n in {names}]") == [100, 100, 50, "velocity"]
    module.run("track.chaos = 0.5; track.dice = 7")
    moved = np.abs(np.array(module.get("tuple(track.decoded)")) - PLACE)
    assert (moved > 0.01).all() and (moved <= 1.5 + 1e-6).all()


def test_without_a_feel_its_parameters_change_nothing(rig, decoded):
    module = rig(DRUMS)
    place = PLACE[:3]
    wanted = drums(decoded(DRUMS, place), GROUPS, THRESHOLD)
    module.run(at(place))
    for changed in ("feel = 200", "dynamics = 0", "gate_velocity = 100", "feel_x = 1", "feel_y = 1",
                    "accent = 'drum'"):  # fmt: skip
        assert module.jacks(f"track.{changed}") == wanted, changed
    assert module.get("track.model.has_feel, track.model.feel_latents") == (False, 0)
    for name in ("feel", "dynamics", "gate_velocity", "feel_x", "feel_y", "accent"):
        assert "has" in module.get(f"track.parameter({name!r}).about"), name
