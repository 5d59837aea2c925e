"""When steps are due, what they are, and what is done when: time is an argument everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.playing.pattern import Pattern
from latentrack.playing.schedule import Schedule
from latentrack.playing.sequencer import DueStep, Sequencer
from latentrack.sound.names import sound_of
from latentrack.studio.listen.conductor import AHEAD_SECONDS, LEAD_SECONDS, Conductor
from latentrack.studio.listen.follow import Follower
from latentrack.studio.listen.transport import Transport
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace
from tests.waiting import until


def pattern(rows: Iterable[str], kind: str = "drums", beat: int = 4) -> Pattern:
    """A line for each voice: "x" is a hit of 100, a digit one of ten times that."""
    voices = [[100 if c == "x" else 10 * int(c) if c.isdigit() else 0 for c in row] for row in rows]
    hits = np.array(voices, np.uint8).T
    names = tuple(f"voice {voice}" for voice in range(hits.shape[1]))
    return Pattern(hits, kind, names, tuple(36 + v for v in range(len(names))), beat)


class Explored:
    """Stands for the explorer: what plays, and how often a loop began."""

    def __init__(self, playing: Pattern | None) -> None:
        self.pattern = playing
        self.bars = 0
        self.run = None
        self.run_changed = Signal()
        self.pattern_changed = Signal()
        self.on_bar: Callable[[], None] = lambda: None

    def next_bar(self) -> None:
        self.bars += 1
        self.on_bar()


# -- the schedule -------------------------------------------------------------------------------

# (tempo, steps per beat, swing, when steps 0 to 4 sound): worked out by hand.
TABLES = [
    (120, 4, 0.5, [0, 0.125, 0.25, 0.375, 0.5]),
    (60, 4, 0.5, [0, 0.25, 0.5, 0.75, 1.0]),
    (20, 1, 0.5, [0, 3, 6, 9, 12]),
    # Two thirds of a pair of steps, of 0.25 s, go to the first one.
    (120, 4, 2 / 3, [0, 0.166667, 0.25, 0.416667, 0.5]),
    (120, 4, 0.75, [0, 0.1875, 0.25, 0.4375, 0.5]),
    (100, 2, 0.6, [0, 0.36, 0.6, 0.96, 1.2]),
    # Three steps to a beat are no pairs.
    (120, 3, 0.75, [0, 0.166667, 0.333333, 0.5, 0.666667]),
    # At 1 step a beat neither.
    (60, 1, 0.75, [0, 1, 2, 3, 4]),
]


@pytest.mark.parametrize(("tempo", "beat", "swing", "table"), TABLES)
def test_steps_are_due_as_the_table_says(
    tempo: float, beat: int, swing: float, table: list[float]
) -> None:
    schedule = Schedule(10.0, 0, tempo, beat, swing)
    assert [schedule.due(step) for step in range(5)] == pytest.approx(
        [10 + time for time in table], abs=1e-6
    )


def test_a_new_tempo_holds_from_a_step_that_comes_when_it_would_have() -> None:
    schedule = Schedule(0, 0, 120, 4, 0.5).changed(3, 60, 4, 0.5)
    assert [schedule.due(step) for step in (3, 4, 5)] == pytest.approx([0.375, 0.625, 0.875])


def test_less_swing_does_not_drag_the_grid_behind() -> None:
    schedule = Schedule(0, 0, 120, 4, 0.75)
    assert schedule.due(3) == pytest.approx(0.4375)
    straight = schedule.changed(3, 120, 4, 0.5)
    assert [straight.due(step) for step in (3, 4, 5)] == pytest.approx([0.375, 0.5, 0.625])


def test_what_has_not_changed_does_not_move_the_grid() -> None:
    schedule = Schedule(0.1, 0, 97, 4, 0.6)
    assert schedule.changed(1000, 97, 4, 0.6) is schedule


def test_clock_ticks_come_six_a_step_and_do_not_swing() -> None:
    schedule = Schedule(0, 0, 125, 4, 0.75)  # a tick is 20 ms
    assert schedule.ticks(0) == pytest.approx([0, 0.02, 0.04, 0.06, 0.08, 0.1])
    assert schedule.ticks(1) == pytest.approx([0.12, 0.14, 0.16, 0.18, 0.2, 0.22])


def test_steps_that_ticks_do_not_divide_into_share_them() -> None:
    schedule = Schedule(0, 0, 60, 5, 0.5)
    ticks = [tick for step in range(5) for tick in schedule.ticks(step)]
    assert ticks == pytest.approx([tick / 24 for tick in range(24)])


# -- which steps --------------------------------------------------------------------------------


def test_the_loop_begins_anew_and_says_so_before_it_is_read() -> None:
    explored = Explored(pattern(["x..", ".x."]))
    later = pattern(["..x", "..."])

    def move() -> None:
        if explored.bars == 2:
            explored.pattern = later

    explored.on_bar = move
    sequencer = Sequencer(explored)
    sequencer.begin(0)
    steps = list(sequencer.until(0.74))  # 120 BPM: a step is 0.125 s
    assert [step.number for step in steps] == [0, 1, 2, 0, 1, 2]
    assert [step.hits for step in steps] == [
        ((0, 36, 100),),
        ((1, 37, 100),),
        (),
        (),
        (),
        ((0, 36, 100),),
    ]
    assert explored.bars == 2


def test_a_change_is_heard_at_the_next_step_that_is_asked_for() -> None:
    explored = Explored(pattern(["x" * 8]))
    sequencer = Sequencer(explored)
    sequencer.begin(0)
    assert len(list(sequencer.until(0.3))) == 3
    explored.pattern = pattern(["7" * 8])
    sequencer.tempo = 60.0
    (step,) = sequencer.until(0.5)
    assert (step.number, step.hits) == (3, ((0, 36, 70),))
    assert step.due == pytest.approx(0.375)
    assert next(iter(sequencer.until(0.7))).due == pytest.approx(0.625)


def test_a_shorter_loop_takes_hold_at_once() -> None:
    explored = Explored(pattern(["x" * 16]))
    sequencer = Sequencer(explored)
    sequencer.begin(0)
    list(sequencer.until(1.2))
    explored.pattern = pattern(["xxx"])
    assert [step.number for step in sequencer.until(1.8)] == [0, 1, 2, 0, 1]


def test_a_rhythm_takes_its_pitches_in_turn_from_the_first_in_each_pattern() -> None:
    hits = np.array([[100], [0], [80]], np.uint8)
    rhythm = Pattern(hits, "rhythm", ("hit",), (60, 64, 67))
    sequencer = Sequencer(Explored(rhythm))
    sequencer.begin(0)
    pitches = [hit[1] for step in sequencer.until(1.49) for hit in step.hits]
    assert pitches == [60, 64, 60, 64, 60, 64, 60, 64]
    sequencer.begin(2)
    assert next(iter(sequencer.until(2.1))).hits == ((0, 60, 100),)


def test_without_a_model_silent_steps_are_counted() -> None:
    sequencer = Sequencer(Explored(None))
    sequencer.begin(0)
    steps = list(sequencer.until(2.1))
    assert [step.number for step in steps] == [*range(16), 0]
    assert all(step.hits == () for step in steps)


# -- what is done when --------------------------------------------------------------------------


class Notebook:
    """Hears the steps, and notes what is done at which time."""

    def __init__(self) -> None:
        self.told: list[DueStep] = []
        self.done: list[tuple[float, int]] = []
        self.halts = 0
        self.now = 0.0

    def ahead(self, step: DueStep) -> list[tuple[float, Callable[[], None]]]:
        self.told.append(step)
        return [(step.due, lambda: self.done.append((self.now, step.number)))]

    def halted(self) -> None:
        self.halts += 1


def conducted(tempo: float = 120.0, playing: Pattern | None = None) -> tuple[Conductor, Notebook]:
    sequencer = Sequencer(Explored(playing or pattern(["x" * 16])))
    sequencer.tempo = tempo
    notebook = Notebook()
    return Conductor(sequencer, [notebook]), notebook


def run(conductor: Conductor, notebook: Notebook, start: float, end: float) -> None:
    """Lets time go by: wakes the conductor when it asks to be."""
    now = start
    while now < end:
        notebook.now = now
        conductor.advance(now)
        wait = conductor.wait(now)
        now += end - now if wait is None else max(wait, 1e-6)


def test_steps_are_told_ahead_and_done_when_they_are_due() -> None:
    conductor, notebook = conducted()
    conductor.begin(5)
    run(conductor, notebook, 5, 5.5)
    first = 5 + LEAD_SECONDS
    assert [number for _, number in notebook.done] == [0, 1, 2, 3]
    assert [time for time, _ in notebook.done] == pytest.approx(
        [first, first + 0.125, first + 0.25, first + 0.375], abs=1e-5
    )
    last = notebook.told[-1].due
    assert 5.5 < last <= 5.5 + AHEAD_SECONDS


def test_steps_are_foreseen_long_before_they_come() -> None:
    playing = pattern(["x.9.x..", ".x.x..."])
    explored = Explored(playing)
    sequencer = Sequencer(explored)
    notebook = Notebook()
    conductor = Conductor(sequencer, [notebook])
    foreseen: list[DueStep] = []
    conductor.foresee(foreseen.append)
    conductor.begin(0)
    run(conductor, notebook, 0, 3)
    said = {step.count: (step.number, step.hits, step.due) for step in foreseen}
    assert len(foreseen) == len(said)
    came = [(step.number, step.hits, pytest.approx(step.due)) for step in notebook.told]
    assert [said[count] for count in range(1, len(came))] == came[1:]
    # Four seconds ahead, of which what has come is a part.
    assert max(said) - notebook.told[-1].count == pytest.approx(32, abs=2)
    # What changes is foreseen anew: another pattern, another tempo.
    foreseen.clear()
    explored.pattern, sequencer.tempo = pattern(["..5"]), 60
    run(conductor, notebook, 3, 6)
    begin = len(came) + 1
    last = {step.count: (step.number, step.hits, step.due) for step in foreseen}
    came = [(step.number, step.hits, pytest.approx(step.due)) for step in notebook.told]
    assert [last[count] for count in range(begin, len(came))] == came[begin:]
    conductor.halt(6)
    foreseen.clear()
    conductor.foresee(None)
    conductor.begin(6)
    run(conductor, notebook, 6, 7)
    assert not foreseen


def test_what_was_put_down_for_later_is_not_done_after_a_halt() -> None:
    conductor, notebook = conducted()
    conductor.begin(0)
    run(conductor, notebook, 0, 0.2)
    done = len(notebook.done)
    halts = notebook.halts
    conductor.halt(0.2)
    assert notebook.halts == halts + 1
    assert conductor.wait(0.2) is None
    run(conductor, notebook, 0.2, 3)
    assert len(notebook.done) == done
    # What was known of and never sounded comes next.
    conductor.resume(3)
    run(conductor, notebook, 3, 3.1)
    assert notebook.done[done][1] == done


def test_a_thread_that_slept_too_long_leaves_no_step_out() -> None:
    conductor, notebook = conducted()
    conductor.begin(0)
    notebook.now = 0.95
    conductor.advance(0.95)
    assert [number for _, number in notebook.done] == list(range(8))


def test_a_computer_that_has_slept_goes_on_where_it_was() -> None:
    conductor, notebook = conducted()
    conductor.begin(0)
    run(conductor, notebook, 0, 0.3)
    known = len(notebook.told)
    notebook.now = 3600
    conductor.advance(3600)
    assert [step.number for step in notebook.told[known:]] == [known]
    assert notebook.told[-1].due == pytest.approx(3600)


def test_early_and_late_hits_are_told_ahead_of_their_own_time() -> None:
    """Of the last of eight steps the first voice is 0.45 of a step early, the second late."""
    timing = np.zeros((8, 2))
    timing[7] = -0.45, 0.3
    played = replace(pattern(["...x...x", ".......x"]), timing=timing)
    conductor, notebook = conducted(60.0, played)  # a step is 0.25 s
    heard_of: dict[int, float] = {}
    tell = notebook.ahead

    def ahead(step: DueStep) -> list[tuple[float, Callable[[], None]]]:
        heard_of.setdefault(step.number, notebook.now)
        return tell(step)

    notebook.ahead = ahead  # type: ignore[method-assign]
    conductor.begin(0)
    run(conductor, notebook, 0, 1.9)
    last = notebook.told[7]
    due = LEAD_SECONDS + 7 * 0.25
    assert last.due == pytest.approx(due)
    assert last.times == pytest.approx((due - 0.45 * 0.25, due + 0.3 * 0.25))
    assert heard_of[7] == pytest.approx(last.times[0] - AHEAD_SECONDS, abs=1e-5)


def test_a_hit_that_would_have_been_sounds_with_its_step() -> None:
    """The puck has moved to a pattern with early hits when it was too late for them."""
    explored, notebook = Explored(pattern(["x" * 8])), Notebook()
    sequencer = Sequencer(explored)
    sequencer.tempo = 40  # a step is 0.375 s
    conductor = Conductor(sequencer, [notebook])
    conductor.begin(0)
    third, fourth = (LEAD_SECONDS + step * 0.375 for step in (2, 3))
    run(conductor, notebook, 0, third - AHEAD_SECONDS - 0.01)
    early = replace(pattern(["x" * 8, "x" * 8]), timing=np.tile([-0.5, -0.1], (8, 1)))
    explored.pattern = early
    run(conductor, notebook, third - AHEAD_SECONDS - 0.01, fourth)
    assert [step.number for step in notebook.told[2:4]] == [2, 3]
    assert notebook.told[2].times == pytest.approx((third, third - 0.0375))
    assert notebook.told[3].times == pytest.approx((fourth - 0.1875, fourth - 0.0375))


def test_a_mistake_of_the_explorer_stops_the_music_and_not_the_clock(tmp_path: Path) -> None:
    explored = Explored(pattern(["x" * 16]))
    transport = Transport(Workspace(tmp_path), explored)  # type: ignore[arg-type]

    def fail() -> None:
        raise ArithmeticError("on purpose")

    explored.on_bar = fail
    transport.play()
    until(lambda: not transport.playing)
    explored.on_bar = lambda: None
    transport.play()
    until(lambda: transport.step > 0)
    transport.close()
    assert (transport.playing, transport.step) == (False, -1)


def test_whoever_sees_that_it_has_stopped_may_play_at_once(tmp_path: Path) -> None:
    explored = Explored(pattern(["x" * 16]))
    transport = Transport(Workspace(tmp_path), explored)  # type: ignore[arg-type]
    transport.play()
    until(lambda: transport.step > 0)

    def again() -> None:
        if not transport.playing:
            disconnect()
            transport.play()

    disconnect = transport.playing_changed.connect(again)
    transport.stop()
    assert transport.playing
    seen: set[int] = set()
    until(lambda: seen.add(transport.step) or len(seen) > 5)  # type: ignore[func-returns-value]
    transport.close()


# -- a clock from elsewhere -----------------------------------------------------------------------


def test_each_signal_of_the_transport_tells_of_its_own_concern(tmp_path: Path) -> None:
    transport = Transport(Workspace(tmp_path), Explored(None))  # type: ignore[arg-type]
    heard: list[tuple[str, bool, float]] = []
    for name in ("playing_changed", "sound_changed"):
        signal: Signal = getattr(transport, name)
        signal.connect(
            lambda name=name: heard.append((name, transport.state.playing, transport.state.volume))
        )
    before = transport.state
    transport.set_volume(0.25)
    transport.set_volume(0.25)
    transport.play()
    transport.stop()
    transport.close()
    assert heard == [
        ("sound_changed", False, 0.25),
        ("playing_changed", True, 0.25),
        ("playing_changed", False, 0.25),
    ]
    assert before.volume == 0.8


def ticks(conductor: Conductor, notebook: Notebook, times: Iterable[float]) -> None:
    before = None
    for now in times:
        if before is not None:
            run(conductor, notebook, before, now)
        notebook.now = now
        conductor.tick(now)
        conductor.advance(now)
        before = now


def test_the_first_tick_after_a_start_is_the_first_step_and_six_make_the_next() -> None:
    conductor, notebook = conducted(tempo=90)
    conductor.follow(Follower(90), 0)
    conductor.begin(1.0)
    run(conductor, notebook, 1.0, 2.0)
    assert notebook.done == []
    # 125 BPM: a tick is 20 ms, a step 120 ms.
    ticks(conductor, notebook, [2 + 0.02 * n for n in range(49)])
    assert [number for _, number in notebook.done] == list(range(9))
    assert [time for time, _ in notebook.done] == pytest.approx(
        [2 + 0.12 * n for n in range(9)], abs=1e-3
    )


def test_when_the_ticks_end_so_do_the_steps() -> None:
    conductor, notebook = conducted()
    conductor.follow(Follower(120), 0)
    conductor.begin(0)
    ticks(conductor, notebook, [0.02 * n for n in range(13)])
    run(conductor, notebook, 0.24, 10)
    # The step that was near is still played.
    assert [number for _, number in notebook.done] == [0, 1, 2]


def test_jitter_of_a_cable_is_smoothed() -> None:
    random = np.random.default_rng(1)
    even = 0.02 * np.arange(480)
    uneven = even + random.uniform(-0.003, 0.003, len(even))
    conductor, notebook = conducted()
    conductor.follow(Follower(125), 0)
    conductor.begin(0)
    ticks(conductor, notebook, uneven)
    dues = np.array([step.due for step in notebook.told])[8:-1]
    wanted = 0.12 * np.arange(8, 8 + len(dues))
    assert (dues - wanted).std() < 0.6 * (uneven - even).std()
    follower = conductor.follower
    assert follower is not None and follower.tempo == pytest.approx(125, rel=0.02)


def test_a_new_tempo_of_the_clock_is_followed_and_no_step_is_lost() -> None:
    conductor, notebook = conducted()
    conductor.follow(Follower(125), 0)
    conductor.begin(0)
    slow = [0.02 * n for n in range(96)]
    quick = [slow[-1] + 0.01 * n for n in range(1, 193)]
    ticks(conductor, notebook, slow + quick)
    follower = conductor.follower
    assert follower is not None and follower.tempo == pytest.approx(250, rel=0.01)
    # 288 ticks are 48 steps.
    numbers = [number for _, number in notebook.done]
    assert numbers == [n % 16 for n in range(48)]
    assert notebook.done[-1][0] == pytest.approx(quick[-1] - 0.05, abs=0.01)


@pytest.mark.parametrize("held_up", [1, 2, 3])
def test_ticks_that_are_held_up_and_come_in_a_heap_do_not_shake_the_tempo(held_up: int) -> None:
    follower = Follower(125)
    for n in range(50):
        late = max(0, 30 + held_up - n) if n >= 30 else 0
        follower.tick(0.02 * (n + 0.9 * late))
        assert follower.tempo == pytest.approx(125, rel=0.04)


def test_a_model_with_other_steps_keeps_the_beat_of_the_clock() -> None:
    explored = Explored(pattern(["x" * 16]))
    notebook = Notebook()
    conductor = Conductor(Sequencer(explored), [notebook])
    conductor.follow(Follower(125), 0)
    conductor.begin(0)
    ticks(conductor, notebook, [0.02 * n for n in range(48)])
    explored.pattern = pattern(["x" * 15], beat=3)
    ticks(conductor, notebook, [0.02 * n for n in range(48, 192)])
    # A beat is 0.48 s; three steps to each, and the beats where they were.
    first = next(step for step in notebook.told if step.steps == 15)
    assert first.number == 0
    assert first.due / 0.48 == pytest.approx(round(first.due / 0.48), abs=0.02)
    late = [step.due for step in notebook.told if step.steps == 15][6:]
    on_grid = np.array(late) / 0.16
    assert np.abs(on_grid - np.round(on_grid)).max() < 0.02


# -- which sound --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pitch", "sound"),
    [
        ("kick accent", 36, "kick"),
        ("low floor tom", 41, "tom"),
        ("floor tom rim", 58, "rim"),
        ("open hat", 46, "open hat"),
        ("hat", 42, "closed hat"),
        ("cymbal", 51, "crash"),
        ("my own thing", 56, "bell"),
        ("my own thing", 38, "snare"),
        ("nothing that is known", 0, "block"),
    ],
)
def test_drums_sound_by_name_then_by_pitch(name: str, pitch: int, sound: str) -> None:
    assert sound_of("drums", name, pitch)[0] == sound


def test_toms_rise_and_notes_are_in_tune() -> None:
    toms = [sound_of("drums", "tom", pitch)[1] for pitch in (41, 43, 45, 47, 48, 50)]
    assert toms == sorted(toms) and 60 < toms[0] < toms[-1] < 200
    assert sound_of("notes", "A4", 69) == ("note", pytest.approx(440))
    assert sound_of("rhythm", "hit", 60) == ("pluck", pytest.approx(261.6256, abs=1e-3))
