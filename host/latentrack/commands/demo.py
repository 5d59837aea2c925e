"""`latentrack demo`: Train, push and play on this computer, and count the steps at the jacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentrack.errors import UserError
from latentrack.words import count

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.decoder.litert import Decoder
    from latentrack.module.link import Link
    from latentrack.playing.jacks import JackStep
    from latentrack.virtual.boards import Board
    from latentrack.virtual.module import VirtualModule
    from latentrack.virtual.panel import PlayedStep

# Where X, Y, Z, W and the threshold stand in each bar, 0 to 1; W in clicks of its encoder.
KNOBS = ("x", "y", "z", "threshold")
W_CLICKS = 64  # from one end of W to the other
BARS = (
    (0.50, 0.50, 0.50, 0.50, 0.50),
    (0.20, 0.50, 0.50, 0.50, 0.50),
    (0.80, 0.50, 0.50, 0.50, 0.50),
    (0.50, 0.15, 0.40, 0.50, 0.50),
    (0.50, 0.85, 0.60, 0.75, 0.50),
    (0.30, 0.70, 0.20, 0.75, 0.40),
    (0.70, 0.30, 0.90, 0.25, 0.30),
    (0.90, 0.90, 0.10, 0.25, 0.60),
)
_STEP_US = 20_000
JACKS = ("kick", "snare", "toms", "hi-hat", "cymbals")


def demo(
    folder: Annotated[
        Path,
        typer.Option("--folder", metavar="FOLDER", help="Where the trained model is kept for you."),
    ] = Path("demo"),
    epochs: Annotated[
        int | None, typer.Option(min=1, help="A shorter or longer training.", show_default=False)
    ] = None,
    web: Annotated[
        bool, typer.Option("--web", help="Let a module in a web page play, and play it yourself.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="With --web: open the page.")
    ] = True,
) -> None:
    """Show the whole way without hardware: train, push, clock, listen.

    Trains a model on the drum patterns that come with Latentrack, starts a virtual module,
    installs Latentrack on it over its USB port, pushes the model, turns the knobs and sends clock
    edges. What comes out of the jacks is drawn beside what LiteRT, TensorFlow's own runtime, says
    should come out. Exits with 1 if a single step differs.

    On other computers than x86-64 Linux the module is in a web page, as with --web.
    """
    from latentrack import assets
    from latentrack.commands import terminal
    from latentrack.commands.options import check_output_folder
    from latentrack.decoder.litert import Decoder
    from latentrack.module.install import install
    from latentrack.module.library import push
    from latentrack.module.link import Link
    from latentrack.virtual.module import VirtualModule

    console = terminal.console(chatter=True)
    check_output_folder(folder, "the trained model")
    model = folder / "demo.tflite"
    if web or not assets.runs_virtual_modules():
        _demo_in_page(console, model, epochs, browser)
        return
    with VirtualModule() as module:  # first, so that a missing part is said before the training
        _train(console, model, epochs)
        decoder = Decoder(model)
        with console.status("Installing Latentrack on a virtual module"), Link(module.port) as link:
            installed = install(link)
            push(link, model)
            console.print(
                f"Virtual module at {module.port}: {count(installed.files, 'file')} installed, "
                f"{model.name} pushed."
            )
            tally, w = _Tally(console, module.panel.board, decoder), 0.5
            for number, knobs in enumerate(BARS, start=1):
                module.panel.turn_encoder("left", round(W_CLICKS * (knobs[3] - w)))
                w = knobs[3]
                tally.add(number, knobs, *_play_bar(module, link, decoder, knobs))
    tally.end(model)


class _Tally:
    """Compares bars, draws them, and counts the steps that are as decoded."""

    def __init__(self, console: Console, board: Board, decoder: Decoder) -> None:
        self._console, self._board = console, board
        self._wanted = len(BARS) * decoder.info.steps
        self._played = self._right = 0

    def add(
        self,
        number: int,
        knobs: tuple[float, ...],
        steps: list[PlayedStep],
        expected: list[JackStep],
    ) -> None:
        """One bar: what was played, and what LiteRT says."""
        same = [_same(self._board, *pair) for pair in zip(steps, expected, strict=False)]
        self._played += len(steps)
        self._right += sum(same)
        _draw(self._console, self._board, number, knobs, steps, expected)

    def end(self, model: Path) -> None:
        """Say what was counted. Raises typer.Exit if a single step differs."""
        self._console.print(f"\nThe model is yours: latentrack push {model}")
        print(f"demo: {count(self._played, 'step')} played, {self._right} as decoded", flush=True)
        if not self._played == self._right == self._wanted:
            raise typer.Exit(1)


def _demo_in_page(console: Console, model: Path, epochs: int | None, browser: bool) -> None:
    from latentrack.commands.web import ready
    from latentrack.decoder.litert import Decoder
    from latentrack.module.library import read_model
    from latentrack.playing.jacks import drum_steps
    from latentrack.virtual.boards import make_board
    from latentrack.web.bars import Bar, read_bars
    from latentrack.web.serve import serve
    from latentrack.web.site import site

    site([])  # so that a missing part is said before the training
    _train(console, model, epochs)
    decoder = Decoder(model)
    wanted, w = [], 0.5
    for knobs in BARS:
        positions = dict(zip(KNOBS, (*knobs[:3], knobs[4]), strict=True))
        wanted.append(Bar(positions, round(W_CLICKS * (knobs[3] - w))))
        w = knobs[3]

    def played(data: bytes) -> None:
        tally = _Tally(console, make_board("xen"), decoder)
        for number, (knobs, bar) in enumerate(zip(BARS, read_bars(data), strict=False), start=1):
            probabilities = decoder.decode([bar.latents])[0]
            expected = drum_steps(probabilities, decoder.info.groups, bar.threshold)
            tally.add(number, knobs, bar.steps, expected)
        tally.end(model)
        console.print("The module in the page is yours to play. Ctrl-C ends it.")

    serve(site([read_model(model)], wanted), None, ready(console, browser), played)


def _train(console: Console, target: Path, epochs: int | None) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from latentrack.commands import terminal
    from latentrack.corpus import demo_dataset
    from latentrack.decoder.quiet import import_tensorflow
    from latentrack.model.settings import Settings
    from latentrack.model.training import Epoch, train
    from latentrack.model.verdict import verdict

    music = demo_dataset()
    styles = len(set(music.styles))
    console.print(
        f"[bold]{count(len(music), 'drum pattern')} in {count(styles, 'style')}[/], one bar each."
    )
    with console.status("Starting TensorFlow"):
        import_tensorflow()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("Training", total=None, state="compiling")

        def show(epoch: Epoch) -> None:
            state = f"epoch {epoch.number} of {epoch.of}, loss {epoch.loss:.1f}"
            bar.update(task, total=epoch.of, completed=epoch.number, state=state)

        # Every pattern counts here, so there is no validation set. What is counted at the jacks are
        # hits: a feel would take as long again.
        settings = Settings(epochs=epochs, validation_split=0.0, feel="none")
        training = train(music, settings, on_epoch=show)
    target.parent.mkdir(exist_ok=True)
    training.model.export(target)
    for sentence in verdict(training, music):
        terminal.console(chatter=True, wrap=True).print(sentence, markup=False)


def _play_bar(
    module: VirtualModule, link: Link, decoder: Decoder, knobs: tuple[float, ...]
) -> tuple[list[PlayedStep], list[JackStep]]:
    """Turns the knobs but W, clocks one bar; what came out, and what LiteRT says should."""
    import time

    import numpy as np

    from latentrack.playing.jacks import drum_steps

    panel, info = module.panel, decoder.info
    for name, position in zip(KNOBS, (*knobs[:3], knobs[4]), strict=True):
        panel.turn(name, position)
    latents = (2 * np.array(knobs[:4]) - 1) * info.latent_scale
    heard: Any = None
    for _ in range(100):
        heard = link.evaluate("track.latents, track.threshold")
        # The converter behind a knob has 4096 codes, so it comes close, not equal.
        if np.allclose([*heard[0], heard[1]], [*latents, knobs[4]], atol=2e-3):
            break
        time.sleep(0.01)
    else:
        raise UserError(f"The module did not follow its knobs: it is at {heard}, not {latents}.")
    # A write that finds the bus busy comes with a later tick: late, on a busy computer.
    panel.clock(info.steps, spacing_us=_STEP_US)
    probabilities = decoder.decode([heard[0]])[0]
    return panel.steps(), drum_steps(probabilities, info.groups, heard[1])


def _same(board: Board, step: PlayedStep, by_book: JackStep) -> bool:
    """Whether every jack got its volts, to 1 mV: a converter's step is 0.6 mV."""
    wanted = {board.DRUM_JACKS[trigger]: board.GATE for trigger in by_book.triggers}
    for accent, level in by_book.accents.items():
        wanted[board.DRUM_JACKS[len(JACKS) + accent]] = level * board.ACCENT
    return step.volts.keys() == wanted.keys() and all(
        abs(step.volts[jack] - volts) < 1e-3 for jack, volts in wanted.items()
    )


