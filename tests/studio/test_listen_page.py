"""A person at the bar and at the page Listen, before a real browser that renders real sound."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Locator, Page, expect
from pythonosc.udp_client import SimpleUDPClient

from latentrack.sound.names import DRUMS
from tests.conftest import ROOT
from tests.studio.conftest import PATIENCE_MS, RunningStudio, keep_picture, running_studio
from tests.studio.shown import fits_the_phone
from tests.waiting import until

Open = Callable[..., Page]
Samples = npt.NDArray[np.float64]
RATE = 48000


@pytest.fixture(scope="module")
def playing_studio(
    demo_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningStudio]:
    """A studio with a model, and cables of files for MIDI."""
    folder = tmp_path_factory.mktemp("listen")
    cables = folder / "midi"
    cables.mkdir()
    (cables / "synth.out").touch()
    shutil.copytree(demo_run, folder / "studio" / "runs" / "demo.run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIDO_BACKEND", "tests.studio.midi_ports")
        patch.setenv("LATENTRACK_TEST_MIDI", str(cables))
        # The studio of this folder, and the backend above.
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'host'}")
        with running_studio(folder / "studio") as running:
            yield running


@pytest.fixture
def page(playing_studio: RunningStudio, open_tab: Open) -> Iterator[Page]:
    made = open_tab(f"{playing_studio.address}/listen")
    expect(made.get_by_role("link", name="demo")).to_be_visible()
    # What is clicked before the page has met the server is lost.
    wait(made, "latentrackSound.exchanges.length >= 3")
    yield made
    stop = made.get_by_role("button", name="Stop")
    if stop.count():
        stop.click()


def bar(page: Page) -> Locator:
    return page.get_by_role("group", name="Playing")


def log(page: Page) -> list[dict[str, Any]]:
    """What this tab has sounded, and when."""
    found: list[dict[str, Any]] = page.evaluate("latentrackSound.log")
    return found


def loudest(page: Page, seconds: float = 1.0) -> float:
    """The loudest sample that went to the loudspeakers meanwhile."""
    most: float = page.evaluate(
        """async (end) => {
            let most = 0;
            for (const until = performance.now() + end; performance.now() < until; ) {
                most = Math.max(most, latentrackSound.level());
                await new Promise((done) => setTimeout(done, 15));
            }
            return most;
        }""",
        seconds * 1000,
    )
    return most


def sounds(page: Page) -> None:
    """Returns when something is heard."""
    wait(page, "latentrackSound.level() > 0.02")


def wait(page: Page, true: str) -> None:
    page.wait_for_function(true, timeout=PATIENCE_MS)


def rendered(page: Page, hits: list[Any], seconds: float, mastered: bool = False) -> Samples:
    """The samples of hits (sound, hertz, velocity, time, seconds), at 48 kHz."""
    options = {"rate": RATE, "mastered": mastered}
    found = page.evaluate(
        """async ([hits, seconds, options]) => {
            const samples = await latentrackSound.render(hits, seconds, options);
            const url = await new Promise((done) => {
                const reader = new FileReader();
                reader.onload = () => done(reader.result);
                reader.readAsDataURL(new Blob([samples]));
            });
            return url.split(",")[1];
        }""",
        [hits, seconds, options],
    )
    return np.frombuffer(base64.b64decode(found), np.float32).astype(np.float64)


def share(samples: Samples, low: float, high: float) -> float:
    """How much of the energy lies between two frequencies."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


# -- the sounds ---------------------------------------------------------------------------------


def test_every_voice_sounds_and_ends(page: Page) -> None:
    for sound in (*DRUMS, "note", "pluck"):
        samples = rendered(page, [[sound, 220, 100, 0.1, 0.25]], 2.5)
        assert np.all(samples[: int(0.1 * RATE)] == 0), sound
        assert 0.02 < np.abs(samples).max() < 1.6, sound
        assert np.abs(samples[int(2.2 * RATE) :]).max() < 1e-4, sound
        soft = rendered(page, [[sound, 220, 30, 0.1, 0.25]], 0.6)
        assert np.abs(soft).max() < 0.5 * np.abs(samples).max(), sound


def test_silence_is_silent(page: Page) -> None:
    assert np.all(rendered(page, [], 0.5, mastered=True) == 0)


# Where most of a sound's energy lies, in Hz.
BANDS = [
    ("kick", 0, 20, 200),
    ("snare", 0, 150, 12000),
    ("closed hat", 0, 5000, 24000),
    ("open hat", 0, 5000, 24000),
    ("tom", 80, 60, 200),
    ("tom", 160, 120, 350),
    ("conga", 300, 250, 500),
    ("crash", 0, 3500, 24000),
    ("ride", 0, 4500, 24000),
    ("bell", 560, 400, 1200),
    ("rim", 0, 1200, 5000),
    ("clap", 0, 600, 3000),
    ("block", 1000, 800, 1300),
    ("triangle", 0, 3900, 10000),
    ("shaker", 0, 3500, 12000),
]


