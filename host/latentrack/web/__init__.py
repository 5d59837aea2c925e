"""The module in a web page: real MicroPython, device code and C code, without hardware.

`bundle.py` builds its scripts (`make web`), `site.py` writes the page with all that it needs.
"""
