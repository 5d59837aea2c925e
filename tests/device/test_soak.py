"""A long session of random playing: no step lost, no memory leaked, no gate left hanging.

The short one is 20,000 steps; `pytest -m long` plays a million.
"""

from __future__ import annotations

import random

import pytest

from tests.decoders import CHORALES, DRUMS
from tests.device.rig import parameters

BURST = 2_000


class Book:
    """Gates that stand, and how many steps the first track has played."""

    def __init__(self) -> None:
        self.high: set[int] = set()
        self.steps = 0
        # Edges that were sent beside those that `play` counts.
        self.extra = 0

    def listen(self, reports) -> None:
        for report in reports:
            if report.kind == "rise":
                assert report.jack not in self.high, "a gate rises that is high"
                self.high.add(report.jack)
            elif report.kind == "fall":
                assert report.jack in self.high
                self.high.remove(report.jack)
            elif report.kind == "step" and report.jack == 0:
                self.steps += 1


def play(rig, steps: int, seed: int) -> None:
    module = rig(DRUMS, CHORALES)
    module.run(f"library.play({CHORALES!r}, track=1)")
    folder = module.module.flash / "paths"
    folder.mkdir()
    (folder / "there.txt").write_text("bars 4\n-1 -1\n0.5 0\n1 1\n")
    assert module.get("instrument.paths.refresh()") == ["there"]
    module.frames()
    rng = random.Random(seed)
    table = [e for e in parameters().TRACK if e.name not in ("division", "freeze", "jacks")]
    book, clocked, free = Book(), 0, []
    # Names and values that are used for the first time take memory, once; so does a part that is
    # loaded when it is used.
    module.run("instrument.play_in")
    for _ in range(300):
        turn(module, rng, table)
        module.panel.clock(20)
        book.extra -= 20
        book.listen(module.panel.settle())
    while clocked < steps:
        for _ in range(rng.randint(1, 6)):
            turn(module, rng, table)
        spacing_us = rng.choice((1000, 2500, 20_000))
        clocked_here = 0
        while clocked_here < BURST:
            # A burst and a bit of another, so that resets come anywhere.
            edges = rng.randint(1, BURST // 2)
            module.panel.clock(edges, spacing_us=spacing_us)
            clocked_here += edges
            if rng.random() < 0.3:
                module.panel.advance(rng.choice((0, 400, 30_000)))
                module.panel.trigger("reset")
                module.panel.advance(5_000)
        clocked += clocked_here
        book.listen(module.panel.settle())
        # A reset just after an edge plays step 0 at that edge: one step more, never one less.
        assert book.steps + book.extra >= clocked, "steps were lost"
        if len(free) * steps // 8 < clocked:
            free.append(memory(module, book))
    assert module.panel.faults == []
    assert module.get("instrument.frames") > 20
    module.panel.advance(2_000_000)
    book.listen(module.panel.settle())
    # With these models and defaults: drums on the trigger outputs, two notes on the others, of
    # which the last two carry pitches.
    high = book.high - {6, 7}
    assert not high, f"gates left hanging: {high}"
    free.append(memory(module, book))
    # What is free differs by some KB from time to time; what leaks is never free again.
    assert max(free[-4:]) >= max(free[:4]) - 2048, free


def turn(module, rng: random.Random, table) -> None:
    """One thing that a player might do."""
    what = rng.randrange(8)
    track = rng.randrange(2)
    if what < 4:
        entry = rng.choice(table)
        value = entry.value(entry.from_position(rng.random()))
        module.run(f"tracks[{track}].set({entry.name!r}, {value!r})")
    elif what == 4:
        module.panel.turn(rng.choice(("x", "y", "z", "threshold")), rng.random())
    elif what == 5:
        module.panel.cv(rng.choice("xyz5678"), rng.uniform(-5, 5))
    elif what == 6:
        name = rng.choice((DRUMS, CHORALES))
        module.run(f"library.play({name!r}, track={track}, remember=False)")
    elif rng.random() < 0.5:
        module.run(rng.choice((f"presets.store({rng.randint(1, 4)})", "tracks[0].decode()")))
    else:
        module.run(perform(rng))


def perform(rng: random.Random) -> str:
    """What is done on stage besides turning parameters, as a line at the prompt."""
    voice, track, preset = rng.randint(1, 8), rng.randrange(2), rng.randint(1, 4)
    return rng.choice(
        (
            "history.undo()",
            "history.redo()",
            "history.mutate()",
            "history.close()",
            "slots.next_slot()",
            f"slots.recall({preset})",
            f"slots.chain = '{preset}x2 {5 - preset}'; slots.play()",
            "slots.stop()",
            f"tracks[{track}].lock({voice})",
            f"tracks[{track}].unlock()",
            f"tracks[{track}].advance('draw')",
            f"tracks[{track}].path = 'there'",
            f"tracks[{track}].path = 'off'",
            f"tracks[{track}].advance('path_by')",
            f"tracks[{track}].path_at = {rng.random()!r}",
            f"instrument.toggle_lock({voice})",
            f"tempo({rng.randint(20, 400)})",
            "slots.keep()",
            "instrument.play_in.toggle()",
            f"instrument.play_in.tap({voice})",
            "history.undo()",
        )
    )


def memory(module, book: Book) -> int:
    """What is free after a collection, with everything set alike, and all old models let go."""
    for code in (
        "slots.stop(); history.forget()",
        "for _track in tracks: _track.unlock(); _track.defaults(); _track.stop()",
        f"library.play({DRUMS!r}, remember=False)",
        f"library.play({CHORALES!r}, track=1, remember=False)",
        "for _number in range(1, 17): presets.store(_number)",
        "for _ in range(60): instrument.message('the logs are full of this')",
    ):
        module.run(code)
        module.panel.clock(300, spacing_us=1000)
        book.extra -= 300
        book.listen(module.panel.settle())
        module.frames(3)
    return module.get("(__import__('gc').collect(), __import__('gc').mem_free())[1]")


def test_a_short_session(rig):
    play(rig, 60_000, seed=1)


@pytest.mark.long
def test_a_million_steps(rig):
    play(rig, 1_000_000, seed=2)
