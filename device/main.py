# Starts the instrument and returns: frames run on a timer, the clock is latentcore's, and the
# prompt stays free. guide() and help(track) say what can be typed there:
#
#     track.threshold = 0.3        track.latents = (1, 0, -2)        track.length = 12
#     library.models()             library.play("funk")              tracks[1].jacks = "5-8"
#     patch.cv_5_to = "1.skip"     presets.store(3)                  behaviours.switch("fills")
#     track.parameter("keep")      instrument.pause()                instrument.stop()
#     tempo(128)                   slots.recall(3)                   history.undo()
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
        slots = instrument.slots
        tempo = instrument.tempo
        history = instrument.history
        settings = instrument.settings
        behaviours = instrument.behaviours
        calibration = instrument.calibration
        scales = instrument.scales
        paths = instrument.paths
        quantiser = instrument.quantiser

    def guide():
        """Prints where to begin."""
        from latentrack import guide

        guide.guide()
        guide.forget()

    def help(*things):
        """Prints what a part is and does; of all else what MicroPython's own help says."""
        import builtins

        from latentrack import guide

        if not things:
            guide.guide()
        elif not guide.explain(*things):
            builtins.help(*things)
        guide.forget()
