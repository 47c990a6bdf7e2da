"""Routes that ask tables (ENDPOINTS.md, "Asking")."""

from __future__ import annotations

import shutil
import tempfile
import time
from typing import TYPE_CHECKING, Any, Final

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from wbtable.viewer import task_names as tasks
from wbtable.viewer.answers import BadRequestError, answer
from wbtable.viewer.asking import read_body, read_query
from wbtable.viewer.jobs import session_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from wbtable.viewer.asking import Asked
    from wbtable.viewer.state import State

ARROW: Final = "application/vnd.apache.arrow.stream"
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
    "zip": "application/zip",
}
Take = "Callable[[Asked], dict[str, Any]]"


def _nothing(_asked: Asked) -> dict[str, Any]:
    return {}


def _window(asked: Asked) -> dict[str, Any]:
    return {
        "offset": asked.number("offset", 0),
        "count": asked.number("count", 100),
        "columns": asked.texts("columns"),
    }


def _rows(asked: Asked) -> dict[str, Any]:
    return {**_window(asked), "positions": asked.numbers("positions", 1000)}


def _positions(asked: Asked) -> dict[str, Any]:
    return {"offset": asked.number("offset", 0), "count": asked.number("count", 1)}


def _groups(asked: Asked) -> dict[str, Any]:
    kinds = asked.choices("kinds", ("page", "top", "histogram"))
    return {**_window(asked), "page": asked.number("page", 0), "size": asked.number("size", 5, 1), "kinds": kinds}


def _expression(asked: Asked) -> dict[str, Any]:
    return {"expression": asked.text("expression", most=20_000), "at": asked.text("at", "filter")}


def _completion(asked: Asked) -> dict[str, Any]:
    return {
        "text": asked.text("text", most=20_000),
        "cursor": asked.number("cursor"),
        "at": asked.text("at", "filter"),
    }


_ASKED: Final[tuple[tuple[str, str, str, Callable[[Asked], dict[str, Any]]], ...]] = (
    ("view", "interactive", tasks.VIEW, _nothing),
    ("count", "background", tasks.COUNT, _nothing),
    ("rows", "interactive", tasks.ROWS, _rows),
    ("positions", "interactive", tasks.POSITIONS, _positions),
    (
        "cell",
        "interactive",
        tasks.CELL,
        lambda asked: {"row": asked.number("row"), "column": asked.text("column", most=100_000)},
    ),
    ("summaries", "summaries", tasks.SUMMARIES, lambda asked: {"columns": asked.texts("columns")}),
    ("warnings", "summaries", tasks.WARNINGS, _nothing),
    ("groups", "interactive", tasks.GROUPS, _groups),
    ("expand", "interactive", tasks.EXPAND, lambda asked: {"group": asked.number("group")}),
    ("warm", "orders", tasks.WARM, _nothing),
    ("python", "interactive", tasks.PYTHON, _nothing),
    ("check", "interactive", tasks.CHECK, _expression),
    ("complete", "interactive", tasks.COMPLETE, _completion),
    ("compare", "background", tasks.COMPARE, _nothing),
    ("differences", "background", tasks.DIFFERENCES, lambda asked: {"columns": asked.texts("columns", 100)}),
)
"""Path, worker, task, and what else it takes."""
_ORDERED: Final = (tasks.ROWS, tasks.POSITIONS, tasks.CELL)
"""Those that may need the order of a view."""


async def _ask(
    state: State, request: Request, kind: str, task: str, take: Callable[[Asked], dict[str, Any]]
) -> Response:
    """Have a task done for a request; 202 says that it waits for the order of its view."""
    start = time.perf_counter()
    asked = await read_body(request)
    arguments: dict[str, Any] = {"view": asked.view().to_json(), "side": asked.number("side", 0)} | take(asked)
    function = task
    wants_arrow = task == tasks.ROWS and request.headers.get("accept") == ARROW
    if wants_arrow:
        function = tasks.ARROW
        del arguments["positions"]
    arguments["places"] = state.places.to_json()

    async def run() -> Any:
        if task == tasks.SUMMARIES and _is_plain(arguments["view"]):
            # What the manifest says is there as soon as the first rows are; what must be counted would hold them up.
            known = await state.jobs.run(request, "interactive", tasks.KNOWN_SUMMARIES, asked.query_id(), **arguments)
            if known:
                return known
        return await state.jobs.run(request, kind, function, asked.query_id(), **arguments)

    found = await (state.ordering.rows(request, arguments, run) if task in _ORDERED else run())
    if isinstance(found, dict) and tasks.ORDERING in found:
        return answer(found, 202)
    if wants_arrow:
        return Response(_stream(found), media_type=ARROW)
    return answer({**found, "seconds": round(time.perf_counter() - start, 4)})


def _is_plain(view: dict[str, Any]) -> bool:
    """Whether all rows of a table are seen."""
    return not any(view.get(part) for part in ("filter", "group", "window"))


def query_routes(state: State) -> list[Route]:
    """Return the routes."""

    def asking(kind: str, task: str, take: Callable[[Asked], dict[str, Any]]) -> Any:
        async def endpoint(request: Request) -> Response:
            return await _ask(state, request, kind, task, take)

        return endpoint

    async def keys(request: Request) -> Response:
        asked = await read_body(request)
        found = await state.jobs.run(
            request,
            "background",
            tasks.KEYS,
            asked.query_id(),
            places=state.places.to_json(),
            tables=asked.items("tables", 8),
        )
        return answer(found)

    async def export(request: Request) -> Response:
        asked = await read_body(request)
        form = asked.text("format", most=20)
        if form not in _TYPES:
            raise BadRequestError(f"expected format as one of {', '.join(_TYPES)}")
        folder = tempfile.mkdtemp(prefix="export-", dir=state.folder)
        try:
            found = await state.jobs.run(
                request,
                "export",
                tasks.EXPORT,
                asked.query_id(),
                places=state.places.to_json(),
                view=asked.view().to_json(),
                side=asked.number("side", 0),
                format=form,
                folder=folder,
                formulas=asked.truth("formulas"),
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        # The name is the server's own: what a table is called never reaches a header.
        return FileResponse(
            found["path"],
            media_type=_TYPES[form],
            filename=f"view.{form}",
            background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
        )

    async def cancel(request: Request) -> Response:
        asked = await read_body(request)
        if asked.fields.get("view") is not None:
            view = {"view": asked.view().to_json(), "side": asked.number("side", 0)}
            return answer({"cancelled": state.ordering.cancel(view)})
        return answer({"cancelled": state.jobs.cancel(session_of(request), asked.text("query", most=64))})

    async def progress(request: Request) -> Response:
        asked = read_query(request)
        return answer(state.jobs.progress(session_of(request), asked.text("query", most=64)))

    routes = [Route(f"/api/{path}", asking(kind, task, take), methods=["POST"]) for path, kind, task, take in _ASKED]
    return [
        *routes,
        Route("/api/keys", keys, methods=["POST"]),
        Route("/api/export", export, methods=["POST"]),
        Route("/api/cancel", cancel, methods=["POST"]),
        Route("/api/progress", progress),
    ]


def _stream(table: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
