"""The virtual module: real MicroPython, real device code, real native code, a pty as its USB port."""
