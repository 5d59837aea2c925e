"""The module over USB: the link to it, and what is put on it."""

FLASH = "/flash"
"""Where MicroPython has mounted the module's flash; paths on the module begin with it."""
