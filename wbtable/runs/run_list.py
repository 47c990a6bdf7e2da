"""Several runs at once: their history as one table, what they came to as another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from wbtable.artifacts.names import near
from wbtable.errors import NotFoundError
from wbtable.format.run_history import RESERVED, RUNTIME, STEP, TIMESTAMP, conform, merge_schemas
from wbtable.format.showing import Shows
from wbtable.runs.reading import RunInfo, empty_history, listed, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wbtable.tables.table import Table

RUN: Final = "_run"
_FACTS: Final = ("project", "id", "name", "state", "created_at", "steps")


class RunList(list[RunInfo], Shows):
    """Runs, the newest last: a list that also reads their histories together."""

    def history(self, keys: Iterable[str] | None = None) -> pa.Table:
        """Return what the runs logged as one Arrow table, run after run (``.to_pandas()`` for a DataFrame).

        Args:
            keys: the columns beside ``_run`` (the run's id), ``_step``, ``_timestamp`` and ``_runtime``; None for all
                that any run logged. A run without a key has nulls; types widen (TYPE-9).

        Raises:
            NotFoundError: none of the runs logged anything under one of `keys`.

        """
        wanted = None if keys is None else list(dict.fromkeys(key for key in listed(keys) if key not in RESERVED))
        parts = [(run, run.rows(wanted)) for run in self]
        if not parts:
            return empty_history().add_column(0, RUN, pa.array([], pa.string()))
        schema = merge_schemas(part.schema for _, part in parts)
        known = [name for name in schema.names if name not in RESERVED]
        for key in wanted or ():
            if key not in known:
                logged = {name for run in self for name in run.rows().schema.names}
                raise NotFoundError(f"none of {len(self)} runs logged {key!r}{near(key, logged)}")
        tables = []
        for run, part in parts:
            table = conform(part, schema)
            runtime = runtimes(table[TIMESTAMP], run.created_at)
            columns = [table[STEP], table[TIMESTAMP], runtime, *(table[name] for name in wanted or known)]
            names = [RUN, STEP, TIMESTAMP, RUNTIME, *(wanted or known)]
            tables.append(pa.table([pa.array([run.id] * table.num_rows, pa.string()), *columns], names))
        return pa.concat_tables(tables)

    def table(self) -> Table:
        """Return a table with a row for each run: what it is, and its config and summary by key."""
        from wbtable.tables.table import Table

        rows = [dict(_row(run)) for run in self]
        names = list(dict.fromkeys([*_FACTS, *(name for row in rows for name in row)]))
        out = Table(columns=names, allow_mixed_types=True)
        for row in rows:
            out.add_data(*(row.get(name) for name in names))
        return out

    def __repr__(self) -> str:
        """Show how many there are, and which."""
        shown = ", ".join(run.path for run in self[:3])
        return f"<{len(self)} runs{': ' + shown if shown else ''}{', …' if len(self) > 3 else ''}>"


def _row(run: RunInfo) -> Iterator[tuple[str, Any]]:
    yield from (("project", run.project), ("id", run.id), ("name", run.name), ("state", run.state))
    yield from (("created_at", run.created_at), ("steps", run.next_step))
    for what, values in (("config", run.config), ("summary", run.summary)):
        yield from ((f"{what}.{key}", value) for key, value in values.items())
