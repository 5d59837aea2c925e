"""The clock of the studio and its outputs: browsers, MIDI, OSC."""
