"""What of a report's unions is gone: a report keeps nothing of what runs logged (spec: 18-reports, REPORT-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.artifacts.saved import report_log
from wbtable.errors import NotFoundError, WbtableError
from wbtable.format.report import TablePanel
from wbtable.runs.union import logged_tables, picked_runs

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.format.view_source import ViewSource

NAMED: Final = 20
"""The most tables that are named."""


def gone_tables(store: Store, source: ViewSource) -> Json:
    """Return how many tables runs logged of a union, and which of them are not there any more.

    Args:
        store: where.
        source: the union.

    Raises:
        NotFoundError: a run of it is not there.

    """
    assert source.project is not None
    assert source.run_key is not None
    tables = logged_tables(picked_runs(store, source.project, source.runs), source.run_key)
    there: dict[str, bool] = {}
    gone = []
    for table in tables:
        if table.artifact not in there:
            there[table.artifact] = _is_there(store, table.artifact)
        if not there[table.artifact]:
            gone.append({"run": table.run, "step": table.step, "artifact": table.artifact})
    return {"tables": len(tables), "gone": len(gone), "named": gone[:NAMED]}


def _is_there(store: Store, name: str) -> bool:
    try:
        store.artifact(name)
    except NotFoundError:
        return False
    except WbtableError:
        # What is damaged says so where it is read.
        return True
    return True


def panel_gone(store: Store, project: str, name: str, panel: str, number: int | None = None) -> Json:
    """Return what is gone of a panel; of one that is no union, nothing.

    Raises:
        NotFoundError: there is no such report, panel, or run.

    """
    found = report_log(store, project, name).read(number)[1]
    one = next((one for one in found.panels if one.id == panel), None)
    if one is None:
        raise NotFoundError(f"the report {name!r:.200} has no panel {panel!r:.40}")
    source = one.view.source if isinstance(one, TablePanel) else None
    if source is None or source.kind != "union":
        return {"tables": 0, "gone": 0, "named": []}
    return gone_tables(store, source)


def gone_words(found: Json) -> str | None:
    """Say what is gone in a sentence; None if nothing is."""
    if not found["gone"]:
        return None
    named = ", ".join(f"{one['artifact']} (run {one['run']}, step {one['step']})" for one in found["named"][:3])
    more = found["gone"] - min(3, len(found["named"]))
    others = f" and {more:,} more" if more else ""
    return (
        f"{found['gone']:,} of {found['tables']:,} logged tables are gone, and with them their rows: {named}{others}. "
        "A report keeps the runs of a union, not what they logged."
    )
