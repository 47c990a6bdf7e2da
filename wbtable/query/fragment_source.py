"""Stored tables as a query reads them: DuckDB scans the fragments (spec: 16-views, 07-fragments)."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.documents import Reader
from wbtable.format.summary import ColumnSummary
from wbtable.format.types import DecimalType, DurationType, IntegerType, LinkType, NumberType, TimestampType, TimeType
from wbtable.query.duck_types import duck_type, has_floats, is_read_exactly, opaque, read_cast, text_literal
from wbtable.query.memory_source import empty_relation, table_relation
from wbtable.query.source import Inputs, RangeFile, Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.schema import Column, Schema
    from wbtable.format.table_manifest import TableManifest
    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.query.source import Positions, StoredRows

SCHEME = "wbtable"
"""The protocol of our own file system, through which fragments that are read by ranges come."""
MAX_EXACT = 2**53
_READ_AS_STORED = frozenset({pa.bool_(), pa.int32(), pa.int64(), pa.float32(), pa.float64()})
"""What DuckDB reads from Parquet as what it is: a cast would change nothing, and take a tiny query a tenth longer."""
_SPECIAL = frozenset("*?[]{}$\x27\\")


class FragmentSource:
    """The rows of a stored table.

    Attributes:
        name: names the rows in this process.
        digest: the table's content digest.
        manifest: the table's root document.
        rows: what reads the table.
        scans_in_order: its relation gives rows by position when nothing reorders them.

    """

    scans_in_order = True

    def __init__(self, rows: StoredRows, manifest: TableManifest) -> None:
        """Give out the rows of `manifest`, which `rows` reads."""
        self.rows = rows
        self.manifest = manifest
        self.digest: str | None = str(manifest.content_digest)
        self.name = self.digest
        self._nan: dict[int, bool] = {}

    @property
    def schema(self) -> Schema:
        """The columns."""
        return self.manifest.schema

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self.manifest.rows

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""
        return self.rows.objects

    def take(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """Return rows by position; only the row groups and columns that hold them are read."""
        return self.rows.take(positions, columns)

    def summaries(self) -> tuple[ColumnSummary, ...] | None:
        """Return what the manifest says of each column."""
        return self._summaries

    @cached_property
    def _summaries(self) -> tuple[ColumnSummary, ...] | None:
        found = self.manifest.summaries
        if len(found) != len(self.schema):
            return None
        return tuple(ColumnSummary.read(Reader(one, f"summaries[{i}]")) for i, one in enumerate(found))

    @property
    def _segments(self) -> list[tuple[pa.Schema, list[int]]]:
        """Consecutive fragments whose Parquet has the same columns of the same types."""
        numbers = range(len(self.rows.fragments))
        schemas = [self.rows.arrow_schema(number) for number in numbers]
        out: list[tuple[pa.Schema, list[int]]] = []
        for number, found in zip(numbers, schemas, strict=True):
            if out and out[-1][0].equals(found):
                out[-1][1].append(number)
            else:
                out.append((found, [number]))
        return out

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns."""
        wanted = self.schema.select(columns)
        parts = [self._segment(found, numbers, wanted) for found, numbers in self._segments]
        if not parts:
            return empty_relation(wanted)
        inputs = Inputs.union(part.inputs for part in parts)
        if len(parts) == 1:
            return Relation(sql=parts[0].sql, inputs=inputs)
        return Relation(sql=f"({' UNION ALL '.join(part.sql[1:-1] for part in parts)})", inputs=inputs)

    def _segment(self, found: pa.Schema, numbers: list[int], wanted: Schema) -> Relation:
        places = {name: i for i, name in enumerate(found.names)}
        casts = []
        for i, column in enumerate(wanted):
            at = places.get(column.name)
            if at is None or pa.types.is_null(found.field(at).type):  # a later append added it (TABLE-7)
                casts.append(f"CAST(NULL AS {duck_type(column.type)}) AS c{i}")
            elif castable(found.field(at).type, column) and is_read_exactly(found.field(at).type):
                self._check_exact(found.field(at).type, column, numbers)
                value = _read(f"f.f{at}", column.type, found.field(at).type)
                casts.append(f"{opaque(value, column.type) if self._may_have_nan(column) else value} AS c{i}")
            else:
                return self._decoded(numbers, wanted)
        names = ", ".join(f"f{i}" for i in range(len(found.names)))
        paths, inputs = self._paths(numbers)
        starts = ", ".join(str(self.rows.starts[number]) for number in numbers)
        first = f"{starts}" if len(numbers) == 1 else f"([{starts}])[CAST(f.file_index AS BIGINT) + 1]"
        row = "f.file_row_number" if first == "0" else f"CAST(f.file_row_number AS BIGINT) + {first}"
        select = ", ".join([*casts, f"{row} AS pos"])
        listed = ", ".join(map(text_literal, paths))
        return Relation(sql=f"(SELECT {select} FROM read_parquet([{listed}]) AS f({names}))", inputs=inputs)

    def _may_have_nan(self, column: Column) -> bool:
        """Whether a column holds NaN, or may: of nested values nobody counted."""
        if not isinstance(column.type, NumberType):
            return has_floats(column.type)
        known = self.manifest.summaries
        if not column.type.is_float or len(known) != len(self.schema):
            return column.type.is_float
        at = self.schema.index(column.name)  # one summary is read, not all: it takes as long as a tiny query
        if at not in self._nan:
            self._nan[at] = ColumnSummary.read(Reader(known[at], f"summaries[{at}]")).nan > 0
        return self._nan[at]

    def _check_exact(self, found: pa.DataType, column: Column, numbers: Sequence[int]) -> None:
        """Refuse integers that have no exact form as the float that the column became (TYPE-9)."""
        if not (pa.types.is_integer(found) and isinstance(column.type, NumberType) and column.type.is_float):
            return
        limit = {"float16": 2**11, "float32": 2**24}.get(column.type.dtype, MAX_EXACT)
        at = self.schema.index(column.name)
        for number in numbers:
            chunk = self.rows.fragments[number].columns[at]
            for text in (chunk.least, chunk.greatest):
                if text is not None and abs(int(text)) > limit:
                    place = f'fragments[{number}], column "{column.name}"'
                    beyond = f"beyond 2^{limit.bit_length() - 1}"
                    msg = f"the integer {text} is {beyond} and has no exact form as {column.type}"
                    raise FormatError(msg, place=place)

    def _paths(self, numbers: Sequence[int]) -> tuple[list[str], Inputs]:
        paths: list[str] = []
        ranges: dict[str, RangeFile] = {}
        for number in numbers:
            fragment = self.rows.fragments[number]
            local = self.rows.objects.local_path(fragment.file)
            text = None if local is None else os.path.realpath(local)
            if text is not None and not _SPECIAL.intersection(text):
                paths.append(text)
                continue
            # DuckDB would take some characters of a path for patterns or parameters; a name of ours has none.
            path = f"{SCHEME}://{fragment.file.digest.hex}.parquet"
            ranges[path] = RangeFile(objects=self.rows.objects, fragment=fragment)
            paths.append(path)
        return paths, Inputs(files=frozenset(path for path in paths if path not in ranges), ranges=ranges)

    def _decoded(self, numbers: Sequence[int], wanted: Schema) -> Relation:
        """Return rows that Python reads: DuckDB would cut them, or does not widen them as the specification says."""
        parts = []
        for number in numbers:
            table = self.rows.read_fragment(number, wanted.names)
            start, end = self.rows.starts[number], self.rows.starts[number + 1]
            parts.append(table_relation(table, wanted, name=f"fragment{number}", positions=_range(start, end)))
        sql = " UNION ALL ".join(part.sql[1:-1] for part in parts)
        return Relation(sql=f"({sql})", inputs=Inputs.union(part.inputs for part in parts))


