"""Views by name, and what a panel looked like: as the page asks for them (ENDPOINTS.md, "Views by name")."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from wbtable.artifacts.named_log import log_names
from wbtable.artifacts.saved import append_view, new_id, view_log
from wbtable.errors import FormatError, WbtableError
from wbtable.format.saved_view import SavedView
from wbtable.viewer.answers import BadRequestError

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.format.view_spec import ViewSpec

MOST: Final = 1_000
"""The most views of a project that are listed."""


def view_names(store: Store, project: str) -> list[str]:
    """Return the names of the views of a project, sorted; found by listing."""
    return log_names(store.backend, project, "views")


def read_view(store: Store, project: str, name: str, number: int | None = None) -> Json:
    """Return a named view, by default the newest of it.

    Raises:
        NotFoundError: there is none.
        FormatError: it is damaged.

    """
    log = view_log(store, project, name)
    found_number, found = log.read(number)
    created = found.created_at.astimezone(dt.UTC).isoformat()
    return {
        "name": name,
        "number": found_number,
        "newest": found_number if number is None else log.newest(),
        "created_at": created,
        "title": found.title or name,
        "description": found.description or "",
        "view": found.view.to_json(),
    }


def list_views(store: Store, project: str) -> list[Json]:
    """Return the newest of each named view; one that cannot be read says why."""
    out: list[Json] = []
    for name in view_names(store, project)[:MOST]:
        try:
            out.append(read_view(store, project, name))
        except WbtableError as error:
            out.append({"name": name, "title": name, "error": str(error)[:500]})
    return out


def save_view(
    store: Store,
    project: str,
    name: str,
    view: ViewSpec,
    seen: int,
    *,
    title: str | None = None,
    description: str | None = None,
) -> int:
    """Append to the log of a named view; return the number.

    Args:
        store: where.
        project: the project.
        name: the view's name.
        view: what it is now.
        seen: the newest number that the writer saw, -1 if none.
        title: what people call it, if not by its name.
        description: what it is for.

    Raises:
        ConflictError: somebody saved it meanwhile.
        NotFoundError: what it shows is not there.
        BadRequestError: it cannot be kept so: its title is too long, or has several lines.

    """
    now = dt.datetime.now(dt.UTC)
    try:
        entry = SavedView(id=new_id(), created_at=now, view=view, title=title or None, description=description or None)
    except FormatError as error:
        raise BadRequestError(str(error)) from None
    return append_view(store, project, name, entry, seen)
