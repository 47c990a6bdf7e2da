"""Routes that list the store (ENDPOINTS.md, "The store")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from wbtable.viewer import catalog
from wbtable.viewer.asking import listing
from wbtable.viewer.run_index import RunIndex
from wbtable.viewer.run_routes import named, run_routes
from wbtable.viewer.sources import Opener

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.viewer.asking import Asked
    from wbtable.viewer.state import State


class _Store:
    """Answers requests about what is in the store."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.types = catalog.ArtifactTypes()

    @property
    def store(self) -> Store:
        return self.state.opener.store()

    def projects(self, asked: Asked) -> Json:
        del asked
        url = self.state.places.store
        found = [] if url is None else catalog.projects(self.store)
        if url is not None and not found:
            # A store that is gone, or may not be read any more, lists as an empty one does.
            Opener(self.state.places).store()
        return {"projects": found}

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


def store_routes(state: State) -> list[Route]:
    """Return the routes."""
    made = _Store(state)
    return [
        *run_routes(state, RunIndex(state.opener.store)),
        Route("/api/projects", listing(made.projects)),
        Route("/api/artifacts", listing(made.artifacts)),
        Route("/api/artifacts/types", listing(made.types_of)),
        Route("/api/versions", listing(made.versions)),
        Route("/api/version", listing(made.version)),
        Route("/api/files", listing(made.files)),
        Route("/api/lineage", listing(made.lineage)),
    ]


def _version(asked: Asked) -> tuple[str, str, str]:
    return named(asked, "project"), named(asked, "artifact"), named(asked, "version")
