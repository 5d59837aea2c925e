"""Slots without a browser: what is kept comes back, at the bar, in another model and precision."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.decoder.export import to_tflite, write_model
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import Extras
from latentrack.errors import UserError
from latentrack.model import load_run
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.layer import Area
from latentrack.studio.explore.slot_rack import SlotRack
from latentrack.studio.explore.slots import SLOTS
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.workspace import Workspace
from tests.studio.explored import save_with_feel


@pytest.fixture
def workspace(demo_run: Path, tmp_path: Path) -> Workspace:
    """Two models, one with a feel."""
    shutil.copytree(demo_run, tmp_path / "runs" / "plain.run")
    save_with_feel(demo_run, 2, tmp_path / "runs" / "felt.run")
    return Workspace(tmp_path)


@pytest.fixture
def opened(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> tuple[Explorer, SlotRack]:
    """With the model files made in this process, in place of a child's."""

    def make(_: RunFiles, folder: Path, precision: str) -> Path:
        run, file = load_run(folder), workspace.folder / f"{folder.stem}-{precision}.tflite"
        made = to_tflite(run.model, precision=precision, feel=run.feel, extras=Extras())
        write_model(file, made)
        return file

    monkeypatch.setattr(RunFiles, "model_file", make)
    return begun(workspace, "felt")


def begun(workspace: Workspace, name: str) -> tuple[Explorer, SlotRack]:
    """A studio that is started on the folder."""
    explorer = Explorer(workspace)
    explorer.open(workspace.runs / f"{name}.run")
    return explorer, SlotRack(workspace, explorer, RunFiles(workspace))


def heard(explorer: Explorer) -> list[object]:
    """All that sounds, and what it comes from."""
    state, pattern = explorer.state, explorer.pattern
    assert pattern is not None and state.open_run is not None
    late = None if pattern.timing is None else pattern.timing.round(6).tolist()
    return [
        state.open_run.run.folder.name,
        state.open_run.precision,
        np.round(state.knob_values, 5).tolist(),
        pattern.velocities.tolist(),
        late,
    ]


def set_somehow(explorer: Explorer) -> None:
    explorer.set_knob_values((0.25, -0.5, 0.75, -1))
    explorer.set_threshold(0.3)
    explorer.set_density(1, 0.7)
    explorer.set_feel_knob_values((0.5, -0.5))
    explorer.set_feel(1.5)
    explorer.set_dynamics(0.5)
    explorer.set_steps(12)
    explorer.draw([(1, 3, True), (2, 3, True), (0, 0, False)])
    explorer.shape_hit(2, 3, velocity=33, late=0.25)
    explorer.mute(8, True)


def test_what_was_kept_comes_back_after_a_restart_and_in_the_other_model(
    opened: tuple[Explorer, SlotRack], workspace: Workspace
) -> None:
    explorer, slots = opened
    set_somehow(explorer)
    wanted = heard(explorer)
    slots.keep(2)
    slots.rename(2, "  break ")
    explorer.open(workspace.runs / "plain.run")
    other = heard(explorer)
    slots.keep(3)
    assert explorer.state.layer is not None  # the voices are the same
    again, there = begun(workspace, "plain")
    kept = again.state.slots
    assert len(kept) == SLOTS and [slot is not None for slot in kept] == [
        i in (2, 3) for i in range(8)
    ]
    assert (kept[2].name, kept[2].model) == ("break", "felt")
    there.recall(2)
    assert heard(again) == wanted and again.state.slot == 2
    there.recall(3)
    assert heard(again) == other
    # Nothing in a slot moves with what is changed after it.
    again.draw([(5, 5, True)])
    there.recall(2)
    assert heard(again) == wanted


def test_a_slot_waits_for_its_bar(opened: tuple[Explorer, SlotRack], workspace: Workspace) -> None:
    explorer, slots = opened
    set_somehow(explorer)
    wanted = heard(explorer)
    slots.keep(0)
    explorer.open(workspace.runs / "plain.run")
    slots.keep(1)
    before = explorer.pattern
    slots.recall(0, at_bar=True)
    assert explorer.pattern is before and explorer.state.next_slot == 0
    explorer.next_bar()
    assert heard(explorer) == wanted and explorer.state.next_slot == -1
    pattern = explorer.pattern
    explorer.next_bar()
    assert explorer.pattern is pattern
    # A and B, each way; while one waits it counts as there.
    for slot in (1, 0, 1):
        slots.exchange(at_bar=True)
        assert explorer.state.next_slot == slot
    explorer.next_bar()
    assert explorer.state.slot == 1


