"""How the voices of a track's model come to its jacks: routes, pitches and densities.

`now` has the values in force by the names of parameters.py, modulation included.
"""

from array import array

import latentcore

from latentrack import logs, parameters, routes, scales

# Pitches in latentcore are in 1/256 semitone above MIDI note 0.
SEMITONE = 256

# General MIDI's notes of the groups of drums: kick, snare, toms, hi-hats, cymbals.
DRUM_NOTES = (36, 38, 45, 42, 49)


def apply_routes(track, now, drum_jacks):
    """Tell latentcore which jack gets which trigger, pitch or accent, and how many notes at once.

    drum_jacks: the order in which drums take the jacks, by the board's table.
    """
    mode = track.playback_mode()
    voices = now["notes"]
    if track.model is not None and mode != "notes":
        groups = track.model.groups
        voices = len(groups) if mode == "drums" and groups else track.model.voices
    triggers, levels, notes = routes.routes(
        mode, track.jack_numbers(), min(voices, 8), drum_jacks, taken(track)
    )
    track.channels = triggers
    latentcore.route(track.number, triggers, levels)
    before = track.levels
    track.levels = 0 if track.model is None else routes.mask(levels)
    track.pitch_jacks = 0 if mode == "drums" else track.levels
    if track.velocity_jack() is not None:
        track.levels |= 1 << track.velocity_jack()
    track.released |= before & ~track.levels
    latentcore.set(track.number, latentcore.NOTES, notes)
    _apply_midi(track, now["midi_out"], mode, triggers, levels)


def _apply_midi(track, channel, mode, triggers, levels):
    """Tell latentcore which note each of the track's gates is (midi_notes.h)."""
    owned = 0
    for k in range(8 if channel and track.model is not None else 0):
        jack = triggers >> 4 * k & 15
        if jack > 7:
            continue
        level = 15 if mode == "drums" else levels >> 4 * k & 15
        drum = DRUM_NOTES[k] if k < len(DRUM_NOTES) else 60 + k
        latentcore.midi_note(jack, channel | drum << 8 | level << 16 | track.number << 24)
        owned |= 1 << jack
    left = track.midi_jacks & ~owned
    track.midi_jacks = owned
    for other in track.tracks:
        left &= ~other.midi_jacks
    for jack in range(8):
        if left >> jack & 1:
            latentcore.midi_note(jack, 0)


def taken(track):
    """Return a mask of the jacks that no track may have: for velocities, clocks, the quantiser."""
    found = track.reserved | track.taken
    for each in track.tracks or (track,):
        jack = each.velocity_jack()
        if jack is not None:
            found |= 1 << jack
    return found


def apply_slew(tracks):
    """Tell latentcore how long each jack takes to a new level: pitches of a track, its slew."""
    for jack in range(8):
        ms = 0
        for track in tracks:
            if track.reserved >> jack & 1:
                break  # the quantiser's own
            if track.pitch_jacks >> jack & 1:
                ms = track.now("slew")
        else:
            latentcore.slew(jack, ms * 1000)


def jack_numbers(track, choice):
    """Return the jacks of a track, from 0; choice: the value of its parameter `jacks`."""
    jacks = track.ENTRIES["jacks"].choices[choice]
    if jacks == "auto":
        alone = sum(each.model is not None for each in track.tracks) < 2
        jacks = "all" if alone else ("1-4", "5-8")[track.number]
    return routes.JACKS[jacks]


def apply_pitch_table(track, now):
    """Tell latentcore the note of each voice, or those that a rhythm steps through."""
    if track.model is None:
        return
    if track.playback_mode() == "rhythm":
        notes = [now["pitch" + str(i + 1)] for i in range(now["pitches"])]
    else:
        lowest = track.model.lowest_pitch
        notes = range(lowest, lowest + track.model.voices)
    try:
        tuning = tuning_of(track, now["tuning"])
    except (OSError, ValueError) as error:
        logs.note(str(error))
        return  # what plays goes on as it is tuned
    track.tuned = (now["scale"], tuning)
    pitches = array("H")
    for note in notes:
        pitches.append(int(pitch_of(track, now, tuning, note) * SEMITONE + 0.5))
    latentcore.pitches(track.number, pitches)


def tuning_of(track, number):
    """Return the Tuning behind the parameter `tuning`; None: it is off.

    Raises OSError or ValueError if its file cannot be read.
    """
    if not number:
        return None
    name = track.ENTRIES["tuning"].choices[number]
    if track.read_tuning is None or track.read_tuning[0] != name:
        from latentrack import scale_library

        track.read_tuning = (name, scale_library.read(name))
    return track.read_tuning[1]


def pitch_of(track, now, tuning, note):
    """Return what a model's note plays, in semitones above MIDI note 0."""
    note += now["transpose"]
    period = 12
    if tuning is None:
        pitch = scales.nearest(note, scales.STEPS[now["scale"]], now["root"])
    else:
        pitch = tuning.place(note, track.ENTRIES["keys"].choices[now["keys"]], now["root"])
        period = tuning.period
    return scales.folded(pitch, now["lowest"], now["octaves"], period)


def apply_densities(track, now):
    """Tell latentcore the density of each voice, with what a fill adds."""
    if track.model is None:
        return
    more = now["fill_density"] if now["fill"] else 0
    for voice in range(track.model.voices):
        density = now["density" + str(knob_of(track, voice) + 1)]
        latentcore.density(track.number, voice, density + (1 - density) * more)


def apply_chances(track, now):
    """Tell latentcore how probable it is that a hit of each voice sounds."""
    if track.model is None:
        return
    for voice in range(track.model.voices):
        latentcore.chance(track.number, voice, now["chance" + str(knob_of(track, voice) + 1)])


def apply_ways(track, now):
    """Tell latentcore which channels are muted, and the lengths and shifts of their own."""
    muted, lengths = 0, latentcore.LENGTHS
    for channel in range(routes.CHANNELS):
        latentcore.set(track.number, lengths + channel, 0)
        latentcore.set(track.number, lengths + routes.CHANNELS + channel, 0)
    for voice in range(parameters.VOICES):
        channel = track.channels >> 4 * voice & 15
        if channel == routes.NOWHERE:
            continue
        name = str(voice + 1)
        if now["mute" + name] or now["solo"] not in (0, voice + 1):
            muted |= 1 << channel
        latentcore.set(track.number, lengths + channel, now["length" + name])
        latentcore.set(track.number, lengths + routes.CHANNELS + channel, now["shift" + name])
    latentcore.set(track.number, latentcore.MUTES, muted)


def knob_of(track, voice):
    """Return the number, from 0, of the density parameter that a voice of the model uses."""
    mode = track.playback_mode()
    if mode == "notes":
        return voice * 4 // track.model.voices
    if mode == "drums":
        group = 0
        for size in track.model.groups:
            if voice < size:
                return min(group, parameters.VOICES - 1)
            voice -= size
            group += 1
        voice += group
    return min(voice, parameters.VOICES - 1)