def _draw(
    console: Console,
    board: Board,
    number: int,
    knobs: tuple[float, ...],
    steps: list[PlayedStep],
    expected: list[JackStep],
) -> None:
    """One bar: the jacks on the left, LiteRT on the right, what differs in red."""
    import numpy as np
    from rich.table import Table

    from latentrack.corpus.picture import draw_bar

    jacks = board.DRUM_JACKS[: len(JACKS)]
    left = np.array([[jack in step.gates for jack in jacks] for step in steps])
    right = np.array([[jack in step.triggers for jack in range(len(JACKS))] for step in expected])
    x, y, z, w, threshold = knobs
    same = len(steps) == len(expected) and all(
        _same(board, *pair) for pair in zip(steps, expected, strict=True)
    )
    table = Table.grid(padding=(0, 4))
    table.add_row(
        f"\n[bold]bar {number}[/]  x {x:.2f}  y {y:.2f}  z {z:.2f}  w {w:.2f}  "
        f"threshold {threshold:.2f}",
        "\n[dim]LiteRT says[/]" if same else "\n[red]LiteRT says otherwise[/]",
    )
    blank = np.zeros((0, len(JACKS)))
    table.add_row(draw_bar(left if len(left) else blank, JACKS), draw_bar(right, JACKS))
    console.print(table)
