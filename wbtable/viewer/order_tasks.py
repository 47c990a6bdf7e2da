"""Orders of views that take longer than a question may: found by a worker of their own, kept in the cache folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wbtable.errors import StorageError
from wbtable.query.orders import ORDERS
from wbtable.query.view_rows import ViewRows
from wbtable.viewer.open_tasks import open_view
from wbtable.viewer.task_names import PREPARE

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.query.worker_process import Control
    from wbtable.tables.view import View


def left_to_others(view: View, offset: int, count: int) -> bool:
    """Leave what takes long to the worker of orders; return whether rows cannot be found without it.

    Rows without a name for good are those of this process: it finds their order itself, as the library does.
    """
    rows = view.rows
    if not isinstance(rows, ViewRows) or view.plan.source.digest is None:
        return False
    window = view.spec.window
    rows.is_alone = False
    return rows.needs_order(offset + (window.offset if window else 0), count)


def prepare(view: View) -> Json:
    """Return what says that a view is better prepared, nothing if it is not."""
    rows = view.rows
    is_theirs = isinstance(rows, ViewRows) and not rows.is_alone
    return {PREPARE: True} if is_theirs and cast("ViewRows", rows).is_unprepared else {}


def find_order(control: Control, places: Json, view: Json, side: int) -> Json:
    """Find the order of a view, and keep it where the other workers find it.

    Raises:
        StorageError: there is no room for it.

    """
    rows = _rows(control, places, view, side)
    if rows is not None:
        try:
            ORDERS.publish(rows.key, rows.order())
        except OSError as error:
            raise StorageError(
                f"the order of {rows.num_rows:,} rows cannot be kept: {error}; make room, or set WBTABLE_CACHE_DIR to "
                "a folder of a disk that has some"
            ) from error
    return {}


def decode(control: Control, places: Json, view: Json, side: int, columns: list[str] | None) -> Json:
    """Decode the columns of a sorted view that show."""
    rows = _rows(control, places, view, side)
    if rows is not None and rows.plan.sort:
        rows.warm(columns)
    return {}


def _rows(control: Control, places: Json, view: Json, side: int) -> ViewRows | None:
    found: Any = open_view(control, places, view, side)[0].rows
    return found if isinstance(found, ViewRows) else None
