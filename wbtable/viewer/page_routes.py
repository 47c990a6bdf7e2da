"""The page and its files, which hold no data, and how a session begins (ENDPOINTS.md, "Getting in")."""

from __future__ import annotations

import functools
import hashlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from wbtable.viewer.answers import answer, refusal
from wbtable.viewer.asking import read_body
from wbtable.viewer.headers import page_csp
from wbtable.viewer.hosts import parse_host
from wbtable.viewer.sessions import cookie_name

if TYPE_CHECKING:
    from starlette.requests import Request

    from wbtable.viewer.state import State

STATIC: Final = Path(__file__).parent / "static"
NONCE: Final = "{{nonce}}"
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}


@functools.cache
def static_files() -> dict[str, Path]:
    """Return the page's files by their address: listed once, so that no address ever becomes a path."""
    return {
        path.relative_to(STATIC).as_posix(): path
        for path in STATIC.rglob("*")
        if path.suffix in _TYPES and path.is_file() and not path.is_symlink()
    }


@functools.lru_cache(maxsize=256)
def _content(path: Path, stamp: int) -> tuple[bytes, str]:
    del stamp
    data = path.read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'


async def page(request: Request) -> Response:
    """Return the page: the same for everybody, but for its nonce."""
    del request
    nonce = secrets.token_urlsafe(18)
    shell = STATIC / "index.html"
    try:
        text = shell.read_text("utf-8")
    except FileNotFoundError:
        return refusal(500, "page", "the page is missing from this installation: install wbtable again")
    headers = {"content-security-policy": page_csp(nonce), "cache-control": "no-store"}
    return Response(text.replace(NONCE, nonce), 200, headers, media_type="text/html; charset=utf-8")


async def static(request: Request) -> Response:
    """Return one of the page's files."""
    path = static_files().get(str(request.path_params["path"]))
    if path is None:
        return refusal(404, "not_found", "there is no such file of the page")
    data, tag = _content(path, path.stat().st_mtime_ns)
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, 200, headers, media_type=_TYPES[path.suffix])


def page_routes(state: State) -> list[Route]:
    """Return the routes."""

    async def begin(request: Request) -> Response:
        asked = await read_body(request)
        secret = state.sessions.open(asked.text("token", most=200))
        if secret is None:
            return refusal(401, "token", "the token is wrong, or was used: open the address that wbtable view printed")
        made = answer({})
        made.set_cookie(_cookie(request), secret, httponly=True, samesite="strict", path="/")
        return made

    async def end(request: Request) -> Response:
        secret = request.scope.get("wbtable.session")
        if secret:
            state.sessions.close(str(secret))
        made = answer({})
        made.delete_cookie(_cookie(request), httponly=True, samesite="strict", path="/")
        return made

    return [
        Route("/", page),
        Route("/p/{path:path}", page),
        Route("/static/{path:path}", static),
        Route("/api/session", begin, methods=["POST"]),
        Route("/api/session", end, methods=["DELETE"]),
    ]


def _cookie(request: Request) -> str:
    host = parse_host(request.headers["host"], str(request.scope["scheme"]))
    assert host is not None  # the guard let it in
    return cookie_name(host.port)
