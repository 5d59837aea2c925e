"""A backup is read back as it was written; all else is refused before a module is looked for."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import zipfile
from pathlib import Path

import numpy as np
import pytest

from latentrack.errors import UserError
from latentrack.module import archive
from latentrack.module.files import FileEntry
from tests.programs import latentrack

FILES = {"main.py": b"import latentrack\n", "models/perc/funk.tflite": bytes(range(256)) * 40}


def written() -> bytes:
    """What Latentrack writes."""
    file = io.BytesIO()
    writer = archive.Writer(file)
    for name, data in FILES.items():
        writer.add(name, data, FileEntry(len(data), hashlib.sha256(data).hexdigest()))
    writer.close()
    return file.getvalue()


def made(files: dict[str, bytes], /, **changes: object) -> bytes:
    """A zip with a manifest, written here by the words of the page about backups."""
    told = {
        "latentrack_backup": 1,
        "latentrack": "0.1.0",
        "files": {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
    }
    return zipped({**files, "latentrack-backup.json": json.dumps({**told, **changes}).encode()})


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_there_and_back(tmp_path):
    (tmp_path / "b.zip").write_bytes(written())
    assert archive.read(tmp_path / "b.zip") == FILES
    (tmp_path / "b.zip").write_bytes(made(FILES))
    assert archive.read(tmp_path / "b.zip") == FILES


def dataset() -> bytes:
    file = io.BytesIO()
    np.savez(file, sequences=np.zeros((4, 16, 9)))
    return file.getvalue()


def encrypted() -> bytes:
    """With the bit that says so, in both headers of each member."""
    data = bytearray(made(FILES))
    for head, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(head)
        while start >= 0:
            data[start + at] |= 1
            start = data.find(head, start + 4)
    return bytes(data)


def bomb(honest: bool) -> bytes:
    """200 MB of zeros in 200 KB; the manifest says so, or says otherwise."""
    file = io.BytesIO()
    size = 200 * 1024 * 1024
    piece = bytes(1024 * 1024)
    digest = hashlib.sha256()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros", "w") as member:
            for _ in range(size // len(piece)):
                member.write(piece)
                digest.update(piece)
        entry = {"size": size if honest else 1000, "sha256": digest.hexdigest()}
        told = {"latentrack_backup": 1, "latentrack": "0.1.0", "files": {"zeros": entry}}
        archive.writestr("latentrack-backup.json", json.dumps(told))
    return file.getvalue()


def lying_bomb() -> bytes:
    """The zip's own headers say that the zeros are a thousand."""
    data = bytearray(bomb(honest=False))
    start = data.find(b"PK\x01\x02")
    data[start + 24 : start + 28] = (1000).to_bytes(4, "little")
    return bytes(data)


def many_members() -> bytes:
    return zipped({f"folder/with/a/long/name/{number:060d}": b"" for number in range(20_000)})


def damaged() -> bytes:
    data = bytearray(made(FILES))
    data[data.find(b"models/perc/funk.tflite") + 40] ^= 0xFF
    return bytes(data)


def of_another_hash() -> bytes:
    told = {name: {"size": len(data), "sha256": "0" * 64} for name, data in FILES.items()}
    return made(FILES, files=told)


def twice() -> bytes:
    file = io.BytesIO(made(FILES))
    with pytest.warns(UserWarning), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("main.py", b"other")
    return file.getvalue()


def deep() -> bytes:
    return zipped({**FILES, "latentrack-backup.json": b"[" * 100_000 + b"]" * 100_000})


CASES = {
    "nothing of the kind": (lambda: b"PK nothing", "is not a zip file"),
    "empty": (lambda: b"", "is not a zip file"),
    "a dataset": (dataset, "has no latentrack-backup.json"),
    "any zip": (lambda: zipped(FILES), "has no latentrack-backup.json"),
    "encrypted": (encrypted, "is encrypted"),
    "a bomb": (lambda: bomb(True), "more than the flash of a module"),
    "a bomb with a lying manifest": (lambda: bomb(False), "not as long as its manifest says"),
    "a bomb with lying headers": (lying_bomb, "damaged"),
    "many members": (many_members, "more members"),
    "damaged": (damaged, "damaged"),
    "another hash": (of_another_hash, "is not what was backed up"),
    "more than the manifest says": (
        lambda: made(FILES, files={"main.py": {"size": 18, "sha256": "0"}}),
        "not in both",
    ),
    "two of one name": (twice, "two files of one name"),
    "outside the flash": (lambda: made({"../main.py": b"x"}), "does not lie on the flash"),
    "from the root": (lambda: made({"/etc/passwd": b"x"}), "does not lie on the flash"),
    "a name with a line end": (lambda: made({"a\nb": b"x"}), "no name that a module can have"),
    "of the future": (lambda: made(FILES, latentrack_backup=2), "newer Latentrack"),
    "a manifest of lists": (lambda: made(FILES, files=[1, 2]), "its manifest says nothing"),
    "a deep manifest": (deep, "not JSON"),
    "a number for a file": (lambda: made(FILES, files={"main.py": 3}), "does not say what"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_backup_is_refused(case, tmp_path):
    make, why = CASES[case]
    file = tmp_path / "b.zip"
    file.write_bytes(make())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError) as refused:
        archive.read(file)
    assert str(refused.value).startswith(str(file)) and why in str(refused.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_the_command_refuses_it_before_it_looks_for_a_module(tmp_path: Path):
    file = tmp_path / "data.npz"
    file.write_bytes(dataset())
    done = latentrack("restore", str(file), "--port", "/dev/ttyNOWHERE")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{file} has no latentrack-backup.json" in done.stderr
    done = latentrack("restore", str(tmp_path / "gone.zip"), "--port", "/dev/ttyNOWHERE")
    assert "gone.zip is not there; `latentrack backup` writes one" in done.stderr
