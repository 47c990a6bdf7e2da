"""Routes about runs: lists, curves, one run, and what changes (ENDPOINTS.md, "Runs")."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Final

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from wbtable.errors import FormatError, WbtableError
from wbtable.viewer import catalog, run_rows, run_tasks
from wbtable.viewer.answers import BadRequestError, answer
from wbtable.viewer.asking import listing, read_body
from wbtable.viewer.cells import encode_plain
from wbtable.viewer.jobs import session_of
from wbtable.viewer.run_histories import Histories, curve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from wbtable.format.documents import Json
    from wbtable.runs.reading import RunInfo
    from wbtable.viewer.asking import Asked
    from wbtable.viewer.run_index import Known, RunIndex
    from wbtable.viewer.state import State

MAX_DRAWN: Final = 200
"""The most runs whose curves are asked for at once."""
MAX_KEYS: Final = 100
"""The most keys whose curves are asked for at once."""
MAX_POINTS: Final = 10_000
"""The most points of a curve."""
MAX_PROJECTS: Final = 50
"""The most projects that one stream tells of."""
MAX_LOGGED: Final = 2_000
"""The most steps of one table that a run's page lists."""
_LEAST_POINTS: Final = 10
_NEWEST: Final = 10
_LEAST_PAUSE: Final = 1.0
_ALIVE: Final = 15.0


class _Runs:
    """Answers requests about runs."""

    def __init__(self, state: State, index: RunIndex) -> None:
        self.state = state
        self.index = index
        self.histories = Histories(state.opener.store)

    async def rows(self, request: Request) -> Response:
        asked = await read_body(request)
        project, text = named(asked, "project"), asked.text("filter", "", most=20_000)
        ids, said = None, []
        if text.strip():
            found = await self.state.jobs.run(
                request,
                "runs",
                run_tasks.match_runs,
                asked.query_id(),
                places=self.state.places.to_json(),
                project=project,
                filter=text,
            )
            ids, said = set(found["runs"]), found["warnings"]
        return answer(await asyncio.to_thread(self._window, asked, project, ids, said))

    def _window(self, asked: Asked, project: str, ids: set[str] | None, said: list[str]) -> Json:
        catalog.check_project(self.state.opener.store(), project)
        known = self.index.runs(project)
        wanted = asked.texts("runs", run_rows.MAX_WINDOW)
        matched = [run for run in known if ids is None or run.id in ids]
        if wanted is not None:
            only = set(wanted)
            matched = [run for run in matched if run.id in only]
        keys = asked.items("sort", 20) if asked.fields.get("sort") is not None else []
        if not all(isinstance(key.get("expression"), str) for key in keys):
            raise BadRequestError("expected sort as a list of {expression, order}")
        window = run_rows.window(
            matched, keys, asked.number("offset", 0), asked.number("count", 100), asked.texts("columns")
        )
        newest = [run.id for run in known if run.info is not None][:_NEWEST]
        return {"total": len(known), "newest": newest, **window, "warnings": said}

    async def metrics(self, request: Request) -> Response:
        asked = await read_body(request)
        project, runs = named(asked, "project"), _runs_of(asked)
        return answer(await asyncio.to_thread(self._metrics, project, runs))

    def _metrics(self, project: str, runs: list[str]) -> Json:
        """Return the keys that can be drawn or opened, and in how many of the runs."""
        counts: dict[str, int] = {}
        tables: dict[str, list[str]] = {}
        others: dict[str, tuple[str, list[str]]] = {}
        for run_id in runs:
            history = self.histories.read(project, run_id)
            for key in history.numbers:
                counts[key] = counts.get(key, 0) + 1
            for key in history.tables:
                tables.setdefault(key, []).append(run_id)
            for key, kind in history.others.items():
                if key not in history.tables:
                    others.setdefault(key, (kind, []))[1].append(run_id)
        return {
            "keys": [{"key": key, "runs": count} for key, count in counts.items()],
            "tables": [{"key": key, "runs": ids} for key, ids in tables.items()],
            "others": [{"key": key, "kind": kind, "runs": ids} for key, (kind, ids) in others.items()],
        }

    async def curves(self, request: Request) -> Response:
        asked = await read_body(request)
        project, runs = named(asked, "project"), _runs_of(asked)
        keys = asked.texts("keys", MAX_KEYS) or []
        points = min(asked.number("points", 500, _LEAST_POINTS), MAX_POINTS)
        return answer(await asyncio.to_thread(self._curves, project, runs, keys, asked.text("x", "_step"), points))

    def _curves(self, project: str, runs: list[str], keys: list[str], x: str, points: int) -> Json:
        started = {run.id: run.info.created_at.timestamp() for run in self.index.runs(project) if run.info is not None}
        curves, problems = [], []
        for run_id in runs:
            if run_id not in started:
                problems.append({"run": run_id, "message": "there is no such run, or its records are damaged"})
                continue
            history = self.histories.read(project, run_id)
            problems += [{"run": run_id, "message": text} for text in history.problems]
            for key in keys:
                found = curve(history, key, x, started[run_id], points)
                if found is not None:
                    curves.append({"run": run_id, "key": key, **found})
        return {"curves": curves, "problems": problems}

    def one(self, asked: Asked) -> Json:
        """Return everything about a run but its curves."""
        known = self.index.one(named(asked, "project"), named(asked, "run"))
        if known.info is None:
            raise FormatError(known.error or "its records are damaged", place=f"run {known.project}/{known.id}")
        return self._one(known, known.info)

    def _one(self, known: Known, run: RunInfo) -> Json:
        history = self.histories.read(known.project, known.id)
        problems = list(history.problems)

        def read(what: Callable[[], list[str]]) -> list[str]:
            try:
                return what()
            except (WbtableError, OSError) as error:
                problems.append(str(error)[:500])
                return []

        process = run.start.process
        return {
            **run_rows.mark(known),
            "group": run.start.group,
            "job_type": run.start.job_type,
            "tags": list(run.start.tags),
            "notes": run.start.notes,
            "attempts": run.start.attempt + 1,
            "exit_code": run.exit_code,
            "process": {"host": process.host, "pid": process.pid},
            "config": {str(key): encode_plain(value) for key, value in run.config.items()},
            "summary": {str(key): run_rows.shown(value) for key, value in run.summary.items()},
            "environment": {str(key): encode_plain(value) for key, value in run.start.environment.items()},
            "keys": list(history.numbers),
            "others": [{"key": key, "kind": kind} for key, kind in history.others.items() if key not in history.tables],
            "tables": [
                {"key": key, "logged": len(steps), "steps": steps[-MAX_LOGGED:]}
                for key, steps in history.tables.items()
            ],
            "logged": read(run.logged),
            "used": read(run.used),
            "problems": problems,
        }

    def activity(self, asked: Asked) -> Json:
        """Return what happened last in a project."""
        project = named(asked, "project")
        store = self.state.opener.store()
        known = self.index.runs(project, fresh=5.0)
        states: dict[str, int] = {}
        for run in known:
            state = run.info.state if run.info else "damaged"
            states[state] = states.get(state, 0) + 1
        marks = [run_rows.mark(run) for run in known if run.info is not None]
        marks.sort(key=lambda run: str(run["updated_at"]), reverse=True)
        return {"states": states, "runs": marks[:5], **catalog.recent(store, project, 5)}

    async def events(self, request: Request) -> Response:
        projects = request.query_params.getlist("project")[:MAX_PROJECTS]
        if not projects or not all(projects):
            raise BadRequestError("expected project as text")
        session, streams = session_of(request), self.state.streams
        if session in streams:
            streams[session].set()
        ended = streams[session] = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            try:
                async for part in _changes(self.index, projects, ended):
                    yield part
            finally:
                if streams.get(session) is ended:
                    del streams[session]

        return StreamingResponse(body(), media_type="text/event-stream")


