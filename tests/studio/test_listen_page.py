"""A person at the bar and at the page Listen, before a real browser that renders real sound."""

from __future__ import annotations

import os
import re
import shutil
import socket
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from pythonosc.udp_client import SimpleUDPClient

from tests.conftest import ROOT
from tests.studio.conftest import PATIENCE_MS, RunningStudio, keep_picture, running_studio
from tests.studio.shown import fits_the_phone
from tests.waiting import until

Open = Callable[..., Page]
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


HIDE = """() => {
    Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
# What a browser does to a tab that nobody sees, and a busy computer to any: no time for a second.
STALL = """() => {
    const before = latentrackSound.log.at(-1).count;
    const until = performance.now() + 900;
    while (performance.now() < until);
    return before;
}"""


def test_a_tab_that_nobody_sees_keeps_time(page: Page) -> None:
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "latentrackSound.log.length >= 4")
    page.evaluate(HIDE)
    wait(page, "latentrackSound.log.at(-1).late < -1.5")

    def nothing_lost() -> bool:
        before = page.evaluate(STALL)
        wait(page, f"latentrackSound.log.some((step) => step.count === {before + 16})")
        steps = {step["count"]: step for step in log(page)}
        return all(at in steps and steps[at]["late"] < 0 for at in range(before - 15, before + 17))

    # A busy computer may keep the studio's own process waiting, too: not each time.
    until(nothing_lost, "steps are lost while nobody sees the tab")


def test_what_changes_is_heard_at_once_by_a_tab_that_nobody_sees(page: Page) -> None:
    """Each step is told of twice: first as it would be, at last as it is."""
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "latentrackSound.log.length >= 4")
    page.evaluate(HIDE)
    wait(page, "latentrackSound.log.at(-1).late < -1.5")
    tempo = bar(page).get_by_label("Tempo")
    tempo.fill("60")
    tempo.press("Enter")
    # Until nothing is left of what was told before.
    told = page.evaluate("latentrackSound.log.at(-1).count")
    past = "step.when < latentrackSound.context.currentTime"
    wait(page, f"latentrackSound.log.some((step) => step.count > {told} && {past})")
    steps = page.evaluate(f"latentrackSound.log.filter((step) => {past})")
    steps.sort(key=lambda step: step["count"])
    assert [step["count"] for step in steps] == list(range(len(steps)))
    gaps = np.diff([step["due"] for step in steps])
    # At the old tempo, and soon at the new one: what was foreseen at the old one, two seconds of
    # steps, did not sound first. (A busy computer may tell of the first change too late.)
    assert gaps[0] == pytest.approx(0.125, abs=1e-6) and gaps[-1] == pytest.approx(0.25, abs=1e-6)
    assert gaps.max() < 1
    tempo.fill("120")
    tempo.press("Enter")


def test_a_wav_dropped_on_a_voice_is_its_sound(page: Page, tmp_path: Path) -> None:
    sound = page.get_by_role("region", name="Sound")
    own = tmp_path / "my kick.wav"
    t = np.arange(RATE // 4) / RATE
    wavfile(own, 0.5 * np.sin(2 * np.pi * 1500 * t) * (1 - 4 * t))
    with page.expect_file_chooser() as chosen:
        sound.get_by_role("button", name="A sound of your own for kick").click()
    chosen.value.set_files(own)
    expect(sound.get_by_text("kick sounds as my kick.wav.")).to_be_visible()
    wait(page, "latentrackSound.context === null || latentrackSound.samples.size === 1")
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "Math.abs(latentrackSound.samples.get('own kick')?.duration - 0.25) < 0.01")
    bar(page).get_by_role("button", name="Stop").click()
    dropped = tmp_path / "notes.wav"
    dropped.write_bytes(b"this is no sound")
    voice = sound.get_by_role("listitem").filter(has_text="snare").first
    data = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["this is no sound"], "notes.wav"));
            return data;
        }"""
    )
    voice.dispatch_event("drop", {"dataTransfer": data})
    expect(sound.get_by_text("notes.wav cannot be used")).to_be_visible()
    sound.get_by_role("button", name="Take your sound off kick").click()
    wait(page, "latentrackSound.samples.size === 0")


def wavfile(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


FAKE_MIDI = """
window.midiSent = [];
const port = { name: "Keys", send: (bytes, time) => window.midiSent.push([[...bytes], time]) };
navigator.requestMIDIAccess = async () => ({ outputs: new Map([["1", port]]) });
"""


def test_notes_go_to_a_port_of_the_browser(page: Page) -> None:
    page.add_init_script(FAKE_MIDI)
    page.reload()
    midi = page.get_by_role("region", name="Ports of this browser")
    midi.get_by_role("button", name="Use a MIDI port").click()
    midi.get_by_label("Notes go to").select_option("Keys")
    wait(page, "latentrackSound.exchanges.length >= 3")
    bar(page).get_by_role("button", name="Play").click()
    wait(page, "midiSent.length >= 12")
    page.wait_for_function("latentrackSound.log.length >= 16")
    bar(page).get_by_role("button", name="Stop").click()
    wait(page, "midiSent.at(-1)[0][0] === 0xb9")  # all notes off
    sent = page.evaluate("midiSent")
    on = [(tuple(data), time) for data, time in sent if data[0] == 0x99]
    off = [(tuple(data), time) for data, time in sent if data[0] == 0x89]
    # Drums are on channel 10, and each note ends after it began.
    assert on and len(on) == len(off) and all(35 <= data[1] <= 81 for data, _ in on)
    assert all(b > a for (_, a), (_, b) in zip(on, off, strict=True))


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
