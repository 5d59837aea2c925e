"""The server of the studio: NiceGUI, bound to this computer unless another address is named."""

from __future__ import annotations

import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from latentrack.errors import UserError
from latentrack.studio.guests import KEY, Guests

LOCAL = ("127.0.0.1", "localhost", "::1")
"""The hosts that only this computer reaches."""
PORT = 8370
_PORTS_TO_TRY = 20


def serve(
    folder: Path,
    host: str,
    port: int | None,
    ready: Callable[[str], None],
    invite: Callable[[str], None],
    show: bool,
) -> None:
    """Serves until Ctrl-C; `ready` is told the address when pages can be asked for.

    Beyond this computer only browsers are answered that were let in by a link: the address that
    `ready` is told is one, and `invite` is told one for another device, then and whenever a link
    was used. Raises UserError if the port is in use, or host is not an address of this computer.
    """
    from latentrack.studio.studio import Studio

    listener = listen_at(host, port)
    port = int(listener.getsockname()[1])
    studio = Studio(folder)
    from nicegui import app, ui

    from latentrack.studio import shell
    from latentrack.studio.protection import Protection, TimedHeaders

    named = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    guests = None
    if host not in LOCAL:
        elsewhere = _address(_own_address() if named != host else host, port)
        guests = Guests(port, lambda key: invite(f"{elsewhere}/?{KEY}={key}"))
    app.add_middleware(Protection, guests=guests)
    shell.add_styles()
    # Quasar's bar at the top edge shows each request of the page's own scripts, too, and has no
    # name for screen readers.
    app.config.quasar_config["loadingBar"]["skipHijack"] = True
    app.on_shutdown(studio.close)
    # uvicorn serves at a copy, which is closed by then.
    app.on_shutdown(listener.close)

    def announce() -> None:
        # Where uvicorn binds the port anew, that comes after NiceGUI's own start-up.
        while True:
            try:
                socket.create_connection((named, port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        address = _address(named, port)
        if guests is not None:
            address += f"/?{KEY}={guests.new_key()}"
        ready(address)
        if guests is not None:
            invite(f"{elsewhere}/?{KEY}={guests.new_key()}")
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
        http=TimedHeaders,
        fd=_handed_over(listener, host),
    )


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _own_address() -> str:
    """This computer's address in the network that leads outwards; its name if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Chooses a way for UDP and sends nothing; the address is one for documentation.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def listen_at(host: str, wanted: int | None) -> socket.socket:
    """A socket that has the port named, or the first one from PORT on that nobody uses.

    It listens, so no other program can take the port. Raises UserError.
    """
    ports = [wanted] if wanted is not None else list(range(PORT, PORT + _PORTS_TO_TRY))
    for port in ports:
        listener = _new_socket(host)
        try:
            listener.bind((host, port))
            listener.listen()
            return listener
        except socket.gaierror as error:
            listener.close()
            raise UserError(
                f"{host} is not an address: name one of this computer's own, or 0.0.0.0 for all."
            ) from error
        except OSError as error:
            listener.close()
            if error.errno in (99, 49, 10049):  # EADDRNOTAVAIL on Linux, macOS, Windows
                raise UserError(
                    f"{host} is not an address of this computer: name one of its own, or "
                    "0.0.0.0 for all."
                ) from error
    said = f"Port {wanted} is" if wanted is not None else f"Ports {ports[0]} to {ports[-1]} are"
    raise UserError(f"{said} in use: name another with --port.")


def _new_socket(host: str) -> socket.socket:
    """As asyncio makes it for a server; connections have its options from it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    # uvicorn takes what it is handed over for a Unix socket, so asyncio would not set this.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _handed_over(listener: socket.socket, host: str) -> int | None:
    """The number by which uvicorn serves at the socket; None where it has to bind the port anew: on
    Windows, and for a name, which may stand for several addresses."""
    if sys.platform != "win32" and _is_address(host):
        return listener.fileno()
    listener.close()
    return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
