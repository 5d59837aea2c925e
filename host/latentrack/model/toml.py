"""Tables of plain values as TOML, which Python reads and does not write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of plain values, as TOML; the table "" comes first, and None is left out."""
    lines = []
    for table, values in tables.items():
        if table:
            lines.append(f"\n[{table}]")
        # A quoted key may hold anything.
        lines += [
            f"{name if name.isidentifier() and name.isascii() else json.dumps(name)} = "
            f"{_toml_value(value)}"
            for name, value in values.items()
            if value is not None
        ]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's strings are TOML's, but for surrogates, which ensure_ascii=False does not make,
        # and one control character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    return repr(value)
