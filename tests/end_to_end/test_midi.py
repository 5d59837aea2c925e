"""`latentrack midi`: a module's MIDI at this computer's ports, while its prompt is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from latentrack.module.link import Link
from latentrack.module.session import Session
from tests.decoders import DRUMS
from tests.programs import latentrack, ok
from tests.waiting import PATIENCE_S, until


@pytest.fixture
def cables(tmp_path, monkeypatch) -> Path:
    """The folder of the test's MIDI ports, for programs that are started."""
    folder = tmp_path / "midi"
    folder.mkdir()
    monkeypatch.setenv("LATENTRACK_TEST_MIDI", str(folder))
    monkeypatch.setenv("MIDO_BACKEND", "tests.studio.midi_ports")
    return folder


@pytest.fixture
def bridge(start, decoders, cables):
    """A module that plays, and `latentrack midi` beside it."""
    module = start(decoders / f"{DRUMS}.tflite")
    command = [sys.executable, "-m", "latentrack.cli", "midi", "--port", module.port]
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "MIDI goes through the port Latentrack. Ctrl-C ends it.\n"
    assert "A request takes" in program.stdout.readline()
    yield module, cables
    program.terminate()
    program.communicate(timeout=PATIENCE_S)


def test_messages_go_both_ways_while_the_prompt_is_used(bridge):
    module, cables = bridge
    with Link(module.port) as link:
        link.run("patch.midi_learn('1.swing'); patch.midi_clock = 'on'")
    with (cables / "Latentrack.in").open("a") as cable:
        cable.write("control_change channel=2 control=74 value=127\n")
    assert DRUMS in ok("ls", "--port", module.port)

    def swing():
        with Link(module.port) as link:
            return link.evaluate("track.swing")

    until(lambda: swing() == 75, "the controller did not come")

    def sent() -> list[str]:
        lines = (cables / "Latentrack.out").read_text().splitlines()
        return [line.split(" ")[1] for line in lines]

    def clocked() -> bool:
        module.panel.clock(1)
        return sent()[:2] == ["start", "clock"]

    until(clocked, lambda: sent()[:4])
    # The same bytes left the module's own jack.
    assert b"\xfa" in [data for _, data in module.panel.midi.messages()]


def test_a_port_that_is_not_there_is_said(start, cables):
    module = start()
    (cables / "Keys.in").touch()
    said = latentrack("midi", "Organ", "--port", module.port)
    assert said.returncode != 0
    assert "There is no MIDI port Organ, or another program has it; there are Keys." in said.stderr


def test_messages_are_kept_for_a_bridge_that_has_lent_the_line_and_for_no_other(start):
    module = start()

    def send() -> None:
        link.run("import latentcore; latentcore.midi_send(0x0102b0)")
        until(lambda: module.panel.midi.messages(), "the message did not go out")

    with Link(module.port) as link:
        send()
        with Session(link) as session:
            assert session.call("midi", "", True) == [0, ""]
            assert session.call("midi", "b5", False) == [1, ""]
        send()
        with Session(link) as session:
            assert session.call("midi", "", False) == [0, "b00201"]
        send()
        with Session(link) as session:
            assert session.call("midi", "", True) == [0, ""]
