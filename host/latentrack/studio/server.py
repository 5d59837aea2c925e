"""The server of the studio: NiceGUI, bound to this computer unless another address is named."""

from __future__ import annotations

import socket
import threading
import time
import webbrowser
from collections.abc import Callable
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

    port = _free_port(host, port)
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
    app.on_shutdown(studio.close)

    def announce() -> None:
        # NiceGUI's own start-up comes before the port is open.
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
                    f"{host} is not an address: name one of this computer's own, or 0.0.0.0 for "
                    "all."
                ) from error
            except OSError as error:
                if error.errno in (99, 49, 10049):  # EADDRNOTAVAIL on Linux, macOS, Windows
                    raise UserError(
                        f"{host} is not an address of this computer: name one of its own, or "
                        "0.0.0.0 for all."
                    ) from error
                continue
            return int(probe.getsockname()[1])
    said = f"Port {wanted} is" if wanted is not None else f"Ports {ports[0]} to {ports[-1]} are"
    raise UserError(f"{said} in use: name another with --port.")
