"""A rig: a module with models of the reference project on it, at its prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from latentrack.decoder.litert import Decoder
from latentrack.module.link import Link
from latentrack.virtual.module import HEAP_BYTES, PSRAM_BYTES
from tests.device.rig import Rig

DRUMS = "reference_perc_groove"
CHORALES = "reference_note_chorales"
WIDE = "reference_note_128_pitches"


@pytest.fixture
def rig(start, shared_data) -> Iterator[Callable[..., Rig]]:
    """rig("name", ...): a module that plays the first of these models, in manual time.

    With the largest of them it has the memory of a Teensy with PSRAM: the file alone is 1.9 MB.
    """
    with ExitStack() as stack:

        def make(*names: str, manual_time: bool = True) -> Rig:
            heap_bytes = PSRAM_BYTES if WIDE in names else HEAP_BYTES
            models = [shared_data / "decoders" / f"{name}.tflite" for name in names]
            module = start(*models, manual_time=manual_time, heap_bytes=heap_bytes)
            made = Rig(module, stack.enter_context(Link(module.port)))
            made.link.run("instrument.quiet = True")
            if names:
                made.run(f"library.play({names[0]!r}, remember=False)")
            return made

        yield make


@pytest.fixture(scope="session")
def decoded(shared_data) -> Callable[..., object]:
    """decoded(name, latents): what LiteRT decodes there, shape (steps, voices)."""
    decoders: dict[str, Decoder] = {}

    def decode(name: str, latents):
        if name not in decoders:
            decoders[name] = Decoder(shared_data / "decoders" / f"{name}.tflite")
        return decoders[name].decode([latents])[0]

    return decode
