"""Write the module's page: static files that work from any web server, and from a folder."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from latentrack import assets
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.module import FLASH
from latentrack.module.library import StoredModel
from latentrack.virtual.chip import chip
from latentrack.web.bars import Bar

HERE = Path(__file__).resolve().parent
_PANEL_STYLE = HERE.parent / "studio" / "panel" / "panel.css"
_SCRIPTS = ("page.js", "worker.js", "player.js")


def site(models: Iterable[StoredModel], bars: Sequence[Bar] | None = None) -> dict[str, bytes]:
    """The page's files by name: index.html, page.js and data.js.

    models: those in its library from the beginning.  bars: what the module is to play first, and to
    send back to where the page came from. Raises UserError if the page is not built.
    """
    folder = assets.web_folder()
    built = {name: (folder / "page" / name).read_bytes() for name in _SCRIPTS}
    style = (_PANEL_STYLE.read_text("utf-8") + (HERE / "page.css").read_text("utf-8")).rstrip()
    page = (HERE / "page.html").read_text("utf-8").replace("@STYLE@", style)
    rom = {path.name: path.read_bytes() for path in sorted((folder / "rom").glob("*.py"))}
    device = {
        path.relative_to(assets.DEVICE).as_posix(): path.read_bytes()
        for path in sorted(assets.DEVICE.rglob("*.py"))
    }
    device |= {model.path.removeprefix(f"{FLASH}/"): model.data for model in models}
    told: dict[str, Any] = {
        "scripts": {name: _text(built[f"{name}.js"]) for name in ("worker", "player")},
        "assets": {
            "micropython": _text((folder / "micropython.wasm").read_bytes()),
            "latentcore": _text((folder / "latentcore.wasm").read_bytes()),
            "rom": {name: _text(data) for name, data in rom.items()},
            "files": {name: _text(data) for name, data in device.items()},
            "pins": pin_numbers(),
            "analog": analog_numbers(),
        },
    }
    if bars is not None:
        told["bars"] = [asdict(bar) for bar in bars]
    data = f"globalThis.LATENTRACK = {json.dumps(told, separators=(',', ':'))};\n"
    return {"index.html": page.encode(), "page.js": built["page.js"], "data.js": data.encode()}


def export(folder: Path, models: Iterable[StoredModel]) -> dict[str, bytes]:
    """Write the page's files into a folder, and return them by name.

    index.html comes last, so that a page that is there is whole. Raises UserError.
    """
    files = site(models)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The folder {folder} cannot be made ({error.strerror or error}); name another one."
        ) from error
    for name in sorted(files, key=lambda name: name == "index.html"):
        with atomic_write(folder / name, "the page") as file:
            file.write(files[name])
    return files


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def pin_numbers() -> dict[str, int]:
    """The number of each pin by its name: GPIO port << 5 | bit (firmware/virtual/board.h)."""
    return {name: port << 5 | bit for name, (port, bit) in chip().pins.items()}


def analog_numbers() -> dict[str, int]:
    """The number of each analog input by both of its names: (ADC - 1) << 4 | channel."""
    described = chip()
    names = {**{pin: pin for pin in described.analog}, **described.analog_names}
    numbers = {}
    for name, pin in names.items():
        if pin in described.analog:
            adc, channel = described.analog[pin]
            numbers[name] = (adc - 1) << 4 | channel
    return numbers
