"""Choose the sizes of the layers between the cells and the latents."""

from __future__ import annotations

from dataclasses import replace

from latentrack.decoder.precision import AUTO
from latentrack.errors import UserError
from latentrack.limits import MEGABYTE, WEIGHTS
from latentrack.model.autoencoder import weight_count, weight_shapes
from latentrack.model.settings import Settings
from latentrack.model.sizes import FLASH_BYTES, PLAIN_BYTES, file_bytes, in_words

NARROWEST = 48
"""A decoder is made to fit a module without PSRAM where its last hidden layer has so many cells
then, as many as the reference's (3-12-48-192)."""
_EXPONENTS = [number / 32 for number in range(32, -65, -1)]


def linear_taper(cells: int, latents: int, hidden_layers: int) -> tuple[int, ...]:
    """Sizes that fall in equal steps, as the articles say: 192, 3, 2 -> (192, 129, 66, 3)."""
    parts = hidden_layers + 1
    return tuple(round(cells + (latents - cells) * i / parts) for i in range(parts + 1))


def geometric_taper(cells: int, latents: int, hidden_layers: int) -> tuple[int, ...]:
    """Sizes that fall in equal ratios, as the reference does: 192, 3, 2 -> (192, 48, 12, 3)."""
    ratio = (latents / cells) ** (1 / (hidden_layers + 1))
    return tuple(max(1, round(cells * ratio**i)) for i in range(hidden_layers + 2))


def power_taper(cells: int, latents: int, hidden_layers: int, exponent: float) -> tuple[int, ...]:
    """Sizes whose powers fall in equal steps: 1 is linear, towards 0 geometric, below narrower."""
    if exponent == 0:
        return geometric_taper(cells, latents, hidden_layers)
    parts, low, high = hidden_layers + 1, latents**exponent, cells**exponent
    steps = (high + (low - high) * i / parts for i in range(1, parts))
    return (cells, *(max(1, round(step ** (1 / exponent))) for step in steps), latents)


def fitting_taper(
    cells: int, latents: int, hidden_layers: int, precision: str = "float32"
) -> tuple[int, ...]:
    """The widest taper, at most linear, whose model file a module holds.

    A module without PSRAM, if the last hidden layer then has NARROWEST cells or more; else one
    with PSRAM. The narrowest taper there is where even that is too large.
    """
    tapers = [power_taper(cells, latents, hidden_layers, power) for power in _EXPONENTS]
    linear = linear_taper(cells, latents, hidden_layers)
    for most, narrowest in ((PLAIN_BYTES, NARROWEST), (FLASH_BYTES, 1)):
        for taper in (linear, *tapers[1:]):
            wide = taper == linear or taper[1] >= narrowest
            if wide and file_bytes(taper[::-1], precision) <= most:
                return taper
    return tapers[-1]


def with_taper(settings: Settings, cells: int, precision: str = "float32") -> Settings:
    """The settings with what `fitting_taper` chooses, where they leave it open.

    precision: with "auto" the layers are those that fit in float32.
    """
    if settings.taper is not None or settings.decoder_layers is not None:
        return settings
    sizes = (cells, settings.latents, settings.hidden_layers)
    fitting = fitting_taper(*sizes, "float32" if precision == AUTO else precision)
    if fitting == linear_taper(*sizes):
        return replace(settings, taper="linear")
    return replace(settings, decoder_layers=fitting[-2:0:-1])


def hidden_sizes(settings: Settings, cells: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The hidden layers of the encoder (from the cells) and of the decoder (from the latents).

    Without encoder_layers the encoder mirrors the decoder. UserError where that would be a model
    that is larger than limits.WEIGHTS.
    """
    settings = with_taper(settings, cells)
    taper = linear_taper if settings.taper == "linear" else geometric_taper
    decoder = settings.decoder_layers
    if decoder is None:
        decoder = taper(cells, settings.latents, settings.hidden_layers)[-2:0:-1]
    encoder = settings.encoder_layers
    if encoder is None:
        encoder = decoder[::-1]
    if settings.model == "stacked" and tuple(encoder) != tuple(decoder[::-1]):
        raise UserError(
            "In a stacked autoencoder the encoder mirrors the decoder: leave encoder_layers out."
        )
    sizes = (settings.latents, *decoder, cells)
    weights = weight_count(weight_shapes(cells, encoder, settings.latents, decoder))
    if weights > WEIGHTS:
        shown = "-".join(map(str, sizes))
        raise UserError(
            f"A decoder with layers {shown} would have {in_words(file_bytes(sizes))}, and with "
            f"its encoder {weights / MEGABYTE:,.0f} million weights, more than the "
            f"{WEIGHTS // MEGABYTE} million that are trained: leave --taper out, choose smaller "
            "decoder_layers, or sequences of fewer steps or voices."
        )
    return tuple(encoder), tuple(decoder)
