"""What the explorer says that sounds is what the module plays: the real device code and C."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentrack.decoder.export import to_tflite, write_model
from latentrack.decoder.metadata import Extras
from latentrack.model import Run
from latentrack.module.link import Link
from latentrack.module.session import Session
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.panel.position import values_at
from latentrack.virtual.module import VirtualModule
from tests.studio.explored import explorer_of, made_up_run

SETTINGS = 80
SHAPES = {
    "drums": ("drums", 16, 12, (1, 1, 6, 2, 2)),
    "many": ("drums", 6, 11, (2, 1, 1, 1, 1, 1, 1, 1, 2)),  # more groups than there are densities
    "notes": ("notes", 8, 22, ()),
    "rhythm": ("rhythm", 32, 1, ()),
    "felt": ("drums", 16, 9, (1, 1, 4, 3)),
}


@pytest.fixture
def own_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path))


def test_the_same_cells_sound_on_the_module(
    own_runtime: None,
    start: Callable[..., VirtualModule],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = {}
    for name, shape in SHAPES.items():
        run = made_up_run(*shape, feel=2 if name == "felt" else 0)
        exported(run, tmp_path / f"{name}.tflite")
        models[name] = run
    module = start(*(tmp_path / f"{name}.tflite" for name in models), manual_time=True)
    rng = np.random.default_rng(5)
    compared = hits = 0
    apart = Counter[int]()
    with Link(module.port) as link:
        link.run("instrument.quiet = True")
        for name, run in models.items():
            explorer = explorer_of(run, tmp_path, monkeypatch)
            explorer.set_notes(0)
            link.run(f"library.play({name!r}, remember=False)")
            for _ in range(SETTINGS):
                code = set_both(explorer, rng)
                link.run(f"{code}\ntrack.refresh()")
                module.panel.advance(50_000)
                module.panel.trigger("reset")
                module.panel.advance(50_000)
                module.panel.clock(1)
                module.panel.settle()
                played = np.zeros(explorer.state.cells.shape, bool)
                for step, voices in enumerate(link.evaluate("track.cells")):
                    played[step, list(voices)] = True
                # Where the module's float arithmetic and NumPy's cannot agree in the last digit.
                close = too_close(explorer)
                assert (played == explorer.state.cells)[~close].all(), code
                if run.feel is not None:
                    apart.update(feel_apart(link, explorer, played & explorer.state.cells))
                compared += int((~close).sum())
                hits += int(played.sum())
    assert compared > 0.999 * SETTINGS * (192 + 66 + 176 + 32 + 144)
    assert 0.1 < hits / compared < 0.9
    # A value that lies between two steps may be rounded to either.
    assert set(apart) <= {-1, 0, 1} and apart[0] > 0.99 * apart.total() > 1000


def test_the_pad_moves_the_feel_of_the_module(
    own_runtime: None,
    start: Callable[..., VirtualModule],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = made_up_run(*SHAPES["felt"], feel=2)
    exported(run, tmp_path / "felt.tflite")
    module = start(tmp_path / "felt.tflite")
    explorer = explorer_of(run, tmp_path, monkeypatch)
    explorer.set_knob_values((0.5, -0.25, 1))
    explorer.set_feel_knob_values((-0.5, 0.75))
    explorer.set_feel(1.5)
    explorer.set_dynamics(0.25)
    with Link(module.port) as link, Session(link) as session:
        session.call("change", 0, values_at(explorer.state))
        there = session.call("values", 0)
    assert there["latents"] == pytest.approx([1.5, -0.75, 3, -1.5, 2.25])
    assert (there["feel_x"], there["feel_y"]) == (-0.5, 0.75)
    assert (there["feel"], there["dynamics"]) == (150, 25)


def exported(run: Run, path: Path) -> None:
    write_model(path, to_tflite(run.model, feel=run.feel, extras=Extras()))


def feel_apart(link: Link, explorer: Explorer, cells: np.ndarray) -> list[int]:
    """By how many of its steps velocity and timing on the module are not those of the explorer, for
    cells that sound in both."""
    learned = explorer.state.learned
    assert learned is not None
    link.run("import latentcore; _feel = bytearray(2 * 16 * 9)")
    assert link.evaluate("latentcore.read_feel(0, _feel)") == 2 * cells.size
    told = np.frombuffer(link.evaluate("bytes(_feel)"), np.uint8).reshape(2, *cells.shape)
    loud, late = told[0].astype(int), told[1].astype(np.int8).astype(int)
    found = loud - np.rint(127 * learned.velocity), late - np.rint(254 * learned.timing)
    return [int(difference) for each in found for difference in each[cells]]


def set_both(explorer: Explorer, rng: np.random.Generator) -> str:
    """Sets the explorer somehow; returns what sets the module so, too."""
    position = rng.uniform(-1, 1, 3)
    threshold = rng.choice([0.0, 1.0, *rng.uniform(0, 1, 8)])
    explorer.set_knob_values(position)
    explorer.set_threshold(threshold)
    latents = [float(v) for v in explorer.state.latents]
    feel = [float(v) for v in rng.uniform(-1, 1, len(explorer.state.feel_knob_values))]
    explorer.set_feel_knob_values(feel)
    lines = [f"track.latents = {latents + [3 * value for value in feel]}"]
    lines.append(f"track.threshold = {threshold}")
    for knob in range(8):
        density = float(rng.choice([0.0, 0.5, 1.0, *rng.uniform(0, 1, 5)]))
        lines.append(f"track.density{knob + 1} = {density}")
        if knob < len(explorer.densities):
            explorer.set_density(knob, density)
    return "\n".join(lines)


def too_close(explorer: Explorer) -> np.ndarray:
    """Cells whose probability is the voice's threshold, but for rounding."""
    opened = explorer.state.open_run
    assert opened is not None
    logits = opened.run.model.logits([explorer.state.latents])[0].astype(np.float64)
    probabilities = 1 / (1 + np.exp(-logits))
    limits = []
    for knob in opened.density_of:
        density = int(explorer.densities[knob] * 200 + 0.5) / 200
        threshold = explorer.threshold
        if density > 0.5:
            limits.append(threshold * (2 - 2 * density))
        else:
            limits.append(threshold + (1 - threshold) * (1 - 2 * density))
    inside = (np.array(limits) > 0) & (np.array(limits) < 1)
    return (np.abs(probabilities - limits) < 1e-5) & inside
