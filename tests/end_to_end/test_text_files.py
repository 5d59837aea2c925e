"""Text files as editors save them: byte order marks, Latin-1, UTF-16, CR, zero bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from latentrack.errors import UserError
from latentrack.module.link import Link
from latentrack.module.live import Live
from latentrack.module.session import Session
from latentrack.module.texts import for_module
from latentrack.virtual.module import VirtualModule
from tests.programs import latentrack, mpremote

PLAIN = "# größer\non = True\n\ndef frame(controls, track):\n    track.modulate('x', 0.25)\n"
# What plays all the same.
READ = {
    "mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "windows": b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode(),
    "old_mac": PLAIN.replace("\n", "\r").encode(),
    "plain": PLAIN.encode(),
}
# What does not, and the line that is wrong.
REFUSED = {
    "latin1": (PLAIN.encode("latin-1"), "line 1"),
    "late": (
        PLAIN.replace("\n", "\r\n").encode() + "x = 'Gr\xf6\xdfe'\r\n".encode("latin-1"),
        "line 6",
    ),
    "zero": (PLAIN.encode() + b"# \0\n", "line 6"),
    "mac_latin1": (PLAIN.replace("\n", "\r").encode() + b"# gr\xf6\xdfer\r", "line 6"),
}
WIDE = {
    "utf16": PLAIN.encode("utf-16"),
    "utf16_without_a_mark": PLAIN.encode("utf-16-le"),
    "utf32": PLAIN.encode("utf-32"),
}
SAVE = "save the file as UTF-8"


@pytest.mark.parametrize("name", READ)
def test_what_an_editor_adds_is_taken_away(name):
    made = for_module("sway.py", READ[name]).decode()
    assert made.replace("\r\n", "\n") == PLAIN


@pytest.mark.parametrize("name", [*REFUSED, *WIDE])
def test_what_is_not_utf_8_is_named(name):
    data, line = REFUSED.get(name, (WIDE.get(name), ""))
    with pytest.raises(UserError) as refused:
        for_module("behaviours/sway.py", data)
    said = str(refused.value)
    assert said.startswith("behaviours/sway.py") and line in said and SAVE in said
    assert "\n" not in said


def test_live_sends_what_can_be_read_and_names_the_rest(start, drum_model, tmp_path):
    module = start(drum_model)
    folder = tmp_path / "behaviours"
    folder.mkdir()
    contents = READ | {name: data for name, (data, _) in REFUSED.items()} | WIDE
    for name, data in contents.items():
        (folder / f"{name}.py").write_bytes(data)
    with Link(module.port) as link:
        live = Live(link, folder)
        changes = {Path(change.path).stem: change for change in live.start()}
        assert set(changes) == set(contents)
        for name, change in changes.items():
            assert (change.what == "plays") == (name in READ), change
            if name in READ:
                assert link.evaluate(f"instrument.behaviours.is_on({name!r})")
            else:
                assert change.trace.startswith(f"behaviours/{name}.py") and SAVE in change.trace
                assert REFUSED.get(name, ("", ""))[1] in change.trace
        # What is on the module is what was sent: nothing is sent again.
        live.finish()
        assert live.poll() == []
        again = {Path(change.path).stem for change in Live(link, folder).start()}
        assert again == set(contents) - set(READ)
        # As soon as it is saved in another way it plays.
        (folder / "latin1.py").write_bytes(PLAIN.encode())
        (change,) = live.poll()
        assert (change.path, change.what) == ("behaviours/latin1.py", "plays")


def test_what_mpremote_brings_is_read_or_named(start, drum_model, tmp_path):
    """mpremote does not check the file, so the module has to say it."""
    module = start(drum_model)
    contents = READ | {name: data for name, (data, _) in REFUSED.items()}
    contents |= {"utf16": WIDE["utf16"]}
    for name, data in contents.items():
        (tmp_path / f"{name}.py").write_bytes(data)
    files = [str(tmp_path / f"{name}.py") for name in contents]
    mpremote(module, "fs", "cp", *files, ":/flash/behaviours/")
    with Link(module.port) as link:
        link.restart()
        there = set(link.evaluate("behaviours.names()"))
        assert set(READ) <= there and not there & (set(contents) - set(READ))
        assert all(link.evaluate(f"behaviours.is_on({name!r})") for name in READ)
    done = latentrack("logs", "--port", module.port)
    told = done.stdout
    assert done.returncode == 0, done.stderr
    for name, (_, line) in REFUSED.items():
        assert f"behaviour {name} is off: {name}.py, {line}: " in told, told
    assert "behaviour utf16 is off: utf16.py, line 1: " in told
    assert told.count(SAVE) >= len(REFUSED) + 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_short_texts_that_an_editor_has_saved(installed_flash, drum_model, tmp_path, encoding):
    flash = shutil.copytree(installed_flash, tmp_path / "flash")
    perc = flash / "models" / "perc"
    perc.mkdir(parents=True)
    for name in ("dub", "funk"):
        shutil.copy(drum_model, perc / f"{name}.tflite")
    (flash / "board.txt").write_bytes("bare\r\n".encode(encoding))
    (flash / "name.txt").write_bytes(
        "Ümlaut\r\n".encode(encoding if encoding == "utf-8-sig" else "latin-1")
    )
    (flash / "models" / "playing.txt").write_bytes("funk\r\ndub\r\n".encode("utf-8-sig"))
    with VirtualModule(flash) as module, Link(module.port) as link:
        assert module.board == "bare"
        assert link.evaluate("instrument.board.NAME") == "bare"
        assert link.evaluate("[t.model.name for t in instrument.tracks]") == ["funk", "dub"]
        with Session(link) as session:
            assert session.first["name"] == "Ümlaut"


@pytest.mark.parametrize(
    "data", [b"\xff\xfeg\0a\0", b"\xe9t\xe9", b"\0\0", b"\xef\xbb\xbf1.length 12\n"]
)
def test_settings_that_an_editor_has_saved_are_set_aside(start, drum_model, data):
    """Their checksum says that the module has not written them."""
    module = start(drum_model)
    with Link(module.port) as link:
        link.reset_to_prompt()
    (module.flash / "settings.txt").write_bytes(data)
    with Link(module.port) as link:
        link.restart()
        assert link.evaluate("'instrument' in globals()")
        assert "settings.txt was damaged; it is set aside" in str(
            link.evaluate("__import__('latentrack.logs').logs.since(0)")
        )
    assert (module.flash / "settings.txt.damaged").read_bytes() == data
