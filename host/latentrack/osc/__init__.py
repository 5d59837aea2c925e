"""OSC (Open Sound Control, over UDP): what can be said, and a model file that plays by it.

`controls.py` has the addresses; `endpoint.py` receives and sends, for the studio too; `player.py`
puts a model file (`instrument.py`) and its steps (`clock.py`) behind them.
"""
