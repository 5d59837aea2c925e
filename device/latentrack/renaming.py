"""Renaming a model: its file, and everything on the module that refers to a model by name.

    /flash/models/KIND/NAME.tflite   the model
    /flash/models/playing.txt        what each track plays after power-on (library.py)
    /flash/presets/NN.txt            lines "1.model NAME", "1.partner NAME" (presets.py)
    /flash/settings.txt              lines "1.partner NAME" (settings.py)
    tracks                           the models that they play now

The code of behaviours may name models too, and is not changed. The journal is written first and
removed last, and every step between can be done twice: what a power cut interrupts is finished at
the next power-on.
"""

import os

from latentrack import files, storage
from latentrack.library import ENDING, JOURNAL
from latentrack.model import FOLDERS


def rename(instrument, old, new):
    """Renames the model `old` ("funk", or "perc/funk") to `new`, at once, even while a clock comes.

    Returns {"tracks": [...], "starts": [...], "presets": [...]}: the tracks that play it, the
    tracks that play it after power-on, and the presets, numbered from 1, whose names were changed.

    Raises OSError if no model is called `old` or the flash cannot be written; ValueError if `new`
    is not a name or is taken.
    """
    library = instrument.library
    if files.exists(JOURNAL):
        finish(instrument)
    if not new or not all(sign.isalpha() or sign.isdigit() or sign in "_-" for sign in new):
        raise ValueError(f"{new!r} cannot be a name: use letters, digits, _ and -")
    path = library.path(old)
    taken = new in library.models()
    for track in instrument.tracks:
        taken = taken or (track.model is not None and track.model.name == new)
    if taken:
        raise ValueError(f"a model is called {new!r} already; choose another name")
    kind, name = _kind_and_name(path)
    # Another kind may have a model of that name, which the name alone means then.
    alone = int(library.path(name) == path)
    storage.write(JOURNAL, f"{path}\n{new}\n{alone}\n")
    return finish(instrument)


def finish(instrument):
    """Does what the journal says. Returns what `rename` returns.

    Raises ValueError if the journal is damaged (it is set aside), OSError if the flash refuses
    (the journal stays).
    """
    path, new, alone = storage.read(JOURNAL).split("\n")[:3]
    kind, old = _kind_and_name(path)
    renamed = path.rpartition("/")[0] + "/" + new + ENDING
    if files.exists(path) and not files.exists(renamed):
        os.rename(path, renamed)
    names = {kind + "/" + old: kind + "/" + new}
    if alone == "1":
        names[old] = new
    changed = {
        "tracks": _rename_playing(instrument, kind, old, new),
        "starts": instrument.library.rename_playing(names),
        "presets": instrument.presets.rename_models(names),
    }
    instrument.settings.rename_models(names)
    os.remove(JOURNAL)
    return changed


def _kind_and_name(path):
    kind, file = path.split("/")[-2:]
    return kind, file[: -len(ENDING)]


def _rename_playing(instrument, kind, old, new):
    """Renames the model in memory. Returns the numbers, from 1, of the tracks that play it."""
    shared = old in instrument.library.models()
    changed = []
    for track in instrument.tracks:
        _rename_partner(track, kind, old, new, shared)
        model = track.model
        if model is None or model.name != old:
            continue
        if shared and FOLDERS[model.kind[:3]] != kind:
            continue  # a track plays the other kind's
        model.name = new
        changed.append(track.number + 1)
    return changed


def _rename_partner(track, kind, old, new, shared):
    """Renames a track's partner in memory, and as it is remembered."""
    partner = track.partner
    if partner is not None and partner.name == old:
        if not shared or FOLDERS[partner.kind[:3]] == kind:
            partner.name = new
    if track.partner_name == old and not shared:
        track.remember_partner(new)
    elif track.partner_name == kind + "/" + old:
        track.remember_partner(kind + "/" + new)
