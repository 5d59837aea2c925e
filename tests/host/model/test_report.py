"""The report's page, and the commands that use a run."""

import base64
import html
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from latentrack.commands.export import export
from latentrack.commands.report import report
from latentrack.commands.train import train
from latentrack.decoder.litert import Decoder
from latentrack.errors import UserError
from latentrack.model import Run, Settings, load_run, save_run
from latentrack.model import train as train_model
from latentrack.model.axes_measures import axes_in_words, axes_of, knobs_in_words
from latentrack.model.findings import find
from latentrack.model.report import gates_of, write_report
from latentrack.model.training import cross_entropy
from tests.host.model.made_music import music

WIDE = {"COLUMNS": "400"}


def invoke(command, *arguments: object, code: int = 0) -> str:
    app = typer.Typer(rich_markup_mode="markdown")
    app.command()(command)
    result = CliRunner().invoke(app, [str(a) for a in arguments], env=WIDE)
    if code:
        assert isinstance(result.exception, UserError), result.output
        return str(result.exception)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory) -> tuple[str, str]:
    """The page, and what the terminal said."""
    folder = shutil.copytree(run.folder, tmp_path_factory.mktemp("report") / "made.run")
    said = invoke(report, folder)
    assert str(folder / "report.html") in said
    return (Path(folder) / "report.html").read_text(encoding="utf-8"), said


def test_the_page_is_whole_and_needs_nothing_else(page) -> None:
    text, _ = page
    pictures = re.findall(r"src='data:image/png;base64,([^']+)'", text)
    assert len(pictures) == text.count("<img") == 7
    for picture in pictures:
        png = base64.b64decode(picture)
        assert png.startswith(b"\x89PNG") and png.endswith(b"IEND\xaeB`\x82")
        width, height = struct.unpack(">II", png[16:24])
        assert 300 < width < 2000 and 200 < height < 2500
    written = re.sub(r"base64,[^']+", "", text)  # a picture's letters may spell anything
    assert "http" not in written and "<script" not in written
    # Every finding and picture says what to do if it is bad.
    assert text.count("class=remedy>") >= text.count("class='finding") + 6
    assert text.count("<table") == text.count("</table>") == 3


def test_the_page_has_the_figures(page, run: Run) -> None:
    text, _ = page
    words = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))
    held = run.dataset.sequences[run.validated_on]
    gates = run.model.decode(run.model.encode(held)) > 0.5
    assert f"{(gates & (held == 1)).sum() / held.sum():.0%} come back" in words
    assert f"{cross_entropy(run.model, held):.4f} nats a cell" in words
    for precision in ("float32", "float16", "dynamic", "int8"):
        assert f"{precision} {len(run.to_tflite(precision=precision)) / 1000:.0f} kB" in words
    assert gates_of(run, "int8").words in words
    assert "made.npz" in words and "encoder_layers" in words


def test_the_terminal_says_what_is_bad_and_what_to_do(page, run: Run) -> None:
    _, said = page
    found = find(run)
    assert "files that it has never seen" in said
    for finding in found.bad:
        assert finding.remedy in said
    for finding in found.entries:
        assert finding.title and finding.words and finding.remedy.startswith("If ")


def test_a_dead_latent_and_a_jumpy_one_are_found(run: Run) -> None:
    run.model.mean.weights.setflags(write=True)
    kept = run.model.mean.weights.copy(), run.model.mean.bias.copy()
    try:
        run.model.mean.weights[:, 1] = 0
        found = find(run)
    finally:
        run.model.mean.weights[:], run.model.mean.bias[:] = kept
    bad = {finding.title for finding in found.bad}
    assert found.collapsed == (1,) and "Latents at work" in bad
    assert "Latents at work" not in {finding.title for finding in find(run).bad}


def test_names_from_outside_cannot_break_the_page(run: Run, tmp_path: Path) -> None:
    run.about["music"] = "<script>&'\".npz"
    try:
        write_report(run, tmp_path / "page.html")
    finally:
        run.about["music"] = "made.npz"
    text = (tmp_path / "page.html").read_text()
    assert "<script" not in text and "&lt;script&gt;&amp;" in text
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_export_says_where_the_reference_firmware_cannot_play_it(tmp_path: Path) -> None:
    dataset, words = music(60, 2), "The reference project's firmware plays models of 3 latents"
    for latents, told in ((3, False), (2, True)):
        settings = Settings(epochs=1, decoder_layers=(4,), latent_dim=latents)
        run = save_run(tmp_path / f"{latents}.run", train_model(dataset, settings), dataset)
        said = invoke(export, run.folder, "-o", tmp_path / "m.tflite")
        assert (f"{words}, and this one has {latents}: " in said) == told


def test_export_writes_the_model_again(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "small.tflite"
    said = invoke(export, run.folder, "-o", target, "--precision", "float16")
    assert "float16" in said and "gates" in said
    decoder = Decoder(target)
    positions = run.model.encode(run.checks)
    np.testing.assert_allclose(decoder.decode(positions), run.model.decode(positions), atol=0.01)
    assert "is not a run" in invoke(export, tmp_path, code=2)
    assert "must end in .tflite" in invoke(export, run.folder, "-o", tmp_path / "x", code=2)
    assert "Unknown precision 'int4'" in invoke(export, run.folder, "--precision", "int4", code=2)
    assert "is not a run" in invoke(report, tmp_path / "gone", code=2)


def test_train_goes_on_from_a_run(run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(run.folder, tmp_path / "made.run")
    target = tmp_path / "better.tflite"
    said = invoke(train, folder, "--epochs", 2, "-o", target)
    assert "epoch 2/2" in said
    again = load_run(tmp_path / "better.run")
    assert [epoch.number for epoch in again.history] == list(range(1, 18))
    np.testing.assert_array_equal(again.validated_on, run.validated_on)
    held = again.dataset.sequences[again.validated_on]
    assert cross_entropy(again.model, held) <= cross_entropy(run.model, held) + 1e-7
    assert again.model.sizes == run.model.sizes and again.about["music"] == "made.npz"
    assert target.is_file() and load_run(folder).history == run.history


def test_the_page_says_what_the_knobs_mean(run: Run, page) -> None:
    text, _ = page
    axes = axes_of(run)
    assert [axis.name for axis in axes] == ["density", "syncopation"]
    assert "<h2>What the knobs mean</h2>" in text and knobs_in_words(run.axes) in text
    # As a finding, and beside the picture.
    assert text.count(axes_in_words(axes)) == 2
    found = find(run)
    (entry,) = (entry for entry in found.entries if entry.title == "Axes")
    assert entry.figure == axes_in_words(axes) and entry.good == all(axis.good for axis in axes)
