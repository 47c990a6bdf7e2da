"""Named views and reports of a store, by name (spec: 16-views, VIEW-8; 18-reports)."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wbtable.artifacts.named_log import NamedLog, log_names
from wbtable.artifacts.pinning import kept, pinned_view, spec_of
from wbtable.artifacts.store_files import StoreFiles
from wbtable.errors import UsageError
from wbtable.format import layout
from wbtable.format.report import Report, TablePanel
from wbtable.format.saved_view import SavedView

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.format.view_spec import ViewSpec

_openers: list[Callable[..., Any]] = []


def set_view_opener(opener: Callable[..., Any]) -> None:
    """Say how views are opened: the room that can is above this one, and hands its opener down."""
    _openers[:] = [opener]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedView:
    """A view that was saved under a name.

    Attributes:
        project: the project that it is in.
        name: the name of its log, by which it is found.
        number: which of its entries this is; a later save has a higher one.
        entry: what was saved.

    """

    project: str
    name: str
    number: int
    entry: SavedView
    _store: Any = field(repr=False, compare=False)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.entry.title or self.name

    @property
    def description(self) -> str | None:
        """What it is for."""
        return self.entry.description

    @property
    def created_at(self) -> dt.datetime:
        """When it was saved, by the writer's clock."""
        return self.entry.created_at

    @property
    def spec(self) -> ViewSpec:
        """The document of the view."""
        return self.entry.view

    def open(self) -> Any:
        """Return the view, which reads like a table; of tables side by side a list of views.

        Raises:
            NotFoundError: what it shows is gone.

        """
        if not _openers:
            raise UsageError("import wbtable.runs first: views are opened there")
        found = _openers[0](self._store, self.spec)
        return found[0] if len(found) == 1 else found


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedReport:
    """A report.

    Attributes:
        project: the project that it is in.
        name: the name of its log, by which it is found.
        number: which of its entries this is.
        report: what was saved.

    """

    project: str
    name: str
    number: int
    report: Report

    @property
    def title(self) -> str:
        """What people call it."""
        return self.report.title or self.name


def view_log(store: StoreFiles, project: str, name: str) -> NamedLog[SavedView]:
    """Return the log of a named view."""
    return NamedLog(store.backend, layout.view_log(project, name), name, "view", SavedView.from_json)


def report_log(store: StoreFiles, project: str, name: str) -> NamedLog[Report]:
    """Return the log of a report."""
    return NamedLog(store.backend, layout.report_log(project, name), name, "report", Report.from_json)


def report_names(store: StoreFiles, project: str) -> list[str]:
    """Return the names of a project's reports, sorted; found by listing."""
    return log_names(store.backend, project, "reports")


def append_view(store: StoreFiles, project: str, name: str, entry: SavedView, seen: int) -> int:
    """Append to the log of a named view, with what keeps its rows; return the number.

    Raises:
        ConflictError: somebody saved it meanwhile.
        NotFoundError: what it shows is not there.

    """
    pinned = replace(entry, view=pinned_view(store, entry.view))
    with kept(store, pinned.view.refs, [pinned.view]):
        return view_log(store, project, name).append(pinned, seen)


def append_report(store: StoreFiles, project: str, name: str, report: Report, seen: int) -> int:
    """Append to the log of a report, each view pinned and kept (REPORT-3); return the number.

    Raises:
        ConflictError: somebody saved it meanwhile.
        NotFoundError: what it shows is not there.

    """
    panels = tuple(
        replace(panel, view=pinned_view(store, panel.view, aliases=True)) if isinstance(panel, TablePanel) else panel
        for panel in report.panels
    )
    pinned = replace(report, panels=panels)
    views = [panel.view for panel in panels if isinstance(panel, TablePanel)]
    with kept(store, pinned.refs, views):
        return report_log(store, project, name).append(pinned, seen)


def new_id() -> str:
    """Return an id for an entry."""
    return uuid.uuid4().hex


class SavedDocuments(StoreFiles):
    """A store's named views and reports."""

    def save_view(
        self,
        view: object,
        name: str,
        project: str | None = None,
        *,
        source: object = None,
        title: str | None = None,
        description: str | None = None,
        seen: int | None = None,
    ) -> NamedView:
        """Save a view under a name, for everybody who can read the store; what was saved before stays in its log.

        Args:
            view: what ``table.view(...)`` returned, for a table of a version; a table of one; or a view's document.
            name: the name; a view that has it gets a new number.
            project: where; None for the project of the rows.
            source: where the rows are (the JSON form of a view's ``source``), if the view does not know.
            title: what people call it; None for the name.
            description: what it is for.
            seen: the newest number that you saw, -1 for none: an error if it is not the newest; None: whatever is.

        Raises:
            ConflictError: somebody saved it meanwhile.
            UsageError: the rows of the view are in no version of this store.
            NotFoundError: what it shows is not there.

        """
        spec = spec_of(view, source)
        found = spec.source
        assert found is not None
        one = project or (found.project if found.kind == "union" else found.tables[0].project)
        if one is None:
            raise UsageError("the rows of this view are outside of the store: log them, or say project=")
        before = view_log(self, one, name).newest() if seen is None else seen
        entry = SavedView(
            id=new_id(), created_at=dt.datetime.now(dt.UTC), view=spec, title=title, description=description
        )
        number = append_view(self, one, name, entry, before)
        return NamedView(
            project=one, name=name, number=number, entry=view_log(self, one, name).read(number)[1], _store=self
        )

    def views(self, project: str | None = None) -> list[NamedView]:
        """Return the newest of each named view, sorted by name; found by listing.

        Args:
            project: the project; None for all.

        Raises:
            FormatError: one is damaged.

        """
        out = []
        for one in self.projects() if project is None else [project]:
            for name in log_names(self.backend, one, "views"):
                number, entry = view_log(self, one, name).read()
                out.append(NamedView(project=one, name=name, number=number, entry=entry, _store=self))
        return out

    def save_report(self, report: Report, name: str, project: str, *, seen: int | None = None) -> NamedReport:
        """Save a report under a name; what was saved before stays in its log.

        Args:
            report: what it says, and shows.
            name: the name; a report that has it gets a new number.
            project: where.
            seen: as in `save_view`.

        Raises:
            ConflictError: somebody saved it meanwhile.
            NotFoundError: what it shows is not there.

        """
        before = report_log(self, project, name).newest() if seen is None else seen
        number = append_report(self, project, name, replace(report, id=new_id()), before)
        found = report_log(self, project, name).read(number)[1]
        return NamedReport(project=project, name=name, number=number, report=found)

    def reports(self, project: str | None = None) -> list[NamedReport]:
        """Return the newest of each report, sorted by name; found by listing.

        Args:
            project: the project; None for all.

        Raises:
            FormatError: one is damaged.

        """
        out = []
        for one in self.projects() if project is None else [project]:
            for name in report_names(self, one):
                number, found = report_log(self, one, name).read()
                out.append(NamedReport(project=one, name=name, number=number, report=found))
        return out
