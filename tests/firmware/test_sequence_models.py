"""Patterns of whole models, nobody here's where there are such, against LiteRT and plain rules.

A step counts only where LiteRT itself is sure: no probability within 1e-6 of the threshold, no two
of the step's candidates within 1e-6 of each other. How many steps that leaves out is printed.
"""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from latentrack.decoder.metadata import DecoderInfo, attach_info
from tests.decoders import CHORALES, DRUMS, answers
from tests.firmware import litert_oracle
from tests.firmware.tflite_models import FEEL_SHAPES, export_feel

HERE = Path(__file__).resolve().parent
LIB = HERE.parents[1] / "firmware" / "lib"
NEAR = 1e-6
THRESHOLDS = np.linspace(0.025, 0.975, 20).astype(np.float32)
# model, steps, voices, groups (none: notes)
MODELS = [(DRUMS, 16, 12, (1, 1, 6, 2, 2)), (CHORALES, 16, 27, ())]


@pytest.fixture(scope="module")
def models_c(tmp_path_factory) -> ctypes.CDLL:
    target = tmp_path_factory.mktemp("models") / "models.so"
    sources = [HERE / "test_sequence_models.c"]
    sources += [LIB / "sequence" / name for name in ("model.c", "pattern.c", "blend.c", "locks.c")]
    sources += sorted((LIB / "tflite").glob("*.c"))
    includes = [f"-I{LIB / name}" for name in ("sequence", "outputs", "tflite")]
    flags = ["-std=gnu11", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *flags, *includes, *map(str, sources), "-o", str(target)], check=True)
    library = ctypes.CDLL(str(target))
    library.models_load.restype = ctypes.c_void_p
    return library


def load(library: ctypes.CDLL, file: bytes) -> tuple[ctypes.c_void_p, np.ndarray]:
    """The model and the array that keeps its file alive, aligned to 16."""
    room = np.zeros(len(file) + 16, np.uint8)
    start = -room.ctypes.data % 16
    room[start : start + len(file)] = np.frombuffer(file, np.uint8)
    address = ctypes.c_void_p(room.ctypes.data + start)
    model = library.models_load(address, len(file))
    assert model, "the decoder was not loaded"
    return ctypes.c_void_p(model), room


def pattern(library, model, latents: np.ndarray, steps: int, voices: int, stepwise: bool):
    """triggers (steps,), levels (steps,), codes (steps, 8), cells (steps, voices)"""
    arrays = (
        np.zeros(steps, np.uint8),
        np.zeros(steps, np.uint8),
        np.zeros((steps, 8), np.uint16),
        np.zeros((steps, voices), np.uint8),
    )
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in arrays]
    values = (ctypes.c_float * 8)(*latents.tolist())
    library.models_pattern(model, values, int(stepwise), *pointers)
    return arrays


def sure(probabilities: np.ndarray, threshold: float) -> bool:
    """Whether rounding cannot change what this step plays."""
    cells = np.sort(probabilities[probabilities > threshold])
    return bool(np.all(np.abs(probabilities - threshold) > NEAR) and np.all(np.diff(cells) > NEAR))


def drums(probabilities: np.ndarray, threshold: float, groups) -> tuple[int, dict[int, int]]:
    triggers, levels, start, accent = 0, {}, 0, len(groups)
    for number, size in enumerate(groups):
        group = probabilities[start : start + size]
        if group.max() > threshold:
            triggers |= 1 << number
            if size > 1:
                levels[accent] = round(60000 * int(group.argmax()) / (size - 1))
        accent += size > 1
        start += size
    return triggers, levels


def notes(probabilities: np.ndarray, threshold: float) -> tuple[int, dict[int, int]]:
    ranked = np.argsort(-probabilities)[:4]
    played = sorted(int(voice) for voice in ranked if probabilities[voice] > threshold)
    return (1 << len(played)) - 1, {4 + i: 100 * voice for i, voice in enumerate(played)}


