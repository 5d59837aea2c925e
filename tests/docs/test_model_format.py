"""The reader of docs/model-format.md reads what Latentrack writes, and its table is true."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentrack.decoder.metadata import DecoderInfo, Extras, attach_info
from tests.docs.page import Page
from tests.docs.pages import DOCS
from tests.firmware.tflite_models import Shape, export

PAGE = DOCS / "model-format.md"


@pytest.fixture(scope="module")
def describe() -> Callable[[bytes], tuple[Any, ...]]:
    """The page's own function."""
    block = next(b for b in Page.read(PAGE).blocks if b.wish("save") == "read_model.py")
    names: dict[str, Any] = {"__name__": "read_model"}
    exec("\n".join(block.lines), names)
    return names["describe"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def bare_model() -> bytes:
    """A network with 24 outputs, without metadata."""
    return export(Shape((3, 8, 24), ("relu",)), "float32", seed=1)


@settings(max_examples=50, deadline=None)
@given(
    kind=st.sampled_from(["perdec", "seqdec", "rhythm"]),
    cells=st.sampled_from([(1, 24), (2, 12), (4, 6), (24, 1)]),
    scale=st.integers(1, 255),
    groups=st.lists(st.just(1), max_size=6),
    pitch=st.none() | st.integers(0, 127),
    threshold=st.none() | st.floats(0, 1),
    music=st.text(max_size=20),
)
def test_the_pages_reader_reads_what_is_written(
    describe: Callable[[bytes], tuple[Any, ...]],
    bare_model: bytes,
    kind: str,
    cells: tuple[int, int],
    scale: int,
    groups: list[int],
    pitch: int | None,
    threshold: float | None,
    music: str,
) -> None:
    steps, voices = cells
    sizes = tuple(groups[:voices]) if kind == "perdec" else ()
    names = tuple(f"voice {n}" for n in range(voices))
    extras = Extras(names, pitch, threshold, {"music": music})
    data = attach_info(bare_model, DecoderInfo(kind, steps, voices, scale, sizes), "x", extras)
    *outputs, said = describe(data)
    assert outputs == [kind, voices, steps, scale, sizes]
    wanted = {"latentrack": 1, "voices": list(names), "trained": {"music": music}}
    wanted |= {"lowest_pitch": pitch} if pitch is not None else {}
    wanted |= {"threshold": threshold} if threshold is not None else {}
    assert said == json.loads(json.dumps(wanted))


def test_the_bytes_of_the_pages_table_are_the_first_mark_of_the_file(bare_model: bytes) -> None:
    """Byte for byte the last column of the table, for the demo's own shape."""
    page = PAGE.read_text(encoding="utf-8")
    column = re.findall(r"^\| (?:\d+|\d+ to \d+|\d+ and on) \|.*\| `([0-9a-f ]+)`", page, re.M)
    shown = bytes.fromhex(" ".join(column))
    model = export(Shape((3, 8, 192), ("relu",)), "float32", seed=1)
    info = DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2))
    data = attach_info(model, info, "x", Extras(trained={"music": "xen:"}))
    assert len(shown) == 19
    assert data[data.index(b"xen:") :][:19] == shown
