"""What all pages of the studio share: tabs, light and dark, and whom it answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from latentrack.errors import UserError
from latentrack.studio.server import listen_at
from tests.programs import latentrack
from tests.studio.conftest import RunningStudio, running_studio
from tests.waiting import PATIENCE_S

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """One with an empty folder, for all tests here: none leaves anything that another one sees."""
    with running_studio(tmp_path_factory.mktemp("shell") / "studio") as running:
        yield running


def test_the_tabs_lead_along_the_way_of_the_music(studio: RunningStudio, open_tab: Open) -> None:
    page = open_tab(studio.address)
    navigation = page.get_by_role("navigation")
    expect(navigation.get_by_role("link")).to_have_count(5)
    for name in ("Train", "Explore", "Listen", "Module", "Corpus"):
        link = navigation.get_by_role("link", name=name, exact=True)
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        expect(navigation.locator("[aria-current]")).to_have_count(1)


def test_dark_stays_dark(studio: RunningStudio, open_tab: Open) -> None:
    page = open_tab(studio.address)
    button = page.get_by_role("button", name="switch to")
    button.click()
    expect(button).to_have_accessible_name("Light: switch to dark")
    button.click()
    expect(page.locator("body")).to_contain_class("body--dark")
    again = open_tab(studio.address)
    expect(again.locator("body")).to_contain_class("body--dark")


@pytest.mark.parametrize(
    "header", [{"Host": "studio.example"}, {"Origin": "http://studio.example"}]
)
def test_other_sites_are_refused(studio: RunningStudio, header: dict[str, str]) -> None:
    with urlopen(studio.address, timeout=PATIENCE_S) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError) as refusal:
        urlopen(Request(studio.address, headers=header), timeout=PATIENCE_S)
    assert refusal.value.code == 403


def listens_at(studio: RunningStudio) -> list[str]:
    """The addresses, in hexadecimal digits, last byte first, as Linux lists them."""
    port = urlsplit(studio.address).port
    with open("/proc/net/tcp", encoding="ascii") as table:
        listening = [line.split()[1].split(":") for line in table if line.split()[3] == "0A"]
    return [address for address, at in listening if int(at, 16) == port]


def test_only_this_computer_can_reach_it(studio: RunningStudio) -> None:
    assert listens_at(studio) == ["0100007F"]


def test_others_can_only_if_they_are_let_in(tmp_path: Path) -> None:
    with running_studio(tmp_path / "studio", "--host", "0.0.0.0") as studio:
        assert listens_at(studio) == ["00000000"]
        assert studio.says("Another device opens it with this link, once:")
        # A phone asks by this computer's address.
        query = studio.says("http").partition("/?")[2]
        address = studio.address.partition("/?")[0]
        phone = Request(f"{address}/?{query}", headers={"Host": "192.0.2.7:8370"})
        with urlopen(phone, timeout=PATIENCE_S) as answer:
            assert answer.status == 200
        with pytest.raises(HTTPError) as refusal:
            urlopen(Request(address, headers={"Host": "192.0.2.7:8370"}), timeout=PATIENCE_S)
        assert refusal.value.code == 403


def test_two_that_start_at_once_have_two_ports() -> None:
    """Neither serves yet, when the other looks for a free port."""
    with listen_at("127.0.0.1", None) as one, listen_at("127.0.0.1", None) as other:
        ports = [listener.getsockname()[1] for listener in (one, other)]
        assert ports[0] != ports[1]
        with pytest.raises(UserError, match=f"Port {ports[0]} is in use"):
            listen_at("127.0.0.1", ports[0])


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = latentrack("studio", f"{tmp_path}/s", "--no-browser", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr == f"latentrack: Port {port} is in use: name another with --port.\n"
