"""What a player sees: the virtual display's pixels, made of the very bytes that went over SPI."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from latentrack.decoder.metadata import DecoderInfo, attach_info
from latentrack.module.link import Link
from tests.conftest import ROOT
from tests.decoders import CHORALES, DRUMS
from tests.device.glass import Glass, frames_see
from tests.device.test_controls import hold, tap
from tests.waiting import until

WHITE = (255, 255, 255)
# Where the play page has its parts, in pixels: measured on the picture, not taken from the code.
PATTERN_TOP, PATTERN_BOTTOM, CURSOR_ROW = 18, 59, 60
SQUARE_X, SQUARE_Y, SQUARE = 106, 18, 44
BAR_X = 153


class Played:
    """A module at its prompt, in manual time, and its glass."""

    def __init__(self, module, link):
        self.module, self.link = module, link
        self.glass = Glass(module, link)

    def run(self, code):
        self.link.run(code)
        frames_see(self.module, self.link)

    def clock(self, edges):
        self.module.panel.clock(edges, spacing_us=20_000)
        frames_see(self.module, self.link)


@pytest.fixture
def play(start, decoders):
    links = []

    def play(*names):
        module = start(*(decoders / f"{n}.tflite" for n in names), manual_time=True)
        links.append(Link(module.port))
        played = Played(module, links[-1])
        if names:
            played.run(f"library.play({names[0]!r})")
        return played

    yield play
    for link in links:
        link.__exit__()


# -- the play page ----------------------------------------------------------------------------


@pytest.mark.parametrize("name, threshold", [(DRUMS, 0.125), (CHORALES, 0.03125)])
def test_the_pattern_is_the_one_that_litert_decodes(play, decoded, name, threshold):
    """Every cell of the grid, pixel by pixel of its column."""
    played = play(name)
    latents = (1.5, -0.75, 0.375)
    probabilities = decoded(name, latents)
    steps, voices = probabilities.shape
    played.run(f"track.latents = {latents}; track.threshold = {threshold}")
    played.clock(steps + 3)
    image = played.glass.at_rest()
    width = 104 // steps
    height = PATTERN_BOTTOM - PATTERN_TOP
    seen = 0
    for step in range(steps):
        column = image[PATTERN_TOP:PATTERN_BOTTOM, step * width + 1]
        lit = (column.astype(int).sum(axis=1) > 300).tolist()
        wanted = [False] * height
        for voice in np.flatnonzero(probabilities[step] > threshold):
            bottom = height - voice * height // voices
            top = height - (voice + 1) * height // voices
            tall = max(bottom - top - (bottom - top > 2), 1)
            wanted[top : top + tall] = [True] * tall
            seen += 1
        assert lit == wanted, f"step {step}"
    assert seen > 10
    cursor = (image[CURSOR_ROW, : steps * width] == WHITE).all(axis=-1)
    assert np.flatnonzero(cursor)[0] == 2 * width, "the third step of the second bar"
    assert cursor.sum() == width - 1


def test_in_step_mode_the_grid_follows_within_the_bar(play):
    """Each step is decoded anew: its column changes when it is played, the others stay."""
    played = play(DRUMS)
    played.run("track.threshold = 0.5; track.latents = (1, -1, 0.5); track.follow = 'step'")
    played.clock(17)
    before = played.glass.at_rest()
    played.run("track.threshold = 0.02; track.latents = (-1.5, 0.5, 0)")
    played.clock(8)
    image = played.glass.at_rest()
    cells = played.link.evaluate("track.cells")
    assert len(set(cells)) > 4
    for step, voices in enumerate(cells):
        if step == 8:
            continue  # the column that sounds is white
        column = image[PATTERN_TOP:PATTERN_BOTTOM, step * 6 + 1]
        lit = (column.astype(int).sum(axis=1) > 300).tolist()
        middles = [41 - 1 - (voice * 41 // 12 + 1) for voice in range(12)]
        assert tuple(v for v in range(12) if lit[middles[v]]) == voices, f"step {step}"
    assert (image[:60, 11 * 6 : 16 * 6] == before[:60, 11 * 6 : 16 * 6]).all()


def test_drums_of_one_group_have_one_colour_and_the_step_that_sounds_is_white(play, decoded):
    played = play(DRUMS)
    played.run("track.threshold = 0.001; track.latents = (0, 0, 0)")
    played.clock(16)
    image = played.glass.at_rest()
    lit = decoded(DRUMS, (0, 0, 0)) > 0.001
    groups = np.repeat(range(5), (1, 1, 6, 2, 2))
    colours: dict[int, set] = {}
    for step in range(15):
        for voice in np.flatnonzero(lit[step]):
            y = PATTERN_BOTTOM - 1 - (voice * 41 // 12 + 1)
            colours.setdefault(int(groups[voice]), set()).add(tuple(image[y, step * 6 + 1]))
    assert len(colours) == 5
    assert all(len(found) == 1 for found in colours.values())
    assert len(set.union(*colours.values())) == 5
    last = image[PATTERN_TOP:PATTERN_BOTTOM, 15 * 6 + 1]
    assert (last == WHITE).all(axis=-1).sum() >= lit[15].sum() > 0


@pytest.mark.parametrize("x, y, z", [(0, 0, 0), (-1, -1, -1), (1, 1, 1), (0.5, -0.25, 0.75)])
def test_the_latents_are_a_point_and_a_bar(play, x, y, z):
    played = play(DRUMS)
    played.run(f"track.x, track.y, track.z = {x}, {y}, {z}")
    played.clock(1)
    image = played.glass.at_rest()
    square = image[SQUARE_Y : SQUARE_Y + SQUARE, SQUARE_X : SQUARE_X + SQUARE].astype(int)
    point = np.argwhere((square[..., 0] > 200) & (square[..., 2] < 100))
    assert len(point) == 25
    middle = point.mean(axis=0)
    # 39 pixels from end to end, the point's middle 2 from the rim; y upwards.
    assert middle[1] == pytest.approx(2 + (x + 1) / 2 * 39, abs=0.6)
    assert middle[0] == pytest.approx(41 - (y + 1) / 2 * 39, abs=0.6)
    bar = (image[SQUARE_Y : SQUARE_Y + SQUARE, BAR_X] == WHITE).all(axis=-1)
    assert bar.sum() == pytest.approx(2 + (z + 1) / 2 * 39, abs=1.6)
    assert bar[41] and not bar[0]


def test_cv_moves_the_point_too(play):
    played = play(DRUMS)
    played.run("track.x = track.y = 0")
    before = played.glass.at_rest()
    played.module.panel.cv("x", 2.5)  # a quarter of the way from end to end
    after = played.glass.at_rest()
    changed = np.argwhere((before != after).any(axis=-1))
    assert changed[:, 1].min() >= SQUARE_X and changed[:, 1].max() < SQUARE_X + SQUARE
    square = after[SQUARE_Y : SQUARE_Y + SQUARE, SQUARE_X : SQUARE_X + SQUARE].astype(int)
    point = np.argwhere((square[..., 0] > 200) & (square[..., 2] < 100))
    assert point.mean(axis=0)[1] == pytest.approx(2 + 0.75 * 39, abs=0.6)


def test_the_words_of_the_play_page(play):
    played = play(DRUMS)
    played.run("track.threshold = 0.3; track.chaos = 0.25")

    def words():
        image = played.glass.at_rest()
        return played.glass.line(image, 0)[:15], played.glass.line(image, 0, 120)

    assert words() == (DRUMS[:15], "  bar")
    assert played.glass.line(played.glass.at_rest(), 64) == "thr 0.30  chaos 0.25"
    played.run("track.follow = 'step'")
    assert words()[1] == " step"
    played.run("track.freeze = 'on'")
    assert words()[1] == "froze"
    tap(played.module, played.link, 1)
    assert words()[1] == "pause"
    played.run("track.freeze = 'off'; track.follow = 'hold'; instrument.reset()")
    played.clock(2)
    assert words()[1] == " hold"


def test_the_other_tracks_page_is_its_own(play):
    played = play(DRUMS, CHORALES)
    played.run(f"library.play({CHORALES!r}, 1); tracks[1].threshold = 0.1")
    played.clock(20)
    first = played.glass.at_rest()
    played.module.panel.turn_encoder("left", 1)
    frames_see(played.module, played.link)
    second = played.glass.at_rest()
    assert played.glass.line(second, 0).startswith(CHORALES[:15])
    played.module.panel.turn_encoder("left", 1)
    frames_see(played.module, played.link)
    assert (played.glass.at_rest() == first).all()
    assert (first != second).any()


@pytest.fixture
def shapes(decoders, tmp_path):
    """The drum model's 192 outputs, said to be other steps and voices: wide.tflite and the like."""
    data = (decoders / f"{DRUMS}.tflite").read_bytes()
    for name, steps, voices in (("few", 6, 32), ("many", 24, 8), ("long", 48, 4)):
        groups = (max(voices // 8, 1),) * min(voices, 8)
        info = DecoderInfo("perdec", steps, voices, 3, groups)
        (tmp_path / f"{name}.tflite").write_bytes(attach_info(data, info))
    return tmp_path


def columns(image, count):
    """Where each of the pattern's columns has its cursor, and which are lit at all."""
    width = 104 // count
    cursor = [tuple(image[CURSOR_ROW, i * width]) == WHITE for i in range(count)]
    lit = image[PATTERN_TOP:PATTERN_BOTTOM].astype(int).sum(axis=-1) > 300
    return cursor, [bool(lit[:, i * width].any()) for i in range(count)]


def test_patterns_of_other_sizes_and_what_they_leave_behind(play, shapes):
    """Six, 24 and 48 steps, one model after the other: nothing stays of the one before."""
    played = play(DRUMS)
    for name in ("few", "many", "long"):
        data = (shapes / f"{name}.tflite").read_bytes()
        (played.module.flash / "models" / "perc" / f"{name}.tflite").write_bytes(data)
    played.run("track.threshold = 0.2; track.latents = (1, 0.5, -1)")
    steps = {"few": 6, "many": 24, "long": 48, DRUMS: 16}
    for name in (DRUMS, "many", "few", "long", "few", DRUMS):
        # Three steps into the bar, and, of 48 steps in two parts of 34, into the second part.
        into = 37 if name == "long" else 3
        played.run(f"library.play({name!r})")
        played.module.panel.trigger("reset")
        played.module.panel.advance(20_000)
        played.clock(into)
        image = played.glass.at_rest()
        shown = min(steps[name], 34)
        cursor, lit = columns(image, shown)
        assert [i for i, here in enumerate(cursor) if here] == [2 if into == 3 else 36 - 34]
        cells = played.link.evaluate("track.cells")
        part = cells[34:] if name == "long" else cells
        lit[into - 1 if into == 3 else 2] = bool(part[2])
        assert lit == [bool(voices) for voices in part] + [False] * (shown - len(part))
        played.run("instrument.screen.show(instrument.screen.page)")  # all anew
        assert (played.glass.at_rest() == image).all(), f"{name} shows what was there before"


def test_a_shorter_bar_that_begins_elsewhere_is_marked(play, decoded):
    """Steps beyond the length are dark; dots are at the bar's own beats, the first one white."""
    played = play(DRUMS)
    played.run("track.threshold = 0.01; track.latents = (0, 0, 0); track.length = 12")
    played.run("track.rotation = 3")
    played.clock(2)
    image = played.glass.at_rest().astype(int)
    dots = [int(image[CURSOR_ROW + 1, i * 6].sum()) for i in range(16)]
    # The second step sounds, which is the pattern's fifth; beats are 3, 7 and 11.
    assert [i for i in range(16) if dots[i]] == [3, 4, 7, 11]
    assert dots[4] == 3 * 255, "white where it sounds"
    assert tuple(image[CURSOR_ROW + 1, 3 * 6]) == (255, 203, 41), "yellow where the bar begins"
    assert dots[7] == dots[11]
    lit = (decoded(DRUMS, (0, 0, 0)) > 0.01).any(axis=1)
    for step in range(16):
        brightest = image[PATTERN_TOP:PATTERN_BOTTOM, step * 6 + 1].sum(axis=-1).max()
        assert (brightest > 300) == bool(step < 12 and lit[step])
        assert (brightest > 0) == bool(step < 12 or lit[step])
    assert lit[12:].any()


# -- list pages -------------------------------------------------------------------------------


def test_the_parameter_page_shows_the_table_line_by_line(play):
    played = play(DRUMS)
    played.run("track.length = 12; track.follow = 'step'; instrument.controls.open('parameters')")
    table = played.link.evaluate("[(e.title, e.text(track.numbers[e.name])) for e in track.TABLE]")
    texts = dict(table)
    assert texts["Length"] == "12" and texts["Follow"] == "step"
    for first in range(0, len(table), 4):
        rows = played.glass.rows()
        assert rows[0] == f"Params | T1 {first + 1}/{len(table)}"
        wanted = [f"{title} | {text}" for title, text in table[first : first + 4]]
        assert rows[1:] == wanted + [" | "] * (4 - len(wanted))
        played.module.panel.turn_encoder("left", 4)
        frames_see(played.module, played.link)


def test_the_library_and_patch_pages(play):
    played = play(CHORALES, DRUMS)
    played.run("instrument.controls.open('library')")
    rows = played.glass.rows()
    assert rows[0] == "Models | T1 1/2"
    assert rows[1:] == [f"{CHORALES[:17]} | *", f"{DRUMS[:17]} | ", " | ", " | "]
    played.run("instrument.patch.cv_x = -0.5; instrument.controls.open('patch')")
    first = played.link.evaluate("[entry.name for entry in patch.TABLE].index('cv_x')")
    played.run(f"instrument.controls.page.choose({first})")
    assert {"CV X | -0.50", "CV X to | 1.x"} <= set(played.glass.rows())
    # What is too long for the line gives way on the left.
    played.module.panel.turn_encoder("left", 7)
    played.run("instrument.patch.cv_threshold_to = '2.transpose'")
    assert {"CV Threshold | 1.00", "CV Thre | 2.transpose"} <= set(played.glass.rows())


def test_presets_are_stored_and_recalled_from_their_page(play):
    played = play(DRUMS)
    module, link = played.module, played.link
    played.run("track.length = 7; instrument.controls.open('presets')")
    module.panel.turn_encoder("right", 2)
    frames_see(module, link)
    link.run("instrument.quiet = True")  # what it says must not meet an answer
    hold(module, link, "right")
    assert link.evaluate("instrument.message_text") == "preset 3"
    link.run("instrument.screen.message.clear()")
    assert played.glass.rows() == [
        "Presets | 3/16",
        "Preset 1 | empty",
        "Preset 2 | empty",
        "Preset 3 | *",
        "Preset 4 | empty",
    ]
    link.run("track.length = 3")
    tap(module, link, "right")
    assert link.evaluate("track.length") == 7


def test_behaviours_are_switched_from_their_page(play):
    played = play(DRUMS)
    module, link = played.module, played.link
    played.run("instrument.controls.open('behaviours')")
    assert played.glass.rows() == [
        "Behaviours | 1/3",
        "drunk_walk | off",
        "fills | off",
        "lfo_on_x | off",
        " | ",
    ]
    played.run("instrument.behaviours.swap('a_hop', 'def frame(c, t): t.length = 5')")
    link.run("instrument.behaviours.switch('a_hop', False)")
    assert played.glass.rows()[:2] == ["Behaviours | 1/4", "a_hop | off"]
    link.run("track.length = 16")
    tap(module, link, "right")
    assert played.glass.rows()[1] == "a_hop | on"
    assert link.evaluate("track.length") == 5
    tap(module, link, "right")
    assert played.glass.rows()[1] == "a_hop | off"


def test_an_input_is_calibrated_at_its_page(play):
    """The module's input is off by a twentieth and 30 mV: after two volts it is right."""
    played = play(DRUMS)
    module, link = played.module, played.link
    played.run("instrument.controls.open('calibration')")
    assert played.glass.rows()[0] == "Calibrate | 1/16"

    def patch(volts):
        module.panel.cv("x", 0.95 * volts + 0.03)
        frames_see(module, link)

    patch(2)
    assert played.glass.rows()[1] == "In x | 1.93V"
    for volts in (-2, 0, 3):
        patch(volts)
        tap(module, link, "right")
    for volts in (2, -1.5, 4):
        patch(volts)
        assert link.evaluate("instrument.controls.cv['x']") == pytest.approx(volts, abs=2e-3)
    hold(module, link, "right")
    patch(2)
    assert link.evaluate("instrument.controls.cv['x']") == pytest.approx(1.93, abs=2e-3)


def test_an_output_is_calibrated_at_its_page(play):
    """An output stage that makes 2 % too much: the codes put out are those the meter wants."""
    played = play(CHORALES)
    module, link = played.module, played.link
    panel = module.panel
    played.run("instrument.controls.open('calibration')")
    panel.turn_encoder("left", 8 + 4)  # behind the inputs: output 5, the first note's pitch
    frames_see(module, link)

    def meter():
        panel.advance(2000)  # a tick
        panel.settle()
        return panel.volts()[4] * 1.02

    panel.turn_encoder("right", 1)  # anything, to see the jack
    frames_see(module, link)
    panel.turn_encoder("right", -1)
    frames_see(module, link)
    assert meter() == pytest.approx(0, abs=7e-4)
    tap(module, link, "right")  # 0 V is right as it is
    for volts in range(1, 4):
        shown = meter()
        assert shown == pytest.approx(1.02 * volts, abs=0.03) or shown == pytest.approx(
            volts, abs=0.03
        )
        while shown > volts + 0.0007:
            panel.turn_encoder("right", -1)
            frames_see(module, link, 2)
            shown = meter()
        tap(module, link, "right")
    line = "instrument.calibration.outputs[4]"
    assert link.evaluate(f"{line}.code(5)") == pytest.approx((5 - 5 / 1.02) / 10 * 65535, abs=8)
    assert link.evaluate(f"sorted({line}.measured)") == [0.0, 1.0, 2.0, 3.0]


# -- messages ---------------------------------------------------------------------------------

MESSAGE = "instrument.screen.message"


def test_a_message_takes_the_bottom_line_for_a_while(play):
    played = play(DRUMS)
    played.clock(3)
    before = played.glass.at_rest()
    said = ["a long message that", "takes several lines"]
    played.link.run(f"{MESSAGE}.FRAMES = 1 << 20\ninstrument.message({' '.join(said)!r})")
    for line in said:
        image = played.glass.at_rest()
        assert (image[:64] == before[:64]).all(), "it covers more than its line"
        assert played.glass.line(image, 64) == line
        played.link.run(f"{MESSAGE}.frames_left = 1")
    assert (played.glass.at_rest() == before).all(), "the message stays"
    # For how many frames it stays by itself, as the module counts them.
    played.link.run(
        f"message = {MESSAGE}\n"
        "del message.FRAMES\n"
        "tick, shown = message.tick, {}\n"
        "def counted():\n"
        "    there = tick()\n"
        "    if there:\n"
        "        shown[message.now()] = shown.get(message.now(), 0) + 1\n"
        "    return there\n"
        "message.tick = counted\n"
        f"instrument.message({' '.join(said)!r})"
    )
    until(
        lambda: played.link.evaluate("len(shown) > 1 and not message.speaks()"),
        "the message stays",
    )
    assert played.link.evaluate("shown") == pytest.approx(dict.fromkeys(said, 75), abs=1)


def test_a_message_on_a_list_page_covers_its_last_row(play):
    played = play(DRUMS)
    played.run(f"instrument.controls.open('presets'); {MESSAGE}.FRAMES = 1 << 20")
    before = played.glass.at_rest()
    played.run("instrument.message('hello')")
    image = played.glass.at_rest()
    assert played.glass.line(image, 64) == "hello"
    assert (image[:64] == before[:64]).all()
    played.run(f"{MESSAGE}.frames_left = 1")
    assert (played.glass.at_rest() == before).all()


# -- economy ----------------------------------------------------------------------------------


def test_nothing_is_sent_when_nothing_changes(play):
    played = play(DRUMS)
    played.clock(3)
    played.glass.at_rest()
    before = played.module.panel.display_bytes
    frames_see(played.module, played.link, 50)
    assert played.module.panel.display_bytes == before


def test_a_step_draws_two_columns(play):
    """The one that sounded and the one that sounds: 6 x 44 pixels of two bytes each."""
    played = play(DRUMS)
    played.clock(3)
    for _ in range(5):
        played.glass.at_rest()
        before = played.module.panel.display_bytes
        played.clock(1)
        played.glass.at_rest()
        sent = played.module.panel.display_bytes - before
        assert 2 * 528 < sent <= 2 * (528 + 11)  # and their commands


def test_a_frame_never_draws_more_than_its_share(play):
    """Pages are opened, knobs turned, messages shown: no frame sends more than 2,560 pixels."""
    played = play(DRUMS, CHORALES)
    played.link.run(
        "most = frames = 0\n"
        "draw = instrument.screen.frame\n"
        "def watched():\n"
        "    global most, frames\n"
        "    before = instrument.screen.pixels\n"
        "    draw()\n"
        "    frames += 1\n"
        "    most = max(most, instrument.screen.pixels - before)\n"
        "instrument.every_frame[instrument.every_frame.index(draw)] = watched\n"
    )
    for name in ("parameters", "library", "play", "presets", "calibration", "patch", "play"):
        played.link.run(f"instrument.controls.open({name!r}); instrument.message_ms += 1")
        played.module.panel.clock(3)
        played.module.panel.turn("x", 0.1)
        frames_see(played.module, played.link, 7)
        played.module.panel.turn("x", 0.9)
        played.glass.at_rest()
    most, frames = played.link.evaluate("(most, frames)")
    assert frames > 50 and 1500 < most <= 2560


def test_no_step_waits_for_the_screen(play):
    """2,000 edges and more, a millisecond apart, while pages are turned and 100,000 bytes go to the
    screen: each plays its step."""
    played = play(DRUMS)
    link, panel = played.link, played.module.panel
    stop = threading.Event()

    def leaf_through():
        while not stop.is_set():
            link.run("instrument.controls.next_page()\nimport time\ntime.sleep_ms(60)")

    reader = threading.Thread(target=leaf_through)
    panel.steps()
    before = panel.display_bytes
    reader.start()
    try:
        edges = 0
        while edges < 2000 or panel.display_bytes - before < 100_000:
            assert reader.is_alive() and edges < 1_000_000, "the pages do not turn"
            drawn = panel.display_bytes
            panel.clock(100, spacing_us=1000)
            edges += 100
            until(lambda drawn=drawn: panel.display_bytes > drawn, "the pages do not turn")
    finally:
        stop.set()
        reader.join()
    steps = [step.number for step in panel.steps() if step.track == 0]
    assert steps == [n % 16 for n in range(steps[0], steps[0] + edges)]
    assert panel.faults == []


# -- power and failure ------------------------------------------------------------------------


def test_the_glass_is_dark_until_the_first_page_is_whole(play):
    played = play(DRUMS)
    shown = played.glass.at_rest()
    played.link.__exit__()
    played.module.kill()  # the display's memory is noise again
    panel = played.module.panel
    image = until(lambda: (seen := panel.screen()).any() and [seen], "it stays dark", 0.002)[0]
    assert (image == shown).all()
    played.link = Link(played.module.port)


def test_a_restart_brings_the_screen_back(play):
    played = play(DRUMS)
    shown = played.glass.at_rest()
    played.link.restart()
    frames_see(played.module, played.link, 30)
    assert (played.glass.at_rest() == shown).all()


@pytest.mark.parametrize("display", ["None", "dict(DISPLAY, spi=7)", "dict(DISPLAY, reset='X1')"])
def test_without_a_display_the_module_plays_all_the_same(play, display):
    played = play(DRUMS)
    board = played.module.flash / "latentrack" / "boards" / "xen.py"
    board.write_text(board.read_text() + f"\n\nDISPLAY = {display}\n")
    played.link.restart()
    said = played.link.evaluate("instrument.message_text")
    assert said.startswith("no screen: ") or (said, display) == ("", "None")
    before = played.module.panel.display_bytes
    played.clock(16)
    steps = [step for step in played.module.panel.steps() if step.track == 0]
    assert [step.number for step in steps] == list(range(16))
    assert any(step.gates for step in steps)
    assert played.module.panel.display_bytes == before
    tap(played.module, played.link, "left")
    assert played.link.evaluate("instrument.controls.page.name") == "perform"


def test_a_page_is_changed_while_it_is_open(play):
    """New source for the play page takes the place of the old one under the objects that draw."""
    played = play(DRUMS)
    played.clock(3)
    played.run("track.threshold = 0.5")
    before = played.glass.at_rest()
    path = "latentrack/pages/play.py"
    source = (ROOT / "device" / path).read_text()
    changed = source.replace('f"thr {', 'f"THR {')
    changed = changed.replace("5, 5, colours.TRACKS", "3, 3, colours.TRACKS")
    assert changed.count("THR") == 1 and len(changed) == len(source)
    (played.module.flash / "page.txt").write_text(changed)
    played.link.run(
        "from latentrack import arena, live\nimport micropython\n"
        "_source = open('/flash/page.txt').read().encode()\n"
        f"live.swap({path!r}, arena.Block(memoryview(_source)))\n"
        "micropython.kbd_intr(3)"
    )
    played.run("track.threshold = 0.25; track.rotation = 16")  # so that everything is drawn anew
    after = played.glass.at_rest()
    assert played.glass.line(before, 64) == "thr 0.50  chaos 0.00"
    assert played.glass.line(after, 64) == "THR 0.25  chaos 0.00"
    squares = [image[SQUARE_Y:64, SQUARE_X:BAR_X].astype(int) for image in (before, after)]
    points = [np.sum((square[..., 0] > 200) & (square[..., 2] < 100)) for square in squares]
    assert points == [25, 9]


def test_a_mistake_in_a_page_costs_the_page_only(play):
    played = play(DRUMS)
    played.glass.at_rest()
    played.link.run("def bad(): raise ValueError('in a page')\n")
    played.run("instrument.quiet = True; instrument.controls.page.refresh = bad")
    assert "ValueError('in a page'" in played.link.evaluate("instrument.message_text")
    logged = str(played.link.evaluate("__import__('latentrack.logs').logs.since(0)[1]"))
    assert logged.count("ValueError: in a page") == 1
    played.module.panel.clock(4)
    assert len([s for s in played.module.panel.steps() if s.track == 0]) == 4
    played.run("instrument.controls.open('parameters')")
    assert played.glass.rows()[0].startswith("Params")
