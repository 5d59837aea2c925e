"""What comes out of the jacks is what LiteRT decodes, and the clock waits for nobody."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import serial

from latentrack.decoder.litert import Decoder
from latentrack.module.link import Link
from tests.decoders import DRUMS, SHARED, answers
from tests.device.rig import drums
from tests.programs import latentrack, mpremote
from tests.waiting import PATIENCE_S, frames_pass

BAR = 16


def jacks(steps):
    """The volts that each step wrote, by jack."""
    return [step.volts for step in steps]


def by_book(probabilities, groups, threshold):
    return drums(probabilities, groups, threshold)


def play_at(module, link, latents, threshold, steps=BAR):
    """Sets the track by hand, starts a new bar, and returns what came out of the jacks."""
    link.run(
        f"track.latents = {tuple(map(float, latents))}\ntrack.threshold = {threshold!r}\n"
        "track.refresh()"
    )
    module.panel.trigger("reset")
    module.panel.clock(steps)
    return module.panel.steps()


def compare(module, model, latents, thresholds):
    """Plays every latent at every threshold. Returns (bars played, bars too close to call).

    A bar is too close to call where LiteRT's own value lies within 1e-6 of the threshold (its
    kernels differ among themselves by as much); all others must be as decoded.
    """
    decoder = Decoder(model)
    played = close = 0
    with Link(module.port) as link:
        for point in latents.astype(np.float32):
            probabilities = decoder.decode(point[None])[0]
            for threshold in thresholds:
                seen = jacks(play_at(module, link, point, threshold))
                wanted = by_book(probabilities, decoder.info.groups, threshold)
                if np.abs(probabilities - threshold).min() <= 1e-6:
                    close += 1
                else:
                    assert seen == wanted, f"latents {point}, threshold {threshold}"
                played += 1
        # With manual time no edge comes in the middle of a transfer to the display.
        assert link.evaluate("[__import__('latentcore').count(0, n) for n in (6, 7)]") == [0, 0]
    return played, close


def test_a_pushed_model_plays_as_its_answers_say(start, decoders, drum_model):
    """If it is there, one that the reference project's code wrote, with answers from elsewhere."""
    module = start(manual_time=True)
    pushed = latentrack("push", str(drum_model), "--port", module.port)
    assert pushed.returncode == 0, pushed.stderr
    with Link(module.port) as link:
        for point, probabilities in zip(*answers(decoders, DRUMS), strict=True):
            for threshold in (0.1, 0.3, 0.5):
                assert np.abs(probabilities - threshold).min() > 1e-6
                steps = play_at(module, link, point, threshold)
                assert jacks(steps) == by_book(probabilities, (1, 1, 6, 2, 2), threshold)
                cells = link.evaluate("track.cells")
                wanted = [tuple(np.flatnonzero(row > threshold)) for row in probabilities]
                assert cells == wanted


@pytest.fixture(scope="module")
def trained_model(tmp_path_factory):
    """The whole way by the command line: 1,021 human recordings, or the demo's, become a model."""
    folder = tmp_path_factory.mktemp("trained")
    dataset, model = folder / "drums.npz", folder / "drums.tflite"
    music = str(SHARED / "groove") if SHARED.is_dir() else "--demo"
    done = latentrack("dataset", music, "-o", str(dataset))
    assert done.returncode == 0, done.stderr
    # What is compared are hits, and accents that say which drum it was. A few epochs tell drums
    # apart; how good a model is, tests/host/model asks.
    train = ("train", str(dataset), "-o", str(model), "--feel", "none", "--epochs", "12")
    done = latentrack(*train, timeout=5 * PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return model


def test_a_trained_model_plays_as_litert_decodes(start, trained_model, capsys):
    module = start(trained_model, manual_time=True)
    latents = np.random.default_rng(7).uniform(-3, 3, (1000, 4))
    played, close = compare(module, trained_model, latents, (0.2, 0.5, 0.8))
    with capsys.disabled():
        print(f" [{played} bars as LiteRT decodes them, {close} too close to call] ", end="")
    assert played == 3000
    assert close <= 30


def test_every_edge_plays_its_step_whatever_python_does(start, drum_model):
    """2,000 edges a millisecond apart, while models are pushed, garbage is collected, and a raw
    REPL session goes on; and the frames go on too."""
    module = start(drum_model)
    frames = int(mpremote(module, "resume", "exec", "print(instrument.frames)"))

    errors = []

    def disturb():
        try:
            while not done.is_set():
                mpremote(module, "resume", "exec", "import gc\nfor _ in range(200): gc.collect()")
                push = latentrack("push", "--store", str(other), "--port", module.port)
                assert push.returncode == 0, push.stderr
                mpremote(module, "resume", "rm", f":models/perc/{other.stem}.tflite")
                pushes.append(push.stdout)
        except BaseException as error:
            errors.append(error)

    other = module.flash.parent / "other.tflite"
    other.write_bytes(drum_model.read_bytes())
    pushes: list[str] = []
    done = threading.Event()
    disturbance = threading.Thread(target=disturb)
    disturbance.start()
    try:
        edges = 0
        # At least 2,000, and until something has been pushed meanwhile.
        while edges < 2000 or (not pushes and not errors and edges < 60_000):
            module.panel.clock(500, spacing_us=1000)
            edges += 500
    finally:
        done.set()
        disturbance.join()
    if errors:
        raise errors[0]
    assert pushes, "nothing was pushed meanwhile"

    reports = module.panel.settle()
    played = [report.value for report in reports if report.kind == "step"]
    assert played == [edge % BAR for edge in range(edges)]
    # Each step was played when its own edge was served: a pulse is two events.
    served = [report.events for report in reports if report.kind == "step"]
    assert all(later - earlier >= 2 for earlier, later in zip(served, served[1:], strict=False))
    assert module.panel.faults == []
    after = int(mpremote(module, "resume", "exec", "print(instrument.frames)"))
    assert after > frames + 20


def test_a_line_typed_at_the_prompt_is_heard_at_the_next_bar(start, drum_model):
    module = start(drum_model)
    decoder = Decoder(drum_model)
    with Link(module.port) as link:
        link.run("track.latents = (1.5, -0.5, 2)\ntrack.threshold = 0.9")
        frame = link.evaluate("instrument.frames")
        while link.evaluate("instrument.frames") < frame + 2:
            pass
    probabilities = decoder.decode([(1.5, -0.5, 2)])[0]
    before, after = (
        by_book(probabilities, decoder.info.groups, threshold) for threshold in (0.9, 0.3)
    )
    assert before != after

    module.panel.clock(BAR + 6)
    steps = module.panel.steps()
    assert jacks(steps) == before + before[:6]
    with serial.Serial(module.port, timeout=PATIENCE_S) as port:
        port.write(b"\r")
        assert port.read_until(b">>> ").endswith(b">>> ")
        port.write(b"track.threshold = 0.3\r")
        assert port.read_until(b">>> ").endswith(b">>> ")
    with Link(module.port) as link:
        frames_pass(link)
    module.panel.clock(BAR - 6 + BAR)
    steps = module.panel.steps()
    # The bar that plays goes on as it was; the next is the new one.
    assert jacks(steps) == before[6:] + after
