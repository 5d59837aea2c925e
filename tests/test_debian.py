"""tests/debian.sh on other machines than this: its tools are replaced by scripts that tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def machine(tmp_path: Path):
    """A PATH on which only the named tools exist; `calls` says what was run."""

    def machine(**tools: str):
        log = tmp_path / "calls"
        for name, body in tools.items():
            script = tmp_path / name.replace("_", "-")
            script.write_text(f'#!/bin/sh\necho "{script.name} $*" >> {log}\n{body}\n')
            script.chmod(0o755)
        for needed in ("grep", "env", "true"):
            (tmp_path / needed).symlink_to(f"/usr/bin/{needed}")
        done = subprocess.run(
            ["/bin/sh", ROOT / "tests" / "debian.sh", "here", "gone"],
            env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done, log.read_text() if log.exists() else ""

    return machine


QUERY = 'case "$*" in *here*) echo "install ok installed";; *) exit 1;; esac'


def test_root_installs_what_is_missing(machine):
    done, calls = machine(dpkg_query=QUERY, apt_get="", id="echo 0")
    assert done.returncode == 0, done.stderr
    assert "apt-get install -y -qq --no-install-recommends gone" in calls


def test_sudo_without_a_password_does_too(machine):
    done, calls = machine(dpkg_query=QUERY, apt_get="", id="echo 1000", sudo='shift; exec "$@"')
    assert done.returncode == 0, done.stderr
    assert "gone" in calls and "sudo -n env" in calls


def test_without_rights_the_packages_are_named(machine):
    done, calls = machine(dpkg_query=QUERY, apt_get="", id="echo 1000", sudo="exit 1")
    assert done.returncode == 1
    assert "sudo apt-get install gone" in done.stderr
    assert "apt-get" not in calls


def test_without_apt_too(machine):
    done, _ = machine(id="echo 0")
    assert done.returncode == 1
    assert "here gone" in done.stderr


def test_nothing_missing_nothing_done(machine):
    done, calls = machine(dpkg_query='echo "install ok installed"', apt_get="", id="echo 0")
    assert done.returncode == 0
    assert "apt-get" not in calls


def test_a_failed_installation_is_said(machine):
    fail = 'case "$*" in *install*) exit 100;; esac'
    done, _ = machine(dpkg_query=QUERY, apt_get=fail, id="echo 0")
    assert done.returncode == 1
    assert "gone" in done.stderr
