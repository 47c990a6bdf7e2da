"""The rows of a view without groups: which, in which order, and their values (VIEW-3, VIEW-5)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pyarrow as pa

from wbtable.query import engine
from wbtable.query.column_files import FILES
from wbtable.query.control import QueryControl
from wbtable.query.duck_types import from_duck, is_exact, is_plain
from wbtable.query.fragment_source import FragmentSource
from wbtable.query.key_order import key_order
from wbtable.query.memory_source import table_relation
from wbtable.query.orders import ORDERS, order_key
from wbtable.query.row_sql import RowSql, order_sql
from wbtable.query.source import SparseSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.format.schema import Schema
    from wbtable.media.base import BlobReader
    from wbtable.query.control import Control
    from wbtable.query.orders import Order
    from wbtable.query.source import Positions, Relation
    from wbtable.query.view_plan import Plan, Slot

SMALL: Final = 50_000
"""Rows up to which the whole order is computed at once: it takes no longer than its beginning."""
DECODED: Final = SMALL
"""Rows up to which no decoded columns are looked for: to look takes longer than to read the rows."""
FIRST: Final = 10_000
"""Rows from the beginning of a view that are found without its whole order."""


class ViewRows:
    """The rows of a checked view; reads like a source of a table. For several threads.

    Attributes:
        plan: the view.
        control: cancels its queries, and hears how far they are.

    """

    def __init__(self, plan: Plan, control: Control | None = None) -> None:
        """Give out the rows of `plan`, which has no groups."""
        self.plan = plan
        self.control: Control = control or QueryControl()
        self._missed = False
        """Whether scattered rows were last read from fragments, for want of decoded columns."""
        self.is_alone = True
        """Whether what makes further windows quick is done here; else somebody else does it."""

    @property
    def schema(self) -> Schema:
        """The columns that come out."""
        return self.plan.schema

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""
        return self.plan.source.blobs

    @property
    def is_whole(self) -> bool:
        """Whether all rows of the source come out in their own order."""
        return self.plan.filter is None and not self.plan.sort

    @property
    def _stored(self) -> bool:
        return self.plan.source.digest is not None

    @cached_property
    def key(self) -> str:
        """Names rows and order."""
        return order_key(self.plan)

    @cached_property
    def num_rows(self) -> int:
        """The number of rows."""
        if self.plan.filter is None:
            return self.plan.source.num_rows
        kept = ORDERS.get(self.key, stored=self._stored)
        if kept is not None:
            return len(kept)
        sql = RowSql(self.plan)
        statement = sql.statement(f"SELECT count(*) AS n FROM {sql.rows()}")
        return int(engine.run(statement, sql.inputs, self.control).column(0)[0].as_py())

    # Positions.

    def positions(self, offset: int, count: int) -> Positions:
        """Return where in the source some consecutive rows of the view are."""
        if self.is_whole:
            end = min(offset + count, self.plan.source.num_rows)
            return self._ids(np.arange(min(offset, end), end, dtype=np.int64))
        kept = ORDERS.get(self.key, stored=self._stored)
        if kept is None and self.plan.source.num_rows > SMALL and offset + count <= FIRST:
            return self._first(offset, count)
        if kept is None:
            kept = self.order()
        return np.asarray(kept[offset : offset + count], dtype=np.int64)

    def source_rows(self, offset: int, count: int) -> Positions:
        """Return which rows of the source, counted from 0 on, some consecutive rows of the view are."""
        found = self.positions(offset, count)
        source = self.plan.source
        return source.row_numbers(found) if isinstance(source, SparseSource) else found

    def fetch_rows(self, rows: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows of the source, counted from 0 on, as `fetch` does."""
        return self.fetch(self._ids(rows), columns)

    def window(self, offset: int, count: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return some consecutive rows of the view, in physical form.

        Once they are there, the whole order is computed in the background and these columns are decoded into files:
        who looks at the beginning of a sorted view will look further.
        """
        derived = [slot for slot in self._slots(columns) if slot.expression is not None]
        if derived and not self.is_whole and self.plan.source.num_rows <= SMALL:
            return self._small_window(offset, count, columns, derived)
        with FILES.reading():
            table = self.fetch(self.positions(offset, count), columns)
        self.go_on(columns)
        return table

    def needs_order(self, offset: int, count: int) -> bool:
        """Whether some consecutive rows can only be found by the whole order, which is not known."""
        return offset + count > FIRST and self._is_large and ORDERS.get(self.key, stored=self._stored) is None

    @property
    def is_unprepared(self) -> bool:
        """Whether the whole order, or decoded columns, would make further windows quicker."""
        return self._is_large and (self._missed or ORDERS.get(self.key, stored=self._stored) is None)

    @property
    def _is_large(self) -> bool:
        """Whether the order is another than the source's, and takes more than a moment."""
        return not self.is_whole and self.plan.source.num_rows > SMALL

    def _slots(self, columns: Sequence[str] | None) -> list[Slot]:
        return [self.plan.columns[column.name] for column in self.schema.select(columns)]

    def _small_window(
        self, offset: int, count: int, columns: Sequence[str] | None, derived: Sequence[Slot]
    ) -> pa.Table:
        """Find order and derived values in one statement: of a small table, two take twice as long."""
        text, sql = self._ordered("t.pos", "", extra=derived)
        whole = engine.run(sql.statement(text), sql.inputs, self.control)
        ORDERS.put(self.key, _positions(whole), stored=self._stored)
        table = whole.slice(offset, count)
        return self._put_together(_positions(table), self._slots(columns), derived, table)

    def go_on(self, columns: Sequence[str] | None = None) -> None:
        """Have the whole order computed in the background, and these columns decoded: whoever asks next waits for it.

        It goes on when the time of the query that asks for it first is up, which by itself would begin anew each time.
        """
        if not self.is_alone or not self.is_unprepared:
            return
        known = ORDERS.get(self.key, stored=self._stored)

        def compute(control: Control) -> Order:
            return self._order(control) if known is None else known

        def decode(control: Control) -> None:
            if self.plan.sort:
                self.warm(columns, control)

        ORDERS.start(self.key, compute, self.control, stored=self._stored, afterwards=decode)

    def order(self) -> Order:
        """Return where in the source all rows of the view are; computed once."""
        if self.is_whole:
            return self._ids(np.arange(self.plan.source.num_rows, dtype=np.int64))
        kept = ORDERS.get(self.key, stored=self._stored)
        if kept is None:
            kept = ORDERS.wait(self.key, self.control)
        if kept is None:
            kept = self._order(self.control)
            ORDERS.put(self.key, kept, stored=self._stored)
        return kept

    def _ids(self, rows: Positions) -> Positions:
        """Return the positions of rows that are counted; those of a join are names that do not count."""
        source = self.plan.source
        return source.row_ids(rows) if isinstance(source, SparseSource) else rows

    def _first(self, offset: int, count: int) -> Positions:
        text, sql = self._ordered("t.pos", f" LIMIT {int(count)} OFFSET {int(offset)}")
        return _positions(engine.run(sql.statement(text), sql.inputs, self.control))

    def _order(self, control: Control) -> Order:
        found = key_order(self.plan, control) if self.plan.source.num_rows > SMALL else None
        if found is not None:
            return found
        text, sql = self._ordered("t.pos", "")
        return _positions(engine.run(sql.statement(text), sql.inputs, control))

    def _ordered(self, columns: str, limit: str, extra: Sequence[Slot] = ()) -> tuple[str, RowSql]:
        """Return a SELECT of the rows in their order; `columns` may name those of `extra`."""
        sql = RowSql(self.plan)
        sql.need(extra)
        sql.need(key.expression for key in self.plan.sort)
        keys = [(sql.order(key.expression), key.sort.order, key.sort.nulls) for key in self.plan.sort]
        if extra:
            columns = ", ".join([*(f"{sql.column(slot)} AS v{i}" for i, slot in enumerate(extra)), columns])
        return f"SELECT {columns} FROM {sql.rows()} {order_sql(keys, 't.pos')}{limit}", sql

    # Values.

    def take(self, indices: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows of the view by number, in the order asked, in physical form."""
        if self.is_whole:
            return self.fetch(self._ids(indices), columns)
        if len(indices) and bool(np.all(np.diff(indices) == 1)):
            return self.window(int(indices[0]), len(indices), columns)
        return self.fetch(np.asarray(self.order()[indices], dtype=np.int64), columns)

    def fetch(self, positions: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows by position in the source: the source's columns as they are, derived ones computed of them."""
        slots = self._slots(columns)
        self._missed = False
        sql = RowSql(self.plan, filtered=False, relation=lambda names: self._taken(positions, names))
        derived = [slot for slot in slots if slot.expression is not None]
        sql.need(derived)
        table = pa.table({})
        if derived:
            rows = sql.rows()
            texts = ", ".join(f"{sql.column(slot)} AS v{i}" for i, slot in enumerate(derived))
            table = engine.run(sql.statement(f"SELECT {texts} FROM {rows} ORDER BY t.pos"), sql.inputs, self.control)
        return self._put_together(positions, slots, derived, table)

    def _put_together(
        self, positions: Positions, slots: Sequence[Slot], derived: Sequence[Slot], computed: pa.Table
    ) -> pa.Table:
        """Return rows by position; the values of `derived` are the first columns of `computed`."""
        found = {slot: from_duck(computed.column(i), slot.type) for i, slot in enumerate(derived)}
        plain = list(dict.fromkeys(slot.name for slot in slots if slot.expression is None))
        own = dict(zip(plain, self._source_rows(positions, plain).columns, strict=True)) if plain else {}
        arrays = [own[slot.name] if slot.expression is None else found[slot] for slot in slots]
        if not arrays:
            return pa.table({"": pa.nulls(len(positions))}).select([])
        return pa.Table.from_arrays(arrays, schema=self.schema.select([slot.name for slot in slots]).arrow())

    def _taken(self, positions: Positions, names: Sequence[str]) -> Relation:
        schema = self.plan.source.schema.select(names)
        if not names:
            table = pa.table({"": pa.nulls(len(positions))}).select([])
            return table_relation(table, schema, name="rows")
        return table_relation(self._source_rows(positions, names), schema, name="taken")

    def _source_rows(self, positions: Positions, names: Sequence[str]) -> pa.Table:
        source = self.plan.source
        scattered = len(positions) > 1 and not bool(np.all(np.diff(positions) == 1))
        if scattered and source.num_rows > DECODED and isinstance(source, FragmentSource):
            wanted = source.schema.select(names)
            found = FILES.take(source, positions, list(wanted))
            rest = [name for name in names if name not in found]
            self._missed = self._missed or bool(rest)
            if found:
                read = source.take(positions, rest) if rest else None
                found |= dict(zip(rest, read.columns, strict=True)) if read is not None else {}
                arrays = [found[name] for name in names]
                return pa.Table.from_arrays(arrays, schema=wanted.arrow())
        return source.take(positions, names)

    def warm(self, columns: Sequence[str] | None = None, control: Control | None = None) -> None:
        """Decode the source's columns into mapped files, so that windows anywhere are quick."""
        if isinstance(self.plan.source, FragmentSource):
            names = dict.fromkeys(name for slot in self._slots(columns) for name in _read_by(slot))
            FILES.decode(self.plan.source, list(self.plan.source.schema.select(list(names))), control or self.control)

    def read_all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows in order, in physical form."""
        wanted = self.schema.select(columns)
        slots = [self.plan.columns[column.name] for column in wanted]
        in_order = not self.plan.sort and getattr(self.plan.source, "scans_in_order", False)
        if not slots or not in_order or not all(slot.expression or is_plain(slot.type) for slot in slots):
            return pa.Table.from_batches(self.batches(columns), schema=wanted.arrow())
        sql = RowSql(self.plan)
        sql.need(slots)
        texts = ", ".join(f"{sql.column(slot)} AS v{i}" for i, slot in enumerate(slots))
        found = engine.run(sql.statement(f"SELECT {texts} FROM {sql.rows()}"), sql.inputs, self.control)
        arrays = [from_duck(found.column(i), slot.type) for i, slot in enumerate(slots)]
        return pa.Table.from_arrays(arrays, schema=wanted.arrow())

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order, in physical form; memory stays bounded: what does not fit is spilled."""
        wanted = self.schema.select(columns)
        if not len(wanted):
            for start in range(0, self.num_rows, batch_size):
                yield pa.record_batch({"": pa.nulls(min(batch_size, self.num_rows - start))}).select([])
            return
        slots = [self.plan.columns[column.name] for column in wanted]
        # Nested values in row order are read faster by position; scattered ones only by the engine's sort.
        through = is_exact if self.plan.sort else is_plain
        direct = [slot for slot in slots if through(slot.type) or slot.expression is not None]
        known = set(direct)
        by_position = [slot for slot in slots if slot not in known]
        for batch in self._stream(direct, batch_size):
            # The position comes last.
            positions = batch.column(len(direct)).to_numpy()
            found = {slot: from_duck(pa.chunked_array([batch.column(i)]), slot.type) for i, slot in enumerate(direct)}
            if by_position:
                rest = self._source_rows(positions, [slot.name for slot in by_position])
                found |= dict(zip(by_position, rest.columns, strict=True))
            arrays = [found[slot] for slot in slots]
            yield from pa.Table.from_arrays(arrays, schema=wanted.arrow()).combine_chunks().to_batches()

    def _stream(self, direct: Sequence[Slot], batch_size: int) -> Iterator[pa.RecordBatch]:
        """Yield values and positions in the view's order."""
        if self.plan.sort:
            text, sql = self._ordered("t.pos", "", extra=direct)
        else:
            sql = RowSql(self.plan)
            sql.need(direct)
            texts = ", ".join([*(f"{sql.column(slot)} AS v{i}" for i, slot in enumerate(direct)), "t.pos"])
            # A scan gives its rows in order: to sort them again would hold them all.
            order = "" if getattr(self.plan.source, "scans_in_order", False) else " ORDER BY t.pos"
            text = f"SELECT {texts} FROM {sql.rows()}{order}"
        yield from engine.stream(sql.statement(text), sql.inputs, self.control, batch_size)

    # About it.

    def sql(self) -> str:
        """Return the SQL that gives the rows, for reading."""
        slots = [self.plan.columns[column.name] for column in self.schema]
        text, _ = self._ordered("t.pos", "", extra=slots)
        return text

    def explain(self) -> str:
        """Return the engine's plan for the rows."""
        slots = [self.plan.columns[column.name] for column in self.schema]
        text, sql = self._ordered("t.pos", "", extra=slots)
        return explained_plan(text, sql, self.control)


def explained_plan(text: str, sql: RowSql, control: Control) -> str:
    """Return the engine's plan for a statement."""
    found = engine.run(sql.statement(f"EXPLAIN {text}"), sql.inputs, control)
    return "\n".join(found.column(found.num_columns - 1).to_pylist())


def _read_by(slot: Slot) -> list[str]:
    """Return the columns of the source that a column is, or is made of."""
    if slot.expression is None:
        return [slot.name]
    return [name for below in slot.expression.slots.values() for name in _read_by(below)]


def _positions(table: pa.Table) -> Positions:
    column = table.column(table.num_columns - 1)
    if not table.num_rows:
        return np.empty(0, dtype=np.int64)
    return cast("Positions", column.to_numpy())
