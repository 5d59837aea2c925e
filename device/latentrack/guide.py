"""Help at the prompt: the texts of `guide()` and `help(track)`, ten lines each.

main.py imports this module at each call and calls `forget` afterwards: the texts take memory.
"""

import sys

GUIDE = """
Type the name of a part to use it while it plays (Tab completes); help(track) says more.
    track, tracks   how a model plays: track.threshold = 0.3, tracks[1].jacks = "5-8"
    library         the models: library.models(), library.play("funk")
    patch           where CV and triggers go: patch.cv_5_to = "1.skip"
    presets, slots  sixteen of them: presets.store(3); at the bar: slots.recall(3), slots.chain
    tempo, history  tempo(128), tempo.run(); history.undo(), mutate(); quantiser: CV to notes
    behaviours      your code in every frame: behaviours.switch("fills")
    knobs, controls what is turned and pressed, and the pages of the screen
    settings        what power-on brings back; calibration: volts; scales, paths
    instrument      all of them: instrument.pause(), reset(), stop(), start()"""

TEXTS = {
    "track": """
track plays one model. tracks[0] is the first (and `track`), tracks[1] the second.
    track.x = 0.5           y, z, w too: -1 to 1, or all: track.latents = (1, 0, -2, 0)
    track.threshold = 0.3   fewer hits the higher; density1 to density8; feel, dynamics
    track.follow = "step"   when it is heard: "bar", "step", "hold" (then track.decode())
    track.length = 12       rotation, division, swing, skip, gate, freeze, chaos, dice
    track.jacks = "5-8"     "auto", "all", "1-4", "5-8", "off"; mode, accent: as what
    track.pitches = (60, 63, 67)    what a rhythm steps through; scale, root, tuning
    track.lock(3)           voice 3 stays while the others move; track.unlock(), track.locked
    track.modulate("x", 0.2)    for this frame; track.parameter("keep") says what one is
    track.cells, hits, bar, step    what plays now; track.stop() silences it; dir(track)""",
    "library": """
library has the models in the module's flash.
    library.models()              their names
    library.play("funk")          on the first track, from the next bar on
    library.play("dub", track=1)  on the second; power-on plays what played last
    model = library.load("funk")  into memory, for track.play(model), then model.release()
    library.morph_to("dub")       track.morph = 0.5 is then half of each; None: no more
    library.rename("funk", "soul")  the file and all that names it: presets, what plays
    library.path("funk")          its file, and library.paths() of all
    instrument.room()             bytes that are free for one more
New ones come from the computer: `latentrack push MODEL.tflite --store`.""",
    "patch": """
patch says what CV inputs and triggers do.
    patch.cv_5_to = "1.skip"      CV input 5 moves the first track's skip
    patch.cv_5 = -0.5             its attenuverter: at 1, 10 V are the whole way
    patch.cv_x_to = "2.x"         x, y, z, threshold, 5, 6, 7, 8 are the inputs
    patch.cv_5_to = "off"         nothing
    patch.trigger_3 = "reset"     "off", "decode", "reset", "pause", or a parameter:
    patch.trigger_4 = "1.dice"    it moves on by one at each pulse
    patch.knobs = "reversed"      if all knobs turn the wrong way
Targets are a track and a parameter, "1.x" to "2.pitch16"; patch.defaults() forgets all.""",
    "quantiser": """
quantiser moves outside CV to notes, on four channels.
    quantiser.in_1 = "6"         the CV input: x, y, z, threshold, 5, 6, 7, 8, or "off"
    quantiser.out_1 = "8"        the output that has the note, taken from the tracks
    quantiser.notes_1 = "minor"  a scale, "track 1" (its scale or tuning), "chord 1"
    quantiser.chord = "24edo/Bayati/Tertian"    notes_1 = "file chord" has its notes
    quantiser.gate_1 = "7"       the output of a gate at each new note
    quantiser.root = "D"         transpose, hysteresis (cents), slew (ms): for all channels
    quantiser.defaults()         all off""",
    "scales": """
scales are the files in /flash/scales, which track.tuning offers by their names.
    scales.names()      what is offered: track.tuning = "just", "24edo/Bayati", or "off"
    scales.refused      files that cannot be read, and what is wrong
    scales.refresh()    reads the folder again; `latentrack scales FILE` does it, too
Built-in ones are track.scale = "minor"; track.keys says how notes find their pitch.""",
    "paths": """
paths are the files in /flash/paths, lines through the latent space, which track.path offers.
    paths.names()             what is offered: track.path = "rise", or "off"
    track.path_at = 0.5       how far along; patch.cv_5_to = "1.path_at" scrubs it
    track.path_by = "bar"     bar by bar, from the next bar on; "hand" again
    paths.refused             files that cannot be read, and what is wrong
    paths.refresh()           reads the folder again; `latentrack paths FILE` does it, too""",
    "presets": """
presets keep what is set on all tracks, patch, quantiser, and which models play: 1 to 16.
    presets.store(3)              keeps it
    presets.store(3, now=True)    writes at once, which may cost a clock edge
    presets.recall(3)             sets all as it was; knobs then wait to be turned past it
    presets.used()                the numbers that are there
    presets.morph(1, 2)           patch.preset_morph then leads from one to the other, 0 to 1
    presets.last                  the one used last
    presets.waits(3)              whether it is in memory only, until the clock stops""",
    "settings": """
settings keep what is set over power-off, by themselves, when nothing has been turned for 2 s.
    settings.save()     writes at once, even while a clock comes
    settings.text()     what would be written: a line each, such as 1.length 12
    settings.load()     sets everything as it was written last
They lie in /flash/settings.txt. Nothing is written while a clock comes.""",
    "behaviours": """
behaviours are files in /flash/behaviours with a function frame(controls, track).
    behaviours.names()                 those that are there
    behaviours.switch("fills")         on, which is remembered
    behaviours.switch("fills", False)  off
    behaviours.is_on("fills")
In one: controls.seconds is the time, controls.cv the volts at the inputs;
track.modulate("x", 0.2) moves a parameter for this frame, track.length = 12 for good.
An error switches it off, with a line on the screen; `latentrack logs` shows it.
`latentrack live FOLDER` brings each file that you save.""",
    "knobs": """
knobs are x, y, z and threshold, and w on bare. They are read here, and turned by hand:
    knobs.x.position    where it was when it last moved, 0 to 1
    knobs.names         all of them
To set what a knob sets, set the parameter: track.x = 0.5, from -1 to 1.
After that, or on another page, a knob waits until it is turned past the value:
    controls.waits("x")
If they turn the wrong way: patch.knobs = "reversed".""",
    "controls": """
controls are knobs, CV inputs, buttons and encoders, and the page that is open.
    controls.cv["x"]            volts at an input: x, y, z, threshold, 5, 6, 7, 8
    controls.knobs.x.position   0 to 1
    controls.open("play")       opens a page; controls.pages has all, controls.page this one
    controls.next_page()        as the left encoder does
    controls.choose_track(1)    the track that pages and knobs are about, from 0
    controls.track              which one that is
    controls.waits("x")         whether a knob waits to be turned past its value
    controls.seconds            time since power-on""",
    "calibration": """
calibration says which voltage is which code, for each CV input and output.
    calibration.take_in("x", 2.0)       what input x gives now is 2 V
    calibration.try_out(0, 40000)       puts a code out at the first output, to be measured
    calibration.take_out(0, 1.0, 40000) that code is 1 V there
    calibration.forget("x")             an input, or an output by number, as the board says
Two points or more make a line. The page "calibration" does the same with knobs.""",
    "instrument": """
instrument has all parts: track, tracks, library, patch, presets, settings, behaviours, ...
    instrument.pause()    clock edges are ignored until the next reset
    instrument.reset()    the next edge plays the first step
    instrument.decode()   all tracks decode: what follow "hold" waits for
    instrument.stop()     ends clock and frames; instrument.start() begins again
    instrument.plays()    the model of each track
    instrument.room()     bytes that are free for a model
    instrument.play_in    finds the position of a bar that you tap: begin(), tap(1), end()
    instrument.every_frame         what happens 50 times a second; add your own function""",
}
# Class names that use another entry of TEXTS.
_SAME = {"knob": "knobs", "list": "track"}


def explain(thing):
    """Print the help for an object; return False if it is not a part of the instrument."""
    name = type(thing).__name__.lower()
    text = TEXTS.get(_SAME.get(name, name))
    if text is None or (name == "list" and not (thing and type(thing[0]).__name__ == "Track")):
        return False
    print(text[1:])
    return True


def guide():
    """Print the overview of all parts."""
    print(GUIDE[1:])


def forget():
    """Unload this module, to free the memory of its texts; the next import loads it again."""
    sys.modules.pop("latentrack.guide", None)
    package = sys.modules["latentrack"]
    if hasattr(package, "guide"):
        del package.guide
