"""`latentrack selftest`: Measure whether a module does what it should."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.options import JsonOption, check_output_file
from latentrack.commands.ports import PortArgument, PortOption


def selftest(
    context: typer.Context,
    module: PortArgument = None,
    port: PortOption = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the report goes. Default: latentrack-selftest-DATE-TIME.md here.",
            show_default=False,
        ),
    ] = None,
    edges: Annotated[
        int, typer.Option(min=100, max=20_000, help="Clock edges to measure, one a millisecond.")
    ] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """Measure a module in about a minute, and say what is right and what to look at.

    Firmware and board, memory, the clock's timers, inputs at rest, processor cycles of a clock edge
    and of decoding each stored model, frame times, lost writes. It plays its own clock meanwhile;
    models and settings stay.

    With patch cables it measures the jacks too: patch outputs to CV inputs, or to clock, reset and
    triggers, as many as you like. It finds out which goes where.

    The report is one file, text and JSON, that can be posted as it is. Exits with 1 if a check
    failed.
    """
    import time

    from latentrack.commands.ports import either_port, find_port
    from latentrack.commands.terminal import console, print_json
    from latentrack.files import atomic_write
    from latentrack.module.link import Link
    from latentrack.module.selftest import Check, SelfTest
    from latentrack.module.session import needs_package, running_session

    target = report or Path(time.strftime("latentrack-selftest-%Y-%m-%d-%H%M%S.md"))
    check_output_file(target, "the report")
    chatter = console(chatter=True)

    def show(check: Check) -> None:
        chatter.print(check.line(), markup=False)

    with Link(find_port(either_port(context, module, port))) as link:
        with needs_package(link), running_session(link, chatter.print):
            pass
        chatter.print(
            f"Measuring the module at {link.port}; it plays by its own clock for a moment."
        )
        result = SelfTest(link, show, edges).run()
    with atomic_write(target, "the report") as file:
        file.write(result.report().encode())
    chatter.print(f"The report is in {target}.", markup=False)
    if as_json:
        print_json(result.as_dict() | {"report": str(target)})
    else:
        print(result.summary())
    if result.failed:
        raise typer.Exit(1)
