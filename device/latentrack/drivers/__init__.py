"""Drivers: the chips that a board carries."""
