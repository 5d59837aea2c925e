"""`mpremote mip install` from a web server makes a bare module one that plays."""

from __future__ import annotations

import functools
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentrack.module.library import push
from latentrack.module.link import Link
from latentrack.module.session import Session
from latentrack.virtual.module import VirtualModule
from tests.conftest import ROOT
from tests.programs import mpremote


def make(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "firmware" / "mip.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a folder `mip` that a web server of this machine hands out."""
    done = make("x64", tmp_path / "web" / "mip")
    assert done.returncode == 0, done.stderr
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "web")
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/mip"
        server.shutdown()


def test_a_bare_module_plays_after_it(
    server: str, tmp_path: Path, drum_model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    flash = tmp_path / "flash"
    with VirtualModule(flash) as module:
        said = mpremote(
            module, "resume", "mip", "install", "--target", "/flash", f"{server}/package.json"
        )
        assert "Installing: /flash/latentcore.mpy" in said
    with VirtualModule(flash) as module, Link(module.port) as link:  # switched off and on
        with Session(link) as session:
            assert session.first["runs"]
        assert push(link, drum_model).name == drum_model.stem
    device = ROOT / "device"
    expected = {str(file.relative_to(device)): file for file in device.rglob("*.py")}
    expected["latentcore.mpy"] = ROOT / "firmware" / "build" / "x64" / "latentcore.mpy"
    assert {
        name: (flash / name).read_bytes() for name in expected
    } == {name: file.read_bytes() for name, file in expected.items()}  # fmt: skip


def test_a_folder_that_holds_something_else_stays(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    done = make("x64", tmp_path)
    assert done.returncode == 1 and "something else" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_is_gone_from_the_device_code_goes(tmp_path: Path):
    assert make("x64", tmp_path).returncode == 0
    (tmp_path / "latentrack" / "gone.py").write_text("")
    assert make("x64", tmp_path).returncode == 0
    assert not (tmp_path / "latentrack" / "gone.py").exists()
    package = json.loads((tmp_path / "package.json").read_text())
    assert package["urls"][-1] == ["main.py", "main.py"]


def test_what_is_not_built_is_named(tmp_path: Path):
    done = make("xtensa", tmp_path)
    assert done.returncode == 1 and "make xtensa" in done.stderr
