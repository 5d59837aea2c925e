"""The explorer without a browser: what sounds, edits, paths, undo, and MIDI files."""

from __future__ import annotations

import asyncio
import io
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from nicegui import ui
from nicegui.client import Client

from latentrack.corpus import (
    ACCENTED,
    EXTENDED,
    SIMPLE,
    Dataset,
    PercussionMap,
    Rules,
    demo_dataset,
    read,
)
from latentrack.corpus.voice_pitches import voice_pitches
from latentrack.errors import UserError
from latentrack.playing.cells import cut_offs
from latentrack.playing.midi_file import meter_of, midi_file
from latentrack.playing.pattern import Pattern
from latentrack.studio.explore import path_player
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.latent_map import LatentMap
from latentrack.studio.explore.layer import Area
from latentrack.studio.explore.map_card import MapCard, Tab, axis_name
from latentrack.studio.explore.nearest import backward, forward, nearest
from latentrack.studio.explore.paths import (
    LatentPath,
    delete_path,
    load_path,
    save_path,
    saved_paths,
    simplified,
)
from latentrack.studio.explore.points import (
    MOST_GROUPS,
    MOST_POINTS,
    OTHERS,
    UNKNOWN,
    density,
    grouped,
    groups_of,
    plane_of,
    shown,
)
from latentrack.studio.explore.silence import silence_of
from latentrack.studio.workspace import Workspace
from tests.studio.explored import explorer_of, made_up_run
from tests.waiting import until


@pytest.fixture
def drums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explorer:
    return explorer_of(made_up_run("drums", 16, 12, (1, 1, 6, 2, 2)), tmp_path, monkeypatch)


@pytest.fixture
def demo(demo_run: Path, tmp_path: Path) -> Explorer:
    """A model that has learnt something, opened as the last one that was used."""
    shutil.copytree(demo_run, tmp_path / "runs" / "demo.run")
    explorer = Explorer(Workspace(tmp_path))
    until(
        lambda: explorer.run is not None and not explorer.state.busy,
        "the last run is not opened by itself",
    )
    return explorer


# -- what sounds ----------------------------------------------------------------------------------


def test_the_pattern_is_cut_and_a_loop_of_its_own(drums: Explorer) -> None:
    drums.set_threshold(0.3)
    whole = drums.pattern
    assert whole is not None and whole.steps == 16 and whole.velocities.any()
    assert not whole.velocities.flags.writeable
    drums.set_steps(5)
    assert drums.pattern is not None
    assert np.array_equal(drums.pattern.velocities, whole.velocities[:5])
    assert np.array_equal(drums.state.hits, whole.velocities)
    drums.set_steps(99)
    assert drums.steps == 16


def test_what_is_beyond_a_range_is_at_its_end_and_nonsense_is_refused(drums: Explorer) -> None:
    drums.set_knob_values((2, -2, 0.5))
    assert drums.knob_values == (1, -1, 0.5)
    assert drums.state.latents == (3, -3, 1.5)
    drums.set_knob_values((0.5,))  # as a hand on X alone
    assert drums.knob_values == (0.5, -1, 0.5)
    drums.set_threshold(7)
    assert drums.threshold == 1
    for nonsense in (
        lambda: drums.move((1, 2)),
        lambda: drums.set_knob_values((float("nan"), 0, 0)),
        lambda: drums.set_knob_values((0, 0, 0, 0)),
        lambda: drums.set_threshold(float("nan")),
        lambda: drums.set_density(5, 0.5),
        lambda: drums.set_density(-1, 0.5),
        lambda: drums.set_pitches(()),
        lambda: drums.set_pitches(range(17)),
        lambda: drums.draw([(16, 0, True)]),
        lambda: drums.mute(12, True),
        lambda: drums.clear(Area(0, 16, (0,))),
        lambda: drums.shift(Area(0, 3, (0,)), "sideways"),
        lambda: drums.fill(Area(0, 3, (0,)), 0),
    ):
        with pytest.raises(ValueError):
            nonsense()
    assert drums.knob_values == (0.5, -1, 0.5)


