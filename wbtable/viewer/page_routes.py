"""The page and its files, which hold no data, and how a session begins (ENDPOINTS.md, "Getting in")."""

from __future__ import annotations

import functools
import gzip
import hashlib
import logging
import re
import secrets
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from wbtable.errors import FormatError
from wbtable.viewer.answers import answer, refusal
from wbtable.viewer.asking import read_body
from wbtable.viewer.headers import IMMUTABLE, page_csp
from wbtable.viewer.hosts import parse_host
from wbtable.viewer.page_modules import FIRST, bundle, served
from wbtable.viewer.sessions import cookie_name

if TYPE_CHECKING:
    from starlette.requests import Request

    from wbtable.viewer.page_modules import Bundle
    from wbtable.viewer.state import State

_log = logging.getLogger("wbtable.viewer")
STATIC: Final = Path(__file__).parent / "static"
NONCE: Final = "{{nonce}}"
STYLES: Final = "css/page.css"
"""All style sheets of the page in one, below the address of a version."""
_STATIC: Final = '="/static/'
_VERSION: Final = re.compile(r"([0-9a-f]{16})/(.+)")
_SHEETS: Final = re.compile(r'(?:<link rel="stylesheet" href="/static/[^"]+">\s*)+')
_SHEET: Final = re.compile(r'href="/static/([^"]+)"')
_SMALL: Final = 1000
"""Bytes that are not worth compressing."""
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


@functools.lru_cache(maxsize=512)
def _content(path: Path, stamp: int, *, packed: bool = False) -> tuple[bytes, str]:
    data = gzip.compress(_content(path, stamp)[0], 6, mtime=0) if packed else path.read_bytes()
    return data, _tag(data)


def _tag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def version() -> str:
    """Return what names the page's files as they are: part of their addresses, so that they may be kept for good."""
    found = ((name, _content(path, path.stat().st_mtime_ns)[1]) for name, path in sorted(static_files().items()))
    return hashlib.sha256("\n".join(f"{name} {tag}" for name, tag in found).encode()).hexdigest()[:16]


def _text(name: str) -> str:
    return static_files()[name].read_text("utf-8")


@functools.lru_cache(maxsize=2)
def _first(now: str) -> Bundle | None:
    """Return what the page begins with in one, None if its modules must be served one by one; `now` is the version."""
    del now
    try:
        return bundle(_text)
    except (FormatError, KeyError) as error:
        _log.warning("the page's modules are served one by one: %s", error)
        return None


@functools.lru_cache(maxsize=512)
def _versioned(name: str, now: str, *, packed: bool) -> tuple[bytes, str]:
    """Return a file as it stands below the address of a version, `now`, and its tag."""
    if packed:
        data = gzip.compress(_versioned(name, now, packed=False)[0], 6, mtime=0)
    elif name == STYLES:
        data = "\n".join(map(_text, _sheets())).encode()
    else:
        first = _first(now) if name.startswith("js/") else None
        data = static_files()[name].read_bytes() if first is None else served(name, _text(name), first).encode()
    return data, _tag(data)


def _shell() -> str:
    return (STATIC / "index.html").read_text("utf-8")


def _sheets() -> list[str]:
    found = _SHEETS.search(_shell())
    return [] if found is None else _SHEET.findall(found[0])


def prepare() -> None:
    """Make what every visitor asks for first: while a browser starts there is time."""
    now = version()
    for name in (FIRST, STYLES):
        _versioned(name, now, packed=True)


async def page(request: Request) -> Response:
    """Return the page: the same for everybody, but for its nonce."""
    del request
    nonce = secrets.token_urlsafe(18)
    try:
        text = _shell()
    except FileNotFoundError:
        return refusal(500, "page", "the page is missing from this installation: install wbtable again")
    headers = {"content-security-policy": page_csp(nonce), "cache-control": "no-store"}
    # What scripts and styles name beside them lies under the same address: the whole page is of one version.
    text = _SHEETS.sub(f'<link rel="stylesheet" href="/static/{STYLES}">\n', text, count=1)
    text = text.replace(_STATIC, f"{_STATIC}{version()}/")
    return Response(text.replace(NONCE, nonce), 200, headers, media_type="text/html; charset=utf-8")


async def static(request: Request) -> Response:
    """Return one of the page's files: for good where its address has the version that is there."""
    name = str(request.path_params["path"])
    found = _VERSION.fullmatch(name)
    takes = "gzip" in request.headers.get("accept-encoding", "")
    stays = False
    if found is None:
        path = static_files().get(name)
        if path is None:
            return _none()
        stamp = path.stat().st_mtime_ns
        packed = takes and path.stat().st_size > _SMALL
        data, tag = _content(path, stamp, packed=packed)
    else:
        name = found[2]
        if name not in static_files() and name != STYLES:
            return _none()
        now = version()
        # A page of another version, that was open while wbtable was installed anew, gets what there is.
        stays = found[1] == now
        packed = takes and len(_versioned(name, now, packed=False)[0]) > _SMALL
        data, tag = _versioned(name, now, packed=packed)
    headers = {"etag": tag, "cache-control": IMMUTABLE if stays else "no-cache", "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(data, 200, headers, media_type=_TYPES[PurePosixPath(name).suffix])


def _none() -> Response:
    return refusal(404, "not_found", "there is no such file of the page")


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
