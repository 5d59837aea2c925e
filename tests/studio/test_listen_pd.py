"""The example patch docs/latentrack.pd: read as text, and run by Pure Data where there is one."""

from __future__ import annotations

import re
import select
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from latentrack.osc.controls import ADDRESSES
from latentrack.osc.endpoint import IN, OUT
from tests.conftest import ROOT
from tests.waiting import PATIENCE_S

PATCH = ROOT / "docs" / "latentrack.pd"


def records() -> list[list[str]]:
    """The patch's lines, each as its words."""
    text = PATCH.read_text("ascii").replace("\n", " ")
    return [record.split() for record in re.split(r"(?<!\\);", text) if record.strip()]


def test_it_names_our_ports_and_addresses() -> None:
    known = {address.name for address in ADDRESSES}
    said = {words[6] for words in records() if words[4:6] == ["oscformat", "latentrack"]}
    assert said == {"x", "y", "z", "w", "threshold", "play", "tempo", "steps", "pitches"} <= known
    (heard,) = (words[5:] for words in records() if words[4:6] == ["route", "x"])
    assert set(heard) <= known
    text = PATCH.read_text()
    assert f"connect {IN.replace(':', ' ')};" in text
    assert f"netreceive -u -b {OUT.partition(':')[2]};" in text


def test_its_cords_join_what_is_there() -> None:
    found = records()
    assert found[0][:2] == ["#N", "canvas"]
    boxes = [words[1] for words in found if words[0] == "#X" and words[1] != "connect"]
    cords = [list(map(int, words[2:])) for words in found if words[1] == "connect"]
    assert len(cords) > 20
    for source, _, target, inlet in cords:
        assert max(source, target) < len(boxes) and inlet == 0
        assert "text" not in (boxes[source], boxes[target])
    joined = {end for source, _, target, _ in cords for end in (source, target)}
    assert [n for n, box in enumerate(boxes) if box != "text" and n not in joined] == []


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_pure_data_speaks_and_hears_our_addresses(tmp_path: Path) -> None:
    pd = shutil.which("pd") or shutil.which("puredata")
    if pd is None:
        pytest.skip("Pure Data is not on this machine: apt-get install puredata-core")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(PATIENCE_S)
        port = free_port()
        text = PATCH.read_text().replace("127.0.0.1 9000", f"127.0.0.1 {ear.getsockname()[1]}")
        # The slider for x is given a name to be moved by, and what comes for it is printed.
        text = text.replace("-b 9001", f"-b {port}").replace("empty empty x", "empty move-x x")
        boxes = len(re.findall(r"^#X (?!connect)", text, re.MULTILINE))
        route = next(n for n, box in enumerate(_boxes(text)) if box.startswith("route x"))
        begin = text.index("#X connect")
        text = f"{text[:begin]}#X obj 9 9 print heard;\n{text[begin:]}"
        (tmp_path / "patch.pd").write_text(f"{text}#X connect {route} 0 {boxes} 0;\n")
        options = ["-nogui", "-noaudio", "-stderr", "-open", str(tmp_path / "patch.pd")]
        with subprocess.Popen(
            [pd, *options, "-send", "move-x 0.5"], stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                message = OscMessage(ear.recv(4096))
                assert (message.address, message.params) == ("/latentrack/x", [0.5])
                SimpleUDPClient("127.0.0.1", port).send_message("/latentrack/x", -0.25)
                assert running.stderr is not None
                select.select([running.stderr], [], [], PATIENCE_S)
            finally:
                running.terminate()
            assert running.stderr.read() == "heard: -0.25\n"


def _boxes(text: str) -> list[str]:
    """What stands in each box, in the order by which cords count them."""
    found = re.findall(r"^#X (?!connect)(\w+) \d+ \d+ ([^;]*);", text, re.MULTILINE)
    return [words for _, words in found]