def test_a_voice_lies_where_its_instrument_does(page: Page) -> None:
    for sound, hertz, low, high in BANDS:
        samples = rendered(page, [[sound, hertz, 110, 0, 0.25]], 1.0)
        assert share(samples, low, high) > 0.8, sound


def test_a_snare_is_both_drum_and_wires(page: Page) -> None:
    samples = rendered(page, [["snare", 0, 110, 0, 0.25]], 0.5)
    assert share(samples, 150, 400) > 0.05 and share(samples, 1500, 24000) > 0.3


def test_notes_are_in_tune(page: Page) -> None:
    for sound, hertz in product(("note", "pluck"), (110.0, 261.63, 880.0)):
        samples = rendered(page, [[sound, hertz, 100, 0, 0.8]], 0.8)[: int(0.25 * RATE)]
        power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 16 * len(samples)))
        bin_hertz = RATE / (16 * len(samples))
        low, high = int(0.7 * hertz / bin_hertz), int(1.4 * hertz / bin_hertz)
        peak = (low + power[low:high].argmax()) * bin_hertz
        assert abs(1200 * np.log2(peak / hertz)) < 12, (sound, hertz)  # cents


def test_a_bar_is_met_to_the_sample(page: Page) -> None:
    """Rims are short: between them it is silent, and an onset is where that ends."""
    times = [0.05 + 0.1317 * step + (0.031 if step % 2 else 0) for step in range(16)]
    samples = rendered(page, [["rim", 0, 100, time, 0.1] for time in times], 2.4)
    loud = np.abs(samples) > 0
    quiet_before = np.concatenate([[True], ~loud[:-1]])
    onsets = np.flatnonzero(loud & quiet_before)
    # A sound is silent for long before its onset: not a zero crossing within it.
    onsets = np.array([at for at in onsets if not loud[max(0, at - 480) : at].any()])
    assert len(onsets) == 16
    assert np.abs(onsets - np.array(times) * RATE).max() <= 1.0


def test_the_master_holds_a_loud_bar_below_full_scale(page: Page) -> None:
    hits = [[sound, 100, 127, 0.05 + 0.5 * beat, 0.25] for beat in range(4) for sound in DRUMS[:8]]
    free = np.abs(rendered(page, hits, 2.2)).max()
    held = np.abs(rendered(page, hits, 2.2, mastered=True)).max()
    assert free > 1.5 and held < 0.75 * free


def test_a_closed_hat_ends_an_open_one(page: Page) -> None:
    ringing = rendered(page, [["open hat", 0, 100, 0, 0.1]], 0.4)
    ended = rendered(page, [["open hat", 0, 100, 0, 0.1], ["pedal hat", 0, 1, 0.1, 0.1]], 0.4)
    after = slice(int(0.2 * RATE), None)
    assert np.abs(ended[after]).max() < 0.05 * np.abs(ringing[after]).max()


def test_a_dozen_notes_at_once_are_eight(page: Page) -> None:
    chord = [["note", 220 * 1.1**n, 100, 0.01 * n, 2.0] for n in range(12)]
    last = [["note", 220 * 1.1**n, 100, 0.01 * n, 2.0] for n in range(4, 12)]
    late = slice(int(0.5 * RATE), int(1.0 * RATE))
    ratio = rendered(page, chord, 1)[late].std() / rendered(page, last, 1)[late].std()
    assert ratio == pytest.approx(1, abs=0.01)


# -- the bar --------------------------------------------------------------------------------------


def test_play_sounds_at_the_times_that_were_told(page: Page) -> None:
    assert loudest(page, 0.3) == 0
    bar(page).get_by_role("button", name="Play").click()
    # On a busy computer some steps are late: of those that are not there must be some, too.
    wait(page, "latentrackSound.log.length >= 20")
    wait(page, "latentrackSound.log.filter((step) => step.late < 0).length >= 12")
    sounds(page)
    expect(bar(page).get_by_role("switch", name="Sounds here")).to_be_checked()
    steps = log(page)
    assert np.diff([step["due"] for step in steps]) == pytest.approx(0.125, abs=1e-6)
    # In the browser's own time the same, but for what clocks drift. (A step that a busy machine
    # learns of too late sounds at once.)
    apart = [step["when"] - step["due"] for step in steps if step["late"] < 0]
    assert len(apart) >= 12
    assert np.mean(np.abs(np.diff(apart)) < 0.0005) > 0.8
    keep_picture(page, "listen")
    bar(page).get_by_role("button", name="Stop").click()
    expect(bar(page).get_by_role("button", name="Play")).to_be_visible()
    until(lambda: loudest(page, 0.3) < 1e-3, "it never becomes silent")
    expect(bar(page).get_by_role("img")).to_have_accessible_name("16 steps")


