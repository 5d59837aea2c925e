"""`latentrack config`, and what comes first: the command line, the environment, the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from latentrack.cli import COMMANDS, with_common_options
from latentrack.commands import defaults
from tests.programs import latentrack, ok

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of defaults, which is not there yet; and no modules."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(tmp_path / "runtime"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "latentrack" / "config.toml"


def refused(*arguments: str) -> str:
    done = latentrack(*arguments)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stdout + done.stderr
    return done.stderr


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_setting_is_set_read_listed_and_forgotten(file: Path):
    assert ok("config", "path").strip() == str(file)
    ok("config", "set", "train.epochs", "200")
    ok("config", "set", "port", "rack")
    ok("config", "set", "push.store", "yes")
    ok("config", "set", "dataset.include", "bass", "name:*lead*")
    wanted = {
        "port": "rack",
        "train": {"epochs": 200},
        "push": {"store": True},
        "dataset": {"include": ["bass", "name:*lead*"]},
    }
    assert tomllib.loads(file.read_text()) == wanted
    assert json.loads(ok("config", "list", "--json")) == wanted
    assert "train.epochs = 200\n" in ok("config", "list")
    assert ok("config", "get", "train.epochs") == "200\n"
    ok("config", "unset", "train.epochs")
    assert "train" not in tomllib.loads(file.read_text())
    assert "train.epochs is not set" in refused("config", "get", "train.epochs")


def test_comments_stay(file: Path):
    write(file, "# mine\nport = 'rack'  # the large one\n")
    ok("config", "set", "train.seed", "3")
    assert file.read_text().startswith("# mine\nport = 'rack'  # the large one\n")


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    def asks_for(*arguments: str) -> str:
        done = latentrack("ls", *arguments)
        assert done.returncode == 3
        return done.stderr

    write(file, "port = '/dev/ttyFILE'\n")
    assert "/dev/ttyFILE" in asks_for()
    monkeypatch.setenv("LATENTRACK_PORT", "/dev/ttyENVIRONMENT")
    assert "/dev/ttyENVIRONMENT" in asks_for()
    assert "/dev/ttyTYPED" in asks_for("--port", "/dev/ttyTYPED")


def test_an_option_of_one_command_has_its_default_from_the_file(file: Path, tmp_path: Path):
    write(file, "[dataset]\nmap = 'simple'\n")
    assert json.loads(ok("dataset", "--demo", "--json"))["recipe"]["map"] == "simple"
    asked = json.loads(ok("dataset", "--demo", "--json", "--map", "extended"))
    assert asked["recipe"]["map"] == "extended"


def test_the_port_of_the_studio_is_another_thing(file: Path, tmp_path: Path):
    from latentrack.commands.studio import studio

    known = defaults.options_of(with_common_options(studio))
    assert defaults.defaults_of("studio", known, {"port": "rack"}, ["studio"]) == {}


def test_a_default_that_does_not_apply_is_no_error(file: Path):
    """It was not typed for this dataset: what has no effect is refused only then."""
    write(file, "[dataset]\nmeter = '3/4'\n")
    assert json.loads(ok("dataset", "--demo", "--json"))["meter"] == "4/4"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = 3 =", "is not TOML"),
        ("port = 3", "port is 3, and has to be a text"),
        ("prot = 'x'", "prot is not a setting of all commands (did you mean port?)"),
        ("[stodio]", "no command is called stodio (did you mean studio?)"),
        ("[ls]\nepochs = 3", "`latentrack ls` has no default for epochs"),
        ("[ls]\nport = true", "ls.port is True, and has to be a text"),
        ("x = [" + "[" * 5000, "is not TOML"),
        ("\udcff", "is not TOML"),
    ],
)
def test_a_broken_file_is_one_sentence(file: Path, text: str, says: str):
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode(errors="surrogateescape"))
    for arguments in (("ls",), ("config", "list"), ("config", "set", "train.seed", "1")):
        said = refused(*arguments)
        assert says in said and str(file) in said
    assert file.read_bytes() == text.encode(errors="surrogateescape")
    assert ok("config", "path").strip() == str(file)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("train.epocs 3", "no setting epocs (did you mean epochs?)"),
        ("trian.epochs 3", "No command is called trian (did you mean train?)"),
        ("prt rack", "No setting is called prt (did you mean port?)"),
        ("train.epochs 0", "it has to be at least 1"),
        ("train.epochs often", "it has to be a whole number"),
        ("train.validation-split 2", "it has to be at least 0 and at most 0.9"),
        ("push.store maybe", "it has to be true or false"),
        ("train.epochs 3 4", "has one value, not 2"),
        ("train.output x", "no setting output"),
        ("train.json true", "no setting json"),
        ("train.as-json true", "no setting as-json"),
    ],
)
def test_what_cannot_be_set_is_refused(file: Path, words: str, says: str):
    assert says in refused("config", "set", *words.split())
    assert not file.exists()


def test_verbose_says_where_a_value_comes_from(file: Path):
    write(file, "[train]\nepochs = 7\n")
    done = latentrack("train", "none.npz", "--verbose")
    assert f"epochs is 7, from {file}" in done.stderr


def test_every_option_of_every_command_is_understood():
    """The kinds of all are plain, so that each can stand in a TOML file."""
    from importlib import import_module

    for name in (name for names in COMMANDS.values() for name in names if name != "config"):
        module = import_module(f"latentrack.commands.{name}")
        known = defaults.options_of(with_common_options(getattr(module, name)))
        assert {"quiet", "verbose"} <= set(known)
        assert all(option.kind in (bool, int, float, str) for option in known.values())
