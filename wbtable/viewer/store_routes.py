"""Routes that list the store, and save views (ENDPOINTS.md, "What is open", "The store", "Views by name")."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
from typing import TYPE_CHECKING

from starlette.routing import Route

from wbtable.viewer import catalog, saved, tasks
from wbtable.viewer.answers import BadRequestError, ReadOnlyError, answer
from wbtable.viewer.asking import read_body
from wbtable.viewer.run_index import RunIndex
from wbtable.viewer.run_routes import listing, named, run_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.viewer.asking import Asked
    from wbtable.viewer.state import State


def has_plotly() -> bool:
    """Whether figures can be drawn: by the user's own plotly, which is not imported for it."""
    return importlib.util.find_spec("plotly") is not None


class _Store:
    """Answers requests about what is open and in the store."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.types = catalog.ArtifactTypes()

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
        project, kind, search = named(asked, "project"), asked.text("type", ""), asked.text("search", "")
        catalog.check_project(self.store, project)
        offset, count = asked.number("offset", 0), asked.number("count", catalog.MAX_VERSIONS)
        return catalog.artifacts(self.store, self.types, project, kind, search, offset, count)

    def types_of(self, asked: Asked) -> Json:
        return {"types": self.types.counts(self.store, named(asked, "project"))}

    def versions(self, asked: Asked) -> Json:
        before = asked.number("before") if "before" in asked.fields else None
        count = asked.number("count", catalog.MAX_VERSIONS)
        return catalog.versions(self.store, named(asked, "project"), named(asked, "artifact"), before, count)

    def version(self, asked: Asked) -> Json:
        return catalog.version(self.store, *_version(asked))

    def lineage(self, asked: Asked) -> Json:
        return catalog.lineage(self.store, *_version(asked), asked.text("direction", "both"), asked.number("depth", 2))

    def files(self, asked: Asked) -> Json:
        offset, count = asked.number("offset", 0), asked.number("count", 100)
        return catalog.files(self.store, *_version(asked), offset, count, asked.text("prefix", ""))

    def views(self, asked: Asked) -> Json:
        return {"views": saved.list_views(self.store, named(asked, "project"))}

    def one_view(self, asked: Asked) -> Json:
        return saved.read_view(self.store, named(asked, "project"), named(asked, "name"))

    async def save_view(self, request: Request) -> Response:
        asked = await read_body(request)
        if self.state.read_only:
            raise ReadOnlyError("the server only reads: it was started with --read-only")
        project, name, view = named(asked, "project"), named(asked, "name"), asked.view()
        seen = asked.number("number", -1, -1)
        if view.source is None or any(place.url is not None for place in view.source.tables):
            raise BadRequestError("a view of a table outside of the store has no name in it: share its address")
        number = await asyncio.to_thread(saved.save_view, self.store, project, name, view, seen)
        return answer({"name": name, "number": number})


def store_routes(state: State) -> list[Route]:
    """Return the routes."""
    made = _Store(state)
    return [
        *run_routes(state, RunIndex(state.opener.store)),
        Route("/api/open", listing(made.what_is_open)),
        Route("/api/projects", listing(made.projects)),
        Route("/api/artifacts", listing(made.artifacts)),
        Route("/api/artifacts/types", listing(made.types_of)),
        Route("/api/versions", listing(made.versions)),
        Route("/api/version", listing(made.version)),
        Route("/api/files", listing(made.files)),
        Route("/api/lineage", listing(made.lineage)),
        Route("/api/views", listing(made.views)),
        Route("/api/views", made.save_view, methods=["POST"]),
        Route("/api/views/one", listing(made.one_view)),
    ]


def _version(asked: Asked) -> tuple[str, str, str]:
    return named(asked, "project"), named(asked, "artifact"), named(asked, "version")
