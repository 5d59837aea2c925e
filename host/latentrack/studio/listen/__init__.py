"""The clock of the studio, and who hears it: browsers, MIDI, OSC."""
