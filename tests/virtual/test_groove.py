"""A model with a feel on the virtual module: its velocities as volts, its timing in time stamps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from latentrack.decoder.metadata import DecoderInfo, attach_info
from latentrack.virtual.module import VirtualModule
from tests.firmware import litert_oracle
from tests.firmware.tflite_models import FeelShape, export_feel, with_feel

CLOCK_US = 100_000
TICK_US = 1_000
STEPS, VOICES, GROUPS = 16, 12, (1, 1, 6, 2, 2)
# The reference hardware's: the jack of each group, and of the accents of those of several drums.
JACKS, ACCENTS = (0, 4, 1, 2, 3), {2: 5, 3: 6, 4: 7}
CODE_VOLTS = 10 / 16383  # the converters have 14 bits


def asked_for(model: bytes) -> dict[int, list[tuple[float, float | None]]]:
    """Of a bar in the middle of the knobs: for each group when it sounds, in microseconds from the
    bar's first edge, and its accent in volts. By LiteRT and the rules of rack.h and pattern.h."""
    hits, velocity, timing = (
        litert_oracle.probabilities(model, np.zeros((1, 3), np.float32), output).reshape(-1, VOICES)
        for output in ("hits", "velocity", "timing")
    )
    asked: dict[int, list[tuple[float, float | None]]] = {group: [] for group in range(len(GROUPS))}
    for step in range(STEPS):
        start = 0
        for group, size in enumerate(GROUPS):
            best = start + int(hits[step, start : start + size].argmax())
            start += size
            if hits[step, best] > 0.5:
                when = CLOCK_US * (step + float(timing[step, best]) / 2)
                volts = 5 * float(velocity[step, best]) if group in ACCENTS else None
                asked[group].append((when, volts))
    return asked


def test_hits_and_accents_are_what_litert_says(
    start: Callable[..., VirtualModule], tmp_path: Path
) -> None:
    network = export_feel(FeelShape(2, 1, (20,), (16,), 192), "float32", seed=4, sparse=0.3)
    model = with_feel(attach_info(network, DecoderInfo("perdec", 16, 12, 3, GROUPS)), bytes([1, 1]))
    (tmp_path / "groove.tflite").write_bytes(model)
    module = start(tmp_path / "groove.tflite", manual_time=True)
    module.panel.clock(3 * STEPS, spacing_us=CLOCK_US)
    reports = module.panel.settle()
    bar = [r.time_us for r in reports if r.kind == "step" and r.value == 0][1]
    end = bar + STEPS * CLOCK_US
    asked = asked_for(model)
    away, accents = 0, 0
    for group, jack in enumerate(JACKS):
        # A hit of the bar's first step may be early, and one of the next bar's as well.
        rises = [r for r in reports if r.kind == "rise" and r.jack == jack]
        heard = [r for r in rises if bar - CLOCK_US / 2 <= r.time_us < end - CLOCK_US / 2]
        wanted = [each for each in sorted(asked[group]) if each[0] < end - bar - CLOCK_US / 2]
        assert len(heard) == len(wanted) > 0
        for rise, (when, volts) in zip(heard, wanted, strict=True):
            assert abs(rise.time_us - bar - when) <= TICK_US
            away += abs(when - round(when / CLOCK_US) * CLOCK_US) > 5 * TICK_US
            if volts is not None:
                written = [
                    r.value
                    for r in reports
                    if r.jack == ACCENTS[group] and r.kind != "step" and r.events <= rise.events
                ]
                assert abs(written[-1] - volts) <= CODE_VOLTS
                accents += 1
    assert away > 10 and accents > 10
