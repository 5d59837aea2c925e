"""`latentrack midi`: Bridge the module's MIDI over USB to this computer's MIDI ports."""

from __future__ import annotations

from typing import Annotated

import typer

from latentrack.commands.ports import PortOption


def midi(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A MIDI port of this computer (default: one of our own, called Latentrack, to "
            "which other programs connect).",
            show_default=False,
        ),
    ] = None,
    port: PortOption = None,
) -> None:
    """Bridge the module's MIDI over USB to this computer's MIDI ports, until Ctrl-C.

    What the module sends by MIDI comes out of the port, and what is sent to the port is heard by
    the module as if it came at its MIDI input. The prompt and other commands go on meanwhile.
    Messages come some milliseconds late, and those of a few milliseconds together: the delay is
    measured and said. For a steady clock use the MIDI jacks, or a cable to the clock input.
    """
    import mido

    from latentrack import midi_ports
    from latentrack.commands.ports import find_port
    from latentrack.errors import UserError
    from latentrack.module.files import refusals
    from latentrack.module.midi_bridge import MidiBridge

    try:
        outputs, inputs = midi_ports.port_names()
    except midi_ports.NoMidi as error:
        raise UserError(str(error)) from error
    if name is None and not midi_ports.has_virtual_ports():
        raise UserError(
            "Programs cannot make MIDI ports on Windows; name one of this computer's "
            f"({', '.join(outputs) or 'there is none'}): latentrack midi NAME"
        )
    chosen = midi_ports.VIRTUAL if name is None else name
    parser = mido.Parser()

    def out(data: bytes) -> None:
        parser.feed(data)
        for message in parser:
            if output is not None:
                output.send(message)

    def measured(median: float, longest: float) -> None:
        print(
            f"A request takes {1000 * median:.0f} ms, at the most {1000 * longest:.0f} ms: "
            "messages are late by about that."
        )

    def heard(message: mido.Message) -> None:
        if message.type != "sysex":
            bridge.send(bytes(message.bytes()))

    bridge = MidiBridge(find_port(port), out, measured)
    output = midi_ports.open_output(chosen, outputs)
    source = midi_ports.open_input(chosen, inputs, heard)
    try:
        if output is None and source is None:
            there = ", ".join(sorted({*outputs, *inputs}))
            raise UserError(
                f"There is no MIDI port {name}, or another program has it; there "
                f"{'are ' + there if there else 'is none'}."
            )
        shown = "Latentrack" if name is None else name
        print(f"MIDI goes through the port {shown}. Ctrl-C ends it.")
        with refusals("The module has no MIDI over USB"):
            bridge.run()
    finally:
        midi_ports.close(source)
        midi_ports.close(output)
        bridge.close()
