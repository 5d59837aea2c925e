"""HTTP routes for the page's scripts: upload files in batches, fetch lists and bars in parts."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from nicegui import app
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from latentrack.sound.names import sound_of
from latentrack.studio.listen.audition import pitches_of
from latentrack.studio.music.intake import Batch
from latentrack.studio.music.music import Music
from latentrack.studio.music.pictures import in_words, picture, top_down

UPLOAD = "/studio/music/upload"
FILES = "/studio/music/files"
BARS = "/studio/music/bars"

_PIECE = 1 << 20  # bytes collected before they are written
_MOST = 100  # files or bars in one answer
_THUMBNAILS, _THUMBNAIL_LANES = 12, 20

_served: list[Music] = []


def serve(music: Music) -> None:
    """Add the routes to the server; calls after the first have no effect."""
    if music in _served:
        return
    _served.append(music)
    app.on_shutdown(music.close)

    @app.post(UPLOAD)
    async def upload(request: Request) -> JSONResponse:
        batch = music.intake.batch()
        wrong = None
        held = bytearray()
        try:
            async for piece in request.stream():
                # A browser reads the answer only after it has sent the whole request.
                if wrong:
                    continue
                held += piece
                if len(held) >= _PIECE:
                    wrong = await run_in_threadpool(_feed, batch, bytes(held))
                    held.clear()
            wrong = wrong or await run_in_threadpool(_feed, batch, bytes(held), True)
        except ClientDisconnect:
            wrong = _no("The page has gone.", 400)
        finally:
            await run_in_threadpool(batch.close)
            await run_in_threadpool(music.received, batch.last)
        if wrong:
            return wrong
        return JSONResponse({"taken": batch.taken, "same": batch.same, "refused": batch.refused})

    @app.get(FILES)
    def files(start: int = 0, count: int = 40, find: str = "", show: str = "all") -> dict[str, Any]:
        return list_files(music, start, count, find, show)

    @app.get(BARS)
    def bars(name: str, start: int = 0, count: int = 16) -> dict[str, Any]:
        return list_bars(music, name, start, count)


def _feed(batch: Batch, data: bytes, end: bool = False) -> JSONResponse | None:
    """Pass a piece of a request to the batch; return the error's response, None for no error."""
    try:
        batch.feed(data)
        if end:
            batch.end()
    except ValueError as error:
        return _no(f"This is not a batch of files: {error}.", 400)
    except OSError as error:
        return _no(
            f"The files cannot be kept ({error.strerror or error}): make room on the disk, then "
            "drop them again.",
            507,
        )
    return None


def matching(music: Music, find: str, show: str) -> list[str]:
    """Return the names of files whose name contains `find`, or whose style is `find`.

    show: "used" for files with bars, "unused" for those without, or "all".
    """
    wanted = find.strip().lower()
    return [
        file.name
        for file in music.reading.files
        if (show == "all" or (show == "used") == bool(file.count))
        and (wanted in file.name.lower() or (wanted and wanted == file.style.lower()))
    ]


def list_files(music: Music, start: int, count: int, find: str, show: str) -> dict[str, Any]:
    """Return rows `start` to `start + count` of the matching files, with thumbnails of their bars.

    find, show: see `matching`.  count: at most 100.
    """
    reading = music.reading
    names = matching(music, find, show)
    rows = []
    start = max(0, start)
    order = _order(music)
    for name in names[start : start + max(0, min(count, _MOST))]:
        file = reading.by_name[name]
        rows.append(
            {
                "name": name,
                "count": file.count,
                "why": file.why,
                "style": file.style,
                "bars": [
                    picture(one, order, _THUMBNAIL_LANES)
                    for one in reading.bars(name, 0, _THUMBNAILS)
                ],
            }
        )
    return {"total": len(names), "start": start, "rows": rows, **_shape(music)}


def list_bars(music: Music, name: str, start: int, count: int) -> dict[str, Any]:
    """Return bars `start` to `start + count` of one file: as pictures, in words, and to be heard.

    count: at most 100.  A file that is no longer in the corpus has no bars.
    """
    reading = music.reading
    file = reading.by_name.get(name)
    order = _order(music)
    names = reading.dataset.voice_names if reading.dataset else ()
    start = max(0, start)
    return {
        "name": name,
        "total": file.count if file else 0,
        "why": file.why if file else "It is not in the corpus any more.",
        "style": file.style if file else "",
        "start": start,
        "names": [names[voice] for voice in order],
        "sounds": _sounds(music),
        "bars": [
            {
                **picture(one, order),
                "words": in_words(one, names),
                "hits": list(zip(one[0::3], one[1::3], one[2::3], strict=True)),
            }
            for one in reading.bars(name, start, max(0, min(count, _MOST)))
        ],
        **_shape(music),
    }


def _order(music: Music) -> list[int]:
    dataset = music.reading.dataset
    return top_down(dataset.voice_names, dataset.kind) if dataset else []


def _sounds(music: Music) -> list[tuple[str, float]]:
    """The sound of each voice, and its frequency in Hz."""
    dataset = music.reading.dataset
    if dataset is None:
        return []
    return [
        sound_of(dataset.kind, name, pitch)
        for name, pitch in zip(dataset.voice_names, pitches_of(dataset), strict=True)
    ]


def _shape(music: Music) -> dict[str, int]:
    dataset = music.reading.dataset
    if dataset is None:
        return {"steps": 16, "voices": 1, "beat": 4, "bar": 16}
    return {
        "steps": dataset.steps,
        "voices": dataset.voices,
        "beat": dataset.steps_per_beat,
        "bar": dataset.steps // dataset.bars,
    }


def _no(sentence: str, status: int) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)
