"""The module over USB: the link to it, and what is put on it."""
