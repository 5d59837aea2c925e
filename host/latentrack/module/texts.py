"""Make a text file fit for the module, whatever editor has saved it.

MicroPython reads UTF-8 without a byte order mark. What stands for such a text is changed to it, and
what does not is refused with the line, for the module would only say that its syntax is invalid.
"""

from __future__ import annotations

import codecs
import re

from latentrack.errors import UserError

_OTHERS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def for_module(name: str, data: bytes) -> bytes:
    """The text as the module gets it: no byte order mark, and no line that ends in CR alone.

    Raises UserError if it is not UTF-8; `name` is the file there.
    """
    for mark, encoding in _OTHERS.items():
        if data.startswith(mark):
            raise UserError(f"{name} is saved as {encoding}; save the file as UTF-8.")
    text = data.removeprefix(codecs.BOM_UTF8)
    if b"\0" in text:
        line = _line_of(text, text.index(b"\0"))
        raise UserError(f"{name}, line {line}: there is a zero byte; save the file as UTF-8 text.")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_of(text, error.start)
        raise UserError(
            f"{name}, line {line}: a letter is not UTF-8 (Latin-1, it seems); save the file as "
            "UTF-8."
        ) from None
    return re.sub(rb"\r(?!\n)", b"\n", text)


def _line_of(text: bytes, at: int) -> int:
    """The number of a line, from 1, whatever lines end with."""
    return len(re.findall(rb"\r\n|\r|\n", text[:at])) + 1
