"""What the reference project's firmware can play: it has knobs for three latents.

Those of a feel do not count: they come behind the others, and the hits do not depend on them.
"""

from __future__ import annotations

from latentrack.playing.kinds import Kind
from latentrack.words import count

REFERENCE_LATENTS = 3
_KINDS = (Kind.DRUMS.code, Kind.NOTES.code)


def unlike_reference(kind: str, latents: int) -> str:
    """Why that firmware cannot play a model, and what to do, in one sentence; "" if it can.

    kind: the six characters in the model file; of one that it does not know nothing is said, for
    no training would help.  latents: those of the hits.
    """
    if kind not in _KINDS or latents == REFERENCE_LATENTS:
        return ""
    return (
        "The reference project's firmware plays models of "
        f"{count(REFERENCE_LATENTS, 'latent')}, and this one has {latents}: to play it there, "
        f"train one with --latents {REFERENCE_LATENTS}."
    )
