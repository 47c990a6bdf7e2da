"""A ``*.table.json`` of W&B into a table of ours, in bounded memory."""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, cast

import pyarrow as pa

from wbtable.artifacts.progress import Progress
from wbtable.errors import FormatError, UsageError, WbtableError
from wbtable.format.schema import Column as SchemaColumn
from wbtable.format.schema import Schema
from wbtable.format.table_manifest import LOG_MODES
from wbtable.importers.json_stream import JsonObject
from wbtable.importers.wandb_columns import Column
from wbtable.importers.wandb_media import MediaReader
from wbtable.importers.wandb_types import column_types, distinct
from wbtable.tables.parts import Parts
from wbtable.tables.rows import ColumnRule
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from wbtable.format.types import ColumnType
    from wbtable.importers.report import Report
    from wbtable.importers.wandb_files import FileFinder
    from wbtable.importers.wandb_types import WandbType
    from wbtable.tables.snapshot import LogMode

_CUT: Final = 200_000
_SUFFIX: Final = ".wandb"
"""What the name of the column ends in that holds the JSON of cells that their own column cannot hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A column whose values W&B says to be keys of, or links to rows of, another table.

    Attributes:
        column: the column.
        table: the logical path of the other table.
        table_column: its key column; None for links to rows.

    """

    column: str
    table: str
    table_column: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """A table that was read.

    Attributes:
        table: the rows.
        foreign_keys: which of its columns point to other tables.
        increment: of an incremental table, which increment it is.

    """

    table: Table
    foreign_keys: tuple[ForeignKey, ...] = ()
    increment: int | None = None


def read_table(file: Path, source: str, files: FileFinder, report: Report) -> ReadTable:
    """Read a table; what does not come over as it was is noted in the report, column by column.

    Args:
        file: the ``*.table.json``.
        source: what the report calls it.
        files: where the content of its media cells is.
        report: is added to.

    Raises:
        FormatError: it is no table of W&B, or damaged.

    """
    with file.open("rb") as stream, JsonObject(stream, "data", source) as document:
        members = document.members
        if not members.keys() >= {
            "columns",
            "column_types",
        }:  # old, or not written by W&B's own writer, which sorts names
            document.finish()
        names = members.get("columns")
        if not isinstance(names, list) or members.get("_type", "table") != "table":
            msg = f"expected a W&B table with columns and data, found the type {members.get('_type')!r:.60}"
            raise FormatError(msg, place=source)
        if members.get("data") is not None:  # an array is not among the members
            msg = f"expected an array of rows as data, found {type(members['data']).__name__}"
            raise FormatError(msg, place=source)
        types = column_types(members.get("column_types"), names)
        reader = _Reader(distinct(names), types, files, members)
        with reader:
            with Progress("importing", "rows") as progress, _without_collector():
                for rows in document.items():
                    reader.add(rows, source)
                    progress.advance(len(rows))
            reader.finish()
        table = reader.table(_log_mode(members))
        reader.tell(report, source, names)
        _tell_rows(report, source, members, len(table))
        increment = members.get("increment_num")
        return ReadTable(
            table=_with_key(table, reader, types, report, source),
            foreign_keys=_foreign_keys(reader.names, types),
            increment=increment if type(increment) is int else None,
        )


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the collector of cycles: rows of JSON have none, and walking them takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Reader:
    """Gathers the rows of one table."""

    def __init__(
        self, names: Sequence[str], types: Sequence[WandbType], files: FileFinder, members: dict[str, Any]
    ) -> None:
        self.names = list(names)
        self._parts = Parts(self.names, [], [ColumnRule()] * len(names))
        self._media = MediaReader(files)
        rows = members.get("nrows")
        known = rows if type(rows) is int and members.get("log_mode") != "INCREMENTAL" else None
        self._columns = [
            Column(name, found, self._media, self._parts.blobs, known) for name, found in zip(names, types, strict=True)
        ]
        self._parts.buffer.types = [column.type for column in self._columns]
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for column in self._columns:
            column.close()

    def add(self, rows: list[Any], source: str) -> None:
        """Add rows of JSON values."""
        width = len(self._columns)
        if not (set(map(type, rows)) <= {list} and set(map(len, rows)) <= {width}):
            at = next(i for i, row in enumerate(rows) if type(row) is not list or len(row) != width)
            found = f"{len(rows[at])} values" if isinstance(rows[at], list) else type(rows[at]).__name__
            msg = f"expected {width} values, found {found}"
            raise FormatError(msg, place=f"{source}, row {self._rows + at}")
        if width:
            self._append(list(zip(*rows, strict=True)))
        self._rows += len(rows)

    def _append(self, values: Sequence[Sequence[Any]]) -> None:
        types: list[ColumnType] = []
        arrays = []
        for column, cells in zip(self._columns, values, strict=True):
            found, array = column.convert(cells, self._rows)
            types.append(found)
            arrays.append(array)
        schema = Schema(tuple(map(SchemaColumn, self.names, types)))
        self._parts.append_table(pa.Table.from_arrays(arrays, schema=schema.arrow()), schema)
        self._parts.buffer.types = [column.type for column in self._columns]

    def finish(self) -> None:
        """Put a column of their JSON beside each column that rejected cells."""
        taken = set(self.names)
        added: list[tuple[str, ColumnType, pa.Array]] = []
        for column in self._columns:
            if column.rejected:
                name = column.name + _SUFFIX
                while name in taken:
                    name += _SUFFIX
                taken.add(name)
                texts = pa.array((column.rejected.get(i) for i in range(self._rows)), pa.string(), size=self._rows)
                from wbtable.format.types import StringType

                added.append((name, StringType(), texts))
        if added:
            self._parts.whole()
            self._parts.add_columns(added)

    def table(self, log_mode: str) -> Table:
        return Table.from_source(self._parts.whole(), log_mode=cast("LogMode", log_mode))

    def tell(self, report: Report, source: str, names: Sequence[Any]) -> None:
        """Note in the report what columns did not come over as they were."""
        for column, given in zip(self._columns, names, strict=True):
            place = f"{source}#{column.name}"
            if column.name != given:
                why = "the name comes twice" if given in self.names else "names are text here, in UTF-8 without NUL"
                report.add("column", f"{source}#{given}", "changed", why, target=column.name)
            if column.lost is not None:
                report.add("column", place, "failed", column.lost)
            if column.rejected:
                count = len(column.rejected)
                reason = next(iter(column.reasons), "")
                detail = f"the JSON of {count:,} cells stands in the column {column.name + _SUFFIX!r}: {reason}"
                report.add("column", place, "kept", detail)
            for note in column.notes:
                report.add("column", place, "changed", note)
        for note in self._media.notes:
            report.add("media", source, "changed", note)


