"""The outermost layer: nothing inside sees a request that is not let in here (viewer's rules, docs/viewing.md)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from wbtable.viewer.answers import BodyTooLargeError, refusal
from wbtable.viewer.headers import BASE
from wbtable.viewer.hosts import LOOPBACK, Host, parse_host, parse_origin
from wbtable.viewer.sessions import cookie_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from wbtable.viewer.sessions import Sessions

MAX_BODY: Final = 1 << 20
"""The most bytes of a request's body."""
SESSION: Final = "/api/session"
_PIECE: Final = 256 << 10
_SAFE: Final = frozenset({"GET", "HEAD"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE"})
_OWN: Final = frozenset({"same-origin", "none"})


def is_open_path(path: str) -> bool:
    """Whether a path needs no session: the page and its files, which hold no data."""
    return path == "/" or path.startswith(("/p/", "/static/"))


class Guard:
    """Lets in what may come in, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, sessions: Sessions, allowed_hosts: Iterable[str] = ()) -> None:
        """Stand before `app`.

        Args:
            app: what is guarded.
            sessions: who may ask.
            allowed_hosts: names under which this machine may be asked, beside those of the loopback.

        """
        self._app = app
        self._sessions = sessions
        self._hosts = LOOPBACK | {name.lower().strip("[]") for name in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # There is no websocket here, so none is let in.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = _Headers(scope)
        reason = self._reason(scope, headers)
        if reason is not None:
            await refusal(*reason)(scope, receive, _with_headers(send))
            return
        await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, _bounded(receive), _with_headers(sending))
        except asyncio.CancelledError:
            # Only the end of the server cuts off what is answered; to uvicorn it would be a fault of ours.
            if not started:
                await refusal(503, "ended", "the server has ended")(scope, receive, _with_headers(send))

    def _reason(self, scope: Scope, headers: _Headers) -> tuple[int, str, str] | None:
        """Return why a request is refused: status, code and message; None: it is let in."""
        host = headers.host()
        if host is None or host.name not in self._hosts:
            return 403, "host", "this name is not one of the viewer's: open the address that it printed"
        method = str(scope["method"])
        if method not in _METHODS:
            return 405, "method", f"expected {', '.join(sorted(_METHODS))}"
        if not headers.comes_from(str(scope["scheme"]), host):
            return 403, "origin", "requests of other origins are refused"
        path = str(scope["path"])
        if is_open_path(path) and method in _SAFE:
            return None
        bearer = headers.bearer()
        by_token = bearer is not None and self._sessions.is_token(bearer)
        reason = self._cross_site(method, headers, by_token=by_token)
        if reason is not None:
            return reason
        if path == SESSION and method == "POST":
            return None
        secret = next(filter(self._sessions.is_open, headers.cookies(cookie_name(host.port))), None)
        if not by_token and secret is None:
            return 401, "session", "open the address that wbtable view printed"
        scope["wbtable.session"] = secret
        return None

    @staticmethod
    def _cross_site(method: str, headers: _Headers, *, by_token: bool) -> tuple[int, str, str] | None:
        """Refuse what another site makes a browser send: other ports of this machine are other sites, too."""
        site = headers.one("sec-fetch-site")
        if site is not None and site not in _OWN:
            return 403, "site", "requests of other sites are refused"
        if method in _SAFE:
            return None
        if site != "same-origin" and headers.one("origin") is None and not by_token:
            return 403, "origin", "expected Sec-Fetch-Site or Origin beside a cookie"
        kind = (headers.one("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return 415, "content_type", "expected Content-Type: application/json"
        length = headers.one("content-length")
        if length is not None and (not length.isdigit() or len(length) > 12 or int(length) > MAX_BODY):
            return 413, "too_large", f"expected at most {MAX_BODY} bytes"
        return None


class _Headers:
    """The headers of a request; one that stands twice counts as an impossible one."""

    def __init__(self, scope: Scope) -> None:
        self._scheme = str(scope["scheme"])
        self._all: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            self._all.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def one(self, name: str) -> str | None:
        found = self._all.get(name)
        if found is None:
            return None
        return found[0] if len(found) == 1 else "\0"

    def host(self) -> Host | None:
        text = self.one("host")
        return None if text is None or self._scheme not in {"http", "https"} else parse_host(text, self._scheme)

    def comes_from(self, scheme: str, host: Host) -> bool:
        """Whether the request has no origin, or that of the page."""
        text = self.one("origin")
        return text is None or parse_origin(text) == (scheme, host)

    def bearer(self) -> str | None:
        kind, _, token = (self.one("authorization") or "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None

    def cookies(self, name: str) -> Iterator[str]:
        """Yield the values of a cookie.

        Cookies do not tell ports apart: those of other servers of this machine stand beside it, in whatever form.
        """
        for text in self._all.get("cookie", []):
            for part in text.split(";"):
                found, _, value = part.partition("=")
                if found.strip() == name:
                    yield value.strip()


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def receiving() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise BodyTooLargeError(f"expected at most {MAX_BODY} bytes")
        return message

    return receiving


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given: list[Any] = list(message.get("headers", []))
            names = {name.decode("latin-1").lower() for name, _ in given}
            given += [(name.encode(), value.encode()) for name, value in BASE.items() if name not in names]
            message = {**message, "headers": given}
        body = message.get("body", b"")
        if len(body) <= _PIECE:
            await send(message)
            return
        # In pieces, each after the last was read: an answer as a whole would be copied for each slow client.
        for start in range(0, len(body), _PIECE):
            end = start + _PIECE
            more = end < len(body) or message.get("more_body", False)
            await send({"type": message["type"], "body": body[start:end], "more_body": more})

    return sending
