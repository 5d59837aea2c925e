"""Latentrack: train a small generative sequencer on your own music, play it on a module."""

__version__ = "0.1.0"
