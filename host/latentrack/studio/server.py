"""The server of the studio: NiceGUI, bound to this computer unless another address is named.

Any page that is open in the same browser could send requests here, and any name can be made to
point at 127.0.0.1. So only requests are answered that are addressed to this computer by an address
or a name of its own, and that no other site's page has made.
"""

from __future__ import annotations

import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from latentrack.errors import UserError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PORT = 8370
_PORTS_TO_TRY = 20


def serve(
    folder: Path,
    host: str,
    port: int | None,
    ready: Callable[[str], None],
    show: bool,
) -> None:
    """Serves until Ctrl-C; `ready` is told the address when pages can be asked for.

    Raises UserError if the port is in use, or the host is no address of this computer.
    """
    from latentrack.studio.studio import Studio

    port = _free_port(host, port)
    studio = Studio(folder)
    from nicegui import app, ui

    from latentrack.studio import shell

    named = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{named}]' if ':' in named else named}:{port}"
    app.add_middleware(OwnRequestsOnly)
    shell.add_styles()
    app.on_shutdown(studio.close)

    def announce() -> None:
        # NiceGUI's own start-up comes before the port is open.
        while True:
            try:
                socket.create_connection((named, port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        ready(address)
        if show:
            webbrowser.open(address)

    app.on_startup(threading.Thread(target=announce, daemon=True).start)

    def root() -> None:
        shell.build(studio)

    ui.run(
        root,
        host=host,
        port=port,
        title="Latentrack studio",
        favicon="🎛",
        language="en-GB",
        dark=None,
        tailwind=False,
        reload=False,
        show=False,
        show_welcome_message=False,
        # A page that has been away for a while finds everything as it is.
        reconnect_timeout=10,
    )


class OwnRequestsOnly:
    """Refuses what is not addressed to this computer, and what another site's page asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_own(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            body = b"This page answers only to this computer's own address."
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})


def _is_own(scope: Any) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    here = headers.get(b"host", "")
    name = urlsplit(f"//{here}").hostname or ""
    if not (_is_address(name) or name in ("localhost", socket.gethostname().lower())):
        return False
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin).netloc == here


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _free_port(host: str, wanted: int | None) -> int:
    """The port named, or the first one from PORT on that nobody uses."""
    ports = [wanted] if wanted is not None else list(range(PORT, PORT + _PORTS_TO_TRY))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in ports:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except socket.gaierror as error:
                raise UserError(
                    f"{host} is no address: name one of this computer's own, or 0.0.0.0 for all."
                ) from error
            except OSError as error:
                if error.errno in (99, 49, 10049):  # EADDRNOTAVAIL on Linux, macOS, Windows
                    raise UserError(
                        f"{host} is no address of this computer: name one of its own, or 0.0.0.0 "
                        "for all."
                    ) from error
                continue
            return int(probe.getsockname()[1])
    said = f"Port {wanted} is" if wanted is not None else f"Ports {ports[0]} to {ports[-1]} are"
    raise UserError(f"{said} in use: name another with --port.")
