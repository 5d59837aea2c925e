"""`latentrack osc`: a model file played by OSC."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def osc(
    model: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="A model file to play.")],
    receive: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where messages come in.")
    ] = "127.0.0.1:9000",
    send: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where messages go.")
    ] = "127.0.0.1:9001",
    play: Annotated[
        bool, typer.Option("--play", help="Begin to play at once, at 120 BPM.")
    ] = False,
) -> None:
    """Play a model by OSC, from Pure Data, Max, SuperCollider or any other program.

    The program at the other end moves the model and makes the sound. docs/latentrack.pd is such a
    program for Pure Data: open it, and move its sliders.

        latentrack osc groove.tflite

    What it follows, each behind /latentrack/:

    - x, y, z, w (-1 to 1): where in the latent space; feel_x, feel_y: of the feel
    - threshold (0 to 1): how sure the model must be of a hit
    - density (group from 1, 0 to 1): how much of a group sounds
    - pitches (MIDI notes, up to 8): what a rhythm's hits play, in turn
    - steps: how many steps are played
    - tempo (20 to 400), swing (0.5 to 0.75), play, stop
    - feel, dynamics (0 to 200): % of the learned timing and dynamics
    - all: tell everything

    What it tells: step (from 0) and hit (voice, MIDI pitch, velocity) as they sound, model, and
    what of the above has changed. Ctrl-C ends it.
    """
    from latentrack.commands import terminal
    from latentrack.osc.player import OscPlayer
    from latentrack.words import count

    console = terminal.console(chatter=True)

    def ignored(sentence: str) -> None:
        console.print(sentence, markup=False)

    with OscPlayer(model, receive=receive, send=send, on_ignore=ignored) as player:
        pattern, knobs = player.instrument.pattern, player.instrument.knob_values
        size = f"{count(pattern.steps, 'step')} × {count(pattern.voices, 'voice')}"
        try:
            console.print(
                f"{model.name}: {size}, {count(len(knobs), 'latent')}. Receives at {receive}, "
                f"sends to {send}. Ctrl-C ends it.",
                markup=False,
            )
            if play:
                player.clock.play()
            player.wait()
        except KeyboardInterrupt:
            console.print("OSC ended.")
