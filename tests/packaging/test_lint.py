"""`make lint` refuses what it should, and the hooks for commits ask the same."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.packaging import markup

BIN = Path(sys.executable).parent

REFUSED = {
    "unused import": (["ruff", "check", "--stdin-filename", "host/latentrack/new.py", "-"],
                      "import os\n"),
    "layout": (["ruff", "format", "--check", "--stdin-filename", "device/new.py", "-"],
               "x = {'a':1}\n"),
    "layout of C": (["clang-format", "--dry-run", "-Werror", "--assume-filename=firmware/new.c"],
                    "int f(void) {\n  return 1;\n}\n"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_is_refused(mistake: str):
    command, text = REFUSED[mistake]
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT, input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr


def test_code_without_types_is_refused(tmp_path: Path):
    (tmp_path / "new.py").write_text("def double(x):\n    return 2 * x\n")
    mypy = [BIN / "mypy", "--cache-dir", tmp_path / "cache", tmp_path / "new.py"]
    done = subprocess.run(mypy, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "[no-untyped-def]" in done.stdout, done.stdout + done.stderr


def test_the_hooks_are_those_of_make_lint():
    lint = re.search(r"^lint: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert lint
    config = ROOT / ".pre-commit-config.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", config], check=True)
    (repo,) = yaml.safe_load(config.read_text())["repos"]
    assert repo["repo"] == "local"  # nothing is fetched
    assert [hook["entry"] for hook in repo["hooks"]] == [
        f"make --silent {target}" for target in lint[1].split()
    ]


def test_all_c_is_compiled_with_all_warnings_as_errors():
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(ROOT / "firmware" / "platformio.ini")
    common = ini["env"]["build_flags"]
    assert {"-Wall", "-Wextra", "-Werror"} <= set(common.split())
    for name in ini.sections():
        if name.startswith("env:"):
            flags = ini[name].get("build_flags", "${env.build_flags}")
            assert "${env.build_flags}" in flags, name
            assert "-Wno" not in flags + common


STUDIO = ROOT / "host" / "latentrack" / "studio"


@pytest.mark.parametrize("path", sorted(STUDIO.rglob("*.py")), ids=lambda path: path.name)
def test_no_text_is_built_into_markup(path: Path):
    assert not list(markup.in_python(path.read_text())), "see tests/packaging/markup.py"


@pytest.mark.parametrize("path", sorted(STUDIO.rglob("*.js")), ids=lambda path: path.name)
def test_no_script_of_ours_writes_markup(path: Path):
    assert not list(markup.in_javascript(path.read_text()))


@pytest.mark.parametrize(
    "line",
    [
        """box.props(f'aria-label="{name}"')""",
        """box.props('aria-label="' + name + '"')""",
        """box.props('aria-label="{}"'.format(name))""",
        """box.props('aria-label="%s"' % name)""",
        """box.props(label)""",
        """box.props(add=label)""",
        """ui.label(name).classes("a").props(label)""",
        """box.style(f"width: {wide}px")""",
        """ui.html(f"<b>{name}</b>", sanitize=False)""",
        """ui.html(name)""",
        """ui.markdown(text)""",
        """ui.run_javascript(f"alert({name})")""",
        """ui.add_head_html(head)""",
        """box.on("click", js_handler=f"() => play({name})")""",
        """box.props("a" if x else label)""",
    ],
)
def test_text_that_is_built_into_markup_is_found(line: str):
    assert list(markup.in_python(line))


@pytest.mark.parametrize(
    "line",
    ["""box.props("flat dense")""", """box.props("a" if x else "b")""", """ui.label(name)""",
     """box.props["aria-label"] = name""", """_JS = "() => 1"\nbox.on("click", js_handler=_JS)"""],
)  # fmt: skip
def test_what_is_written_or_set_as_a_value_is_not(line: str):
    assert not list(markup.in_python(line))


@pytest.mark.parametrize(
    "line",
    ["box.innerHTML = name;", "box.insertAdjacentHTML('a', b)", "eval(text)",
     'template: `<p v-html="name"></p>`', "template: `<p>${name}</p>`"],
)  # fmt: skip
def test_a_script_that_writes_markup_is_found(line: str):
    assert list(markup.in_javascript(line))


WRITTEN = {
    *("", ".c", ".cfg", ".cmake", ".css", ".def", ".h", ".html", ".in", ".ini", ".ipynb", ".js"),
    *(".json", ".ld", ".md", ".mjs", ".mk", ".pd", ".py", ".sh", ".svg", ".toml", ".txt"),
    *(".typed", ".yaml", ".yml"),
}
"""The endings of what somebody has written; what programs write is built, and not kept."""


def test_what_is_kept_was_written_by_hand():
    """Only the pictures of the docs were not, which a test makes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no checkout")
    kept = [Path(name) for name in listed.stdout.split("\0") if name]
    others = [path for path in kept if path.suffix not in WRITTEN]
    assert [path for path in others if path.suffix != ".png" or path.parts[0] != "docs"] == []
    assert [path for path in kept if path.suffix == ".json" and path.parts[0] != "firmware"] == []
