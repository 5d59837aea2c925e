"""The error raised for a file that cannot be used."""

from __future__ import annotations


class Unreadable(Exception):
    """A file that cannot be read as what its name says; the message is why, in a few words."""
