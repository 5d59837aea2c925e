"""Pieces of the report's HTML; words are escaped."""

from __future__ import annotations

import base64
import html

from latentrack.model.drawing import Picture


def remedy(sentence: str) -> str:
    """A sentence on what to do where something is not good."""
    return f"<p class=remedy>{escaped(sentence)}</p>"


def image(picture: Picture, says: str) -> str:
    """A picture, which lies in the page itself; says: it in words."""
    data = base64.b64encode(picture.png()).decode()
    return f"<img alt='{escaped(says)}' src='data:image/png;base64,{data}'>"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table; all heads empty: it has none."""
    head = "".join(f"<th>{escaped(cell)}" for cell in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td class=number>{escaped(cell)}" if i < len(row) - 1 else f"<td>{escaped(cell)}"
            for i, cell in enumerate(row)
        )
        for row in rows
    )
    return f"<table>{'<tr>' + head if any(heads) else ''}{body}</table>"


def download(name: str, content: bytes, words: str) -> str:
    """A link to a MIDI file, which lies in the page itself."""
    data = base64.b64encode(content).decode("ascii")
    return f"<a download='{name}' href='data:audio/midi;base64,{data}'>{escaped(words)}</a>"


def escaped(words: str) -> str:
    """Words, none of which begins markup."""
    return html.escape(words, quote=True)
