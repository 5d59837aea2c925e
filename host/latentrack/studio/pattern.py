"""The pattern that plays, by the name that the studio imports it by."""

from latentrack.playing.pattern import Pattern

__all__ = ["Pattern"]
