"""The commands over USB as a user types them: what they say, and what is on the module after."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile

import pytest
import serial

from latentrack.commands.push import push
from latentrack.module import library
from latentrack.module.frames import MAGIC, Frame
from latentrack.module.link import Link
from latentrack.module.session import Session
from latentrack.virtual import registry
from latentrack.virtual.module import VirtualModule
from tests.decoders import WIDE
from tests.programs import latentrack, mpremote
from tests.waiting import PATIENCE_S


def ok(*arguments: str) -> str:
    done = latentrack(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fails(*arguments: str, code: int = 2) -> str:
    done = latentrack(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def library_of(module: VirtualModule) -> dict[str, bytes]:
    folder = module.flash / "models"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.tflite")
    }


def test_push_is_heard_and_leaves_the_flash_alone(start, models):
    module = start(models / "dub.tflite", manual_time=True)
    before = library_of(module)
    said = ok("push", str(models / "funk.tflite"), "--port", module.port)
    assert "funk plays on track 1" in said
    assert library_of(module) == before
    module.panel.clock(16)
    assert [step.number for step in module.panel.steps()] == list(range(16))
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "funk"
        assert hashlib.sha256((models / "funk.tflite").read_bytes()).hexdigest() == link.evaluate(
            "__import__('binascii').hexlify(__import__('hashlib').sha256(track.model.file)"
            ".digest()).decode()"
        )
        link.restart()
        assert link.evaluate("track.model.name") == "dub"


def test_a_push_reads_its_file_once(start, models, monkeypatch):
    module = start()
    reads = []
    read_model_bytes = library.read_model_bytes

    def counted(file):
        reads.append(file)
        return read_model_bytes(file)

    monkeypatch.setattr(library, "read_model_bytes", counted)
    file = models / "dub.tflite"
    push(None, [file], port=module.port, store=True)
    assert reads == [file]
    assert library_of(module) == {"perc/dub.tflite": file.read_bytes()}


def test_push_store_keeps_it(start, models):
    module = start()
    assert "library" in ok("push", "--store", str(models / "funk.tflite"), "--port", module.port)
    assert library_of(module) == {"perc/funk.tflite": (models / "funk.tflite").read_bytes()}
    with Link(module.port) as link:
        link.restart()
        assert link.evaluate("track.model.name") == "funk"


def test_push_to_the_second_track(start, models):
    module = start(models / "dub.tflite")
    ok("push", str(models / "chorales.tflite"), "--track", "2", "--port", module.port)
    with Link(module.port) as link:
        assert link.evaluate("[t.model.name for t in instrument.tracks]") == ["dub", "chorales"]
    assert "tracks 1 to 2" in fails(
        "push", str(models / "funk.tflite"), "--track", "3", "--port", module.port
    )


def test_a_model_larger_than_the_modules_memory(start, decoders, models):
    module = start(models / "dub.tflite")
    large = decoders / f"{WIDE}.tflite"
    said = fails("push", "--store", str(large), "--port", module.port)
    needed = -(-large.stat().st_size // 1024)
    assert large.name in said and f"needs {needed} KB" in said
    assert "`tracks[0].stop()`" in said and "`latentrack export --precision int8`" in said
    assert list(library_of(module)) == ["perc/dub.tflite"]


def test_sync_makes_the_library_like_the_folder(start, models, tmp_path):
    module = start()
    said = ok("sync", str(models), "--port", module.port)
    assert "3 new" in said
    wanted = {
        "perc/funk.tflite": (models / "funk.tflite").read_bytes(),
        "perc/dub.tflite": (models / "dub.tflite").read_bytes(),
        "notes/chorales.tflite": (models / "chorales.tflite").read_bytes(),
    }
    assert library_of(module) == wanted

    # One changes, one goes, one is damaged.
    (models / "funk.tflite").write_bytes(wanted["perc/dub.tflite"])
    (models / "dub.tflite").unlink()
    (models / "damaged.tflite").write_bytes(wanted["perc/dub.tflite"][:1000])
    said = ok("sync", str(models), "--dry-run", "--port", module.port)
    assert library_of(module) == wanted
    said = ok("sync", str(models), "--port", module.port)
    assert "1 unchanged, 0 new, 1 changed, 0 removed" in said and "damaged.tflite" in said
    assert set(library_of(module)) == set(wanted)
    said = ok("sync", str(models), "--delete", "--port", module.port)
    assert "2 unchanged, 0 new, 0 changed, 1 removed" in said
    assert library_of(module) == {
        "perc/funk.tflite": wanted["perc/dub.tflite"],
        "notes/chorales.tflite": wanted["notes/chorales.tflite"],
    }


def test_an_unchanged_library_costs_two_round_trips_and_no_model(start, models):
    from latentrack.module import library
    from latentrack.module.files import as_listing

    module = start()
    ok("sync", str(models), "--port", module.port)
    with Link(module.port) as link:
        with Session(link, "files", library.MODELS) as session:
            made = library.plan(library.models_in(models)[0], as_listing(session.first))
        assert link.round_trips == 2
    assert len(made.same) == 3 and not made.to_send and not made.gone


def test_two_models_of_one_name(models):
    (models / "more").mkdir()
    (models / "more" / "funk.tflite").write_bytes((models / "dub.tflite").read_bytes())
    assert "same name" in fails("sync", str(models), "--port", "/dev/null")


def test_pull_there_and_back(start, models, tmp_path):
    module = start(models / "funk.tflite", models / "dub.tflite")
    said = ok("pull", str(tmp_path / "pulled"), "--port", module.port)
    assert "2 models fetched" in said
    for name in ("funk", "dub"):
        pulled = tmp_path / "pulled" / "perc" / f"{name}.tflite"
        assert pulled.read_bytes() == (models / f"{name}.tflite").read_bytes()
    assert "0 models fetched" in ok("pull", str(tmp_path / "pulled"), "dub", "--port", module.port)


def test_backup_and_restore(start, models, tmp_path):
    module = start(models / "funk.tflite")
    (module.flash / "settings.mine").write_bytes(bytes(range(256)) * 40)

    def files() -> dict[str, bytes]:
        # The module writes its own settings when it likes.
        found = {p.relative_to(module.flash): p for p in module.flash.rglob("*") if p.is_file()}
        return {str(n): p.read_bytes() for n, p in found.items() if n.name != "settings.txt"}

    before = files()
    ok("backup", str(tmp_path / "b.zip"), "--port", module.port)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        names = set(archive.namelist())
        assert names - {"settings.txt", "latentrack-backup.json"} == set(before)
    (module.flash / "settings.mine").write_bytes(b"other")
    (module.flash / "models" / "perc" / "funk.tflite").unlink()
    (module.flash / "new").write_bytes(b"new")
    said = ok("restore", str(tmp_path / "b.zip"), "--delete", "--port", module.port)
    assert "removed. The module restarted" in said
    assert files() == before
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "funk"


def test_ls_play_rm(start, models):
    module = start(models / "funk.tflite", models / "dub.tflite")
    ok("play", "funk", "--port", module.port)
    listed = ok("ls", "--port", module.port).splitlines()
    assert [line.split()[:2] for line in listed[1:3]] == [["dub", "perc"], ["funk", "perc"]]
    assert "plays on track 1" in listed[2] and "plays" not in listed[1]
    ok("rm", "dub", "--port", module.port)
    assert list(library_of(module)) == ["perc/funk.tflite"]
    assert "dub" in fails("rm", "dub", "--port", module.port)
    assert "dub" in fails("play", "dub", "--port", module.port)


def test_a_full_flash_is_said_and_nothing_is_half_there(start, models):
    module = start(models / "dub.tflite")
    with (module.flash / "junk").open("wb") as junk:
        junk.truncate(7 * 1024 * 1024 - 300 * 1024)
    with Link(module.port) as link, Session(link) as session:
        free = session.first["free"]
    with (module.flash / "junk").open("r+b") as junk:
        junk.truncate(7 * 1024 * 1024 - 300 * 1024 + free - 20 * 1024)
    said = fails("push", "--store", str(models / "funk.tflite"), "--port", module.port)
    assert "funk plays" in said and "flash is full" in said
    assert [p.name for p in (module.flash / "models" / "perc").iterdir()] == ["dub.tflite"]
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "funk"


def test_without_latentrack_mpremotes_copy_serves(models, tmp_path):
    with VirtualModule(tmp_path / "bare") as module:
        said = ok("sync", str(models), "--port", module.port)
        assert "mpremote's own copy" in said
        assert set(library_of(module)) == {
            "perc/funk.tflite",
            "perc/dub.tflite",
            "notes/chorales.tflite",
        }
        assert "3 unchanged" in ok("sync", str(models), "--port", module.port)
        said = ok("push", "--store", str(models / "funk.tflite"), "--port", module.port)
        assert "mpremote's own copy" in said
        ok("pull", str(tmp_path / "back"), "--port", module.port)
        back = tmp_path / "back" / "notes" / "chorales.tflite"
        assert back.read_bytes() == (models / "chorales.tflite").read_bytes()


def test_install_says_which_board_it_is(start):
    module = start()
    told = module.flash / "board.txt"
    ok("install", module.port, "--board", "bare")
    assert told.read_text() == "bare"
    ok("install", module.port)  # what was said once stays
    assert told.read_text() == "bare"
    assert "name one of bare, xen" in fails("install", module.port, "--board", "toaster")
    assert told.read_text() == "bare"


def test_modules_are_found_and_called_by_name(start, models, monkeypatch, tmp_path):
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
    assert "No module" in ok("devices")
    assert "No module is plugged in" in fails("ls", code=3)
    first = start(models / "funk.tflite")
    assert "funk" in ok("ls")  # the only one
    second = start(models / "dub.tflite")
    assert first.port in fails("ls") and second.port in fails("ls")
    ok("devices", "--name", second.port, "bass")
    listed = {line.split()[0]: line for line in ok("devices").splitlines()[1:3]}
    assert "funk" in listed[first.port] and "1.2" in listed[first.port]
    assert "bass" in listed[second.port] and "dub" in listed[second.port]
    assert "dub" in ok("ls", "--port", "bass")
    assert "called 'drums'" in fails("ls", "--port", "drums", code=3)
    second.stop()
    assert [entry.port for entry in registry.running()] == [first.port]
    # One whose process was killed leaves its file, which the next who looks removes.
    (file,) = registry.folder().glob("*.json")
    (registry.folder() / "dead.json").write_text(
        file.read_text().replace(f'"process": {os.getpid()}', '"process": 999999999')
    )
    assert [entry.port for entry in registry.running()] == [first.port]
    assert not (registry.folder() / "dead.json").exists()


def test_logs_and_reset(start, models):
    module = start(models / "funk.tflite")
    with Link(module.port) as link:
        link.run("instrument.message('hello from the rack')")
    said = ok("logs", "--port", module.port)
    assert "hello from the rack" in said
    assert re.fullmatch(r"outputs: \d+ writes made a tick later, 0 lost", said.splitlines()[-1])
    assert "restarted" in ok("reset", "--port", module.port)
    assert "hello from the rack" not in ok("logs", "--port", module.port)


def test_flash_says_where_firmware_is_to_be_had(tmp_path):
    assert "micropython.org" in fails("flash")
    (tmp_path / "song.hex").write_bytes(b"no firmware")
    assert "song.hex" in fails("flash", str(tmp_path / "song.hex"))


@pytest.mark.parametrize("left", ["nothing", "half a head", "half a body", "noise"])
def test_whoever_comes_after_a_broken_frame_gets_the_prompt(start, models, left):
    """The receiver waits for a computer that has gone; plain mpremote gets the prompt, too."""
    module = start(models / "funk.tflite")
    frame = Frame("D", 12345, 1, bytes(4000)).encode()
    with serial.Serial(module.port, timeout=PATIENCE_S) as port:
        port.write(b"\r\x03\r\x01")
        assert port.read_until(b"B to exit\r\n>").endswith(b">")
        port.write(b"__import__('latentrack.receive').receive.serve(12345, 'hello')\x04")
        assert port.read_until(b"OK").endswith(b"OK")
        assert port.read_until(bytes([MAGIC]))
        port.write(
            {"nothing": b"", "half a head": frame[:5], "half a body": frame[:2000]}.get(
                left, b"\x00\x04\x02" * 300
            )
        )
    ok("push", str(models / "dub.tflite"), "--port", module.port)
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "dub"
    assert mpremote(module, "resume", "exec", "print(6 * 7)") == "42\n"


def test_what_a_frame_has_to_say_does_not_disturb_the_conversation(start):
    """Messages come fifty times a second; afterwards they are printed again."""
    module = start()
    with Link(module.port) as link:
        link.run("instrument.every_frame.append(lambda: instrument.message('a message'))")
        for number in range(40):
            code = f"[sum(range(3000)) for _ in range(20)][0] + {number}, 'text'"
            assert link.evaluate(code) == (4498500 + number, "text")
    with serial.Serial(module.port, timeout=PATIENCE_S) as port:
        assert b"a message" in port.read_until(b"a message")
