"""The groups of a view: first keys, counts and order of all, then cells for those that are looked at (VIEW-6).

A million groups with ten histograms each are nine gigabytes; a window of them is nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from wbtable.format.documents import canonical
from wbtable.query import engine
from wbtable.query.compile_decimals import ordered
from wbtable.query.compile_maps import comparable
from wbtable.query.control import QueryControl
from wbtable.query.duck_types import duck_type, from_duck
from wbtable.query.functions_aggregate import first_sql
from wbtable.query.orders import order_key
from wbtable.query.row_sql import RowSql, order_sql
from wbtable.query.source import Inputs, Relation
from wbtable.query.view_plan import COUNT, is_media_key
from wbtable.query.view_plan import canonical as text_of
from wbtable.query.view_rows import SMALL, explained_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.format.schema import Schema
    from wbtable.media.base import BlobReader
    from wbtable.query.control import Control
    from wbtable.query.source import Positions
    from wbtable.query.view_plan import Expression, Plan

_KEPT_BYTES: Final = 256 << 20
_AT_ONCE: Final = 4096
"""Groups up to which a view computes the cells of all at once."""


class GroupRows:
    """The groups of a checked view; reads like a source of a table. For several threads.

    Attributes:
        plan: the view.
        control: cancels its queries, and hears how far they are.

    """

    def __init__(self, plan: Plan, control: Control | None = None) -> None:
        """Give out the groups of `plan`."""
        self.plan = plan
        self.control: Control = control or QueryControl()
        self._media = [is_media_key(key) for _, key in plan.groups]

    @property
    def schema(self) -> Schema:
        """The columns that come out."""
        return self.plan.schema

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""
        return self.plan.source.blobs

    @property
    def num_rows(self) -> int:
        """The number of groups."""
        return int(self.index.num_rows)

    @cached_property
    def key(self) -> str:
        """Names the groups and their order."""
        having = None if self.plan.having is None else text_of(self.plan.having)
        parts = [order_key(self.plan), [text_of(key) for _, key in self.plan.groups], having]
        return hashlib.sha256(canonical(parts)).hexdigest()

    @property
    def index(self) -> pa.Table:
        """All groups in order: keys ``k0``…, the count ``n``, and ``first``, the position of their first row."""
        found = _INDEXES.get(self.key)
        if found is None and self._is_small:
            whole = self._whole(list(self.plan.cells.values()))
            found = whole.select(range(len(self.plan.cells), whole.num_columns))
            _INDEXES.put(self.key, found)
        if found is None:
            text, sql = self._index_sql()
            found = engine.run(sql.statement(text), sql.inputs, self.control)
            _INDEXES.put(self.key, found)
        return found

    @cached_property
    def _is_small(self) -> bool:
        """Whether groups and all their cells are found at once: two statements take longer than both."""
        masks = any(cell.typed.needs_masks for cell in self.plan.cells.values())
        return self.plan.source.num_rows <= SMALL and not masks

    # SQL.

    def key_columns(self, sql: RowSql) -> list[tuple[str, str]]:
        """Return the keys as columns of rows, name and SQL; media by their digests."""
        out = []
        for i, ((_, key), media) in enumerate(zip(self.plan.groups, self._media, strict=True)):
            text = comparable(sql.expression(key), key.type)
            out.append((f"k{i}", text if media else f"CAST({text} AS {duck_type(key.type)})"))
        return out

    def key_values(self, sql: RowSql, relation: str = "t") -> list[str]:
        """Return the keys as expressions over groups have them: what holds media as it is in the group's first row."""
        return [
            first_sql(sql.expression(key), "t.pos") if media else f"{relation}.k{i}"
            for i, ((_, key), media) in enumerate(zip(self.plan.groups, self._media, strict=True))
        ]

    def _grouped(
        self, sql: RowSql, cells: Sequence[Expression], window: Relation | None = None
    ) -> tuple[str, list[str]]:
        """Return FROM … GROUP BY of the view's rows, and the SQL of expressions over the groups."""
        sql.need(key for _, key in self.plan.groups)
        sql.need(cells)
        having = self.plan.having if window is None else None
        if having is not None:
            sql.need([having])
        names = [f"t.k{i}" for i in range(len(self.plan.groups))]
        rows = sql.rows(self.key_columns(sql))
        if window is None:
            values = self.key_values(sql).__getitem__
            text = f"FROM {rows} GROUP BY {', '.join(names)}"
            if having is not None:
                text += f" HAVING {sql.expression(having, values)}"
            return text, [sql.expression(cell, values) for cell in cells]
        same = " AND ".join(f"{name} IS NOT DISTINCT FROM w.k{i}" for i, name in enumerate(names))
        joined = f"FROM {rows} JOIN {sql.add(window, 'w')} ON {same}"
        inner = [f"w.k{i}" for i in range(len(names))]
        text = f"{joined} GROUP BY {', '.join(['w.pos', *inner])}"
        return text, [sql.expression(cell, self.key_values(sql, "w").__getitem__) for cell in cells]

    def _index_sql(self, cells: Sequence[Expression] = ()) -> tuple[str, RowSql]:
        """Return the SELECT of all groups in order; with `cells` as ``v0``… before the rest."""
        sql = RowSql(self.plan)
        by = [key.expression for key in self.plan.sort]
        grouped, texts = self._grouped(sql, [*cells, *by])
        keys = [f"t.k{i}" for i in range(len(self.plan.groups))]
        order = [
            (ordered(text, key.expression.type), key.sort.order, key.sort.nulls)
            for text, key in zip(texts[len(cells) :], self.plan.sort, strict=True)
        ]
        order += [
            (ordered(key, found.type), "asc", "last") for key, (_, found) in zip(keys, self.plan.groups, strict=True)
        ]
        columns = [
            *(f"{text} AS v{i}" for i, text in enumerate(texts[: len(cells)])),
            *(f"{key} AS k{i}" for i, key in enumerate(keys)),
            "count(*) AS n",
            "min(t.pos) AS first",
        ]
        return f"SELECT {', '.join(columns)} {grouped} {order_sql(order)}", sql

    # Values.

    def window_relation(self, offset: int, count: int) -> tuple[pa.Table, Relation]:
        """Return some groups of the index, and the relation ``k0``…, ``pos`` that names them in order."""
        part = self.index.slice(offset, count)
        keys = [f"k{i}" for i in range(len(self.plan.groups))]
        table = part.select(keys).append_column("pos", pa.array(np.arange(part.num_rows, dtype=np.int64)))
        name = "looked_at"
        return part, Relation(
            sql=f"(SELECT {', '.join([*keys, 'pos'])} FROM {name})", inputs=Inputs(tables={name: table})
        )

    def take(self, indices: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return groups by number, in the order asked, in physical form."""
        if not len(indices):
            return self.schema.select(columns).arrow().empty_table()
        if self.num_rows <= _AT_ONCE or len(indices) > _AT_ONCE:
            return self._all(columns).take(pa.array(indices))
        low, high = int(indices.min()), int(indices.max()) + 1
        if high - low <= _AT_ONCE:
            return self._window(low, high - low, columns).take(pa.array(indices - low))
        parts = [self._window(int(at), 1, columns) for at in indices]
        return pa.concat_tables(parts)

    def _window(self, offset: int, count: int, columns: Sequence[str] | None) -> pa.Table:
        wanted = self.schema.select(columns)
        names = [name for name in wanted.names if name in self.plan.cells]
        cells = [self.plan.cells[name] for name in names]
        part, relation = self.window_relation(offset, count)
        found: dict[str, pa.ChunkedArray] = {}
        if cells:
            sql = RowSql(self.plan)
            grouped, texts = self._grouped(sql, cells, relation)
            values = ", ".join(f"{text} AS v{i}" for i, text in enumerate(texts))
            statement = sql.statement(f"SELECT {values} {grouped} ORDER BY w.pos")
            table = engine.run(statement, sql.inputs, self.control)
            found = {name: table.column(i) for i, name in enumerate(names)}
        return self._presented(part, found, columns)

    def _all(self, columns: Sequence[str] | None) -> pa.Table:
        names = [name for name in self.schema.select(columns).names if name in self.plan.cells]
        if not names:
            return self._presented(self.index, {}, columns)
        # Of a small table all cells were found with the groups.
        known = list(self.plan.cells) if self._is_small else names
        table = self._whole([self.plan.cells[name] for name in known])
        found = dict(zip(known, table.columns, strict=False))  # behind the cells stands what `index` has
        return self._presented(table, {name: found[name] for name in names}, columns)

    def _whole(self, cells: Sequence[Expression]) -> pa.Table:
        """Return all groups in order: ``v0``… for the cells, then what `index` has."""
        key = hashlib.sha256(canonical([self.key, [text_of(cell) for cell in cells]])).hexdigest()
        table = _INDEXES.get(key)
        if table is None:
            text, sql = self._index_sql(cells)
            table = engine.run(sql.statement(text), sql.inputs, self.control)
            _INDEXES.put(key, table)
        return table

    def _presented(self, index: pa.Table, cells: dict[str, pa.ChunkedArray], columns: Sequence[str] | None) -> pa.Table:
        wanted = self.schema.select(columns)
        keys = {name: i for i, (name, _) in enumerate(self.plan.groups)}
        arrays = []
        for column in wanted:
            if column.name in cells:
                arrays.append(from_duck(cells[column.name], column.type))
            elif column.name in keys:
                arrays.append(self._key_column(index, keys[column.name]))
            else:
                assert column.name == COUNT
                arrays.append(index.column("n").cast(pa.int64()))
        return pa.Table.from_arrays(arrays, schema=wanted.arrow())

    def _key_column(self, index: pa.Table, at: int) -> pa.ChunkedArray:
        _, key = self.plan.groups[at]
        if not self._media[at]:
            return from_duck(index.column(f"k{at}"), key.type)
        # The first object of the group stands for all: they have one digest.
        from wbtable.query.view_plan import value_plan
        from wbtable.query.view_rows import ViewRows

        positions = index.column("first").to_numpy()
        return ViewRows(value_plan(self.plan, key), self.control).fetch(positions).column(0)

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all groups in order, in physical form."""
        wanted = self.schema.select(columns)
        names = [name for name in wanted.names if name in self.plan.cells]
        if any(self._media) or not names:
            yield from self._all(columns).to_batches(max_chunksize=batch_size)
            return
        text, sql = self._index_sql([self.plan.cells[name] for name in names])
        for batch in engine.stream(sql.statement(text), sql.inputs, self.control, batch_size):
            table = pa.Table.from_batches([batch])
            found = {name: table.column(i) for i, name in enumerate(names)}
            yield from self._presented(table, found, columns).combine_chunks().to_batches()

    # About it.

    def sql(self) -> str:
        """Return the SQL that gives the groups, for reading."""
        return self._index_sql(list(self.plan.cells.values()))[0]

    def explain(self) -> str:
        """Return the engine's plan for the groups."""
        text, sql = self._index_sql(list(self.plan.cells.values()))
        return explained_plan(text, sql, self.control)


class _Indexes:
    """The groups that were found last, 256 MiB of them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, pa.Table] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> pa.Table | None:
        with self._guard:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: str, table: pa.Table) -> None:
        if table.nbytes > _KEPT_BYTES:
            return
        with self._guard:
            old = self._kept.pop(key, None)
            self._size += table.nbytes - (0 if old is None else old.nbytes)
            self._kept[key] = table
            while self._size > _KEPT_BYTES:
                self._size -= self._kept.popitem(last=False)[1].nbytes


_INDEXES: Final = _Indexes()
