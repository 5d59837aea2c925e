"""Describe what the knobs of a model do whose latents are ordered by attributes of its music."""

# By the attribute's name in the metadata: the ends of its knob. A line on the screen has 20
# letters.
ENDS = {
    "density": ("sparse", "busy"),
    "syncopation": ("on beat", "off beat"),
    "balance": ("kick", "hats"),
    "instruments": ("few", "many drums"),
    "register": ("low", "high"),
    "range": ("narrow", "wide"),
    "leaps": ("steps", "leaps"),
}
_PARAMETERS = "xyzw"


def lines(names):
    """A line for each parameter whose latent has a known attribute: {"x": "sparse <X> busy"}.

    names: the attribute of each latent, as the metadata have it; what is unknown has no line.
    """
    found = {}
    for parameter, name in zip(_PARAMETERS, names):  # noqa: B905  (MicroPython has no strict)
        ends = ENDS.get(name) if type(name) is str else None
        if ends:
            found[parameter] = f"{ends[0]} <{parameter.upper()}> {ends[1]}"
    return found
