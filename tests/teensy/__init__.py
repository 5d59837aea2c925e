"""The Teensy in software: the machine, latentcore.mpy on it, and stock firmware if given."""
