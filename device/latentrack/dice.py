"""Throws of the dice that come out the same every time: throw number n is always that throw."""


def throw(number, die):
    """-1 to 1 for die `die` (0 to 7) of throw `number`, evenly spread, alike on every board.

    Whole numbers below 2**30 only, which MicroPython calculates without allocating.
    """
    n = (number * 8 + die) * 9973 + 12345 & 0xFFFF
    for _ in range(3):
        n ^= n >> 7
        n = n * 16381 + 4321 & 0xFFFF
    return n / 32767.5 - 1
