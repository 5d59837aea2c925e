"""The sizes of the layers between the cells and the latents."""

from __future__ import annotations

from latentrack.errors import UserError
from latentrack.limits import MEGABYTE, WEIGHTS
from latentrack.model.autoencoder import weight_count, weight_shapes
from latentrack.model.settings import Settings


def linear_taper(cells: int, latents: int, hidden_layers: int) -> tuple[int, ...]:
    """Sizes that fall in equal steps, as the articles say: 192, 3, 2 -> (192, 129, 66, 3)."""
    parts = hidden_layers + 1
    return tuple(round(cells + (latents - cells) * i / parts) for i in range(parts + 1))


def geometric_taper(cells: int, latents: int, hidden_layers: int) -> tuple[int, ...]:
    """Sizes that fall in equal ratios, as the reference does: 192, 3, 2 -> (192, 48, 12, 3)."""
    ratio = (latents / cells) ** (1 / (hidden_layers + 1))
    return tuple(max(1, round(cells * ratio**i)) for i in range(hidden_layers + 2))


def hidden_sizes(settings: Settings, cells: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The hidden layers of the encoder (from the cells) and of the decoder (from the latents).

    Without encoder_layers the encoder mirrors the decoder. UserError where that would be a model
    that is larger than limits.WEIGHTS.
    """
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
    sizes = (*decoder, cells)
    weights = weight_count(weight_shapes(cells, encoder, settings.latents, decoder))
    if weights > WEIGHTS:
        shown = "-".join(map(str, sizes))
        raise UserError(
            f"Layers of {shown} cells have {weights / MEGABYTE:,.0f} million "
            f"weights with their encoder, more than {WEIGHTS // MEGABYTE}: choose smaller "
            "decoder_layers, or sequences of fewer steps or voices."
        )
    return tuple(encoder), tuple(decoder)
