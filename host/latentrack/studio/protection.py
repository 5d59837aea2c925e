"""What stands before the studio's pages: whom it answers, and what a browser may do with a page.

Any page that is open in the same browser could send requests here, and any name can be made to
point at 127.0.0.1. So only requests are answered that are addressed to this computer by an address
or a name of its own, and that no other site's page has made; beyond this computer, only those of
browsers that were let in. All that is said here holds for WebSockets, too.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from latentrack.studio.guests import KEY, Guests

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Vue compiles the templates of elements in the browser, which takes inline scripts and eval.
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "media-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _PAGE_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer, unless what answers says another value."""

_NOT_OWN = "This page answers only to this computer's own address."
_NOT_LET_IN = (
    "This studio opens with a link from the terminal in which it was started. A link opens it in "
    "one browser; the terminal shows the next."
)
# A redirect would still count as the other site's navigation, where a link in a mail was clicked,
# and a strict cookie would not be sent: a page that goes on by itself begins a navigation of ours.
_WELCOME = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" '
    'content="0; url=/"><title>Latentrack studio</title><a href="/">Open the studio</a></html>'
)


class Protection:
    """The outermost part of the server. guests: None if all on this computer may use it."""

    def __init__(self, app: ASGIApp, guests: Guests | None) -> None:
        self._app = app
        self._guests = guests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answers = _with_headers(send)
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if not _is_own(headers):
            await _refuse(scope, answers, _NOT_OWN)
        elif self._guests is None or self._guests.knows(headers.get(b"cookie", "")):
            await self._app(scope, receive, answers)
        elif cookie := self._let_in(scope):
            welcome = (f"{self._guests.cookie}={cookie}; Path=/; HttpOnly; SameSite=Strict",)
            await _answer(answers, 200, "text/html", _WELCOME, welcome)
        else:
            await _refuse(scope, answers, _NOT_LET_IN)

    def _let_in(self, scope: Scope) -> str | None:
        assert self._guests is not None
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        keys = parse_qs(scope["query_string"].decode("latin-1")).get(KEY, [])
        return self._guests.let_in(keys[0]) if keys else None


class TimedHeaders(HttpToolsProtocol):
    """HTTP whose request heads have a time limit: a connection that never ends one is closed."""

    SECONDS = 10.0
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit of the first request's head."""
        super().connection_made(transport)
        self._begin()

    def on_message_begin(self) -> None:
        """Start the time limit of a later request's head."""
        # Of a later request on the same connection: before it the keep-alive limit holds.
        self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End the time limit: the head is complete."""
        self._end()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the time limit: nothing is left to close."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        if self._limit is None:
            self._limit = self.loop.call_later(self.SECONDS, self._too_slow)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _too_slow(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n")
            self.transport.close()


def _is_own(headers: dict[bytes, str]) -> bool:
    here = headers.get(b"host", "")
    try:
        name = urlsplit(f"//{here}").hostname or ""
        origin = headers.get(b"origin")
        asks = here if origin is None else urlsplit(origin).netloc
    except ValueError:  # of an address in brackets that is none
        return False
    if not (_is_address(name) or name in ("localhost", socket.gethostname().lower())):
        return False
    # A link elsewhere may lead here; another site's page may not use anything of ours.
    foreign = headers.get(b"sec-fetch-site") in ("cross-site", "same-site")
    return asks == here and not (foreign and headers.get(b"sec-fetch-mode") != "navigate")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            more = [(name, value) for name, value in ours if name not in given]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return answer


async def _refuse(scope: Scope, send: Send, sentence: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await _answer(send, 403, "text/plain", sentence)


async def _answer(
    send: Send, status: int, kind: str, text: str, cookies: tuple[str, ...] = ()
) -> None:
    body = text.encode()
    headers: list[Any] = [
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((b"set-cookie", cookie.encode()) for cookie in cookies),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
