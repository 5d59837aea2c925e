"""Morphing: the parameter `morph` blends a track's model into another one, its partner."""

_UNFIT = (OSError, ValueError, MemoryError)


def misfit(model, partner):
    """Return why `partner` cannot be blended with `model`, as a clause; None: it can."""
    for what, ours, its in (
        ("steps", model.steps, partner.steps),
        ("voices", model.voices, partner.voices),
        ("as its way to play", model.mode, partner.mode),
        ("as its groups of voices", model.groups, partner.groups),
        ("as its lowest note", model.lowest_pitch, partner.lowest_pitch),
    ):
        if ours != its:
            names = f"{partner.name} cannot be blended with {model.name}"
            return f"{names}: it has {its} {what}, not {ours}"
    return None


def choose(instrument, track, name):
    """Make the model `name` the track's partner, from the next bar on; None: it has none.

    Raises what library.load raises, and ValueError if the model does not fit or nothing plays.
    """
    if name is None:
        if track.partner is not None:
            track.play(track.model)
    else:
        if track.model is None:
            raise ValueError("no model plays on the track; play one first")
        partner = instrument.library.load(name)
        try:
            why = misfit(track.model, partner)
            if why is not None:
                raise ValueError(why)
            track.play(track.model, partner)
        finally:
            partner.release()
    track.remember_partner(name)


def play(instrument, track, model):
    """Play a model with the partner that the track remembers, or, if that cannot be, without it.

    Raises what track.play raises of the model alone.
    """
    partner = _load(instrument, track, model)
    if partner is not None:
        try:
            track.play(model, partner)
            return
        except MemoryError as error:
            _forget(instrument, track, error)
        finally:
            partner.release()
    track.play(model)


def restore(instrument, track):
    """Give the track the partner that it remembers, if it has another one."""
    has = None if track.partner is None else track.partner.name
    wants = track.partner_name
    if track.model is not None and has != (wants and wants.rsplit("/", 1)[-1]):
        play(instrument, track, track.model)


def _load(instrument, track, model):
    name = track.partner_name
    if name is None:
        return None
    try:
        partner = instrument.library.load(name)
    except _UNFIT as error:
        return _forget(instrument, track, error)
    why = misfit(model, partner)
    if why is not None:
        partner.release()
        return _forget(instrument, track, why)
    return partner


def _forget(instrument, track, why):
    instrument.message(f"no morphing: {why}")
    track.remember_partner(None)
