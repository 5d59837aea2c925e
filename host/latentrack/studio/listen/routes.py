"""HTTP routes for samples of one's own: the page's scripts send and fetch them."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import FileResponse, JSONResponse, Response
from nicegui import app
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from latentrack.errors import UserError
from latentrack.studio.listen.own_samples import MOST_BYTES, OwnSamples

SAMPLE = "/studio/listen/sample"

_served: list[OwnSamples] = []


def serve(samples: OwnSamples) -> None:
    """Add the routes to the server; calls after the first have no effect."""
    if samples in _served:
        return
    _served.append(samples)

    @app.post(SAMPLE)
    async def take(request: Request, voice: str, name: str) -> JSONResponse:
        data = bytearray()
        try:
            async for piece in request.stream():
                # A browser reads the answer only after it has sent the whole request.
                if len(data) <= MOST_BYTES:
                    data += piece
        except ClientDisconnect:
            return _no("The page has gone.", 400)
        if len(data) > MOST_BYTES:
            return _no(
                f"{name} is larger than {MOST_BYTES // 1_000_000} MB: drop a sound of one hit.", 413
            )
        try:
            await run_in_threadpool(samples.take, voice, name, bytes(data))
        except UserError as error:
            return _no(str(error), 400)
        return JSONResponse({})

    @app.get(SAMPLE)
    def fetch(voice: str) -> Response:
        path = samples.path(voice)
        return FileResponse(path, media_type="audio/wav") if path.is_file() else Response("", 404)


def _no(sentence: str, status: int) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)