def test_the_space_bar_plays_unless_it_is_written(page: Page) -> None:
    page.locator("body").press("Space")
    expect(bar(page).get_by_role("button", name="Stop")).to_be_visible()
    page.locator("body").press("Space")
    expect(bar(page).get_by_role("button", name="Play")).to_be_visible()
    tempo = bar(page).get_by_label("Tempo")
    tempo.press("Space")
    # A button that has the focus is pressed by it, once.
    bar(page).get_by_role("button", name="Play").press("Space")
    expect(bar(page).get_by_role("button", name="Stop")).to_be_visible()


def test_tempo_by_number_and_by_tapping(page: Page) -> None:
    tempo = bar(page).get_by_label("Tempo")
    tempo.fill("240")
    tempo.press("Enter")
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "latentrackSound.log.length >= 12")
    dues = [entry["due"] for entry in log(page)]
    assert np.diff(dues) == pytest.approx(0.0625, abs=1e-6)
    tempo.fill("120")
    tempo.press("Enter")
    wait(page, "latentrackSound.log.length >= 30")
    dues = [entry["due"] for entry in log(page)]
    assert dues[-1] - dues[-2] == pytest.approx(0.125, abs=1e-6)
    for nonsense in ("5000", ""):
        tempo.fill(nonsense)
        tempo.press("Enter")
        expect(tempo).to_have_value("120")
    tap = bar(page).get_by_role("button", name="Tap")
    tap.click()
    expect(tempo).to_have_value("120")
    # A hand that is on time: 400 ms from tap to tap.
    tap.evaluate(
        """(button) => {
            for (let number = 0; number < 5; number += 1) {
                const click = new MouseEvent("click", { bubbles: true });
                const timeStamp = performance.now() + 10_000 + 400 * number;
                Object.defineProperty(click, "timeStamp", { value: timeStamp });
                button.dispatchEvent(click);
            }
        }"""
    )
    expect(tempo).to_have_value(re.compile(r"^1(49\.9|50|50\.1)$"))
    tempo.fill("120")
    tempo.press("Enter")


def test_swing_delays_every_second_step(page: Page) -> None:
    swing = bar(page).get_by_label("Swing")
    swing.fill("75")
    expect(page.get_by_role("slider", name="Swing").first).to_have_value("75")
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "latentrackSound.log.length >= 8")
    gaps = np.diff([entry["due"] for entry in log(page)][:8])
    assert gaps == pytest.approx([0.1875, 0.0625] * 3 + [0.1875], abs=1e-6)
    swing.fill("50")


def test_it_goes_on_while_the_pages_change(page: Page) -> None:
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "latentrackSound.log.length >= 4")
    navigation = page.get_by_role("navigation")
    for name in ("Explore", "Train", "Listen"):
        navigation.get_by_role("link", name=name, exact=True).click()
        before = len(log(page))
        wait(page, f"latentrackSound.log.length > {before + 4}")
    numbers = [entry["number"] for entry in log(page)]
    assert np.all(np.diff(numbers) % 16 == 1)
    sounds(page)


def test_two_tabs_one_clock_and_each_its_own_sound(
    page: Page, playing_studio: RunningStudio, open_tab: Open
) -> None:
    other = open_tab(f"{playing_studio.address}/")
    expect(bar(other)).to_be_visible()
    bar(page).get_by_role("button", name="Play").click()
    expect(bar(other).get_by_role("button", name="Stop")).to_be_visible()
    wait(page, "latentrackSound.log.length >= 8")
    assert log(other) == []
    bar(other).get_by_role("switch", name="Silent here").click()
    wait(other, "latentrackSound.log.length >= 8")
    mine = {round(entry["due"], 6): entry["number"] for entry in log(page)}
    theirs = {round(entry["due"], 6): entry["number"] for entry in log(other)}
    both = mine.keys() & theirs.keys()
    assert len(both) >= 4 and all(mine[due] == theirs[due] for due in both)
    bar(other).get_by_role("button", name="Stop").click()
    expect(bar(page).get_by_role("button", name="Play")).to_be_visible()


def test_a_reload_goes_on_where_it_plays(page: Page) -> None:
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "latentrackSound.log.length >= 4")
    page.reload()
    expect(bar(page).get_by_role("button", name="Stop")).to_be_visible()
    wait(page, "latentrackSound.log.length >= 8")
    sounds(page)
    lights = bar(page).get_by_role("img")
    expect(lights).to_have_accessible_name(re.compile(r"Step \d+ of 16"))
    first = lights.get_attribute("aria-label")
    until(lambda: lights.get_attribute("aria-label") != first, "the lights stand still")