def _range(start: int, end: int) -> Positions:
    import numpy as np

    return np.arange(start, end, dtype=np.int64)


def _read(text: str, found: ColumnType, stored: pa.DataType) -> str:
    """Return a column of a fragment as the type that its column has."""
    if stored in _READ_AS_STORED and stored == found.arrow():
        return text
    return read_cast(text, found)


def castable(found: pa.DataType, column: Column) -> bool:
    """Whether DuckDB's cast of a fragment's column is the widening that the specification has (TYPE-9)."""
    want = column.type
    if found.equals(want.arrow()) or pa.types.is_null(found):
        return True
    if pa.types.is_floating(found):  # DuckDB rounds where the manifest's type is the narrower one
        return isinstance(want, NumberType) and want.is_float and found.bit_width <= want.arrow().bit_width
    if isinstance(want, (NumberType, LinkType)):
        return bool(pa.types.is_integer(found))
    if isinstance(want, IntegerType):
        return bool(pa.types.is_integer(found) or pa.types.is_decimal(found))
    if isinstance(want, DecimalType):
        return bool(pa.types.is_decimal(found) and pa.types.is_decimal(want.arrow()))
    if isinstance(want, TimestampType):
        return bool(pa.types.is_timestamp(found) and (found.tz is None) == (want.zone is None))
    if isinstance(want, TimeType):
        return bool(pa.types.is_time(found))
    if isinstance(want, DurationType):
        return bool(pa.types.is_int64(found) or found.equals(want.arrow()))
    return _like(found, want.arrow())


def _like(found: pa.DataType, target: pa.DataType) -> bool:
    """Whether two types differ only in names of list elements, and in what Parquet does not hold."""
    if found.equals(target):
        return True
    if pa.types.is_list(found) and (pa.types.is_list(target) or pa.types.is_fixed_size_list(target)):
        return _like(found.value_type, target.value_type)
    if pa.types.is_fixed_size_list(found) and pa.types.is_fixed_size_list(target):
        return found.list_size == target.list_size and _like(found.value_type, target.value_type)
    if pa.types.is_struct(found) and pa.types.is_struct(target):
        names = [field.name for field in found] == [field.name for field in target]
        return names and all(_like(a.type, b.type) for a, b in zip(found, target, strict=True))
    if pa.types.is_map(found) and pa.types.is_map(target):
        return _like(found.key_type, target.key_type) and _like(found.item_type, target.item_type)
    if pa.types.is_timestamp(found) and pa.types.is_timestamp(target):
        return bool((found.tz is None) == (target.tz is None))
    return False
