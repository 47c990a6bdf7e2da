"""Routes that give media: by digest, checked, and sandboxed (ENDPOINTS.md, "Media")."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import Route

from wbtable.errors import LimitError, WbtableError
from wbtable.viewer import media_tasks
from wbtable.viewer.answers import BadRequestError, answer, failure, refusal
from wbtable.viewer.blobs import Reference, sniff
from wbtable.viewer.frames import html_frame, plotly_frame
from wbtable.viewer.headers import BLOB_CSP, IMMUTABLE, frame_csp
from wbtable.viewer.ranges import one_range
from wbtable.viewer.thumbnails import SIDES, Thumbnails

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from wbtable.viewer.state import State

MAX_FRAME: Final = 64 << 20
_OTHER: Final = "application/octet-stream"


class _Media:
    """Answers requests for media."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.thumbnails = Thumbnails()

    def cached(self, give: Callable[[Request, Reference], Awaitable[Response]]) -> Any:
        """Return an endpoint whose answers never change: what names them is their content."""

        async def endpoint(request: Request) -> Response:
            found = _reference(request)
            asked = "-".join(request.query_params.get(name, "")[:8] for name in ("side", "points"))
            tag = f'"{found.digest}-{request.url.path.split("/")[1]}-{asked}"'
            headers = {"cache-control": IMMUTABLE, "etag": tag, "content-security-policy": BLOB_CSP}
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers=headers)
            try:
                made = await give(request, found)
            except WbtableError as error:
                return failure(error)
            if made.status_code >= 400:
                # What is wrong with a request says nothing about the bytes.
                del headers["cache-control"], headers["etag"]
            for name, value in headers.items():
                made.headers.setdefault(name, value)
            return made

        return endpoint

    async def blob(self, request: Request, found: Reference) -> Response:
        """Return the bytes, or a range of them."""
        data = await asyncio.to_thread(self.state.blobs.read, found)
        kind = sniff(data)
        headers = {"accept-ranges": "bytes"}
        if kind is None:
            headers["content-disposition"] = "attachment"
        wanted = one_range(request.headers.get("range"), len(data))
        if wanted is None:
            return Response(data, 200, headers, media_type=kind or _OTHER)
        if wanted == (0, 0):
            return Response(status_code=416, headers={**headers, "content-range": f"bytes */{len(data)}"})
        first, end = wanted
        headers["content-range"] = f"bytes {first}-{end - 1}/{len(data)}"
        return Response(data[first:end], 206, headers, media_type=kind or _OTHER)

    async def thumb(self, request: Request, found: Reference) -> Response:
        """Return a small picture, made once."""
        side = request.query_params.get("side", "256")
        if side not in SIDES:
            raise BadRequestError(f"expected side as one of {', '.join(SIDES)}")
        data = await asyncio.to_thread(self.thumbnails.get, found.digest, side)
        if data is None:
            data = await self.worked(request, media_tasks.thumbnail, found, side=int(side))
            await asyncio.to_thread(self.thumbnails.put, found.digest, side, data)
        return Response(data, media_type="image/webp")

    async def mask(self, request: Request, found: Reference) -> Response:
        """Return a mask whose pixels browsers read exactly; thinned ones, for cells, are made once."""
        side = request.query_params.get("side")
        if side is None:
            return Response(await self.worked(request, media_tasks.mask, found, side=None), media_type="image/png")
        if side not in SIDES:
            raise BadRequestError(f"expected side as one of {', '.join(SIDES)}")
        data = await asyncio.to_thread(self.thumbnails.get, found.digest, f"mask-{side}")
        if data is None:
            data = await self.worked(request, media_tasks.mask, found, side=int(side))
            await asyncio.to_thread(self.thumbnails.put, found.digest, f"mask-{side}", data)
        return Response(data, media_type="image/png")

    async def model(self, request: Request, found: Reference) -> Response:
        """Return a mesh that names nothing outside itself."""
        data = await self.worked(request, media_tasks.model, found)
        return Response(data, headers={"content-disposition": "attachment"}, media_type=_OTHER)

    async def peaks(self, request: Request, found: Reference) -> Response:
        """Return the envelope of a sound."""
        points = request.query_params.get("points", "200")
        if not (points.isascii() and points.isdigit() and 1 <= int(points[:6]) <= 4000):
            raise BadRequestError("expected points from 1 to 4000")
        made = await self.state.jobs.run(
            request,
            "media",
            media_tasks.peaks,
            places=self.state.places.to_json(),
            reference=found.to_json(),
            points=int(points),
        )
        return answer(made)

    async def worked(self, request: Request, task: Callable[..., Any], found: Reference, **arguments: Any) -> bytes:
        """Return the bytes that a worker makes of a blob."""
        table = await self.state.jobs.run(
            request, "media", task, places=self.state.places.to_json(), reference=found.to_json(), **arguments
        )
        return bytes(table.column("data")[0].as_py())

    async def frame(self, request: Request) -> Response:
        """Return a document of a cell, for a frame only."""
        found = _reference(request)
        if request.headers.get("sec-fetch-dest") != "iframe":
            return refusal(403, "frame", "documents of cells are shown in the viewer's frames only")
        kind = request.query_params.get("as")
        if kind not in {"html", "plotly"}:
            raise BadRequestError("expected as=html or as=plotly")
        data = await asyncio.to_thread(self.state.blobs.read, found)
        if len(data) > MAX_FRAME:
            raise LimitError(f"expected a document of at most {MAX_FRAME >> 20} MB: download it")
        scripts = kind == "plotly" or request.query_params.get("scripts") == "1"
        text = html_frame(data) if kind == "html" else await asyncio.to_thread(plotly_frame, data)
        headers = {"content-security-policy": frame_csp(scripts=scripts), "x-frame-options": "SAMEORIGIN"}
        return Response(text.encode("utf-8", "replace"), 200, headers, media_type="text/html; charset=utf-8")


def _reference(request: Request) -> Reference:
    return Reference.parse(str(request.path_params["digest"]), request.query_params)


def media_routes(state: State) -> list[Route]:
    """Return the routes."""
    made = _Media(state)
    return [
        Route("/blob/{digest}", made.cached(made.blob)),
        Route("/thumb/{digest}", made.cached(made.thumb)),
        Route("/mask/{digest}", made.cached(made.mask)),
        Route("/peaks/{digest}", made.cached(made.peaks)),
        Route("/model/{digest}", made.cached(made.model)),
        Route("/frame/{digest}", made.frame),
    ]