def test_without_a_run_everything_may_be_called(tmp_path: Path) -> None:
    explorer = Explorer(Workspace(tmp_path))
    explorer.set_threshold(0.2)
    explorer.set_steps(3)
    explorer.set_pitches((40, 50))
    explorer.next_bar()
    explorer.undo()
    assert explorer.pattern is None and explorer.state.pattern_at(()) is None
    with pytest.raises(UserError):
        explorer.open(tmp_path / "nothing.run")
    assert explorer.state.busy == ""


def test_the_run_that_was_open_last_is_opened_and_a_broken_one_is_passed_over(
    demo_run: Path, tmp_path: Path
) -> None:
    for name in ("a", "b", "broken"):
        shutil.copytree(demo_run, tmp_path / "runs" / f"{name}.run")
    workspace = Workspace(tmp_path)
    Explorer(workspace).open(tmp_path / "runs" / "a.run")
    assert opened_by_itself(workspace) == "a"
    shutil.rmtree(tmp_path / "runs" / "a.run")
    (tmp_path / "runs" / "broken.run" / "weights.npz").write_bytes(b"")
    (tmp_path / "runs" / "broken.run" / "run.toml").touch()  # the newest
    assert opened_by_itself(workspace) == "b"


def test_the_puck_is_at_its_place_before_the_points_are_there(
    drums: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take long with much music; without a position the puck cannot be dragged."""
    drums.set_knob_values((0.25, -0.5, 0))
    told: list[object] = []
    monkeypatch.setattr(
        LatentMap, "show_position", lambda _, position, number: told.append(position)
    )
    monkeypatch.setattr(LatentMap, "show_points", lambda _, points: told.append("points"))

    async def begin() -> None:
        with Client(ui.page("/"), request=None):
            await MapCard(drums, Tab()).begin()

    # In a thread of its own: a browser of other tests has a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, begin()).result()
    assert told == [pytest.approx((0.25, -0.5, 0)), "points"]


def opened_by_itself(workspace: Workspace) -> str:
    explorer = Explorer(workspace)
    return until(lambda: explorer.run, "no run is opened by itself").folder.stem


def test_threads_that_set_and_read_see_whole_patterns(drums: Explorer) -> None:
    """The transport reads while hands move: no mixture of two patterns, and no exception."""
    wrong: list[object] = []
    stop = threading.Event()

    def set_it(seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not stop.is_set():
            try:
                drums.set_knob_values(rng.uniform(-1, 1, 3))
                drums.set_steps(int(rng.integers(1, 17)))
                drums.next_bar()
                drums.undo() if rng.random() < 0.2 else drums.remember()
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=set_it, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3000):
        pattern = drums.pattern
        assert pattern is not None
        before = pattern.velocities.copy()
        pattern.struck(pattern.steps - 1)
        assert np.array_equal(before, pattern.velocities)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_each_signal_tells_of_its_own_concern(drums: Explorer) -> None:
    heard: list[str] = []
    for name in ("run", "pattern", "path", "undo"):
        signal = getattr(drums, f"{name}_changed")
        signal.connect(lambda name=name: heard.append(name))

    def told(act: Callable[[], object]) -> list[str]:
        heard.clear()
        act()
        return heard.copy()

    assert told(lambda: drums.set_knob_values((0.5, 0, 0))) == ["pattern"]
    # A page waits for the answer to each move, also where nothing is different there.
    assert told(lambda: drums.set_knob_values((0.5, 0, 0))) == ["pattern"]
    assert told(lambda: drums.set_density(0, 0.5)) == ["pattern"]
    assert told(drums.remember) == ["undo"]
    assert told(drums.remember) == []
    assert told(lambda: drums.set_path(LatentPath(((-1, 0), (1, 0))))) == ["path"]
    assert told(lambda: drums.play_path(True)) == ["pattern", "path"]
    assert told(drums.undo) == ["pattern", "path", "undo"]
    assert told(lambda: drums.open(Path("made up.run"))) == ["run", "run", "pattern", "undo"]
    for nonsense in (lambda: drums.move(()), lambda: drums.set_density(9, 0)):
        heard.clear()
        with pytest.raises(ValueError):
            nonsense()
        assert heard == []


# -- never unexplained silence ---------------------------------------------------------------------


def test_a_model_opens_where_most_of_its_music_lies_among_what_sounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_up_run("drums", 16, 12, (1, 1, 6, 2, 2))
    explorer = explorer_of(run, tmp_path, monkeypatch)
    positions = run.model.encode(run.dataset.sequences)
    loudest = 1 / (1 + np.exp(-run.model.logits(positions).max(axis=(1, 2))))
    apart = np.linalg.norm(positions[:, np.newaxis] - positions, axis=2)
    crowd = np.exp(-0.5 * (apart / (0.15 * 3)) ** 2).sum(axis=1)
    # At a threshold that only some exceed, the most crowded place may be silent.
    for threshold in (0.2, float(np.quantile(loudest, 0.8))):
        heard = loudest > threshold
        wanted = np.flatnonzero(heard)[crowd[heard].argmax()]
        other = replace(run, threshold=threshold)
        monkeypatch.setattr(
            "latentrack.studio.explore.open_run.load_run", lambda _, other=other: other
        )
        explorer.open(run.folder)
        assert explorer.state.latents == pytest.approx(positions[wanted], abs=1e-5)
        assert explorer.pattern is not None and explorer.pattern.cells.any()


def test_silence_says_why_and_ends_when_that_is_asked(drums: Explorer) -> None:
    assert silence_of(drums.state) is None
    opened, run = drums.state.open_run, drums.run
    assert opened is not None and run is not None
    positions = run.model.encode(run.dataset.sequences)
    loudest = 1 / (1 + np.exp(-run.model.logits(positions).max(axis=(1, 2))))
    rng = np.random.default_rng(3)
    drums.set_threshold(float(np.quantile(loudest, 0.7)))
    there = positions[loudest > drums.threshold]
    for _ in range(50):
        drums.set_knob_values(rng.uniform(-1, 1, 3))
        why = silence_of(drums.state)
        if why is not None:
            assert why.words == "Nothing is above the threshold here."
            nearest = there[np.linalg.norm(there - drums.state.latents, axis=1).argmin()]
            assert why.latents == pytest.approx(nearest, abs=1e-5)
            break
    else:
        raise AssertionError("it is never silent")
    ended(drums)
    assert drums.state.latents == pytest.approx(nearest, abs=1e-5)
    drums.set_threshold(1)
    assert "nor anywhere else" in said(drums)
    ended(drums)
    assert drums.threshold == 0.5
    for voice in range(12):
        drums.mute(voice, True)
    assert "muted" in said(drums)
    ended(drums)
    drums.clear(Area(0, 15, tuple(range(12))))
    assert "erased" in said(drums)
    drums.draw([(9, 0, True)])
    drums.set_steps(9)
    assert "after the first 9 steps" in said(drums)
    ended(drums)
    assert drums.steps == 16
    drums.forget(Area(0, 15, tuple(range(12))))


def said(explorer: Explorer) -> str:
    why = silence_of(explorer.state)
    return "" if why is None else why.words


def ended(explorer: Explorer) -> None:
    explorer.end_silence()
    assert explorer.pattern is not None and explorer.pattern.cells.any()


# -- edits ----------------------------------------------------------------------------------------


def test_a_pattern_that_the_model_can_play_is_found(demo: Explorer) -> None:
    """From the cells alone, starting far away; what was drawn is what then sounds."""
    rng = np.random.default_rng(3)
    exact = 0
    for _ in range(30):
        place = rng.uniform(-0.9, 0.9, 4)
        demo.set_knob_values(place)
        wanted = demo.state.cells.copy()
        demo.set_knob_values(-place)
        demo.draw((s, v, bool(wanted[s, v])) for s, v in np.ndindex(wanted.shape))
        demo.find_nearest()
        there = demo.state.found_there
        assert there is not None
        demo.take_over()
        assert demo.state.layer is None and np.array_equal(demo.state.hits, there.hits)
        exact += np.array_equal(demo.state.cells, wanted)
    assert exact >= 25


def test_the_search_is_never_worse_than_where_it_starts(demo: Explorer) -> None:
    run = demo.run
    assert run is not None
    rng = np.random.default_rng(4)
    better = 0
    for sequence in run.dataset.sequences[::10]:
        wanted = sequence.astype(bool)
        wanted[rng.integers(16), rng.integers(12)] ^= True
        start = run.model.encode(wanted[np.newaxis])
        cut = cut_offs(np.full(12, demo.threshold))
        at_first = int(((run.model.logits(start)[0] > cut) != wanted).sum())
        weights = np.ones(wanted.shape, np.float32)
        found = nearest(run.model, wanted, weights, start, cut, cut.__lt__)
        assert np.abs(found.latents).max() <= run.model.info.latent_scale
        assert found.wrong == ((run.model.logits([found.latents])[0] > cut) != wanted).sum()
        assert found.wrong <= at_first
        better += found.wrong < at_first
    assert better >= 8  # of 20: it does go downhill


def test_the_gradient_is_the_slope(demo: Explorer) -> None:
    """Against differences, by which nobody can derive wrongly."""
    assert demo.run is not None
    model = demo.run.model
    rng = np.random.default_rng(0)
    position = rng.uniform(-2, 2, (1, 4)).astype(np.float32)
    by_logits = rng.normal(size=(1, 192)).astype(np.float32)
    gradient = backward(model, forward(model, position), by_logits)[0]
    for axis in range(4):
        step = np.zeros((1, 4), np.float32)
        step[0, axis] = 1e-2
        ahead, behind = (model.logits(position + s).ravel() for s in (step, -step))
        slope = float((ahead - behind) @ by_logits[0] / 2e-2)
        assert gradient[axis] == pytest.approx(slope, rel=0.05, abs=0.05)


def test_a_drawing_stays_when_the_puck_moves_and_only_its_cells_do(demo: Explorer) -> None:
    before = demo.state.cells.copy()
    on, off = np.argwhere(~before)[7], np.argwhere(before)[2]
    demo.draw([(on[0], on[1], True), (off[0], off[1], False)])
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(20):
        demo.set_knob_values(rng.uniform(-1, 1, 4))
        state, opened = demo.state, demo.state.open_run
        assert opened is not None and state.pattern is not None
        wanted = opened.logits(state.latents) > cut_offs(state.limits(opened))
        seen.add(wanted.tobytes())
        assert np.array_equal(state.cells, wanted)
        wanted[tuple(on)], wanted[tuple(off)] = True, False
        # What is shown is what plays, what the pointer shows there, and what a file gets.
        assert np.array_equal(state.hits > 0, wanted)
        assert np.array_equal(state.pattern.velocities, state.hits)
        there = state.pattern_at(state.knob_values)
        assert there is not None and np.array_equal(there.velocities, state.hits)
    assert len(seen) > 10
    # A second click gives the cell back to the model, wherever the puck is now.
    assert demo.state.layer is not None
    model = bool(demo.state.cells[tuple(on)])
    demo.draw([(on[0], on[1], False)])
    assert demo.state.layer.drawn[tuple(on)] == model and not demo.state.hits[tuple(on)]
    demo.forget(Area(0, 15, tuple(range(12))))
    assert demo.state.layer is None and np.array_equal(demo.state.hits > 0, demo.state.cells)


def test_areas_are_shifted_filled_copied_and_cleared(felt_or_not: Explorer) -> None:
    """Against NumPy's own roll, on all of the pattern or a part of it."""
    explorer = felt_or_not
    explorer.set_threshold(0.4)
    whole = Area(0, 15, tuple(range(12)))
    hits, late = explorer.state.hits, explorer.state.timing
    for way, axis, by in (("right", 0, 1), ("up", 1, -1), ("left", 0, -1), ("down", 1, 1)):
        explorer.shift(whole, way)
        hits = np.roll(hits, by, axis)
        assert np.array_equal(explorer.state.hits, hits)
    if late is not None:
        assert explorer.state.timing == pytest.approx(late, abs=1e-6, nan_ok=True)
    part = Area(4, 7, (5, 3))  # the upper row first
    explorer.shift(part, "down")
    wanted = hits.copy()
    wanted[4:8, [5, 3]] = hits[4:8, [3, 5]]
    assert np.array_equal(explorer.state.hits, wanted)
    explorer.fill(Area(2, 15, (6,)), 4, 2)
    assert np.flatnonzero(explorer.state.hits[2:, 6]).tolist() == [0, 4, 8, 12]
    wanted[2:, 6] = explorer.state.hits[2:, 6]
    assert np.array_equal(explorer.state.hits, wanted)
    explorer.copy(Area(0, 7, (0, 1, 6)))
    explorer.paste(Area(12, 15, (9, 10)))  # as far as it fits
    wanted[12:, [9, 10]] = wanted[:4, [0, 1]]
    assert np.array_equal(explorer.state.hits, wanted)
    explorer.clear(Area(0, 3, (0, 1)))
    wanted[:4, :2] = 0
    assert np.array_equal(explorer.state.hits, wanted)
    explorer.set_knob_values((-1, 1, 0))
    assert np.array_equal(explorer.state.hits > 0, wanted > 0)


@pytest.fixture(params=[0, 2])
def felt_or_not(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Explorer:
    run = made_up_run("drums", 16, 12, (1, 1, 6, 2, 2), feel=request.param)
    return explorer_of(run, tmp_path, monkeypatch)


def test_muted_voices_are_shown_and_do_not_play(drums: Explorer) -> None:
    drums.set_threshold(0.3)
    whole = drums.state.hits
    drums.mute(1, True)
    drums.mute(2, True)
    assert np.array_equal(drums.state.hits, whole)
    assert drums.pattern is not None and whole[:, :3].any(axis=0).all()
    assert played(drums) == set(range(12)) - {1, 2}
    drums.solo(2, True)
    drums.solo(0, True)
    assert played(drums) == {0, 2}
    drums.solo(0, False)
    drums.solo(2, False)
    drums.mute(1, False)
    assert played(drums) == set(range(12)) - {2}


def played(explorer: Explorer) -> set[int]:
    assert explorer.pattern is not None
    return set(np.flatnonzero(explorer.pattern.cells.any(axis=0)).tolist())


def test_what_was_drawn_over_a_model_is_there_when_it_is_opened_again(
    drums: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drums.draw([(3, 3, True)])
    layer = drums.state.layer
    other = replace(made_up_run("notes", 8, 20), folder=Path("other.run"))
    monkeypatch.setattr("latentrack.studio.explore.open_run.load_run", lambda _: other)
    drums.open(other.folder)
    assert drums.state.layer is None
    first = made_up_run("drums", 16, 12, (1, 1, 6, 2, 2))
    monkeypatch.setattr("latentrack.studio.explore.open_run.load_run", lambda _: first)
    drums.open(first.folder)
    assert drums.state.layer is layer and drums.state.hits[3, 3]


# -- undo -----------------------------------------------------------------------------------------


def test_undo_goes_back_through_moves_edits_and_paths(demo: Explorer) -> None:
    states = [(demo.state.latents, demo.state.layer, demo.state.path)]
    path = LatentPath(((-1, -1), (1, 1)))
    for act in (
        lambda: demo.set_knob_values((0.3, 0.4, 0.5)),
        lambda: demo.draw([(3, 3, True)]),
        lambda: demo.set_path(path),
        lambda: demo.set_path(None),
        lambda: demo.set_knob_values((0, 0, 0)),
    ):
        demo.remember()
        act()
        states.append((demo.state.latents, demo.state.layer, demo.state.path))
    for state in reversed(states[:-1]):
        demo.undo()
        assert (demo.state.latents, demo.state.layer, demo.state.path) == state
    assert not demo.state.can_undo
    for state in states[1:]:
        demo.redo()
        assert (demo.state.latents, demo.state.layer, demo.state.path) == state
    assert not demo.state.can_redo
    demo.undo()
    demo.remember()
    demo.set_knob_values((0.9, 0, 0))
    assert not demo.state.can_redo


# -- paths ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "shares"),
    [
        ("loop", [0, 0.5, 1, 0, 0.5, 1, 0]),
        ("back and forth", [0, 0.5, 1, 0.5, 0, 0.5, 1]),
        ("once", [0, 0.5, 1, None, None, None, None]),
    ],
)
def test_bars_on_a_path(way: str, shares: list[float | None]) -> None:
    path = LatentPath(((0, 0), (1, 1)), bars=3, way=way)
    assert [path.share(bar) for bar in range(7)] == shares


def test_a_path_is_walked_at_even_speed() -> None:
    path = LatentPath(((-1, 0), (0, 0), (0, 1)))
    assert [path.at(share) for share in (0, 0.25, 0.5, 0.75, 1)] == [
        (-1, 0),
        (-0.5, 0),
        (0, 0),
        (0, 0.5),
        (0, 1),
    ]


def test_simplified_keeps_corners_and_ends() -> None:
    line = [(-0.5 + i / 100, 0.001 * (-1) ** i) for i in range(100)]
    corner = [(0.5, i / 100) for i in range(100)]
    points = simplified([*line, *corner])
    assert points[0] == line[0] and points[-1] == corner[-1]
    assert len(points) <= 6
    assert min(abs(x - 0.5) + abs(y) for x, y in points) < 0.03
    assert simplified([(0, 0), (1, 1)]) == ((0, 0), (1, 1))


def test_the_puck_walks_bar_by_bar_and_a_hand_stops_it(drums: Explorer) -> None:
    drums.set_path(LatentPath(((-1, 0), (1, 0)), axes=(0, 2), bars=3, way="once"))
    drums.set_knob_values((0.5, 0.25, 0.5))
    drums.play_path(True)
    assert drums.knob_values == (-1, 0.25, 0)
    seen = []
    for _ in range(5):
        drums.next_bar()
        seen.append((drums.knob_values[0], drums.state.path_playing))
    assert seen == [(-1, True), (0, True), (1, True), (1, False), (1, False)]
    drums.play_path(True)
    drums.next_bar()
    drums.set_knob_values((0.7, 0, 0))
    drums.next_bar()
    assert drums.knob_values[0] == pytest.approx(0.7)
    assert not drums.state.path_playing


def test_a_path_of_other_latents_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = explorer_of(made_up_run("drums", 8, 2, (1, 1), latents=2), tmp_path, monkeypatch)
    with pytest.raises(ValueError):
        flat.set_path(LatentPath(((0, 0), (1, 1)), axes=(0, 2)))


def test_one_latent_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = explorer_of(made_up_run("drums", 8, 2, (1, 1), latents=1), tmp_path, monkeypatch)
    line.set_path(LatentPath(((-1, 0), (1, 0)), bars=2))
    line.play_path(True)
    assert line.knob_values == (-1,)
    opened = line.state.open_run
    assert opened is not None
    assert plane_of(opened.positions, (0, 0))[:, 1].max() == 0


def test_a_path_goes_through_z_and_w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [axis_name(axis) for axis in range(5)] == ["X", "Y", "Z", "W", "Latent 5"]
    four = explorer_of(made_up_run("drums", 8, 2, (1, 1), latents=4), tmp_path, monkeypatch)
    four.set_path(LatentPath(((-1, 1), (1, -1)), axes=(2, 3), bars=3, way="once"))
    four.set_knob_values((0.5, 0.25, 0, 0))
    four.play_path(True)
    seen = [four.knob_values]
    for _ in range(3):
        four.next_bar()
        seen.append(four.knob_values)
    assert seen[1:] == [(0.5, 0.25, -1, 1), (0.5, 0.25, 0, 0), (0.5, 0.25, 1, -1)]


def test_paths_are_kept_by_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = LatentPath(((-1, 0.123456), (0, 0), (1, -1)), (2, 0), 12, "loop")
    assert save_path(workspace, "a/../b", path) == "a_.._b"
    save_path(workspace, "Übung", path)
    assert saved_paths(workspace) == ["a_.._b", "Übung"]
    assert load_path(workspace, "Übung") == path
    for damage in ("{", "[]", '{"format": "latentrack path", "points": [[0, 9], [1, 1]]}'):
        (tmp_path / "paths" / "Übung.json").write_text(damage)
        with pytest.raises(UserError):
            load_path(workspace, "Übung")
    delete_path(workspace, "Übung")
    assert saved_paths(workspace) == ["a_.._b"]


# -- MIDI -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("percussion", [SIMPLE, EXTENDED, ACCENTED])
def test_a_drum_file_is_read_as_it_was(
    percussion: PercussionMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_up_run(
        "drums",
        16,
        len(percussion.voices),
        percussion.group_sizes,
        voice_names=percussion.voice_names,
        recipe={"map": percussion.name},
    )
    explorer = explorer_of(run, tmp_path, monkeypatch)
    patterns = patterns_of(explorer)
    file = tmp_path / "out.mid"
    file.write_bytes(midi_file(patterns, 97, repeats=2))
    again = read([file], Rules(percussion=percussion))
    assert np.array_equal(again.sequences, [p.velocities > 0 for p in patterns] * 2)
    assert again.velocities is not None
    wanted = np.concatenate([p.velocities[p.velocities > 0] for p in patterns] * 2)
    assert np.array_equal(again.velocities, wanted)
    channels, tempo = told(file)
    assert channels == {9} and tempo == pytest.approx(97, abs=0.001)


def test_notes_and_rhythms_are_read_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_up_run("notes", 16, 20, lowest_pitch=43)
    explorer = explorer_of(run, tmp_path, monkeypatch)
    patterns = patterns_of(explorer)
    assert max((p.velocities > 0).sum(axis=1).max() for p in patterns) == 4
    file = tmp_path / "notes.mid"
    file.write_bytes(midi_file(patterns, 120))
    again = read([file], Rules(kind="notes", trim=False))
    assert np.array_equal(again.sequences[:, :, 43:63], [p.velocities > 0 for p in patterns])
    assert again.sequences.sum() == sum((p.velocities > 0).sum() for p in patterns)
    assert told(file)[0] == {0}

    run = made_up_run("rhythm", 32, 1)
    explorer = explorer_of(run, tmp_path, monkeypatch)
    explorer.set_pitches((50, 60, 70))
    patterns = patterns_of(explorer)
    file = tmp_path / "rhythm.mid"
    file.write_bytes(midi_file(patterns, 120))
    again = read([file], Rules(kind="rhythm"))
    assert np.array_equal(again.sequences, [p.velocities > 0 for p in patterns])
    struck = [m.note for m in mido.MidiFile(file) if m.type == "note_on"]
    counts = [int((p.velocities > 0).sum()) for p in patterns]
    assert struck == [(50, 60, 70)[i % 3] for count in counts for i in range(count)]


def patterns_of(explorer: Explorer) -> list[Pattern]:
    """Some that have enough hits for a bar of music."""
    explorer.set_threshold(0.4)
    found = []
    rng = np.random.default_rng(8)
    while len(found) < 12:
        pattern = explorer.state.pattern_at(rng.uniform(-1, 1, 3))
        assert pattern is not None
        if (pattern.velocities > 0).sum() > 3:
            found.append(pattern)
    return found


def told(file: Path) -> tuple[set[int], float]:
    messages = list(mido.MidiFile(file))
    tempo = next(m.tempo for m in messages if m.type == "set_tempo")
    return {m.channel for m in messages if m.type == "note_on"}, mido.tempo2bpm(tempo)


def test_a_path_is_a_file_of_so_many_bars(drums: Explorer) -> None:
    drums.set_path(LatentPath(((-1, -1), (1, 1)), bars=5, way="back and forth"))
    patterns = path_player.patterns(drums.state)
    assert len(patterns) == 8
    for bar in (1, 2, 3):
        assert np.array_equal(patterns[bar].velocities, patterns[8 - bar].velocities)
    file = mido.MidiFile(file=io.BytesIO(midi_file(patterns, 60)))
    assert file.length == pytest.approx(8 * 4)


def test_the_voices_have_the_notes_of_general_midi() -> None:
    assert voice_pitches(demo_dataset()) == (36, 38, 41, 43, 45, 47, 48, 50, 42, 46, 51, 49)
    own = made_up_run(
        "drums", 4, 4, (1, 1, 2), voice_names=("boing", "snare", "my kick", "crash")
    ).dataset
    pitches = voice_pitches(own)
    assert pitches[1:] == (38, 36, 49) and len(set(pitches)) == 4


@pytest.mark.parametrize(
    ("steps", "beat", "meter"),
    [(16, 4, "4/4"), (12, 4, "3/4"), (14, 4, "7/8"), (5, 4, "5/16"), (12, 3, "4/4"), (4, 3, "4/4")],
)
def test_the_meter_of_a_shorter_loop(steps: int, beat: int, meter: str) -> None:
    assert meter_of(steps, beat) == meter


# -- the map --------------------------------------------------------------------------------------


def test_groups_are_the_largest_first_and_the_rest_one() -> None:
    names = [f"g{i}" for i in range(40) for _ in range(40 - i)]
    groups = grouped(names)
    titles, counts = groups.titles, groups.counts
    assert titles[:2] == ["g0", "g1"] and titles[-1] == OTHERS and len(titles) == MOST_GROUPS + 1
    assert counts[0] == 40 and sum(counts) == len(names)
    assert [titles[group] for group in groups.of_each[[0, -1]]] == ["g0", OTHERS]


def test_the_map_shows_so_many_points_and_no_more() -> None:
    rng = np.random.default_rng(0)
    total = MOST_POINTS + 500
    many = Dataset(
        (rng.random((total, 4, 2)) < 0.5).astype(np.uint8),
        "rhythm",
        ("a", "b"),
        sources=tuple(f"{i % 29}.mid" for i in range(total)),
        styles=tuple("rock" if i % 2 else "" for i in range(total)),
    )
    chosen = shown(total)
    assert len(chosen) == MOST_POINTS == len(set(chosen.tolist())) and (np.diff(chosen) > 0).all()
    assert np.array_equal(shown(total), chosen) and np.array_equal(shown(3), [0, 1, 2])
    styles, files = groups_of(many, "style"), groups_of(many, "file")
    assert styles.titles == ["rock", UNKNOWN]
    assert styles.of_each.tolist() == [(i + 1) % 2 for i in range(total)]
    for i in range(total):
        assert files.titles[files.of_each[i]] in (f"{i % 29}.mid", OTHERS)


def test_the_heat_is_where_the_points_are() -> None:
    heat = density(np.array([[0.9, 0.9]] * 5 + [[-0.9, -0.9]]))
    assert heat[3, 60] == 255  # the upper row first
    assert 0 < heat[60, 3] < 255
    assert heat[3, 3] == 0
