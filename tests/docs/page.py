"""A page of Markdown as the things that are to be done, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

LANGUAGES = ("console", "python", "pycon", "text", "json", "c", "toml")
WITH_A_TEENSY = 'title="with a Teensy"'

_ASKED = re.compile(r"<!-- run: (.+?) -->")
_FENCE = re.compile(r"```(\w*) ?(.*)")
# Where a command begins in a block whose language says that there are none.
_LOOKS_LIKE_A_COMMAND = re.compile(r"\s*(\$ |>>> |latentrack |make [a-z]+|pip install )")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the rest of that line, what it holds, what was asked before it.

    `first` is the number of its first line within the page's lines, from 0; `asked` the wishes of
    the comments between the block before and this one.
    """

    language: str
    title: str
    lines: tuple[str, ...]
    first: int
    asked: tuple[str, ...]

    def wish(self, name: str) -> str | None:
        """What follows `name` in the wish that begins with it; "" if nothing does."""
        for wish in self.asked:
            if wish == name or wish.startswith(name + " "):
                return wish[len(name) :].strip()
        return None

    @property
    def left_out(self) -> bool:
        """Nothing of it is run by us."""
        return (
            self.title == WITH_A_TEENSY
            or self.wish("not here") is not None
            or self.wish("elsewhere") is not None
            or self.language not in ("console", "python", "pycon")
        )

    def parts(self) -> list[tuple[str | None, list[str]]]:
        """Of a console or a prompt: what is typed, and the lines that it answers.

        What is typed is None for the answer of a program that runs already.
        """
        mark, more = (">>> ", "... ") if self.language == "pycon" else ("$ ", "> ")
        found: list[tuple[str | None, list[str]]] = []
        for line in self.lines:
            if line.startswith(mark):
                found.append((line[len(mark) :], []))
            elif line == "^C" and self.language == "console":
                found.append((line, []))
            elif found and not found[-1][1] and line.startswith(more) and self._goes_on(found):
                found[-1] = (f"{found[-1][0]}\n{line[len(more) :]}", [])
            else:
                if not found:
                    found.append((None, []))
                found[-1][1].append(line)
        return found

    def _goes_on(self, found: list[tuple[str | None, list[str]]]) -> bool:
        """Whether the line before waits for another one, so that `...` is no mere lines."""
        before = (found[-1][0] or "").splitlines()[-1]
        return self.language == "pycon" or before.endswith("\\")


@dataclass(frozen=True)
class Page:
    """A page: its file, its lines, and its blocks in their order; wishes behind the last block."""

    path: Path
    lines: tuple[str, ...]
    blocks: tuple[Block, ...]

    @classmethod
    def read(cls, path: Path) -> Page:
        """ValueError with the line's number, where a block has no language or does not end."""
        lines = tuple(path.read_text(encoding="utf-8").splitlines())
        blocks: list[Block] = []
        asked: list[str] = []
        inside: Block | None = None
        for number, line in enumerate(lines):
            if inside is not None:
                if line == "```":
                    blocks.append(replace(inside, lines=lines[inside.first : number]))
                    inside = None
                continue
            asked += _ASKED.findall(line)
            if line.startswith("```"):
                language, title = _FENCE.fullmatch(line).groups()  # type: ignore[union-attr]
                if language not in LANGUAGES:
                    raise ValueError(f"{path.name}:{number + 1}: a block of {language!r}")
                inside = Block(language, title, (), number + 1, tuple(asked))
                asked = []
        if inside is not None:
            raise ValueError(f"{path.name}:{inside.first}: a block that does not end")
        return cls(path, lines, tuple(blocks))

    def unmarked_commands(self) -> list[str]:
        """Lines that look like commands where none may stand: in text, or indented as one."""
        found = [
            line
            for block in self.blocks
            if block.language in ("text", "json")
            for line in block.lines
            if _LOOKS_LIKE_A_COMMAND.match(line)
        ]
        inside = {n for b in self.blocks for n in range(b.first, b.first + len(b.lines))}
        return found + [
            line
            for number, line in enumerate(self.lines)
            if number not in inside and re.match(r" {4,}", line)
            and _LOOKS_LIKE_A_COMMAND.match(line)
        ]  # fmt: skip
