"""Routes of what people save: views, reports, what a panel looked like (ENDPOINTS.md, "Views by name", "Reports")."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from wbtable.viewer import panel_state, report_task, report_unions, reports, saved, saved_numbers
from wbtable.viewer.answers import BadRequestError, ReadOnlyError, answer
from wbtable.viewer.asking import Asked, listing, read_body
from wbtable.viewer.run_routes import named

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.viewer.state import State


class _Saved:
    """Answers requests about what people saved."""

    def __init__(self, state: State) -> None:
        self.state = state

    @property
    def store(self) -> Store:
        return self.state.opener.store()

    def writing(self, write: Callable[[Asked], Json]) -> Any:
        """Return an endpoint that saves something, unless the server only reads."""

        async def endpoint(request: Request) -> Response:
            asked = await read_body(request)
            if self.state.read_only:
                raise ReadOnlyError("the server only reads: it was started with --read-only")
            return answer(await asyncio.to_thread(write, asked))

        return endpoint

    # Views.

    def views(self, asked: Asked) -> Json:
        return {"views": saved.list_views(self.store, named(asked, "project"))}

    def view(self, asked: Asked) -> Json:
        return saved.read_view(self.store, named(asked, "project"), named(asked, "name"), _number(asked))

    def view_numbers(self, asked: Asked) -> Json:
        return saved_numbers.view_numbers(
            self.store, named(asked, "project"), named(asked, "name"), _number(asked, "before")
        )

    def save_view(self, asked: Asked) -> Json:
        project, name = named(asked, "project"), named(asked, "name")
        old = _number(asked, "restore")
        if old is not None:
            seen = asked.number("number", -1, -1)
            return {"name": name, "number": saved_numbers.restore_view(self.store, project, name, old, seen)}
        view = asked.view()
        if view.source is None or any(place.url is not None for place in view.source.tables):
            raise BadRequestError("a view of a table outside of the store has no name in it: share its address")
        number = saved.save_view(
            self.store,
            project,
            name,
            view,
            asked.number("number", -1, -1),
            title=asked.text("title", "").strip(),
            description=asked.text("description", "").strip(),
        )
        return {"name": name, "number": number}

    # What a panel looked like.

    def state_of(self, asked: Asked) -> Json:
        view = panel_state.read_state(self.store, named(asked, "project"), named(asked, "panel"))
        return {"view": view, "read_only": self.state.read_only}

    def save_state(self, asked: Asked) -> Json:
        panel_state.save_state(self.store, named(asked, "project"), named(asked, "panel"), asked.view())
        return {}

    # Reports.

    def reports(self, asked: Asked) -> Json:
        return {"reports": reports.list_reports(self.store, named(asked, "project"))}

    def report(self, asked: Asked) -> Json:
        return reports.read_report(self.store, named(asked, "project"), named(asked, "name"), _number(asked))

    def report_numbers(self, asked: Asked) -> Json:
        return saved_numbers.report_numbers(
            self.store, named(asked, "project"), named(asked, "name"), _number(asked, "before")
        )

    def gone(self, asked: Asked) -> Json:
        project, name, panel = (named(asked, key) for key in ("project", "name", "panel"))
        found = report_unions.panel_gone(self.store, project, name, panel, _number(asked))
        return {**found, "text": report_unions.gone_words(found)}

    def save_report(self, asked: Asked) -> Json:
        project, name = named(asked, "project"), named(asked, "name")
        seen = asked.number("number", -1, -1)
        old = _number(asked, "restore")
        if old is not None:
            return {"name": name, "number": saved_numbers.restore_report(self.store, project, name, old, seen)}
        return {
            "name": name,
            "number": reports.save_report(self.store, project, name, asked.fields.get("report"), seen),
        }

    def add_panels(self, asked: Asked) -> Json:
        project, name = named(asked, "project"), named(asked, "name")
        sent = {"panels": asked.items("panels", 20)}
        number = reports.add_panels(
            self.store, project, name, sent, new=asked.truth("new"), title=asked.text("title", "").strip()
        )
        return {"name": name, "number": number}

    def put_image(self, asked: Asked) -> Json:
        return {"image": reports.put_image(self.store, asked.text("data", most=1 << 20))}

    async def export(self, request: Request) -> Response:
        asked = await read_body(request)
        folder = tempfile.mkdtemp(prefix="report-", dir=self.state.folder)
        try:
            found = await self.state.jobs.run(
                request,
                "export",
                report_task.export,
                asked.query_id(),
                places=self.state.places.to_json(),
                project=named(asked, "project"),
                name=named(asked, "name"),
                number=_number(asked),
                folder=folder,
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        # The name is the server's own: what a report is called never reaches a header.
        return FileResponse(
            found["path"],
            media_type="text/html; charset=utf-8",
            headers={"x-wbtable-left-out": str(found["left_out"])},
            filename="report.html",
            background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
        )


def _number(asked: Asked, name: str = "number") -> int | None:
    return asked.number(name) if asked.fields.get(name) is not None else None


def saved_routes(state: State) -> list[Route]:
    """Return the routes."""
    made = _Saved(state)
    return [
        Route("/api/views", listing(made.views)),
        Route("/api/views", made.writing(made.save_view), methods=["POST"]),
        Route("/api/views/one", listing(made.view)),
        Route("/api/views/numbers", listing(made.view_numbers)),
        Route("/api/state", listing(made.state_of)),
        Route("/api/state", made.writing(made.save_state), methods=["POST"]),
        Route("/api/reports", listing(made.reports)),
        Route("/api/reports", made.writing(made.save_report), methods=["POST"]),
        Route("/api/reports/one", listing(made.report)),
        Route("/api/reports/numbers", listing(made.report_numbers)),
        Route("/api/reports/gone", listing(made.gone)),
        Route("/api/reports/add", made.writing(made.add_panels), methods=["POST"]),
        Route("/api/reports/image", made.writing(made.put_image), methods=["POST"]),
        Route("/api/reports/export", made.export, methods=["POST"]),
    ]
