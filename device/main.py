# Starts the instrument and returns: frames run on a timer, the clock is latentcore's, and the
# prompt stays free. Type the name of a part and change it while it plays:
#
#     track.threshold = 0.3        track.latents = (1, 0, -2)        track.length = 12
#     library.models()             library.play("funk")              tracks[1].jacks = "5-8"
#     patch.cv_5_to = "1.skip"     presets.store(3)                  behaviours.switch("fills")
#     track.parameter("keep")      instrument.pause()                instrument.stop()
from latentrack.version import is_new_enough

if is_new_enough():
    from latentrack import safe

    instrument = safe.start()
    if instrument:
        tracks = instrument.tracks
        track = instrument.track
        knobs = instrument.knobs
        controls = instrument.controls
        library = instrument.library
        patch = instrument.patch
        presets = instrument.presets
        settings = instrument.settings
        behaviours = instrument.behaviours
        calibration = instrument.calibration
