"""`latentrack selftest`: does this module do what it should?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def selftest(
    port: Annotated[
        str | None,
        typer.Argument(
            metavar="[PORT]",
            help="The module's port or its name. Default: the only one.",
            show_default=False,
        ),
    ] = None,
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
    import os
    import time

    from latentrack.commands.ports import find_port
    from latentrack.errors import UserError
    from latentrack.files import whole_file
    from latentrack.module.link import Link
    from latentrack.module.selftest import SelfTest
    from latentrack.module.session import needs_package, running_session

    target = report or Path(time.strftime("latentrack-selftest-%Y-%m-%d-%H%M%S.md"))
    if not target.parent.is_dir():
        raise UserError(f"{target.parent} does not exist; name a file in an existing folder")
    if target.is_dir() or not os.access(target.parent, os.W_OK):
        raise UserError(f"{target} cannot be written; name a file in a folder you may write to")
    with Link(find_port(port)) as link:
        with needs_package(link), running_session(link, print):
            pass
        print(f"Measuring the module at {link.port}; it plays by its own clock for a moment.")
        result = SelfTest(link, lambda check: print(check.line(), flush=True), edges).run()
    with whole_file(target, "the report") as file:
        file.write(result.report().encode())
    print(f"The report is in {target}.")
    print(result.summary())
    if result.failed:
        raise typer.Exit(1)
