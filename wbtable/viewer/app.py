"""The application: the guard outside, routes inside, every error in one shape."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from wbtable.errors import WbtableError
from wbtable.viewer.answers import failure, refusal
from wbtable.viewer.guard import Guard
from wbtable.viewer.media_routes import media_routes
from wbtable.viewer.page_routes import page_routes
from wbtable.viewer.query_routes import query_routes
from wbtable.viewer.saved_routes import saved_routes
from wbtable.viewer.store_routes import store_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from wbtable.viewer.state import State

_log = logging.getLogger("wbtable.viewer")


def make_app(state: State) -> Guard:
    """Return the application that answers for `state`."""
    inside = Starlette(
        routes=[
            *page_routes(state),
            *store_routes(state),
            *saved_routes(state),
            *query_routes(state),
            *media_routes(state),
        ],
        exception_handlers={WbtableError: _failed, HTTPException: _refused, Exception: _fault},
    )
    return Guard(inside, state.sessions, state.allowed_hosts)


async def _failed(_request: Request, error: Exception) -> Response:
    return failure(error)


async def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(status, "not_found" if status == 404 else "method", "there is no such address")


async def _fault(request: Request, error: Exception) -> Response:
    # The path alone: addresses and headers hold tokens and references.
    _log.error("a fault while answering %s %.200s: %s", request.method, request.url.path, type(error).__name__)
    return failure(error)
