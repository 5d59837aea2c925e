"""The module on the bench: connected or virtual, its panel, what is sent to it.

`bench.py` is what pages talk to. `own.py` is a virtual module of the studio's own, played through
its jacks; `remote.py` the panel of one that is reached over USB, `talk.py` the cable to either.
"""
