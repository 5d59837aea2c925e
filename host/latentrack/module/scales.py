"""Files of scales on the module, which its parameter Tuning offers."""

from __future__ import annotations

from latentrack.module import FLASH
from latentrack.module.offered import Kind

MAPPING = ".kbm"

SCALES = Kind(
    name="scales",
    one="a file of scales",
    folder=f"{FLASH}/scales",
    endings=(".scl", ".txt", ".yml", ".yaml", MAPPING),
    most_bytes=32768,  # as in device/latentrack/scale_files.py
    parameter="Tuning",
    first=MAPPING,  # a scale is read with its mapping
)
