"""The networks: what they are, how they are trained, how good they are."""