def test_two_precisions_are_compared(
    opened: tuple[Explorer, SlotRack], workspace: Workspace
) -> None:
    """In one of them LiteRT itself says what sounds, at each of many positions."""
    explorer, slots = opened
    slots.keep(0)
    slots.set_precision("int8")
    slots.keep(1)
    assert explorer.state.slots[1].model == "felt, int8"
    slots.exchange()
    slots.exchange()
    state = explorer.state
    assert state.open_run is not None and state.open_run.precision == "int8"
    run = state.open_run.run
    decoder = Decoder(workspace.folder / "felt-int8.tflite")
    rng = np.random.default_rng(5)
    others = 0
    for _ in range(40):
        explorer.set_knob_values(rng.uniform(-1, 1, 4))
        explorer.set_feel_knob_values(rng.uniform(-1, 1, 2))
        state = explorer.state
        probabilities = decoder.decode(state.latents)[0].astype(np.float64)
        assert np.array_equal(state.cells, probabilities > state.threshold)
        others += (state.cells != (run.model.decode([state.latents])[0] > state.threshold)).any()
        velocity, _ = decoder.decode_feel(
            [*state.latents, *(3 * value for value in state.feel_knob_values)]
        )
        loud = np.clip(np.rint(127 * velocity[0]), 1, 127)[state.cells]
        assert np.abs(loud - state.hits[state.cells]).max() <= 1
    assert others > 3
    slots.exchange()
    assert explorer.state.open_run is not None and explorer.state.open_run.precision == ""


def test_nothing_is_lost_without_a_way_back(
    opened: tuple[Explorer, SlotRack], workspace: Workspace
) -> None:
    explorer, slots = opened
    assert not slots.can_bring_back
    slots.keep(0)
    kept = explorer.state.slots[0]
    explorer.set_knob_values((1, 1, 1, 1))
    slots.keep(0)
    slots.bring_back()
    assert explorer.state.slots[0] is kept
    slots.empty(0)
    assert explorer.state.slots[0] is None
    slots.bring_back()
    assert explorer.state.slots[0] is kept
    # What was drawn and is not in a slot is an undo away.
    explorer.draw([(3, 3, True)])
    layer = explorer.state.layer
    explorer.remember()
    slots.recall(0)
    assert explorer.state.layer is None
    explorer.undo()
    assert explorer.state.layer is layer
    for wrong, words in (
        (lambda: slots.recall(4), "Slot 5 is empty"),
        (lambda: slots.exchange(), "Slot 2 is empty"),
    ):
        with pytest.raises(UserError, match=words):
            wrong()
    shutil.rmtree(workspace.runs / "felt.run")
    with pytest.raises(UserError, match="felt is not among the runs any more"):
        slots.recall(0)


DAMAGE: dict[str, Callable[[dict], object]] = {
    "hits": lambda slot: slot.update(hits="!"),
    "shape": lambda slot: slot.update(shape=[10**9, 10**9]),
    "number": lambda slot: slot.update(threshold="NaN"),
    "name": lambda slot: slot.update(name=3),
    "layer": lambda slot: slot["layer"].update(drawn="AAAA"),
    "cell": lambda slot: slot["layer"]["timing"].append([99, 0, 0]),
    "missing": lambda slot: slot.pop("densities"),
}


def test_a_damaged_slot_is_empty_and_the_others_stay(
    opened: tuple[Explorer, SlotRack], workspace: Workspace
) -> None:
    explorer, slots = opened
    set_somehow(explorer)
    slots.keep(0)
    slots.keep(1)
    good = json.loads(workspace.slots.read_text())
    for damage in DAMAGE.values():
        told = json.loads(json.dumps(good))
        damage(told["slots"][0])
        workspace.slots.write_text(json.dumps(told))
        again, _ = begun(workspace, "plain")
        assert again.state.slots[0] is None and again.state.slots[1] is not None
    for text in ("", "[]", "{", json.dumps(good | {"slots": 3})):
        workspace.slots.write_text(text)
        again, there = begun(workspace, "plain")
        assert again.state.slots == (None,) * SLOTS
    there.keep(7)
    assert json.loads(workspace.slots.read_text())["slots"][7]["run"] == "plain.run"


def test_a_slot_of_a_run_that_was_trained_again_plays_what_that_has(
    opened: tuple[Explorer, SlotRack], workspace: Workspace
) -> None:
    explorer, slots = opened
    set_somehow(explorer)
    slots.keep(0)
    slot = explorer.state.slots[0]
    fewer = replace(slot, densities=slot.densities[:2], knob_values=(0.5,), layer=None)
    explorer.update(slots=(fewer, *explorer.state.slots[1:]))
    slots.recall(0)
    assert len(explorer.densities) == len(slot.densities) and explorer.knob_values[0] == 0.5
    explorer.clear(Area(0, 15, (0,)))
