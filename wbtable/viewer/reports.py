"""Reports as the page asks for them, and as it sends them (ENDPOINTS.md, "Reports"; spec: 18-reports)."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.named_log import log_names
from wbtable.artifacts.pinning import open_place, pinned_view
from wbtable.artifacts.saved import append_report, new_id, report_log
from wbtable.errors import ConflictError, FormatError, NotFoundError, WbtableError
from wbtable.format.digest import Descriptor
from wbtable.format.documents import Reader
from wbtable.format.report import IMAGES, Report, TablePanel, read_panel
from wbtable.viewer.answers import BadRequestError
from wbtable.viewer.asking import Asked
from wbtable.viewer.blobs import sniff

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.format.report import Panel

MOST: Final = 1_000
"""The most reports of a project that are listed."""
_ATTEMPTS: Final = 5
_PLACE: Final = "report"


def report_names(store: Store, project: str) -> list[str]:
    """Return the names of the reports of a project, sorted; found by listing."""
    return log_names(store.backend, project, "reports")


def list_reports(store: Store, project: str) -> list[Json]:
    """Return the newest of each report of a project, without its panels; one that cannot be read says why."""
    out: list[Json] = []
    for name in report_names(store, project)[:MOST]:
        try:
            number, found = report_log(store, project, name).read()
        except WbtableError as error:
            out.append({"name": name, "title": name, "error": str(error)[:500]})
            continue
        out.append({**_head(name, number, found), "panels": len(found.panels)})
    return out


def _head(name: str, number: int, found: Report) -> Json:
    return {
        "name": name,
        "number": number,
        "created_at": found.created_at.astimezone(dt.UTC).isoformat(),
        "title": found.title or name,
        "description": found.description or "",
    }


def read_report(store: Store, project: str, name: str, number: int | None = None) -> Json:
    """Return a report, by default the newest of it; each panel says what of it is gone.

    Raises:
        NotFoundError: there is none.
        FormatError: it is damaged.

    """
    log = report_log(store, project, name)
    found_number, found = log.read(number)
    panels = []
    for panel in found.panels:
        made = panel.to_json()
        if isinstance(panel, TablePanel):
            made["lost"] = _lost(store, panel)
        panels.append(made)
    return {
        **_head(name, found_number, found),
        "newest": found_number if number is None else log.newest(),
        "panels": panels,
        "images": [image.to_json() for image in found.images],
    }


def _lost(store: Store, panel: TablePanel) -> str | None:
    """Return why a panel cannot be shown, None if it can: versions are looked up, no row is read."""
    try:
        for place in panel.view.source.tables if panel.view.source is not None else ():
            open_place(store, place)
    except WbtableError as error:
        return str(error)[:500]
    return None


def read_sent(store: Store, value: Any, before: Report | None) -> Report:
    """Return the report that a page sent, its views pinned.

    Args:
        store: where its tables are.
        value: what was sent.
        before: the entry that it was made from: what of it the page does not know is kept (REPORT-2).

    Raises:
        BadRequestError: it is no report; the message names the field.
        NotFoundError: what it shows is not there.

    """
    try:
        fields = Reader(value, _PLACE)
        panels = tuple(_panel(store, child) for child in fields.children("panels"))
        images = tuple(
            Descriptor.from_json(item, f"{_PLACE}.images[{i}]")
            for i, item in enumerate(fields.list("images", optional=True))
        )
        return Report(
            id=new_id(),
            created_at=dt.datetime.now(dt.UTC),
            panels=panels,
            title=fields.opt_str("title") or None,
            description=fields.opt_str("description") or None,
            images=images,
            kept=before.kept if before is not None and _has_others(panels) else (),
            extra=before.extra if before is not None else {},
        )
    except FormatError as error:
        raise BadRequestError(str(error)) from None


def _has_others(panels: tuple[Panel, ...]) -> bool:
    return any(type(panel).__name__ == "OtherPanel" for panel in panels)


def _panel(store: Store, fields: Reader) -> Panel:
    if fields.fields.get("kind") != "table":
        return read_panel(fields)
    view = pinned_view(store, Asked(fields.fields).view(), aliases=True)
    sent = {key: value for key, value in fields.fields.items() if key in {"id", "kind", "title", "rows"}}
    return read_panel(Reader({**sent, "view": view.to_json()}, fields.place))


def save_report(store: Store, project: str, name: str, value: Any, seen: int) -> int:
    """Append to the log of a report what a page sent; return the number.

    Raises:
        ConflictError: somebody saved it meanwhile.
        BadRequestError: it is no report.

    """
    before = None if seen < 0 else report_log(store, project, name).read(seen)[1]
    return append_report(store, project, name, read_sent(store, value, before), seen)


def add_panels(store: Store, project: str, name: str, value: Any, *, new: bool, title: str | None = None) -> int:
    """Add panels behind those of a report, whatever it has now (REPORT-1); return the number.

    Args:
        store: where.
        project: the project.
        name: the report's name.
        value: ``panels``, as in a report.
        new: whether the report is to be made; else it must be there.
        title: of a new report.

    Raises:
        BadRequestError: it is no report.
        ConflictError: there is one already that was to be made, or others save it again and again.
        NotFoundError: there is none, or what is to be shown is not there.

    """
    added = read_sent(store, value, None).panels
    log = report_log(store, project, name)
    for attempt in range(_ATTEMPTS):
        number = log.newest()
        if new and number >= 0:
            raise ConflictError(f"there is a report {name!r} in {project!r} already: add to it, or choose another name")
        if not new and number < 0:
            raise NotFoundError(f"there is no report {name!r} in {project!r}")
        found = _new(added, title) if number < 0 else _with(log.read(number)[1], added)
        try:
            return append_report(store, project, name, found, number)
        except ConflictError:
            if new or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("each attempt returns or raises")


def _new(added: tuple[Panel, ...], title: str | None) -> Report:
    try:
        return Report(id=new_id(), created_at=dt.datetime.now(dt.UTC), panels=added, title=title or None)
    except FormatError as error:
        raise BadRequestError(str(error)) from None


def _with(report: Report, added: tuple[Panel, ...]) -> Report:
    try:
        return replace(
            report, id=new_id(), created_at=dt.datetime.now(dt.UTC), panels=(*report.panels, *_free(report, added))
        )
    except FormatError as error:
        raise BadRequestError(str(error)) from None


def _free(report: Report, added: tuple[Panel, ...]) -> list[Panel]:
    """Return panels with ids that the report does not have yet."""
    taken = {panel.id for panel in report.panels}
    return [replace(panel, id=new_id()) if panel.id in taken else panel for panel in added]


def put_image(store: Store, text: str) -> Json:
    """Store a picture for a report, and return its descriptor; unless a report is saved with it, it goes again.

    Raises:
        BadRequestError: it is no picture that reports show.

    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequestError("expected data in base64") from None
    kind = sniff(data)
    if kind not in IMAGES:
        raise BadRequestError("expected a picture as PNG, JPEG, GIF or WebP")
    return store.objects.put(kind, data).to_json()
