"""Which voice goes to which jack: the eight outputs as latentcore.route wants them.

drums    triggers from the first jack on, accents behind them, as far as there are jacks
notes    as many voices as there are pairs of jacks: triggers first, then their pitches
rhythm   as notes, a voice each
"""

NOWHERE = 15
# The jacks (from 0) behind each choice of the parameter `jacks`; "auto" is somebody else's choice.
JACKS = {
    "all": (0, 1, 2, 3, 4, 5, 6, 7),
    "1-4": (0, 1, 2, 3),
    "5-8": (4, 5, 6, 7),
    "off": (),
}


def packed(channels):
    """Channels as eight 4-bit numbers, the first lowest; what is missing goes nowhere."""
    route = 0
    for i in range(8):
        route |= (channels[i] if i < len(channels) else NOWHERE) << 4 * i
    return route


def routes(mode, jacks, voices):
    """(triggers, levels, notes at once) for latentcore: `voices` is how many want to be heard."""
    if mode != "drums":
        voices = min(voices, len(jacks) // 2)
        return packed(jacks[:voices]), packed(jacks[voices : 2 * voices]), max(voices, 1)
    return packed(jacks[:voices]), packed(jacks[voices:]), 4
