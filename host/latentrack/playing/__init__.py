"""How a pattern sounds: the host's twin of firmware/lib/sequence, in NumPy."""
