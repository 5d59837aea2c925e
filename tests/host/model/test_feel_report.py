"""The feel in the report: two pictures, a table, and two MIDI files to hear it by."""

import base64
import io
import re
from pathlib import Path

import mido
import numpy as np
import pytest

from latentrack.model import Run
from latentrack.model.feel import feel_latents
from latentrack.model.feel_report import FLAT_VELOCITY, knobs, measured
from latentrack.model.report import write_report


@pytest.fixture(scope="module")
def page(felt: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(felt, path)
    return Path(path).read_text(encoding="utf-8")


def struck(page: str, name: str) -> list[tuple[int, int, int]]:
    """Tick, pitch and velocity of each note of a file that the page offers."""
    (data,) = re.findall(rf"download='{name}' href='data:audio/midi;base64,([^']+)'", page)
    found, now = [], 0
    for message in mido.MidiFile(file=io.BytesIO(base64.b64decode(data))).tracks[0]:
        now += message.time
        if message.type == "note_on":
            found.append((now, message.note, message.velocity))
    return found


def test_the_page_has_figures_and_pictures_of_the_feel(page: str, felt: Run) -> None:
    assert page.count("<img") == 9 and "<h2>The feel</h2>" in page
    assert felt.feel is not None
    found = measured(felt, felt.feel)
    assert f"{found.velocity.error:.1f}" in page and f"{found.timing.r2:.2f}" in page
    louder, later = knobs(felt, felt.feel)
    assert f"feel X, louder {louder:+.2f}, feel Y, later {later:+.2f}" in page


def test_before_and_after_are_the_same_hits(page: str, felt: Run) -> None:
    before, after = struck(page, "without_feel.mid"), struck(page, "with_feel.mid")
    step = 120
    assert {velocity for _, _, velocity in before} == {FLAT_VELOCITY}
    assert {tick % step for tick, _, _ in before} == {0}
    assert len({velocity for _, _, velocity in after}) > 10
    assert sorted(p for _, p, _ in before) == sorted(p for _, p, _ in after)
    # What is heard is what the decoder says at the bars' own feel.
    assert felt.feel is not None
    chosen = felt.validated_on[np.linspace(0, len(felt.validated_on) - 1, 8).astype(int)]
    positions = felt.model.encode(felt.dataset.sequences[chosen])
    latents = feel_latents(felt.model, felt.feel, felt.dataset, chosen)
    velocity, _ = felt.feel.decode(np.concatenate([positions, latents], axis=1))
    hits = (felt.model.decode(positions) > felt.threshold).reshape(velocity.shape)
    wanted = sorted(np.rint(127 * velocity[hits]).astype(int))
    assert sorted(v for _, _, v in after) == wanted


def test_a_report_without_a_feel_says_nothing_of_it(run: Run, tmp_path: Path) -> None:
    write_report(run, tmp_path / "report.html")
    assert "<h2>The feel</h2>" not in (tmp_path / "report.html").read_text(encoding="utf-8")
