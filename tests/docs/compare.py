"""Whether what a page shows is what came out."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What may be another at every run, and what it counts as.
MASKS = (
    # pytest says it of what took more than a minute, as on a busy computer.
    (r"(?<=s) \(\d+:\d\d:\d\d\)", ""),
    # Said of a training of more than 20 s.
    (r"It takes about [\d.]+ (s|min|h) here\.\n", ""),
    (r"/dev/(pts/\d+|ttyACM\d+)", "PORT"),
    (r"\b\d\d:\d\d:\d\d\b", "TIME"),
    (r"[\d,.]*\d\s(ms|s|seconds|minutes|KB|kB|MB|bytes)\b", r"N \1"),
    (r"\b\d+\.\d+\.\d+\b", "VERSION"),
    (r"\b(a|in) \d\d?/\d\d?\b", "N/N"),
    (r"\b\d+ files\b", "N files"),
    # A table is as wide as what stands in it, a line or a bar as the terminal.
    (r"[━─]+", "─"),
    (r" {2,}", "  "),
)
# With `figures vary`: numbers, drawn bars of music, and where a line breaks.
FIGURES = (
    (r"\d[\d,.]*\d|\d", "N"),
    (r"[xXo.]{2,4}(\|[xXo.]{2,4})*", "BAR"),
    (r"[●·]+", "BAR"),
    (r"\s+", " "),
)
ANYTHING = "..."


def matches(shown: Sequence[str], printed: str, *, figures_vary: bool = False) -> bool:
    """Whether the lines of a page describe all that was printed."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == ANYTHING:
            pieces.append([])
        else:
            pieces[-1].append(line)
    wanted = [re.escape(_plain("\n".join(piece), figures_vary)) for piece in pieces]
    # `...` may be no line at all, also at the end.
    pattern = r"\s*(?:.*\s)?".join(wanted)
    said = f"\n{_plain(printed, figures_vary)}\n"
    return re.fullmatch(rf"\s*{pattern}\s*", said, re.DOTALL) is not None


def elided(shown: Sequence[str], printed: str) -> list[str]:
    """What was printed, shortened as the page had it: as many lines before `...` and behind it.

    Where a page leaves out several times, its author says anew what.
    """
    lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
    at = [number for number, line in enumerate(shown) if line.strip() == ANYTHING]
    if len(at) != 1:
        return lines
    before, behind = at[0], len(shown) - 1 - at[0]
    if before + behind >= len(lines):
        return lines
    return [*lines[:before], ANYTHING, *lines[len(lines) - behind :]]


def _plain(text: str, figures_vary: bool) -> str:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").strip("\n").splitlines()]
    plain = "\n".join(lines)
    for pattern, word in MASKS + (FIGURES if figures_vary else ()):
        plain = re.sub(pattern, word, plain)
    return plain.strip()
