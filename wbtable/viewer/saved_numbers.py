"""What was saved before under a name: its numbers, and an old one made the newest (spec: VIEW-8, REPORT-1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.saved import append_report, append_view, new_id, report_log, view_log
from wbtable.errors import NotFoundError, WbtableError

if TYPE_CHECKING:
    from wbtable.artifacts.named_log import NamedLog
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json

COUNT: Final = 20
"""The most numbers that are told at once."""


def view_numbers(store: Store, project: str, name: str, before: int | None = None) -> Json:
    """Return what was saved of a view, the newest first.

    Args:
        store: where.
        project: the project.
        name: the view's name.
        before: only what is older than this number; None for all.

    Raises:
        NotFoundError: there is no such view.

    """
    return _numbers(view_log(store, project, name), before, lambda found: {"view": found.view.to_json()})


def report_numbers(store: Store, project: str, name: str, before: int | None = None) -> Json:
    """Return what was saved of a report, the newest first; as `view_numbers`."""
    return _numbers(report_log(store, project, name), before, lambda found: {"panels": len(found.panels)})


def _numbers(log: NamedLog[Any], before: int | None, more: Any) -> Json:
    newest = log.newest()
    if newest < 0:
        raise NotFoundError(f"nothing is saved under the name {log.name!r:.200}")
    end = newest + 1 if before is None else max(0, min(before, newest + 1))
    first = max(0, end - COUNT)
    out: list[Json] = []
    for number in range(end - 1, first - 1, -1):
        try:
            found = log.read(number)[1]
        except WbtableError as error:
            out.append({"number": number, "error": str(error)[:500]})
            continue
        created = found.created_at.astimezone(dt.UTC).isoformat()
        head = {"number": number, "created_at": created, "title": found.title or log.name}
        out.append(head | {"description": found.description or "", **more(found)})
    return {"newest": newest, "numbers": out, "next": first if first > 0 else None}


def restore_view(store: Store, project: str, name: str, number: int, seen: int) -> int:
    """Append an older state of a view once more, as it was; return its new number.

    Args:
        store: where.
        project: the project.
        name: the view's name.
        number: which state.
        seen: the newest number that the writer saw.

    Raises:
        ConflictError: somebody saved it meanwhile.
        NotFoundError: there is no such number, or what it shows is not there any more.

    """
    entry = view_log(store, project, name).read(number)[1]
    return append_view(store, project, name, replace(entry, id=new_id(), created_at=dt.datetime.now(dt.UTC)), seen)


def restore_report(store: Store, project: str, name: str, number: int, seen: int) -> int:
    """Append an older state of a report once more, with what it has that nobody here knows; as `restore_view`."""
    entry = report_log(store, project, name).read(number)[1]
    return append_report(store, project, name, replace(entry, id=new_id(), created_at=dt.datetime.now(dt.UTC)), seen)
