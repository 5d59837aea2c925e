"""Estimate the size of a model file, and say which modules hold it."""

from __future__ import annotations

from collections.abc import Sequence

from latentrack.decoder.precision import AUTO, PRECISIONS, check_precision
from latentrack.model.feel import TRUNK

PLAIN_BYTES = 340_000
"""The largest model file for a Teensy without PSRAM. Its arena for models has some 400 KB, and
beside the file lie there what latentcore works in and what comes in over USB."""
PAIR_BYTES = 190_000
"""The largest model file of which a Teensy without PSRAM holds two at once, so that one can be
pushed while the other plays."""
FLASH_BYTES = 6_500_000
"""The largest that is stored: the flash has 7 MB, of which Latentrack takes a part. A Teensy with
PSRAM has 8 or 16 MB of it, so what is stored there can be played, too."""
_FRAME_BYTES, _FRAME_OF_A_FEEL = 2_500, 3_000


def file_bytes(layers: Sequence[int], precision: str = "float32", feel: int = 0) -> int:
    """About how large the model file will be, within a few percent.

    layers: the decoder's sizes, latents of the hits first and cells last.  precision: see
    `decoder.precision`.  feel: latents of the feel, 0: it has none.
    """
    each = PRECISIONS[precision]
    pairs = list(zip(layers, layers[1:], strict=False))
    if feel:
        trunk = (layers[0] + feel, *TRUNK)
        pairs[0] = (layers[0] + feel, layers[1])
        pairs += [*zip(trunk, trunk[1:], strict=False), *[(trunk[-1], layers[-1])] * 2]
    frame = _FRAME_BYTES + (_FRAME_OF_A_FEEL if feel else 0)
    return sum((each.weight_bytes * a + each.bias_bytes) * b for a, b in pairs) + frame


def chosen_precision(name: str, layers: Sequence[int], feel: int = 0) -> str:
    """The precision that `name` means for a decoder of these layers; see `file_bytes`.

    "auto" is float32 up to PAIR_BYTES and float16 above. UserError: there is no such precision.
    """
    if check_precision(name, or_auto=True) != AUTO:
        return name
    return "float32" if file_bytes(layers, "float32", feel) <= PAIR_BYTES else "float16"


def in_words(size: int) -> str:
    """Bytes as people say them, in decimal units: "138 kB", "5.5 MB", "537 MB", "2.1 GB"."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB")):
        if size >= unit:
            return f"{size / unit:,.{0 if size >= 10 * unit else 1}f} {name}"
    return f"{size / 1000:,.0f} kB"


def which_modules(size: int) -> str:
    """Which modules hold a model file of so many bytes, as the end of a sentence about it."""
    if size <= PLAIN_BYTES:
        return "which every module holds"
    if size <= FLASH_BYTES:
        return (
            f"which only a module with PSRAM holds (without PSRAM at most "
            f"{in_words(PLAIN_BYTES)} fit)"
        )
    return "which no module holds (its flash has 7 MB, its memory at most 16 MB)"


def warning(size: int, precision: str = "float32") -> str:
    """What is to be said of a model file of `size` bytes that not every module holds; else ""."""
    smaller = remedy(size, precision)
    return smaller and f"It has {in_words(size)}, {which_modules(size)}. {smaller}"


def remedy(size: int, precision: str = "float32") -> str:
    """What makes a model file of `size` bytes smaller, as a sentence; "" where every module holds
    it."""
    if size <= PLAIN_BYTES:
        return ""
    short = precision in ("dynamic", "int8")
    return (
        "To make it smaller, train it with smaller layers (--decoder-layers 48-96)"
        f"{'.' if short else ', or write its weights smaller (--precision dynamic).'}"
    )