@pytest.mark.parametrize("name, steps, voices, groups", MODELS)
def test_patterns_are_what_litert_says(models_c, decoders, name, steps, voices, groups):
    positions, answered = answers(decoders, name)
    model, room = load(models_c, (decoders / f"{name}.tflite").read_bytes())
    left_out = 0
    for threshold in THRESHOLDS:
        models_c.models_threshold(model, ctypes.c_float(threshold))
        for latents, answer in zip(positions, answered, strict=True):
            triggers, levels, codes, cells = pattern(
                models_c, model, latents, steps, voices, stepwise=False
            )
            for step, probabilities in enumerate(answer):
                if not sure(probabilities, threshold):
                    left_out += 1
                    continue
                assert cells[step].tolist() == (probabilities > threshold).tolist()
                rule = drums(probabilities, threshold, groups) if groups else None
                want_triggers, want_levels = rule or notes(probabilities, threshold)
                assert triggers[step] == want_triggers
                assert levels[step] == sum(1 << channel for channel in want_levels)
                assert {c: codes[step, c] for c in want_levels} == want_levels
    models_c.models_free(model)
    total = len(THRESHOLDS) * len(positions) * steps
    print(f"{name}: {left_out} of {total} steps left out")
    assert left_out < total / 20
    del room


@pytest.mark.parametrize("name, steps, voices", [model[:3] for model in MODELS])
def test_step_by_step_is_the_whole_pattern(models_c, decoders, name, steps, voices):
    model, room = load(models_c, (decoders / f"{name}.tflite").read_bytes())
    for latents in answers(decoders, name)[0]:
        whole = pattern(models_c, model, latents, steps, voices, stepwise=False)
        single = pattern(models_c, model, latents, steps, voices, stepwise=True)
        assert all(np.array_equal(a, b) for a, b in zip(whole, single, strict=True))
    models_c.models_free(model)
    del room


@pytest.fixture(scope="module")
def groove() -> bytes:
    """A model of drums with a feel."""
    network = export_feel(FEEL_SHAPES[0], "float32", seed=3, sparse=1.0)
    return attach_info(network, DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2)))


def feel(library, model, stepwise: bool):
    """velocity (16, 12) in 127ths, timing (16, 12) in 254ths; of the triggers of each step
    (16, 8) the same."""
    velocity, timing = np.zeros((16, 12), np.uint8), np.zeros((16, 12), np.int8)
    of_triggers = np.zeros((16, 16), np.uint8)
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (velocity, timing, of_triggers)]
    library.models_feel(model, int(stepwise), *pointers)
    return velocity, timing, of_triggers[:, :8].view(np.int8), of_triggers[:, 8:]


@pytest.mark.parametrize("stepwise", [False, True])
def test_feels_and_accents_are_what_litert_says(models_c, groove, stepwise):
    model, room = load(models_c, groove)
    places = np.random.default_rng(9).uniform(-3, 3, (30, 5)).astype(np.float32)
    hits, learned_velocity, learned_timing = (
        litert_oracle.probabilities(groove, places, output).reshape(-1, 16, 12)
        for output in ("hits", "velocity", "timing")
    )
    accents = 0
    for place, latents in enumerate(places):
        _, _, codes, cells = pattern(models_c, model, latents, 16, 12, stepwise)
        velocity, timing, trigger_timing, trigger_velocity = feel(models_c, model, stepwise)
        sounds = cells.astype(bool)
        for found, expected in (
            (velocity, learned_velocity[place]),
            (timing, learned_timing[place]),
        ):
            assert np.abs(found - 127 * expected)[sounds].max() < 0.5001
            assert not found[~sounds].any()
        for step in range(16):
            if not sure(hits[place, step], 0.5):
                continue
            start, accent = 0, 5
            for group, size in enumerate((1, 1, 6, 2, 2)):
                best = start + int(hits[place, step, start : start + size].argmax())
                if cells[step, best]:
                    assert trigger_timing[step, group] == timing[step, best]
                    assert trigger_velocity[step, group] == velocity[step, best]
                    if size > 1:
                        code = 60000 * learned_velocity[place, step, best]
                        assert abs(codes[step, accent] - code) <= 1
                        accents += 1
                accent += size > 1
                start += size
    models_c.models_free(model)
    assert accents > 100
    del room
