"""The table: filled row by row, from arrays or DataFrames, read lazily (spec: 05-tables)."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.table_manifest import LOG_MODES
from wbtable.format.types import NumberType
from wbtable.tables import fill, ingest
from wbtable.tables.coerce import column_type_of
from wbtable.tables.declared import check_units
from wbtable.tables.exact_columns import exact_numbers
from wbtable.tables.frame_columns import column_name
from wbtable.tables.infer import NULL, is_missing
from wbtable.tables.keys import ForeignKeyTo, RowLink, check_primary_key
from wbtable.tables.parts import Parts
from wbtable.tables.readable import Readable
from wbtable.tables.rows import ColumnRule
from wbtable.tables.snapshot import LogMode, TableSnapshot
from wbtable.tables.view import Viewable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wbtable.format.schema import Schema
    from wbtable.tables.source import Source

_DEFAULT_COLUMNS = ("Input", "Output", "Expected")


class Table(Viewable):
    """Rows with named, typed columns.

    Values are taken at the call and come back as they went in: NaN is not None, integers keep all digits, times keep
    zone and precision, arrays keep dtype and shape. There is no row limit; beyond a bound rows and media wait in
    temporary files. Not for several threads while it is being filled.
    """

    def __init__(
        self,
        columns: Sequence[object] | None = None,
        data: object = None,
        rows: object = None,
        dataframe: object = None,
        dtype: object = None,
        optional: bool | Sequence[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: LogMode | None = "IMMUTABLE",
    ) -> None:
        """Make a table, empty or filled.

        Args:
            columns: names; other kinds than text become text. Default: the DataFrame's, the keys of dict rows, or
                W&B's ``Input, Output, Expected``.
            data: a list of rows (each a list, tuple or dict), an array of two dimensions, or a DataFrame.
            rows: another name for `data`.
            dataframe: a DataFrame of pandas or polars, or anything with the Arrow C stream; its index is left out.
            dtype: the type of all columns, a list of one for each, or a dict by name; else types are inferred.
            optional: whether None and NaN are allowed, for all columns or for each.
            allow_mixed_types: columns of unlike types hold any values instead of raising.
            log_mode: IMMUTABLE, which None means too, MUTABLE or INCREMENTAL.

        Raises:
            UsageError: names repeat, a row has another length, or the arguments contradict each other.
            TypeMismatchError: a value has another type than its column; the message names column and row.

        """
        log_mode = "IMMUTABLE" if log_mode is None else log_mode
        if log_mode not in LOG_MODES:
            msg = f"expected a log_mode of {', '.join(LOG_MODES)}, found {log_mode!r:.40}"
            raise UsageError(msg)
        given = [value for value in (data, rows, dataframe) if value is not None]
        if len(given) > 1:
            msg = "expected one of data, rows and dataframe, found several"
            raise UsageError(msg)
        source = fill.with_names(given[0]) if given else None
        self._log_mode: LogMode = log_mode
        self._mixed = bool(allow_mixed_types)
        self._primary_key: str | None = None
        self._foreign_keys: tuple[ForeignKeyTo, ...] = ()
        self.origin: Any = None
        names = ingest.column_names(columns) if columns is not None else fill.names_of(source)
        rules = fill.rules_of(names, dtype, optional, mixed=self._mixed)
        self._parts = Parts(names, [rule.declared or NULL for rule in rules], rules)
        if source is not None:
            fill.fill(self._parts, source)

    @classmethod
    def from_source(
        cls,
        source: Source,
        *,
        log_mode: LogMode = "IMMUTABLE",
        primary_key: str | None = None,
        foreign_keys: Iterable[ForeignKeyTo] = (),
        origin: object = None,
    ) -> Self:
        """Return a table of the rows of a source, which are read when they are asked for."""
        table = cls(columns=[], log_mode=log_mode)
        table._hold(Parts.of_source(source), primary_key, tuple(foreign_keys), origin)
        return table

    def _hold(
        self, parts: Parts, primary_key: str | None, foreign_keys: tuple[ForeignKeyTo, ...], origin: object
    ) -> None:
        self._parts, self._primary_key, self._foreign_keys = parts, primary_key, foreign_keys
        self.origin = origin

    def __copy__(self) -> Self:
        """Return a table of the same rows, not copied; rows and columns that are added to one are not in the other."""
        table = object.__new__(type(self))
        table.__dict__.update(self.__dict__, _parts=copy(self._parts))
        return table

    @classmethod
    def from_arrow(cls, data: object, dtype: object = None) -> Self:
        """Return a table of anything with the Arrow C stream: pyarrow, polars, pandas, DuckDB.

        Args:
            data: it; dictionaries, views and run ends are decoded.
            dtype: types by name, such as ``{"image": wbtable.Image}`` for a column of encoded bytes.

        Raises:
            UsageError: it has no Arrow C stream, or names repeat.
            TypeMismatchError: a column is not of the type declared.

        """
        if isinstance(data, Readable) or ingest.is_pandas(data):
            return cls(data=data, dtype=dtype)
        reader = ingest.arrow_stream(data)
        if reader is None:
            msg = f"expected a table with the Arrow C stream, found {type(data).__name__}"
            raise UsageError(msg)
        return cls(data=reader, dtype=dtype)

    # Filling --------------------------------------------------------------------------------------------

    def add_data(self, *data: Any) -> None:
        """Add one row, a value for each column.

        Raises:
            UsageError: there are more or fewer values than columns; the message names the missing ones.
            TypeMismatchError: a value has another type than its column; the row is not added, the table stays usable.

        """
        self._parts.add(data)

    def add_row(self, *row: Any) -> None:
        """Add one row; W&B's older name for :meth:`add_data`."""
        self._parts.add(row)

    def extend(self, data: object) -> None:
        """Add many rows at once.

        Args:
            data: a table, a DataFrame, or anything with the Arrow C stream, with columns of the same names.

        Raises:
            UsageError: it has other columns.
            TypeMismatchError: a column's type and the new one have none in common; no row is added.

        """
        rows = data if isinstance(data, Readable) else type(self).from_arrow(data)
        fill.extend(self._parts, rows)

    def add_column(self, name: str, data: object, optional: bool = True) -> None:
        """Add one column behind the others.

        Args:
            name: its name.
            data: as many values as there are rows: a list, an array (rows first), a Series, whose index is left out.
            optional: whether None and NaN are allowed.

        Raises:
            UsageError: the name is taken, or there are more or fewer values than rows.
            TypeMismatchError: the values are of unlike types.

        """
        self._refuse_incremental("add_column")
        (text,) = ingest.column_names([name])
        values = ingest.whole_column(data)
        if not isinstance(values, (list, tuple, pa.Array, pa.ChunkedArray)):
            if not hasattr(values, "__iter__") or isinstance(values, (str, bytes, dict)):
                msg = f"expected a list or array of values, found {type(values).__name__}"
                raise UsageError(msg, place=f'column "{text}"')
            values = list(values)
        if self._parts.buffer.names and len(cast("Any", values)) != len(self):
            msg = f"expected {len(self)} values, found {len(cast('Any', values))}"
            raise UsageError(msg, place=f'column "{text}"')
        self._parts.refuse_taken(text)
        found, array = fill.encode_column(self._parts, text, values, ColumnRule(optional=optional, mixed=self._mixed))
        self._parts.add_columns([(text, found, array)])

    def add_computed_columns(self, fn: Callable[[int, dict[str, Any]], dict[str, Any]]) -> None:
        """Add the columns that `fn` gives for each row.

        Args:
            fn: takes a row's position and its values by name; returns new values by name. A key that it leaves out
                is None in that row.

        Raises:
            UsageError: it returns something else, or a name is taken.

        """
        self._refuse_incremental("add_computed_columns")
        names = list(self.columns)
        computed: dict[str, list[Any]] = {}
        for i, row in self.iterrows():
            found = fn(int(i), dict(zip(names, row, strict=True)))
            if not isinstance(found, dict):
                msg = f"expected a dict of new values, found {type(found).__name__}"
                raise UsageError(msg, place=f"row {int(i)}")
            for key, value in found.items():
                computed.setdefault(column_name(key), [None] * int(i)).append(value)
            for values in computed.values():
                if len(values) <= int(i):
                    values.append(None)
        added = []
        for name in computed:
            self._parts.refuse_taken(name)
        for name, values in computed.items():
            kind, array = fill.encode_column(self._parts, name, values, ColumnRule(mixed=self._mixed))
            added.append((name, kind, array))
        if added:
            self._parts.add_columns(added)

    def cast(self, col_name: str, dtype: object, optional: bool = True) -> None:
        """Give a column another type, to which each of its values converts exactly.

        Raises:
            NotFoundError: there is no such column.
            TypeMismatchError: a value does not convert exactly; nothing is changed.

        """
        want = column_type_of(dtype)
        have = self.schema[col_name]
        if not optional:
            self._refuse_missing(col_name)
        if have == want:
            self._parts.declare(col_name, ColumnRule(declared=want, optional=optional))
            return
        values: object = self[col_name]
        if isinstance(have, NumberType) and isinstance(want, NumberType) and (have.is_float or want.is_float):
            values = exact_numbers(cast("pa.ChunkedArray", values), have, want, f'column "{col_name}"')
        elif have.arrow() != want.arrow() or fill.has_python_form(have):
            values = self.get_column(col_name)
        rule = ColumnRule(declared=want, optional=optional)
        found, array = fill.encode_column(self._parts, col_name, values, rule)
        check_units(want, found, cast("Any", values), col_name)
        self._parts.replace_column(col_name, want if found.arrow() == want.arrow() else found, array)
        self._parts.buffer.links.pop(col_name, None)  # a link that becomes a number links no more
        self._parts.declare(col_name, rule)

    def _refuse_missing(self, name: str) -> None:
        for row, value in enumerate(self.get_column(name)):
            if is_missing(value):
                msg = f"expected a value in every row, found {value}"
                raise TypeMismatchError(msg, place=f'column "{name}", row {row}')

    # Keys and links -------------------------------------------------------------------------------------

    def set_pk(self, col_name: str) -> None:
        """Make a column the primary key: its values name rows, each once, none of them null.

        Raises:
            NotFoundError: there is no such column.
            UsageError: values repeat or are missing.

        """
        check_primary_key(self._source(), col_name)
        self._primary_key = col_name

    def set_fk(self, col_name: str, table: object, table_col: str) -> None:
        """Say that the values of a column are keys of another table.

        Args:
            col_name: the column of this table.
            table: the other table, or its path in the artifact into which both go, such as ``people.table.json``.
            table_col: the column of the other table.

        Raises:
            NotFoundError: a column is missing.
            UsageError: the columns' types cannot be equal.

        """
        key = ForeignKeyTo.of(self.schema, col_name, table, table_col)
        self._foreign_keys = (*(k for k in self._foreign_keys if k.column != col_name), key)

    def get_index(self) -> list[RowLink]:
        """Return a link to each row, for cells of other tables."""
        return [self.index_ref(i) for i in range(len(self))]

    def index_ref(self, index: int) -> RowLink:
        """Return a link to the row at `index`, for a cell of another table."""
        if not isinstance(index, (int, np.integer)) or not 0 <= index < len(self):
            msg = f"expected a row from 0 to {len(self) - 1}, found {index!r:.40}"
            raise UsageError(msg)
        return RowLink(self, index)

    def _row_index(self, number: int) -> int:
        return RowLink(self, number)

    # Reading --------------------------------------------------------------------------------------------

    def _source(self) -> Source:
        return self._parts.whole()

    def _as_now(self) -> Self:
        return copy(self)

    def snapshot(self) -> TableSnapshot:
        """Return the table as it is now; rows and columns added later are not in it."""
        return TableSnapshot(
            source=self._parts.whole(),
            log_mode=self._log_mode,
            primary_key=self._primary_key,
            foreign_keys=self._foreign_keys,
            links=tuple(self._parts.buffer.links.items()),
        )

    @property
    def log_mode(self) -> LogMode:
        """IMMUTABLE, MUTABLE or INCREMENTAL."""
        return self._log_mode

    @property
    def primary_key(self) -> str | None:
        """The column that names rows, or None."""
        return self._primary_key

    @property
    def schema(self) -> Schema:
        """The columns and their logical types so far."""
        return self._parts.schema

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._parts.buffer.names)

    @property
    def data(self) -> list[list[Any]]:
        """All rows as Python values; a copy."""
        return [list(row) for _, row in self.iterrows()]

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._parts.num_rows

    def __eq__(self, other: object) -> bool:
        """Whether the other table has the same columns and the same values, NaN equal to NaN."""
        return self._same_rows(other) if isinstance(other, Table) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def write(self, url: str, name: str = "table") -> None:
        """Write the table on its own: ``<name>.table.json`` beside ``objects/``.

        Args:
            url: a directory, or a URL of any fsspec file system.
            name: the name; slashes make folders.

        Raises:
            ConflictError: there is a table of this name; appending needs an artifact.
            StorageError: it cannot be written; nothing of that name is left.

        """
        from wbtable.tables.standalone import write_table

        write_table(self.snapshot(), url, name)

    def _refuse_incremental(self, what: str) -> None:
        if self._log_mode == "INCREMENTAL":
            msg = f"{what} would change rows that were logged already; a table of log_mode INCREMENTAL only grows"
            raise UsageError(msg)
