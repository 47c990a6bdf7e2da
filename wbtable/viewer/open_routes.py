"""The route that says what is open, which every page asks first (ENDPOINTS.md, "What is open")."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import TYPE_CHECKING

from starlette.routing import Route

from wbtable.viewer.asking import listing
from wbtable.viewer.task_names import MAX_CELLS, MAX_ROWS

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.viewer.asking import Asked
    from wbtable.viewer.state import State


def has_plotly() -> bool:
    """Whether figures can be drawn: by the user's own plotly, which is not imported for it."""
    return importlib.util.find_spec("plotly") is not None


def open_routes(state: State) -> list[Route]:
    """Return the route."""

    def what_is_open(asked: Asked) -> Json:
        del asked
        url = state.places.store
        return {
            "version": importlib.metadata.version("wbtable"),
            "read_only": state.read_only,
            "store": None if url is None else {"url": url, "name": url.rstrip("/").rpartition("/")[2]},
            "opened": [{"id": one.id, "title": one.title, "source": one.source} for one in state.opened],
            "start": state.start,
            "plotly": has_plotly(),
            "limits": {"window": MAX_ROWS, "cells": MAX_CELLS, "page": 1000},
        }

    return [Route("/api/open", listing(what_is_open))]
