"""Serve the module's page at an address of this computer."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from latentrack.errors import UserError

HOST = "127.0.0.1"
FIRST_PORT = 8390
_PORTS = 20
_MOST_POSTED = 4_000_000
_TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8"}


def serve(
    files: dict[str, bytes],
    port: int | None,
    ready: Callable[[str], None],
    played: Callable[[bytes], None] | None = None,
) -> None:
    """Serve files by name until Ctrl-C; "/" is index.html.

    port: 0 for any; None for the first free one from FIRST_PORT on.  ready: called with the
    address.  played: called with what the page posts; what it raises ends the serving. Raises
    UserError if the port is not free.
    """
    raised: list[BaseException] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with a file, or 404."""
            name = self.path.split("?")[0].lstrip("/") or "index.html"
            data = files.get(name)
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", _TYPES[name.rsplit(".", 1)[-1]])
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            """Take what the page, and no other site, has played."""
            size = int(self.headers.get("Content-Length") or 0)
            own = self.headers.get("Origin") == f"http://{self.headers.get('Host')}"
            if played is None or self.path != "/played" or not own or size > _MOST_POSTED:
                self.send_error(403)
                return
            data = self.rfile.read(size)
            self.send_response(204)
            self.end_headers()
            try:
                played(data)
            except BaseException as error:
                raised.append(error)
                server.shutdown()

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with _server(port, Handler) as server:
        ready(f"http://{HOST}:{server.server_address[1]}/")
        server.serve_forever()
    if raised:
        raise raised[0]


def _server(port: int | None, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    ports = range(FIRST_PORT, FIRST_PORT + _PORTS) if port is None else (port,)
    for each in ports:
        try:
            return ThreadingHTTPServer((HOST, each), handler)
        except OSError:
            continue
    if port is None:
        raise UserError(f"No port from {FIRST_PORT} on is free; name another with --port.")
    raise UserError(f"Port {port} is not free; name another with --port, or leave it out.")
