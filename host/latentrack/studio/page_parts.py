"""What every page needs: hearing of changes, work that takes long, and saying what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from typing import ParamSpec, TypeVar

from nicegui import context, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from latentrack.errors import UserError
from latentrack.studio.signals import Signal

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound=Element)


def heading(text: str) -> TextElement:
    """The heading of a card: any text, which is never read as markup."""
    return TextElement(tag="h2", text=text).classes("lt-title")


def named(element: E, name: str) -> E:
    """Gives an element the name that a screen reader says: any text.

    `.props("…")` parses its argument, so a quote in a name could end the attribute there and begin
    another, such as onerror: what is not written in the source is set as a value, as here.
    """
    element.props["aria-label"] = name
    return element


def listen(signal: Signal, refresh: Callable[[], None]) -> None:
    """Calls `refresh` in the page's own thread after each signal, until this part of the page goes.

    Signals that come faster than the page can follow are heard as one.
    """
    loop = asyncio.get_running_loop()
    slot = context.slot
    parent = slot.parent
    waits = False

    def heard() -> None:
        nonlocal waits
        if not waits:
            waits = True
            loop.call_soon_threadsafe(act)

    def act() -> None:
        nonlocal waits
        waits = False
        if parent.is_deleted:
            disconnect()
            return
        with slot:
            refresh()

    disconnect = signal.connect(heard)
    context.client.on_delete(disconnect)


def is_here() -> bool:
    """Whether this page is open on the computer that serves it, not elsewhere in the network."""
    try:
        return ip_address(context.client.ip).is_loopback
    except ValueError:
        return False


async def in_background(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does something slow in a thread, while the page goes on."""
    return await asyncio.get_running_loop().run_in_executor(None, partial(work, *args, **kwargs))


@contextmanager
def errors_shown() -> Iterator[None]:
    """What the user can mend is shown as a message; what stands below it in the block is not done.

    Use it around `await in_background(…)`, and around what a click does.
    """
    slot = context.slot
    try:
        yield
    except UserError as error:
        with slot:
            show_error(str(error))


def show_error(text: str) -> None:
    """A sentence that stays until it has been read."""
    ui.notify(
        text,
        type="negative",
        timeout=0,
        close_button="Close",
        multi_line=True,
        position="top",
        classes="lt-message",
        attrs={"role": "alert"},
    )


def show_message(text: str) -> None:
    """A sentence that goes away by itself."""
    ui.notify(text, type="positive", position="top", attrs={"role": "status"})
