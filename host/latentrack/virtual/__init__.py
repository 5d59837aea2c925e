"""The virtual module: real MicroPython, device code and native code, with a pty as its USB port."""
