"""A rig: a module with models on it, at its prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from latentrack.decoder.litert import Decoder
from latentrack.module.link import Link
from latentrack.virtual.module import HEAP_BYTES, PSRAM_BYTES
from tests.decoders import WIDE, write_eight
from tests.device.felt import FeltModel
from tests.device.performed import Eight
from tests.device.rig import Rig
from tests.workers import made_once


@pytest.fixture
def rig(start, decoders) -> Iterator[Callable[..., Rig]]:
    """rig("name", ...): a module that plays the first of these models, in manual time.

    A name with a "/" in it is the path of a model, but for its ".tflite".
    With the largest of them it has the memory of a Teensy with PSRAM: the file alone is 1.9 MB.
    `heap_bytes` is another size of its memory, `board` another board than the reference hardware.
    """
    with ExitStack() as stack:

        def make(
            *names: str,
            manual_time: bool = True,
            heap_bytes: int = HEAP_BYTES,
            board: str | None = None,
        ) -> Rig:
            if WIDE in names:
                heap_bytes = PSRAM_BYTES
            models = [decoders / f"{name}.tflite" for name in names]
            module = start(*models, manual_time=manual_time, heap_bytes=heap_bytes, board=board)
            made = Rig(module, stack.enter_context(Link(module.port)))
            made.link.run("instrument.quiet = True")
            if names:
                name = names[0].rpartition("/")[2]
                made.run(f"library.play({name!r}, remember=False)")
            return made

        yield make


@pytest.fixture(scope="session")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Eight:
    """The model of `performed`."""
    return Eight.read(made_once(tmp_path_factory, "eight", write_eight))


@pytest.fixture(scope="session")
def felt_model(felt) -> FeltModel:
    """A drum model with a feel."""
    return FeltModel(felt)


@pytest.fixture(scope="session")
def decoded(decoders) -> Callable[..., object]:
    """decoded(name, latents): what LiteRT decodes there, shape (steps, voices)."""
    known: dict[str, Decoder] = {}

    def decode(name: str, latents):
        if name not in known:
            known[name] = Decoder(decoders / f"{name}.tflite")
        return known[name].decode([latents])[0]

    return decode
