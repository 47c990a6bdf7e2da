"""Routes that list the store, and save views (ENDPOINTS.md, "What is open", "The store", "Views by name")."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import json
import time
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from wbtable.errors import WbtableError
from wbtable.viewer import catalog, saved, tasks
from wbtable.viewer.answers import BadRequestError, ReadOnlyError, answer
from wbtable.viewer.asking import read_body, read_query
from wbtable.viewer.jobs import session_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.viewer.asking import Asked
    from wbtable.viewer.state import State

MAX_RUNS: Final = 500
"""The most runs whose history is asked for at once."""
_LEAST_PAUSE: Final = 1.0
_ALIVE: Final = 15.0


def has_plotly() -> bool:
    """Whether figures can be drawn: by the user's own plotly, which is not imported for it."""
    return importlib.util.find_spec("plotly") is not None


class _Store:
    """Answers requests about what is open and in the store."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.streams: dict[str, asyncio.Event] = {}

    @property
    def store(self) -> Store:
        return self.state.opener.store()

    def what_is_open(self, asked: Asked) -> Json:
        del asked
        url = self.state.places.store
        return {
            "version": importlib.metadata.version("wbtable"),
            "read_only": self.state.read_only,
            "store": None if url is None else {"url": url, "name": url.rstrip("/").rpartition("/")[2]},
            "opened": [{"id": one.id, "title": one.title, "source": one.source} for one in self.state.opened],
            "start": self.state.start,
            "plotly": has_plotly(),
            "limits": {"window": tasks.MAX_ROWS, "cells": tasks.MAX_CELLS, "page": 1000},
        }

    def projects(self, asked: Asked) -> Json:
        del asked
        return {"projects": [] if self.state.places.store is None else catalog.projects(self.store)}

    def artifacts(self, asked: Asked) -> Json:
        return {"artifacts": [catalog.head(one) for one in self.store.artifacts(_name(asked, "project"))]}

    def versions(self, asked: Asked) -> Json:
        found = self.store.versions(f"{_name(asked, 'project')}/{_name(asked, 'artifact')}")
        return {"versions": [catalog.head(one) for one in reversed(found)]}

    def version(self, asked: Asked) -> Json:
        return catalog.version(self.store, *_version(asked))

    def files(self, asked: Asked) -> Json:
        offset, count = asked.number("offset", 0), asked.number("count", 100)
        return catalog.files(self.store, *_version(asked), offset, count, asked.text("prefix", ""))

    def runs(self, asked: Asked) -> Json:
        return {"runs": catalog.runs(self.store, _name(asked, "project"))}

    def run(self, asked: Asked) -> Json:
        return catalog.run(self.store, _name(asked, "project"), _name(asked, "run"))

    def views(self, asked: Asked) -> Json:
        return {"views": saved.list_views(self.store, _name(asked, "project"))}

    def one_view(self, asked: Asked) -> Json:
        return saved.read_view(self.store, _name(asked, "project"), _name(asked, "name"))

    async def history(self, request: Request) -> Response:
        asked = await read_body(request)
        runs, keys = asked.texts("runs", MAX_RUNS), asked.texts("keys")
        points = min(asked.number("points", 1000, 2), catalog.MAX_POINTS)
        if runs is None:
            raise BadRequestError("expected runs as a list of texts")
        project = _name(asked, "project")
        return answer(await asyncio.to_thread(catalog.history, self.store, project, runs, keys, points))

    async def save_view(self, request: Request) -> Response:
        asked = await read_body(request)
        if self.state.read_only:
            raise ReadOnlyError("the server only reads: it was started with --read-only")
        project, name, view = _name(asked, "project"), _name(asked, "name"), asked.view()
        seen = asked.number("number", -1, -1)
        if view.source is None or any(place.url is not None for place in view.source.tables):
            raise BadRequestError("a view of a table outside of the store has no name in it: share its address")
        number = await asyncio.to_thread(saved.save_view, self.store, project, name, view, seen)
        return answer({"name": name, "number": number})

    async def events(self, request: Request) -> Response:
        project = _name(read_query(request), "project")
        session, streams = session_of(request), self.streams
        if session in streams:
            streams[session].set()
        ended = streams[session] = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            try:
                async for part in _changes(self.state, project, ended):
                    yield part
            finally:
                if streams.get(session) is ended:
                    del streams[session]

        return StreamingResponse(body(), media_type="text/event-stream")


def _listing(read: Callable[[Asked], Json]) -> Any:
    """Return an endpoint that reads in a thread of its own."""

    async def endpoint(request: Request) -> Response:
        return answer(await asyncio.to_thread(read, read_query(request)))

    return endpoint


def store_routes(state: State) -> list[Route]:
    """Return the routes."""
    made = _Store(state)
    return [
        Route("/api/open", _listing(made.what_is_open)),
        Route("/api/projects", _listing(made.projects)),
        Route("/api/artifacts", _listing(made.artifacts)),
        Route("/api/versions", _listing(made.versions)),
        Route("/api/version", _listing(made.version)),
        Route("/api/files", _listing(made.files)),
        Route("/api/runs", _listing(made.runs)),
        Route("/api/run", _listing(made.run)),
        Route("/api/history", made.history, methods=["POST"]),
        Route("/api/events", made.events),
        Route("/api/views", _listing(made.views)),
        Route("/api/views", made.save_view, methods=["POST"]),
        Route("/api/views/one", _listing(made.one_view)),
    ]


def _version(asked: Asked) -> tuple[str, str, str]:
    return _name(asked, "project"), _name(asked, "artifact"), _name(asked, "version")


def _name(asked: Asked, field: str) -> str:
    found = asked.text(field, most=1000)
    if not found:
        raise BadRequestError(f"expected {field} as text")
    return found


async def _changes(state: State, project: str, ended: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield the runs that changed, as they change, until another stream of the session begins."""
    known: dict[str, Json] = {}
    quiet = time.monotonic()
    yield b": listening\n\n"
    while not ended.is_set():
        start = time.monotonic()
        try:
            found = await asyncio.to_thread(catalog.runs, state.opener.store(), project)
        except (WbtableError, OSError):
            found = []  # a store that does not answer now may answer later
        changed = [run for run in found if known.get(run["run"]) != run]
        known |= {run["run"]: run for run in changed}
        if changed:
            text = json.dumps({"runs": changed}, ensure_ascii=True, allow_nan=False)
            yield f"event: runs\ndata: {text}\n\n".encode()
            quiet = time.monotonic()
        elif time.monotonic() - quiet > _ALIVE:
            yield b": alive\n\n"
            quiet = time.monotonic()
        # Where looking takes long, it is done seldom.
        pause = max(_LEAST_PAUSE, 10 * (time.monotonic() - start))
        try:
            await asyncio.wait_for(ended.wait(), pause)
        except TimeoutError:
            continue
