"""--json: one document alone on the output, and it is so; --quiet: nothing but results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from latentrack.module.link import Link
from tests.programs import latentrack


@pytest.fixture
def module(start, models):
    return start(models / "funk.tflite", models / "dub.tflite")


def document(*arguments: str) -> Any:
    done = latentrack(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_devices(module):
    (about,) = document("devices")
    assert (about["port"], about["kind"], about["board"]) == (module.port, "virtual", "xen")
    assert (about["models"], about["runs"], about["note"]) == (2, True, None)
    with Link(module.port) as link:
        block, free = link.evaluate("(lambda s: (s[0], s[3]))(__import__('os').statvfs('/flash'))")
        plays = link.evaluate("instrument.plays()")
    assert about["free_bytes"] == block * free
    assert about["plays"] == plays


def test_devices_without_any(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path))
    assert document("devices") == []


def test_ls(module, models):
    found = document("ls", "--port", module.port)
    sizes = {name: (models / f"{name}.tflite").stat().st_size for name in ("funk", "dub")}
    assert {entry["name"]: entry["bytes"] for entry in found["models"]} == sizes
    assert {entry["kind"] for entry in found["models"]} == {"perc"}
    assert found["plays"][0] in sizes


def test_logs(module):
    with Link(module.port) as link:
        link.run("instrument.message('hello there')")
    found = document("logs", "--port", module.port)
    assert "hello there" in [entry["text"] for entry in found["messages"]]
    assert (found["late_writes"], found["lost_writes"]) == (0, 0)


def test_sync(module, models):
    port = ("--port", module.port)
    (models / "dub.tflite").unlink()
    wanted = {
        "unchanged": ["/flash/models/perc/funk.tflite"],
        "new": ["/flash/models/notes/chorales.tflite"],
        "changed": [],
        "removed": [],
        "only_on_the_module": ["/flash/models/perc/dub.tflite"],
    }
    assert document("sync", str(models), "--dry-run", *port) == wanted | {"done": False}
    assert not (module.flash / "models" / "notes").exists()
    assert document("sync", str(models), *port) == wanted | {"done": True}
    assert (module.flash / "models" / "notes" / "chorales.tflite").is_file()


def test_selftest(module, tmp_path):
    page = tmp_path / "report.md"
    arguments = ("--port", module.port, "--edges", "100", "--report", str(page))
    found = document("selftest", *arguments)
    assert found.pop("report") == str(page)
    assert json.loads(page.read_text().split("```json\n")[1].split("```")[0]) == found
    assert all(check["passed"] is not False for check in found["checks"])


def test_quiet_says_nothing_of_what_was_done(module, models):
    port = ("--port", module.port, "--quiet")
    for arguments in (
        ("push", str(models / "chorales.tflite")),
        ("play", "dub"),
        ("sync", str(models)),
        ("rename", "dub", "rub"),
        ("rename", "rub", "dub"),
        ("rm", "funk"),
        ("reset",),
    ):
        done = latentrack(*arguments, *port)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), arguments
    # What was asked for is shown all the same.
    assert "dub" in latentrack("ls", *port).stdout
    done = latentrack("play", "funk", *port)
    assert (done.returncode, done.stdout) == (2, "") and "funk" in done.stderr
