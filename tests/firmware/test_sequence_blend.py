"""Models with a partner and with locked voices, in C, against their plain twin."""

from __future__ import annotations

import ctypes
import random
from fractions import Fraction

import pytest

from tests.firmware.test_sequence_twin import Pair, sequence_c  # noqa: F401  (a fixture)

AMOUNTS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(1))
SHAPES = (
    ("perdec", 16, 12, (1, 1, 6, 2, 2)),
    ("perdec", 5, 9, ()),
    ("seqdec", 16, 27, ()),
    ("rhydec", 7, 4, ()),
    ("seqdec", 1, 1, ()),
)


def floats(values) -> ctypes.Array:
    return (ctypes.c_float * 17)(*map(float, values))


class Blended:
    """A pair of model and partner on the first track, in C and in the twin."""

    def __init__(self, c, rng: random.Random, feel: bool, with_partner: bool) -> None:
        self.pair, self.rng, self.c = Pair(c), rng, c
        kind, steps, voices, groups = rng.choice(SHAPES)
        self.own = self.pair.model(kind, steps, voices, groups, feel)
        self.model, self.block = self.pair.models[self.own]
        self.pair.use(0, self.own)
        if with_partner:
            other = self.pair.model(kind, steps, voices, groups)
            self.model.partner, partner = self.pair.models[other]
            assert c.model_set_partner(self.block, partner) == 0
        size = c.locks_size(self.block)
        # Aligned to 8.
        self._memory = (ctypes.c_uint64 * (size // 8 + 1))()
        assert c.locks_attach(self.block, self._memory, size - 1) == -1
        assert c.locks_attach(self.block, self._memory, size) == 0
        assert c.locks_attach(self.block, self._memory, size) == -1

    def position(self) -> list:
        latents = [self.rng.randint(-3, 3) for _ in range(self.model.position)]
        if self.model.partner:
            latents[-1] = self.rng.choice(AMOUNTS)
        return latents

    def lock(self) -> None:
        voices = self.model.decoder.voices
        chosen = {voice for voice in range(voices) if self.rng.random() < 0.4}
        mask = (ctypes.c_uint8 * voices)(*(voice in chosen for voice in range(voices)))
        if self.rng.random() < 0.3:
            self.c.locks_set(self.block, mask, None)
            for voice in chosen:
                self.model.locked.pop(voice, None)
        else:
            where = self.position()
            self.c.locks_set(self.block, mask, floats(where))
            self.model.locked |= dict.fromkeys(chosen, where)

    def decode(self) -> None:
        where = self.position()
        number = self.c.track_decode(self.pair.tracks_c[0], floats(where))
        assert number == self.pair.rack.track[0].decode(where)

    def post(self) -> None:
        where = self.position()
        self.c.track_post(self.pair.tracks_c[0], floats(where), len(where))
        self.pair.rack.track[0].post(where)

    def play(self, edges: int) -> None:
        for _ in range(edges):
            self.pair.wait(100_000)
            self.pair.clock()
            self.pair.agree()


@pytest.mark.parametrize("with_partner", [False, True])
@pytest.mark.parametrize("feel", [False, True])
@pytest.mark.parametrize("follow", ["bar", "step"])
def test_blends_and_locks_agree_with_the_twin(sequence_c, with_partner, feel, follow):  # noqa: F811
    rng = random.Random(f"{with_partner} {feel} {follow}")
    blended_cells = 0
    for _ in range(12):
        made = Blended(sequence_c, rng, feel, with_partner)
        made.pair.set(0, "follow", int(follow == "step"))
        for _ in range(4):
            made.pair.set(0, "threshold", Fraction(rng.randint(1, 15), 16))
            voice = rng.randrange(made.model.decoder.voices)
            made.pair.density(made.own, voice, Fraction(rng.randint(0, 200), 200))
            made.lock()
            made.decode()
            made.play(rng.randint(1, 2 * made.model.decoder.steps))
            made.post()
            made.play(3)
            blended_cells += sum(len(row.cells) for row in made.pair.rack.track[0].playing.rows)
        made.pair.close()
    assert blended_cells > 100


def test_a_partner_of_another_shape_is_refused(sequence_c):  # noqa: F811
    pair = Pair(sequence_c)
    blocks = [
        pair.models[pair.model("perdec", *shape)][1]
        for shape in ((16, 4), (8, 4), (16, 5), (16, 4))
    ]
    assert [sequence_c.model_set_partner(blocks[0], block) for block in blocks[1:]] == [-1, -1, 0]
    pair.close()
