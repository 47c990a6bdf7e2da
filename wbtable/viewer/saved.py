"""Views by name: saved in the store's logs, so that nobody's is overwritten unseen (spec: 16-views, VIEW-8)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Final

from wbtable.artifacts import logs
from wbtable.artifacts.store import children
from wbtable.errors import ConflictError, NotFoundError, StorageError, WbtableError
from wbtable.format import documents, layout
from wbtable.format.saved_view import MAX_BYTES, SavedView

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.format.view_spec import ViewSpec

MOST: Final = 1_000


def view_names(store: Store, project: str) -> list[str]:
    """Return the names of the views of a project, sorted; found by listing."""
    return [layout.unescape(part) for part in children(store.backend, f"{layout.project_prefix(project)}/views")]


def read_view(store: Store, project: str, name: str) -> Json:
    """Return the newest of a named view.

    Raises:
        NotFoundError: there is none.
        FormatError: it is damaged.

    """
    log = layout.view_log(project, name)
    number = logs.newest(store.backend, log)
    if number < 0:
        raise NotFoundError(f"there is no view {name!r} in {project!r}")
    found = _read(store, log, number)
    created = found.created_at.astimezone(dt.UTC).isoformat()
    return {"name": name, "number": number, "created_at": created, "view": found.view.to_json()}


def list_views(store: Store, project: str) -> list[Json]:
    """Return the newest of each named view; one that cannot be read says why."""
    out: list[Json] = []
    for name in view_names(store, project)[:MOST]:
        try:
            out.append(read_view(store, project, name))
        except WbtableError as error:
            out.append({"name": name, "error": str(error)[:500]})
    return out


def save_view(store: Store, project: str, name: str, view: ViewSpec, seen: int) -> int:
    """Append to the log of a named view; return the number.

    Args:
        store: where.
        project: the project.
        name: the view's name.
        view: what it is now.
        seen: the newest number that the writer saw, -1 if none.

    Raises:
        ConflictError: somebody saved it meanwhile.

    """
    log = layout.view_log(project, name)
    newest = logs.newest(store.backend, log)
    if newest != seen:
        raise _meanwhile(name, newest, seen)
    entry = SavedView(id=uuid.uuid4().hex, created_at=dt.datetime.now(dt.UTC), view=view)
    data = documents.canonical(entry.to_json())
    if len(data) > MAX_BYTES:
        raise ConflictError(f"expected a view of at most {MAX_BYTES} bytes, found {len(data)}")
    key = layout.log_key(log, seen + 1)
    try:
        store.backend.create(key, data)
    except WbtableError as error:
        # The answer may be what was lost, not the file (LOG-5).
        try:
            found = _read(store, log, seen + 1)
        except NotFoundError:
            if isinstance(error, StorageError):
                raise
            raise _meanwhile(name, newest, seen) from error
        if found.id != entry.id:
            raise _meanwhile(name, seen + 1, seen) from None
    return seen + 1


def _read(store: Store, log: str, number: int) -> SavedView:
    key = layout.log_key(log, number)
    return SavedView.from_json(documents.parse(store.backend.get(key), key, max_bytes=MAX_BYTES), key)


def _meanwhile(name: str, newest: int, seen: int) -> ConflictError:
    return ConflictError(
        f"the view {name!r} was saved by somebody else meanwhile (its newest is number {newest}, you saw {seen}): "
        "look at it, then save again or under another name"
    )
