"""Follows pages, and says what is not as they show it, or writes it into them.

python -m tests.docs [--write] [PAGE...]     without a page: all that have something to run
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.docs import tables, wiring
from tests.docs.compare import elided
from tests.docs.desk import Desk, Outcome
from tests.docs.page import Page
from tests.docs.pages import PAGES, name_of


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--write", action="store_true", help="write the real output")
    options.add_argument("pages", nargs="*", type=Path, metavar="PAGE")
    given = options.parse_args()
    if given.write and not given.pages:
        wiring.PICTURE.write_text(wiring.draw(), encoding="utf-8")
    wrong = 0
    with tempfile.TemporaryDirectory() as cache:
        for path in [page.resolve() for page in given.pages] or PAGES:
            if given.write:
                tables.write(path)
            page = Page.read(path)
            with tempfile.TemporaryDirectory() as folder, Desk(Path(folder), Path(cache)) as desk:
                differing = [outcome for outcome in desk.follow(page) if not outcome.right]
            for outcome in differing:
                print(describe(page, outcome))
            if given.write and differing:
                path.write_text(rewritten(page, differing), encoding="utf-8")
            wrong += len(differing)
            print(f"{name_of(path)}: {len(differing) or 'nothing'} differs", flush=True)
    sys.exit(1 if wrong and not given.write else 0)


def describe(page: Page, outcome: Outcome) -> str:
    """What was typed where, what the page shows, and what came."""
    shown = "\n".join(outcome.shown)
    return (
        f"{name_of(page.path)}:{outcome.block.first}: {outcome.typed or '(goes on)'}\n"
        f"--- shown\n{shown}\n--- printed, exit code {outcome.code}\n{outcome.printed}"
    )


def rewritten(page: Page, differing: list[Outcome]) -> str:
    """The page with what was printed, as short as it was; what agrees stays letter for letter."""
    lines = list(page.lines)
    for block in reversed(page.blocks):
        ours = {outcome.typed: outcome for outcome in differing if outcome.block == block}
        if not ours or block.language == "python":
            continue
        mark, more = (">>> ", "... ") if block.language == "pycon" else ("$ ", "> ")
        new: list[str] = []
        for typed, shown in block.parts():
            if typed == "^C":
                new.append(typed)
            elif typed is not None:
                first, *rest = typed.splitlines()
                new += [mark + first, *(more + line for line in rest)]
            new += elided(shown, ours[typed].printed) if typed in ours else shown
        lines[block.first : block.first + len(block.lines)] = new
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
