"""Sounds for what a module plays, made on this computer.

`names.py` chooses a sound for a voice, for the browser, too; `synth.py` computes its samples;
`patch.py` says which sound each jack of a module plays; `speaker.py` plays them on a sound device.
"""
