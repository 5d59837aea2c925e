"""The module that the studio is connected to: its panel, and what is sent to it.

`store.py` is what pages talk to: it has the worker, the connection (`connection.py`) and what is
sent over it (`actions.py`). `module.py` says what a module is here, `hosted.py` is the virtual
module that the studio starts, `usb.py` one that is plugged in, `talk.py` the line to either.
"""
