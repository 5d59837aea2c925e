"""The module's own side of Latentrack: what runs on it under MicroPython."""

__version__ = "0.1.0"
