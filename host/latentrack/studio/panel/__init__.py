"""The module on the bench: connected or virtual, its panel, what is sent to it."""