def named(asked: Asked, field: str) -> str:
    """Return a name that was asked for.

    Raises:
        BadRequestError: it is missing, or empty.

    """
    found = asked.text(field, most=1000)
    if not found:
        raise BadRequestError(f"expected {field} as text")
    return found


def _runs_of(asked: Asked) -> list[str]:
    runs = asked.texts("runs", MAX_DRAWN)
    if runs is None:
        raise BadRequestError("expected runs as a list of texts")
    return list(dict.fromkeys(runs))


def run_routes(state: State, index: RunIndex) -> list[Route]:
    """Return the routes."""
    made = _Runs(state, index)
    return [
        Route("/api/runs", made.rows, methods=["POST"]),
        Route("/api/run", listing(made.one)),
        Route("/api/metrics", made.metrics, methods=["POST"]),
        Route("/api/curves", made.curves, methods=["POST"]),
        Route("/api/activity", listing(made.activity)),
        Route("/api/events", made.events),
    ]


async def _changes(index: RunIndex, projects: list[str], ended: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield the runs that changed, as they change, until another stream of the session begins."""
    known: dict[tuple[str, str], Json] = {}
    is_first = True
    quiet = time.monotonic()
    yield b": listening\n\n"
    while not ended.is_set():
        start = time.monotonic()
        told: list[Json] = []
        try:
            found = [mark for project in projects for mark in await asyncio.to_thread(_marks, index, project)]
            changed = [run for run in found if known.get((run["project"], run["run"])) != run]
            known |= {(run["project"], run["run"]): run for run in changed}
            # Who begins to listen knows what ended long ago.
            told = [run for run in changed if not is_first or run["state"] == "running"]
            is_first = False
        except (WbtableError, OSError):
            pass  # a store that does not answer now may answer later
        if told:
            text = json.dumps({"runs": told}, ensure_ascii=True, allow_nan=False)
            yield f"event: runs\ndata: {text}\n\n".encode()
            quiet = time.monotonic()
        elif time.monotonic() - quiet > _ALIVE:
            yield b": alive\n\n"
            quiet = time.monotonic()
        # Where looking takes long, it is done seldom.
        pause = max(_LEAST_PAUSE, 10 * (time.monotonic() - start))
        try:
            await asyncio.wait_for(ended.wait(), pause)
        except TimeoutError:
            continue


def _marks(index: RunIndex, project: str) -> list[Json]:
    return [run_rows.mark(run) for run in index.runs(project)]
