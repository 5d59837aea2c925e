"""Pages: what the screen shows and what knobs, encoders and buttons do meanwhile.

A page is one module in this folder with a class `Page`. To add one, write it and put its name here.
What must outlive a page being swapped for a newer version lives in the instrument.
"""

NAMES = (
    "play", "perform", "path", "groove", "parameters", "patch", "quantiser", "library", "presets",
    "behaviours", "calibration",
)  # fmt: skip


def make_pages(instrument, controls):
    """All pages, in the order in which the left encoder's push opens them."""
    return [make_page(name, instrument, controls) for name in NAMES]


def make_page(name, instrument, controls):
    """The page of one of NAMES. Raises what its module raises."""
    module = __import__("latentrack.pages." + name, None, None, ("Page",))
    page = module.Page(instrument, controls)
    page.name = name
    return page
