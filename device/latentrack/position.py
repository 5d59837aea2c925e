"""A position without a model: knob values, -1 to 1, in the same places for all models.

0 to 7    the first latents of the hits: X, Y, Z, W, and four without a parameter
8, 9      the latents of the feel: Feel X, Feel Y
10        morph, 0 to 1
"""

PLACES = 11
FEEL = 8
MORPH = 10
# The parameter of each place; None: it has none.
NAMES = ("x", "y", "z", "w", None, None, None, None, "feel_x", "feel_y", "morph")


def place(model, latent):
    """Return the place of a latent of the model, from 0."""
    own = model.latents - model.feel_latents
    return latent if latent < own else FEEL + latent - own


def has(model, name):
    """Return whether the model has the latent of a parameter, such as "w" or "feel_x"."""
    if model is None or name not in NAMES:
        return False
    at = NAMES.index(name)
    if at < FEEL:
        return at < model.latents - model.feel_latents
    return at - FEEL < model.feel_latents


def layout(models):
    """Return (places, scales): of each number that latentcore.decode wants its place and its unit.

    models: a track's: none, one, or the model and its partner, behind which morph comes.
    """
    if not models:
        return tuple(range(FEEL)), (1,) * FEEL
    places, scales = [], []
    for model in models:
        for latent in range(model.latents):
            places.append(place(model, latent))
            scales.append(model.scale)
    if len(models) > 1:
        places.append(MORPH)
        scales.append(1)
    return tuple(places), tuple(scales)