def _log_mode(members: dict[str, Any]) -> str:
    mode = members.get("log_mode")
    return mode if mode in LOG_MODES else "IMMUTABLE"


def _tell_rows(report: Report, source: str, members: dict[str, Any], rows: int) -> None:
    said = members.get("nrows")
    if type(said) is int and said != rows and members.get("log_mode") != "INCREMENTAL":
        report.add("table", source, "changed", f"the file says that it has {said:,} rows, and has {rows:,}")
    if rows == _CUT:
        detail = f"W&B cuts tables to {_CUT:,} rows without saying so: this one may have had more"
        report.add("table", source, "changed", detail)


def _with_key(table: Table, reader: _Reader, types: Sequence[WandbType], report: Report, source: str) -> Table:
    for name, found in zip(reader.names, types, strict=True):
        if found.kind == "primaryKey":
            try:
                table.set_pk(name)
            except (UsageError, WbtableError) as error:
                report.add("column", f"{source}#{name}", "changed", f"it is no primary key here: {error}", error=error)
    return table


def _foreign_keys(names: Sequence[str], types: Sequence[WandbType]) -> tuple[ForeignKey, ...]:
    out = []
    for name, found in zip(names, types, strict=True):
        path, column = found.params.get("table"), found.params.get("col_name")
        if found.kind == "foreignKey" and isinstance(path, str) and isinstance(column, str):
            out.append(ForeignKey(column=name, table=path, table_column=column))
        elif found.kind == "foreignIndex" and isinstance(path, str):
            out.append(ForeignKey(column=name, table=path, table_column=None))
    return tuple(out)


def check_links(table: Table, column: str, other: Table) -> None:
    """Refuse a column whose values are no numbers of rows of another table.

    Raises:
        UsageError: one is none.

    """
    for row, value in enumerate(table.get_column(column)):
        if value is not None and not (type(value) is int and 0 <= value < len(other)):
            msg = f"expected the number of a row from 0 to {len(other) - 1}, found {value!r:.40}"
            raise UsageError(msg, place=f'column "{column}", row {row}')


def with_links(table: Table, links: Mapping[str, Table]) -> Table:
    """Return the rows of a table with links to rows of other tables in place of their numbers (LINK-1).

    Args:
        table: the table, whose columns `check_links` accepted.
        links: the other table of each column of numbers.

    """
    dtype = {found.name: found.type for found in table.schema if found.name not in links}
    others = [(table.columns.index(column), other) for column, other in links.items()]
    out = Table(columns=table.columns, dtype=dtype, allow_mixed_types=True, log_mode=table.log_mode)
    for _, row in table.iterrows():
        for at, other in others:
            row[at] = None if row[at] is None else other.index_ref(row[at])
        out.add_data(*row)
    if table.primary_key is not None:
        out.set_pk(table.primary_key)
    return out
