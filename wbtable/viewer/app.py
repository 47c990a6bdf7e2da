"""The application: the guard outside, routes inside, every error in one shape."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Match

from wbtable.errors import NotFoundError, WbtableError
from wbtable.viewer.answers import StoreGoneError, failure, refusal
from wbtable.viewer.guard import Guard
from wbtable.viewer.open_routes import open_routes
from wbtable.viewer.page_routes import page_routes
from wbtable.viewer.query_routes import query_routes
from wbtable.viewer.sources import Opener

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route
    from starlette.types import Receive, Scope, Send

    from wbtable.viewer.state import State

_log = logging.getLogger("wbtable.viewer")


class Application:
    """Answers what the guard lets in: about the page and tables at once, about stores and media once that is loaded."""

    def __init__(self, state: State) -> None:
        """Answer for `state`."""
        self._state: Final = state
        self._first = _answering(state, [*page_routes(state), *open_routes(state), *query_routes(state)])
        self._guard = threading.Lock()
        self._others: Starlette | None = None

    @property
    def routes(self) -> list[BaseRoute]:
        """All that it answers."""
        return [*self._first.routes, *self.load().routes]

    def load(self) -> Starlette:
        """Load what answers about stores and media, which takes some tenths of a second; return it."""
        with self._guard:
            if self._others is None:
                from wbtable.viewer.media_routes import media_routes
                from wbtable.viewer.saved_routes import saved_routes
                from wbtable.viewer.store_routes import store_routes

                state = self._state
                self._others = _answering(state, [*store_routes(state), *saved_routes(state), *media_routes(state)])
            return self._others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if any(route.matches(scope)[0] is not Match.NONE for route in self._first.routes):
            await self._first(scope, receive, send)
            return
        others = self._others if self._others is not None else await asyncio.to_thread(self.load)
        await others(scope, receive, send)


def make_app(state: State) -> Guard:
    """Return the application that answers for `state`."""
    return guarded(Application(state), state)


def guarded(app: Application, state: State) -> Guard:
    """Return an application behind its guard."""
    return Guard(app, state.sessions, state.allowed_hosts)


def _answering(state: State, routes: list[Route]) -> Starlette:
    async def failed(_request: Request, error: Exception) -> Response:
        gone = await asyncio.to_thread(_gone, state) if isinstance(error, NotFoundError) else None
        return failure(error if gone is None else gone)

    handlers = {WbtableError: failed, HTTPException: _refused, Exception: _fault}
    return Starlette(routes=routes, exception_handlers=handlers)


def _gone(state: State) -> StoreGoneError | None:
    """Return what says that the store is gone, if it is: nothing of it is there then, whatever was looked for."""
    if state.places.store is None:
        return None
    try:
        Opener(state.places).store()
    except NotFoundError as error:
        return StoreGoneError(str(error))
    except (WbtableError, OSError):
        return None  # it does not answer, or may not be read: that says nothing about what was looked for
    return None


async def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(status, "not_found" if status == 404 else "method", "there is no such address")


async def _fault(request: Request, error: Exception) -> Response:
    # The path alone: addresses and headers hold tokens and references.
    _log.error("a fault while answering %s %.200s: %s", request.method, request.url.path, type(error).__name__)
    return failure(error)
