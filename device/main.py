# Starts the instrument and returns: frames run on a timer, the clock is latentcore's, and the
# prompt stays free. Type the name of a part and change it while it plays:
#
#     track.threshold = 0.3        track.latents = (1, 0, -2)        knobs.x.position
#     library.models()             library.play("funk")              instrument.stop()
from latentrack.instrument import Instrument

instrument = Instrument()
track = instrument.track
knobs = instrument.knobs
library = instrument.library
instrument.start()
