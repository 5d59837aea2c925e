"""Which voice goes to which jack: the eight outputs as latentcore.route wants them.

drums    triggers from the first jack on, accents behind them, as far as there are jacks; with all
         jacks, in the order of the board's DRUM_JACKS
notes    as many voices as there are pairs of jacks: triggers first, then their pitches
rhythm   as notes, a voice each

Jacks that are taken, for a velocity, a clock or by the quantiser, are not the tracks': drums keep
the others as they are, notes and rhythms share out those that are left.
"""

NOWHERE = 15
CHANNELS = 8
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


def mask(route):
    """The channels of a packed route; bit i is channel i."""
    found = 0
    for i in range(8):
        channel = route >> 4 * i & 15
        if channel != NOWHERE:
            found |= 1 << channel
    return found


def routes(mode, jacks, voices, drum_jacks=JACKS["all"], taken=0):
    """(triggers, levels, notes at once) for latentcore: `voices` is how many want to be heard.

    `drum_jacks` is the order in which drums take the jacks when they have all of them: the board's.
    taken: a mask of jacks that are not the track's.
    """
    if mode == "drums" and len(jacks) == len(drum_jacks):
        jacks = drum_jacks
    if mode != "drums":
        jacks = [jack for jack in jacks if not taken >> jack & 1]
        voices = min(voices, len(jacks) // 2)
        return packed(jacks[:voices]), packed(jacks[voices : 2 * voices]), max(voices, 1)
    jacks = [NOWHERE if taken >> jack & 1 else jack for jack in jacks]
    return packed(jacks[:voices]), packed(jacks[voices:]), 4