def test_without_a_model_the_bar_says_so(studio: RunningStudio, open_tab: Open) -> None:
    page = open_tab(f"{studio.address}/listen")
    link = bar(page).get_by_role("link", name="No model is open")
    link.click()
    expect(page.get_by_role("link", name="Explore", exact=True)).to_have_attribute(
        "aria-current", "page"
    )


# -- the page -----------------------------------------------------------------------------------


def test_each_voice_can_be_heard_alone(page: Page) -> None:
    sound = page.get_by_role("region", name="Sound")
    for voice in ("kick", "open hat"):
        button = sound.get_by_role("button", name=voice, exact=True)
        # It is short: pressed again if the busy computer has missed it.
        until(lambda: (button.click(), loudest(page, 0.5) > 0.02)[1], f"{voice} is not heard")  # noqa: B023
        until(lambda: loudest(page, 0.1) < 0.01, f"{voice} does not end")
    expect(bar(page).get_by_role("switch")).not_to_be_checked()


def test_no_volume_no_sound(page: Page) -> None:
    volume = page.get_by_role("region", name="Sound").get_by_role("slider", name="Volume")
    volume.fill("0")
    expect(bar(page).get_by_label("Volume")).to_have_value("0")
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "latentrackSound.log.length >= 8")
    assert loudest(page, 0.5) < 1e-3
    volume.fill("80")
    sounds(page)


def test_notes_go_to_the_port_that_is_chosen(page: Page, playing_studio: RunningStudio) -> None:
    port = playing_studio.folder.parent / "midi" / "synth.out"
    midi = page.get_by_role("region", name="MIDI")
    midi.get_by_label("Notes go to").click()
    page.get_by_role("option", name="synth").click()
    bar(page).get_by_role("button", name="Play").click()
    until(lambda: "note_on channel=9" in port.read_text(), "no notes come")
    port.rename(port.with_suffix(".away"))
    status = midi.get_by_role("status")
    expect(status).to_contain_text("“synth” is not there")
    expect(bar(page).get_by_role("button", name="Stop")).to_be_visible()
    port.with_suffix(".away").rename(port)
    expect(status).to_have_text("")
    midi.get_by_label("Notes go to").click()
    page.get_by_role("option", name="nowhere").click()


def test_a_patch_moves_what_is_shown(page: Page) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    osc = page.get_by_role("region", name="OSC")
    expect(osc.get_by_role("row", name="/latentrack/pitches")).to_be_visible()
    osc.get_by_label("Receive on: address and port").fill(f"127.0.0.1:{port}")
    osc.get_by_role("switch", name="Receive on").click()
    expect(osc.get_by_role("switch", name="Receive on")).to_be_checked()
    client = SimpleUDPClient("127.0.0.1", port)
    status = osc.get_by_role("status")

    def told() -> bool:
        client.send_message("/latentrack/tempo", 88.0)
        return "heard" in status.inner_text()

    until(told, "no message is heard", 0.1)
    expect(bar(page).get_by_label("Tempo")).to_have_value("88")
    client.send_message("/latentrack/swing", 3.0)
    expect(status).to_contain_text("/latentrack/swing was ignored: 3 is not from 0.5 to 0.75.")
    client.send_message("/latentrack/play", [])
    expect(bar(page).get_by_role("button", name="Stop")).to_be_visible()
    client.send_message("/latentrack/stop", [])
    client.send_message("/latentrack/tempo", 120)
    expect(bar(page).get_by_label("Tempo")).to_have_value("120")
    osc.get_by_role("switch", name="Receive on").click()
    expect(osc.get_by_role("switch", name="Receive on")).not_to_be_checked()


def test_a_wrong_address_is_said_and_nothing_is_switched(page: Page) -> None:
    osc = page.get_by_role("region", name="OSC")
    osc.get_by_label("Send messages to: address and port").fill("somewhere")
    switch = osc.get_by_role("switch", name="Send messages to")
    switch.click()
    expect(page.get_by_role("alert")).to_contain_text("'somewhere' is not an address for OSC")
    expect(switch).not_to_be_checked()


def test_it_fits_a_phone(playing_studio: RunningStudio, open_tab: Open) -> None:
    page = open_tab(f"{playing_studio.address}/listen", 390, 800)
    expect(bar(page).get_by_role("button", name="Play")).to_be_visible()
    expect(bar(page).get_by_role("switch", name="Silent here")).to_be_visible()
    expect(bar(page).get_by_label("Tempo")).to_be_visible()
    fits_the_phone(page)
    keep_picture(page, "listen-phone")
